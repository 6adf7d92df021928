// The swap form: what the visitor wants, whether it can be done now, and if not, why.

import { amountText, asTyped, grouped, leastOf, percentText, readTyped } from "./amounts.js";
import { amount, byId, h, icon, setText } from "./dom.js";
import { firstChoices, keepChoices } from "./kept-choices.js";
import { costLevel } from "./quote-cards.js";
import { SlippageChoice } from "./slippage-choice.js";
import { spendable } from "./tokens.js";
import { disc } from "./token-picker.js";
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
    this.tokenIn = "SOL";
    this.tokenOut = "USDC";
    this.amount = byId("amount");
    this.slippage = new SlippageChoice(limits, () => this.changed());
    this.#begin(firstChoices());
    this.changed = () => {
      keepChoices({
        in: this.tokenIn,
        out: this.tokenOut,
        amount: this.amount.value,
        slippage: this.slippage.kept,
      });
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
    this.amount.addEventListener("input", () => this.changed());
    for (const button of document.querySelectorAll("[data-percent]"))
      button.addEventListener("click", () => this.fill(Number(button.dataset.percent)));
    byId("flip").addEventListener("click", () => this.flip());
    byId("pick-in").addEventListener("click", () => this.#pick("tokenIn", "Token to pay with"));
    byId("pick-out").addEventListener("click", () => this.#pick("tokenOut", "Token to receive"));
  }

  /** The amount typed: {raw} or {problem}. */
  get read() {
    const token = this.tokens.find(this.tokenIn);
    return token ? readTyped(this.amount.value, token.decimals) : { problem: "" };
  }

  get hasAmount() {
    return this.read.raw > 0n;
  }

  /** What to ask quotes for, or null. */
  query() {
    const [tokenIn, tokenOut] = [this.tokens.find(this.tokenIn), this.tokens.find(this.tokenOut)];
    if (!tokenIn || !tokenOut || tokenIn === tokenOut) return null;
    const wanted = this.hasAmount ? amountText(this.read.raw, tokenIn.decimals) : REFERENCE_AMOUNT;
    const slippageBps = this.slippage.isAuto ? undefined : this.slippage.bps();
    return {
      tokenIn: tokenIn.ref,
      tokenOut: tokenOut.ref,
      amount: wanted,
      slippageBps: slippageBps ?? this.limits.defaultSlippageBps,
    };
  }

  /** The least that `best` may come to by the slippage allowed, in whole tokens. */
  least(best) {
    if (!this.slippage.isAuto) return best.minAmountOut;
    const raw = leastOf(BigInt(best.amountOutRaw), this.slippage.bps(best.priceImpactBps));
    return amountText(raw, this.tokens.decimals(this.tokenOut));
  }

  /** What an order of now asks for: at least what the page shows of `best`, or what its terms say. */
  intent(best) {
    const { tokenIn, tokenOut, amount: amountIn, slippageBps } = this.query();
    const swap = { tokenIn, tokenOut, amountIn };
    if (this.waits) return { ...swap, ...this.terms.terms() };
    const allowed = this.slippage.isAuto ? "auto" : slippageBps;
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
    if (available === null) return;
    this.amount.value = asTyped(amountText((available * BigInt(percent)) / 100n, token.decimals));
    this.changed();
  }

  /** Let the two tokens change places; what would be received is then paid. */
  flip() {
    const { received } = this;
    if (this.hasAmount && received) this.amount.value = asTyped(received);
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
    setText(byId("amount-hint"), problem || reserveText(tokenIn, this.read.raw));
    byId("amount-hint").classList.toggle("bad", Boolean(problem));
    this.amount.setAttribute("aria-invalid", String(Boolean(problem)));
    const best = this.hasAmount ? (feed.board?.best ?? null) : null;
    this.terms?.show(feed);
    this.#showSlippage(best);
    this.#showReceived(best);
    setText(byId("token-warning"), warningText(tokenOut));
    byId("cost-hint").replaceChildren(...costText(this.waits ? null : best));
    this.#showButton(this.#obstacle(feed, connection), feed);
  }

  #begin({ in: tokenIn, out: tokenOut, amount: typed, slippage }) {
    if (tokenIn) this.tokenIn = tokenIn;
    if (tokenOut) this.tokenOut = tokenOut;
    if (typed) this.amount.value = typed;
    if (slippage) this.slippage.kept = slippage;
  }

  #showReceived(best) {
    this.received = best?.amountOut ?? null;
    setText(byId("receive-label"), this.waits ? "It would bring now" : "You receive");
    const text = best ? grouped(best.amountOut, 9) : "–";
    const receive = byId("receive");
    setText(receive, text);
    receive.title = best ? `${grouped(best.amountOut)} ${this.tokenOut}` : "";
    receive.dataset.size = text.length > 15 ? "small" : text.length > 10 ? "middle" : "";
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
    const available = spendable(tokenIn);
    if (!this.waits && available !== null && raw > available) return `Insufficient ${tokenIn.symbol} balance`;
    if (tokenIn.most !== null && raw > tokenIn.most) return `At most ${grouped(tokenIn.maxAmountIn)} ${tokenIn.symbol} an order`;
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
    setText(button, obstacle ?? `${does}: ${grouped(feed.query.amount)} ${paid} → ${received}`);
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
    const symbol = this.tokens.find(this.tokenOut).symbol;
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
