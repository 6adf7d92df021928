// The visitor's executed orders as the chart shows them: marks on the price, and how much was bought and sold.
// Numbers here are pixels in the making: nothing of them goes back into an order.

const KEPT = 500;
const BUCKETS = 36;
// The strip below the price, as a part of the plot's height.
export const FLOW_PART = 0.24;

export class OwnTrades {
  #orders = new Map();

  /** Remember confirmed orders, whichever pair they are of; the oldest make room. */
  add(orders) {
    for (const order of orders) this.#orders.set(order.orderId, order);
    const extra = this.#orders.size - KEPT;
    if (extra <= 0) return;
    const oldest = [...this.#orders.values()].sort((a, b) => (a.confirmedAt < b.confirmedAt ? -1 : 1));
    for (const order of oldest.slice(0, extra)) this.#orders.delete(order.orderId);
  }

  /** Those of a pair: [{at seconds, price in the counter token, amount of the base token, sells}]. */
  of(base, counter) {
    return [...this.#orders.values()].flatMap((order) => {
      const [at, price] = [Date.parse(order.confirmedAt) / 1000, Number(order.executedPrice)];
      if (order.tokenIn === base && order.tokenOut === counter)
        return [{ at, price, order, amount: Number(order.executedAmountIn), sells: true }];
      if (order.tokenIn === counter && order.tokenOut === base && price > 0)
        return [{ at, price: 1 / price, order, amount: Number(order.executedAmountOut), sells: false }];
      return [];
    });
  }
}

/** Triangles on the price: selling the base token points down, buying it points up, each in its colour. */
export function drawMarks(plot, trades, colours) {
  const { ctx } = plot;
  const size = 6 * devicePixelRatio;
  inside(plot, colours.bought, () => {
    for (const trade of trades) {
      ctx.fillStyle = trade.sells ? colours.sold : colours.bought;
      const [x, y] = [plot.valToPos(trade.at, "x", true), plot.valToPos(trade.price, "y", true)];
      const tip = trade.sells ? size : -size;
      ctx.beginPath();
      ctx.moveTo(x, y + tip);
      ctx.lineTo(x - size, y - tip);
      ctx.lineTo(x + size, y - tip);
      ctx.closePath();
      ctx.fill();
    }
  });
}

/** Bars in the strip below the price: bought above its middle line, sold below. */
export function drawFlow(plot, trades, colours, lineColour) {
  const { ctx, bbox, scales } = plot;
  const height = bbox.height * FLOW_PART;
  const middle = bbox.top + bbox.height - height / 2;
  const columns = flow(trades, scales.x.min, scales.x.max);
  const most = Math.max(...columns.flatMap(({ bought, sold }) => [bought, sold]));
  const width = bbox.width / BUCKETS;
  inside(plot, lineColour, () => ctx.fillRect(bbox.left, middle, bbox.width, devicePixelRatio));
  if (most === 0) return;
  inside(plot, colours.bought, () => {
    columns.forEach(({ bought, sold }, index) => {
      const x = bbox.left + index * width + width * 0.15;
      const [up, down] = [bought, sold].map((amount) => (amount / most) * (height / 2 - 2));
      ctx.fillStyle = colours.bought;
      ctx.fillRect(x, middle - up, width * 0.7, up);
      ctx.fillStyle = colours.sold;
      ctx.fillRect(x, middle + devicePixelRatio, width * 0.7, down);
    });
  });
}

/** How much was bought and sold in each part of a time range, in base tokens. */
function flow(trades, from, to) {
  const columns = Array.from({ length: BUCKETS }, () => ({ bought: 0, sold: 0 }));
  for (const { at, amount, sells } of trades) {
    const index = Math.floor(((at - from) / (to - from)) * BUCKETS);
    if (index >= 0 && index < BUCKETS) columns[index][sells ? "sold" : "bought"] += amount;
  }
  return columns;
}

function inside(plot, colour, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  draw();
  ctx.restore();
}
