// Plans of halls: drawn before they are stored, from JSON and from tables, and what is wrong with them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp();

const LOOK = { language: 'en', width: 1280 };

const read = (name) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

const arena = read('shared/plans/arena.json');

/** The example of the instructions. */
const [, TABLE] = read('functions/README.md').match(/```csv\n(.*?)```/s);

const typed = (visit) => visit.field(visit.texts.planTyped);

const store = (visit) => visit.page.getByRole('button', { name: visit.texts.planStore });

const stored = async () => (await shop.asAdmin('GET', '/v1/plans?limit=100')).plans;

visitTest('the example of the instructions is the one on the screen', LOOK, async (visit) => {
  await visit.operate('#/plans/new');
  await visit.page.getByText(visit.texts.tableHelp).click();
  assert.equal((await visit.page.locator('pre').textContent()).trim(), TABLE.trim());
});

visitTest('a table is drawn, and stored as a plan', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/plans/new');
  await typed(visit).fill(TABLE);
  await visit.field(texts.fields.name).fill('My hall');
  await page.getByRole('img', { name: texts.planDrawn('66') }).waitFor();
  assert.deepEqual(await stored(), []);
  await store(visit).click();
  await visit.isAt('My hall');
  const { plan_id, seats } = (await stored()).find(({ name }) => name === 'My hall');
  assert.equal(seats, 66);
  assert(page.url().endsWith(`#/plans/${plan_id}`));
  const plan = await shop.call('GET', `/v1/plans/${plan_id}`);
  assert.deepEqual(plan.grades, ['VIP', 'R']);
  assert.equal(plan.sections[0].rows[1].accessible, '13-14');
  await page.goto('/operator#/plans');
  await page.getByRole('link', { name: 'My hall' }).waitFor();
});

visitTest('a file as Korean spreadsheets save it is read', LOOK, async (visit) => {
  await visit.operate('#/plans/new');
  // "section,row,from,to,grade" and one row of the section 가 in EUC-KR.
  const buffer = Buffer.concat([Buffer.from('section,row,from,to,grade\r\n'), Buffer.from([0xb0, 0xa1]), Buffer.from(',1,1,9,R\r\n')]);
  await visit.field(visit.texts.planFile).setInputFiles({ name: 'hall.csv', mimeType: 'text/csv', buffer });
  await visit.page.getByRole('cell', { name: '가' }).waitFor();
  assert.equal(await visit.field(visit.texts.fields.name).inputValue(), 'hall');
});

visitTest('an arena is drawn from its JSON, and stored', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/plans/new');
  await visit.field(texts.planFile).setInputFiles({ name: 'arena.json', mimeType: 'application/json', buffer: Buffer.from(arena) });
  await page.locator('svg.plan').waitFor();
  await visit.picture('plan-arena');
  await store(visit).click();
  await visit.isAt(JSON.parse(arena).name);
});

visitTest('mistakes are named by line, or by their place in the JSON', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/plans/new');
  const message = page.locator('.message.bad');

  // What is no table at all is known before anything is sent.
  await typed(visit).fill('section,row,grade,from,colour\nA,1,R,1,red');
  await message.getByText(texts.tableMistake(texts.tableMistakes.COLUMN, 1, 'colour')).waitFor();
  assert(await store(visit).isDisabled());

  await typed(visit).fill('section,row,seats,grade\nA,1,1-10,R\nA,2,1-ten,R');
  await visit.field(texts.fields.name).fill('Wrong');
  await store(visit).click();
  await message.getByText(texts.lineAndColumn(3, 'seats')).waitFor();

  await typed(visit).fill('section,row,from,to,grade\nA,1,1,9,R\nA,1,1,9,R');
  await store(visit).click();
  await message.getByText(texts.lineAndColumn(3, 'row')).waitFor();

  await typed(visit).fill('{"name": "Wrong", "grades": ["R"');
  await message.getByText('JSON').waitFor();

  const wrong = JSON.parse(arena);
  wrong.sections[1].rows[2].grade = 'none';
  await typed(visit).fill(JSON.stringify(wrong));
  await store(visit).click();
  await message.getByText('/sections/1/rows/2/grade').waitFor();
  assert(!(await stored()).some(({ name }) => name === 'Wrong'));
  assert.equal(await typed(visit).inputValue(), JSON.stringify(wrong));
});
