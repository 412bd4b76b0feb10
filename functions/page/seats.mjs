// Choosing seats: on a map, from a list, or picked by the service.

import { Problem, call } from './api.mjs';
import { act, app, ask, leave, session, standNow, update } from './app.mjs';
import { areasOf, layOut, nextSeat, numberedSeats, pickTogether, rowsOf, seatsOfPlan } from './hall.mjs';
import { html, nothing, svg } from './lit-html.js';
import { rememberSession } from './memory.mjs';
import { askFirst, button, checkbox, heading, messages, question, timer } from './parts.mjs';
import { dayAndTime, money, showTime, t, whole } from './texts.mjs';

/** How often the seats are looked at while the page is visible, in milliseconds. */
const SEATS_EVERY = 5000;

/** How often the shows are looked at, in milliseconds. */
const SHOWS_EVERY = 15_000;

/** The most seats of one answer. */
const MOST_PER_LOOK = 2000;

/**
 * @typedef {import('./hall.mjs').Seat} Seat
 * @typedef {import('./hall.mjs').Area} Area
 */

/** What this screen knows. It belongs to one session. */
const fresh = () => ({
  token: '',
  /** @type {Api.DateOfShow[] | undefined} */
  shows: undefined,
  show: '',
  /** @type {Seat[]} */
  seats: [],
  /** @type {Area[]} */
  areas: [],
  /** The area on the screen. -1 is the whole hall. */
  area: -1,
  /** The state of each seat, by its number: `F`, `H`, `S` or `M`. @type {string[]} */
  states: [],
  /** @type {'map' | 'list'} */
  mode: 'map',
  row: '',
  size: 'M',
  /** The map that was scrolled to its middle when it came. */
  centred: '',
  /** The number of the seat that the keyboard is at. */
  at: 0,
  count: 1,
  grade: '',
  /** How many of the seats are to be wheelchair places. */
  wheelchairs: 0,
  apart: false,
  /** Whether it is offered that seats are apart, because there are none together. */
  offersApart: false,
  dueShows: 0,
  dueSeats: 0,
});

let here = fresh();

let isLooking = false;

/** The picture of a hall with several areas, once such a hall was shown. @type {typeof import('./overview.mjs').overview | undefined} */
let overview;

/** The plans that were read. They never change. @type {Map<string, Seat[]>} */
const plans = new Map();

export function view() {
  const kept = session();
  if (kept?.token && here.token !== kept.token) {
    here = { ...fresh(), token: kept.token, show: kept.show ?? '', mode: here.mode, size: here.size };
    if (here.show) void showChosen(here.show);
    see();
  }
  const { until } = standNow();
  return html`
    <div class="top">
      <p class="eyebrow">${app.concert?.name}</p>
      ${heading(t.chooseTitle)}
    </div>
    ${timer(t.chooseUntil, until)}
    ${messages()}
    ${here.shows === undefined ? html`<p class="loading" role="status">${t.loading}</p>` : here.show ? choosing() : showList()}
    <section class="leaving">
      ${app.question === 'leave'
        ? question('leave', t.leaveSure, { yes: t.leaveYes, no: t.cancel, onYes: leave, busy: 'leave' })
        : button(t.leave, () => askFirst('leave'))}
    </section>
  `;
}

/** Looks at what is free. Called once a second. */
export function see() {
  if (standNow().phase !== 'choosing' || document.visibilityState === 'hidden' || isLooking || !here.token) return;
  const now = performance.now();
  if (now < here.dueShows && (now < here.dueSeats || !here.seats.length)) return;
  isLooking = true;
  void lookAround(now).finally(() => {
    isLooking = false;
  });
}

/** @param {number} now */
async function lookAround(now) {
  const { token } = here;
  try {
    if (now >= here.dueShows) {
      here.dueShows = now + SHOWS_EVERY;
      const { dates } = await call('GET', `/v1/concerts/${app.concert?.concert_id}/dates`, { token, tries: 1 });
      if (token !== here.token) return;
      here.shows = dates;
      const open = here.shows?.filter(isOpen) ?? [];
      if (!here.show && open.length === 1) await showChosen(open[0].show);
    }
    if (here.seats.length && now >= here.dueSeats) await lookAtSeats();
    update({});
  } catch (error) {
    await handle(error, { isPoll: true });
  }
}

/** Reads the states of the seats on the screen: of all, or of one area of a large hall. */
async function lookAtSeats() {
  const { token, show, seats, areas, area } = here;
  here.dueSeats = performance.now() + SEATS_EVERY;
  const wanted = seats.length <= MOST_PER_LOOK ? seats : areas[area]?.seats;
  if (!wanted) return;
  const [from, to] = [wanted[0].number, /** @type {Seat} */ (wanted.at(-1)).number];
  const path = `/v1/concerts/${app.concert?.concert_id}/seats?date=${encodeURIComponent(show)}&form=line&from=${from}&to=${to}`;
  const line = await call('GET', path, { token, tries: 1 });
  if (token !== here.token || show !== here.show) return;
  for (const [index, state] of [...line.states].entries()) here.states[line.from + index] = state;
  dropTaken();
}

/** Takes what has gone meanwhile out of the chosen seats, and says so. */
function dropTaken() {
  const gone = chosen().filter((seat) => !isFree(seat));
  if (!gone.length) return;
  choose(chosen().filter(isFree).map(({ number }) => number));
  const text = t.seatsGone(gone.map(shortName).join(', '), chosen().length);
  update({ notice: text, problem: undefined, urgent: text });
}

/**
 * What goes wrong while seats are chosen. The screen follows the service.
 *
 * @param {unknown} error
 * @param {{ isPoll?: boolean }} [call] Whether the page has asked by itself: then what passes by itself
 *   is not worth a message.
 */
async function handle(error, { isPoll = false } = {}) {
  if (!(error instanceof Problem)) throw error;
  if (error.status === 410 || error.passes || error.code === 'FORBIDDEN' || error.code === 'HOLD_EXISTS' || error.code === 'NOT_YOUR_TURN') await ask();
  if (error.code.startsWith('SALE_') || error.code.startsWith('SHOW_')) {
    Object.assign(here, { dueShows: 0, show: '', seats: [], areas: [] });
  }
  if (isPoll) here.dueSeats = performance.now() + Math.max(SEATS_EVERY, 1000 * (error.retryAfter ?? 0));
  else here.dueSeats = 0;
  here.dueShows = Math.max(here.dueShows, isPoll ? here.dueSeats : 0);
  if (!isPoll) throw error;
  if (!error.passes && error.code !== 'SESSION_OVER') update({ problem: error });
}

/** @param {Api.DateOfShow} show */
function isOpen(show) {
  return show.sale === 'OPEN' && show.seats_left !== 0;
}

function showList() {
  return html`<section class="card"><h2>${t.chooseShow}</h2>
    <ul class="choices">
      ${here.shows?.map((show) => {
        const state = show.called_off
          ? t.calledOff(show.called_off.reason)
          : show.sale === 'OVER'
            ? t.saleOver
            : show.sale === 'UPCOMING' && show.opens_at
              ? t.saleOpens(dayAndTime(show.opens_at))
              : '';
        const left = show.seats_left === undefined ? '' : `${t.seatsLeft} ${t.seats(whole(show.seats_left))}`;
        return html`<li><button type="button" class="choice" ?disabled=${!isOpen(show)} @click=${() => showChosen(show.show)}>
          <strong>${showTime(show.show)}</strong><span>${[show.grades ? t.from(money(show.price)) : money(show.price), state || left].filter(Boolean).join(' · ')}</span>
        </button></li>`;
      })}
    </ul>
    ${here.shows?.some(isOpen) ? nothing : html`<p class="message warn">${t.noneFree}</p>`}
  </section>`;
}

/** @param {string} name The show's name. */
async function showChosen(name) {
  const id = app.concert?.queue_id ?? '';
  const changes = here.show !== name;
  here.show = name;
  if (changes) rememberSession(id, { show: name, seats: [] });
  const known = here.shows?.find(({ show }) => show === name) ?? app.concert?.shows.find(({ show }) => show === name);
  if (!known) {
    here.show = '';
    return;
  }
  const before = here;
  try {
    const seats = known.plan_id ? await planOf(known.plan_id) : numberedSeats(known.capacity);
    const areas = areasOf(seats);
    if (areas.length > 1) await loadOverview();
    // The buyer may have chosen another show meanwhile.
    if (here !== before || here.show !== name) return;
    Object.assign(here, { seats, areas });
  } catch (error) {
    if (here === before && here.show === name) here.show = '';
    await handle(error, { isPoll: true });
    return;
  }
  here.area = here.areas.length === 1 ? 0 : -1;
  here.states = [];
  here.at = 0;
  here.dueSeats = 0;
  update({});
  see();
}

/** Loads the picture of halls that have several areas. */
async function loadOverview() {
  try {
    ({ overview } = await import('./overview.mjs'));
  } catch {
    throw new Problem(0);
  }
}

/** @param {string} id */
async function planOf(id) {
  const known = plans.get(id);
  if (known) return known;
  const seats = seatsOfPlan(await call('GET', `/v1/plans/${id}`));
  plans.set(id, seats);
  return seats;
}

/** The show on the screen. */
function showNow() {
  return here.shows?.find(({ show }) => show === here.show);
}

/** @param {Seat} seat */
function priceOf(seat) {
  const show = showNow();
  return show?.grades?.find(({ grade }) => grade === seat.grade)?.price ?? show?.price ?? 0;
}

/** @param {Seat} seat */
function isFree(seat) {
  const state = here.states[seat.number];
  return state === 'F' || state === undefined;
}

/** The seats that the buyer has chosen. */
function chosen() {
  const numbers = session()?.seats ?? [];
  return numbers.map((number) => here.seats[number - 1]).filter(Boolean);
}

/** The most seats that the buyer can choose. */
function most() {
  return Math.min(app.settings?.most_seats_a_hold ?? 4, app.concert?.most_seats_a_person ?? Infinity);
}

/** @param {number[]} numbers */
function choose(numbers) {
  rememberSession(app.concert?.queue_id ?? '', { seats: numbers });
}

/** @param {Seat} seat */
function toggle(seat) {
  const numbers = session()?.seats ?? [];
  here.at = seat.number;
  if (numbers.includes(seat.number)) {
    choose(numbers.filter((number) => number !== seat.number));
    update({ notice: undefined, problem: undefined });
  } else if (numbers.length >= most()) {
    update({ notice: t.mostSeats(most()), urgent: t.mostSeats(most()) });
  } else {
    choose([...numbers, seat.number]);
    update({ notice: undefined, problem: undefined });
  }
}

/** @param {Seat} seat */
function shortName(seat) {
  return t.seatShort(seat);
}

/** @param {Seat} seat */
function fullName(seat) {
  const state = session()?.seats?.includes(seat.number) ? t.chosen : isFree(seat) ? t.free : here.states[seat.number] === 'S' ? t.taken : t.heldByOther;
  return t.seatName({ ...seat, state, price: isFree(seat) ? money(priceOf(seat)) : '' });
}

function choosing() {
  const show = showNow();
  if (!show) return html`<p class="loading" role="status">${t.loading}</p>`;
  const known = here.states.length > 0 || here.seats.length > MOST_PER_LOOK;
  // What is on the map is newer than the count of the list.
  const left = here.seats.length > 0 && here.seats.every(({ number }) => here.states[number]) ? here.seats.filter(isFree).length : show.seats_left;
  const others = (here.shows?.length ?? 0) > 1;
  return html`
    <p class="show-line"><strong>${showTime(here.show)}</strong>
      ${left === undefined ? nothing : html`<span class="muted">${t.seatsLeft} ${t.seats(whole(left))}</span>`}
      ${others ? html`<button type="button" class="link" @click=${otherShow}>${t.otherShow}</button>` : nothing}
    </p>
    ${show.sale !== 'OPEN' ? html`<p class="message warn">${show.called_off ? t.calledOff(show.called_off.reason) : t.saleOver}</p>` : nothing}
    ${left === 0 ? html`<p class="message warn">${t.noneFree}</p>` : nothing}
    <div class="choose">
      ${picking(show)}
      <section class="card hall">
        <div class="modes" role="group" aria-label=${t.view}>
          ${mode('map', t.viewMap)} ${mode('list', t.viewList)}
        </div>
        ${known ? (here.mode === 'map' ? map(show) : seatList()) : html`<p class="loading" role="status">${t.loading}</p>`}
      </section>
      ${basket()}
    </div>
  `;
}

function otherShow() {
  here.show = '';
  here.seats = [];
  rememberSession(app.concert?.queue_id ?? '', { show: undefined, seats: [] });
  update({ notice: undefined, problem: undefined });
}

/**
 * @param {'map' | 'list'} name
 * @param {string} text
 */
function mode(name, text) {
  return html`<button type="button" aria-pressed=${here.mode === name ? 'true' : 'false'} @click=${() => {
    here.mode = name;
    // A list shows one area.
    if (name === 'list' && here.area < 0) here.area = 0;
    here.dueSeats = 0;
    update({});
    see();
  }}>${text}</button>`;
}

/** @param {Api.DateOfShow} show */
function picking(show) {
  const counts = Array.from({ length: most() }, (_, index) => index + 1);
  here.count = Math.min(here.count, most());
  return html`<section class="card pick" aria-labelledby="pick-title">
    <h2 id="pick-title">${t.pickTitle}</h2>
    <div class="pick-form">
      <fieldset class="counts"><legend>${t.pickCount}</legend>
        ${counts.map((count) => html`<label><input type="radio" name="count" value=${count} .checked=${here.count === count} @change=${() => {
          here.count = count;
          update({});
        }} /><span>${count}</span></label>`)}
      </fieldset>
      ${show.grades
        ? html`<label class="field"><span>${t.pickGrade}</span><select @change=${(/** @type {Event} */ event) => {
            here.grade = /** @type {HTMLSelectElement} */ (event.target).value;
            update({});
          }}>
            <option value="" .selected=${here.grade === ''}>${t.anyGrade}</option>
            ${show.grades.map(({ grade, price, seats_left }) => html`<option value=${grade} .selected=${here.grade === grade} ?disabled=${seats_left === 0}>${grade} · ${money(price)}${seats_left === undefined ? '' : ` · ${t.seats(whole(seats_left))}`}</option>`)}
          </select></label>`
        : nothing}
      ${show.plan_id && here.seats.some(({ accessible }) => accessible) ? checkbox(t.pickWheelchair, here.wheelchairs > 0, (on) => (here.wheelchairs = on ? 1 : 0)) : nothing}
      ${show.plan_id && here.offersApart ? checkbox(t.pickApart, here.apart, (on) => (here.apart = on)) : nothing}
      ${button(show.plan_id ? t.pickBest(here.count) : t.pickGo(here.count), () => pick(show), { kind: 'plain', busy: 'pick' })}
    </div>
  </section>`;
}

/**
 * Picks seats: the service's best ones where the hall has a plan, else neighbours by chance.
 *
 * @param {Api.DateOfShow} show
 */
function pick(show) {
  if (show.plan_id) {
    const best = {
      count: here.count,
      ...(here.grade ? { grade: here.grade } : {}),
      ...(here.wheelchairs ? { accessible: Math.min(here.wheelchairs, here.count) } : {}),
      ...(here.apart && !here.wheelchairs ? { apart: true } : {}),
    };
    return act('pick', () => hold({ date: here.show, best }));
  }
  const seats = pickTogether(here.seats, isFree, here.count);
  choose(seats.map(({ number }) => number));
  const text = seats.length === 0 ? t.noneFree : seats.length < here.count ? t.fewerTogether(seats.length) : '';
  if (seats.length) here.at = seats[0].number;
  update({ notice: text || undefined, problem: undefined, polite: text || `${t.yourSeats}: ${seats.map(shortName).join(', ')}` });
  return undefined;
}

/** @param {Api.DateOfShow} show */
function map(show) {
  const area = here.areas[here.area];
  return html`
    ${overview && here.areas.length > 1 ? overview(here, show, { isFree, isKnown, priceOf, openArea }) : nothing}
    ${area ? (isKnown(area) ? areaMap(area) : html`<p id="area" class="loading" role="status">${t.loading}</p>`) : nothing}
  `;
}

/**
 * Whether it is known which seats of an area are free.
 *
 * @param {Area} area
 */
function isKnown({ seats }) {
  return seats.every(({ number }) => here.states[number] !== undefined);
}

/** @param {number} index */
function openArea(index) {
  here.area = index;
  here.at = 0;
  here.dueSeats = 0;
  update({});
  see();
  document.getElementById('area')?.scrollIntoView({ block: 'start' });
}

/** Scrolls a map that is wider than the screen to its middle. */
function centre() {
  const map = document.querySelector('.hall .scroll');
  if (map) map.scrollLeft = (map.scrollWidth - map.clientWidth) / 2;
}

/** @param {Area} area */
function areaMap(area) {
  const { width, height, at } = layOut(area);
  const numbers = session()?.seats ?? [];
  const reachable = area.seats.filter((seat) => isFree(seat) || numbers.includes(seat.number));
  const current = reachable.find(({ number }) => number >= here.at) ?? reachable.at(-1);
  const grades = showNow()?.grades?.map(({ grade }) => grade) ?? [];
  const rows = rowsOf(area.seats);
  const name = `${here.show} ${here.area}`;
  if (here.centred !== name) {
    here.centred = name;
    requestAnimationFrame(centre);
  }
  return html`
    <div id="area" class="area-head">
      <h3>${area.name || t.viewMap}</h3>
      <div class="sizes" role="group" aria-label=${t.zoom}>
        ${[['S', t.small], ['M', t.medium], ['L', t.large]].map(([size, text]) => html`<button type="button" aria-pressed=${here.size === size ? 'true' : 'false'} @click=${() => {
          here.size = size;
          update({});
        }}>${text}</button>`)}
      </div>
    </div>
    ${reachable.length ? nothing : html`<p class="message warn">${t.noneFreeHere}</p>`}
    <div class="scroll">
      <div class="stage-bar" aria-hidden="true">${t.stage}</div>
      <div class="seats size-${here.size}" role="group" aria-label="${area.name || t.seat}" .style=${`--w:${width};--h:${height}`} @keydown=${(/** @type {KeyboardEvent} */ event) => onKey(event, reachable, current)}>
        ${rows.length > 1 && rows[0][0].row !== undefined && area.isTurned ? rowNames(area, rows, at) : nothing}
        ${area.seats.map((seat, index) => {
          const isChosen = numbers.includes(seat.number);
          const free = isFree(seat);
          const state = isChosen ? 'chosen' : free ? 'free' : here.states[seat.number] === 'S' ? 'sold' : 'held';
          return html`<button
            type="button"
            class="seat ${state} grade-${grades.indexOf(seat.grade ?? '')} ${seat.accessible ? 'wheelchair' : ''}"
            data-seat=${seat.number}
            .style=${`--x:${at[index][0]};--y:${at[index][1]}`}
            aria-pressed=${isChosen ? 'true' : 'false'}
            aria-label=${fullName(seat)}
            tabindex=${seat === current ? '0' : '-1'}
            aria-disabled=${free || isChosen ? 'false' : 'true'}
            @click=${() => (isFree(seat) || isChosen) && toggle(seat)}
            @focus=${() => (here.at = seat.number)}
          >${seat.label}</button>`;
        })}
        ${area.isTurned ? nothing : sectionNames(area, at)}
      </div>
    </div>
    <ul class="legend" aria-label=${t.legend}>
      ${grades.length
        ? grades.map((grade, index) => html`<li><span class="seat free grade-${index}" aria-hidden="true"></span>${grade} ${money(showNow()?.grades?.[index].price ?? 0)}</li>`)
        : html`<li><span class="seat free" aria-hidden="true"></span>${t.free}</li>`}
      <li><span class="seat chosen" aria-hidden="true"></span>${t.chosen}</li>
      <li><span class="seat held" aria-hidden="true"></span>${t.heldByOther}</li>
      <li><span class="seat sold" aria-hidden="true"></span>${t.taken}</li>
      ${area.seats.some(({ accessible }) => accessible) ? html`<li><span class="seat free wheelchair" aria-hidden="true"></span>${t.wheelchair}</li>` : nothing}
    </ul>
  `;
}

/**
 * The names of the rows. Straight rows have them at the edge of the screen. Curved ones have them at
 * both of their ends, because at the edge a name would be beside another row.
 *
 * @param {Area} area
 * @param {Seat[][]} rows
 * @param {number[][]} at
 */
function rowNames({ seats }, rows, at) {
  const first = seats[0].number;
  const ends = rows.map((row) => [row[0], /** @type {Seat} */ (row.at(-1)), row[row.length >> 1]].map(({ number }) => at[number - first]));
  if (ends.every(([left, right, middle]) => Math.abs(left[1] - middle[1]) < 30 && Math.abs(right[1] - middle[1]) < 30)) {
    return html`<div class="rows" aria-hidden="true">${rows.map((row, index) => html`<span class="row-label" .style=${`--y:${ends[index][2][1]}`}>${row[0].row}</span>`)}</div>`;
  }
  return rows.map((row, index) =>
    [[-90, 0], [90, 1]].map(([beside, end]) => html`<span class="row-label at-end" aria-hidden="true" .style=${`--x:${ends[index][end][0] + beside};--y:${ends[index][end][1]}`}>${row[0].row}</span>`),
  );
}

/**
 * The names of the sections, above their first row.
 *
 * @param {Area} area
 * @param {number[][]} at
 */
function sectionNames({ seats }, at) {
  /** @type {Map<string, number[]>} */
  const sections = new Map();
  for (const [index, { section }] of seats.entries()) {
    if (section) sections.set(section, [...(sections.get(section) ?? []), index]);
  }
  return [...sections].map(([name, indexes]) => {
    const x = indexes.reduce((sum, index) => sum + at[index][0], 0) / indexes.length;
    const y = Math.min(...indexes.map((index) => at[index][1])) - 75;
    return html`<span class="section-name" aria-hidden="true" .style=${`--x:${x};--y:${y}`}>${name}</span>`;
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {Seat[]} reachable
 * @param {Seat | undefined} current
 */
function onKey(event, reachable, current) {
  const next = current && nextSeat(reachable, current, event.key);
  if (!next) return;
  event.preventDefault();
  here.at = next.number;
  update({});
  const button = document.querySelector(`[data-seat="${next.number}"]`);
  if (button instanceof HTMLElement) button.focus();
}

/** Free seats by section and row, without a map. */
function seatList() {
  const index = here.area < 0 ? 0 : here.area;
  const area = here.areas[index];
  const rows = rowsOf(area.seats);
  const name = (/** @type {Seat[]} */ row) => row[0].row ?? `${row[0].number}–${row[row.length - 1].number}`;
  const row = rows.find((row) => name(row) === here.row) ?? rows.find((row) => row.some(isFree)) ?? rows[0];
  const numbers = session()?.seats ?? [];
  const shown = row.filter((seat) => isFree(seat) || numbers.includes(seat.number));
  return html`<p>${t.chooseList}</p>
    <div class="pick-form">
      ${here.areas.length > 1
        ? html`<label class="field"><span>${t.areas}</span><select @change=${(/** @type {Event} */ event) => {
            here.row = '';
            openArea(Number(/** @type {HTMLSelectElement} */ (event.target).value));
          }}>${here.areas.map((area, at) => html`<option value=${at} .selected=${at === index}>${area.name}</option>`)}</select></label>`
        : nothing}
      <label class="field"><span>${t.row}</span><select @change=${(/** @type {Event} */ event) => {
        here.row = /** @type {HTMLSelectElement} */ (event.target).value;
        update({});
      }}>${rows.map((one) => html`<option value=${name(one)} .selected=${one === row}>${one[0].row === undefined ? name(one) : `${one[0].section ?? ''} ${t.rowName(name(one))}`.trim()} · ${t.freeOf(one.filter(isFree).length, one.length)}</option>`)}</select></label>
    </div>
    <h3 id="free-title">${t.freeInRow}</h3>
    ${shown.length === 0 ? html`<p>${t.noneFreeHere}</p>` : nothing}
    <ul class="seat-list" aria-labelledby="free-title">${shown.map((seat) => {
      const isChosen = numbers.includes(seat.number);
      return html`<li><button type="button" class="choice" aria-pressed=${isChosen ? 'true' : 'false'} @click=${() => toggle(seat)}>${fullName(seat)}</button></li>`;
    })}</ul>`;
}

/** The chosen seats, their sum, and the button that takes them. */
function basket() {
  const seats = chosen();
  const sum = seats.reduce((total, seat) => total + priceOf(seat), 0);
  return html`<section class="bar basket" aria-labelledby="basket-title">
    <h2 id="basket-title" class="visually-hidden">${t.yourSeats}</h2>
    ${seats.length === 0
      ? html`<p class="muted">${t.noSeats}</p>`
      : html`<ul class="chips">${seats.map((seat) => html`<li><button type="button" class="chip" aria-label=${t.remove(shortName(seat))} @click=${() => toggle(seat)}>${shortName(seat)} <span aria-hidden="true">×</span></button></li>`)}</ul>
          <p class="sum">${t.sum} <strong>${money(sum)}</strong></p>`}
    ${button(t.holdSeats, () => act('hold', () => hold({ date: here.show, seat_numbers: seats.map(({ number }) => number).sort((one, other) => one - other) })), {
      kind: 'main', off: seats.length === 0, busy: 'hold',
    })}
  </section>`;
}

/**
 * Holds seats. What somebody else was faster with is marked, and the rest stays chosen.
 *
 * @param {Record<string, unknown>} wish
 */
async function hold(wish) {
  const id = app.concert?.queue_id ?? '';
  try {
    const held = await call('POST', `/v1/concerts/${app.concert?.concert_id}/reservations`, { token: here.token, body: wish });
    rememberSession(id, { reservation: held.reservation_id, buys: held.concert_id, seats: [] });
    here.states = [];
    here.dueSeats = 0;
    update({ standing: /** @type {Api.Standing} */ ({ ...app.standing, reservation: held }) });
  } catch (error) {
    if (error instanceof Problem && error.code === 'SEAT_ALREADY_RESERVED') {
      const gone = error.body?.seat_numbers ?? [];
      for (const number of gone) here.states[number] = 'H';
      dropTaken();
      if (!gone.length) update({ notice: t.someGone, urgent: t.someGone });
      await lookAtSeats();
      return;
    }
    if (error instanceof Problem && error.code === 'NO_SEATS_TOGETHER') {
      const { longest = 0, free = 0 } = error.body ?? {};
      here.offersApart = free >= here.count;
      const text = free ? t.noneTogether(longest) : t.noneFree;
      update({ notice: text, urgent: text });
      return;
    }
    await handle(error).catch((error) => {
      // It was done, although the answer says otherwise.
      if (standNow().phase !== 'holding') throw error;
    });
  }
}
