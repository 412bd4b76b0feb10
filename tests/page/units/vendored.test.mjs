// The files of others in the page are those that npm has.

import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert/strict';

const PAGE = new URL('../../../functions/page/vendor/', import.meta.url);
const PACKAGE = new URL('../node_modules/lit-html/', import.meta.url);

for (const name of ['lit-html.js', 'LICENSE']) {
  test(`vendor/${name} is that of the package`, () => {
    const [ours, theirs] = [PAGE, PACKAGE].map((folder) => readFileSync(new URL(name, folder), 'utf8'));
    assert.equal(ours, theirs);
  });
}
