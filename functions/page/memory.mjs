// What the page keeps in the browser: who the buyer is, and where they stand in which line. All of
// it is in `localStorage`, because a place in the line has to survive a closed tab. A browser that
// has no storage keeps it until the page is closed.
//
// Every tab reads it again before it writes. So tabs do not undo what another one has written.

const KEY = 'onsale';

/**
 * @typedef {object} User
 * @property {string} id A guest's id is their only secret.
 * @property {string} name
 * @property {string} token The access token.
 * @property {string} [email] The address of a user that has an account.
 *
 * @typedef {object} Session A passage through one queue.
 * @property {string} concert The concert that was joined for.
 * @property {string} name The concert's name.
 * @property {string} key The `Idempotency-Key` of the join. It is kept before the join is sent.
 * @property {string} [token] The queue token. Absent until the join has been answered.
 * @property {string} [seedHash] The hash of the draw's seed, as it was published before the opening.
 * @property {number} [number] The number, once it is known.
 * @property {number} [start] The place at which this page has begun to look.
 * @property {string} [reservation] The reservation that was held last.
 * @property {string} [buys] The concert of that reservation: a queue may sell several.
 * @property {string} [show] The show that the buyer looks at.
 * @property {number[]} [seats] The seats that the buyer has chosen.
 * @property {string} [until] Until when the buyer has to do something: enter, choose or pay.
 * @property {boolean} [over] Whether the session is over, as far as this page knows.
 *
 * @typedef {object} Memory
 * @property {User} [user]
 * @property {Record<string, Session>} sessions By the queue's id.
 * @property {{ key: string, amount: number, reservation: string }} [charge] A charge that has no answer
 *   yet, and what it was for.
 * @property {string} [language]
 * @property {boolean} [quiet] Whether the sound is switched off.
 */

/** @type {Memory} */
let kept = { sessions: {} };

/** Whether the last change could not be written: there is no storage, or it is full. */
let isVolatile = false;

/** What is kept, as of the last reading. */
export function memory() {
  return kept;
}

/**
 * Whether somebody is in a line with this session, as far as this page knows.
 *
 * @param {Session | undefined} session
 */
export function isLive(session) {
  return Boolean(session?.token && !session.over);
}

/** Reads what another tab may have written. */
export function readMemory() {
  if (isVolatile) return kept;
  try {
    kept = understood(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch {
    // There is no storage, or something else has written into it. What is known here stays.
  }
  return kept;
}

/**
 * What was stored, without what this page cannot have written.
 *
 * @param {any} stored
 * @returns {Memory}
 */
function understood(stored) {
  const isText = (/** @type {unknown} */ value) => typeof value === 'string';
  const { user, sessions, charge, language, quiet } = stored ?? {};
  const known = Object.entries(sessions ?? {}).filter(([, one]) => isText(one?.concert) && isText(one.name) && isText(one.key));
  return {
    sessions: Object.fromEntries(known),
    ...(isText(user?.id) && isText(user.name) && isText(user.token) ? { user } : {}),
    ...(isText(charge?.key) ? { charge } : {}),
    ...(isText(language) ? { language } : {}),
    ...(quiet === true ? { quiet } : {}),
  };
}

/**
 * Changes what is kept, and writes it.
 *
 * @param {(kept: Memory) => void} change
 */
export function remember(change) {
  readMemory();
  change(kept);
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
    isVolatile = false;
  } catch {
    // There is no storage, or no room in it. It is known until the page is closed.
    isVolatile = true;
  }
}

/**
 * Changes one session. Nothing happens if the buyer has left it in another tab.
 *
 * @param {string} queue The queue's id.
 * @param {Partial<Session>} change
 */
export function rememberSession(queue, change) {
  remember((kept) => {
    const session = kept.sessions[queue];
    if (session) Object.assign(session, change);
  });
}

/**
 * Forgets one session.
 *
 * @param {string} queue The queue's id.
 */
export function forgetSession(queue) {
  remember((kept) => void delete kept.sessions[queue]);
}

/** Forgets the buyer and their places. The language and the sound stay as they are. */
export function forgetAll() {
  remember((kept) => {
    delete kept.user;
    delete kept.charge;
    kept.sessions = {};
  });
}

/** A key for a request that may be sent again: 32 hexadecimal digits. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
