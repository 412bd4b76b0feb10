// Who has changed what: settings, concerts, refunds, balances, roles.

import { desk } from './desk.mjs';
import { inPages, nameNow, person, queueOptions, readSome, told } from './desk-parts.mjs';
import { field, loadAgain, loadOnce, nameIn, readAll } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { heading } from './parts.mjs';
import { concertName, concertOptions, readConcerts } from './shows.mjs';
import { dayAndTime, inLanguage, money, showTime, t, whole } from './texts.mjs';

/** The fields that are amounts of money, and those that are times. */
const MONEY = ['price', 'amount', 'balance'];
const TIMES = ['opens_at', 'closes_at'];

/** What is asked for. */
const wanted = { queue_id: '', concert_id: '', kind: '' };

/** What is asked for, as a query. */
const query = () => String(new URLSearchParams([['limit', '20'], ...Object.entries(wanted).filter(([, value]) => value)]));

/** @type {import('./form.mjs').Pages<Api.Change>} */
let changes = { path: '', key: 'changes' };

const isOld = () => !changes.path.endsWith(`?${query()}`);

/** All queues, with their names. @type {[string, string][]} */
let queues = [];

/** The part of the address that was followed last: `#/changes/queue/main`, `#/changes/concert/…`. */
let followed = '';

export const title = () => t.changes;

export function view() {
  const options = (/** @type {[string, string][]} */ some, all = t.logAll) => ({ options: [/** @type {[string, string]} */ (['', all]), ...some] });
  // Something else was chosen.
  if (changes.path && isOld()) queueMicrotask(see);
  return html`${heading(t.changes)} ${told()}
    <section class="card">
      <div class="finder">
        ${field(wanted, 'queue_id', t.queue, options(queues))} ${field(wanted, 'concert_id', t.concert, options(concertOptions()))}
        ${field(wanted, 'kind', t.bookWhat, options(Object.entries(t.logKind), t.logAllKinds))}
      </div>
      ${inPages(changes, t.logNone, (rows) => html`<ol class="orders">${rows.map(change)}</ol>`)}
    </section>`;
}

export function see() {
  const [, what, id = ''] = desk.route;
  if (what !== undefined && followed !== `${what} ${id}`) Object.assign(wanted, { queue_id: '', concert_id: '', kind: '', [`${what}_id`]: id });
  followed = `${what} ${id}`;
  if (isOld()) loadAgain();
  loadOnce(async () => {
    const read = (changes = { path: `/v1/admin/changes?${query()}`, key: 'changes' });
    const [all] = await Promise.all([readAll('/v1/admin/queues?limit=100', 'queues'), readConcerts(), readSome(read)]);
    queues = queueOptions(all);
  });
}

/** @param {Api.Change} change */
function change({ at, by, kind, queue_id, concert_id, show, user_id, before: old, after: present, reason }) {
  /** @type {Record<string, any>[]} */
  const [before, after] = [old ?? {}, present ?? {}];
  const name = concert_id && (concertName(concert_id) ?? after.name ?? before.name ?? t.deskGone);
  const about = [queue_id, name, show && showTime(show)].filter(Boolean).join(' · ');
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => key !== 'shows' || isCount(before, after));
  const shows = isCount(before, after) ? [] : [...new Set([...Object.keys(before.shows ?? {}), ...Object.keys(after.shows ?? {})])];
  return html`<li>
    <div class="ticket-head"><h2>${nameIn(t.logKind, kind)}${about ? html` · ${about}` : nothing}</h2><span class="muted">${dayAndTime(at)} · ${nameNow(by)}</span></div>
    ${user_id ? html`<p>${person(user_id)}</p>` : nothing}
    ${keys.length || shows.length ? html`<dl class="facts">${keys.map((key) => step(key, before, after))}
      ${shows.map((show) => Object.keys({ ...before.shows?.[show], ...after.shows?.[show] }).map((key) => step(key, before.shows?.[show] ?? {}, after.shows?.[show] ?? {}, showTime(show))))}</dl>` : nothing}
    ${reason ? html`<p>${t.logReason(reason)}</p>` : nothing}
  </li>`;
}

/** Whether `shows` says how many there are. @param {any} before @param {any} after */
const isCount = (before, after) => typeof (after.shows ?? before.shows) === 'number';

/**
 * A field with its old and its new value.
 *
 * @param {string} key
 * @param {Record<string, any>} before
 * @param {Record<string, any>} after
 * @param {string} [of] The show that it is about.
 */
function step(key, before, after, of) {
  const name = nameIn({ ...t.fields, ...t.logField }, of && key === 'opens_at' ? 'sale_opens_at' : key);
  const isNew = !(key in before);
  return html`<div class="fact"><dt>${of ? `${of} · ${name}` : name}</dt><dd>
    ${isNew ? nothing : html`<del>${said(key, before[key])}</del> → `}${key in after ? said(key, after[key]) : t.logNothing}</dd></div>`;
}

/**
 * A value in words.
 *
 * @param {string} key
 * @param {any} value
 * @returns {string}
 */
function said(key, value) {
  if (value === null || value === undefined) return t.logNothing;
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'object') return 'ko' in value || 'en' in value ? inLanguage(value) : Object.entries(value).map(([name, one]) => `${name} ${money(one)}`).join(', ');
  if (TIMES.includes(key)) return dayAndTime(value);
  if (MONEY.includes(key)) return money(value);
  if (key === 'state') return nameIn(t.stateOf, value);
  if (key === 'who') return nameIn(t.whoOf, value);
  if (key === 'role') return value === 'admin' ? t.peopleAdmin : t.peopleUser;
  if (key === 'default_concert_id') return concertName(value) ?? value;
  return typeof value === 'number' ? whole(value) : String(value);
}
