// How far open orders are from their triggers: of the quote of each one's own size, as triggers compare it.

import { get } from "./api.js";
import { distanceBps } from "./prices.js";

const AGAIN_MS = 5_000;
// Each is a request of its own: those further down the list say no distance.
const MOST_ASKED = 12;

export class Distances {
  #asked = [];
  #values = new Map();
  #isAsking = false;

  /** `changed()` is called after every round of quotes. */
  constructor(changed) {
    this.changed = changed;
    setInterval(() => document.hidden || this.#ask(), AGAIN_MS);
  }

  /** Ask from now on for these open orders. */
  watch(orders) {
    const wanted = orders.filter((order) => order.trigger && order.swapMode === "exactIn" && order.amountIn !== null);
    const isNew = wanted.slice(0, MOST_ASKED).some((order) => !this.#values.has(keyOf(order)));
    this.#asked = [...new Map(wanted.map((order) => [keyOf(order), order])).values()].slice(0, MOST_ASKED);
    if (isNew) this.#ask();
  }

  /** {bps, now} of an order: what is missing to its trigger, and what it would bring now; null while unknown. */
  of(order) {
    const now = this.#values.get(keyOf(order));
    const { firesAtOrAboveRaw: above, firesAtOrBelowRaw: below } = order.trigger ?? {};
    if (!now || !(above || below)) return null;
    const value = BigInt(now.raw);
    return { bps: above ? distanceBps(value, BigInt(above)) : -distanceBps(value, BigInt(below)), now: now.text };
  }

  async #ask() {
    if (this.#isAsking || this.#asked.length === 0) return;
    this.#isAsking = true;
    const values = new Map();
    for (const order of this.#asked) {
      const value = await valueOf(order);
      if (value) values.set(keyOf(order), value);
    }
    this.#values = values;
    this.#isAsking = false;
    this.changed();
  }
}

const keyOf = ({ tokenInMint, tokenOutMint, amountInRaw, venues, excludeVenues, maxHops, maxSplits }) =>
  JSON.stringify([tokenInMint, tokenOutMint, amountInRaw, venues, excludeVenues, maxHops, maxSplits]);

async function valueOf(order) {
  const { tokenInMint: tokenIn, tokenOutMint: tokenOut, amountIn: amount, maxHops, maxSplits } = order;
  const [venues, excludeVenues] = [order.venues?.join(), order.excludeVenues?.join()];
  try {
    const { best } = await get("/api/quotes", { tokenIn, tokenOut, amount, venues, excludeVenues, maxHops, maxSplits });
    return { raw: best.amountOutRaw, text: best.amountOut };
  } catch (error) {
    // Without a price there is no distance.
    if (error.code === undefined) throw error;
    return null;
  }
}
