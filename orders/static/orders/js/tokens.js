// The engine's tokens and what the wallet holds of each; and tokens that are not on its list, by their mints.

import { readAmount } from "./amounts.js";
import { get } from "./api.js";

export class Tokens {
  #listed = [];
  #others = new Map();
  #listeners = [];
  network = null;
  wallet = null;
  halted = null;
  /** What the whole balance of each mint is worth in USDC, once the portfolio was read; null where it is not known. */
  values = new Map();

  /** `listener()` is called whenever tokens or balances were read anew. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** The portfolio was read: values by mint. */
  valued(values) {
    this.values = values;
  }

  /** Those that orders may name by symbol. */
  get all() {
    return this.#listed;
  }

  /** These, and those whose reports were read. */
  get known() {
    return [...this.#listed, ...this.#others.values()];
  }

  get isLoaded() {
    return this.#listed.length > 0;
  }

  /** By symbol or mint address; null when it is not known. A symbol never means a token beside the list. */
  find(name) {
    return (
      this.#listed.find((token) => token.symbol === name || token.mint === name) ??
      this.#others.get(name) ??
      null
    );
  }

  decimals(name) {
    return this.find(name)?.decimals ?? null;
  }

  /** Read tokens and balances. Throws ApiError. */
  async refresh() {
    const answer = await get("/api/tokens");
    this.#listed = answer.tokens.map((token) => ({
      ...token,
      ref: token.symbol,
      warnings: [],
      free: token.spendableRaw === null ? null : BigInt(token.spendableRaw),
      most: token.maxAmountIn === null ? null : readAmount(token.maxAmountIn, token.decimals).raw,
    }));
    this.network = answer.network;
    this.wallet = answer.wallet;
    this.halted = answer.trading === "off" ? answer.tradingReason || "no reason given" : null;
    for (const listener of this.#listeners) listener();
  }

  /** Read the report of a mint, listed or not, and know the token from then on. Throws ApiError. */
  async look(mint) {
    const report = await get(`/api/tokens/${mint}`);
    const token = {
      ...report,
      ref: mint,
      symbol: report.symbol || `${mint.slice(0, 4)}…`,
      balance: null,
      committed: "0",
      keptBack: "0",
      free: null,
      most: null,
    };
    if (!report.verified) this.#others.set(mint, token);
    return report.verified ? (this.find(mint) ?? token) : token;
  }
}

/** What an order may sell in base units, less what others have committed and what is kept back; null while unknown. */
export const spendable = (token) => token.free;

/** Tokens whose symbol, name or mint fits what was typed, best fit first. */
export function searchTokens(tokens, typed) {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return tokens;
  const rank = (token) => {
    if (token.mint === typed.trim()) return 0;
    const symbol = token.symbol.toLowerCase();
    if (symbol === wanted) return 1;
    if (symbol.startsWith(wanted)) return 2;
    if (symbol.includes(wanted) || token.name.toLowerCase().includes(wanted)) return 3;
    return wanted.length >= 4 && token.mint.toLowerCase().startsWith(wanted) ? 4 : 9;
  };
  return tokens
    .map((token) => [rank(token), token])
    .filter(([found]) => found < 9)
    .sort(([a], [b]) => a - b)
    .map(([, token]) => token);
}
