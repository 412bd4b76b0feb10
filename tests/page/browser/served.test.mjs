// What is sent means what was written: without comments and indentation, and nothing else.

import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert/strict';

import { transform } from 'esbuild';

import { setUp } from '../harness/browser.mjs';

const PAGE = new URL('../../../functions/page/', import.meta.url);
const LINE = new URL('../src/docs/line.mjs', PAGE);

/** Where the HTML of a page is. */
const PATHS = { 'index.html': '/', 'operator.html': '/operator' };

const { shop, visitTest } = await setUp();

const html = await shop.call('GET', '/');
const [, version] = html.match(/\/page\/([^/]+)\//);

/** The sources of one kind: name and text. */
function sources(ending) {
  const names = readdirSync(PAGE).filter((name) => name.endsWith(ending));
  return names.map((name) => [name, readFileSync(new URL(name, PAGE), 'utf8')]);
}

const sent = (name) => shop.call('GET', `/page/${version}/${name}`);

const scripts = [...sources('.mjs'), ['line.mjs', readFileSync(LINE, 'utf8')]];
for (const [loader, files] of [['js', scripts], ['css', sources('.css')]]) {
  for (const [name, source] of files) {
    test(`${name} is sent as it was written`, async () => {
      const minified = async (text) => (await transform(text, { loader, minify: true })).code;
      const stripped = await sent(name);
      assert(stripped.length <= source.length);
      assert.equal(await minified(stripped), await minified(source));
    });
  }
}

for (const [ending, type] of [['.html', 'text/html'], ['.svg', 'image/svg+xml']]) {
  for (const [name, source] of sources(ending)) {
    visitTest(`${name} is sent as it was written`, {}, async (visit) => {
      const stripped = name in PATHS ? await shop.call('GET', PATHS[name]) : await sent(name);
      const texts = [stripped, source.replaceAll('{version}', version)];
      // A browser reads both, without the comments and the white space between elements.
      const read = await visit.page.evaluate(([texts, type]) => texts.map((text) => {
        const read = new DOMParser().parseFromString(text, type);
        const walker = read.createTreeWalker(read, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_TEXT);
        const nodes = [];
        while (walker.nextNode()) nodes.push(walker.currentNode);
        for (const node of nodes) {
          node.nodeValue = node.nodeType === Node.COMMENT_NODE ? '' : node.nodeValue.trim();
          if (!node.nodeValue) node.remove();
        }
        return new XMLSerializer().serializeToString(read);
      }), [texts, type]);
      assert.equal(read[0], read[1]);
    });
  }
}
