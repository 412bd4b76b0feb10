// What operators do for buyers: find them, refund, correct, charge, end their sessions, give the role.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';
import { ADMIN } from '../harness/shop.mjs';

const { shop, visitTest } = await setUp();

const PRICE = 55_000;
const PASSWORD = 'a long password';

let addresses = 0;

/** A new account: their id, address, name and access token. */
async function account(name = '김민수') {
  const email = `buyer-${(addresses += 1)}@example.com`;
  const { user_id: id, token } = await shop.call('POST', '/v1/users', { body: { name, email, password: PASSWORD } });
  return { id, email, name, token };
}

/** Opens the screen, and logs in the first time. */
async function open(visit) {
  if (visit.isIn) return visit.open('/operator#/people');
  await visit.operate('#/people');
  visit.isIn = true;
}

/** Finds a user on the screen. */
async function find(visit, who, name) {
  await open(visit);
  await visit.page.getByLabel(visit.texts.peopleWho).fill(who);
  await visit.tap(visit.page.getByRole('button', { name: visit.texts.find, exact: true }).first());
  await visit.page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
}

/** Opens what is folded, and returns its form. */
async function formOf(visit, label) {
  const summary = visit.page.locator('summary', { hasText: label });
  if (await summary.count()) await visit.tap(summary);
  return visit.page.locator('form', { has: visit.page.getByRole('button', { name: label, exact: true }) }).last();
}

/** Sends a form, and confirms the question. Returns what it said. */
async function confirm(visit, form, label) {
  await visit.tap(form.getByRole('button', { name: label, exact: true }));
  const question = visit.page.locator('.question');
  const said = await question.locator('p').first().textContent();
  await visit.tap(question.getByRole('button', { name: label, exact: true }));
  await question.waitFor({ state: 'detached' });
  return said;
}

const balance = async (id) => (await shop.asAdmin('GET', `/v1/users/${id}/balance`)).current_balance;
const entries = async (id) => (await shop.asAdmin('GET', `/v1/users/${id}/statement`)).entries;

for (const [language, width] of [['ko', 1_280], ['en', 390]]) {
  visitTest(`seats of an order are refunded with a reason, ${language}, ${width} px`, { language, width }, async (visit) => {
    const { page, texts } = visit;
    const concert = await shop.concert();
    const { buyer, receipt } = await shop.sell(concert, 7, 8);
    // By the number of a seat.
    await open(visit);
    await visit.tap(page.locator('summary', { hasText: texts.peopleBySeat }));
    await page.getByLabel(texts.concert).selectOption(concert.id);
    await page.locator('select[name=show]').waitFor();
    await page.getByLabel(texts.peopleSeat).fill('8');
    await visit.tap(page.getByRole('button', { name: texts.find, exact: true }).last());
    await page.getByRole('heading', { level: 2, name: 'Mina' }).waitFor();
    // Their id is in no address.
    assert(!page.url().includes(buyer.user));

    // One seat of two.
    const choose = () => visit.tap(page.getByRole('button', { name: texts.refund, exact: true }));
    await choose();
    // Somebody thinks better of it.
    await visit.tap(page.getByRole('button', { name: texts.cancel, exact: true }));
    assert.equal(await page.getByRole('checkbox').count(), 0);
    assert.match(await page.evaluate(() => document.activeElement.id), /^refund-/);
    await choose();
    assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 0);
    await visit.tap(page.getByRole('checkbox', { name: texts.seatShort({ label: '8' }) }));
    const form = page.locator('form', { has: page.getByRole('group') });
    await form.getByLabel(texts.peopleReason).fill('좌석 고장');
    await visit.tap(form.getByRole('button', { name: texts.refund, exact: true }));
    const question = page.locator('.question');
    await visit.sees(texts.peopleRefundSure('Mina', language === 'ko' ? '55,000원' : '₩55,000', texts.seatShort({ label: '8' })));
    // The focus is on the harmless answer, and nothing has happened yet.
    assert.equal(await page.evaluate(() => document.activeElement.id), 'question-no');
    assert.equal(await balance(buyer.user), 0);
    await visit.tap(question.getByRole('button', { name: texts.cancel }));
    assert.equal(await form.getByLabel(texts.peopleReason).inputValue(), '좌석 고장');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), texts.refund);
    await confirm(visit, form, texts.refund);
    const won = language === 'ko' ? '55,000원' : '₩55,000';
    await visit.sees(texts.peopleRefunded(texts.seatShort({ label: '8' }), won));
    assert.equal(await balance(buyer.user), PRICE);
    const [order] = (await shop.asAdmin('GET', `/v1/users/${buyer.user}/payments`)).payments;
    assert.deepEqual([order.status, order.refunded_seat_numbers], ['PAID', [8]]);
    const [entry] = await entries(buyer.user);
    assert.deepEqual([entry.kind, entry.reason], ['REFUND', '좌석 고장']);

    // The rest. By the reservation.
    await page.reload();
    await visit.isThere();
    await visit.tap(page.locator('summary', { hasText: texts.peopleBySeat }));
    await page.getByLabel(texts.concert).selectOption(concert.id);
    await page.locator('select[name=show]').waitFor();
    await page.getByLabel(texts.peopleSeat).fill(receipt.reservation_id);
    await visit.tap(page.getByRole('button', { name: texts.find, exact: true }).last());
    await visit.sees(texts.partRefunded);
    await visit.sees(texts.peopleLeft(won));
    await visit.tap(page.getByRole('button', { name: texts.refund, exact: true }));
    await form.getByLabel(texts.peopleReason).fill('공연 취소');
    await confirm(visit, form, texts.refund);
    await visit.sees(texts.status.REFUNDED);
    assert.equal(await balance(buyer.user), 2 * PRICE);
    assert.equal(await page.getByRole('button', { name: texts.refund, exact: true }).count(), 0);
    // Nobody has the seat now.
    await page.getByLabel(texts.peopleSeat).fill('8');
    await visit.tap(page.getByRole('button', { name: texts.find, exact: true }).last());
    await visit.sees(texts.peopleFree);
  });
}

visitTest('a balance is topped up and corrected once, even if the answers are lost', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const { id, email, name } = await account();
  await find(visit, email, name);

  // No amount.
  let form = await formOf(visit, texts.peopleCharge);
  await form.getByLabel(texts.entryAmount).fill('a lot');
  await visit.tap(form.getByRole('button'));
  await visit.sees(texts.peopleNoAmount);
  assert.equal(await page.locator('.question').count(), 0);

  const lost = await visit.loseAnswers('POST', /\/balance$/, 1);
  await form.getByLabel(texts.entryAmount).fill('55,000');
  assert.equal(await confirm(visit, form, texts.peopleCharge), texts.peopleChargeSure(name, '₩55,000', '₩55,000'));
  await visit.sees(texts.peopleBalanceDone('₩55,000'));
  assert.equal(lost(), 1);
  assert.equal(await balance(id), 55_000);

  // All answers are lost, and the tab is loaded again: the same correction is the same one.
  form = await formOf(visit, texts.peopleCorrect);
  await visit.loseAnswers('POST', /\/corrections$/, 4);
  await form.getByLabel(texts.entryAmount).fill('-5000');
  await form.getByLabel(texts.peopleReason).fill('중복 충전');
  assert.equal(await confirm(visit, form, texts.peopleCorrect), texts.peopleCorrectSure(name, '₩55,000', '₩50,000'));
  await visit.sees(/There is no connection/);
  assert.equal(await balance(id), 50_000);
  await page.reload();
  await find(visit, id, name);
  form = await formOf(visit, texts.peopleCorrect);
  await form.getByLabel(texts.entryAmount).fill('-5000');
  await form.getByLabel(texts.peopleReason).fill('중복 충전');
  await confirm(visit, form, texts.peopleCorrect);
  // It was announced as another one.
  await visit.sees(`${texts.peopleBalanceDone('₩50,000')} ${texts.peopleOtherBalance('₩50,000', '₩45,000')}`);
  assert.equal(await balance(id), 50_000);
  const kinds = (await entries(id)).map(({ kind, amount }) => [kind, amount]);
  assert.deepEqual(kinds, [['CORRECTION', -5_000], ['CHARGE', 55_000]]);
  // Once it is answered, the same again is another one.
  await form.getByLabel(texts.entryAmount).fill('-5000');
  await form.getByLabel(texts.peopleReason).fill('중복 충전');
  await confirm(visit, form, texts.peopleCorrect);
  await visit.sees(texts.peopleBalanceDone('₩45,000'));

  // Below 0. What was typed stays.
  await form.getByLabel(texts.entryAmount).fill('-45001');
  await form.getByLabel(texts.peopleReason).fill('착오');
  await visit.tap(form.getByRole('button', { name: texts.peopleCorrect, exact: true }));
  await form.locator('.message.bad', { hasText: texts.peopleBelowZero('₩45,000') }).waitFor();
  assert.equal(await page.locator('.question').count(), 0);
  assert.equal(await form.getByLabel(texts.entryAmount).inputValue(), '-45001');
  assert.equal(await balance(id), 45_000);
  // The statement says who has corrected.
  await page.locator('td', { hasText: '중복 충전' }).first().getByText((await shop.asAdmin('GET', `/v1/users?email=${ADMIN.email}`)).users[0].name).waitFor();
});

visitTest('after a lost answer, nothing is done twice, and what is meant as another one is', { language: 'en', width: 1_280, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const { id, name } = await account();
  const comes = (what) => visit.until('it comes', async () => {
    await visit.pass(5, 5);
    await visit.settle();
    return what.isVisible();
  });
  const loseAll = async (path) => {
    const losesOne = (route) => (route.request().method() === 'POST' ? route.fetch().then(() => route.abort()) : route.fallback());
    await visit.context.route(path, losesOne);
    return () => visit.context.unroute(path, losesOne);
  };
  const send = async (label, amount, why) => {
    const form = await formOf(visit, label);
    if (!(await form.isVisible())) await page.locator('summary', { hasText: label }).click();
    await form.getByLabel(texts.entryAmount).fill(amount);
    if (why) await form.getByLabel(texts.peopleReason).fill(why);
    await visit.tap(form.getByRole('button', { name: label, exact: true }));
    await visit.tap(page.locator('.question').getByRole('button', { name: label, exact: true }));
  };
  await find(visit, id, name);

  // The answer is lost, and then the log-in has ended. Afterwards it is the same top-up.
  let sent = 0;
  await visit.context.route(/\/balance$/, async (route) => {
    if (route.request().method() !== 'POST' || sent > 1) return route.fallback();
    sent += 1;
    if (sent === 2) return route.fulfill({ status: 401, json: { code: 'INVALID_TOKEN', error: 'no' } });
    await route.fetch();
    return route.abort();
  });
  await send(texts.peopleCharge, '10000');
  await comes(page.getByLabel(texts.password));
  await page.getByLabel(texts.email).fill(ADMIN.email);
  await page.getByLabel(texts.password).fill(ADMIN.password);
  await visit.tap(texts.logIn);
  await page.locator('#person').waitFor();
  await send(texts.peopleCharge, '10000');
  await visit.sees(texts.peopleBalanceDone('₩10,000'));
  assert.equal(await balance(id), 10_000);

  // With another reason it is no second correction, and the statement is read.
  const stop = await loseAll(/\/corrections$/);
  await send(texts.peopleCorrect, '-1000', 'a mistake');
  await comes(page.locator('.message.bad', { hasText: 'There is no connection' }));
  await stop();
  await send(texts.peopleCorrect, '-1000', 'our mistake');
  await visit.sees('The first one was done. Read the statement.');
  await page.locator('td', { hasText: 'a mistake' }).waitFor();
  assert.equal(await balance(id), 9_000);

  // A minute later the statement has been read again, so the same is another one.
  await visit.sleep(61);
  await find(visit, id, name);
  await send(texts.peopleCorrect, '-1000', 'our mistake');
  await visit.sees(texts.peopleBalanceDone('₩8,000'));
  assert.equal(await page.getByText(texts.peopleOtherBalance('₩8,000', '₩8,000')).count(), 0);
  assert.equal(await balance(id), 8_000);
});

visitTest('sessions are shown and ended', { width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const { buyer } = await shop.sell(concert, 3);
  const other = await shop.concert({ queue: { max_active: 1 } });
  await shop.arrive(other, await shop.buyer(other));
  const joined = await shop.call('POST', '/v1/auth/tokens', { body: { user_id: buyer.user, concert_id: other.id } });
  await find(visit, buyer.user, 'Mina');
  const row = (queue) => page.getByRole('row', { name: queue });
  await row(other.queue).getByText(texts.peopleSession.WAITING).waitFor();
  await row(concert.queue).getByText(texts.status.PAID).waitFor();
  const said = await confirm(visit, page.locator('form', { has: page.getByRole('button', { name: texts.peopleEnd }) }), texts.peopleEnd);
  assert.equal(said, texts.peopleEndSure('Mina', 1));
  await visit.sees(texts.peopleEnded(1));
  await row(other.queue).getByText(texts.peopleOver.LEFT).waitFor();
  assert.equal((await shop.place(joined.token)).reason, 'LEFT');
  await assert.rejects(shop.call('GET', `/v1/users/${buyer.user}`, { token: buyer.access }), { status: 401 });
});

visitTest('the role is given and taken, by somebody else', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const { id, email, name } = await account('Kim Jiwoo');
  await find(visit, email, name);
  const role = async () => (await shop.asAdmin('GET', `/v1/users/${id}`)).role;
  let form = await formOf(visit, texts.peopleGiveRole);
  await form.getByLabel(texts.peopleReason).fill('the evening shift');
  assert.equal(await confirm(visit, form, texts.peopleGiveRole), texts.peopleGiveSure(name));
  await visit.sees(texts.peopleRoleDone(name, texts.peopleAdmin));
  assert.equal(await role(), 'admin');
  form = await formOf(visit, texts.peopleTakeRole);
  await confirm(visit, form, texts.peopleTakeRole);
  await visit.sees(texts.peopleRoleDone(name, texts.peopleUser));
  assert.equal(await role(), 'user');
  // What was asked about one person is not asked about another.
  form = await formOf(visit, texts.peopleGiveRole);
  await visit.tap(form.getByRole('button', { name: texts.peopleGiveRole, exact: true }));
  await page.locator('.question').waitFor();
  const next = await account('Park Jisoo');
  await find(visit, next.email, next.name);
  assert.equal(await page.locator('.question').count(), 0);
  // Nobody changes their own, and a guest has none.
  await find(visit, ADMIN.email, (await shop.asAdmin('GET', `/v1/users?email=${ADMIN.email}`)).users[0].name);
  await visit.sees(texts.peopleOwnRole);
  const guest = await shop.guest();
  await find(visit, guest.id, 'Mina');
  await visit.sees(texts.peopleGuestRole);
});

visitTest('who logs out leaves nothing to the next operator, and hears if the service did not', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const { id, name } = await account();
  const kept = () => page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('onsale-')));
  const token = () => page.evaluate(() => JSON.parse(sessionStorage.getItem('onsale-operator') ?? '{}').token);
  const out = page.getByRole('button', { name: texts.deskLogOut });
  const logIn = async () => {
    await page.getByLabel(texts.email).fill(ADMIN.email);
    await page.getByLabel(texts.password).fill(ADMIN.password);
    await visit.tap(texts.logIn);
    await out.waitFor();
    await page.getByLabel(texts.peopleWho).waitFor();
  };
  const isGone = async () => {
    assert.equal(await page.locator('#person').count(), 0);
    assert.equal(await page.getByLabel(texts.peopleWho).inputValue(), '');
  };
  await find(visit, id, name);
  await page.evaluate(() => sessionStorage.setItem('onsale-keys', '{"a":{"key":"b","at":1}}'));
  const first = await token();
  const reloaded = page.waitForEvent('load');
  await visit.tap(out);
  await reloaded;
  await page.getByLabel(texts.password).waitFor();
  assert.deepEqual(await kept(), []);
  await assert.rejects(shop.call('GET', `/v1/users/${id}`, { token: first }), { status: 401 });
  await logIn();
  await isGone();

  // Without a connection.
  await find(visit, id, name);
  const next = await token();
  await visit.context.setOffline(true);
  visit.expectError(/ERR_INTERNET_DISCONNECTED/);
  await visit.tap(out);
  await visit.sees(texts.deskStillGood);
  assert.deepEqual(await kept(), []);
  assert.equal((await shop.call('GET', `/v1/users/${id}`, { token: next })).name, name);
  await visit.context.setOffline(false);
  await logIn();
  await visit.until('the page is loaded again', async () => (await page.locator('#person').count()) === 0);
  await isGone();
});

visitTest('the buyer of a seat with a label is found by what the ticket says', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const sections = ['Floor', 'Balcony'].map((name) => ({ name, rows: [{ label: 'A', seats: '1-4' }, { label: 'B', seats: '11-14' }] }));
  const { plan_id } = await shop.asAdmin('POST', '/v1/plans', { name: 'Two floors', grades: ['R'], sections: sections.map((section) => ({ ...section, grade: 'R' })) });
  const concert = await shop.concert({ show: { plan_id, prices: { R: 1000 }, price: undefined, capacity: undefined } });
  const plain = await shop.concert({ name: 'Plain' });
  // Balcony, row B, seat 12.
  await shop.sell(concert, 14);
  await open(visit);
  await visit.tap(page.locator('summary', { hasText: texts.peopleBySeat }));
  await page.getByLabel(texts.concert).selectOption(concert.id);
  await page.locator('select[name=section]').selectOption('Balcony');
  await page.locator('select[name=row]').selectOption('B');
  await page.locator('select[name=seat]').selectOption({ label: '12' });
  await visit.tap(page.getByRole('button', { name: texts.find, exact: true }).last());
  await page.getByRole('heading', { level: 2, name: 'Mina' }).waitFor();
  await visit.sees(texts.seatShort({ section: 'Balcony', row: 'B', label: '12' }));

  // What was typed for another show is not looked for in this one.
  await page.getByLabel(texts.concert).selectOption(plain.id);
  await page.getByLabel(texts.peopleSeat).fill('14');
  await page.getByLabel(texts.concert).selectOption(concert.id);
  await page.locator('select[name=section]').waitFor();
  const reservation = page.getByLabel(texts.peopleReservation);
  assert.equal(await reservation.inputValue(), '');
  const find = () => visit.tap(page.getByRole('button', { name: texts.find, exact: true }).last());
  await reservation.fill('14');
  await page.locator('select[name=seat]').selectOption('');
  await find();
  await visit.sees(texts.peopleNoReservation);
  await page.locator('select[name=seat]').selectOption({ label: '11' });
  await find();
  await visit.sees(texts.peopleOneOf);
  assert.equal(await page.getByRole('heading', { level: 2, name: 'Mina' }).count(), 0);
});

visitTest('who is not there, and who may not look', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const { email } = await account();
  await page.goto('/operator#/people');
  await page.getByLabel(texts.email).fill(email);
  await page.getByLabel(texts.password).fill(PASSWORD);
  await visit.tap(texts.logIn);
  await visit.sees('Only administrators may do this.');
  await page.getByLabel(texts.email).fill(ADMIN.email);
  await page.getByLabel(texts.password).fill(ADMIN.password);
  await visit.tap(texts.logIn);
  const who = page.getByLabel(texts.peopleWho);
  const go = () => visit.tap(page.getByRole('button', { name: texts.find, exact: true }).first());
  await who.fill('nobody@example.com');
  await go();
  await visit.sees(texts.peopleNone);
  await who.fill('11111111-1111-4111-8111-111111111111');
  await go();
  await visit.sees('There is no such user.');
  await who.fill('not an address');
  await go();
  await visit.sees(texts.peopleNoName);
  await who.fill('not@an@address');
  await go();
  await page.locator('.message.bad').waitFor();
});

visitTest('everybody can look after people', {}, async (visit) => {
  const { page } = visit;
  const concert = await shop.concert();
  const { buyer } = await shop.sell(concert, 7, 8);
  await shop.asAdmin('POST', `/v1/users/${buyer.user}/balance/corrections`, { amount: 5_000, reason: '오래 기다리신 데 대한 보상' });
  await find(visit, buyer.user, 'Mina');
  await visit.requireAccessibleInEachLook('desk-person');
  await visit.tap(page.getByRole('button', { name: visit.texts.refund, exact: true }));
  const form = page.locator('form', { has: page.getByRole('group') });
  await form.getByLabel(visit.texts.peopleReason).fill('좌석 고장');
  await visit.requireAccessibleInEachLook('desk-refund');
});

visitTest('a person is found and refunded with the keyboard alone', { language: 'en', width: 1_280, keyboard: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const { buyer } = await shop.sell(concert, 5);
  await open(visit);
  await visit.reach(page.getByLabel(texts.peopleWho));
  await page.keyboard.type(buyer.user);
  await page.keyboard.press('Enter');
  const heading = page.getByRole('heading', { level: 2, name: 'Mina' });
  await heading.waitFor();
  await visit.until('the person has the focus', () => page.evaluate(() => document.activeElement?.id === 'person'));
  await visit.use(page.getByRole('button', { name: texts.refund, exact: true }));
  const form = page.locator('form', { has: page.getByRole('group') });
  await visit.reach(form.getByLabel(texts.peopleReason));
  await page.keyboard.type('seat broken');
  await page.keyboard.press('Enter');
  await visit.until('the question has the focus', () => page.evaluate(() => document.activeElement?.id === 'question-no'));
  await visit.use(page.locator('.question').getByRole('button', { name: texts.refund, exact: true }));
  await visit.sees(texts.peopleRefunded(texts.seatShort({ label: '5' }), '₩55,000'));
  assert.equal(await balance(buyer.user), PRICE);
});
