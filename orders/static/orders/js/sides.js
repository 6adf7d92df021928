// The two amounts of the form: one is typed and exact, the other one follows by the best quote.

import { asTyped, grouped } from "./amounts.js";
import { byId, setText } from "./dom.js";

export class Sides {
  #exact = "in";

  /** `changed()` is called with everything that is typed. */
  constructor(changed) {
    this.pay = byId("amount");
    this.receive = byId("receive");
    for (const [side, field] of [["in", this.pay], ["out", this.receive]]) {
      field.addEventListener("input", () => {
        this.#exact = side;
        changed();
      });
    }
    // What follows is written over, not amended.
    this.pay.addEventListener("focus", () => this.isExactOut && this.pay.select());
    this.receive.addEventListener("focus", () => this.isExactOut || this.receive.select());
  }

  /** Whether what is received was typed. */
  get isExactOut() {
    return this.#exact === "out";
  }

  get typed() {
    return this.#field.value;
  }

  get #field() {
    return this.isExactOut ? this.receive : this.pay;
  }

  payExactly(text) {
    this.#exact = "in";
    this.pay.value = text;
  }

  receiveExactly(text) {
    this.#exact = "out";
    this.receive.value = text;
  }

  /** What is received can be typed for plain market orders alone; for others what it costs now is what is paid. */
  allowExactOut(isAllowed) {
    this.receive.readOnly = !isAllowed;
    if (!isAllowed) this.#exact = "in";
  }

  /** Draw the other amount by `best`, null while there is none; `problem` of what was typed. */
  show(best, problem, symbol) {
    const [follows, exact] = this.isExactOut ? [this.pay, this.receive] : [this.receive, this.pay];
    const text = best === null ? "" : this.isExactOut ? best.amountIn : best.amountOut;
    const shown = asTyped(grouped(text, 9));
    if (follows.value !== shown) follows.value = shown;
    follows.title = text ? `${grouped(text)} ${symbol}` : "";
    exact.title = "";
    exact.setAttribute("aria-invalid", String(Boolean(problem)));
    follows.setAttribute("aria-invalid", "false");
    for (const field of [this.pay, this.receive]) field.dataset.size = sizeOf(field.value);
  }

  /** What the two amounts are called. */
  label(waits) {
    const words = waits ? "It would bring now" : this.isExactOut ? "You receive exactly" : "You receive";
    setText(byId("receive-label"), words);
    setText(byId("pay-label"), this.isExactOut ? "You pay about" : "You pay");
  }
}

const sizeOf = (text) => (text.length > 15 ? "small" : text.length > 10 ? "middle" : "");
