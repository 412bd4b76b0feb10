// What the screens of the page for operators share: who is logged in, where they are, and how they
// ask the service.
//
// The token of an administrator is in `sessionStorage`. So it lives in one tab, and ends with it. The
// address has no secrets: where a user is shown, their id is not in it, because a guest's id is all that
// a guest needs to log in.

import { Problem, call } from './api.mjs';
import { update } from './app.mjs';

const KEY = 'onsale-operator';

/**
 * @typedef {object} Admin Who is logged in.
 * @property {string} id
 * @property {string} name
 * @property {string} token The access token.
 *
 * @typedef {object} Desk
 * @property {string[]} route The parts of the address after `#/`, such as `queues` and `main`.
 * @property {string} [person] The id of the user whom the screen of people shows next.
 * @property {Admin} [admin]
 * @property {boolean} [ended] Whether the log-in has ended by itself.
 * @property {string} [told] What the next screen says about what has just happened.
 */

/** @type {Desk} */
export const desk = { route: [], admin: readAdmin() };

function readAdmin() {
  try {
    const { id, name, token } = JSON.parse(sessionStorage.getItem(KEY) ?? '{}');
    if (typeof id === 'string' && typeof name === 'string' && typeof token === 'string') return { id, name, token };
  } catch {
    // There is no storage, or something else has written into it: log in again.
  }
  return undefined;
}

/** @param {Admin | undefined} admin Who is logged in from now on. */
export function useAdmin(admin) {
  desk.admin = admin;
  try {
    if (admin) sessionStorage.setItem(KEY, JSON.stringify(admin));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without a storage, a reload asks for the password again.
  }
  update({});
}

/**
 * Makes a call in the administrator's name. If the token has ended, the page asks for the password,
 * and then shows the same screen again.
 *
 * @template [T=any]
 * @param {string} method
 * @param {string} path
 * @param {import('./api.mjs').Wish} [wish]
 * @returns {Promise<T>}
 * @throws {Problem}
 */
export function ask(method, path, wish = {}) {
  return asAdmin((token) => call(method, path, { ...wish, token }));
}

/**
 * Does something in the administrator's name, as {@link ask} does.
 *
 * @template T
 * @param {(token: string | undefined) => Promise<T>} send
 */
export async function asAdmin(send) {
  const { admin } = desk;
  try {
    return await send(admin?.token);
  } catch (error) {
    if (error instanceof Problem && error.code === 'INVALID_TOKEN' && admin === desk.admin) {
      desk.ended = true;
      useAdmin(undefined);
    }
    throw error;
  }
}

/**
 * Goes to a screen.
 *
 * @param {...string} route
 */
export function go(...route) {
  location.hash = hashOf(...route);
}

/**
 * The address of a screen.
 *
 * @param {...string} route
 */
export function hashOf(...route) {
  return `#/${route.map(encodeURIComponent).join('/')}`;
}
