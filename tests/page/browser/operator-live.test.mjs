// An on-sale on the live screen, and a rehearsal.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp();

const LOOK = { language: 'en', width: 1280, clock: true };

const stateOf = ({ queue }) => shop.asAdmin('GET', `/v1/admin/queues/${queue}`);

const documentOf = ({ queue }) => shop.call('GET', `/v1/queues/${queue}`);

/** The numbers of a figure on the screen. */
async function figure(visit, id) {
  const text = await visit.page.locator(`#figure-${id}`).textContent();
  return text.replaceAll(',', '').match(/\d+/g)?.map(Number) ?? [];
}

/** Requires that the screen has the numbers of the API, which stand still. */
async function requireSame(visit, concert) {
  const [state, line] = [await stateOf(concert), await documentOf(concert)];
  assert.deepEqual(
    Object.fromEntries(await Promise.all(['waiting', 'let-in', 'active', 'held', 'sold', 'left'].map(async (id) => [id, await figure(visit, id)]))),
    {
      waiting: [Math.max(0, line.tail - line.served)],
      'let-in': [Math.min(line.tail, line.served)],
      active: [state.active, line.max_active],
      held: [state.seats.held],
      sold: [state.seats.sold],
      left: [state.seats.left, state.seats.capacity],
    },
  );
  return state;
}

/** Types what is to be rehearsed, and asks for it. */
async function ask({ page, texts }, wanted) {
  for (const [name, value] of Object.entries(wanted)) {
    await page.getByLabel(texts[name], { exact: true }).and(page.locator('input')).fill(`${value}`);
  }
  await page.getByRole('button', { name: texts.rehearse }).click();
}

/** How long 500 people may take on a machine that is busy with other tests. */
const CROWD_MS = 300_000;

visitTest('a rehearsal of 500 people is seen on the live screen, which has the numbers of the API', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ name: 'Rehearsed', capacity: 600, queue: { max_active: 200, rate: 50, claim_seconds: 60, active_seconds: 90 } });
  await visit.operate(`#/queues/${concert.queue}`);
  await page.getByRole('link', { name: texts.rehearsal }).click();
  await ask(visit, { people: 500, overSeconds: 10, seatsEach: 2, percentLeave: 4, percentLate: 4 });
  // It is said plainly what it does, and asked.
  await page.getByText(texts.rehearseSure('Rehearsed')).waitFor();
  assert.equal((await documentOf(concert)).tail, 0);
  await page.locator('.question').getByRole('button', { name: texts.rehearse }).click();
  await page.getByRole('heading', { name: texts.rehearsing(concert.queue) }).waitFor();
  await page.getByRole('link', { name: texts.live }).click();
  await page.locator('#figure-waiting').waitFor();

  // It goes on while the live screen is shown.
  let isSeen = false;
  const passes = async () => {
    await visit.pass(4, 2);
    const [waiting] = await figure(visit, 'waiting');
    const [sold] = await figure(visit, 'sold');
    isSeen ||= waiting > 0 && sold > 0 && sold < 500;
    return documentOf(concert);
  };
  await visit.until('all have come', async () => (await passes()).tail === 500, CROWD_MS);
  await visit.until('nobody waits', async () => {
    const { tail, served } = await passes();
    return served >= tail;
  }, CROWD_MS);
  await visit.until('nobody is left, and all is counted', async () => {
    await passes();
    const { active, seats } = await stateOf(concert);
    return active === 0 && seats.held === 0;
  }, CROWD_MS);
  assert(isSeen, 'the screen never had people who wait while others had bought');
  await visit.pass(10, 1);
  await visit.settle();
  const state = await requireSame(visit, concert);
  assert(state.seats.sold >= 500);
  assert.equal((await page.locator('.past tbody tr').count()) > 1, true);
  assert(await page.locator('.curve polyline').first().getAttribute('points'));

  await page.getByRole('link', { name: texts.rehearsal }).click();
  await page.getByRole('heading', { name: texts.rehearsed(concert.queue) }).waitFor();
  const rows = Object.fromEntries((await page.locator('section tbody tr').allTextContents()).map((row) => row.trim().match(/^(.*?)\s*([\d,]+)$/).slice(1)));
  const parts = Object.fromEntries(Object.entries(texts.partOf).map(([part, text]) => [part, Number(rows[text] ?? 0)]));
  assert.equal(parts.FAILED, 0, JSON.stringify(rows));
  assert.equal(Object.values(parts).reduce((sum, count) => sum + count, 0), 500);
  assert.equal(2 * parts.BOUGHT, state.seats.sold);
});

visitTest('a rehearsal waits for the draw, the clock can be moved, and what a reload has stopped is said', LOOK, async (visit) => {
  const { page, texts } = visit;
  const opens_at = new Date((await shop.now()) + 7_200_000).toISOString();
  const concert = await shop.concert({ queue: { opens_at } });
  await visit.operate(`#/queues/${concert.queue}/rehearsal`);
  const yes = page.locator('.question').getByRole('button', { name: texts.rehearse });
  const row = (part, count) => page.getByRole('row', { name: `${texts.partOf[part]} ${count}`, exact: true });
  const opening = page.getByRole('button', { name: texts.clockOpening });
  await opening.waitFor();
  await ask(visit, { people: 3, overSeconds: 0, seatsEach: 1, percentLeave: 0, percentLate: 0 });
  await yes.click();
  await visit.until('all wait for the draw', async () => {
    await visit.pass(1, 1);
    return row('WAITING', 3).isVisible();
  });
  await opening.click();
  await visit.until('all have bought', async () => {
    await visit.pass(4, 1);
    return row('BOUGHT', 3).isVisible();
  });
  await page.getByRole('heading', { name: texts.rehearsed(concert.queue) }).waitFor();
  assert.equal(await opening.count(), 0);

  await ask(visit, { people: 3, overSeconds: 3600 });
  await yes.click();
  await page.getByRole('heading', { name: texts.rehearsing(concert.queue) }).waitFor();
  const asked = page.waitForEvent('dialog').then(async (dialog) => {
    await dialog.accept();
    return dialog.type();
  });
  await page.reload();
  assert.equal(await asked, 'beforeunload');
  await page.getByRole('heading', { name: texts.rehearsalStopped(concert.queue) }).waitFor();
  assert.equal((await stateOf(concert)).seats.sold, 3);
});

visitTest('the live screen asks for the document once a second, and for the rest every five', LOOK, async (visit) => {
  const concert = await shop.concert();
  await visit.operate(`#/queues/${concert.queue}`);
  await visit.page.locator('#figure-waiting').waitFor();
  const count = async (path) => (await visit.callsOf('GET', path)).length;
  const paths = [new RegExp(`/v1/queues/${concert.queue}$`), new RegExp(`/v1/admin/queues/${concert.queue}`)];
  const before = [await count(paths[0]), await count(paths[1])];
  await visit.pass(20, 1);
  assert((await count(paths[0])) - before[0] <= 21);
  assert((await count(paths[1])) - before[1] <= 5);
  // Nobody looks, so nothing is asked.
  await visit.hide(true);
  const hidden = await count(paths[0]);
  await visit.pass(10, 1);
  assert.equal(await count(paths[0]), hidden);
});

visitTest('before the opening the draw is counted, and grades are told apart', LOOK, async (visit) => {
  const { page } = visit;
  const opens_at = new Date((await shop.now()) + 600_000).toISOString();
  const concert = await shop.concert({ queue: { opens_at } });
  await shop.crowd(concert, 3);
  await visit.operate(`#/queues/${concert.queue}`);
  await page.locator('#figure-early').waitFor();
  assert.deepEqual(await figure(visit, 'early'), [3]);

  const plan = await shop.asAdmin('POST', '/v1/plans', { name: 'Small', grades: ['R', 'S'], sections: [{ name: 'A', grade: 'R', rows: [{ label: '1', seats: '1-4' }] }, { name: 'B', grade: 'S', rows: [{ label: '1', seats: '1-6' }] }] });
  const graded = await shop.concert({ show: { plan_id: plan.plan_id, prices: { R: 2, S: 1 }, price: undefined, capacity: undefined } });
  await shop.sell(graded, 1, 2);
  await page.goto(`/operator#/queues/${graded.queue}`);
  await visit.pass(6, 1);
  const row = page.getByRole('row', { name: /^R\b/ });
  await row.waitFor();
  await visit.until('it is counted', async () => {
    await visit.pass(5, 1);
    return /4\s*2\s*0\s*2$/.test((await row.textContent()).trim());
  });
});

visitTest('a service that is deployed has no rehearsal', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await visit.context.route('**/_local/clock', (route) => route.fulfill({ status: 404, json: { code: 'NOT_FOUND', error: '' } }));
  visit.expectError(/status of 404|_local\/clock/);
  await visit.operate(`#/queues/${concert.queue}/rehearsal`);
  await visit.pass(3);
  assert.equal(await page.getByRole('link', { name: texts.rehearsal }).count(), 0);
  assert.equal(await page.getByRole('button', { name: texts.rehearse }).count(), 0);
  await visit.settle();
  assert(!visit.files.some(({ path }) => path.includes('rehearsal')));
});
