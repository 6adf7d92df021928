// The fields of the swap form that say what an order waits for: how each is typed, read, and drawn.

import { asTyped, percentText, readPercent } from "./amounts.js";
import { byId, h, setText } from "./dom.js";
import { moved, readPrice } from "./prices.js";

const LEAST_TRAIL_BPS = 50;
const MOST_TRAIL_BPS = 9_000;
const ROUNDS = [2, 1_000];
const LONGEST_INTERVAL_SECONDS = 365 * 86_400;
// What each type asks for; those with a question mark may be left empty.
export const FIELDS = {
  market: [],
  limit: ["limitPrice"],
  stop: ["triggerPrice", "stopLimit?"],
  take_profit: ["triggerPrice"],
  trailing_stop: ["trailBps", "activationPrice?"],
  oco: ["takeProfit", "stopLoss", "stopLimit?"],
  dca: ["rounds", "intervalSeconds", "minPrice?", "maxPrice?"],
  sniper: [],
};
export const LABELS = {
  limitPrice: "Limit: never worse than",
  triggerPrice: "Trigger: fires at",
  trailBps: "Trails the best by",
  activationPrice: "Begins to follow at",
  takeProfit: "Take profit at",
  stopLoss: "Stop loss at",
  stopLimit: "Never worse than",
  rounds: "Rounds: shared among",
  intervalSeconds: "Every: time between two rounds",
  minPrice: "Skip a round below",
  maxPrice: "Skip a round above",
};
const OPTIONAL = new Set(["activationPrice", "stopLimit", "minPrice", "maxPrice"]);
const UNITS = { 1: "seconds", 60: "minutes", 3600: "hours", 86400: "days" };
const SHIFTS = [-500, -100, 100, 500];

/** One field with its label, its unit and what is wrong with it. */
export class TermField {
  #unit;
  #units = null;

  /** `changed()` is called with everything typed; `priceNow()` gives the price of now as plain text, or null. */
  constructor(name, { changed, priceNow, leastInterval }) {
    Object.assign(this, { name, priceNow, changed, leastInterval });
    const describedBy = name === "intervalSeconds" ? `problem-${name}` : `unit-${name} problem-${name}`;
    const plain = { inputmode: "decimal", autocomplete: "off", spellcheck: "false", maxlength: "44" };
    this.input = h("input", { id: `term-${name}`, ...plain, "aria-describedby": describedBy, oninput: changed });
    this.#unit = h("span", { class: "term-unit quiet", id: `unit-${name}` });
    if (name === "intervalSeconds") this.#units = this.#unitChoice();
    const optional = OPTIONAL.has(name) ? h("span", { class: "quiet" }, " (optional)") : null;
    this.row = h(
      "div",
      { class: "term", id: `row-${name}` },
      h("label", { for: this.input.id }, LABELS[name], optional),
      h("div", { class: "term-box" }, this.input, this.#units ?? this.#unit),
      this.#isPrice ? this.#shifts() : null,
      h("p", { class: "hint bad kept", id: `problem-${name}`, role: "status" }),
    );
  }

  /** {price}, {bps}, {count} or {problem}; the problem of an empty field is "". */
  read() {
    const { value } = this.input;
    if (this.#isPrice) return readPrice(value);
    if (value.trim() === "") return { problem: "" };
    if (this.name === "rounds") return readCount(value, ...ROUNDS);
    if (this.name === "intervalSeconds") return this.#readInterval(value);
    const read = readPercent(value, MOST_TRAIL_BPS);
    return read.bps < LEAST_TRAIL_BPS ? { problem: `At least ${percentText(LEAST_TRAIL_BPS)}` } : read;
  }

  /** Draw it: the unit of prices, and what the engine has refused, if anything. */
  show(priceUnit, refusal) {
    const problem = refusal ?? this.read().problem ?? "";
    const now = this.priceNow();
    const unit = { rounds: "orders", trailBps: "%" }[this.name] ?? priceUnit;
    setText(this.#unit, unit);
    setText(byId(`problem-${this.name}`), problem);
    this.input.setAttribute("aria-invalid", String(problem !== ""));
    const example = { trailBps: "5", rounds: "10", intervalSeconds: "1" }[this.name];
    this.input.placeholder = example ?? (now ? `now ${asTyped(now)}` : "");
  }

  get #isPrice() {
    return !["trailBps", "rounds", "intervalSeconds"].includes(this.name);
  }

  #readInterval(value) {
    const unit = Number(this.#units.value);
    const { count, problem } = readCount(value, 1, Math.floor(LONGEST_INTERVAL_SECONDS / unit));
    if (problem) return { problem };
    const seconds = count * unit;
    return seconds < this.leastInterval ? { problem: `At least ${this.leastInterval} seconds` } : { count: seconds };
  }

  #unitChoice() {
    const units = Object.entries(UNITS).filter(([seconds]) => Number(seconds) >= this.leastInterval);
    const choice = h("select", { "aria-label": "Unit of the time between two rounds", onchange: this.changed });
    choice.append(...units.map(([value, text]) => h("option", { value, ...(value === "3600" ? { selected: true } : {}) }, text)));
    return choice;
  }

  // The price of now, a little up or down.
  #shifts() {
    const buttons = SHIFTS.map((bps) => {
      const text = `${bps > 0 ? "+" : "−"}${Math.abs(bps) / 100} %`;
      return h("button", { type: "button", class: "mini", "aria-label": `${text} from the price now`, onclick: () => this.#fill(bps) }, text);
    });
    return h("div", { class: "term-shifts" }, buttons);
  }

  #fill(bps) {
    const now = this.priceNow();
    if (now === null) return;
    this.input.value = asTyped(moved(readPrice(now, false).price, bps));
    this.changed();
  }
}

/** A typed whole number: {count} or {problem}. */
export function readCount(typed, least, most) {
  const text = typed.trim();
  if (!/^\d{1,9}$/.test(text)) return { problem: "A whole number" };
  const count = Number(text);
  return count < least || count > most ? { problem: `From ${least} to ${most}` } : { count };
}

/** A length of time as people say it: 3600 → "hour", 5400 → "90 minutes". */
export function spanText(seconds) {
  const unit = [86_400, 3_600, 60, 1].find((each) => seconds % each === 0);
  const word = UNITS[unit];
  return seconds === unit ? word.slice(0, -1) : `${seconds / unit} ${word}`;
}
