// In line: before the opening, waiting, the turn, and the end of a session.

import { serviceTime, secondsLeft } from './api.mjs';
import { app, dismiss, enter, join, leave, session, standNow, update, waitNow } from './app.mjs';
import { askToNotify, canStayAwake, isAwake, mayNotify, stayAwake, unlockSound } from './alert.mjs';
import { html, nothing } from './lit-html.js';
import { isBeyondSeats, milliseconds } from './line.mjs';
import { follows } from './main.mjs';
import { memory, remember } from './memory.mjs';
import { askFirst, button, checkbox, fact, heading, messages, question, showList, timer } from './parts.mjs';
import { isWorthSaying, progress, ticketOf } from './state.mjs';
import { clockOrDay, countdown, dayAndTime, lengthText, t, waitText, whole } from './texts.mjs';

/** @type {{ place: number, time: number } | undefined} */
let said;

/** Whether the buyer wants the screen to stay on. */
let wantsAwake = false;

export function view() {
  const { phase } = standNow();
  if (!app.queue && phase !== 'turn' && phase !== 'over') return html`<p class="loading" role="status">${t.loading}</p>`;
  if (phase === 'early') return early();
  if (phase === 'turn') return turn();
  if (phase === 'over') return over();
  return waiting();
}

/** Says the place aloud when it is worth it. Called once a second. */
export function see() {
  const { phase, place } = standNow();
  if (wantsAwake && document.visibilityState === 'visible' && !isAwake()) void stayAwake(true);
  if (phase !== 'waiting' || typeof place !== 'number') return;
  const time = performance.now();
  if (!isWorthSaying(place, said, time)) return;
  said = { place, time };
  const wait = waitNow();
  update({ polite: `${t.place(whole(place))}. ${wait === null ? '' : waitText(wait)}` });
}

function early() {
  const opensAt = app.queue?.opens_at;
  const hash = session()?.seedHash ?? app.queue?.draw?.seed_hash;
  return html`
    <section class="card wait">
      <p class="eyebrow">${app.concert?.name}</p>
      ${heading(t.earlyTitle)}
      ${opensAt
        ? html`<p class="big-label">${t.opensIn}</p>
            <p class="big" role="timer" aria-label=${t.left(countdown(secondsToOpen(opensAt)))}>${countdown(secondsToOpen(opensAt))}</p>
            <p>${t.opensAtText(dayAndTime(opensAt))}</p>`
        : nothing}
      <p>${t.earlyText}</p>
      ${opensAt ? html`<p>${t.earlyWait(clockOrDay(milliseconds(opensAt), serviceTime()))}</p>` : nothing}
      ${messages()}
    </section>
    ${hash
      ? html`<section class="card"><h2>${t.commitment}</h2><p>${t.commitmentText}</p><p class="hash"><code>${hash}</code></p></section>`
      : nothing}
    ${checked()} ${meanwhile()} ${options()} ${leaving()}
  `;
}

/** @param {string} opensAt */
function secondsToOpen(opensAt) {
  return Math.max(0, Math.ceil((milliseconds(opensAt) - serviceTime()) / 1000));
}

/** What is shown while the screen is not updated. @type {ReturnType<typeof seen> | undefined} */
let frozen;

function seen() {
  return { place: standNow().place, wait: waitNow(), queue: app.queue, time: serviceTime() };
}

function waiting() {
  frozen = app.frozen ? (frozen ?? seen()) : undefined;
  const { place, wait, queue, time: now } = frozen ?? seen();
  const start = session()?.start;
  const known = typeof place === 'number';
  const part = progress(place, start);
  const time = wait === null || !now ? null : clockOrDay(now + 1000 * wait, now);
  const left = queue?.seats_left;
  const ahead = known ? place - 1 : 0;
  const isBeyond = (queue && isBeyondSeats(app.number ?? null, queue)) || app.standing?.beyond_seats;
  return html`
    <section class="card wait">
      <p class="eyebrow">${app.concert?.name}</p>
      ${heading(t.waitingTitle)}
      <div class="ring">
        <svg viewBox="0 0 200 200" aria-hidden="true">
          <circle class="ring-way" cx="100" cy="100" r="90" pathLength="100" />
          <circle class="ring-done" cx="100" cy="100" r="90" pathLength="100" stroke-dasharray="${(100 * part).toFixed(2)} 200" />
        </svg>
        <p class="ring-text">
          <span class="big-label">${t.placeLabel}</span>
          <span class="big" id="place">${known ? whole(place) : '…'}</span>
        </p>
      </div>
      <p class="lead">${wait === null ? t.waitUnknown : t.aboutAt(waitText(wait), time)}</p>
      ${start ? html`<p class="muted">${t.startedAt(whole(start))}</p>` : nothing}
      ${app.frozen ? html`<p class="message">${t.frozen}</p>` : nothing}
      ${queue?.state === 'PAUSED' ? html`<p class="message warn">${t.paused}</p>` : nothing}
      ${queue?.sale_opens_at ? html`<p class="message">${t.saleLater(dayAndTime(queue.sale_opens_at))}</p>` : nothing}
      ${isBeyond ? html`<p class="message warn">${t.beyondSeats}</p>` : nothing}
      ${messages()}
      <dl class="facts">
        ${known ? fact(t.ahead, t.persons(whole(ahead))) : nothing}
        ${typeof left === 'number' ? fact(t.seatsLeft, t.seats(whole(left))) : nothing}
      </dl>
      <p>${time === null ? t.keepOpenNoTime : t.keepOpen(time, lengthText(queue?.claim_seconds ?? 120))}</p>
    </section>
    ${checked()} ${meanwhile()} ${options()} ${leaving()}
  `;
}

/** The check of the draw, for those who came before the opening. */
function checked() {
  const kept = session();
  const ticket = kept?.token ? ticketOf(kept.token) : undefined;
  const draw = app.queue?.draw;
  if (!ticket?.early || !draw?.seed) return nothing;
  const found = app.draw;
  const text = { holds: `✔ ${t.drawHolds}`, unseen: t.drawUnseen, forged: `✖ ${t.drawForged}`, unchecked: t.drawUnchecked };
  return html`<section class="card draw ${found ?? ''}">
    <p class="verdict">${found ? text[found] : t.drawChecking}</p>
    <details>
      <summary>${t.drawYourself}</summary>
      <p>${t.drawSteps({ entries: whole(draw.entries ?? 0) })}</p>
      <dl class="facts">
        ${fact(t.drawSeed, html`<code>${draw.seed}</code>`)}
        ${fact(t.drawHash, html`<code>${kept?.seedHash ?? draw.seed_hash}</code>`)}
        ${fact(t.drawEntry, html`<code>${ticket.early.join('-')}</code>`)}
        ${typeof app.number === 'number' ? fact(t.drawNumber, t.numbered(whole(app.number))) : nothing}
      </dl>
    </details>
  </section>`;
}

/** What a buyer can make up their mind about while they wait. */
function meanwhile() {
  return html`<details class="card"><summary>${t.meanwhile}</summary>${showList(app.concert?.shows ?? [])}</details>`;
}

/** How the buyer wants to be called. */
function options() {
  const { quiet = false } = memory();
  const right = mayNotify();
  return html`<details class="card options">
    <summary>${t.options}</summary>
    ${checkbox(t.sound, !quiet, (on) => {
      if (on) unlockSound();
      remember((kept) => void (kept.quiet = !on));
    })}
    ${right === 'none' ? nothing : checkbox(t.notify, right === 'granted', () => void askToNotify().then(() => update({})), right !== 'default')}
    ${right === 'denied' ? html`<p class="muted">${t.notifyDenied}</p>` : nothing}
    ${canStayAwake()
      ? checkbox(t.awake, wantsAwake, (on) => {
          wantsAwake = on;
          void stayAwake(on).then(() => update({}));
        })
      : nothing}
    ${checkbox(t.freeze, app.frozen ?? false, (on) => update({ frozen: on }))}
  </details>`;
}

function leaving() {
  return html`<section class="leaving">
    ${app.question === 'leave'
      ? question('leave', t.leaveSure, { yes: t.leaveYes, no: t.leaveNo, onYes: leave, busy: 'leave' })
      : button(t.leave, () => askFirst('leave'), { kind: 'plain' })}
  </section>`;
}

function turn() {
  const { until, unsure } = standNow();
  return html`
    <section class="card turn">
      <p class="eyebrow">${app.concert?.name}</p>
      ${heading(t.turnTitle)}
      ${unsure
        ? html`<p role="status">${t.turnAsking}</p>`
        : html`<p class="lead">${t.turnText}</p>${timer(t.enterWithin, until)}`}
      ${messages()}
    </section>
    <div class="bar">${button(t.enter, enter, { kind: 'main', off: unsure || secondsLeft(until) === 0, busy: 'enter' })}</div>
    ${leaving()}
  `;
}

function over() {
  const { reason = 'REPLACED' } = standNow();
  const [title, text] = t.over[/** @type {'LEFT'} */ (reason)] ?? t.over.REPLACED;
  const takesPeople = app.queue?.state === 'OPEN' || app.queue?.state === 'PAUSED';
  return html`
    <section class="card over">
      <p class="eyebrow">${app.concert?.name}</p>
      ${heading(title)}
      <p class="lead">${text}</p>
      ${app.queue && !takesPeople && !reason.startsWith('S') ? html`<p>${t.queueOver[/** @type {'CLOSED'} */ (app.queue.state)]}</p>` : nothing}
      ${app.concert?.shows.some(({ called_off }) => called_off) ? showList(app.concert.shows) : nothing}
      ${messages()}
      <p class="buttons">
        <a class="button plain" href="/" @click=${follows('/')}>${t.toConcerts}</a>
        ${button(t.back, dismiss)}
      </p>
    </section>
    ${takesPeople ? html`<div class="bar">${button(t.joinAgain, () => join(memory().user?.name ?? ''), { kind: 'main', busy: 'join' })}</div>` : nothing}
  `;
}
