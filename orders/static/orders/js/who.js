// Who the caller is, and how to become another one: session, token of this tab, or the machine's own user.

import { apiToken, forgetApiToken } from "./api.js";
import { byId, setText } from "./dom.js";

/** Wire the menu; `signIn()` opens the dialog for a token. */
export function startWho(signIn) {
  const hasToken = apiToken() !== null;
  byId("use-token").hidden = hasToken;
  byId("forget-token").hidden = !hasToken;
  // A token goes before a session and before this machine's user; whose it is the engine says later.
  if (hasToken) {
    setText(byId("who-name"), "API token");
    setText(byId("who-kind"), "by the API token of this tab");
    byId("throw-switch").hidden = true;
  }
  byId("use-token").addEventListener("click", signIn);
  byId("forget-token").addEventListener("click", () => {
    forgetApiToken();
    location.reload();
  });
  const menu = byId("who");
  document.addEventListener("click", (event) => menu.contains(event.target) || menu.removeAttribute("open"));
  menu.addEventListener("keydown", (event) => event.key === "Escape" && menu.removeAttribute("open"));
}

/** Draw what `tokens` knows of wallet and kill switch. */
export function showStanding(tokens) {
  setText(byId("who-wallet"), tokens.wallet ?? "none");
  const state = byId("trading-state");
  setText(state, tokens.halted === null ? "on" : `off: ${tokens.halted}`);
  state.classList.toggle("bad", tokens.halted !== null);
}
