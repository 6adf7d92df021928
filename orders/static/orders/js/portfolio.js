// The panel of the portfolio: what the wallet holds and is worth, what swaps have made of it, and both over time.

import { ApiError, get, getText } from "./api.js";
import { handOut } from "./csv-export.js";
import { curve, units, unitsText } from "./curve.js";
import { byId, h, setText } from "./dom.js";
import { moment } from "./format.js";
import { fillTable, tokenTable } from "./portfolio-tables.js";
import { profit, usd } from "./usd.js";

const FILLS_SHOWN = 50;
const LEAST_PAUSE_MS = 10_000;
const SPANS = { "1h": ["1m", 61], "1d": ["15m", 97], "7d": ["1h", 169], "30d": ["1h", 721] };
const SAID = { profit: "profit", value: "value of what swaps left" };

export class Portfolio {
  #found = null;
  #fills = [];
  #past = { points: [], leftOut: [] };
  #chosen = { view: "tokens", curve: "profit", span: "1d" };
  #pointed = null;
  #isSeen = false;
  #isStale = true;
  #readAt = 0;
  #timer = null;
  #problem = byId("portfolio-problem");

  /** `tokens` are told the values; it reads anew when they change, while the panel is in sight. */
  constructor(tokens) {
    this.tokens = tokens;
    this.#choices("portfolio-views", "view", () => this.#showTable());
    this.#choices("curve-of", "curve", () => this.#showCurve());
    this.#choices("curve-spans", "span", () => this.#later(0));
    byId("portfolio-csv").addEventListener("click", () => this.#csv());
    tokens.onChange(() => this.#becomeStale());
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.#isSeen = isIntersecting;
      if (this.#isStale) this.#later(this.#pause);
    }, { rootMargin: "200px" }).observe(byId("portfolio-title"));
    this.#read();
  }

  // Valuing a portfolio asks all pools: not more often than this.
  get #pause() {
    return Math.max(0, this.#readAt + LEAST_PAUSE_MS - Date.now());
  }

  #becomeStale() {
    this.#isStale = true;
    this.#later(this.#pause);
  }

  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#isSeen && !document.hidden && this.#read(), ms);
  }

  async #read() {
    const [interval, points] = SPANS[this.#chosen.span];
    this.#isStale = false;
    this.#readAt = Date.now();
    try {
      const [found, fills, past] = await Promise.all([
        get("/api/portfolio"),
        get("/api/fills", { limit: FILLS_SHOWN }),
        get("/api/portfolio/history", { interval, points }),
      ]);
      [this.#found, this.#fills, this.#past] = [found, fills.results, past];
      setText(this.#problem, "");
      this.tokens.valued(new Map(found.tokens.map(({ mint, valueUsdc }) => [mint, valueUsdc])));
      this.#showTotals();
      this.#showTable();
      this.#showCurve();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#isStale = true;
      setText(this.#problem, `The portfolio is not up to date: ${error.message}.`);
    }
  }

  #choices(id, name, changed) {
    const buttons = [...byId(id).querySelectorAll("button")];
    for (const button of buttons) {
      button.addEventListener("click", () => {
        this.#chosen[name] = button.dataset[name];
        for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
        changed();
      });
    }
  }

  #showTotals() {
    const { totals } = this.#found;
    const left = totals.leftOut.length ? `without ${totals.leftOut.join(", ")}` : "";
    const fact = (label, value) => h("div", { title: left || null }, h("dt", {}, label), h("dd", {}, value));
    byId("portfolio-totals").replaceChildren(
      fact("Wallet", usd(totals.valueUsdc)),
      fact("Realised", profit(totals.realisedUsdc)),
      fact("Unrealised", profit(totals.unrealisedUsdc)),
    );
  }

  #showTable() {
    if (!this.#found) return;
    const frame = byId("portfolio-frame");
    const scrolled = frame.scrollTop;
    frame.replaceChildren(this.#chosen.view === "fills" ? fillTable(this.#fills) : tokenTable(this.#found.tokens));
    frame.scrollTop = scrolled;
  }

  #showCurve() {
    if (!this.#found) return;
    const name = `${this.#chosen.curve}Usdc`;
    const points = this.#past.points.map((point) => ({ at: point.at, raw: units(point[name]) }));
    const words = SAID[this.#chosen.curve];
    const known = points.filter(({ raw }) => raw !== null);
    const last = known.at(-1);
    const label = last ? `Curve of ${words}, now ${unitsText(last.raw)} USDC; arrow keys read it` : `No curve of ${words} yet`;
    const [place, before] = [byId("curve"), this.#pointed];
    const hadFocus = place.contains(document.activeElement);
    const { box, choose } = curve(points, label, (index) => {
      this.#pointed = index;
      this.#say(index === null ? null : points[index]);
    });
    place.replaceChildren(box);
    if (hadFocus) box.focus({ preventScroll: true });
    choose(hadFocus && before !== null ? Math.min(before, points.length - 1) : null);
  }

  // What the curve says at a point; without one what it leaves out.
  #say(point) {
    const says = byId("curve-says");
    if (point === null) return says.replaceChildren(this.#restOfCurve());
    const text = point.raw === null ? null : unitsText(point.raw);
    const value = this.#chosen.curve === "profit" ? profit(text, "NO_PRICE_KEPT") : usd(text, "NO_PRICE_KEPT");
    says.replaceChildren(h("b", {}, value), ` ${moment(point.at)}`);
  }

  #restOfCurve() {
    const { leftOut } = this.#past;
    if (this.#found.fills === 0) return "Begins with the first swap.";
    const without = leftOut.length ? `, without ${leftOut.join(", ")}` : "";
    return this.#chosen.curve === "profit" ? `Realised and unrealised, at sampled prices${without}` : `What swaps have left, at sampled prices${without}`;
  }

  #csv() {
    const name = this.#chosen.view === "fills" ? "fills" : "portfolio";
    return handOut(name, () => getText(`/api/${name}?format=csv`), byId("portfolio-csv"), this.#problem);
  }
}
