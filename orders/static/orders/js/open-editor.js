// The inline form that amends an open order: its prices, how far it trails, or its rounds and their band.

import { amountText, asTyped, readPercent } from "./amounts.js";
import { h, setText } from "./dom.js";
import { readCount } from "./order-fields.js";
import { readPrice } from "./prices.js";

const LABELS = { limitPrice: "Limit price", triggerPrice: "Trigger price", trailBps: "Trails by %", rounds: "Last round", minPrice: "Skip below", maxPrice: "Skip above" };
// What an empty field takes away.
const MAY_BE_EMPTY = new Set(["minPrice", "maxPrice"]);
const MOST_TRAIL_BPS = 9_000;

/** {element, first} of the form for `order`; `act` has close() and save(changes). Only what was changed is sent. */
export function editorOf(order, act) {
  const fields = namesOf(order).map((name) => fieldOf(order, name));
  const problem = h("p", { class: "hint bad", role: "status" });
  const element = h(
    "form",
    { class: "open-editor", onsubmit: (event) => submit(event, fields, problem, act), onkeydown: (event) => event.key === "Escape" && act.close() },
    fields.map(({ label }) => label),
    h("span", { class: "editor-buttons" }, h("button", { class: "mini" }, "Save"), h("button", { type: "button", class: "mini", onclick: () => act.close() }, "Keep")),
    problem,
  );
  return { element, first: fields[0].input };
}

/** What of an order can be amended here. */
export function namesOf({ type, trigger, firedAt, schedule }) {
  if (type === "dca") return schedule?.nextRound <= schedule?.lastRound ? ["rounds", "minPrice", "maxPrice"] : [];
  if (type === "limit") return ["limitPrice"];
  if (type === "trailing_stop") return ["trailBps"];
  const names = trigger?.triggerPrice && !firedAt ? ["triggerPrice"] : [];
  return type === "stop_limit" ? [...names, "limitPrice"] : names;
}

function fieldOf(order, name) {
  const before = textOf(order, name);
  const input = h("input", { inputmode: "decimal", autocomplete: "off", maxlength: "44", value: asTyped(before) });
  return { name, before, input, order, label: h("label", {}, LABELS[name], input) };
}

// As it is now, as plain text; "" for a bound that there is not.
function textOf(order, name) {
  if (name === "trailBps") return amountText(BigInt(order.trigger.trailBps), 2);
  if (name === "rounds") return String(order.schedule.lastRound);
  return order[name] ?? order.trigger?.[name] ?? order.schedule?.[name] ?? "";
}

function submit(event, fields, place, { save, close }) {
  event.preventDefault();
  const changes = {};
  for (const { name, before, input, order } of fields) {
    const { value, problem } = read(name, input.value, order);
    input.setAttribute("aria-invalid", String(problem !== undefined));
    if (problem !== undefined) {
      setText(place, `${LABELS[name]}: ${problem || "needed"}`);
      input.focus();
      return;
    }
    if (String(value.text) !== before) changes[name] = value.sent;
  }
  setText(place, "");
  if (Object.keys(changes).length) save(changes);
  else close();
}

function read(name, typed, { schedule }) {
  if (MAY_BE_EMPTY.has(name) && typed.trim() === "") return { value: { sent: null, text: "" } };
  if (name === "rounds") {
    const { count, problem } = readCount(typed, schedule.nextRound, schedule.rounds);
    return problem === undefined ? { value: { sent: count, text: String(count) } } : { problem };
  }
  if (name === "trailBps") {
    const { bps, problem } = readPercent(typed, MOST_TRAIL_BPS);
    return problem === undefined ? { value: { sent: bps, text: amountText(BigInt(bps), 2) } } : { problem };
  }
  const { price, problem } = readPrice(typed);
  return price ? { value: { sent: price.text, text: price.text } } : { problem };
}
