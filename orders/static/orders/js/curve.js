// A curve of amounts over time as SVG. Amounts stay integers until they are pixels.

import { amountText, grouped, readAmount } from "./amounts.js";
import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [600, 150, 6];
const DECIMALS = 6;

/** Decimal text, also below zero, as base units of USDC; null stays null. */
export function units(text) {
  if (text === null) return null;
  const { raw } = readAmount(text.replace("-", ""), DECIMALS);
  return text.startsWith("-") ? -raw : raw;
}

export const unitsText = (raw) => amountText(raw, DECIMALS);

/**
 * The curve of `points` [{at, raw}], raw null for a gap; `pointed(index)` is called as one is pointed at or chosen by
 * arrow keys, null when none is. `label` says it all in words. Returns its {box}, and choose(index).
 */
export function curve(points, label, pointed) {
  const known = points.map(({ raw }) => raw).filter((raw) => raw !== null);
  const low = known.reduce((least, raw) => (raw < least ? raw : least), 0n);
  const high = known.reduce((most, raw) => (raw > most ? raw : most), 0n);
  const x = (index) => (points.length > 1 ? (index * WIDTH) / (points.length - 1) : 0);
  const y = (raw) => EDGE + Number((BigInt(HEIGHT - 2 * EDGE) * 100n * (high - raw)) / (high - low || 1n)) / 100;
  const mark = shape("line", { class: "curve-mark", y1: 0, y2: HEIGHT, visibility: "hidden" });
  const svg = shape(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    shape("line", { class: "curve-zero", x1: 0, x2: WIDTH, y1: y(0n), y2: y(0n) }),
    ...runs(points).flatMap((run) => drawn(run, x, y)),
    mark,
  );
  const ends = known.length ? [high, low].map((raw) => h("span", { class: "curve-end quiet", "aria-hidden": "true" }, endText(raw))) : [];
  const box = h("div", { class: "curve-box", tabindex: "0", role: "group", "aria-label": label }, svg, ends);
  let chosen = null;
  const choose = (index) => {
    chosen = index;
    mark.setAttribute("visibility", index === null ? "hidden" : "visible");
    for (const end of ["x1", "x2"]) mark.setAttribute(end, String(x(index ?? 0)));
    pointed(index);
  };
  box.addEventListener("pointermove", (event) => {
    const { left, width } = box.getBoundingClientRect();
    choose(nearest((event.clientX - left) / width, points.length));
  });
  box.addEventListener("pointerleave", () => choose(null));
  box.addEventListener("blur", () => choose(null));
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(Math.min(points.length - 1, Math.max(0, (chosen ?? points.length - 1 - step) + step)));
  });
  return { box, choose };
}

const endText = (raw) => grouped(unitsText(raw).replace("-", "−"), 2);

const nearest = (share, count) => Math.min(count - 1, Math.max(0, Math.round(share * (count - 1))));

// Points without a gap between them, each with its place among all.
function runs(points) {
  const found = [];
  points.forEach(({ raw }, index) => {
    if (raw === null) return;
    const last = found.at(-1);
    if (last?.at(-1).index === index - 1) last.push({ raw, index });
    else found.push([{ raw, index }]);
  });
  return found;
}

function drawn(run, x, y) {
  const line = run.map(({ raw, index }) => `${x(index)},${y(raw)}`).join(" ");
  const [first, last] = [run[0], run.at(-1)];
  // A point alone has no length: it is drawn as one.
  if (run.length === 1) return [shape("circle", { class: "curve-point", cx: x(first.index), cy: y(first.raw), r: 3 })];
  const area = `${x(first.index)},${y(0n)} ${line} ${x(last.index)},${y(0n)}`;
  return [shape("polygon", { class: "curve-area", points: area }), shape("polyline", { class: "curve-line", points: line })];
}

function shape(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}
