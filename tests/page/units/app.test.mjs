import assert from 'node:assert/strict';
import { test } from 'node:test';

import { useApi } from '../../../functions/page/api.mjs';
import { beat, standNow, startAgain, update } from '../../../functions/page/app.mjs';
import { remember } from '../../../functions/page/memory.mjs';
import { sendJson, startService } from './service.mjs';

const NUMBER = 90;

const token = ['{}', JSON.stringify({ aud: 'queue', queue: 'arena', number: NUMBER }), ''].map((part) => Buffer.from(part).toString('base64url')).join('.');

/** A line that an operator has closed. It has served the first hundred numbers. */
const CLOSED = {
  state: 'CLOSED',
  points: [{ at: '2026-11-20T03:00:00Z', served: 100 }],
  flow: 1,
  server_time: '2026-11-20T03:00:00Z',
  closures: [{ after: 0, through: 200, reason: 'QUEUE_CLOSED' }],
};

const HOLDING = {
  status: 'HOLDING',
  queue_position: 0,
  estimated_wait_time: 0,
  reservation: { reservation_id: 'R', expiration_time: '2026-11-20T03:07:00Z' },
};

/**
 * Opens the page of somebody in this line, for ten seconds.
 *
 * @param {import('node:test').TestContext} t
 * @param {[number, unknown][]} answers What the service says about the session, one after the other.
 */
async function reload(t, answers) {
  const clock = { now: 1000 };
  t.mock.method(performance, 'now', () => clock.now);
  const service = await startService(t, ({ path }, response) => {
    if (path === '/v1/queues/arena') return sendJson(response, 200, CLOSED);
    return sendJson(response, ...(answers.length > 1 ? answers.shift() : answers[0]));
  });
  let answered = 0;
  useApi({ language: () => 'en', onTrouble: () => void (answered += 1) });
  remember((kept) => void (kept.sessions.arena = { concert: 'C', name: 'Concert', key: 'K', token }));
  startAgain();
  update({ route: { name: 'concert', concert: 'C' }, concert: { concert_id: 'C', queue_id: 'arena', name: 'Concert', shows: [] } });
  const phases = [];
  for (let second = 0; second < 10; second += 1, clock.now += 1000) {
    beat();
    await new Promise(setImmediate);
    for (let turn = 0; answered < service.sent; turn += 1) {
      assert.ok(turn < 1e6, 'a call has no answer');
      await new Promise(setImmediate);
    }
    phases.push(standNow().phase);
  }
  return { phases, asked: service.requests.filter(({ path }) => path === '/v1/auth/tokens').length };
}

test('whoever holds seats pays for them, though the line was closed and the first answer was lost', async (t) => {
  const busy = [503, { code: 'BUSY', error: 'busy' }];
  const { phases } = await reload(t, [busy, busy, [200, HOLDING]]);
  assert.equal(phases.at(-1), 'holding');
  // Nothing that is wrong was shown meanwhile.
  assert.deepEqual([...new Set(phases)], ['waiting', 'holding']);
});

test('whoever waited is told the end, and asks once', async (t) => {
  const { phases, asked } = await reload(t, [[200, { status: 'CLOSED', reason: 'QUEUE_CLOSED', queue_position: 0 }]]);
  assert.deepEqual([...new Set(phases)], ['over']);
  assert.equal(asked, 1);
});
