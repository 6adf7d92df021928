// Sampled and quoted prices over time with the visitor's own executed orders on them.
// Numbers here are pixels in the making: nothing of them goes back into an order.

import { grouped } from "./amounts.js";
import { byId, h, setText } from "./dom.js";
import { brand } from "./format.js";
import { FLOW_PART, OwnTrades, drawFlow, drawMarks } from "./own-trades.js";
import { keep, stored } from "./storage.js";

// A line each: the best pool of each brand.
const BRANDS = ["raydium", "meteora", "orca"];
// Larger than all else together, and nothing waits for it: it comes when there is something to draw.
const library = { uPlot: null, coming: null };
const KEPT_POINTS = 2_000;
const STORE = "prices:";
const FITS = "chart-fits-orders";

export class PriceChart {
  #plot = null;
  #pair = "";
  #points = [];
  #own = new OwnTrades();
  #trades = [];
  #seconds = 300;
  #frame = byId("chart");
  // What draws the lines of open orders; it comes later, as nothing waits for it.
  lines = null;
  // The prices before this visit; they come later too.
  past = null;
  #fits = byId("chart-fits");

  constructor() {
    this.#fits.setAttribute("aria-pressed", String(stored(FITS) !== "off"));
    this.#fits.addEventListener("click", () => {
      const fits = this.#fits.getAttribute("aria-pressed") !== "true";
      this.#fits.setAttribute("aria-pressed", String(fits));
      keep(FITS, fits ? "on" : "off");
      this.#draw();
    });
    for (const button of byId("chart-spans").children) {
      button.addEventListener("click", () => this.#span(button));
    }
    new ResizeObserver(() => this.#plot?.setSize(this.#size)).observe(this.#frame);
  }

  /** Add the prices of a quote board; another pair begins another chart. */
  add(board) {
    this.show(board.tokenIn, board.tokenOut);
    const prices = BRANDS.map((dex) =>
      poolPrice(board.quotes.find((quote) => quote.dex === dex)),
    );
    this.#points.push([Date.now() / 1000, ...prices]);
    this.#points.splice(0, this.#points.length - KEPT_POINTS);
    this.#keep();
    this.#showLatest();
    this.#frame.setAttribute(
      "aria-label",
      `Price of ${board.tokenIn} in ${board.tokenOut} over time, best now ${board.best.price}; ${this.#trades.length} of your orders are marked`,
    );
    this.redraw();
  }

  /** Show a pair, with the points of this browser tab. */
  show(tokenIn, tokenOut) {
    const pair = `${tokenIn}/${tokenOut}`;
    if (pair === this.#pair) return;
    this.#pair = pair;
    this.#points = this.#stored();
    this.#chooseTrades();
    setText(byId("chart-title"), `${tokenIn} in ${tokenOut}`);
    this.#showLatest();
    this.redraw();
  }

  /** Take in confirmed orders of any pair; those of the pair on show are marked. */
  mark(orders) {
    this.#own.add(orders);
    this.#chooseTrades();
    this.#draw();
  }

  /** Draw what is there anew, and what was sampled meanwhile. */
  async redraw() {
    this.#draw();
    const fills = await this.past?.read(...this.#pair.split("/"), this.#seconds);
    if (fills) this.mark(fills);
  }

  /** Draw with the colours of the theme on screen. */
  repaint() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#draw();
  }

  get #size() {
    return { width: this.#frame.clientWidth, height: this.#frame.clientHeight };
  }

  #chooseTrades() {
    this.#trades = this.#own.of(...this.#pair.split("/"));
  }

  #showLatest() {
    const [, ...latest] = this.#points.at(-1) ?? [];
    BRANDS.forEach((dex, index) => {
      const price = latest[index];
      setText(byId(`chart-${dex}`), price ? grouped(price.toPrecision(8)) : "–");
    });
  }

  #span(button) {
    this.#seconds = Number(button.dataset.seconds);
    for (const each of byId("chart-spans").children)
      each.setAttribute("aria-pressed", String(each === button));
    this.redraw();
  }

  #draw() {
    this.lines?.showPair(...this.#pair.split("/"));
    const { prices = [] } = this.lines ?? {};
    this.#fits.hidden = prices.length === 0;
    // A chart begins with what was sampled before the first quote.
    const rows = [...(this.past?.before(this.#points[0]?.[0]) ?? []), ...this.#points];
    if (rows.length === 0) {
      this.#plot?.destroy();
      this.#plot = null;
      this.#frame.replaceChildren(h("p", { class: "quiet" }, "Prices appear here with the first quotes."));
      return;
    }
    const columns = ["at", ...BRANDS].map((_, column) => rows.map((row) => row[column] ?? null));
    if (library.uPlot === null) {
      library.coming ??= load().then(() => this.#draw());
    } else if (this.#plot === null) {
      this.#frame.replaceChildren();
      this.#plot = new library.uPlot(this.#options(), columns, this.#frame);
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
    const trade = { bought: ink(".key.own"), sold: ink(".key.sold") };
    const line = (label, colour) => ({
      label,
      stroke: colour,
      width: 2,
      spanGaps: true,
      points: { show: () => this.#points.length < 3, size: 6, fill: colour },
    });
    return {
      ...this.#size,
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
          values: (_plot, times) => times.map((time) => this.past?.label(time) ?? CLOCK.format(time * 1000)),
        },
        { ...axis, size: 74, values: (_plot, prices) => prices.map((price) => priceLabel(price, prices)) },
      ],
      series: [{}, ...BRANDS.map((dex) => line(brand(dex), ink(`.key.${dex}`)))],
      hooks: {
        drawAxes: [(plot) => this.past?.draw(plot, axis.stroke)],
        setCursor: [(plot) => this.past?.show(plot, this.#trades)],
        draw: [
          (plot) => drawFlow(plot, this.#trades, trade, axis.grid.stroke),
          (plot) => drawMarks(plot, this.#trades, trade),
          (plot) => this.lines?.place(plot),
        ],
      },
    };
  }

  #timeRange() {
    const end = Math.max(this.#points.at(-1)?.[0] ?? 0, this.past?.end ?? 0);
    const first = Math.min(this.#points[0]?.[0] ?? end, this.past?.candles[0]?.at ?? end, ...this.#trades.map(({ at }) => at), end - 60);
    const start = Math.max(first, end - this.#seconds);
    return [start, end + (end - start) * 0.02];
  }

  #priceRange(low, high) {
    const [from, to] = [this.#plot?.scales.x.min ?? 0, this.#plot?.scales.x.max ?? Infinity];
    const marked = this.#trades.filter(({ at }) => at >= from && at <= to).map(({ price }) => price);
    const shown = [...marked, ...(this.past?.prices(from, to) ?? [])];
    if (this.#fits.getAttribute("aria-pressed") === "true") shown.push(...(this.lines?.prices ?? []));
    const [least, most] = [Math.min(low ?? Infinity, ...shown), Math.max(high ?? -Infinity, ...shown)];
    if (!Number.isFinite(least)) return [0, 1];
    const margin = Math.max((most - least) * 0.15, most * 0.0005);
    // Room for the flow of orders below the price.
    const height = (most - least + 2 * margin) / (1 - FLOW_PART);
    return [most + margin - height, most + margin];
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

async function load() {
  library.uPlot = (await import(document.body.dataset.chartLibrary)).default;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

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
