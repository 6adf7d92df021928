// The kill switch: asked for its reason before trading is switched off, and asked once more before it goes on.

import { ApiError, send } from "./api.js";
import { announce, byId, openDialog, setText, wireDialog } from "./dom.js";

const TEXTS = {
  off: ["Switch trading off?", "No transaction is signed any more and no order is accepted, for all users. What is on its way is settled.", "Switch off"],
  on: ["Switch trading on?", "Orders that waited go on within seconds, with fresh quotes. It is off because of: ", "Switch on"],
};

export class KillSwitch {
  #dialog = byId("switch-dialog");
  #isBusy = false;

  /** `tokens` know how it stands, and are read anew after it was thrown. */
  constructor(tokens) {
    this.tokens = tokens;
    wireDialog(this.#dialog);
    byId("throw-switch").disabled = false;
    byId("throw-switch").addEventListener("click", () => this.#ask());
    byId("switch-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#throw();
    });
  }

  get #to() {
    return this.tokens.halted === null ? "off" : "on";
  }

  #ask() {
    const [title, text, yes] = TEXTS[this.#to];
    setText(byId("switch-title"), title);
    setText(byId("switch-text"), this.#to === "on" ? `${text}${this.tokens.halted}.` : text);
    setText(byId("switch-yes"), yes);
    setText(byId("switch-problem"), "");
    byId("switch-yes").className = this.#to === "on" ? "execute" : "danger";
    byId("switch-reason").required = this.#to === "off";
    byId("switch-reason").value = "";
    openDialog(this.#dialog);
    byId("switch-reason").focus();
  }

  async #throw() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const to = this.#to;
    try {
      await send("POST", "/api/trading", { trading: to, reason: byId("switch-reason").value });
      this.#dialog.close();
      announce(`Trading is ${to}`);
      await this.tokens.refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(byId("switch-problem"), `${error.message}.`);
    } finally {
      this.#isBusy = false;
    }
  }
}
