// The quotes side by side: one card a venue, also for a venue that has none.

import { bpsText, grouped, percentText, tenthsOfBps } from "./amounts.js";
import { byId, h, setText } from "./dom.js";
import { brand } from "./format.js";

const VENUES = [
  { dex: "raydium", prefix: "raydium" },
  { dex: "meteora", prefix: "meteora" },
];
const AMBER_BPS = 100;
const RED_BPS = 300;
const STALE_MS = 15_000;

/** How serious a price impact is: "fine", "amber" (more than 1 %) or "red" (more than 3 %). */
/** "fine", "amber" or "red": how loud a price impact or a cost is said. */
export function costLevel(bps) {
  if (bps > RED_BPS) return "red";
  return bps > AMBER_BPS ? "amber" : "fine";
}

/** Draw what the feed knows. */
export function showQuotes(feed, isReference) {
  const { query } = feed;
  setText(
    byId("quote-for"),
    query ? `for ${grouped(query.amount)} ${query.tokenIn}${isReference ? ", for reference" : ""}` : "",
  );
  showAge(feed);
  const cards = byId("quote-cards");
  const pair = query ? `${query.tokenIn}/${query.tokenOut}` : "";
  // Another amount of the same pair: the old quotes stay, dimmed, until the new ones are there.
  const waits = feed.isWaiting && cards.dataset.pair === pair && cards.querySelector(".quote-out") !== null;
  cards.classList.toggle("waiting", waits);
  cards.setAttribute("aria-busy", String(waits));
  if (waits) return;
  cards.dataset.pair = pair;
  cards.replaceChildren(...VENUES.map((venue) => card(venue, feed)));
}

/** Draw the age of the quotes; call it every second. */
export function showAge(feed) {
  const age = feed.answeredAt === null ? null : Date.now() - feed.answeredAt;
  const element = byId("quote-age");
  const seconds = Math.floor((age ?? 0) / 1000);
  setText(
    element,
    age === null ? (feed.isWaiting ? "asking…" : "–") : seconds === 0 ? "just now" : `${seconds} s old`,
  );
  element.classList.toggle("stale", age !== null && age > STALE_MS);
  byId("quote-ring").classList.toggle("running", age !== null && !document.hidden);
}

/** Let the ring run from the start. */
export function restartRing() {
  const ring = byId("quote-ring");
  ring.replaceChildren(...[...ring.children].map((part) => part.cloneNode()));
}

function card(venue, feed) {
  const quotes = feed.board?.quotes ?? [];
  const quote = quotes.find((each) => each.dex === venue.dex);
  if (quote) return quoted(venue, quote, quotes, feed.board);
  return h(
    "div",
    { class: `quote none ${venue.dex}`, "data-dex": venue.dex },
    name(venue),
    reason(venue, feed),
  );
}

function quoted(venue, quote, quotes, board) {
  const isBest = quote === quotes[0];
  return h(
    "div",
    { class: `quote ${venue.dex} ${isBest ? "best" : ""}`, "data-dex": venue.dex },
    h("div", { class: "quote-head" }, name(venue), mark(quote, quotes, isBest)),
    h(
      "p",
      { class: "quote-out" },
      h("b", {}, grouped(quote.amountOut, 6)),
      " ",
      h("span", { class: "quiet" }, board.tokenOut),
    ),
    h(
      "dl",
      { class: "facts" },
      fact("Price", grouped(quote.price, 6)),
      fact(
        "Impact",
        h(
          "span",
          { class: `impact ${costLevel(quote.priceImpactBps)}` },
          percentText(quote.priceImpactBps),
        ),
      ),
      fact("Cost", h("span", { class: `impact ${costLevel(quote.costBps)}` }, percentText(quote.costBps))),
      fact("LP fee", `${grouped(quote.fee, 4)} ${quote.feeToken ?? ""}`),
      fact("At least", `${grouped(quote.minAmountOut, 6)}`),
    ),
  );
}

const fact = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, value));
const name = (venue) => h("span", { class: `dex ${venue.dex}` }, brand(venue.dex));

function mark(quote, quotes, isBest) {
  const rival = isBest ? quotes[1] : quotes[0];
  const text = rival
    ? `${bpsText(tenthsOfBps(BigInt(rival.amountOutRaw), BigInt(quote.amountOutRaw)))} bps`
    : "";
  if (isBest) return h("span", { class: "best-mark" }, h("b", {}, "BEST"), text ? ` ${text}` : "");
  return h("span", { class: "quiet behind" }, text);
}

// Why a venue has no quote, in words.
function reason(venue, feed) {
  const failures = feed.board?.errors ?? feed.error?.details?.errors ?? [];
  const failure = Array.isArray(failures)
    ? failures.find((each) => each.venue.startsWith(venue.prefix))
    : null;
  if (feed.isWaiting) return h("p", { class: "quiet" }, "Asking…");
  if (failure)
    return h(
      "p",
      { class: "down" },
      h("b", {}, "No quote. "),
      failure.message ?? failure.code,
      h("code", {}, failure.code),
    );
  if (feed.error?.code === "NO_ROUTE") return h("p", { class: "quiet" }, "No pool trades this pair.");
  if (feed.error) return h("p", { class: "down" }, feed.error.message);
  return h("p", { class: "quiet" }, feed.board ? "No pool trades this pair." : "Choose two tokens.");
}
