// What the page does not need before it can be used: the history, and what orders that wait add.

import { startExport } from "./csv-export.js";
import { History } from "./history.js";
import { startWaiting } from "./waiting-orders.js";

/** Starts all of it; `page` is what `startWaiting` takes, with historyRead(rows, isNewest). */
export function startLate(page) {
  const history = new History(page.tokens, { changed: page.historyRead });
  history.tokensKnown();
  startExport(history);
  return { ...startWaiting(page), history };
}
