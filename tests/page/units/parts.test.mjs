import assert from 'node:assert/strict';
import { test } from 'node:test';

import { learnTime } from '../../../functions/page/api.mjs';
import { app } from '../../../functions/page/app.mjs';
import { speak } from '../../../functions/page/texts.mjs';

// lit-html asks for these when it is loaded. Nothing is drawn here.
globalThis.document = { documentElement: {}, createComment: () => ({}), createTreeWalker: () => ({}) };
const { timer } = await import('../../../functions/page/parts.mjs');

/** What a screen reader says while a countdown is drawn with these seconds left. */
async function saidAt(t, lefts) {
  await speak('en');
  const clock = { now: 0 };
  t.mock.method(performance, 'now', () => clock.now);
  learnTime({ server_time: '2026-11-20T03:00:00Z' });
  // A countdown ends two seconds early.
  const until = '2026-11-20T03:10:02Z';
  const said = [];
  for (const left of lefts) {
    clock.now = 1000 * (600 - left);
    app.polite = '';
    timer('Time to pay', until);
    await undefined;
    if (app.polite) said.push(app.polite);
  }
  return said;
}

test('a screen reader says four marks of a countdown', async (t) => {
  const seconds = Array.from({ length: 301 }, (_, index) => 300 - index);
  assert.deepEqual(await saidAt(t, seconds), ['3 minutes left.', '1 minute left.', '30 seconds left.', '10 seconds left.']);
});

test('a screen reader never says more time than is left', async (t) => {
  assert.deepEqual(await saidAt(t, [200, 65, 64, 31, 27]), ['1:05 left', '0:31 left', '0:27 left']);
});
