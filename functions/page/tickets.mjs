// The buyer's tickets, their statement and their account.

import { Problem, call, serviceTime } from './api.mjs';
import { act, app, asUser, standNow, startAgain, update } from './app.mjs';
import { html, nothing } from './lit-html.js';
import { milliseconds } from './line.mjs';
import { forgetAll, memory, remember } from './memory.mjs';
import { askFirst, button, fact, heading, messages, onSend, question, timer } from './parts.mjs';
import { dayAndTime, money, showTime, t } from './texts.mjs';

/** Its texts. @type {import('./texts.mjs').Source} */
export const texts = (wanted) => (wanted === 'en' ? import('./en-tickets.mjs') : import('./ko-tickets.mjs'));

const fresh = () => ({
  user: '',
  /** @type {Api.Payment[] | undefined} */
  payments: undefined,
  /** @type {string | undefined} */
  nextPayments: undefined,
  /** @type {number | undefined} */
  balance: undefined,
  /** @type {Api.StatementEntry[] | undefined} */
  entries: undefined,
  /** @type {string | undefined} */
  nextEntries: undefined,
  /** Whether the statement is open. */
  isOpen: false,
  /** The reservation whose seats the buyer may refund at the moment. */
  refunding: '',
  /** @type {number[]} */
  giving: [],
  due: 0,
});

let here = fresh();

let isReading = false;

/** Whether this screen was shown when it was drawn last. */
let wasShown = false;

export function title() {
  return t.ticketsTitle;
}

export function view() {
  const user = memory().user;
  if (here.user !== (user?.id ?? '')) here = { ...fresh(), user: user?.id ?? '' };
  wasShown = true;
  if (app.loginNeeded !== undefined) return logInFirst();
  see();
  return html`
    ${heading(user && user.name !== t.guest ? t.ticketOf(user.name) : t.ticketsTitle)} ${messages()}
    ${user ? html`${tickets()} ${statement()}` : html`<p class="card">${t.noUser}</p>`}
    ${account()}
  `;
}

/** Reads the tickets. Called once a second. */
export function see() {
  if (app.route.name !== 'tickets') {
    // What is shown next time is read again.
    if (wasShown) here = fresh();
    wasShown = false;
    return;
  }
  if (here.isOpen && !here.entries && !app.working) void readEntries();
  if (isReading || here.payments || !memory().user || performance.now() < here.due) return;
  isReading = true;
  here.due = performance.now() + 3000;
  void read()
    .catch((error) => {
      if (!(error instanceof Problem)) throw error;
      if (!error.passes) update({ problem: error });
    })
    .finally(() => {
      isReading = false;
    });
}

async function read() {
  const known = here;
  const [payments, balance] = await Promise.all([
    asUser((user) => call('GET', `/v1/users/${user.id}/payments`, { token: user.token })),
    asUser((user) => call('GET', `/v1/users/${user.id}/balance`, { token: user.token })),
  ]);
  if (known !== here) return;
  Object.assign(here, { payments: payments.payments, nextPayments: payments.next_cursor, balance: balance.current_balance });
  update({});
}

function morePayments() {
  return act('more', async () => {
    const known = here;
    const page = await asUser((user) => call('GET', `/v1/users/${user.id}/payments?cursor=${encodeURIComponent(here.nextPayments ?? '')}`, { token: user.token }));
    if (known !== here) return;
    here.payments = [...(here.payments ?? []), ...page.payments];
    here.nextPayments = page.next_cursor;
  });
}

function tickets() {
  const { payments, nextPayments } = here;
  if (!payments) return html`<p class="loading" role="status">${t.loading}</p>`;
  if (!payments.length) return html`<p class="card">${t.noTickets}</p>`;
  return html`<ul class="tickets">${payments.map(ticket)}</ul>
    ${nextPayments ? html`<p class="buttons">${button(t.more, morePayments, { busy: 'more' })}</p>` : nothing}`;
}

/** @param {Api.Payment} payment */
function ticket(payment) {
  const back = payment.refunded_seat_numbers ?? [];
  const canRefund = payment.refundable_until !== undefined && milliseconds(payment.refundable_until) > serviceTime();
  const state = payment.status === 'REFUNDED' ? t.status.REFUNDED : back.length ? t.partRefunded : t.status.PAID;
  const isOpen = here.refunding === payment.reservation_id;
  return html`<li class="card ticket ${payment.status === 'REFUNDED' ? 'refunded' : ''}">
    <div class="ticket-head"><h2>${payment.concert_name ?? ''}</h2><span class="state">${state}</span></div>
    <p class="show-line"><strong>${showTime(payment.show)}</strong></p>
    <ul class="plain-list">
      ${payment.seats.map((seat) => {
        const name = t.seatShort({ ...seat, label: seat.seat ?? String(seat.seat_number) });
        const isBack = back.includes(seat.seat_number);
        return html`<li>${isOpen && !isBack
          ? html`<label class="toggle"><input type="checkbox" .checked=${here.giving.includes(seat.seat_number)} @change=${() => flip(seat.seat_number)} /><span>${name} · ${money(seat.price)}</span></label>`
          : html`<span>${name}</span> <span class="muted">${seat.grade ?? ''} ${money(seat.price)}${isBack ? ` · ${t.refunded}` : ''}</span>`}</li>`;
      })}
    </ul>
    <p class="muted">${t.paidAt(dayAndTime(payment.paid_at))} · ${money(payment.amount)}</p>
    ${payment.refund_reason ? html`<p class="message">${t.refundReason(payment.refund_reason)}</p>` : nothing}
    ${payment.refundable_until ? html`<p class="muted">${canRefund ? t.refundUntil(dayAndTime(payment.refundable_until)) : t.noRefund}</p>` : nothing}
    ${isOpen ? refunding(payment) : canRefund ? html`<p class="buttons">${button(t.refund, () => open(payment))}</p>` : nothing}
  </li>`;
}

/** @param {Api.Payment} payment */
function open(payment) {
  const back = payment.refunded_seat_numbers ?? [];
  here.refunding = payment.reservation_id;
  here.giving = payment.seat_numbers.filter((number) => !back.includes(number));
  update({ problem: undefined, notice: undefined });
}

/** @param {number} number */
function flip(number) {
  here.giving = here.giving.includes(number) ? here.giving.filter((other) => other !== number) : [...here.giving, number].sort((one, other) => one - other);
  update({});
}

/** @param {Api.Payment} payment */
function refunding(payment) {
  const sum = payment.seats.filter(({ seat_number }) => here.giving.includes(seat_number)).reduce((total, { price }) => total + price, 0);
  return html`<div class="question" role="group" aria-label=${t.refundChoose}>
    <p>${t.refundChoose}</p>
    <div class="buttons">
      ${button(t.cancel, () => {
        here.refunding = '';
        update({});
      })}
      ${button(here.giving.length ? t.refundGo(money(sum)) : t.refundNone, () => refund(payment), { kind: 'danger', off: !here.giving.length, busy: 'refund' })}
    </div>
  </div>`;
}

/** @param {Api.Payment} payment */
function refund({ concert_id, reservation_id }) {
  return act('refund', async () => {
    const path = `/v1/concerts/${concert_id}/reservations/${reservation_id}?seat_numbers=${here.giving.join(',')}`;
    const answer = await asUser((user) => call('DELETE', path, { token: user.token }));
    Object.assign(here, { refunding: '', giving: [], balance: answer.current_balance, entries: undefined });
    await read();
    update({ notice: t.refundDone(money(answer.current_balance ?? here.balance ?? 0)), polite: t.refundDone(money(answer.current_balance ?? here.balance ?? 0)) });
  });
}

function statement() {
  const { balance, entries, nextEntries } = here;
  return html`<section class="card">
    <div class="ticket-head"><h2>${t.balance}</h2><strong class="amount">${balance === undefined ? '…' : money(balance)}</strong></div>
    <details @toggle=${(/** @type {Event} */ event) => {
      here.isOpen = /** @type {HTMLDetailsElement} */ (event.target).open;
      see();
    }}>
      <summary>${t.statement}</summary>
      ${entries === undefined
        ? html`<p class="loading" role="status">${t.loading}</p>`
        : entries.length === 0
          ? html`<p>${t.statementEmpty}</p>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label=${t.statement}><table>
              <thead><tr><th scope="col">${t.entryWhat}</th><th scope="col" class="number">${t.entryAmount}</th></tr></thead>
              <tbody>${entries.map(
                (entry) => html`<tr><td>${t.entry[entry.kind]}<br /><small>${dayAndTime(entry.at)}</small>${entry.reason ? html`<br /><small>${entry.reason}</small>` : nothing}</td>
                  <td class="number">${entry.kind === 'PAYMENT' ? '−' : entry.amount > 0 ? '+' : ''}${money(entry.amount)}<br /><small>${t.entryBalance} ${money(entry.balance_after)}</small></td></tr>`,
              )}</tbody>
            </table></div>`}
      ${nextEntries ? html`<p class="buttons">${button(t.more, () => readEntries(nextEntries))}</p>` : nothing}
    </details>
  </section>`;
}

function readEntries(cursor = '') {
  return act('statement', async () => {
    const known = here;
    const page = await asUser((user) => call('GET', `/v1/users/${user.id}/statement${cursor && `?cursor=${encodeURIComponent(cursor)}`}`, { token: user.token }));
    // Another user has logged in meanwhile.
    if (known !== here) return;
    here.entries = [...(cursor ? (here.entries ?? []) : []), ...page.entries];
    here.nextEntries = page.next_cursor;
  });
}

function account() {
  const user = memory().user;
  const isGuest = user !== undefined && !user.email;
  return html`<section class="card" id="account">
    <h2>${t.account}</h2>
    ${isGuest ? html`<p>${t.guestText}</p>` : user ? html`<p>${t.accountOf(user.email)}</p>` : nothing}
    ${isGuest ? makeAccount() : nothing}
    ${!user || isGuest ? logInForm() : html`<p class="muted">${t.logOutText}</p><p class="buttons">${button(t.logOut, logOut, { busy: 'log-out' })}</p>`}
  </section>
  ${user
    ? html`<section class="card"><h2>${t.forget}</h2><p>${t.forgetText}</p>
        ${app.question === 'forget'
          ? question('forget', isGuest ? t.forgetGuest : t.forgetText, { yes: t.forgetYes, no: t.cancel, onYes: forget })
          : html`<p class="buttons">${button(t.forget, () => askFirst('forget'))}</p>`}
      </section>`
    : nothing}`;
}

/** Forgets everything that this browser has kept, and shows what is on sale. */
function forgetMe() {
  forgetAll();
  startAgain();
  update({ loginNeeded: undefined, question: undefined });
}

/** What is shown instead of any screen while an account has to be made or logged in to. */
function logInFirst() {
  const user = memory().user;
  const isGuest = user !== undefined && !user.email;
  return html`
    ${heading(t.toAccount)} ${messages()}
    <p>${app.loginNeeded ? t.logInAgain : t.accountsOnly}</p>
    ${timer(t.timeLeft, standNow().until)}
    <section class="card"><h2 class="visually-hidden">${t.account}</h2>${app.loginNeeded ? nothing : isGuest ? makeAccount() : signUpForm()} ${logInForm()}</section>
    <p class="buttons">${button(t.back, () => update({ loginNeeded: undefined, problem: undefined }))}</p>
  `;
}

/** @param {string} which A prefix of the ids in the form. */
function credentials(which, isNew = false) {
  return html`
    <label class="field" for="${which}-email"><span>${t.email}</span><input id="${which}-email" name="email" type="email" autocomplete="username" required .value=${memory().user?.email ?? history.state?.email ?? ''} /></label>
    <label class="field" for="${which}-password"><span>${t.password}</span><input id="${which}-password" name="password" type="password" required minlength=${isNew ? 10 : 1} autocomplete=${isNew ? 'new-password' : 'current-password'} aria-describedby=${isNew ? `${which}-hint` : nothing} />
      ${isNew ? html`<small id="${which}-hint">${t.passwordHint}</small>` : nothing}</label>
  `;
}

function makeAccount() {
  return html`<form class="stack" @submit=${onSend('account', async ({ email, password }) => {
    const guest = memory().user?.id;
    try {
      await asUser((user) => call('PATCH', `/v1/users/${user.id}`, { token: user.token, body: { email, password } }));
      await logIn(email, password);
    } catch (error) {
      // If the answer was lost, the account is there already, and the guest is no guest any more.
      const mayBe = error instanceof Problem && !error.passes && error.code !== 'EMAIL_TAKEN';
      const isDone = mayBe && (await logIn(email, password, guest).catch(() => false));
      if (!isDone) throw error;
    }
    update({ notice: t.accountMade, polite: t.accountMade, loginNeeded: undefined });
  })}>
    <h3>${t.makeAccount}</h3><p class="muted">${t.makeAccountText}</p>
    ${credentials('new', true)}
    <button class="button plain" type="submit" aria-disabled=${app.working ? 'true' : 'false'}>${t.makeAccount}</button>
  </form>`;
}

function signUpForm() {
  return html`<form class="stack" @submit=${onSend('account', async ({ name, email, password }) => {
    try {
      const signedUp = await call('POST', '/v1/users', { body: { name: name.trim() || t.guest, email, password } });
      remember((kept) => void (kept.user = { id: signedUp.user_id, name: signedUp.name, token: signedUp.token, email }));
    } catch (error) {
      // If the answer was lost, the account is there already.
      const known = error instanceof Problem && error.code === 'EMAIL_TAKEN' && (await logIn(email, password).catch(() => false));
      if (!known) throw error;
    }
    update({ notice: t.accountMade, polite: t.accountMade, loginNeeded: undefined });
  })}>
    <h3>${t.makeAccount}</h3>
    <label class="field" for="new-name"><span>${t.yourName}</span><input id="new-name" name="name" value=${history.state?.name ?? ''} autocomplete="name" maxlength="40" /></label>
    ${credentials('new', true)}
    <button class="button plain" type="submit" aria-disabled=${app.working ? 'true' : 'false'}>${t.makeAccount}</button>
  </form>`;
}

function logInForm() {
  return html`<form class="stack" @submit=${onSend('log-in', async ({ email, password }) => {
    await logIn(email, password);
    here = fresh();
    update({ notice: t.loggedIn, polite: t.loggedIn, loginNeeded: undefined });
  })}>
    <h3>${t.logIn}</h3><p class="muted">${memory().user && !memory().user?.email ? t.logInLosesGuest : t.logInText}</p>
    ${credentials('old')}
    <button class="button plain" type="submit" aria-disabled=${app.working ? 'true' : 'false'}>${t.logIn}</button>
  </form>`;
}

/**
 * @param {string} email
 * @param {string} password
 * @param {string} [only] The only user to be, if not anybody.
 * @returns {Promise<boolean>} Whether the buyer is logged in.
 */
async function logIn(email, password, only) {
  const { user_id, token } = await call('POST', '/v1/auth/login', { body: { email, password } });
  if (only !== undefined && user_id !== only) return false;
  const { name } = await call('GET', `/v1/users/${user_id}`, { token });
  remember((kept) => {
    // Places belong to the user that has them.
    if (kept.user && kept.user.id !== user_id) kept.sessions = {};
    kept.user = { id: user_id, name, token, email };
  });
  return true;
}

function logOut() {
  return act('log-out', async () => {
    try {
      await asUser((user) => call('POST', '/v1/auth/logout', { token: user.token }));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
    }
    forgetMe();
    here = fresh();
    update({ notice: t.forgotten });
  });
}

function forget() {
  forgetMe();
  here = fresh();
  update({ notice: t.forgotten, polite: t.forgotten });
}
