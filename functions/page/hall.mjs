// Seats: which there are, where they are, and which of them to suggest.

/**
 * @typedef {object} Seat
 * @property {number} number
 * @property {string} [section]
 * @property {string} [row]
 * @property {string} label
 * @property {string} [grade]
 * @property {boolean} accessible Whether it is a wheelchair place.
 * @property {number} x Where it is in the hall, in hundredths of a seat's width, to the right.
 * @property {number} y Where it is in the hall, away from the stage.
 * @property {number} right Where it is in its section, for people who look at the stage from there.
 * @property {number} away Where it is in its section, away from the stage.
 *
 * @typedef {object} Area Some of the seats of a hall, at most 500, that are shown at once.
 * @property {string} name Empty if it is the whole hall.
 * @property {string} label A short name for the map. Empty if a neighbour has it.
 * @property {Seat[]} seats In the order of their numbers, without gaps.
 * @property {boolean} isTurned Whether it is drawn as its own section, with the stage above.
 */

/** How many seats are shown at once, at most. */
const MOST_AT_ONCE = 500;

/** How many places a row has, at most, and how many seats a hall. The service allows no more. */
const [MOST_PLACES, MOST_SEATS] = [2000, 100_000];

/** How many seats without a plan are in a row on the screen. */
const A_ROW = 10;

/**
 * The seats of a plan.
 *
 * @param {Api.Plan} plan
 * @returns {Seat[]}
 */
export function seatsOfPlan(plan) {
  /** @type {Seat[]} */
  const seats = [];
  let behind = 0;
  for (const section of plan.sections) {
    const { name, grade, curve, rows } = section;
    const [turn, depth] = [section.turn ?? 0, section.depth ?? 100];
    // Sections that do not say where they are come behind the others.
    const at = section.at ?? [0, (behind = Math.max(behind, ...seats.map((seat) => seat.y)) + 300)];
    const [sin, cos] = [Math.sin((turn * Math.PI) / 180), Math.cos((turn * Math.PI) / 180)];
    for (const [index, row] of rows.entries()) {
      const places = placesOf(row.seats);
      if (seats.length > MOST_SEATS) throw new RangeError();
      const wheelchairs = new Set(placesOf(row.accessible ?? ''));
      for (const [place, label] of places.entries()) {
        if (label === null) continue;
        const along = 100 * (place - (places.length - 1) / 2) + (row.shift ?? 0);
        const radius = (curve ?? 0) + index * depth;
        const [right, away] =
          typeof curve === 'number'
            ? [radius * Math.sin(along / radius), radius * Math.cos(along / radius) - curve]
            : [along, index * depth];
        seats.push({
          number: seats.length + 1,
          section: name,
          row: row.label,
          label,
          grade: row.grade ?? grade ?? undefined,
          accessible: wheelchairs.has(label),
          right,
          away,
          x: at[0] + right * cos + away * sin,
          y: at[1] - right * sin + away * cos,
        });
      }
    }
  }
  return seats;
}

/**
 * The labels of a row, place by place. A place of a gap is null.
 *
 * @param {string} seats
 * @returns {(string | null)[]}
 * @throws {RangeError} If they are too many. A number with a zero too many would stop the page.
 */
function placesOf(seats) {
  let left = MOST_PLACES;
  const take = (/** @type {number} */ length) => {
    if (!(length >= 0 && (left -= length) >= 0)) throw new RangeError();
    return length;
  };
  return seats.split(' ').filter(Boolean).flatMap((token) => {
    if (token.startsWith('_')) return Array(take(Number(token.slice(1)))).fill(null);
    const [range, step = '1'] = token.split('/');
    const [first, last] = range.split('-');
    if (last === undefined) return take(1) && [first];
    const [, before, from] = /** @type {RegExpMatchArray} */ (first.match(/^(.*?)([0-9]+)$/));
    const to = last.slice(before.length);
    const digits = from.length === to.length ? from.length : 0;
    const length = Math.floor(Math.abs(Number(to) - Number(from)) / Number(step)) + 1;
    return Array.from({ length: take(length) }, (_, n) => {
      const number = Number(from) + Math.sign(Number(to) - Number(from)) * n * Number(step);
      return before + String(number).padStart(digits, '0');
    });
  });
}

/**
 * The seats of a show without a plan: numbers in rows of ten, with an aisle in the middle.
 *
 * @param {number} capacity
 * @returns {Seat[]}
 */
export function numberedSeats(capacity) {
  return Array.from({ length: capacity }, (_, index) => {
    const x = 100 * (index % A_ROW) + (index % A_ROW >= A_ROW / 2 ? 60 : 0);
    const y = 110 * Math.floor(index / A_ROW);
    return { number: index + 1, label: String(index + 1), accessible: false, x, y, right: x, away: y };
  });
}

/**
 * The areas of a hall: the whole hall if it is small, else its sections, and those in parts of whole
 * rows if they are large.
 *
 * @param {Seat[]} seats
 * @returns {Area[]}
 */
export function areasOf(seats) {
  if (seats.length <= MOST_AT_ONCE) return [{ name: '', label: '', seats, isTurned: false }];
  /** @type {Area[]} */
  const areas = [];
  for (const row of runs(seats, (one, other) => isSameRow(one, other))) {
    const area = areas.at(-1);
    const [{ section }] = row;
    const fits = area && area.seats[0].section === section && area.seats.length + row.length <= MOST_AT_ONCE;
    if (fits) area.seats.push(...row);
    else {
      const isFirst = area?.seats[0].section !== section;
      const label = isFirst ? (section?.split(' ').at(-1)?.replace(/구역$/, '') ?? '') : '';
      areas.push({ name: section ?? '', label, seats: [...row], isTurned: section !== undefined });
    }
  }
  return areas.map((area) => {
    const { name, seats } = area;
    const isPart = !name || areas.some((other) => other.name === name && other !== area);
    if (!isPart) return area;
    const [from, to] = [seats[0], /** @type {Seat} */ (seats.at(-1))];
    const range = from.row ? `${from.row}–${to.row}` : `${from.number}–${to.number}`;
    return { ...area, name: `${name} ${range}`.trim() };
  });
}

/**
 * @param {Seat} one
 * @param {Seat} other
 */
function isSameRow(one, other) {
  return one.row === undefined
    ? Math.floor((one.number - 1) / A_ROW) === Math.floor((other.number - 1) / A_ROW)
    : one.section === other.section && one.row === other.row;
}

/**
 * Whether the second seat is beside the first, with no gap between them.
 *
 * @param {Seat} one
 * @param {Seat} other
 */
function isBeside(one, other) {
  if (other.number !== one.number + 1) return false;
  // Numbers without a plan are one row.
  if (one.row === undefined) return true;
  return isSameRow(one, other) && Math.hypot(one.x - other.x, one.y - other.y) < 150;
}

/**
 * Splits a list where two neighbours do not belong together.
 *
 * @template T
 * @param {T[]} list
 * @param {(one: T, other: T) => boolean} together
 * @returns {T[][]}
 */
function runs(list, together) {
  /** @type {T[][]} */
  const found = [];
  for (const item of list) {
    const last = found.at(-1);
    if (last && together(/** @type {T} */ (last.at(-1)), item)) last.push(item);
    else found.push([item]);
  }
  return found;
}

/**
 * Free seats beside each other, taken by chance: if everybody got the first ones, everybody but one
 * would be too late. If as many are not free together, the longest run that there is.
 *
 * @param {Seat[]} seats
 * @param {(seat: Seat) => boolean} isFree
 * @param {number} count
 * @param {number} [chance] From 0 to 1, without 1.
 * @returns {Seat[]} Empty if nothing is free.
 */
export function pickTogether(seats, isFree, count, chance = Math.random()) {
  const free = runs(seats.filter((seat) => isFree(seat) && !seat.accessible), isBeside);
  const together = Math.min(count, Math.max(0, ...free.map((run) => run.length)));
  if (together === 0) return [];
  const places = free.flatMap((run) =>
    Array.from({ length: Math.max(0, run.length - together + 1) }, (_, from) => run.slice(from, from + together)),
  );
  return places[Math.floor(chance * places.length)];
}

/**
 * The rows of some seats.
 *
 * @param {Seat[]} seats
 * @returns {Seat[][]}
 */
export function rowsOf(seats) {
  return runs(seats, isSameRow);
}

/**
 * The seat that is next in a direction, for the arrow keys.
 *
 * @param {Seat[]} seats The seats that can be reached, in order.
 * @param {Seat} from
 * @param {string} key
 * @returns {Seat | undefined}
 */
export function nextSeat(seats, from, key) {
  const index = seats.indexOf(from);
  if (key === 'Home') return seats[0];
  if (key === 'End') return seats.at(-1);
  if (key === 'ArrowRight') return seats[index + 1];
  if (key === 'ArrowLeft') return seats[index - 1];
  const down = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0;
  if (!down) return undefined;
  const rows = rowsOf(seats);
  const row = rows[rows.findIndex((row) => row.includes(from)) + down];
  return row?.reduce((best, seat) => (Math.abs(seat.right - from.right) < Math.abs(best.right - from.right) ? seat : best));
}

/**
 * Where the seats of an area are on the screen, in hundredths of a seat's width, and how large the
 * area is.
 *
 * @param {Area} area
 */
export function layOut({ seats, isTurned }) {
  const xs = seats.map((seat) => (isTurned ? seat.right : seat.x));
  const ys = seats.map((seat) => (isTurned ? seat.away : seat.y));
  // Above a whole hall is room for the names of its sections.
  const [left, top] = [Math.min(...xs) - 50, Math.min(...ys) - (isTurned ? 50 : 110)];
  return {
    width: Math.max(...xs) + 50 - left,
    height: Math.max(...ys) + 50 - top,
    at: seats.map((_, index) => [xs[index] - 50 - left, ys[index] - 50 - top]),
  };
}
