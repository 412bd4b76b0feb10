// What is on sale, and a concert before anybody joins its line.

import { Problem, call, serviceTime } from './api.mjs';
import { app, join, report, update } from './app.mjs';
import { html, nothing } from './lit-html.js';
import { secondsToOpening } from './line.mjs';
import { follows } from './main.mjs';
import { memory } from './memory.mjs';
import { button, fact, heading, messages, showList } from './parts.mjs';
import { countdown, dayAndTime, inLanguage, lengthText, showTime, t } from './texts.mjs';

let isLoading = false;

export function view() {
  return app.route.name === 'list' ? list() : concert();
}

export function title() {
  return app.route.name === 'list' ? t.home : '';
}

/** Loads the list when it is shown. Called once a second. */
export function see() {
  if (app.route.name === 'list' && !app.concerts) void loadList();
}

async function loadList(cursor = '') {
  if (isLoading) return;
  isLoading = true;
  try {
    const page = await (app.listing ?? call('GET', `/v1/concerts${cursor && `?cursor=${encodeURIComponent(cursor)}`}`));
    const known = cursor ? (app.concerts ?? []) : [];
    update({ concerts: [...known, ...page.concerts], nextCursor: page.next_cursor });
  } catch (error) {
    if (error instanceof Problem) report(error);
  } finally {
    app.listing = undefined;
    isLoading = false;
  }
}

function list() {
  const { concerts, nextCursor } = app;
  if (!concerts) void loadList();
  return html`
    ${heading(t.home)} ${messages()}
    ${concerts === undefined
      ? html`<p class="loading" role="status">${t.loading}</p>`
      : concerts.length === 0
        ? html`<p class="card">${t.nothingOnSale}</p>`
        : html`<ul class="concerts">${concerts.map(entry)}</ul>`}
    ${nextCursor ? html`<p class="buttons">${button(t.more, () => loadList(nextCursor))}</p>` : nothing}
  `;
}

/** @param {Api.ListedConcert} concert */
function entry({ concert_id, name, first_date, last_date, shows }) {
  const path = `/c/${concert_id}`;
  return html`<li>
    <a class="card concert" href=${path} @click=${follows(path)}>
      <span class="date-block" aria-hidden="true"><b>${first_date.slice(8)}</b><i>${first_date.slice(0, 7).replace('-', '.')}</i></span>
      <span class="concert-text">
        <strong>${name}</strong>
        <span>${showTime(first_date)}${last_date === first_date ? nothing : ` – ${showTime(last_date)}`}</span>
        <span class="muted">${t.showCount(shows)}</span>
      </span>
    </a>
  </li>`;
}

function concert() {
  const { concert, problem } = app;
  if (!concert || concert.concert_id !== app.route.concert) {
    if (problem && problem.status === 404) {
      return html`<section class="card">${heading(t.notFound)}<p>${t.notFoundText}</p>
        <p><a class="button plain" href="/" @click=${follows('/')}>${t.home}</a></p></section>`;
    }
    return html`${heading(t.loading)} ${messages()}`;
  }
  const description = inLanguage(concert.description);
  return html`
    <section class="card">
      ${heading(concert.name)}
      <dl class="facts">
        ${concert.venue ? fact(t.venue, inLanguage(concert.venue)) : nothing}
      </dl>
      <p class="tags">
        ${typeof concert.age_limit === 'number' ? html`<span class="state">${t.age(concert.age_limit)}</span>` : nothing}
        ${concert.most_seats_a_person ? html`<span class="state">${t.limit(concert.most_seats_a_person)}</span>` : nothing}
      </p>
      ${description ? html`<p class="lines">${description}</p>` : nothing}
    </section>
    <section class="card"><h2>${t.shows}</h2>${showList(concert.shows)}</section>
    ${howItWorks()}
    ${entrance()}
  `;
}

/** The time limits, before anybody joins. */
function howItWorks() {
  const { settings, queue } = app;
  if (!settings || !queue) return nothing;
  const steps = t.steps({
    claim: lengthText(queue.claim_seconds),
    active: lengthText(queue.active_seconds),
    hold: lengthText(settings.hold_seconds),
    most: settings.most_seats_a_hold,
  });
  return html`<section class="card"><h2>${t.howItWorks}</h2>
    <ol class="steps">${steps.map((step) => html`<li>${step}</li>`)}</ol>
    <p class="muted">${settings.who_charges === 'admins' ? t.adminsCharge : t.payFromBalanceNew} ${t.refundTerms(settings.refund_cutoff_hours)}</p>
  </section>`;
}

/** The way into the line. */
function entrance() {
  const { queue } = app;
  if (!queue) return html`<p class="loading" role="status">${t.loading}</p>${messages()}`;
  const { user } = memory();
  const opens = secondsToOpening(queue, serviceTime());
  const closed = t.queueOver[/** @type {'CLOSED'} */ (queue.state)];
  const needsAccount = queue.who === 'accounts' && !user?.email;
  if (closed) return html`<section class="card"><p class="message warn">${closed}</p>${messages()}</section>`;
  return html`
    ${opens === null
      ? nothing
      : html`<section class="card"><p class="big-label">${t.opensIn}</p>
          <p class="big" role="timer" aria-label=${t.left(countdown(opens))}>${countdown(opens)}</p>
          <p>${queue.opens_at ? t.opensAtText(dayAndTime(queue.opens_at)) : nothing} ${t.earlyIsEqual}</p></section>`}
    ${queue.state === 'PAUSED' ? html`<p class="message warn">${t.paused}</p>` : nothing}
    ${needsAccount
      ? html`<section class="card"><p>${t.accountsOnly}</p>${messages()}</section>
          <div class="bar"><button type="button" class="button main" @click=${() => update({ loginNeeded: false })}>${t.toAccount}</button></div>`
      : html`<form class="join" @submit=${onJoin}>
          ${user
            ? nothing
            : html`<section class="card"><label class="field"><span>${t.yourName}</span>
                <input name="name" value=${history.state?.name ?? ''} autocomplete="name" maxlength="40" placeholder=${t.guest} aria-describedby="name-hint" />
                <small id="name-hint">${t.yourNameHint}</small></label></section>`}
          ${user?.email ? html`<p class="muted">${t.joinAgainElsewhere}</p>` : nothing}
          ${messages()}
          <div class="bar"><button class="button main" type="submit" aria-busy=${app.working === 'join' ? 'true' : 'false'} aria-disabled=${app.working ? 'true' : 'false'}>${app.working === 'join' ? t.joining : t.join}</button></div>
        </form>`}
  `;
}

/** @param {SubmitEvent} event */
function onJoin(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  void join(String(new FormData(form).get('name') ?? ''));
}
