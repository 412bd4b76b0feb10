import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  areasOf, layOut, nextSeat, numberedSeats, pickTogether, rowsOf, seatsOfPlan,
} from '../../../functions/page/hall.mjs';
import { outlineOf } from '../../../functions/page/outline.mjs';
import { randomBy, read } from './read.mjs';

/** The function that the instructions give to those who write a page of their own. */
const [, README] = read('functions/README.md').match(/<!-- seats -->\n```js\n(.*?)```/s);
const { seatsOf } = await import(`data:text/javascript,${encodeURIComponent(`${README}\nexport { seatsOf };`)}`);

/** The plans, each with its seats as the page and as the instructions have them. */
const HALLS = Object.entries({ club: 300, theatre: 1220, arena: 16_000 }).map(([name, about]) => {
  const plan = JSON.parse(read(`shared/plans/${name}.json`));
  return { name, about, plan, seats: seatsOfPlan(plan), expected: [...seatsOf(plan)] };
});

/** The areas of all plans, and of two shows without a plan. */
const AREAS = [...HALLS, ...[120, 1234].map((count) => ({ name: `${count} numbers`, seats: numberedSeats(count) }))].flatMap(
  ({ name, seats }) => areasOf(seats).map((area) => ({ ...area, title: `${name} ${area.name}`, hall: seats })),
);

const near = (one, other) => Math.abs(one - other) < 1e-6;

test('a plan with more places than the service allows is none, at once', () => {
  const plan = (seats, more = {}, rows = 1) => ({ grades: ['A'], sections: [{ name: 'A', grade: 'A', rows: Array(rows).fill({ label: '1', seats, ...more }) }] });
  for (const seats of ['1-900000000', '900000000-1', '1-2 _900000000 3', '1-5/0', '1-900000000/-1 1-900000000', '1-2000 2001', '_x']) {
    assert.throws(() => seatsOfPlan(plan(seats)), RangeError, seats);
  }
  assert.throws(() => seatsOfPlan(plan('1-2', { accessible: '1-900000000' })), RangeError);
  assert.throws(() => seatsOfPlan(plan('1-1000', {}, 1_000_000)), RangeError);
  assert.equal(seatsOfPlan(plan('1-2000')).length, 2000);
});

for (const { name, about, plan, seats, expected } of HALLS) {
  test(`${name}: the seats are those of the instructions`, () => {
    assert.ok(Math.abs(seats.length - about) < about / 50, `${seats.length} seats`);
    assert.equal(seats.length, expected.length);
    const placed = new Set(plan.sections.filter(({ at }) => at).map(({ name }) => name));
    for (const [index, seat] of seats.entries()) {
      const { x, y, seat: label, ...rest } = expected[index];
      assert.deepEqual({ ...seat, x: 0, y: 0, right: 0, away: 0 }, { ...rest, label, x: 0, y: 0, right: 0, away: 0 });
      assert.equal(seat.number, index + 1);
      if (placed.has(seat.section)) assert.ok(near(seat.x, x) && near(seat.y, y), `seat ${seat.number}`);
    }
  });
}

test('sections that do not say where they are come behind the others', () => {
  const rows = [{ label: '1', seats: '1-3' }, { label: '2', seats: '1-3' }];
  const seats = seatsOfPlan({ sections: [{ name: 'A', at: [0, 500], rows }, { name: 'B', rows }, { name: 'C', rows }] });
  const depths = seats.map(({ y }) => y);
  for (const [from, to] of [[6, 12], [12, 18]]) assert.ok(Math.min(...depths.slice(from, to)) > Math.max(...depths.slice(0, from)));
});

test('rows with gaps, steps, letters and zeros have their labels', () => {
  const labelsOf = (seats) => seatsOfPlan({ sections: [{ name: 'A', rows: [{ label: '1', seats }] }] }).map(({ label }) => label);
  assert.deepEqual(labelsOf('1-3 _2 4'), ['1', '2', '3', '4']);
  assert.deepEqual(labelsOf('7-1/2'), ['7', '5', '3', '1']);
  assert.deepEqual(labelsOf('A08-A11'), ['A08', 'A09', 'A10', 'A11']);
  assert.deepEqual(labelsOf('8-11'), ['8', '9', '10', '11']);
});

test('rows of two sections are two rows, though they have the same name', () => {
  const rows = [{ label: '1', seats: '1-3' }];
  const seats = seatsOfPlan({ sections: [{ name: 'A', rows }, { name: 'B', rows }] });
  assert.deepEqual(rowsOf(seats).map((row) => row.length), [3, 3]);
});

test('a show without a plan has numbers in rows of ten', () => {
  const seats = numberedSeats(25);
  assert.deepEqual(seats.map(({ number }) => number), Array.from({ length: 25 }, (_, index) => index + 1));
  assert.deepEqual(rowsOf(seats).map((row) => row.length), [10, 10, 5]);
  for (const { number, label, accessible } of seats) assert.deepEqual([label, accessible], [String(number), false]);
});

test('the areas of a hall have each seat once, and at most 500', () => {
  for (const hall of new Set(AREAS.map(({ hall }) => hall))) {
    const areas = AREAS.filter((area) => area.hall === hall);
    assert.deepEqual(areas.flatMap(({ seats }) => seats), hall);
    for (const { seats, title } of areas) assert.ok(seats.length > 0 && seats.length <= 500, title);
    assert.equal(new Set(areas.map(({ name }) => name)).size, areas.length, 'two areas have the same name');
  }
});

test('an area is in one section, and has whole rows', () => {
  const rows = ({ section, row, number }) => (row === undefined ? Math.ceil(number / 10) : `${section} ${row}`);
  for (const { hall, seats, title } of AREAS) {
    if (seats === hall) continue;
    assert.equal(new Set(seats.map(({ section }) => section)).size, 1, title);
    const inside = new Set(seats.map(rows));
    assert.equal(hall.filter((seat) => inside.has(rows(seat))).length, seats.length, title);
  }
});

test('only a small hall is one area, which has no name', () => {
  assert.deepEqual(areasOf(numberedSeats(500)).map(({ name }) => name), ['']);
  assert.deepEqual(areasOf(numberedSeats(501)).map(({ name }) => name), ['1–500', '501–501']);
});

/** Every run of seats that are side by side in a row, with nothing between them. */
function placesFor(seats, isGood, count) {
  const places = [];
  for (let from = 0; from + count <= seats.length; from += 1) {
    const place = seats.slice(from, from + count);
    const together = place.every((seat, index) => {
      const before = place[index - 1];
      if (!before) return true;
      const isSameRow = seat.section === before.section && seat.row === before.row;
      return isSameRow && seat.number === before.number + 1 && Math.hypot(seat.x - before.x, seat.y - before.y) < 110;
    });
    if (together && place.every(isGood)) places.push(place);
  }
  return places;
}

/** The places that are picked, each with how often, while the chance goes from 0 to 1 in equal steps. */
function pickedOf(seats, isFree, count, steps) {
  const picked = new Map();
  for (let step = 0; step < steps; step += 1) {
    const place = pickTogether(seats, isFree, count, (step + 0.5) / steps).map(({ number }) => number).join();
    picked.set(place, (picked.get(place) ?? 0) + 1);
  }
  return picked;
}

test('seats are picked from all places with free neighbours, each as often', () => {
  const random = randomBy(2);
  for (const seats of HALLS.map(({ seats }) => seats.slice(-300))) {
    const free = new Set(seats.filter(() => random() < 0.6));
    const isFree = (seat) => free.has(seat);
    for (const count of [1, 2, 3, 4]) {
      const places = placesFor(seats, (seat) => isFree(seat) && !seat.accessible, count);
      assert.ok(places.length > 10);
      const picked = pickedOf(seats, isFree, count, 2 * places.length);
      assert.deepEqual([...picked.keys()].sort(), places.map((place) => place.map(({ number }) => number).join()).sort());
      assert.deepEqual(new Set(picked.values()), new Set([2]));
    }
  }
});

test('if too few are free together, the longest run is picked', () => {
  const seats = numberedSeats(40);
  const free = [3, 10, 11, 20, 22, 30, 31];
  const picked = pickedOf(seats, ({ number }) => free.includes(number), 4, 100);
  // Seats without a plan are one row.
  assert.deepEqual([...picked.keys()], ['10,11', '30,31']);
  assert.deepEqual(pickTogether(seats, ({ number }) => number === 7, 4, 0.99).map(({ number }) => number), [7]);
});

test('nothing is picked if nothing is free, or only wheelchair places are', () => {
  const [{ seats }] = HALLS;
  assert.deepEqual(pickTogether(seats, () => false, 2, 0.5), []);
  assert.ok(seats.some(({ accessible }) => accessible));
  assert.deepEqual(pickTogether(seats, ({ accessible }) => accessible, 2, 0.5), []);
});

test('the arrow keys reach every free seat, and no other', () => {
  const random = randomBy(3);
  const keys = ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp', 'Home', 'End'];
  for (const { seats, title } of AREAS) {
    const reachable = seats.filter(() => random() < 0.5);
    if (!reachable.length) continue;
    const found = new Set([reachable[0]]);
    for (const seat of found) for (const key of keys) found.add(nextSeat(reachable, seat, key) ?? seat);
    assert.equal(found.size, reachable.length, title);
    for (const seat of reachable) assert.ok(found.has(seat), title);
  }
});

test('up and down go to the next row with free seats, to the nearest of them', () => {
  const seats = numberedSeats(40).filter(({ number }) => ![11, 12, 13].includes(number) && (number < 21 || number > 30));
  const step = (from, key) => nextSeat(seats, seats.find(({ number }) => number === from), key)?.number;
  assert.deepEqual([step(2, 'ArrowDown'), step(5, 'ArrowDown'), step(15, 'ArrowDown'), step(35, 'ArrowUp')], [14, 15, 35, 15]);
  assert.deepEqual([step(5, 'ArrowUp'), step(35, 'ArrowDown'), step(1, 'ArrowLeft'), step(40, 'ArrowRight')], Array(4).fill(undefined));
  assert.deepEqual([step(15, 'Home'), step(15, 'End'), step(10, 'ArrowRight'), step(14, 'ArrowLeft')], [1, 40, 14, 10]);
  assert.equal(step(15, 'Enter'), undefined);
});

test('an outline is convex, and has all seats in it', () => {
  for (const { seats, title } of AREAS) {
    const outline = outlineOf(seats);
    assert.ok(outline.length >= 4, title);
    for (const [index, [ax, ay]] of outline.entries()) {
      const [bx, by] = outline[(index + 1) % outline.length];
      const side = (x, y) => (bx - ax) * (y - ay) - (by - ay) * (x - ax);
      assert.ok(side(...outline[(index + 2) % outline.length]) > 0, `${title}: not convex`);
      for (const { x, y } of seats) {
        for (const [right, down] of [[-50, -50], [50, -50], [-50, 50], [50, 50]]) assert.ok(side(x + right, y + down) >= -1e-3, `${title}: a seat is outside`);
      }
    }
  }
});

test('all seats of an area are within its width and height', () => {
  for (const area of AREAS) {
    const { width, height, at } = layOut(area);
    assert.equal(at.length, area.seats.length);
    for (const [x, y] of at) assert.ok(x >= 0 && y >= 0 && x + 100 <= width + 1e-6 && y + 100 <= height + 1e-6, area.title);
    // No space is lost either. The names of sections are above a whole hall.
    const [left, top] = [0, 1].map((axis) => Math.min(...at.map((seat) => seat[axis])));
    const [right, bottom] = [0, 1].map((axis) => 100 + Math.max(...at.map((seat) => seat[axis])));
    assert.deepEqual([left, top, right, bottom].map(Math.round), [0, area.isTurned ? 0 : 60, Math.round(width), Math.round(height)], area.title);
  }
});

test('an area of a section is drawn with the stage above', () => {
  for (const area of AREAS.filter(({ isTurned }) => isTurned)) {
    const { at } = layOut(area);
    const [first] = rowsOf(area.seats);
    const depth = (row) => row.reduce((sum, seat) => sum + at[area.seats.indexOf(seat)][1], 0) / row.length;
    for (const row of rowsOf(area.seats).slice(1)) assert.ok(depth(row) > depth(first), area.title);
  }
});

/** How wide a seat is on the screen, in pixels, by the size that the buyer has chosen. */
const css = read('functions/page/more.css');
const unitOf = (rule) => 16 * Number(css.match(new RegExp(`\\n\\.${rule} \\{\\n  --u: ([0-9.]+)rem;`))[1]);

for (const [size, rule] of [['S', 'size-S'], ['M', 'seats'], ['L', 'size-L']]) {
  test(`no two seats are closer than 24 pixels at size ${size}`, () => {
    const closest = AREAS.map((area) => {
      const { at } = layOut(area);
      let nearest = Infinity;
      for (const [index, [x, y]] of at.entries()) {
        for (const [otherX, otherY] of at.slice(index + 1)) nearest = Math.min(nearest, Math.hypot(x - otherX, y - otherY));
      }
      return [area.title, (nearest * unitOf(rule)) / 100];
    });
    assert.deepEqual(closest.filter(([, pixels]) => pixels < 24), []);
  });
}
