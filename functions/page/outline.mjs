// Where some seats of a hall are: their outline, and their middle.

/** @typedef {import('./hall.mjs').Seat} Seat */

/**
 * The middle of some seats.
 *
 * @param {Seat[]} seats
 */
export function middleOf(seats) {
  const mean = (/** @type {(seat: Seat) => number} */ of) => seats.reduce((sum, seat) => sum + of(seat), 0) / seats.length;
  return [mean(({ x }) => x), mean(({ y }) => y)];
}

/**
 * The outline of some seats in the hall: the smallest convex shape that has all of them in it.
 *
 * @param {Seat[]} seats
 * @returns {[number, number][]}
 */
export function outlineOf(seats) {
  const corners = seats.flatMap(({ x, y }) => [[x - 50, y - 50], [x + 50, y - 50], [x - 50, y + 50], [x + 50, y + 50]]);
  const points = /** @type {[number, number][]} */ (corners.sort(([a, b], [c, d]) => a - c || b - d));
  // Andrew's monotone chain: the lower half from left to right, then the upper half back.
  const half = (/** @type {[number, number][]} */ points) => {
    /** @type {[number, number][]} */
    const chain = [];
    for (const point of points) {
      while (chain.length > 1 && !turnsLeft(chain[chain.length - 2], chain[chain.length - 1], point)) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(points), ...half([...points].reverse())];
}

/**
 * @param {[number, number]} a
 * @param {[number, number]} b
 * @param {[number, number]} c
 */
function turnsLeft([ax, ay], [bx, by], [cx, cy]) {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0;
}
