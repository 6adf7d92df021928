// The swap form: what the visitor wants, whether it can be done now, and if not, why.

import { amountText, asTyped, grouped, percentText, readPercent, readTyped } from "./amounts.js";
import { byId, h, icon, setText } from "./dom.js";
import { costLevel } from "./quote-cards.js";
import { spendable } from "./tokens.js";
import { disc } from "./token-picker.js";

// What quotes and chart show while no amount is typed.
const REFERENCE_AMOUNT = "1";

export class SwapForm {
  /** `limits` {defaultSlippageBps, maxSlippageBps, maxPriceImpactBps}; `changed()` after every change of the wish. */
  constructor(tokens, picker, limits, { changed, execute }) {
    this.tokens = tokens;
    this.picker = picker;
    this.limits = limits;
    this.changed = changed;
    this.tokenIn = "SOL";
    this.tokenOut = "USDC";
    this.amount = byId("amount");
    this.own = byId("own-slippage");
    this.#startSlippage();
    byId("swap-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (byId("execute").getAttribute("aria-disabled") !== "true") execute();
    });
    // The second click of a double click is no second order.
    byId("execute").addEventListener("click", (event) => {
      if (event.detail > 1) event.preventDefault();
    });
    this.amount.addEventListener("input", () => changed());
    byId("half").addEventListener("click", () => this.#fill(2n));
    byId("max").addEventListener("click", () => this.#fill(1n));
    byId("flip").addEventListener("click", () => this.#flip());
    byId("pick-in").addEventListener("click", () => this.#pick("tokenIn", "Token to pay with"));
    byId("pick-out").addEventListener("click", () => this.#pick("tokenOut", "Token to receive"));
  }

  /** The amount typed: {raw} or {problem}. */
  get read() {
    const token = this.tokens.find(this.tokenIn);
    return token ? readTyped(this.amount.value, token.decimals) : { problem: "" };
  }

  /** {bps} or {problem}. */
  get slippage() {
    const chosen = document.querySelector('input[name="slippage"]:checked').value;
    return chosen === "own"
      ? readPercent(this.own.value, this.limits.maxSlippageBps)
      : { bps: Number(chosen) };
  }

  get hasAmount() {
    return this.read.raw > 0n;
  }

  /** What to ask quotes for, or null. */
  query() {
    const [tokenIn, tokenOut] = [this.tokens.find(this.tokenIn), this.tokens.find(this.tokenOut)];
    if (!tokenIn || !tokenOut || tokenIn === tokenOut) return null;
    const amount = this.hasAmount ? amountText(this.read.raw, tokenIn.decimals) : REFERENCE_AMOUNT;
    return {
      tokenIn: tokenIn.symbol,
      tokenOut: tokenOut.symbol,
      amount,
      slippageBps: this.slippage.bps ?? this.limits.defaultSlippageBps,
    };
  }

  /** What an order of now asks for: at least what the page shows of `best`. */
  intent(best) {
    const { tokenIn, tokenOut, amount, slippageBps } = this.query();
    return { tokenIn, tokenOut, amountIn: amount, slippageBps, minAmountOut: best.minAmountOut };
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

  /** Draw everything that depends on tokens, quotes and the connection. */
  show(feed, connection) {
    const [tokenIn, tokenOut] = [this.tokens.find(this.tokenIn), this.tokens.find(this.tokenOut)];
    this.#showToken("pick-in", tokenIn, "Token to pay with");
    this.#showToken("pick-out", tokenOut, "Token to receive");
    setText(byId("balance-in"), balanceText(tokenIn));
    setText(byId("balance-out"), balanceText(tokenOut));
    const { problem } = this.read;
    setText(byId("amount-hint"), problem ? problem : "");
    this.amount.setAttribute("aria-invalid", String(Boolean(problem)));
    setText(byId("slippage-hint"), this.#slippageHint(feed));
    byId("slippage-hint").classList.toggle("bad", this.slippage.problem !== undefined);
    this.own.setAttribute("aria-invalid", String(this.slippage.problem !== undefined));
    const best = this.hasAmount ? feed.board?.best : null;
    const received = best ? grouped(best.amountOut, 9) : "–";
    setText(byId("receive"), received);
    byId("receive").toggleAttribute("data-long", received.length > 10);
    byId("cost-hint").replaceChildren(...costText(best));
    this.#showButton(this.#obstacle(feed, connection), feed);
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
    if (available !== null && raw > available) return `Insufficient ${tokenIn.symbol} balance`;
    if (tokenIn.most !== null && raw > tokenIn.most) return `At most ${grouped(tokenIn.maxAmountIn)} ${tokenIn.symbol} an order`;
    if (this.tokens.halted !== null) return "Trading is off";
    if (this.slippage.problem) return `Slippage: ${this.slippage.problem.toLowerCase()}`;
    return this.#quoteObstacle(feed);
  }

  #quoteObstacle(feed) {
    if (feed.isWaiting) return "Getting quotes…";
    if (feed.error?.code === "NO_ROUTE") return "No route";
    if (feed.board === null) return feed.error ? "No quote now" : "Getting quotes…";
    const { priceImpactBps } = feed.board.best;
    return priceImpactBps > this.limits.maxPriceImpactBps
      ? `Price impact ${percentText(priceImpactBps)} is too high`
      : null;
  }

  #showButton(obstacle, feed) {
    const button = byId("execute");
    button.setAttribute("aria-disabled", String(obstacle !== null));
    setText(button, obstacle ?? `Execute: ${grouped(feed.query.amount)} ${this.tokenIn} → ${this.tokenOut}`);
  }

  #showToken(id, token, label) {
    const button = byId(id);
    if (!token) return;
    button.replaceChildren(disc(token), h("span", {}, token.symbol), icon("down"));
    button.setAttribute("aria-label", `${label}: ${token.symbol}`);
  }

  #slippageHint(feed) {
    if (this.slippage.problem) return this.slippage.problem;
    const best = this.hasAmount ? feed.board?.best : null;
    if (!best) return "";
    const warning = this.slippage.bps > 300 ? "That is a lot. " : "";
    return `${warning}You receive at least ${grouped(best.minAmountOut, 9)} ${this.tokenOut}, or nothing is swapped.`;
  }

  #startSlippage() {
    const preset = document.querySelector(
      `input[name="slippage"][value="${this.limits.defaultSlippageBps}"]`,
    );
    const own = document.querySelector('input[name="slippage"][value="own"]');
    (preset ?? own).checked = true;
    if (!preset) this.own.value = asTyped(amountText(BigInt(this.limits.defaultSlippageBps), 2));
    for (const radio of document.querySelectorAll('input[name="slippage"]')) {
      radio.addEventListener("change", () => {
        if (radio === own) this.own.focus();
        this.changed();
      });
    }
    this.own.addEventListener("focus", () => {
      own.checked = true;
      this.changed();
    });
    this.own.addEventListener("input", () => this.changed());
  }

  #fill(divisor) {
    const token = this.tokens.find(this.tokenIn);
    const available = token ? spendable(token) : null;
    if (available === null) return;
    this.amount.value = asTyped(amountText(available / divisor, token.decimals));
    this.changed();
  }

  #flip() {
    const received = byId("receive").textContent.replaceAll("\u202f", "");
    if (this.hasAmount && /^[\d.]+$/.test(received)) this.amount.value = asTyped(received);
    this.choose(this.tokenOut, this.tokenIn);
  }

  async #pick(side, title) {
    const other = side === "tokenIn" ? "tokenOut" : "tokenIn";
    const before = this[side];
    const token = await this.picker.choose(title, before);
    if (!token) return;
    // The other side's token is what the visitor means to swap with: they change places.
    if (token.symbol === this[other]) this[other] = before;
    this[side] = token.symbol;
    this.changed();
  }
}

// What the swap costs against the pool's price, once that is worth a word.
function costText(best) {
  const level = best ? costLevel(best.costBps) : "fine";
  if (level === "fine") return [];
  const text = `This swap costs ${percentText(best.costBps)}: price impact ${percentText(best.priceImpactBps)} and the pool's fee.`;
  return [h("span", { class: `impact ${level}` }, text)];
}

function balanceText(token) {
  return token ? `Balance ${token.balance === null ? "unknown" : grouped(token.balance, 4)}` : "Balance …";
}
