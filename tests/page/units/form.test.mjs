import assert from 'node:assert/strict';
import { test } from 'node:test';

import { useTimeZone } from '../../../functions/page/texts.mjs';

// lit-html asks for these when it is loaded. Nothing is drawn here.
globalThis.document = { documentElement: {}, createComment: () => ({}), createTreeWalker: () => ({}) };
const { bodyOf, changesOf, fromLocal, rebase, toLocal } = await import('../../../functions/page/form.mjs');

test('a time of a form is in the zone of the shows, wherever the browser is', () => {
  assert.equal(toLocal('2026-12-24T10:30:00Z'), '2026-12-24T19:30');
  assert.equal(toLocal('2026-12-31T15:00:59.123Z'), '2027-01-01T00:00');
  assert.equal(toLocal(undefined), '');
  assert.equal(fromLocal('2026-12-24T19:30'), '2026-12-24T10:30:00Z');
  try {
    // Where clocks are moved in spring and autumn.
    useTimeZone('America/New_York');
    for (const local of ['2026-03-07T23:59', '2026-03-08T01:59', '2026-03-08T03:00', '2026-11-01T00:30', '2026-11-01T03:00', '2026-07-01T12:00']) {
      assert.equal(toLocal(fromLocal(local)), local);
    }
  } finally {
    useTimeZone('Asia/Seoul');
  }
});

test('a request has the fields that differ, as the service reads them', () => {
  const edit = {
    base: { name: 'Jazz', age_limit: '12', 'venue.ko': '홀', 'venue.en': 'Hall', '2026-12-24/price': '50000', '2026-12-25/prices.VIP': '9' },
    draft: {
      name: 'Jazz', age_limit: '', 'venue.ko': '', 'venue.en': 'Hall', '2026-12-24/price': '60000.5', '2026-12-25/prices.VIP': '10', '2026-12-25/prices.A/B.c': '3',
      'new1/date': '2026-12-26', 'new1/opens_at': '2026-12-01T20:00', 'new1/venue.en': '',
    },
  };
  assert.deepEqual(bodyOf(edit), { age_limit: null, venue: { ko: null } });
  assert.deepEqual(bodyOf(edit, '2026-12-24/'), { price: 60_000.5 });
  assert.deepEqual(bodyOf(edit, '2026-12-25/'), { prices: { VIP: 10, 'A/B.c': 3 } });
  assert.deepEqual(bodyOf(edit, 'new1/'), { date: '2026-12-26', opens_at: '2026-12-01T11:00:00Z' });
});

test('whoever was faster is not overwritten, and nothing that was typed is lost', () => {
  const edit = { base: { rate: '5', max_active: '10', state: 'OPEN', old: 'x' }, draft: { rate: '7', max_active: '10', state: 'OPEN', old: 'x' }, version: 1 };
  // Somebody else has paused it, and set the rate as well.
  rebase(edit, { rate: '6', max_active: '10', state: 'PAUSED', more: 'y' }, 2);
  assert.deepEqual(edit.draft, { rate: '7', max_active: '10', state: 'PAUSED', more: 'y' });
  assert.deepEqual(changesOf(edit), ['rate']);
  assert.equal(edit.base.rate, '6');
  assert.equal(edit.version, 2);
  // They wanted the same.
  rebase(edit, { ...edit.base, rate: '7' }, 3);
  assert.deepEqual(changesOf(edit), []);
});
