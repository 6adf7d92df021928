// One order of the live panel: its timeline, what was chosen and why, the transaction, the outcome.

import { grouped, readAmount, slippageBps } from "./amounts.js";
import { amount, copyButton, h, icon } from "./dom.js";
import { adviceFor, capitalised, clock, duration, millisecondsBetween, short, tokenLabel, typeName } from "./format.js";
import { leadText, losersList } from "./offers.js";
import { chip, slippage } from "./order-marks.js";
import { pathsOf, routeDrawing } from "./route.js";

const STEPS = ["pending", "routing", "building", "submitted", "confirmed"];

/** What the part of the page for orders that wait adds to cards, once it is there. */
export const additions = { storyOf: () => null };

/** The card of `order`; `act` has retry(order), cancel(order), remove(order). `tokens` knows decimals by symbol. */
export function orderCard(order, tokens, act) {
  return h(
    "article",
    {
      class: `order-card ${order.status}${order.isFinal ? " final" : ""}`,
      "data-order-id": order.orderId,
      "data-status": order.status,
      "aria-label": `Order ${titleOf(order)}: ${order.status}`,
    },
    head(order, act),
    timeline(order),
    h(
      "div",
      { class: "order-notes" },
      additions.storyOf(order),
      retries(order),
      choice(order, tokens),
      outcome(order, tokens),
      failure(order, act),
      identity(order),
    ),
  );
}

/** "5 SOL → USDC", "Limit: 5 SOL → USDC". */
export function titleOf(order) {
  const kind = isMarket(order) ? "" : `${capitalised(typeName(order.intent.type))}: `;
  return `${kind}${swapText(order.intent)}`;
}

/** "5 SOL → USDC", or with what is bought exactly: "SOL → 500 USDC". */
export function swapText({ amountIn, amountOut, tokenIn, tokenOut }) {
  const [paid, received] = [tokenLabel(tokenIn), tokenLabel(tokenOut)];
  return amountOut ? `${paid} → ${grouped(amountOut)} ${received}` : `${grouped(amountIn)} ${paid} → ${received}`;
}

const isMarket = ({ intent }) => (intent.type ?? "market") === "market";

/** What the engine's journal says of each step: state, time, and ms since the step before. */
function stepsOf(order) {
  const { last } = order;
  const waits = order.events.some(({ status }) => status === "open");
  const names = waits ? ["open", ...STEPS.slice(1)] : STEPS;
  const reached = last ? names.indexOf(last.status) : -1;
  const ended = last && reached === -1;
  const steps = names.map((name, index) => {
    const event = order.events.findLast((each) => each.status === name);
    const isPast = event !== undefined && (ended || index <= reached);
    const state = !isPast ? "todo" : index === reached && name !== "confirmed" ? "now" : "done";
    return { name, state, event: isPast ? event : null };
  });
  if (ended) steps.splice(-1, 1, { name: last.status, state: "bad", event: last });
  return ended ? steps.filter((step) => step.event !== null) : steps;
}

function head(order, act) {
  const title = h("h3", {}, titleOf(order));
  const first = order.events[0];
  const total =
    order.isFinal && first
      ? h("span", { class: "quiet" }, `in ${duration(millisecondsBetween(first.at, order.last.at))}`)
      : null;
  const cancellable = ["pending", "open"].includes(order.status);
  const paper = order.latest("network") === "paper" ? h("span", { class: "chip" }, "paper") : null;
  const tools = h("span", { class: "card-tools" }, total, paper, chip(order.status));
  if (cancellable)
    tools.append(h("button", { type: "button", class: "mini", onclick: () => act.cancel(order) }, "Cancel"));
  if (order.status === "sending")
    tools.append(h("button", { type: "button", class: "mini", onclick: () => act.remove(order) }, "Stop"));
  if (order.isFinal) {
    tools.append(
      h(
        "button",
        {
          type: "button",
          class: "icon-button tiny",
          "aria-label": `Hide ${titleOf(order)}`,
          onclick: () => act.remove(order),
        },
        icon("cross"),
      ),
    );
  }
  return h("header", { class: "card-head" }, title, tools);
}

function timeline(order) {
  if (order.refusal) return null;
  const steps = stepsOf(order);
  return h(
    "ol",
    { class: "timeline", "aria-label": "Steps" },
    steps.map((step) => stepItem(order, step)),
  );
}

function stepItem(order, { name, state, event }) {
  const mark = state === "done" ? icon("check") : state === "bad" ? icon("cross") : null;
  const spoken = { done: "done", now: "under way", todo: "not yet", bad: "ended" }[state];
  const before = event ? order.events.find((each) => each.sequence === event.sequence - 1) : null;
  return h(
    "li",
    { class: `step ${state}`, "aria-current": state === "now" ? "step" : null },
    h("span", { class: "dot" }, mark),
    h("span", { class: "step-name" }, capitalised(name), h("span", { class: "unseen" }, `, ${spoken}`)),
    event
      ? h("time", { class: "step-at", datetime: event.at }, clock(event.at))
      : h("span", { class: "step-at" }, ""),
    before
      ? h("span", { class: "step-ms" }, `+${duration(millisecondsBetween(before.at, event.at))}`)
      : h("span", { class: "step-ms" }, ""),
  );
}

// A step that waits for a node uses no retry up: it says why, and not when.
function isWaiting(event) {
  return event.status === "routing" && event.code !== undefined && event.retryInMs === undefined;
}

function retries(order) {
  return order.events
    .filter((event) => event.status === "routing" && (event.retryInMs !== undefined || isWaiting(event)))
    .map((event) =>
      h(
        "p",
        { class: "note warn" },
        h("b", {}, isWaiting(event) ? "Waiting" : `Retry ${event.attempt} in ${duration(event.retryInMs)}`),
        ` – ${event.error ?? "a step failed"}`,
        event.code ? h("code", {}, event.code) : null,
      ),
    );
}

function choice(order, tokens) {
  const chosen = order.events.findLast((event) => event.status === "building" && event.amountOut);
  // Where the route will be drawn there is room for it from the beginning.
  if (!chosen) return order.isFinal || order.status === "open" ? null : h("div", { class: "route-waits" }, h("span", { class: "skeleton w5" }));
  const { tokenIn, tokenOut, amountOut } = order.intent;
  // An exact output costs what its one path takes; of several none says the sum.
  const amountIn = amountOut === undefined ? order.intent.amountIn : chosen.route?.length === 1 ? chosen.route[0].amountIn : null;
  const swap = { tokenIn, tokenOut, amountIn, amountOut };
  const paths = pathsOf(chosen, swap);
  return [
    routeDrawing(paths, {
      from: amountIn === null ? tokenLabel(tokenIn) : amount(amountIn, tokenLabel(tokenIn), 6),
      to: amount(chosen.amountOut, tokenLabel(tokenOut), 6),
    }),
    others(order, chosen, tokens.decimals(tokenOut), swap),
  ];
}

// The list stays as the visitor has left it while the card is drawn anew with each event.
function others(order, chosen, decimals, swap) {
  const [losers, errors] = [chosen.quotes ?? [], chosen.errors ?? []];
  if (losers.length + errors.length === 0) return h("p", { class: "note quiet" }, "The only route.");
  const lead = leadText(chosen, losers, decimals);
  const said = `${losers.length} other ${losers.length === 1 ? "route" : "routes"}`;
  const details = h(
    "details",
    { class: "card-others", open: order.showsOthers },
    h("summary", {}, `${capitalised(chosen.dex)} best`, lead && ` by ${lead}`, h("span", { class: "quiet" }, `: ${said}`)),
    losersList(chosen, losers, errors, decimals, swap),
  );
  details.addEventListener("toggle", () => {
    order.showsOthers = details.open;
  });
  return details;
}

function outcome(order, tokens) {
  const { last } = order;
  if (last?.status !== "confirmed") return null;
  const { tokenIn, tokenOut } = order.intent;
  return h(
    "p",
    { class: "note good" },
    h("b", {}, "Received ", amount(last.executedAmountOut, tokenLabel(tokenOut), 9)),
    " at ",
    amount(last.executedPrice, "", 6),
    ` ${tokenOut} per ${tokenIn}`,
    againstQuote(order, tokens),
    last.slot ? h("span", { class: "quiet" }, ` · slot ${last.slot}`) : null,
  );
}

function againstQuote({ intent, events, last }, tokens) {
  const quoted = events.findLast((event) => event.status === "building" && event.amountOut);
  const decimals = tokens.decimals(intent.tokenOut);
  if (!quoted || decimals === null || intent.amountOut) return null;
  const [promised, received] = [quoted.amountOut, last.executedAmountOut].map(
    (text) => readAmount(text, decimals).raw,
  );
  return h("span", {}, " · ", slippage(slippageBps(promised, received)), " against the quote");
}

function transaction(order) {
  const hash = order.latest("txHash");
  if (hash === null) return null;
  const link = order.latest("explorerUrl");
  const text = h("code", { title: hash }, short(hash, 8, 8));
  const attempt = order.events.findLast((event) => event.status === "submitted")?.attempt;
  return h(
    "span",
    { class: "pair" },
    h("span", { class: "quiet" }, "Transaction "),
    text,
    copyButton(hash, "transaction hash"),
    link
      ? h(
          "a",
          { href: link, target: "_blank", rel: "noopener noreferrer", class: "out" },
          "Explorer",
          icon("out"),
        )
      : null,
    attempt > 1 ? h("span", { class: "quiet" }, `attempt ${attempt}`) : null,
  );
}

function failure(order, act) {
  const ending = order.refusal ?? (order.isFinal && order.status !== "confirmed" ? order.last : null);
  if (!ending) return null;
  const words = order.refusal
    ? refusalText(order.refusal)
    : (ending.error ?? `The order was ${order.status}`);
  return h(
    "div",
    { class: "failure" },
    h(
      "p",
      {},
      h("b", {}, words),
      " ",
      adviceFor(ending.code),
      ending.code ? h("code", {}, ending.code) : null,
    ),
    // Of one that waits, placed elsewhere, the page does not know all that was asked for.
    ["ORDER_TOO_LARGE", "SIBLING_FIRED"].includes(ending.code) || !(order.isOwn || isMarket(order))
      ? null
      : h(
          "button",
          { type: "button", class: "mini", onclick: () => act.retry(order) },
          icon("refresh"),
          "Retry",
        ),
  );
}

function refusalText(refusal) {
  // Its text says the most in whole tokens already.
  if (refusal.code === "ORDER_TOO_LARGE") return refusal.message;
  const details = Object.values(refusal.details ?? {}).filter(
    (each) => typeof each === "string" && each !== refusal.message,
  );
  return details.length ? `${refusal.message}: ${details.join("; ")}` : refusal.message;
}

function identity(order) {
  if (order.orderId === null) return null;
  const id = h(
    "span",
    { class: "pair" },
    h("span", { class: "quiet" }, "Order "),
    h("code", { title: order.orderId }, short(order.orderId, 8, 4)),
    copyButton(order.orderId, "order id"),
  );
  return h("p", { class: "note ids" }, transaction(order), id);
}
