// The concerts: all of them, a new one with its own queue, and one that is changed.
//
// A concert with its shows is one draft. The fields of a show have its name and a slash before
// theirs, such as `2026-12-24T19:30/price`. A show that is new is `new1`, `new2` and so on.

import { Problem, serviceTime } from './api.mjs';
import { app, update } from './app.mjs';
import { ask, desk, go, hashOf } from './desk.mjs';
import { QUEUE_ID, finder, forgetKeys, inPages, inTwoSteps, latestOpening, loading, once, queueOptions, readSome, requireNoQueue, told } from './desk-parts.mjs';
import { bodyOf, changesOf, field, fromLocal, keep, kept, loadAgain, loadOnce, nameIn, onReview, readAll, rebase, review, saveChange, table, toLocal } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { button, heading, messages, onSend } from './parts.mjs';
import { dayAndTime, showTime, t, whole } from './texts.mjs';

/**
 * @typedef {import('./form.mjs').Draft} Draft
 * @typedef {import('./form.mjs').Edit} Edit
 * @typedef {import('./form.mjs').Look} Look
 */

/** The name under which the tab keeps a concert that is being made. */
const NEW = 'new-concert';

/** The list, and what is looked for in it. @type {{ search: Draft, pages: import('./form.mjs').Pages }} */
const list = { search: { name: '', all: '' }, pages: { key: 'concerts', path: '' } };

/** The concerts that were opened, and how they are being changed. @type {Record<string, { concert: any, edit: Edit }>} */
const opened = {};

/** The plans of halls that there are. @type {{ plan_id: string, name: string, seats: number }[]} */
let plans = [];

/** The grades of plans, by the plan's id. @type {Record<string, string[]>} */
const grades = {};

/** All queues, with their names. @type {[string, string][]} */
let queues = [];

/** When queues open, by their ids. @type {Record<string, string | undefined>} */
let openings = {};

const id = () => desk.route[1];

/** The concert on the screen, once it is known. */
const here = () => (Object.hasOwn(opened, id()) ? opened[id()] : undefined);

export function title() {
  if (!id()) return t.concerts;
  return id() === 'new' ? t.concertNew : (here()?.concert.name ?? t.concerts);
}

export function see() {
  if (!id()) loadOnce(search);
  else if (id() === 'new') loadOnce(readChoices);
  else loadOnce(() => Promise.all([readConcert(id()), readChoices()]));
}

export function hasTyped() {
  if (id() === 'new') return Object.values(making.draft).some(Boolean);
  const open = here();
  return open !== undefined && changesOf(open.edit).length > 0;
}

export function view() {
  if (!id()) return listOfConcerts();
  return id() === 'new' ? newConcert() : oneConcert();
}

// ---- All concerts ----

/** How often was searched. */
let searches = 0;

async function search() {
  const { name, all } = list.search;
  const own = (searches += 1);
  const pages = { ...list.pages, items: undefined, next: undefined, path: `/v1/concerts?limit=50&name=${encodeURIComponent(name)}&all=${all !== ''}&at=${Math.floor(performance.now())}` };
  await readSome(pages);
  // An answer that is late does not replace what was looked for after it.
  if (own === searches) list.pages = pages;
}

function listOfConcerts() {
  return html`${heading(t.concerts)} ${messages()}
    <div class="buttons"><a class="button" href=${hashOf('concerts', 'new')}>${t.concertNew}</a></div>
    ${finder('search', html`${field(list.search, 'name', t.nameBegins)} ${field(list.search, 'all', t.pastToo, { type: 'checkbox' })}`, t.find, search)}
    ${inPages(list.pages, t.noConcerts, (items) => table(t.concerts, [t.fields.name, t.fields.date, `#${t.shows}`, `#${t.fields.capacity}`], items.map(row)))}`;
}

/** @param {Api.ListedConcert} concert */
function row({ concert_id, name, first_date: first, last_date: last, shows, max_capacity: most }) {
  return [
    html`<a href=${hashOf('concerts', concert_id)}>${name}</a>`,
    showTime(first) + (first === last ? '' : ` – ${showTime(last)}`),
    whole(shows),
    whole(most),
  ];
}

// ---- What a concert and its shows have ----

async function readChoices() {
  const [all, halls] = await Promise.all([readAll('/v1/admin/queues?limit=100', 'queues'), readAll('/v1/plans?limit=100', 'plans')]);
  queues = queueOptions(all);
  openings = Object.fromEntries(all.map(({ queue_id, opens_at }) => [queue_id, opens_at]));
  plans = halls;
  update({});
}

/** Reads the grades of a plan, once. @param {string} plan */
function readGrades(plan) {
  if (grades[plan]) return;
  grades[plan] = [];
  ask('GET', `/v1/plans/${plan}`).then((found) => {
    grades[plan] = found.grades;
    update({});
  }, () => void delete grades[plan]);
}

/** The names of the shows in a draft. @param {Draft} draft */
function showsOf(draft) {
  const named = Object.keys(draft).filter((key) => key.includes('/')).map((key) => key.split('/', 1)[0]);
  const number = (/** @type {string} */ show) => (show.startsWith('new') ? Number(show.slice(3)) : 0);
  return [...new Set(named)].sort((one, other) => number(one) - number(other) || (one < other ? -1 : 1));
}

/** Adds a show to a draft, with the prices, seats and times of the last one. @param {Draft} draft */
function addShow(draft) {
  const last = showsOf(draft).at(-1) ?? '';
  const next = `new${1 + Number(last.match(/^new(\d+)/)?.[1] ?? 0)}`;
  const copied = Object.entries(draft).filter(([key]) => last && key.startsWith(`${last}/`) && !/\/(date|start|venue\..*|starts_at)$/.test(key));
  for (const [key, value] of copied) draft[next + key.slice(last.length)] = value;
  Object.assign(draft, { [`${next}/date`]: '', [`${next}/start`]: '' });
}

/** @param {Draft} draft */
function concertFields(draft) {
  return html`
    ${field(draft, 'name', t.fields.name, { required: true, length: 100 })}
    <details><summary>${t.moreAbout}</summary><div class="columns">
      ${inBoth(draft, 'venue', { length: 100 })} ${inBoth(draft, 'description', { type: 'textarea', length: 2000 })}
      ${field(draft, 'age_limit', t.fields.age_limit, { type: 'number', min: 0, max: 99 })}
      ${field(draft, 'most_seats_a_person', t.fields.most_seats_a_person, { type: 'number', min: 1, max: 100 })}
    </div></details>`;
}

/**
 * A text in Korean and in English.
 *
 * @param {Draft} draft
 * @param {string} name
 * @param {Look} look
 */
function inBoth(draft, name, look) {
  const field_ = name.split('/').at(-1) ?? name;
  return html`<div class="columns pair">${['ko', 'en'].map((language) => field(draft, `${name}.${language}`, `${nameIn(t.fields, field_)} (${nameIn(t.languageOf, language)})`, look))}</div>`;
}

/**
 * @param {Draft} draft
 * @param {string} show
 * @param {boolean} [hasPlan] Whether it is on sale with a plan already. Then it keeps one.
 * @param {Draft} [base] What the service has.
 */
function showFields(draft, show, hasPlan = false, base = {}) {
  const isNew = show.startsWith('new');
  const of = (/** @type {string} */ name) => `${show}/${name}`;
  const plan = draft[of('plan_id')];
  tidyPrices(draft, show, base);
  const price = { type: 'number', min: 0, step: 'any', required: true };
  const choice = /** @type {[string, string][]} */ ([...(hasPlan ? [] : [['', t.noPlan]]), ...plans.map(({ plan_id, name, seats }) => [plan_id, `${name} (${whole(seats)})`])]);
  return html`
    <div class="columns">
      ${isNew ? html`${field(draft, of('date'), t.fields.date, { type: 'date', min: toLocal(serviceTime()).slice(0, 10), required: true })} ${field(draft, of('start'), t.start, { type: 'time', hint: t.startHint })}` : nothing}
      ${plans.length || plan ? field(draft, of('plan_id'), t.fields.plan_id, { options: choice }) : nothing}
      ${plan
        ? grades[plan]?.length ? grades[plan].map((grade) => field(draft, of(`prices.${grade}`), t.priceOf(grade), price)) : html`<p class="muted">${t.loading}</p>`
        : html`${field(draft, of('price'), t.fields.price, price)} ${field(draft, of('capacity'), t.fields.capacity, { type: 'number', min: 1, max: 100_000, required: true })}`}
    </div>
    <details><summary>${t.moreOfShow}</summary><div class="columns">
      ${field(draft, of('opens_at'), t.fields.sale_opens_at, { type: 'datetime-local', hint: t.saleOpensHint })}
      ${field(draft, of('closes_at'), t.fields.closes_at, { type: 'datetime-local', hint: t.saleClosesHint })}
      ${field(draft, of('doors_at'), t.fields.doors_at, { type: 'time' })}
      ${(isNew ? draft[of('start')] : show.includes('T')) ? nothing : field(draft, of('starts_at'), t.fields.starts_at, { type: 'time' })}
      ${inBoth(draft, of('venue'), { length: 100 })}
    </div></details>`;
}

/**
 * Leaves only the prices that the show can have: one for each grade of its plan, or one for all seats.
 *
 * @param {Draft} draft
 * @param {string} show
 * @param {Draft} base What the service has.
 */
function tidyPrices(draft, show, base) {
  const plan = draft[`${show}/plan_id`];
  if (plan) readGrades(plan);
  const wanted = (grades[plan] ?? []).map((grade) => `prices.${grade}`);
  for (const key of Object.keys(draft)) {
    if (!key.startsWith(`${show}/`)) continue;
    const name = key.slice(show.length + 1);
    if (plan ? ['price', 'capacity'].includes(name) || (grades[plan].length && name.startsWith('prices.') && !wanted.includes(name)) : name.startsWith('prices.')) delete draft[key];
  }
  for (const name of plan ? wanted : ['price', 'capacity']) draft[`${show}/${name}`] ??= base[`${show}/${name}`] ?? '';
}

/** Whether the grades of all plans are known. A show without its prices cannot be sent. @param {Draft} draft */
const hasGrades = (draft) => showsOf(draft).every((show) => {
  const plan = draft[`${show}/plan_id`];
  return !plan || grades[plan]?.length;
});

/**
 * The shows of a request: those that are new, and what has changed of the others.
 *
 * @param {Edit} edit
 */
function showsBody(edit) {
  const { draft } = edit;
  return showsOf(draft).flatMap((show) => {
    const { date, start, ...body } = bodyOf(edit, `${show}/`);
    if (!date && Object.keys(body).length === 0) return [];
    // A change names all prices.
    const plan = draft[`${show}/plan_id`];
    if (body.prices || body.plan_id) body.prices = Object.fromEntries(grades[plan].map((grade) => [grade, Number(draft[`${show}/prices.${grade}`])]));
    return [{ date: date ? `${date}${start ? `T${start}` : ''}` : show, ...body }];
  });
}

/** @param {Edit} edit */
function wholeBody(edit) {
  const shows = showsBody(edit);
  return { ...bodyOf(edit), ...(shows.length ? { shows } : {}) };
}

// ---- A new concert ----

/**
 * A concert that is being made. The tab keeps it when it is sent.
 *
 * @typedef {object} Making
 * @property {Draft} draft
 * @property {Draft} queue Its own queue: if `own`, else the id of another queue, `other`.
 * @property {string} [made] The queue that was made for it.
 */

/** @returns {Making} */
const nothingMade = () => ({ draft: { name: '', 'new1/date': '', 'new1/start': '', 'new1/price': '', 'new1/capacity': '' }, queue: { own: 'true', other: 'main' } });

/** @type {Making} */
let making = kept(NEW) ?? nothingMade();

/** The id of the queue that is made if none is typed: from the concert's name and its first day. */
function idOfQueue() {
  const { name, 'new1/date': date = '' } = making.draft;
  const letters = name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 20).replace(/-$/, '');
  return `${letters || 'concert'}-${date.replaceAll('-', '').slice(2) || 'q'}`;
}

function newConcert() {
  const { draft, queue } = making;
  const shows = showsOf(draft);
  return html`${heading(t.concertNew)} ${messages()}
    <form class="stack" @submit=${onSend('create', create)}>
      <div class="card">${concertFields(draft)}</div>
      ${shows.map((show, index) => html`<fieldset class="card"><legend>${t.showNumber(index + 1)}</legend>${showFields(draft, show)}
        ${shows.length > 1 ? leaveOut(draft, show) : nothing}</fieldset>`)}
      <div class="buttons">${addButton(draft)}</div>
      <fieldset class="card"><legend>${t.queue}</legend>
        ${field(queue, 'own', t.queueOwn, { type: 'checkbox' })}
        ${queue.own
          ? html`<p class="muted">${t.queueOwnText}</p><div class="columns">
              ${field(queue, 'id', t.queueId, { pattern: QUEUE_ID, placeholder: idOfQueue() })}
              ${field(queue, 'opens_at', t.fields.opens_at, { type: 'datetime-local', min: toLocal(serviceTime()), max: latestOpening(), hint: t.opensHint })}
            </div>`
          : field(queue, 'other', t.queue, { options: queues })}
      </fieldset>
      <button class="button main" ?disabled=${!hasGrades(draft)} aria-busy=${app.working === 'create' ? 'true' : 'false'}>${queue.own ? t.createBoth : t.create}</button>
    </form>`;
}

/** Makes the queue and then the concert. Each may be sent again. */
async function create() {
  /** @type {Edit} */
  const edit = { base: {}, draft: making.draft };
  const { own, other, id: typed, ...settings } = bodyOf({ base: {}, draft: making.queue });
  // A queue that was made before the concert was refused is not made twice.
  const queue = own ? (typed ?? making.made ?? idOfQueue()) : other;
  requireRightTimes(edit, own ? (making.queue.opens_at ?? '') : openingOf(queue));
  const body = { ...wholeBody(edit), queue_id: queue };
  if (own) {
    if (making.made !== queue) await requireNoQueue(queue);
    making.made = queue;
    keep(NEW, making);
    await ask('PUT', `/v1/queues/${queue}`, { body: settings });
  }
  keep(NEW, making);
  const { concert_id } = await once('/v1/concerts', body).catch((error) => {
    if (!(error instanceof Problem) || error.code !== 'IDEMPOTENCY_KEY_REUSED') throw error;
    // Once that is said, another one may be meant.
    forgetKeys('/v1/concerts');
    throw new Problem(409, /** @type {any} */ ({ code: 'CONCERT_MADE', error: t.concertMade }));
  });
  keep(NEW, null);
  making = nothingMade();
  desk.told = t.created(queue);
  go('concerts', concert_id);
}

/**
 * What is wrong with the times of shows, which the service would take all the same. Times are local
 * ones, which are in the order of the alphabet.
 *
 * @param {Edit} edit
 * @param {string} opens When the queue opens, or nothing.
 */
function requireRightTimes({ base, draft }, opens) {
  /** @param {string} code @param {string} error */
  const refuse = (code, error) => {
    throw new Problem(400, /** @type {any} */ ({ code, error }));
  };
  const names = new Set();
  for (const show of showsOf(draft)) {
    const of = (/** @type {string} */ name) => draft[`${show}/${name}`] || '';
    const isNew = show.startsWith('new');
    const name = isNew ? `${of('date')}${of('start') ? `T${of('start')}` : ''}` : show;
    if (names.has(name)) refuse('SHOW_THERE', t.showThere(showTime(name)));
    names.add(name);
    const end = name.includes('T') ? name : `${name}T24:00`;
    const isChanged = isNew || ['opens_at', 'closes_at'].some((key) => of(key) !== (base[`${show}/${key}`] ?? ''));
    if (!isChanged) continue;
    if (isNew && end <= toLocal(serviceTime())) refuse('SHOW_PAST', t.showPast(showTime(name)));
    if (of('opens_at') >= end) refuse('SALE_AFTER_SHOW', t.saleAfterShow(showTime(name)));
    if (opens >= end) refuse('OPENS_AFTER_SHOW', t.opensAfterShow(showTime(name)));
    if (opens && of('closes_at') && of('closes_at') <= opens) refuse('CLOSES_EARLY', t.closesEarly(showTime(name)));
  }
}

/** When a queue opens, as a form has it; nothing if it has opened. @param {string} queue */
const openingOf = (queue) => {
  const opens = toLocal(openings[queue]);
  return opens > toLocal(serviceTime()) ? opens : '';
};

// ---- One concert ----

/**
 * Reads a concert, as it is now: not as a CDN or the browser has kept it.
 *
 * @param {string} concert The concert's id.
 * @param {number} [version] The version that it has at least.
 */
async function readConcert(concert, version = 0) {
  for (let tries = 1; ; tries += 1) {
    const found = await ask('GET', `/v1/concerts/${concert}?at=${Math.floor(performance.now())}`);
    if (tries === 3 || (found.version ?? 0) >= version) return take(found);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @param {any} concert */
function take(concert) {
  /** @type {Draft} */
  const base = {};
  const put = (/** @type {any} */ fields, /** @type {string[]} */ names, prefix = '') => {
    for (const name of names) {
      const value = fields[name];
      if (['venue', 'description'].includes(name)) for (const language of ['ko', 'en']) base[`${prefix}${name}.${language}`] = value?.[language] ?? '';
      else if (name === 'prices') for (const [grade, price] of Object.entries(value ?? {})) base[`${prefix}prices.${grade}`] = `${price}`;
      else base[prefix + name] = name === 'opens_at' || name === 'closes_at' ? toLocal(value) : `${value ?? ''}`;
    }
  };
  put(concert, ['name', 'queue_id', 'most_seats_a_person', 'venue', 'description', 'age_limit']);
  for (const show of concert.shows) {
    const cost = show.plan_id ? ['plan_id', 'prices'] : ['price', 'capacity'];
    const start = show.show.includes('T') ? [] : ['starts_at'];
    put(show, [...cost, 'opens_at', 'closes_at', 'doors_at', ...start, 'venue'], `${show.show}/`);
  }
  opened[concert.concert_id] ??= { concert, edit: { base, draft: { ...base } } };
  opened[concert.concert_id].concert = concert;
  const { edit } = opened[concert.concert_id];
  // A show that was new is there now, under its own name.
  for (const show of showsOf(edit.draft)) {
    const [date, start] = [edit.draft[`${show}/date`], edit.draft[`${show}/start`]];
    if (date && `${date}${start ? `T${start}` : ''}/opens_at` in base) drop(edit.draft, show);
  }
  rebase(edit, base, concert.version);
  update({});
}

/**
 * @param {Draft} draft
 * @param {string} show
 */
function drop(draft, show) {
  for (const key of Object.keys(draft)) if (key.startsWith(`${show}/`)) delete draft[key];
}

function oneConcert() {
  const open = here();
  if (!open) return html`${heading(t.concerts)} ${messages()} ${loading()}`;
  const { concert, edit } = open;
  const { draft } = edit;
  const save = async () => {
    if (!hasGrades(draft)) return false;
    requireRightTimes(edit, openingOf(draft.queue_id));
    return saveChange(edit, `/v1/concerts/${concert.concert_id}`, wholeBody(edit), (version) => readConcert(concert.concert_id, version)).catch((error) => {
      if (!(error instanceof Problem) || error.code !== 'SALE_OPEN') throw error;
      throw new Problem(error.status, /** @type {any} */ ({ code: 'SALE_OPEN_OF', error: t.saleOpenOf((error.body?.shows ?? []).map(showTime).join(', ')) }));
    });
  };
  return html`${heading(concert.name)} ${told()}
    <p><a href=${hashOf('queues', concert.queue_id)}>${t.toLive(concert.queue_id)}</a> · <a href="/c/${concert.concert_id}">${t.toBuyers}</a></p>
    <form class="stack" @submit=${onReview}>
      <div class="card">${concertFields(draft)} ${field(draft, 'queue_id', t.queue, { options: queues })}</div>
      ${showsOf(draft).map((show) => {
        const known = showNamed(concert, show);
        return html`<fieldset class="card"><legend>${known ? showTime(show) : t.showNew}${known?.called_off ? html` <span class="state warn">${t.calledOff(known.called_off.reason)}</span>` : nothing}</legend>
          ${showFields(draft, show, Boolean(known?.plan_id), edit.base)} ${known ? nothing : leaveOut(draft, show)}</fieldset>`;
      })}
      <div class="buttons">${addButton(draft)}</div>
      <div class="card">${hasGrades(draft) ? review(edit, nameOfField, valueOfField, save, draft.queue_id === edit.base.queue_id ? '' : t.queueMoveSure) : html`<p class="muted">${t.loading}</p>`}</div>
    </form>
    <section class="card"><h2>${t.shows}</h2>${concert.shows.map((/** @type {any} */ show) => stepsOf(concert, show))}
      ${inTwoSteps('delete', { label: t.concertDelete, text: () => t.concertDeleteSure(concert.name), work: () => remove(concert) })}
    </section>`;
}

/**
 * @param {any} concert
 * @param {string} name
 */
const showNamed = ({ shows }, name) => shows.find((/** @type {any} */ { show }) => show === name);

/**
 * What cannot be taken back of a show, and the way to its orders.
 *
 * @param {any} concert
 * @param {any} show
 */
function stepsOf(concert, { show, called_off: isOff, opens_at: opens = '', closes_at: closes = '9' }) {
  const path = `/v1/concerts/${concert.concert_id}`;
  const now = new Date(Math.floor(serviceTime() / 1000) * 1000).toISOString().replace('.000', '');
  const name = showTime(show);
  const isPast = toLocal(serviceTime()) >= (show.includes('T') ? show : `${show}T24:00`);
  const after = async (/** @type {string} */ text) => {
    await readConcert(concert.concert_id, (concert.version ?? 0) + 1);
    return text;
  };
  return html`<div class="buttons"><strong>${name}</strong>
    <a class="button" href=${hashOf('orders', concert.concert_id, show)} aria-label="${t.toOrders}: ${name}">${t.toOrders}</a>
    ${isOff || isPast || opens > now || closes <= now ? nothing : inTwoSteps(`close-${show}`, {
      label: t.saleClose,
      text: () => t.saleCloseSure(name),
      work: async () => {
        await ask('PATCH', path, { body: { shows: [{ date: show, closes_at: now }] } });
        return after(t.saleClosed(name));
      },
    })}
    ${concert.shows.length < 2 ? nothing : inTwoSteps(`take-${show}`, {
      label: t.showDelete,
      text: () => t.showDeleteSure(name),
      work: async () => {
        await ask('DELETE', `${path}/dates/${show}`);
        return after(t.showDeleted(name));
      },
    })}</div>`;
}

/** @param {Draft} draft */
const addButton = (draft) => button(t.showAdd, () => {
  addShow(draft);
  update({});
});

/**
 * @param {Draft} draft
 * @param {string} show
 */
const leaveOut = (draft, show) => html`<div class="buttons">${button(t.showRemove, () => {
  drop(draft, show);
  update({});
})}</div>`;

/** @param {any} concert */
async function remove({ concert_id, name }) {
  await ask('DELETE', `/v1/concerts/${concert_id}`);
  delete opened[concert_id];
  loadAgain();
  desk.told = t.concertDeleted(name);
  go('concerts');
  return desk.told;
}

/** @param {string} key Such as `2026-12-24/prices.VIP`. */
function nameOfField(key) {
  const [show, name] = key.includes('/') ? [key.split('/', 1)[0], key.slice(key.indexOf('/') + 1)] : ['', key];
  const [field, part] = [name.split('.', 1)[0], name.slice(name.indexOf('.') + 1)];
  const text = field === 'prices' ? t.priceOf(part) : field === 'start' ? t.start : part === name ? nameIn(t.fields, show && field === 'opens_at' ? 'sale_opens_at' : field) : `${nameIn(t.fields, field)} (${nameIn(t.languageOf, part)})`;
  return show ? `${show.startsWith('new') ? t.showNew : showTime(show)}: ${text}` : text;
}

/**
 * @param {string} key
 * @param {string} value
 */
function valueOfField(key, value) {
  if (key.endsWith('/plan_id')) return plans.find(({ plan_id }) => plan_id === value)?.name ?? value;
  if (/\/(price|capacity|prices\..*)$/.test(key) && value) return whole(Number(value));
  return value && /\/(opens|closes)_at$/.test(key) ? dayAndTime(fromLocal(value)) : value;
}
