// What cards and the history mark orders with.

import { h } from "./dom.js";
import { capitalised } from "./format.js";

export function chip(status) {
  return h("span", { class: `chip ${status}` }, capitalised(status));
}

/** Realised slippage with its sign: above 0 less was received than quoted. */
export function slippage(bps) {
  if (bps === null) return "–";
  const tone = bps > 0 ? "worse" : bps < 0 ? "better" : "";
  return h("span", { class: tone }, `${bps > 0 ? "+" : ""}${String(bps).replace("-", "−")} bps`);
}
