// Prices as traders say them, and what amounts come to at them. Digits as BigInt: no floating point on the way.

import { DECIMAL_COMMA, amountText } from "./amounts.js";

const PLAIN = /^(\d+(\.\d*)?|\.\d+)$/;
const THOUSANDS = /^\d{1,3}([.,]\d{3})+$/;
const LONGEST = 40;
// Decimals of a quotient before it is cut to its first digits.
const PRECISION = 24;
const SHOWN_DIGITS = 6;
// What prices are said in, the most usual first; of two others it is what is received.
const MONEY = ["USDC", "USDT", "SOL"];

/**
 * Read a typed price: {price: {digits, places, text}} or {problem}; "" of an empty field.
 * The price is digits / 10**places, and text the same as plain decimals.
 */
export function readPrice(typed, decimalComma = DECIMAL_COMMA) {
  const text = typed.trim().replaceAll(/[\s_']/g, "");
  if (text === "") return { problem: "" };
  if (decimalComma && text.includes(".") && THOUSANDS.test(text)) return { problem: "Ambiguous: a comma for decimals, and no points" };
  if (!decimalComma && text.includes(",")) return { problem: "Use a point for decimals and no commas" };
  const plain = text.replace(",", ".");
  if (!PLAIN.test(plain)) return { problem: "Not a number" };
  if (plain.length > LONGEST) return { problem: `At most ${LONGEST} characters` };
  const [whole, fraction = ""] = plain.split(".");
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return { problem: "More than zero" };
  return { price: { digits, places: fraction.length, text: amountText(digits, fraction.length) } };
}

/** Whether a swap buys: the token received is what has a price, the one paid is the money. */
export function isBuying(tokenIn, tokenOut) {
  const [paid, received] = [tokenIn, tokenOut].map(({ symbol }) => MONEY.indexOf(symbol));
  return paid !== -1 && (received === -1 || paid < received);
}

/**
 * What `raw` base units of `tokenIn` come to at a price, in base units of `tokenOut`, as the engine reckons it.
 * `buys`: the price is tokenIn per tokenOut. `up` rounds up, for a least amount; else down.
 */
export function amountAt(raw, price, tokenIn, tokenOut, buys, up = true) {
  const [scale, one] = [10n ** BigInt(tokenOut.decimals), 10n ** BigInt(tokenIn.decimals)];
  const tens = 10n ** BigInt(price.places);
  const [above, below] = buys ? [raw * tens * scale, price.digits * one] : [raw * price.digits * scale, tens * one];
  return up ? (above + below - 1n) / below : above / below;
}

/** The price at which `rawIn` brings `rawOut`: plain text of its first digits, or null where it is none. */
export function priceText(rawIn, rawOut, tokenIn, tokenOut, buys) {
  const [paid, received] = [rawIn * 10n ** BigInt(tokenOut.decimals), rawOut * 10n ** BigInt(tokenIn.decimals)];
  const [above, below] = buys ? [paid, received] : [received, paid];
  if (above <= 0n || below <= 0n) return null;
  return firstDigits(amountText((above * 10n ** BigInt(PRECISION)) / below, PRECISION));
}

/** A price moved by basis points, as plain text of its first digits. */
export function moved(price, bps) {
  const scaled = price.digits * BigInt(10_000 + bps) * 10n ** BigInt(PRECISION);
  return firstDigits(amountText(scaled / (10_000n * 10n ** BigInt(price.places)), PRECISION));
}

/** How far a level is from a value, in basis points of the value, rounded towards zero; BigInt base units. */
export const distanceBps = (value, level) => ((level - value) * 10_000n) / value;

function firstDigits(text) {
  const [whole, fraction = ""] = text.split(".");
  if (whole !== "0") return cut(whole, fraction, Math.max(0, SHOWN_DIGITS - whole.length));
  const zeros = fraction.length - fraction.replace(/^0+/, "").length;
  return cut(whole, fraction, zeros + SHOWN_DIGITS);
}

function cut(whole, fraction, places) {
  const kept = fraction.slice(0, places).replace(/0+$/, "");
  return kept ? `${whole}.${kept}` : whole;
}
