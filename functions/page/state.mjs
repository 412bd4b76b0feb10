// Where a buyer stands. It follows from what the service says and from what the page remembers, and
// is kept nowhere. So a reload, a link and another tab all come to the same screen.

import { placeOf, reasonOver, readToken } from './line.mjs';

/**
 * @typedef {'concert' | 'early' | 'waiting' | 'turn' | 'choosing' | 'holding' | 'paid' | 'over'} Phase
 *
 * @typedef {object} Stand
 * @property {Phase} phase
 * @property {number | null} [place] How many people are to be served until the buyer is.
 * @property {string} [until] The deadline of the phase.
 * @property {string} [reason] Why the session is over.
 * @property {Api.HeldSeats} [hold] The seats that are held.
 * @property {boolean} [unsure] Whether the service has to be asked before the buyer can do anything.
 */

/**
 * @param {object} known
 * @param {string} [known.token] The queue token.
 * @param {Api.Queue} [known.queue] The queue's document.
 * @param {number | null} [known.number] The session's number. `null` if it has none yet.
 * @param {Api.Standing} [known.standing] The service's last answer about the session.
 * @param {number} known.time The service's time.
 * @returns {Stand}
 */
export function stand({ token, queue, number = null, standing, time }) {
  if (!token) return { phase: 'concert' };
  if (standing) {
    const { status, reason, reservation } = standing;
    if (status === 'EXPIRED' || status === 'CLOSED') {
      return reason === 'PAID' ? { phase: 'paid' } : { phase: 'over', reason: reason ?? 'REPLACED' };
    }
    if (reservation) return { phase: 'holding', hold: reservation, until: reservation.expiration_time };
    if (status === 'HOLDING') return { phase: 'holding', unsure: true };
    if (status === 'ACTIVE' && standing.claim_until) return { phase: 'turn', until: standing.claim_until };
    if (status === 'ACTIVE') return { phase: 'choosing', until: standing.active_until };
  }
  // A session that waits: the document says where.
  if (!queue) return { phase: 'waiting', place: standing?.queue_position ?? null, unsure: true };
  const reason = reasonOver(number, queue, ticketOf(token));
  if (reason) return { phase: 'over', reason };
  if (number === null) {
    // This browser cannot compute the draw. The service says the place.
    const place = standing?.queue_position;
    return typeof place === 'number' ? { phase: 'waiting', place } : { phase: 'early', until: queue.opens_at };
  }
  const place = placeOf(number, queue, time);
  return place === 0 ? { phase: 'turn', place, unsure: true } : { phase: 'waiting', place };
}

/**
 * What a queue token says. `undefined` if it cannot be read.
 *
 * @param {string} token
 */
export function ticketOf(token) {
  try {
    return readToken(token);
  } catch {
    return undefined;
  }
}

/**
 * How far a buyer has come since this page began to look, from 0 to 1.
 *
 * @param {number | null | undefined} place
 * @param {number | undefined} start
 */
export function progress(place, start) {
  if (typeof place !== 'number' || !start) return 0;
  return Math.min(1, Math.max(0, 1 - place / start));
}

/**
 * Whether a place is worth saying aloud: when it has halved, at 100, 50, 10 and from 5 on. And at
 * most once a minute, but for the last five.
 *
 * @param {number} place
 * @param {{ place: number, time: number } | undefined} said What was said last, and when.
 * @param {number} time In milliseconds, by the same clock.
 */
export function isWorthSaying(place, said, time) {
  // A place only gets smaller. A larger one is that of another line.
  if (!said || place > said.place) return true;
  if (place === said.place) return false;
  if (place <= 5) return true;
  const passes = [100, 50, 10].some((mark) => place <= mark && mark < said.place);
  return (passes || place * 2 <= said.place) && time - said.time >= 60_000;
}

/**
 * The mark that a countdown has just passed and that is worth saying aloud: 180, 60, 30 or 10
 * seconds.
 *
 * @param {number} left The seconds that are left.
 * @param {number | undefined} before The seconds that were left when this was asked last.
 */
export function markPassed(left, before) {
  if (before === undefined) return undefined;
  return [10, 30, 60, 180].find((mark) => left <= mark && mark < before);
}
