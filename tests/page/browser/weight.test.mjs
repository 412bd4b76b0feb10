// How many bytes and files come until a screen is there, without a cache.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';
import { note } from '../harness/figures.mjs';

const { shop, visitTest } = await setUp();

/**
 * What a screen is to weigh as it is sent, in bytes, and what it may weigh: a little more than it does,
 * so that nobody makes it heavier without noticing. The same of the number of files. Home has no goal of
 * its own.
 */
const SCREENS = {
  home: { most: 30_700, mostFiles: 18 },
  waiting: { goal: 25_000, most: 25_300, filesGoal: 16, mostFiles: 16 },
  'a purchase': { goal: 40_000, most: 41_000, mostFiles: 21 },
  'all for a buyer': { most: 45_200, mostFiles: 23 },
};

async function weigh(visit, screen) {
  const { goal, most, filesGoal, mostFiles } = SCREENS[screen];
  // These come when the browser likes.
  for (const name of ['icon.svg', 'beat.mjs']) {
    await visit.until(`${name} is there`, () => visit.files.some(({ path }) => path.endsWith(name)));
  }
  const { paths, bytes } = await visit.weight();
  note(`${screen}: files`, paths.length, { most: filesGoal });
  note(`${screen}: weight as it is sent`, bytes / 1_000, { ...(goal ? { most: goal / 1_000 } : {}), unit: 'KB' });
  const files = visit.files.map(({ path, bytes }) => `${bytes} ${path}`).join('\n');
  assert(bytes <= most, `${screen} has ${bytes} bytes:\n${files}`);
  assert(paths.length <= mostFiles, `${screen} needs ${paths.length} files:\n${files}`);
  return paths;
}

visitTest('what home weighs', {}, async (visit) => {
  await visit.open('/');
  await weigh(visit, 'home');
});

visitTest('what the line weighs for somebody who comes back to it', {}, async (visit) => {
  const concert = await shop.concert({ queue: { max_active: 1 } });
  await shop.arrive(concert, await shop.buyer(concert));
  await visit.join(concert);
  await visit.sees(visit.texts.waitingTitle);
  await visit.settle();
  await visit.forgetFiles();
  await visit.page.reload();
  await visit.sees(visit.texts.ahead);
  const paths = await weigh(visit, 'waiting');
  assert(!paths.some((path) => /seats|hold|tickets|concert/.test(path.replace(/^\/c\//, ''))), paths.join('\n'));
});

visitTest('what a purchase weighs, with its tickets', {}, async (visit) => {
  const concert = await shop.concert();
  await visit.open('/');
  await visit.page.locator(`a[href="/c/${concert.id}"]`).click();
  await visit.tap(visit.texts.join);
  await visit.tap(visit.page.locator('[data-seat="5"]'));
  await visit.tap(visit.texts.holdSeats);
  await visit.tap(visit.page.locator('.bar .button'));
  await visit.page.getByText(visit.texts.balanceAfter).waitFor();
  await visit.tap(visit.page.locator('.bar .button'));
  await visit.sees(visit.texts.paidAmount);
  await weigh(visit, 'a purchase');
  await visit.page.getByRole('link', { name: visit.texts.seeTickets }).click();
  await visit.page.locator('.ticket').waitFor();
  await weigh(visit, 'all for a buyer');
});

/**
 * What operators load on top of the files that buyers have, too. A screen comes when it is opened, so what
 * counts is a task: to make a concert and watch its on-sale. The rehearsal is not counted: a service that is
 * deployed never sends it.
 */
const FOR_OPERATORS = /^\/operator$|\/(operator|operator-ko|desk|desk-parts|form|concerts|queues|plans|plan-csv|orders|shows|people|ready|books|changes)\.(mjs|css)$/;

async function weighForOperators(visit, what, { most, mostFiles }) {
  await visit.settle();
  const files = visit.files.filter(({ path, status, bytes }) => FOR_OPERATORS.test(path) && status === 200 && bytes > 0);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  note(`operators, ${what}: weight as it is sent, on top of the buyers'`, bytes / 1_000, { most: most / 1_000, unit: 'KB' });
  const list = files.map(({ path, bytes }) => `${bytes} ${path}`).join('\n');
  assert(bytes <= most, `${what} has ${bytes} bytes:\n${list}`);
  assert(files.length <= mostFiles, `${what} needs ${files.length} files:\n${list}`);
}

visitTest('what the page for operators weighs', { width: 1280 }, async (visit) => {
  const concert = await shop.concert();
  await visit.operate('#/concerts/new');
  await visit.isAt(visit.texts.concertNew);
  for (const screen of [concert.queue, `${concert.queue}/settings`]) {
    await visit.page.goto(`/operator#/queues/${screen}`);
    await visit.isAt(concert.queue);
    await visit.isThere();
  }
  await weighForOperators(visit, 'a concert and its on-sale', { most: 25_000, mostFiles: 9 });
  for (const screen of ['plans', 'orders', 'people', 'ready', 'books', 'changes']) {
    const [name] = [await visit.page.locator('h1').textContent()];
    await visit.page.goto(`/operator#/${screen}`);
    await visit.until(`${screen} is there`, async () => (await visit.page.locator('h1').textContent()) !== name);
  }
  await weighForOperators(visit, 'all screens', { most: 42_000, mostFiles: 20 });
});
