// What operators do with queues: settings, a pause, a notice, and two of them at once.

import assert from 'node:assert/strict';

import { Visit, setUp } from '../harness/browser.mjs';

const { shop, browser, visitTest } = await setUp();

const LOOK = { language: 'en', width: 1280 };

const button = (visit, name) => visit.page.getByRole('button', { name, exact: true });

const told = (visit, text) => visit.page.locator('.message').getByText(text).waitFor();

const settingsOf = ({ queue }) => shop.asAdmin('GET', `/v1/queues/${queue}/settings`);

const documentOf = ({ queue }) => shop.call('GET', `/v1/queues/${queue}`);

visitTest('all queues are there, with what they sell', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ name: 'Listed' });
  await visit.operate('#/queues');
  const row = page.getByRole('row', { name: concert.queue });
  await row.getByRole('link', { name: 'Listed' }).waitFor();
  await page.getByRole('row', { name: 'main' }).getByText(texts.mainSells).waitFor();
  await row.getByRole('link', { name: texts.settings }).click();
  await visit.isAt(concert.queue);
  await visit.field(texts.fields.claim_seconds).waitFor();
});

visitTest('a queue is made without a concert, and one that is there is not set', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/queues');
  const make = async () => {
    await visit.field(texts.queueId).fill('spare');
    await button(visit, texts.queueMake).click();
  };
  await make();
  await visit.isAt('spare');
  await visit.field(texts.fields.claim_seconds).waitFor();
  await shop.change('spare', { max_active: 77 });
  await page.getByRole('link', { name: texts.queues, exact: true }).click();
  await visit.isAt(texts.queues);
  await make();
  await told(visit, texts.queueExists('spare'));
  assert.equal((await settingsOf({ queue: 'spare' })).max_active, 77);
});

visitTest('every setting is changed, with the old value beside the new one', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ name: 'Set', queue: { max_active: 10, rate: 5 } });
  await visit.operate(`#/queues/${concert.queue}/settings`);
  const { fields, languageOf } = texts;
  const opening = await shop.day(20);
  const wanted = {
    [fields.max_active]: '20', [fields.rate]: '2.5', [fields.claim_seconds]: '60', [fields.active_seconds]: '240', [fields.tick_seconds]: '3',
    [`${fields.notice} (${languageOf.ko})`]: '늦어집니다', [`${fields.notice} (${languageOf.en})`]: 'It is late', [fields.opens_at]: `${opening}T20:00`,
  };
  for (const [label, value] of Object.entries(wanted)) await visit.field(label).fill(value);
  await visit.field(fields.who).selectOption('accounts');
  await visit.field(fields.default_concert_id).selectOption(concert.id);
  await visit.field(fields.state).selectOption('CLOSED');
  await button(visit, texts.changeCheck).click();
  await page.getByText(texts.closeSure).waitFor();
  await button(visit, texts.cancel).click();
  assert.equal((await settingsOf(concert)).max_active, 10);
  await visit.field(fields.state).selectOption('OPEN');
  await button(visit, texts.changeCheck).click();
  const rows = (await page.getByRole('region', { name: texts.changeSure }).locator('tbody tr').allTextContents()).map((row) => row.replace(/\s+/g, ' ').trim());
  assert.equal(rows.length, 10);
  assert(rows.some((row) => /10 ?20$/.test(row)), rows.join('\n'));
  assert(rows.some((row) => /Set$/.test(row)), rows.join('\n'));
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  const { max_active, rate, claim_seconds, active_seconds, tick_seconds, who, default_concert_id, notice, opens_at, state } = await settingsOf(concert);
  assert.deepEqual(
    { max_active, rate, claim_seconds, active_seconds, tick_seconds, who, default_concert_id, notice, opens_at, state },
    {
      max_active: 20, rate: 2.5, claim_seconds: 60, active_seconds: 240, tick_seconds: 3, who: 'accounts', default_concert_id: concert.id,
      notice: { ko: '늦어집니다', en: 'It is late' }, opens_at: `${opening}T11:00:00Z`, state: 'OPEN',
    },
  );

  // A notice in one language is taken away, and the default concert.
  await visit.field(`${fields.notice} (${languageOf.ko})`).fill('');
  await visit.field(fields.default_concert_id).selectOption('');
  await button(visit, texts.changeCheck).click();
  await button(visit, texts.changeYes).click();
  await page.getByText(texts.changeNone).waitFor();
  const after = await settingsOf(concert);
  assert.deepEqual([after.notice, after.default_concert_id], [{ en: 'It is late' }, undefined]);
});

visitTest('what the service refuses is said, and stays typed', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await visit.operate(`#/queues/${concert.queue}/settings`);
  await visit.field(texts.fields.claim_seconds).fill('299');
  await button(visit, texts.changeCheck).click();
  await button(visit, texts.changeYes).click();
  await told(visit, /claim_seconds/);
  assert.equal(await visit.field(texts.fields.claim_seconds).inputValue(), '299');
  await button(visit, texts.cancel).click();
  await button(visit, texts.changeDrop).click();
  assert.equal(await visit.field(texts.fields.claim_seconds).inputValue(), '120');

  await page.goto('/operator#/queues/no-such-queue');
  await page.locator('.message.bad').waitFor();
});

visitTest('a pause is two clicks from each screen of a queue, and in force with the next tick', { ...LOOK, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { max_active: 1000, rate: 1, tick_seconds: 5 } });
  await shop.crowd(concert, 20);
  await visit.operate(`#/queues/${concert.queue}`);
  await page.locator('#figure-waiting').waitFor();
  visit.countTaps();
  await visit.tap(button(visit, texts.pauseLine));
  await visit.tap(page.locator('.bar .question').getByRole('button', { name: texts.pauseLine }));
  await told(visit, texts.pausedNow);
  assert.equal(visit.taps, 2);
  assert.equal((await settingsOf(concert)).state, 'PAUSED');
  // What the schedule had promised until the next tick may still come in. After it, nobody does.
  await visit.pass(5);
  const { served } = await documentOf(concert);
  assert(served < 20);
  await visit.pass(60, 10);
  assert.equal((await documentOf(concert)).served, served);
  await page.getByText(texts.notMoving).waitFor();
  assert.equal(await page.locator('#figure-let-in').textContent(), String(served));

  await page.goto(`/operator#/queues/${concert.queue}/settings`);
  await visit.tap(button(visit, texts.resumeLine));
  await visit.tap(page.locator('.bar .question').getByRole('button', { name: texts.resumeLine }));
  await told(visit, texts.resumed);
  await visit.pass(30, 5);
  assert((await documentOf(concert)).served > served);
});

visitTest('a pause that somebody else was faster with stays a pause', { ...LOOK, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const path = `/v1/queues/${concert.queue}`;
  const yes = (name) => page.locator('.bar .question').getByRole('button', { name });
  await visit.operate(`#/queues/${concert.queue}`);
  await button(visit, texts.pauseLine).click();
  await yes(texts.pauseLine).waitFor();
  await shop.asAdmin('PATCH', path, { state: 'PAUSED' });
  await visit.pass(6);
  await page.locator('.bar .state').getByText(texts.stateOf.PAUSED).waitFor();
  await yes(texts.pauseLine).click();
  await told(visit, texts.pausedNow);
  assert.equal((await settingsOf(concert)).state, 'PAUSED');

  // It is resumed although something else was set meanwhile, but not if it was closed.
  await button(visit, texts.resumeLine).click();
  await shop.asAdmin('PATCH', path, { rate: 3 });
  await yes(texts.resumeLine).click();
  await told(visit, texts.resumed);
  assert.deepEqual([(await settingsOf(concert)).state, (await settingsOf(concert)).rate], ['OPEN', 3]);
  await button(visit, texts.pauseLine).click();
  await shop.asAdmin('PATCH', path, { state: 'CLOSED' });
  await yes(texts.pauseLine).click();
  await told(visit, texts.closedMeanwhile);
  assert.equal((await settingsOf(concert)).state, 'CLOSED');
});

visitTest('a pause does not wait for anything else', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await visit.operate('#/concerts');
  await button(visit, texts.find).waitFor();
  const release = await visit.keepBack('GET', /^\/v1\/concerts$/);
  await button(visit, texts.find).click();
  await page.locator('[aria-busy=true]').waitFor();
  await page.goto(`/operator#/queues/${concert.queue}`);
  await button(visit, texts.pauseLine).click();
  await page.locator('.bar .question').getByRole('button', { name: texts.pauseLine }).click();
  await told(visit, texts.pausedNow);
  assert.equal((await settingsOf(concert)).state, 'PAUSED');
  release();
});

visitTest('a change on the live screen is refused if somebody was faster while it was asked about', { ...LOOK, clock: true }, async (visit) => {
  const { texts } = visit;
  const concert = await shop.concert({ queue: { rate: 5, max_active: 10 } });
  await visit.operate(`#/queues/${concert.queue}`);
  await visit.field(texts.fields.rate).first().fill('7');
  await button(visit, texts.changeCheck).click();
  await shop.asAdmin('PATCH', `/v1/queues/${concert.queue}`, { rate: 6 });
  await visit.pass(12, 2);
  await button(visit, texts.changeYes).click();
  await told(visit, /Somebody was faster/);
  assert.equal((await settingsOf(concert)).rate, 6);
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  assert.equal((await settingsOf(concert)).rate, 7);
});

visitTest('a date is edited part by part, and none of it is lost or sent before it is whole', LOOK, async (visit) => {
  const { page, texts } = visit;
  // The day that is typed has one digit, and no second one can follow. Else the browser would wait for
  // it for a second.
  const days = await Promise.all(Array.from({ length: 26 }, (_, index) => shop.day(2 + index)));
  const [day, next] = days.flatMap((day, index) => [[days[index - 1], day], [days[index + 1], day]]).find(([day, next]) => /0[4-9]$/.test(next) && day?.slice(0, 7) === next.slice(0, 7));
  const concert = await shop.concert({ queue: { rate: 5, opens_at: `${day}T11:00:00Z` } });
  await visit.operate(`#/queues/${concert.queue}/settings`);
  const date = visit.field(texts.fields.opens_at);
  // The day is the second part.
  await date.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Backspace');
  await visit.field(texts.fields.rate).fill('7');
  assert.equal(await date.evaluate(({ validity }) => validity.badInput), true);
  await button(visit, texts.changeCheck).click();
  await date.evaluate((input) => new Promise((resolve) => (document.activeElement === input ? resolve() : input.addEventListener('focus', resolve))));
  assert.equal(await page.locator('.question').count(), 0);
  await date.blur();
  await date.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type(next.slice(9));
  assert.equal(await date.inputValue(), `${next}T20:00`);
  await button(visit, texts.changeCheck).click();
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  assert.equal((await settingsOf(concert)).opens_at, `${next}T11:00:00Z`);
});

visitTest('a change that is taken back is asked about anew, and one that has become wrong is not sent', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { rate: 5, max_active: 10 } });
  await visit.operate(`#/queues/${concert.queue}/settings`);
  const rate = visit.field(texts.fields.rate);
  await rate.fill('7');
  await button(visit, texts.changeCheck).click();
  await rate.fill('5');
  await page.getByText(texts.changeNone).waitFor();
  await rate.fill('8');
  await button(visit, texts.changeCheck).waitFor();
  assert.equal(await page.locator('.question').count(), 0);

  await button(visit, texts.changeCheck).click();
  await rate.fill('-1');
  await button(visit, texts.changeYes).click();
  await page.waitForFunction(() => document.activeElement?.name === 'rate');
  await visit.settle();
  assert.equal((await settingsOf(concert)).rate, 5);
  await rate.fill('8');
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  assert.equal((await settingsOf(concert)).rate, 8);
});

visitTest('numbers that have stopped are not said to be those of now', { ...LOOK, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await visit.operate(`#/queues/${concert.queue}`);
  await page.locator('#figure-active').waitFor();
  const old = page.getByText(/^Seats and active as of \d/);
  let answer = { status: 503, json: { code: 'BUSY', error: '' } };
  await visit.context.route(/\/v1\/admin\/queues\/./, (route) => (answer ? route.fulfill(answer) : route.fallback()));
  visit.expectError(/503|401/);
  assert.equal(await old.count(), 0);
  await visit.pass(24, 2);
  await old.waitFor();

  // They come at once after the operator has had to log in again.
  answer = { status: 401, json: { code: 'INVALID_TOKEN', error: '' } };
  await visit.until('the page asks for the password', async () => {
    await visit.pass(2);
    return page.getByLabel(texts.password).isVisible();
  });
  answer = undefined;
  await page.getByLabel(texts.email).fill('admin@onsale.local');
  await page.getByLabel(texts.password).fill('onsale-local-only');
  await button(visit, texts.logIn).click();
  await page.locator('#figure-active').waitFor();
  await visit.pass(2);
  await old.waitFor({ state: 'detached' });
});

visitTest('sliders say what they mean before they are in force, and a notice is told in both languages', { ...LOOK, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ capacity: 600, queue: { max_active: 1000, rate: 1 } });
  await shop.crowd(concert, 5);
  await visit.operate(`#/queues/${concert.queue}`);
  await page.locator('#figure-waiting').waitFor();
  const meaning = page.locator('#meaning');
  const before = await meaning.textContent();
  assert.match(before, /60 a minute.*offered by about \d\d:\d\d/);
  // The keyboard moves a slider.
  const slider = page.getByRole('slider', { name: texts.fields.rate });
  await slider.focus();
  for (let press = 0; press < 30; press += 1) await page.keyboard.press('ArrowRight');
  assert.notEqual(await meaning.textContent(), before);
  assert.equal((await settingsOf(concert)).rate, 1);
  const rate = Number(await page.getByRole('spinbutton', { name: texts.fields.rate }).inputValue());
  assert(rate > 1);
  await visit.field(`${texts.fields.notice} (${texts.languageOf.ko})`).fill('10분 늦어집니다.');
  await visit.field(`${texts.fields.notice} (${texts.languageOf.en})`).fill('Ten minutes late.');
  await button(visit, texts.changeCheck).click();
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  assert.equal((await settingsOf(concert)).rate, rate);
  await visit.pass(2);
  assert.deepEqual((await documentOf(concert)).notice, { ko: '10분 늦어집니다.', en: 'Ten minutes late.' });
});

visitTest('two operators set a queue: the second one is told who was faster and when, and loses nothing', LOOK, async (visit) => {
  const { texts } = visit;
  const concert = await shop.concert({ queue: { max_active: 10, rate: 5 } });
  const mina = await shop.operator('Mina Park');
  const other = await Visit.begin(browser, shop, LOOK);
  try {
    await visit.operate(`#/queues/${concert.queue}/settings`);
    await other.operate(`#/queues/${concert.queue}/settings`, mina);
    await visit.field(texts.fields.rate).fill('7');
    await visit.field(texts.fields.tick_seconds).fill('2');
    await button(visit, texts.changeCheck).click();

    await other.field(texts.fields.rate).fill('6');
    await other.field(texts.fields.max_active).fill('11');
    await button(other, texts.changeCheck).click();
    await button(other, texts.changeYes).click();
    await told(other, texts.changed);

    await button(visit, texts.changeYes).click();
    await told(visit, /Mina Park \(.*20\d\d.*\d\d:\d\d\)/);
    assert.equal((await settingsOf(concert)).rate, 6);
    assert.equal(await visit.field(texts.fields.rate).inputValue(), '7');
    assert.equal(await visit.field(texts.fields.max_active).inputValue(), '11');
    const row = visit.page.getByRole('row', { name: texts.fields.rate });
    assert.match((await row.textContent()).replace(/\s+/g, ' '), /6 ?7/);
    await button(visit, texts.changeYes).click();
    await told(visit, texts.changed);
    const { rate, max_active, tick_seconds } = await settingsOf(concert);
    assert.deepEqual([rate, max_active, tick_seconds], [7, 11, 2]);
    await other.requireClean();
  } finally {
    await other.end();
  }
});

visitTest('an answer that was lost is not somebody who was faster', LOOK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { rate: 5 } });
  await visit.operate(`#/queues/${concert.queue}/settings`);
  await visit.field(texts.fields.rate).fill('8');
  await button(visit, texts.changeCheck).click();
  const lost = await visit.loseAnswers('PATCH', new RegExp(`/v1/queues/${concert.queue}$`));
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  assert.equal(lost(), 1);
  visit.expectError(/ERR_CONNECTION|Failed to load/);
  assert.equal((await settingsOf(concert)).rate, 8);
});
