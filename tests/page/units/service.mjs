// A server that answers as it is told, and a page that speaks to it by the browser's own means.

import { createServer } from 'node:http';

/**
 * Starts a server on a free port, and makes the paths of `fetch` belong to it. It ends with the test.
 *
 * @param {import('node:test').TestContext} t
 * @param {(request: { method: string, path: string, headers: Record<string, string>, body: string }, response: import('node:http').ServerResponse) => void} answer
 */
export async function startService(t, answer) {
  const service = {
    /** What has arrived, in order. */
    requests: [],
    /** How many requests were sent. */
    sent: 0,
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const part of incoming) body += part;
    const request = { method: incoming.method, path: incoming.url, headers: incoming.headers, body };
    service.requests.push(request);
    answer(request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const { fetch } = globalThis;
  globalThis.fetch = (path, init) => {
    service.sent += 1;
    return fetch(origin + path, init);
  };
  t.after(() => {
    globalThis.fetch = fetch;
    return service.stop();
  });
  return service;
}

/**
 * Answers with JSON.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
export function sendJson(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/**
 * Lets the page's modules wait no time. Other timers, such as those of Node's own `fetch`, stay.
 *
 * @param {import('node:test').TestContext} t
 * @returns {number[]} How long the modules wanted to wait, in milliseconds.
 */
export function skipWaits(t) {
  /** @type {number[]} */
  const waits = [];
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (done, milliseconds, ...rest) => {
    const [, , caller] = new Error().stack.split('\n');
    if (!caller.includes('/functions/page/')) return setTimeout(done, milliseconds, ...rest);
    waits.push(milliseconds);
    return queueMicrotask(done);
  };
  t.after(() => void (globalThis.setTimeout = setTimeout));
  return waits;
}
