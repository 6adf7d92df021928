// The slippage that the visitor allows: automatic, a preset, or one typed.

import { amountText, asTyped, readPercent } from "./amounts.js";
import { byId } from "./dom.js";

export class SlippageChoice {
  #own = byId("own-slippage");

  /** `limits` {defaultSlippageBps, maxSlippageBps, autoSlippageCapBps}; `changed()` after every change. */
  constructor(limits, changed) {
    this.limits = limits;
    this.#choose(String(limits.defaultSlippageBps));
    for (const radio of radios()) {
      radio.addEventListener("change", () => {
        if (radio.value === "own") this.#own.focus();
        changed();
      });
    }
    this.#own.addEventListener("focus", () => {
      radioOf("own").checked = true;
      changed();
    });
    this.#own.addEventListener("input", changed);
  }

  get isAuto() {
    return chosen() === "auto";
  }

  /** What is wrong with what was typed, or undefined. */
  get problem() {
    return this.#read().problem;
  }

  /** In basis points for a quote with this price impact; undefined while what was typed cannot be read. */
  bps(priceImpactBps = 0) {
    if (!this.isAuto) return this.#read().bps;
    return Math.min(this.limits.autoSlippageCapBps, this.limits.defaultSlippageBps + priceImpactBps);
  }

  /** "auto" or basis points as text: to be kept, and to be used again. */
  get kept() {
    return this.isAuto ? "auto" : String(this.bps() ?? this.limits.defaultSlippageBps);
  }

  set kept(value) {
    if (value === "auto" || (/^\d{1,5}$/.test(value) && Number(value) <= this.limits.maxSlippageBps))
      this.#choose(value);
  }

  /** Mark the field whose text cannot be read. */
  show() {
    this.#own.setAttribute("aria-invalid", String(this.problem !== undefined));
  }

  #read() {
    if (this.isAuto) return {};
    return chosen() === "own"
      ? readPercent(this.#own.value, this.limits.maxSlippageBps)
      : { bps: Number(chosen()) };
  }

  #choose(value) {
    const preset = radioOf(value);
    (preset ?? radioOf("own")).checked = true;
    if (!preset) this.#own.value = asTyped(amountText(BigInt(value), 2));
  }
}

const radios = () => document.querySelectorAll('input[name="slippage"]');
const radioOf = (value) => document.querySelector(`input[name="slippage"][value="${value}"]`);
const chosen = () => document.querySelector('input[name="slippage"]:checked').value;
