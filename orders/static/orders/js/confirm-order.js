// The extra step before real money moves.

import { grouped, percentText } from "./amounts.js";
import { byId, h, openDialog, wireDialog } from "./dom.js";

/** Asks on mainnet-beta; resolves to whether the order may go out. */
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

  ask(network, intent, best) {
    if (network !== "mainnet-beta") return Promise.resolve(true);
    const facts = [
      ["You pay", `${grouped(intent.amountIn)} ${intent.tokenIn}`],
      ["You receive about", best ? `${grouped(best.amountOut)} ${intent.tokenOut}` : "unknown until routed"],
      ["At least", best ? `${grouped(best.minAmountOut)} ${intent.tokenOut}` : "unknown until routed"],
      ["Slippage allowed", percentText(intent.slippageBps)],
    ];
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
