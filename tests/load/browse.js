// Looking around, as people do before and after they buy: the list of concerts, a new user, the
// balance, the status of a reservation. 50 people, for two minutes.
//
//     k6 run -e URL=http://127.0.0.1:3000 tests/load/browse.js

import { check, sleep } from 'k6';
import { call, concerts, join, signUp } from './shop.js';

const PEOPLE = Number(__ENV.PEOPLE || 50);

export const options = {
  scenarios: {
    browse: { executor: 'constant-vus', vus: PEOPLE, duration: __ENV.DURATION || '2m', gracefulStop: '30s' },
  },
  setupTimeout: '5m',
  // Right or wrong only: how fast is a matter of the machine.
  thresholds: { checks: ['rate==1'], http_req_failed: ['rate==0'] },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

/// Everybody holds a seat, whose status they will ask for.
export function setup() {
  const found = concerts();
  return Array.from({ length: PEOPLE }, (_, n) => holder(found, n));
}

function holder(found, n) {
  const concert = found[n % found.length];
  const user = signUp();
  const { token } = join(user.user_id, concert.concert_id);
  const dates = call('list dates', 'GET', `/v1/concerts/${concert.concert_id}/dates`, { token }).answer.dates;
  const { date } = dates[Math.floor(n / found.length) % dates.length];
  const { seats } = call('list seats', 'GET', `/v1/concerts/${concert.concert_id}/seats?date=${date}`, { token }).answer;
  const { seat_number } = seats.find((seat) => seat.status === 'FREE');
  const held = call('hold', 'POST', `/v1/concerts/${concert.concert_id}/reservations`, {
    token,
    body: { date, seat_number },
  }).answer;
  return { token, reservation: `/v1/concerts/${concert.concert_id}/reservations/${held.reservation_id}` };
}

/// Two seconds on average, for people do not move in step.
function think() {
  sleep(1 + 2 * Math.random());
}

export default function browse(holders) {
  const me = holders[(__VU - 1) % holders.length];

  think();
  concerts();
  think();

  const user = signUp();
  think();

  const balance = call('get balance', 'GET', `/v1/users/${user.user_id}/balance`, { token: user.token }).answer;
  check(balance, { 'a new user has nothing': (it) => it.user_id === user.user_id && it.current_balance === 0 });
  think();

  const reservation = call('get reservation', 'GET', me.reservation, { token: me.token }).answer;
  check(reservation, { 'the reservation is told': (it) => ['HELD', 'EXPIRED'].includes(it.status) });
}
