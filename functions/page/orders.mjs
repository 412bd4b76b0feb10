// The orders of a show with their buyers, as a list and as a table for spreadsheets; and how a show is
// called off.

import { Problem, waitBefore } from './api.mjs';
import { act, update } from './app.mjs';
import { ask, asAdmin, desk, go } from './desk.mjs';
import { finder, inPages, inTwoSteps, person, readSome, repeat, told } from './desk-parts.mjs';
import { field, loadOnce, table } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { button, heading } from './parts.mjs';
import { readConcert, readConcerts, showFields } from './shows.mjs';
import { dayAndTime, language, money, showTime, t, whole } from './texts.mjs';

/** How often a page of a file is asked for, at most. */
const TRIES = 6;

/** How long a page of a file may take, in milliseconds. API Gateway gives up after 30 seconds. */
const PATIENCE = 31_000;

/** The show that is chosen before its orders are shown. */
const chosen = { concert: '', show: '' };

/** @param {string} concert @param {string} show */
const fresh = (concert = '', show = '') => ({
  concert,
  show,
  /** @type {Api.Concert | undefined} */
  about: undefined,
  /** @type {import('./form.mjs').Pages<Api.OrderOfShow>} */
  orders: { path: `/v1/admin/concerts/${concert}/orders?date=${show}`, key: 'orders' },
  /** @type {{ sold: number, held: number, grades?: { grade: string, counts?: { sold: number } }[] } | undefined} */
  counts: undefined,
  /** The file that is being saved, and how many lines of it have come. @type {{ runs?: boolean, lines: number }} */
  file: { lines: 0 },
  /** @type {CallingOff} */
  off: { refunded: 0, amount: 0, released: 0 },
  /** What is typed. */
  draft: { reason: '' },
});

/**
 * @typedef {object} CallingOff What has been given back so far, since the button was pressed.
 * @property {number} refunded
 * @property {number} amount
 * @property {number} released
 * @property {Api.CallingOff} [last] The last answer.
 * @property {boolean} [runs]
 */

let here = fresh();

/** The shows that are being called off, or were. They go on while another screen is shown. @type {Record<string, ReturnType<typeof fresh>>} */
const calledOff = {};

export const title = () => t.orders;

/** Makes the show that the address says the one that is shown. */
function follow() {
  const [, concert = '', show = ''] = desk.route;
  if (here.concert !== concert || here.show !== show) here = calledOff[`${concert} ${show}`] ?? fresh(concert, show);
}

export function view() {
  follow();
  const { concert, show, about, orders } = here;
  if (!show) {
    return html`${heading(t.orders)} ${told()}<section class="card">
      ${finder('orders', showFields(chosen), t.orderShow, async () => {
        if (chosen.show) go('orders', chosen.concert, chosen.show);
      })}</section>`;
  }
  return html`${heading(about ? `${about.name} · ${showTime(show)}` : t.orders)} ${told()}
    <section class="card"><h2>${t.orders}</h2>
      ${inPages(orders, t.orderNone, (rows) => table(t.orders, [t.seat, t.orderBuyer, `#${t.entryAmount}`, t.orderPaid], rows.map((order) => [
        seats(order),
        html`${person(order.user_id, order.name)}${order.email ? html`<br><small>${order.email}</small>` : nothing}`,
        order.amount === undefined ? '–' : money(order.amount),
        order.paid_at ? dayAndTime(order.paid_at) : '–',
      ])))}
      <p class="buttons"><button type="button" class="button plain" aria-busy=${here.file.runs ? 'true' : 'false'} @click=${save}>${here.file.runs ? t.orderLines(whole(here.file.lines)) : t.orderFile}</button>
        ${button(t.orderAgain, () => act('orders', () => again()), { busy: 'orders' })}</p>
      <p class="muted">${t.orderFileText}</p>
    </section>
    ${about ? callOff() : nothing}`;
}

export function see() {
  follow();
  loadOnce(async () => {
    const that = here;
    if (!that.show) return readConcerts();
    that.about = await readConcert(that.concert);
    if (showOf(that)?.called_off) await count(that);
    await again(that);
  });
}

/** Reads the orders from the beginning again. */
async function again({ orders } = here) {
  const { path, key } = orders;
  /** @type {typeof orders} */
  const read = { path, key };
  await readSome(read);
  orders.items = read.items;
  orders.next = read.next;
}

/** @param {Api.OrderOfShow} order */
function seats({ seats, seat_numbers }) {
  const named = seats ?? seat_numbers.map((seat_number) => ({ seat_number }));
  return named.map((/** @type {any} */ seat) => t.seatShort({ ...seat, label: seat.seat ?? String(seat.seat_number) })).join(', ');
}

/**
 * Saves all orders as one file, while other buttons work. The service writes it in pages, and each of
 * them has the names of the columns.
 */
function save() {
  const { concert, show, file } = here;
  const path = `/v1/admin/concerts/${concert}/orders`;
  let query = `?date=${show}&format=csv&limit=100`;
  /** @type {string[]} */
  const parts = [];
  if (!file.runs) file.lines = 0;
  return repeat(file, async () => {
    const { text, next } = await asAdmin((token) => page(path + query, token));
    parts.push(parts.length ? text.slice(text.indexOf('\n') + 1) : text);
    file.lines += Math.max(0, text.split('\n').length - 2);
    if (next) {
      query = next;
      return 0;
    }
    // Reading a text drops its byte order mark. Without it, spreadsheets do not read Korean.
    const url = URL.createObjectURL(new Blob(['\ufeff', ...parts], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    Object.assign(link, { href: url, download: `orders-${show.replace(':', '')}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    const notice = t.orderSaved(whole(file.lines));
    update({ notice, polite: notice });
  });
}

/**
 * A page of the file, and the query of the next one.
 *
 * @param {string} path
 * @param {string | undefined} token
 */
async function page(path, token) {
  for (let sent = 1; ; sent += 1) {
    const headers = { 'Accept-Language': language, Authorization: `Bearer ${token}` };
    const answer = await fetch(path, { headers, signal: AbortSignal.timeout(PATIENCE) }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (answer?.ok && text !== undefined) return { text, next: answer.headers.get('Link')?.match(/<(.*)>/)?.[1] };
    let body;
    try {
      body = JSON.parse(text ?? '');
    } catch {
      // It is an error of API Gateway, or there is no answer.
    }
    const problem = new Problem(answer && !answer.ok ? answer.status : 0, body, Number(answer?.headers.get('Retry-After')) || undefined);
    if (!problem.passes || sent >= TRIES) throw problem;
    await new Promise((resolve) => setTimeout(resolve, waitBefore(sent, problem.retryAfter)));
  }
}

function callOff() {
  const { counts, off } = here;
  const known = showOf(here);
  if (!known) return nothing;
  const { last } = off;
  const said = last
    ? html`<p role="status">${t.offDone(whole(off.refunded), money(off.amount), whole(off.released))} ${last.is_over ? t.offOver : t.offLeft(whole(last.sold), whole(last.held))}</p>
        ${last.failed_reservations ? html`<p class="message bad">${t.offFailed(whole(last.failed_reservations))}</p>
          ${table(t.offFailedName, [t.seat, t.orderBuyer], last.failed.map(({ seat_numbers, user_id }) => [seat_numbers.join(', '), person(user_id)]))}` : nothing}`
    : nothing;
  const since = known.called_off ?? (last && { at: last.called_off_at, reason: last.reason });
  const isOver = last ? last.is_over : counts?.sold === 0 && counts.held === 0;
  return html`<section class="card"><h2>${t.off}</h2>
    ${since ? html`<p><strong>${t.calledOff(since.reason)}</strong> <span class="muted">${dayAndTime(since.at)}</span></p>` : html`<p>${t.offText}</p>`}
    ${said} ${!last && since && counts ? html`<p role="status">${isOver ? t.offOver : t.offLeft(whole(counts.sold), whole(counts.held))}</p>` : nothing}
    ${off.runs ? html`<p class="muted">${t.offRuns}</p>` : since ? (isOver ? nothing : html`<p class="buttons">${button(t.offGoOn, () => run())}</p>`) : inTwoSteps('off', {
      label: t.off,
      fields: field(here.draft, 'reason', t.peopleReason, { length: 200, hint: t.offReasonHint, required: true }),
      first: () => count(),
      text: () => (counts ? t.offSure(whole(counts.sold), whole(counts.held), money(worth(known, counts))) : t.offSureUncounted),
      work: async () => {
        // The button goes.
        document.getElementById('heading')?.focus();
        void run(here.draft.reason);
        return '';
      },
    })}
  </section>`;
}

/** Counts what is sold and held. Without an answer, there are no figures. */
async function count(that = here) {
  const { concert, show, about } = that;
  const { shows } = await ask('GET', `/v1/admin/queues/${about?.queue_id}?concert_id=${concert}`).catch(() => ({}));
  const found = shows?.find((/** @type {any} */ other) => other.show === show);
  that.counts = found?.counts && { ...found.counts, grades: found.grades };
}

/**
 * What the sold seats cost at the prices of today.
 *
 * @param {Api.Show} show
 * @param {NonNullable<typeof here.counts>} counts
 */
const worth = ({ price, prices }, { sold, grades }) =>
  prices && grades ? grades.reduce((sum, { grade, counts }) => sum + (counts?.sold ?? 0) * (prices[grade] ?? 0), 0) : sold * price;

/** @param {typeof here} that */
const showOf = ({ about, show }) => about?.shows.find((other) => other.show === show);

/** Calls the show off, or goes on with it, until it is over. @param {string} [reason] */
function run(reason) {
  const that = here;
  const { concert, show, off } = that;
  calledOff[`${concert} ${show}`] = that;
  return repeat(off, async () => {
    /** @type {Api.CallingOff} */
    const answer = await ask('POST', `/v1/concerts/${concert}/dates/${show}/call-off`, { body: reason ? { reason } : {} });
    off.refunded += answer.refunded.length;
    off.amount += answer.refunded.reduce((sum, { amount }) => sum + amount, 0);
    off.released += answer.released;
    off.last = answer;
    if (answer.ask_again_in === undefined) await Promise.all([again(that), count(that)]);
    return answer.ask_again_in;
  });
}
