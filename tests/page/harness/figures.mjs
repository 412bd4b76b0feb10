// What the tests measure, for the table at the end of `.ci/page`.

import { appendFileSync, readFileSync, rmSync } from 'node:fs';

/** The figures of the last run: one JSON object a line. */
const FILE = new URL('../../../target/page/figures.jsonl', import.meta.url);

/**
 * Notes a figure. Of several with the same name, the table has the worst, or their sum.
 *
 * @param {string} name What is measured.
 * @param {number} value The figure.
 * @param {object} [goal] What it should be.
 * @param {number} [goal.most] At most this.
 * @param {number} [goal.least] At least this.
 * @param {string} [goal.unit] The unit.
 * @param {boolean} [goal.isSum] Whether figures with this name are added up.
 */
export function note(name, value, { most, least, unit = '', isSum = false } = {}) {
  appendFileSync(FILE, `${JSON.stringify({ name, value, most, least, unit, isSum })}\n`);
}

/** Forgets the figures of the run before. */
export function forget() {
  rmSync(FILE, { force: true });
}

/** The figures as a table in Markdown. */
export function table() {
  const figures = new Map();
  for (const line of lines()) {
    const figure = JSON.parse(line);
    const known = figures.get(figure.name);
    figures.set(figure.name, known ? { ...figure, value: together(known, figure) } : figure);
  }
  const rows = [...figures.values()]
    .sort((one, other) => one.name.localeCompare(other.name))
    .map((figure) => `| ${figure.name} | ${round(figure.value)} ${figure.unit} | ${goalOf(figure)} |`);
  return ['| figure | value | goal |', '|---|---|---|', ...rows].join('\n');
}

/** The value of two figures with the same name. */
function together({ value: one }, { value: other, isSum, least }) {
  if (isSum) {
    return one + other;
  }
  return least === undefined ? Math.max(one, other) : Math.min(one, other);
}

function goalOf({ value, most, least }) {
  if (most !== undefined) {
    return `at most ${most}${value > most ? ': missed' : ''}`;
  }
  return least === undefined ? '' : `at least ${least}${value < least ? ': missed' : ''}`;
}

function lines() {
  try {
    return readFileSync(FILE, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function round(value) {
  return Math.round(value * 100) / 100;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  if (process.argv[2] === 'forget') {
    forget();
  } else {
    console.log(table());
  }
}
