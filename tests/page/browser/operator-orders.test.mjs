// The orders of a show, as a list and as a file, and a show that is called off.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp();

const PRICE = 55_000;
const REASON = '출연자 사정';

/** Sells a seat to a new account with this name. Returns their id. */
async function sellTo(concert, name, seat, email) {
  const { user_id: user } = await shop.call('POST', '/v1/users', { body: { name, ...(email && { email, password: 'a long password' }) } });
  await shop.charge(user, PRICE);
  const admitted = await shop.call('POST', '/v1/auth/tokens', {
    body: { user_id: user, concert_id: concert.id },
    ...(email && { token: (await shop.call('POST', '/v1/auth/login', { body: { email, password: 'a long password' } })).token }),
  });
  await shop.arrive(concert, admitted);
  const held = await shop.hold(concert, admitted, seat);
  await shop.call('POST', `/v1/concerts/${concert.id}/reservations/${held.reservation_id}/payments`, {
    token: admitted.token,
    body: { reservation_id: held.reservation_id, payment_details: { amount: PRICE } },
  });
  return user;
}

const balance = async (id) => (await shop.asAdmin('GET', `/v1/users/${id}/balance`)).current_balance;

/** What the file has: its bytes, and its lines without the byte order mark. */
async function save(visit) {
  const [file] = await Promise.all([visit.page.waitForEvent('download'), visit.tap(visit.texts.orderFile)]);
  const bytes = readFileSync(await file.path());
  const lines = bytes.toString('utf8').slice(1).split('\r\n');
  assert.equal(lines.pop(), '');
  return { name: file.suggestedFilename(), bytes, lines };
}

visitTest('orders are a list in pages, and one file that a spreadsheet can read', { width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ capacity: 130, queue: { max_active: 200 } });
  const formula = '=HYPERLINK("http://example.com")';
  const first = await sellTo(concert, formula, 1, 'formula@example.com');
  // One after the other: each moves the clock, and would let the turns of others pass.
  for (let seat = 2; seat <= 105; seat += 1) await sellTo(concert, `구매자 ${seat}`, seat);

  await visit.operate('#/orders');
  await page.locator('select[name=concert]').selectOption(concert.id);
  await page.locator('select[name=show]').waitFor();
  await visit.tap(texts.orderShow);
  await page.getByRole('button', { name: formula }).waitFor();
  assert(page.url().endsWith(`#/orders/${concert.id}/${concert.dates[0]}`));
  assert.equal(await page.locator('tbody tr').count(), 20);
  await visit.tap(texts.more);
  await visit.until('there are more', async () => (await page.locator('tbody tr').count()) === 40);

  const { name, bytes, lines } = await save(visit);
  assert.equal(name, `orders-${concert.dates[0]}.csv`);
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert(!bytes.subarray(3).includes(Buffer.from([0xef, 0xbb, 0xbf])), 'there is one byte order mark');
  assert.equal(lines.length, 106);
  assert.equal(lines.filter((line) => line.startsWith('reservation_id,')).length, 1);
  // What a spreadsheet would take for a formula is a text.
  assert.match(lines[1], /"'=HYPERLINK\(""http:\/\/example\.com""\)"/);
  assert.match(lines[105], /구매자 105/);
  await visit.sees(texts.orderSaved('105'));
  // The service was asked for two pages.
  assert.equal((await visit.callsOf('GET', /format=csv/)).length, 2);

  // From an order to its buyer, whose id is not in the address.
  await visit.tap(page.getByRole('button', { name: formula }));
  await page.getByRole('heading', { level: 2, name: formula }).waitFor();
  assert(page.url().endsWith('#/people'));
  assert(!page.url().includes(first));
});

visitTest('a file is whole although the service is busy, or nothing is saved', { language: 'en', width: 1_280, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await sellTo(concert, 'Kim', 1);
  let refused = 0;
  await visit.context.route(/format=csv/, (route) => {
    refused += 1;
    return refused > 2 ? route.fallback() : route.fulfill({ status: 503, json: { message: 'Service Unavailable' } });
  });
  await visit.operate(`#/orders/${concert.id}/${concert.dates[0]}`);
  const saved = save(visit);
  await visit.until('it is tried again', async () => {
    await visit.pass(1);
    return refused > 2;
  });
  assert.equal((await saved).lines.length, 2);
  // No answer at all.
  await visit.context.route(/format=csv/, (route) => route.fulfill({ status: 403, json: { code: 'FORBIDDEN', error: 'no' } }));
  await visit.tap(texts.orderFile);
  await visit.sees('Only administrators may do this.');
  await page.getByRole('button', { name: texts.orderFile }).waitFor();
});

visitTest('a file that takes long holds nothing up, and nothing is asked while something else is done', { language: 'en', width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  await sellTo(concert, 'Kim', 1);
  await visit.operate(`#/orders/${concert.id}/${concert.dates[0]}`);
  await page.getByLabel(texts.peopleReason).fill(REASON);
  const hold = async (path) => {
    let release = () => {};
    const released = new Promise((resolve) => (release = resolve));
    await visit.context.route(path, (route) => released.then(() => route.fallback()), { times: 1 });
    return release;
  };
  const callOff = page.getByRole('button', { name: texts.off, exact: true });
  const question = page.locator('.question');

  const releaseFile = await hold(/format=csv/);
  const file = page.waitForEvent('download');
  await visit.tap(texts.orderFile);
  await visit.sees(texts.orderLines('0'));
  // The second tap starts no second one.
  await visit.tap(texts.orderLines('0'));
  await visit.tap(callOff);
  await visit.sees(texts.offSure('1', '0', '₩55,000'));
  // Escape means no.
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });

  const releaseOrders = await hold(/orders\?date/);
  await visit.tap(texts.orderAgain);
  await page.locator('.button[aria-busy=true]', { hasText: texts.orderAgain }).waitFor();
  await page.getByLabel(texts.peopleReason).press('Enter');
  assert.equal(await question.count(), 0);
  releaseOrders();
  await page.locator('.button[aria-busy=false]', { hasText: texts.orderAgain }).waitFor();
  await visit.tap(callOff);
  await question.waitFor();

  releaseFile();
  await file;
  await page.getByRole('button', { name: texts.orderFile }).waitFor();
  await visit.sees(texts.orderSaved('1'));
  assert.equal((await visit.callsOf('GET', /format=csv/)).length, 1);
});

visitTest('a show is called off, goes on after a reload, and everybody has their money back', { clock: true, width: 1_280 }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ shows: 2 });
  const buyers = [];
  for (const seat of [1, 2, 3]) buyers.push(await sellTo(concert, `구매자 ${seat}`, seat));
  const holder = await shop.buyer(concert);
  await shop.arrive(concert, holder);
  await shop.hold(concert, holder, 9, 10);

  await visit.operate(`#/orders/${concert.id}/${concert.dates[0]}`);
  await visit.sees(texts.offText);
  await page.getByLabel(texts.peopleReason).fill(REASON);
  await visit.tap(page.getByRole('button', { name: texts.off, exact: true }));
  await visit.sees(texts.offSure('3', '2', '165,000원'));
  assert.equal(await balance(buyers[0]), 0);
  await visit.tap(page.locator('.question').getByRole('button', { name: texts.off, exact: true }));
  await visit.sees(texts.offDone('3', '165,000원', '1'));
  await visit.sees(texts.calledOff(REASON));
  for (const buyer of buyers) assert.equal(await balance(buyer), PRICE);

  // Its end comes after 20 seconds. Meanwhile the page is loaded again: it goes on when it is asked to.
  await page.reload();
  await visit.sees(texts.calledOff(REASON));
  await visit.tap(texts.offGoOn);
  await visit.until('it is over', async () => {
    await visit.pass(5, 5);
    await visit.settle();
    return page.getByText(texts.offOver).first().isVisible();
  });
  assert.equal(await page.getByRole('button', { name: texts.offGoOn }).count(), 0);
  // What is over is so after a reload, too.
  await page.reload();
  await visit.sees(texts.offOver);
  assert.equal(await page.getByRole('button', { name: texts.offGoOn }).count(), 0);

  const { shows } = await shop.call('GET', `/v1/concerts/${concert.id}`);
  assert.deepEqual(shows.map(({ called_off }) => called_off?.reason), [REASON, undefined]);
  for (const buyer of buyers) {
    const { entries } = await shop.asAdmin('GET', `/v1/users/${buyer}/statement`);
    assert.deepEqual(entries.map(({ kind, amount }) => [kind, amount]), [['REFUND', PRICE], ['PAYMENT', PRICE], ['CHARGE', PRICE]]);
    assert.equal(entries[0].reason, REASON);
  }
  assert.equal((await shop.place(holder.token)).status, 'ACTIVE');
  // Once more says the same.
  const again = await shop.asAdmin('POST', `/v1/concerts/${concert.id}/dates/${concert.dates[0]}/call-off`, {});
  assert.deepEqual([again.is_over, again.sold, again.held], [true, 0, 0]);
});

visitTest('a show that is not there, and one without orders', { language: 'en', width: 1_280 }, async (visit) => {
  const concert = await shop.concert();
  await visit.operate(`#/orders/${concert.id}/${concert.dates[0]}`);
  await visit.sees(visit.texts.orderNone);
  await visit.open(`/operator#/orders/${concert.id}/2001-01-01`);
  await visit.sees('There is no such show.');
});

visitTest('everybody can read orders, and call a show off', {}, async (visit) => {
  const { page } = visit;
  const concert = await shop.concert({ name: '봄밤의 재즈 – Jazz on a Spring Night' });
  await visit.operate('#/orders');
  await page.locator('select[name=concert]').selectOption(concert.id);
  await page.locator('select[name=show]').waitFor();
  await visit.requireAccessibleInEachLook('desk-orders-choose');
  await sellTo(concert, '김민수', 1, 'minsu@example.com');
  await sellTo(concert, '이서연', 2);
  await visit.open(`/operator#/orders/${concert.id}/${concert.dates[0]}`);
  await page.getByRole('button', { name: '이서연' }).waitFor();
  const askToCallOff = async () => {
    const reason = page.getByLabel(visit.texts.peopleReason);
    if (!(await reason.isVisible())) return;
    await reason.fill(REASON);
    await visit.tap(page.getByRole('button', { name: visit.texts.off, exact: true }));
    await page.locator('.question').waitFor();
  };
  await askToCallOff();
  await visit.requireAccessibleInEachLook('desk-orders', { again: askToCallOff });
  await visit.tap(page.locator('.question').getByRole('button', { name: visit.texts.off, exact: true }));
  await visit.sees(visit.texts.offRuns);
  await visit.requireAccessibleInEachLook('desk-calling-off');
});
