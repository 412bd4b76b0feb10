// The page that buyers see: which screen it shows, and what is around it.

import { call, secondsLeft, useApi } from './api.mjs';
import {
  app, beat, callBuyer, drawWith, enter, follow, isLookedAt, session, standNow, startAgain, touch, update, waitNow, wakeUp,
} from './app.mjs';
import { html, nothing, render } from './lit-html.js';
import { forgetSession, isLive, memory, readMemory, remember, rememberSession } from './memory.mjs';
import { countdown, inLanguage, language, languageFor, more, sources, speak, speakMore, t, useTimeZone, whole } from './texts.mjs';

/** @typedef {{ view: () => unknown, see?: () => void, title?: () => string, texts?: import('./texts.mjs').Source }} Screen */

/** The screens. Each is loaded when it is needed, or shortly before. */
const LOADERS = {
  waiting: () => import('./waiting.mjs'),
  concert: () => withMore(import('./concert.mjs')),
  seats: () => withMore(import('./seats.mjs')),
  hold: () => withMore(import('./hold.mjs')),
  tickets: () => withMore(import('./tickets.mjs')),
};

/** @type {Partial<Record<keyof typeof LOADERS, Screen>>} */
const screens = {};

/** @type {Partial<Record<string, keyof typeof LOADERS>>} */
const SCREEN_OF_PHASE = {
  concert: 'concert', early: 'waiting', waiting: 'waiting', turn: 'waiting', over: 'waiting',
  choosing: 'seats', holding: 'hold', paid: 'hold',
};

/** After how many failures the page is loaded again. */
const MOST_FAILURES = 3;

/** How often the page loads itself again, at most, in milliseconds. */
const RELOAD_EVERY = 30_000;

/** What was shown last, to know when the screen changes. */
let shown = '';

/** Whether the page has been drawn. Before, the HTML says that it is being loaded. */
let isDrawn = false;

/** The phase that was last seen. */
let phaseBefore = '';

/** Whether the next change of the screen was wanted by the buyer. */
let wanted = false;

const root = /** @type {HTMLElement} */ (document.getElementById('page'));

/** @param {string} path */
function routeOf(path) {
  const concert = path.match(/^\/c\/([^/]+)\/?$/)?.[1];
  if (concert) return /** @type {const} */ ({ name: 'concert', concert: decoded(concert) });
  return /** @type {const} */ ({ name: path.startsWith('/tickets') ? 'tickets' : 'list' });
}

/** @param {string} part A part of an address. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * Goes to another place of the page. One entry of the history for each that the buyer chooses.
 *
 * @param {string} path
 */
function go(path) {
  history.pushState(null, '', path);
  wanted = true;
  scrollTo(0, 0);
  void open();
}

/** Shows what the address says. */
async function open() {
  const route = routeOf(location.pathname);
  update({ route, problem: undefined, notice: undefined, question: undefined, loginNeeded: undefined });
  // The line is followed on the other screens, too: the one of this concert, or another that the buyer
  // is in.
  const here = app.concert?.concert_id;
  const wanted = route.concert ?? (isLive(session()) ? here : (liveSession()?.concert ?? here));
  if (!wanted || wanted === app.concert?.concert_id) return;
  if (route.concert) follow(undefined);
  try {
    const concert = await call('GET', `/v1/concerts/${encodeURIComponent(wanted)}`);
    if (routeOf(location.pathname).concert !== route.concert) return;
    follow(concert);
    beat();
  } catch (error) {
    const problem = /** @type {import('./api.mjs').Problem} */ (error);
    // Nobody can wait for a concert that is not there any more.
    if (problem.status === 404) {
      for (const [queue, { concert }] of Object.entries(memory().sessions)) if (concert === wanted) forgetSession(queue);
    }
    if (app.route.concert === wanted) update({ problem });
  }
}

/** A line that the buyer is in. */
function liveSession() {
  return Object.values(memory().sessions).find(isLive);
}

/** Whether the screen shows the concert of which the line is followed. */
function isHere() {
  return app.concert !== undefined && app.route.concert === app.concert.concert_id;
}

/** The name of the screen. `undefined` while it is not known. */
function screenName() {
  if (app.loginNeeded !== undefined || app.route.name === 'tickets') return 'tickets';
  if (app.route.name === 'list' || (!isHere() && app.problem)) return 'concert';
  return isHere() ? (SCREEN_OF_PHASE[standNow().phase] ?? 'concert') : undefined;
}

/**
 * A screen outside the line, with the styles and the texts that such screens have, and its own texts.
 *
 * @param {Promise<Screen>} screen
 */
async function withMore(screen) {
  const [loaded] = await Promise.all([screen, spoken.then(() => speakMore(more)), loadStyles()]);
  if (loaded.texts) await speakMore(loaded.texts);
  return loaded;
}

/** The language, with the texts of the line, as soon as it is loaded. */
let spoken = Promise.resolve();

/** The styles of the screens outside the line, as soon as they are wanted. @type {Promise<unknown> | undefined} */
let styles;

function loadStyles() {
  styles ??= new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement('link'), {
      rel: 'stylesheet',
      href: new URL('./more.css', import.meta.url).href,
      onload: resolve,
      onerror: () => {
        link.remove();
        styles = undefined;
        reject(new Error());
      },
    });
    document.head.append(link);
  });
  return styles;
}

/** How often a screen could not be loaded. */
let failures = 0;

/** The screens that are there or being loaded. @type {Partial<Record<keyof typeof LOADERS, Promise<void>>>} */
const loading = {};

/**
 * Loads a screen, unless it is there or on its way, or the page is offline.
 *
 * @param {keyof typeof LOADERS} name
 */
function load(name) {
  if (navigator.onLine) loading[name] ??= loadNow(name);
}

/** @param {keyof typeof LOADERS} name */
async function loadNow(name) {
  try {
    screens[name] = await LOADERS[name]();
    draw();
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    // It is tried again with the next beat. But there may be another version of the page. Or
    // the browser does not ask again for a file that it once could not get. A CDN may have an old HTML
    // for a moment, and then the page is not loaded again and again.
    delete loading[name];
    failures += 1;
    if (!navigator.onLine || failures < MOST_FAILURES) return;
    if (Math.abs(Date.now() - (history.state?.reloaded ?? -Infinity)) < RELOAD_EVERY) return;
    history.replaceState({ reloaded: Date.now() }, '');
    location.reload();
  }
}

function draw() {
  if (!t) return;
  const name = screenName();
  const screen = name && screens[name];
  if (name && !screen) load(name);
  attend();
  const key = `${app.route.name} ${app.route.concert ?? ''} ${screenKey(name)}`;
  if (!isDrawn) root.replaceChildren();
  isDrawn = true;
  const wasOnHeading = document.activeElement?.id === 'heading';
  render(shell(screen ? screen.view() : html`<p class="loading" role="status">${t.loading}</p>`), root);
  document.title = titleNow(screen);
  // A screen that is still reading its data has no heading that the focus could go to.
  const isThere = screen && document.getElementById('heading') && key !== shown;
  // A reload leaves the focus where the browser has put it. Another part of the same screen may have
  // brought another heading.
  if (isThere ? shown || wanted : wasOnHeading) focusHeading();
  if (isThere) {
    shown = key;
    if (location.hash === '#account') document.getElementById('account')?.scrollIntoView();
    wanted = false;
  }
}

/** What makes a screen another one. A place in the line that gets smaller does not. */
function screenKey(/** @type {string | undefined} */ name) {
  const { phase } = standNow();
  return name === 'tickets' || !isHere() ? name : phase;
}

/** Does what follows from a change of the phase. */
function attend() {
  if (!app.concert) return;
  const { phase, unsure, until } = standNow();
  const now = unsure ? `${phase}?` : phase;
  if (now === phaseBefore) return;
  const before = phaseBefore;
  phaseBefore = now;
  app.question = undefined;
  if (now === 'turn' && before !== '' && before !== 'choosing') {
    // A turn that nobody sees would be lost. So the buyer is called, and enters with a tap, unless
    // they are looking at the page right now.
    callBuyer();
    if (isHere() && isLookedAt() && document.hasFocus()) void enter();
  }
  if (before === 'holding' && now === 'choosing' && !app.working) update({ notice: t.holdLost, urgent: t.holdLost });
  const id = app.concert.queue_id;
  if ((phase === 'over' || phase === 'paid') && !session()?.over) rememberSession(id, { over: true });
  if (session() && session()?.until !== until && phase !== 'early') rememberSession(id, { until });
}

/** @param {Screen | undefined} screen */
function titleNow(screen) {
  const name = app.concert?.name ?? '';
  if (app.concert) {
    const { phase, place, until } = standNow();
    if (phase === 'turn' && until) return t.titleTurn(countdown(secondsLeft(until)), name);
    if (isHere() && phase === 'waiting' && typeof place === 'number') return t.titlePlace(whole(place), name);
  }
  const title = screen?.title?.() || (app.route.name === 'concert' ? name : '');
  return title ? `${title} – Onsale` : 'Onsale';
}

/** @param {unknown} content */
function shell(content) {
  const { trouble, polite, urgent } = app;
  const notice = isHere() ? inLanguage(app.queue?.notice) : '';
  const isTimed = app.concert && ['turn', 'choosing', 'holding'].includes(standNow().phase);
  const told = { OFFLINE: isTimed ? t.offlineTimed : t.offline, BUSY: t.busy, FAULT: t.fault };
  const lines = resume();
  return html`
    <a class="skip" href="#heading" @click=${skip}>${t.skip}</a>
    <header>
      <a class="brand" href="/" @click=${follows('/')} aria-label="Onsale – ${t.home}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 7h18v3.2a1.8 1.8 0 0 0 0 3.6V17H3v-3.2a1.8 1.8 0 0 0 0-3.6z" /><path class="tear" d="M15 8v8" /></svg>Onsale</a>
      <nav>
        <a href="/tickets" @click=${follows('/tickets')} aria-current=${app.route.name === 'tickets' ? 'page' : nothing}>${t.tickets}</a>
        <button type="button" class="link" lang=${language === 'ko' ? 'en' : 'ko'} @click=${switchLanguage}>${t.otherLanguage}</button>
      </nav>
    </header>
    ${trouble || notice || lines.length
      ? html`<aside class="banners" aria-label=${t.announcements}>
          ${trouble ? html`<p class="banner bad" role="status">${told[trouble]}</p>` : nothing}
          ${notice ? html`<p class="banner lines" role="status">${notice}</p>` : nothing}
          ${lines}
        </aside>`
      : nothing}
    <main>${content}</main>
    <div class="visually-hidden" aria-live="polite" id="polite">${polite}</div>
    <div class="visually-hidden" aria-live="assertive" id="urgent">${urgent}</div>
  `;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  focusHeading();
}

function focusHeading() {
  document.getElementById('heading')?.focus();
}

/** The way back to lines that the buyer is in, from other places of the page. */
function resume() {
  if (app.route.name === 'concert' && !isHere()) return [];
  const here = isHere() ? app.concert?.queue_id : undefined;
  const lines = Object.entries(memory().sessions).filter(([id, kept]) => id !== here && isLive(kept));
  return lines.map(([id, kept]) => {
    const path = `/c/${kept.concert}`;
    const { phase, until, place } = id === app.concert?.queue_id ? standNow() : { phase: '', until: kept.until, place: undefined };
    const left = secondsLeft(until);
    const state = phase === 'turn' ? t.turnTitle : typeof place === 'number' ? t.place(whole(place)) : '';
    return html`<p class="banner ${left ? 'warn' : ''}"><a href=${path} @click=${follows(path)}>${t.resume(kept.name)}</a>
      ${[state, left ? t.left(countdown(left)) : ''].filter(Boolean).join(' · ')}</p>`;
  });
}

/**
 * Follows a link inside the page, unless it is to be opened elsewhere.
 *
 * @param {string} path
 */
export function follows(path) {
  return (/** @type {MouseEvent} */ event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(path);
  };
}

async function switchLanguage() {
  const next = language === 'ko' ? 'en' : 'ko';
  remember((kept) => void (kept.language = next));
  await speak(next);
  // What is wrong with the address stays wrong. Other messages are in the language before.
  update({ ...(isHere() ? { problem: undefined } : {}), notice: undefined, polite: '', urgent: '' });
}

/** Beats once a second, also while nobody looks at the page. */
function beatAlways() {
  const once = () => {
    beat();
    for (const screen of Object.values(screens)) screen.see?.();
    const { phase } = standNow();
    // Whoever has two minutes to go needs these soon.
    if (phase === 'waiting' ? (waitNow() ?? Infinity) <= 120 : phase === 'turn' || phase === 'choosing') {
      load('seats');
      load('hold');
    }
    draw();
  };
  let last = performance.now();
  let aheadBefore = Date.now() - last;
  const beats = () => {
    // The worker and the timer beat both. The second one of a second does nothing.
    const now = performance.now();
    if (now - last < 500) return;
    // The page did not run for a while, or the device was asleep and its clock stood still.
    const ahead = Date.now() - now;
    if (now - last > 5000 || Math.abs(ahead - aheadBefore) > 2000) wakeUp();
    [last, aheadBefore] = [now, ahead];
    once();
  };
  setInterval(beats, 1000);
  try {
    // The only script URL that the page makes.
    const policy = window.trustedTypes?.createPolicy('onsale', { createScriptURL: (/** @type {string} */ url) => url });
    const url = new URL('./beat.mjs', import.meta.url).href;
    const worker = new Worker(/** @type {string} */ (policy?.createScriptURL(url) ?? url), { type: 'module' });
    worker.onmessage = beats;
  } catch {
    // Without workers, a hidden page beats less often.
  }
}

/**
 * Does something again until it succeeds: nothing can be shown before.
 *
 * @param {() => Promise<void>} work
 */
async function untilDone(work) {
  for (;;) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000 + 1000 * Math.random()));
    }
  }
}

/** Loads the styles again if the service was too busy for them. */
function repairStyles() {
  const link = document.querySelector('link[rel=stylesheet]');
  if (link instanceof HTMLLinkElement && !link.sheet) link.replaceWith(link.cloneNode());
}

async function start() {
  const { language: chosen } = readMemory();
  useApi({ language: () => language, onTrouble: (trouble) => trouble !== app.trouble && update({ trouble }) });
  drawWith(draw);
  // Everything that is needed is asked for at once.
  const { name, concert: id } = routeOf(location.pathname);
  const waits = Object.values(memory().sessions).some((kept) => isLive(kept) && kept.concert === id);
  if (!waits) sources.add(more);
  spoken = untilDone(() => speak(languageFor(chosen, navigator.languages)));
  if (name === 'list') {
    app.listing = call('GET', '/v1/concerts');
    // Whoever waits for it says what is wrong.
    app.listing.catch(() => {});
  }
  load(waits ? 'waiting' : name === 'tickets' ? 'tickets' : 'concert');
  void open();
  await spoken;
  repairStyles();
  document.addEventListener('pointerdown', touch, { passive: true });
  document.addEventListener('keydown', touch);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wakeUp());
  addEventListener('pageshow', (event) => event.persisted && wakeUp());
  addEventListener('online', () => {
    update({ trouble: null });
    wakeUp();
  });
  addEventListener('offline', () => update({ trouble: 'OFFLINE' }));
  addEventListener('popstate', () => {
    wanted = true;
    void open();
  });
  // Another tab has joined, paid, left, or chosen a language.
  addEventListener('storage', () => {
    const before = session()?.token;
    readMemory();
    if (session()?.token !== before) startAgain();
    wakeUp();
  });
  draw();
  beatAlways();
  try {
    const settings = await call('GET', '/v1/settings', { tries: Infinity });
    useTimeZone(settings.time_zone);
    update({ settings });
  } catch {
    // Without them the page shows less.
  }
}

void start();
