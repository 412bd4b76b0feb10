// The plans of halls: all of them, a new one from JSON or from a table, and one as it is drawn.

import { Problem } from './api.mjs';
import { app, update } from './app.mjs';
import { ask, desk, go, hashOf } from './desk.mjs';
import { inPages, loading, readSome } from './desk-parts.mjs';
import { field, loadOnce, table } from './form.mjs';
import { seatsOfPlan } from './hall.mjs';
import { html, nothing, svg } from './lit-html.js';
import { TableMistake, lineOf, planOfTable } from './plan-csv.mjs';
import { heading, messages, onSend } from './parts.mjs';
import { t, whole } from './texts.mjs';

/** @typedef {import('./hall.mjs').Seat} Seat */

/** What a table of a plan looks like. */
const EXAMPLE = `section,row,from,to,grade,accessible,x,y
A,1,1,12,VIP,,0,300
A,2,1,14,VIP,13 14,,
B,1,1,20,R,,0,700
B,2,1,20,R,,,`;

/** @type {import('./form.mjs').Pages} */
let pages = { path: '/v1/plans?limit=50', key: 'plans' };

/** The list that was asked for last. An older one that comes later does not replace it. */
let newest = pages;

/** The plans that were opened. @type {Record<string, Api.Plan>} */
const opened = {};

/** What is typed as a new plan. */
const typed = { text: '', name: '' };

/** The plan or the mistake that was found last, and the text that it was found in (`of`). @type {{ of: string, plan?: any, lines?: number[][], mistake?: string }} */
let read = { of: '' };

const id = () => desk.route[1];

export function title() {
  return id() === 'new' ? t.planNew : ((Object.hasOwn(opened, id()) && opened[id()].name) || t.plans);
}

export function see() {
  if (id() === 'new') return;
  if (id()) loadOnce(async () => void (opened[id()] ??= await ask('GET', `/v1/plans/${encodeURIComponent(id())}`)));
  else loadOnce(async () => {
    const fresh = { ...pages, items: undefined, next: undefined };
    newest = fresh;
    await readSome(fresh);
    if (fresh === newest) pages = fresh;
  });
}

export function view() {
  if (id() === 'new') return newPlan();
  if (!id()) return listOfPlans();
  const plan = Object.hasOwn(opened, id()) ? opened[id()] : undefined;
  return html`${heading(plan?.name ?? t.plans)} ${messages()} ${plan ? drawing(plan) : loading()}`;
}

function listOfPlans() {
  return html`${heading(t.plans)} ${messages()}
    <div class="buttons"><a class="button" href=${hashOf('plans', 'new')}>${t.planNew}</a></div>
    ${inPages(pages, t.noPlans, (items) => table(t.plans, [t.fields.name, `#${t.fields.capacity}`], items.map(({ plan_id, name, seats }) => [html`<a href=${hashOf('plans', plan_id)}>${name}</a>`, whole(seats)])))}`;
}

// ---- A new plan ----

/** Reads what is typed, if it is not what was read last. */
function understand() {
  const of = `${typed.name}\n${typed.text}`;
  if (read.of === of) return read;
  read = { of };
  // What was wrong is about another text.
  if (app.problem && !app.working) queueMicrotask(() => update({ problem: undefined }));
  if (!typed.text.trim()) return read;
  try {
    if (isJson()) read.plan = JSON.parse(typed.text);
    else Object.assign(read, planOfTable(typed.text, typed.name));
  } catch (error) {
    if (error instanceof TableMistake) read.mistake = t.tableMistake(t.tableMistakes[error.kind], error.line, error.column);
    else if (error instanceof SyntaxError) read.mistake = t.notJson(error.message);
    else throw error;
  }
  return read;
}

/** The name of the file that was chosen last. */
let fileName = '';

const isJson = () => /^\s*[{[]/.test(typed.text);

function newPlan() {
  const { plan, mistake } = understand();
  const onFile = async (/** @type {Event} */ { target }) => {
    const [file] = /** @type {HTMLInputElement} */ (target).files ?? [];
    if (!file) return;
    typed.text = decoded(await file.arrayBuffer());
    const name = file.name.replace(/\.\w+$/, '');
    // A name that was typed stays. One that came from another file does not.
    if (!isJson() && (!typed.name || typed.name === fileName)) typed.name = name;
    fileName = name;
    update({ problem: undefined });
  };
  return html`${heading(t.planNew)} ${messages()}
    <form class="card" @submit=${onSend('plan', store)}>
      <p>${t.planText}</p>
      <label class="field"><span>${t.planFile}</span><input type="file" accept=".json,.csv,.txt,application/json,text/csv" @change=${onFile}></label>
      ${field(typed, 'text', t.planTyped, { type: 'textarea', required: true })}
      ${isJson() ? nothing : field(typed, 'name', t.fields.name, { required: true, length: 100 })}
      <details><summary>${t.tableHelp}</summary>
        <p>${t.tableText}</p><pre class="scroll" tabindex="0" aria-label=${t.example}>${EXAMPLE}</pre>
        <ul class="plain-list">${t.tableColumns().map((line) => html`<li>${line}</li>`)}</ul>
      </details>
      ${mistake ? html`<p class="message bad" role="alert">${mistake}</p>` : nothing}
      <button class="button main" ?disabled=${!plan} aria-busy=${app.working === 'plan' ? 'true' : 'false'}>${t.planStore}</button>
    </form>
    ${plan ? drawing(plan) : nothing}`;
}

/** A text in UTF-8, or as spreadsheets in Korea save it. @param {ArrayBuffer} bytes */
function decoded(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('euc-kr').decode(bytes);
  }
}

async function store() {
  const { plan, lines } = understand();
  try {
    const { plan_id } = await ask('POST', '/v1/plans', { body: plan });
    Object.assign(typed, { text: '', name: '' });
    desk.told = t.planStored;
    go('plans', plan_id);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'INVALID_PLAN') throw error;
    // The service says where. For a table that is a line and a column.
    const { error: text = '', at = '' } = error.body ?? {};
    const place = lines && lineOf(at, lines);
    const said = place ? text.replace(at, t.lineAndColumn(place.line, place.column)) : text;
    throw new Problem(400, /** @type {any} */ ({ ...error.body, code: 'BAD_REQUEST', error: said }));
  }
}

// ---- A plan as it is drawn ----

/**
 * @typedef {object} Drawn
 * @property {number} count How many seats it has.
 * @property {string} box
 * @property {{ grade: string, count: number, path: string }[]} grades
 * @property {[string, string, string][]} sections Each with its rows and its seats.
 */

/** What was drawn of plans. Nothing of a plan that cannot be drawn. @type {WeakMap<object, Drawn | undefined>} */
const drawn = new WeakMap();

/** @param {any} plan */
function draw(plan) {
  if (!drawn.has(plan)) {
    let result;
    try {
      result = toDraw(plan, seatsOfPlan(plan));
    } catch {
      // It is not a plan. The service says what is wrong with it.
    }
    drawn.set(plan, result);
  }
  return drawn.get(plan);
}

/**
 * @param {any} plan
 * @param {Seat[]} seats
 * @returns {Drawn | undefined}
 */
function toDraw({ grades, sections }, seats) {
  let [left, right, top, bottom] = [-600, 600, -250, 0];
  for (const { x, y } of seats) [left, right, top, bottom] = [Math.min(left, x - 100), Math.max(right, x + 100), Math.min(top, y - 100), Math.max(bottom, y + 100)];
  if (!seats.length || ![left, right, top, bottom].every(Number.isFinite)) return undefined;
  return {
    count: seats.length,
    box: `${left} ${top} ${right - left} ${bottom - top}`,
    grades: grades.map((/** @type {string} */ grade) => {
      const own = seats.filter((seat) => seat.grade === grade);
      const path = own.map(({ x, y, accessible }) => (accessible ? `M${Math.round(x - 42)} ${Math.round(y)}a42 42 0 1 0 84 0a42 42 0 1 0 -84 0z` : `M${Math.round(x - 40)} ${Math.round(y - 40)}h80v80h-80z`)).join('');
      return { grade, count: own.length, path };
    }),
    sections: sections.map((/** @type {any} */ { name, rows }) => [name, whole(rows.length), whole(seats.filter(({ section }) => section === name).length)]),
  };
}

/** @param {any} plan */
function drawing(plan) {
  const result = draw(plan);
  if (!result) return html`<p class="message warn" role="status">${t.notDrawn}</p>`;
  const { count, box, grades, sections } = result;
  return html`<section class="card">
    <h2>${t.planDrawn(whole(count))}</h2>
    <svg class="plan" viewBox=${box} role="img" aria-label=${t.planDrawn(whole(count))}>
      <rect class="stage" x="-500" y="-200" width="1000" height="120" rx="20" />
      ${grades.map(({ path }, index) => svg`<path class="grade-${index}" d=${path} />`)}
    </svg>
    ${table(t.gradesOfPlan, [t.grade, `#${t.fields.capacity}`], grades.map(({ grade, count }, index) => [html`<span class="dot grade-${index}" aria-hidden="true"></span> ${grade}`, whole(count)]))}
    ${table(t.sectionsOfPlan, [t.section, `#${t.rows}`, `#${t.fields.capacity}`], sections)}
  </section>`;
}
