// What is done twice happens once: double clicks, two tabs, and answers that are lost.

import assert from 'node:assert/strict';

import { readToken } from '../../../functions/src/docs/line.mjs';
import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp();

const PRICE = 55_000;
const SUM = '₩55,000';

const JOIN = /^\/v1\/auth\/tokens$/;
const HOLD = /\/reservations$/;
const RESERVATION = /\/reservations\/[^/]+$/;
const PAY = /\/payments$/;
const TOP_UP = /\/balance$/;
const USERS = /^\/v1\/users$/;

/** What the service knows of the money of the buyer in this browser. */
async function money(visit) {
  const { id, token } = (await visit.kept()).user;
  const read = (what) => shop.call('GET', `/v1/users/${id}/${what}`, { token });
  const { current_balance: balance } = await read('balance');
  const { payments } = await read('payments');
  const { entries } = await read('statement');
  return { balance, payments: payments.map(({ status }) => status), entries: entries.map(({ kind }) => kind).reverse() };
}

/** How many seats of the first show are held and sold, and how many sessions there have been. */
async function sales(concert) {
  const looker = await shop.buyer(concert);
  await shop.arrive(concert, looker);
  const path = `/v1/concerts/${concert.id}/seats?date=${concert.dates[0]}&form=line&from=1&to=50`;
  const { states } = await shop.call('GET', path, { token: looker.token });
  await shop.leave(looker);
  const count = (letter) => states.split(letter).length - 1;
  return { held: count('H'), sold: count('S'), before: readToken(looker.token).number - 1 };
}

/** Joins, picks a seat and holds it. */
async function hold(visit, concert) {
  await visit.join(concert);
  await holdAgain(visit);
}

/** Picks a seat and holds it. */
async function holdAgain({ page, texts }) {
  await page.getByRole('button', { name: texts.pickGo(1) }).click();
  await page.getByRole('button', { name: texts.holdSeats }).click();
  await page.getByRole('heading', { name: texts.holdTitle }).waitFor();
}

visitTest('a double click on each button is one click', { language: 'en', width: 1280, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { max_active: 1 } });
  const [other] = await shop.crowd(concert, 1);
  await shop.arrive(concert, other);
  const twice = (name) => page.getByRole('button', { name, exact: true }).dblclick();
  const title = (name) => page.getByRole('heading', { name, exact: true }).waitFor();
  const requireOne = async (method, path, count = 1) => assert.equal((await visit.callsOf(method, path)).length, count, `${method} ${path}`);

  await visit.open(`/c/${concert.id}`);
  await twice(texts.join);
  await title(texts.waitingTitle);
  await requireOne('POST', USERS);
  await requireOne('POST', JOIN);
  await visit.sleep(31);
  await shop.leave(other);
  await visit.sleepUntil('the turn comes', () => page.getByRole('heading', { name: texts.turnTitle }).isVisible());
  await twice(texts.enter);
  await title(texts.chooseTitle);

  await page.getByRole('button', { name: texts.pickGo(1) }).click();
  await twice(texts.holdSeats);
  await title(texts.holdTitle);
  await requireOne('POST', HOLD);
  await twice(texts.giveBack);
  // The second click of the first question is not its answer.
  await requireOne('DELETE', RESERVATION, 0);
  await page.getByRole('group').getByRole('button', { name: texts.giveBack }).dblclick();
  await title(texts.chooseTitle);
  await requireOne('DELETE', RESERVATION);
  await holdAgain(visit);

  // The second click of a slow double click is on the button that has come meanwhile.
  const topUp = page.getByRole('button', { name: texts.topUp(SUM) });
  const box = await topUp.boundingBox();
  await topUp.dblclick();
  const pay = page.getByRole('button', { name: texts.pay(SUM) });
  await pay.waitFor();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  await requireOne('POST', TOP_UP);
  await requireOne('POST', PAY, 0);
  assert.deepEqual(await money(visit), { balance: PRICE, payments: [], entries: ['CHARGE'] });
  await pay.dblclick();
  await title(texts.paidTitle);
  await requireOne('POST', PAY);

  await page.getByRole('link', { name: texts.seeTickets }).click();
  await twice(texts.refund);
  await requireOne('DELETE', RESERVATION);
  await twice(texts.refundGo(SUM));
  await visit.sees(texts.refundDone(SUM));
  await requireOne('DELETE', RESERVATION, 2);
  assert.deepEqual(await money(visit), { balance: PRICE, payments: ['REFUNDED'], entries: ['CHARGE', 'PAYMENT', 'REFUND'] });

  await visit.open(`/c/${concert.id}`);
  await twice(texts.joinAgain);
  await title(texts.chooseTitle);
  await requireOne('POST', JOIN, 2);
  await twice(texts.leave);
  await requireOne('DELETE', JOIN, 0);
  await twice(texts.leaveYes);
  await title(texts.over.LEFT[0]);
  await requireOne('DELETE', JOIN);
});

visitTest('two tabs top up and pay at once: one charge, one order', { language: 'en', width: 1280 }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await hold(visit, concert);
  const other = await visit.newTab();
  await other.goto(`/c/${concert.id}`);
  const inBoth = async (name) => {
    const buttons = [page, other].map((tab) => tab.getByRole('button', { name }));
    await Promise.all(buttons.map((button) => button.waitFor()));
    await Promise.all(buttons.map((button) => button.click()));
  };
  // Nothing is charged until both have been clicked.
  const release = await visit.keepBack('POST', TOP_UP);
  await inBoth(texts.topUp(SUM));
  await Promise.all([page, other].map((tab) => tab.locator('.bar [aria-busy=true]').waitFor()));
  await release();
  await Promise.all([page, other].map((tab) => tab.getByRole('button', { name: texts.pay(SUM) }).waitFor()));
  assert.deepEqual(await money(visit), { balance: PRICE, payments: [], entries: ['CHARGE'] });
  await visit.sendTogether('POST', PAY, 2);
  await inBoth(texts.pay(SUM));
  await Promise.all([page, other].map((tab) => tab.getByRole('heading', { name: texts.paidTitle }).waitFor()));
  assert.equal((await visit.callsOf('POST', PAY)).length, 2);
  assert.deepEqual(await money(visit), { balance: 0, payments: ['PAID'], entries: ['CHARGE', 'PAYMENT'] });
  assert.deepEqual(await sales(concert), { held: 0, sold: 1, before: 1 });
});

visitTest('a tab that does not know of a top-up does not top up again', { language: 'en', width: 1280 }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await hold(visit, concert);
  await page.getByRole('button', { name: texts.topUp(SUM) }).waitFor();
  const { user } = await visit.kept();
  await shop.charge(user.id, PRICE);
  await page.getByRole('button', { name: texts.topUp(SUM) }).click();
  await page.getByRole('button', { name: texts.pay(SUM) }).waitFor();
  assert.deepEqual(await money(visit), { balance: PRICE, payments: [], entries: ['CHARGE'] });
});

visitTest('an answer that is lost changes nothing', { language: 'en', width: 1280, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  /** Does something whose answer is lost. The page tries again by itself. */
  const lose = async (method, path, work) => {
    const lost = await visit.loseAnswers(method, path);
    await work();
    await visit.until('the answer is lost', () => lost() === 1);
    await visit.pass(2, 2);
  };
  const click = (name) => page.getByRole('button', { name, exact: true }).click();
  const title = (name) => page.getByRole('heading', { name, exact: true }).waitFor();

  await visit.open(`/c/${concert.id}`);
  await visit.loseAnswers('POST', USERS);
  await lose('POST', JOIN, async () => {
    await click(texts.join);
    await visit.sees(texts.offline);
    await visit.pass(2, 2);
  });
  await title(texts.chooseTitle);
  assert.equal((await sales(concert)).before, 1);

  await click(texts.pickGo(1));
  await lose('POST', HOLD, () => click(texts.holdSeats));
  await title(texts.holdTitle);
  assert.equal((await sales(concert)).held, 1);
  await click(texts.giveBack);
  await lose('DELETE', RESERVATION, () => page.getByRole('group').getByRole('button', { name: texts.giveBack }).click());
  await visit.sees(texts.released);
  assert.equal((await sales(concert)).held, 0);
  await holdAgain(visit);

  await lose('POST', TOP_UP, () => click(texts.topUp(SUM)));
  await page.getByRole('button', { name: texts.pay(SUM) }).waitFor();
  assert.deepEqual(await money(visit), { balance: PRICE, payments: [], entries: ['CHARGE'] });
  await lose('POST', PAY, () => click(texts.pay(SUM)));
  await title(texts.paidTitle);
  assert.deepEqual(await money(visit), { balance: 0, payments: ['PAID'], entries: ['CHARGE', 'PAYMENT'] });

  await page.getByRole('link', { name: texts.seeTickets }).click();
  await click(texts.refund);
  await lose('DELETE', RESERVATION, () => click(texts.refundGo(SUM)));
  await visit.sees(texts.refundDone(SUM));
  assert.deepEqual(await money(visit), { balance: PRICE, payments: ['REFUNDED'], entries: ['CHARGE', 'PAYMENT', 'REFUND'] });

  const form = page.locator('form', { has: page.getByRole('heading', { name: texts.makeAccount }) });
  await form.getByLabel(texts.email).fill('lost@example.com');
  await form.getByLabel(texts.password).fill('a long password');
  await lose('PATCH', /^\/v1\/users\/[^/]+$/, () => form.getByRole('button').click());
  await visit.sees(texts.accountMade);
  await visit.sees(texts.accountOf('lost@example.com'));
  assert.deepEqual((await money(visit)).payments, ['REFUNDED']);

  await visit.open(`/c/${concert.id}`);
  await click(texts.joinAgain);
  await title(texts.chooseTitle);
  await click(texts.leave);
  await lose('DELETE', JOIN, () => click(texts.leaveYes));
  await title(texts.over.LEFT[0]);
});

visitTest('a purchase whose every answer is lost is still one', { language: 'en', width: 1280, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await hold(visit, concert);
  const loseAll = async (path, name) => {
    const lost = await visit.loseAnswers('POST', path, 4);
    await page.getByRole('button', { name }).click();
    for (const wait of [1, 2, 4]) {
      await visit.until('an answer is lost', () => lost() >= Math.log2(wait) + 1);
      await visit.pass(2 * wait, 2 * wait);
    }
    await visit.until('all answers are lost', () => lost() === 4);
  };
  await loseAll(TOP_UP, texts.topUp(SUM));
  await page.getByText('There is no connection').first().waitFor();
  await page.getByRole('button', { name: texts.topUp(SUM) }).click();
  await page.getByRole('button', { name: texts.pay(SUM) }).waitFor();
  assert.deepEqual(await money(visit), { balance: PRICE, payments: [], entries: ['CHARGE'] });
  // The page asks what has become of the seats, and needs no other tap.
  await loseAll(PAY, texts.pay(SUM));
  await page.getByRole('heading', { name: texts.paidTitle }).waitFor();
  assert.deepEqual(await money(visit), { balance: 0, payments: ['PAID'], entries: ['CHARGE', 'PAYMENT'] });
});
