// Which concerts and shows there are, and the choice of one.

import { call } from './api.mjs';
import { update } from './app.mjs';
import { field, readAll } from './form.mjs';
import { html, nothing } from './lit-html.js';
import { showTime, t } from './texts.mjs';

/** @typedef {{ concert: string, show: string }} Chosen */

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
