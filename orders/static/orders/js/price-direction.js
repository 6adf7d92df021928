// Which way prices are said: tokenOut per tokenIn, or inverted; kept for the next visit. Digits as BigInt.

import { amountText, grouped } from "./amounts.js";
import { h } from "./dom.js";
import { tokenLabel } from "./format.js";
import { keep, stored } from "./storage.js";

const STORE = "prices";
const [PLACES, DIGITS] = [36, 8];

const isInverted = () => stored(STORE) === "inverted";

/** 1 over a price, as plain text of its first digits; null of what is none. */
export function inverse(price) {
  const [, fraction = ""] = price.split(".");
  const digits = BigInt(price.replace(".", ""));
  if (digits <= 0n) return null;
  const text = amountText(10n ** BigInt(PLACES + fraction.length) / digits, PLACES);
  const [whole, rest = ""] = text.split(".");
  const zeros = whole === "0" ? rest.length - rest.replace(/^0+/, "").length : 0;
  const kept = rest.slice(0, whole === "0" ? zeros + DIGITS : Math.max(0, DIGITS - whole.length)).replace(/0+$/, "");
  return kept ? `${whole}.${kept}` : whole;
}

/** A price as a button that inverts it; `turned()` draws all prices anew. */
export function priceButton(price, tokenIn, tokenOut, turned) {
  const turnedPrice = isInverted() ? inverse(price) : null;
  const [one, other] = (turnedPrice === null ? [tokenIn, tokenOut] : [tokenOut, tokenIn]).map(tokenLabel);
  const text = turnedPrice ?? price;
  const invert = () => {
    keep(STORE, isInverted() ? "plain" : "inverted");
    turned();
  };
  return h(
    "button",
    { type: "button", class: "price-button", "data-key": "price", title: `1 ${one} = ${grouped(text)} ${other}; click to invert`, onclick: invert },
    h("span", { class: "amount" }, `${grouped(text, 6)} ${other}`),
    h("span", { class: "quiet" }, ` per ${one}`),
  );
}
