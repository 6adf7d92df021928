// What orders that wait add to the page: terms in the form, panels of open orders, new pools and the portfolio,
// stories on cards, the prices before this visit, values in USD, and the kill switch.

import { showCaller } from "./caller.js";
import { KillSwitch } from "./kill-switch.js";
import { NewPools } from "./new-pools.js";
import { OpenOrders } from "./open-orders.js";
import { OrderLines } from "./order-lines.js";
import { OrderTerms } from "./order-terms.js";
import { storyOf } from "./order-story.js";
import { Portfolio } from "./portfolio.js";
import { PriceHistory } from "./price-history.js";
import { startShortcuts } from "./shortcuts.js";
import { Worth } from "./worth.js";

/** Starts all of it; `page` {form, tokens, chart, shortcuts, changed(), follow(order), said(title, text, tone)} is what it works on. */
export function startWaiting(page) {
  const lines = new OrderLines(page.chart, {
    amend: (order, changes) => openOrders.amend(order, changes),
    edit: (order) => openOrders.edit(order),
  });
  const openOrders = new OpenOrders(page, (orders) => lines.take(orders));
  const terms = new OrderTerms(page.form, page.changed);
  page.chart.past = new PriceHistory();
  page.chart.redraw();
  startShortcuts(page.shortcuts);
  showCaller();
  new KillSwitch(page.tokens);
  new Portfolio(page.tokens);
  new NewPools(page, (type) => terms.take(type));
  return { terms, openOrders, storyOf, worth: new Worth() };
}
