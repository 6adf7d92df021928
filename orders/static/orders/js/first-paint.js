// A classic script in the head: the stored theme must be there before the first paint.
(() => {
  try {
    const stored = localStorage.getItem("theme");
    if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
  } catch {
    // Storage may be forbidden; the system's theme is used then.
  }
})();
