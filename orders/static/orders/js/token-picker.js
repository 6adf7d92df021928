// The dialog that chooses a token: a list box driven by its search field (ARIA combobox pattern).

import { grouped } from "./amounts.js";
import { amount, byId, h, icon, openDialog, setText, wireDialog } from "./dom.js";
import { favourites, favouritesFirst, keepFavourite } from "./favourites.js";
import { short } from "./format.js";
import { ReportReader, reportBox } from "./token-reports.js";
import { disc } from "./token-sign.js";
import { searchTokens } from "./tokens.js";

const MINT_LIKE = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

export class TokenPicker {
  #dialog = byId("token-dialog");
  #search = byId("token-search");
  #options = byId("token-options");
  #shown = [];
  #active = 0;
  #chosen = null;
  #marked = null;
  #reports;

  constructor(tokens) {
    this.tokens = tokens;
    this.#reports = new ReportReader(tokens);
    wireDialog(this.#dialog);
    // Opened before the tokens have come: they appear as soon as they do.
    tokens.onChange(() => this.#dialog.open && this.#shown.length === 0 && this.#show());
    this.#search.addEventListener("input", () => this.#show());
    this.#search.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("close", () => this.#finish());
    byId("token-favourite").addEventListener("click", () => this.#turnFavourite(this.#shown[this.#active]));
  }

  /** Resolves to the chosen token, or null when the dialog was closed without a choice. */
  choose(title, current) {
    setText(byId("token-dialog-title"), title);
    this.#search.value = "";
    this.#marked = current;
    this.#chosen = null;
    this.#show();
    openDialog(this.#dialog);
    this.#search.focus();
    return new Promise((resolve) => {
      this.#finish = () => resolve(this.#chosen);
    });
  }

  #finish = () => {};

  #show() {
    const typed = this.#search.value.trim();
    const found = searchTokens(this.tokens.known, typed);
    this.#list(typed ? found : favouritesFirst(found));
    const unknownMint = this.#shown.length === 0 && MINT_LIKE.test(typed);
    this.#say(this.#shown.length ? "" : unknownMint ? "Reading the mint…" : "No token fits.");
    this.#reports.ask(unknownMint ? typed : null, (token, problem) => this.#reported(token, problem));
  }

  #list(found) {
    this.#shown = found;
    this.#active = 0;
    this.#options.replaceChildren(...found.map((token, index) => this.#option(token, index)));
    this.#mark();
  }

  // A token that is refused is shown with the reason and cannot be chosen.
  #reported(token, problem) {
    if (token === null) return this.#say(`${problem}.`);
    if (token.refused.length === 0) this.#list([token]);
    byId("token-none").replaceChildren(reportBox(token));
  }

  #say(text) {
    setText(byId("token-none"), text);
  }

  #option(token, index) {
    const option = h(
      "li",
      { id: `token-option-${index}`, role: "option", "aria-selected": "false", class: "token-option" },
      disc(token),
      h(
        "span",
        { class: "token-names" },
        h(
          "b",
          {},
          token.symbol,
          token.ref === this.#marked ? h("span", { class: "quiet" }, " chosen") : null,
          favourites().includes(token.mint) ? h("span", { class: "favourite", title: "A favourite" }, icon("star"), h("span", { class: "unseen" }, " favourite")) : null,
        ),
        h("span", { class: "quiet" }, `${token.name} `, h("code", {}, short(token.mint)), token.warnings.length ? h("span", { class: "warned" }, " not on the list") : null),
      ),
      h(
        "span",
        { class: "token-held" },
        token.balance === null ? h("span", {}, "–") : amount(token.balance, "", 4),
        worthOf(this.tokens.values.get(token.mint)),
      ),
    );
    option.addEventListener("click", () => this.#take(token));
    option.addEventListener("pointermove", () => this.#move(index));
    return option;
  }

  #key(event) {
    const moves = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      Home: 0,
      End: this.#shown.length - 1,
    };
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.#shown[this.#active]) this.#take(this.#shown[this.#active]);
    } else if (event.key in moves && this.#shown.length) {
      event.preventDefault();
      this.#move((moves[event.key] + this.#shown.length) % this.#shown.length);
    }
  }

  #move(index) {
    if (index === this.#active) return;
    this.#active = index;
    this.#mark();
  }

  #mark() {
    [...this.#options.children].forEach((option, index) =>
      option.setAttribute("aria-selected", String(index === this.#active)),
    );
    const active = this.#options.children[this.#active];
    this.#search.setAttribute("aria-activedescendant", active?.id ?? "");
    active?.scrollIntoView({ block: "nearest" });
    this.#showFavourite(this.#shown[this.#active]);
  }

  // The button beside the list is for the token that is marked in it.
  #showFavourite(token) {
    const button = byId("token-favourite");
    button.hidden = !token;
    if (!token) return;
    const isOne = favourites().includes(token.mint);
    button.setAttribute("aria-pressed", String(isOne));
    setText(button.querySelector("span"), `${token.symbol} is ${isOne ? "a" : "no"} favourite`);
  }

  #turnFavourite(token) {
    keepFavourite(token.mint, !favourites().includes(token.mint));
    const listed = [...this.#shown];
    this.#list(this.#search.value.trim() ? listed : favouritesFirst(listed));
    this.#move(this.#shown.indexOf(token));
    this.#showFavourite(token);
  }

  #take(token) {
    this.#chosen = token;
    this.#dialog.close();
  }
}

// What the whole balance would bring by the engine's own routes, once the portfolio has said it.
function worthOf(value) {
  if (!value || /^0(\.0*)?$/.test(value)) return null;
  return h("span", { class: "quiet token-worth", title: `${grouped(value)} USDC by the engine's own routes` }, `≈ ${grouped(value.split(".")[0])} USD`);
}
