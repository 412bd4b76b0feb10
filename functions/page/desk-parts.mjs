// Small parts of the screens for operators: what is done in two steps, once, or until it is over.

import { Problem, serviceTime } from './api.mjs';
import { act, app, report, update } from './app.mjs';
import { ask, desk, go } from './desk.mjs';
import { keep, kept, morePages, nameOf, readPage, toLocal } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { newKey } from './memory.mjs';
import { askFirst, button, messages, onSend, question } from './parts.mjs';
import { t } from './texts.mjs';

/** Where the keys of what is being sent are kept. */
const KEYS = 'keys';

/** That something is being read, unless that has gone wrong. */
export const loading = () => (app.problem ? nothing : html`<p class="loading" role="status">${t.loading}</p>`);

/**
 * Reads the next page of a list that has something. A page may be empty without being the last.
 *
 * @param {import('./form.mjs').Pages} pages
 */
export async function readSome(pages) {
  do await readPage(pages);
  while (pages.next && !pages.items?.length);
}

/**
 * A list in pages: its items, or that there are none, and a button for more of them.
 *
 * @template T
 * @param {import('./form.mjs').Pages<T>} pages
 * @param {string} none What is said if there are none.
 * @param {(items: T[]) => unknown} show
 */
export function inPages(pages, none, show) {
  if (!pages.items) return loading();
  return html`${pages.items.length ? show(pages.items) : html`<p class="muted">${none}</p>`} ${morePages(pages)}`;
}

/**
 * A form with one button.
 *
 * @param {string} name
 * @param {unknown} fields
 * @param {string} label
 * @param {() => Promise<void>} work
 */
export function finder(name, fields, label, work) {
  return html`<form class="finder" @submit=${onSend(name, work)}>${fields} ${submit(label, name)}</form>`;
}

/** @param {string} label @param {string} busy */
function submit(label, busy) {
  return html`<button class="button plain" id="do-${busy}" aria-disabled=${app.working ? 'true' : 'false'} aria-busy=${app.working === busy ? 'true' : 'false'}>${label}</button>`;
}

/** What is asked about at the moment. */
let asked = '';

/** What went wrong in which form. @type {{ name?: string, text?: string, error?: unknown }} */
let failed = {};

const hasFailed = () => app.problem !== undefined && app.problem === failed.error;

/** What went wrong last, unless that is said beside its form, and what has just happened. */
export const told = () => (hasFailed() ? nothing : messages());

/**
 * Something that is done in two steps: a form, then the question whether to do it. The form keeps what
 * was typed until it is done.
 *
 * @param {string} name
 * @param {object} step
 * @param {string} step.label What the buttons say.
 * @param {unknown} [step.fields]
 * @param {() => string | undefined} [step.wrong] What is wrong with what was typed.
 * @param {() => Promise<void>} [step.first] Reads the figures for the question.
 * @param {() => string} step.text What will happen, with the figures.
 * @param {() => Promise<string>} step.work Does it, and says what has happened.
 */
export function inTwoSteps(name, { label, fields, wrong, first, text, work }) {
  const isAsked = app.question === name;
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    // The figures of the question would be missing.
    if (app.working) return;
    failed = { name, text: wrong?.() };
    if (failed.text) return update({ problem: undefined, notice: undefined, urgent: failed.text });
    await act(name, async () => first?.());
    if (!app.problem) askFirst(name);
  };
  const yes = () =>
    act(name, async () => {
      try {
        const notice = await work();
        update({ notice, polite: notice });
      } catch (error) {
        failed = { name, error };
        throw error;
      } finally {
        update({ question: undefined });
      }
    });
  if (isAsked) asked = name;
  else if (asked === name) {
    asked = '';
    // The button that had the focus is gone.
    queueMicrotask(() => document.activeElement === document.body && document.getElementById(`do-${name}`)?.focus());
  }
  return isAsked
    ? question(name, text(), { yes: label, no: t.cancel, onYes: yes, busy: name })
    : html`<form class="stack" @submit=${send}>${fields ?? nothing}
        ${failed.name === name ? (failed.text ? html`<p class="message bad">${failed.text}</p>` : hasFailed() ? messages() : nothing) : nothing}
        ${submit(label, name)}</form>`;
}

/**
 * Sends what must happen once. Its key is kept before it is sent, until there is an answer. So the same
 * call again, even after a reload, is the same one for the service. The same is what goes to the same
 * place with the same amount, with whatever reason.
 *
 * @template [T=any]
 * @param {string} path
 * @param {any} body
 * @returns {Promise<T>}
 */
export async function once(path, body) {
  const name = JSON.stringify([path, body.amount]);
  const key = keys()[name]?.key ?? newKey();
  const put = () => keep(KEYS, { ...keys(), [name]: { key, at: serviceTime() } });
  put();
  try {
    const answer = await ask('POST', path, { body, key });
    forget((other) => other === name);
    return answer;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // Who may not send it does not hear whether it was done before.
    if (!error.passes && ![401, 403].includes(error.status) && error.code !== 'IDEMPOTENCY_KEY_REUSED') forget((other) => other === name);
    else if (keys()[name]) put();
    throw error;
  }
}

/** The keys without an answer, and when they were sent last. @returns {Record<string, { key: string, at: number }>} */
const keys = () => kept(KEYS) ?? {};

/** @param {(name: string, at: number) => boolean} isMeant */
function forget(isMeant) {
  keep(KEYS, Object.fromEntries(Object.entries(keys()).filter(([name, { at }]) => !isMeant(name, at))));
}

/**
 * Forgets the keys of what was sent to a path, or below it, because it is known what has become of it.
 * Sending the same once more is a new request then, with a new key.
 *
 * @param {string} path
 * @param {number} [until] Only those that were sent before, in milliseconds since 1970.
 */
export function forgetKeys(path, until = Infinity) {
  forget((name, at) => name.startsWith(`["${path}`) && !(at > until));
}

/** Leaving the page would stop what it does. @param {Event} event */
export const warnBeforeLeaving = (event) => event.preventDefault();

/**
 * Repeats a call until there is nothing left to do. Other buttons work meanwhile.
 *
 * @param {{ runs?: boolean }} job
 * @param {() => Promise<number | undefined>} step Makes the call. The seconds to wait before the next one, or
 *   nothing if it was the last.
 */
export async function repeat(job, step) {
  if (job.runs) return;
  job.runs = true;
  addEventListener('beforeunload', warnBeforeLeaving);
  update({ problem: undefined, notice: undefined });
  try {
    for (let wait; (wait = await step()) !== undefined; ) {
      update({});
      await new Promise((resolve) => setTimeout(resolve, 1000 * /** @type {number} */ (wait)));
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    report(error);
  } finally {
    job.runs = false;
    removeEventListener('beforeunload', warnBeforeLeaving);
    update({});
  }
}

/** Queues to choose from, with the concerts that they sell. @param {Api.ListedQueue[]} queues */
export const queueOptions = (queues) => queues.map(({ queue_id: id, concerts = [] }) => /** @type {[string, string]} */ ([id, [id, ...concerts.map(({ name }) => name)].join(' · ')]));

/** Nobody's queue must be set by accident. @param {string} queue */
export async function requireNoQueue(queue) {
  try {
    await ask('GET', `/v1/queues/${queue}/settings`);
  } catch (error) {
    if (error instanceof Problem && error.code === 'QUEUE_NOT_FOUND') return;
    throw error;
  }
  throw new Problem(409, /** @type {any} */ ({ code: 'QUEUE_EXISTS', error: t.queueExists(queue) }));
}

/** How far ahead a queue may open, in milliseconds. */
const OPENS_WITHIN = 28 * 86_400_000;

/** The latest time at which a queue may open, as a form has it. */
export const latestOpening = () => toLocal(serviceTime() + OPENS_WITHIN);

/** What the id of a queue looks like. */
export const QUEUE_ID = '[a-z0-9\\-]{3,40}';

/** The names of administrators, as far as they are known. @type {Record<string, string>} */
const names = {};

/**
 * The name of an administrator, as soon as it is known.
 *
 * @param {string | undefined} id
 */
export function nameNow(id) {
  if (!id) return t.deskNobody;
  if (!(id in names)) {
    names[id] = '';
    void nameOf(id).then((name) => {
      names[id] = name === id ? t.deskGone : name;
      update({});
    });
  }
  return names[id] || '…';
}

/**
 * A button that leads to a person. Their id is not in the address.
 *
 * @param {string | undefined} id
 * @param {string} [name]
 */
export function person(id, name) {
  if (!id) return name ?? '–';
  return html`<button type="button" class="link" @click=${() => {
    desk.person = id;
    go('people');
  }}>${name ?? t.deskPerson}</button>`;
}

/**
 * The amount that somebody has typed, such as 55,000. `NaN` if it is none.
 *
 * @param {string} [typed]
 */
export function amountOf(typed = '') {
  const text = typed.replace(/[,\s원₩]/g, '').replace('−', '-');
  return /^[+-]?\d+(\.\d{1,2})?$/.test(text) ? Number(text) : NaN;
}
