// Quotes that keep themselves fresh: one request at a time, none while the page is hidden.

import { get, isAbort } from "./api.js";

const REFRESH_MS = 5_000;
const TYPING_MS = 250;

export class QuoteFeed {
  #timer = null;
  #abort = null;
  #query = null;

  /** `changed(feed)` is called after every answer and whenever the question changes. */
  constructor({ changed }) {
    this.changed = changed;
    this.board = null;
    this.error = null;
    this.answeredAt = null;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#pause() : this.#ask()));
  }

  get query() {
    return this.#query;
  }

  /** Whether the first answer to the present question is still to come. */
  get isWaiting() {
    return this.#query !== null && this.board === null && this.error === null;
  }

  /** Ask for another swap ({tokenIn, tokenOut, amount, slippageBps}); null asks for nothing. */
  ask(query) {
    if (JSON.stringify(query) === JSON.stringify(this.#query)) return;
    this.#query = query;
    this.board = null;
    this.error = null;
    this.answeredAt = null;
    this.#pause();
    this.changed(this);
    this.#timer = setTimeout(() => this.#ask(), TYPING_MS);
  }

  #pause() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  async #ask() {
    this.#pause();
    if (this.#query === null || document.hidden) return;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      this.board = await get("/api/quotes", this.#query, abort.signal);
      this.error = null;
    } catch (error) {
      if (isAbort(error)) return;
      if (error.code === undefined) throw error;
      this.error = error;
      // An old price must not stand where a refusal came; without any answer it may, with its age.
      if (error.status !== 0) this.board = null;
    }
    if (abort.signal.aborted) return;
    if (this.error === null) this.answeredAt = Date.now();
    this.#timer = setTimeout(() => this.#ask(), REFRESH_MS);
    this.changed(this);
  }
}
