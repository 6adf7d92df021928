// Keys for what is done often. They work while no field has the focus and no dialog is open.

import { byId, openDialog, wireDialog } from "./dom.js";
import { keep, stored } from "./storage.js";

const STORE = "shortcuts";
const FIELD = "input, select, textarea, [contenteditable]";

/** `actions` are functions by key, beside "?" which lists them. */
export function startShortcuts(actions) {
  const dialog = byId("shortcuts-dialog");
  const isOn = byId("shortcuts-on");
  isOn.checked = stored(STORE) !== "off";
  isOn.addEventListener("change", () => keep(STORE, isOn.checked ? "on" : "off"));
  wireDialog(dialog);
  const list = () => openDialog(dialog);
  byId("show-shortcuts").addEventListener("click", list);
  document.addEventListener("keydown", (event) => {
    if (!isOn.checked || isTyping(event)) return;
    const action = event.key === "?" ? list : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function isTyping(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  return event.target.closest?.(FIELD) !== null || document.querySelector("dialog[open]") !== null;
}
