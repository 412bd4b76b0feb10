// Reads the plan of a hall from a table: a line for each row of seats. functions/README.md, "A plan as
// a table", describes it.

/** The columns that a table may have. Those of the section count in its first row. */
const SECTION = ['rank', 'towards', 'turn', 'curve', 'depth', 'x', 'y'];
const ROW = ['accessible', 'shift'];
const COLUMNS = ['section', 'row', 'seats', 'from', 'to', 'grade', ...ROW, ...SECTION];

/** A table that is none, or not one of a plan. */
export class TableMistake extends Error {
  /**
   * @param {'COLUMN' | 'MISSING' | 'CELLS' | 'QUOTE' | 'SEATS'} kind What is wrong.
   * @param {number} line The line, from 1.
   * @param {string} [column] The column.
   */
  constructor(kind, line, column = '') {
    super(kind);
    this.kind = kind;
    this.line = line;
    this.column = column;
  }
}

/**
 * The cells of a table, with the line in which each row begins. Cells are between commas, semicolons
 * or tabs, whichever comes first in the first line.
 *
 * @param {string} text
 * @returns {{ line: number, cells: string[] }[]}
 */
export function readTable(text) {
  /** @type {{ line: number, cells: string[] }[]} */
  const rows = [];
  const [separator = ','] = text.split('\n', 1)[0].match(/[,;\t]/) ?? [];
  let [cells, cell, line, begun, isQuoted] = [/** @type {string[]} */ ([]), '', 1, 1, false];
  const end = () => {
    cells.push(cell.trim());
    cell = '';
  };
  const endRow = () => {
    end();
    if (cells.some(Boolean)) rows.push({ line: begun, cells });
    cells = [];
  };
  const letters = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  for (let index = 0; index < letters.length; index += 1) {
    const letter = letters[index];
    if (letter === '\n') line += 1;
    // Two quotation marks stand for one.
    if (isQuoted && letters.startsWith('""', index)) cell += letters[(index += 1)];
    else if (letter === '"' && (isQuoted || cell.trim() === '')) isQuoted = !isQuoted;
    else if (isQuoted || (letter !== separator && letter !== '\n')) cell += letter;
    else if (letter === '\n') {
      endRow();
      begun = line;
    } else end();
  }
  if (isQuoted) throw new TableMistake('QUOTE', begun);
  endRow();
  return rows;
}

/**
 * The plan that a table describes, and in which line each row of its sections is.
 *
 * @param {string} text
 * @param {string} name The name of the plan.
 * @returns {{ plan: any, lines: number[][] }}
 * @throws {TableMistake}
 */
export function planOfTable(text, name) {
  const [head, ...rows] = readTable(text);
  const columns = (head?.cells ?? []).map((column) => column.toLowerCase());
  const unknown = columns.find((column) => !COLUMNS.includes(column));
  if (unknown !== undefined) throw new TableMistake('COLUMN', head.line, unknown);
  const missing = ['section', 'row', 'grade'].find((column) => !columns.includes(column));
  if (missing || !(columns.includes('seats') || columns.includes('from'))) throw new TableMistake('MISSING', head?.line ?? 1, missing ?? 'seats');
  /** @type {Map<string, { section: any, lines: number[] }>} */
  const sections = new Map();
  const grades = new Set();
  for (const { line, cells } of rows) {
    if (cells.length > columns.length) throw new TableMistake('CELLS', line);
    /** @type {Record<string, string>} */
    const row = Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
    if (row.seats && row.from) throw new TableMistake('SEATS', line);
    const known = sections.get(row.section) ?? { section: { name: row.section, grade: row.grade, ...placeOf(row), rows: [] }, lines: [] };
    sections.set(row.section, known);
    grades.add(row.grade);
    known.lines.push(line);
    known.section.rows.push({
      label: row.row,
      seats: row.seats || (row.to ? `${row.from}-${row.to}` : (row.from ?? '')),
      ...(row.grade === known.section.grade ? {} : { grade: row.grade }),
      ...some(row, ROW),
    });
  }
  const all = [...sections.values()];
  return { plan: { name, grades: [...grades], sections: all.map(({ section }) => section) }, lines: all.map(({ lines }) => lines) };
}

/** Where a section is. @param {Record<string, string>} row */
function placeOf(row) {
  const { x, y, ...rest } = some(row, SECTION);
  return x === undefined && y === undefined ? rest : { ...rest, at: [x ?? 0, y ?? 0] };
}

/**
 * The cells of a row that are not empty. Numbers are numbers.
 *
 * @param {Record<string, string>} row
 * @param {string[]} columns
 */
function some(row, columns) {
  const cells = columns.filter((column) => row[column]).map((column) => {
    const isNumber = column !== 'accessible' && /^-?\d+$/.test(row[column]);
    return [column, isNumber ? Number(row[column]) : row[column]];
  });
  return Object.fromEntries(cells);
}

/**
 * Where a mistake of a plan is in the table that the plan is from. Nothing if it is not in one line.
 *
 * @param {string} at A JSON pointer.
 * @param {number[][]} lines In which line each row of the sections is.
 * @returns {{ line: number, column: string } | undefined}
 */
export function lineOf(at, lines) {
  const [, section, row, field = ''] = at.match(/^\/sections\/(\d+)(?:\/rows\/(\d+))?(?:\/(\w+))?/) ?? [];
  const line = lines[Number(section)]?.[Number(row ?? 0)];
  const column = { name: 'section', label: 'row', at: 'x' }[field] ?? field;
  return line === undefined ? undefined : { line, column };
}
