// Tokens that the visitor wants first, by their mints; kept for the next visit.

import { keep, storedList } from "./storage.js";

const STORE = "favourites";
const MOST = 50;

export const favourites = () => storedList(STORE);

/** Keep a token as a favourite, or no longer. */
export function keepFavourite(mint, isOne) {
  const others = favourites().filter((each) => each !== mint);
  keep(STORE, JSON.stringify((isOne ? [...others, mint] : others).slice(-MOST)));
}

/** These tokens with the favourites before all others. */
export function favouritesFirst(tokens) {
  const kept = favourites();
  return tokens.toSorted((a, b) => kept.includes(b.mint) - kept.includes(a.mint));
}
