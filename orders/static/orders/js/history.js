// The history table: filters, pages by cursor, details on demand.

import { get } from "./api.js";
import { amount, byId, copyButton, h, icon, setText } from "./dom.js";
import { brand, capitalised, moment, short, tokenLabel, typeName } from "./format.js";
import { daysProblem, queryOf } from "./history-filters.js";
import { detailsOf } from "./history-details.js";
import { chip, slippage } from "./order-marks.js";

const PAGE_SIZE = 20;

export class History {
  #pages = [null];
  #next = null;
  #open = new Set();
  #round = 0;
  #isShown = false;
  rows = [];

  /** `changed(rows, isNewest)` is called with every page that was read. */
  constructor(tokens, { changed }) {
    this.tokens = tokens;
    this.changed = changed;
    this.filters = byId("filters");
    this.filters.addEventListener("change", () => this.#restart());
    this.filters.addEventListener("reset", () => setTimeout(() => this.#restart()));
    this.filters.addEventListener("submit", (event) => event.preventDefault());
    byId("refresh-history").addEventListener("click", () => this.read());
    byId("older").addEventListener("click", () => this.#goTo([...this.#pages, this.#next]));
    byId("newer").addEventListener("click", () => this.#goTo(this.#pages.slice(0, -1)));
  }

  get query() {
    return queryOf(this.filters);
  }

  get isFiltered() {
    return Object.values(this.query).some(Boolean);
  }

  get isFirstPage() {
    return this.#pages.length === 1;
  }

  /** Whether the newest orders are on show, all of them. */
  get isNewest() {
    return this.isFirstPage && !this.isFiltered;
  }

  /** Offer the engine's tokens in the filter; prices of rows need their decimals. */
  tokensKnown() {
    const select = this.filters.elements.token;
    if (select.options.length > 1) return;
    select.append(...this.tokens.all.map((token) => h("option", { value: token.mint }, token.symbol)));
    if (this.#isShown) this.#show();
  }

  /** Read the present page anew. Failures are shown on the page. */
  async read() {
    this.#round += 1;
    const round = this.#round;
    try {
      const answer = await get("/api/orders", {
        ...this.query,
        limit: PAGE_SIZE,
        cursor: this.#pages.at(-1),
      });
      if (round !== this.#round) return;
      const unchanged = JSON.stringify(answer.results) === JSON.stringify(this.rows) && this.#isShown;
      this.rows = answer.results;
      this.#isShown = true;
      this.#next = answer.next ? new URL(answer.next).searchParams.get("cursor") : null;
      setText(byId("history-problem"), daysProblem(this.filters));
      // Drawing the same again would only disturb a reader.
      if (!unchanged) this.#show();
      this.#showPager();
      this.changed(this.rows, this.isNewest);
    } catch (error) {
      if (error.code === undefined) throw error;
      if (round === this.#round)
        setText(byId("history-problem"), `History is not up to date: ${error.message}.`);
    }
  }

  #restart() {
    this.#pages = [null];
    return this.read();
  }

  #goTo(pages) {
    this.#pages = pages;
    return this.read();
  }

  #show() {
    const focused = document.activeElement?.closest?.("[data-row]")?.dataset.row;
    byId("history-rows").replaceChildren(...this.rows.flatMap((order) => this.#rowsOf(order)));
    if (focused)
      byId("history-rows")
        .querySelector(`[data-row="${CSS.escape(focused)}"] .expand`)
        ?.focus();
    const isEmpty = this.rows.length === 0;
    byId("history-empty").hidden = !isEmpty;
    byId("history-table").hidden = isEmpty;
    setText(byId("history-empty-text"), this.isFiltered ? "No order fits these filters." : "No orders yet.");
    byId("history-empty-hint").hidden = this.isFiltered;
  }

  #showPager() {
    byId("newer").parentElement.hidden = this.isFirstPage && this.#next === null;
    byId("older").disabled = this.#next === null;
    byId("newer").disabled = this.isFirstPage;
    setText(byId("history-page"), this.rows.length === 0 ? "" : `Page ${this.#pages.length}`);
  }

  #rowsOf(order) {
    const isOpen = this.#open.has(order.orderId);
    const detailsId = `details-${order.orderId}`;
    const toggle = h(
      "button",
      {
        type: "button",
        class: "icon-button tiny expand",
        "aria-expanded": String(isOpen),
        "aria-controls": detailsId,
        "aria-label": `Details of ${order.amountIn ?? "some"} ${order.tokenIn} to ${order.tokenOut}`,
      },
      icon("down"),
    );
    const row = h(
      "tr",
      { class: "order-row", "data-row": order.orderId, "data-status": order.status },
      cellsOf(order, this.tokens),
      h("td", { class: "expander" }, toggle),
    );
    const details = h(
      "tr",
      { id: detailsId, class: "details-row", hidden: !isOpen },
      h("td", { colspan: "9" }),
    );
    const flip = () => this.#flip(order, toggle, details);
    row.addEventListener("click", (event) => {
      // Selecting text or following a link is no wish for details.
      if (!event.target.closest("a, button") && !String(getSelection())) flip();
    });
    toggle.addEventListener("click", flip);
    if (isOpen) detailsOf(order.orderId, details.firstChild);
    return [row, details];
  }

  #flip(order, toggle, details) {
    const opens = details.hidden;
    details.hidden = !opens;
    toggle.setAttribute("aria-expanded", String(opens));
    if (opens) {
      this.#open.add(order.orderId);
      detailsOf(order.orderId, details.firstChild);
    } else {
      this.#open.delete(order.orderId);
    }
  }
}

function cellsOf(order, tokens) {
  const cell = (label, className, ...content) =>
    h("td", { "data-label": label, class: className, "data-empty": content[0] === "–" }, ...content);
  const received = order.executedAmountOut ?? order.quotedAmountOut;
  return [
    cell("Time", "time", h("time", { datetime: order.createdAt }, moment(order.createdAt))),
    cell(
      "Order",
      "what",
      h(
        "span",
        {},
        order.type === "market" ? "" : `${capitalised(typeName(order.type))}: `,
        // Of an exact output what it took, which is less than it might have.
        amount(order.executedAmountIn ?? order.amountIn, tokenLabel(order.tokenIn), 6),
        " → ",
        order.executedAmountOut || !received ? "" : "≈ ",
        received ? amount(received, tokenLabel(order.tokenOut), 4) : tokenLabel(order.tokenOut),
      ),
      order.error && order.status === "failed"
        ? h("span", { class: "row-error quiet", title: order.error.message }, order.error.message)
        : null,
    ),
    cell(
      "Status",
      "state",
      chip(order.status),
      order.network !== tokens.network && tokens.network ? h("span", { class: "chip" }, order.network) : null,
    ),
    cell("DEX", "where", order.dex ? h("span", { class: `dex ${order.dex}` }, brand(order.dex)) : "–"),
    cell("Quoted price", "num quoted", price(order.quotedPrice)),
    cell("Executed price", "num executed", price(order.executedPrice)),
    cell("Slippage", "num slip", slippage(order.slippageRealisedBps)),
    cell(
      "Transaction",
      "tx",
      order.txHash
        ? h("span", { class: "tx-cell" }, transaction(order), copyButton(order.txHash, "transaction hash"))
        : "–",
    ),
  ];
}

const price = (text) => (text === null ? "–" : amount(text, "", 6));

function transaction(order) {
  const text = short(order.txHash, 4, 4);
  return order.explorerUrl
    ? h(
        "a",
        {
          href: order.explorerUrl,
          target: "_blank",
          rel: "noopener noreferrer",
          "aria-label": `Transaction ${text} in the explorer`,
        },
        text,
      )
    : h("code", {}, text);
}
