// The filtered history as a CSV file, read page by page from the API.

import { ApiError, get } from "./api.js";
import { announce, byId, setText } from "./dom.js";

const PAGE_SIZE = 200;
const MOST_ROWS = 10_000;
const COLUMNS = [
  "orderId",
  "clientOrderId",
  "createdAt",
  "confirmedAt",
  "status",
  "type",
  "network",
  "tokenIn",
  "tokenOut",
  "amountIn",
  "quotedAmountOut",
  "minAmountOut",
  "executedAmountIn",
  "executedAmountOut",
  "quotedPrice",
  "executedPrice",
  "slippageBps",
  "slippageRealisedBps",
  "dex",
  "venue",
  "pool",
  "attempt",
  "txHash",
  "slot",
  "errorCode",
  "errorMessage",
];
// Text that a spreadsheet would run as a formula; numbers are let through.
const FORMULA = /^(?!-?[\d.]+$)[=+\-@\t\r]/;

/** Let the history's button hand out what fits its filters. */
export function startExport(history) {
  const read = async () => asCsv(await readRows(history.query, (count) => announce(`${count} orders read`)));
  byId("export-csv").addEventListener("click", () => handOut("orders", read, byId("export-csv"), byId("history-problem")));
}

/** Hand out the text that `read()` resolves to as a file of today; `button` rests meanwhile, `problem` says why not. */
export async function handOut(name, read, button, problem) {
  button.disabled = true;
  try {
    download(`${name}-${new Date().toISOString().slice(0, 10)}.csv`, await read());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setText(problem, `No CSV: ${error.message}.`);
  } finally {
    button.disabled = false;
  }
}

/** All rows that fit `filters`, newest first, at most 10,000. Throws ApiError. */
async function readRows(filters, progress) {
  const rows = [];
  let cursor = null;
  do {
    const answer = await get("/api/orders", { ...filters, limit: PAGE_SIZE, cursor });
    rows.push(...answer.results);
    cursor = answer.next ? new URL(answer.next).searchParams.get("cursor") : null;
    progress(rows.length);
  } while (cursor !== null && rows.length < MOST_ROWS);
  return rows;
}

/** RFC 4180 text of these orders. */
function asCsv(orders) {
  const lines = orders.map((order) => {
    const flat = {
      ...order,
      errorCode: order.error?.code,
      errorMessage: order.error?.message,
    };
    return COLUMNS.map((name) => field(flat[name])).join(",");
  });
  return `${[COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

/** Hand a text to the visitor as a file. */
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function field(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
