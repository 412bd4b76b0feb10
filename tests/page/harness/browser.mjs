// A browser, and a visitor in it. A visit collects what must not happen, and fails with it: errors
// of the page, violations of its policy, requests to other hosts, cookies.

import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import assert from 'node:assert/strict';

import axe from 'axe-core';
import { chromium } from 'playwright-core';

import { texts as englishMore } from '../../../functions/page/en-more.mjs';
import { texts as englishTickets } from '../../../functions/page/en-tickets.mjs';
import { texts as english } from '../../../functions/page/en.mjs';
import { texts as koreanMore } from '../../../functions/page/ko-more.mjs';
import { texts as koreanTickets } from '../../../functions/page/ko-tickets.mjs';
import { texts as korean } from '../../../functions/page/ko.mjs';
import { texts as englishDeskMore } from '../../../functions/page/operator-en-more.mjs';
import { texts as englishDesk } from '../../../functions/page/operator-en.mjs';
import { texts as koreanDeskMore } from '../../../functions/page/operator-ko-more.mjs';
import { texts as koreanDesk } from '../../../functions/page/operator-ko.mjs';
import { note } from './figures.mjs';
import { ADMIN, Shop } from './shop.mjs';

const FOLDER = fileURLToPath(new URL('../../../target/page', import.meta.url));

/** The rules of axe: WCAG 2.2 A and AA, and what is good practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** How long something may take to appear before it is missing. */
const PATIENCE_MS = 60_000;

/** The widths of windows: the narrowest that WCAG asks for, a phone, a screen. */
const WIDTHS = [320, 390, 1280];

const LOCALES = { ko: 'ko-KR', en: 'en-US' };
const TEXTS = {
  ko: { ...korean, ...koreanMore, ...koreanTickets, ...koreanDesk, ...koreanDeskMore },
  en: { ...english, ...englishMore, ...englishTickets, ...englishDesk, ...englishDeskMore },
};

/** The browser of this machine. `CHROMIUM` names another. */
export function executable() {
  const names = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'];
  const found = process.env.CHROMIUM ?? names.find((name) => existsSync(name));
  assert(found, 'there is no Chromium: .ci/install browser');
  return found;
}

/**
 * What a file of tests needs: a shop and a browser of its own. They end with the file.
 *
 * @param {Record<string, string>} [parameters] Parameters of the template.
 */
export async function setUp(parameters) {
  const shop = await Shop.start(parameters);
  const browser = await chromium.launch({ executablePath: executable() });
  after(async () => {
    await browser.close();
    await shop.stop();
  });

  /**
   * A test with a visit.
   *
   * @param {string} name The name of the test.
   * @param {object} look What {@link Visit.begin} takes.
   * @param {(visit: Visit) => Promise<void>} steps What the visitor does and sees.
   */
  function visitTest(name, look, steps) {
    test(name, async () => {
      const visit = await Visit.begin(browser, shop, look);
      try {
        await steps(visit);
        await visit.requireClean();
      } catch (error) {
        await visit.showFailure(name, error);
        throw error;
      } finally {
        await visit.end();
      }
    });
  }

  return { shop, browser, visitTest };
}

/** A visitor: a profile of its own (storage, cookies), one or more tabs, and what is heard of them. */
export class Visit {
  /** Taps and clicks since the last {@link Visit.countTaps}. */
  taps = 0;
  /** Errors of the page that are not expected. */
  errors = [];
  /** Requests to other hosts. */
  foreign = [];
  /** The page's own files: `{path, status, bytes}`, with the bytes as they came, without headers. */
  files = [];
  /** Requests to the API: `{method, path, status, at}`, with the time in milliseconds since 1970. */
  calls = [];
  /** When the page was loaded last, in milliseconds since 1970. */
  loadedAt = 0;
  /** The page's texts in the visitor's language. */
  texts;
  /** Texts of errors of the page that are expected. */
  #expected = [];
  #pending = new Set();
  /** By how much the page's clock is behind the service's, in milliseconds. */
  #behind = -Infinity;
  #devtools;

  /**
   * Begins a visit.
   *
   * @param {import('playwright-core').Browser} browser The browser.
   * @param {Shop} shop The shop.
   * @param {object} [look]
   * @param {'ko' | 'en'} [look.language] The language of the browser.
   * @param {'light' | 'dark'} [look.scheme] The colour scheme.
   * @param {number} [look.width] The width of the window, in CSS pixels.
   * @param {number} [look.height] Its height.
   * @param {boolean} [look.calm] Whether the visitor prefers less motion.
   * @param {boolean} [look.forced] Whether colours are forced.
   * @param {boolean} [look.keyboard] Whether the visitor has only a keyboard: {@link Visit.use}.
   * @param {number} [look.scale] How many pixels of the screen a CSS pixel has.
   * @param {(() => void) | string} [look.prepare] What happens in the page before its scripts run.
   * @param {boolean} [look.clock] Whether the clock of the page can be moved: with
   *   {@link Visit.pass} and {@link Visit.sleep}.
   */
  static async begin(browser, shop, look = {}) {
    const { language = 'ko', scheme = 'light', width = 390, height = 844 } = look;
    const visit = new Visit();
    visit.shop = shop;
    visit.look = { language, scheme, width };
    visit.isByKeyboard = Boolean(look.keyboard);
    visit.texts = TEXTS[language];
    visit.context = await browser.newContext({
      baseURL: shop.url,
      locale: LOCALES[language],
      colorScheme: scheme,
      reducedMotion: look.calm ? 'reduce' : 'no-preference',
      forcedColors: look.forced ? 'active' : 'none',
      timezoneId: 'Asia/Seoul',
      viewport: { width, height },
      hasTouch: width < 1_000,
      deviceScaleFactor: look.scale ?? 1,
    });
    visit.context.setDefaultTimeout(PATIENCE_MS);
    visit.hasClock = Boolean(look.clock);
    if (visit.hasClock) {
      await visit.context.clock.install();
      await visit.context.addInitScript(holdRequests);
    }
    if (look.prepare) {
      await visit.context.addInitScript(look.prepare);
    }
    await visit.#listen();
    visit.page = await visit.context.newPage();
    return visit;
  }

  async #listen() {
    const { context } = this;
    await context.exposeBinding('__violation', (_, violation) => {
      this.errors.push(`policy: ${violation}`);
    });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        const { effectiveDirective, blockedURI, sourceFile, sample } = event;
        // @ts-expect-error: the binding
        window.__violation(`${effectiveDirective} ${blockedURI} ${sourceFile} ${sample}`);
      });
    });
    context.on('weberror', (error) => this.errors.push(String(error.error().stack)));
    context.on('console', (message) => {
      // The browser says so of every error of the API.
      const isAnswer = message.location().url.startsWith(`${this.shop.url}/v1/`);
      const isBad = ['error', 'warning', 'assert'].includes(message.type());
      if (isBad && !(isAnswer && message.text().startsWith('Failed to load resource'))) {
        this.errors.push(`console: ${message.text()}`);
      }
    });
    context.on('request', (request) => {
      const url = new URL(request.url());
      const isOwn = url.origin === this.shop.url || ['data:', 'blob:'].includes(url.protocol);
      if (!isOwn) {
        this.foreign.push(request.url());
      }
    });
    context.on('requestfinished', (request) => {
      const heard = this.#hear(request)
        .catch((error) => {
          // A tab was closed meanwhile.
          assert.match(error.message, /has been closed/);
        })
        .finally(() => this.#pending.delete(heard));
      this.#pending.add(heard);
    });
  }

  async #hear(request) {
    const { pathname, search } = new URL(request.url());
    const response = await request.response();
    if (pathname.startsWith('/v1/')) {
      const { startTime: at } = request.timing();
      this.calls.push({ method: request.method(), path: pathname + search, status: response?.status(), at });
      return;
    }
    if (request.isNavigationRequest()) this.loadedAt = request.timing().startTime;
    const { responseBodySize } = await request.sizes();
    // Chromium does not tell how many bytes a worker's script had. A profile has no file in its cache
    // that it has never asked for.
    const isFirst = !this.files.some(({ path }) => path === pathname);
    const length = Number((await response?.allHeaders())?.['content-length'] ?? 0);
    const bytes = Math.max(responseBodySize, 0) || (isFirst ? length : 0);
    this.files.push({ path: pathname, status: response?.status(), bytes });
  }

  // ---- Looking ----

  /**
   * Goes to a path of the shop, and waits until its screen is there.
   *
   * @param {string} to The path.
   */
  async open(to) {
    await this.page.goto(to);
    await this.isThere();
  }

  /** Waits until a screen is there, and nothing on it is being loaded. */
  async isThere() {
    await this.page.getByRole('heading', { level: 1 }).waitFor();
    await this.page.locator('.loading').waitFor({ state: 'detached' });
  }

  /**
   * The calls of a kind that have been answered.
   *
   * @param {string} method The method.
   * @param {RegExp} path What the path is like.
   */
  async callsOf(method, path) {
    await this.settle();
    return this.calls.filter((call) => call.method === method && path.test(call.path));
  }

  /** Opens another tab of the same profile, and returns it. The visit's page stays the first. */
  newTab() {
    return this.context.newPage();
  }

  /**
   * Waits until a text is shown.
   *
   * @param {string | RegExp} text The text.
   */
  async sees(text) {
    await this.page.getByText(text).first().waitFor();
  }

  /**
   * Waits until something holds that the browser has no name for.
   *
   * @param {string} what What it is.
   * @param {() => any} holds Whether it holds.
   * @param {number} [patience] How long it may take, in milliseconds.
   */
  async until(what, holds, patience = PATIENCE_MS) {
    const end = Date.now() + patience;
    while (!(await holds())) {
      assert(Date.now() < end, `it does not happen: ${what}`);
      // A moment of the tests' own clock, not of the page's.
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** What the page keeps in this browser. */
  kept() {
    return this.page.evaluate(() => JSON.parse(localStorage.getItem('onsale') ?? '{}'));
  }

  /**
   * What the page has kept of the line of a concert, with the token.
   *
   * @param {{queue: string}} concert The concert.
   */
  async session(concert) {
    return (await this.kept()).sessions?.[concert.queue];
  }

  /**
   * What the service says of the visitor's session.
   *
   * @param {{queue: string}} concert The concert.
   */
  async standing(concert) {
    return this.shop.place((await this.session(concert)).token);
  }

  /** The place on the screen. */
  async place() {
    const text = await this.page.locator('#place').textContent();
    return Number(text.replace(/,/g, ''));
  }

  /** Has the page look at everything at once, as it does when it is online again. */
  async wake() {
    await this.page.evaluate(() => dispatchEvent(new Event('online')));
  }

  /**
   * Waits until a screen with a heading is there.
   *
   * @param {string} heading The heading.
   */
  async isAt(heading) {
    await this.page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
  }

  /**
   * A field of a form by its label, which may end with a hint.
   *
   * @param {string} label How the label begins.
   * @param {import('playwright-core').Page | import('playwright-core').Locator} [part] The part of the page.
   */
  field(label, part = this.page) {
    return part.getByLabel(new RegExp(`^\\s*${label.replace(/[()]/g, '\\$&')}`));
  }

  // ---- Acting ----

  /**
   * Logs in to the page for operators, and goes to a screen of it.
   *
   * @param {string} [hash] The screen: `#/queues/main`.
   * @param {{email: string, password: string}} [who] The operator.
   */
  async operate(hash = '', { email, password } = ADMIN) {
    await this.open(`/operator${hash}`);
    await this.page.getByLabel(this.texts.email).fill(email);
    await this.page.getByLabel(this.texts.password).fill(password);
    await this.page.getByRole('button', { name: this.texts.logIn, exact: true }).click();
    await this.page.getByRole('button', { name: this.texts.deskLogOut }).waitFor();
    await this.isThere();
  }

  /**
   * Joins the line of a concert as a new guest.
   *
   * @param {{id: string}} concert The concert.
   */
  async join(concert) {
    await this.open(`/c/${concert.id}`);
    await this.tap(this.texts.join);
  }

  /** Counts the taps from now on. */
  countTaps() {
    this.taps = 0;
  }

  /**
   * Taps a button, or clicks it where there is a mouse. Counts it.
   *
   * @param {import('playwright-core').Locator | string | RegExp} what The button, or its name.
   */
  async tap(what) {
    const isName = typeof what === 'string' || what instanceof RegExp;
    const target = isName ? this.page.getByRole('button', { name: what }) : what;
    this.taps += 1;
    if (this.look.width >= 1_000) {
      return target.click();
    }
    // A person does not tap so fast. Two such taps at the same place would be a double tap, so the
    // empty corner of the page is touched between them.
    await target.waitFor();
    await this.page.touchscreen.tap(1, 1);
    await target.tap();
  }

  /**
   * Uses a button, a link or a box, as this visitor does: with a tap or a click, or with the keyboard.
   *
   * @param {import('playwright-core').Locator | string | RegExp} what It, or the name of a button.
   * @param {string} [key] The key for those who have only a keyboard.
   */
  async use(what, key = 'Enter') {
    if (!this.isByKeyboard) {
      return this.tap(what);
    }
    const isName = typeof what === 'string' || what instanceof RegExp;
    return this.reach(isName ? this.page.getByRole('button', { name: what }) : what, key);
  }

  /**
   * Goes to an element with the Tab key, as somebody without a mouse does, and presses a key there.
   *
   * @param {import('playwright-core').Locator} target The element.
   * @param {string} [key] The key: `Enter`, `Space`, or none.
   */
  async reach(target, key) {
    await target.waitFor();
    for (let presses = 0; !(await isFocused(target)); presses += 1) {
      assert(presses < 100, `the Tab key does not reach ${target}`);
      await this.page.keyboard.press('Tab');
    }
    if (key) {
      await this.page.keyboard.press(key);
    }
  }

  // ---- The network ----

  /**
   * Loses the answers of the next calls of a kind, although the service does what they ask for.
   *
   * @param {string} method The method.
   * @param {RegExp} path The path.
   * @param {number} [times] How many answers are lost.
   * @returns {Promise<() => number>} How many have been lost so far.
   */
  async loseAnswers(method, path, times = 1) {
    let lost = 0;
    await this.context.route(({ pathname }) => path.test(pathname), async (route) => {
      if (route.request().method() !== method || lost === times) {
        return route.fallback();
      }
      lost += 1;
      await route.fetch();
      return route.abort('connectionreset');
    });
    return () => lost;
  }

  /**
   * Keeps calls of a kind back.
   *
   * @param {string} method The method.
   * @param {RegExp} path The path.
   * @returns {Promise<() => void>} Lets them go.
   */
  async keepBack(method, path) {
    let release = () => {};
    const released = new Promise((resolve) => (release = resolve));
    await this.context.route(({ pathname }) => path.test(pathname), async (route) => {
      if (route.request().method() === method) {
        await released;
      }
      return route.fallback();
    });
    return release;
  }

  /**
   * Keeps calls of a kind back until there are some of them. They go out together.
   *
   * @param {string} method The method.
   * @param {RegExp} path The path.
   * @param {number} count How many.
   */
  async sendTogether(method, path, count) {
    const waiting = [];
    await this.context.route(({ pathname }) => path.test(pathname), (route) => {
      if (route.request().method() !== method || waiting.length === count) {
        return route.fallback();
      }
      waiting.push(route);
      return waiting.length === count ? Promise.all(waiting.map((one) => one.fallback())) : undefined;
    });
  }

  // ---- Time ----

  /**
   * Lets time pass for the service and for the page, in steps, while the page is looked at. Every
   * timer of the page runs in each step, as often as it is due.
   *
   * @param {number} seconds How long.
   * @param {number} [step] The length of a step, in seconds.
   */
  async pass(seconds, step = 1) {
    for (let left = seconds; left > 0; left -= step) {
      await this.#move(Math.min(left, step), (time) => this.context.clock.runFor(time));
    }
  }

  /**
   * Lets time pass while the page does not run, as when a phone is asleep: its timers that are due
   * run once, at the end.
   *
   * @param {number} seconds How long.
   */
  async sleep(seconds) {
    await this.#move(seconds, (time) => this.context.clock.fastForward(time));
  }

  /**
   * Lets time pass until something holds, in steps after which the page looks at everything.
   *
   * @param {string} what What it is.
   * @param {() => any} holds Whether it holds.
   */
  async sleepUntil(what, holds) {
    await this.until(what, async () => {
      await this.sleep(6);
      await this.settle();
      return holds();
    });
  }

  /**
   * Lets time pass until a screen with a heading is there. The page looks at everything after each
   * step.
   *
   * @param {string} heading The heading.
   * @param {number} [step] The length of a step, in seconds.
   */
  async comesTo(heading, step = 2) {
    const found = this.page.getByRole('heading', { level: 1, name: heading, exact: true });
    await this.until(`the page comes to: ${heading}`, async () => {
      await this.pass(step, step);
      await this.wake();
      await this.settle();
      return found.isVisible();
    });
  }

  /**
   * Moves both clocks. The page asks for nothing meanwhile: an answer with the time of one side and
   * not of the other would tell it a time that never was. And its clock never gets ahead.
   */
  async #move(seconds, movePage) {
    assert(this.hasClock, 'the visit has to begin with { clock: true }');
    const hold = (holds) => {
      const asks = (page) => page.evaluate((holds) => globalThis.__holdRequests?.(holds), holds);
      return Promise.all(this.context.pages().map(asks));
    };
    const time = () => this.page.evaluate(() => Date.now());
    await hold(true);
    const page = await time();
    // Measured a little too large. The page must not make up for time that it has lost: it may have
    // learned the time of the service meanwhile.
    this.#behind = Math.max(this.#behind, (await this.shop.now()) - page);
    const service = await this.shop.advance(seconds);
    const left = service - this.#behind - (await time());
    await movePage(Math.max(0, Math.floor(left)));
    await hold(false);
  }

  /**
   * Hides the page as another tab or the lock screen does, or shows it again.
   *
   * @param {boolean} isHidden Whether it is hidden from now on.
   */
  async hide(isHidden) {
    await this.page.evaluate((state) => {
      const value = (of) => ({ configurable: true, get: () => of });
      Object.defineProperty(document, 'visibilityState', value(state));
      Object.defineProperty(document, 'hidden', value(state === 'hidden'));
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, isHidden ? 'hidden' : 'visible');
  }

  // ---- Measuring and checking ----

  /** Waits until every answer that has come is counted. */
  async settle() {
    await Promise.all(this.#pending);
  }

  /** Makes the browser have nothing in its cache, and forgets which files came. */
  async forgetFiles() {
    const devtools = await this.context.newCDPSession(this.page);
    await devtools.send('Network.clearBrowserCache');
    await devtools.detach();
    this.files = [];
  }

  /** Which of the page's own files came over the network, and how many bytes they had on the way. */
  async weight() {
    await this.settle();
    const files = this.files.filter(({ status, bytes }) => status === 200 && bytes > 0);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { paths: files.map(({ path }) => path), bytes };
  }

  /** What axe finds on the screen that keeps people out, one text each. */
  async barriers() {
    if (!(await this.page.evaluate(() => 'axe' in window))) {
      await this.page.evaluate(axe.source);
    }
    const { violations } = await this.page.evaluate(
      // @ts-expect-error: axe is there by now.
      (rules) => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }),
      RULES,
    );
    return violations.map(({ id, help, nodes }) => {
      const where = nodes.map((node) => `    ${node.html}\n    ${node.failureSummary}`);
      return `  ${id}: ${help}\n${where.join('\n')}`;
    });
  }

  /**
   * Fails if axe finds something that keeps people out.
   *
   * @param {string} state What is shown.
   */
  async requireAccessible(state) {
    const found = await this.barriers();
    note('axe: screens checked', 1, { isSum: true });
    note('axe: violations', found.length, { isSum: true, most: 0 });
    assert.equal(found.length, 0, `axe in ${state}:\n${found.join('\n')}`);
  }

  /**
   * Looks at a state in both languages and schemes and in three widths, takes a picture of each, and
   * fails if axe finds something, or if the page is wider than its window. In the narrowest window the
   * text is also made twice as large.
   *
   * @param {string} state What is shown.
   * @param {object} [how]
   * @param {() => Promise<void>} [how.again] Brings the state back, if another language ends it.
   */
  async requireAccessibleInEachLook(state, { again = async () => {} } = {}) {
    const { language: first, scheme, width } = this.look;
    const height = this.page.viewportSize()?.height ?? 844;
    for (const language of first === 'ko' ? ['ko', 'en'] : ['en', 'ko']) {
      if (language !== this.look.language) {
        await this.switchLanguage();
        await again();
      }
      for (const scheme of ['light', 'dark']) {
        for (const width of WIDTHS) {
          await this.#turnInto({ scheme, width, height });
          await this.#growWindow();
          await this.requireNoSidewaysScroll();
          await this.requireAccessible(`${state}, ${language}, ${scheme}, ${width} px`);
          await this.picture(state);
        }
      }
      await this.#turnInto({ scheme, width: WIDTHS[0], height });
      await this.enlargeText(200);
      await this.requireNoSidewaysScroll();
      await this.picture(`${state}-200`);
      await this.enlargeText(100);
    }
    await this.#turnInto({ scheme, width, height });
  }

  /** Makes the window another one: its colour scheme and its size. */
  async #turnInto({ scheme, width, height }) {
    Object.assign(this.look, { scheme, width });
    await this.page.emulateMedia({ colorScheme: scheme });
    await this.page.setViewportSize({ width, height });
  }

  /**
   * Makes the window as high as the page. What stays at its edge hides nothing then, wherever the page
   * was scrolled to.
   */
  async #growWindow() {
    // Some parts are as high as the window allows.
    for (let time = 0; time < 3; time += 1) {
      const [all, height] = await this.page.evaluate(() => [document.documentElement.scrollHeight, innerHeight]);
      if (all <= height) break;
      await this.page.setViewportSize({ width: this.look.width, height: all });
    }
  }

  /**
   * Makes all text larger, as the setting of the browser does.
   *
   * @param {number} percent How large it is then.
   */
  async enlargeText(percent) {
    const size = (16 * percent) / 100;
    this.#devtools ??= await this.context.newCDPSession(this.page);
    await this.#devtools.send('Page.setFontSizes', { fontSizes: { standard: size } });
    await this.until(`text of ${size} px`, () =>
      this.page.evaluate((size) => getComputedStyle(document.body).fontSize === `${size}px`, size),
    );
  }

  /** Switches to the other language, with the page's own button. */
  async switchLanguage() {
    const language = this.look.language === 'ko' ? 'en' : 'ko';
    // A click, because the window may have got another width than it began with.
    await this.page.getByRole('button', { name: this.texts.otherLanguage }).click();
    await this.page.locator(`html[lang=${language}]`).waitFor();
    this.look.language = language;
    this.texts = TEXTS[language];
  }

  /** Fails if the page is wider than the window. */
  async requireNoSidewaysScroll() {
    const [content, width, widest] = await this.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const isOver = (element) => element.getBoundingClientRect().right > clientWidth && !element.closest('.scroll');
      return [scrollWidth, clientWidth, [...document.querySelectorAll('body *')].filter(isOver).at(-1)?.outerHTML];
    });
    assert(content <= width, `the page is ${content} px wide in a window of ${width} px: ${widest}`);
  }

  /**
   * Says that something is expected that would make {@link Visit.requireClean} fail.
   *
   * @param {RegExp} text What it says.
   */
  expectError(text) {
    this.#expected.push(text);
  }

  /** Fails if something happened that must never happen. */
  async requireClean() {
    await this.settle();
    const isExpected = (error) => this.#expected.some((text) => text.test(error));
    const wrong = [
      ...this.errors,
      ...this.foreign.map((url) => `another host: ${url}`),
      ...(await this.context.cookies()).map(({ name }) => `cookie: ${name}`),
      ...this.files.filter(({ status }) => status !== 200).map(({ path, status }) => `${status}: ${path}`),
    ].filter((error) => !isExpected(error));
    assert.equal(wrong.length, 0, wrong.join('\n'));
  }

  /**
   * Takes a picture if `ONSALE_PICTURES` names a folder for them.
   *
   * @param {string} state What is shown.
   */
  async picture(state) {
    const folder = process.env.ONSALE_PICTURES;
    if (folder) {
      const { language, scheme, width } = this.look;
      const size = this.page.viewportSize();
      await this.#growWindow();
      await this.#save(path.join(folder, `${state}-${language}-${scheme}-${width}.png`));
      if (size) {
        await this.page.setViewportSize(size);
      }
    }
  }

  /**
   * Saves a picture of a test that failed, and what was heard, into target/page/failed.
   *
   * @param {string} name The name of the test.
   * @param {any} error Why it failed.
   */
  async showFailure(name, error) {
    const file = path.join(FOLDER, 'failed', `${name.replace(/[^\p{L}\p{N}]+/gu, '-')}.png`);
    const told = this.errors.map((line) => `  ${line}\n`).join('');
    error.message += `\n${told}  picture: ${path.relative('.', file)}`;
    // The page may be gone.
    await this.#save(file).catch(() => {});
  }

  async #save(file) {
    mkdirSync(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file, fullPage: true, animations: 'disabled' });
  }

  /** Ends the visit. */
  async end() {
    await this.context.close();
  }
}

/**
 * Lets the test hold the requests of the page back while it moves the clocks. And the browser keeps
 * no answer for a second: it does not know of a clock that was moved. Runs in the page.
 */
function holdRequests() {
  const { fetch } = globalThis;
  const under = new Set();
  let gate = Promise.resolve();
  let open = () => {};
  globalThis.fetch = (what, how) => {
    const answer = gate.then(() => fetch(what, { ...how, cache: 'no-store' }));
    const ended = answer.then(() => {}, () => {}).then(() => under.delete(ended));
    under.add(ended);
    return answer;
  };
  globalThis.__holdRequests = async (holds) => {
    open();
    await Promise.all(under);
    if (holds) {
      gate = new Promise((resolve) => (open = resolve));
    }
  };
}

function isFocused(target) {
  return target.evaluate((element) => element === document.activeElement);
}
