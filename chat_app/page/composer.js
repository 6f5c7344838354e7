// What is written: a draft for each conversation, and messages on their way, one after the other.

import { place } from "./elements.js";
import { Unreachable } from "./sayings.js";

const AGAIN_MS = 10_000;
const WAITS = "Perhaps not sent: the chat cannot be reached. It is tried again as soon as it can.";

export class Composer {
  #session;
  #thread;
  #list;
  #drafts = new Map();
  #outbox = new Set(); // what has not arrived: { text, group, key, why, isWaiting }
  #group = null;
  #queue = Promise.resolve();

  constructor(session, thread, list) {
    this.#session = session;
    this.#thread = thread;
    this.#list = list;
    place("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#box.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Go on with what was written in this conversation: the draft, and what has not arrived (none: null). */
  open(group) {
    if (this.#group) this.#drafts.set(this.#group, this.#box.value);
    this.#group = group;
    this.#box.value = this.#drafts.get(group) ?? "";
    this.#outbox.forEach((entry) => this.#show(entry));
  }

  /** The chat can be reached again: what it has not answered is sent once more, and stored once. */
  resume() {
    [...this.#outbox].filter((entry) => entry.isWaiting).forEach((entry) => this.#send(entry));
  }

  focus() {
    this.#box.focus({ preventScroll: true });
  }

  get #box() {
    return place("composer").elements.text;
  }

  /** Enter sends, Shift+Enter begins a line; on a touch screen Enter is a line, and the button sends. */
  #onKey(event) {
    const isLine = event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches;
    if (event.key !== "Enter" || isLine) return;
    event.preventDefault();
    if (!event.repeat) this.#submit();
  }

  #submit() {
    const text = this.#box.value.trim();
    this.focus();
    if (!text) return;
    this.#box.value = "";
    this.#send({ text, group: this.#group, key: newKey() });
  }

  /** The key makes it one message, however often it is tried. */
  #send(entry) {
    entry.why = null;
    entry.isWaiting = false;
    this.#outbox.add(entry);
    this.#show(entry);
    this.#queue = this.#queue.then(() => this.#deliver(entry));
  }

  async #deliver(entry) {
    const body = { message: entry.text, message_group_uuid: entry.group };
    try {
      const { said } = await this.#session.ask("POST", "/api/messages", { body, key: entry.key });
      this.#outbox.delete(entry);
      this.#thread.arrived(entry, said);
      this.#list.expect(entry.group, said.created_at);
    } catch (error) {
      entry.isWaiting = error instanceof Unreachable;
      entry.why = entry.isWaiting ? WAITS : `Not sent. ${error.message}`;
      this.#show(entry);
      if (entry.isWaiting) setTimeout(() => entry.isWaiting && this.#outbox.has(entry) && this.#send(entry), AGAIN_MS);
    }
  }

  #show(entry) {
    if (entry.group !== this.#group) return;
    this.#thread.unsent(entry, { again: () => this.#send(entry), drop: () => this.#outbox.delete(entry) });
  }
}

/** An Idempotency-Key; `crypto.randomUUID` is there on secure origins only. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
