// The page for operators: which screen it shows, and what is around it.

import { Problem, call, useApi } from './api.mjs';
import { app, drawWith, report, update } from './app.mjs';
import { desk, hashOf, useAdmin } from './desk.mjs';
import { html, nothing, render } from './lit-html.js';
import { readMemory, remember } from './memory.mjs';
import { heading, messages, onSend } from './parts.mjs';
import { errorText, language, languageFor, more, sources, speak, speakMore, t, useTimeZone } from './texts.mjs';

/**
 * @typedef {object} Screen
 * @property {() => unknown} view What it shows.
 * @property {() => void} [see] Reads what is due. Called once a second.
 * @property {() => string} title
 * @property {() => boolean} [hasTyped] Whether something is typed that a reload would lose.
 */

/** The screens, by the first part of the address. Each is loaded when it is needed. @type {Record<string, () => Promise<Screen>>} */
const LOADERS = {
  concerts: () => import('./concerts.mjs'),
  queues: () => import('./queues.mjs'),
  plans: () => import('./plans.mjs'),
  orders: () => withMore(import('./orders.mjs')),
  people: () => withMore(import('./people.mjs')),
  ready: () => withMore(import('./ready.mjs')),
  books: () => withMore(import('./books.mjs')),
  changes: () => withMore(import('./changes.mjs')),
};

/**
 * A screen that has texts of the second file.
 *
 * @param {Promise<Screen>} screen
 */
async function withMore(screen) {
  const [loaded] = await Promise.all([screen, speakMore(moreTexts)]);
  return loaded;
}

/** @type {import('./texts.mjs').Source} The texts about people, orders, readiness, books and changes. */
const moreTexts = (wanted) => (wanted === 'en' ? import('./operator-en-more.mjs') : import('./operator-ko-more.mjs'));

/** What the navigation has, with its name. */
const PLACES = () => /** @type {[string, string][]} */ ([
  ['concerts', t.concerts],
  ['queues', t.queues],
  ['plans', t.plans],
  ['orders', t.orders],
  ['people', t.peopleTitle],
  ['ready', t.ready],
  ['books', t.books],
  ['changes', t.changes],
]);

/** @type {Record<string, Screen>} */
const screens = {};

/** Which screens are being loaded. */
const loading = new Set();

/** The address that was drawn last, to know when the screen changes. */
let shown = '';

let isDrawn = false;

/** Whether somebody has logged out since the page was loaded. */
let hasLeft = false;

const root = /** @type {HTMLElement} */ (document.getElementById('page'));

/** The name of the screen that the address says, else of the first one. */
function screenName() {
  return Object.hasOwn(LOADERS, desk.route[0]) ? desk.route[0] : Object.keys(LOADERS)[0];
}

/** @param {string} name */
async function load(name) {
  if (screens[name] || loading.has(name) || !LOADERS[name]) return;
  loading.add(name);
  try {
    screens[name] = await LOADERS[name]();
    beat();
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    // If the page is offline, the next beat tries again. If there is another version, it is loaded.
    const isGone = await fetch(import.meta.url, { cache: 'no-store' }).then(({ status }) => status === 404, () => false);
    if (isGone) location.reload();
  } finally {
    loading.delete(name);
  }
}

function draw() {
  if (!t) return;
  const name = desk.admin ? screenName() : 'login';
  const screen = screens[name];
  if (desk.admin && !screen) void load(name);
  if (!isDrawn) root.replaceChildren();
  isDrawn = true;
  const wasOnHeading = document.activeElement?.id === 'heading';
  const content = !desk.admin ? logIn() : screen ? screen.view() : html`<p class="loading" role="status">${t.loading}</p>`;
  render(shell(content), root);
  document.title = `${desk.admin && screen ? screen.title() : t.operator} – Onsale`;
  const key = `${name} ${desk.route.join('/')}`;
  const title = document.getElementById('heading');
  showMessage();
  // Another part of the screen may have brought another heading.
  if (wasOnHeading) title?.focus();
  if (title && key !== shown) {
    // A reload leaves the focus where the browser has put it.
    if (shown !== '') title.focus();
    shown = key;
  }
}

/** What was said last. @type {unknown} */
let said;

/** Brings what has just been said into view: a form may be longer than the window. */
function showMessage() {
  const saying = app.problem ?? app.notice;
  if (saying !== said) root.querySelector('.message.bad, .message:not(.warn)')?.scrollIntoView({ block: 'nearest' });
  said = saying;
}

/** @param {unknown} content */
function shell(content) {
  const { trouble, polite, urgent } = app;
  const told = { OFFLINE: t.deskOffline, BUSY: t.deskBusy, FAULT: t.deskFault };
  return html`
    <a class="skip" href="#heading" @click=${skip}>${t.skip}</a>
    <header>
      <a class="brand" href=${hashOf()} aria-label="Onsale – ${t.operator}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 7h18v3.2a1.8 1.8 0 0 0 0 3.6V17H3v-3.2a1.8 1.8 0 0 0 0-3.6z" /><path class="tear" d="M15 8v8" /></svg>Onsale · ${t.operator}</a>
      <nav>
        ${desk.admin ? PLACES().map(place) : nothing}
        <button type="button" class="link" lang=${language === 'ko' ? 'en' : 'ko'} @click=${switchLanguage}>${t.otherLanguage}</button>
        ${desk.admin ? html`<button type="button" class="link" @click=${logOut}>${t.deskLogOut}</button>` : nothing}
      </nav>
    </header>
    ${trouble ? html`<aside class="banners" aria-label=${t.announcements}><p class="banner bad" role="status">${told[trouble]}</p></aside>` : nothing}
    <main>${content}</main>
    <div class="visually-hidden" aria-live="polite" id="polite">${polite}</div>
    <div class="visually-hidden" aria-live="assertive" id="urgent">${urgent}</div>
  `;
}

/** @param {[string, string]} place */
function place([name, text]) {
  return html`<a href=${hashOf(name)} aria-current=${screenName() === name ? 'page' : nothing}>${text}</a>`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById('heading')?.focus();
}

/** The form that asks for the password. The address stays: after it, the same screen is shown. */
function logIn() {
  return html`
    ${heading(t.deskLogIn)} ${desk.ended && !app.problem ? html`<p class="message warn">${errorText({ code: 'INVALID_TOKEN' })}</p>` : nothing} ${messages()}
    <form class="card" @submit=${onSend('login', enter)}>
      <label class="field"><span>${t.email}</span><input name="email" type="email" autocomplete="username" required></label>
      <label class="field"><span>${t.password}</span><input name="password" type="password" autocomplete="current-password" required></label>
      <button class="button main" aria-busy=${app.working === 'login' ? 'true' : 'false'}>${t.logIn}</button>
    </form>
  `;
}

/** @param {Record<string, string>} fields */
async function enter({ email, password }) {
  const { user_id: id, token } = await call('POST', '/v1/auth/login', { body: { email, password } });
  const { name, role } = await call('GET', `/v1/users/${id}`, { token });
  if (role !== 'admin') throw new Problem(403, /** @type {any} */ ({ code: 'FORBIDDEN', error: '' }));
  if (hasLeft) forgetTab();
  desk.ended = false;
  useAdmin({ id, name, token });
  if (hasLeft) location.reload();
  else beat();
}

/**
 * Ends the token, here and in the service, and forgets what the tab has kept. The page is loaded again,
 * so that the next operator does not see what this one has typed and found.
 */
async function logOut() {
  const token = desk.admin?.token;
  hasLeft = true;
  forgetTab();
  update({ problem: undefined, notice: undefined, question: undefined });
  useAdmin(undefined);
  try {
    await call('POST', '/v1/auth/logout', { token, tries: 1 });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // Otherwise the token has ended already. Without a connection the page cannot be loaded either.
    if (error.passes) return update({ notice: t.deskStillGood, urgent: t.deskStillGood });
  }
  if (!desk.admin) location.reload();
}

/** Forgets what the tab has kept. */
function forgetTab() {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith('onsale-')) sessionStorage.removeItem(key);
  } catch {
    // Without a storage, nothing is kept.
  }
}

async function switchLanguage() {
  const next = language === 'ko' ? 'en' : 'ko';
  remember((kept) => void (kept.language = next));
  await speak(next);
  update({ problem: undefined, notice: undefined, polite: '', urgent: '' });
}

/** Shows what the address says. */
function open() {
  desk.route = location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decoded);
  update({ problem: undefined, notice: desk.told, question: undefined });
  desk.told = undefined;
  beat();
}

/** @param {Event} event */
function onLeave(event) {
  if (desk.admin && screens[screenName()]?.hasTyped?.()) event.preventDefault();
}

/** Escape answers a question with no. @param {KeyboardEvent} event */
function onKey({ key }) {
  if (key === 'Escape') (document.getElementById('question-no') ?? document.getElementById('pause-no'))?.click();
}

/** @param {string} part A part of an address. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function beat() {
  // Times need the zone of the shows.
  if (desk.admin && app.settings && document.visibilityState === 'visible') screens[screenName()]?.see?.();
  draw();
}

async function start() {
  useApi({ language: () => language, onTrouble: (trouble) => trouble !== app.trouble && update({ trouble }) });
  drawWith(draw);
  document.body.classList.add('desk');
  sources.add(more);
  sources.add((wanted) => (wanted === 'en' ? import('./en-tickets.mjs') : import('./ko-tickets.mjs')));
  sources.add((wanted) => (wanted === 'en' ? import('./operator-en.mjs') : import('./operator-ko.mjs')));
  desk.route = [];
  for (;;) {
    try {
      await speak(languageFor(readMemory().language, navigator.languages));
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000 + 1000 * Math.random()));
    }
  }
  addEventListener('hashchange', open);
  addEventListener('keydown', onKey);
  addEventListener('beforeunload', onLeave);
  addEventListener('online', () => update({ trouble: null }));
  addEventListener('offline', () => update({ trouble: 'OFFLINE' }));
  open();
  setInterval(beat, 1000);
  try {
    const settings = await call('GET', '/v1/settings', { tries: Infinity });
    useTimeZone(settings.time_zone);
    update({ settings });
    beat();
  } catch (error) {
    if (error instanceof Problem) report(error);
  }
}

void start();
