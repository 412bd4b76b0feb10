import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seatsOfPlan } from '../../../functions/page/hall.mjs';
import { lineOf, planOfTable, readTable } from '../../../functions/page/plan-csv.mjs';

const TABLE = `section,row,from,to,seats,grade,accessible,x,y,curve,shift
A,1,1,12,,VIP,,0,300,1800,
A,2,1,14,,VIP,13 14,,,,
A,3,,,1-10 _2 11-20,R,,,,,50
B,1,1,20,,S,,0,700,,
`;

test('a line is a row of seats, and the first line of a section says where it is', () => {
  const { plan, lines } = planOfTable(TABLE, '온세일 홀');
  assert.deepEqual(plan, {
    name: '온세일 홀',
    grades: ['VIP', 'R', 'S'],
    sections: [
      {
        name: 'A', grade: 'VIP', at: [0, 300], curve: 1800,
        rows: [
          { label: '1', seats: '1-12' },
          { label: '2', seats: '1-14', accessible: '13 14' },
          { label: '3', seats: '1-10 _2 11-20', grade: 'R', shift: 50 },
        ],
      },
      { name: 'B', grade: 'S', at: [0, 700], rows: [{ label: '1', seats: '1-20' }] },
    ],
  });
  assert.deepEqual(lines, [[2, 3, 4], [5]]);
  assert.equal(seatsOfPlan(plan).length, 12 + 14 + 20 + 20);
});

test('it does not matter how a spreadsheet has saved it', () => {
  const expected = planOfTable(TABLE, 'x');
  for (const saved of [
    `\uFEFF${TABLE}`,
    TABLE.replaceAll('\n', '\r\n'),
    TABLE.replaceAll('\n', '\r'),
    TABLE.replaceAll(',', ';'),
    TABLE.replaceAll(',', '\t'),
    TABLE.replace(/[^,\n]+/g, '"$&"'),
    TABLE.replace('section', ' Section ').trim(),
    `${TABLE},,,,,,,,,,\n`,
  ]) {
    assert.deepEqual(planOfTable(saved, 'x'), expected, saved);
  }
});

test('an empty line is skipped, and the others keep their numbers', () => {
  const { lines } = planOfTable('section,row,from,grade\n\nA,1,1,R\n\n\nA,2,1,R', 'x');
  assert.deepEqual(lines, [[3, 6]]);
});

test('quotation marks keep separators, lines and themselves together', () => {
  const rows = readTable('a,b\n"x, ""y""","1\n2"\n"""z""",""');
  assert.deepEqual(rows, [
    { line: 1, cells: ['a', 'b'] },
    { line: 2, cells: ['x, "y"', '1\n2'] },
    { line: 4, cells: ['"z"', ''] },
  ]);
});

test('a table that is none says in which line', () => {
  for (const [text, kind, line, column] of [
    ['', 'MISSING', 1, 'section'],
    ['section,row,from', 'MISSING', 1, 'grade'],
    ['section,row,grade', 'MISSING', 1, 'seats'],
    ['section,row,grade,from,colour\nA,1,R,1,red', 'COLUMN', 1, 'colour'],
    ['section,row,grade,from\nA,1,R,1\nA,2,R,1,2', 'CELLS', 3, ''],
    ['section,row,grade,from\nA,1,R,"1', 'QUOTE', 2, ''],
    ['section,row,grade,from,seats\nA,1,R,1,1-5', 'SEATS', 2, ''],
  ]) {
    assert.throws(() => planOfTable(text, 'x'), { kind, line, column }, text);
  }
});

test('what the service says of a plan is found in its line', () => {
  const { lines } = planOfTable(TABLE, 'x');
  for (const [at, expected] of [
    ['/sections/0/rows/2/seats', { line: 4, column: 'seats' }],
    ['/sections/0/rows/1/label', { line: 3, column: 'row' }],
    ['/sections/1', { line: 5, column: '' }],
    ['/sections/1/name', { line: 5, column: 'section' }],
    ['/sections/0/at', { line: 2, column: 'x' }],
    ['/sections/0/curve', { line: 2, column: 'curve' }],
    ['/grades/1', undefined],
    ['', undefined],
    ['/sections/7/rows/0', undefined],
  ]) {
    assert.deepEqual(lineOf(at, lines), expected, at);
  }
});
