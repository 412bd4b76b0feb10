// Lighthouse, and how long a slow network takes. Times are figures, and so is how far the layout
// shifts, which depends on what comes first. No test fails by them: they are those of the machine.

import { test } from 'node:test';
import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';
import { note } from '../harness/figures.mjs';
import { overHttp2 } from '../harness/http2.mjs';
import { measure } from '../harness/lighthouse.mjs';
import { texts as more } from '../../../functions/page/ko-more.mjs';
import { texts } from '../../../functions/page/ko.mjs';

const { shop, browser } = await setUp();

const concert = await shop.concert({ queue: { max_active: 1 } });
await shop.arrive(concert, await shop.buyer(concert));

async function joinsTheLine(page) {
  await page.goto(`/c/${concert.id}`);
  await page.getByRole('button', { name: more.join }).click();
  await page.getByRole('heading', { name: texts.waitingTitle }).waitFor();
}

for (const [screen, path, prepare] of [
  ['home', '/', undefined],
  ['waiting', `/c/${concert.id}`, joinsTheLine],
]) {
  test(`Lighthouse on ${screen}`, async () => {
    const scores = await measure(shop, path, prepare);
    note(`${screen}: Lighthouse, performance`, scores.performance, { least: 95 });
    note(`${screen}: Lighthouse, accessibility`, scores.accessibility, { least: 100 });
    note(`${screen}: Lighthouse, best practices`, scores.bestPractices, { least: 100 });
    note(`${screen}: layout shift`, scores.shift, { most: 0.02 });
    assert.deepEqual(scores.complaints, []);
  });
}

test('home with 400 kbit/s and 400 ms', async () => {
  const secure = await overHttp2(shop.url);
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'ko-KR', viewport: { width: 390, height: 844 } });
  try {
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 400,
      downloadThroughput: 400_000 / 8,
      uploadThroughput: 400_000 / 8,
    });
    await page.goto(secure.url);
    await page.locator('.concert').first().waitFor();
    const [html, now, protocol] = await page.evaluate(() => {
      const [navigation] = performance.getEntriesByType('navigation');
      return [navigation.responseEnd, performance.now(), navigation.nextHopProtocol];
    });
    assert.equal(protocol, 'h2');
    note('home: usable after the HTML, at 400 kbit/s and 400 ms, HTTP/2', (now - html) / 1_000, { most: 2, unit: 's' });
  } finally {
    await context.close();
    secure.stop();
  }
});
