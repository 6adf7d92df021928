// The head of the page: which network, whether the connection is up, whose wallet.

import { byId, copyButton, h, setText } from "./dom.js";
import { NETWORKS, short } from "./format.js";

const CONNECTION = { connecting: "Connecting", open: "Live", unauthenticated: "Signed out" };

/** Show the network in words and colour; unknown ones look like the one that needs most care. */
export function showNetwork(network) {
  const badge = byId("network-badge");
  setText(badge, network);
  badge.dataset.network = NETWORKS.includes(network) ? network : "mainnet-beta";
  document.body.dataset.network = network;
}

export function showConnection(state, delayMs) {
  const badge = byId("connection");
  badge.dataset.state = state;
  setText(
    badge,
    state === "reconnecting"
      ? delayMs >= 2000
        ? `Reconnecting in ${Math.round(delayMs / 1000)} s`
        : "Reconnecting…"
      : CONNECTION[state],
  );
}

export function showWallet(address) {
  const place = byId("wallet");
  if (!address) place.replaceChildren();
  if (!address || place.dataset.address === address) return;
  place.dataset.address = address;
  place.replaceChildren(
    h("span", { class: "unseen" }, "Wallet "),
    h("code", { title: address }, short(address)),
    copyButton(address, "wallet address"),
  );
}

/** Say what is wrong with the engine above everything else; "" takes it away. */
export function showProblem(text) {
  const notice = byId("problem");
  setText(notice, text);
  notice.hidden = text === "";
}
