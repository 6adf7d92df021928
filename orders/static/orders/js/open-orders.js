// The panel of open orders: what each waits for and how far off that is; amend, cancel, cancel all.

import { ApiError, get, send } from "./api.js";
import { byId, h, openDialog, setText, wireDialog } from "./dom.js";
import { Distances } from "./distances.js";
import { editorOf, namesOf } from "./open-editor.js";
import { groupBox, rowOf } from "./open-rows.js";

const MOST_SHOWN = 100;
// A watermark moves without an event.
const LOOK_AGAIN_MS = 10_000;

export class OpenOrders {
  #orders = [];
  #groups = new Map();
  #problems = new Map();
  #editing = null;
  #round = 0;
  #more = false;
  #distances;
  #list = byId("open-list");
  #dialog = this.#confirmation();

  /** `page` {follow(order), said(title, text, tone)}; `listed(orders)` is called with what is open. */
  constructor(page, listed) {
    this.page = page;
    this.listed = listed;
    this.#distances = new Distances(() => this.#show());
    byId("cancel-all").addEventListener("click", () => this.#ask());
    setInterval(() => document.hidden || !this.#orders.some(({ type }) => type === "trailing_stop") || this.read(), LOOK_AGAIN_MS);
    this.read();
  }

  /** Read the open orders, and what belongs to them. Failures are shown on the panel. */
  async read() {
    this.#round += 1;
    const round = this.#round;
    try {
      const { results, next } = await get("/api/orders", { status: "open", limit: MOST_SHOWN });
      const groups = await this.#readGroups(results);
      if (round !== this.#round) return;
      [this.#orders, this.#groups, this.#more] = [results, groups, next !== null];
      setText(byId("open-problem"), "");
      this.#distances.watch(results);
      this.listed(results);
      this.#show();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (round === this.#round) setText(byId("open-problem"), `Open orders are not up to date: ${error.message}.`);
    }
  }

  // A group stays while any of its orders may still move, with those that are not open themselves.
  async #readGroups(orders) {
    const ids = new Set([...orders.map(({ groupId }) => groupId).filter(Boolean), ...this.#groups.keys()]);
    const found = await Promise.all([...ids].map((id) => get(`/api/groups/${id}`)));
    return new Map(found.filter(({ status }) => status === "open").map((group) => [group.groupId, group]));
  }

  #show() {
    const alone = this.#orders.filter(({ groupId }) => !this.#groups.has(groupId));
    const parts = [...[...this.#groups.values()].map((group) => this.#group(group)), ...alone.map((order) => this.#row(order))];
    const active = this.#list.contains(document.activeElement) ? document.activeElement : null;
    const scrolled = this.#list.scrollTop;
    this.#list.replaceChildren(...parts);
    this.#list.scrollTop = scrolled;
    // A field that is being typed in is moved, and a button drawn anew: either way the focus stays.
    if (active?.isConnected) active.focus({ preventScroll: true });
    else if (active) this.#list.querySelector(`[data-key="${CSS.escape(active.dataset.key ?? "")}"]`)?.focus({ preventScroll: true });
    const count = this.#orders.length;
    byId("open-empty").hidden = parts.length > 0;
    byId("cancel-all").disabled = count === 0;
    setText(byId("open-count"), count ? `${count}${this.#more ? " newest" : ""}` : "");
  }

  #group(group) {
    const canCancel = group.orders.some(({ status }) => status === "open" || status === "pending");
    return groupBox(group, inOrder(group).map((order) => this.#row(order)), canCancel ? () => this.#cancel(`/api/groups/${group.groupId}`, group.groupId) : null);
  }

  #row(order) {
    const isEdited = this.#editing?.orderId === order.orderId;
    if (isEdited) this.#editing.version = order.version;
    return rowOf(order, {
      distance: this.#distances.of(order),
      problem: this.#problems.get(order.orderId) ?? "",
      editor: isEdited ? this.#editing.element : null,
      amend: () => this.edit(order),
      pause: () => this.amend(order, { paused: !order.schedule.paused }),
      cancel: () => this.#cancel(`/api/orders/${order.orderId}`, order.orderId),
      follow: () => this.page.follow(order),
    });
  }

  /** Open the form that amends an order, in its row. */
  edit(order) {
    if (namesOf(order).length === 0) return;
    const close = () => {
      this.#editing = null;
      this.#problems.delete(order.orderId);
      this.#show();
      this.#list.querySelector(`[data-key="amend ${order.orderId}"]`)?.focus();
    };
    const { element, first } = editorOf(order, { close, save: (changes) => this.#save(order, changes, close) });
    this.#editing = { orderId: order.orderId, version: order.version, element };
    this.#show();
    element.scrollIntoView({ block: "nearest" });
    first.focus();
    first.select();
  }

  #save(order, changes, close) {
    return this.amend({ ...order, version: this.#editing.version }, changes, close);
  }

  /**
   * Change an order as it was drawn. It may have moved since: then what is so now is read and shown, and nothing
   * is overwritten. What is refused is said on its row.
   */
  async amend({ orderId, version }, changes, done = () => {}) {
    this.#problems.delete(orderId);
    try {
      await send("PATCH", `/api/orders/${orderId}`, { version, ...changes });
      done();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#problems.set(orderId, refusal(error));
      if (error.code === "NOT_AMENDABLE") this.#editing = null;
    }
    await this.read();
  }

  async #cancel(path, key) {
    this.#problems.delete(key);
    try {
      await send("POST", `${path}/cancel`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#problems.set(key, refusal(error));
    }
    await this.read();
  }

  #ask() {
    setText(byId("cancel-all-text"), `${this.#more ? "More than " : ""}${this.#orders.length} open ${this.#orders.length === 1 ? "order" : "orders"} of yours will wait no more.`);
    openDialog(this.#dialog);
    this.#dialog.querySelector("[data-close]").focus();
  }

  async #cancelAll() {
    this.#dialog.close();
    try {
      const { cancelled, notCancelled } = await send("POST", "/api/orders/cancel?status=open");
      const left = notCancelled.length ? `${notCancelled.length} could not be: a worker has begun them` : "";
      this.page.said(`${cancelled} cancelled`, left, left ? "bad" : "good");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setText(byId("open-problem"), `Nothing was cancelled: ${error.message}.`);
    }
    await this.read();
  }

  #confirmation() {
    const yes = h("button", { type: "button", class: "danger", onclick: () => this.#cancelAll() }, "Cancel all of them");
    const dialog = h(
      "dialog",
      { class: "dialog", id: "cancel-all-dialog", "aria-labelledby": "cancel-all-title", "aria-describedby": "cancel-all-text" },
      h("h2", { id: "cancel-all-title" }, "Cancel all open orders?"),
      h("p", { id: "cancel-all-text" }),
      h("div", { class: "dialog-buttons" }, h("button", { type: "button", class: "plain", "data-close": true }, "Keep them"), yes),
    );
    document.body.append(dialog);
    wireDialog(dialog);
    return dialog;
  }
}

const PARTS = ["entry", "take_profit", "stop_loss"];
const ENDED = new Set(["confirmed", "failed", "cancelled", "expired"]);

// Of a schedule those rounds that have ended are in the history.
function inOrder({ kind, orders }) {
  const shown = kind === "dca" ? orders.filter(({ status }) => !ENDED.has(status)) : orders;
  return shown.toSorted((a, b) => PARTS.indexOf(a.groupRole) - PARTS.indexOf(b.groupRole));
}

function refusal({ code, message, details }) {
  if (code === "CHANGED_MEANWHILE") return "It has changed meanwhile. This is how it is now: look again, then save.";
  if (code === "NOT_AMENDABLE" || code === "NOT_CANCELLABLE") return `Too late: it is ${details.status} now.`;
  if (code === "WOULD_TRIGGER_NOW" && details.now) return `${message}: it would bring ${details.now} now.`;
  const texts = Object.values(details).filter((each) => typeof each === "string");
  return texts.length ? `${message}: ${texts.join("; ")}.` : `${message}.`;
}
