// What operators do with concerts and plans of halls.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Visit, setUp } from '../harness/browser.mjs';
import { note } from '../harness/figures.mjs';

const { shop, browser, visitTest } = await setUp();

const LOOK = { language: 'en', width: 1280 };

/** A person is said to need so long for a key, for a click, and to think before each, in seconds (Card, Moran and Newell). */
const [KEY, CLICK, THINK] = [0.28, 1.3, 1.35];

const theatre = JSON.parse(readFileSync(new URL('../../../shared/plans/theatre.json', import.meta.url), 'utf8'));


const button = (visit, name) => visit.page.getByRole('button', { name, exact: true });

const told = (visit, text) => visit.page.locator('.message').getByText(text).waitFor();

const listed = async (name) => (await shop.call('GET', `/v1/concerts?limit=100&name=${encodeURIComponent(name)}`)).concerts;

const read = (id) => shop.call('GET', `/v1/concerts/${id}?at=${Math.random()}`);

/** The id of the concert on the screen. */
const shownId = (visit) => new URL(visit.page.url()).hash.split('/')[2];

visitTest('an operator comes from the log-in to a concert with its own queue', LOOK, async (visit) => {
  const { page, texts } = visit;
  const spent = { clicks: 0, fields: 0, seconds: 0 };
  const [day, opening] = [await shop.day(24), await shop.day(10)];
  const queue = `spring-encore-${day.replaceAll('-', '').slice(2)}`;
  const click = async (target) => {
    spent.clicks += 1;
    spent.seconds += THINK + CLICK;
    await target.click();
  };
  const type = async (label, text, keys = text.length) => {
    spent.fields += 1;
    spent.seconds += THINK + CLICK + keys * KEY;
    await visit.field(label).fill(text);
  };
  await visit.open('/operator');
  await type(texts.email, 'admin@onsale.local');
  await type(texts.password, 'onsale-local-only');
  await click(button(visit, texts.logIn));
  await click(page.getByRole('link', { name: texts.concertNew }));
  await type(texts.fields.name, 'Spring Encore');
  await type(texts.fields.date, day);
  await type(texts.fields.price, '50000');
  await type(texts.fields.capacity, '200');
  const opens = page.getByRole('group', { name: texts.queue }).getByLabel(texts.fields.opens_at);
  spent.fields += 1;
  spent.seconds += THINK + CLICK + 12 * KEY;
  await opens.fill(`${opening}T20:00`);
  await click(button(visit, texts.createBoth));
  await visit.isAt('Spring Encore');
  await told(visit, texts.created(queue));

  note('operator: clicks from log-in to a concert with its queue', spent.clicks, { most: 5 });
  note('operator: fields from log-in to a concert with its queue', spent.fields);
  note('operator: from log-in to a concert with its queue, for a person', spent.seconds, { most: 180, unit: 's' });
  assert(spent.seconds <= 180);

  const concert = await read(shownId(visit));
  assert.equal(concert.queue_id, queue);
  assert.deepEqual(concert.shows.map(({ show, price, capacity }) => [show, price, capacity]), [[day, 50_000, 200]]);
  const settings = await shop.asAdmin('GET', `/v1/queues/${queue}/settings`);
  assert.equal(settings.opens_at, `${opening}T11:00:00Z`);
  assert.equal(settings.max_active, 1000);
  await button(visit, texts.changeCheck).waitFor();
  await page.getByText(texts.changeNone).waitFor();
});

visitTest('all that a concert can have is made in one go', LOOK, async (visit) => {
  const { page, texts } = visit;
  const { plan_id } = await shop.asAdmin('POST', '/v1/plans', theatre);
  const [day, opening] = [await shop.day(24), await shop.day(20)];
  await visit.operate('#/concerts/new');
  const { fields } = texts;
  await visit.field(fields.name).fill('Everything');
  await page.getByText(texts.moreAbout).click();
  await visit.field(`${fields.venue} (${texts.languageOf.ko})`).first().fill('올림픽홀');
  await visit.field(`${fields.venue} (${texts.languageOf.en})`).first().fill('Olympic Hall');
  await visit.field(`${fields.description} (${texts.languageOf.ko})`).fill('첫 줄\n둘째 줄');
  await visit.field(fields.age_limit).fill('12');
  await visit.field(fields.most_seats_a_person).fill('4');
  const first = page.getByRole('group', { name: texts.showNumber(1), exact: true });
  await visit.field(fields.date, first).fill(day);
  await visit.field(texts.start, first).fill('14:00');
  await visit.field(fields.plan_id, first).selectOption(plan_id);
  for (const [index, grade] of theatre.grades.entries()) await visit.field(texts.priceOf(grade), first).fill(`${90_000 - 10_000 * index}`);
  await first.getByText(texts.moreOfShow).click();
  await visit.field(fields.sale_opens_at, first).fill(`${opening}T20:00`);
  await visit.field(fields.closes_at, first).fill(`${day}T12:00`);
  await visit.field(fields.doors_at, first).fill('13:00');
  // The next show begins as the last one, but for its day.
  await button(visit, texts.showAdd).click();
  const second = page.getByRole('group', { name: texts.showNumber(2), exact: true });
  await visit.field(fields.date, second).fill(day);
  await visit.field(texts.start, second).fill('19:30');
  await visit.field(texts.priceOf('VIP'), second).fill('120000');
  await second.getByText(texts.moreOfShow).click();
  await visit.field(fields.doors_at, second).fill('18:30');
  await button(visit, texts.showAdd).click();
  await page.getByRole('group', { name: texts.showNumber(3), exact: true }).getByRole('button', { name: texts.showRemove }).click();
  const queue = page.getByRole('group', { name: texts.queue, exact: true });
  await visit.field(texts.queueId, queue).fill('everything');
  await button(visit, texts.createBoth).click();
  await visit.isAt('Everything');

  const concert = await read(shownId(visit));
  assert.deepEqual(concert.venue, { ko: '올림픽홀', en: 'Olympic Hall' });
  assert.deepEqual(concert.description, { ko: '첫 줄\n둘째 줄' });
  assert.equal(concert.age_limit, 12);
  assert.equal(concert.most_seats_a_person, 4);
  assert.deepEqual(concert.shows.map(({ show, capacity, doors_at, opens_at, prices }) => [show, capacity, doors_at, opens_at, prices.VIP, prices.A]), [
    [`${day}T14:00`, 1220, '13:00', `${opening}T11:00:00Z`, 90_000, 60_000],
    [`${day}T19:30`, 1220, '18:30', `${opening}T11:00:00Z`, 120_000, 60_000],
  ]);
  assert.equal(concert.queue_id, 'everything');
  assert.equal((await shop.asAdmin('GET', '/v1/queues/everything/settings')).state, 'OPEN');
});

visitTest('a show with a plan is sent only when its grades are known', LOOK, async (visit) => {
  const { page, texts } = visit;
  const { plan_id } = await shop.asAdmin('POST', '/v1/plans', { ...theatre, name: 'Late theatre' });
  // Its sale is not open yet. Seats of a sale keep their plan.
  const opens_at = new Date((await shop.now()) + 7_200_000).toISOString().replace(/\.\d+/, '');
  const { concert_id: id } = await shop.asAdmin('POST', '/v1/concerts', { name: 'Gets a plan', shows: [{ date: await shop.day(60), price: 1000, capacity: 10, opens_at }] });
  await visit.operate(`#/concerts/${id}`);
  await visit.isAt('Gets a plan');
  let isFaulty = true;
  await visit.context.route(`**/v1/plans/${plan_id}`, (route) => (isFaulty ? route.fulfill({ status: 403, json: { code: 'FORBIDDEN', error: '' } }) : route.fallback()));
  visit.expectError(/403/);
  await visit.field(texts.fields.plan_id).selectOption(plan_id);
  await button(visit, texts.changeCheck).waitFor({ state: 'detached' });
  isFaulty = false;
  for (const grade of theatre.grades) await visit.field(texts.priceOf(grade)).fill('1000');
  await button(visit, texts.changeCheck).click();
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  const { shows } = await read(id);
  assert.deepEqual(shows[0].prices, Object.fromEntries(theatre.grades.map((grade) => [grade, 1000])));
});

visitTest('a concert whose answer is lost is made once, also after a reload', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/concerts/new');
  const fill = async () => {
    await visit.field(texts.fields.name).fill('Once');
    await visit.field(texts.fields.date).fill(await shop.day(25));
    await visit.field(texts.fields.price).fill('1000');
    await visit.field(texts.fields.capacity).fill('10');
  };
  await fill();
  const lost = await visit.loseAnswers('POST', /^\/v1\/concerts$/, 4);
  await button(visit, texts.createBoth).click();
  await visit.until('all answers are lost', () => lost() === 4);
  await page.locator('.message.bad').waitFor();
  visit.expectError(/ERR_CONNECTION|Failed to load/);
  assert.equal((await listed('Once')).length, 1);

  await page.reload();
  await visit.isAt(texts.concertNew);
  assert.equal(await visit.field(texts.fields.name).inputValue(), 'Once');
  await button(visit, texts.createBoth).click();
  await visit.isAt('Once');
  assert.equal((await listed('Once')).length, 1);

  // The next one is another one, although it is the same.
  await page.goto('/operator#/concerts/new');
  await visit.isAt(texts.concertNew);
  await fill();
  await visit.field(texts.queueId).fill('once-more');
  await button(visit, texts.createBoth).click();
  await visit.isAt('Once');
  assert.equal((await listed('Once')).length, 2);
});

visitTest('a concert that is changed after its answer was lost is not made a second time unasked', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/concerts/new');
  await visit.field(texts.fields.name).fill('Edited');
  await visit.field(texts.fields.date).fill(await shop.day(25));
  await visit.field(texts.fields.price).fill('1000');
  await visit.field(texts.fields.capacity).fill('10');
  await visit.loseAnswers('POST', /^\/v1\/concerts$/, 4);
  await button(visit, texts.createBoth).click();
  await page.locator('.message.bad').waitFor();
  visit.expectError(/ERR_CONNECTION|Failed to load/);

  await visit.field(texts.fields.capacity).fill('20');
  await button(visit, texts.createBoth).click();
  await told(visit, texts.concertMade);
  assert.equal((await listed('Edited')).length, 1);
  // It was said. So now another one is meant.
  await button(visit, texts.createBoth).click();
  await visit.isAt('Edited');
  assert.deepEqual((await listed('Edited')).map(({ max_capacity }) => max_capacity).sort(), [10, 20]);
});

visitTest('a queue that is there already is not set by a new concert', LOOK, async (visit) => {
  const { page, texts } = visit;
  await shop.queue('theirs', { max_active: 77 });
  await visit.operate('#/concerts/new');
  await visit.field(texts.fields.name).fill('Mine');
  await visit.field(texts.fields.date).fill(await shop.day(25));
  await visit.field(texts.fields.price).fill('1000');
  await visit.field(texts.fields.capacity).fill('10');
  await visit.field(texts.queueId).fill('theirs');
  await button(visit, texts.createBoth).click();
  await told(visit, texts.queueExists('theirs'));
  assert.equal((await listed('Mine')).length, 0);
  assert.equal((await shop.asAdmin('GET', '/v1/queues/theirs/settings')).max_active, 77);

  // They may choose it.
  await visit.field(texts.queueOwn).uncheck();
  await page.getByRole('group', { name: texts.queue, exact: true }).getByRole('combobox').selectOption('theirs');
  await button(visit, texts.create).click();
  await visit.isAt('Mine');
  assert.equal((await listed('Mine')).length, 1);
  assert.equal((await shop.asAdmin('GET', '/v1/queues/theirs/settings')).max_active, 77);
});

visitTest('a queue that opens after its show is not made', LOOK, async (visit) => {
  const { page, texts } = visit;
  const [day, next] = [await shop.day(20), await shop.day(21)];
  await visit.operate('#/concerts/new');
  await visit.field(texts.fields.name).fill('Too late');
  await visit.field(texts.fields.date).fill(day);
  await visit.field(texts.fields.price).fill('1000');
  await visit.field(texts.fields.capacity).fill('10');
  await visit.field(texts.queueId).fill('too-late');
  const opens = page.getByRole('group', { name: texts.queue, exact: true }).getByLabel(texts.fields.opens_at);
  await opens.fill(`${next}T00:30`);
  await button(visit, texts.createBoth).click();
  await told(visit, /would open after the show is over/);
  assert.equal((await listed('Too late')).length, 0);
  await assert.rejects(shop.asAdmin('GET', '/v1/queues/too-late/settings'), { code: 'QUEUE_NOT_FOUND' });
  // Neither the past, nor more than 28 days.
  for (const wrong of [`${await shop.day(-1)}T20:00`, `${await shop.day(30)}T20:00`]) {
    await opens.fill(wrong);
    assert.equal(await opens.evaluate((input) => input.validity.valid), false);
  }
  await opens.fill(`${day}T23:30`);
  await button(visit, texts.createBoth).click();
  await visit.isAt('Too late');
});

visitTest('what the service refuses is said, and stays typed', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/concerts/new');
  await visit.field(texts.fields.name).fill('Twice a day');
  for (const index of [1, 2]) {
    const show = page.getByRole('group', { name: texts.showNumber(index), exact: true });
    await visit.field(texts.fields.date, show).fill(await shop.day(25));
    await visit.field(texts.start, show).fill(index === 1 ? '14:00' : '');
    await visit.field(texts.fields.price, show).fill('1000');
    await visit.field(texts.fields.capacity, show).fill('10');
    if (index === 1) await button(visit, texts.showAdd).click();
  }
  await button(visit, texts.createBoth).click();
  await told(visit, /each/);
  assert.equal((await listed('Twice')).length, 0);
  assert.equal(await visit.field(texts.fields.name).inputValue(), 'Twice a day');
});

visitTest('a change shows the old value beside the new one, and asks once', LOOK, async (visit) => {
  const { page, texts } = visit;
  const { id, dates } = await shop.concert({ name: 'Before', capacity: 50, shows: 2 });
  await visit.operate(`#/concerts/${id}`);
  await visit.isAt('Before');
  await visit.field(texts.fields.name).fill('After');
  await visit.field(texts.fields.capacity).nth(1).fill('80');
  await button(visit, texts.changeCheck).click();
  const rows = page.getByRole('region', { name: texts.changeSure }).getByRole('row');
  await rows.nth(2).waitFor();
  assert.deepEqual(await rows.allTextContents().then((all) => all.map((row) => row.replace(/\s+/g, ' ').trim())).then((all) => all.slice(1).map((row) => /Before.*After|50.*80/.test(row))), [true, true]);
  assert.equal((await read(id)).name, 'Before');
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  await visit.isAt('After');
  const { name, shows } = await read(id);
  assert.deepEqual([name, ...shows.map(({ capacity }) => capacity)], ['After', 50, 80]);

  // A show is added in the same way.
  await button(visit, texts.showAdd).click();
  const day = await shop.day(91);
  const added = page.getByRole('group', { name: texts.showNew, exact: true });
  await visit.field(texts.fields.date, added).fill(day);
  await button(visit, texts.changeCheck).click();
  await button(visit, texts.changeYes).click();
  await told(visit, texts.changed);
  await page.getByText(texts.changeNone).waitFor();
  assert.deepEqual((await read(id)).shows.map(({ show }) => show), [...dates, day]);
});

visitTest('a show that is there is not changed by adding it once more', LOOK, async (visit) => {
  const { page, texts } = visit;
  const { id, dates } = await shop.concert({ name: 'Once', price: 1000 });
  await visit.operate(`#/concerts/${id}`);
  await visit.isAt('Once');
  await button(visit, texts.showAdd).click();
  const added = page.getByRole('group', { name: texts.showNew, exact: true });
  await visit.field(texts.fields.date, added).fill(dates[0]);
  await visit.field(texts.fields.price, added).fill('5555');
  await button(visit, texts.changeCheck).click();
  await button(visit, texts.changeYes).click();
  await told(visit, /There is a show already/);
  // The message is in the window, although the form is longer.
  const box = await page.locator('.message.bad').boundingBox();
  assert(box.y >= 0 && box.y + box.height <= page.viewportSize().height, `at ${box.y}`);
  assert.deepEqual((await read(id)).shows.map(({ show, price }) => [show, price]), [[dates[0], 1000]]);
});

visitTest('times that sell nothing are not taken', LOOK, async (visit) => {
  const { page, texts } = visit;
  const opens = new Date((await shop.now()) + 86_400_000 * 3).toISOString();
  const { id, dates } = await shop.concert({ name: 'Timed', queue: { opens_at: opens } });
  await visit.operate(`#/concerts/${id}`);
  await visit.isAt('Timed');
  const show = page.getByRole('group').filter({ has: visit.field(texts.fields.price) }).first();
  await show.getByText(texts.moreOfShow).click();
  const send = async () => {
    await button(visit, texts.changeCheck).click();
    await button(visit, texts.changeYes).click();
  };
  await visit.field(texts.fields.sale_opens_at, show).fill(`${await shop.day(80)}T10:00`);
  await send();
  await told(visit, /would open after the show has begun/);
  await visit.field(texts.fields.sale_opens_at, show).fill('');
  await visit.field(texts.fields.closes_at, show).fill(`${await shop.day(1)}T10:00`);
  await send();
  await told(visit, /would close before the queue opens/);
  await visit.field(texts.fields.closes_at, show).fill('');
  await page.getByText(texts.changeNone).waitFor();
  await button(visit, texts.showAdd).click();
  await visit.field(texts.fields.date, page.getByRole('group', { name: texts.showNew, exact: true })).fill(await shop.day(2));
  await send();
  await told(visit, /would open after the show is over/);
  assert.deepEqual((await read(id)).shows.map(({ show, opens_at, closes_at }) => [show, opens_at, closes_at]), [[dates[0], undefined, undefined]]);
});

visitTest('a plan that is chosen and taken back leaves the price', LOOK, async (visit) => {
  const { page, texts } = visit;
  const { plan_id } = await shop.asAdmin('POST', '/v1/plans', { ...theatre, name: 'Taken back' });
  const opens_at = new Date((await shop.now()) + 7_200_000).toISOString();
  const { id } = await shop.concert({ name: 'Plain', price: 1000, capacity: 30, show: { opens_at } });
  await visit.operate(`#/concerts/${id}`);
  await visit.isAt('Plain');
  await visit.field(texts.fields.plan_id).selectOption(plan_id);
  await visit.field(texts.priceOf('VIP')).waitFor();
  await visit.field(texts.fields.plan_id).selectOption('');
  assert.equal(await visit.field(texts.fields.price).inputValue(), '1000');
  assert.equal(await visit.field(texts.fields.capacity).inputValue(), '30');
  await page.getByText(texts.changeNone).waitFor();
});

visitTest('a concert that is refused leaves one queue, which it gets in the end', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/concerts/new');
  await visit.field(texts.fields.name).fill('Dear');
  await visit.field(texts.fields.date).fill(await shop.day(30));
  await visit.field(texts.fields.price).fill('1000000000000000');
  await visit.field(texts.fields.capacity).fill('10');
  await button(visit, texts.createBoth).click();
  await page.locator('.message.bad').waitFor();
  await visit.field(texts.fields.name).fill('Cheap');
  await visit.field(texts.fields.price).fill('1000');
  await button(visit, texts.createBoth).click();
  await visit.isAt('Cheap');
  const { queues } = await shop.asAdmin('GET', '/v1/admin/queues?limit=100');
  const made = queues.filter(({ queue_id }) => /^(dear|cheap)-/.test(queue_id));
  assert.deepEqual(made.map(({ concerts }) => concerts.map(({ name }) => name)), [['Cheap']]);
});

visitTest('a date that has the focus when its screen goes breaks nothing', LOOK, async (visit) => {
  const { page, texts } = visit;
  await visit.operate('#/concerts');
  await page.goto('/operator#/concerts/new');
  await visit.field(texts.fields.name).fill('Left');
  await visit.field(texts.fields.date).focus();
  await page.goBack();
  await visit.isAt(texts.concerts);
  await visit.settle();
});

visitTest('a sale is closed and a show is deleted in two steps', LOOK, async (visit) => {
  const { page, texts } = visit;
  const { id, dates } = await shop.concert({ name: 'Two shows', shows: 2 });
  await visit.operate(`#/concerts/${id}`);
  await visit.isAt('Two shows');
  await button(visit, texts.saleClose).first().click();
  const yes = page.locator('.question').getByRole('button', { name: texts.saleClose, exact: true });
  await yes.waitFor();
  assert.equal((await read(id)).shows[0].closes_at, undefined);
  await yes.click();
  await told(visit, /closed/);
  assert(Date.parse((await read(id)).shows[0].closes_at) <= (await shop.now()));

  await button(visit, texts.showDelete).first().click();
  await button(visit, texts.cancel).click();
  assert.equal((await read(id)).shows.length, 2);
  await button(visit, texts.showDelete).first().click();
  await page.locator('.question').getByRole('button', { name: texts.showDelete }).click();
  await told(visit, /Deleted/);
  assert.deepEqual((await read(id)).shows.map(({ show }) => show), [dates[1]]);

  // What is sold cannot be deleted.
  const sold = { id, dates: [dates[1]] };
  await shop.sell(sold, 1);
  await button(visit, texts.concertDelete).click();
  await page.locator('.question').getByRole('button', { name: texts.concertDelete }).click();
  await page.locator('.message.bad').waitFor();
  assert.equal((await read(id)).shows.length, 1);
});

visitTest('a concert without orders is deleted', LOOK, async (visit) => {
  const { page, texts } = visit;
  const { id } = await shop.concert({ name: 'Gone' });
  await visit.operate(`#/concerts/${id}`);
  await visit.isAt('Gone');
  await button(visit, texts.concertDelete).click();
  await page.locator('.question').getByRole('button', { name: texts.concertDelete }).click();
  await visit.isAt(texts.concerts);
  await told(visit, texts.concertDeleted('Gone'));
  await assert.rejects(read(id), { code: 'CONCERT_NOT_FOUND' });
});

visitTest('concerts are found by their beginning, past ones too', LOOK, async (visit) => {
  const { page, texts } = visit;
  const past = await shop.asAdmin('POST', '/v1/concerts', { name: 'Zebra of old', shows: [{ date: '2020-01-01', price: 1 }] });
  await shop.concert({ name: 'Zebra to come' });
  await visit.operate('#/concerts');
  await visit.field(texts.nameBegins).fill('zebra');
  await button(visit, texts.find).click();
  await page.getByRole('link', { name: 'Zebra to come' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Zebra of old' }).count(), 0);
  await visit.field(texts.pastToo).check();
  await button(visit, texts.find).click();
  await page.getByRole('link', { name: 'Zebra of old' }).click();
  await visit.isAt('Zebra of old');
  assert.equal(shownId(visit), past.concert_id);
  await page.goto('/operator#/concerts/none');
  await page.locator('.message.bad').waitFor();
});

visitTest('a list that is late does not replace what was looked for', LOOK, async (visit) => {
  const { page, texts } = visit;
  await shop.concert({ name: 'Late one' });
  await shop.concert({ name: 'Sought one' });
  let release = () => {};
  const released = new Promise((resolve) => (release = resolve));
  let isLate;
  await visit.context.route(({ pathname, searchParams }) => pathname === '/v1/concerts' && searchParams.get('name') === '', async (route) => {
    const response = await route.fetch();
    await released;
    await route.fulfill({ response });
    isLate = true;
  });
  await visit.open('/operator#/concerts');
  await page.getByLabel(texts.email).fill('admin@onsale.local');
  await page.getByLabel(texts.password).fill('onsale-local-only');
  await button(visit, texts.logIn).click();
  await visit.field(texts.nameBegins).fill('sought');
  await button(visit, texts.find).click();
  await page.getByRole('link', { name: 'Sought one' }).waitFor();
  release();
  await visit.until('the late list has come', () => isLate);
  await visit.settle();
  assert.equal(await page.getByRole('link', { name: 'Late one' }).count(), 0);
});

visitTest('two operators change a concert: the second one is told who was faster, and loses nothing', LOOK, async (visit) => {
  const { texts } = visit;
  const { id } = await shop.concert({ name: 'Contested', fields: { age_limit: 7 } });
  const mina = await shop.operator('Mina Park');
  const other = await Visit.begin(browser, shop, LOOK);
  try {
    await visit.operate(`#/concerts/${id}`);
    await other.operate(`#/concerts/${id}`, mina);
    for (const one of [visit, other]) {
      await one.isAt('Contested');
      await one.page.getByText(texts.moreAbout).click();
    }
    await visit.field(texts.fields.age_limit).fill('15');
    await button(visit, texts.changeCheck).click();

    await other.field(texts.fields.age_limit).fill('12');
    await other.field(texts.fields.name).fill('Contested by Mina');
    await button(other, texts.changeCheck).click();
    await button(other, texts.changeYes).click();
    await told(other, texts.changed);

    await button(visit, texts.changeYes).click();
    await told(visit, /Mina Park/);
    // Their own change is there, beside the value of the other one, whose other change is there too.
    await visit.isAt('Contested by Mina');
    const row = visit.page.getByRole('row', { name: texts.fields.age_limit });
    assert.match((await row.textContent()).replace(/\s+/g, ' '), /12 ?15/);
    assert.equal((await read(id)).age_limit, 12);
    await button(visit, texts.changeYes).click();
    await told(visit, texts.changed);
    const { name, age_limit } = await read(id);
    assert.deepEqual([name, age_limit], ['Contested by Mina', 15]);
    await other.requireClean();
  } finally {
    await other.end();
  }
});
