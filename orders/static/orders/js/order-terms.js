// The part of the swap form that says what an order waits for: its type, its prices, its exits, its end.

import { amountText, percentText } from "./amounts.js";
import { byId, h, setText } from "./dom.js";
import { FIELDS, LABELS, TermField } from "./order-fields.js";
import { sentence } from "./order-hints.js";
import { amountAt, isBuying, priceText } from "./prices.js";

const ENDS = { 3600: "1 hour", 86400: "1 day", 604800: "7 days", 2592000: "30 days" };
// Where the form shows what the API says of a field that it has not.
const PLACES = { timeInForce: "expiresAt" };
const PRICES = ["limitPrice", "triggerPrice", "activationPrice", "minPrice", "maxPrice"];
// On a network of real money rounds are a minute apart at least.
const LEAST_INTERVAL_SECONDS = document.body.dataset.network === "localnet" ? 1 : 60;

export class OrderTerms {
  #fields = {};
  #chosen = "market";
  #exits = byId("with-exits");
  #end = h("select", { id: "term-expiresAt", "aria-describedby": "problem-expiresAt" });
  #at = h("input", { type: "datetime-local", "aria-label": "Expires at", hidden: true });
  #sentence = h("p", { class: "hint order-sentence", id: "order-sentence", role: "status" });
  #refusals = {};
  #now = null;
  #pricedPair = "";

  /** Builds its fields into the form; `form` is the swap form, `changed()` is called with every change. */
  constructor(form, changed) {
    this.form = form;
    this.changed = () => {
      this.#refusals = {};
      changed();
    };
    const field = { changed: () => this.changed(), priceNow: () => this.#now, leastInterval: LEAST_INTERVAL_SECONDS };
    for (const name of Object.keys(LABELS)) this.#fields[name] = new TermField(name, field);
    const rows = Object.values(this.#fields).map(({ row }) => row);
    byId("order-terms").prepend(...rows);
    byId("order-terms").append(this.#endRow(), this.#sentence);
    this.#exits.disabled = false;
    this.#exits.addEventListener("change", () => this.choose(this.#chosen));
    for (const tab of tabs()) {
      tab.disabled = false;
      tab.addEventListener("change", () => this.choose(tab.value));
    }
    this.choose(this.#chosen);
  }

  /** "market" for a plain market order: then nothing of this is asked for. */
  get type() {
    return this.#chosen;
  }

  /** Whether the order waits: neither a quote nor the balance of now decides about it. */
  get waits() {
    return this.#chosen !== "market";
  }

  get isPlain() {
    return !this.waits && !this.#exits.checked;
  }

  /** Use another type of order. */
  choose(type) {
    this.#chosen = type;
    const may = new Set(this.#asked().map(({ name }) => name));
    for (const [name, { row }] of Object.entries(this.#fields)) row.hidden = !may.has(name);
    byId("exits-row").hidden = !["market", "limit"].includes(type);
    byId("end-row").hidden = !this.waits || type === "dca";
    this.#offerEnds();
    this.changed();
  }

  /** Use another type of order, and show it on the tabs. */
  take(type) {
    for (const tab of tabs()) tab.checked = tab.value === type;
    this.choose(type);
  }

  /** Why the order cannot go out, or null. */
  obstacle() {
    for (const { name, isOptional } of this.#asked()) {
      const { problem } = this.#fields[name].read();
      if (problem) return `${LABELS[name].split(":")[0]}: ${problem[0].toLowerCase()}${problem.slice(1)}`;
      if (problem === "" && !isOptional) return `Enter: ${LABELS[name].toLowerCase()}`;
    }
    if (!byId("end-row").hidden && this.#end.value === "at" && !this.#at.value) return "Choose when it expires";
    return null;
  }

  /** The slippage after it fires. What is preset for swaps of now would leave a stop behind in a falling market. */
  get slippageBps() {
    const { slippage, limits } = this.form;
    const chosen = slippage.bps() ?? limits.defaultSlippageBps;
    if (this.#chosen === "oco") return limits.stopSlippageBps;
    const isStop = ["stop", "trailing_stop"].includes(this.#chosen);
    return isStop && chosen === limits.defaultSlippageBps ? limits.stopSlippageBps : chosen;
  }

  /** What the choice of slippage means for the type on show. */
  get slippageText() {
    if (this.#chosen === "limit") return "Not asked for: the limit price bounds it.";
    if (this.#chosen === "sniper") return `Counts once the pool is open: ${percentText(this.slippageBps)}.`;
    if (this.#chosen === "dca") return `Counts for each round: ${percentText(this.slippageBps)}.`;
    return `Counts once it has fired: ${percentText(this.slippageBps)}.`;
  }

  /** What a request says beside pair and amount. */
  terms() {
    const [tokenIn, tokenOut] = this.#pair();
    const price = (name) => this.#fields[name].read().price?.text;
    if (this.#chosen === "sniper") return { type: "sniper", slippageBps: this.slippageBps, ...this.#expiry() };
    const said = { ...this.#exitTerms(price), priceOf: isBuying(tokenIn, tokenOut) ? "tokenOut" : "tokenIn" };
    const stop = price("stopLimit") ? "stop_limit" : "stop";
    if (this.#chosen === "stop" && price("stopLimit")) said.limitPrice = price("stopLimit");
    const kind = { stop, oco: "limit" }[this.#chosen] ?? this.#chosen;
    for (const { name } of this.#asked().filter(({ name }) => PRICES.includes(name)))
      if (price(name)) said[name] = price(name);
    if (this.#chosen === "dca") for (const name of ["rounds", "intervalSeconds"]) said[name] = this.#fields[name].read().count;
    if (this.#chosen === "trailing_stop") said.trailBps = this.#fields.trailBps.read().bps;
    const slippage = ["market", "limit", "oco"].includes(this.#chosen) ? {} : { slippageBps: this.slippageBps };
    return { ...said, type: kind, ...slippage, ...this.#expiry() };
  }

  /** The order in words; "" while something is missing. */
  get inWords() {
    const [tokenIn, tokenOut] = this.#pair();
    const { raw } = this.form.read;
    if (!tokenIn || !tokenOut || !(raw > 0n)) return "";
    return sentence(this.#wish(raw, tokenIn, tokenOut));
  }

  /** Draw what depends on pair, amount and quotes. */
  show(feed) {
    const [tokenIn, tokenOut] = this.#pair();
    if (!tokenIn || !tokenOut) return;
    const buys = isBuying(tokenIn, tokenOut);
    // Until the quotes of another amount are there the price of before will do.
    const pair = `${tokenIn.mint} ${tokenOut.mint}`;
    if (pair !== this.#pricedPair) this.#now = null;
    if (feed.board) this.#now = nowText(feed.board, tokenIn, tokenOut, buys);
    this.#pricedPair = pair;
    const unit = `${buys ? tokenIn.symbol : tokenOut.symbol} per ${buys ? tokenOut.symbol : tokenIn.symbol}`;
    for (const { name } of this.#asked()) this.#fields[name].show(unit, this.#refusals[name]);
    setText(byId("problem-expiresAt"), this.#refusals.expiresAt ?? "");
    setText(this.#sentence, this.inWords);
  }

  /** Show what the engine refused at its fields; whether all of it has a place here. */
  refuse({ code, message, details }) {
    const named = code === "WOULD_TRIGGER_NOW" ? this.#early(message, details) : Object.entries(details ?? {});
    const shown = named
      .map(([name, text]) => [PLACES[name] ?? name, text])
      .filter(([name, text]) => typeof text === "string" && (name in this.#fields || name === "expiresAt"));
    this.#refusals = Object.fromEntries(shown);
    if (shown.length) (this.#fields[shown[0][0]]?.input ?? this.#end).focus();
    return shown.length > 0 && shown.length === named.length;
  }

  #early(message, details) {
    const place = this.#chosen === "oco" ? "stopLoss" : "triggerPrice";
    const [, tokenOut] = this.#pair();
    return [[place, details?.now ? `${message}: it would bring ${details.now} ${tokenOut.symbol} now` : message]];
  }

  #pair() {
    return [this.form.tokenIn, this.form.tokenOut].map((ref) => this.form.tokens.find(ref));
  }

  // [{name, isOptional}] of the fields that are on show.
  #asked() {
    const withExits = this.#exits.checked && ["market", "limit"].includes(this.#chosen);
    return [...FIELDS[this.#chosen], ...(withExits ? FIELDS.oco : [])].map((name) => ({
      name: name.replace("?", ""),
      isOptional: name.endsWith("?"),
    }));
  }

  #exitTerms(price) {
    if (!this.#asked().some(({ name }) => name === "takeProfit")) return {};
    const bound = price("stopLimit") ? { limitPrice: price("stopLimit") } : {};
    const { stopSlippageBps } = this.form.limits;
    return {
      orderClass: this.#chosen === "oco" ? "oco" : "bracket",
      takeProfit: { limitPrice: price("takeProfit") },
      stopLoss: { triggerPrice: price("stopLoss"), slippageBps: stopSlippageBps, ...bound },
    };
  }

  #expiry() {
    if (byId("end-row").hidden || this.#end.value === "") return {};
    if (this.#end.value === "ioc") return { timeInForce: "ioc" };
    const at = this.#end.value === "at" ? new Date(this.#at.value) : new Date(Date.now() + Number(this.#end.value) * 1000);
    return { expiresAt: at.toISOString(), ...(this.#chosen === "limit" ? { timeInForce: "gtd" } : {}) };
  }

  #wish(raw, tokenIn, tokenOut) {
    const buys = isBuying(tokenIn, tokenOut);
    const [prices, amounts] = [{}, {}];
    for (const { name } of this.#asked()) {
      const { price } = this.#fields[name].read();
      prices[name] = price?.text ?? null;
      amounts[name] = price ? amountText(amountAt(raw, price, tokenIn, tokenOut, buys), tokenOut.decimals) : null;
    }
    const trail = this.#chosen === "trailing_stop" ? this.#fields.trailBps.read().bps : undefined;
    return {
      type: this.#chosen,
      paid: amountText(raw, tokenIn.decimals),
      ...{ tokenIn: tokenIn.symbol, tokenOut: tokenOut.symbol, buys },
      prices,
      amounts,
      trailBps: trail ?? null,
      rounds: this.#rounds(raw, tokenIn),
      slippageBps: this.slippageBps,
      exits: this.#exits.checked,
    };
  }

  // {count, seconds, each} of a schedule, or null while something is missing.
  #rounds(raw, tokenIn) {
    if (this.#chosen !== "dca") return null;
    const [{ count }, { count: seconds }] = ["rounds", "intervalSeconds"].map((name) => this.#fields[name].read());
    if (!count || !seconds) return null;
    return { count, seconds, each: amountText(raw / BigInt(count), tokenIn.decimals) };
  }

  #endRow() {
    this.#end.addEventListener("change", () => this.choose(this.#chosen));
    this.#at.addEventListener("input", () => this.changed());
    return h(
      "div",
      { class: "term", id: "end-row" },
      h("label", { for: this.#end.id }, "Good"),
      h("div", { class: "term-box" }, this.#end, this.#at),
      h("p", { class: "hint bad kept", id: "problem-expiresAt", role: "status" }),
    );
  }

  #offerEnds() {
    const chosen = this.#end.value;
    const once = this.#chosen === "limit" && !this.#exits.checked ? [["ioc", "for one try, at once"]] : [];
    const all = [["", "until cancelled"], ...Object.entries(ENDS).map(([s, text]) => [s, `for ${text}`]), ["at", "until …"], ...once];
    this.#end.replaceChildren(...all.map(([value, text]) => h("option", { value }, text)));
    this.#end.value = all.some(([value]) => value === chosen) ? chosen : "";
    this.#at.hidden = this.#end.value !== "at";
  }
}

const tabs = () => document.querySelectorAll('input[name="order-type"]');

// What the whole amount brings now, as a price: of its own size, as triggers compare it.
const nowText = ({ amountInRaw, best }, tokenIn, tokenOut, buys) =>
  priceText(BigInt(amountInRaw), BigInt(best.amountOutRaw), tokenIn, tokenOut, buys);
