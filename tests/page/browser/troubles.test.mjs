// What can go wrong: each trouble is a screen or a banner, nothing that the buyer has is lost, and
// what they can do now is on the screen.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp({ HoldSeconds: '60' });

const CLOCK = { language: 'en', clock: true };

/** A line for one at a time. */
const ONE = { max_active: 1, claim_seconds: 3_000, active_seconds: 3_600 };

/** Windows that are over soon. */
const SHORT = { claim_seconds: 30, active_seconds: 100 };

const NAME = '봄 콘서트';

/** A concert in whose line the visitor waits, behind a buyer that is inside. */
async function waits(visit, given = {}) {
  const concert = await shop.concert({ ...given, queue: { ...ONE, ...given.queue } });
  const first = await shop.buyer(concert);
  await shop.arrive(concert, first);
  await visit.join(concert);
  await visit.isAt(visit.texts.waitingTitle);
  return { concert, first };
}

/** A concert of which the visitor chooses seats. */
async function chooses(visit, given = {}, ...seats) {
  const concert = await shop.concert(given);
  await visit.join(concert);
  const title = visit.page.getByRole('heading', { level: 1, name: visit.texts.chooseTitle });
  await visit.sleepUntil('the turn', () => title.isVisible());
  for (const seat of seats) {
    await visit.page.locator(`[data-seat="${seat}"]`).tap();
  }
  return concert;
}

/** The chosen seats on the screen. */
async function chosen({ page }) {
  const chips = await page.locator('.chip').allTextContents();
  return chips.map((text) => Number(text.match(/\d+/)[0]));
}

/** Fails if a dialog covers the countdown. */
async function requireNoDialog({ page }) {
  assert.equal(await page.locator('dialog, [role=dialog], [role=alertdialog], [aria-modal]').count(), 0);
}

/** Answers calls of a kind with an error, until the returned function is called. Counts them. */
async function fails(visit, method, path, { status, headers = {}, json }) {
  const failed = { count: 0, isOn: true };
  await visit.context.route(({ pathname }) => path.test(pathname), (route) => {
    if (!failed.isOn || route.request().method() !== method) {
      return route.fallback();
    }
    failed.count += 1;
    return route.fulfill({ status, headers, json });
  });
  return failed;
}

/** What API Gateway says itself when too many come. */
const TOO_MANY = { status: 429, json: { message: 'Too Many Requests' } };

// ---- Seats ----

visitTest('a seat that was just taken is named, and the rest stays chosen', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await chooses(visit, {}, 7, 8, 9);
  const [rival] = await shop.crowd(concert, 1);
  await shop.arrive(concert, rival);
  await shop.hold(concert, rival, 8);
  await visit.tap(texts.holdSeats);
  const gone = texts.seatsGone(texts.seatShort({ label: '8' }), 2);
  await page.locator('.message', { hasText: gone }).waitFor();
  assert.equal(await page.locator('#urgent').textContent(), gone);
  assert.deepEqual(await chosen(visit), [7, 9]);
  await requireNoDialog(visit);
  assert.equal(await page.locator('[data-seat="8"]').getAttribute('aria-disabled'), 'true');
  assert.equal((await visit.standing(concert)).reservation, undefined);
  // Another one goes while the buyer thinks, and is seen without a tap.
  await shop.leave(rival);
  const other = await shop.buyer(concert);
  await shop.arrive(concert, other);
  await shop.hold(concert, other, 9);
  await visit.pass(6, 2);
  await visit.sees(texts.seatsGone(texts.seatShort({ label: '9' }), 1));
  assert.deepEqual(await chosen(visit), [7]);
  // What was given back can be chosen again.
  await page.locator('[data-seat="8"][aria-disabled=false]').waitFor();
  await visit.tap(texts.holdSeats);
  await visit.isAt(texts.holdTitle);
  assert.deepEqual((await visit.standing(concert)).reservation.seat_numbers, [7]);
});

visitTest('when all seats are taken, the page says so, and shows those that come back', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await chooses(visit, { capacity: 2 }, 1);
  const [rival] = await shop.crowd(concert, 1);
  await shop.arrive(concert, rival);
  await shop.hold(concert, rival, 1, 2);
  await visit.pass(6, 2);
  await visit.sees(texts.noneFree);
  await requireNoDialog(visit);
  assert.deepEqual(await chosen(visit), []);
  await shop.leave(rival);
  await visit.pass(6, 2);
  await page.locator('[data-seat="2"][aria-disabled=false]').tap();
  assert.deepEqual(await chosen(visit), [2]);
});

visitTest('a show that is called off while somebody waits or chooses', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const { concert, first } = await waits(visit, { shows: 3 });
  const callOff = (date) =>
    shop.asAdmin('POST', `/v1/concerts/${concert.id}/dates/${date}/call-off`, { reason: '<b>가수의 병</b>' });
  const off = page.getByText(texts.calledOff('<b>가수의 병</b>'));
  await callOff(concert.dates[0]);
  await visit.pass(61, 5);
  await page.getByText(texts.meanwhile).tap();
  await off.waitFor();
  assert.equal((await visit.standing(concert)).status, 'WAITING');

  await shop.leave(first);
  // Touched a moment ago, the page enters by itself.
  await visit.comesTo(texts.chooseTitle);
  await page.locator('.choice:enabled').first().tap();
  await page.locator('[data-seat="7"]').tap();
  await callOff(concert.dates[1]);
  await visit.pass(16, 2);
  await off.first().waitFor();
  await requireNoDialog(visit);
  assert.equal((await visit.standing(concert)).reservation, undefined);
  await visit.tap(texts.otherShow);
  await page.locator('.choice:enabled').tap();
  await page.locator('[data-seat="7"]').waitFor();

  // Without any show left, the line is over, and the page says why.
  await callOff(concert.dates[2]);
  await visit.comesTo(texts.over.SALE_OVER[0], 5);
  await visit.pass(61, 10);
  assert.equal(await off.count(), 3);
  assert.equal(await page.getByText('가수의 병').locator('b').count(), 0);
  assert.equal((await visit.standing(concert)).reason, 'SALE_OVER');
  await visit.requireAccessible('called off');
});

// ---- The line ----

visitTest('a line that is paused keeps everybody\'s place, and says what the operator says', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const { concert } = await waits(visit);
  await shop.change(concert.queue, { state: 'PAUSED', notice: { ko: '곧 <i>다시</i> 엽니다', en: 'Back <i>soon</i>' } });
  await shop.advance(2);
  await visit.wake();
  await visit.sees(texts.paused);
  await page.locator('.banner', { hasText: 'Back <i>soon</i>' }).waitFor();
  assert.equal(await visit.place(), (await visit.standing(concert)).queue_position);
  await page.getByText(texts.waitUnknown).waitFor();
  await visit.requireAccessible('paused');
  await visit.switchLanguage();
  await page.locator('.banner', { hasText: '곧 <i>다시</i> 엽니다' }).waitFor();
  await visit.sees(visit.texts.paused);
  await shop.change(concert.queue, { state: 'OPEN', notice: null });
  await shop.advance(2);
  await visit.wake();
  await page.getByText(visit.texts.paused).waitFor({ state: 'detached' });
  await page.locator('.banner').waitFor({ state: 'detached' });
  assert.equal((await visit.standing(concert)).status, 'WAITING');
});

for (const [reason, end] of Object.entries({
  QUEUE_CLOSED: (concert) => shop.change(concert.queue, { state: 'CLOSED' }),
  SOLD_OUT: async (concert, first) => {
    const { reservation_id: id, payment } = await shop.hold(concert, first, 1, 2);
    await shop.charge(first.user, payment.amount);
    await shop.call('POST', `/v1/concerts/${concert.id}/reservations/${id}/payments`, {
      token: first.token,
      body: { reservation_id: id, payment_details: { amount: payment.amount } },
    });
  },
  SALE_OVER: async (concert) => {
    const closes = new Date((await shop.now()) + 3_000).toISOString().replace(/\.\d+/, '');
    await shop.asAdmin('PATCH', `/v1/concerts/${concert.id}`, { shows: [{ date: concert.dates[0], closes_at: closes }] });
    await shop.advance(5);
  },
})) {
  visitTest(`${reason} while somebody waits`, CLOCK, async (visit) => {
    const { page, texts } = visit;
    const { concert, first } = await waits(visit, { capacity: 2 });
    await end(concert, first);
    await visit.comesTo(texts.over[reason][0], 15);
    await visit.sees(texts.over[reason][1]);
    const standing = await visit.standing(concert);
    assert.deepEqual([standing.status, standing.reason], ['CLOSED', reason]);
    await page.getByRole('link', { name: texts.toConcerts }).waitFor();
    await visit.requireAccessible(reason);
    if (reason === 'QUEUE_CLOSED') {
      // Opened again, there is the way back.
      assert.equal(await page.getByRole('button', { name: texts.joinAgain }).count(), 0);
      await shop.change(concert.queue, { state: 'OPEN' });
      await visit.pass(31, 10);
      await visit.tap(texts.joinAgain);
      await visit.isAt(texts.waitingTitle);
    }
  });
}

for (const [end, come] of Object.entries({
  NO_SHOW: async (visit) => {
    const { concert, first } = await waits(visit, { queue: SHORT });
    await visit.pass(32, 8);
    await shop.leave(first).catch(() => {});
    await visit.comesTo(visit.texts.turnTitle, 5);
    return concert;
  },
  WINDOW_OVER: (visit) => chooses(visit, { queue: SHORT }, 7),
  'HOLD_EXPIRED with time to choose left': async (visit) => {
    const concert = await chooses(visit, {}, 7);
    await visit.tap(visit.texts.holdSeats);
    await visit.isAt(visit.texts.holdTitle);
    return concert;
  },
  'HOLD_EXPIRED after the time to choose': async (visit) => {
    const concert = await chooses(visit, { queue: SHORT }, 7);
    await visit.pass(60, 10);
    await visit.tap(visit.texts.holdSeats);
    await visit.isAt(visit.texts.holdTitle);
    return concert;
  },
})) {
  const [reason] = end.split(' ');
  visitTest(`${end}: what has happened, and the way back`, CLOCK, async (visit) => {
    const { texts } = visit;
    const concert = await come(visit);
    await visit.comesTo(texts.over[reason][0], 10);
    await visit.sees(texts.over[reason][1]);
    assert.equal((await visit.standing(concert)).reason, reason);
    await visit.requireAccessible(reason);
    const { token } = await visit.session(concert);
    await visit.tap(texts.joinAgain);
    await visit.until('another place', async () => {
      const session = await visit.session(concert);
      return session?.token && session.token !== token;
    });
    assert.match((await visit.standing(concert)).status, /WAITING|ACTIVE/);
  });
}

visitTest('a place that was given up elsewhere is over here', CLOCK, async (visit) => {
  const { texts } = visit;
  const { concert } = await waits(visit);
  const { token } = await visit.session(concert);
  const { user } = await visit.kept();
  await shop.leave({ token });
  const body = { user_id: user.id, concert_id: concert.id };
  await shop.call('POST', '/v1/auth/tokens', { token: user.token, body });
  await visit.page.reload();
  const { reason = 'REPLACED' } = await shop.place(token);
  await visit.isAt(texts.over[reason][0]);
  await visit.sees(texts.over[reason][1]);
});

// ---- The service ----

visitTest('too many people: the place stays, and the page goes on by itself', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const { concert, first } = await waits(visit);
  const place = await visit.place();
  const banner = page.locator('.banner.bad');
  for (const [answer, text] of [
    [TOO_MANY, texts.busy],
    [{ status: 503, headers: { 'retry-after': '20' }, json: { error: 'busy', code: 'BUSY', request_id: 'r' } }, texts.busy],
    [{ status: 500, json: { error: 'x', code: 'INTERNAL', request_id: 'r-500' } }, texts.fault],
    [{ status: 504, json: { message: 'Endpoint request timed out' } }, texts.busy],
    // A hotel's log-in page.
    [{ status: 200, json: undefined, headers: { 'content-type': 'text/html' } }, texts.offline],
  ]) {
    const failed = await fails(visit, 'GET', /^\/v1\/queues\//, answer);
    await visit.until(`the banner after ${answer.status}`, async () => {
      const isThere = await banner.getByText(text).isVisible();
      await (isThere ? undefined : visit.wake());
      return isThere;
    });
    assert.equal(await visit.place(), place);
    await visit.isAt(texts.waitingTitle);
    if (answer.headers?.['retry-after']) {
      const { count } = failed;
      await visit.pass(18, 6);
      assert.equal(failed.count, count, 'asked again before Retry-After');
    }
    failed.isOn = false;
    await visit.pass(6, 2);
    await banner.waitFor({ state: 'detached' });
  }
  assert.equal((await visit.standing(concert)).status, 'WAITING');
  await shop.leave(first);
});

visitTest('joining and holding get through when the service is busy, and happen once', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const signUp = await fails(visit, 'POST', /^\/v1\/users$/, TOO_MANY);
  const join = await fails(visit, 'POST', /^\/v1\/auth\/tokens$/, TOO_MANY);
  await visit.join(concert);
  await visit.until('the sign-up is sent', () => signUp.count === 1);
  signUp.isOn = false;
  await visit.until('the join is sent', async () => {
    await visit.pass(1);
    return join.count >= 1;
  });
  join.isOn = false;
  const title = page.getByRole('heading', { level: 1, name: texts.chooseTitle });
  await visit.sleepUntil('the turn', () => title.isVisible());
  const next = await shop.buyer(concert);
  const numberOf = (token) => JSON.parse(atob(token.split('.')[1])).number;
  assert.equal(numberOf(next.token), numberOf((await visit.session(concert)).token) + 1);

  // An error of the service is shown with its number, and nothing is lost.
  await page.locator('[data-seat="7"]').tap();
  const hold = await fails(visit, 'POST', /\/reservations$/, { status: 500, json: { error: 'x', code: 'INTERNAL', request_id: 'r-500' } });
  await visit.tap(texts.holdSeats);
  await visit.until('the hold has failed', async () => {
    await visit.pass(4, 4);
    return page.getByText(texts.problem('r-500')).isVisible();
  });
  assert.deepEqual(await chosen(visit), [7]);
  await visit.requireAccessible('error of the service');
  hold.isOn = false;
  await visit.tap(texts.holdSeats);
  await visit.isAt(texts.holdTitle);
  assert.deepEqual((await visit.standing(concert)).reservation.seat_numbers, [7]);
});

/** What a firewall answers that wants to check the browser first. It does that when the page is loaded. */
const CHALLENGE = { status: 202, headers: { 'x-amzn-waf-action': 'challenge' } };

visitTest('a browser that is to be checked before it joins: the page says so, and the name stays', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert();
  const signUp = await fails(visit, 'POST', /^\/v1\/users$/, CHALLENGE);
  await visit.open(`/c/${concert.id}`);
  await visit.field(texts.yourName).fill('Mina');
  await visit.tap(texts.join);
  await visit.sees(texts.challenged);
  await visit.requireAccessible('browser to be checked');
  // Nothing is sent and nothing is loaded again by itself.
  assert.equal(signUp.count, 1);
  assert.equal(await visit.field(texts.yourName).inputValue(), 'Mina');
  await visit.tap(texts.reload);
  await page.getByText(texts.challenged).waitFor({ state: 'detached' });
  await visit.isAt(NAME);
  assert.equal(await visit.field(texts.yourName).inputValue(), 'Mina');
  signUp.isOn = false;
  await visit.tap(texts.join);
  await visit.until('the buyer is known', async () => (await visit.kept()).user?.name === 'Mina');
  assert.equal(signUp.count, 1);
});

visitTest('a browser that is to be checked before it makes an account: all but the password stays', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { who: 'accounts' } });
  const signUp = await fails(visit, 'POST', /^\/v1\/users$/, CHALLENGE);
  await visit.open(`/c/${concert.id}`);
  await visit.tap(texts.toAccount);
  const form = page.locator('form', { has: page.getByRole('heading', { name: texts.makeAccount, exact: true }) });
  await form.getByLabel(texts.yourName).fill('Mina');
  await form.getByLabel(texts.email).fill('mina-checked@example.com');
  await form.getByLabel(texts.password).fill('a long password');
  await visit.tap(form.getByRole('button'));
  await visit.tap(texts.reload);
  await visit.isAt(NAME);
  signUp.isOn = false;
  assert.doesNotMatch(await page.evaluate(() => JSON.stringify([history.state, localStorage, sessionStorage])), /a long password/);
  await visit.tap(texts.toAccount);
  assert.equal(await form.getByLabel(texts.yourName).inputValue(), 'Mina');
  assert.equal(await form.getByLabel(texts.email).inputValue(), 'mina-checked@example.com');
  assert.equal(await form.getByLabel(texts.password).inputValue(), '');
  await form.getByLabel(texts.password).fill('a long password');
  await visit.tap(form.getByRole('button'));
  await visit.sees(texts.accountMade);
});

visitTest('a browser that is to be checked while somebody waits: the place stays', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const { concert } = await waits(visit);
  const place = await visit.place();
  // The token is not accepted any more, as after 30 days: the page needs another one for the same place.
  const { token: accepted } = await visit.session(concert);
  const token = `${accepted.slice(0, -20)}${'A'.repeat(20)}`;
  await page.evaluate(([before, after]) => localStorage.setItem('onsale', localStorage.getItem('onsale').replace(before, after)), [accepted, token]);
  const join = await fails(visit, 'POST', /^\/v1\/auth\/tokens$/, CHALLENGE);
  // On another screen, the button leads to where the browser is checked.
  await page.goto('/');
  await visit.sees(texts.challenged);
  assert.equal((await visit.session(concert)).token, token);
  await visit.tap(texts.reload);
  await visit.isAt(texts.waitingTitle);
  assert.equal(new URL(page.url()).pathname, `/c/${concert.id}`);
  join.isOn = false;
  await page.reload();
  await visit.until('another token', async () => (await visit.session(concert)).token !== token);
  await visit.isAt(texts.waitingTitle);
  await visit.until('the same place', async () => (await visit.place()) === place);
  assert.equal((await visit.standing(concert)).status, 'WAITING');
});

// ---- Addresses and texts ----

visitTest('a concert that is not there, and odd addresses', { language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  for (const id of ['01a22986-ab8f-73bf-a5a5-31c7799b25fb', 'none', '%ED%95%9C%EA%B8%80', '%3Cb%3Ebold%3C%2Fb%3E', 'a%2Fb', '%E0%A4%A', '..%2F..', 'a%3Fb%23c', '%00']) {
    await page.goto(`/c/${id}`);
    await visit.isAt(texts.notFound);
    assert.equal(await page.locator('main b').count(), 0);
  }
  await page.locator('main').getByRole('link', { name: texts.home }).tap();
  await visit.isAt(texts.home);
});

visitTest('a concert that is deleted while somebody waits for it', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const { concert } = await waits(visit);
  await shop.asAdmin('DELETE', `/v1/concerts/${concert.id}`);
  await visit.pass(70, 10);
  await visit.isThere();
  await page.reload();
  await visit.isAt(texts.notFound);
  assert.equal(await visit.session(concert), undefined);
  await page.locator('main').getByRole('link', { name: texts.home }).tap();
  await visit.isAt(texts.home);
  assert.equal(await page.locator('.banner').count(), 0);
});

visitTest('markup in names is text', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const name = '<img src=x onerror=alert(1)> & "봄"';
  const concert = await shop.concert({
    name,
    fields: { description: { ko: '<b>굵게</b>', en: '<b>bold</b>' }, venue: { ko: '<i>홀</i>', en: '<i>hall</i>' } },
  });
  await visit.open(`/c/${concert.id}`);
  await visit.isAt(name);
  await visit.sees('<b>bold</b>');
  await visit.sees('<i>hall</i>');
  await page.getByLabel(texts.yourName).fill('<u>Mina</u> ${1}');
  await visit.tap(texts.join);
  const title = page.getByRole('heading', { level: 1, name: texts.chooseTitle });
  await visit.sleepUntil('the turn', () => title.isVisible());
  assert.equal((await visit.kept()).user.name, '<u>Mina</u> ${1}');
  await page.getByRole('link', { name: texts.tickets }).tap();
  await visit.isAt(texts.ticketOf('<u>Mina</u> ${1}'));
  await page.locator('.banner', { hasText: texts.resume(name) }).waitFor();
  assert.equal(await page.locator('#page :is(img, b, i, u):not([aria-hidden] *)').count(), 0);
});

// ---- The browser ----

/** Joins a line and waits, in whatever browser. */
async function joins(visit, concert) {
  await visit.join(concert);
  await visit.isAt(visit.texts.waitingTitle);
  await visit.until('the place', async () => (await visit.place()) === 1);
}

/** A concert with somebody inside. */
async function taken() {
  const concert = await shop.concert({ queue: ONE });
  await shop.arrive(concert, await shop.buyer(concert));
  return concert;
}

visitTest(
  'a browser that denies its storage',
  { language: 'en', prepare: () => Object.defineProperty(window, 'localStorage', { get: () => { throw new DOMException('denied', 'SecurityError'); } }) },
  async (visit) => {
    const concert = await taken();
    await joins(visit, concert);
    // The line is kept for as long as the page is open.
    await visit.page.getByRole('link', { name: visit.texts.tickets }).tap();
    await visit.page.locator('.banner', { hasText: visit.texts.resume(NAME) }).getByRole('link').tap();
    await visit.isAt(visit.texts.waitingTitle);
    const joined = await visit.callsOf('POST', /\/v1\/auth\/tokens$/);
    assert.equal(joined.length, 1);
  },
);

visitTest(
  'a storage that is full',
  { language: 'en', prepare: () => (Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }) },
  async (visit) => {
    await joins(visit, await taken());
    assert.deepEqual(await visit.kept(), {});
  },
);

visitTest('a storage with what the page cannot have written', { language: 'en' }, async (visit) => {
  const concert = await taken();
  await visit.open(`/c/${concert.id}`);
  for (const garbage of ['', '{', 'null', '7', '[]', '"text"', '{"sessions":7,"user":[]}', '{"sessions":{"a":null,"b":{"concert":1}},"user":{"id":1},"language":{}}']) {
    await visit.page.evaluate((text) => localStorage.setItem('onsale', text), garbage);
    await visit.page.reload();
    await visit.isAt(NAME);
    await visit.page.getByRole('button', { name: visit.texts.join }).waitFor();
  }
  await visit.tap(visit.texts.join);
  await visit.isAt(visit.texts.waitingTitle);
});

for (const hours of [-1, 1]) {
  visitTest(
    `a device whose clock is wrong by ${hours} h`,
    {
      language: 'en',
      prepare: `{
      const RealDate = Date;
      globalThis.Date = class extends RealDate {
        constructor(...given) {
          super(...(given.length ? given : [RealDate.now() + ${hours} * 3_600_000]));
        }
        static now() {
          return RealDate.now() + ${hours} * 3_600_000;
        }
      };
    }`,
    },
    async (visit) => {
      const opens = new Date((await shop.now()) + 600_000).toISOString().replace(/\.\d+/, '');
      const concert = await shop.concert({ queue: { opens_at: opens } });
      await visit.join(concert);
      await visit.isAt(visit.texts.earlyTitle);
      const left = async () => (Date.parse(opens) - (await shop.now())) / 1_000;
      // The page draws once a second.
      const most = (await left()) + 2;
      const [minutes, seconds] = (await visit.page.getByRole('timer').textContent()).split(':');
      const least = (await left()) - 5;
      const shown = 60 * minutes + Number(seconds);
      assert(shown >= least && shown <= most, `${shown} s, of ${least} to ${most} s`);
    },
  );
}

// ---- Another version ----

/** Goes on until the page loads itself anew. */
async function loadsAnew(visit, loads) {
  await visit.until('the page loads itself anew', async () => {
    // It may do so at any moment, and then there is no page to ask.
    await visit.pass(2).then(() => visit.wake()).catch(() => {});
    return loads() > 0;
  });
}

/** What a visit whose service has another version of the page by now asks for. */
async function renew(visit, { isOnlyForNew }) {
  const { page } = visit;
  const version = await page.evaluate(() => document.querySelector('script[type=module]').src.match(/page\/([^/]+)\//)[1]);
  const next = 'f'.repeat(version.length);
  let loads = 0;
  page.on('request', (request) => (loads += Number(request.isNavigationRequest())));
  visit.expectError(/404/);
  visit.expectError(/Failed to (load|fetch)/);
  await visit.context.route(`**/page/${version}/**`, (route) =>
    // A browser may still have what it has loaded before, but not what it has never asked for.
    isOnlyForNew && route.request().resourceType() !== 'fetch' && !/seats\.mjs/.test(route.request().url())
      ? route.fallback()
      : route.fulfill({ status: 404, body: '' }),
  );
  if (!isOnlyForNew) {
    await visit.context.route(`**/page/${next}/**`, async (route) =>
      route.fulfill({ response: await route.fetch({ url: route.request().url().replace(next, version) }) }),
    );
    await visit.context.route('**/c/*', async (route) => {
      const response = await route.fetch();
      return route.fulfill({ response, body: (await response.text()).replaceAll(version, next) });
    });
  }
  return { next, loads: () => loads };
}

visitTest('a new version of the page while it is open: it loads itself anew, once', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const { concert, first } = await waits(visit);
  const { token } = await visit.session(concert);
  const { next, loads } = await renew(visit, {});
  await visit.pass(32, 8);
  await shop.leave(first);
  await loadsAnew(visit, loads);
  await page.locator(`script[src*="${next}"]`).waitFor({ state: 'attached' });
  await visit.isAt(texts.turnTitle);
  await visit.pass(10, 2);
  await visit.isAt(texts.turnTitle);
  assert.equal(loads(), 1);
  assert.equal((await visit.session(concert)).token, token);
  await visit.tap(texts.enter);
  await visit.isAt(texts.chooseTitle);
});

visitTest('the HTML of an old version without its files: the page does not load itself for ever', CLOCK, async (visit) => {
  const { texts } = visit;
  const { first } = await waits(visit);
  const { loads } = await renew(visit, { isOnlyForNew: true });
  await visit.pass(32, 8);
  await shop.leave(first);
  await loadsAnew(visit, loads);
  await visit.isAt(texts.turnTitle);
  await visit.pass(8, 1);
  await visit.isAt(texts.turnTitle);
  assert.equal(loads(), 1);
});
