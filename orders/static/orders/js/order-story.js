// What happened to an order that waits, step by step, in words.

import { amountText, grouped, percentText } from "./amounts.js";
import { h } from "./dom.js";
import { clock, duration, tokenLabel, venueName } from "./format.js";

const SHOWN = 6;
const SIBLING = "SIBLING_FIRED";
const SKIPPED = {
  MISSED: "too late for its time",
  PRICE_OUT_OF_BAND: "the price is out of its band",
  KEY_TAKEN: "another order has its key",
};

/** The story of `order`, newest last; null for one that has never waited. */
export function storyOf(order) {
  if (!order.events.some(({ status }) => status === "open")) return null;
  const lines = order.events
    .map((event, index) => ({ event, words: wordsOf(event, order.events[index - 1], order.intent) }))
    .filter(({ words }) => words !== null);
  const left = lines.length - SHOWN;
  return h(
    "div",
    { class: "story" },
    left > 0 ? h("p", { class: "quiet" }, `${left} earlier steps are in the history.`) : null,
    h("ol", { "aria-label": "What happened" }, lines.slice(-SHOWN).map(lineOf)),
  );
}

function lineOf({ event, words }) {
  return h("li", {}, h("time", { class: "quiet", datetime: event.at }, clock(event.at)), h("span", {}, words));
}

function wordsOf(event, before, intent) {
  if (event.status === "open") return openWords(event, before, intent);
  if (event.status === "routing" && event.slot) return firedWords(event, intent);
  if (event.status === "cancelled" && event.code === SIBLING) return "Cancelled: the other order fired. It waits again if that one is not filled.";
  return null;
}

function openWords(event, before, intent) {
  if (event.schedule) return roundWords(event);
  const [paid, cost] = [paidText(intent), costText(event)];
  if (event.code === "PRICE_GUARD") return `Held back: ${event.error}${deviation(event)}. It fires if that lasts.`;
  if (event.waitingFor === "FUNDS") return `Waits for funds: ${event.error}. Tried again when the balance changes.${cost}`;
  if (event.waitingFor === "RETRY") return `Not filled: ${event.error}. Tried again in ${duration(event.retryInMs)}.${cost}`;
  if (event.waitingFor) return `Waits for the price again: ${event.error}.${cost}`;
  if (event.slot) return `${firedWords(event, intent)} Its limit is out of reach: from now on it waits for that.`;
  const lead = before?.code === SIBLING ? "Waits again, as the other order was not filled" : before ? "Amended: waits" : "Waits for the price";
  return `${lead}: ${levelText(event.trigger, paid, tokenLabel(intent.tokenOut))}.`;
}

function roundWords({ schedule, round, skippedRounds: skipped, skippedBecause: why }) {
  if (round) return `Round ${round} of ${schedule.lastRound} is placed.`;
  if (!skipped) return schedule.paused ? "Paused: no round is placed." : `Round ${schedule.nextRound} of ${schedule.lastRound} comes at ${clock(schedule.nextAt)}.`;
  const which = skipped.length === 1 ? `Round ${skipped[0]} is` : `Rounds ${skipped[0]} to ${skipped.at(-1)} are`;
  return `${which} skipped: ${SKIPPED[why] ?? why}.`;
}

function firedWords({ slot, quote }, intent) {
  if (!quote) return `Tried again from slot ${slot} on.`;
  return `Fired at slot ${slot}: ${paidText(intent)} would bring ${grouped(quote.amountOut, 9)} ${tokenLabel(intent.tokenOut)} by ${venueName(quote.venue)}.`;
}

/** When a trigger fires, in amounts of the order's own size. */
export function levelText(trigger, paid, tokenOut) {
  const { firesAtOrAbove: above, firesAtOrBelow: below, trailBps, activationPrice } = trigger ?? {};
  if (trailBps && !below) return activationPrice ? `follows the price from ${activationPrice} on` : "begins to follow the price";
  const trail = trailBps ? `, ${percentText(trailBps)} below its best` : "";
  if (above) return `fires when ${paid} bring ${grouped(above)} ${tokenOut} or more`;
  return below ? `fires when ${paid} bring ${grouped(below)} ${tokenOut} or less${trail}` : "fires by its trigger";
}

const paidText = ({ amountIn, tokenIn }) => `${grouped(amountIn)} ${tokenLabel(tokenIn)}`;
const deviation = ({ details }) => (details?.deviationBps ? ` by ${percentText(Number(details.deviationBps))}` : "");

function costText({ costLamports }) {
  if (!costLamports) return "";
  const sol = amountText(BigInt(costLamports), 9);
  return ` Cost so far: ${sol} SOL.`;
}
