// Amounts: decimal text on the wire, BigInt base units for arithmetic. No floating point on the way.

const PLAIN = /^(\d+(\.\d*)?|\.\d+)$/;
// The engine stores base units in 63 bits.
const LARGEST = 2n ** 63n - 1n;

/**
 * Read what somebody typed as whole tokens.
 * Returns {raw} (BigInt base units) or {problem} (text for people; "" for an empty field).
 */
export function readAmount(text, decimals) {
  const plain = text.trim().replaceAll(/[\s_']/g, "");
  if (plain === "") return { problem: "" };
  if (plain.includes(",")) return { problem: "Use a point for decimals and no commas" };
  if (!PLAIN.test(plain)) return { problem: "Not a number" };
  const [whole, fraction = ""] = plain.split(".");
  const significant = fraction.replace(/0+$/, "");
  if (significant.length > decimals) return { problem: `At most ${decimals} decimals` };
  const raw =
    BigInt(whole || "0") * 10n ** BigInt(decimals) + BigInt(significant.padEnd(decimals, "0") || "0");
  if (raw > LARGEST) return { problem: "Too large" };
  return { raw };
}

// Whether people of this browser's locale write 1,5 for one and a half.
export const DECIMAL_COMMA =
  new Intl.NumberFormat(navigator.languages).formatToParts(1.5).find((part) => part.type === "decimal").value ===
  ",";
// "1,234" and "1.234": one thing here, another there.
const THOUSANDS = /^\d{1,3}([.,]\d{3})+$/;

/** `readAmount` of what somebody typed, with the decimal comma where the locale has it; ambiguous text is a problem. */
export function readTyped(text, decimals, decimalComma = DECIMAL_COMMA) {
  const typed = text.trim().replaceAll(/[\s_']/g, "");
  const [commas, points] = [",", "."].map((sign) => typed.split(sign).length - 1);
  if (!decimalComma || (commas === 0 && !THOUSANDS.test(typed))) return readAmount(text, decimals);
  if (commas === 1 && points === 0) return readAmount(typed.replace(",", "."), decimals);
  return { problem: "Ambiguous: a comma for decimals, and no points" };
}

/** Plain decimal text as somebody of the browser's locale would type it. */
export const asTyped = (plain, decimalComma = DECIMAL_COMMA) => (decimalComma ? plain.replace(".", ",") : plain);

/** Base units as whole tokens: plain decimal text without trailing zeros. */
export function amountText(raw, decimals) {
  const negative = raw < 0n;
  const digits = (negative ? -raw : raw).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return (negative ? "-" : "") + (fraction ? `${whole}.${fraction}` : whole);
}

/** The decimal text with thousands separated by thin spaces and at most `places` decimals (cut, not rounded). */
export function grouped(text, places = 20) {
  if (text === null || text === undefined) return "–";
  const [whole, fraction = ""] = String(text).split(".");
  const cut = cutFraction(whole, fraction, places);
  const spaced = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  return cut ? `${spaced}.${cut}` : spaced;
}

// A number below one keeps six significant digits, however far behind the point they are.
function cutFraction(whole, fraction, places) {
  const zeros = fraction.length - fraction.replace(/^0+/, "").length;
  const kept = /^-?0*$/.test(whole) ? Math.max(places, zeros + 6) : places;
  return fraction.slice(0, kept).replace(/0+$/, "");
}

/** How far `other` is from `base` in tenths of a basis point, rounded; BigInt base units, null without a base. */
export function tenthsOfBps(base, other) {
  if (base <= 0n) return null;
  const difference = (other - base) * 100_000n;
  return (2n * difference + (difference < 0n ? -base : base)) / (2n * base);
}

/** Tenths of a basis point as signed text: 157 → "+15.7". */
export function bpsText(tenths) {
  const sign = tenths > 0n ? "+" : tenths < 0n ? "−" : "±";
  const size = tenths < 0n ? -tenths : tenths;
  return `${sign}${size / 10n}.${size % 10n}`;
}

/** Basis points (an integer) as percent text: 50 → "0.5 %". */
export function percentText(bps) {
  return `${amountText(BigInt(bps), 2)} %`;
}

/** Percent as typed to basis points: {bps} or {problem}. */
export function readPercent(text, maxBps) {
  const read = readTyped(text.replace("%", ""), 2);
  if (read.problem !== undefined) return { problem: read.problem || "Enter a percentage" };
  if (read.raw > BigInt(maxBps)) return { problem: `At most ${percentText(maxBps)}` };
  return { bps: Number(read.raw) };
}

/** How far `executed` fell short of `quoted` (BigInt base units) in basis points, rounded up as the engine does. */
export function slippageBps(quoted, executed) {
  const missing = (quoted - executed) * 10_000n;
  return Number(missing > 0n ? (missing + quoted - 1n) / quoted : missing / quoted);
}

/** The least of `raw` base units that a slippage allows, rounded up as the engine does. */
export function leastOf(raw, slippageBps) {
  return (raw * BigInt(10_000 - slippageBps) + 9_999n) / 10_000n;
}

/** The most of `raw` base units that a slippage allows, rounded down as the engine does. */
export function mostOf(raw, slippageBps) {
  return (raw * BigInt(10_000 + slippageBps)) / 10_000n;
}
