// Lets Node find the page's modules as a browser does, where all files are in one folder.
//
//     node --import ./tests/page/harness/resolve.mjs --test …

import { register } from 'node:module';

const PAGE = new URL('../../../functions/page/', import.meta.url);
const ELSEWHERE = {
  './line.mjs': new URL('../src/docs/line.mjs', PAGE),
  './lit-html.js': new URL('vendor/lit-html.js', PAGE),
};

/**
 * The hook: finds what a module of the page imports.
 *
 * @param {string} specifier What the module imports.
 * @param {{parentURL?: string}} context The module.
 * @param {Function} next Node's own way.
 */
export function resolve(specifier, context, next) {
  const found = context.parentURL?.startsWith(PAGE.href) && ELSEWHERE[specifier];
  return found ? { url: found.href, shortCircuit: true } : next(specifier, context);
}

// The hooks are in a thread of their own, which loads this module again.
if (!new URL(import.meta.url).searchParams.has('hooks')) {
  register(`${import.meta.url}?hooks`);
}
