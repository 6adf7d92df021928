// Quoted prices over time with the visitor's own executed orders on them.
// Numbers here are pixels in the making: nothing of them goes back into an order.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { grouped } from "./amounts.js";
import { byId, h, setText } from "./dom.js";

const KEPT_POINTS = 2_000;
const HEIGHT = 205;
const STORE = "prices:";

export class PriceChart {
  #plot = null;
  #pair = "";
  #points = [];
  #marks = [];
  #seconds = 300;
  #frame = byId("chart");

  constructor() {
    for (const button of byId("chart-spans").children) {
      button.addEventListener("click", () => this.#span(button));
    }
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#frame.clientWidth, height: HEIGHT })).observe(
      this.#frame,
    );
  }

  /** Add the prices of a quote board; another pair begins another chart. */
  add(board) {
    this.show(board.tokenIn, board.tokenOut);
    const prices = ["raydium", "meteora"].map((dex) =>
      poolPrice(board.quotes.find((quote) => quote.dex === dex)),
    );
    this.#points.push([Date.now() / 1000, ...prices]);
    this.#points.splice(0, this.#points.length - KEPT_POINTS);
    this.#keep();
    this.#showLatest();
    this.#frame.setAttribute(
      "aria-label",
      `Price of ${board.tokenIn} in ${board.tokenOut} over time, best now ${board.best.price}; ${this.#marks.length} of your orders are marked`,
    );
    this.#draw();
  }

  /** Show a pair, with the points of this browser tab. */
  show(tokenIn, tokenOut) {
    const pair = `${tokenIn}/${tokenOut}`;
    if (pair === this.#pair) return;
    this.#pair = pair;
    this.#points = this.#stored();
    setText(byId("chart-title"), `${tokenIn} in ${tokenOut}`);
    this.#showLatest();
    this.#draw();
  }

  /** Mark executed orders of any pair: [{at, tokenIn, tokenOut, price, side text}]. */
  mark(orders) {
    const [base, counter] = this.#pair.split("/");
    this.#marks = orders.flatMap((order) => {
      const value = number(order.executedPrice);
      if (order.tokenIn === base && order.tokenOut === counter)
        return [{ at: Date.parse(order.confirmedAt) / 1000, price: value, sells: true }];
      if (order.tokenIn === counter && order.tokenOut === base && value > 0)
        return [{ at: Date.parse(order.confirmedAt) / 1000, price: 1 / value, sells: false }];
      return [];
    });
    this.#draw();
  }

  /** Draw with the colours of the theme on screen. */
  repaint() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#draw();
  }

  #showLatest() {
    const [, raydium, meteora] = this.#points.at(-1) ?? [];
    setText(byId("chart-raydium"), raydium ? grouped(raydium.toPrecision(8)) : "–");
    setText(byId("chart-meteora"), meteora ? grouped(meteora.toPrecision(8)) : "–");
  }

  #span(button) {
    this.#seconds = Number(button.dataset.seconds);
    for (const each of byId("chart-spans").children)
      each.setAttribute("aria-pressed", String(each === button));
    this.#draw();
  }

  #draw() {
    if (this.#points.length === 0) {
      this.#plot?.destroy();
      this.#plot = null;
      this.#frame.replaceChildren(h("p", { class: "quiet" }, "Prices appear here with the first quotes."));
      return;
    }
    const columns = [0, 1, 2].map((column) => this.#points.map((point) => point[column]));
    if (this.#plot === null) {
      this.#frame.replaceChildren();
      this.#plot = new uPlot(this.#options(), columns, this.#frame);
    } else {
      this.#plot.setData(columns);
    }
  }

  #options() {
    const ink = (selector) => getComputedStyle(document.querySelector(selector)).color;
    const axis = {
      stroke: ink(".chart-panel .quiet, .swap .quiet"),
      grid: { stroke: getComputedStyle(this.#frame.closest(".panel")).borderTopColor, width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    const line = (label, colour) => ({
      label,
      stroke: colour,
      width: 2,
      spanGaps: true,
      points: { show: () => this.#points.length < 3, size: 6, fill: colour },
    });
    return {
      width: this.#frame.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false },
      padding: [10, 26, 0, 0],
      scales: {
        x: { range: () => this.#timeRange() },
        y: { range: (_plot, low, high) => this.#priceRange(low, high) },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: 28,
          values: (_plot, times) => times.map((time) => CLOCK.format(new Date(time * 1000))),
        },
        { ...axis, size: 74, values: (_plot, prices) => prices.map((price) => priceLabel(price, prices)) },
      ],
      series: [{}, line("Raydium", ink(".key.raydium")), line("Meteora", ink(".key.meteora"))],
      hooks: { draw: [(plot) => this.#drawMarks(plot, ink(".key.own"))] },
    };
  }

  #timeRange() {
    const end = this.#points.at(-1)[0];
    const first = Math.min(this.#points[0][0], ...this.#marks.map((mark) => mark.at), end - 60);
    const start = this.#seconds > 0 ? Math.max(first, end - this.#seconds) : first;
    return [start, end + (end - start) * 0.02];
  }

  #priceRange(low, high) {
    const [from, to] = [this.#plot?.scales.x.min ?? 0, this.#plot?.scales.x.max ?? Infinity];
    const marked = this.#marks.filter((mark) => mark.at >= from && mark.at <= to).map((mark) => mark.price);
    const [least, most] = [Math.min(low ?? Infinity, ...marked), Math.max(high ?? -Infinity, ...marked)];
    if (!Number.isFinite(least)) return [0, 1];
    const margin = Math.max((most - least) * 0.15, most * 0.0005);
    return [least - margin, most + margin];
  }

  #drawMarks(plot, colour) {
    const { ctx, bbox } = plot;
    const size = 6 * devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour;
    for (const mark of this.#marks) {
      const [x, y] = [plot.valToPos(mark.at, "x", true), plot.valToPos(mark.price, "y", true)];
      // Selling the base token points down, buying it points up.
      const tip = mark.sells ? size : -size;
      ctx.beginPath();
      ctx.moveTo(x, y + tip);
      ctx.lineTo(x - size, y - tip);
      ctx.lineTo(x + size, y - tip);
      ctx.closePath();
      ctx.fill();
    }
    ctx.restore();
  }

  #keep() {
    try {
      sessionStorage.setItem(STORE + this.#pair, JSON.stringify(this.#points.slice(-500)));
    } catch {
      // Without storage the chart begins anew with each visit.
    }
  }

  #stored() {
    try {
      return JSON.parse(sessionStorage.getItem(STORE + this.#pair)) ?? [];
    } catch {
      return [];
    }
  }
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const number = (text) => (text === null || text === undefined ? null : Number(text));

// The quoted price without the impact of the amount asked for: the line then does not jump with every
// keystroke, and the marks show what an order's own size has cost.
function poolPrice(quote) {
  return quote ? Number(quote.price) / (1 - quote.priceImpactBps / 10_000) : null;
}

// As many decimals as tell neighbouring ticks apart.
function priceLabel(price, all) {
  const step = all.length > 1 ? Math.abs(all[1] - all[0]) : Math.abs(price) || 1;
  let places = 0;
  while (
    places < 12 &&
    Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) > 1e-6 * step * 10 ** places
  )
    places += 1;
  return price.toFixed(places);
}
