// The inline form that amends an open order: its prices, or how far it trails.

import { amountText, asTyped, readPercent } from "./amounts.js";
import { h, setText } from "./dom.js";
import { readPrice } from "./prices.js";

const LABELS = { limitPrice: "Limit price", triggerPrice: "Trigger price", trailBps: "Trails by %" };
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
export function namesOf({ type, trigger, firedAt }) {
  if (type === "limit") return ["limitPrice"];
  if (type === "trailing_stop") return ["trailBps"];
  const names = trigger?.triggerPrice && !firedAt ? ["triggerPrice"] : [];
  return type === "stop_limit" ? [...names, "limitPrice"] : names;
}

function fieldOf(order, name) {
  const before = name === "trailBps" ? amountText(BigInt(order.trigger.trailBps), 2) : (order[name] ?? order.trigger[name]);
  const input = h("input", { inputmode: "decimal", autocomplete: "off", maxlength: "44", value: asTyped(before) });
  return { name, before, input, label: h("label", {}, LABELS[name], input) };
}

function submit(event, fields, place, { save, close }) {
  event.preventDefault();
  const changes = {};
  for (const { name, before, input } of fields) {
    const { value, problem } = read(name, input.value);
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

function read(name, typed) {
  if (name === "trailBps") {
    const { bps, problem } = readPercent(typed, MOST_TRAIL_BPS);
    return problem === undefined ? { value: { sent: bps, text: amountText(BigInt(bps), 2) } } : { problem };
  }
  const { price, problem } = readPrice(typed);
  return price ? { value: { sent: price.text, text: price.text } } : { problem };
}
