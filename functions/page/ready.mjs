// Whether a queue is ready for its on-sale: what is right, and what to do about what is not.
//
// What only AWS knows is checked by a command, infra/aws/ready.py, from which the arithmetic is.

import { call, serviceTime } from './api.mjs';
import { ask, desk, hashOf } from './desk.mjs';
import { finder, loading, told } from './desk-parts.mjs';
import { field, fromLocal, loadOnce, nameIn, readAll } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { milliseconds } from './line.mjs';
import { heading } from './parts.mjs';
import { dayAndTime, lengthText, showTime, t, waitText, whole } from './texts.mjs';

/** How long an invocation takes that has to start its function first, in seconds. */
const COLD_SECONDS = 0.3;

/** Half of the people come within this many seconds. */
const HALF_WITHIN = 120;

/** What each person who is let in does: looks at the seats, and tries to hold. */
const [SEAT_LOOKS, HOLDS] = [3, 2];

/** What the buyers' page asks for when it is opened. */
const PAGE_REQUESTS = 21;

/** A client asks again after an eighth of its wait, within these limits, in seconds. */
const [ASK_PART, ASK_MIN, ASK_MAX] = [8, 1, 30];

/** How many units a second DynamoDB accepts for one key, and how seats are stored. */
const [KEY_READS, KEY_WRITES, BLOCK_SEATS, BLOCK_READS] = [3000, 1000, 500, 4];

/** How many a second may join one open queue, as simulated. */
const QUEUE_JOINS = 20000;

/** What is in the answers of a CDN. */
const OF_A_CDN = ['via', 'x-cache', 'age', 'x-amz-cf-id', 'cf-ray', 'x-served-by'];

/** How old the last tick may be, in milliseconds: the schedule comes every minute. */
const TICK_WITHIN = 120_000;

/**
 * @typedef {object} Facts
 * @property {Api.ListedQueue} queue
 * @property {Api.Queue} document
 * @property {Api.QueueState} state
 * @property {Api.Show[]} shows Those that are still to come, of all its concerts.
 * @property {Api.Audit} audit
 * @property {Api.Service} service
 * @property {Api.Settings} settings
 * @property {boolean} hasCdn
 * @property {number} people How many people are expected.
 * @property {number} time The service's time.
 *
 * @typedef {['good' | 'bad' | 'note', string, string?]} Finding What it is, its text, and the screen on
 *   which something can be done about it.
 */

/** The screens on which something can be done: their names and addresses. @type {Record<string, (queue: string) => [string, string]>} */
const SCREENS = {
  settings: (queue) => [t.settings, hashOf('queues', queue, 'settings')],
  concerts: () => [t.concerts, hashOf('concerts')],
  books: () => [t.books, hashOf('books')],
};

/** @param {string} [where] @param {string} [queue] */
function wayTo(where = '', queue = '') {
  if (!SCREENS[where]) return nothing;
  const [text, address] = SCREENS[where](queue);
  return html`<a href=${address}>${text}</a>`;
}

/** What is to do comes first. @param {Finding[]} found */
const inOrder = (found) => ['bad', 'note', 'good'].flatMap((wanted) => found.filter(([kind]) => kind === wanted));

/** The queues to choose from. @type {Api.ListedQueue[] | undefined} */
let queues;

/** @returns {{ queue: string, facts?: Facts }} */
const fresh = (queue = '') => ({ queue });

let here = fresh();

/** What is typed. */
const draft = { people: '10000' };

export const title = () => t.ready;

export function view() {
  follow();
  const { queue, facts } = here;
  const people = Number(draft.people);
  if (!queue) {
    return html`${heading(t.ready)} ${told()}<section class="card"><p>${t.readyChoose}</p>
      ${queues ? html`<ul class="links">${queues.map(({ queue_id: id, concerts }) => html`<li><a href=${hashOf('ready', id)}>${id}</a> <span class="muted">${id === 'main' ? t.mainSells : concerts?.map(({ name }) => name).join(', ')}</span></li>`)}</ul>` : loading()}
    </section>`;
  }
  const found = facts && people >= 1 ? findings({ ...facts, people }) : undefined;
  const wrong = found?.filter(([kind]) => kind === 'bad').length;
  return html`${heading(t.readyOf(queue))} ${told()}
    <section class="card">
      ${found ? html`<p class="verdict" role="status">${wrong ? t.readyWrong(wrong) : t.readyYes} <span class="muted">${t.readyAt(dayAndTime(new Date(facts?.time ?? 0).toISOString()))}</span></p>
        <ul class="checks">${inOrder(found).map(([kind, text, where]) => html`<li class=${kind}><span class="visually-hidden">${t.readyKind[kind]}: </span><span>${text} ${wayTo(where, queue)}</span></li>`)}</ul>` : facts ? html`<p class="message warn">${t.readyNoPeople}</p>` : loading()}
      ${finder('people', field(draft, 'people', t.readyPeople, { type: 'number', min: 1, hint: t.readyPeopleHint, required: true }), t.readyAgain, read)}
    </section>
    ${facts && found && !facts.service.is_local ? html`<section class="card"><h2>${t.readyRest}</h2><p>${t.readyRestText}</p><p><code>${command({ ...facts, people })}</code></p></section>` : nothing}`;
}

export function see() {
  follow();
  loadOnce(read);
}

function follow() {
  const [, queue = ''] = desk.route;
  if (here.queue !== queue) here = fresh(queue);
}

async function read() {
  const that = here;
  // What was found before says nothing about now.
  that.facts = undefined;
  queues = await readAll('/v1/admin/queues?limit=100', 'queues');
  if (!that.queue) return;
  const id = encodeURIComponent(that.queue);
  const header = fetch(`/v1/queues/${id}`, { method: 'HEAD', cache: 'no-store' }).then(({ headers }) => headers, () => new Headers());
  const [document, state, audit, service, settings] = await Promise.all([
    call('GET', `/v1/queues/${id}`), ask('GET', `/v1/admin/queues/${id}`),
    ask('GET', '/v1/admin/audit'), ask('GET', '/v1/admin/service'), call('GET', '/v1/settings'),
  ]);
  /** @type {Api.ListedQueue} */
  const queue = queues.find(({ queue_id }) => queue_id === that.queue) ?? (await ask('GET', `/v1/queues/${id}/settings`));
  /** @type {Api.Concert[]} */
  const concerts = await Promise.all((queue.concerts ?? []).map(({ concert_id }) => call('GET', `/v1/concerts/${concert_id}`)));
  const time = serviceTime();
  const shows = concerts.flatMap(({ shows }) => shows).filter((show) => !show.called_off && endOf({ ...show, closes_at: undefined }) > time);
  const headers = await header;
  that.facts = { queue, document, state, shows, audit, service, settings, people: 1, time, hasCdn: OF_A_CDN.some((name) => headers.has(name)) };
}

/**
 * When the sale of a show ends, in milliseconds: when it is closed, when the show starts, or with the
 * show's day.
 *
 * @param {Pick<Api.Show, 'show' | 'date' | 'closes_at'>} show
 */
export const endOf = ({ show, date, closes_at: closes }) => milliseconds(closes ?? fromLocal(show.includes('T') ? show : `${date}T24:00`));

/**
 * What there is to say of a queue.
 *
 * @param {Facts} facts
 */
export function findings({ queue, document, state, shows, audit, service, settings, people, hasCdn, time }) {
  const [good, bad] = [t.readyGood, t.readyBad];
  /** @type {Finding[]} */
  const found = [];
  /** @param {boolean} isGood @param {string} yes Nothing is said if it is empty. @param {string} no @param {string} [where] */
  const check = (isGood, yes, no, where) => {
    if (!isGood || yes) found.push(isGood ? ['good', yes] : ['bad', no, where]);
  };
  const named = (/** @type {Api.Show[]} */ some) => some.map(({ show }) => showTime(show)).join(', ');
  const opensAt = queue.opens_at ? milliseconds(queue.opens_at) : 0;
  const opening = Math.max(opensAt, time);
  const early = shows.filter((show) => endOf(show) <= opening);
  const sold = shows.filter((show) => !early.includes(show));
  const seats = sold.reduce((sum, { capacity }) => sum + capacity, 0);
  const load = loadOf({ queue, document, people, hasCdn });

  // What main sells is not listed with it.
  const isMain = queue.queue_id === 'main';
  check(!isMain, good.own, bad.own, 'concerts');
  if (!isMain) check(seats > 0, good.sells(whole(seats), sold.length), bad.sells, 'concerts');
  // The settings are newer than the line, which says whether it is sold out.
  const status = queue.state === 'OPEN' ? state.state : queue.state;
  check(status === 'OPEN', good.state, bad.state(nameIn(t.stateOf, status)), 'settings');

  if (!isMain) check(opensAt > time, queue.opens_at ? good.opens(dayAndTime(queue.opens_at)) : '', queue.opens_at ? bad.opened(dayAndTime(queue.opens_at)) : bad.opens, 'settings');
  const late = shows.filter(({ opens_at }) => opens_at && milliseconds(opens_at) > opening);
  check(!late.length, shows.length && !early.length ? good.sales : '', bad.sales(named(late)), 'concerts');
  check(!early.length, '', bad.closed(named(early)), 'concerts');
  const free = shows.filter(({ price, prices }) => Math.min(...Object.values(prices ?? { price })) <= 0);
  check(!free.length, shows.length ? good.prices : '', bad.prices(named(free)), 'concerts');
  check(queue.claim_seconds >= 120, good.claim(lengthText(queue.claim_seconds)), bad.claim(lengthText(queue.claim_seconds)), 'settings');

  const offered = seats / load.flow;
  const closing = Math.min(...shows.map(endOf).filter((end) => end > opening));
  check(opening + 1000 * offered < closing, seats ? good.pace(whole(seats), waitText(offered), whole(people), waitText(people / load.flow)) : '', bad.pace(waitText(offered)), 'settings');
  const blocks = Math.ceil(seats / BLOCK_SEATS);
  const most = Math.min((blocks * KEY_WRITES) / (2 * HOLDS + 2), (blocks * KEY_READS) / (SEAT_LOOKS * BLOCK_READS + HOLDS));
  check(!seats || queue.rate <= most, '', bad.blocks(whole(seats), whole(Math.floor(most)), whole(queue.rate)), 'settings');
  const hasDraw = document.draw !== undefined && !document.draw.seed;
  check(load.joins <= QUEUE_JOINS || hasDraw, '', bad.numbers(whole(Math.ceil(load.joins)), whole(QUEUE_JOINS)), 'settings');

  // A queue in which nothing happens is not ticked, and none is before its opening.
  const ticked = state.ticked_at;
  const since = ticked ? milliseconds(ticked) : Math.max(opensAt, queue.changed_at ? milliseconds(queue.changed_at) : 0);
  const isAwake = opensAt <= time && (!ticked || state.waiting + state.active > 0);
  check(!isAwake || time - since < TICK_WITHIN, good.ticks, bad.ticks(ticked ? dayAndTime(ticked) : '–'));
  const round = audit.last_round ?? audit.round;
  const overAt = round?.over_at;
  const every = 60_000 * Math.max(120, 2 * (service.audit_minutes ?? 0));
  check(Boolean(overAt && time - milliseconds(overAt) < every), '', overAt ? bad.auditOld(dayAndTime(overAt)) : bad.auditNever, 'books');
  // The round under way may have found something that the last one has not.
  const violations = Math.max(audit.last_round?.violations ?? 0, audit.round?.violations ?? 0);
  if (overAt || violations) check(!violations, overAt ? good.audit(dayAndTime(overAt)) : '', bad.audit(whole(violations)), 'books');
  check(settings.who_charges === 'admins', good.charges, bad.charges);

  if (service.is_local) return [...found, /** @type {Finding} */ (['note', t.readyLocal])];
  check(hasCdn, good.cdn, bad.cdn);
  check(service.has_alarm_topic, good.alarms, bad.alarms);
  check(service.deletion_protection, '', bad.deploy('DeletionProtection', 'false', 'true'));
  check(Boolean(service.audit_minutes), '', bad.deploy('AuditMinutes', '0', '60'));
  check(service.admit_concurrency !== 1, '', bad.deploy('AdmitConcurrency', '1', '2'));
  const before = found.length;
  const need = (/** @type {number} */ value) => Math.ceil(COLD_SECONDS * value);
  for (const [name, have, needed] of /** @type {[string, number | undefined, number][]} */ ([
    ['PollsPerSecond', service.polls_per_second, load.polls],
    ['JoinsPerSecond', service.joins_per_second, load.joins],
    ['RequestsPerSecond', service.requests_per_second, Math.max(load.pages, load.joins, SEAT_LOOKS * load.admitted)],
    ['PlaceConcurrency', service.place_concurrency, need(load.polls)],
    ['JoinConcurrency', service.join_concurrency, need(load.joins)],
    ['HoldConcurrency', service.hold_concurrency, need(HOLDS * load.admitted)],
    ['PayConcurrency', service.pay_concurrency, need(load.admitted)],
  ])) {
    check(have === undefined || needed <= have, '', bad.limit(name, whole(have ?? 0), whole(Math.ceil(needed)), up(needed)));
  }
  const isUncapped = !service.place_concurrency || !service.queue_concurrency || !service.join_concurrency;
  check(!isUncapped || Boolean(service.hold_concurrency && service.pay_concurrency), '', bad.caps);
  if (found.length === before) found.push(['good', good.limits(whole(people))]);
  if (service.deployment !== 'AllAtOnce') found.push(['note', t.readyDeployment(service.deployment)]);
  if (service.uses_restored_tables) found.push(['note', t.readyRestored]);
  return found;
}

/**
 * How much the people do in a second of the opening minutes.
 *
 * @param {Pick<Facts, 'queue' | 'document' | 'people' | 'hasCdn'>} facts
 */
export function loadOf({ queue, document, people, hasCdn }) {
  const joins = people / 2 / HALF_WITHIN;
  const admitted = Math.min(queue.rate, people);
  const flow = Math.min(queue.rate, document.flow || queue.max_active / (queue.active_seconds / 2));
  return { joins, admitted, flow, polls: hasCdn ? admitted : pollsOf(people, flow), pages: hasCdn ? 0 : PAGE_REQUESTS * joins };
}

/**
 * How many polls a second come from people in a line: who has w seconds to wait asks every w/8 seconds,
 * within limits.
 *
 * @param {number} people
 * @param {number} flow
 */
function pollsOf(people, flow) {
  const longest = people / flow;
  const [near, far] = [ASK_MIN * ASK_PART, ASK_MAX * ASK_PART];
  let polls = Math.min(longest, near) / ASK_MIN;
  if (longest > near) polls += ASK_PART * Math.log(Math.min(longest, far) / near);
  if (longest > far) polls += (longest - far) / ASK_MAX;
  return flow * polls;
}

/**
 * A number rounded up to two digits, as people set it.
 *
 * @param {number} value
 */
export function up(value) {
  const number = Math.max(1, Math.ceil(value - 1e-9));
  const step = 10 ** Math.max(0, String(number).length - 2);
  return Math.ceil(number / step) * step;
}

/** The command for what only AWS knows. @param {Facts} facts */
function command({ service, people, shows, queue, hasCdn }) {
  const seats = shows.reduce((sum, { capacity }) => sum + capacity, 0);
  return `infra/aws/ready.py ${service.stack} --people ${people} --seats ${seats || 1} --queue ${queue.queue_id}${hasCdn ? ' --cdn' : ''}`;
}
