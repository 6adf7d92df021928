// The extra step before real money moves.

import { grouped, percentText } from "./amounts.js";
import { byId, h, openDialog, setText, wireDialog } from "./dom.js";
import { tokenLabel } from "./format.js";
import { costLevel } from "./quote-cards.js";
import { keep, storedList } from "./storage.js";
import { reportBox } from "./token-reports.js";

const BOUGHT = "bought";
const MOST_KEPT = 200;

/**
 * Asks on mainnet-beta, where a swap costs a lot, and before the first purchase of a token that its report warns of;
 * resolves to whether the order may go out.
 */
export class OrderConfirmation {
  #dialog = byId("confirm-dialog");
  #agreed = false;
  #bought = null;
  #resolve = null;

  constructor() {
    wireDialog(this.#dialog);
    byId("confirm-yes").addEventListener("click", () => {
      this.#agreed = true;
      if (this.#bought) keep(BOUGHT, JSON.stringify([...new Set([...boughtBefore(), this.#bought])].slice(-MOST_KEPT)));
      this.#dialog.close();
    });
    this.#dialog.addEventListener("close", () => this.#resolve?.(this.#agreed));
  }

  /** `bought` is the token received, as far as it is known; `inWords` what the order waits for. */
  ask(network, intent, best, bought = null, inWords = "") {
    const isReal = network === "mainnet-beta";
    const isDear = best !== null && costLevel(best.costBps) === "red";
    const isRisky = bought !== null && bought.warnings.length > 0 && !boughtBefore().includes(bought.mint);
    if (!isReal && !isDear && !isRisky) return Promise.resolve(true);
    const title = isRisky ? `Your first purchase of ${bought.symbol}` : "This swap costs a lot";
    setText(byId("confirm-title"), isReal ? "This spends real money" : title);
    byId("confirm-real").hidden = !isReal;
    byId("confirm-dear").hidden = !isDear;
    byId("confirm-risky").replaceChildren(...(isRisky ? [reportBox(bought)] : []));
    this.#bought = isRisky ? bought.mint : null;
    setText(byId("confirm-yes"), isReal ? "Execute on mainnet" : "Execute all the same");
    const unknown = inWords ? "" : "unknown until routed";
    const facts = [
      ...(intent.amountOut ? exactOutFacts(intent, best) : exactInFacts(intent, best, unknown)),
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

const exactInFacts = (intent, best, unknown) => [
  ["You pay", `${grouped(intent.amountIn)} ${tokenLabel(intent.tokenIn)}`],
  ["You receive about", best ? `${grouped(best.amountOut)} ${tokenLabel(intent.tokenOut)}` : unknown],
  ["At least", intent.minAmountOut ? `${grouped(intent.minAmountOut)} ${tokenLabel(intent.tokenOut)}` : unknown],
];

const exactOutFacts = (intent, best) => [
  ["You receive exactly", `${grouped(intent.amountOut)} ${tokenLabel(intent.tokenOut)}`],
  ["You pay about", best ? `${grouped(best.amountIn)} ${tokenLabel(intent.tokenIn)}` : ""],
  ["At most", `${grouped(intent.maxAmountIn)} ${tokenLabel(intent.tokenIn)}`],
];

const boughtBefore = () => storedList(BOUGHT);
