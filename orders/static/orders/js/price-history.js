// Sampled prices of a pair over a span of time, as the engine keeps them, and how they are drawn: candles.
// Numbers here are pixels in the making: nothing of them goes back into an order.

import { grouped } from "./amounts.js";
import { ApiError, get } from "./api.js";
import { h, setText } from "./dom.js";
import { moment } from "./format.js";

// The seconds that are shown, and the interval of a candle for them.
const INTERVALS = [[300, "5s"], [3_600, "1m"], [86_400, "15m"], [604_800, "1h"], [Infinity, "1h"]];
const LENGTHS = { "5s": 5, "1m": 60, "15m": 900, "1h": 3_600 };
const MINUTES = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const AGAIN_MS = 30_000;
const MOST_FILLS = 200;
// How near the pointer has to be to a mark, in pixels.
const REACH = 10;

export class PriceHistory {
  #wanted = "";
  #readAt = 0;
  #length = LENGTHS["5s"];
  #tip = h("div", { class: "chart-tip", role: "status", hidden: true });
  candles = [];

  /** Read what is kept of a pair for `seconds` back; own swaps of that time, as the history has orders, or null. */
  async read(tokenIn, tokenOut, seconds) {
    const wanted = `${tokenIn}/${tokenOut}/${seconds}`;
    if (!tokenIn || !tokenOut || (wanted === this.#wanted && Date.now() - this.#readAt < AGAIN_MS)) return null;
    if (wanted !== this.#wanted) this.candles = [];
    [this.#wanted, this.#readAt] = [wanted, Date.now()];
    const [, interval] = INTERVALS.find(([most]) => seconds <= most);
    const from = new Date(Date.now() - seconds * 1000).toISOString();
    const [found, fills] = await Promise.all([
      answered("/api/candles", { tokenIn, tokenOut, interval, from }),
      answered("/api/fills", { token: tokenIn, from, limit: MOST_FILLS }),
    ]);
    if (wanted !== this.#wanted) return null;
    this.#length = LENGTHS[interval];
    if (found) this.candles = found.candles.filter(({ close }) => close !== null).map(numbers);
    return (fills?.results ?? []).map(asOrder);
  }

  /** When the last candle ends. */
  get end() {
    return this.candles.length ? this.candles.at(-1).at + this.#length : 0;
  }

  /** The words for a time as the span has them: to the minute, and days by their names; null where seconds count. */
  label(time) {
    if (this.#length < LENGTHS["1m"]) return null;
    const [date, words] = [new Date(time * 1000), MINUTES.format(time * 1000)];
    return this.#length >= LENGTHS["15m"] && date.getHours() + date.getMinutes() === 0 ? DAYS.format(date) : words;
  }

  /** The times of candles before another one, each as a point without quotes; all where there is no other. */
  before(time = Infinity) {
    return this.candles.filter(({ at }) => at < time).map(({ at }) => [at]);
  }

  /** The lowest and highest prices between two times. */
  prices(from, to) {
    const shown = this.candles.filter(({ at }) => at >= from && at <= to);
    return shown.length ? [Math.min(...shown.map(({ low }) => low)), Math.max(...shown.map(({ high }) => high))] : [];
  }

  /** Bodies from open to close, wicks from low to high; those that fell are hollow. */
  draw(plot, colour) {
    const { ctx, bbox, scales } = plot;
    const width = Math.max(1, ((bbox.width * this.#length) / (scales.x.max - scales.x.min)) * 0.7);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = ctx.fillStyle = colour;
    ctx.lineWidth = devicePixelRatio;
    for (const candle of this.candles) drawCandle(plot, candle, candle.at + this.#length / 2, width);
    ctx.restore();
  }

  /** Say what the mark under the pointer stands for. */
  show(plot, trades) {
    const { left = -1, top = -1 } = plot.cursor;
    const far = ({ at, price }) => Math.hypot(plot.valToPos(at, "x") - left, plot.valToPos(price, "y") - top);
    const [found] = trades.filter((trade) => far(trade) < REACH).sort((a, b) => far(a) - far(b));
    this.#tip.hidden = !found;
    if (!found) return;
    if (this.#tip.parentElement !== plot.over) plot.over.append(this.#tip);
    const { order, sells } = found;
    const [sold, bought] = [`${grouped(order.executedAmountIn)} ${order.tokenIn}`, `${grouped(order.executedAmountOut)} ${order.tokenOut}`];
    const what = sells ? `Sold ${sold} for ${bought}` : `Bought ${bought} for ${sold}`;
    setText(this.#tip, `${what}, ${moment(order.confirmedAt)}`);
    this.#tip.style.left = `${Math.min(left, Math.max(0, plot.over.clientWidth - this.#tip.offsetWidth))}px`;
    this.#tip.style.top = `${top > plot.over.clientHeight / 2 ? top - this.#tip.offsetHeight - 12 : top + 12}px`;
  }
}

function drawCandle(plot, { open, high, low, close }, middle, width) {
  const { ctx } = plot;
  const [x, ...ys] = [plot.valToPos(middle, "x", true), ...[high, Math.max(open, close), Math.min(open, close), low].map((price) => plot.valToPos(price, "y", true))];
  const [peak, top, bottom, foot] = ys;
  ctx.beginPath();
  ctx.moveTo(x, peak);
  ctx.lineTo(x, top);
  ctx.moveTo(x, bottom);
  ctx.lineTo(x, foot);
  ctx.stroke();
  const body = [x - width / 2, top, width, Math.max(devicePixelRatio, bottom - top)];
  if (close >= open || width < 3 * devicePixelRatio) ctx.fillRect(...body);
  else ctx.strokeRect(...body);
}

function asOrder(fill) {
  return { ...fill, executedPrice: fill.price, executedAmountIn: fill.amountIn, executedAmountOut: fill.amountOut };
}

function numbers({ at, open, high, low, close }) {
  return { at: Date.parse(at) / 1000, open: Number(open), high: Number(high), low: Number(low), close: Number(close) };
}

// A chart without its past is a chart: nothing else is said of a failure.
async function answered(path, query) {
  try {
    return await get(path, query);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return null;
  }
}
