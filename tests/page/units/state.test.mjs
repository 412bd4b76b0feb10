import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isWorthSaying, markPassed, progress, stand, ticketOf } from '../../../functions/page/state.mjs';
import { read, variantsOf } from './read.mjs';

/** A queue token with these contents. */
function tokenOf(claims) {
  return ['{"alg":"EdDSA"}', JSON.stringify({ aud: 'queue', queue: 'arena', ...claims }), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
}

const NOON = Date.parse('2026-11-20T03:00:00Z');

/** A queue that has served a hundred people by noon, and serves ten more in ten seconds. */
const QUEUE = {
  state: 'OPEN',
  points: [{ at: '2026-11-20T03:00:00Z', served: 100 }, { at: '2026-11-20T03:00:10Z', served: 110 }],
  flow: 1,
  server_time: '2026-11-20T03:00:00Z',
};

const [LATER, LAST] = ['2026-11-20T03:02:00Z', '2026-11-20T03:07:00Z'];

const HOLD = { reservation_id: 'R', expiration_time: LAST };

/** What the service may say of a session, and where the buyer stands then. */
const SAID = [
  [{ status: 'EARLY', queue_position: null }, { phase: 'early', until: LATER }, { opens_at: LATER }],
  [{ status: 'WAITING', queue_position: 7 }, { phase: 'waiting', place: 7 }],
  [{ status: 'ACTIVE', claim_until: LATER, active_until: LAST }, { phase: 'turn', until: LATER }],
  [{ status: 'ACTIVE', active_until: LAST }, { phase: 'choosing', until: LAST }],
  [{ status: 'ACTIVE', active_until: LATER, reservation: HOLD }, { phase: 'holding', hold: HOLD, until: LAST }],
  [{ status: 'HOLDING', reservation: HOLD }, { phase: 'holding', hold: HOLD, until: LAST }],
  // The hold was lost a moment ago.
  [{ status: 'HOLDING' }, { phase: 'holding', unsure: true }],
  [{ status: 'EXPIRED', reason: 'NO_SHOW' }, { phase: 'over', reason: 'NO_SHOW' }],
  [{ status: 'EXPIRED', reason: 'WINDOW_OVER' }, { phase: 'over', reason: 'WINDOW_OVER' }],
  [{ status: 'CLOSED', reason: 'HOLD_EXPIRED' }, { phase: 'over', reason: 'HOLD_EXPIRED' }],
  [{ status: 'CLOSED', reason: 'PAID' }, { phase: 'paid' }],
  [{ status: 'CLOSED', reason: 'LEFT' }, { phase: 'over', reason: 'LEFT' }],
  [{ status: 'CLOSED', reason: 'SOLD_OUT' }, { phase: 'over', reason: 'SOLD_OUT' }],
  [{ status: 'CLOSED', reason: 'SALE_OVER' }, { phase: 'over', reason: 'SALE_OVER' }],
  [{ status: 'CLOSED', reason: 'QUEUE_CLOSED' }, { phase: 'over', reason: 'QUEUE_CLOSED' }],
  [{ status: 'CLOSED' }, { phase: 'over', reason: 'REPLACED' }],
];

test('the table below has each status and each reason of the service', () => {
  const said = (key) => [...new Set(SAID.map(([standing]) => standing[key]).filter(Boolean))].sort();
  assert.deepEqual(said('status'), variantsOf('functions/src/queue/place.rs', 'SessionStatus').sort());
  assert.deepEqual(said('reason'), variantsOf('shared/src/domain/session.rs', 'Ending').sort());
});

for (const [standing, expected, more] of SAID) {
  test(`${standing.status} ${standing.reason ?? ''} of the service is ${expected.phase}`, () => {
    assert.deepEqual(stand({ token: tokenOf({}), queue: { ...QUEUE, ...more }, standing, time: NOON }), expected);
  });
}

test('without a token there is only the concert', () => {
  assert.deepEqual(stand({ queue: QUEUE, number: 107, standing: { status: 'ACTIVE' }, time: NOON }), { phase: 'concert' });
});

test('what the service says of a turn stands above the document', () => {
  // An operator has closed the line. Whoever is inside may finish.
  const queue = { ...QUEUE, closures: [{ after: 0, through: 200, reason: 'QUEUE_CLOSED' }] };
  const token = tokenOf({ number: 90 });
  for (const [standing, expected] of SAID.slice(2)) assert.deepEqual(stand({ token, queue, number: 90, standing, time: NOON }), expected);
});

test('a reload finds the place that the service would say', () => {
  const schedules = JSON.parse(read('shared/src/domain/schedule/vectors.json'));
  let compared = 0;
  for (const { points, served: moments } of schedules) {
    const queue = { ...QUEUE, points };
    for (const [at, served] of moments) {
      for (const number of [served - 1, served, served + 1, served + 400]) {
        if (number < 1) continue;
        const token = tokenOf({ number });
        const time = Date.parse(at);
        const found = stand({ token, queue, number, time });
        if (number <= served) {
          // It was served. Whether it has entered, only the service knows.
          assert.deepEqual(found, { phase: 'turn', place: 0, unsure: true });
        } else {
          const standing = { status: 'WAITING', queue_position: number - served };
          assert.deepEqual(found, { phase: 'waiting', place: number - served });
          assert.deepEqual(stand({ token, queue, number, standing, time }), found);
          assert.deepEqual(stand({ token, queue, standing, time }), found);
        }
        compared += 1;
      }
    }
  }
  assert.ok(compared > 100);
});

test('a reload finds the end that the service would say', () => {
  for (const reason of ['SOLD_OUT', 'SALE_OVER', 'QUEUE_CLOSED']) {
    const queue = { ...QUEUE, closures: [{ after: 0, through: 200, reason }], early_closures: [{ entries: Array(64).fill(9), reason }] };
    const standing = { status: 'CLOSED', reason };
    for (const [claims, number] of [[{ number: 200 }, 200], [{ early: [3, 9] }, null]]) {
      const found = stand({ token: tokenOf(claims), queue, number, time: NOON });
      assert.deepEqual(found, { phase: 'over', reason });
      assert.deepEqual(stand({ token: tokenOf(claims), queue, number, standing, time: NOON }), found);
    }
    // The next one came after the end.
    assert.equal(stand({ token: tokenOf({ number: 201 }), queue, number: 201, time: NOON }).phase, 'waiting');
    assert.equal(stand({ token: tokenOf({ early: [3, 10] }), queue, number: null, time: NOON }).phase, 'early');
  }
});

test('a reload before the opening finds the draw', () => {
  const queue = { ...QUEUE, points: [], opens_at: LATER };
  const token = tokenOf({ early: [3, 1] });
  const expected = { phase: 'early', until: LATER };
  assert.deepEqual(stand({ token, queue, time: NOON }), expected);
  assert.deepEqual(stand({ token, queue, standing: { status: 'EARLY', queue_position: null }, time: NOON }), expected);
});

test('before the document has arrived, nothing is sure', () => {
  assert.deepEqual(stand({ token: tokenOf({ number: 107 }), time: 0 }), { phase: 'waiting', place: null, unsure: true });
  const standing = { status: 'WAITING', queue_position: 7 };
  assert.deepEqual(stand({ token: tokenOf({ number: 107 }), standing, time: 0 }), { phase: 'waiting', place: 7, unsure: true });
});

test('a token that cannot be read is no ticket', () => {
  assert.deepEqual(ticketOf(tokenOf({ number: 5 })), { aud: 'queue', queue: 'arena', number: 5 });
  for (const token of ['', 'a.b.c', 'a', tokenOf({ aud: 'user' })]) assert.equal(ticketOf(token), undefined);
  assert.deepEqual(stand({ token: 'a.b.c', queue: QUEUE, number: 107, time: NOON }), { phase: 'waiting', place: 7 });
});

test('the progress goes from 0 to 1', () => {
  assert.deepEqual([progress(400, 400), progress(100, 400), progress(0, 400)], [0, 0.75, 1]);
  assert.deepEqual([progress(null, 400), progress(100, undefined), progress(500, 400)], [0, 0, 0]);
});

/** The places that are said while the place gets smaller by one in each step. */
function saidOnTheWay(from, step) {
  const places = [];
  let said;
  for (let place = from, time = 0; place > 0; place -= 1, time += step) {
    if (!isWorthSaying(place, said, time)) continue;
    said = { place, time };
    places.push(place);
  }
  return places;
}

test('a place is said when it has halved, at 100, 50, 10, and from 5 on', () => {
  assert.deepEqual(saidOnTheWay(1000, 60_000), [1000, 500, 250, 125, 100, 50, 25, 12, 10, 5, 4, 3, 2, 1]);
  assert.deepEqual(saidOnTheWay(180, 60_000), [180, 100, 50, 25, 12, 10, 5, 4, 3, 2, 1]);
});

test('a place is said at most once a minute, but for the last five', () => {
  // One step a second: what was passed within the minute is made up for.
  assert.deepEqual(saidOnTheWay(200, 1000), [200, 100, 40, 5, 4, 3, 2, 1]);
  assert.equal(isWorthSaying(100, { place: 200, time: 0 }, 59_999), false);
  assert.equal(isWorthSaying(100, { place: 200, time: 0 }, 60_000), true);
});

test('the same place is not said again', () => {
  for (const place of [3, 100, 700]) assert.equal(isWorthSaying(place, { place, time: 0 }, 1e9), false);
});

test('a larger place is one of another line, and is said', () => {
  assert.equal(isWorthSaying(500, { place: 3, time: 0 }, 1000), true);
});

/** The marks that are said in a countdown that is asked at these seconds. */
function marksOf(lefts) {
  return lefts.map((left, index) => markPassed(left, lefts[index - 1])).filter(Boolean);
}

test('each mark of a countdown is said once', () => {
  const seconds = Array.from({ length: 301 }, (_, index) => 300 - index);
  assert.deepEqual(marksOf(seconds), [180, 60, 30, 10]);
  assert.deepEqual(marksOf(seconds.flatMap((left) => [left, left, left])), [180, 60, 30, 10]);
});

test('a mark is said too if its own second was missed', () => {
  for (let from = 300; from < 307; from += 1) {
    const seconds = Array.from({ length: 44 }, (_, index) => from - 7 * index).filter((left) => left >= 0);
    assert.deepEqual(marksOf(seconds), [180, 60, 30, 10]);
  }
  // Of several, the last.
  assert.deepEqual(marksOf([200, 55]), [60]);
});

test('a countdown that begins below a mark does not say it', () => {
  assert.deepEqual(marksOf([59, 58, 31, 30]), [30]);
  assert.equal(markPassed(5, undefined), undefined);
});
