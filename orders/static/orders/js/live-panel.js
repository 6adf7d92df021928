// The live panel: a card an order, newest first, and the words that a screen reader reads out.

import { announce, byId, setText } from "./dom.js";
import { orderCard, titleOf } from "./order-card.js";

// Events of a burst are drawn together.
const GATHER_MS = 16;

export class LivePanel {
  #cards = new Map();
  #list = byId("live-orders");
  #waiting = new Set();
  #timer = null;

  constructor(liveOrders, tokens, act) {
    this.liveOrders = liveOrders;
    this.tokens = tokens;
    this.act = act;
    byId("clear-finished").addEventListener("click", () => {
      for (const order of liveOrders.all()) if (order.isFinal) liveOrders.remove(order);
      byId("live-title").focus();
    });
    byId("live-title").tabIndex = -1;
  }

  /** Something happened to an order: draw it with what else has just come, say it now. */
  changed(order, event) {
    this.#waiting.add(order);
    // A timer, no animation frame: a tab in the background gets no frames and must be right all the same.
    this.#timer ??= setTimeout(() => this.#draw(), GATHER_MS);
    if (event) {
      const step = event.retryInMs !== undefined ? "retrying" : event.status;
      announce([`${titleOf(order)}: ${step}`, event.error].filter(Boolean).join(", "));
    } else if (order.refusal) announce(`${titleOf(order)}: refused, ${order.refusal.message}`);
  }

  /** Bring an order's card into sight, where the panel is not: on a phone it lies below the form. */
  bringIntoSight(order) {
    this.#waiting.add(order);
    this.#draw();
    const card = this.#cards.get(order.key);
    if (card) card.scrollIntoView({ block: "nearest" });
  }

  #draw() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const known = new Set(this.liveOrders.all());
    for (const order of this.#waiting) {
      if (known.has(order)) this.#put(order);
      else this.#drop(order);
    }
    this.#waiting.clear();
    this.#summarise([...known]);
  }

  #put(order) {
    const card = orderCard(order, this.tokens, this.act);
    const old = this.#cards.get(order.key);
    const focused = old?.contains(document.activeElement);
    card.classList.toggle("arriving", !old);
    if (old) old.replaceWith(card);
    else this.#list.prepend(card);
    this.#cards.set(order.key, card);
    if (focused) card.querySelector("button, a")?.focus();
  }

  #drop(order) {
    this.#cards.get(order.key)?.remove();
    this.#cards.delete(order.key);
  }

  #summarise(orders) {
    const running = orders.filter((order) => !order.isFinal).length;
    const finished = orders.length - running;
    byId("live-empty").hidden = orders.length > 0;
    byId("clear-finished").disabled = finished === 0;
    setText(byId("live-count"), orders.length ? `${running} under way, ${finished} finished` : "");
  }
}
