// A route drawn: the amount that goes in, the paths that share it, each path's pools, and what comes out.

import { grouped, percentText } from "./amounts.js";
import { amount, h } from "./dom.js";
import { short, tokenLabel, venueName } from "./format.js";

/** The drawing of `route`, the paths of a quote as the API gives them; `ends` are the texts of both ends. */
export function routeDrawing(route, ends) {
  return h(
    "figure",
    { class: "route", role: "group", "aria-label": `Route: ${inWords(route)}` },
    h("div", { class: "route-end" }, ends.from),
    h("ol", { class: "route-paths" }, route.map(pathRow)),
    h("div", { class: "route-end" }, ends.to),
  );
}

/** "Raydium CLMM", "Orca Whirlpool → Meteora DLMM over USDT", or several with their shares. */
export function inWords(route) {
  if (route.length === 1) return pathWords(route[0]);
  return route.map((path) => `${percentText(path.shareBps)} ${pathWords(path)}`).join(", ");
}

/** The paths of an offer: its own, or the one pool of an offer that names no other. */
export function pathsOf(offer, { tokenIn, tokenOut, amountIn }) {
  if (offer.route?.length) return offer.route;
  const leg = { dex: offer.dex, venue: offer.venue, pool: offer.pool, tokenIn, tokenOut };
  const amounts = { amountIn, amountOut: offer.amountOut };
  return [{ shareBps: 10_000, ...amounts, legs: [{ ...leg, ...amounts }] }];
}

function pathWords({ legs }) {
  const pools = legs.map((leg) => venueName(leg.venue)).join(" → ");
  const middles = legs.slice(1).map((leg) => leg.tokenIn);
  return middles.length ? `${pools} over ${middles.join(", ")}` : pools;
}

function pathRow(path) {
  const row = h(
    "li",
    { class: "route-path" },
    h("span", { class: "route-share" }, percentText(path.shareBps)),
    h("span", { class: "route-legs" }, path.legs.map(legBox)),
  );
  // The line's width is the share; a style attribute in markup is what the page's policy forbids.
  row.style.setProperty("--share", String(path.shareBps / 10_000));
  return row;
}

function legBox(leg) {
  return h(
    "span",
    { class: "route-leg" },
    h(
      "span",
      { class: "route-pool" },
      h("span", { class: `dex ${leg.dex}` }, venueName(leg.venue)),
      h("code", { class: "quiet", title: leg.pool }, short(leg.pool, 4, 0)),
    ),
    h(
      "span",
      { class: "quiet route-amounts", title: `${grouped(leg.amountIn)} ${leg.tokenIn} → ${grouped(leg.amountOut)} ${leg.tokenOut}` },
      amount(leg.amountIn, tokenLabel(leg.tokenIn), 4),
      " → ",
      amount(leg.amountOut, tokenLabel(leg.tokenOut), 4),
    ),
  );
}
