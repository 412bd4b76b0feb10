// Whether a queue is ready: each check, and the arithmetic of infra/aws/ready.py.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as texts from '../../../functions/page/texts.mjs';
import { read } from './read.mjs';

// lit-html asks for these when it is loaded. Nothing is drawn here.
globalThis.document = { documentElement: {}, createComment: () => ({}), createTreeWalker: () => ({}) };

const { endOf, findings, loadOf, up } = await import('../../../functions/page/ready.mjs');
texts.sources.add(texts.more);
texts.sources.add((language) => import(`../../../functions/page/operator-${language}.mjs`));
texts.sources.add((language) => import(`../../../functions/page/operator-${language}-more.mjs`));
await texts.speak('en');

const TIME = Date.parse('2026-12-01T00:00:00Z');
const after = (hours) => new Date(TIME + 3_600_000 * hours).toISOString();

/** A queue of a deployed service for which everything is right. */
function right() {
  return {
    queue: { queue_id: 'winter', state: 'OPEN', rate: 10, max_active: 1_000, claim_seconds: 120, active_seconds: 300, opens_at: after(2), concerts: [] },
    document: { flow: 6.5, draw: { seed_hash: 'x' } },
    state: { state: 'OPEN', waiting: 0, active: 0 },
    shows: [
      { show: '2026-12-24', date: '2026-12-24', price: 55_000, capacity: 500, closes_at: after(500) },
      { show: '2026-12-25T19:30', date: '2026-12-25', price: 1, prices: { VIP: 90_000, R: 50_000 }, capacity: 700, opens_at: after(2) },
    ],
    audit: { state: 'OVER', round: { over_at: after(-1), violations: 0 } },
    service: {
      is_local: false, stack: 'onsale', has_alarm_topic: true, polls_per_second: 400, joins_per_second: 300, requests_per_second: 2_000,
      hold_concurrency: 50, pay_concurrency: 50, audit_minutes: 60, deletion_protection: true, deployment: 'AllAtOnce', uses_restored_tables: false,
    },
    settings: { who_charges: 'admins' },
    people: 10_000,
    hasCdn: true,
    time: TIME,
  };
}

/** What is to do, if something is otherwise. */
function todo(change) {
  const facts = right();
  change(facts);
  return findings(facts).filter(([kind]) => kind !== 'good').map(([, text]) => text);
}

test('a queue for which everything is right has nothing to do', () => {
  const found = findings(right());
  assert.deepEqual(found.filter(([kind]) => kind !== 'good'), []);
  const { readyGood: good } = texts.t;
  for (const text of [good.own, good.state, good.sells('1,200', 2), good.sales, good.prices, good.ticks, good.charges, good.cdn, good.alarms, good.limits('10,000')]) {
    assert(found.some(([, said]) => said === text), text);
  }
});

const t = texts.t;
const [first, second] = ['2026-12-24', '2026-12-25T19:30'].map(texts.showTime);
for (const [what, change, said] of [
  ['main', (facts) => (facts.queue.queue_id = 'main'), t.readyBad.own],
  ['nothing to sell', (facts) => (facts.shows = []), t.readyBad.sells],
  ['a paused queue', (facts) => (facts.queue.state = 'PAUSED'), t.readyBad.state(t.stateOf.PAUSED)],
  ['a queue that is sold out', (facts) => (facts.state.state = 'SOLD_OUT'), t.readyBad.state(t.stateOf.SOLD_OUT)],
  ['no opening', (facts) => { delete facts.queue.opens_at; facts.queue.changed_at = after(0); }, [t.readyBad.opens, t.readyBad.sales(second)]],
  ['an opening that has passed', (facts) => { facts.queue.opens_at = after(-1); facts.state.ticked_at = after(-1); }, [t.readyBad.opened(texts.dayAndTime(after(-1))), t.readyBad.sales(second)]],
  ['a sale that opens later', (facts) => (facts.shows[0].opens_at = after(3)), t.readyBad.sales(first)],
  ['a sale that ends before', (facts) => (facts.shows[0].closes_at = after(1)), t.readyBad.closed(first)],
  ['a show that starts before', (facts) => Object.assign(facts.shows[1], { show: '2026-12-01T10:00', date: '2026-12-01' }), t.readyBad.closed(texts.showTime('2026-12-01T10:00'))],
  ['a show whose day is over before', (facts) => { facts.queue.opens_at = after(15.5); Object.assign(facts.shows[0], { show: '2026-12-01', date: '2026-12-01', closes_at: undefined }); }, t.readyBad.closed(texts.showTime('2026-12-01'))],
  ['a show that starts before all is offered', (facts) => { Object.assign(facts.shows[1], { show: '2026-12-01T11:03', date: '2026-12-01' }); }, t.readyBad.pace('about 4 minutes')],
  ['a price of nothing', (facts) => (facts.shows[0].price = 0), t.readyBad.prices(first)],
  ['a grade that costs nothing', (facts) => (facts.shows[1].prices.R = 0), t.readyBad.prices(second)],
  ['too short a time to enter', (facts) => (facts.queue.claim_seconds = 119), t.readyBad.claim('119 seconds')],
  ['a sale that ends before all is offered', (facts) => (facts.shows[0].closes_at = after(2.05)), t.readyBad.pace('about 4 minutes')],
  ['more people a second than the seats serve', (facts) => { facts.queue.rate = 501; Object.assign(facts.service, { polls_per_second: 600, hold_concurrency: 400, pay_concurrency: 400 }); }, t.readyBad.blocks('1,200', '500', '501')],
  ['a rush without a draw', (facts) => { facts.people = 4_800_240; delete facts.document.draw; Object.assign(facts.service, { joins_per_second: 30_000, requests_per_second: 90_000 }); }, t.readyBad.numbers('20,001', '20,000')],
  ['no tick since the opening', (facts) => (facts.queue.opens_at = after(-1)), [t.readyBad.opened(texts.dayAndTime(after(-1))), t.readyBad.sales(second), t.readyBad.ticks('–')]],
  ['an old tick while somebody waits', (facts) => { facts.queue.opens_at = after(-1); Object.assign(facts.state, { waiting: 1, ticked_at: after(-0.04) }); }, [t.readyBad.opened(texts.dayAndTime(after(-1))), t.readyBad.sales(second), t.readyBad.ticks(texts.dayAndTime(after(-0.04)))]],
  ['no audit', (facts) => (facts.audit = { state: 'NEVER' }), t.readyBad.auditNever],
  ['a first audit under way', (facts) => (facts.audit = { state: 'UNDER_WAY', round: { violations: 0 } }), t.readyBad.auditNever],
  ['an old audit', (facts) => (facts.audit.round.over_at = after(-3)), t.readyBad.auditOld(texts.dayAndTime(after(-3)))],
  ['an audit that has found something', (facts) => (facts.audit.round.violations = 2), t.readyBad.audit('2')],
  ['an audit under way that has found something', (facts) => (facts.audit = { state: 'UNDER_WAY', last_round: facts.audit.round, round: { violations: 3 } }), t.readyBad.audit('3')],
  ['a first audit that has found something already', (facts) => (facts.audit = { state: 'UNDER_WAY', round: { violations: 3 } }), [t.readyBad.auditNever, t.readyBad.audit('3')]],
  ['users that charge', (facts) => (facts.settings.who_charges = 'users'), t.readyBad.charges],
  ['no CDN', (facts) => { facts.hasCdn = false; Object.assign(facts.service, { polls_per_second: 4_000 }); }, t.readyBad.cdn],
  ['no alarms', (facts) => (facts.service.has_alarm_topic = false), t.readyBad.alarms],
  ['no protection', (facts) => (facts.service.deletion_protection = false), t.readyBad.deploy('DeletionProtection', 'false', 'true')],
  ['no audits', (facts) => delete facts.service.audit_minutes, t.readyBad.deploy('AuditMinutes', '0', '60')],
  ['one admit', (facts) => (facts.service.admit_concurrency = 1), t.readyBad.deploy('AdmitConcurrency', '1', '2')],
  ['few joins', (facts) => (facts.service.joins_per_second = 41), t.readyBad.limit('JoinsPerSecond', '41', '42', 42)],
  ['a small cap', (facts) => (facts.service.hold_concurrency = 5), t.readyBad.limit('HoldConcurrency', '5', '6', 6)],
  ['nothing capped and nothing kept', (facts) => delete facts.service.pay_concurrency, t.readyBad.caps],
  ['a slow deployment', (facts) => (facts.service.deployment = 'Linear10PercentEvery1Minute'), t.readyDeployment('Linear10PercentEvery1Minute')],
  ['restored tables', (facts) => (facts.service.uses_restored_tables = true), t.readyRestored],
]) {
  test(`${what} is noticed`, () => assert.deepEqual(todo(change), [said].flat()));
}

test('a sale ends when it is closed, when the show starts, or with its day', () => {
  const ends = (show) => new Date(endOf(show)).toISOString();
  assert.equal(ends({ show: '2026-12-24', date: '2026-12-24' }), '2026-12-24T15:00:00.000Z');
  assert.equal(ends({ show: '2026-12-24T19:30', date: '2026-12-24' }), '2026-12-24T10:30:00.000Z');
  assert.equal(ends({ show: '2026-12-24T19:30', date: '2026-12-24', closes_at: '2026-12-20T00:00:00Z' }), '2026-12-20T00:00:00.000Z');
});

test('of a local service, only what it has is checked', () => {
  const found = todo((facts) => Object.assign(facts, { hasCdn: false, service: { is_local: true } }));
  assert.deepEqual(found, [t.readyLocal]);
});

test('the numbers are those of ready.py', () => {
  const command = read('infra/aws/ready.py');
  const page = read('functions/page/ready.mjs');
  const [, ...numbers] = command.match(/SEAT_LOOKS, HOLDS = (\d+), (\d+)/);
  assert(page.includes(`[SEAT_LOOKS, HOLDS] = [${numbers.join(', ')}]`));
  for (const [name, other = name] of [['COLD_SECONDS'], ['PAGE_REQUESTS'], ['half_within', 'HALF_WITHIN']]) {
    const [, value] = command.match(new RegExp(`${name}(?:: int)? = ([\\d.]+)`));
    assert.match(page, new RegExp(`${other} = ${value};`), name);
  }
  assert.match(command, /ASK_PART, ASK_MIN, ASK_MAX = 8, 1, 30\n/);
  assert(page.includes('[ASK_PART, ASK_MIN, ASK_MAX] = [8, 1, 30]'));
  assert.match(command, /KEY_READS, KEY_WRITES = 3_000, 1_000\n/);
  assert.match(command, /QUEUE_JOINS = 20_000\n/);
  assert(page.includes('QUEUE_JOINS = 20000;'));
  assert.match(command, /BLOCK_SEATS, BLOCK_READS = 500, 4\n/);
  assert(page.includes('[KEY_READS, KEY_WRITES, BLOCK_SEATS, BLOCK_READS] = [3000, 1000, 500, 4]'));
});

test('the load is that of ready.py', () => {
  // What ready.py says of 100,000 people, a rate of 50, 1,000 inside and a stay of 150 seconds.
  const facts = { queue: { rate: 50, max_active: 1_000, active_seconds: 300 }, document: {}, people: 100_000, hasCdn: false };
  const load = loadOf(facts);
  assert.equal(load.joins.toFixed(2), '416.67');
  assert.equal(load.pages.toFixed(0), '8750');
  assert.equal(load.flow.toFixed(3), '6.667');
  assert.equal(load.polls.toFixed(0), '3515');
  assert.deepEqual([loadOf({ ...facts, hasCdn: true }).polls, loadOf({ ...facts, hasCdn: true }).pages], [50, 0]);
  // A measured flow counts more than the settings.
  assert.equal(loadOf({ ...facts, document: { flow: 20 } }).flow, 20);
  assert.deepEqual([1, 99, 101, 12_345, 0.2].map(up), [1, 99, 110, 13_000, 1]);
});
