// Where somebody stands in the line, computed by their own page: from the public document of the
// queue (`GET /v1/queues/{queue_id}`), which a CDN can keep for a second, and from their token.
// Nothing here asks for anything. Times are milliseconds; those of the service are counted from
// 1970.
//
//     import { clockOffset, numberOf, placeOf, readToken } from '/line.js';

/**
 * What this module reads of a queue's public document.
 *
 * @typedef {object} Queue
 * @property {string} state `OPEN`, `PAUSED`, `CLOSED`, `SOLD_OUT` or `SALE_OVER`.
 * @property {Point[]} points How many are served by when, in the order of time, linear in between.
 * @property {number} flow How many the line can let in a second while it is full.
 * @property {string} server_time What the time is.
 * @property {string} [opens_at] When it opens; who joins before that takes part in the draw.
 * @property {string} [sale_opens_at] When the next show opens its sale, while no seat is to be had
 *   until then.
 * @property {number} [closed_through] When the seats have ended: who has this number or a smaller
 *   one is through, unless they hold seats.
 * @property {Closure[]} [closures] The numbers for which the line ended.
 * @property {EarlyClosure[]} [early_closures] The early entries for which the line ended before the
 *   opening.
 * @property {Draw} [draw] The draw among those who were early.
 *
 * @typedef {object} Point
 * @property {string} at By when.
 * @property {number} served So many are served, at most three decimals. Two points at the same
 *   time are a jump.
 *
 * @typedef {object} Closure
 * @property {number} after The last number before them.
 * @property {number} through The last of them.
 * @property {string} reason `SOLD_OUT`, `SALE_OVER` or `QUEUE_CLOSED`.
 *
 * @typedef {object} EarlyClosure
 * @property {number[]} entries The last index on each of the 64 stripes.
 * @property {string} reason `SALE_OVER`, `SOLD_OUT` or `QUEUE_CLOSED`.
 *
 * @typedef {object} Draw
 * @property {string} seed_hash The SHA-256 of the seed, in hexadecimal digits.
 * @property {string} [seed] The seed: 32 bytes in hexadecimal digits. From the opening on.
 * @property {number} [entries] How many were early. From the opening on.
 * @property {number[]} [stripes] How many of them each of the 64 stripes had. From the opening on.
 * @property {number[]} [closed] How many more each stripe had before those, which take no part.
 *
 * @typedef {[stripe: number, index: number]} Entry Who was early: which one on which stripe.
 *
 * @typedef {object} Ticket What a queue token says.
 * @property {string} queue The queue.
 * @property {number} exp When the token expires, in seconds since 1970.
 * @property {number} [number] The number, of who came after the opening.
 * @property {Entry} [early] The entry, of who came before.
 */

/**
 * Reads a queue token. Whether it is genuine, only the service can tell.
 *
 * @param {string} token
 * @returns {Ticket}
 * @throws {TypeError} when it is no queue token.
 */
export function readToken(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const ticket = JSON.parse(atob(payload));
    if (ticket.aud === 'queue') return ticket;
  } catch {
    // Neither is something else a queue token.
  }
  throw new TypeError('not a queue token');
}

/**
 * The number of a ticket, by the draw for who was early; `null` before the opening, and for a
 * ticket for which the line ended before it. A number never changes: once is enough.
 *
 * @param {Ticket} ticket
 * @param {Queue} queue
 * @returns {Promise<number | null>}
 * @throws {RangeError} when the draw has left the ticket out.
 */
export async function numberOf(ticket, queue) {
  if (ticket.number !== undefined) return ticket.number;
  if (!ticket.early || !queue.draw?.stripes) return null;
  if (ticket.early[1] <= (queue.draw.closed?.[ticket.early[0]] ?? 0)) return null;
  const number = await numberByDraw(queue.draw, ticket.early);
  if (number === null) throw new RangeError('the draw has left this ticket out');
  return number;
}

/**
 * How many are served at a time: who has this number or a smaller one.
 *
 * @param {Queue} queue
 * @param {number} time The service's.
 * @returns {number}
 */
export function served(queue, time) {
  const now = Math.floor(time);
  const points = queue.points.map(({ at, served }) => ({
    at: milliseconds(at),
    served: BigInt(thousandths(served)),
  }));
  const next = points.findIndex(({ at }) => at > now);
  const from = points.at(next === -1 ? -1 : Math.max(next - 1, 0));
  if (!from) return 0;
  let gained = 0n;
  if (next > 0) {
    const to = points[next];
    gained = ((to.served - from.served) * BigInt(now - from.at)) / BigInt(to.at - from.at);
  }
  return Number((from.served + gained) / 1000n);
}

/**
 * How many are to be served until a number is, itself included: 0 when it has been. `null` for
 * who has no number, before the opening.
 *
 * @param {number | null} number
 * @param {Queue} queue
 * @param {number} time The service's.
 * @returns {number | null}
 */
export function placeOf(number, queue, time) {
  return number === null ? null : Math.max(0, number - served(queue, time));
}

/**
 * Why nobody who has this number will be served any more; `null` while they may be. Who holds seats
 * may still pay for them. Once it is not `null`, it stays the same.
 *
 * @param {number | null} number
 * @param {Queue} queue
 * @param {Ticket} [ticket] What was drawn. For who was early, the line may end before there is a
 *   number.
 * @returns {string | null} `SOLD_OUT`, `SALE_OVER` or `QUEUE_CLOSED`.
 */
export function reasonOver(number, queue, ticket) {
  const [stripe, index] = ticket?.early ?? [];
  const early = queue.early_closures?.find(({ entries }) => index <= entries[stripe]);
  if (early) return early.reason;
  if (number === null) return null;
  const has = (/** @type {Closure} */ { after, through }) => after < number && number <= through;
  const closure = queue.closures?.find(has);
  if (closure) return closure.reason;
  return number <= (queue.closed_through ?? 0) ? 'SOLD_OUT' : null;
}

/**
 * Whether nobody who has this number will be served any more.
 *
 * @param {number | null} number
 * @param {Queue} queue
 * @param {Ticket} [ticket] What was drawn.
 * @returns {boolean}
 */
export function isOver(number, queue, ticket) {
  return reasonOver(number, queue, ticket) !== null;
}

/**
 * How many seconds a place will take, at the pace at which the line has been moving, and not before
 * there are seats; `null` while nobody knows. The service's own estimate also knows of places that are free at this moment,
 * which fill faster, and of seats that will not be enough.
 *
 * @param {number | null} place
 * @param {Queue} queue
 * @returns {number | null}
 */
export function estimatedWait(place, queue) {
  if (place === 0) return 0;
  if (place === null || queue.state !== 'OPEN') return null;
  const wait = Math.ceil(place / Math.max(queue.flow, 0.000001));
  if (!queue.sale_opens_at) return wait;
  const resumes = milliseconds(queue.sale_opens_at) - milliseconds(queue.server_time);
  return Math.max(wait, Math.ceil(resumes / 1000));
}

/**
 * How many seconds it is until the queue opens; `null` when it has opened.
 *
 * @param {Queue} queue
 * @param {number} time The service's.
 * @returns {number | null}
 */
export function secondsToOpening(queue, time) {
  const wait = queue.opens_at ? milliseconds(queue.opens_at) - time : 0;
  return wait > 0 ? Math.ceil(wait / 1000) : null;
}

/**
 * In how many seconds to ask for the document again: after an eighth of the wait, but after 1 at
 * the least and 30 at the most, which is also for who does not know how long they will wait.
 *
 * @param {number | null} wait In seconds.
 * @returns {number}
 */
export function askAgainAfter(wait) {
  return Math.min(Math.max(Math.floor((wait ?? Infinity) / 8), 1), 30);
}

/**
 * What to add to a clock of the page's to have the service's time. `performance.now()` is a better
 * clock than `Date.now()`, because nobody sets it.
 *
 * The document's time had come when it arrived here. So this is never ahead of the service, and
 * the largest of several is the best.
 *
 * @param {Queue} queue
 * @param {number} arrived When the document arrived, by the page's clock.
 * @param {number} [known] What was found before.
 * @returns {number}
 */
export function clockOffset(queue, arrived, known = -Infinity) {
  return Math.max(known, milliseconds(queue.server_time) - arrived);
}

/**
 * The milliseconds of a time as the service writes it.
 *
 * @param {string} text RFC 3339.
 * @returns {number}
 */
export function milliseconds(text) {
  // A date has three decimals or none, by the standard; the service writes those that it needs.
  const three = (/** @type {string} */ _, /** @type {string} */ digits) => `.${digits.padEnd(3, '0').slice(0, 3)}`;
  return Date.parse(text.replace(/\.(\d+)/, three));
}

/**
 * Whether a draw is the one that was settled before anybody was in it: whether the seed has the
 * hash that was published and, if one is given, that was written down before the opening.
 *
 * @param {Draw} draw From the opening on.
 * @param {string} [committed] The hash that was written down.
 * @returns {Promise<boolean>}
 */
export async function holds(draw, committed = draw.seed_hash) {
  const { seed = '', entries, stripes = [] } = draw;
  const hash = /^[0-9a-f]{64}$/.test(seed) && hexOf(await sha256(bytesOf(seed)));
  const isThatSeed = hash === draw.seed_hash && hash === committed;
  return isThatSeed && stripes.length === 64 && sum(stripes) === entries;
}

/**
 * The number that a draw gives to an entry, from 1; `null` when it is none of those that were
 * drawn. The ranks of the entries, by stripe and index, are shuffled: swap-or-not with SHA-256 in
 * 90 rounds, the same as `compute_shuffled_index` of Ethereum's consensus specification.
 *
 * The browser hashes only for pages that come by HTTPS or from the same machine.
 *
 * @param {Draw} draw From the opening on.
 * @param {Entry} entry
 * @returns {Promise<number | null>}
 */
export async function numberByDraw(draw, [stripe, index]) {
  const { seed, stripes, closed } = draw;
  const nth = index - (closed?.[stripe] ?? 0);
  if (!seed || !stripes || !(nth >= 1 && nth <= stripes[stripe])) return null;
  const bytes = bytesOf(seed);
  const size = sum(stripes);
  const pivots = await Promise.all(
    Array.from({ length: 90 }, async (_, round) => {
      const hash = new DataView((await sha256(bytes, round)).buffer);
      return Number(hash.getBigUint64(0, true) % BigInt(size));
    }),
  );
  let rank = sum(stripes.slice(0, stripe)) + nth - 1;
  for (const [round, pivot] of pivots.entries()) {
    const partner = (pivot + size - rank) % size;
    const high = Math.max(rank, partner);
    const coins = await sha256(bytes, round, ...littleEndian(Math.floor(high / 256)));
    const coin = (coins[Math.floor((high % 256) / 8)] >> high % 8) & 1;
    if (coin) rank = partner;
  }
  return 1 + rank;
}

/**
 * A number of at most three decimals in thousandths: exact up to 2^51 of them, because only then is
 * a double's error half of one.
 *
 * @param {number} decimal
 */
function thousandths(decimal) {
  return Math.round(decimal * 1000);
}

/** @param {number[]} counts */
function sum(counts) {
  return counts.reduce((total, count) => total + count, 0);
}

/**
 * @param {Uint8Array} bytes
 * @param {number[]} more
 */
async function sha256(bytes, ...more) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.of(...bytes, ...more)));
}

/**
 * The four bytes of a number, the lowest first.
 *
 * @param {number} number
 */
function littleEndian(number) {
  return [0, 8, 16, 24].map((shift) => (number >>> shift) & 255);
}

/** @param {string} hex */
function bytesOf(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

/** @param {Uint8Array} bytes */
function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
