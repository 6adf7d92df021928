// One WebSocket for all orders of this page. It comes back by itself; what was asked for before a break
// is the business of its owner, who is called with every state.

import { apiToken } from "./api.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
const PING_EVERY_MS = 15_000;
const PONG_WITHIN_MS = 8_000;

export class OrderSocket {
  #socket = null;
  #delay = FIRST_DELAY_MS;
  #timer = null;
  #heartbeat = null;
  #overdue = null;
  #deliver;
  #changed;

  /** `received(message)` gets every message but pongs; `changed(state, delayMs)` every state. */
  constructor({ received, changed }) {
    this.#deliver = received;
    this.#changed = changed;
    this.state = "connecting";
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  get isOpen() {
    return this.state === "open";
  }

  connect() {
    clearTimeout(this.#timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const token = apiToken();
    const socket = new WebSocket(
      `${scheme}//${location.host}/api/orders/connect`,
      token ? ["bearer", token] : [],
    );
    this.#socket = socket;
    socket.addEventListener("open", () => this.#socket === socket && this.#opened());
    socket.addEventListener("message", (event) => this.#socket === socket && this.#received(event.data));
    socket.addEventListener("close", () => this.#socket === socket && this.#lost());
  }

  /** Send an action; false when the connection is down. */
  send(action) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(action));
    return true;
  }

  /** Stop trying: the caller is not known. A refused handshake does not tell a page why, so its owner must. */
  giveUp() {
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    clearTimeout(this.#overdue);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#enter("unauthenticated");
  }

  #opened() {
    this.#delay = FIRST_DELAY_MS;
    this.#heartbeat = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#enter("open");
  }

  #ping() {
    this.send({ action: "ping" });
    clearTimeout(this.#overdue);
    // A dead network path closes no socket for minutes: silence counts as a close.
    const socket = this.#socket;
    this.#overdue = setTimeout(() => {
      if (this.#socket !== socket) return;
      this.#lost();
      socket.close();
    }, PONG_WITHIN_MS);
  }

  #received(text) {
    clearTimeout(this.#overdue);
    const message = JSON.parse(text);
    if (message.type !== "pong") this.#deliver(message);
  }

  #lost() {
    this.#socket = null;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#overdue);
    this.#enter("reconnecting", this.#delay);
    // Up to a quarter more, so that many pages do not come back in the same instant.
    this.#timer = setTimeout(() => this.connect(), this.#delay * (1 + Math.random() / 4));
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
  }

  #hurry() {
    if (this.state !== "reconnecting" || this.#socket !== null) return;
    this.#delay = FIRST_DELAY_MS;
    this.connect();
  }

  #enter(state, delayMs = 0) {
    this.state = state;
    this.#changed(state, delayMs);
  }
}
