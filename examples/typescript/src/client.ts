// Places an order over REST, follows it over WebSocket to its end, and says what it brought.
//
//     npm start -- SOL USDC 1.5
//
// ENGINE_URL is the engine (http://127.0.0.1:8000), ENGINE_TOKEN a token where one is needed. Amounts are decimal text
// in whole tokens or bigint in base units: a number would round them.

import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import type { components } from "./engine.js";

type Schemas = components["schemas"];
type Update = Schemas["OrderEvent"] & { type: "update" };
type Frame = Update | (Schemas["Error"] & { type: "error" });

const ENDS: ReadonlySet<string> = new Set(["confirmed", "failed", "cancelled", "expired"]);
const engine = process.env["ENGINE_URL"] ?? "http://127.0.0.1:8000";
const token = process.env["ENGINE_TOKEN"];

async function call<Answer>(method: string, path: string, body?: object, key?: string): Promise<Answer> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(engine + path, { method, headers, ...sent, signal: AbortSignal.timeout(30_000) });
  const content: unknown = await answer.json();
  if (answer.ok) return content as Answer;
  const refusal = content as Schemas["Error"];
  throw new Error(`${refusal.code}: ${refusal.message}`);
}

/** The steps of an order behind a sequence, to its end. After a break, ask again behind the last one that came. */
async function* follow(orderId: string, after = 0): AsyncGenerator<Update> {
  const address = `${engine.replace(/^http/, "ws")}/ws/orders/${orderId}?after=${after}`;
  const socket = new WebSocket(address, token ? ["bearer", token] : []);
  const frames: Frame[] = [];
  let ended: Error | true | undefined;
  let wake = (): void => undefined;
  socket.on("message", (data) => (frames.push(JSON.parse(String(data)) as Frame), wake()));
  socket.on("error", (error) => ((ended = error), wake()));
  socket.on("close", () => ((ended ??= true), wake()));
  for (;;) {
    const frame = frames.shift();
    if (frame === undefined) {
      if (ended !== undefined) throw ended === true ? new Error("the stream ended before the order did") : ended;
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    if (frame.type === "error") throw new Error(`${frame.code}: ${frame.message}`);
    yield frame;
    if (ENDS.has(frame.status)) return socket.close();
  }
}

function described(update: Update): string {
  // The status decides which fields there are; the compiler knows.
  if (update.status === "building") return `${update.dex} gives ${update.amountOut}`;
  if (update.status === "submitted") return `transaction ${update.txHash}`;
  if (update.status === "confirmed") return `${update.executedAmountOut} in slot ${update.slot}`;
  return update.status === "failed" ? `${update.code}: ${update.error}` : "";
}

const [tokenIn = "SOL", tokenOut = "USDC", amountIn = "1"] = process.argv.slice(2);
const request: Schemas["OrderRequest"] = { tokenIn, tokenOut, amountIn };
// Kept until the order is known: sent again after a lost answer, it gives the same order and not a second one.
const key = randomUUID();
const placed = await call<Schemas["Order"]>("POST", "/api/orders/execute", request, key);
for await (const update of follow(placed.orderId)) {
  console.log(update.status.padEnd(11), described(update));
}

const order = await call<Schemas["OrderDetail"]>("GET", `/api/orders/${placed.orderId}`);
if (order.executedAmountOutRaw !== null && order.minAmountOutRaw !== null) {
  const spared = BigInt(order.executedAmountOutRaw) - BigInt(order.minAmountOutRaw);
  console.log(`${spared} base units of ${order.tokenOut} more than the least that was accepted`);
}
process.exitCode = order.status === "confirmed" ? 0 : 1;
