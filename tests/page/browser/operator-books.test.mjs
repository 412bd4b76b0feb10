// Whether a queue is ready, whether the data is right, the money by day, and who has changed what.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp({ WhoCharges: 'admins' });

const PRICE = 55_000;

const audit = () => shop.asAdmin('GET', '/v1/admin/audit');
const admin = async () => (await shop.asAdmin('GET', '/v1/users?email=admin@onsale.local')).users[0];

/** Changes an answer of the service on its way to the page. */
async function alter(visit, path, change) {
  await visit.context.route(path, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    return route.fulfill({ response: answer, json: change(body, route.request()) ?? body });
  });
}

/** A round that has found two violations. */
function broken(round) {
  return {
    ...round,
    violations: 2,
    kinds: { SEAT_SOLD_TWICE: 1, BALANCE_WRONG: 1 },
    examples: [
      { kind: 'SEAT_SOLD_TWICE', table: 'Accounts', concert_id: '019a9e1c-1111-7000-8000-000000000001', show: '2026-12-24', seat_number: 7 },
      { kind: 'BALANCE_WRONG', table: 'Accounts', user_id: '3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11', seq: 2 },
    ],
  };
}

visitTest('the audit runs when it is asked for, and the money of each day adds up', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const { buyer, receipt } = await shop.sell(concert, 1, 2);
  const path = `/v1/concerts/${concert.id}/reservations/${receipt.reservation_id}/refund`;
  await shop.asAdmin('POST', path, { user_id: buyer.user, reason: 'broken', seat_numbers: [2] });
  await shop.asAdmin('POST', `/v1/users/${buyer.user}/balance/corrections`, { amount: -5_000, reason: 'a mistake' });
  await visit.operate('#/books');
  await visit.tap(page.getByRole('button', { name: new RegExp(`^(${texts.bookRun}|${texts.bookGoOn})$`) }));
  await visit.sees(texts.bookRight);
  await page.getByRole('button', { name: texts.bookRun }).waitFor();
  const { state, books } = await audit();
  assert.equal(state, 'OVER');
  assert.equal(books.held, books.days.reduce((sum, day) => sum + day.charged + day.corrected - day.paid + day.refunded, 0));
  const today = books.days.at(-1);
  assert.deepEqual([today.charged, today.corrected, today.paid, today.refunded], [2 * PRICE, -5_000, 2 * PRICE, PRICE]);
  const cells = await page.locator('tbody tr').last().locator('td').allTextContents();
  assert.deepEqual(cells.slice(1), ['₩110,000', '-₩5,000', '₩110,000', '₩55,000']);
  await page.locator('.amount', { hasText: '₩50,000' }).waitFor();

  // What changes after it is in the next one.
  await shop.charge(buyer.user, 1_000);
  await visit.tap(texts.bookRun);
  await page.locator('.amount', { hasText: '₩51,000' }).waitFor();
});

visitTest('a round of several calls shows how far it is, and what it has found is said in words', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  let calls = 0;
  await alter(visit, /\/v1\/admin\/audit$/, (body, request) => {
    if (request.method() === 'GET') return { ...body, state: 'OVER', round: broken(body.round ?? body.last_round), books: { ...body.books, left_out: 3 } };
    calls += 1;
    const round = { ...body.round, is_over: calls === 3, violations: 0 };
    if (calls < 3) delete round.over_at;
    return { ...body, state: calls === 3 ? 'OVER' : 'UNDER_WAY', round };
  });
  await shop.asAdmin('POST', '/v1/admin/audit', {});
  await visit.operate('#/books');
  await visit.sees(texts.bookWrong(2));
  for (const kind of ['SEAT_SOLD_TWICE', 'BALANCE_WRONG']) await visit.sees(texts.violation[kind]);
  await visit.sees(texts.bookEntry(2));
  await visit.sees(texts.bookLeftOut(3));
  await visit.tap(texts.bookRun);
  await visit.sees(texts.bookRight);
  assert.equal(calls, 3);
  // The schedule goes on with what is too much for a request.
  await visit.context.unroute(/\/v1\/admin\/audit$/);
  await alter(visit, /\/v1\/admin\/audit$/, (body) => ({ ...body, state: 'UNDER_WAY', run: { ...body.run, left_to_schedule: true } }));
  await visit.tap(texts.bookRun);
  await visit.sees(texts.bookLeft);
});

visitTest('a queue is ready, or the page says what to do', { language: 'en', width: 1_280, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const now = await shop.now();
  const opens_at = new Date(now + 3_600_000).toISOString();
  const concert = await shop.concert({ queue: { opens_at, claim_seconds: 120 } });
  let round;
  do round = await shop.asAdmin('POST', '/v1/admin/audit', {});
  while (round.state !== 'OVER');
  await visit.operate('#/ready');
  await visit.tap(page.getByRole('link', { name: concert.queue }));
  await page.getByRole('heading', { level: 1, name: texts.readyOf(concert.queue) }).waitFor();
  await visit.sees(texts.readyYes);
  await visit.sees(texts.readyAt('').slice(0, -2));
  await visit.sees(texts.readyGood.own);
  // Nothing is said without a number of people, or while it is checked again.
  await visit.field(texts.readyPeople).fill('');
  await visit.sees(texts.readyNoPeople);
  assert.equal(await page.locator('.verdict').count(), 0);
  await visit.field(texts.readyPeople).fill('10000');
  const release = await visit.keepBack('GET', /^\/v1\/admin\/service$/);
  await page.locator('#do-people').click();
  await page.locator('.loading').waitFor();
  assert.equal(await page.locator('.verdict').count(), 0);
  release();
  await visit.sees(texts.readyYes);
  await visit.sees(texts.readyLocal);

  await shop.change(concert.queue, { state: 'PAUSED', claim_seconds: 60 });
  const [date] = concert.dates;
  await shop.asAdmin('PATCH', `/v1/concerts/${concert.id}`, { shows: [{ date, price: 0, opens_at: new Date(now + 7_200_000).toISOString() }] });
  await visit.tap(texts.readyAgain);
  await visit.sees(texts.readyBad.state(texts.stateOf.PAUSED));
  await visit.sees(texts.readyBad.claim('1 minute'));
  const show = new Intl.DateTimeFormat('en', { timeZone: 'UTC', year: 'numeric', month: 'long', day: 'numeric', weekday: 'short' }).format(Date.parse(date));
  await visit.sees(texts.readyBad.prices(show));
  await visit.sees(texts.readyBad.sales(show));
  await visit.sees(texts.readyWrong(4));
  // What is to do is first, and says where.
  const kinds = await page.locator('.checks li').evaluateAll((all) => all.map(({ className }) => className));
  assert.deepEqual(kinds, ['bad', 'bad', 'bad', 'bad', ...kinds.slice(4).filter((kind) => kind !== 'bad')]);
  assert.equal(await page.locator('.checks .bad', { hasText: texts.readyBad.state(texts.stateOf.PAUSED) }).getByRole('link').getAttribute('href'), `#/queues/${concert.queue}/settings`);

  // main is no queue of its own. What it sells is not listed with it, and an opening would hold back all
  // of that.
  await visit.open('/operator#/ready/main');
  await visit.sees(texts.readyBad.own);
  for (const text of [texts.readyBad.opens, texts.readyBad.sells, texts.readyGood.sales, texts.readyGood.prices]) assert.equal(await page.getByText(text).count(), 0);
  await visit.open('/operator#/ready/not-there');
  await visit.sees('There is no such line.');
});

visitTest('what operators have changed is told, with names, values and reasons', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const { name } = await admin();
  const concert = await shop.concert({ name: 'Winter', price: PRICE });
  const other = await shop.concert({ name: 'Summer' });
  await shop.change(concert.queue, { max_active: 7, state: 'PAUSED' });
  await shop.asAdmin('PATCH', `/v1/concerts/${concert.id}`, { shows: [{ date: concert.dates[0], price: 60_000 }] });
  await shop.change(concert.queue, { state: 'OPEN' });
  const { buyer, receipt } = await shop.sell(concert, 3);
  await shop.asAdmin('POST', `/v1/concerts/${concert.id}/reservations/${receipt.reservation_id}/refund`, { user_id: buyer.user, reason: 'seat broken' });
  await shop.asAdmin('POST', `/v1/users/${buyer.user}/balance/corrections`, { amount: -5_000, reason: 'paid twice' });

  await visit.operate('#/changes');
  const entries = page.locator('.orders > li');
  const [correction, refund] = [entries.nth(0), entries.nth(1)];
  await correction.getByText(texts.logKind.CORRECTION).waitFor();
  await correction.getByText(texts.logReason('paid twice')).waitFor();
  await correction.getByText('-₩5,000').waitFor();
  await correction.getByText(name).waitFor();
  await refund.getByText(texts.logReason('seat broken')).waitFor();
  await refund.getByText('₩60,000').first().waitFor();

  // Every field has a name for people.
  for (const field of await page.locator('.orders dt').allTextContents()) assert.match(field.split(' · ').at(-1), /^[A-Z][a-z ]/);

  // Of one queue.
  await page.locator('select[name=queue_id]').selectOption(concert.queue);
  const change = entries.filter({ hasText: '→' });
  await change.nth(1).locator('del', { hasText: '100' }).waitFor();
  assert.match((await change.nth(1).textContent()).replace(/\s+/g, ' '), /100 → 7/);
  assert.equal(await entries.filter({ hasText: other.queue }).count(), 0);
  // Of one concert, and of one kind.
  await page.locator('select[name=queue_id]').selectOption('');
  await page.locator('select[name=concert_id]').selectOption(concert.id);
  await page.locator('select[name=kind]').selectOption('CONCERT_CHANGED');
  await visit.until('there is one', async () => (await entries.count()) === 1);
  assert.match((await entries.first().textContent()).replace(/\s+/g, ' '), /₩55,000 → ₩60,000/);
  await page.locator('select[name=kind]').selectOption('USER_DELETED');
  await visit.sees(texts.logNone);

  // To the buyer, whose id is not in the address.
  await page.locator('select[name=kind]').selectOption('REFUND');
  await visit.tap(page.getByRole('button', { name: texts.deskPerson }));
  await page.getByRole('heading', { level: 2, name: 'Mina' }).waitFor();
  assert(!page.url().includes(buyer.user));
});

visitTest('everybody can read the books, the changes, and whether a queue is ready', {}, async (visit) => {
  const concert = await shop.concert({ queue: { claim_seconds: 60 } });
  const { buyer, receipt } = await shop.sell(concert, 1, 2);
  await shop.asAdmin('POST', `/v1/concerts/${concert.id}/reservations/${receipt.reservation_id}/refund`, { user_id: buyer.user, reason: '좌석 고장', seat_numbers: [2] });
  await shop.asAdmin('POST', '/v1/admin/audit', {});
  await alter(visit, /\/v1\/admin\/audit$/, (body) => ({ ...body, state: 'OVER', round: broken(body.last_round ?? body.round) }));
  await alter(visit, /\/v1\/admin\/service$/, (body) => ({ ...body, is_local: false }));
  await visit.operate('#/books');
  await visit.sees(visit.texts.bookWrong(2));
  await visit.requireAccessibleInEachLook('desk-books');
  await visit.open('/operator#/ready');
  await visit.page.getByRole('link', { name: concert.queue }).waitFor();
  await visit.requireAccessibleInEachLook('desk-ready-choose');
  await visit.open(`/operator#/ready/${concert.queue}`);
  await visit.page.locator('.checks').waitFor();
  await visit.requireAccessibleInEachLook('desk-ready');
  await visit.open('/operator#/changes');
  await visit.page.locator('.orders > li').first().waitFor();
  await visit.requireAccessibleInEachLook('desk-changes');
});
