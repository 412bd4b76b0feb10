// What the page knows at the moment, and what it does in the line: join, look, ask, enter, leave.

import { Problem, call, hasPassed, serviceTime } from './api.mjs';
import { ring, unlockSound } from './alert.mjs';
import { askAgainAfter, estimatedWait, holds, numberOf, placeOf, reasonOver, secondsToOpening } from './line.mjs';
import { forgetSession, memory, newKey, remember, rememberSession } from './memory.mjs';
import { stand, ticketOf } from './state.mjs';
import { errorText, t } from './texts.mjs';

/**
 * @typedef {object} App
 * @property {Route} route
 * @property {Api.Settings} [settings]
 * @property {Api.ListedConcert[]} [concerts] The list of concerts.
 * @property {Promise<any>} [listing] The first page of the list, if it is being loaded.
 * @property {string} [nextCursor] Where the list goes on.
 * @property {Api.Concert} [concert]
 * @property {Api.Queue} [queue] The document of the concert's queue.
 * @property {Api.Standing} [standing] The service's last word on the session, if it does not wait.
 * @property {number | null} [number] The session's number.
 * @property {number} [best] The smallest place that was shown.
 * @property {'holds' | 'unseen' | 'forged' | 'unchecked'} [draw] What the check of the draw has found.
 *   `unseen`: this browser has not kept the promise.
 * @property {import('./api.mjs').Trouble | null} trouble Why calls do not get through.
 * @property {string} [working] What the page is doing. Meanwhile its buttons do nothing.
 * @property {Problem} [problem] What went wrong last.
 * @property {unknown} [notice] What the buyer should know about what has just happened.
 * @property {string} [question] The question that the buyer is asked before something is done.
 * @property {boolean} [frozen] Whether the screen is not updated.
 * @property {string} polite What a screen reader says when it has time.
 * @property {string} urgent What a screen reader says at once.
 * @property {boolean} [loginNeeded] Whether the access token of an account has expired.
 *
 * @typedef {object} Route
 * @property {'list' | 'concert' | 'tickets'} name
 * @property {string} [concert] The concert's id.
 */

/** How long after a touch a visible page counts as looked at, in milliseconds. */
const LOOKED_AT = 30_000;

/** How often the page asks about a session whose turn it is, in milliseconds. */
const ASK_EVERY = 30_000;

/** How often the concert is read again, in milliseconds. */
const CONCERT_EVERY = 60_000;

/** How long it waits before it asks again about something that must change, in milliseconds. */
const ASK_SOON = 1500;

/** @type {App} */
export const app = { route: { name: 'list' }, trouble: null, polite: '', urgent: '' };

/** When what is due, by `performance.now()`. */
const due = { look: 0, ask: 0, concert: 0 };

/** Which calls are under way. */
const under = { look: false, ask: false };

let touched = -Infinity;

/** When the service was asked last about the session. */
let asked = -Infinity;

/** Whether the service has said anything about the session since the page shows it. */
let heard = false;

/** @type {() => void} */
let draw = () => {};

/** @param {() => void} wanted Draws the page. */
export function drawWith(wanted) {
  draw = wanted;
}

/**
 * Changes what the page knows, and draws it.
 *
 * @param {Partial<App>} change
 */
export function update(change) {
  Object.assign(app, change);
  draw();
}

/** @param {string} text What a screen reader says when it has time. */
export function say(text) {
  update({ polite: text });
}

/**
 * Does what a tap asks for. Another tap meanwhile does nothing, so a double tap is one. What goes
 * wrong is shown, and nothing else changes.
 *
 * @param {string} what
 * @param {() => Promise<void>} work
 */
export async function act(what, work) {
  if (app.working) return;
  update({ working: what, problem: undefined, notice: undefined });
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    report(error);
  } finally {
    update({ working: undefined });
  }
}

/** @param {Problem} problem */
export function report(problem) {
  if (problem.code === 'CHALLENGED') void import('./challenge.mjs').then(({ tell }) => tell());
  else update({ problem, urgent: errorText(problem) });
}

/** The queue of the concert on the screen. */
function queueId() {
  return app.concert?.queue_id;
}

/** The session in the queue of the concert on the screen. */
export function session() {
  const id = queueId();
  return id === undefined ? undefined : memory().sessions[id];
}

/**
 * Where the buyer stands now.
 *
 * @returns {import('./state.mjs').Stand}
 */
export function standNow() {
  const found = stand({
    token: session()?.token,
    queue: app.queue,
    number: app.number ?? null,
    standing: app.standing,
    time: serviceTime(),
  });
  // The line has ended for this number, but whoever is inside may finish. Only the service knows.
  if (found.phase === 'over' && !heard) return { phase: 'waiting', place: null, unsure: true };
  // The receipt of another concert of this queue is not on the screen of this one.
  const buys = session()?.buys;
  if (found.phase === 'paid' && buys && buys !== app.concert?.concert_id) return { phase: /** @type {const} */ ('concert') };
  // A place only gets smaller. The page's time is never ahead of the service, so this is only for
  // the moment in which a document of a CDN is older than the one before.
  if (found.phase === 'waiting' && typeof found.place === 'number') {
    app.best = Math.min(app.best ?? Infinity, found.place);
    return { ...found, place: app.best };
  }
  return found;
}

/** The estimated wait in seconds, with the place. `null` if it is not known. */
export function waitNow() {
  const { place = null } = standNow();
  return app.queue ? estimatedWait(place, app.queue) : null;
}

/** Whether this browser can compute the draw. Only a page that came by HTTPS can. */
function canCompute() {
  return globalThis.crypto?.subtle !== undefined;
}

/** Forgets what is known of a session, because the page shows another concert or another session. */
export function startAgain() {
  Object.assign(due, { look: 0, ask: 0 });
  heard = false;
  update({ queue: undefined, standing: undefined, number: undefined, best: undefined, draw: undefined, frozen: undefined });
}

/** Asks for everything at once: the page was asleep, offline or hidden. */
export function wakeUp() {
  Object.assign(due, { look: 0, ask: 0, concert: 0 });
  beat();
}

/** Notes that the buyer has touched the page. */
export function touch() {
  touched = performance.now();
  // After a reload, too, the turn can be heard.
  if (session()) unlockSound();
}

/** Does what is due. Called once a second. */
export function beat() {
  const now = performance.now();
  const { phase, unsure, until } = standNow();
  if (!app.concert) return;
  if (now >= due.concert) void lookAtConcert();
  const looks = phase === 'concert' || phase === 'early' || phase === 'waiting' || phase === 'over';
  if (now >= due.look && (looks || !app.queue)) void look();
  // Whoever waits needs no call of their own, unless this browser cannot compute the draw.
  const asks = phase === 'turn' || phase === 'choosing' || phase === 'holding' || (phase === 'waiting' && app.standing);
  if (asks && hasPassed(until)) due.ask = Math.min(due.ask, asked + ASK_SOON);
  if (session()?.token && now >= due.ask && (due.ask === 0 || unsure || asks)) void ask();
}

/** Reads the concert again: its operator may change it, or call a show off. */
async function lookAtConcert() {
  const id = app.concert?.concert_id;
  due.concert = performance.now() + CONCERT_EVERY;
  try {
    const concert = await call('GET', `/v1/concerts/${id}`, { tries: 1 });
    if (app.concert?.concert_id === id) update({ concert });
  } catch {
    // It was deleted, or it is read again next time. The line goes on by itself.
  }
}

/**
 * Makes a concert the one of which the line is followed.
 *
 * @param {Api.Concert | undefined} concert
 */
export function follow(concert) {
  if (concert?.concert_id !== app.concert?.concert_id) startAgain();
  due.concert = performance.now() + CONCERT_EVERY;
  update({ concert });
}

/** Reads the queue's document. */
export async function look() {
  const id = queueId();
  if (!id || under.look) return;
  under.look = true;
  due.look = performance.now() + 5000;
  try {
    /** @type {Api.Queue} */
    const queue = await call('GET', `/v1/queues/${id}`, { tries: 1 });
    if (id !== queueId()) return;
    await understand(id, queue);
    const time = serviceTime();
    const number = app.number ?? null;
    const wait = secondsToOpening(queue, time) ?? estimatedWait(placeOf(number, queue, time), queue);
    due.look = performance.now() + 1000 * askAgainAfter(wait);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (!error.passes) report(error);
    due.look = performance.now() + 1000 * (error.retryAfter ?? 3);
  } finally {
    under.look = false;
  }
}

/**
 * Reads a session's number out of a document, and checks the draw.
 *
 * @param {string} id The queue's id.
 * @param {Api.Queue} queue
 */
async function understand(id, queue) {
  const kept = memory().sessions[id];
  const ticket = kept?.token ? ticketOf(kept.token) : undefined;
  let { number = null, draw: found } = app;
  if (kept && ticket) {
    const hash = queue.draw?.seed_hash;
    if (ticket.early && hash && !queue.draw?.seed && !kept.seedHash) rememberSession(id, { seedHash: hash });
    if (canCompute()) {
      if (ticket.early && queue.draw?.seed && !found) {
        const isTrue = await holds(queue.draw, kept.seedHash);
        found = isTrue ? (kept.seedHash ? 'holds' : 'unseen') : 'forged';
      }
      number ??= kept.number ?? (await numberOf(ticket, queue).catch(() => null));
      // A draw that leaves a ticket out is not the one that was promised.
      if (number === null && queue.draw?.seed && !reasonOver(null, queue, ticket)) found = 'forged';
    } else {
      number ??= ticket.number ?? null;
      if (ticket.early && queue.draw?.seed) found = 'unchecked';
    }
    if (number !== null && kept.start === undefined) {
      const place = placeOf(number, queue, serviceTime());
      if (place) rememberSession(id, { number, start: place });
    }
  }
  // Another concert is on the screen by now, or the buyer has joined again.
  if (id !== queueId() || kept?.token !== session()?.token) return;
  update({ queue, number, draw: found });
}

/** Asks the service about the session. */
export async function ask() {
  const id = queueId();
  const token = session()?.token;
  if (!id || !token || under.ask) return;
  under.ask = true;
  asked = performance.now();
  due.ask = performance.now() + ASK_EVERY;
  try {
    /** @type {Api.Standing} */
    const standing = await call('GET', '/v1/auth/tokens', { token, tries: 1 });
    if (session()?.token !== token) return;
    settle(standing);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    due.ask = performance.now() + 1000 * (error.retryAfter ?? 2);
    if (error.code === 'INVALID_TOKEN') await renewToken(id);
    else if (!error.passes) report(error);
  } finally {
    under.ask = false;
  }
}

/**
 * Takes the service's word on the session.
 *
 * @param {Api.Standing} standing
 */
function settle(standing) {
  const waits = standing.status === 'WAITING' || standing.status === 'EARLY';
  const id = queueId();
  heard = true;
  if (standing.reservation && id) {
    const { reservation_id: reservation, concert_id: buys } = standing.reservation;
    rememberSession(id, { reservation, buys });
  }
  // While a session waits, the document says where. Without the draw's number, the service does.
  const keeps = !waits || !canCompute();
  update({ standing: keeps ? standing : undefined });
  const { phase, unsure } = standNow();
  if (phase === 'waiting' && app.standing) {
    due.ask = performance.now() + 1000 * askAgainAfter(standing.estimated_wait_time);
  } else if (unsure) {
    due.ask = performance.now() + ASK_SOON;
  }
}

/**
 * Joins the line of the concert on the screen. It signs up a guest first if nobody is known.
 *
 * @param {string} name The name of a new guest.
 */
export function join(name) {
  unlockSound();
  return act('join', async () => {
    const { concert } = app;
    if (!concert) return;
    try {
      await joinAs(name, concert);
    } catch (error) {
      // The guest is not known any more: somebody has deleted them.
      const isGone = error instanceof Problem && error.code === 'INVALID_CREDENTIALS' && !memory().user?.email;
      if (!isGone) throw error;
      remember((kept) => void delete kept.user);
      await joinAs(name, concert);
    }
  });
}

/**
 * @param {string} name The name of a new guest.
 * @param {Api.Concert} concert
 */
async function joinAs(name, concert) {
  if (!memory().user) {
    const { user_id, token } = await call('POST', '/v1/users', { body: { name: name.trim() || t.guest } });
    remember((kept) => void (kept.user ??= { id: user_id, name: name.trim() || t.guest, token }));
  }
  // The key is kept before it is used. A join without an answer is sent with the same one.
  remember((kept) => {
    const known = kept.sessions[concert.queue_id];
    if (!known || known.token) {
      kept.sessions[concert.queue_id] = { concert: concert.concert_id, name: concert.name, key: newKey() };
    }
  });
  try {
    await joinQueue(concert.queue_id, concert.concert_id);
  } catch (error) {
    if (error instanceof Problem && !error.passes) forgetSession(concert.queue_id);
    if (error instanceof Problem && error.code === 'ACCOUNT_NEEDED') update({ loginNeeded: false });
    throw error;
  }
}

/**
 * @param {string} id The queue's id.
 * @param {string} concert The concert's id.
 */
async function joinQueue(id, concert) {
  const kept = memory().sessions[id];
  const joined = await asUser((user) =>
    call('POST', '/v1/auth/tokens', {
      token: user.token,
      key: kept?.key,
      body: { user_id: user.id, concert_id: concert },
    }),
  );
  startAgain();
  rememberSession(id, { token: joined.token, number: ticketOf(joined.token)?.number });
  settle(joined);
  await look();
}

/**
 * Gets a new token for the session, with the same number: the old one has expired, or the user has
 * logged out or changed the password since.
 *
 * @param {string} id The queue's id.
 */
export async function renewToken(id) {
  const kept = memory().sessions[id];
  if (!kept) return;
  try {
    await joinQueue(id, kept.concert);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.passes) return;
    // Nobody can go on with this session: its line is over.
    if (!['INVALID_TOKEN', 'CHALLENGED'].includes(error.code)) forgetSession(id);
    report(error);
  }
}

/**
 * Makes a call in the user's name. A guest whose access token has ended gets a new one. A user with
 * a password has to log in again.
 *
 * @template T
 * @param {(user: import('./memory.mjs').User) => Promise<T>} send
 * @returns {Promise<T>}
 */
export async function asUser(send) {
  const user = memory().user;
  if (!user) throw new Problem(401, /** @type {any} */ ({ code: 'MISSING_AUTHORIZATION', error: '' }));
  try {
    return await send(user);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'INVALID_TOKEN') throw error;
    if (user.email) {
      // For most things a queue token is as good.
      const token = session()?.token;
      if (token && user.token !== token) {
        try {
          return await send({ ...user, token });
        } catch {
          // The password it is, then.
        }
      }
      update({ loginNeeded: true });
      throw error;
    }
    const { token } = await call('POST', '/v1/auth/login', { body: { user_id: user.id } });
    remember((kept) => {
      if (kept.user?.id === user.id) kept.user.token = token;
    });
    return send({ ...user, token });
  }
}

/** Whether somebody looks at the page right now, as far as it can know. */
export function isLookedAt() {
  return document.visibilityState === 'visible' && performance.now() - touched < LOOKED_AT;
}

/** Calls the buyer: it is their turn. */
export function callBuyer() {
  const text = t.turnNotice(app.concert?.name ?? '');
  ring(text, memory().quiet ?? false);
  update({ urgent: text });
}

/** Enters: the first call that needs a turn. */
export function enter() {
  return act('enter', arrive);
}

/** Arrives, and reads what is on sale. */
async function arrive() {
  const { concert } = app;
  const token = session()?.token;
  if (!concert || !token) return;
  try {
    await call('GET', `/v1/concerts/${concert.concert_id}/dates`, { token });
  } finally {
    await ask();
  }
}

/** Leaves the line. */
export function leave() {
  return act('leave', async () => {
    const id = queueId();
    const token = session()?.token;
    if (!id || !token) return;
    try {
      await call('DELETE', '/v1/auth/tokens', { token });
    } catch (error) {
      // What has no session any more has left.
      if (!(error instanceof Problem) || ![401, 410].includes(error.status)) throw error;
    }
    startAgain();
    settle(/** @type {Api.Standing} */ ({ status: 'CLOSED', reason: 'LEFT', queue_position: 0, estimated_wait_time: 0 }));
    update({ question: undefined });
  });
}

/** Goes back to the concert, without a session. */
export function dismiss() {
  const id = queueId();
  if (id) forgetSession(id);
  startAgain();
  void look();
}
