// A word in the corner for the end of every order; with a sound and a notification for those who ask.

import { byId, h } from "./dom.js";
import { keep, stored } from "./storage.js";

const SHOWN_MS = 6_000;
const STORE = "notify";

export class Toasts {
  #place = byId("toasts");
  #button = byId("notify");
  #next = -1;

  constructor() {
    this.#show(stored(STORE) === "on" && allowed());
    this.#button.addEventListener("click", () => this.#toggle());
  }

  /** `tone` is "good" or "bad". The announcer says it to screen readers already. */
  add(title, text, tone) {
    const toast = h("div", { class: `toast ${tone}` }, h("b", {}, title), h("span", {}, text));
    this.#slot().replaceChildren(toast);
    setTimeout(() => toast.remove(), SHOWN_MS);
    if (!this.#isOn) return;
    beep(tone);
    if (document.hidden && allowed()) new Notification(title, { body: text });
  }

  // Each has a place of its own, so that none moves when others come and go; without a free one the oldest makes room.
  #slot() {
    const slots = [...this.#place.children];
    this.#next = (this.#next + 1) % slots.length;
    return slots.find((slot) => slot.childElementCount === 0) ?? slots[this.#next];
  }

  get #isOn() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  async #toggle() {
    const on = !this.#isOn;
    if (on && "Notification" in window && Notification.permission === "default")
      await Notification.requestPermission();
    this.#show(on);
    keep(STORE, on ? "on" : "off");
    if (on) beep("good");
  }

  #show(on) {
    this.#button.setAttribute("aria-pressed", String(on));
    this.#button.title = on ? "Sound and notifications are on" : "Sound and notifications are off";
  }
}

const allowed = () => "Notification" in window && Notification.permission === "granted";

// Two short tones, up for what went well, down for what did not.
function beep(tone) {
  const audio = new AudioContext();
  const [first, second] = tone === "good" ? [660, 880] : [440, 330];
  for (const [index, frequency] of [first, second].entries()) {
    const [sound, volume] = [audio.createOscillator(), audio.createGain()];
    sound.frequency.value = frequency;
    volume.gain.value = 0.05;
    sound.connect(volume).connect(audio.destination);
    sound.start(audio.currentTime + index * 0.12);
    sound.stop(audio.currentTime + index * 0.12 + 0.1);
  }
  setTimeout(() => audio.close(), 500);
}
