// Whether everybody can use the screens of concerts, plans and queues: with axe, in both languages and
// schemes, in three widths, and with large text; and with a keyboard alone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp();

const theatre = JSON.parse(readFileSync(new URL('../../../shared/plans/theatre.json', import.meta.url), 'utf8'));

const LOOK = { clock: true };

visitTest('everybody can log in, and make and change a concert', LOOK, async (visit) => {
  const { page } = visit;
  await visit.open('/operator');
  await visit.requireAccessibleInEachLook('operator-login');

  const { plan_id } = await shop.asAdmin('POST', '/v1/plans', theatre);
  const prices = Object.fromEntries(theatre.grades.map((grade, index) => [grade, 140_000 - 30_000 * index]));
  const concert = await shop.concert({ name: '봄밤의 재즈 – Jazz on a Spring Night', shows: 2, fields: { venue: { ko: '올림픽홀' }, age_limit: 12 } });
  await shop.asAdmin('PATCH', `/v1/concerts/${concert.id}`, { shows: [{ date: `${await shop.day(156)}T19:30`, plan_id, prices }] });

  await visit.operate('#/concerts');
  await visit.requireAccessibleInEachLook('operator-concerts');

  await page.goto('/operator#/concerts/new');
  await visit.isAt(visit.texts.concertNew);
  for (const summary of await page.locator('summary').all()) await summary.click();
  await visit.requireAccessibleInEachLook('operator-concert-new');

  await page.goto(`/operator#/concerts/${concert.id}`);
  await visit.isAt('봄밤의 재즈 – Jazz on a Spring Night');
  await visit.field(visit.texts.fields.name).fill('봄밤의 재즈');
  await page.getByRole('button', { name: visit.texts.changeCheck }).click();
  await page.locator('.question').waitFor();
  await visit.requireAccessibleInEachLook('operator-concert');

  await page.goto(`/operator#/plans/${plan_id}`);
  await page.locator('svg.plan').waitFor();
  await visit.requireAccessibleInEachLook('operator-plan');

  await page.goto('/operator#/plans/new');
  await visit.field(visit.texts.planTyped).fill('section,row,from,to,grade\nA,1,1,12,VIP\nA,2,1,12,R\nB,1,1,2');
  await page.getByText(visit.texts.tableHelp).click();
  await visit.requireAccessibleInEachLook('operator-plan-new');
});

visitTest('everybody can watch and steer a queue', LOOK, async (visit) => {
  const { page } = visit;
  const concert = await shop.concert({ capacity: 300, queue: { max_active: 5, rate: 5 } });
  await shop.sell(concert, 1, 2);
  await shop.crowd(concert, 12);
  await visit.operate('#/queues');
  await visit.requireAccessibleInEachLook('operator-queues');

  await page.goto(`/operator#/queues/${concert.queue}`);
  await page.locator('#figure-waiting').waitFor();
  await visit.pass(120, 6);
  await page.getByRole('button', { name: visit.texts.pauseLine, exact: true }).click();
  await visit.requireAccessibleInEachLook('operator-live');

  await page.goto(`/operator#/queues/${concert.queue}/settings`);
  await visit.field(visit.texts.fields.rate).fill('8');
  await page.getByRole('button', { name: visit.texts.changeCheck }).click();
  await visit.requireAccessibleInEachLook('operator-settings');

  await page.goto(`/operator#/queues/${concert.queue}/rehearsal`);
  await visit.field(visit.texts.seatsEach).waitFor();
  await visit.requireAccessibleInEachLook('operator-rehearsal');
});

visitTest('a queue is paused and set with a keyboard alone', { language: 'en', width: 1280, keyboard: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await visit.operate('#/queues');
  await visit.reach(page.getByRole('link', { name: concert.queue, exact: true }), 'Enter');
  await visit.isAt(concert.queue);
  // Who cannot see the screen begins at its heading.
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'heading');
  await page.locator('#figure-waiting').waitFor();
  await visit.reach(page.getByRole('button', { name: texts.pauseLine, exact: true }), 'Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'pause-no');
  await visit.reach(page.locator('.bar').getByRole('button', { name: texts.pauseLine, exact: true }), 'Enter');
  await page.getByText(texts.pausedNow).first().waitFor();
  // Whoever has no mouse goes on where they were.
  await page.waitForFunction(() => document.activeElement?.id === 'do-pause');
  await visit.reach(page.getByRole('link', { name: texts.settings, exact: true }), 'Enter');
  await visit.reach(page.getByRole('spinbutton', { name: texts.fields.tick_seconds }));
  await page.keyboard.press('ArrowUp');
  await visit.reach(page.getByRole('button', { name: texts.changeCheck }), 'Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'question-no');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'check');
  await page.keyboard.press('Enter');
  await visit.reach(page.getByRole('button', { name: texts.changeYes, exact: true }), 'Enter');
  await page.getByText(texts.changed).first().waitFor();
  await page.waitForFunction(() => document.activeElement?.id === 'heading');
  const { state, tick_seconds } = await shop.asAdmin('GET', `/v1/queues/${concert.queue}/settings`);
  assert.deepEqual([state, tick_seconds], ['PAUSED', 2]);
});
