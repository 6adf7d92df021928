// What unfolds under a row of the history: journal, attempts, ids.

import { get } from "./api.js";
import { grouped } from "./amounts.js";
import { copyButton, h } from "./dom.js";
import { capitalised, clock, duration, millisecondsBetween, short } from "./format.js";

/** Fetch an order and draw its details into `cell`. */
export async function detailsOf(orderId, cell) {
  cell.replaceChildren(h("p", { class: "quiet" }, "Loading…"));
  try {
    const order = await get(`/api/orders/${orderId}`);
    cell.replaceChildren(
      h("div", { class: "details" }, journal(order.events, order.eventsLeftOut), facts(order), attempts(order.attempts)),
    );
  } catch (error) {
    if (error.code === undefined) throw error;
    cell.replaceChildren(h("p", { class: "bad" }, `The details did not come: ${error.message}.`));
  }
}

function journal(events, leftOut) {
  const items = events.map((event, index) => {
    const before = events[index - 1];
    return h(
      "li",
      {},
      h("time", { datetime: event.at }, clock(event.at)),
      h("b", {}, capitalised(event.status)),
      h("span", { class: "quiet" }, before ? `+${duration(millisecondsBetween(before.at, event.at))}` : ""),
      h("span", {}, remark(event)),
    );
  });
  const earlier = leftOut ? [h("p", { class: "quiet" }, `${leftOut} earlier steps are not shown.`)] : [];
  return h("div", {}, h("h3", {}, "Steps"), ...earlier, h("ol", { class: "journal" }, items));
}

function remark(event) {
  if (event.retryInMs !== undefined)
    return `${event.error ?? event.code}; ${event.attempt ? "retry " + event.attempt : "tried again"} in ${duration(event.retryInMs)}`;
  if (event.status === "routing" && event.quote) return `fired at slot ${event.slot}: ${grouped(event.quote.amountOut, 9)}`;
  if (event.error) return event.error;
  if (event.status === "building" && event.amountOut) return `${event.venue}: ${grouped(event.amountOut, 9)}`;
  if (event.status === "submitted" && event.attempt) return `attempt ${event.attempt}`;
  return event.slot ? `slot ${event.slot}` : "";
}

function facts(order) {
  const { fees } = order;
  const known = [
    ["Order id", order.orderId, true],
    ["Client order id", order.clientOrderId, true],
    ["Pool", order.pool, true],
    ["Paid", order.executedAmountIn && `${grouped(order.executedAmountIn)} ${order.tokenIn}`],
    ["Received", order.executedAmountOut && `${grouped(order.executedAmountOut)} ${order.tokenOut}`],
    ["Quoted price", order.quotedPrice && grouped(order.quotedPrice)],
    ["Executed price", order.executedPrice && grouped(order.executedPrice)],
    ["At least", order.minAmountOut && `${grouped(order.minAmountOut)} ${order.tokenOut}`],
    ["LP fee", fees.lp && `${grouped(fees.lp)} ${fees.lpToken ?? ""}`],
    ["Network fee", fees.network && `${fees.network} SOL`],
    ["Priority fee", fees.priority && `${fees.priority} SOL`],
    ["Network", order.network],
    ["Error", order.error && `${order.error.message} (${order.error.code})`],
  ].filter(([, value]) => value);
  return h(
    "div",
    {},
    h("h3", {}, "Facts"),
    h(
      "dl",
      { class: "facts" },
      known.map(([label, value, copies]) =>
        h(
          "div",
          {},
          h("dt", {}, label),
          h(
            "dd",
            {},
            copies
              ? [h("code", { title: value }, short(value, 8, 6)), copyButton(value, label.toLowerCase())]
              : value,
          ),
        ),
      ),
    ),
  );
}

function paid(fees) {
  const known = Object.entries(fees).filter(([, amount]) => amount && amount !== "0");
  return known.map(([name, amount]) => `${name} ${amount} SOL`).join(", ");
}

function attempts(list) {
  if (!list.length)
    return h("div", {}, h("h3", {}, "Attempts"), h("p", { class: "quiet" }, "No transaction was signed."));
  const items = list.map((attempt) =>
    h(
      "li",
      {},
      h("b", {}, `${attempt.attempt}`),
      h("span", {}, attempt.state.replaceAll("_", " ")),
      attempt.explorerUrl
        ? h(
            "a",
            { href: attempt.explorerUrl, target: "_blank", rel: "noopener noreferrer" },
            short(attempt.txHash, 6, 6),
          )
        : h("code", {}, short(attempt.txHash, 6, 6)),
      copyButton(attempt.txHash, "transaction hash"),
      attempt.slot ? h("span", { class: "quiet" }, `slot ${attempt.slot}`) : null,
      h("span", { class: "quiet" }, paid(attempt.fees)),
      attempt.error ? h("span", { class: "bad" }, attempt.error.message) : null,
    ),
  );
  return h("div", {}, h("h3", {}, "Attempts"), h("ol", { class: "attempts" }, items));
}
