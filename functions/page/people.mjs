// Buyers: who they are, what they have paid, and what an administrator can do for them.
//
// A guest's id is their only secret, so the address does not have it. A reload forgets whom the screen
// shows.

import { Problem, serviceTime } from './api.mjs';
import { act, app, update } from './app.mjs';
import { ask, desk } from './desk.mjs';
import { amountOf, finder, forgetKeys, inPages, inTwoSteps, loading, nameNow, once, readSome, told } from './desk-parts.mjs';
import { field, loadOnce, table } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { button, fact, heading, messages } from './parts.mjs';
import { planOf, readConcerts, seatFields, showFields } from './shows.mjs';
import { dayAndTime, money, showTime, t, whole } from './texts.mjs';

/**
 * @typedef {object} Person
 * @property {Api.User} user
 * @property {number} balance
 * @property {import('./form.mjs').Pages<Api.Payment>} orders
 * @property {import('./form.mjs').Pages<Api.StatementEntry>} statement
 * @property {Api.SessionOfUser[]} sessions
 */

const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** What is typed, to find somebody. */
const wanted = { who: '', concert: '', show: '', what: '', section: '', row: '', seat: '' };

/** The show that was chosen when the screen was drawn last. */
let chosen = { concert: '', show: '' };

/** What is typed, for what is done. @type {Record<string, string>} */
let typed = {};

/** @type {Person | undefined} */
let here;

/** The order that is being refunded, and the numbers of its seats that are. */
let refunding = '';

/** @type {number[]} */
let giving = [];

export const title = () => t.peopleTitle;

export function view() {
  // Another screen has led here.
  if (desk.person) queueMicrotask(see);
  return html`${heading(t.peopleTitle)} ${here ? nothing : messages()}
    <section class="card" aria-label=${t.find}>
      ${finder('find', field(wanted, 'who', t.peopleWho, { hint: t.peopleWhoHint, required: true }), t.find, find)}
      <details><summary>${t.peopleBySeat}</summary>
        ${finder('find-seat', html`${showOf()} ${seatFields(wanted)}
          ${field(wanted, 'what', planOf(wanted) ? t.peopleReservation : t.peopleSeat, { hint: t.peopleSeatHint, required: !wanted.seat })}`, t.find, findBySeat)}
      </details>
    </section>
    ${here ? shown(here) : app.working === 'person' ? loading() : nothing}`;
}

export function see() {
  loadOnce(readConcerts);
  const id = desk.person;
  if (!id || app.working) return;
  desk.person = here = undefined;
  void act('person', () => open(id));
}

/** The fields for a show. What was typed about another one goes. */
function showOf() {
  const fields = showFields(wanted);
  const { concert, show } = wanted;
  if (chosen.concert !== concert || (chosen.show && chosen.show !== show)) wanted.what = '';
  chosen = { concert, show };
  return fields;
}

/** Finds by an address or an id. */
async function find() {
  const who = wanted.who.trim();
  here = undefined;
  if (ID.test(who)) return open(who);
  if (!who.includes('@')) return notFound(t.peopleNoName);
  const { users } = await ask('GET', `/v1/users?email=${encodeURIComponent(who)}`);
  if (users.length) return open(users[0].user_id);
  notFound(t.peopleNone);
}

/** Finds by a seat, or by the id of a reservation. */
async function findBySeat() {
  const { concert, show, seat } = wanted;
  const typed = wanted.what.trim();
  here = undefined;
  if (typed && seat) return notFound(t.peopleOneOf);
  if (typed && planOf(wanted) && !ID.test(typed)) return notFound(t.peopleNoReservation);
  const what = typed || seat;
  const by = ID.test(what) ? 'reservation_id' : 'seat_number';
  const { reservations } = await ask('GET', `/v1/concerts/${concert}/reservations?date=${show}&${by}=${encodeURIComponent(what)}`);
  const [found] = reservations;
  if (found?.user_id) return open(found.user_id);
  notFound(found ? t.peopleUnnamed : t.peopleFree);
}

/** @param {string} notice */
function notFound(notice) {
  update({ notice, polite: notice });
}

/** @param {string} id */
async function open(id) {
  const path = `/v1/users/${id}`;
  const orders = { path: `${path}/payments?limit=20`, key: 'payments' };
  const statement = { path: `${path}/statement?limit=20`, key: 'entries' };
  const [user, { current_balance: balance }, { sessions }] = await Promise.all([
    ask('GET', path), ask('GET', `${path}/balance`), ask('GET', `${path}/sessions`), readSome(orders), readSome(statement),
  ]);
  here = { user, balance, orders, statement, sessions };
  // What was sent a minute ago is in the statement, or it is not done any more.
  forgetKeys(`${path}/`, serviceTime() - 60_000);
  refunding = '';
  typed = {};
  // It was about somebody else.
  update({ question: undefined });
  document.getElementById('person')?.focus();
}

/**
 * Does something, reads the person again, and says what has happened.
 *
 * @param {() => Promise<string>} work
 * @param {number} [announced] The balance that the question has named.
 */
function andShow(work, announced) {
  const readAgain = async () => here && open(here.user.user_id).then(() => true, (error) => {
    // It is done all the same.
    if (!(error instanceof Problem)) throw error;
  });
  return async () => {
    let done;
    try {
      done = await work();
    } catch (error) {
      if (error instanceof Problem && error.code === 'IDEMPOTENCY_KEY_REUSED') await readAgain();
      throw error;
    }
    typed = {};
    const isOther = (await readAgain()) && announced !== undefined && here?.balance !== announced;
    return isOther ? `${done} ${t.peopleOtherBalance(money(here?.balance ?? 0), money(announced))}` : done;
  };
}

/** @param {Person} person */
function shown({ user, balance, orders, statement, sessions }) {
  const path = `/v1/users/${user.user_id}`;
  const { name } = user;
  const amount = amountOf(typed.amount);
  const charge = amountOf(typed.charge);
  const isAdmin = user.role === 'admin';
  const live = sessions.filter(({ status }) => status !== 'EXPIRED' && status !== 'CLOSED').length;
  return html`<section class="card">
      <h2 id="person" tabindex="-1">${name}</h2> ${told()}
      <dl class="facts">
        ${fact(t.email, user.email ?? t.peopleGuest)} ${fact(t.peopleRole, isAdmin ? t.peopleAdmin : t.peopleUser)}
        ${fact(t.peopleSince, dayAndTime(user.created_at))} ${fact(t.entryBalance, html`<strong class="amount">${money(balance)}</strong>`)}
      </dl>
    </section>
    <section class="card"><h2>${t.peopleOrders}</h2>
      ${inPages(orders, t.peopleNoOrders, (rows) => html`<ul class="orders">${rows.map(order)}</ul>`)}
    </section>
    <section class="card"><h2>${t.statement}</h2>
      ${inPages(statement, t.statementEmpty, (rows) => table(t.statement, [t.entryWhat, `#${t.entryAmount}`, `#${t.entryBalance}`, t.peopleReason], rows.map((entry) => [
        html`${t.entry[entry.kind]}<br><small>${dayAndTime(entry.at)}</small>`,
        `${entry.kind === 'PAYMENT' ? '−' : entry.amount > 0 ? '+' : ''}${money(entry.amount)}`,
        money(entry.balance_after),
        entry.reason || (entry.by && entry.by !== user.user_id) ? html`${entry.reason ?? nothing}${entry.reason ? html`<br>` : nothing}<small>${nameNow(entry.by)}</small>` : '',
      ])))}
      <details><summary>${t.peopleCharge}</summary>${inTwoSteps('charge', {
        label: t.peopleCharge,
        fields: field(typed, 'charge', t.entryAmount, { required: true }),
        wrong: () => (charge > 0 ? undefined : t.peopleNoAmount),
        text: () => t.peopleChargeSure(name, money(charge), money(balance + charge)),
        work: andShow(async () => {
          const answer = await once(`${path}/balance`, { amount: charge });
          return t.peopleBalanceDone(money(answer.current_balance));
        }, balance + charge),
      })}</details>
      <details><summary>${t.peopleCorrect}</summary>${inTwoSteps('correct', {
        label: t.peopleCorrect,
        fields: html`${field(typed, 'amount', t.entryAmount, { hint: t.peopleCorrectHint, required: true })} ${reason('why')}`,
        wrong: () => (!amount ? t.peopleNoAmount : balance + amount < 0 ? t.peopleBelowZero(money(balance)) : undefined),
        text: () => t.peopleCorrectSure(name, money(balance), money(balance + amount)),
        work: andShow(async () => {
          const answer = await once(`${path}/balance/corrections`, { amount, reason: typed.why });
          return t.peopleBalanceDone(money(answer.current_balance));
        }, balance + amount),
      })}</details>
    </section>
    <section class="card"><h2>${t.peopleSessions}</h2>
      ${sessions.length ? table(t.peopleSessions, [t.queue, `#${t.peopleNumber}`, t.fields.state, t.peopleJoined], sessions.map((session) => [
        session.queue_id, session.number === undefined ? '–' : whole(session.number), state(session), dayAndTime(session.joined_at),
      ])) : html`<p class="muted">${t.peopleNoSessions}</p>`}
      ${inTwoSteps('end', {
        label: t.peopleEnd,
        text: () => t.peopleEndSure(name, live),
        work: andShow(async () => t.peopleEnded((await ask('DELETE', `${path}/sessions`)).ended)),
      })}
    </section>
    <section class="card"><h2>${t.peopleRole}</h2>
      ${user.user_id === desk.admin?.id ? html`<p class="muted">${t.peopleOwnRole}</p>` : !user.email ? html`<p class="muted">${t.peopleGuestRole}</p>` : inTwoSteps('role', {
        label: isAdmin ? t.peopleTakeRole : t.peopleGiveRole,
        fields: reason('role', t.peopleLogHint, false),
        text: () => (isAdmin ? t.peopleTakeSure(name) : t.peopleGiveSure(name)),
        work: andShow(async () => {
          const { role } = await ask('PUT', `${path}/role`, { body: { role: isAdmin ? 'user' : 'admin', reason: typed.role?.trim() || undefined } });
          return t.peopleRoleDone(name, role === 'admin' ? t.peopleAdmin : t.peopleUser);
        }),
      })}
    </section>`;
}

/** The field for a reason. @param {string} name */
const reason = (name, hint = t.peopleReasonHint, required = true) => field(typed, name, t.peopleReason, { length: 200, hint, required });

/** Where a session is. @param {Api.SessionOfUser} session */
function state({ status, reason, queue_position: place, claim_until, active_until, reservation }) {
  if (reason) return reason === 'PAID' ? t.status.PAID : t.peopleOver[/** @type {keyof typeof t.peopleOver} */ (reason)];
  const until = claim_until ?? active_until;
  return html`${t.peopleSession[status]}${place ? ` · ${t.place(whole(place))}` : ''}
    ${until ? html`<br /><small>${t.peopleUntil(dayAndTime(until))}</small>` : nothing}
    ${reservation ? html`<br /><small>${t.peopleHolds(reservation.seat_numbers.length)}</small>` : nothing}`;
}

/** @param {Api.Payment} payment */
function order(payment) {
  const back = payment.refunded_seat_numbers ?? [];
  const isOver = payment.status === 'REFUNDED';
  const id = payment.reservation_id;
  const left = payment.seats.filter(({ seat_number }) => !back.includes(seat_number));
  return html`<li>
    <div class="ticket-head"><h3>${payment.concert_name ?? ''} · ${showTime(payment.show)}</h3><span class="state">${isOver ? t.status.REFUNDED : back.length ? t.partRefunded : t.status.PAID}</span></div>
    <p>${payment.seats.map((seat) => `${seatName(seat)} ${money(seat.price)}${back.includes(seat.seat_number) ? ` (${t.refunded})` : ''}`).join(' · ')}</p>
    <p class="muted">${t.paidAt(dayAndTime(payment.paid_at))} · ${money(payment.amount)}${back.length && !isOver ? ` (${t.peopleLeft(money(left.reduce((sum, { price }) => sum + price, 0)))})` : ''}${payment.refund_reason ? ` · ${t.refundReason(payment.refund_reason)}` : ''}</p>
    ${isOver ? nothing : refunding === id ? refund(payment, left) : html`<p class="buttons">${button(t.refund, () => {
      refunding = id;
      // Of several seats, somebody says which.
      giving = left.length === 1 ? [left[0].seat_number] : [];
      update({ problem: undefined, notice: undefined, question: undefined });
    }, { id: `refund-${id}` })}</p>`}
  </li>`;
}

/** @param {Api.Payment['seats'][number]} seat */
function seatName(seat) {
  return t.seatShort({ ...seat, label: seat.seat ?? String(seat.seat_number) });
}

/**
 * @param {Api.Payment} payment
 * @param {Api.Payment['seats']} left The seats that are not refunded.
 */
function refund({ concert_id, reservation_id }, left) {
  const wanted = left.filter(({ seat_number }) => giving.includes(seat_number));
  const sum = wanted.reduce((total, { price }) => total + price, 0);
  const names = wanted.map(seatName).join(', ');
  const user_id = here?.user.user_id;
  const form = inTwoSteps('refund', {
    label: t.refund,
    fields: html`<div role="group" aria-label=${t.refundChoose}><p>${t.refundChoose}</p>${left.map((seat) => html`<label class="toggle"><input type="checkbox" .checked=${giving.includes(seat.seat_number)} @change=${() => flip(seat.seat_number)} /><span>${seatName(seat)} · ${money(seat.price)}</span></label>`)}</div>
      ${reason('refund')}`,
    wrong: () => (wanted.length ? undefined : t.refundNone),
    text: () => t.peopleRefundSure(here?.user.name ?? '', money(sum), names),
    work: andShow(async () => {
      // Somebody else may have refunded a part of it before, so the sum may be less.
      const body = { user_id, reason: typed.refund, seat_numbers: giving };
      const answer = await ask('POST', `/v1/concerts/${concert_id}/reservations/${reservation_id}/refund`, { body });
      return t.peopleRefunded(names, money(answer.current_balance ?? 0));
    }),
  });
  return html`${form} ${app.question === 'refund' ? nothing : html`<p class="buttons">${button(t.cancel, () => {
    refunding = '';
    update({ problem: undefined });
    document.getElementById(`refund-${reservation_id}`)?.focus();
  })}</p>`}`;
}

/** @param {number} number */
function flip(number) {
  giving = giving.includes(number) ? giving.filter((other) => other !== number) : [...giving, number].sort((one, other) => one - other);
  update({});
}
