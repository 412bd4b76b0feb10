// Whole purchases by many people at once: sign up, join, wait, dates, seats, hold, charge, pay. At
// the end as many seats have been sold as receipts were given.
//
//     k6 run -e URL=http://127.0.0.1:3000 tests/load/purchase.js

import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';
import { call, concerts, join, signUp } from './shop.js';

export const options = {
  scenarios: {
    purchase: {
      executor: 'constant-vus',
      vus: Number(__ENV.PEOPLE || 50),
      duration: __ENV.DURATION || '1m',
      gracefulStop: '2m',
    },
  },
  setupTimeout: '5m',
  teardownTimeout: '5m',
  // Right or wrong only: how fast is a matter of the machine.
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    receipts_without_a_seat: ['count==0'],
  },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

const purchases = new Counter('purchases');
const seatsTaken = new Counter('seats_taken_by_others');
const unmatched = new Counter('receipts_without_a_seat');

/// What is on sale, and how many seats were sold before.
export function setup() {
  const shows = [];
  for (const { concert_id } of concerts()) {
    const { token } = visitor(concert_id);
    for (const { date } of dates(concert_id, token)) {
      shows.push({ concert_id, date });
    }
    leave(token);
  }
  return { shows, before: sold(shows) };
}

export default function purchase({ shows }) {
  const { concert_id, date } = shows[Math.floor(Math.random() * shows.length)];
  const { user_id, token } = visitor(concert_id);
  dates(concert_id, token);

  const held = hold(concert_id, date, token);
  if (held === undefined) {
    leave(token);
    return;
  }
  const { amount } = held.payment;
  call('charge', 'POST', `/v1/users/${user_id}/balance`, { token, body: { amount } });
  const receipt = call('pay', 'POST', `/v1/concerts/${concert_id}/reservations/${held.reservation_id}/payments`, {
    token,
    body: { reservation_id: held.reservation_id, payment_details: { amount } },
  }).answer;
  check(receipt, {
    'the receipt is for what was held': (it) =>
      it.user_id === user_id && it.amount === amount && it.current_balance === 0
      && it.date === date && it.seat_numbers[0] === held.seat_numbers[0],
  });
  purchases.add(1);
  unmatched.add(1);
}

/// Counts what was really sold: a seat for each receipt.
export function teardown({ shows, before }) {
  unmatched.add(before - sold(shows));
}

/// Somebody new whose turn has come.
function visitor(concertId) {
  const user = signUp();
  const joined = join(user.user_id, concertId);
  for (let { status } = joined; status !== 'ACTIVE'; ) {
    const poll = call('poll', 'GET', '/v1/auth/tokens', { token: joined.token });
    ({ status } = poll.answer);
    if (status !== 'ACTIVE') {
      sleep(poll.retryAfter);
    }
  }
  return { user_id: user.user_id, token: joined.token };
}

function leave(token) {
  call('leave', 'DELETE', '/v1/auth/tokens', { token });
}

function dates(concertId, token) {
  return call('list dates', 'GET', `/v1/concerts/${concertId}/dates`, { token }).answer.dates;
}

function seats(concertId, date, token) {
  return call('list seats', 'GET', `/v1/concerts/${concertId}/seats?date=${date}`, { token }).answer.seats;
}

/// Holds any free seat; somebody else may be faster, again and again. Nothing when there is none.
function hold(concertId, date, token) {
  for (;;) {
    const free = seats(concertId, date, token).filter((seat) => seat.status === 'FREE');
    if (free.length === 0) {
      return undefined;
    }
    const { seat_number } = free[Math.floor(Math.random() * free.length)];
    const { status, answer } = call('hold', 'POST', `/v1/concerts/${concertId}/reservations`, {
      token,
      body: { date, seat_number },
      expected: [200, 409],
    });
    if (status === 200) {
      return answer;
    }
    check(answer, { 'a seat that is gone says so': (it) => it.code === 'SEAT_ALREADY_RESERVED' });
    seatsTaken.add(1);
  }
}

function sold(shows) {
  const tokens = {};
  let count = 0;
  for (const { concert_id, date } of shows) {
    tokens[concert_id] = tokens[concert_id] || visitor(concert_id).token;
    count += seats(concert_id, date, tokens[concert_id]).filter((seat) => seat.status === 'SOLD').length;
  }
  Object.values(tokens).forEach(leave);
  return count;
}
