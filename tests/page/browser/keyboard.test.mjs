// What axe cannot see: where the focus goes, what the Tab key reaches and how it shows, what is said
// aloud, and how the page looks with forced colours and less motion.

import assert from 'node:assert/strict';

import { setUp } from '../harness/browser.mjs';

const { shop, visitTest } = await setUp();

/** The element that has the focus: its id, or its text. */
const focused = (visit) =>
  visit.page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim() || '');

/** Waits until the focus is on the heading of a screen. */
async function requireFocusOnHeading(visit, title) {
  await visit.page.getByRole('heading', { level: 1, name: title }).waitFor();
  assert.equal(await focused(visit), 'heading', `where the focus is on “${title}”`);
}

/**
 * Goes through a screen with the Tab key, from its top to its end, and looks at each stop: how the focus
 * shows, how large it is, and whether something else lies above it.
 *
 * @returns {Promise<{name: string, isMain: boolean, width: number, height: number}[]>}
 */
async function tabThrough(visit) {
  const { page } = visit;
  const stops = [];
  await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection()?.removeAllRanges();
    scrollTo(0, 0);
  });
  await page.locator('.brand').focus();
  await page.keyboard.press('Shift+Tab');
  for (;;) {
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      // A radio button and a check box are as large as their label.
      const target = element.closest('label') ?? element;
      // The one shows at its neighbour.
      const shown = element.matches('.counts input') ? element.nextElementSibling : element;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      const { left, top, width, height } = element.getBoundingClientRect();
      const size = target.getBoundingClientRect();
      // Not the corners: they may be round.
      const [middle, centre] = [left + width / 2, top + height / 2];
      const edges = [[middle, top + 2], [middle, top + height - 2], [left + 2, centre], [left + width - 2, centre]];
      const covers = edges
        .map(([x, y]) => document.elementFromPoint(x, y))
        .filter((above) => !above || !(target.contains(above) || above.contains(element)))
        .map((above) => above?.outerHTML.slice(0, 80) ?? 'outside the window');
      return {
        name: element.getAttribute('aria-label') ?? element.textContent?.trim() ?? '',
        html: element.outerHTML.slice(0, 160),
        isMain: element.matches('.button.main'),
        width: size.width,
        height: size.height,
        outline: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth),
        covers,
      };
    });
    if (!stop) break;
    stops.push(stop);
    assert(stops.length < 100, 'the Tab key does not come to an end');
    await page.keyboard.press('Tab');
  }
  for (const { html, isMain, width, height, outline, covers } of stops) {
    const least = isMain ? 48 : 24;
    assert(width >= least && height >= least, `${width} × ${height} px: ${html}`);
    assert(outline >= 2, `the focus does not show: ${html}`);
    assert.deepEqual(covers, [], `something is above ${html}`);
  }
  return stops;
}

/** Collects what is said aloud from now on. */
async function listen(visit) {
  await visit.page.evaluate(() => {
    globalThis.__said = [];
    const observer = new MutationObserver(() => {
      for (const id of ['polite', 'urgent']) {
        const text = document.getElementById(id)?.textContent?.trim();
        if (text && text !== globalThis.__said.findLast((one) => one.id === id)?.text) globalThis.__said.push({ id, text });
      }
    });
    observer.observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  return async () => (await visit.page.evaluate(() => globalThis.__said)).map(({ text }) => text);
}

/** Nothing ends while it is looked at. */
const LONG = { claim_seconds: 900, active_seconds: 1_200 };

const SMALL = { width: 320, height: 568 };

visitTest('the focus goes to the heading of a new screen, and stays while the page looks', { clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { max_active: 1, ...LONG } });
  const [inside, ahead] = await shop.crowd(concert, 2);
  await shop.arrive(concert, inside);

  await visit.open('/');
  await visit.reach(page.locator(`a[href="/c/${concert.id}"]`), 'Enter');
  await requireFocusOnHeading(visit, '봄 콘서트');
  await visit.reach(page.getByRole('button', { name: texts.join }), 'Enter');
  await requireFocusOnHeading(visit, texts.waitingTitle);

  // Looks, a better place, and a change of what is written around do not move the focus.
  await visit.reach(page.getByText(texts.options));
  await shop.change(concert.queue, { notice: { ko: '곧 시작합니다.' } });
  await shop.leave(inside);
  await visit.sleepUntil('the place is better', () => page.locator('#place').getByText('1', { exact: true }).isVisible());
  await visit.sees('곧 시작합니다.');
  assert.equal(await focused(visit), texts.options);

  // The turn does. Nobody has touched the page for half a minute.
  await visit.sleep(31);
  await shop.leave(ahead);
  await visit.sleepUntil('the turn comes', () => page.locator('.turn + .bar .button:enabled').isVisible());
  await requireFocusOnHeading(visit, texts.turnTitle);
  await visit.reach(page.locator('.bar .button'), 'Enter');
  await requireFocusOnHeading(visit, texts.chooseTitle);

  // Nor does a look at the seats, in which others have gone.
  const seat = page.locator('[data-seat="12"]');
  await visit.reach(page.locator('[data-seat="1"]'));
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await page.locator('.chip').waitFor();
  await shop.change(concert.queue, { max_active: 5 });
  await shop.sell(concert, 13);
  await visit.sleepUntil('the other seat is gone', () => page.locator('[data-seat="13"].sold').isVisible());
  assert(await seat.evaluate((element) => element === document.activeElement), await focused(visit));

  await visit.reach(page.getByRole('button', { name: texts.holdSeats }), 'Enter');
  await requireFocusOnHeading(visit, texts.holdTitle);
  await visit.reach(page.locator('.bar .button'), 'Enter');
  await page.getByText(texts.balanceAfter).waitFor();
  // The button has become another one, and keeps the focus.
  await page.keyboard.press('Enter');
  await requireFocusOnHeading(visit, texts.paidTitle);
});

visitTest('the map has one stop for the Tab key, and arrows go from seat to seat', { language: 'en' }, async (visit) => {
  const { page } = visit;
  const concert = await shop.concert({ capacity: 30 });
  await shop.sell(concert, 1, 3);
  const holder = await shop.buyer(concert);
  await shop.arrive(concert, holder);
  await shop.hold(concert, holder, 12);
  await visit.join(concert);
  await page.locator('[data-seat="3"].sold').waitFor();
  const at = () => page.evaluate(() => Number(document.activeElement?.getAttribute('data-seat')));

  const stops = await page.locator('.seats [tabindex="0"]').evaluateAll((all) => all.map((one) => one.getAttribute('data-seat')));
  assert.deepEqual(stops, ['2']);
  await visit.reach(page.locator('[data-seat="2"]'));
  // What is sold or held is passed over.
  for (const [key, seat] of [
    ['ArrowRight', 4], ['ArrowLeft', 2], ['ArrowLeft', 2], ['ArrowDown', 11], ['ArrowRight', 13], ['ArrowUp', 2],
    ['End', 30], ['ArrowRight', 30], ['ArrowUp', 20], ['Home', 2],
  ]) {
    await page.keyboard.press(key);
    assert.equal(await at(), seat, key);
  }
  await page.keyboard.press('Tab');
  assert.notEqual(await at(), 4);
  await page.keyboard.press('Shift+Tab');
  assert.equal(await at(), 2);

  // And yet everybody can find out about it.
  const tree = await page.getByRole('group', { name: 'Seats', exact: true }).ariaSnapshot();
  assert.match(tree, /button "Seat 1, sold" \[disabled\]/);
  assert.match(tree, /button "Seat 2, free, ₩55,000"/);
  assert.match(tree, /button "Seat 12, taken by somebody" \[disabled\]/);
  await page.keyboard.press('Enter');
  await page.locator('.chip').waitFor();
  assert.match(await page.getByRole('group', { name: 'Seats', exact: true }).ariaSnapshot(), /button "Seat 2, chosen, ₩55,000" \[pressed\]/);
});

visitTest('each stop of the Tab key shows, is large enough, and nothing is above it', { ...SMALL, clock: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ capacity: 60, queue: { max_active: 1, ...LONG } });
  const inside = await shop.buyer(concert);
  await shop.arrive(concert, inside);
  const names = async () => (await tabThrough(visit)).map(({ name }) => name);

  await visit.open(`/c/${concert.id}`);
  await page.getByRole('button', { name: texts.join }).waitFor();
  assert.deepEqual((await names()).slice(0, 4), [texts.skip, `Onsale – ${texts.home}`, texts.tickets, texts.otherLanguage]);
  assert.equal((await names()).at(-1), texts.join);

  await visit.tap(texts.join);
  await visit.sees(texts.waitingTitle);
  await page.getByText(texts.options).click();
  assert.equal((await names()).at(-1), texts.leave);

  await shop.leave(inside);
  await visit.sleepUntil('seats can be chosen', () => page.locator('[data-seat="60"]').isVisible());
  for (const seat of [14, 15]) {
    await visit.tap(page.locator(`[data-seat="${seat}"]`));
  }
  const choosing = await names();
  const order = [texts.viewMap, texts.remove(texts.seatShort({ label: 14 })), texts.holdSeats, texts.leave];
  assert.deepEqual(choosing.filter((name) => order.includes(name)), order);

  await visit.tap(texts.holdSeats);
  await page.locator('.hold').waitFor();
  await names();
  await visit.tap(page.locator('.bar .button'));
  await page.getByText(texts.balanceAfter).waitFor();
  await visit.tap(page.locator('.bar .button'));
  await visit.sees(texts.paidAmount);
  await names();
  await page.getByRole('link', { name: texts.seeTickets }).click();
  await page.getByText(texts.statement, { exact: true }).click();
  await visit.sees(texts.entry.CHARGE);
  await names();
});

visitTest('a countdown is silent, but for four marks', { clock: true, language: 'en' }, async (visit) => {
  const { page } = visit;
  const concert = await shop.concert({ queue: { claim_seconds: 60, active_seconds: 200 } });
  await visit.join(concert);
  await page.locator('[data-seat="1"]').waitFor();
  assert.equal(await page.getByRole('timer').getAttribute('aria-live'), null);
  const said = await listen(visit);
  await visit.pass(202);
  await visit.sees(visit.texts.over.WINDOW_OVER[0]);
  const marks = (await said()).filter((text) => / left\.$/.test(text));
  assert.deepEqual(marks, ['3 minutes left.', '1 minute left.', '30 seconds left.', '10 seconds left.']);
});

visitTest('a screen reader is told what there is', { clock: true, language: 'en' }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ capacity: 20, queue: { max_active: 1 } });
  const inside = await shop.buyer(concert);
  await shop.arrive(concert, inside);
  await visit.join(concert);
  await visit.sees(texts.ahead);
  const has = async (...parts) => {
    const tree = await page.locator('body').ariaSnapshot();
    let from = 0;
    for (const part of parts) {
      const at = tree.indexOf(part, from);
      assert(at >= 0, `${part} is not there, or not in its place:\n${tree}`);
      from = at + part.length;
    }
  };
  await has(
    'link "Skip to the content"', 'banner:', 'link "Onsale – Concerts"', 'navigation:', 'link "My tickets"', 'button "한국어"',
    'main:', 'heading "You are in line" [level=1]', 'Your place 1', 'term: People ahead of you', 'definition: "0"',
    'term: Seats left', 'definition: "20"', 'button "Leave the line"',
  );
  await shop.leave(inside);
  await visit.sleepUntil('seats can be chosen', () => page.locator('[data-seat="1"]').isVisible());
  await visit.tap(page.locator('[data-seat="5"]'));
  await has(
    'heading "Choose your seats" [level=1]', 'Time to choose', 'timer "', 'region "Pick for me"', 'group "How many seats?"',
    'radio "1" [checked]', 'group "View"', 'button "Map" [pressed]', 'button "Choose from a list"',
    'group "Size of the seats"', 'group "Seats"', 'button "Seat 4, free, ₩55,000"', 'button "Seat 5, chosen, ₩55,000" [pressed]',
    'list "What the seats mean"', 'region "Your seats"', `button "${texts.remove('Seat 5')}"`, 'button "Take these seats"',
  );
  await visit.tap(texts.holdSeats);
  await page.locator('.hold .fact').nth(3).waitFor();
  await has(
    'heading "The seats are yours for now" [level=1]', 'Time to pay', 'timer "', 'term: Seats', 'Seat 5 ₩55,000', 'term: Sum',
    '₩55,000', 'term: Balance now', '₩0', 'Top up ₩55,000 first, then pay.', 'button "Top up ₩55,000"', 'button "Give the seats back"',
  );
});

for (const scheme of ['light', 'dark']) {
  visitTest(`with forced colours each kind of seat is another one, ${scheme}`, { forced: true, scheme }, async (visit) => {
    const { page } = visit;
    const concert = await shop.concert({ capacity: 20 });
    await shop.sell(concert, 1, 3);
    const holder = await shop.buyer(concert);
    await shop.arrive(concert, holder);
    await shop.hold(concert, holder, 12);
    await visit.join(concert);
    await page.locator('[data-seat="3"].sold').waitFor();
    await visit.tap(page.locator('[data-seat="2"]'));
    await page.locator('[data-seat="2"].chosen').waitFor();
    // Not only by their colours.
    const looks = (...selectors) =>
      page.evaluate((selectors) => selectors.map((selector) => {
        const { borderStyle, borderWidth, boxShadow, textDecorationLine, fontWeight } = getComputedStyle(document.querySelector(selector));
        return [borderStyle, borderWidth, boxShadow, textDecorationLine, fontWeight].join(' ');
      }), selectors);
    const seats = await looks(...[4, 2, 3, 12].map((seat) => `[data-seat="${seat}"]`));
    assert.equal(new Set(seats).size, 4, seats.join('\n'));
    for (const group of ['.modes', '.sizes']) {
      const buttons = await looks(`${group} [aria-pressed=true]`, `${group} [aria-pressed=false]`);
      assert.notEqual(buttons[0], buttons[1], group);
    }
    await visit.picture('forced-colours');
  });
}

visitTest('nothing moves for people who want less motion', { calm: true }, async (visit) => {
  const { page, texts } = visit;
  const concert = await shop.concert({ queue: { max_active: 1 } });
  await shop.arrive(concert, await shop.buyer(concert));
  await visit.join(concert);
  await visit.sees(texts.waitingTitle);
  const moving = () =>
    page.evaluate(() => {
      const moves = ({ transitionDuration, animationName, scrollBehavior }) =>
        transitionDuration !== '0s' || animationName !== 'none' || scrollBehavior === 'smooth';
      return [...document.querySelectorAll('*')].filter((one) => moves(getComputedStyle(one))).map((one) => one.outerHTML.slice(0, 100));
    });
  assert.deepEqual(await moving(), []);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.equal((await moving()).length, 1);
});
