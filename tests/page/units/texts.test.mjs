import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import * as enMore from '../../../functions/page/en-more.mjs';
import * as enTickets from '../../../functions/page/en-tickets.mjs';
import * as enLine from '../../../functions/page/en.mjs';
import * as koMore from '../../../functions/page/ko-more.mjs';
import * as koTickets from '../../../functions/page/ko-tickets.mjs';
import * as koLine from '../../../functions/page/ko.mjs';
import * as enDeskMore from '../../../functions/page/operator-en-more.mjs';
import * as enDeskFirst from '../../../functions/page/operator-en.mjs';
import * as koDeskMore from '../../../functions/page/operator-ko-more.mjs';
import * as koDeskFirst from '../../../functions/page/operator-ko.mjs';
import * as texts from '../../../functions/page/texts.mjs';
import { read, variantsOf } from './read.mjs';

/** The texts of several files of a language. */
const all = (...files) => ({
  texts: Object.assign({}, ...files.map(({ texts }) => texts)),
  errors: Object.assign({}, ...files.map(({ errors }) => errors)),
});
/** What buyers have, and what operators have. */
const [koBuyers, enBuyers] = [all(koLine, koMore, koTickets), all(enLine, enMore, enTickets)];
const [koDesk, enDesk] = [all(koDeskFirst, koDeskMore), all(enDeskFirst, enDeskMore)];
const [ko, en] = [all(koBuyers, koDesk), all(enBuyers, enDesk)];

/** What only operators get: no call of the buyers' page can be answered with it. */
const FOR_OPERATORS = [
  'ADMIN_NEEDS_ACCOUNT', 'OWN_ROLE', 'BALANCE_OUT_OF_RANGE', 'CONCERT_HAS_ORDERS', 'INVALID_PLAN', 'LINE_NOT_EMPTY', 'NOT_FOUND', 'NO_AVAILABLE_DATES',
  'SALE_OPEN', 'SEATS_TAKEN', 'USER_HAS_BALANCE', 'USER_HAS_HOLD', 'VERSION_MISMATCH',
  // Requests of the buyers' page are never malformed in these ways: nobody types these parts of them.
  'EMPTY_BODY', 'INVALID_DATE', 'INVALID_USER_ID', 'MALFORMED_AUTHORIZATION', 'MISSING_FIELD', 'MISSING_PARAMETER',
  'MISSING_PAYMENT_AMOUNT', 'UNKNOWN_FIELD',
];

/** What buyers get too, and operators are told in other words. */
const OTHER_WORDS = ['BUSY', 'FORBIDDEN', 'IDEMPOTENCY_KEY_REUSED', 'INTERNAL', 'INVALID_SEAT_NUMBER', 'INVALID_TOKEN', 'OFFLINE'];

/** The operations of the buyers' page. */
const OF_BUYERS = [
  'get /v1/settings', 'get /v1/concerts', 'get /v1/concerts/{concert_id}', 'get /v1/queues/{queue_id}', 'get /v1/plans/{plan_id}',
  'post /v1/users', 'get /v1/users/{user_id}', 'patch /v1/users/{user_id}', 'post /v1/auth/login', 'post /v1/auth/logout',
  'post /v1/auth/tokens', 'get /v1/auth/tokens', 'delete /v1/auth/tokens',
  'get /v1/concerts/{concert_id}/dates', 'get /v1/concerts/{concert_id}/seats', 'post /v1/concerts/{concert_id}/reservations',
  'get /v1/concerts/{concert_id}/reservations/{reservation_id}', 'delete /v1/concerts/{concert_id}/reservations/{reservation_id}',
  'post /v1/concerts/{concert_id}/reservations/{reservation_id}/payments',
  'get /v1/users/{user_id}/payments', 'get /v1/users/{user_id}/balance', 'post /v1/users/{user_id}/balance', 'get /v1/users/{user_id}/statement',
];

// The module tells the browser which language the page has.
globalThis.document = { documentElement: {} };

const PAGE = new URL('../../../functions/page/', import.meta.url);

/** What the modules say, but for the two languages. */
const MODULES = readdirSync(PAGE)
  .filter((name) => name.endsWith('.mjs') && !/^(operator-)?(ko|en)\b/.test(name))
  .map((name) => read(`functions/page/${name}`))
  .join('\n');

/** The codes of the service's errors. */
const CODES = [...read('shared/src/error.rs').matchAll(/"([A-Z][A-Z_]+)"/g)].map(([, code]) => code);

/** Whether a file is only for operators: the page of buyers does not lead to it. */
const isForOperators = (() => {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name) || !/\.mjs$/.test(name)) return;
    seen.add(name);
    for (const [, next] of read(`functions/page/${name}`).matchAll(/(?:from|import\() ?'\.\/([\w-]+\.mjs)'/g)) {
      if (next !== 'line.mjs') visit(next);
    }
  };
  visit('main.mjs');
  return (name) => !seen.has(name);
})();

/** The codes of operations of the OpenAPI document, such as `get /v1/settings`. */
function codesOf(wanted) {
  const { paths } = JSON.parse(readFileSync(process.env.ONSALE_OPENAPI, 'utf8'));
  const codes = new Set();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      if (!wanted(`${method} ${path}`)) continue;
      for (const { content } of Object.values(responses)) {
        const { example, examples = {} } = content?.['application/json'] ?? {};
        for (const value of [example, ...Object.values(examples).map(({ value }) => value)]) if (value?.code) codes.add(value.code);
      }
    }
  }
  return codes;
}

/** What kind of text it is, and what it is made of. */
function kindOf(text) {
  if (Array.isArray(text)) return `list of ${text.length}`;
  return typeof text === 'function' ? `function of ${text.length}` : typeof text;
}

/** The texts, each with its path: `over.LEFT`. */
function* flat(tree, path = '') {
  for (const [key, text] of Object.entries(tree)) {
    if (typeof text === 'object' && !Array.isArray(text)) yield* flat(text, `${path}${key}.`);
    else yield [path + key, text];
  }
}

/** The names of what a text is made of: those of its parameters, or of the fields of the first. */
function partsOf(text) {
  const [, list] = String(text).match(/^\(([^)]*)\)/);
  return list.replace(/[{}]/g, '').split(',').map((name) => name.trim()).filter(Boolean);
}

/** The text with these parts. */
function written(text, values) {
  const takesFields = String(text).startsWith('({');
  const result = takesFields ? text(Object.fromEntries(partsOf(text).map((name, index) => [name, values[index]]))) : text(...values);
  return [result].flat();
}

test('both languages have the same texts, of the same kinds', () => {
  const shape = ({ texts, errors }) => [...flat({ texts, errors })].map(([path, text]) => `${path}: ${kindOf(text)}`).sort();
  assert.deepEqual(shape(en), shape(ko));
});

test('each file has the same texts in both languages, and no text is in two files', () => {
  for (const [ko, en] of [[koLine, enLine], [koMore, enMore], [koTickets, enTickets], [koDeskFirst, enDeskFirst], [koDeskMore, enDeskMore]]) {
    assert.deepEqual(Object.keys(en.texts).sort(), Object.keys(ko.texts).sort());
    assert.deepEqual(Object.keys(en.errors).sort(), Object.keys(ko.errors).sort());
  }
  for (const what of ['texts', 'errors']) {
    const keys = [koLine, koMore, koTickets].flatMap((file) => Object.keys(file[what]));
    assert.deepEqual(keys.filter((key, index) => keys.indexOf(key) !== index), []);
  }
  assert.deepEqual(Object.keys(koDesk.texts).filter((key) => key in koBuyers.texts), []);
  assert.deepEqual(Object.keys(koDeskMore.texts).filter((key) => key in koDeskFirst.texts), []);
});

test('no text is empty, and none shows what it was not given', () => {
  for (const { texts, errors } of [ko, en]) {
    for (const [path, text] of flat({ texts, errors })) {
      const lines = typeof text === 'function' ? written(text, [7, 8, 9, 10, 11, 12]) : [text].flat();
      for (const line of lines) {
        assert.match(line, /\S/, path);
        assert.doesNotMatch(line, /undefined|null|NaN|\[object|\$\{/, path);
      }
    }
  }
});

test('both languages show the same parts', () => {
  const other = Object.fromEntries(flat(en.texts));
  for (const [path, text] of flat(ko.texts)) {
    if (typeof text !== 'function') continue;
    assert.deepEqual(partsOf(text), partsOf(other[path]), path);
    const values = ['P1', 'P2', 'P3', 'P4', 'P5', 'P6'];
    const shown = (text) => values.filter((value) => written(text, values).join(' ').includes(value));
    assert.deepEqual(shown(text), shown(other[path]), path);
  }
});

test('English counts one as one', () => {
  for (const [path, text] of flat(en.texts)) {
    if (typeof text !== 'function') continue;
    // Some numbers come as texts already.
    for (const one of [1, '1']) {
      assert.doesNotMatch(written(text, Array(6).fill(one)).join(' '), /\b1 (\w+s|people|are|hours|entries)\b/, path);
    }
  }
  assert.equal(en.texts.refundTerms(24), 'Full refund until midnight, 1 day before the day of the show begins.');
});

test('the modules use each text, and no other', () => {
  const used = new Set([...MODULES.matchAll(/\bt\.(\w+)/g)].map(([, key]) => key));
  assert.ok(used.size > 100);
  const known = Object.keys(ko.texts);
  assert.deepEqual([...used].filter((key) => !known.includes(key)), [], 'there are no such texts');
  assert.deepEqual(known.filter((key) => !used.has(key)), [], 'nothing uses these texts');
  // Otherwise the search above would miss some.
  assert.doesNotMatch(MODULES, /\bt\[|= t\b[^.]/);
});

test('only the screen of the tickets uses their texts, which others do not load', () => {
  const others = readdirSync(PAGE).filter((name) => name.endsWith('.mjs') && name !== 'tickets.mjs' && !isForOperators(name));
  const used = others.flatMap((name) => [...read(`functions/page/${name}`).matchAll(/\bt\.(\w+)/g)].map(([, key]) => key));
  assert.deepEqual(used.filter((key) => key in koTickets.texts), []);
});

test('only the screens that load them use the later texts of the page for operators', () => {
  const later = ['people.mjs', 'orders.mjs', 'shows.mjs', 'ready.mjs', 'books.mjs', 'changes.mjs'];
  const others = readdirSync(PAGE).filter((name) => name.endsWith('.mjs') && !later.includes(name) && !/^operator-/.test(name));
  const used = others.flatMap((name) => [...read(`functions/page/${name}`).matchAll(/\bt\.(\w+)/g)].map(([, key]) => key));
  assert.deepEqual(used.filter((key) => key in koDeskMore.texts), []);
});

test('there is a text for each code of the service, and for no other', () => {
  assert.ok(CODES.length > 50);
  for (const { errors } of [ko, en]) assert.deepEqual(Object.keys(errors).sort(), [...new Set([...CODES, 'OFFLINE'])].sort());
});

test('the files for operators have what only operators get, and what they are told in other words', () => {
  for (const [desk, buyers] of [[koDesk, koBuyers], [enDesk, enBuyers]]) {
    assert.deepEqual(Object.keys(desk.errors).sort(), [...FOR_OPERATORS, ...OTHER_WORDS].sort());
    assert.deepEqual(FOR_OPERATORS.filter((code) => code in buyers.errors), []);
    for (const code of OTHER_WORDS) assert.notEqual(desk.errors[code], buyers.errors[code], code);
  }
});

test('there is a text for each code of the OpenAPI document', { skip: !process.env.ONSALE_OPENAPI && 'ONSALE_OPENAPI is not set' }, () => {
  const codes = codesOf(() => true);
  assert.ok(codes.size > 50);
  for (const code of codes) for (const { errors } of [ko, en]) assert.ok(errors[code], code);
});

test('buyers have a text for each code of the calls of their page', { skip: !process.env.ONSALE_OPENAPI && 'ONSALE_OPENAPI is not set' }, () => {
  const known = new Set(OF_BUYERS);
  const codes = codesOf((operation) => known.delete(operation));
  assert.deepEqual([...known], [], 'there are no such operations');
  const never = FOR_OPERATORS.slice(FOR_OPERATORS.indexOf('EMPTY_BODY'));
  const missing = [...codes].filter((code) => !(code in koBuyers.errors)).sort();
  assert.deepEqual(missing.filter((code) => !never.includes(code)), []);
  // The page of buyers calls nothing else.
  const buyers = readdirSync(PAGE).filter((name) => name.endsWith('.mjs') && !isForOperators(name));
  assert.doesNotMatch(buyers.map((name) => read(`functions/page/${name}`)).join('\n'), /\/v1\/admin|'PUT'/);
});

test('there is a text for each end of a session, state of a queue and kind of entry', () => {
  for (const { texts: t } of [ko, en]) {
    assert.deepEqual(Object.keys(t.over).sort(), [...variantsOf('shared/src/domain/session.rs', 'Ending').filter((ending) => ending !== 'PAID'), 'REPLACED'].sort());
    const states = variantsOf('functions/src/queue/document.rs', 'PublicQueueState');
    assert.deepEqual(Object.keys(t.queueOver).sort(), states.filter((state) => !['OPEN', 'PAUSED'].includes(state)).sort());
    assert.deepEqual(Object.keys(t.entry).sort(), variantsOf('shared/src/domain/order.rs', 'EntryKind').sort());
  }
});

test('there is a text for each state of a queue, for those who may join, and for each setting', () => {
  const [, fields] = read('functions/src/queue/settings.rs').match(/const FIELDS: [^=]*= \[(.*?)\];/s);
  const settings = [...fields.matchAll(/"(\w+)"/g)].map(([, name]) => name).filter((name) => !['queue_id', 'version', 'changed_by', 'changed_at'].includes(name));
  for (const { texts: t } of [ko, en]) {
    assert.deepEqual(Object.keys(t.stateOf).sort(), variantsOf('functions/src/queue/document.rs', 'PublicQueueState').sort());
    assert.deepEqual(Object.keys(t.whoOf).sort(), variantsOf('shared/src/domain/queue.rs', 'WhoJoins').map((who) => who.toLowerCase()).sort());
    assert.deepEqual(settings.filter((name) => !(name in t.fields)), []);
  }
});

test('there is a text for each kind of change in the log', () => {
  const kinds = variantsOf('shared/src/domain/changes.rs', 'ChangeKind').sort();
  for (const { texts: t } of [ko, en]) assert.deepEqual(Object.keys(t.logKind).sort(), kinds);
});

test('there is a text for each kind of violation', () => {
  const kinds = variantsOf('shared/src/domain/audit.rs', 'Kind').sort();
  assert.ok(kinds.length > 30);
  for (const { texts: t } of [ko, en]) assert.deepEqual(Object.keys(t.violation).sort(), kinds);
});

test('an error has the text of the page if it knows the code', async () => {
  const body = { error: 'from the service' };
  await texts.speak('en');
  assert.equal(texts.errorText({ code: 'SOLD_OUT', body }), 'Sold out.');
  assert.equal(texts.errorText({ code: 'OFFLINE' }), enLine.errors.OFFLINE);
  await texts.speak('ko');
  assert.equal(texts.errorText({ code: 'SOLD_OUT', body }), '매진되었습니다.');
  // Only the service knows what is wrong with an entry.
  assert.equal(texts.errorText({ code: 'BAD_REQUEST', body }), 'from the service');
  assert.equal(texts.errorText({ code: 'BAD_REQUEST' }), koLine.errors.BAD_REQUEST);
  assert.equal(texts.errorText({ code: 'NEW_CODE', body }), 'from the service');
  assert.equal(texts.errorText({ code: 'NEW_CODE' }), koLine.errors.INTERNAL);
});

test('a language that is spoken is the language of the document', async () => {
  for (const language of texts.LANGUAGES) {
    await texts.speak(language);
    assert.equal(document.documentElement.lang, language);
    assert.equal(texts.language, language);
    assert.deepEqual(texts.t, (language === 'en' ? enLine : koLine).texts);
  }
});

test('the texts outside the line come when they are wanted, and stay with the next language', async () => {
  await texts.speak('ko');
  await texts.speakMore(texts.more);
  assert.deepEqual(texts.t, all(koLine, koMore).texts);
  await texts.speakMore((wanted) => (wanted === 'en' ? enTickets : koTickets));
  assert.deepEqual(texts.t, koBuyers.texts);
  await texts.speak('en');
  assert.deepEqual(texts.t, enBuyers.texts);
  assert.equal(texts.errorText({ code: 'SEVERAL_SHOWS' }), en.errors.SEVERAL_SHOWS);
});

test('the language is the chosen one, else the first that the browser wants, else Korean', () => {
  assert.equal(texts.languageFor('en', ['ko-KR']), 'en');
  assert.equal(texts.languageFor('fr', ['en']), 'en');
  assert.equal(texts.languageFor(undefined, ['fr-FR', 'en-GB', 'ko']), 'en');
  assert.equal(texts.languageFor(undefined, ['KO-kr', 'en']), 'ko');
  assert.equal(texts.languageFor(undefined, ['fr']), 'ko');
  assert.equal(texts.languageFor(undefined, []), 'ko');
  // Konkani is not Korean.
  assert.equal(texts.languageFor(undefined, ['kok-IN', 'en-IN']), 'en');
});

test('a text in one language is better than none', async () => {
  await texts.speak('en');
  assert.equal(texts.inLanguage({ ko: '가', en: 'a' }), 'a');
  assert.equal(texts.inLanguage({ ko: '가' }), '가');
  assert.equal(texts.inLanguage(undefined), '');
  await texts.speak('ko');
  assert.equal(texts.inLanguage({ ko: '가', en: 'a' }), '가');
  assert.equal(texts.inLanguage({ en: 'a' }), 'a');
});

test('money has decimals only if the amount has some', async () => {
  await texts.speak('ko');
  assert.deepEqual([0, 55_000, 1_234_567.5, -5_000].map(texts.money), ['0원', '55,000원', '1,234,567.50원', '-5,000원']);
  await texts.speak('en');
  assert.deepEqual([0, 55_000, 1_234_567.5, -5_000].map(texts.money), ['₩0', '₩55,000', '₩1,234,567.50', '-₩5,000']);
  assert.equal(texts.whole(1_234_567), '1,234,567');
});

test('a wait is rounded up, so that nobody is told too little', async () => {
  await texts.speak('en');
  const waits = { 0: 'less than a minute', 59: 'less than a minute', 60: 'about 1 minute', 61: 'about 2 minutes', 3540: 'about 59 minutes', 3541: 'about 1 hour', 3601: 'about 1 hour 1 min', 7260: 'about 2 hours 1 min' };
  for (const [seconds, text] of Object.entries(waits)) assert.equal(texts.waitText(Number(seconds)), text);
  for (let seconds = 60; seconds < 20_000; seconds += 7) {
    const text = texts.waitText(seconds);
    const part = (unit) => Number(text.match(new RegExp(`(\\d+) ${unit}`))?.[1] ?? 0);
    const said = 3600 * part('hour') + 60 * part('min');
    assert.ok(said >= seconds && said < seconds + 60, `${seconds}: ${text}`);
  }
});

test('a countdown has minutes, and hours and days if it needs them', async () => {
  await texts.speak('en');
  const countdowns = { 0: '0:00', 5: '0:05', 245: '4:05', 3599: '59:59', 3600: '1:00:00', 3723: '1:02:03', 86_399: '23:59:59', 90_061: '1 day 1:01:01', 900_000: '10 days 10:00:00' };
  for (const [seconds, text] of Object.entries(countdowns)) assert.equal(texts.countdown(Number(seconds)), text);
});

test('a length is in minutes if they are whole', async () => {
  await texts.speak('en');
  assert.deepEqual([60, 300, 90].map(texts.lengthText), ['1 minute', '5 minutes', '90 seconds']);
  await texts.speak('ko');
  assert.deepEqual([300, 90].map(texts.lengthText), ['5분', '90초']);
});

test('a show is on its own day and at its own hour, wherever the browser is', async () => {
  const before = process.env.TZ;
  for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles', 'Asia/Seoul']) {
    process.env.TZ = zone;
    await texts.speak('en');
    assert.match(texts.showTime('2026-12-24'), /^Thu.* December 24, 2026$/);
    assert.match(texts.showTime('2026-12-24T19:30'), /^Thu.* December 24, 2026 19:30$/);
    await texts.speak('ko');
    assert.match(texts.showTime('2026-12-24T00:00'), /^2026년 12월 24일.*목.* 00:00$/);
  }
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

test('a time is in the time zone of the service', async () => {
  await texts.speak('en');
  const time = Date.parse('2026-11-20T15:05:00Z');
  assert.equal(texts.clockTime(time), '00:05');
  assert.match(texts.dayAndTime('2026-11-20T15:05:00Z'), /Nov 21, 2026.*00:05/);
  texts.useTimeZone('Europe/Berlin');
  assert.equal(texts.clockTime(time), '16:05');
  texts.useTimeZone('Asia/Seoul');
});
