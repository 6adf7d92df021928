// What an order that waits will do, in one plain sentence, while it is still being typed.

import { grouped, percentText } from "./amounts.js";
import { spanText } from "./order-fields.js";

/**
 * `wish` {type, paid, tokenIn, tokenOut, buys, prices, amounts, trailBps, rounds, slippageBps, exits}: symbols and texts;
 * prices and amounts by field name, null where nothing usable is typed. "" while a needed price is missing.
 */
export function sentence(wish) {
  if (wish.type === "oco") return pairText(wish);
  if (wish.type === "dca") return roundsText(wish);
  if (wish.type === "sniper") return launchText(wish);
  const entry = { market: () => "", limit: limitText, stop: stopText, take_profit: profitText, trailing_stop: trailText }[
    wish.type
  ](wish);
  return [entry, wish.exits ? exitsText(wish) : ""].filter(Boolean).join(" ");
}

const money = ({ buys, tokenIn, tokenOut }) => (buys ? tokenIn : tokenOut);
const does = ({ buys, paid, tokenIn, tokenOut }) =>
  buys ? `Buy ${tokenOut} with ${grouped(paid)} ${tokenIn}` : `Sell ${grouped(paid)} ${tokenIn}`;
// A better price for the trader: more when selling, less when buying.
const when = (wish, price, better) =>
  `one ${wish.buys ? "costs" : "brings"} ${grouped(price)} ${money(wish)} or ${better === wish.buys ? "less" : "more"}`;
const least = (wish, amount) => `${grouped(amount)} ${wish.tokenOut}`;

function limitText(wish) {
  const { limitPrice } = wish.prices;
  if (!limitPrice) return "";
  return `${does(wish)} when ${when(wish, limitPrice, true)}; you get at least ${least(wish, wish.amounts.limitPrice)}.`;
}

function stopText(wish) {
  const { triggerPrice, stopLimit } = wish.prices;
  if (!triggerPrice) return "";
  const bound = stopLimit
    ? `but only for at least ${least(wish, wish.amounts.stopLimit)}`
    : atMarket(wish, wish.amounts.triggerPrice);
  return `${does(wish)} when ${when(wish, triggerPrice, false)}, ${bound}.`;
}

function profitText(wish) {
  const { triggerPrice } = wish.prices;
  if (!triggerPrice) return "";
  return `${does(wish)} when ${when(wish, triggerPrice, true)}, ${atMarket(wish, wish.amounts.triggerPrice)}.`;
}

const atMarket = (wish, amount) =>
  `at the market then: about ${least(wish, amount)}, at most ${percentText(wish.slippageBps)} below the first quote`;

function trailText(wish) {
  if (wish.trailBps === null) return "";
  const { activationPrice } = wish.prices;
  const from = activationPrice ? `once ${when(wish, activationPrice, true)}` : "from now on";
  return `${does(wish)} when it would bring ${percentText(wish.trailBps)} less ${wish.tokenOut} than at its best, followed ${from}.`;
}

function roundsText(wish) {
  if (wish.rounds === null) return "";
  const { count, seconds, each } = wish.rounds;
  const { minPrice, maxPrice } = wish.prices;
  const bounds = [minPrice ? `less than ${grouped(minPrice)}` : "", maxPrice ? `more than ${grouped(maxPrice)}` : ""].filter(Boolean);
  const skipped = bounds.length ? ` A round is skipped when one ${wish.buys ? "costs" : "brings"} ${bounds.join(" or ")} ${money(wish)}.` : "";
  const span = spanText(seconds * (count - 1));
  const last = /^\d/.test(span) ? span : "one " + span;
  return (
    `${does(wish)} in ${count} rounds of ${grouped(each, 9)} ${wish.tokenIn}, each at the market then: ` +
    `one every ${spanText(seconds)}, the first now, the last ${last} later.${skipped}`
  );
}

const launchText = ({ paid, tokenIn, tokenOut, slippageBps }) =>
  `Buy ${tokenOut} with ${grouped(paid)} ${tokenIn} in its first new pool that opens and passes the default checks, ` +
  `at most ${percentText(slippageBps)} below the first quote.`;

function pairText(wish) {
  const { takeProfit, stopLoss, stopLimit } = wish.prices;
  if (!takeProfit || !stopLoss) return "";
  const { amounts } = wish;
  const bound = stopLimit ? `for at least ${least(wish, amounts.stopLimit)}` : `at the market, about ${least(wish, amounts.stopLoss)}`;
  return (
    `${does(wish)} when ${when(wish, takeProfit, true)}, for at least ${least(wish, amounts.takeProfit)};` +
    ` or when ${when(wish, stopLoss, false)}, ${bound}. The first that fires cancels the other.`
  );
}

// A bracket's exits swap back: what the entry buys they sell.
function exitsText(wish) {
  const back = { ...wish, buys: !wish.buys, tokenIn: wish.tokenOut, tokenOut: wish.tokenIn };
  const { takeProfit, stopLoss } = wish.prices;
  if (!takeProfit || !stopLoss) return "";
  const swap = back.buys ? `buy ${back.tokenOut} back with all of it` : `sell all of it`;
  return `Once filled, ${swap} when ${when(back, takeProfit, true)}, or when ${when(back, stopLoss, false)}; the first that fires cancels the other.`;
}
