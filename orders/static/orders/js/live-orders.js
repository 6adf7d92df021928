// What this page knows of the orders it follows: journals keyed by order, fed by the socket,
// by polling while the socket is down, and by other tabs.

import { ApiError, get } from "./api.js";

const POLL_MS = 2_000;
// After a break an order that the engine has not answered goes out again, under its own key, only this soon.
const SEND_AGAIN_WITHIN_MS = 60_000;
// A press is no second press so soon after the first.
const LEAST_BUSY_MS = 1_000;
export const FINAL = new Set(["confirmed", "failed", "cancelled", "expired"]);

/** One order: what was asked for, its journal so far, and what the engine refused. */
class LiveOrder {
  constructor(intent, orderId = null) {
    this.intent = intent;
    this.orderId = orderId;
    this.clientOrderId = intent.clientOrderId ?? null;
    this.events = [];
    this.refusal = null;
    // Whether the card shows the routes that lost.
    this.showsOthers = false;
    // What the visitor saw when it was placed here.
    this.quote = null;
    this.isOwn = orderId === null;
    this.sentAt = new Date().toISOString();
    this.answered = new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  get age() {
    return Date.now() - Date.parse(this.sentAt);
  }

  get key() {
    return this.clientOrderId ?? this.orderId;
  }

  get last() {
    return this.events.at(-1) ?? null;
  }

  /** Up to here nothing is missing: sequences count from 1. */
  get lastSequence() {
    const gap = this.events.findIndex((event, index) => event.sequence !== index + 1);
    return gap === -1 ? this.events.length : gap;
  }

  get status() {
    return this.refusal ? "refused" : (this.last?.status ?? "sending");
  }

  get isFinal() {
    return this.refusal !== null || FINAL.has(this.status);
  }

  /** What is known of a field, the newest first: txHash, dex, … */
  latest(field) {
    return (
      this.events.findLast((event) => event[field] !== undefined && event[field] !== null)?.[field] ?? null
    );
  }

  /** Take a journal entry once; false when it is known already. The feed may be ahead of a replay. */
  take(event) {
    if (this.events.some(({ sequence }) => sequence === event.sequence)) return false;
    this.events.push(event);
    this.events.sort((a, b) => a.sequence - b.sequence);
    return true;
  }
}

export class LiveOrders {
  #orders = new Map();
  #byOrderId = new Map();
  #hidden = new Set();
  #poll = null;
  // Behind this the feed goes on after a break; null until it has begun.
  #cursor = null;
  #tabs = "BroadcastChannel" in window ? new BroadcastChannel("orders") : null;

  /**
   * `changed(order, event)` is called with every new event (null: order added, refused or removed),
   * `elsewhere(orderId)` with an event of an order that is not on this page; `trailed()` when a watermark has moved.
   */
  constructor({ changed, elsewhere, trailed }) {
    this.changed = changed;
    this.trailed = trailed;
    this.elsewhere = elsewhere;
    this.socket = null;
    this.#tabs?.addEventListener("message", ({ data }) => this.follow(data.orderId, data.intent));
  }

  all() {
    return [...this.#orders.values()];
  }

  /**
   * Place an order under a key of its own; resolves to it once the engine has answered, a second later at least.
   * `placed(order)` is called at once.
   */
  async place(intent, quote, placed) {
    const order = new LiveOrder({ ...intent, clientOrderId: newKey() });
    order.quote = quote;
    this.#orders.set(order.key, order);
    this.changed(order, null);
    placed(order);
    this.#submit(order);
    await Promise.all([order.answered, new Promise((resolve) => setTimeout(resolve, LEAST_BUSY_MS))]);
    return order;
  }

  /** Show an order that was placed elsewhere, from its beginning. */
  follow(orderId, intent) {
    if (this.#byOrderId.has(orderId) || this.#hidden.has(orderId)) return;
    const own = intent.clientOrderId ? this.#orders.get(intent.clientOrderId) : null;
    if (own) return;
    const order = new LiveOrder({ ...intent }, orderId);
    this.#orders.set(order.key, order);
    this.#byOrderId.set(orderId, order);
    this.changed(order, null);
    this.#subscribe(order);
  }

  cancel(order) {
    return this.socket.send({ action: "cancel_order", orderId: order.orderId, requestId: order.key });
  }

  /** Take an order off the panel; the engine keeps it, and a running one comes back with the next visit. */
  remove(order) {
    this.#orders.delete(order.key);
    order.answer();
    if (order.orderId) {
      this.#hidden.add(order.orderId);
      this.#byOrderId.delete(order.orderId);
      if (!order.isFinal) this.socket.send({ action: "unsubscribe", orderId: order.orderId });
    }
    this.changed(order, null);
  }

  /** A message of the socket. */
  receive(message) {
    if (message.cursor !== undefined) this.#cursor = message.cursor;
    if (message.type === "update") this.#update(message);
    else if (message.type === "watermark") this.trailed();
    else if (message.type === "error") this.#refused(message);
  }

  /** The connection is (back) up: ask for everything after what is known. */
  resume() {
    clearInterval(this.#poll);
    this.#poll = null;
    this.socket.send({ action: "subscribe", after: this.#cursor ?? "latest", requestId: "feed" });
    for (const order of this.all()) {
      if (order.refusal) continue;
      if (order.orderId === null) this.#sendOnceMore(order);
      else if (!order.isFinal) this.#subscribe(order);
    }
  }

  /** The connection is down: ask over REST until it is back. */
  pollMeanwhile() {
    this.#poll ??= setInterval(() => this.#pollAll(), POLL_MS);
  }

  #submit(order) {
    this.socket.send({ action: "execute_order", requestId: order.key, ...order.intent });
  }

  // The engine may have it or not: the same key makes it one order. What is older is looked for and not sent.
  async #sendOnceMore(order) {
    if (order.age <= SEND_AGAIN_WITHIN_MS) {
      this.#submit(order);
      return;
    }
    try {
      const found = await get("/api/orders", { clientOrderId: order.clientOrderId });
      if (found.results.length) this.#submit(order);
      else this.#refuse(order, { code: "NOT_SENT", message: "The connection was away: nothing was ordered" });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #refuse(order, refusal) {
    order.refusal = refusal;
    order.answer();
    this.changed(order, null);
  }

  #subscribe(order) {
    this.socket.send({
      action: "subscribe",
      orderId: order.orderId,
      after: order.lastSequence,
      requestId: order.key,
    });
  }

  #update(message) {
    const named = message.clientOrderId ? this.#orders.get(message.clientOrderId) : null;
    const order = this.#byOrderId.get(message.orderId) ?? named;
    if (!order) {
      this.elsewhere(message.orderId);
      return;
    }
    const isNew = order.orderId === null;
    if (isNew) this.#named(order, message.orderId);
    if (order.take(message)) this.changed(order, message);
    if (isNew) this.#tabs?.postMessage({ orderId: order.orderId, intent: order.intent });
  }

  #named(order, orderId) {
    order.orderId = orderId;
    order.answer();
    this.#byOrderId.set(orderId, order);
  }

  #refused(message) {
    const order = this.#orders.get(message.requestId);
    // A refused cancel or subscription says nothing about the order itself.
    if (!order || order.orderId !== null) return;
    // Also what may be asked again is not asked again by itself: the visitor means an order now, or not.
    this.#refuse(order, message);
  }

  async #pollAll() {
    const waiting = this.all().filter((order) => !order.refusal && !order.isFinal);
    await Promise.all(waiting.map((order) => this.#pollOne(order)));
  }

  // The connection broke before the answer came: the engine knows the order by its key, or has not got it.
  async #find(order) {
    const { results } = await get("/api/orders", { clientOrderId: order.clientOrderId });
    if (results.length && order.orderId === null) this.#named(order, results[0].orderId);
    return order.orderId !== null;
  }

  async #pollOne(order) {
    try {
      if (order.orderId === null && !(await this.#find(order))) return;
      for (let more = true; more;) {
        const answer = await get(`/api/orders/${order.orderId}/events`, { after: order.lastSequence || "" });
        for (const event of answer.events) {
          if (order.take(event)) this.changed(order, event);
        }
        more = answer.more;
      }
    } catch (error) {
      // No answer either: the next round, or the socket, brings it.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}

// crypto.randomUUID exists in secure contexts only; a plain-HTTP page has getRandomValues.
function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
