// Building elements. Text goes in as text nodes, so nothing from the network is ever parsed as HTML.

import { grouped } from "./amounts.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element: `properties` are attributes, `on…` functions listeners; null and false are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** An icon of the page's sprite. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** An amount that never breaks inside its digits: cut to `places` decimals, whole when pointed at. */
export function amount(text, token, places = 20) {
  const unit = token ? `\u00a0${token}` : "";
  return h("span", { class: "amount", title: `${grouped(text)}${unit}` }, `${grouped(text, places)}${unit}`);
}

export const byId = (id) => document.getElementById(id);

/** Set text only when it differs: live regions would speak again otherwise. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that copies `text`; `what` names it for people. */
export function copyButton(text, what) {
  const button = h(
    "button",
    { type: "button", class: "icon-button tiny", "aria-label": `Copy ${what}`, title: `Copy ${what}` },
    icon("copy"),
  );
  button.addEventListener("click", async (event) => {
    event.stopPropagation();
    const done = await copyText(text);
    button.replaceChildren(icon(done ? "check" : "cross"));
    announce(done ? `Copied ${what}` : `Could not copy ${what}`);
    setTimeout(() => button.replaceChildren(icon("copy")), 1400);
  });
  return button;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

// The clipboard API exists on HTTPS and localhost only; a plain-HTTP page in a home network has this.
function copyBySelection(text) {
  const area = h("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Say something to screen readers without moving the focus. */
export function announce(text) {
  setText(byId("announcer"), text);
}

/** Open a dialog; its [data-close] buttons and a click beside it close it. */
export function openDialog(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
}

export function wireDialog(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}
