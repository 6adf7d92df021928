// What the two amounts of the form are worth in USD: what the engine's own routes to USDC would pay for each now.

import { get, isAbort } from "./api.js";
import { byId, setText } from "./dom.js";
import { shown } from "./usd.js";

const MONEY = "USDC";
const TYPING_MS = 400;
const FRESH_MS = 15_000;
const SAID = "What the engine's own routes to USDC would pay for it now, fees and price impact taken off";

export class Worth {
  #sides = { in: new Side("worth-in"), out: new Side("worth-out") };

  /** Draw it for the amounts of `best`, the best answer to `query`; null while there is none. */
  show(best, query) {
    if (!best || !query) {
      for (const side of Object.values(this.#sides)) side.show(null);
      return;
    }
    const sold = query.tokenOut === MONEY ? best.amountOut : null;
    this.#sides.in.show({ token: query.tokenIn, amount: best.amountIn }, sold);
    this.#sides.out.show({ token: query.tokenOut, amount: best.amountOut });
  }
}

class Side {
  #asked = "";
  #askedAt = 0;
  #timer = null;
  #abort = null;

  constructor(id) {
    this.place = byId(id);
    this.place.title = SAID;
  }

  /** Show what {token, amount} is worth, nothing for USDC itself; `known` where the quote has said it already. */
  show(of, known = null) {
    if (of === null || of.token === MONEY || known !== null) {
      this.#giveUp();
      this.#asked = "";
      return this.#say(known);
    }
    const key = `${of.token} ${of.amount}`;
    if (key === this.#asked && Date.now() - this.#askedAt < FRESH_MS) return;
    if (key.split(" ")[0] !== this.#asked.split(" ")[0]) this.#say(null);
    this.#giveUp();
    [this.#asked, this.#askedAt] = [key, Date.now()];
    this.#timer = setTimeout(() => this.#ask(of), TYPING_MS);
  }

  async #ask({ token, amount }) {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const board = await get("/api/quotes", { tokenIn: token, tokenOut: MONEY, amount }, abort.signal);
      if (!abort.signal.aborted) this.#say(board.best.amountOut);
    } catch (error) {
      if (isAbort(error)) return;
      if (error.code === undefined) throw error;
      this.#say(null);
    }
  }

  #giveUp() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
  }

  #say(value) {
    setText(this.place, value ? `≈ ${shown(value)} USD` : "");
  }
}
