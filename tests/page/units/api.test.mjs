import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Problem, call, useApi, waitBefore } from '../../../functions/page/api.mjs';
import { randomBy } from './read.mjs';
import { sendJson, skipWaits, startService } from './service.mjs';

/** The trouble that the page was told of, in order. */
let troubles = [];

/** Sends a call, and returns the answer or the problem, and what the page was told meanwhile. */
async function outcomeOf(...wish) {
  troubles = [];
  useApi({ language: () => 'en', onTrouble: (trouble) => troubles.push(trouble) });
  return call(...wish).catch((problem) => problem);
}

/** Modules that are loaded anew, as in a page that has just been opened. */
let pages = 0;
const openPage = () => import(`../../../functions/page/api.mjs?page=${(pages += 1)}`);

/** Sets the page's clock. It starts anywhere. */
function setClock(t) {
  const clock = { now: 0 };
  t.mock.method(performance, 'now', () => clock.now);
  return clock;
}

const NOON = Date.parse('2026-11-20T03:00:00Z');

/** A time as the service writes it, with microseconds. */
const rfc3339 = (time, micros = '') => new Date(time).toISOString().replace('Z', `${micros}Z`);

test('a countdown never shows time that is gone, and is at most 3 s pessimistic', async (t) => {
  const random = randomBy(1);
  const clock = setClock(t);
  let shown = 0;
  for (let run = 0; run < 100; run += 1) {
    const page = await openPage();
    const opened = random() * 1e9;
    let time = NOON + random() * 1e9;
    const began = time;
    let best = Infinity;
    for (let answer = 0; answer < 20; answer += 1) {
      // The service writes its time, and the answer arrives up to two seconds later.
      const server_time = rfc3339(time, String(Math.floor(random() * 1000)).padStart(3, '0'));
      const delay = random() * 1998;
      time += delay;
      best = Math.min(best, delay);
      clock.now = opened + time - began;
      page.learnTime({ server_time });
      time += random() * 5000;
      clock.now = opened + time - began;
      const behind = time - page.serviceTime();
      assert.ok(behind >= -1e-3, `${behind} ms ahead of the service`);
      assert.ok(behind <= best + 1.1, 'a worse answer has replaced a better one');
      const deadline = time + random() * 60_000 - 5000;
      const left = (Date.parse(rfc3339(deadline)) - time) / 1000;
      const seconds = page.secondsLeft(rfc3339(deadline));
      assert.ok(Number.isInteger(seconds));
      assert.ok(seconds <= Math.max(0, left), `shows ${seconds} s of ${left}`);
      assert.ok(seconds > left - 3.001, `shows ${seconds} s of ${left}`);
      shown += seconds;
    }
  }
  assert.ok(shown > 0);
});

test('a page that was asleep is right again with the next answer', async (t) => {
  const clock = setClock(t);
  const page = await openPage();
  clock.now = 5000;
  page.learnTime({ server_time: rfc3339(NOON) });
  assert.equal(page.serviceTime(), NOON);
  // Some browsers stop the page's clock while the machine sleeps.
  clock.now += 1000;
  page.learnTime({ server_time: rfc3339(NOON + 600_000) });
  assert.equal(page.serviceTime(), NOON + 600_000);
});

test('an answer without a time changes nothing', async (t) => {
  const clock = setClock(t);
  const page = await openPage();
  page.learnTime({});
  assert.equal(page.serviceTime(), 0);
  page.learnTime({ server_time: rfc3339(NOON) });
  page.learnTime({});
  clock.now += 500;
  assert.equal(page.serviceTime(), NOON + 500);
});

test('no deadline has passed before the service has said its time', async (t) => {
  setClock(t);
  const page = await openPage();
  assert.equal(page.secondsLeft(rfc3339(NOON)), 0);
  page.learnTime({ server_time: rfc3339(NOON) });
  assert.equal(page.hasPassed(undefined), false);
  assert.equal(page.hasPassed(rfc3339(NOON + 3000)), false);
  assert.equal(page.hasPassed(rfc3339(NOON + 2999)), true);
});

test('the waits are 1, 2 and 4 s, 30 % more or less', () => {
  for (const [sent, seconds] of [[1, 1], [2, 2], [3, 4]]) {
    const waits = [0, 0.5, 1].map((chance) => Math.round(waitBefore(sent, undefined, chance)));
    assert.deepEqual(waits, [700 * seconds, 1000 * seconds, 1300 * seconds]);
  }
});

test('whoever was offline for long is back within 40 seconds', () => {
  for (const sent of [6, 20, 100, 2000]) {
    const wait = waitBefore(sent, undefined, 1);
    assert.ok(wait > 20_000 && wait < 40_000, `${wait} ms`);
  }
});

test('a deadline ends earlier if every answer has taken long', async () => {
  const page = await import('../../../functions/page/api.mjs?slow');
  const arrived = performance.now();
  // It was written at some moment of the six seconds.
  page.learnTime({ server_time: rfc3339(NOON) }, arrived - 6000);
  assert.ok(page.secondsLeft(rfc3339(NOON + 60_000)) <= 54);
  // A faster answer says more.
  page.learnTime({ server_time: rfc3339(NOON) }, arrived - 500);
  const left = page.secondsLeft(rfc3339(NOON + 60_000));
  assert.ok(left >= 57 && left <= 58, String(left));
  // What a CDN may have kept says nothing about how late it is at most.
  page.learnTime({ server_time: rfc3339(NOON - 1000) });
  assert.equal(page.secondsLeft(rfc3339(NOON + 60_000), page.serviceTime()) >= 57, true);
});

test('what the service says about the wait wins, and nobody comes earlier', () => {
  assert.equal(waitBefore(3, 10, 0), 10_000);
  assert.equal(waitBefore(3, 10, 1), 13_000);
  // No wait is not a wish: everybody would come back at once, again and again.
  assert.equal(waitBefore(3, 0, 0.5), waitBefore(3, undefined, 0.5));
});

test('a call sends its token, key, body and language', async (t) => {
  const { requests } = await startService(t, (_, response) => sendJson(response, 200, { done: true }));
  assert.deepEqual(await outcomeOf('POST', '/v1/things', { token: 'T', key: 'K', body: { amount: 5 } }), { done: true });
  const [{ method, path, headers, body }] = requests;
  assert.deepEqual([method, path, body], ['POST', '/v1/things', '{"amount":5}']);
  assert.equal(headers.authorization, 'Bearer T');
  assert.equal(headers['idempotency-key'], 'K');
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['accept-language'], 'en');
  await outcomeOf('GET', '/v1/things');
  for (const header of ['authorization', 'idempotency-key', 'content-type']) assert.equal(requests[1].headers[header], undefined);
  assert.equal(requests[1].body, '');
});

/** What passes by itself: no answer, or one that says that the service is too busy. */
const PASSES = {
  'a connection that breaks': ['OFFLINE', 0, (response) => response.destroy()],
  'an answer that breaks off': ['OFFLINE', 0, (response) => response.writeHead(200, { 'Content-Length': 100 }).write('{"done":', () => response.destroy())],
  'a log-in page of a hotel': ['OFFLINE', 0, (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Welcome</html>')],
  'BUSY of the service': ['BUSY', 503, (response) => sendJson(response, 503, { code: 'BUSY', error: 'busy' })],
  'INTERNAL of the service': ['INTERNAL', 500, (response) => sendJson(response, 500, { code: 'INTERNAL', error: 'internal' })],
  '429 of API Gateway': ['BUSY', 429, (response) => sendJson(response, 429, { message: 'Too Many Requests' })],
  '503 of API Gateway': ['BUSY', 503, (response) => sendJson(response, 503, { message: 'Service Unavailable' })],
  '500 of API Gateway': ['INTERNAL', 500, (response) => sendJson(response, 500, { message: 'Internal Server Error' })],
  '504 of a CDN, in HTML': ['BUSY', 504, (response) => response.writeHead(504).end('<html>504</html>')],
};

for (const [name, [code, status, answer]] of Object.entries(PASSES)) {
  test(`${name} is tried again, four times in all`, async (t) => {
    const waits = skipWaits(t);
    t.mock.method(Math, 'random', () => 0.5);
    const { requests } = await startService(t, (_, response) => answer(response));
    const problem = await outcomeOf('POST', '/v1/things', { key: 'K', body: { amount: 5 } });
    assert.ok(problem instanceof Problem);
    assert.deepEqual([problem.code, problem.status], [code, status]);
    assert.deepEqual(waits, [1000, 2000, 4000]);
    assert.equal(requests.length, 4);
    for (const { headers, body } of requests) {
      assert.equal(headers['idempotency-key'], 'K');
      assert.equal(body, '{"amount":5}');
    }
    assert.deepEqual(troubles, Array(4).fill(code === 'INTERNAL' ? 'FAULT' : code));
  });
}

test('nobody who listens is no answer', async (t) => {
  skipWaits(t);
  const { stop } = await startService(t, () => {});
  await stop();
  assert.equal((await outcomeOf('GET', '/v1/things', { tries: 2 })).code, 'OFFLINE');
  assert.deepEqual(troubles, ['OFFLINE', 'OFFLINE']);
});

test('the trouble is over with the first answer', async (t) => {
  const waits = skipWaits(t);
  const answers = [
    (response) => response.destroy(),
    (response) => sendJson(response, 503, { code: 'BUSY', error: 'busy' }, { 'Retry-After': '7' }),
    (response) => sendJson(response, 201, { done: true }),
  ];
  t.mock.method(Math, 'random', () => 0.5);
  await startService(t, (_, response) => answers.shift()(response));
  assert.deepEqual(await outcomeOf('POST', '/v1/things'), { done: true });
  assert.deepEqual(troubles, ['OFFLINE', 'BUSY', null]);
  assert.deepEqual(waits.map(Math.round), [1000, 8050]);
});

test('a poll is sent once', async (t) => {
  const waits = skipWaits(t);
  const { requests } = await startService(t, (_, response) => sendJson(response, 503, { code: 'BUSY', error: 'busy' }, { 'Retry-After': '3' }));
  const problem = await outcomeOf('GET', '/v1/things', { tries: 1 });
  assert.equal(problem.retryAfter, 3);
  assert.equal(requests.length, 1);
  assert.deepEqual(waits, []);
});

test('any other error is the answer', async (t) => {
  skipWaits(t);
  const errors = [
    [400, 'BAD_REQUEST'], [401, 'INVALID_TOKEN'], [402, 'INSUFFICIENT_BALANCE'], [403, 'NOT_YOUR_TURN'], [404, 'CONCERT_NOT_FOUND'],
    [409, 'SEAT_ALREADY_RESERVED'], [410, 'SESSION_OVER'], [422, 'IDEMPOTENCY_KEY_REUSED'], [429, 'TOO_MANY_ATTEMPTS'],
  ];
  for (const [status, code] of errors) {
    await t.test(code, async (t) => {
      const body = { code, error: 'text', seat_numbers: [3] };
      const { requests } = await startService(t, (_, response) => sendJson(response, status, body, { 'Retry-After': '5' }));
      const problem = await outcomeOf('POST', '/v1/things');
      assert.deepEqual([problem.status, problem.code, problem.retryAfter], [status, code, 5]);
      assert.deepEqual(problem.body, body);
      assert.equal(requests.length, 1);
      assert.deepEqual(troubles, [null]);
    });
  }
});

test('an answer of a firewall that wants to check the browser is no success, and is not tried again', async (t) => {
  skipWaits(t);
  const { requests } = await startService(t, (_, response) => response.writeHead(202, { 'x-amzn-waf-action': 'challenge' }).end());
  const problem = await outcomeOf('POST', '/v1/users', { body: { name: 'A' } });
  assert.ok(problem instanceof Problem);
  assert.deepEqual([problem.status, problem.code, problem.passes], [202, 'CHALLENGED', false]);
  assert.equal(requests.length, 1);
  assert.deepEqual(troubles, [null]);
});

test("API Gateway's own 404 has no text of the service", async (t) => {
  const { requests } = await startService(t, (_, response) => sendJson(response, 404, { message: 'Not Found' }));
  const problem = await outcomeOf('GET', '/v1/nothing');
  assert.deepEqual([problem.status, problem.code, problem.body], [404, 'BAD_REQUEST', undefined]);
  assert.equal(requests.length, 1);
});

test('an answer tells the time', async (t) => {
  const clock = setClock(t);
  const page = await openPage();
  clock.now = 1234;
  await startService(t, (_, response) => sendJson(response, 200, { server_time: rfc3339(NOON) }));
  await page.call('GET', '/v1/things');
  assert.equal(page.serviceTime(), NOON);
});
