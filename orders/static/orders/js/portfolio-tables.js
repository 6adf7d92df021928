// The two tables of the portfolio: a row a token, and the newest fills.

import { amountText } from "./amounts.js";
import { amount, h } from "./dom.js";
import { moment, tokenLabel, venueName } from "./format.js";
import { disc } from "./token-sign.js";
import { profit, usd } from "./usd.js";

/** A row a token, as `GET /api/portfolio` says them. */
export function tokenTable(lines) {
  const head = [["Token"], ["Balance", "num"], ["Value", "num"], ["Swapped here", "num"], ["Average cost", "num"], ["Realised", "num"], ["Unrealised", "num"]];
  return table("Tokens: balance, value, average cost and profit", head, lines.map(tokenRow), "No token.");
}

function tokenRow(line) {
  const held = line.quantity !== "0";
  return [
    h("span", { class: "portfolio-token" }, disc({ symbol: line.token, mint: line.mint }), h("b", { title: line.mint }, tokenLabel(line.token))),
    line.balance === null ? "–" : amount(line.balance, "", 4),
    usd(line.valueUsdc, line.valueMissing),
    held ? amount(line.quantity ?? line.quantityRaw, "", 4) : h("span", { class: "quiet" }, "–"),
    held ? usd(line.averageCostUsdc, line.costMissing) : h("span", { class: "quiet" }, "–"),
    profit(line.realisedUsdc, line.realisedMissing),
    profit(line.unrealisedUsdc, line.unrealisedMissing),
  ];
}

/** The newest fills, as `GET /api/fills` says them. */
export function fillTable(fills) {
  const head = [["Time"], ["Swap"], ["Price", "num"], ["Venue"], ["Fees and rent", "num"]];
  return table("Fills, newest first", head, fills.map(fillRow), "No swap yet.");
}

function fillRow(fill) {
  return [
    h("time", { datetime: fill.confirmedAt }, moment(fill.confirmedAt)),
    h("span", {}, amount(fill.amountIn ?? fill.amountInRaw, tokenLabel(fill.tokenIn), 6), " → ", amount(fill.amountOut ?? fill.amountOutRaw, tokenLabel(fill.tokenOut), 6)),
    fill.price === null ? "–" : amount(fill.price, "", 6),
    venueName(fill.venue),
    fill.totalLamports === null ? "–" : amount(amountText(BigInt(fill.totalLamports), 9), "SOL"),
  ];
}

function table(caption, head, rows, empty) {
  if (rows.length === 0) return h("div", { class: "empty" }, h("p", {}, empty));
  return h(
    "table",
    { class: "portfolio-table" },
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, head.map(([name, tone]) => h("th", { scope: "col", class: tone ?? null }, name)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, index) => h("td", { class: head[index][1] ?? null, "data-label": head[index][0] }, cell))))),
  );
}
