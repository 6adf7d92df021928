// Puts the parts of the page together.

import { ApiError, apiToken, keepApiToken } from "./api.js";
import { PriceChart } from "./chart.js";
import { OrderConfirmation } from "./confirm-order.js";
import { asCsv, download, readRows } from "./csv-export.js";
import { announce, byId, openDialog, setText } from "./dom.js";
import { History } from "./history.js";
import { FINAL, LiveOrders } from "./live-orders.js";
import { LivePanel } from "./live-panel.js";
import { QuoteFeed } from "./quote-feed.js";
import { restartRing, showAge, showQuotes } from "./quote-cards.js";
import { OrderSocket } from "./socket.js";
import { showConnection, showNetwork, showProblem, showWallet } from "./status-bar.js";
import { SwapForm } from "./swap-form.js";
import { startTheme } from "./theme.js";
import { TokenPicker } from "./token-picker.js";
import { Tokens } from "./tokens.js";

const REFRESH_BALANCES_MS = 30_000;
const REFRESH_HISTORY_MS = 10_000;
const AFTER_EVENT_MS = 400;

const limits = {
  defaultSlippageBps: Number(document.body.dataset.defaultSlippageBps),
  maxSlippageBps: Number(document.body.dataset.maxSlippageBps),
  maxPriceImpactBps: Number(document.body.dataset.maxPriceImpactBps),
};

const tokens = new Tokens();
const chart = new PriceChart();
const confirmation = new OrderConfirmation();
const liveOrders = new LiveOrders({ changed: orderChanged });
const socket = new OrderSocket({ heard: (message) => liveOrders.hear(message), changed: connectionChanged });
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
      await liveOrders.place(wanted, best);
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

function orderChanged(order, event) {
  panel.changed(order, event);
  if (event === null) return;
  moved ||= FINAL.has(event.status);
  // Many events in a burst cost one look at the history, and one at the balances when funds have moved.
  lookAgain ??= setTimeout(() => {
    history.read();
    if (moved) refreshTokens();
    lookAgain = null;
    moved = false;
  }, AFTER_EVENT_MS);
}

function connectionChanged(state, delayMs) {
  showConnection(state, delayMs);
  if (state === "open") {
    liveOrders.resume();
    refreshTokens();
    history.read();
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
    if (!FINAL.has(status))
      liveOrders.follow(orderId, { tokenIn, tokenOut, amountIn, slippageBps, minAmountOut, clientOrderId });
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

byId("login-form").addEventListener("submit", () => {
  keepApiToken(byId("api-token").value.trim());
  location.reload();
});
byId("export-csv").addEventListener("click", exportCsv);
startTheme(byId("theme-toggle"), () => chart.repaint());
showNetwork(document.body.dataset.network);
setInterval(() => showAge(feed), 1_000);
setInterval(() => document.hidden || refreshTokens(), REFRESH_BALANCES_MS);
setInterval(() => document.hidden || !history.isFirstPage || history.read(), REFRESH_HISTORY_MS);
refreshTokens();
history.read();
socket.connect();
