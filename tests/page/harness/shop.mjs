// A running `cargo local`, and what operators and other buyers do in it, through the API.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';

const PROGRAM = fileURLToPath(new URL('../../../target/debug/local', import.meta.url));

/** The demo's administrator. */
export const ADMIN = { email: 'admin@onsale.local', password: 'onsale-local-only' };

/** How long a start may take before something is wrong. */
const PATIENCE_MS = 120_000;

/** An answer that was not expected. */
export class Refused extends Error {
  /**
   * @param {string} what The request.
   * @param {number} status The status of the answer.
   * @param {any} body The body of the answer.
   */
  constructor(what, status, body) {
    super(`${what}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.code = body?.code;
    this.body = body;
  }
}

/**
 * A shop of its own: one process with its own data and its own clock. One for each file of tests,
 * so that a file may move the clock.
 */
export class Shop {
  #process;
  #admin;
  #queues = 0;

  /**
   * Starts one. With `ONSALE_PAGE=functions/page` it reads the page from the disk, and needs no
   * build after a change of the page.
   *
   * @param {Record<string, string>} [parameters] Parameters of the template: `{HoldSeconds: '60'}`.
   */
  static async start(parameters = {}) {
    const shop = new Shop();
    const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    const page = process.env.ONSALE_PAGE;
    shop.#process = spawn(
      PROGRAM,
      [
        ...['--port', '0', '--demo-shows', '1'],
        ...(page ? ['--page', page] : []),
        ...(given.length ? ['--parameter-overrides', ...given] : []),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, RUST_LOG: 'warn' } },
    );
    // Nothing must be left running, whatever happens to the tests.
    process.once('exit', () => shop.#process.kill('SIGKILL'));
    shop.url = await address(shop.#process);
    return shop;
  }

  /** Ends it. */
  async stop() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGINT');
    await ended;
  }

  /**
   * Sends a request, and returns the body of the answer. Throws {@link Refused} for an error.
   *
   * @param {string} method The method.
   * @param {string} path The path.
   * @param {object} [given]
   * @param {string} [given.token] A token.
   * @param {any} [given.body] A body, to be sent as JSON.
   * @param {Record<string, string>} [given.headers] More headers.
   */
  async call(method, path, { token, body, headers = {} } = {}) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const read = text && answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    if (!answer.ok) {
      throw new Refused(`${method} ${path}`, answer.status, read);
    }
    return read;
  }

  // ---- The clock ----

  /** The time of the service, in milliseconds since 1970. */
  async now() {
    const { now } = await this.call('GET', '/_local/clock');
    return Date.parse(now);
  }

  /**
   * Moves the clock of the service, and returns its time. Everything that becomes due is done before
   * this returns.
   *
   * @param {number} seconds By how much.
   */
  async advance(seconds) {
    const { now } = await this.call('POST', '/_local/clock', { body: { advance_seconds: seconds } });
    return Date.parse(now);
  }

  /**
   * A day, such as 2026-12-24.
   *
   * @param {number} ahead How many days it is ahead.
   */
  async day(ahead) {
    return new Date((await this.now()) + ahead * 86_400_000).toISOString().slice(0, 10);
  }

  // ---- Operators ----

  /**
   * A new administrator: what they log in with, and their name.
   *
   * @param {string} name The name.
   */
  async operator(name) {
    const who = { name, email: `${crypto.randomUUID()}@onsale.local`, password: 'correct horse battery' };
    await this.call('POST', '/2015-03-31/functions/make-admin/invocations', { body: who });
    return who;
  }

  /**
   * Sends a request as the administrator. Logs in if need be: moving the clock ends tokens.
   *
   * @param {string} method The method.
   * @param {string} path The path.
   * @param {any} [body] A body, to be sent as JSON.
   */
  async asAdmin(method, path, body) {
    try {
      this.#admin ??= (await this.call('POST', '/v1/auth/login', { body: ADMIN })).token;
      return await this.call(method, path, { token: this.#admin, body });
    } catch (error) {
      if (!(error instanceof Refused && error.status === 401)) {
        throw error;
      }
      this.#admin = (await this.call('POST', '/v1/auth/login', { body: ADMIN })).token;
      return this.call(method, path, { token: this.#admin, body });
    }
  }

  /**
   * Puts a concert on sale, in a queue of its own, so that tests do not meet.
   *
   * @param {object} [given]
   * @param {string} [given.name] The name.
   * @param {number} [given.capacity] The seats of each show.
   * @param {number} [given.price] The price of a seat.
   * @param {number} [given.shows] How many shows, a day each.
   * @param {object} [given.show] More fields of each show.
   * @param {object} [given.fields] More fields of the concert.
   * @param {object} [given.queue] Settings of the queue; without it everybody is let in soon.
   * @returns {Promise<{id: string, queue: string, dates: string[], price: number}>}
   */
  async concert({
    name = '봄 콘서트',
    capacity = 50,
    price = 55_000,
    shows = 1,
    show = {},
    fields = {},
    queue = {},
  } = {}) {
    const id = `page-${(this.#queues += 1)}`;
    await this.queue(id, { max_active: 100, rate: 100, tick_seconds: 1, ...queue });
    const dates = await Promise.all(Array.from({ length: shows }, (_, index) => this.day(60 + index)));
    const concert = await this.asAdmin('POST', '/v1/concerts', {
      name,
      queue_id: id,
      shows: dates.map((date) => ({ date, price, capacity, ...show })),
      ...fields,
    });
    return { id: concert.concert_id, queue: id, dates, price };
  }

  /**
   * Sets a queue, or makes one. What is left out gets its default.
   *
   * @param {string} id Its id.
   * @param {object} settings Its settings.
   */
  queue(id, settings) {
    return this.asAdmin('PUT', `/v1/queues/${id}`, settings);
  }

  /**
   * Changes some settings of a queue: `{state: 'PAUSED'}`.
   *
   * @param {string} id Its id.
   * @param {object} settings The settings that change.
   */
  change(id, settings) {
    return this.asAdmin('PATCH', `/v1/queues/${id}`, settings);
  }

  /**
   * Charges an account.
   *
   * @param {string} user The user's id.
   * @param {number} amount How much.
   */
  charge(user, amount) {
    return this.asAdmin('POST', `/v1/users/${user}/balance`, { amount });
  }

  // ---- Other buyers ----

  /** A new guest: their id and their access token. */
  async guest() {
    const { user_id: id, token } = await this.call('POST', '/v1/users', { body: { name: 'Mina' } });
    return { id, token };
  }

  /**
   * A guest that has joined the queue of a concert. `token` is the queue token.
   *
   * @param {{id: string}} concert The concert.
   */
  async buyer(concert) {
    const guest = await this.guest();
    const body = { user_id: guest.id, concert_id: concert.id };
    const joined = await this.call('POST', '/v1/auth/tokens', { body });
    return { user: guest.id, access: guest.token, token: joined.token };
  }

  /**
   * Several guests that have joined one after the other.
   *
   * @param {{id: string}} concert The concert.
   * @param {number} count How many.
   */
  async crowd(concert, count) {
    const buyers = [];
    while (buyers.length < count) {
      buyers.push(await this.buyer(concert));
    }
    return buyers;
  }

  /**
   * Where a session is: its status, its place, its times.
   *
   * @param {string} token Its queue token.
   */
  place(token) {
    return this.call('GET', '/v1/auth/tokens', { token });
  }

  /**
   * Moves the clock until it is a buyer's turn, and arrives. One buyer at a time: while another moves
   * the clock, a turn can pass before its buyer arrives.
   *
   * @param {{id: string}} concert The concert.
   * @param {{token: string}} buyer The buyer.
   */
  async arrive(concert, { token }) {
    for (let seconds = 0; (await this.place(token)).status !== 'ACTIVE'; seconds += 5) {
      assert(seconds < 3_600, 'the turn does not come');
      await this.advance(5);
    }
    return this.call('GET', `/v1/concerts/${concert.id}/dates`, { token });
  }

  /**
   * Holds seats of the first show.
   *
   * @param {{id: string, dates: string[]}} concert The concert.
   * @param {{token: string}} buyer A buyer whose turn it is.
   * @param {...number} seats The numbers of the seats.
   */
  hold(concert, { token }, ...seats) {
    return this.call('POST', `/v1/concerts/${concert.id}/reservations`, {
      token,
      body: { date: concert.dates[0], seat_numbers: seats },
    });
  }

  /**
   * Sells seats of the first show to a new buyer.
   *
   * @param {{id: string, dates: string[]}} concert The concert.
   * @param {...number} seats The numbers of the seats.
   */
  async sell(concert, ...seats) {
    const buyer = await this.buyer(concert);
    await this.arrive(concert, buyer);
    const held = await this.hold(concert, buyer, ...seats);
    const { amount } = held.payment;
    await this.charge(buyer.user, amount);
    const path = `/v1/concerts/${concert.id}/reservations/${held.reservation_id}/payments`;
    const body = { reservation_id: held.reservation_id, payment_details: { amount } };
    return { buyer, receipt: await this.call('POST', path, { token: buyer.token, body }) };
  }

  /**
   * Leaves the queue, with any hold.
   *
   * @param {{token: string}} buyer The buyer.
   */
  leave({ token }) {
    return this.call('DELETE', '/v1/auth/tokens', { token });
  }
}

/** The address that a starting process prints first. */
async function address(process) {
  const timer = setTimeout(() => process.kill('SIGKILL'), PATIENCE_MS);
  for await (const line of createInterface({ input: process.stdout })) {
    const found = line.match(/^Onsale is listening on (\S+)$/);
    if (found) {
      clearTimeout(timer);
      process.stdout.resume();
      return found[1];
    }
  }
  throw new Error('cargo local did not start');
}
