// The checks themselves: each of them can fail.

import { test } from 'node:test';
import assert from 'node:assert/strict';

import { Visit, setUp } from '../harness/browser.mjs';

const { shop, browser, visitTest } = await setUp();

test('a visit notices what must not happen', async () => {
  for (const [expected, wrong] of [
    [/console: wrong/, () => console.error('wrong')],
    [/Error: thrown/, () => setTimeout(() => { throw new Error('thrown'); })],
    [/policy: style-src-attr inline/, () => document.body.setAttribute('style', 'color: red')],
    [/policy: require-trusted-types-for/, () => { document.body.innerHTML = '<b>'; }],
    [/policy: img-src/, () => { new Image().src = 'https://other.example/x.png'; }],
    [/another host: https:\/\/other/, () => { location.href = 'https://other.example/'; }],
    [/cookie: a/, () => { document.cookie = 'a=b'; }],
    [/404: \/page\/0\/x.svg/, () => { new Image().src = '/page/0/x.svg'; }],
  ]) {
    const visit = await Visit.begin(browser, shop);
    try {
      await visit.open('/');
      await visit.requireClean();
      // Some of these throw as well.
      await visit.page.evaluate(wrong).catch(() => {});
      await visit.until(`${expected} is noticed`, () =>
        visit.requireClean().then(
          () => false,
          (error) => expected.test(error.message),
        ),
      );
      visit.expectError(/./);
      await visit.requireClean();
    } finally {
      await visit.end();
    }
  }
});

test('axe notices what keeps people out', async () => {
  const visit = await Visit.begin(browser, shop);
  try {
    await visit.open('/');
    assert.deepEqual(await visit.barriers(), []);
    await visit.page.evaluate(() => document.querySelector('main').append(document.createElement('button')));
    const found = await visit.barriers();
    assert.match(found.join(), /button-name/);
    assert.equal(found.length, 1);
  } finally {
    await visit.end();
  }
});

test('a page that is wider than its window is noticed', async () => {
  const visit = await Visit.begin(browser, shop);
  try {
    await visit.open('/');
    await visit.requireNoSidewaysScroll();
    await visit.page.evaluate(() => document.querySelector('main').style.setProperty('width', '600px'));
    await assert.rejects(visit.requireNoSidewaysScroll(), /the page is \d+ px wide in a window of 390 px/);
  } finally {
    await visit.end();
  }
});

visitTest('both clocks move', { clock: true }, async (visit) => {
  await visit.open('/');
  const times = () => visit.page.evaluate(() => [Date.now(), performance.now()]);
  const service = await shop.now();
  const [date, performance] = await times();
  await visit.sleep(360);
  const [laterDate, laterPerformance] = await times();
  assert((await shop.now()) - service >= 360_000);
  assert(laterDate - date >= 360_000);
  assert(laterPerformance - performance >= 360_000);
});

test('a shop has its concerts, its line and its buyers', async () => {
  const concert = await shop.concert({ queue: { max_active: 1 } });
  const [first, second] = await shop.crowd(concert, 2);
  await shop.arrive(concert, first);
  assert.equal((await shop.place(second.token)).queue_position, 1);
  await shop.hold(concert, first, 7, 8);
  await shop.leave(first);
  const { receipt } = await shop.sell(await shop.concert(), 3);
  assert.deepEqual(receipt.seat_numbers, [3]);
});
