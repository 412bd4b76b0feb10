// Makes the picture of the README, .github/page.png: somebody in line on a phone, and somebody else who
// has chosen two seats of a theatre. By hand, when the page looks different. Needs pngquant:
//
//     ONSALE_PAGE=functions/page node --import ./tests/page/harness/resolve.mjs tests/page/picture.mjs

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

import { Visit, executable } from './harness/browser.mjs';
import { Shop } from './harness/shop.mjs';

const FILE = fileURLToPath(new URL('../../.github/page.png', import.meta.url));
const PLAN = new URL('../../shared/plans/theatre.json', import.meta.url);

/** How large it may be, in bytes. */
const MOST = 150_000;

/** The width of the picture, and its height. A README shows it half as wide. */
const [WIDTH, HEIGHT] = [1_600, 884];

/** How much larger than CSS pixels it is. */
const SCALE = 1.1;

/** A font that every machine with `.ci/install browser` has. */
const FONTS = `<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <match target="pattern">
    <test name="family" compare="not_eq"><string>monospace</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Noto Sans CJK KR</string></edit>
  </match>
</fontconfig>`;

const SECTIONS = ['Stalls A', 'Stalls B', 'Stalls C', 'Balcony D'];

const folder = mkdtempSync(path.join(tmpdir(), 'onsale-picture-'));
const fonts = path.join(folder, 'fonts.conf');
writeFileSync(fonts, FONTS);
const shop = await Shop.start();
const browser = await chromium.launch({
  executablePath: executable(),
  env: { ...process.env, FONTCONFIG_FILE: fonts },
});
try {
  const look = { language: 'en', scale: SCALE, clock: true };
  const height = Math.floor((HEIGHT - 64) / SCALE);
  const phone = await Visit.begin(browser, shop, { ...look, width: 380, height });
  await wait(phone);
  const waiting = await phone.page.screenshot();
  const wide = await Visit.begin(browser, shop, { ...look, width: 1_026, height });
  await choose(wide);
  const choosing = await wide.page.screenshot();
  await compose(waiting, choosing);
} finally {
  await browser.close();
  await shop.stop();
  rmSync(folder, { recursive: true });
}
const { size } = statSync(FILE);
assert(size <= MOST, `the picture has ${size} bytes`);
console.log(`${FILE}: ${size} bytes`);

/** Somebody who has waited for a while. */
async function wait(visit) {
  const concert = await shop.concert({ name: 'Jazz on a Spring Night', capacity: 240, queue: { rate: 0.2, max_active: 500 } });
  await shop.crowd(concert, 60);
  await visit.join(concert);
  await visit.sees(visit.texts.ahead);
  await visit.sleepUntil('most have gone before', async () => Number(await visit.page.locator('#place').textContent()) < 24);
  await visit.page.evaluate(() => document.activeElement?.blur());
}

/** Somebody who has chosen seats. */
async function choose(visit) {
  const { page } = visit;
  const theatre = JSON.parse(readFileSync(PLAN, 'utf8'));
  const sections = theatre.sections.map((section, index) => ({ ...section, name: SECTIONS[index] }));
  const { plan_id } = await shop.asAdmin('POST', '/v1/plans', { ...theatre, name: 'Theatre', sections });
  const prices = Object.fromEntries(theatre.grades.map((grade, index) => [grade, 140_000 - 30_000 * index]));
  const concert = await shop.concert({
    name: 'Jazz on a Spring Night',
    show: { plan_id, prices, price: undefined, capacity: undefined },
  });
  for (const seats of [[1, 2, 3], [10, 11], [24, 25, 26, 27], [60, 61], [85, 86, 87], [120, 121]]) {
    await shop.sell(concert, ...seats.map((seat) => seat + 225));
  }
  await visit.join(concert);
  await page.locator('.area').nth(1).click();
  for (const seat of [271, 272]) {
    await page.locator(`[data-seat="${seat}"]`).click();
  }
  await page.evaluate(() => {
    document.activeElement?.blur();
    document.getElementById('area')?.scrollIntoView({ block: 'start', behavior: 'instant' });
    scrollBy(0, 32);
  });
  await page.mouse.move(0, 0);
}

/** Puts both beside each other. */
async function compose(...pictures) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
  const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture.toString('base64')}">`);
  await page.setContent(`<!doctype html><style>
    body { margin: 0; height: 100vh; display: flex; justify-content: center; align-items: center; gap: 24px; background: #e9e9f3; }
    img { display: block; border-radius: 20px; box-shadow: 0 0 0 2px #c9cad8; }
  </style>${images.join('')}`);
  await page.screenshot({ path: FILE });
  execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', FILE, '128', FILE]);
}
