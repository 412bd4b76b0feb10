// The books: whether the data is right, and the money by day.

import { update } from './app.mjs';
import { ask } from './desk.mjs';
import { loading, person, repeat, told } from './desk-parts.mjs';
import { loadOnce, nameIn, table } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { button, fact, heading } from './parts.mjs';
import { dayAndTime, money, showTime, t, whole } from './texts.mjs';

/** @type {Api.Audit | undefined} */
let audit;

/** @type {{ runs?: boolean, left?: boolean }} */
const job = {};

export const title = () => t.books;

export function view() {
  return html`${heading(t.books)} ${told()} ${audit ? html`${last(audit)} ${days(audit.books)}` : loading()}`;
}

export function see() {
  loadOnce(async () => {
    audit = await ask('GET', '/v1/admin/audit');
  });
}

/** Goes on with the round, or begins one, until it is over. */
function run() {
  return repeat(job, async () => {
    const answer = await ask('POST', '/v1/admin/audit', { body: {} });
    audit = answer;
    job.left = answer.run.left_to_schedule;
    if (answer.state === 'UNDER_WAY' && !job.left) return answer.run.superseded ? 5 : 0;
    const polite = job.left ? t.bookLeft : verdict(answer.round);
    update({ polite });
    return undefined;
  });
}

/** @param {Api.Round} round */
const verdict = ({ violations }) => (violations ? t.bookWrong(violations) : t.bookRight);

/** @param {Api.Audit} audit */
function last({ state, round, last_round }) {
  const shown = last_round ?? round;
  return html`<section class="card"><h2>${t.bookAudit}</h2>
    ${shown?.over_at ? html`<p class="verdict ${shown.violations ? 'wrong' : 'right'}">${verdict(shown)}</p>
      <dl class="facts">${fact(t.bookOver, dayAndTime(shown.over_at))} ${fact(t.bookChecked, checked(shown))}</dl>
      ${shown.violations ? html`<ul class="kinds">${Object.entries(shown.kinds).map(([kind, count]) => html`<li><strong>${whole(count)} ×</strong> ${said(kind)}</li>`)}</ul>
        <h3>${t.bookExamples}</h3>${table(t.bookExamples, [t.bookWhat, t.bookWhere, t.orderBuyer], shown.examples.map((example) => [said(example.kind), where(example), person(example.user_id)]))}` : nothing}` : html`<p>${state === 'NEVER' ? t.bookNever : t.bookFirst}</p>`}
    ${state === 'UNDER_WAY' && round ? html`<p role="status">${t.bookSoFar(checked(round), whole(round.violations))}</p>` : nothing}
    ${job.left ? html`<p class="message">${t.bookLeft}</p>` : nothing}
    ${job.runs ? html`<p class="muted">${t.bookRuns}</p>` : html`<p class="buttons">${button(state === 'UNDER_WAY' ? t.bookGoOn : t.bookRun, run)}</p>`}
  </section>`;
}

/** What a kind of violation means. @param {string} kind */
const said = (kind) => nameIn(t.violation, kind);

/** @param {Api.Round} round */
const checked = ({ checked: { seats, orders, accounts, entries } }) => t.bookCount(whole(seats), whole(orders), whole(accounts), whole(entries));

/** @param {Api.Violation} example */
function where({ show, seat_number, queue_id, number, seq, plan_id, table }) {
  return [show && showTime(show), seat_number && t.seatShort({ label: seat_number }), queue_id, number !== undefined && t.numbered(whole(number)), seq && t.bookEntry(whole(seq)), plan_id].filter(Boolean).join(' · ') || table;
}

/** @param {Api.Books | undefined} books */
function days(books) {
  if (!books) return html`<section class="card"><h2>${t.bookMoney}</h2><p class="muted">${t.bookNoMoney}</p></section>`;
  const { before, held, as_of, left_out } = books;
  const rows = [...books.days.toReversed(), ...(before ? [{ day: '', ...before }] : [])];
  const sum = (/** @type {'charged' | 'corrected' | 'paid' | 'refunded'} */ key) => rows.reduce((total, row) => total + row[key], 0);
  const total = { day: t.sum, charged: sum('charged'), corrected: sum('corrected'), paid: sum('paid'), refunded: sum('refunded') };
  return html`<section class="card"><h2>${t.bookMoney}</h2>
    <p>${t.bookHeld} <strong class="amount">${money(held)}</strong></p>
    ${rows.length ? table(t.bookMoney, [t.bookDay, `#${t.bookCharged}`, `#${t.bookCorrected}`, `#${t.bookPaid}`, `#${t.bookRefunded}`], [total, ...rows].map(({ day, charged, corrected, paid, refunded }) => [
      /^\d/.test(day) ? showTime(day) : day || t.bookBefore, ...[charged, corrected, paid, refunded].map(money),
    ])) : nothing}
    <p class="muted">${t.bookAsOf(dayAndTime(as_of))} ${left_out ? t.bookLeftOut(whole(left_out)) : ''}</p>
  </section>`;
}
