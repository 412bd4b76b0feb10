// The first page: its language, and what it asks for.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';

const { visitTest } = await setUp();

visitTest('the other language, by keyboard, and kept', {}, async (visit) => {
  await visit.open('/');
  await visit.reach(visit.page.getByRole('button', { name: 'English' }), 'Enter');
  await visit.page.getByRole('button', { name: '한국어' }).waitFor();
  assert.equal(await visit.page.locator('html').getAttribute('lang'), 'en');
  await visit.open('/tickets');
  assert.equal(await visit.page.locator('html').getAttribute('lang'), 'en');
});

visitTest('a file is asked for once', {}, async (visit) => {
  await visit.open('/');
  const seen = new Set((await visit.weight()).paths);
  await visit.open('/tickets');
  const again = (await visit.weight()).paths.slice(seen.size);
  assert.deepEqual(again.filter((path) => seen.has(path)), []);
  assert(again.includes('/tickets'));
});
