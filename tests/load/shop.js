// What the load scenarios have in common: a client of the API that checks every answer.

import http from 'k6/http';
import { check, fail } from 'k6';

export const URL = (__ENV.URL || 'http://127.0.0.1:3000').replace(/\/$/, '');

const JSON_BODY = { 'Content-Type': 'application/json' };

/// Calls the API, checks the status, and returns the body. `expected` is one status or several.
/// `name` is what the summary calls the request, whatever ids are in its path.
export function call(name, method, path, { token, body, expected = 200 } = {}) {
  const statuses = [].concat(expected);
  const headers = Object.assign({}, body ? JSON_BODY : {}, token ? { Authorization: `Bearer ${token}` } : {});
  const response = http.request(method, URL + path, body ? JSON.stringify(body) : null, {
    headers,
    tags: { name },
    responseCallback: http.expectedStatuses(...statuses),
  });
  const answer = parsed(response);
  const good = check(response, {
    [`${name}: answers as it should`]: () => statuses.includes(response.status) && answer !== undefined,
  });
  if (!good) {
    fail(`${name}: ${response.status} ${response.error} ${response.body}`);
  }
  return { status: response.status, answer, retryAfter: Number(response.headers['Retry-After'] || 1) };
}

function parsed(response) {
  try {
    return response.json();
  } catch {
    return undefined;
  }
}

/// A new guest: `{user_id, token}`.
export function signUp() {
  return call('sign up', 'POST', '/v1/users', { body: { name: '부하 테스트' }, expected: 201 }).answer;
}

/// A place in the queue of a concert: `{token, status, …}`.
export function join(userId, concertId) {
  return call('join', 'POST', '/v1/auth/tokens', { body: { user_id: userId, concert_id: concertId } }).answer;
}

/// The concerts on sale.
export function concerts() {
  const { concerts: found } = call('list concerts', 'GET', '/v1/concerts?limit=100').answer;
  return found.length > 0 ? found : fail('nothing is on sale');
}
