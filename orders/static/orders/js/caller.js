// Whose the API token of this tab is: only the engine knows.

import { ApiError, apiToken, get } from "./api.js";
import { byId, setText } from "./dom.js";

/** Draw the caller in the menu. A token that is not valid is asked for again elsewhere. */
export async function showCaller() {
  if (apiToken() === null) return;
  try {
    const { user, kind, scope, maySwitch } = await get("/api/me");
    setText(byId("who-name"), user);
    setText(byId("who-kind"), `${user}, ${kind}, by an API token that may ${scope}`);
    byId("throw-switch").hidden = !maySwitch;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
