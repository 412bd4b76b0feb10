// What several tests read: files of the repository, and random numbers that are always the same.

import { readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);

/** The text of a file. */
export function read(path) {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

/** The names of the variants of an enum in Rust, as the API writes them: `NoShow` is `NO_SHOW`. */
export function variantsOf(path, name) {
  const [, body] = read(path).match(new RegExp(`enum ${name} \\{\\n(.*?)\\n\\}`, 's'));
  const variants = [...body.matchAll(/^    ([A-Z]\w*)/gm)].map(([, variant]) => variant);
  return variants.map((variant) => variant.replace(/(?<=.)[A-Z]/g, '_$&').toUpperCase());
}

/** Random numbers from 0 to 1. The same seed gives the same ones (mulberry32). */
export function randomBy(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
