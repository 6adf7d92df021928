// A part of the page that comes when the rest can be used: a module with its style.

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** The module at `script`, once the style sheet at `style` is there, or cannot be had. */
export async function loadedLate(script, style) {
  const [module] = await Promise.all([importedSurely(script), styled(style)]);
  return module;
}

function styled(address) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  const isThere = new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
  });
  document.head.append(link);
  return isThere;
}

// A server that is away for a moment must not leave the page without it; browsers may keep a failed import
// under its address.
async function importedSurely(address) {
  for (let failures = 0; ; failures += 1) {
    try {
      return await import(failures ? address + "?" + failures : address);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)));
    }
  }
}
