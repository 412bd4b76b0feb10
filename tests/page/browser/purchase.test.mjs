// Whole purchases: in both languages, with taps, with a mouse and with the keyboard only.

import { readFileSync } from 'node:fs';
import { before } from 'node:test';
import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';
import { note } from '../harness/figures.mjs';

const { shop, visitTest } = await setUp();

const PLAN = readFileSync(new URL('../../../shared/plans/theatre.json', import.meta.url), 'utf8');

/** What the grades of the theatre cost. */
const PRICES = { VIP: 150_000, R: 110_000, S: 80_000, A: 50_000 };

let theatre;

before(async () => {
  theatre = (await shop.asAdmin('POST', '/v1/plans', JSON.parse(PLAN))).plan_id;
});

/** A concert with numbers for seats, one show, and a line in which people wait for each other. */
function numbered() {
  return shop.concert({ queue: { max_active: 1 } });
}

/** A concert in the theatre, twice on one day, and a line in which people wait for each other. */
async function inTheatre(queue = { max_active: 1 }) {
  const day = new Date((await shop.now()) + 60 * 86_400_000).toISOString().slice(0, 10);
  const show = { price: undefined, capacity: undefined, plan_id: theatre, prices: PRICES };
  const shows = ['14:00', '19:30'].map((start) => ({ ...show, date: `${day}T${start}` }));
  const concert = await shop.concert({ name: '극장의 밤', fields: { shows }, queue });
  return { ...concert, dates: shows.map(({ date }) => date) };
}

/**
 * Goes from the list of concerts into the line, waits while it moves, and stops at the turn.
 *
 * @param {import('../harness/browser.mjs').Visit} visit The visit.
 * @param {{id: string, name: string}} concert The concert.
 */
async function waitForTheTurn(visit, concert) {
  const { page, texts } = visit;
  const [first, second] = await shop.crowd(concert, 2);
  await shop.arrive(concert, first);
  await visit.open('/');
  await visit.use(page.locator(`a[href="/c/${concert.id}"]`));
  const name = page.getByRole('textbox', { name: texts.yourName });
  await (visit.isByKeyboard ? visit.reach(name) : visit.tap(name));
  await page.keyboard.type('Kim Mina');
  await visit.use(texts.join);
  const place = page.locator('#place');
  await visit.until('the place is shown', async () => (await place.textContent()) === '2');
  // Somebody who has just touched the page would be let in without a tap.
  await visit.sleep(31);
  await shop.leave(first);
  await visit.sleepUntil('the line moves', async () => (await place.textContent()) === '1');
  await shop.leave(second);
  await visit.sleepUntil('the turn comes', () => place.isHidden());
  await page.getByRole('heading', { name: texts.turnTitle }).waitFor();
}

/**
 * Tops up, pays, reads the receipt, refunds one of two seats and then the other. The service has to
 * agree with every screen.
 *
 * @param {import('../harness/browser.mjs').Visit} visit The visit.
 * @param {{id: string, name: string}} concert The concert.
 * @param {{prices: number[], money: (amount: number) => string}} paid What two seats cost, and how
 *   money is written.
 */
async function payAndRefund(visit, concert, { prices, money }) {
  const { page, texts } = visit;
  const sum = prices[0] + prices[1];
  await page.getByRole('heading', { name: texts.holdTitle }).waitFor();
  await visit.use(texts.topUp(money(sum)));
  await visit.use(texts.pay(money(sum)));
  await page.getByRole('heading', { name: texts.paidTitle }).waitFor();
  const taps = visit.taps;
  await visit.sees(money(sum));
  const { user } = await visit.kept();
  assert.equal(user.name, 'Kim Mina');
  const [payment, ...others] = await payments(user);
  assert.equal(others.length, 0);
  assert.deepEqual(payment.seats.map(({ price }) => price), prices);
  assert.equal(await balance(user), 0);

  await visit.use(page.getByRole('link', { name: texts.seeTickets }));
  await page.getByRole('heading', { name: texts.ticketOf('Kim Mina') }).waitFor();
  await visit.use(page.getByRole('button', { name: texts.refund, exact: true }));
  await visit.use(page.getByRole('checkbox').nth(1), 'Space');
  await visit.use(texts.refundGo(money(prices[0])));
  await visit.sees(texts.refundDone(money(prices[0])));
  await visit.sees(texts.partRefunded);
  assert.equal(await balance(user), prices[0]);
  await visit.use(page.getByRole('button', { name: texts.refund, exact: true }));
  assert.equal(await page.getByRole('checkbox').count(), 1);
  await visit.use(texts.refundGo(money(prices[1])));
  await visit.sees(texts.refundDone(money(sum)));
  await visit.sees(texts.status.REFUNDED);
  assert.equal(await page.getByRole('button', { name: texts.refund, exact: true }).count(), 0);

  await visit.use(page.getByText(texts.statement).and(page.locator('summary')));
  const rows = page.getByRole('table').getByRole('row');
  await visit.until('the statement is there', async () => (await rows.count()) === 5);
  const shown = await rows.evaluateAll((all) => all.slice(1).map((row) => row.textContent));
  const { REFUND, PAYMENT, CHARGE } = texts.entry;
  const entries = [
    [REFUND, `+${money(prices[1])}`, money(sum)],
    [REFUND, `+${money(prices[0])}`, money(prices[0])],
    [PAYMENT, `−${money(sum)}`, money(0)],
    [CHARGE, `+${money(sum)}`, money(sum)],
  ];
  for (const [index, [kind, amount, after]] of entries.entries()) {
    const row = shown[index].trim();
    assert(row.includes(kind) && row.includes(amount) && row.endsWith(after), `${row}: ${kind} ${amount} ${after}`);
  }
  const [refunded] = await payments(user);
  assert.equal(refunded.status, 'REFUNDED');
  return taps;
}

/** What a user has paid. */
async function payments({ id, token }) {
  return (await shop.call('GET', `/v1/users/${id}/payments`, { token })).payments;
}

/** What a user has. */
async function balance({ id, token }) {
  return (await shop.call('GET', `/v1/users/${id}/balance`, { token })).current_balance;
}

const won = (amount) => `${amount.toLocaleString('en')}원`;
const wonInEnglish = (amount) => `₩${amount.toLocaleString('en')}`;

visitTest('a purchase in Korean with taps, seats picked', { clock: true }, async (visit) => {
  const concert = await numbered();
  await waitForTheTurn(visit, concert);
  visit.countTaps();
  await visit.tap(visit.texts.enter);
  await visit.tap(visit.page.locator('.counts label', { hasText: '2' }));
  assert.equal(await visit.page.locator('[data-seat="12"]').getAttribute('aria-label'), '12번, 선택 가능, 55,000원');
  await visit.tap(visit.texts.pickGo(2));
  // Two neighbours, and not yet taken from anybody.
  const names = await visit.page.locator('.seat.chosen[data-seat]').evaluateAll((all) => all.map((seat) => seat.dataset.seat));
  assert.equal(names.length, 2);
  assert.equal(Number(names[1]), Number(names[0]) + 1);
  await visit.tap(visit.texts.holdSeats);
  const taps = await payAndRefund(visit, concert, { prices: [55_000, 55_000], money: won });
  note('taps from the turn to the receipt', taps, { most: 6 });
  assert(taps <= 6, `${taps} taps`);
});

visitTest('a purchase in English with a mouse, the best seats of a theatre', { language: 'en', width: 1280, clock: true }, async (visit) => {
  const concert = await inTheatre();
  await waitForTheTurn(visit, concert);
  visit.countTaps();
  await visit.tap(visit.texts.enter);
  await visit.tap(/19:30/);
  await visit.tap(visit.page.locator('.counts label', { hasText: '2' }));
  await visit.tap(visit.texts.pickBest(2));
  const taps = await payAndRefund(visit, concert, { prices: [150_000, 150_000], money: wonInEnglish });
  note('taps from the turn to the receipt', taps, { most: 6 });
  assert(taps <= 6, `${taps} taps`);
});

visitTest('a purchase in Korean with the keyboard only, seats of a theatre from the map', { keyboard: true, clock: true }, async (visit) => {
  const { page } = visit;
  const concert = await inTheatre();
  await waitForTheTurn(visit, concert);
  await visit.use(visit.texts.enter);
  await visit.use(/14:00/);
  await visit.use(/^1층 B구역/);
  const first = page.locator('[data-seat="226"]');
  assert.equal(await first.getAttribute('aria-label'), '1층 B구역, 1열 1번, 선택 가능, 150,000원');
  await visit.reach(first);
  // The map is one stop of the Tab key. The arrows lead to its seats.
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.matches('.seat')), false);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  const chosen = page.locator('.seat[aria-pressed=true]');
  assert.deepEqual(await chosen.evaluateAll((all) => all.map((seat) => seat.getAttribute('aria-label'))), [
    '1층 B구역, 1열 2번, 선택함, 150,000원',
    '1층 B구역, 1열 3번, 선택함, 150,000원',
  ]);
  await visit.use(visit.texts.holdSeats);
  await payAndRefund(visit, concert, { prices: [150_000, 150_000], money: won });
  assert.equal(visit.taps, 0);
});

visitTest('a purchase in English with the keyboard only, numbered seats from a list', { language: 'en', keyboard: true, clock: true }, async (visit) => {
  const { page } = visit;
  const concert = await numbered();
  await waitForTheTurn(visit, concert);
  await visit.use(visit.texts.enter);
  await visit.use(visit.texts.viewList);
  await visit.reach(page.getByRole('combobox', { name: 'Row' }));
  await page.keyboard.press('ArrowDown');
  await visit.use(page.getByRole('button', { name: 'Seat 12, free, ₩55,000', exact: true }));
  await visit.use(page.getByRole('button', { name: 'Seat 13, free, ₩55,000', exact: true }), 'Space');
  await visit.use(visit.texts.holdSeats);
  await payAndRefund(visit, concert, { prices: [55_000, 55_000], money: wonInEnglish });
  assert.equal(visit.taps, 0);
});

const SEATS = {
  ko: {
    free: '1층 A구역, 1열 5번, 선택 가능, 110,000원',
    chosen: '1층 A구역, 1열 5번, 선택함, 110,000원',
    sold: '1층 A구역, 1열 1번, 판매됨',
    held: '1층 A구역, 1열 3번, 다른 사람이 선택함',
    wheelchair: '1층 B구역, 20열 1번, 휠체어석, 선택 가능, 80,000원',
  },
  en: {
    free: '1층 A구역, Row 1 Seat 5, free, ₩110,000',
    chosen: '1층 A구역, Row 1 Seat 5, chosen, ₩110,000',
    sold: '1층 A구역, Row 1 Seat 1, sold',
    held: '1층 A구역, Row 1 Seat 3, taken by somebody',
    wheelchair: '1층 B구역, Row 20 Seat 1, wheelchair place, free, ₩80,000',
  },
};

for (const [language, names] of Object.entries(SEATS)) {
  visitTest(`the names of seats, and a wheelchair place with a neighbour, ${language}`, { language }, async (visit) => {
    const { page, texts } = visit;
    const concert = await inTheatre({});
    await shop.sell(concert, 1, 2);
    const other = await shop.buyer(concert);
    await shop.arrive(concert, other);
    await shop.hold(concert, other, 3, 4);
    await visit.join(concert);
    await visit.tap(/14:00/);
    await visit.tap(/^1층 A구역/);
    const seat = (number) => page.locator(`[data-seat="${number}"]`);
    const name = (number) => seat(number).getAttribute('aria-label');
    await visit.until('the taken seats are known', async () => (await name(1)) === names.sold);
    assert.equal(await name(3), names.held);
    assert.equal(await name(5), names.free);
    assert.deepEqual([await seat(1).isEnabled(), await seat(3).isEnabled(), await seat(5).isEnabled()], [false, false, true]);
    await visit.tap(seat(5));
    assert.equal(await name(5), names.chosen);
    assert.equal(await seat(5).getAttribute('aria-pressed'), 'true');
    // What is chosen is let go again.
    await visit.tap(seat(5));
    await visit.tap(/^1층 B구역/);
    assert.equal(await name(582), names.wheelchair);

    await visit.tap(page.locator('.counts label', { hasText: '2' }));
    await visit.tap(page.getByRole('checkbox', { name: texts.pickWheelchair }));
    await visit.tap(texts.pickBest(2));
    await page.getByRole('heading', { name: texts.holdTitle }).waitFor();
    const { user, sessions } = await visit.kept();
    const path = `/v1/concerts/${concert.id}/reservations/${sessions[concert.queue].reservation}`;
    const { seats } = await shop.call('GET', path, { token: user.token });
    assert.equal(seats.length, 2);
    assert(seats.some(({ accessible }) => accessible), 'a wheelchair place');
    assert.equal(Math.abs(seats[0].seat_number - seats[1].seat_number), 1);
    for (const { section, row, seat } of seats) {
      await visit.sees(texts.seatShort({ section, row, label: seat }));
    }
  });
}
