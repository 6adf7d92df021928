// What orders that wait add to the page: terms in the form, the panel of open orders, stories on the cards.

import { OpenOrders } from "./open-orders.js";
import { OrderTerms } from "./order-terms.js";
import { storyOf } from "./order-story.js";

/** Starts all of it; `page` {form, tokens, changed(), follow(order), said(title, text, tone)} is what it works on. */
export function startWaiting(page) {
  return { terms: new OrderTerms(page.form, page.changed), openOrders: new OpenOrders(page), storyOf };
}
