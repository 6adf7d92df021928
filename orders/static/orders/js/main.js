// Puts the parts of the page together.

import { ApiError, apiToken, keepApiToken } from "./api.js";
import { PriceChart } from "./chart.js";
import { OrderConfirmation } from "./confirm-order.js";
import { grouped } from "./amounts.js";
import { asCsv, download, readRows } from "./csv-export.js";
import { announce, byId, openDialog, setText, wireDialog } from "./dom.js";
import { capitalised, tokenLabel } from "./format.js";
import { History } from "./history.js";
import { FINAL, LiveOrders } from "./live-orders.js";
import { LivePanel } from "./live-panel.js";
import { titleOf } from "./order-card.js";
import { QuoteFeed } from "./quote-feed.js";
import { restartRing, showAge, showQuotes } from "./quote-cards.js";
import { startShortcuts } from "./shortcuts.js";
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

const limits = {
  defaultSlippageBps: Number(document.body.dataset.defaultSlippageBps),
  autoSlippageCapBps: Number(document.body.dataset.autoSlippageCapBps),
  maxSlippageBps: Number(document.body.dataset.maxSlippageBps),
  maxPriceImpactBps: Number(document.body.dataset.maxPriceImpactBps),
};

const tokens = new Tokens();
const chart = new PriceChart();
const confirmation = new OrderConfirmation();
const toasts = new Toasts();
const liveOrders = new LiveOrders({ changed: orderChanged, elsewhere });
const socket = new OrderSocket({ received: (message) => liveOrders.receive(message), changed: connectionChanged });
liveOrders.socket = socket;
const panel = new LivePanel(liveOrders, tokens, {
  retry,
  cancel: (order) => liveOrders.cancel(order),
  remove: (order) => liveOrders.remove(order),
});
const feed = new QuoteFeed({ changed: quotesChanged });
const form = new SwapForm(tokens, new TokenPicker(tokens), limits, { changed: wishChanged, execute });
const history = new History(tokens, { changed: historyRead });

function wishChanged() {
  feed.ask(form.query());
  form.show(feed, socket.state);
}

function quotesChanged() {
  showQuotes(feed, !form.hasAmount, tokens);
  if (feed.board && !feed.error) {
    chart.add(feed.board);
    chart.mark(executed(history.rows));
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
    if (await confirmation.ask(tokens.network, wanted, best)) {
      announce(`Order sent: ${wanted.amountIn} ${wanted.tokenIn} to ${wanted.tokenOut}`);
      await liveOrders.place(wanted, best, (order) => panel.bringIntoSight(order));
    }
  } finally {
    form.isBusy = false;
    form.show(feed, socket.state);
  }
}

// A retry is another order: it gets a key of its own, the same question again, and the same least amount.
async function retry(order) {
  const { tokenIn, tokenOut, amountIn, slippageBps, minAmountOut } = order.intent;
  const least = minAmountOut ? { minAmountOut } : {};
  await execute({ tokenIn, tokenOut, amountIn, slippageBps, ...least }, order.quote);
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
    history.read();
    if (moved) refreshTokens();
    lookAgain = null;
    moved = false;
  }, AFTER_EVENT_MS);
}

// The end of an order that is shown from its beginning may be long ago.
const isFresh = (event) => Date.now() - Date.parse(event.at) < FRESH_MS;

function tellEnd(order, event) {
  const words = event.error ?? (event.executedAmountOut ? `Received ${grouped(event.executedAmountOut, 6)} ${tokenLabel(order.intent.tokenOut)}` : "");
  toasts.add(`${capitalised(event.status)}: ${titleOf(order)}`, words, event.status === "confirmed" ? "good" : "bad");
}

let wasOpen = false;

function connectionChanged(state, delayMs) {
  showConnection(state, delayMs);
  if (state === "open") {
    liveOrders.resume();
    // The first time both are read anyhow.
    if (wasOpen) {
      refreshTokens();
      history.read();
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
  history.tokensKnown();
  wishChanged();
});

// Orders that are under way come onto the live panel, wherever they were placed.
function historyRead(rows, isNewest) {
  chart.mark(executed(rows));
  if (!isNewest) return;
  for (const {
    orderId,
    clientOrderId,
    tokenIn,
    tokenOut,
    amountIn,
    slippageBps,
    floorAmountOut: minAmountOut,
    status,
  } of rows.toReversed()) {
    if (!FINAL.has(status) || toFollow.has(orderId))
      liveOrders.follow(orderId, { tokenIn, tokenOut, amountIn, slippageBps, minAmountOut, clientOrderId });
    toFollow.delete(orderId);
  }
}

const executed = (rows) =>
  rows.filter((order) => order.status === "confirmed" && order.executedPrice !== null);

async function exportCsv() {
  const button = byId("export-csv");
  button.disabled = true;
  try {
    const rows = await readRows(history.query, (count) => announce(`${count} orders read`));
    download(`orders-${new Date().toISOString().slice(0, 10)}.csv`, asCsv(rows));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setText(byId("history-problem"), `No CSV: ${error.message}.`);
  } finally {
    button.disabled = false;
  }
}

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
  setTimeout(() => history.read(), feed.isWaiting ? AFTER_QUOTES_MS : 0);
}

function askForToken() {
  openDialog(byId("token-login"));
}

wireDialog(byId("token-login"));
byId("login-form").addEventListener("submit", () => {
  keepApiToken(byId("api-token").value.trim());
  location.reload();
});
byId("export-csv").addEventListener("click", exportCsv);
startWho(askForToken);
startTheme(byId("theme-toggle"), () => chart.repaint());
showNetwork(document.body.dataset.network);
setInterval(() => showAge(feed), 1_000);
setInterval(() => document.hidden || refreshTokens(), REFRESH_BALANCES_MS);
setInterval(() => document.hidden || socket.isOpen || history.read(), HISTORY_WITHOUT_SOCKET_MS);
startShortcuts({
  "/": () => form.amount.focus(),
  i: () => byId("pick-in").click(),
  o: () => byId("pick-out").click(),
  f: () => form.flip(),
  1: () => form.fill(25),
  2: () => form.fill(50),
  3: () => form.fill(75),
  4: () => form.fill(100),
  h: () => byId("history-title").scrollIntoView(),
  t: () => byId("theme-toggle").click(),
});
start();
