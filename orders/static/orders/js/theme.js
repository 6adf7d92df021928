// Light, dark, or as the system has it: kept for the next visit.

import { keep } from "./storage.js";

const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
const WORDS = { system: "as the system has it", light: "light", dark: "dark" };

/** "light" or "dark" by choice, else "system". */
const chosenTheme = () => document.documentElement.dataset.theme ?? "system";

// From the system's theme to the other one, then to the system's own as a choice, then back to the system's.
function following(theme) {
  const own = systemIsDark.matches ? "dark" : "light";
  const other = own === "dark" ? "light" : "dark";
  return { system: other, [other]: own, [own]: "system" }[theme];
}

/** Let `button` go through the themes; `changed` is called after every change. */
export function startTheme(button, changed) {
  const describe = () => {
    const text = `Theme: ${WORDS[chosenTheme()]}; next: ${WORDS[following(chosenTheme())]}`;
    button.setAttribute("aria-label", text);
    button.title = text;
  };
  button.addEventListener("click", () => {
    choose(following(chosenTheme()));
    describe();
    changed();
  });
  systemIsDark.addEventListener("change", () => {
    describe();
    changed();
  });
  describe();
}

function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  keep("theme", theme);
}
