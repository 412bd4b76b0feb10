// A firewall in front wants to check the browser before it lets a call through. It does that when the
// page is loaded. This is needed so rarely that it is loaded only then.

import { app, update } from './app.mjs';
import { html } from './lit-html.js';
import { button } from './parts.mjs';
import { more, speakMore, t } from './texts.mjs';

/**
 * Says so, with a button that loads the page again. It does not load itself: a browser that the firewall
 * does not let pass, because it keeps no cookies, would be loaded for ever.
 */
export async function tell() {
  await speakMore(more);
  update({ problem: undefined, notice: html`${t.challenged} ${button(t.reload, loadAgain)}`, urgent: t.challenged });
}

/**
 * Loads the page again. What was typed is kept in the history, but no password. The list of concerts is
 * not checked, so from there it goes to the concert whose line the buyer is in.
 */
function loadAgain() {
  /** @type {Record<string, string>} */
  const typed = {};
  for (const { name, type, value } of document.querySelectorAll('input')) if (type !== 'password' && value) typed[name] = value;
  history.replaceState(typed, '', app.route.name === 'list' ? `/c/${app.concert?.concert_id}` : undefined);
  location.reload();
}
