// Whether everybody can use the page. Each state is looked at in both languages and schemes, in three
// widths, and with large text: with axe, and with `.ci/page --pictures DIR` by people. What axe cannot
// see is in keyboard.test.mjs.

import { readFileSync } from 'node:fs';

import { Visit, setUp } from '../harness/browser.mjs';

const { shop, browser, visitTest } = await setUp({ HoldSeconds: '840' });

/** What a concert may have, all of it. */
const FIELDS = {
  name: '봄밤의 재즈 – Jazz on a Spring Night',
  fields: {
    venue: { ko: '올림픽공원 올림픽홀', en: 'Olympic Hall, Olympic Park' },
    description: {
      ko: '열두 명의 연주자가 봄밤에 들려주는 재즈.\n중간 휴식 20분을 포함해 두 시간 동안 합니다.',
      en: 'Twelve musicians play jazz on a spring night.\nTwo hours, with an interval of 20 minutes.',
    },
    age_limit: 12,
    most_seats_a_person: 4,
  },
  show: { doors_at: '18:30' },
};

/** A line in which nothing ends while it is looked at. */
const LONG = { claim_seconds: 900, active_seconds: 1_200 };

const plan = JSON.parse(readFileSync(new URL('../../../shared/plans/theatre.json', import.meta.url), 'utf8'));

visitTest('everybody can see what is on sale', {}, async (visit) => {
  const name = '온세일 데모 콘서트';
  await shop.concert({ ...FIELDS, shows: 3 });
  await visit.open('/');
  await visit.page.getByRole('link', { name }).waitFor();
  await visit.requireAccessibleInEachLook('list');

  await visit.open('/c/none');
  await visit.sees(visit.texts.notFoundText);
  await visit.requireAccessibleInEachLook('not-found');

  await visit.open('/tickets');
  await visit.sees(visit.texts.noUser);
  await visit.requireAccessibleInEachLook('tickets-of-nobody');

  const concert = await shop.concert({ ...FIELDS, queue: { who: 'accounts' } });
  await visit.open(`/c/${concert.id}`);
  await visit.tap(visit.texts.toAccount);
  await visit.sees(visit.texts.passwordHint);
  await visit.requireAccessibleInEachLook('account-needed');
});

visitTest('everybody can take part in a draw', { clock: true }, async (visit) => {
  const opens_at = new Date((await shop.now()) + 600_000).toISOString();
  const concert = await shop.concert({ ...FIELDS, capacity: 1, queue: { ...LONG, max_active: 1, opens_at } });
  // One of two is drawn second, and there is one seat.
  const other = await Visit.begin(browser, shop);
  try {
    await other.join(concert);
    await other.sees(other.texts.earlyTitle);

    await visit.open(`/c/${concert.id}`);
    await visit.sees(visit.texts.opensIn);
    await visit.requireAccessibleInEachLook('concert-before-opening');

    await visit.tap(visit.texts.join);
    await visit.sees(visit.texts.commitmentText);
    await visit.requireAccessibleInEachLook('early');

    await shop.change(concert.queue, { state: 'PAUSED' });
    await visit.sleep(600);
    await other.page.reload();
    for (const one of [visit, other]) {
      await one.sees(one.texts.drawHolds);
    }
    const isSecond = await visit.page.getByText(visit.texts.beyondSeats).isVisible();
    const second = isSecond ? visit : other;
    Object.assign(second.look, visit.look);
    await second.page.locator('.draw summary').click();
    await second.sees(second.texts.paused);
    await second.sees(second.texts.beyondSeats);
    await second.requireAccessibleInEachLook('waiting-beyond-seats');
    await other.requireClean();
  } finally {
    await other.end();
  }
});

visitTest('everybody can wait for seats and buy them', { clock: true }, async (visit) => {
  const { page, texts } = visit;
  const notice = {
    ko: '공연장 입구는 2번 게이트입니다.',
    en: 'The way into the hall is gate 2.',
  };
  const concert = await shop.concert({ ...FIELDS, capacity: 60, queue: { ...LONG, notice } });
  await shop.sell(concert, 3, 24, 25);
  const holder = await shop.buyer(concert);
  const rivals = await shop.crowd(concert, 2);
  await shop.arrive(concert, holder);
  await shop.hold(concert, holder, 6, 7, 36);
  for (const rival of rivals) {
    await shop.arrive(concert, rival);
  }
  await shop.change(concert.queue, { max_active: 3 });

  await visit.open(`/c/${concert.id}`);
  await page.getByRole('button', { name: texts.join }).waitFor();
  await visit.requireAccessibleInEachLook('concert');

  await visit.tap(visit.texts.join);
  await visit.sees(visit.texts.waitingTitle);
  await visit.sees(visit.texts.ahead);
  await page.getByText(visit.texts.options).click();
  await visit.requireAccessibleInEachLook('waiting');

  // Nobody has touched the page for a while, so it does not enter by itself.
  await visit.sleep(31);
  await shop.change(concert.queue, { max_active: 4 });
  await visit.until('it is the turn', async () => {
    await visit.pass(1);
    return page.locator('.turn + .bar .button:enabled').isVisible();
  });
  await visit.requireAccessibleInEachLook('turn');

  await visit.tap(page.getByRole('button', { name: visit.texts.enter, exact: true }));
  await page.locator('[data-seat="1"]').waitFor();
  await visit.requireAccessibleInEachLook('choosing');

  for (const seat of [14, 15, 16, 17]) {
    await visit.tap(page.locator(`[data-seat="${seat}"]`));
  }
  await page.getByRole('button', { name: /17/ }).last().waitFor();
  await visit.requireAccessibleInEachLook('chosen');

  // Somebody else is faster, once in each language: the other language is a new start for messages.
  const wanted = [17, 16];
  const isFaster = async () => {
    const seat = wanted.shift();
    await shop.hold(concert, rivals.pop(), seat);
    await visit.pass(6);
    await visit.sees(visit.texts.seatsGone(visit.texts.seatShort({ label: seat }), wanted.length + 2));
  };
  await isFaster();
  await visit.requireAccessibleInEachLook('seat-gone', { again: isFaster });

  await visit.tap(visit.texts.viewList);
  await visit.sees(visit.texts.freeInRow);
  await visit.requireAccessibleInEachLook('list-of-seats');

  await visit.tap(visit.texts.holdSeats);
  await page.getByRole('button', { name: visit.texts.topUp('').trim() }).waitFor();
  await visit.requireAccessibleInEachLook('hold-without-money');

  await page.locator('.bar .button').click();
  await page.getByText(visit.texts.balanceAfter).waitFor();
  await visit.requireAccessibleInEachLook('hold');

  await visit.tap(visit.texts.giveBack);
  await visit.sees(visit.texts.giveBackSure);
  await visit.requireAccessibleInEachLook('give-back');
  await visit.tap(page.locator('#question-no'));

  await page.locator('.bar .button').click();
  await visit.sees(visit.texts.paidAmount);
  await visit.requireAccessibleInEachLook('paid');

  await page.getByRole('link', { name: visit.texts.seeTickets }).click();
  await page.getByText(visit.texts.statement, { exact: true }).click();
  await visit.sees(visit.texts.entry.CHARGE);
  await visit.tap(page.getByRole('button', { name: visit.texts.refund, exact: true }));
  await visit.sees(visit.texts.refundChoose);
  await visit.requireAccessibleInEachLook('tickets');
});

visitTest('everybody can choose seats of a theatre', { clock: true }, async (visit) => {
  const { page } = visit;
  const { plan_id } = await shop.asAdmin('POST', '/v1/plans', plan);
  const prices = Object.fromEntries(plan.grades.map((grade, index) => [grade.name ?? grade, 140_000 - 30_000 * index]));
  const show = { ...FIELDS.show, plan_id, prices, price: undefined, capacity: undefined };
  const concert = await shop.concert({ ...FIELDS, show, queue: LONG });
  await shop.sell(concert, 30, 31, 60, 61);
  const holder = await shop.buyer(concert);
  await shop.arrive(concert, holder);
  await shop.hold(concert, holder, 33, 34);

  await visit.join(concert);
  await page.locator('.hall-plan').waitFor();
  await visit.requireAccessibleInEachLook('theatre');

  await visit.tap(page.locator('.area').first());
  for (const seat of [45, 46]) {
    await visit.tap(page.locator(`[data-seat="${seat}"]`));
  }
  await visit.requireAccessibleInEachLook('theatre-section');

  await visit.tap(visit.texts.viewList);
  await visit.requireAccessibleInEachLook('theatre-list');

  await visit.sleep(1_200);
  await visit.sees(visit.texts.over.WINDOW_OVER[0]);
  await visit.requireAccessibleInEachLook('over-window');

  await visit.tap(visit.texts.joinAgain);
  await visit.sees(visit.texts.chooseTitle);
  await visit.tap(visit.texts.leave);
  await visit.tap(page.getByRole('button', { name: visit.texts.leaveYes, exact: true }));
  await visit.sees(visit.texts.over.LEFT[0]);
  await visit.requireAccessibleInEachLook('over-left');
});
