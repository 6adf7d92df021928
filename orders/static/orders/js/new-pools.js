// The panel of new pools: when each came up, what it holds and charges now, and one press that prepares an order.

import { percentText } from "./amounts.js";
import { ApiError, get } from "./api.js";
import { amount, announce, byId, copyButton, h, setText } from "./dom.js";
import { duration, moment, short, venueName } from "./format.js";
import { warningWords } from "./token-warnings.js";

const MOST_SHOWN = 30;
const LOOK_AGAIN_MS = 4_000;
// The end of what clocks show; creators may name any number.
const LATEST_SECONDS = 253_402_300_800;
const CURVES = { launchlab: "LaunchLab", dbc: "Meteora DBC", pump: "pump.fun" };

export class NewPools {
  #launches = [];
  #busy = "";
  #list = byId("pool-list");

  /** `page` {form, tokens, said(title, text, tone)}; `choose(type)` takes another type of order in the form. */
  constructor(page, choose) {
    this.page = page;
    this.choose = choose;
    setInterval(() => document.hidden || this.read(), LOOK_AGAIN_MS);
    this.read();
  }

  /** Read the newest. Failures are shown on the panel. */
  async read() {
    try {
      const { results, next } = await get("/api/launches", { limit: MOST_SHOWN });
      this.#launches = results;
      setText(byId("pool-problem"), "");
      setText(byId("pool-count"), results.length ? `${results.length}${next ? " newest" : ""}` : "");
      this.#show();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(byId("pool-problem"), `New pools are not up to date: ${error.message}.`);
    }
  }

  #show() {
    const active = this.#list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const scrolled = this.#list.parentElement.scrollTop;
    this.#list.replaceChildren(...this.#launches.map((launch) => this.#row(launch)));
    this.#list.parentElement.scrollTop = scrolled;
    if (active) this.#list.querySelector(`[data-key="${CSS.escape(active)}"]`)?.focus({ preventScroll: true });
    byId("pool-empty").hidden = this.#launches.length > 0;
  }

  #row(launch) {
    const name = launch.symbol || short(launch.mint, 4, 0);
    const type = launch.state === "open" ? "market" : "sniper";
    const label = type === "market" ? "Buy" : "Snipe";
    const quote = launch.quoteSymbol ?? short(launch.quoteMint, 4, 0);
    return h(
      "article",
      { class: `pool-row ${launch.state}`, "data-pool": launch.pool, "aria-label": `${name} for ${quote}, ${venueName(launch.venue)}` },
      h("div", { class: "pool-what" }, h("b", {}, name), h("span", { class: "quiet" }, h("code", {}, short(launch.mint)), copyButton(launch.mint, `the mint of ${name}`))),
      h("div", { class: "pool-where" }, h("span", {}, venueName(launch.venue)), h("span", { class: "quiet", title: moment(launch.seenAt) }, `${ageOf(launch)} ago${originOf(launch)}`)),
      h("div", { class: "pool-holds" }, launch.liquidity === null ? h("span", { class: "quiet" }, "–") : amount(launch.liquidity, quote, 3), h("span", { class: "quiet" }, "in the pool")),
      h("div", { class: "pool-fee" }, launch.feeBps === null ? h("span", { class: "quiet" }, "no quote") : h("b", {}, percentText(launch.feeBps)), h("span", { class: "quiet" }, launch.state === "open" ? "fee now" : "fee at opening")),
      h("div", { class: "pool-state" }, h("span", { class: `pool-moment ${launch.state}` }, stateOf(launch)), ...launch.flags.map((flag) => h("span", { class: "pool-flag", title: flag }, warningWords(flag)))),
      h(
        "div",
        { class: "open-tools" },
        h("button", { type: "button", class: "mini", "data-key": launch.pool, "aria-label": `${label} ${name}`, "aria-busy": String(this.#busy === launch.pool), onclick: () => this.#prepare(launch, type) }, label),
      ),
    );
  }

  // The form needs what the chain says of the mint; an order is placed by its own button.
  async #prepare(launch, type) {
    this.#busy = launch.pool;
    this.#show();
    try {
      const token = await this.page.tokens.look(launch.mint);
      if (token.refused.length) return this.page.said(`${token.symbol} is refused`, token.refused.map(warningWords).join(", "), "bad");
      this.choose(type);
      this.page.form.choose(launch.quoteSymbol ?? launch.quoteMint, launch.mint);
      byId("swap-form").parentElement.scrollIntoView();
      byId("amount").focus({ preventScroll: true });
      announce(`The form has ${token.symbol}: enter an amount`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.page.said("The token could not be read", error.message, "bad");
    } finally {
      this.#busy = "";
      this.#show();
    }
  }
}

const ageOf = ({ seenAt }) => duration(Math.max(1000, Math.floor((Date.now() - Date.parse(seenAt)) / 1000) * 1000)).replace(/\.0+(?= s)/, "");

const originOf = ({ graduatedFrom }) => (graduatedFrom ? `, from ${CURVES[graduatedFrom]}` : "");

function stateOf({ state, opens }) {
  if (state === "created") return "empty yet";
  if (state === "open") return "open";
  if (!opens) return "opens";
  if (opens.unit === "slot") return `opens at slot ${opens.point}`;
  return opens.point < LATEST_SECONDS ? `opens ${moment(new Date(opens.point * 1000).toISOString())}` : "never opens";
}
