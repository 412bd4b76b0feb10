// Lighthouse, in a browser of its own: it measures a whole load of a page.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import lighthouse from 'lighthouse';
import { chromium } from 'playwright-core';

import { executable } from './browser.mjs';

/**
 * Measures a page as a phone loads it.
 *
 * @param {import('./shop.mjs').Shop} shop The shop.
 * @param {string} to The path of the page.
 * @param {(page: import('playwright-core').Page) => Promise<void>} [prepare] Brings a page of the
 *   same profile into the state that is measured, such as waiting. What it leaves in the storage is
 *   there when Lighthouse loads the page.
 * @returns {Promise<{performance: number, accessibility: number, bestPractices: number, shift: number,
 *   complaints: string[]}>} The scores out of 100, the cumulative layout shift, and what the last two
 *   scores complain of.
 */
export async function measure(shop, to, prepare = async () => {}) {
  const profile = mkdtempSync(path.join(tmpdir(), 'onsale-lighthouse-'));
  const port = await freePort();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable(),
    args: [`--remote-debugging-port=${port}`],
    baseURL: shop.url,
    locale: 'ko-KR',
  });
  try {
    await prepare(context.pages()[0]);
    const { lhr } = await lighthouse(shop.url + to, {
      port,
      logLevel: 'error',
      onlyCategories: ['performance', 'accessibility', 'best-practices'],
      disableStorageReset: true,
    });
    const score = (category) => Math.round(lhr.categories[category].score * 100);
    const complaints = ['accessibility', 'best-practices'].flatMap((category) =>
      lhr.categories[category].auditRefs
        .map(({ id }) => lhr.audits[id])
        .filter(({ score }) => score !== null && score < 1)
        .map(({ id, title }) => `${id}: ${title}`),
    );
    return {
      performance: score('performance'),
      accessibility: score('accessibility'),
      bestPractices: score('best-practices'),
      shift: lhr.audits['cumulative-layout-shift'].numericValue,
      complaints,
    };
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
