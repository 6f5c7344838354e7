// The conversations, newest first. Their order is the server's, never the page's: whoever sends a message sees their
// own list move only when the worker has moved the row.

import { copyOf, dress, place } from "./elements.js";
import { tell } from "./times.js";

const MOVE_MS = 450;
const BEHIND_MS = 2_000;

export class ConversationList {
  #session;
  #onOpen;
  #onBehind;
  #rows = new Map(); // group -> its <li>
  #shown = []; // as it stands, newest first
  #next = null;
  #edge = ""; // the stamp of the last row of the newest page; rows below it may not be known
  #open = null;
  #unread = new Set();
  #awaited = new Map(); // group -> the stamp of a message that its row does not show yet, and since when
  #isFilled = false;

  /** `onOpen` gets the conversation that is chosen; `onBehind` hears whether rows lag behind messages. */
  constructor(session, onOpen, onBehind) {
    this.#session = session;
    this.#onOpen = onOpen;
    this.#onBehind = onBehind;
    place("older-conversations").addEventListener("click", () => this.#loadOlder());
  }

  /** The newest page has come. */
  tell({ conversations, next }) {
    const older = next === null ? [] : this.#stillOlder(conversations);
    if (!older.length) this.#next = next;
    this.#note(conversations);
    this.#edge = next === null ? "" : conversations.at(-1).created_at;
    this.#isFilled = true;
    this.#forgetWhoLeft([...conversations, ...older]);
    this.#show([...conversations, ...older]);
    this.#lookBehind();
  }

  /** The conversation as it is listed. */
  find(group) {
    return this.#shown.find((found) => found.uuid === group);
  }

  /** This one is open (none: null); it counts as read. */
  mark(group) {
    this.#open = group;
    this.#unread.delete(group);
    this.#show(this.#shown);
  }

  /** This is the newest message of a group, as far as is known (none: ""): its row must show it before long. */
  expect(group, stamp) {
    const since = this.#awaited.get(group)?.since ?? Date.now();
    if ((this.find(group)?.created_at ?? this.#edge) >= stamp) this.#awaited.delete(group);
    else this.#awaited.set(group, { stamp, since });
    this.#lookBehind();
    setTimeout(() => this.#lookBehind(), BEHIND_MS + 50);
  }

  /** Rows that were known below the newest page; none, if they may not join on to it any more, or not be all. */
  #stillOlder(page) {
    const listed = new Map(page.map((found) => [found.uuid, found]));
    const others = this.#shown.filter((found) => !listed.has(found.uuid));
    const isJoined = this.#shown.some((found) => listed.get(found.uuid)?.created_at === found.created_at);
    const hasMovedBack = others.some((found) => found.created_at > page.at(-1).created_at); // or was left
    return isJoined && !hasMovedBack ? others : [];
  }

  /** A row that is gone is not waited for, nor unread. */
  #forgetWhoLeft(conversations) {
    const isListed = new Set(conversations.map((found) => found.uuid));
    for (const { uuid } of this.#shown.filter((found) => !isListed.has(found.uuid))) {
      this.#awaited.delete(uuid);
      this.#unread.delete(uuid);
    }
  }

  #note(conversations) {
    for (const now of conversations) {
      const was = this.find(now.uuid);
      const isNew = this.#isFilled && now.created_at > (was?.created_at ?? this.#edge) && now.uuid !== this.#open;
      if (isNew && !this.#awaited.has(now.uuid)) this.#unread.add(now.uuid);
      if ((this.#awaited.get(now.uuid)?.stamp ?? "~") <= now.created_at) this.#awaited.delete(now.uuid);
    }
  }

  #lookBehind() {
    const longAgo = Date.now() - BEHIND_MS;
    this.#onBehind([...this.#awaited.values()].some(({ since }) => since <= longAgo));
  }

  async #loadOlder() {
    const [button, asked] = [place("older-conversations"), this.#next];
    button.disabled = true;
    place("list-refusal").textContent = "";
    try {
      const { said, next } = await this.#session.ask("GET", asked);
      if (asked !== this.#next) return; // they would not join on
      const isKnown = new Set(this.#shown.map((found) => found.uuid));
      this.#next = next;
      this.#show([...this.#shown, ...said.filter((found) => !isKnown.has(found.uuid))]);
    } catch (error) {
      place("list-refusal").textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }

  #show(conversations) {
    this.#shown = conversations;
    const list = place("conversations");
    const before = new Map([...list.children].map((row) => [row, row.getBoundingClientRect().top]));
    const rows = conversations.map((found) => this.#row(found));
    const focused = document.activeElement;
    rows.forEach((row, index) => {
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    while (list.children.length > rows.length) this.#drop(list.lastElementChild);
    if (list.contains(focused)) focused.focus({ preventScroll: true }); // a row that is moved loses it
    rows.forEach((row) => glide(row, before.get(row)));
    place("older-conversations").hidden = !this.#next;
    place("no-conversations").hidden = !this.#isFilled || conversations.length > 0;
    document.title = this.#unread.size ? `(${this.#unread.size}) Pattern E chat` : "Pattern E chat";
  }

  #drop(row) {
    this.#rows.delete(row.dataset.group);
    row.remove();
  }

  #row(conversation) {
    const row = this.#rows.get(conversation.uuid) ?? this.#newRow(conversation.uuid);
    const button = row.querySelector("button");
    const isNew = this.#unread.has(conversation.uuid);
    dress(row.querySelector(".avatar"), conversation);
    row.querySelector(".name").textContent = conversation.display_name || conversation.handle;
    row.querySelector(".preview").textContent = conversation.message || "No message";
    row.querySelector(".new").hidden = !isNew;
    row.classList.toggle("unread", isNew);
    tell(row.querySelector("time"), conversation.created_at, { isShort: true });
    if (conversation.uuid === this.#open) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    return row;
  }

  #newRow(group) {
    const row = copyOf("conversation-row");
    row.dataset.group = group;
    row.querySelector("button").addEventListener("click", () => this.#onOpen(this.find(group)));
    this.#rows.set(group, row);
    return row;
  }
}

/** Lets a row be seen on its way from where it was. */
function glide(row, from) {
  const way = from === undefined ? 0 : from - row.getBoundingClientRect().top;
  if (!way || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const frames = [{ transform: `translateY(${way}px)` }, { transform: "none" }];
  row.animate(frames, { duration: MOVE_MS, easing: "cubic-bezier(.2, .8, .2, 1)" });
  if (way > 0) row.animate([{ backgroundColor: "var(--risen)" }, {}], { duration: 3 * MOVE_MS });
}
