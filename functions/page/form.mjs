// What the screens for operators have in common: fields, tables, lists in pages, times in the zone of
// the shows, and a change whose old values are beside the new ones.
//
// What is typed is in a draft, by the name of the field, and not only on the screen. So it is not
// lost when another screen is shown meanwhile, or when somebody else was faster.

import { Problem } from './api.mjs';
import { act, app, report, update } from './app.mjs';
import { ask, desk } from './desk.mjs';
import { html, nothing } from './lit-html.js';
import { askFirst, button, question } from './parts.mjs';
import { dayAndTime, t } from './texts.mjs';

/**
 * @typedef {Record<string, string>} Draft What a form has, by the name of the field. A dot divides the
 *   name of a field from that of a part of it, such as `venue.ko`.
 *
 * @typedef {object} Edit A change that is being made.
 * @property {Draft} base What the service has.
 * @property {Draft} draft What is typed.
 * @property {number} [version] The version of what the service has.
 *
 * @typedef {object} Look
 * @property {string} [type] The type of the input, `textarea` or `checkbox`.
 * @property {string} [hint]
 * @property {[string, string][]} [options] The values to choose from, with their names.
 * @property {boolean} [required]
 * @property {number | string} [min]
 * @property {number | string} [max]
 * @property {number | string} [step]
 * @property {number} [length] The most characters.
 * @property {string} [pattern]
 * @property {string} [placeholder]
 */

/**
 * A field of a form.
 *
 * @param {Draft} draft
 * @param {string} name
 * @param {string} label
 * @param {Look} [look]
 */
export function field(draft, name, label, look = {}) {
  const { type = 'text', hint, options, required = false, min, max, step, length, pattern, placeholder } = look;
  const value = draft[name] ?? '';
  const onInput = (/** @type {Event} */ { target }) => take(/** @type {HTMLInputElement} */ (target));
  const take = (/** @type {HTMLInputElement} */ input) => {
    // While a part of a date is missing, its value is empty. Drawing that would wipe what was typed.
    if (input.validity.badInput) return;
    draft[name] = type !== 'checkbox' ? input.value : input.checked ? 'true' : '';
    update({});
  };
  // The last part of a date is taken away without another word of the browser. A field that is taken
  // off the screen is left, too, while the screen is drawn.
  const onLeave = /date|time/.test(type) ? (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    queueMicrotask(() => input.isConnected && take(input));
  } : nothing;
  if (type === 'checkbox') {
    return html`<label class="toggle"><input type="checkbox" name=${name} .checked=${value !== ''} @change=${onInput}><span>${label}</span></label>`;
  }
  const input = options
    ? html`<select name=${name} ?required=${required} @change=${onInput}>${options.map(([key, text]) => html`<option value=${key} .selected=${key === value}>${text}</option>`)}</select>`
    : type === 'textarea'
      ? html`<textarea name=${name} rows="3" maxlength=${length ?? nothing} ?required=${required} .value=${value} @input=${onInput}></textarea>`
      : html`<input name=${name} type=${type} min=${min ?? nothing} max=${max ?? nothing} step=${step ?? nothing} maxlength=${length ?? nothing} pattern=${pattern ?? nothing} placeholder=${placeholder ?? nothing} autocomplete="off" ?required=${required} .value=${value} @input=${onInput} @keyup=${onLeave} @blur=${onLeave}>`;
  return html`<label class="field"><span>${label}</span>${input}${hint ? html`<small>${hint}</small>` : nothing}</label>`;
}

/**
 * The name that something of the API has in the page's texts, such as `t.fields`.
 *
 * @param {Record<string, string>} names
 * @param {string} key
 */
export const nameIn = (names, key) => names[key] ?? key;

/**
 * A table. It scrolls sideways by itself if it is wider than the screen.
 *
 * @param {string} name What it has.
 * @param {string[]} columns Their names. Numbers are in those with a `#` before the name.
 * @param {unknown[][]} rows
 */
export function table(name, columns, rows) {
  const look = (/** @type {number} */ index) => (columns[index].startsWith('#') ? 'number' : nothing);
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${name}><table>
    <thead><tr>${columns.map((text, index) => html`<th scope="col" class=${look(index)}>${text.replace('#', '')}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td class=${look(index)}>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

const shown = { what: '', due: 0 };

/**
 * Loads what the screen shows, once for each address. What did not get through is tried again.
 *
 * @param {() => Promise<unknown>} load
 */
export function loadOnce(load) {
  // Not the address: it changes a moment before the screen does.
  const what = desk.route.join('/');
  if (shown.what === what && performance.now() < shown.due) return;
  Object.assign(shown, { what, due: Infinity });
  load().then(() => update({}), (error) => {
    if (!(error instanceof Problem)) throw error;
    if (shown.what !== what) return;
    report(error);
    if (error.passes || error.code === 'INVALID_TOKEN') shown.due = performance.now() + 3000;
  });
}

/** Loads what the screen shows once more. */
export function loadAgain() {
  shown.what = '';
}

/**
 * A list that comes in pages.
 *
 * @template [T=any]
 * @typedef {object} Pages
 * @property {T[]} [items] What has come so far.
 * @property {string} [next] Where it goes on.
 * @property {string} path The path, with a query.
 * @property {string} key The name of the list in the answer.
 */

/**
 * Reads the next page of a list.
 *
 * @param {Pages} pages
 */
export async function readPage(pages) {
  const { path, key, next } = pages;
  const answer = await ask('GET', path + (next ? `&cursor=${encodeURIComponent(next)}` : ''));
  pages.items = [...(pages.items ?? []), ...answer[key]];
  pages.next = answer.next_cursor;
}

/**
 * The button that reads the next page, if there is one.
 *
 * @param {Pages} pages
 */
export function morePages(pages) {
  return pages.next ? html`<div class="buttons">${button(t.more, () => act('more', () => readPage(pages)), { busy: 'more' })}</div>` : nothing;
}

/**
 * All of a list that is never long.
 *
 * @param {string} path The path, with a query.
 * @param {string} key The name of the list in the answer.
 */
export async function readAll(path, key) {
  /** @type {Pages} */
  const pages = { path, key };
  do await readPage(pages);
  while (pages.next);
  return pages.items ?? [];
}

/**
 * A time as a form has it: `2026-12-24T19:30`, in the time zone of the shows.
 *
 * @param {string | number | undefined} time RFC 3339, or milliseconds.
 */
export function toLocal(time) {
  if (!time) return '';
  const parts = new Intl.DateTimeFormat('sv', {
    timeZone: app.settings?.time_zone ?? 'Asia/Seoul', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  });
  return parts.format(new Date(time)).replace(' ', 'T');
}

/**
 * The time that a form has, in RFC 3339.
 *
 * @param {string} local Such as `2026-12-24T19:30`.
 */
export function fromLocal(local) {
  const wanted = Date.parse(`${local}Z`);
  // As if it were in UTC, and then moved by the difference, which may be another one there.
  let time = wanted;
  for (let round = 0; round < 2; round += 1) time += wanted - Date.parse(`${toLocal(time)}Z`);
  return new Date(time).toISOString().replace('.000', '');
}

/** How the fields that are not texts are written in a request. @type {Record<string, (text: string) => unknown>} */
const WRITTEN = Object.fromEntries([
  ...['price', 'prices', 'capacity', 'age_limit', 'most_seats_a_person', 'max_active', 'rate', 'claim_seconds', 'active_seconds', 'tick_seconds'].map((name) => [name, Number]),
  ...['opens_at', 'closes_at'].map((name) => [name, fromLocal]),
]);

/**
 * The fields of a draft that differ from what the service has.
 *
 * @param {Edit} edit
 * @param {string} [prefix] Only the fields whose names begin with this.
 */
export function changesOf({ base, draft }, prefix = '') {
  return Object.keys(draft).filter((key) => key.startsWith(prefix) && draft[key] !== (base[key] ?? ''));
}

/**
 * The fields that differ, as a request has them. Those with a slash in their names are of something
 * else.
 *
 * @param {Edit} edit
 * @param {string} [prefix] What the names of the fields begin with.
 * @returns {Record<string, any>}
 */
export function bodyOf(edit, prefix = '') {
  /** @type {Record<string, any>} */
  const body = {};
  for (const key of changesOf(edit, prefix)) {
    const name = key.slice(prefix.length);
    if (!prefix && name.includes('/')) continue;
    const [field] = name.split('.', 1);
    const value = edit.draft[key] === '' ? null : (WRITTEN[field] ?? String)(edit.draft[key]);
    if (field === name) body[field] = value;
    else body[field] = { ...body[field], [name.slice(field.length + 1)]: value };
  }
  return body;
}

/**
 * Takes what the service has now. What was typed stays, and every other field follows.
 *
 * @param {Edit} edit
 * @param {Draft} base
 * @param {number} [version]
 */
export function rebase(edit, base, version) {
  for (const key of Object.keys({ ...edit.draft, ...base })) {
    if ((edit.draft[key] ?? '') !== (edit.base[key] ?? '')) continue;
    if (base[key] === undefined) delete edit.draft[key];
    else edit.draft[key] = base[key];
  }
  Object.assign(edit, { base, version });
}

/** Whether the change is asked about. */
let isAsked = false;

/**
 * The buttons below a form, or the question whether the change is right: each old value beside the
 * new one.
 *
 * @param {Edit} edit
 * @param {(key: string) => string} label The name of a field.
 * @param {(key: string, value: string) => unknown} value How a value is shown.
 * @param {() => Promise<boolean>} save Whether it is done.
 * @param {string} [warning] What cannot be taken back.
 */
export function review(edit, label, value, save, warning = '') {
  const keys = changesOf(edit);
  const rows = keys.map((key) => [label(key), value(key, edit.base[key] ?? '') || '–', html`<strong>${value(key, edit.draft[key]) || '–'}</strong>`]);
  if (app.question === 'change' && rows.length) {
    isAsked = true;
    return html`${table(t.changeSure, [t.field, t.valueNow, t.valueNew], rows)}${question('change', `${t.changeSure} ${warning}`.trim(), {
      yes: t.changeYes,
      no: t.cancel,
      busy: 'change',
      onYes: () => {
        // The form is still there, and may have been changed.
        const form = document.getElementById('question-no')?.closest('form');
        if (form && !form.reportValidity()) return;
        void act('change', async () => {
          if (await save()) update({ question: undefined });
        });
      },
    })}`;
  }
  // Nothing is left to ask about. The next change is asked about when its form is sent.
  if (app.question === 'change') app.question = undefined;
  // The button that had the focus is gone.
  if (isAsked) queueMicrotask(() => document.activeElement === document.body && document.getElementById(rows.length ? 'check' : 'heading')?.focus());
  isAsked = false;
  return html`<div class="buttons">
    <button class="button main" id="check" ?disabled=${rows.length === 0}>${t.changeCheck}</button>
    ${rows.length ? button(t.changeDrop, () => {
      edit.draft = { ...edit.base };
      update({});
    }) : html`<p class="muted">${t.changeNone}</p>`}
  </div>`;
}

/**
 * Shows the question of {@link review} when the form is sent.
 *
 * @param {Event} event
 */
export function onReview(event) {
  event.preventDefault();
  update({ problem: undefined, notice: undefined });
  askFirst('change');
}

/**
 * Sends a change of the version that it is meant for. If somebody was faster, it is said who and
 * when, and the change is there to be looked at again, beside what they have made of it.
 *
 * @param {Edit} edit
 * @param {string} path
 * @param {Record<string, any>} body
 * @param {(version?: number) => Promise<unknown>} read Reads what the service has now, and takes it.
 * @returns {Promise<boolean>} Whether it is done.
 */
export async function saveChange(edit, path, body, read) {
  try {
    await ask('PATCH', path, { body, headers: edit.version === undefined ? {} : { 'If-Match': `"${edit.version}"` } });
    await read();
    update({ notice: t.changed, polite: t.changed });
    return true;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'VERSION_MISMATCH') throw error;
    const { changed_by: by, changed_at: at, version } = /** @type {Partial<Api.Error>} */ (error.body ?? {});
    const who = by ? await nameOf(by) : t.somebody;
    await read(version ?? undefined);
    // An answer was lost, and this was the second time. Or both wanted the same.
    const isDone = changesOf(edit).length === 0;
    const text = isDone ? t.changed : t.faster(who, at ? dayAndTime(at) : '');
    update({ notice: text, urgent: text });
    return isDone;
  }
}

/** @type {Map<string, Promise<string>>} */
const names = new Map();

/**
 * The name of a user. Their id if it is not known any more.
 *
 * @param {string} id
 */
export function nameOf(id) {
  const found = names.get(id) ?? ask('GET', `/v1/users/${id}`).then(({ name }) => name, () => {
    names.delete(id);
    return id;
  });
  names.set(id, found);
  return found;
}

/**
 * What the tab keeps under a name, so that a reload does not lose it.
 *
 * @param {string} name
 * @returns {any}
 */
export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(`onsale-${name}`) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {unknown} value Nothing is kept any more if it is null.
 */
export function keep(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(`onsale-${name}`);
    else sessionStorage.setItem(`onsale-${name}`, JSON.stringify(value));
  } catch {
    // Without a storage it is known until the page is loaded again.
  }
}
