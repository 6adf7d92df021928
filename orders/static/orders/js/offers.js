// The offers of all routes for one amount: which won, by how much, and which lost.

import { bpsText, readAmount, tenthsOfBps } from "./amounts.js";
import { amount, h } from "./dom.js";
import { venueName } from "./format.js";
import { inWords, pathsOf } from "./route.js";

/**
 * How far `other` is behind `best` in tenths of a basis point of `best`: the one number for this gap, wherever
 * it is shown. `decimals` are those of the token received; null while they are not known.
 */
export function gap(best, other, decimals) {
  if (decimals === null) return null;
  // What an exact output brings is the same everywhere: there it is the price that differs.
  const isSame = best.amountOut === other.amountOut;
  const [won, lost] = isSame ? pricesOf(best, other) : [best, other].map(({ amountOut }) => readAmount(amountOut, decimals).raw);
  const tenths = tenthsOfBps(won, lost);
  return tenths === null ? null : -tenths;
}

// Prices as integers of one scale.
function pricesOf(...offers) {
  const places = Math.max(...offers.map(({ price }) => price.split(".")[1]?.length ?? 0));
  return offers.map(({ price }) => BigInt(price.split(".")[0] + (price.split(".")[1] ?? "").padEnd(places, "0")));
}

/** The winner's lead over the best of the losers: "+0.8 bps"; "" without losers. */
export function leadText(best, losers, decimals) {
  const lead = losers.length ? gap(best, losers[0], decimals) : null;
  return lead === null ? "" : `${bpsText(lead)} bps`;
}

/** All losing routes, best first, and the venues that offer none. `swap` is {tokenIn, tokenOut, amountIn} or the board. */
export function losersList(best, losers, errors, decimals, swap) {
  return h(
    "ol",
    { class: "losers", "aria-label": "Routes that lost" },
    losers.map((offer) => loserRow(best, offer, decimals, swap)),
    onceEach(errors).map(errorRow),
  );
}

// Several routes of a venue may fail for the same reason.
function onceEach(errors) {
  return [...new Map(errors.map((each) => [`${each.venue} ${each.code}`, each])).values()];
}

function loserRow(best, offer, decimals, swap) {
  const paths = pathsOf(offer, swap);
  const behind = gap(best, offer, decimals);
  return h(
    "li",
    { class: "loser", "data-dex": offer.dex, title: paths.flatMap(({ legs }) => legs.map(({ pool }) => pool)).join(" → ") },
    h("span", { class: `loser-route dex ${offer.dex}` }, inWords(paths)),
    h("span", { class: "loser-out" }, amount(isExactOut(swap) ? (offer.amountIn ?? null) : offer.amountOut, "", 6)),
    h("span", { class: "loser-gap quiet" }, behind === null ? "" : `${bpsText(-behind)} bps`),
  );
}

const isExactOut = ({ swapMode, amountOut }) => swapMode === "exactOut" || amountOut !== undefined;

function errorRow(failure) {
  return h(
    "li",
    { class: "loser none", "data-dex": failure.venue.split("-")[0] },
    h("span", { class: "loser-route" }, venueName(failure.venue)),
    h("span", { class: "down" }, ["No quote", failure.message].filter(Boolean).join(": "), h("code", {}, failure.code)),
  );
}
