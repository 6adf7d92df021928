// The round sign of a token: a drawing of the page's own for those that it knows, else the first letter in a colour.

import { h, icon } from "./dom.js";

// By mint: anybody may call a token SOL.
const DRAWN = {
  So11111111111111111111111111111111111111112: "SOL",
  EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: "USDC",
  "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU": "USDC",
  Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB: "USDT",
  JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN: "JUP",
  DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263: "BONK",
};

/** The sign of {symbol, mint}. */
export function disc({ symbol, mint }) {
  const drawn = DRAWN[mint];
  if (drawn) return h("span", { class: `disc drawn ${drawn}`, "aria-hidden": "true" }, drawing(drawn));
  const colour = [...mint].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 8, 7);
  return h("span", { class: `disc disc-${colour}`, "aria-hidden": "true", "data-letter": symbol.slice(0, 1) });
}

function drawing(name) {
  const svg = icon("");
  svg.firstChild.setAttribute("href", `#t-${name}`);
  return svg;
}
