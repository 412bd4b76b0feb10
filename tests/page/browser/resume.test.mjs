// Whatever happens to the page, it comes back to the same state: each state of a buyer, after a
// reload, the buttons back and forward, another tab, ten seconds offline, and six minutes asleep.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';

// A hold that outlives what is done to the page.
const { shop, visitTest } = await setUp({ HoldSeconds: '840' });

/** A line for one at a time, who has an hour. */
const ONE = { max_active: 1, claim_seconds: 3_000, active_seconds: 3_600 };

/** What is done to the page. Each of them ends with the page being looked at again. */
const EVENTS = {
  'a reload': ({ page }) => page.reload(),
  'back and forward': async (visit) => {
    const { page, texts } = visit;
    await page.getByRole('link', { name: texts.tickets }).first().click();
    await visit.isAt(texts.ticketsTitle);
    await page.goBack();
    await page.goForward();
    await visit.isAt(texts.ticketsTitle);
    await page.goBack();
  },
  'another page, and back': async (visit) => {
    await visit.page.goto('/tickets');
    await visit.isAt(visit.texts.ticketsTitle);
    await visit.page.goBack();
  },
  'ten seconds offline': async (visit) => {
    await visit.context.setOffline(true);
    await visit.pass(10, 5);
    await visit.page.locator('.banner.bad').waitFor();
    await visit.context.setOffline(false);
    await visit.page.locator('.banner.bad').waitFor({ state: 'detached' });
  },
  'six minutes asleep': async (visit) => {
    await visit.hide(true);
    await visit.sleep(360);
    await visit.hide(false);
  },
};

/** What a buyer sees of a state, without the time that is left. */
function seen(page) {
  return page.evaluate(() => {
    const texts = (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent.trim());
    return {
      heading: texts('h1'),
      place: texts('#place'),
      promise: texts('.hash'),
      facts: texts('.card.hold dd, .card.paid dd'),
      show: texts('.show-line strong'),
      chosen: texts('.chip'),
      pressed: texts('.seat[aria-pressed=true]'),
      reason: texts('.card.over .lead'),
      main: texts('.button.main'),
    };
  });
}

/** Waits until the same is seen again. */
async function seesAgain(visit, page, before, event) {
  let now;
  try {
    await visit.until('the same state', async () => {
      now = await seen(page).catch(() => undefined);
      return JSON.stringify(now) === JSON.stringify(before);
    });
  } catch {
    assert.deepEqual(now, before, `after ${event}`);
  }
}

/**
 * What is to be asked for once when the page is opened: a call that comes twice is one too many. Where
 * a state is slow to come back, the page's next poll may be among the calls. It comes a second later or
 * more.
 */
async function requireOneRound(visit, from, event) {
  await visit.settle();
  // What the page asked for just before it was loaded again belongs to no round.
  const since = visit.calls.slice(from).filter(({ at }) => at >= visit.loadedAt);
  const asked = since.map(({ method, path, at }) => ({ call: `${method} ${path}`, at }));
  assert(asked.length > 0, `after ${event}, the page has asked for nothing`);
  const twice = asked.filter(({ call, at }, index) =>
    asked.slice(0, index).some((other) => other.call === call && Math.abs(at - other.at) < 1000),
  );
  assert.deepEqual(twice, [], `after ${event}, the page has asked twice`);
  const calls = asked.map(({ call }) => call);
  assert(calls.every((call) => call.startsWith('GET ')), `after ${event}, the page has written: ${calls}`);
}

/** The numbers of the seats of the first show that are not free, as another buyer sees them. */
async function takenSeats(concert) {
  await shop.change(concert.queue, { max_active: 100 });
  const buyer = await shop.buyer(concert);
  await shop.arrive(concert, buyer);
  const path = `/v1/concerts/${concert.id}/seats?date=${concert.dates[0]}&form=line`;
  const { states } = await shop.call('GET', path, { token: buyer.token });
  return [...states].flatMap((state, index) => (state === 'F' ? [] : [`${index + 1}${state}`]));
}

/** The states: how a buyer comes into each, and what the service says of them then. */
const STATES = {
  concert: {
    reach: (visit, concert) => visit.open(`/c/${concert.id}`),
    says: undefined,
  },
  early: {
    queue: { opens_at: 3_600 },
    reach: async (visit, concert) => {
      await visit.join(concert);
      await visit.isAt(visit.texts.earlyTitle);
    },
    says: { status: 'EARLY' },
  },
  waiting: {
    isBehind: true,
    reach: async (visit, concert) => {
      await visit.join(concert);
      await visit.isAt(visit.texts.waitingTitle);
    },
    says: { status: 'WAITING' },
  },
  turn: {
    isBehind: true,
    reach: async (visit, concert, first) => {
      await visit.join(concert);
      await visit.isAt(visit.texts.waitingTitle);
      await visit.pass(35, 7);
      await shop.leave(first);
      await visit.comesTo(visit.texts.turnTitle);
    },
    says: { status: 'ACTIVE', claims: true },
  },
  'choosing with chosen seats': {
    reach: choose,
    says: { status: 'ACTIVE', claims: false },
  },
  holding: {
    reach: hold,
    says: { status: 'ACTIVE', claims: false, holds: [7, 8] },
    taken: ['7H', '8H'],
  },
  paid: {
    reach: async (visit, concert) => {
      await hold(visit, concert);
      await shop.charge((await visit.kept()).user.id, 200_000);
      await visit.page.reload();
      await visit.tap(/^Pay/);
      await visit.isAt(visit.texts.paidTitle);
      await visit.page.locator('.card.paid dd').first().waitFor();
    },
    says: { status: 'CLOSED', reason: 'PAID' },
    taken: ['7S', '8S'],
    orders: 1,
  },
  over: {
    isBehind: true,
    reach: async (visit, concert) => {
      await visit.join(concert);
      await visit.isAt(visit.texts.waitingTitle);
      await shop.change(concert.queue, { state: 'CLOSED' });
      await visit.comesTo(visit.texts.over.QUEUE_CLOSED[0]);
    },
    says: { status: 'CLOSED', reason: 'QUEUE_CLOSED' },
  },
};

/** Joins, and is inside at once. Chooses two seats of the second show. */
async function choose(visit, concert) {
  await visit.join(concert);
  await visit.sleepUntil('the turn', () => visit.page.getByRole('heading', { name: visit.texts.chooseTitle }).isVisible());
  await visit.page.locator('.choice').first().tap();
  for (const seat of [7, 8]) {
    await visit.page.locator(`[data-seat="${seat}"]`).tap();
  }
  await visit.page.locator('.chip').nth(1).waitFor();
}

/** Chooses two seats, and holds them. */
async function hold(visit, concert) {
  await choose(visit, concert);
  await visit.tap(visit.texts.holdSeats);
  await visit.isAt(visit.texts.holdTitle);
  // The balance.
  await visit.page.locator('.card.hold dd').nth(3).waitFor();
}

for (const [state, { reach, says, queue = {}, isBehind, taken, orders = 0 }] of Object.entries(STATES)) {
  visitTest(`${state}: comes back after everything`, { language: 'en', clock: true }, async (visit) => {
    const { opens_at: opens } = queue;
    const at = opens && new Date((await shop.now()) + 1_000 * opens).toISOString().replace(/\.\d+/, '');
    const concert = await shop.concert({ shows: 2, queue: { ...ONE, ...(at && { opens_at: at }) } });
    let first;
    if (isBehind) {
      first = await shop.buyer(concert);
      await shop.arrive(concert, first);
    }
    await reach(visit, concert, first);
    const { page } = visit;
    const look = () => seen(page);
    await visit.isThere();
    const before = await look();
    const kept = await visit.session(concert);
    const number = kept && JSON.parse(atob(kept.token.split('.')[1])).number;
    const user = (await visit.kept()).user;
    const standing = kept && (await shop.place(kept.token));

    for (const [event, happen] of Object.entries(EVENTS)) {
      await visit.settle();
      const asked = visit.calls.length;
      await happen(visit);
      await seesAgain(visit, page, before, event);
      if (event === 'a reload') {
        await visit.isThere();
        await requireOneRound(visit, asked, event);
      }
    }
    const tab = await visit.newTab();
    await tab.goto(`/c/${concert.id}`);
    await seesAgain(visit, tab, before, 'another tab');
    await tab.close();

    // Asked of the service: one session, which is the same; one hold; one order.
    const after = await visit.session(concert);
    assert.equal(after?.token, kept?.token);
    assert.equal(after?.key, kept?.key);
    assert.equal((await visit.kept()).user?.id, user?.id);
    const joins = await visit.callsOf('POST', /\/v1\/auth\/tokens$/);
    assert.equal(joins.length, kept ? 1 : 0);
    if (!kept) {
      return;
    }
    const { status, reason, claim_until: claim, reservation } = await shop.place(kept.token);
    assert.equal(status, says.status);
    assert.equal(reason, says.reason);
    if (says.claims !== undefined) {
      assert.equal(claim !== undefined, says.claims);
    }
    assert.deepEqual(reservation?.seat_numbers, says.holds);
    assert.equal(reservation?.reservation_id, standing.reservation?.reservation_id);
    const { payments } = await shop.call('GET', `/v1/users/${user.id}/payments`, { token: user.token });
    assert.equal(payments.length, orders);
    if (state === 'early' || state === 'over') {
      return;
    }
    // The next one who joins has the next number, so nobody has joined twice.
    const next = await shop.buyer(concert);
    assert.equal(JSON.parse(atob(next.token.split('.')[1])).number, number + 1);
    if (taken) {
      await shop.leave(next);
      assert.deepEqual(await takenSeats(concert), taken);
    }
  });
}
