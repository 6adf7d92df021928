// Light and dark: the system's choice until the visitor makes one.

const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

/** "light" or "dark", whichever is on screen. */
function currentTheme() {
  return document.documentElement.dataset.theme ?? (systemIsDark.matches ? "dark" : "light");
}

/** Let `button` switch the theme; `changed` is called after every change. */
export function startTheme(button, changed) {
  const describe = () => {
    const other = currentTheme() === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `Switch to the ${other} theme`);
    button.title = `Switch to the ${other} theme`;
  };
  button.addEventListener("click", () => {
    const next = currentTheme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("theme", next);
    } catch {
      // The choice then lasts as long as the page.
    }
    describe();
    changed();
  });
  systemIsDark.addEventListener("change", () => {
    describe();
    changed();
  });
  describe();
}
