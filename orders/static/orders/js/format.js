// Words and numbers as people read them.

const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const SHORT_CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

export const NETWORKS = ["localnet", "devnet", "mainnet-beta", "paper"];

const BRANDS = { raydium: "Raydium", meteora: "Meteora", orca: "Orca" };
// Parts of venue names that are not words.
const SPELLED = { cpmm: "CPMM", clmm: "CLMM", amm: "AMM", damm: "DAMM", dlmm: "DLMM" };

/** What a person can do about each reason; the reason itself comes from the engine. */
const ADVICE = {
  INSUFFICIENT_FUNDS: "Fund the wallet or lower the amount.",
  NO_ROUTE: "Choose another pair.",
  PRICE_IMPACT_TOO_HIGH: "Split the order into smaller ones.",
  AMOUNT_TOO_SMALL: "Raise the amount.",
  INSUFFICIENT_LIQUIDITY: "Lower the amount.",
  SLIPPAGE_EXCEEDED: "The market moved. Retry, or allow more slippage.",
  POOL_DISABLED: "Retry later, or choose another pair.",
  ROUTING_FAILED: "Retry: nothing was sent.",
  CHAIN_UNAVAILABLE: "The node may be busy. Retry in a moment.",
  ACCOUNT_FROZEN: "The token's issuer has frozen an account. Try another token.",
  TOKEN_REFUSED: "Its issuer has made it unsafe. Try another token.",
  TRANSFER_REFUSED: "The token does not move now. Retry later, or try another token.",
  PROGRAM_REFUSED: "Nothing was swapped. Retry later.",
  COMPUTE_EXCEEDED: "Nothing was swapped. Retry.",
  TRANSACTION_FAILED: "Nothing was swapped. Retry, or look at the transaction.",
  TRANSACTION_EXPIRED: "Nothing was swapped. Retrying is safe.",
  FORK_DROPPED: "Nothing was swapped. Retrying is safe.",
  POLICY_VIOLATION: "Ask whoever runs this engine.",
  WALLET_UNAVAILABLE: "Ask whoever runs this engine.",
  TOO_MANY_STARTS: "Ask whoever runs this engine, then retry.",
  CAP_REACHED: "Try again tomorrow, or ask whoever runs this engine.",
  PRICE_OUT_OF_LINE: "Retry later: other pools pay much more.",
  ORDER_TOO_LARGE: "Lower the amount.",
  TRADING_HALTED: "Nothing was ordered. Retry when trading is on.",
  DATABASE_UNAVAILABLE: "Retry in a moment.",
  OUT_OF_RESOURCES: "Retry in a moment.",
  NOT_SENT: "Retry if you still mean it.",
  TOO_MANY_REQUESTS: "Wait a moment, then retry.",
};

export const adviceFor = (code) => ADVICE[code] ?? "";
export const brand = (dex) => (dex ? (BRANDS[dex] ?? dex[0].toUpperCase() + dex.slice(1)) : "–");
/** "raydium-amm-v4" as people write it: "Raydium AMM v4". */
export function venueName(venue) {
  const [dex, ...rest] = (venue ?? "").split("-");
  const words = rest.map((part) => SPELLED[part] ?? (/^v\d/.test(part) ? part : capitalised(part)));
  return [brand(dex), ...words].join(" ");
}
export const clock = (iso) => CLOCK.format(new Date(iso));
export const capitalised = (word) => (word ? word[0].toUpperCase() + word.slice(1) : "");

/** An order's type as people write it: "stop_limit" → "stop limit". */
export const typeName = (type) => (type === "dca" ? "DCA" : type.replaceAll("_", " "));

/** "7JuwJu…Ezdny": the beginning and end of an address or signature. */
export function short(text, head = 4, tail = 4) {
  return text.length > head + tail + 1 ? `${text.slice(0, head)}…${tail ? text.slice(-tail) : ""}` : text;
}

/** A token as an order names it: its symbol, or the beginning of a mint that is not on the list. */
export const tokenLabel = (ref) => (ref.length > 16 ? short(ref, 4, 0) : ref);

/** Today by the clock, other days with the date. */
export function moment(iso) {
  const date = new Date(iso);
  const time = SHORT_CLOCK.format(date);
  return date.toDateString() === new Date().toDateString() ? time : `${DAY.format(date)}, ${time}`;
}

/** A length of time: 43 → "43 ms", 1520 → "1.52 s", 75000 → "1 min 15 s". */
export function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export const millisecondsBetween = (from, to) => Date.parse(to) - Date.parse(from);
