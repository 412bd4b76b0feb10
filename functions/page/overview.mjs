// A hall of several areas: where they are, what they cost and what is free in each. Only large halls
// need it, and load it.

import { html, nothing, svg } from './lit-html.js';
import { middleOf, outlineOf } from './outline.mjs';
import { money, t, whole } from './texts.mjs';

/**
 * @typedef {import('./hall.mjs').Seat} Seat
 * @typedef {import('./hall.mjs').Area} Area
 *
 * @typedef {object} Hall
 * @property {Seat[]} seats
 * @property {Area[]} areas
 * @property {number} area The index of the area that is open. -1 is none.
 *
 * @typedef {object} Ways What the screen knows of seats, and does.
 * @property {(seat: Seat) => boolean} isFree
 * @property {(area: Area) => boolean} isKnown Whether it is known which seats of an area are free.
 * @property {(seat: Seat) => number} priceOf
 * @property {(index: number) => void} openArea
 */

/**
 * The picture of the hall, and the list of its areas.
 *
 * @param {Hall} hall
 * @param {Api.DateOfShow} show
 * @param {Ways} ways
 */
export function overview(hall, show, ways) {
  const { isFree, isKnown, openArea } = ways;
  const grades = show.grades?.map(({ grade }) => grade) ?? [];
  return html`
    ${grades.length ? picture(hall, grades, ways) : nothing}
    <h3 id="areas-title">${t.areas}</h3>
    <ul class="areas" aria-labelledby="areas-title">
      ${hall.areas.map((area, index) => {
        const free = area.seats.filter(isFree).length;
        return html`<li><button type="button" class="area grade-${gradeOf(area, grades)}" aria-pressed=${hall.area === index ? 'true' : 'false'} @click=${() => openArea(index)}>
          <strong>${area.name}</strong>
          <span>${pricesOf(area, ways)}</span>
          ${isKnown(area) ? html`<span>${t.freeOf(whole(free), whole(area.seats.length))}</span>` : nothing}
        </button></li>`;
      })}
    </ul>
  `;
}

/**
 * The index of an area's grade, for its colour.
 *
 * @param {Area} area
 * @param {string[]} grades
 */
function gradeOf({ seats }, grades) {
  return grades.indexOf(seats[0].grade ?? '');
}

/**
 * @param {Area} area
 * @param {Ways} ways
 */
function pricesOf({ seats }, { priceOf }) {
  const prices = [...new Set(seats.map(priceOf))].sort((one, other) => one - other);
  return prices.length > 1 ? `${money(prices[0])}–${money(prices[prices.length - 1])}` : money(prices[0]);
}

/**
 * The outlines of the areas, and the stage. The list beside it does the same.
 *
 * @param {Hall} hall
 * @param {string[]} grades
 * @param {Ways} ways
 */
function picture({ seats, areas, area: open }, grades, { isFree, openArea }) {
  // Not `Math.min(...xs)`: Safari passes at most 65,536 values.
  const least = (/** @type {number} */ from, /** @type {(seat: Seat) => number} */ of) => seats.reduce((least, seat) => Math.min(least, of(seat)), from);
  const [left, right] = [least(Infinity, ({ x }) => x) - 200, 200 - least(Infinity, ({ x }) => -x)];
  const [top, bottom] = [least(0, ({ y }) => y) - 400, 200 - least(Infinity, ({ y }) => -y)];
  const unit = (right - left) / 100;
  // On a phone, letters of many sections have less room.
  const size = (areas.length > 12 ? 2.6 : 5) * unit;
  return html`<svg class="hall-plan" viewBox="${left} ${top} ${right - left} ${bottom - top}" aria-hidden="true">
    <rect class="stage" x=${-12 * unit} y=${top + unit} width=${24 * unit} height=${6 * unit} rx=${unit} />
    <text class="stage-name" x="0" y=${top + 5.4 * unit} font-size=${4 * unit}>${t.stage}</text>
    ${areas.map((area, index) => {
      const outline = outlineOf(area.seats);
      const [x, y] = middleOf(area.seats);
      return svg`<g class="outline grade-${gradeOf(area, grades)} ${area.seats.some(isFree) ? '' : 'full'} ${open === index ? 'open' : ''}" @click=${() => openArea(index)}>
        <polygon points=${outline.map((point) => point.map(Math.round).join(',')).join(' ')} stroke-width=${unit / 3} />
        <text x=${x} y=${y + size / 3} font-size=${size}>${area.label}</text>
      </g>`;
    })}
  </svg>`;
}
