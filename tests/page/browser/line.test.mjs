// The line: the draw, the place, the time that is left, the turn, and leaving.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp();

/** A browser of which the clock can be moved. */
const CLOCK = { language: 'en', clock: true };

/** A line that lets nobody in for a quarter of an hour. */
const SLOW = { rate: 0.001 };

/** A line for one at a time, who has an hour. */
const ONE = { max_active: 1, claim_seconds: 3_000, active_seconds: 3_600 };

/** A buyer that is inside, so that whoever comes next waits. */
async function inside(concert) {
  const buyer = await shop.buyer(concert);
  await shop.arrive(concert, buyer);
  return buyer;
}

/** The line's document. */
function documentOf(concert) {
  return shop.call('GET', `/v1/queues/${concert.queue}`);
}

/** Starts to note each text that a part of the page has, with the time of the page. */
async function watch(visit, selector) {
  await visit.page.evaluate((selector) => {
    const seen = [];
    const look = () => {
      const text = document.querySelector(selector)?.textContent;
      if (text && text !== seen.at(-1)?.text) {
        seen.push({ text, time: performance.now() / 1_000 });
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
    globalThis.__seen = { ...globalThis.__seen, [selector]: seen };
  }, selector);
}

/** What was noted since {@link watch}. */
function seenOf(visit, selector) {
  return visit.page.evaluate((selector) => globalThis.__seen[selector], selector);
}

/** The seconds of a countdown such as 1:02:03. */
function secondsOf(text) {
  return text.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
}

// ---- The draw ----

visitTest('the promise of the draw is shown before the opening, and checked after it', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const opens = new Date((await shop.now()) + 90_000).toISOString().replace(/\.\d+/, '');
  const concert = await shop.concert({ queue: { ...SLOW, opens_at: opens } });
  const early = await shop.crowd(concert, 2);
  await visit.join(concert);
  await visit.isAt(texts.earlyTitle);
  await visit.sees(texts.earlyText);
  await visit.sees(texts.commitmentText);
  const { draw: promised } = await documentOf(concert);
  assert.equal(promised.seed, undefined);
  assert.equal(await page.locator('.hash').textContent(), promised.seed_hash);
  const timer = page.getByRole('timer');
  const left = (await shop.now()) - Date.parse(opens);
  assert(Math.abs(secondsOf(await timer.textContent()) + left / 1_000) < 5);
  assert.equal((await visit.standing(concert)).status, 'EARLY');

  await visit.pass(95, 5);
  await visit.isAt(texts.waitingTitle);
  await visit.sees(`✔ ${texts.drawHolds}`);
  await page.getByText(texts.drawYourself).tap();
  const { draw } = await documentOf(concert);
  const standing = await visit.standing(concert);
  assert.equal(draw.entries, early.length + 1);
  assert.equal(createHash('sha256').update(Buffer.from(draw.seed, 'hex')).digest('hex'), promised.seed_hash);
  const ticket = JSON.parse(atob((await visit.session(concert)).token.split('.')[1]));
  assert.deepEqual(await page.locator('.draw dd').allTextContents(), [
    draw.seed, promised.seed_hash, ticket.early.join('-'), String(standing.queue_position),
  ]);
  assert.equal(await visit.place(), standing.queue_position);
  await visit.requireAccessible('draw');

  // Nobody can put another draw in its place, whatever they change.
  const seed = 'ab'.repeat(32);
  const hash = createHash('sha256').update(Buffer.from(seed, 'hex')).digest('hex');
  for (const forged of [{ seed }, { seed_hash: hash }, { seed, seed_hash: hash }, { entries: 4 }]) {
    await page.route('**/v1/queues/*', async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      await route.fulfill({ response: answer, json: { ...json, draw: { ...json.draw, ...forged } } });
    });
    await page.reload();
    await visit.sees(`✖ ${texts.drawForged}`);
    assert.equal(await page.getByText(texts.drawHolds).count(), 0);
    assert.equal(await visit.place(), standing.queue_position);
    await page.unroute('**/v1/queues/*');
  }
  await page.reload();
  await visit.sees(`✔ ${texts.drawHolds}`);

  // What counts is the promise that this browser has seen.
  await page.evaluate((hash) => {
    const kept = JSON.parse(localStorage.onsale);
    for (const session of Object.values(kept.sessions)) {
      session.seedHash = hash;
    }
    localStorage.onsale = JSON.stringify(kept);
  }, hash);
  await page.reload();
  await visit.sees(`✖ ${texts.drawForged}`);
  await page.getByText(texts.drawYourself).tap();
  assert.equal(await page.locator('.draw dd').nth(1).textContent(), hash);
});

// ---- The place ----

/** Numbers that look like chance, and are the same every time: a generator of Park and Miller. */
function* numbers(seed) {
  for (let number = seed; ; ) {
    number = (number * 48_271) % 2_147_483_647;
    yield number;
  }
}

visitTest('the place is the service\'s at a hundred moments, and never rises', CLOCK, async (visit) => {
  const { page } = visit;
  const concert = await shop.concert({ capacity: 500, queue: { max_active: 4, rate: 2, claim_seconds: 12, active_seconds: 60 } });
  const crowd = await shop.crowd(concert, 110);
  await visit.join(concert);
  await visit.isAt(visit.texts.waitingTitle);
  await watch(visit, '#place');
  const next = numbers(20_261_120);
  const places = new Set();
  for (let moment = 0; moment < 100; moment += 1) {
    // The crowd does what crowds do: the foremost come in or leave, or nobody does anything.
    const [ahead] = crowd.splice(0, moment % 3 === 0 ? 1 : 0);
    if (ahead) {
      const { status } = await shop.place(ahead.token);
      const isIn = status === 'ACTIVE' || status === 'WAITING';
      await (isIn ? shop.leave(ahead) : undefined);
    }
    await visit.pass(1 + (next.next().value % 5), 5);
    await visit.wake();
    let service;
    await visit.until(`moment ${moment}: the page says what the service says`, async () => {
      const before = await visit.standing(concert);
      // Drawn at this moment, and not at the last beat.
      const shown = await page.evaluate(() => {
        dispatchEvent(new Event('online'));
        return Number(document.querySelector('#place')?.textContent);
      });
      const after = await visit.standing(concert);
      assert.equal(after.status, 'WAITING', 'the turn comes before the test has ended');
      assert(shown >= after.queue_position, `moment ${moment}: the page promises ${shown} and not ${after.queue_position}`);
      service = after.queue_position;
      return before.queue_position === shown && shown === service;
    });
    places.add(service);
  }
  assert(places.size >= 10, `the crowd has moved only ${places.size} times`);
  const seen = (await seenOf(visit, '#place')).map(({ text }) => Number(text));
  assert.deepEqual(seen, [...new Set(seen)].sort((one, other) => other - one));
});

visitTest('the place is said aloud seldom, and the turn at once; nobody enters by themselves', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { rate: 0.5, max_active: 1_000, claim_seconds: 100, active_seconds: 200 } });
  await shop.crowd(concert, 89);
  await visit.join(concert);
  await visit.isAt(texts.waitingTitle);
  await watch(visit, '#polite');
  await watch(visit, '#urgent');
  assert.match(await page.title(), /^Place \d+ – 봄 콘서트$/);
  const { queue_position: first } = await visit.standing(concert);
  for (let seconds = 0; (await visit.standing(concert)).status === 'WAITING'; seconds += 10) {
    assert(seconds < 400, 'the turn does not come');
    await visit.pass(10);
  }
  await visit.pass(5);
  await visit.isAt(texts.turnTitle);

  const said = (await seenOf(visit, '#polite')).filter(({ text }) => text.startsWith('Place '));
  const spoken = said.map(({ text }) => Number(text.match(/^Place (\d+)\./)[1]));
  assert.deepEqual(spoken.filter((place) => place <= 5), [5, 4, 3, 2, 1]);
  const far = said.slice(0, -5);
  // The first place, 50, and half of it as soon as a minute was over. The 10 came too soon after that.
  assert.equal(far.length, 3, spoken.join());
  assert(Math.abs(spoken[0] - first) <= 1 && spoken[1] <= 50 && spoken[1] > 40 && spoken[2] * 2 <= spoken[1], spoken.join());
  for (const [index, { time }] of far.entries()) {
    // What is said is noted when it is drawn, up to a beat later.
    const since = index === 0 ? Infinity : time - far[index - 1].time;
    assert(since >= 58, `${since} s after the last one`);
  }
  assert.match(said[0].text, /^Place \d+\. about 3 minutes$/);

  // The turn: urgent, in the title, with the focus; and nobody has entered.
  assert.deepEqual((await seenOf(visit, '#urgent')).map(({ text }) => text), [texts.turnNotice('봄 콘서트')]);
  assert.equal(await page.locator('#urgent').getAttribute('aria-live'), 'assertive');
  assert.equal(await page.locator('#polite').getAttribute('aria-live'), 'polite');
  assert.match(await page.title(), /^▶ Enter \d:\d\d – 봄 콘서트$/);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'heading');
  await visit.pass(20);
  assert.notEqual((await visit.standing(concert)).claim_until, undefined);
  await visit.tap(texts.enter);
  await visit.isAt(texts.chooseTitle);
  assert.equal((await visit.standing(concert)).claim_until, undefined);
});

// ---- The turn ----

for (const [name, { waits, hides, enters }] of Object.entries({
  'a visible page that was touched a moment ago enters': { waits: 5, enters: true },
  'a page that was not touched for half a minute does not enter': { waits: 32, enters: false },
  'a hidden page does not enter, touched or not': { waits: 5, hides: true, enters: false },
})) {
  visitTest(name, CLOCK, async (visit) => {
    const { page, texts } = visit;
    const concert = await shop.concert({ queue: ONE });
    const buyer = await inside(concert);
    await visit.join(concert);
    await visit.isAt(texts.waitingTitle);
    await page.getByRole('heading', { level: 1 }).tap();
    if (hides) {
      await visit.hide(true);
    }
    await visit.pass(waits, 5);
    await shop.leave(buyer);
    await visit.comesTo(enters ? texts.chooseTitle : texts.turnTitle);
    await visit.pass(10, 5);
    const { status, claim_until: claim } = await visit.standing(concert);
    assert.equal(status, 'ACTIVE');
    assert.equal(claim === undefined, enters);
    await visit.isAt(enters ? texts.chooseTitle : texts.turnTitle);
  });
}

visitTest('no countdown shows time that is gone, and none hides more than three seconds', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { max_active: 1, claim_seconds: 100, active_seconds: 200 } });
  const buyer = await inside(concert);
  await visit.join(concert);
  await visit.pass(32, 8);
  await shop.leave(buyer);
  await visit.comesTo(texts.turnTitle);

  /** Compares what is shown with a deadline of the service. */
  async function compare(deadline) {
    for (const seconds of [1, 2, 7, 1, 13, 3]) {
      await visit.pass(seconds);
      await visit.wake();
      const before = await shop.now();
      const shown = secondsOf(await page.locator('.timer-left').textContent());
      const after = await shop.now();
      const end = Date.parse(deadline(await visit.standing(concert)));
      assert(shown * 1_000 <= end - before, `${shown} s are shown, and ${(end - before) / 1_000} s are left`);
      assert(shown * 1_000 >= end - after - 3_000, `${shown} s are shown, and ${(end - after) / 1_000} s are left`);
    }
  }

  await compare(({ claim_until }) => claim_until);
  await visit.tap(texts.enter);
  await visit.isAt(texts.chooseTitle);
  await compare(({ active_until }) => active_until);
  await page.locator('[data-seat="7"]').tap();
  await visit.tap(texts.holdSeats);
  await visit.isAt(texts.holdTitle);
  await compare(({ reservation }) => reservation.expiration_time);
});

// ---- While somebody waits ----

visitTest('the screen can be stopped, and the line moves on', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { rate: 0.5, max_active: 1_000 } });
  await shop.crowd(concert, 20);
  await visit.join(concert);
  await visit.isAt(texts.waitingTitle);
  await visit.pass(3);
  await page.getByText(texts.options).tap();
  await page.getByLabel(texts.freeze).tap();
  await visit.sees(texts.frozen);
  const card = page.locator('.card.wait');
  const text = await card.innerText();
  const place = await visit.place();
  await visit.pass(10);
  assert.equal(await card.innerText(), text);
  assert((await visit.standing(concert)).queue_position < place);
  await page.getByLabel(texts.freeze).tap();
  await visit.until('the place moves again', async () => (await visit.place()) < place);
  await page.getByText(texts.frozen).waitFor({ state: 'detached' });

  // A place that was stopped is not that of the next line.
  await page.getByLabel(texts.freeze).tap();
  await visit.sees(texts.frozen);
  await visit.tap(texts.leave);
  await visit.tap(texts.leaveYes);
  await visit.tap(texts.joinAgain);
  await visit.isAt(texts.waitingTitle);
  await visit.pass(2);
  await visit.until('the place of the new line is shown', async () => {
    const { queue_position: now } = await visit.standing(concert);
    return (await visit.place()) === now;
  });
  assert.equal(await page.getByText(texts.frozen).count(), 0);
});

visitTest('the line is followed on the other pages, with place, turn and time', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { ...ONE, claim_seconds: 100 } });
  const [first, second] = await shop.crowd(concert, 2);
  await shop.arrive(concert, first);
  await visit.join(concert);
  await visit.isAt(texts.waitingTitle);
  const banner = page.locator('.banner', { hasText: texts.resume('봄 콘서트') });
  await page.getByRole('link', { name: texts.tickets }).tap();
  await visit.isAt(texts.ticketsTitle);
  await banner.getByText(texts.place('2')).waitFor();
  await shop.leave(first);
  await visit.sleepUntil('the place is 1', () => banner.getByText(texts.place('1')).isVisible());

  // Loaded anew, it is followed as well.
  await visit.open('/');
  await banner.getByText(texts.place('1')).waitFor();
  await visit.pass(32, 8);
  await shop.arrive(concert, second);
  await shop.leave(second);
  await visit.sleepUntil('the turn', () => banner.getByText(texts.turnTitle).isVisible());
  const [, shown] = (await banner.innerText()).match(/(\d+:\d\d) left/);
  const { claim_until: claim } = await visit.standing(concert);
  const left = Date.parse(claim) - (await shop.now());
  assert(secondsOf(shown) * 1_000 <= left + 1_000 && secondsOf(shown) * 1_000 >= left - 3_000, `${shown}, ${left} ms`);
  assert.match(await page.title(), /^▶ Enter \d:\d\d – 봄 콘서트$/);
  assert.equal(await page.locator('#urgent').textContent(), texts.turnNotice('봄 콘서트'));
  await visit.requireAccessible('turn, seen from the list');
  await banner.getByRole('link').tap();
  await visit.isAt(texts.turnTitle);
  assert.notEqual((await visit.standing(concert)).claim_until, undefined);
});

visitTest('leaving is confirmed first, and ends the place at the service', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: ONE });
  await inside(concert);
  await visit.join(concert);
  await visit.isAt(texts.waitingTitle);
  const { token } = await visit.session(concert);
  await visit.tap(texts.leave);
  await visit.sees(texts.leaveSure);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), texts.leaveNo);
  // By keyboard: a tap at once would be the second one of a double tap.
  await page.keyboard.press('Enter');
  await page.getByText(texts.leaveSure).waitFor({ state: 'detached' });
  assert.equal((await shop.place(token)).status, 'WAITING');
  assert(visit.calls.every(({ method }) => method !== 'DELETE'));
  await page.getByRole('button', { name: texts.leave }).press('Enter');
  await visit.sees(texts.leaveSure);
  await visit.tap(texts.leaveYes);
  await visit.isAt(texts.over.LEFT[0]);
  const { status, reason } = await shop.place(token);
  assert.deepEqual([status, reason], ['CLOSED', 'LEFT']);
  await visit.requireAccessible('left');
  // The way back is there, and is a place of its own.
  await visit.tap(texts.joinAgain);
  await visit.isAt(texts.waitingTitle);
  assert.notEqual((await visit.session(concert)).token, token);
});

visitTest('whether the seats may be too few is what the service says', CLOCK, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ capacity: 4, queue: { max_active: 2, claim_seconds: 3_000, active_seconds: 3_600 } });
  const crowd = await shop.crowd(concert, 4);
  await shop.arrive(concert, crowd[0]);
  await visit.join(concert);
  await visit.isAt(texts.waitingTitle);
  /** What the service says, once the page says the same. */
  const compared = async () => {
    await shop.advance(2);
    await visit.wake();
    let beyond;
    await visit.until('the page says of the seats what the service says', async () => {
      ({ beyond_seats: beyond = false } = await visit.standing(concert));
      return ((await page.getByText(texts.beyondSeats).count()) > 0) === beyond;
    });
    return beyond;
  };
  const found = [await compared()];
  for (const buyer of crowd.slice(0, 2)) {
    await shop.leave(buyer);
    found.push(await compared());
  }
  assert.deepEqual(found, [true, false, false]);
});
