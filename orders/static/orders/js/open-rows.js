// How an open order, and a group of them, are drawn on their panel.

import { grouped, percentText } from "./amounts.js";
import { amount, h } from "./dom.js";
import { capitalised, moment, tokenLabel, typeName } from "./format.js";
import { namesOf } from "./open-editor.js";
import { spanText } from "./order-fields.js";
import { levelText } from "./order-story.js";

const KINDS = {
  oco: "One of two: the first that fires cancels the other",
  bracket: "Bracket: an entry and its two exits",
  dca: "Rounds of one schedule",
};
const ROLES = { take_profit: "Take profit", stop_loss: "Stop loss", entry: "Entry" };
const WAITS = { PRICE: "waits for the price", FUNDS: "waits for funds", RETRY: "rests after a try in vain" };

/** A group as one: its orders between one head and one edge; `cancel` is null where nothing can be cancelled. */
export function groupBox(group, rows, cancel) {
  const button = cancel && h("button", { type: "button", class: "mini", "data-key": `group ${group.groupId}`, onclick: cancel }, group.kind === "oco" ? "Cancel both" : "Cancel what is left");
  return h(
    "section",
    { class: "open-group", "data-group-id": group.groupId, "aria-label": KINDS[group.kind] ?? group.kind },
    h("header", { class: "open-group-head" }, h("span", { class: "quiet" }, KINDS[group.kind] ?? group.kind), button),
    rows,
  );
}

/** A row; `with` has distance, problem, editor, amend(), pause(), cancel(), follow(). */
export function rowOf(order, { distance, problem, editor, amend, pause, cancel, follow }) {
  const title = `${grouped(order.amountIn ?? "some")} ${tokenLabel(order.tokenIn)} → ${tokenLabel(order.tokenOut)}`;
  const key = (name) => `${name} ${order.orderId}`;
  const button = (name, label, act) =>
    h("button", { type: "button", class: "mini", "data-key": key(name), "aria-label": `${label}: ${title}`, onclick: act }, label);
  const isOpen = order.status === "open";
  return h(
    "article",
    { class: `open-row ${order.status}`, "data-order-id": order.orderId, "aria-label": `${typeOf(order)}, ${title}` },
    h("div", { class: "open-what" }, h("b", {}, typeOf(order)), h("span", {}, title)),
    h("div", { class: "open-level", title: levelTitle(order) }, editor ?? levelOf(order)),
    h("div", { class: "open-distance" }, isOpen ? distanceOf(order, distance) : ""),
    h("div", { class: "open-state quiet" }, stateOf(order)),
    h(
      "div",
      { class: "open-tools" },
      button("story", "Story", follow),
      isOpen && !editor && namesOf(order).length ? button("amend", "Amend", amend) : null,
      isOpen && order.schedule && namesOf(order).length ? button("pause", order.schedule.paused ? "Resume" : "Pause", pause) : null,
      isOpen ? button("cancel", "Cancel", cancel) : null,
    ),
    problem ? h("p", { class: "hint bad open-problem", role: "alert" }, problem) : null,
  );
}

const typeOf = ({ groupRole, type }) => ROLES[groupRole] ?? capitalised(typeName(type));

// The prices as they were given.
function levelOf(order) {
  const { trigger, limitPrice, type, schedule } = order;
  if (schedule) return roundsOf(order);
  if (type === "trailing_stop") return h("span", {}, `${percentText(trigger.trailBps)} below its best`);
  const price = trigger?.triggerPrice ?? limitPrice;
  const bound = trigger?.triggerPrice && limitPrice ? `, limit ${grouped(limitPrice)}` : "";
  const sign = trigger?.firesAtOrAbove !== undefined === (order.priceOf === "tokenIn") ? "≥" : "≤";
  return price ? [`${sign} `, amount(price, unitOf(order)), bound] : levelTitle(order);
}

function roundsOf(order) {
  const { nextRound, lastRound, intervalSeconds, minPrice, maxPrice } = order.schedule;
  const which = nextRound > lastRound ? `all ${lastRound} rounds placed` : `round ${nextRound} of ${lastRound}, one every ${spanText(intervalSeconds)}`;
  const band = [minPrice ? `from ${grouped(minPrice)}` : "", maxPrice ? `to ${grouped(maxPrice)}` : ""].filter(Boolean).join(" ");
  return band ? [which, ", ", h("span", { class: "amount" }, `${band}\u00a0${unitOf(order)}`)] : which;
}

function unitOf({ priceOf, tokenIn, tokenOut }) {
  const [money, token] = priceOf === "tokenOut" ? [tokenIn, tokenOut] : [tokenOut, tokenIn];
  return `${tokenLabel(money)} per ${tokenLabel(token)}`;
}

const levelTitle = ({ trigger, amountIn, tokenIn, tokenOut }) =>
  trigger ? capitalised(levelText(trigger, `${grouped(amountIn)} ${tokenLabel(tokenIn)}`, tokenLabel(tokenOut))) : "";

function distanceOf(order, distance) {
  if (order.schedule) return "";
  if (distance === null) return h("span", { class: "quiet" }, "–");
  const { bps, now } = distance;
  const words = bps > 0n ? `${percentText(bps)} to go` : "reached";
  const title = `Its whole amount would bring ${grouped(now)} ${tokenLabel(order.tokenOut)} now, fees included`;
  return h("span", { title, class: bps > 0n ? "" : "better" }, words);
}

function stateOf({ status, trigger, schedule, error, expiresAt, executedAmountOut, tokenOut }) {
  if (error?.code === "SIBLING_FIRED") return "cancelled, the other order fired";
  if (status === "confirmed") return `filled: ${grouped(executedAmountOut, 6)} ${tokenLabel(tokenOut)}`;
  if (status !== "open") return status;
  if (schedule) return scheduleState(schedule);
  const until = expiresAt ? `, until ${moment(expiresAt)}` : "";
  return `${WAITS[trigger?.waitingFor] ?? "waits"}${until}`;
}

function scheduleState({ paused, nextRound, lastRound, nextAt }) {
  if (nextRound > lastRound) return "waits for its last rounds to end";
  return paused ? "paused" : `next round at ${moment(nextAt)}`;
}
