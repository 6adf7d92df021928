// What this browser keeps for the next visit. Storage may be forbidden: a choice then lasts as long as the page.

/** The text kept under a name, or null. */
export function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, text) {
  try {
    localStorage.setItem(name, text);
  } catch {
    // Nothing is kept then.
  }
}

/** The list of texts kept under a name; empty where there is none. */
export function storedList(name) {
  try {
    const found = JSON.parse(stored(name));
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}
