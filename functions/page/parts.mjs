// Small parts that several screens have.

import { secondsLeft, serviceTime } from './api.mjs';
import { act, app, say, update } from './app.mjs';
import { html, nothing } from './lit-html.js';
import { milliseconds } from './line.mjs';
import { markPassed } from './state.mjs';
import { countdown, dayAndTime, errorText, inLanguage, money, showTime, t, whole } from './texts.mjs';

/**
 * A button that does something. It does nothing while something else is done. The second tap of a
 * double tap does nothing either: it would hit the button that has taken its place meanwhile.
 *
 * @param {string} text
 * @param {() => unknown} onTap
 * @param {{ kind?: 'main' | 'plain' | 'danger', off?: boolean, busy?: string, id?: string }} [look]
 */
export function button(text, onTap, { kind = 'plain', off = false, busy, id } = {}) {
  const isBusy = busy !== undefined && app.working === busy;
  return html`<button
    type="button"
    class="button ${kind}"
    id=${id ?? nothing}
    ?disabled=${off}
    aria-disabled=${app.working ? 'true' : 'false'}
    aria-busy=${isBusy ? 'true' : 'false'}
    @click=${(/** @type {MouseEvent} */ event) => event.detail < 2 && !app.working && onTap()}
  >${text}</button>`;
}

/**
 * A check box with its text.
 *
 * @param {string} text
 * @param {boolean} on
 * @param {(on: boolean) => void} onChange
 */
export function checkbox(text, on, onChange, off = false) {
  return html`<label class="toggle"><input
    type="checkbox"
    .checked=${on}
    ?disabled=${off}
    @change=${(/** @type {Event} */ event) => {
      onChange(/** @type {HTMLInputElement} */ (event.target).checked);
      update({});
    }}
  /><span>${text}</span></label>`;
}

/** What went wrong last, and what has just happened. */
export function messages() {
  const { problem, notice } = app;
  const id = problem?.code === 'INTERNAL' || problem?.status === 500 ? problem.body?.request_id : undefined;
  return html`
    ${problem
      ? html`<p class="message bad">${errorText(problem)} ${id ? html`<small>${t.problem(id)}</small>` : nothing}</p>`
      : nothing}
    ${notice ? html`<p class="message">${notice}</p>` : nothing}
  `;
}

/**
 * A question before something that cannot be undone. It is on the screen, not above it: a countdown
 * stays visible.
 *
 * @param {string} name
 * @param {string} text
 * @param {{ yes: string, no: string, onYes: () => unknown, busy?: string }} answers
 */
export function question(name, text, { yes, no, onYes, busy }) {
  if (app.question !== name) return nothing;
  return html`<div class="question" role="group" aria-label=${text}>
    <p>${text}</p>
    <div class="buttons">
      ${button(no, () => update({ question: undefined }), { id: 'question-no' })}
      ${button(yes, onYes, { kind: 'danger', busy })}
    </div>
  </div>`;
}

/** @param {string} name */
export function askFirst(name) {
  update({ question: name });
  document.getElementById('question-no')?.focus();
}

/** @type {Map<string, number>} */
const lastLeft = new Map();

/**
 * A countdown. It is silent, but for a few marks.
 *
 * @param {string} label
 * @param {string | undefined} until RFC 3339.
 */
export function timer(label, until) {
  if (!until || !serviceTime()) return nothing;
  const left = secondsLeft(until);
  const mark = markPassed(left, lastLeft.get(until));
  if (lastLeft.get(until) !== left) {
    if (!lastLeft.has(until)) lastLeft.clear();
    lastLeft.set(until, left);
  }
  // A page that was asleep has missed the mark. It says the time that is left.
  const text = left === mark ? t.timer[/** @type {10} */ (mark)] : t.left(countdown(left));
  if (mark) queueMicrotask(() => say(text));
  return html`<p class="timer ${left <= 20 ? 'bad' : left <= 60 ? 'warn' : ''}">
    <span class="timer-label">${label}</span>
    <span class="timer-left" role="timer" aria-label=${t.left(countdown(left))}>${countdown(left)}</span>
  </p>`;
}

/**
 * A line of a list of facts.
 *
 * @param {string} name
 * @param {unknown} value
 */
export function fact(name, value) {
  return html`<div class="fact"><dt>${name}</dt><dd>${value}</dd></div>`;
}

/**
 * A heading that gets the focus when the screen changes.
 *
 * @param {unknown} text
 */
export function heading(text) {
  return html`<h1 tabindex="-1" id="heading">${text}</h1>`;
}

/**
 * Does what a form asks for when it is sent.
 *
 * @param {string} what
 * @param {(fields: Record<string, string>) => Promise<void>} work
 */
export function onSend(what, work) {
  return (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const fields = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    void act(what, () => work(fields));
  };
}

/**
 * Shows with their times and prices.
 *
 * @param {Api.Show[]} shows
 */
export function showList(shows) {
  return html`<ul class="shows">${shows.map(show)}</ul>`;
}

/** @param {Api.Show} show */
function show(show) {
  const opensAt = show.opens_at;
  const time = serviceTime();
  const state = show.called_off
    ? t.calledOff(show.called_off.reason)
    : opensAt && time && milliseconds(opensAt) > time
      ? t.saleOpens(dayAndTime(opensAt))
      : show.closes_at && time && milliseconds(show.closes_at) <= time
        ? t.saleOver
        : '';
  const starts = show.show.includes('T') ? undefined : show.starts_at;
  return html`<li class=${show.called_off ? 'called-off' : ''}>
    <strong>${showTime(show.show)}</strong>
    <span class="muted">${[show.venue && inLanguage(show.venue), show.doors_at && t.doors(show.doors_at), starts && t.starts(starts), t.seatsInAll(whole(show.capacity))].filter(Boolean).join(' · ')}</span>
    <span class="prices">${show.prices
      ? Object.entries(show.prices).sort(([, one], [, other]) => other - one).map(([grade, price]) => html`<span>${grade} ${money(price)}</span>`)
      : html`<span>${money(show.price)}</span>`}</span>
    ${state ? html`<span class="state">${state}</span>` : nothing}
  </li>`;
}
