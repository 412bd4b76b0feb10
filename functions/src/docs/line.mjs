// Computes a place in the line on the page of the person who waits. It needs the queue's public
// document (`GET /v1/queues/{queue_id}`), which a CDN can keep for a second, and their queue token.
// It sends no requests. Times are in milliseconds. Those of the service are counted from 1970.
//
//     import { clockOffset, numberOf, placeOf, readToken } from '/line.js';

/**
 * A queue's public document, as far as this module reads it.
 *
 * @typedef {object} Queue
 * @property {string} state `OPEN`, `PAUSED`, `CLOSED`, `SOLD_OUT` or `SALE_OVER`.
 * @property {Point[]} points How many people are served by when, in the order of time, linear in
 *   between.
 * @property {number} flow The number of people per second that the line can let in while it is full.
 * @property {string} server_time The current time of the service.
 * @property {number} [seats_through] The last number for which there is a free seat, if everybody
 *   before it takes one.
 * @property {string} [opens_at] The time when the queue opens. Joins before it enter the draw.
 * @property {string} [sale_opens_at] The time when the next show goes on sale, if nobody is let in
 *   until then.
 * @property {number} [closed_through] The last number for which the line ended because all seats
 *   were sold, or the sale was over.
 * @property {Closure[]} [closures] The ranges of numbers for which the line ended.
 * @property {EarlyClosure[]} [early_closures] The early entries for which the line ended before the
 *   opening.
 * @property {Draw} [draw] The draw among the early entries.
 *
 * @typedef {object} Point
 * @property {string} at The time of the point. Two points at the same time are a jump.
 * @property {number} served The number of people served by then, with at most three decimals.
 *
 * @typedef {object} Closure
 * @property {number} after The last number before the range.
 * @property {number} through The last number of the range.
 * @property {string} reason `SOLD_OUT`, `SALE_OVER` or `QUEUE_CLOSED`.
 *
 * @typedef {object} EarlyClosure
 * @property {number[]} entries A count of entries for each of the 64 stripes. The line ended for
 *   the entries of a stripe up to this count.
 * @property {string} reason `SALE_OVER`, `SOLD_OUT` or `QUEUE_CLOSED`.
 *
 * @typedef {object} Draw
 * @property {string} seed_hash The SHA-256 of the seed, in hexadecimal digits.
 * @property {string} [seed] The seed: 32 bytes in hexadecimal digits. Absent before the opening.
 * @property {number} [entries] The number of entries in the draw. Absent before the opening.
 * @property {number[]} [stripes] The number of entries in the draw on each of the 64 stripes. Absent
 *   before the opening.
 * @property {number[]} [closed] The number of entries on each stripe for which the line ended before
 *   the opening. They come before those in `stripes`, and do not take part in the draw.
 *
 * @typedef {[stripe: number, index: number]} Entry An early entry: its stripe, and its count on it.
 *
 * @typedef {object} Ticket The contents of a queue token.
 * @property {string} queue The id of the queue.
 * @property {number} exp The time when the token expires, in seconds since 1970.
 * @property {number} [number] The number of a session that joined after the opening.
 * @property {Entry} [early] The entry of a session that joined before the opening.
 */

/**
 * Reads a queue token. It does not check the signature.
 *
 * @param {string} token
 * @returns {Ticket}
 * @throws {TypeError} if it is not a queue token.
 */
export function readToken(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const ticket = JSON.parse(atob(payload));
    if (ticket.aud === 'queue') return ticket;
  } catch {
    // What cannot be read is not a queue token either.
  }
  throw new TypeError('not a queue token');
}

/**
 * The number of a ticket. That of an early entry is computed from the draw. `null` before the
 * opening, and if the line ended for the entry before it. A number never changes, so calling this
 * once is enough.
 *
 * @param {Ticket} ticket
 * @param {Queue} queue
 * @returns {Promise<number | null>}
 * @throws {RangeError} if the draw has left the ticket out.
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
 * How many people are served at a time: those with this number or a smaller one.
 *
 * @param {Queue} queue
 * @param {number} time The service's time.
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
 * The place of a number: how many people are to be served until it is, itself included. 0 if it has
 * been served. `null` without a number, before the opening.
 *
 * @param {number | null} number
 * @param {Queue} queue
 * @param {number} time The service's time.
 * @returns {number | null}
 */
export function placeOf(number, queue, time) {
  return number === null ? null : Math.max(0, number - served(queue, time));
}

/**
 * The reason why the line ended for a number. `null` if it has not. Seats that are held can still
 * be paid for. A reason never changes.
 *
 * @param {number | null} number
 * @param {Queue} queue
 * @param {Ticket} [ticket] The ticket. For an early entry, the line may end before it has a number.
 * @returns {string | null} `SOLD_OUT`, `SALE_OVER` or `QUEUE_CLOSED`.
 */
export function reasonOver(number, queue, ticket) {
  const entry = ticket?.early;
  const early = entry && queue.early_closures?.find(({ entries }) => entry[1] <= entries[entry[0]]);
  if (early) return early.reason;
  if (number === null) return null;
  const has = (/** @type {Closure} */ { after, through }) => after < number && number <= through;
  const closure = queue.closures?.find(has);
  if (closure) return closure.reason;
  return number <= (queue.closed_through ?? 0) ? 'SOLD_OUT' : null;
}

/**
 * Whether the line ended for a number.
 *
 * @param {number | null} number
 * @param {Queue} queue
 * @param {Ticket} [ticket] The ticket.
 * @returns {boolean}
 */
export function isOver(number, queue, ticket) {
  return reasonOver(number, queue, ticket) !== null;
}

/**
 * The estimated wait of a place, in seconds. It assumes the pace at which the line has been moving,
 * and does not end before seats are on sale. `null` while nobody is let in. The service's own
 * estimate also considers places that are free at this moment, which fill faster, and whether the
 * seats will be enough.
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
 * Whether there may be no seat left for a number: the people before it, those inside included, are at
 * least as many as the free seats. `false` if the seats are not counted.
 *
 * @param {number | null} number
 * @param {Queue} queue
 * @returns {boolean}
 */
export function isBeyondSeats(number, queue) {
  return number !== null && queue.seats_through !== undefined && number > queue.seats_through;
}

/**
 * The seconds until the queue opens. `null` if it has opened.
 *
 * @param {Queue} queue
 * @param {number} time The service's time.
 * @returns {number | null}
 */
export function secondsToOpening(queue, time) {
  const wait = queue.opens_at ? milliseconds(queue.opens_at) - time : 0;
  return wait > 0 ? Math.ceil(wait / 1000) : null;
}

/**
 * The seconds to wait before asking for the document again: an eighth of the wait, at least 1 and
 * at most 30. If the wait is not known: 30.
 *
 * @param {number | null} wait The estimated wait, in seconds.
 * @returns {number}
 */
export function askAgainAfter(wait) {
  return Math.min(Math.max(Math.floor((wait ?? Infinity) / 8), 1), 30);
}

/**
 * The number of milliseconds to add to a clock of the page to get the service's time.
 * `performance.now()` is a better clock than `Date.now()`, because nobody sets it.
 *
 * An answer was written before it arrived here. So the result is never ahead of the service, and
 * the largest of several results is the best.
 *
 * @param {{ server_time: string }} answer Any answer with the time of the service, such as the
 *   queue's document.
 * @param {number} arrived The time when the answer arrived, by the page's clock.
 * @param {number} [known] The largest result so far.
 * @returns {number}
 */
export function clockOffset(answer, arrived, known = -Infinity) {
  return Math.max(known, milliseconds(answer.server_time) - arrived);
}

/**
 * The milliseconds since 1970 of a time that the service has written.
 *
 * @param {string} text RFC 3339.
 * @returns {number}
 */
export function milliseconds(text) {
  // `Date.parse` takes three decimals or none. The service writes as many as it needs.
  const three = (/** @type {string} */ _, /** @type {string} */ digits) => `.${digits.padEnd(3, '0').slice(0, 3)}`;
  return Date.parse(text.replace(/\.(\d+)/, three));
}

/**
 * Whether a draw is the one that was fixed before anybody was in it. Its seed must have the hash
 * that was published and, if one is given, the hash that was written down before the opening.
 *
 * @param {Draw} draw The draw, after the opening.
 * @param {string} [committed] The hash that was written down before the opening.
 * @returns {Promise<boolean>}
 */
export async function holds(draw, committed = draw.seed_hash) {
  const { seed = '', entries, stripes = [] } = draw;
  const hash = /^[0-9a-f]{64}$/.test(seed) && hexOf(await sha256(bytesOf(seed)));
  const isThatSeed = hash === draw.seed_hash && hash === committed;
  return isThatSeed && stripes.length === 64 && sum(stripes) === entries;
}

/**
 * The number that a draw gives to an entry, from 1. `null` if the entry is not in the draw. The
 * ranks of the entries, by stripe and index, are shuffled: swap-or-not with SHA-256 in 90 rounds,
 * the same as `compute_shuffled_index` of Ethereum's consensus specification.
 *
 * A browser hashes only for pages that come by HTTPS or from the same machine.
 *
 * @param {Draw} draw The draw, after the opening.
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
 * A number with at most three decimals, in thousandths. It is exact up to 2^51 thousandths, because
 * up to there a double's error is at most half a thousandth.
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
