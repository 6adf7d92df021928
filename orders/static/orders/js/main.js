// Puts the parts of the page together.

import { ApiError, apiToken, get, keepApiToken } from "./api.js";
import { PriceChart } from "./chart.js";
import { OrderConfirmation } from "./confirm-order.js";
import { grouped } from "./amounts.js";
import { announce, byId, openDialog, setText, wireDialog } from "./dom.js";
import { capitalised, tokenLabel } from "./format.js";
import { loadedLate } from "./late-part.js";
import { FINAL, LiveOrders } from "./live-orders.js";
import { LivePanel } from "./live-panel.js";
import { additions, swapText, titleOf } from "./order-card.js";
import { QuoteFeed } from "./quote-feed.js";
import { restartRing, showAge, showQuotes } from "./quote-cards.js";
import { OrderSocket } from "./socket.js";
import { showConnection, showNetwork, showProblem, showWallet } from "./status-bar.js";
import { SwapForm } from "./swap-form.js";
import { startTheme } from "./theme.js";
import { Toasts } from "./toasts.js";
import { TokenPicker } from "./token-picker.js";
import { Tokens } from "./tokens.js";
import { showStanding, startWho } from "./who.js";

const REFRESH_BALANCES_MS = 30_000;
// Events come by the socket; only while it is down the history is asked for.
const HISTORY_WITHOUT_SOCKET_MS = 5_000;
const AFTER_EVENT_MS = 250;
// How long the first quotes are waited for.
const AFTER_QUOTES_MS = 800;
const FRESH_MS = 30_000;
const MOST_NEW = 20;

const limits = {
  defaultSlippageBps: Number(document.body.dataset.defaultSlippageBps),
  autoSlippageCapBps: Number(document.body.dataset.autoSlippageCapBps),
  maxSlippageBps: Number(document.body.dataset.maxSlippageBps),
  maxPriceImpactBps: Number(document.body.dataset.maxPriceImpactBps),
  stopSlippageBps: Number(document.body.dataset.stopSlippageBps),
};

const tokens = new Tokens();
const chart = new PriceChart();
const confirmation = new OrderConfirmation();
const toasts = new Toasts();
const liveOrders = new LiveOrders({ changed: orderChanged, elsewhere, trailed: () => late?.openOrders.read() });
const socket = new OrderSocket({ received: (message) => liveOrders.receive(message), changed: connectionChanged });
liveOrders.socket = socket;
const panel = new LivePanel(liveOrders, tokens, {
  retry,
  cancel: (order) => liveOrders.cancel(order),
  remove: (order) => liveOrders.remove(order),
});
const feed = new QuoteFeed({ changed: quotesChanged });
const form = new SwapForm(tokens, new TokenPicker(tokens), limits, { changed: wishChanged, execute });

function wishChanged() {
  feed.ask(form.query());
  form.show(feed, socket.state);
}

function quotesChanged() {
  showQuotes(feed, !form.hasAmount, tokens);
  if (feed.board && !feed.error) {
    chart.add(feed.board);
    if (late) chart.mark(executed(late.history.rows));
    restartRing();
  } else if (feed.query) {
    chart.show(feed.query.tokenIn, feed.query.tokenOut);
  }
  form.show(feed, socket.state);
}

// One press is one order: until the engine has answered, presses do nothing.
async function execute(intent = null, best = feed.board?.best ?? null) {
  if (form.busy) return;
  const wanted = intent ?? form.intent(best);
  form.isBusy = true;
  form.show(feed, socket.state);
  try {
    const waits = !["market", undefined].includes(wanted.type);
    const quote = waits ? null : best;
    const inWords = intent ? "" : (form.terms?.inWords ?? "");
    const bought = tokens.find(wanted.tokenOut);
    if (await confirmation.ask(tokens.network, wanted, quote, bought, inWords)) {
      announce(`Order sent: ${swapText(wanted)}`);
      const order = await liveOrders.place(wanted, quote, (placed) => panel.bringIntoSight(placed));
      // What is wrong with a field is said there, and needs no card.
      if (order.refusal && !intent && form.terms?.refuse(order.refusal)) liveOrders.remove(order);
    }
  } finally {
    form.isBusy = false;
    form.show(feed, socket.state);
  }
}

// A retry is another order: it gets a key of its own, the same question again, and the same least amount.
async function retry(order) {
  const { clientOrderId: _, ...intent } = order.intent;
  await execute(Object.fromEntries(Object.entries(intent).filter(([, value]) => value !== null)), order.quote);
}

let lookAgain = null;
let moved = false;
// Orders of the feed that were placed elsewhere and are not on the panel yet.
const toFollow = new Set();

function orderChanged(order, event) {
  panel.changed(order, event);
  if (event === null) return;
  const isEnd = FINAL.has(event.status);
  if (isEnd && isFresh(event)) tellEnd(order, event);
  look(isEnd);
}

// Its fields are not in the event: they come with the history.
function elsewhere(orderId) {
  toFollow.add(orderId);
  look(true);
}

// Many events in a burst cost one look at the history, and one at the balances when funds have moved.
function look(hasMoved) {
  moved ||= hasMoved;
  lookAgain ??= setTimeout(() => {
    readAgain();
    if (moved) refreshTokens();
    lookAgain = null;
    moved = false;
  }, AFTER_EVENT_MS);
}

// Where the history is not there yet, or shows other orders, new ones are asked for beside it.
async function readAgain() {
  late?.openOrders.read();
  await late?.history.read();
  if (toFollow.size === 0 || late?.history.isNewest) return;
  try {
    historyRead((await get("/api/orders", { limit: MOST_NEW })).results, true);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

// The end of an order that is shown from its beginning may be long ago.
const isFresh = (event) => Date.now() - Date.parse(event.at) < FRESH_MS;

function tellEnd(order, event) {
  const words = event.error ?? (event.executedAmountOut ? `Received ${grouped(event.executedAmountOut, 6)} ${tokenLabel(order.intent.tokenOut)}` : "");
  const isGood = event.status === "confirmed" || event.code === "SIBLING_FIRED";
  toasts.add(`${capitalised(event.status)}: ${titleOf(order)}`, words, isGood ? "good" : "bad");
}

let wasOpen = false;

function connectionChanged(state, delayMs) {
  showConnection(state, delayMs);
  if (state === "open") {
    liveOrders.resume();
    // The first time both are read anyhow.
    if (wasOpen) {
      refreshTokens();
      readAgain();
    }
    wasOpen = true;
  } else if (state === "reconnecting") {
    liveOrders.pollMeanwhile();
  }
  form.show(feed, state);
}

async function refreshTokens() {
  try {
    await tokens.refresh();
    showProblem(problem());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) signIn();
    else showProblem(`${error.message}. Prices and balances may be out of date.`);
  }
}

function problem() {
  if (tokens.halted !== null) return `Trading is switched off (${tokens.halted}): no order is accepted now.`;
  if (tokens.all.some((token) => token.balance === null))
    return "The Solana node gives no usable answer: balances are unknown, orders may wait.";
  return "";
}

tokens.onChange(() => {
  showNetwork(tokens.network);
  showWallet(tokens.wallet);
  showStanding(tokens);
  late?.history.tokensKnown();
  wishChanged();
});

// Orders that are under way come onto the live panel, wherever they were placed.
function historyRead(rows, isNewest) {
  chart.mark(executed(rows));
  if (!isNewest) return;
  for (const order of rows.toReversed()) {
    const isWanted = FINAL.has(order.status) ? toFollow.has(order.orderId) : true;
    if (isWanted && !isAtRest(order)) follow(order);
    toFollow.delete(order.orderId);
  }
}

// Those that wait, or have waited in vain, are on the panel of open orders.
const isAtRest = ({ type, status }) => type !== "market" && ["open", "cancelled", "expired"].includes(status);

function follow(order) {
  const { orderId, clientOrderId, type, tokenIn, tokenOut, amountIn, slippageBps, floorAmountOut } = order;
  const limits = order.swapMode === "exactOut" ? { amountOut: floorAmountOut, maxAmountIn: amountIn } : { amountIn, minAmountOut: floorAmountOut };
  liveOrders.follow(orderId, { type, tokenIn, tokenOut, ...limits, slippageBps, clientOrderId });
}

// The history and what orders that wait need: nothing else on the page waits for it.
let late = null;

const shortcuts = {
  "/": () => form.sides.pay.focus(),
  r: () => form.sides.receive.focus(),
  i: () => byId("pick-in").click(),
  o: () => byId("pick-out").click(),
  f: () => form.flip(),
  1: () => form.fill(25),
  2: () => form.fill(50),
  3: () => form.fill(75),
  4: () => form.fill(100),
  p: () => byId("portfolio-title").scrollIntoView(),
  h: () => byId("history-title").scrollIntoView(),
  t: () => byId("theme-toggle").click(),
};

async function loadLate() {
  const { lateScript, lateStyle } = document.body.dataset;
  const { startLate } = await loadedLate(lateScript, lateStyle);
  const said = (title, text, tone) => toasts.add(title, text, tone);
  late = startLate({ form, tokens, chart, shortcuts, changed: () => form.changed(), follow: followInSight, said, historyRead });
  form.terms = late.terms;
  form.worth = late.worth;
  additions.storyOf = late.storyOf;
  for (const order of liveOrders.all()) panel.changed(order, null);
  wishChanged();
}

function followInSight(order) {
  follow(order);
  const followed = liveOrders.all().find(({ orderId }) => orderId === order.orderId);
  if (followed) panel.bringIntoSight(followed);
}

const executed = (rows) =>
  rows.filter((order) => order.status === "confirmed" && order.executedPrice !== null);

function signIn() {
  const dialog = byId("token-login");
  if (dialog.open) return;
  socket.giveUp();
  if (apiToken()) setText(byId("login-title"), "This token is not valid any more");
  openDialog(dialog);
}

// What the form needs comes first: on a slow line the history would hold it up.
async function start() {
  socket.connect();
  await refreshTokens();
  await form.learn();
  setTimeout(async () => {
    await loadLate();
    await late.history.read();
  }, feed.isWaiting ? AFTER_QUOTES_MS : 0);
}

function askForToken() {
  openDialog(byId("token-login"));
}

wireDialog(byId("token-login"));
byId("login-form").addEventListener("submit", () => {
  keepApiToken(byId("api-token").value.trim());
  location.reload();
});
startWho(askForToken);
startTheme(byId("theme-toggle"), () => chart.repaint());
showNetwork(document.body.dataset.network);
setInterval(() => showAge(feed), 1_000);
setInterval(() => document.hidden || refreshTokens(), REFRESH_BALANCES_MS);
setInterval(() => document.hidden || socket.isOpen || late?.history.read(), HISTORY_WITHOUT_SOCKET_MS);
start();
