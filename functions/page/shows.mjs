// Which concerts and shows there are, and the choice of one.

import { call } from './api.mjs';
import { update } from './app.mjs';
import { field, readAll } from './form.mjs';
import { seatsOfPlan } from './hall.mjs';
import { html, nothing } from './lit-html.js';
import { showTime, t } from './texts.mjs';

/**
 * @typedef {{ concert: string, show: string }} Chosen
 * @typedef {Chosen & { section: string, row: string, seat: string }} ChosenSeat `seat` is its number.
 */

/** The concerts, past ones too, by their names. @type {Api.ListedConcert[] | undefined} */
let list;

/** Those that were read, with their shows; `null` while one is being read. @type {Record<string, Api.Concert | null>} */
const known = {};

/** Reads the list of concerts. */
export async function readConcerts() {
  list = await readAll('/v1/concerts?all=true&limit=100', 'concerts');
}

/**
 * Reads a concert with its shows.
 *
 * @param {string} id
 * @returns {Promise<Api.Concert>}
 */
export async function readConcert(id) {
  /** @type {Api.Concert} */
  const concert = await call('GET', `/v1/concerts/${id}`);
  known[id] = concert;
  return concert;
}

/** @param {string} id */
export function concertName(id) {
  return known[id]?.name ?? list?.find(({ concert_id }) => concert_id === id)?.name;
}

/** The concerts to choose from, with their names. */
export const concertOptions = () => (list ?? []).map(({ concert_id, name }) => /** @type {[string, string]} */ ([concert_id, name]));

/**
 * Fields in which a show of a concert is chosen.
 *
 * @param {Chosen} chosen Takes the choice.
 */
export function showFields(chosen) {
  const { concert } = chosen;
  const shows = known[concert]?.shows ?? [];
  if (concert && known[concert] === undefined) {
    known[concert] = null;
    void readConcert(concert).then(() => update({}), () => delete known[concert]);
  }
  // A select shows its first option if its value is none of them.
  if (!shows.some(({ show }) => show === chosen.show)) chosen.show = shows[0]?.show ?? '';
  return html`${field(chosen, 'concert', t.concert, { options: [['', t.orderChoose], ...concertOptions()], required: true })}
    ${shows.length ? field(chosen, 'show', t.show, { options: shows.map(({ show }) => [show, showTime(show)]) }) : nothing}`;
}

/** The seats of plans, by the plan's id; empty while they are being read. @type {Record<string, import('./hall.mjs').Seat[]>} */
const seatsOf = {};

/** The plan of the chosen show, if it has one. @param {Chosen} chosen */
export const planOf = ({ concert, show }) => known[concert]?.shows.find((one) => one.show === show)?.plan_id;

/**
 * The seats of a plan, as soon as they are known.
 *
 * @param {string} plan
 */
function seatsIn(plan) {
  if (!seatsOf[plan]) {
    seatsOf[plan] = [];
    void call('GET', `/v1/plans/${plan}`).then((found) => {
      seatsOf[plan] = seatsOfPlan(found);
      update({});
    }, () => delete seatsOf[plan]);
  }
  return seatsOf[plan];
}

/**
 * Fields in which a seat of a hall with a plan is chosen, as its ticket names it. Without a plan there
 * are none.
 *
 * @param {ChosenSeat} chosen Takes the choice.
 */
export function seatFields(chosen) {
  const plan = planOf(chosen);
  const all = plan ? seatsIn(plan) : [];
  if (!all.length) {
    chosen.seat = '';
    return nothing;
  }
  const choice = (/** @type {(string | undefined)[]} */ names) => [...new Set(names)].map((name = '') => /** @type {[string, string]} */ ([name, name || '–']));
  const sections = choice(all.map(({ section }) => section));
  chosen.section = inChoice(chosen.section, sections);
  const inSection = all.filter(({ section = '' }) => section === chosen.section);
  const rows = choice(inSection.map(({ row }) => row));
  chosen.row = inChoice(chosen.row, rows);
  const seats = [['', '–'], ...inSection.filter(({ row = '' }) => row === chosen.row).map(({ number, label }) => [`${number}`, label])];
  chosen.seat = inChoice(chosen.seat, /** @type {[string, string][]} */ (seats));
  return html`${field(chosen, 'section', t.section, { options: sections })} ${field(chosen, 'row', t.row, { options: rows })}
    ${field(chosen, 'seat', t.seat, { options: /** @type {[string, string][]} */ (seats) })}`;
}

/**
 * A choice, or the first one if it is none of them.
 *
 * @param {string} chosen
 * @param {[string, string][]} choice
 */
const inChoice = (chosen, choice) => (choice.some(([key]) => key === chosen) ? chosen : (choice[0]?.[0] ?? ''));
