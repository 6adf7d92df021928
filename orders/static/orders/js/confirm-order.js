// The extra step before real money moves.

import { grouped, percentText } from "./amounts.js";
import { byId, h, openDialog, setText, wireDialog } from "./dom.js";
import { costLevel } from "./quote-cards.js";

/** Asks on mainnet-beta, and where a swap costs a lot; resolves to whether the order may go out. */
export class OrderConfirmation {
  #dialog = byId("confirm-dialog");
  #agreed = false;
  #resolve = null;

  constructor() {
    wireDialog(this.#dialog);
    byId("confirm-yes").addEventListener("click", () => {
      this.#agreed = true;
      this.#dialog.close();
    });
    this.#dialog.addEventListener("close", () => this.#resolve?.(this.#agreed));
  }

  ask(network, intent, best, inWords = "") {
    const isReal = network === "mainnet-beta";
    const isDear = best !== null && costLevel(best.costBps) === "red";
    if (!isReal && !isDear) return Promise.resolve(true);
    setText(byId("confirm-title"), isReal ? "This spends real money" : "This swap costs a lot");
    byId("confirm-real").hidden = !isReal;
    byId("confirm-dear").hidden = !isDear;
    setText(byId("confirm-yes"), isReal ? "Execute on mainnet" : "Execute all the same");
    const unknown = inWords ? "" : "unknown until routed";
    const facts = [
      ["You pay", `${grouped(intent.amountIn)} ${intent.tokenIn}`],
      ["You receive about", best ? `${grouped(best.amountOut)} ${intent.tokenOut}` : unknown],
      ["At least", intent.minAmountOut ? `${grouped(intent.minAmountOut)} ${intent.tokenOut}` : unknown],
      ["Cost", best ? percentText(best.costBps) : unknown],
      ["Slippage allowed", intent.slippageBps >= 0 ? percentText(intent.slippageBps) : intent.slippageBps],
      ["It waits", inWords],
    ].filter(([, value]) => value);
    byId("confirm-facts").replaceChildren(
      ...facts.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))),
    );
    this.#agreed = false;
    openDialog(this.#dialog);
    this.#dialog.querySelector("[data-close]").focus();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
