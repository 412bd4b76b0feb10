// The seats that are held: top up, pay, or give them back. And the receipt.

import { Problem, call, hasPassed, secondsLeft, serviceTime } from './api.mjs';
import { act, app, ask, asUser, dismiss, join, renewToken, session, standNow, update } from './app.mjs';
import { html, nothing } from './lit-html.js';
import { milliseconds } from './line.mjs';
import { follows } from './main.mjs';
import { memory, newKey, remember, rememberSession } from './memory.mjs';
import { askFirst, button, fact, heading, messages, question, timer } from './parts.mjs';
import { dayAndTime, money, showTime, t } from './texts.mjs';

/** What this screen knows. */
const fresh = () => ({
  user: '',
  /** The session. @type {string | undefined} */
  token: undefined,
  /** @type {number | undefined} */
  balance: undefined,
  /** The reservation with its seats, as far as it was read. @type {Api.Reservation | undefined} */
  reservation: undefined,
  /** The payment to show, once it was made. @type {Api.Payment | undefined} */
  payment: undefined,
  /** Whether the balance was asked for. If that fails, the payment says whether it is enough. */
  tried: false,
  due: 0,
});

let here = fresh();

let isReading = false;

/** Whether the receipt was on the screen when it was drawn last. */
let wasPaid = false;

export function view() {
  const user = memory().user?.id ?? '';
  const token = session()?.token;
  if (here.user !== user || here.token !== token) here = { ...fresh(), user, token };
  const isPaid = standNow().phase === 'paid';
  // A ticket may be refunded meanwhile.
  if (isPaid && !wasPaid) here.payment = undefined;
  wasPaid = isPaid;
  see();
  return isPaid ? paid() : held();
}

/** Reads what the screen needs. Called once a second. */
export function see() {
  const { phase, hold } = standNow();
  if (app.route.name !== 'concert') wasPaid = false;
  if (isReading || performance.now() < here.due || !memory().user || app.loginNeeded !== undefined) return;
  const needsHold = phase === 'holding' && hold && (here.balance === undefined || here.reservation?.reservation_id !== hold.reservation_id);
  const needsPayment = phase === 'paid' && here.payment === undefined;
  if (!needsHold && !needsPayment) return;
  isReading = true;
  here.due = performance.now() + 2000;
  void (needsPayment ? readPayment() : readHold(/** @type {Api.HeldSeats} */ (hold)))
    .catch((error) => {
      if (!(error instanceof Problem)) throw error;
    })
    .finally(() => {
      isReading = false;
      here.tried = true;
    });
}

/** @param {Api.HeldSeats} hold */
async function readHold(hold) {
  await readBalance();
  here.reservation = await asUser((user) => call('GET', `/v1/concerts/${hold.concert_id}/reservations/${hold.reservation_id}`, { token: user.token }));
  if (here.reservation?.status !== 'HELD') await ask();
  update({});
}

async function readBalance() {
  const { current_balance } = await asUser((user) => call('GET', `/v1/users/${user.id}/balance`, { token: user.token }));
  here.balance = current_balance;
  update({});
}

async function readPayment() {
  const wanted = session()?.reservation;
  const { payments } = await asUser((user) => call('GET', `/v1/users/${user.id}/payments?limit=20`, { token: user.token }));
  here.payment = payments.find((/** @type {Api.Payment} */ payment) => payment.reservation_id === wanted) ?? payments.find((/** @type {Api.Payment} */ payment) => payment.concert_id === app.concert?.concert_id);
  await readBalance();
}

/** @param {{ section?: string, row?: string, seat?: string, seat_number: number }} seat */
function seatName({ section, row, seat, seat_number }) {
  return t.seatShort({ section, row, label: seat ?? String(seat_number) });
}

function held() {
  const { hold, until } = standNow();
  if (!hold) return html`${heading(t.holdTitle)}<p class="loading" role="status">${t.loading}</p>`;
  const amount = hold.payment.amount;
  const { balance } = here;
  const seats = hold.seats ?? (here.reservation?.reservation_id === hold.reservation_id ? here.reservation.seats : undefined);
  const missing = balance === undefined ? 0 : Math.max(0, amount - balance);
  const canCharge = app.settings?.who_charges === 'users';
  const isLate = hasPassed(app.standing?.active_until) || app.standing?.status === 'HOLDING';
  return html`
    <section class="card hold">
      <p class="eyebrow">${hold.concert_name ?? app.concert?.name}</p>
      ${heading(t.holdTitle)} ${timer(t.holdUntil, until)}
      <dl class="facts">
        ${fact(t.show, showTime(hold.show))}
        ${fact(t.seat, html`<ul class="plain-list">${seats
          ? seats.map((seat) => html`<li>${seatName(seat)} <span class="muted">${seat.grade ?? ''} ${money(seat.price)}</span></li>`)
          : hold.seat_numbers.map((number) => html`<li>${t.seatShort({ section: undefined, row: undefined, label: String(number) })}</li>`)}</ul>`)}
        ${fact(t.sum, html`<strong class="amount">${money(amount)}</strong>`)}
        ${balance === undefined ? nothing : fact(t.balance, money(balance))}
        ${balance === undefined || missing ? nothing : fact(t.balanceAfter, money(balance - amount))}
      </dl>
      <p class="muted">${milliseconds(hold.refundable_until) > serviceTime() ? t.refundUntil(dayAndTime(hold.refundable_until)) : t.noRefund}</p>
      <p class="muted">${t.holdLapses}</p>
      ${missing && app.settings ? html`<p class="message ${canCharge ? '' : 'warn'}">${canCharge ? t.topUpFirst(money(missing)) : `${t.missing(money(missing))} ${t.topUpAdmins}`}</p>` : nothing}
      ${messages()}
    </section>
    <div class="bar">
      ${missing === 0
        ? button(app.working === 'pay' ? t.paying : t.pay(money(amount)), () => pay(hold), { kind: 'main', off: (balance === undefined && !here.tried) || secondsLeft(until) === 0, busy: 'pay' })
        : canCharge
          ? button(t.topUp(money(missing)), () => topUp(hold), { kind: 'main', busy: 'charge' })
          : button(t.checkBalance, () => act('balance', readBalance), { kind: 'main', busy: 'balance' })}
    </div>
    <section class="leaving">
      ${app.question === 'give-back'
        ? question('give-back', isLate ? t.giveBackLate : t.giveBackSure, { yes: t.giveBack, no: t.cancel, onYes: () => giveBack(hold), busy: 'give-back' })
        : button(t.giveBack, () => askFirst('give-back'))}
    </section>
  `;
}

/**
 * Tops up the balance by what is missing now. The key is kept before it is sent: a charge without an
 * answer is sent again with the same one, and so it is made once. One tab does it at a time, and the
 * next one finds that nothing is missing any more.
 *
 * @param {Api.HeldSeats} hold
 */
function topUp(hold) {
  return act('charge', async () => {
    // Only a page that came by HTTPS has locks.
    await (navigator.locks ? navigator.locks.request('onsale-charge', () => chargeMissing(hold)) : chargeMissing(hold));
    // The button has become another one. The focus stays on it.
    update({ polite: `${t.balance}: ${money(here.balance ?? 0)}` });
  });
}

/** @param {Api.HeldSeats} hold The hold that is to be paid. Each hold has a charge of its own. */
async function chargeMissing({ reservation_id: reservation, payment }) {
  await readBalance();
  const amount = payment.amount - (here.balance ?? 0);
  if (amount <= 0) {
    remember((kept) => void delete kept.charge);
    return;
  }
  let key = newKey();
  remember((kept) => {
    const known = kept.charge;
    if (known?.amount === amount && known.reservation === reservation) key = known.key;
    kept.charge = { key, amount, reservation };
  });
  try {
    await asUser((user) => call('POST', `/v1/users/${user.id}/balance`, { token: user.token, key, body: { amount } }));
    remember((kept) => void delete kept.charge);
    // The answer of a charge that was made before has the balance of that time.
    await readBalance();
  } catch (error) {
    if (error instanceof Problem && !error.passes) remember((kept) => void delete kept.charge);
    throw error;
  }
}

/** @param {Api.HeldSeats} hold */
function pay(hold) {
  return act('pay', async () => {
    const id = app.concert?.queue_id ?? '';
    try {
      let receipt;
      try {
        receipt = await sendPayment(hold);
      } catch (error) {
        // The user has logged out elsewhere, or has set a password. The place is the same.
        if (!(error instanceof Problem) || error.code !== 'INVALID_TOKEN') throw error;
        await renewToken(id);
        receipt = await sendPayment(hold);
      }
      here.balance = receipt.current_balance;
      rememberSession(id, { reservation: hold.reservation_id, buys: hold.concert_id, over: true, seats: [] });
      here.payment = undefined;
      here.due = 0;
      update({ standing: /** @type {Api.Standing} */ ({ status: 'CLOSED', reason: 'PAID', queue_position: 0, estimated_wait_time: 0 }) });
    } catch (error) {
      // Whatever was answered, the service knows what has become of the seats.
      if (error instanceof Problem) {
        if (error.code === 'INSUFFICIENT_BALANCE') await readBalance();
        await ask();
      }
      if (standNow().phase !== 'paid') throw error;
    }
  });
}

/** @param {Api.HeldSeats} hold */
function sendPayment({ concert_id, reservation_id, payment }) {
  return call('POST', `/v1/concerts/${concert_id}/reservations/${reservation_id}/payments`, {
    token: session()?.token,
    body: { reservation_id, payment_details: { amount: payment.amount } },
  });
}

/** @param {Api.HeldSeats} hold */
function giveBack({ concert_id, reservation_id }) {
  return act('give-back', async () => {
    const answer = await asUser((user) => call('DELETE', `/v1/concerts/${concert_id}/reservations/${reservation_id}`, { token: user.token }));
    const standing = { ...app.standing, reservation: undefined };
    update({ question: undefined, standing: /** @type {Api.Standing} */ (standing) });
    await ask();
    if (standNow().phase === 'choosing') update({ notice: answer.status === 'CANCELLED' ? t.released : t.holdLost });
  });
}

function paid() {
  const { payment } = here;
  const isGuest = !memory().user?.email;
  const takesPeople = app.queue?.state === 'OPEN';
  return html`
    <section class="card paid">
      <svg class="tick" viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22" /><path d="M14 25l7 7 13-15" /></svg>
      ${heading(t.paidTitle)}
      ${payment?.status === 'REFUNDED'
        ? html`<p class="message">${t.status.REFUNDED}</p>`
        : payment?.refunded_seat_numbers?.length
          ? html`<p class="message">${t.partRefunded}</p>`
          : html`<p class="lead">${t.paidText}</p>`}
      ${messages()}
      ${payment === undefined
        ? html`<p class="loading" role="status">${t.loading}</p>`
        : html`<dl class="facts">
            ${fact(t.show, html`${payment.concert_name}<br />${showTime(payment.show)}`)}
            ${fact(t.seat, html`<ul class="plain-list">${payment.seats.map((seat) => html`<li>${payment.refunded_seat_numbers?.includes(seat.seat_number) ? html`<del>${seatName(seat)}</del> · ${t.status.REFUNDED}` : seatName(seat)}</li>`)}</ul>`)}
            ${fact(t.paidAmount, html`<strong class="amount">${money(payment.amount)}</strong>`)}
            ${here.balance === undefined ? nothing : fact(t.balance, money(here.balance))}
          </dl>
          ${payment.refundable_until ? html`<p class="muted">${milliseconds(payment.refundable_until) > serviceTime() ? t.refundUntil(dayAndTime(payment.refundable_until)) : t.noRefund}</p>` : nothing}`}
    </section>
    ${isGuest
      ? html`<section class="card"><h2>${t.keepTickets}</h2><p>${t.keepTicketsText}</p>
          <p class="buttons"><a class="button plain" href="/tickets#account" @click=${follows('/tickets#account')}>${t.makeAccount}</a></p></section>`
      : nothing}
    <div class="bar"><a class="button main" href="/tickets" @click=${follows('/tickets')}>${t.seeTickets}</a></div>
    <section class="leaving">
      ${takesPeople ? button(t.joinAgain, () => join(memory().user?.name ?? ''), { busy: 'join' }) : nothing}
      ${button(t.back, dismiss)}
    </section>
  `;
}
