// A rehearsal: people who are played by this page come to a queue, wait, choose and buy, through the
// public API, as buyers do. Only where the service runs on somebody's own machine.
//
// Whoever waits asks for nothing: the document of the queue is read once a second for all of them.

import { Problem, call, serviceTime } from './api.mjs';
import { act, app, update } from './app.mjs';
import { desk } from './desk.mjs';
import { inTwoSteps, warnBeforeLeaving } from './desk-parts.mjs';
import { field, fromLocal, keep, kept, loadOnce, table } from './form.mjs';
import { isOver, milliseconds, numberOf, placeOf, readToken } from './line.mjs';
import { html, nothing } from './lit-html.js';
import { newKey } from './memory.mjs';
import { button } from './parts.mjs';
import { concertNames, ownConcerts, queueId, readQueues, readSettings, settingsEdit } from './queues.mjs';
import { dayAndTime, t, whole } from './texts.mjs';

/**
 * @typedef {'COMING' | 'WAITING' | 'INSIDE' | 'HOLDING' | 'BOUGHT' | 'LEFT' | 'LATE' | 'NOTHING' | 'OVER' | 'FAILED'} Part
 *   Where somebody is.
 *
 * @typedef {object} Run
 * @property {string} queue The queue's id.
 * @property {Map<Part, number>} parts How many are where.
 * @property {string} [code] Why somebody failed.
 * @property {boolean} [isStopped]
 * @property {boolean} [isDone]
 */

/** How many calls are under way at once. A browser opens six connections to a host. */
const AT_ONCE = 12;

/** How long people take to choose, in seconds, at most. */
const THINKING = 10;

/** How often somebody looks for seats that are together, or for any. */
const LOOKS = 5;

/** Where people are, in the order in which they get there. @type {Part[]} */
const PARTS = ['COMING', 'WAITING', 'INSIDE', 'HOLDING', 'BOUGHT', 'LEFT', 'LATE', 'NOTHING', 'OVER', 'FAILED'];

/** What is to be played. */
const wish = { people: '100', seconds: '60', seats: '2', leave: '5', late: '5', concert: '' };

/** The name under which the tab keeps how far it came. */
const KEPT = 'rehearsal';

/** @type {Run | undefined} */
let run = readKept();

/** The document of the queue, as of the last second. It is there before anybody comes. @type {Api.Queue} */
let line = /** @type {any} */ (undefined);

/** Those who wait for the next second. @type {(() => void)[]} */
let sleepers = [];

export const title = queueId;

/** What a rehearsal has come to that a reload has stopped. @returns {Run | undefined} */
function readKept() {
  const found = kept(KEPT);
  return found && { ...found, parts: new Map(found.parts), isStopped: !found.isDone };
}

/** @param {Run} mine */
const keepRun = (mine) => keep(KEPT, { ...mine, parts: [...mine.parts] });

export function see() {
  loadOnce(async () => {
    await Promise.all([readSettings(queueId()), readQueues()]);
    const own = ownConcerts();
    if (!own.includes(wish.concert)) wish.concert = own[0] ?? '';
  });
}

export function view() {
  const own = ownConcerts();
  const isOn = run && !run.isDone && !run.isStopped;
  const number = (/** @type {string} */ name, /** @type {string} */ label, /** @type {number} */ min, /** @type {number} */ max) => field(wish, name, label, { type: 'number', min, max, required: true });
  const fields = () => html`<div class="columns">
    ${field(wish, 'concert', t.concert, { options: own.map((id) => [id, concertNames[id]]) })}
    ${number('people', t.people, 1, 2000)} ${number('seconds', t.overSeconds, 0, 3600)} ${number('seats', t.seatsEach, 1, 4)}
    ${number('leave', t.percentLeave, 0, 100)} ${number('late', t.percentLate, 0, 100)}
  </div>`;
  const work = async () => {
    begin();
    return t.rehearsing(queueId());
  };
  return html`<p class="message warn">${t.rehearsalText}</p>
    ${isOn
      ? html`<div class="buttons">${button(t.stop, stop, { kind: 'danger' })}</div>`
      : own.length
        ? html`<div class="card">${inTwoSteps('rehearse', { label: t.rehearse, fields: fields(), text: () => t.rehearseSure(concertNames[wish.concert]), work })}</div>`
        : html`<p class="muted">${queueId() === 'main' ? t.mainRehearsal : t.nothingToRehearse}</p>`}
    ${run ? progress(run) : ''} ${clock()}`;
}

/** The clock of the service on this machine, which can be moved. */
function clock() {
  const now = serviceTime();
  const opens = settingsEdit()?.base.opens_at;
  const left = opens ? Math.ceil((milliseconds(fromLocal(opens)) - now) / 1000) : 0;
  const move = (/** @type {string} */ text, /** @type {number} */ seconds) => button(text, () => act('clock', async () => {
    const { now } = await call('POST', '/_local/clock', { body: { advance_seconds: seconds } });
    const notice = t.clockMoved(dayAndTime(now));
    update({ notice, polite: notice });
  }), { busy: 'clock' });
  return html`<section class="card"><h2>${t.clock}</h2><p>${t.clockText(dayAndTime(new Date(now).toISOString()))}</p>
    ${left > 0 ? html`<p class="message warn">${t.clockEarly(dayAndTime(fromLocal(opens ?? '')))}</p>` : nothing}
    <p class="buttons">${move(t.clockMinute, 60)} ${move(t.clockHour, 3600)} ${left > 0 ? move(t.clockOpening, left) : nothing}</p></section>`;
}

/** @param {Run} run */
function progress({ queue, parts, code, isDone, isStopped }) {
  return html`<section class="card"><h2>${isDone ? t.rehearsed(queue) : isStopped ? t.rehearsalStopped(queue) : t.rehearsing(queue)}</h2>
    ${table(t.people, [t.where, `#${t.people}`], PARTS.filter((part) => parts.get(part)).map((part) => [t.partOf[part] + (part === 'FAILED' && code ? ` (${code})` : ''), whole(parts.get(part) ?? 0)]))}
  </section>`;
}

function stop() {
  if (run) {
    run.isStopped = true;
    end(run);
  }
  for (const wake of sleepers.splice(0)) wake();
  update({});
}

/** Lets the people come. It goes on when another screen is shown. */
function begin() {
  const [people, seconds] = [Number(wish.people), Number(wish.seconds)];
  /** @type {Run} */
  const mine = { queue: queueId(), parts: new Map([['COMING', people]]) };
  run = mine;
  addEventListener('beforeunload', warnBeforeLeaving);
  line = /** @type {any} */ (undefined);
  const { concert } = wish;
  const plan = { seats: Number(wish.seats), leave: Number(wish.leave) / 100, late: Number(wish.late) / 100, concert };
  void beat(mine);
  const all = Array.from({ length: people }, (_, index) => play(mine, plan, Math.floor((index * seconds) / people)));
  void Promise.all(all).then(() => {
    mine.isDone = true;
    end(mine);
    update({ polite: t.rehearsed(mine.queue) });
  });
}

/** @param {Run} mine */
function end(mine) {
  keepRun(mine);
  removeEventListener('beforeunload', warnBeforeLeaving);
}

/** Reads the document once a second, and wakes those who wait for it. @param {Run} mine */
async function beat(mine) {
  while (!mine.isDone && !mine.isStopped) {
    const next = new Promise((resolve) => setTimeout(resolve, 1000));
    line = await call('GET', `/v1/queues/${mine.queue}`, { tries: 1 }).catch(() => line);
    if (line) for (const wake of sleepers.splice(0)) wake();
    keepRun(mine);
    await next;
  }
}

/** The next second. @param {Run} mine */
async function second(mine) {
  await new Promise((/** @type {(value?: any) => void} */ resolve) => sleepers.push(resolve));
  if (mine.isStopped) throw new Problem(0);
}

/**
 * One person, from the first click to the last.
 *
 * @param {Run} mine
 * @param {{ concert: string, seats: number, leave: number, late: number }} plan
 * @param {number} from In which second they come.
 */
async function play(mine, plan, from) {
  /** @type {Part} */
  let part = 'COMING';
  const at = (/** @type {Part} */ next) => {
    mine.parts.set(part, (mine.parts.get(part) ?? 0) - 1);
    mine.parts.set(next, (mine.parts.get(next) ?? 0) + 1);
    part = next;
  };
  try {
    for (let left = from + 1; left > 0; left -= 1) await second(mine);
    at(await pass(mine, plan, at));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (mine.isStopped) return;
    const isOver = ['SESSION_OVER', 'SOLD_OUT', 'SALE_OVER', 'QUEUE_CLOSED', 'HOLD_EXPIRED'].includes(error.code);
    mine.code = isOver ? mine.code : error.code;
    at(isOver ? 'OVER' : 'FAILED');
  }
}

/**
 * Comes, waits and buys. Returns how it ended.
 *
 * @param {Run} mine
 * @param {{ concert: string, seats: number, leave: number, late: number }} plan
 * @param {(part: Part) => void} at
 * @returns {Promise<Part>}
 */
async function pass(mine, { concert, seats, leave, late }, at) {
  const account = line.who === 'accounts' ? { email: `${newKey()}@rehearsal.example`, password: newKey() } : {};
  const { user_id: user, token: access } = await inTurn('POST', '/v1/users', { body: { name: t.guest, ...account } });
  const { token } = await inTurn('POST', '/v1/auth/tokens', { token: access, key: newKey(), body: { user_id: user, concert_id: concert } });
  at('WAITING');
  const ticket = readToken(token);
  const [leaves, isLate] = [Math.random() < leave, Math.random() < late];
  /** @type {number | null} */
  let number = null;
  for (;;) {
    number ??= await numberOf(ticket, line);
    if (isOver(number, line, ticket)) return 'OVER';
    if (placeOf(number, line, serviceTime()) === 0) break;
    await second(mine);
    if (leaves) {
      await inTurn('DELETE', '/v1/auth/tokens', { token });
      return 'LEFT';
    }
  }
  // Somebody who does not look loses the turn.
  if (isLate) return 'LATE';
  const { dates } = await turn(mine, () => inTurn('GET', `/v1/concerts/${concert}/dates`, { token }));
  at('INSIDE');
  const open = dates.filter((/** @type {any} */ one) => one.sale === 'OPEN' && one.seats_left !== 0);
  const show = open[Math.floor(Math.random() * open.length)];
  if (!show) return 'NOTHING';
  for (let left = Math.ceil(Math.random() * THINKING); left > 0; left -= 1) await second(mine);
  const held = await hold(mine, token, concert, show.show, seats);
  if (!held) return 'NOTHING';
  at('HOLDING');
  const { amount } = held.payment;
  // Where only administrators charge, this one does.
  const payer = app.settings?.who_charges === 'users' ? access : desk.admin?.token;
  if (amount > 0) await inTurn('POST', `/v1/users/${user}/balance`, { token: payer, key: newKey(), body: { amount } });
  await inTurn('POST', `/v1/concerts/${concert}/reservations/${held.reservation_id}/payments`, {
    token, body: { reservation_id: held.reservation_id, payment_details: { amount } },
  });
  return 'BOUGHT';
}

/**
 * The page's time is never ahead, so the turn has come. But the service may have slowed the line down
 * meanwhile.
 *
 * @param {Run} mine
 * @param {() => Promise<any>} arrive
 */
async function turn(mine, arrive) {
  for (;;) {
    try {
      return await arrive();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'NOT_YOUR_TURN') throw error;
      await second(mine);
    }
  }
}

/**
 * Takes the best seats, with fewer if there are no more.
 *
 * @param {Run} mine
 * @param {string} token
 * @param {string} concert
 * @param {string} date
 * @param {number} seats
 */
async function hold(mine, token, concert, date, seats) {
  let count = seats;
  for (let looks = LOOKS; looks > 0; looks -= 1) {
    try {
      return await inTurn('POST', `/v1/concerts/${concert}/reservations`, { token, body: { date, best: { count, ...(count > 1 ? { apart: true } : {}) } } });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'NO_SEATS_TOGETHER') throw error;
      count = Math.max(1, Math.min(count, error.body?.free ?? 1));
      await second(mine);
    }
  }
  return undefined;
}

/** How many calls are under way, and those that wait until there are fewer. */
const calls = { under: 0, waiting: /** @type {(() => void)[]} */ ([]) };

/**
 * Makes a call as soon as not too many are under way.
 *
 * @param {string} method
 * @param {string} path
 * @param {import('./api.mjs').Wish} [wish]
 */
async function inTurn(method, path, wish) {
  if (calls.under >= AT_ONCE) await new Promise((/** @type {(value?: any) => void} */ resolve) => calls.waiting.push(resolve));
  else calls.under += 1;
  try {
    return await call(method, path, wish);
  } finally {
    // The place goes to the next one.
    const next = calls.waiting.shift();
    if (next) next();
    else calls.under -= 1;
  }
}
