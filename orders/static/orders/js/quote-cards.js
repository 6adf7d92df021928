// The quotes: the best route drawn, and in a list all that lost or have none.

import { grouped, percentText } from "./amounts.js";
import { amount, byId, h, setText } from "./dom.js";
import { tokenLabel } from "./format.js";
import { leadText, losersList } from "./offers.js";
import { priceButton } from "./price-direction.js";
import { pathsOf, routeDrawing } from "./route.js";

const AMBER_BPS = 100;
const RED_BPS = 300;
const STALE_MS = 15_000;

/** How loud a price impact or a cost is said: "fine", "amber" (more than 1 %) or "red" (more than 3 %). */
export function costLevel(bps) {
  if (bps > RED_BPS) return "red";
  return bps > AMBER_BPS ? "amber" : "fine";
}

/** Draw what the feed knows; `tokens` knows decimals. */
export function showQuotes(feed, isReference, tokens) {
  const { query } = feed;
  setText(
    byId("quote-for"),
    query ? `for ${grouped(query.amount)} ${tokenLabel(exactToken(query))}${isReference ? ", for reference" : ""}` : "",
  );
  showAge(feed);
  const cards = byId("quote-cards");
  const pair = query ? `${query.tokenIn}/${query.tokenOut}/${query.swapMode ?? ""}` : "";
  const drawAgain = () => showQuotes(feed, isReference, tokens);
  // Another amount of the same pair: the old quotes stay, dimmed, until the new ones are there.
  const waits = feed.isWaiting && cards.dataset.pair === pair && cards.querySelector(".quote-out") !== null;
  cards.classList.toggle("waiting", waits);
  cards.setAttribute("aria-busy", String(feed.isWaiting));
  if (waits) return;
  cards.dataset.pair = pair;
  const scrolled = byId("quote-others")?.scrollTop ?? 0;
  const hadFocus = cards.querySelector(".price-button:focus") !== null;
  cards.replaceChildren(...(feed.board ? drawn(feed.board, tokens, drawAgain) : [empty(feed)]));
  if (feed.board) byId("quote-others").scrollTop = scrolled;
  if (hadFocus) cards.querySelector(".price-button")?.focus({ preventScroll: true });
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

const isExactOut = ({ swapMode }) => swapMode === "exactOut";
const exactToken = (query) => (isExactOut(query) ? query.tokenOut : query.tokenIn);

function drawn(board, tokens, drawAgain) {
  const [best, ...losers] = board.quotes;
  const decimals = tokens.decimals(board.tokenOut);
  const others = losersList(best, losers, board.errors, decimals, board);
  const count = losers.length;
  return [
    bestCard(best, board, leadText(best, losers, decimals), drawAgain),
    h(
      "div",
      { class: "others" },
      h("h4", {}, count ? `${count} other ${count === 1 ? "route" : "routes"}` : "No other route"),
      // A list that scrolls must be reachable by keyboard.
      h("div", { id: "quote-others", class: "others-frame", tabindex: "0", role: "group", "aria-label": "Other routes" }, others),
    ),
  ];
}

function bestCard(best, board, lead, drawAgain) {
  const { tokenIn, tokenOut } = board;
  const found = isExactOut(board) ? amount(best.amountIn, tokenIn, 9) : amount(best.amountOut, tokenOut, 6);
  return h(
    "div",
    { class: `quote best ${best.dex}`, "data-dex": best.dex },
    h(
      "div",
      { class: "quote-head" },
      h("p", { class: "quote-out" }, h("b", {}, found)),
      h(
        "span",
        { class: "best-mark", title: "How much better than the best of the other routes" },
        h("b", {}, "BEST"),
        lead ? ` ${lead}` : "",
      ),
    ),
    routeDrawing(pathsOf(best, board), {
      from: amount(board.amountIn, tokenIn, 6),
      to: amount(best.amountOut, tokenOut, 6),
    }),
    facts(best, board, drawAgain),
  );
}

function facts(best, board, drawAgain) {
  const { tokenIn, tokenOut } = board;
  const level = (bps) => h("span", { class: `impact ${costLevel(bps)}` }, percentText(bps));
  return h(
    "dl",
    { class: "facts" },
    fact("Price", priceButton(best.price, tokenIn, tokenOut, drawAgain)),
    fact("Impact", level(best.priceImpactBps)),
    fact("Cost", level(best.costBps)),
    fact("LP fee", amount(best.fee, best.feeToken ?? "", 4)),
    isExactOut(board) ? fact("At most", amount(best.maxAmountIn, tokenIn, 9)) : fact("At least", amount(best.minAmountOut, tokenOut, 6)),
  );
}

const fact = (label, value) => h("div", {}, h("dt", {}, label), h("dd", {}, value));

// As tall as quotes are, so that nothing moves when they come.
function empty(feed) {
  if (feed.isWaiting)
    return h(
      "div",
      { class: "quote none asking" },
      h("p", { class: "quiet" }, "Asking all pools…"),
      [5, 3, 3, 2].map((width) => h("span", { class: `skeleton w${width}` })),
    );
  return h("div", { class: "quote none" }, reason(feed), h("ol", { class: "losers" }, failures(feed).map(noOffer)));
}

const failures = (feed) => (Array.isArray(feed.error?.details?.errors) ? feed.error.details.errors : []);
const noOffer = ({ venue, code, message }) =>
  h("li", { class: "loser none" }, h("span", {}, venue), h("span", { class: "down" }, message ?? "", h("code", {}, code)));

// Why there is no quote, in words.
function reason({ error, board }) {
  if (error?.code === "NO_ROUTE") return h("p", { class: "quiet" }, "No pool trades this pair.");
  if (error) return h("p", { class: "down" }, error.message);
  return h("p", { class: "quiet" }, board ? "No pool trades this pair." : "Choose two tokens.");
}
