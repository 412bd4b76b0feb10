// Guests and accounts, in a shop in which only administrators charge.

import assert from 'node:assert/strict';

import { readToken } from '../../../functions/src/docs/line.mjs';
import { Visit, setUp } from '../harness/browser.mjs';

const { shop, browser, visitTest } = await setUp({ WhoCharges: 'admins' });

const PRICE = 55_000;
const PASSWORD = 'a long password';

let addresses = 0;

/** An e-mail address of its own. */
function address() {
  addresses += 1;
  return `mina-${addresses}@example.com`;
}

/** A form of the account, by its title. */
function form({ page }, title) {
  return page.locator('form', { has: page.getByRole('heading', { name: title, exact: true }) });
}

/** Fills in a form of the account and sends it. */
async function send(visit, title, email, password = PASSWORD) {
  const { texts } = visit;
  const fields = form(visit, title);
  await fields.getByLabel(texts.email).fill(email);
  await fields.getByLabel(texts.password).fill(password);
  await visit.tap(fields.getByRole('button'));
}

/** Joins, picks a seat and holds it. */
async function hold(visit, concert) {
  const { page, texts } = visit;
  await visit.join(concert);
  await visit.tap(texts.pickGo(1));
  await visit.tap(texts.holdSeats);
  await page.getByRole('heading', { name: texts.holdTitle }).waitFor();
}

/** The number of the session in this browser. */
async function number(visit, concert) {
  return readToken((await visit.kept()).sessions[concert.queue].token).number;
}

/** What the buyer in this browser has paid, by the service. */
async function payments(visit) {
  const { id, token } = (await visit.kept()).user;
  return (await shop.call('GET', `/v1/users/${id}/payments`, { token })).payments;
}

/** Another visitor, in a browser of their own. */
async function elsewhere(look, steps) {
  const visit = await Visit.begin(browser, shop, look);
  try {
    await steps(visit);
    await visit.requireClean();
  } finally {
    await visit.end();
  }
}

visitTest('a guest makes an account while holding, pays, and finds everything elsewhere', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const email = address();
  await hold(visit, concert);
  // Only an administrator charges. The page says what to do, and looks again.
  await visit.sees(texts.missing('₩55,000'));
  await visit.sees(texts.topUpAdmins);
  assert.equal(await page.getByRole('button', { name: texts.topUp('₩55,000') }).count(), 0);
  await visit.tap(texts.checkBalance);
  await visit.sees(texts.topUpAdmins);
  await shop.charge((await visit.kept()).user.id, PRICE);

  await visit.tap(page.getByRole('link', { name: texts.tickets }));
  await send(visit, texts.makeAccount, email);
  await visit.sees(texts.accountMade);
  await visit.tap(page.getByRole('link', { name: texts.resume('봄 콘서트') }));
  await visit.tap(texts.checkBalance);
  // The place is older than the password, and stays.
  const before = await number(visit, concert);
  await visit.tap(texts.pay('₩55,000'));
  await page.getByRole('heading', { name: texts.paidTitle }).waitFor();
  assert.equal(await number(visit, concert), before);
  const [ticket, ...others] = await payments(visit);
  assert.equal(others.length, 0);

  const waiting = await shop.concert({ queue: { max_active: 1 } });
  const [other] = await shop.crowd(waiting, 1);
  await shop.arrive(waiting, other);
  await visit.join(waiting);
  await page.getByRole('heading', { name: texts.waitingTitle }).waitFor();
  const place = await number(visit, waiting);
  await elsewhere({}, async (there) => {
    await there.open('/tickets');
    await send(there, there.texts.logIn, email);
    await there.sees(there.texts.loggedIn);
    const [{ seat_number: seat }] = ticket.seats;
    await there.sees(`${seat}번`);
    await there.open(`/c/${waiting.id}`);
    await there.sees(there.texts.joinAgainElsewhere);
    await there.tap(there.texts.join);
    await there.page.getByRole('heading', { name: there.texts.waitingTitle }).waitFor();
    assert.equal(await number(there, waiting), place);
  });
  // The place here is still the same one.
  assert.equal((await shop.place((await visit.kept()).sessions[waiting.queue].token)).status, 'WAITING');
});

visitTest('somebody who is logged out elsewhere while holding logs in again, and pays', { clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const email = address();
  await visit.open('/tickets');
  const { user_id: id } = await shop.call('POST', '/v1/users', { body: { name: 'Mina', email, password: PASSWORD } });
  await send(visit, texts.logIn, email);
  await visit.sees(texts.loggedIn);
  await shop.charge(id, PRICE);
  await hold(visit, concert);
  const before = await number(visit, concert);
  const pay = page.getByRole('button', { name: texts.pay('55,000원') });
  await pay.waitFor();

  const { token } = await shop.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD } });
  // What was issued in the same second as the log-out ends as well, and what comes after does not.
  await visit.pass(2, 2);
  await shop.call('POST', '/v1/auth/logout', { token });
  await visit.pass(2, 2);
  await visit.tap(pay);
  await page.getByRole('heading', { name: texts.toAccount }).waitFor();
  await visit.sees(texts.logInAgain);
  const timer = page.getByRole('timer');
  const shown = await timer.textContent();
  await visit.pass(3);
  assert.notEqual(await timer.textContent(), shown);
  assert.equal((await shop.call('GET', '/v1/auth/tokens', { token: (await visit.kept()).sessions[concert.queue].token })).status, 'ACTIVE');

  await send(visit, texts.logIn, email);
  await visit.tap(pay);
  await page.getByRole('heading', { name: texts.paidTitle }).waitFor();
  assert.equal(await number(visit, concert), before);
  assert.equal((await payments(visit)).length, 1);

  // It ends once more. The page of the receipt asks for a log-in, and nothing else meanwhile.
  const again = await shop.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD } });
  await visit.pass(2, 2);
  await shop.call('POST', '/v1/auth/logout', { token: again.token });
  await visit.pass(2, 2);
  await page.reload();
  await page.getByRole('heading', { name: texts.toAccount }).waitFor();
  const asked = async () => (await visit.callsOf('GET', /\/payments/)).length;
  const soFar = await asked();
  await visit.pass(12, 1);
  assert.equal(await asked(), soFar);
});

visitTest('a queue for accounts only takes a new account, and a guest that becomes one', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { who: 'accounts' } });
  await visit.open(`/c/${concert.id}`);
  await visit.sees(texts.accountsOnly);
  assert.equal(await page.getByRole('button', { name: texts.join }).count(), 0);
  await visit.tap(texts.toAccount);
  await form(visit, texts.makeAccount).getByLabel(texts.yourName).fill('Kim Mina');
  await send(visit, texts.makeAccount, address());
  await visit.tap(texts.join);
  await page.getByRole('heading', { name: texts.chooseTitle }).waitFor();
  assert.equal((await visit.kept()).user.name, 'Kim Mina');

  await elsewhere({ language: 'en' }, async (there) => {
    // The operator has decided it after the page was opened.
    const other = await shop.concert();
    await there.join(other);
    await there.page.getByRole('heading', { name: texts.chooseTitle }).waitFor();
    const { user } = await there.kept();
    const third = await shop.concert();
    await there.open(`/c/${third.id}`);
    await there.page.getByRole('button', { name: texts.join }).waitFor();
    await shop.change(third.queue, { who: 'accounts' });
    await there.tap(texts.join);
    await there.page.getByRole('heading', { name: texts.toAccount }).waitFor();
    await send(there, texts.makeAccount, address());
    await there.tap(texts.join);
    await there.page.getByRole('heading', { name: texts.chooseTitle }).waitFor();
    // It is the same person, with what they had.
    assert.equal((await there.kept()).user.id, user.id);
  });
});

for (const [language, said] of [['ko', /2.*1|1.*2/], ['en', /2.*1|1.*2/]]) {
  visitTest(`who would have more seats than a person may is told the numbers, ${language}`, { language }, async (visit) => {
    const { page, texts } = visit;
    const concert = await shop.concert({ fields: { most_seats_a_person: 2 } });
    await visit.open(`/c/${concert.id}`);
    await visit.sees(texts.limit(2));
    await hold(visit, concert);
    await shop.charge((await visit.kept()).user.id, PRICE);
    await visit.tap(texts.checkBalance);
    await visit.tap(texts.pay(language === 'ko' ? '55,000원' : '₩55,000'));
    await page.getByRole('heading', { name: texts.paidTitle }).waitFor();
    await visit.tap(texts.joinAgain);
    await visit.tap(page.locator('.counts label', { hasText: '2' }));
    await visit.tap(texts.pickGo(2));
    await visit.tap(texts.holdSeats);
    const message = page.locator('.message.bad');
    await message.waitFor();
    assert.match(await message.textContent(), said);
    // The choice stays, and one seat is possible.
    await visit.tap(page.locator('.chip').first());
    await visit.tap(texts.holdSeats);
    await page.getByRole('heading', { name: texts.holdTitle }).waitFor();
    assert.equal((await payments(visit)).length, 1);
  });
}

visitTest('a wrong password, a taken address, and too many attempts', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const email = address();
  await shop.call('POST', '/v1/users', { body: { name: 'Other', email, password: PASSWORD } });
  await visit.join(concert);
  await page.getByRole('heading', { name: texts.chooseTitle }).waitFor();
  const guest = (await visit.kept()).user;
  await visit.tap(page.getByRole('link', { name: texts.tickets }));
  // Even with the right password of that account: the guest would be lost.
  await send(visit, texts.makeAccount, email);
  await visit.sees('There is an account with this address already. Log in.');
  await send(visit, texts.logIn, email, 'not the password');
  await visit.sees('The e-mail address or the password is wrong.');
  // The guest is still there, and their place.
  assert.deepEqual((await visit.kept()).user, guest);
  assert.equal((await shop.place((await visit.kept()).sessions[concert.queue].token)).status, 'ACTIVE');
  for (let wrong = 1; wrong < 10; wrong += 1) {
    await assert.rejects(shop.call('POST', '/v1/auth/login', { body: { email, password: 'not the password' } }));
  }
  await send(visit, texts.logIn, email);
  await visit.sees('The password was wrong too often. Try again in a while.');
  assert.deepEqual((await visit.kept()).user, guest);
});

visitTest('"forget me here" forgets everything, after a question', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await hold(visit, concert);
  await visit.tap(page.getByRole('link', { name: texts.tickets }));
  await visit.tap(page.getByRole('button', { name: texts.forget, exact: true }));
  await visit.sees(texts.forgetGuest);
  await visit.tap(page.getByRole('button', { name: texts.cancel }));
  assert((await visit.kept()).user);
  await visit.tap(page.getByRole('button', { name: texts.forget, exact: true }));
  await visit.tap(page.getByRole('button', { name: texts.forgetYes }));
  await visit.sees(texts.forgotten);
  assert.deepEqual(await visit.kept(), { sessions: {} });
  // The next person at this browser is another one.
  await visit.open(`/c/${concert.id}`);
  await page.getByRole('textbox', { name: texts.yourName }).waitFor();
  await page.getByRole('button', { name: texts.join }).waitFor();
});

visitTest('a guest that was deleted can join again', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await visit.join(concert);
  await page.getByRole('heading', { name: texts.chooseTitle }).waitFor();
  const { user } = await visit.kept();
  await shop.asAdmin('DELETE', `/v1/users/${user.id}?force=true`);
  await visit.open(`/c/${concert.id}`);
  const again = page.getByRole('button', { name: new RegExp(`^(${texts.joinAgain}|${texts.join})$`) });
  await visit.tap(again);
  await page.getByRole('heading', { name: texts.chooseTitle }).waitFor();
  assert.notEqual((await visit.kept()).user.id, user.id);
});
