// The report of a pasted mint in the token dialog: what it is, what to look at before buying, or that it is refused.

import { grouped } from "./amounts.js";
import { h } from "./dom.js";
import { warningWords } from "./token-warnings.js";

const TYPING_MS = 250;

/** Reads the reports of pasted mints, one at a time; the last one pasted counts. */
export class ReportReader {
  #timer = null;
  #wanted = null;

  constructor(tokens) {
    this.tokens = tokens;
  }

  /** Call `told(token, problem)` once the report of `mint` is there, or why there is none; null asks for nothing. */
  ask(mint, told) {
    clearTimeout(this.#timer);
    this.#wanted = mint;
    if (mint !== null) this.#timer = setTimeout(() => this.#look(mint, told), TYPING_MS);
  }

  async #look(mint, told) {
    try {
      const token = await this.tokens.look(mint);
      if (this.#wanted === mint) told(token, null);
    } catch (error) {
      if (error.code === undefined) throw error;
      if (this.#wanted === mint) told(null, error.message);
    }
  }
}

/** The report as it stands below the search field. */
export function reportBox(token) {
  const lines = token.refused.length ? token.refused : token.warnings;
  return h(
    "div",
    { class: "token-report" },
    h(
      "p",
      {},
      h("b", {}, token.symbol),
      " ",
      token.name,
      h("span", { class: "quiet" }, ` · ${token.decimals} decimals · ${grouped(token.supply, 0)} in all`),
    ),
    token.refused.length ? h("p", { class: "bad" }, "Refused: no order of this token is accepted.") : null,
    h("ul", {}, lines.map((code) => h("li", {}, warningWords(code), " ", h("code", { class: "quiet" }, code)))),
  );
}
