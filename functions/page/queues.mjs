// The queues: all of them, and of one its settings and the on-sale while it happens.
//
// The live screen reads the public document of the queue once a second, and what only administrators
// may read every five seconds.

import { Problem, call, serviceTime } from './api.mjs';
import { app, report, update } from './app.mjs';
import { ask, desk, go, hashOf } from './desk.mjs';
import { QUEUE_ID, finder, latestOpening, loading, requireNoQueue, told } from './desk-parts.mjs';
import { bodyOf, changesOf, field, fromLocal, loadOnce, nameIn, onReview, readAll, rebase, review, saveChange, table, toLocal } from './form.mjs';
import { estimatedWait, milliseconds, placeOf } from './line.mjs';
import { html, nothing, svg } from './lit-html.js';
import { heading, messages } from './parts.mjs';
import { clockOrDay, clockTime, dayAndTime, showTime, t, waitText, whole } from './texts.mjs';

/**
 * @typedef {import('./form.mjs').Edit} Edit
 *
 * @typedef {object} Sample How it was at a moment.
 * @property {number} at In milliseconds since 1970.
 * @property {number} waiting
 * @property {number} letIn
 * @property {number} [active]
 * @property {number} [left]
 *
 * @typedef {object} Watch What is seen of a queue.
 * @property {Api.Queue} [queue] The public document.
 * @property {any} [state] What only administrators may read.
 * @property {Sample[]} samples The last fifteen minutes.
 * @property {{ queue: number, state: number }} due When what is asked for again, by `performance.now()`.
 */

/** How long samples are kept, in milliseconds. */
const KEPT = 15 * 60_000;

const MINUTE = 60_000;

/** How often what only administrators may read is read, in milliseconds. */
const STATE_EVERY = 5000;

/** How old it may be before that is said, in milliseconds. */
const STATE_WITHIN = 15_000;

/** All queues, once they are known. @type {any[] | undefined} */
let queues;

/** The settings of queues as they are being changed, by their ids. @type {Record<string, Edit>} */
const edits = {};

/** The names of concerts, by their ids. @type {Record<string, string>} */
export const concertNames = {};

/** What is seen of the queues, by their ids. @type {Map<string, Watch>} */
const watches = new Map();

/** The rehearsal, once somebody wants one. @type {import('./operator.mjs').Screen | undefined} */
let rehearsal;

/** Whether this is a service on somebody's own machine. @type {boolean | undefined} */
let isLocal;

/** The id of the queue on the screen. */
export const queueId = () => desk.route[1];

export const title = () => queueId() ?? t.queues;

export function see() {
  const [, id, part] = desk.route;
  if (!id) return loadOnce(readQueues);
  if (isLocal === undefined) askWhetherLocal();
  if (part === 'settings') return loadOnce(() => Promise.all([readSettings(id), readQueues()]));
  if (part !== 'rehearsal') return look(id);
  if (rehearsal) return rehearsal.see?.();
  if (isLocal) import('./rehearsal.mjs').then((module) => {
    rehearsal = module;
    rehearsal.see?.();
  }, () => {});
}

export function hasTyped() {
  const edit = settingsEdit();
  return edit !== undefined && changesOf(edit).length > 0;
}

export function view() {
  const [, id, part] = desk.route;
  if (!id) {
    return html`${heading(t.queues)} ${messages()} ${queues ? listOf(queues) : loading()}
      <section class="card"><h2>${t.queueNew}</h2>${finder('queue', field(fresh, 'id', t.queueId, { pattern: QUEUE_ID, hint: t.queueNewHint, required: true }), t.queueMake, make)}</section>`;
  }
  const content = part === 'settings' ? settings() : part !== 'rehearsal' ? live() : isLocal ? (rehearsal?.view() ?? loading()) : nothing;
  return html`${heading(id)} <p class="muted">${sells()}</p> ${queueTabs()} ${told()} ${content} ${pauseBar()}`;
}

/** What the queue on the screen sells, by name, as far as it is known. */
function sells() {
  if (queueId() === 'main') return t.mainSells;
  const shows = watch().state?.shows ?? [];
  return [...new Set([...ownConcerts(), ...shows.map((/** @type {any} */ { concert_id: concert }) => concert)])].map((concert) => concertNames[concert]).filter(Boolean).join(' · ');
}

/** What is typed for a queue that is to be made. */
const fresh = { id: '' };

/** Makes a queue with the usual settings, and shows them. */
async function make() {
  const { id } = fresh;
  await requireNoQueue(id);
  await ask('PUT', `/v1/queues/${id}`, { body: {} });
  fresh.id = '';
  go('queues', id, 'settings');
}

/** Finds out where the service runs. */
function askWhetherLocal() {
  isLocal = false;
  call('GET', '/_local/clock', { tries: 1 }).then(() => {
    isLocal = true;
    update({});
  }, () => {});
}

// ---- All queues ----

export async function readQueues() {
  queues = await readAll('/v1/admin/queues?limit=100', 'queues');
  for (const { concerts = [] } of queues) for (const { concert_id: id, name = id } of concerts) concertNames[id] = name;
}

/** The ids of the concerts that the queue on the screen sells. @returns {string[]} */
export const ownConcerts = () => (queues?.find(({ queue_id }) => queue_id === queueId())?.concerts ?? []).map((/** @type {any} */ { concert_id }) => concert_id);

/**
 * The state of a queue in words. One that is to open lets nobody in, whatever its setting says.
 *
 * @param {string} state
 * @param {string | undefined} opens RFC 3339.
 */
function stateText(state, opens) {
  return state === 'OPEN' && opens && milliseconds(opens) > serviceTime() ? t.stateEarly : nameIn(t.stateOf, state);
}

/** @param {any[]} queues */
function listOf(queues) {
  const rows = queues.map(({ queue_id: id, state, opens_at: opens, max_active: room, rate, concerts = [] }) => [
    html`<a href=${hashOf('queues', id)}>${id}</a>`,
    stateText(state, opens),
    opens ? dayAndTime(opens) : '–',
    whole(room),
    whole(rate),
    id === 'main' ? t.mainSells : concerts.map((/** @type {any} */ { concert_id: concert }) => html`<a href=${hashOf('concerts', concert)}>${concertNames[concert]}</a> `),
    html`<a href=${hashOf('queues', id, 'settings')} aria-label="${t.settings}: ${id}">${t.settings}</a>`,
  ]);
  return table(t.queues, [t.queue, t.fields.state, t.fields.opens_at, `#${t.fields.max_active}`, `#${t.fields.rate}`, t.concerts, t.settings], rows);
}

// ---- One queue ----

/** The settings of the queue on the screen, once they are known. */
export const settingsEdit = () => (Object.hasOwn(edits, queueId()) ? edits[queueId()] : undefined);

/** @param {string} id The queue's id. */
export async function readSettings(id) {
  takeSettings(id, await ask('GET', `/v1/queues/${id}/settings`));
}

/**
 * @param {string} id The queue's id.
 * @param {any} settings
 */
function takeSettings(id, settings) {
  const { max_active, rate, claim_seconds, active_seconds, tick_seconds, state, who, version } = settings;
  const { opens_at, default_concert_id: concert, notice } = settings;
  const base = {
    max_active: `${max_active}`, rate: `${rate}`, state, who, opens_at: toLocal(opens_at),
    claim_seconds: `${claim_seconds}`, active_seconds: `${active_seconds}`, tick_seconds: `${tick_seconds}`,
    default_concert_id: concert ?? '', 'notice.ko': notice?.ko ?? '', 'notice.en': notice?.en ?? '',
  };
  edits[id] ??= { base, draft: { ...base }, version };
  // An answer that was on its way for long.
  if (version < (edits[id].version ?? 0)) return;
  rebase(edits[id], base, version);
}

/** The buttons below a form that changes settings. @param {Edit} edit */
export function reviewSettings(edit) {
  const id = queueId();
  const save = () => saveChange(edit, `/v1/queues/${id}`, bodyOf(edit), () => readSettings(id));
  const closes = edit.draft.state === 'CLOSED' && edit.base.state !== 'CLOSED';
  return review(edit, settingName, settingText, save, closes ? t.closeSure : undefined);
}

/** @param {string} key */
function settingName(key) {
  const [name, part] = key.split('.');
  return part ? `${nameIn(t.fields, name)} (${nameIn(t.languageOf, part)})` : nameIn(t.fields, name);
}

/**
 * @param {string} key
 * @param {string} value
 */
function settingText(key, value) {
  if (key === 'state') return nameIn(t.stateOf, value);
  if (key === 'who') return nameIn(t.whoOf, value);
  if (key === 'default_concert_id') return concertNames[value] ?? value;
  return key === 'opens_at' && value ? dayAndTime(fromLocal(value)) : value;
}

/** The form with all settings. */
function settings() {
  const edit = settingsEdit();
  if (!edit || !queues) return loading();
  const { draft, base } = edit;
  const choices = (/** @type {string[]} */ keys, /** @type {Record<string, string>} */ names) => ({ options: keys.map((key) => /** @type {[string, string]} */ ([key, nameIn(names, key)])) });
  const number = (/** @type {string} */ name, /** @type {number} */ min, /** @type {number} */ max, step = 1) => field(draft, name, nameIn(t.fields, name), { type: 'number', min, max, step: step || 'any', required: true });
  const own = ownConcerts();
  return html`<form class="card" @submit=${onReview}>
    <div class="columns">
      ${field(draft, 'state', t.fields.state, choices(['OPEN', 'PAUSED', 'CLOSED'], t.stateOf))}
      ${field(draft, 'who', t.fields.who, choices(['everybody', 'accounts'], t.whoOf))}
      ${field(draft, 'opens_at', t.fields.opens_at, { type: 'datetime-local', min: draft.opens_at === base.opens_at ? '' : toLocal(serviceTime()), max: latestOpening(), required: base.opens_at !== '', hint: base.opens_at ? t.opensMoves : t.opensHint })}
      ${number('max_active', 1, 1_000_000)} ${number('rate', 0.001, 10_000, 0)} ${number('claim_seconds', 10, 3590)}
      ${number('active_seconds', 20, 3600)} ${number('tick_seconds', 1, 30)}
      ${own.length ? field(draft, 'default_concert_id', t.fields.default_concert_id, choices(['', ...own], { ...concertNames, '': '–' })) : nothing}
      ${notices(draft)}
    </div>
    ${reviewSettings(edit)}
  </form>`;
}

/** @param {import('./form.mjs').Draft} draft */
const notices = (draft) => html`<div class="columns pair">${['ko', 'en'].map((part) => field(draft, `notice.${part}`, settingName(`notice.${part}`), { type: 'textarea', length: 300 }))}</div>`;

/** The way to the other screens of the queue. */
export function queueTabs() {
  const [, id, here = ''] = desk.route;
  /** @type {[string, string, string][]} */
  const tabs = [
    [hashOf('queues', id), t.live, ''],
    [hashOf('queues', id, 'settings'), t.settings, 'settings'],
    [hashOf('ready', id), t.ready, 'ready'],
    ...(isLocal ? /** @type {[string, string, string][]} */ ([[hashOf('queues', id, 'rehearsal'), t.rehearsal, 'rehearsal']]) : []),
  ];
  return html`<nav aria-label=${t.queueScreens}>${tabs.map(([to, text, name]) => html`<a href=${to} aria-current=${name === here ? 'page' : nothing}>${text}</a>`)}</nav>`;
}

/** What the queue is to become, as it was asked about: somebody else may set it meanwhile. @type {{ at: string, to: 'OPEN' | 'PAUSED', version?: number } | undefined} */
let meant;

/** Whether the queue is being paused or resumed. A pause waits for nothing else that the page does. */
let isPausing = false;

/** What stays at the bottom of each screen of a queue: its state, and the button that pauses it. */
export function pauseBar() {
  const { base, version } = settingsEdit() ?? {};
  if (!base) return nothing;
  const at = desk.route.join('/');
  if (meant?.at !== at) meant = undefined;
  const isPaused = base.state === 'PAUSED';
  // The line may be over although it is set to be open.
  const over = base.state === 'OPEN' ? watch().state?.state : undefined;
  const to = meant?.to ?? (isPaused ? 'OPEN' : 'PAUSED');
  const label = to === 'OPEN' ? t.resumeLine : t.pauseLine;
  const turn = (/** @type {typeof meant} */ wanted) => {
    meant = wanted;
    update({});
    document.getElementById(wanted ? 'pause-no' : 'do-pause')?.focus();
  };
  const step = (/** @type {string} */ text, /** @type {string} */ kind, /** @type {() => void} */ onTap, id = '') => html`<button type="button" id=${id || nothing} class="button ${kind}" aria-disabled=${isPausing ? 'true' : 'false'} aria-busy=${isPausing && kind === 'danger' ? 'true' : 'false'} @click=${(/** @type {MouseEvent} */ { detail }) => detail < 2 && !isPausing && onTap()}>${text}</button>`;
  const text = to === 'OPEN' ? t.resumeSure : t.pauseSure;
  return html`<div class="bar pause"><span class="state ${isPaused ? 'warn' : ''}">${over === 'SOLD_OUT' || over === 'SALE_OVER' ? nameIn(t.stateOf, over) : stateText(base.state, base.opens_at && fromLocal(base.opens_at))}</span>
    ${meant
      ? html`<div class="question" role="group" aria-label=${text}><p>${text}</p><div class="buttons">${step(t.cancel, 'plain', () => turn(undefined), 'pause-no')} ${step(label, 'danger', () => void setState())}</div></div>`
      : base.state === 'CLOSED' ? nothing : html`<div class="stack">${step(label, 'plain', () => turn({ at, to, version }), 'do-pause')}</div>`}
  </div>`;
}

/** Pauses or resumes the queue, as it was asked about. */
async function setState() {
  const wanted = meant;
  if (!wanted) return;
  isPausing = true;
  update({ problem: undefined, notice: undefined });
  try {
    const state = await turnInto(queueId(), wanted.to, wanted.version);
    const notice = state === 'CLOSED' ? t.closedMeanwhile : state === 'OPEN' ? t.resumed : t.pausedNow;
    update({ notice, polite: notice });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    report(error);
  } finally {
    isPausing = false;
    meant = undefined;
    update({});
    // The button that had the focus is gone.
    if (document.activeElement === document.body) document.getElementById('do-pause')?.focus();
  }
}

/**
 * Sets the state of the version that it was asked about, and once more if somebody has set something
 * else meanwhile. A queue that somebody has closed stays closed.
 *
 * @param {string} id The queue's id.
 * @param {string} to
 * @param {number} [version]
 * @param {number} [tries]
 * @returns {Promise<string>} The state that it has now.
 */
async function turnInto(id, to, version, tries = 3) {
  try {
    const { settings } = await ask('PATCH', `/v1/queues/${id}`, { body: { state: to }, headers: version === undefined ? {} : { 'If-Match': `"${version}"` } });
    takeSettings(id, settings);
    return to;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'VERSION_MISMATCH' || tries === 1) throw error;
    await readSettings(id);
    // A change that is asked about is now another one.
    if (app.question === 'change') update({ question: undefined });
    const { base, version: next } = edits[id];
    return base.state === to || base.state === 'CLOSED' ? base.state : turnInto(id, to, next, tries - 1);
  }
}

// ---- The on-sale while it happens ----

function watch() {
  const id = queueId();
  const known = watches.get(id) ?? { samples: [], due: { queue: 0, state: 0 } };
  watches.set(id, known);
  return known;
}

/** Reads what is due. @param {string} id The queue's id. */
function look(id) {
  const [seen, now] = [watch(), performance.now()];
  if (now >= seen.due.queue) void read('queue', 0, call('GET', `/v1/queues/${id}`, { tries: 1 }), id, seen);
  if (now >= seen.due.state) void read('state', STATE_EVERY, ask('GET', `/v1/admin/queues/${id}`, { tries: 1 }), id, seen);
}

/**
 * @param {'queue' | 'state'} what
 * @param {number} every How long it is not asked for again, in milliseconds. The screen looks once a
 *   second.
 * @param {Promise<any>} answer
 * @param {string} id The queue's id.
 * @param {Watch} seen
 */
async function read(what, every, answer, id, seen) {
  const asked = performance.now();
  seen.due[what] = Infinity;
  try {
    seen[what] = await answer;
    seen.due[what] = asked + every;
    if (what === 'queue') sample(seen);
    else await follow(id, seen);
    update({});
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (!error.passes) report(error);
    const wait = error.code === 'INVALID_TOKEN' ? 0 : (error.retryAfter ?? (error.passes ? 2 : 30));
    seen.due[what] = performance.now() + 1000 * wait;
  }
}

/**
 * Reads the settings if somebody has changed them, and the names of concerts. A change that is asked
 * about stays as it was looked at: it is refused if somebody was faster.
 *
 * @param {string} id The queue's id.
 * @param {Watch} seen
 */
async function follow(id, { state }) {
  const names = (state.shows ?? []).map(async (/** @type {any} */ { concert_id: concert }) => {
    concertNames[concert] ??= (await call('GET', `/v1/concerts/${concert}`)).name;
  });
  await Promise.all([...names, app.question === 'change' || settingsEdit()?.version === state.version ? undefined : readSettings(id)]);
}

/** Keeps what the document says. @param {Watch} seen */
function sample(seen) {
  const { queue, state, samples } = seen;
  if (!queue) return;
  const at = milliseconds(queue.server_time);
  const { waiting, letIn } = counts(queue);
  // A CDN may answer with the same document again.
  if (at <= (samples.at(-1)?.at ?? 0)) return;
  samples.push({ at, waiting, letIn, active: state?.active, left: queue.seats_left });
  seen.samples = samples.filter((sample) => sample.at > at - KEPT);
}

/** @param {Api.Queue} queue */
function counts({ tail, served }) {
  return { waiting: Math.max(0, tail - served), letIn: Math.min(tail, served) };
}

function live() {
  const { queue, state, samples } = watch();
  if (!queue || !state) return loading();
  return html`${figures(queue, state)} ${steering(queue, state, settingsEdit())}
    <section class="card"><h2>${t.lastMinutes}</h2>${picture(samples)}</section>
    ${seats(state)}`;
}

/**
 * @param {Api.Queue} queue
 * @param {any} state
 */
function figures(queue, state) {
  const { waiting, letIn } = counts(queue);
  const now = serviceTime();
  const wait = estimatedWait(placeOf(queue.tail, queue, now), queue);
  const { seats } = state;
  // Nobody can buy what is left of a show whose sale is over, or which was called off.
  const onSale = (state.shows ?? []).filter((/** @type {any} */ { sale }) => sale !== 'OVER');
  const left = onSale.reduce((/** @type {number} */ sum, /** @type {any} */ { counts }) => sum + (counts?.left ?? 0), 0);
  const capacity = onSale.reduce((/** @type {number} */ sum, /** @type {any} */ show) => sum + show.capacity, 0);
  const read = milliseconds(state.server_time);
  const opens = queue.opens_at && milliseconds(queue.opens_at) > now;
  const lasts = waiting === 0 ? '–' : wait === null ? t.notMoving : `${waitText(wait)} (${clockOrDay(now + 1000 * wait, now)})`;
  /** @type {[string, unknown, string][]} */
  const shown = [
    ...(opens ? [/** @type {[string, unknown, string]} */ ([t.inDraw, whole(state.early_entries ?? 0), 'early'])] : []),
    [t.waiting, whole(waiting), 'waiting'],
    [t.letIn, whole(letIn), 'let-in'],
    [t.activeNow, t.of(whole(state.active), whole(queue.max_active)), 'active'],
    [t.holding, seats ? whole(seats.held) : '–', 'held'],
    [t.soldNow, seats ? whole(seats.sold) : '–', 'sold'],
    [t.seatsLeft, seats ? t.of(whole(left), whole(capacity)) : '–', 'left'],
    [t.lastWait, lasts, 'wait'],
    [t.flowNow, opens || queue.state !== 'OPEN' ? '–' : t.aMinute(aMinute(queue.flow)), 'flow'],
  ];
  return html`<section class="card"><h2>${t.nowAt(clockTime(now))} <span class="state ${queue.state === 'OPEN' ? '' : 'warn'}">${stateText(queue.state, queue.opens_at)}</span></h2>
    ${opens ? html`<p>${t.opensAtText(dayAndTime(queue.opens_at ?? ''))}</p>` : nothing}
    <dl class="figures">${shown.map(([name, value, id]) => html`<div><dt>${name}</dt><dd id="figure-${id}">${value}</dd></div>`)}</dl>
    ${now - read > STATE_WITHIN ? html`<p class="message warn">${t.stateAsOf(clockTime(read))}</p>` : nothing}
    ${seats ? nothing : html`<p class="muted">${t.notCounted}</p>`}
    ${seats?.uncounted ? html`<p class="muted">${t.uncounted(seats.uncounted)}</p>` : nothing}
  </section>`;
}

/**
 * Rate and room with what they mean, and the notice.
 *
 * @param {Api.Queue} queue
 * @param {any} state
 * @param {import('./form.mjs').Edit | undefined} edit
 */
function steering(queue, state, edit) {
  if (!edit) return nothing;
  const { draft } = edit;
  return html`<form class="card" @submit=${onReview}>
    <h2>${t.steer}</h2>
    <div class="columns">
      ${slider(draft, 'rate', 0.1, 1000)} ${slider(draft, 'max_active', 1, 100_000)}
    </div>
    <p id="meaning" class="message">${meaning(queue, state, { rate: Number(draft.rate), max_active: Number(draft.max_active) })}</p>
    ${notices(draft)}
    ${reviewSettings(edit)}
  </form>`;
}

/**
 * A number that can be typed, and be moved by ever larger steps.
 *
 * @param {import('./form.mjs').Draft} draft
 * @param {string} name
 * @param {number} least Where the slider begins.
 * @param {number} most Where the slider ends.
 */
function slider(draft, name, least, most) {
  const isWhole = name === 'max_active';
  const way = Math.log(most / least);
  const onInput = (/** @type {Event} */ { target }) => {
    const { value } = /** @type {HTMLInputElement} */ (target);
    const number = Number((least * Math.exp((way * Number(value)) / 200)).toPrecision(2));
    draft[name] = `${isWhole ? Math.round(number) : number}`;
    update({});
  };
  const at = Math.round((200 * Math.log(Number(draft[name]) / least)) / way);
  return html`<div class="slider">
    ${field(draft, name, nameIn(t.fields, name), { type: 'number', min: isWhole ? 1 : 0.001, max: isWhole ? 1_000_000 : 10_000, step: isWhole ? 1 : 'any', required: true })}
    <input type="range" max="200" aria-label=${nameIn(t.fields, name)} aria-valuetext=${draft[name]} .value=${`${at}`} @input=${onInput}>
  </div>`;
}

/**
 * What settings mean, before they are in force.
 *
 * @param {Api.Queue} queue
 * @param {any} state
 * @param {{ rate: number, max_active: number }} settings
 */
function meaning(queue, state, settings) {
  if (!(settings.rate > 0 && settings.max_active > 0)) return t.meansNothing;
  const now = serviceTime();
  const from = Math.max(now, queue.opens_at ? milliseconds(queue.opens_at) : 0, queue.sale_opens_at ? milliseconds(queue.sale_opens_at) : 0);
  const stay = stayOf(queue);
  const when = (/** @type {number} */ people) => clockOrDay(from + 1000 * secondsToAdmit(people, settings, stay, state.active), now);
  const { waiting } = counts(queue);
  const people = waiting + (state.early_entries ?? 0);
  const parts = [
    queue.state === 'SALE_OVER' || queue.state === 'SOLD_OUT' ? nameIn(t.stateOf, queue.state) : t.meansFlow(aMinute(Math.min(settings.rate, settings.max_active / stay))),
    queue.seats_left ? t.meansSeats(when(queue.seats_left)) : '',
    people > 0 ? t.meansLine(when(people)) : '',
    queue.state === 'PAUSED' ? t.meansPaused : '',
  ];
  return parts.filter(Boolean).join(' ');
}

/** How many a minute, to two digits. @param {number} perSecond */
const aMinute = (perSecond) => whole(Number((60 * perSecond).toPrecision(2)));

/** Fifteen minutes as curves, and a line of a table for each minute. @param {Sample[]} samples */
function picture(samples) {
  const last = samples.at(-1);
  if (!last) return nothing;
  /** @type {[string, (sample: Sample) => number | undefined][]} */
  const curves = [
    [t.waiting, ({ waiting }) => waiting],
    [t.activeNow, ({ active }) => active],
    [t.seatsLeft, ({ left }) => left],
  ];
  // The last sample of each minute.
  const minutes = new Map(samples.map((sample) => [Math.floor(sample.at / MINUTE), sample]));
  const shown = (/** @type {number | undefined} */ number) => (number === undefined ? '–' : whole(number));
  const rows = [...minutes.values()].reverse().map(({ at, waiting, letIn, active, left }) => [clockTime(at), shown(waiting), shown(letIn), shown(active), shown(left)]);
  return html`<div class="past">
    <div>${curves.map(([name, of]) => curve(name, of, samples, last.at))}</div>
    ${table(t.lastMinutes, [t.time, `#${t.waiting}`, `#${t.letIn}`, `#${t.activeNow}`, `#${t.seatsLeft}`], rows)}
  </div>`;
}

/**
 * @param {string} name
 * @param {(sample: Sample) => number | undefined} of
 * @param {Sample[]} samples
 * @param {number} end When the last one was.
 */
function curve(name, of, samples, end) {
  const known = samples.filter((sample) => of(sample) !== undefined);
  if (!known.length) return nothing;
  const highest = Math.max(...known.map((sample) => of(sample) ?? 0));
  const most = Math.max(1, highest);
  const points = known.map((sample) => `${(900 - (end - sample.at) / 1000).toFixed(1)},${(100 - (100 * (of(sample) ?? 0)) / most).toFixed(1)}`);
  return html`<figure class="curve">
    <figcaption>${name} <span class="muted">${t.mostOf(whole(highest))}</span></figcaption>
    <svg viewBox="0 -2 900 104" preserveAspectRatio="none" aria-hidden="true">
      <path class="grid" d="M0 0H900M0 50H900M0 100H900M300 0V100M600 0V100" />
      ${svg`<polyline points=${points.join(' ')} />`}
    </svg>
  </figure>`;
}

/** The seats by show and grade. @param {any} state */
function seats({ shows = [] }) {
  if (!shows.length) return nothing;
  const number = (/** @type {number | undefined} */ value) => (value === undefined ? '–' : whole(value));
  const rows = shows.flatMap((/** @type {any} */ show) => [
    [html`<a href=${hashOf('concerts', show.concert_id)}>${concertNames[show.concert_id] ?? ''}</a> ${showTime(show.show)}${show.sale === 'OVER' ? html` <span class="state">${t.saleOver}</span>` : nothing}`, ...cells(show, show.sale)],
    ...(show.grades ?? []).map((/** @type {any} */ grade) => [html`<span class="part">${grade.grade}</span>`, ...cells(grade, show.sale)]),
  ]);
  /** @param {any} part @param {string} sale */
  function cells({ capacity, counts }, sale) {
    // Nobody can buy what is left.
    return [whole(capacity), number(counts?.sold), number(counts?.held), number(sale === 'OVER' ? undefined : counts?.left)];
  }
  return html`<section class="card"><h2>${t.seatsByShow}</h2>
    ${table(t.seatsByShow, [t.show, `#${t.fields.capacity}`, `#${t.soldNow}`, `#${t.holding}`, `#${t.seatsLeft}`], rows)}
  </section>`;
}

// ---- When a line has let in so many people. ARCHITECTURE.md, "flow", has the model. ----

/**
 * What is known of a line.
 *
 * @typedef {object} Line
 * @property {number} rate How many a second come in, at most.
 * @property {number} max_active How many are active at once, at most.
 * @property {number} flow How many a second come in while the line is full.
 * @property {number} active_seconds How long a turn lasts, at most.
 */

/**
 * How long one person takes up a place, in seconds: as measured. Half of a turn until something has
 * been.
 *
 * @param {Line} line
 */
export function stayOf({ rate, max_active: room, flow, active_seconds: turn }) {
  // If the rate is what slows the line down, a stay is not longer than this.
  return flow > 0 && flow < rate ? room / flow : Math.min(turn / 2, room / rate);
}

/**
 * In how many seconds so many people will have come in, if these settings are in force from now on.
 *
 * @param {number} people
 * @param {{ rate: number, max_active: number }} settings
 * @param {number} stay How long one person takes up a place, in seconds.
 * @param {number} active How many are active now.
 */
export function secondsToAdmit(people, { rate, max_active: room }, stay, active) {
  const free = Math.max(0, room - active);
  return Math.max(people / rate, ((people - free) * stay) / room, 0);
}
