// Lines of open orders on the price chart. Dragging one proposes another price for its order, as text that is shown
// while it is dragged, and that text is what the amendment says: pixels only choose it.

import { grouped } from "./amounts.js";
import { h, setText } from "./dom.js";
import { capitalised, typeName } from "./format.js";
import { namesOf } from "./open-editor.js";

const ROLES = { take_profit: "Take profit", stop_loss: "Stop loss", entry: "Entry" };
const WORDS = { limitPrice: "limit", triggerPrice: "trigger" };
// Less is a click: it opens the form that amends the order.
const LEAST_PIXELS = 4;
// Tags keep this distance.
const TAG_PIXELS = 25;

export class OrderLines {
  #orders = [];
  #levels = [];
  #pair = [];
  #plot = null;
  #layer = h("div", { class: "order-lines" });
  #dragged = null;

  /** `act` has amend(order, changes), and edit(order), which opens the form that amends it. */
  constructor(chart, act) {
    this.chart = chart;
    this.act = act;
    chart.lines = this;
  }

  /** Take in the open orders of any pair; those of the pair on show have lines. */
  take(orders) {
    this.#orders = orders;
    this.#build();
    this.chart.redraw();
  }

  /** The chart shows a pair. */
  showPair(base, counter) {
    if (this.#pair.join("/") === `${base}/${counter}`) return;
    this.#pair = [base, counter];
    this.#build();
  }

  /** The prices that the chart should leave room for, in its own unit. */
  get prices() {
    return this.#levels.map(({ price }) => price);
  }

  /** Put the lines where the chart has their prices. */
  place(plot) {
    this.#plot = plot;
    if (this.#layer.parentElement !== plot.over) plot.over.append(this.#layer);
    let lastTag = -Infinity;
    for (const level of this.#levels.toSorted((a, b) => b.price - a.price)) {
      if (level !== this.#dragged) level.line.style.top = `${plot.valToPos(level.price, "y")}px`;
      const at = plot.valToPos(level.price, "y");
      lastTag = Math.max(at, lastTag + TAG_PIXELS);
      level.tag.style.top = `${lastTag - at}px`;
    }
  }

  #build() {
    // What is held in the hand stays.
    if (this.#dragged) return;
    const focused = this.#layer.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.#levels = this.#orders.flatMap((order) => levelsOf(order, ...this.#pair)).map((level) => this.#drawn(level));
    this.#layer.replaceChildren(...this.#levels.map(({ line }) => line));
    if (focused) this.#layer.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #drawn(level) {
    const { order, name, text } = level;
    const title = `${labelOf(level)} ${grouped(text)}`;
    const key = `${order.orderId} ${name}`;
    const named = name ? `${title}: drag to amend, or press for the form` : title;
    const tag = h("button", { type: "button", class: "order-tag", "data-key": key, "aria-label": named, title: named }, title);
    const line = h("div", { class: `order-line ${order.groupRole ?? ""} ${name ? "" : "fixed"}` }, tag);
    const drawn = { ...level, tag, line };
    tag.addEventListener("click", (event) => event.detail === 0 && this.act.edit(order));
    if (name) tag.addEventListener("pointerdown", (event) => this.#grab(event, drawn));
    // Else the chart begins to select.
    tag.addEventListener("mousedown", (event) => event.stopPropagation());
    return drawn;
  }

  #grab(event, level) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    const { tag } = level;
    const from = { y: event.clientY, top: this.#plot.valToPos(level.price, "y"), text: null };
    const during = new AbortController();
    const { signal } = during;
    const letGo = () => {
      during.abort();
      this.#dragged = null;
      tag.classList.remove("held");
    };
    this.#dragged = level;
    tag.setPointerCapture(event.pointerId);
    tag.classList.add("held");
    tag.addEventListener("pointermove", (moved) => this.#drag(moved, level, from), { signal });
    tag.addEventListener("pointerup", () => (letGo(), this.#drop(level, from)), { signal });
    tag.addEventListener("pointercancel", () => (letGo(), this.take(this.#orders)), { signal });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && (letGo(), this.take(this.#orders)), { signal });
  }

  #drag(event, level, from) {
    const by = event.clientY - from.y;
    if (Math.abs(by) < LEAST_PIXELS && from.text === null) return;
    const top = Math.min(this.#plot.over.clientHeight, Math.max(0, from.top + by));
    level.line.style.top = `${top}px`;
    from.text = priceAt(this.#plot, top, level.inverted);
    setText(level.tag, `${labelOf(level)} ${grouped(from.text)}`);
  }

  async #drop(level, { text }) {
    if (text === null) this.act.edit(level.order);
    else if (text !== level.text) await this.act.amend(level.order, { [level.name]: text });
    this.take(this.#orders);
  }
}

const labelOf = ({ order, name, both }) => {
  const kind = ROLES[order.groupRole] ?? capitalised(typeName(order.type));
  return both ? `${kind}, ${WORDS[name]}` : kind;
};

// [{order, name, text, price, inverted, both}] of an order on the chart of a pair: `text` as it was given, `price` in
// the chart's unit; without a name it cannot be dragged.
function levelsOf(order, base, counter) {
  const { tokenIn, tokenOut, priceOf, trigger } = order;
  const sells = tokenIn === base && tokenOut === counter;
  if (!sells && !(tokenIn === counter && tokenOut === base)) return [];
  const inverted = sells !== (priceOf === "tokenIn");
  const names = namesOf(order).filter((name) => name === "limitPrice" || name === "triggerPrice");
  const given = names.map((name) => ({ order, name, text: order[name] ?? trigger?.[name] ?? null, inverted, both: names.length > 1 }));
  const trailing = trigger?.trailBps && trigger.firesAtOrBelow ? [trailOf(order, sells)] : [];
  return [...given, ...trailing]
    .filter(({ text }) => text !== null)
    .map((level) => ({ ...level, price: level.inverted ? 1 / Number(level.text) : Number(level.text) }))
    .filter(({ price }) => Number.isFinite(price) && price > 0);
}

// Where a trailing stop would fire now: it follows its watermark, not the hand.
function trailOf(order, sells) {
  const price = Number(order.trigger.firesAtOrBelow) / Number(order.amountIn);
  return { order, name: null, text: (sells ? price : 1 / price).toPrecision(6), inverted: false, both: false };
}

// As many digits as a pixel tells apart, in the unit in which the order's price was given.
function priceAt(plot, top, inverted) {
  const said = (at) => (inverted ? 1 / plot.posToVal(at, "y") : plot.posToVal(at, "y"));
  const step = Math.abs(said(top + 1) - said(top));
  const places = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step))));
  const text = said(top).toFixed(places);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
