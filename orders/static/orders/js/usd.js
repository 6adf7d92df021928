// Values in USD: what the engine's own routes would pay in USDC, shown as such. Digits as text: no floating point.

import { grouped } from "./amounts.js";
import { h } from "./dom.js";

const WHY = {
  CHAIN_UNAVAILABLE: "the node gives no answer",
  NO_ROUTE: "no route to USDC",
  NO_PRICE_KEPT: "no price of its time was kept",
  FEES_UNKNOWN: "what it cost is not known",
  FEES_NOT_VALUED: "its fees have no price of their time",
  IS_USDC: "costs are counted in it",
};

/** Why there is no figure, in words. */
export const whyMissing = (code) => WHY[code] ?? (code ?? "").toLowerCase().replaceAll("_", " ");

/** "1 234.56 USD", whole when pointed at; where there is none a dash that says why. */
export function usd(text, missing = null) {
  if (text === null) return h("span", { class: "amount quiet", title: whyMissing(missing) }, "–", missing ? h("span", { class: "unseen" }, whyMissing(missing)) : null);
  return h("span", { class: "amount", title: `${grouped(text)} USDC` }, shown(text));
}

/** The same with its sign and a colour: a profit or a loss. */
export function profit(text, missing = null) {
  if (text === null) return usd(null, missing);
  const size = text.replace("-", "");
  const isNothing = /^[0.]+$/.test(size);
  const sign = isNothing ? "" : text.startsWith("-") ? "−" : "+";
  const tone = isNothing ? "" : sign === "+" ? "better" : "worse";
  return h("span", { class: `amount ${tone}`, title: `${grouped(text)} USDC` }, `${sign}${shown(size)}`);
}

// Decimal text with two decimals, cut; less than a cent in full.
function cents(text) {
  const [whole, fraction = ""] = text.split(".");
  if (/^0$/.test(whole) && /^00*[1-9]/.test(fraction) && fraction.startsWith("00")) return text;
  return `${whole}.${fraction.slice(0, 2).padEnd(2, "0")}`;
}

/** Decimal text with two decimals, cut and grouped: less than a cent in full, a million and more whole. */
export function shown(text) {
  const [whole, fraction] = cents(text).split(".");
  return whole.length > 6 ? grouped(whole) : `${grouped(whole)}.${fraction}`;
}
