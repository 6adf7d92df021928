// The swap form: what the visitor wants, whether it can be done now, and if not, why.

import { amountText, asTyped, grouped, leastOf, mostOf, percentText, readAmount, readTyped } from "./amounts.js";
import { ApiError } from "./api.js";
import { amount, byId, h, icon, setText } from "./dom.js";
import { firstChoices, keepChoices } from "./kept-choices.js";
import { costLevel } from "./quote-cards.js";
import { Sides } from "./sides.js";
import { SlippageChoice } from "./slippage-choice.js";
import { spendable } from "./tokens.js";
import { disc } from "./token-sign.js";
import { warningText } from "./token-warnings.js";

// What quotes and chart show while no amount is typed.
const REFERENCE_AMOUNT = "1";

export class SwapForm {
  /** `limits` of the page's settings; `changed()` after every change of the wish. */
  constructor(tokens, picker, limits, { changed, execute }) {
    this.tokens = tokens;
    this.picker = picker;
    this.limits = limits;
    // The part that says what an order waits for; it comes later, as nothing waits for it.
    this.terms = null;
    this.wantedPercent = null;
    // What both amounts are worth in USD: it comes later too.
    this.worth = null;
    this.tokenIn = "SOL";
    this.tokenOut = "USDC";
    this.sides = new Sides(() => this.changed());
    this.slippage = new SlippageChoice(limits, () => this.changed());
    this.#begin(firstChoices());
    this.changed = () => {
      this.sides.allowExactOut(this.terms?.isPlain ?? true);
      const [exact, other] = this.sides.isExactOut ? ["receive", "amount"] : ["amount", "receive"];
      keepChoices({ in: this.tokenIn, out: this.tokenOut, [exact]: this.sides.typed, [other]: "", slippage: this.slippage.kept });
      changed();
    };
    byId("swap-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (byId("execute").getAttribute("aria-disabled") !== "true") execute();
    });
    // The second click of a double click is no second order.
    byId("execute").addEventListener("click", (event) => {
      if (event.detail > 1) event.preventDefault();
    });
    for (const button of document.querySelectorAll("[data-percent]")) button.addEventListener("click", () => this.fill(Number(button.dataset.percent)));
    byId("flip").addEventListener("click", () => this.flip());
    byId("pick-in").addEventListener("click", () => this.#pick("tokenIn", "Token to pay with"));
    byId("pick-out").addEventListener("click", () => this.#pick("tokenOut", "Token to receive"));
  }

  /** The amount typed, of the token that is exact: {raw} or {problem}. */
  get read() {
    const token = this.tokens.find(this.sides.isExactOut ? this.tokenOut : this.tokenIn);
    return token ? readTyped(this.sides.typed, token.decimals) : { problem: "" };
  }

  get hasAmount() {
    return this.read.raw > 0n;
  }

  /** What to ask quotes for, or null. */
  query() {
    const [tokenIn, tokenOut] = [this.tokens.find(this.tokenIn), this.tokens.find(this.tokenOut)];
    if (!tokenIn || !tokenOut || tokenIn === tokenOut) return null;
    const isExactOut = this.hasAmount && this.sides.isExactOut;
    const { decimals } = isExactOut ? tokenOut : tokenIn;
    const slippageBps = this.slippage.isAuto ? undefined : this.slippage.bps();
    return {
      tokenIn: tokenIn.ref,
      tokenOut: tokenOut.ref,
      amount: this.hasAmount ? amountText(this.read.raw, decimals) : REFERENCE_AMOUNT,
      slippageBps: slippageBps ?? this.limits.defaultSlippageBps,
      ...(isExactOut ? { swapMode: "exactOut" } : {}),
    };
  }

  /** The least that `best` may come to by the slippage allowed, in whole tokens. */
  least(best) {
    if (!this.slippage.isAuto) return best.minAmountOut;
    const raw = leastOf(BigInt(best.amountOutRaw), this.slippage.bps(best.priceImpactBps));
    return amountText(raw, this.tokens.decimals(this.tokenOut));
  }

  /** The most that `best` may take by the slippage allowed, for an exact output, in whole tokens. */
  most(best) {
    const bps = this.slippage.isAuto ? this.slippage.bps(best.priceImpactBps) : null;
    return bps === null ? best.maxAmountIn : amountText(mostOf(BigInt(best.amountInRaw), bps), this.tokens.decimals(this.tokenIn));
  }

  /** What an order of now asks for: at least what the page shows of `best`, or what its terms say. */
  intent(best) {
    const { tokenIn, tokenOut, amount: amountIn, slippageBps, swapMode } = this.query();
    const allowed = this.slippage.isAuto ? "auto" : slippageBps;
    if (swapMode) return { tokenIn, tokenOut, amountOut: amountIn, maxAmountIn: this.most(best), slippageBps: allowed };
    const swap = { tokenIn, tokenOut, amountIn };
    if (this.waits) return { ...swap, ...this.terms.terms() };
    const now = { ...swap, slippageBps: allowed, minAmountOut: this.least(best) };
    return this.terms?.isPlain === false ? { ...now, ...this.terms.terms() } : now;
  }

  /** Whether the order waits for a price; neither quote nor balance of now decides about it. */
  get waits() {
    return this.terms?.waits ?? false;
  }

  /** While an order is on its way to the engine no other one can be sent. */
  set isBusy(busy) {
    this.busy = busy;
    byId("execute").setAttribute("aria-busy", String(busy));
  }

  /** Use another pair. */
  choose(tokenIn, tokenOut) {
    this.tokenIn = tokenIn;
    this.tokenOut = tokenOut;
    this.changed();
  }

  /** Pay a part of what can be spent, in percent. */
  fill(percent) {
    const token = this.tokens.find(this.tokenIn);
    const available = token ? spendable(token) : null;
    // Pressed before the balance is known, it is filled in once it is.
    this.wantedPercent = available === null ? percent : null;
    if (available === null) return;
    this.sides.payExactly(asTyped(amountText((available * BigInt(percent)) / 100n, token.decimals)));
    this.changed();
  }

  /** Know the tokens that the address or the last visit named; for one that is none another one is taken. */
  async learn() {
    for (const side of ["tokenIn", "tokenOut"]) {
      const named = this[side];
      const listed = this.tokens.all.find(({ symbol }) => symbol.toLowerCase() === named.toLowerCase());
      if (listed) this[side] = listed.ref;
      else if (!(await this.#isKnown(named))) this[side] = side === "tokenIn" ? "SOL" : "USDC";
    }
    if (this.wantedPercent) this.fill(this.wantedPercent);
    else if (this.tokens.isLoaded) this.changed();
  }

  async #isKnown(mint) {
    try {
      return this.tokens.find(mint) ?? (await this.tokens.look(mint));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return false;
    }
  }

  /** Let the two tokens change places; what would be received is then paid. */
  flip() {
    const { received } = this;
    if (this.hasAmount && received) this.sides.payExactly(asTyped(received));
    this.choose(this.tokenOut, this.tokenIn);
  }

  /** Draw everything that depends on tokens, quotes and the connection. */
  show(feed, connection) {
    const [tokenIn, tokenOut] = [this.tokens.find(this.tokenIn), this.tokens.find(this.tokenOut)];
    showToken("pick-in", tokenIn, "Token to pay with");
    showToken("pick-out", tokenOut, "Token to receive");
    showBalance("balance-in", tokenIn);
    showBalance("balance-out", tokenOut);
    const { problem } = this.read;
    const best = this.hasAmount ? (feed.board?.best ?? null) : null;
    setText(byId("amount-hint"), problem || reserveText(tokenIn, this.#paid(best)));
    byId("amount-hint").classList.toggle("bad", Boolean(problem));
    this.received = best?.amountOut ?? null;
    this.sides.label(this.waits);
    this.sides.show(best, problem, this.sides.isExactOut ? this.tokenIn : this.tokenOut);
    this.worth?.show(best, this.waits ? null : feed.query);
    this.terms?.show(feed);
    this.#showSlippage(best);
    setText(byId("token-warning"), warningText(tokenOut));
    byId("cost-hint").replaceChildren(...costText(this.waits ? null : best));
    this.#showButton(this.#obstacle(feed, connection), feed);
  }

  #begin({ in: tokenIn, out: tokenOut, amount: typed, receive, slippage }) {
    if (tokenIn) this.tokenIn = tokenIn;
    if (tokenOut) this.tokenOut = tokenOut;
    if (typed) this.sides.payExactly(typed);
    else if (receive) this.sides.receiveExactly(receive);
    if (slippage) this.slippage.kept = slippage;
  }

  // What is paid at most, in base units; undefined while that is not known.
  #paid(best) {
    if (!this.sides.isExactOut) return this.read.raw;
    const decimals = this.tokens.decimals(this.tokenIn);
    return best && decimals !== null ? readAmount(this.most(best), decimals).raw : undefined;
  }

  // Why the order cannot go out now, most basic reason first; null when it can.
  #obstacle(feed, connection) {
    const tokenIn = this.tokens.find(this.tokenIn);
    if (connection === "unauthenticated") return "Sign in first";
    if (connection !== "open") return connection === "connecting" ? "Connecting…" : "Offline: reconnecting…";
    if (this.busy) return "Sending…";
    if (!this.tokens.isLoaded) return "Loading…";
    if (this.tokenIn === this.tokenOut) return "Same token on both sides";
    const { raw, problem } = this.read;
    if (problem || !raw) return problem || "Enter an amount";
    const [available, paid] = [spendable(tokenIn), this.#paid(feed.board?.best ?? null)];
    if (!this.waits && available !== null && paid > available) return `Insufficient ${tokenIn.symbol} balance`;
    if (tokenIn.most !== null && paid > tokenIn.most) return `At most ${grouped(tokenIn.maxAmountIn)} ${tokenIn.symbol} an order`;
    if (this.tokens.halted !== null) return "Trading is off";
    if (this.slippage.problem) return `Slippage: ${this.slippage.problem.toLowerCase()}`;
    const missing = this.terms?.obstacle() ?? null;
    return this.waits ? missing : (this.#quoteObstacle(feed) ?? missing);
  }

  #quoteObstacle(feed) {
    if (feed.isWaiting) return "Getting quotes…";
    if (feed.error?.code === "NO_ROUTE") return "No route";
    if (feed.error?.code === "TOKEN_REFUSED") return "This token is refused";
    if (feed.board === null) return feed.error ? "No quote now" : "Getting quotes…";
    const { priceImpactBps } = feed.board.best;
    return priceImpactBps > this.limits.maxPriceImpactBps
      ? `Price impact ${percentText(priceImpactBps)} is too high`
      : null;
  }

  #showButton(obstacle, feed) {
    const button = byId("execute");
    button.setAttribute("aria-disabled", String(obstacle !== null));
    const [paid, received] = [this.tokenIn, this.tokenOut].map((ref) => this.tokens.find(ref)?.symbol ?? ref);
    const does = this.waits ? "Place" : "Execute";
    setText(button, obstacle ?? `${does}: ${this.#inWords(feed, paid, received)}`);
  }

  #inWords({ query, board }, paid, received) {
    const exact = grouped(query.amount);
    return query.swapMode ? `${grouped(board.best.amountIn, 6)} ${paid} → ${exact} ${received}` : `${exact} ${paid} → ${received}`;
  }

  #showSlippage(best) {
    this.slippage.show();
    const { problem } = this.slippage;
    const hint = byId("slippage-hint");
    hint.classList.toggle("bad", problem !== undefined);
    setText(hint, problem ?? (best ? this.#leastText(best) : ""));
    hint.title = hint.textContent;
  }

  #leastText(best) {
    if (this.waits) return this.terms.slippageText;
    const bps = this.slippage.bps(best.priceImpactBps);
    const warning = bps > 300 ? "That is a lot. " : "";
    const auto = this.slippage.isAuto ? `${percentText(bps)} now. ` : "";
    const [paid, symbol] = [this.tokenIn, this.tokenOut].map((ref) => this.tokens.find(ref).symbol);
    if (this.sides.isExactOut) return `${warning}${auto}At most ${grouped(this.most(best), 9)} ${paid}, or no swap.`;
    return `${warning}${auto}At least ${grouped(this.least(best), 9)} ${symbol}, or no swap.`;
  }

  async #pick(side, title) {
    const other = side === "tokenIn" ? "tokenOut" : "tokenIn";
    const before = this[side];
    const token = await this.picker.choose(title, before);
    if (!token) return;
    // The other side's token is what the visitor means to swap with: they change places.
    if (token.ref === this[other]) this[other] = before;
    this[side] = token.ref;
    this.changed();
  }
}

function showToken(id, token, label) {
  const button = byId(id);
  if (!token) return;
  button.replaceChildren(disc(token), h("span", {}, token.symbol), icon("down"));
  button.setAttribute("aria-label", `${label}: ${token.symbol}`);
}

function showBalance(id, token) {
  const known = token && token.balance !== null;
  byId(id).replaceChildren("Balance ", known ? amount(token.balance, "", 4) : token ? "unknown" : "…");
}

// What of the balance an order cannot spend, once that matters: near the whole balance.
function reserveText(token, raw) {
  const available = token ? spendable(token) : null;
  if (available === null || !raw || raw * 20n < available * 19n) return "";
  const held = [
    token.keptBack !== "0" ? `${grouped(token.keptBack)} ${token.symbol} stays for fees and rent` : "",
    token.committed !== "0" ? `${grouped(token.committed, 4)} ${token.symbol} is in orders under way` : "",
  ];
  return held.filter(Boolean).join("; ");
}

// What the swap costs against the pool's price, once that is worth a word.
function costText(best) {
  const level = best ? costLevel(best.costBps) : "fine";
  if (level === "fine") return [];
  const text = `This swap costs ${percentText(best.costBps)}: impact ${percentText(best.priceImpactBps)}, the rest pool fees.`;
  return [h("span", { class: `impact ${level}` }, text)];
}
