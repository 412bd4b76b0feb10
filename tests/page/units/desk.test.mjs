// What the screens for operators share.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sendJson, skipWaits, startService } from './service.mjs';

// lit-html asks for these when it is loaded. Nothing is drawn here.
globalThis.document = { documentElement: {}, createComment: () => ({}), createTreeWalker: () => ({}) };
const kept = new Map();
globalThis.sessionStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => void kept.set(name, value), removeItem: (name) => void kept.delete(name) };
const { amountOf, forgetKeys, once, readSome, repeat } = await import('../../../functions/page/desk-parts.mjs');
const { desk } = await import('../../../functions/page/desk.mjs');
const { loadOnce } = await import('../../../functions/page/form.mjs');

test('an amount is read as people write it, and nothing else is one', () => {
  const amounts = { '55000': 55_000, ' 55,000원': 55_000, '₩55 000': 55_000, '-5000': -5_000, '−5,000': -5_000, '+3': 3, '0.5': 0.5, '1.25': 1.25 };
  for (const [typed, amount] of Object.entries(amounts)) assert.equal(amountOf(typed), amount, typed);
  for (const typed of ['', ' ', 'a lot', '1e3', '1.234', '5-', '0x10', '.5', '1.', 'Infinity']) assert.ok(Number.isNaN(amountOf(typed)), typed);
  assert.ok(Number.isNaN(amountOf(undefined)));
});

test('what must happen once is sent with the same key until it is answered', async (t) => {
  skipWaits(t);
  let answers = ['', '', '', '', 'ok', 'ok', 'no', 'ok'];
  const service = await startService(t, (_, response) => {
    const answer = answers.shift();
    if (answer === 'ok') sendJson(response, 200, { done: true });
    else if (answer === 'no') sendJson(response, 409, { code: 'BALANCE_OUT_OF_RANGE', error: 'no' });
    else response.destroy();
  });
  const body = { amount: 1 };
  await assert.rejects(once('/v1/x', body), { code: 'OFFLINE' });
  // It is kept in the tab, so a reload sends the same.
  assert.match(kept.get('onsale-keys'), /\/v1\/x/);
  await once('/v1/x', body);
  const keys = () => service.requests.map(({ headers }) => headers['idempotency-key']);
  assert.equal(new Set(keys()).size, 1);
  assert.equal(kept.get('onsale-keys'), '{}');
  // After an answer, also a refusal, the same again is something else.
  await once('/v1/x', body);
  await assert.rejects(once('/v1/x', body), { code: 'BALANCE_OUT_OF_RANGE' });
  await once('/v1/x', body);
  assert.equal(new Set(keys()).size, 4);
});

test('a key is kept while nobody has said what has become of its call', async (t) => {
  skipWaits(t);
  let answers = [[401, 'INVALID_TOKEN'], [403, 'FORBIDDEN'], [422, 'IDEMPOTENCY_KEY_REUSED'], [422, 'IDEMPOTENCY_KEY_REUSED'], [400, 'INVALID_AMOUNT'], [401, 'INVALID_TOKEN'], [401, 'INVALID_TOKEN'], [401, 'INVALID_TOKEN']];
  const service = await startService(t, (_, response) => {
    const [status, code] = answers.shift();
    sendJson(response, status, { code, error: 'no' });
  });
  const send = (reason, amount = 5, path = '/v1/users/a/x') => assert.rejects(once(path, { amount, reason }));
  const used = () => service.requests.at(-1).headers['idempotency-key'];
  await send('one');
  const first = used();
  // The log-in has ended, and the first answer was lost. And the same with another reason is no second one.
  for (const reason of ['one', 'two', 'three', 'four']) {
    await send(reason);
    assert.equal(used(), first, reason);
  }
  // A refusal is an answer. Another amount is something else.
  await send('one');
  const next = used();
  assert.notEqual(next, first);
  await send('one', 6);
  assert.notEqual(used(), next);
  await send('one', 5, '/v1/users/b/x');
  assert.equal(Object.keys(JSON.parse(kept.get('onsale-keys'))).length, 3);
  // The statement of one of them has been read.
  forgetKeys('/v1/users/a/', -1);
  assert.equal(Object.keys(JSON.parse(kept.get('onsale-keys'))).length, 3);
  forgetKeys('/v1/users/a/', 0);
  assert.deepEqual(Object.keys(JSON.parse(kept.get('onsale-keys'))), ['["/v1/users/b/x",5]']);
  kept.clear();
});

test('an empty page is followed until there is something', async (t) => {
  const pages = [{ rows: [], next_cursor: 'a' }, { rows: [], next_cursor: 'b' }, { rows: [1], next_cursor: 'c' }, { rows: [2] }];
  const service = await startService(t, (_, response) => sendJson(response, 200, pages.shift()));
  const list = { path: '/v1/x?limit=1', key: 'rows' };
  await readSome(list);
  assert.deepEqual([list.items, list.next], [[1], 'c']);
  await readSome(list);
  assert.deepEqual([list.items, list.next], [[1, 2], undefined]);
  assert.deepEqual(service.requests.map(({ path }) => path), ['/v1/x?limit=1', '/v1/x?limit=1&cursor=a', '/v1/x?limit=1&cursor=b', '/v1/x?limit=1&cursor=c']);
});

test('a call is repeated until nothing is left, and only once at a time', async (t) => {
  globalThis.addEventListener = globalThis.removeEventListener = () => {};
  const waits = skipWaits(t);
  const job = {};
  const left = [1, 0, 21, undefined];
  let calls = 0;
  const step = async () => left[calls++];
  await Promise.all([repeat(job, step), repeat(job, step)]);
  assert.equal(calls, 4);
  assert.deepEqual(waits, [1_000, 0, 21_000]);
  assert.equal(job.runs, false);
});

test('a screen loads what it shows, also while the address is another one already', () => {
  const loaded = [];
  const load = (what) => loadOnce(async () => void loaded.push(what));
  desk.route = ['concerts', 'new'];
  load('new');
  globalThis.location = { hash: '#/concerts/7' };
  load('new');
  desk.route = ['concerts', '7'];
  load('7');
  load('7');
  assert.deepEqual(loaded, ['new', '7']);
});
