// Tests the module with the vectors that test the service's own code.
//
//     node --test functions/src/docs/line.test.mjs

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  askAgainAfter,
  clockOffset,
  estimatedWait,
  holds,
  isBeyondSeats,
  isOver,
  milliseconds,
  numberByDraw,
  numberOf,
  placeOf,
  reasonOver,
  readToken,
  secondsToOpening,
  served,
} from './line.mjs';

const DOMAIN = new URL('../../../shared/src/domain/', import.meta.url);

function vectors(path) {
  return JSON.parse(readFileSync(new URL(path, DOMAIN), 'utf8'));
}

const NOON = milliseconds('2026-11-20T03:00:00Z');

/** A queue that serves from a hundred on, one person in two seconds. */
function queue(more = {}) {
  return {
    queue_id: 'arena',
    state: 'OPEN',
    points: [
      { at: '2026-11-20T03:00:00Z', served: 100 },
      { at: '2026-11-20T03:00:05Z', served: 102.5 },
    ],
    flow: 0.5,
    server_time: '2026-11-20T03:00:02.25Z',
    ...more,
  };
}

/** A draw among a hundred. */
const DRAW = vectors('draw/vectors.json').find(({ entries }) => entries === 100);

function token(claims) {
  return ['{"alg":"EdDSA"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
}

test('a number is beyond the seats if it is greater than the last one that has a seat', () => {
  const counted = queue({ seats_through: 150 });
  assert.deepEqual([150, 151, null].map((number) => isBeyondSeats(number, counted)), [false, true, false]);
  assert.equal(isBeyondSeats(1_000_000, queue()), false);
});

test('served people are those of the vectors', () => {
  const schedules = vectors('schedule/vectors.json');
  assert.ok(schedules.length > 10);
  for (const { points, served: expected } of schedules) {
    for (const [at, count] of expected) {
      assert.equal(served(queue({ points }), milliseconds(at)), count, `${JSON.stringify(points)} at ${at}`);
    }
  }
});

test('served people are computed with whole milliseconds', () => {
  assert.equal(served(queue(), NOON + 1_999.999), 100);
  assert.equal(served(queue(), NOON + 2_000), 101);
});

test('entries have the numbers of the vectors', async () => {
  const draws = vectors('draw/vectors.json');
  assert.deepEqual(draws.map(({ entries }) => entries), [1, 2, 2, 3, 64, 100, 1_000, 1_000_000]);
  for (const draw of draws) {
    assert.equal(await holds(draw), true);
    for (const [entry, number] of draw.numbers) {
      assert.equal(await numberByDraw(draw, entry), number, `${entry} of ${draw.entries}`);
    }
  }
});

test('an impossible entry has no number', async () => {
  for (const entry of [[64, 1], [-1, 1], [0, 0], [0, -1], [0, NaN]]) {
    assert.equal(await numberByDraw(DRAW, entry), null, `${entry}`);
  }
});

test('a draw with another seed, hash or count does not hold', async () => {
  const other = '0'.repeat(64);
  assert.equal(await holds(DRAW, DRAW.seed_hash), true);
  assert.equal(await holds(DRAW, other), false);
  assert.equal(await holds({ seed_hash: DRAW.seed_hash }), false);
  for (const change of [
    { seed: other },
    { seed: DRAW.seed.toUpperCase() },
    { seed_hash: other },
    { entries: 101 },
    { stripes: DRAW.stripes.slice(1) },
    { stripes: undefined },
  ]) {
    assert.equal(await holds({ ...DRAW, ...change }), false, JSON.stringify(change));
  }
});

test('a token has the queue, and a number or an entry', () => {
  const claims = { aud: 'queue', sub: '김민수', queue: 'arena', number: 7, exp: 1_800_000_000 };
  const read = readToken(token(claims));
  assert.deepEqual([read.queue, read.number, read.exp], ['arena', 7, 1_800_000_000]);
  assert.deepEqual(readToken(token({ aud: 'queue', early: [17, 204] })).early, [17, 204]);
  // With the two characters that base64url has and base64 does not.
  assert.equal(readToken(token({ aud: 'queue', queue: '~~~???>>>' })).queue, '~~~???>>>');
  for (const wrong of ['', 'a.b.c', 'e30', token({ aud: 'access' }), token(null), undefined]) {
    assert.throws(() => readToken(wrong), new TypeError('not a queue token'));
  }
});

test('an early entry has a number after the opening', async () => {
  const [entry, number] = DRAW.numbers[0];
  const sealed = queue({ draw: { seed_hash: DRAW.seed_hash } });
  const open = queue({ draw: DRAW });
  assert.equal(await numberOf({ early: entry }, sealed), null);
  assert.equal(await numberOf({ early: entry }, queue()), null);
  assert.equal(await numberOf({ early: entry }, open), number);
  assert.equal(await numberOf({ number: 7 }, sealed), 7);
  await assert.rejects(numberOf({ early: [0, 1_000] }, open), RangeError);
  // Before, the line ended for five entries on each stripe. The entries after them have the same
  // numbers as without them.
  const [stripe, index] = entry;
  const reopened = queue({ draw: { ...DRAW, closed: Array(64).fill(5) } });
  assert.equal(await numberOf({ early: [stripe, index + 5] }, reopened), number);
  assert.equal(await numberOf({ early: [stripe, 5] }, reopened), null);
});

test('a place is the number less the people served', () => {
  assert.equal(placeOf(108, queue(), NOON), 8);
  assert.equal(placeOf(108, queue(), NOON + 4_000), 6);
  assert.equal(placeOf(102, queue(), NOON + 4_000), 0);
  assert.equal(placeOf(1, queue(), NOON), 0);
  assert.equal(placeOf(null, queue(), NOON), null);
});

test('the line ends when it is sold out, and when the queue closes', () => {
  const soldOut = queue({ state: 'SOLD_OUT', closed_through: 350 });
  const reopened = queue({ closed_through: 350 });
  const closures = [
    { after: 0, through: 90, reason: 'SALE_OVER' },
    { after: 102, through: 110, reason: 'QUEUE_CLOSED' },
  ];
  const closed = queue({ state: 'CLOSED', closures, closed_through: 90 });
  for (const [number, at, over] of [
    [103, queue(), false],
    [350, soldOut, true],
    [351, soldOut, false],
    [350, reopened, true],
    [351, reopened, false],
    [90, closed, true],
    [102, closed, false],
    [103, closed, true],
    [110, closed, true],
    [111, closed, false],
    [null, closed, false],
    [null, soldOut, false],
  ]) {
    assert.equal(isOver(number, at), over, `${number} ${at.state}`);
  }
  const entries = Array(64).fill(2);
  const early = queue({ early_closures: [{ entries, reason: 'SALE_OVER' }] });
  assert.equal(reasonOver(null, early, { early: [63, 2] }), 'SALE_OVER');
  assert.equal(reasonOver(null, early, { early: [63, 3] }), null);
  assert.equal(reasonOver(7, early, { number: 7 }), null);
  assert.equal(reasonOver(350, reopened), 'SOLD_OUT');
  assert.equal(reasonOver(1, closed), 'SALE_OVER');
  assert.equal(reasonOver(110, closed), 'QUEUE_CLOSED');
  assert.equal(reasonOver(111, closed), null);
});

test('a wait is the place divided by the flow, while people are let in', () => {
  assert.equal(estimatedWait(7, queue()), 14);
  assert.equal(estimatedWait(36, queue({ flow: 1.2 })), 30);
  assert.equal(estimatedWait(1, queue({ flow: 3.5 })), 1);
  assert.equal(estimatedWait(2, queue({ flow: 0 })), 2_000_000);
  assert.equal(estimatedWait(10, queue({ flow: 0.003333 })), 3_001);
  assert.equal(estimatedWait(0, queue({ state: 'PAUSED' })), 0);
  assert.equal(estimatedWait(null, queue()), null);
  for (const state of ['PAUSED', 'CLOSED', 'SOLD_OUT', 'SALE_OVER']) {
    assert.equal(estimatedWait(7, queue({ state })), null, state);
  }
  // No seat is on sale before that.
  const later = queue({ sale_opens_at: '2026-11-20T03:10:00Z' });
  assert.equal(estimatedWait(7, later), 598);
  assert.equal(estimatedWait(7_000, later), 14_000);
});

test('a page asks again after an eighth of the wait', () => {
  const asks = [[0, 1], [7, 1], [15, 1], [16, 2], [36, 4], [239, 29], [240, 30], [99_999, 30], [null, 30]];
  for (const [wait, after] of asks) {
    assert.equal(askAgainAfter(wait), after, `${wait}`);
  }
});

test('the seconds to the opening are rounded up, and null afterwards', () => {
  const opens = queue({ opens_at: '2026-11-20T03:00:10.5Z' });
  assert.equal(secondsToOpening(opens, NOON), 11);
  assert.equal(secondsToOpening(opens, NOON + 10_499), 1);
  assert.equal(secondsToOpening(opens, NOON + 10_500), null);
  assert.equal(secondsToOpening(queue(), NOON), null);
});

test('the clock is never ahead of the service, and improves with each document', () => {
  const first = clockOffset(queue(), 1_000);
  assert.equal(1_000 + first, NOON + 2_250);
  // The next document was on its way for less time, the one after it for more.
  const better = clockOffset(queue({ server_time: '2026-11-20T03:00:04.25Z' }), 2_900, first);
  assert.equal(better, first + 100);
  assert.equal(clockOffset(queue({ server_time: '2026-11-20T03:00:06.25Z' }), 5_500, better), better);
});

test('a time may have any number of decimals', () => {
  assert.equal(milliseconds('2026-11-20T03:00:00.5Z'), NOON + 500);
  assert.equal(milliseconds('2026-11-20T03:00:00.05Z'), NOON + 50);
  assert.equal(milliseconds('2026-11-20T03:00:00.123999Z'), NOON + 123);
  assert.equal(milliseconds('2026-11-20T12:00:00+09:00'), NOON);
});
