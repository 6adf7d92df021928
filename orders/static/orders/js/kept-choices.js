// What the visitor chose last time, and what the address asks for: `/?in=SOL&out=USDC&amount=5`, or `receive=500`.

import { keep, stored } from "./storage.js";

const STORE = "swap";
const NAMES = ["in", "out", "amount", "receive", "slippage"];

/** {in, out, amount, receive, slippage}, each a text or absent: the address goes before what was kept. */
export function firstChoices() {
  const asked = new URLSearchParams(location.search);
  // An amount belongs to its pair: the one of last time says nothing about the pair of an address.
  const kept = ["in", "out", "amount", "receive"].some((name) => asked.has(name)) ? { slippage: lastTime().slippage } : lastTime();
  const found = NAMES.map((name) => [name, asked.get(name) ?? kept[name]]);
  return Object.fromEntries(found.filter(([, value]) => typeof value === "string" && value.length <= 64));
}

/** Keep {in, out, amount, receive, slippage} for the next visit. */
export function keepChoices(choices) {
  keep(STORE, JSON.stringify(choices));
}

function lastTime() {
  try {
    return JSON.parse(stored(STORE)) ?? {};
  } catch {
    return {};
  }
}
