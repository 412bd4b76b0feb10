import assert from 'node:assert/strict';
import { test } from 'node:test';

let tabs = 0;

/** The module as another tab has it. */
const openTab = () => import(`../../../functions/page/memory.mjs?tab=${(tabs += 1)}`);

/** A browser's storage. All tabs of a test have the same one. */
function useStorage(t, text = null) {
  const storage = { text, getItem: () => storage.text, setItem: (_, text) => void (storage.text = text) };
  globalThis.localStorage = storage;
  t.after(() => delete globalThis.localStorage);
  return storage;
}

const USER = { id: 'U', name: 'Kim', token: 'T' };

/** A session as it is kept before the join is sent. */
const session = (key) => ({ concert: 'C', name: 'Concert', key });

/** Keeps a user and a session. */
const joined = (kept) => {
  kept.user = { ...USER };
  kept.sessions.arena = session('K');
};

test('a reload knows what was kept', async (t) => {
  useStorage(t);
  (await openTab()).remember(joined);
  const reloaded = await openTab();
  assert.deepEqual(reloaded.memory(), { sessions: {} });
  const kept = { user: USER, sessions: { arena: session('K') } };
  assert.deepEqual(reloaded.readMemory(), kept);
  assert.deepEqual(reloaded.memory(), kept);
});

test('tabs do not undo what another tab has written', async (t) => {
  useStorage(t);
  const [one, other] = [await openTab(), await openTab()];
  one.readMemory();
  other.readMemory();
  one.remember(joined);
  other.remember((kept) => void (kept.language = 'en'));
  other.rememberSession('arena', { token: 'Q' });
  one.rememberSession('arena', { seats: [3, 4] });
  one.remember((kept) => void (kept.sessions.club = session('L')));
  other.forgetSession('arena');
  const expected = { user: USER, language: 'en', sessions: { club: session('L') } };
  assert.deepEqual(one.readMemory(), expected);
  assert.deepEqual(other.readMemory(), expected);
});

test('a session changes field by field', async (t) => {
  useStorage(t);
  const [one, other] = [await openTab(), await openTab()];
  one.remember(joined);
  one.rememberSession('arena', { token: 'Q' });
  other.rememberSession('arena', { seats: [3, 4] });
  assert.deepEqual(one.readMemory().sessions.arena, { ...session('K'), token: 'Q', seats: [3, 4] });
});

test('a session that was left in another tab stays left', async (t) => {
  useStorage(t);
  const [one, other] = [await openTab(), await openTab()];
  one.remember(joined);
  other.forgetSession('arena');
  one.rememberSession('arena', { seats: [3] });
  assert.deepEqual(one.readMemory().sessions, {});
});

for (const text of ['{"sessions":', '', 'hello', 'null', '5', '"text"', '[]', '{}', '{"sessions":null}', '{"sessions":7}']) {
  test(`a page works with ${JSON.stringify(text)} in the storage`, async (t) => {
    const storage = useStorage(t, text);
    const tab = await openTab();
    assert.deepEqual(tab.readMemory().sessions, {});
    tab.remember(joined);
    assert.deepEqual(JSON.parse(storage.text).sessions, { arena: session('K') });
  });
}

test('broken text in the storage does not make an open page forget', async (t) => {
  const storage = useStorage(t);
  const tab = await openTab();
  tab.remember(joined);
  storage.text = '{"sessions":';
  tab.remember((kept) => void (kept.quiet = true));
  assert.deepEqual(JSON.parse(storage.text), { user: USER, quiet: true, sessions: { arena: session('K') } });
});

test('without a storage, it is known until the page is closed', async () => {
  assert.equal(globalThis.localStorage, undefined);
  const tab = await openTab();
  tab.readMemory();
  tab.remember(joined);
  tab.rememberSession('arena', { token: 'Q' });
  assert.deepEqual(tab.readMemory(), { user: USER, sessions: { arena: { ...session('K'), token: 'Q' } } });
});

test('a storage that takes nothing is like none', async (t) => {
  const storage = useStorage(t);
  storage.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  const tab = await openTab();
  tab.remember(joined);
  tab.rememberSession('arena', { token: 'Q' });
  assert.deepEqual(tab.readMemory(), { user: USER, sessions: { arena: { ...session('K'), token: 'Q' } } });
});

test('a storage that takes something again is read again', async (t) => {
  const storage = useStorage(t);
  const { setItem } = storage;
  const [one, other] = [await openTab(), await openTab()];
  storage.setItem = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  one.remember(joined);
  storage.setItem = setItem;
  one.rememberSession('arena', { token: 'Q' });
  assert.equal(other.readMemory().sessions.arena.token, 'Q');
  other.forgetSession('arena');
  assert.deepEqual(one.readMemory().sessions, {});
});

test('forgetting everything keeps the language only', async (t) => {
  const storage = useStorage(t);
  const tab = await openTab();
  tab.remember(joined);
  tab.remember((kept) => Object.assign(kept, { language: 'en', charge: { key: 'K', amount: 5 } }));
  tab.forgetAll();
  assert.deepEqual(JSON.parse(storage.text), { language: 'en', sessions: {} });
});

test('a key is 32 hexadecimal digits, and another one each time', async () => {
  const { newKey } = await openTab();
  const keys = Array.from({ length: 1000 }, newKey);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
  assert.equal(new Set(keys).size, 1000);
});
