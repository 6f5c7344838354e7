// The conversation that is open: its messages, oldest first, older ones on demand, and what is on its way.

import { dress, place, say } from "./elements.js";
import { MessageRows } from "./messages.js";
import { Refusal } from "./sayings.js";

const AGAIN_MS = 30_000; // an old message that is edited or deleted changes no row, so no event tells of it
const NEAR_PX = 80;
const MOST = 300; // rows; whoever reads at the end of a long conversation needs no more than the newest

export class Thread {
  #session;
  #list;
  #rows;
  #open = null; // { group }, another one each time a conversation is opened: what was asked for before does not count
  #older = null;
  #reached = null; // the newest stamp of the last page: the next one must join on to that, not to what was sent since
  #reading = null;
  #mustReadAgain = false;
  #changes = 0; // of one's own: a page that was asked for before one does not know it

  /** `list` is told of messages that its rows must show. */
  constructor(session, list, me) {
    this.#session = session;
    this.#list = list;
    this.#rows = new MessageRows(session, me, () => this.#hasChanged());
    place("older").addEventListener("click", () => this.#loadOlder());
    place("to-newest").addEventListener("click", () => this.#toEnd());
    place("log").addEventListener("scroll", () => this.#isNearEnd() && (place("to-newest").hidden = true));
    setInterval(() => document.visibilityState === "visible" && this.refresh(), AGAIN_MS);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.refresh());
  }

  get group() {
    return this.#open?.group ?? null;
  }

  set me(me) {
    this.#rows.me = me;
  }

  /** Show this conversation. */
  async open(conversation) {
    this.#open = { group: conversation.uuid };
    this.#older = this.#reading = this.#reached = null;
    this.#rows.clear(conversation.uuid);
    place("older").hidden = place("to-newest").hidden = true;
    this.title(conversation);
    place("composer").hidden = false;
    await this.refresh();
  }

  title({ display_name, handle }) {
    place("thread-title").textContent = display_name || handle || "Conversation";
    place("their-handle").textContent = handle ? `@${handle}` : "";
    place("their-avatar").hidden = false;
    dress(place("their-avatar"), { display_name: display_name || handle || "?", handle: handle || "?" });
  }

  close() {
    this.#open = this.#reading = null;
    this.#rows.clear();
    place("composer").hidden = place("their-avatar").hidden = true;
    place("thread-title").textContent = "No conversation is open";
    place("their-handle").textContent = place("thread-refusal").textContent = "";
    place("older").hidden = place("to-newest").hidden = true;
  }

  /** Read the newest messages again; one reading at a time, and one more if something happened meanwhile. */
  async refresh() {
    if (!this.#open) return;
    this.#mustReadAgain = true;
    this.#reading ??= this.#readWhileNeeded(this.#open);
    await this.#reading;
  }

  /** A message of one's own that is on its way, or was not sent (`entry.why`): it can be tried again, or dropped. */
  unsent(entry, choices) {
    this.#rows.unsent(entry, choices);
    this.#toEnd();
  }

  /** It has arrived. */
  arrived(entry, message) {
    this.#rows.discard(entry);
    if (message.message_group_uuid !== this.group) return;
    this.#changes += 1;
    this.#merge([message]);
    this.#toEnd();
  }

  #hasChanged() {
    this.#changes += 1;
    this.refresh();
  }

  async #readWhileNeeded(open) {
    while (this.#mustReadAgain && open === this.#open) {
      this.#mustReadAgain = false;
      await this.#read(open);
    }
    if (open === this.#open) this.#reading = null;
  }

  async #read(open) {
    const changes = this.#changes;
    try {
      const { said, next } = await this.#session.ask("GET", `/api/messages/${open.group}`);
      if (open !== this.#open) return;
      say(place("thread-refusal"), "");
      place("composer").hidden = false;
      if (changes === this.#changes) this.#take(said, next);
      else this.#mustReadAgain = true;
    } catch (error) {
      if (open !== this.#open) return;
      say(place("thread-refusal"), error.message);
      if (error instanceof Refusal && error.status === 404) this.#hasLeft();
    }
  }

  /** The newest page: what it lacks between its ends is gone; where it does not reach what is known, that is let go. */
  #take(page, next) {
    const isJoined = this.#reached !== null && page.length > 0 && page[0].created_at <= this.#reached;
    const isTooLong = this.#rows.count > MOST && this.#isNearEnd();
    this.#reached = page.at(-1)?.created_at ?? null;
    if (!isJoined || isTooLong || next === null) {
      this.#rows.keepOnly(new Set(page.map((message) => message.uuid)));
      this.#older = next;
    } else {
      this.#rows.keepOnly(new Set(page.map((message) => message.uuid)), page[0].created_at);
      this.#older ??= this.#rows.oldest === page[0].created_at ? next : null;
    }
    place("older").hidden = !this.#older;
    this.#merge(page);
    this.#list.expect(this.group, page.at(-1)?.created_at ?? "");
  }

  #merge(messages) {
    const wasNearEnd = this.#isNearEnd();
    const isEmpty = this.#rows.newest === null;
    const hasNew = this.#rows.put(messages);
    if (isEmpty || (hasNew && wasNearEnd)) this.#toEnd();
    else if (hasNew) place("to-newest").hidden = false;
  }

  /** The conversation is not this person's any more; who writes to them brings it back. */
  #hasLeft() {
    place("composer").hidden = true;
    this.#list.expect(this.group, "");
  }

  async #loadOlder() {
    const [log, open, asked, button] = [place("log"), this.#open, this.#older, place("older")];
    button.disabled = true;
    try {
      const { said, next } = await this.#session.ask("GET", asked);
      if (open !== this.#open || asked !== this.#older) return; // they would not join on
      const fromEnd = log.scrollHeight - log.scrollTop;
      this.#rows.put(said);
      this.#older = next;
      button.hidden = !next;
      log.scrollTop = log.scrollHeight - fromEnd; // what was read stays where it was
      log.focus({ preventScroll: true });
    } catch (error) {
      place("thread-refusal").textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }

  #isNearEnd() {
    const log = place("log");
    return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
  }

  #toEnd() {
    place("log").scrollTop = place("log").scrollHeight;
    place("to-newest").hidden = true;
  }
}
