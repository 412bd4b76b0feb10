import assert from 'node:assert/strict';
import { test } from 'node:test';

// lit-html asks for these when it is loaded. Nothing is drawn here.
globalThis.document = { documentElement: {}, createComment: () => ({}), createTreeWalker: () => ({}) };
const { secondsToAdmit, stayOf } = await import('../../../functions/page/queues.mjs');

test('a stay is as measured, and half of a turn until then', () => {
  // 200 places, 2 a second: each has a place for 100 seconds.
  assert.equal(stayOf({ rate: 50, max_active: 200, flow: 2, active_seconds: 300 }), 100);
  // The rate is what slows it down, so nothing is known but that a stay is shorter than this.
  assert.equal(stayOf({ rate: 10, max_active: 1000, flow: 10, active_seconds: 300 }), 100);
  assert.equal(stayOf({ rate: 1, max_active: 1000, flow: 1, active_seconds: 300 }), 150);
});

test('free places fill at the rate, and the others as people leave', () => {
  const settings = { rate: 10, max_active: 100 };
  assert.equal(secondsToAdmit(0, settings, 100, 0), 0);
  assert.equal(secondsToAdmit(50, settings, 100, 0), 5);
  assert.equal(secondsToAdmit(100, settings, 100, 0), 10);
  assert.equal(secondsToAdmit(200, settings, 100, 0), 100);
  assert.equal(secondsToAdmit(200, settings, 100, 100), 200);
  // More are inside than there are places.
  assert.equal(secondsToAdmit(10, settings, 100, 150), 10);
});

test('more places or a higher rate never make it slower', () => {
  for (const people of [1, 10, 1000]) {
    for (let rate = 1; rate < 50; rate += 7) {
      for (let room = 1; room < 500; room += 37) {
        const now = secondsToAdmit(people, { rate, max_active: room }, 90, 20);
        assert.ok(secondsToAdmit(people, { rate: rate + 1, max_active: room }, 90, 20) <= now);
        assert.ok(secondsToAdmit(people, { rate, max_active: room + 1 }, 90, 20) <= now);
      }
    }
  }
});
