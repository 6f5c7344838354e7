// Puts the page together: who is signed in, the list, the conversation that is open, what the status line says.

import { Composer, newKey } from "./composer.js";
import { asks, dress, place, say } from "./elements.js";
import { Hood } from "./hood.js";
import { ConversationList } from "./list.js";
import { Session } from "./session.js";
import { Stream } from "./stream.js";
import { Thread } from "./thread.js";

const SIGNS = {
  connecting: "Connecting…", live: "Live", offline: "Offline: trying again…", behind: "Catching up…",
  refused: "Not known here any more",
};

const THREAD = "thread"; // in the history, where the conversation has the window to itself: "back" leads to the list

class Chat {
  #door;
  #beginning;
  #me = null;
  #startKey = newKey(); // one for as long as nothing else is written: tried again, it is the same message
  #state = { line: "connecting", isBehind: false, isUnavailable: false };

  constructor(settings) {
    this.session = new Session(settings, () => this.#sessionEnded());
    const sign = (isBehind) => this.#sign({ isBehind });
    this.list = new ConversationList(this.session, (found) => this.#open(found), sign);
    this.thread = new Thread(this.session, this.list, null);
    this.composer = new Composer(this.session, this.thread, this.list);
    this.stream = new Stream(this.session, (event, data) => this.#hear(event, data), (line) => this.#sign({ line }));
    this.hood = new Hood(this.session, (group) => this.list.find(group));
    this.#door = asks(place("door"), (form) => this.#signIn(form), { canLeave: false });
    this.#beginning = asks(place("start"), (form) => this.#start(form));
    this.#beginning.addEventListener("input", () => { this.#startKey = newKey(); });
    place("new").addEventListener("click", () => place("start").showModal());
    place("sign-out").addEventListener("click", () => this.#leave());
    place("somebody-else").addEventListener("click", () => this.#leave());
    place("back").addEventListener("click", () => (history.state === THREAD ? history.back() : this.#showList()));
    window.addEventListener("popstate", () => history.state !== THREAD && this.#showList());
    history.replaceState(null, "");
    place("hood-switch").hidden = !settings.has_worker_view;
    place("hood-switch").addEventListener("change", (event) => this.hood.show(event.target.checked));
    place("door").showModal();
  }

  async #signIn(form) {
    const me = await this.session.signIn(form.elements.handle.value.trim(), form.elements.password.value);
    form.elements.password.value = "";
    if (this.#me && this.#me.uuid !== me.uuid) return this.#leave();
    this.#me = this.thread.me = this.hood.me = me;
    place("me").textContent = me.display_name;
    dress(place("my-avatar"), me);
    place("chat").hidden = false;
    place("door").close();
    this.stream.start();
    await this.thread.refresh();
  }

  /** Tokens are over: what is on the page stays, so that a draft is not lost; it stays this person's. */
  #sessionEnded() {
    this.stream.stop();
    if (!this.#me || place("door").open) return;
    place("door-why").textContent = "Your session has ended. Sign in again to go on.";
    this.#door.elements.handle.value = this.#me.handle;
    this.#door.elements.handle.readOnly = true;
    place("somebody-else").hidden = false;
    place("door").showModal();
    this.#door.elements.password.focus();
  }

  /** Begin anew: nothing of who was here remains, nor does anything that was under way for them. */
  async #leave() {
    place("chat").hidden = true;
    this.stream.stop();
    await this.session.signOut();
    location.reload();
  }

  #hear(event, data) {
    this.#sign({ isUnavailable: event === "unavailable" });
    if (event !== "conversations") return;
    const group = this.thread.group;
    const before = this.list.find(group);
    this.list.tell(data);
    const now = this.list.find(group);
    if (now && (now.created_at !== before?.created_at || now.message !== before?.message)) this.thread.refresh();
    if (now && !before) this.thread.title(now);
    this.hood.noteMove();
  }

  #open(conversation) {
    if (history.state !== THREAD && matchMedia("(max-width: 46rem)").matches) history.pushState(THREAD, "");
    place("chat").dataset.view = "thread";
    this.list.mark(conversation.uuid);
    const isRead = this.thread.open(conversation);
    this.composer.open(conversation.uuid);
    this.composer.focus();
    return isRead;
  }

  #showList() {
    place("chat").dataset.view = "list";
    this.list.mark(null);
    this.composer.open(null);
    this.thread.close();
    place("conversations").querySelector("button")?.focus();
  }

  async #start(form) {
    const [handle, message] = [form.elements.handle.value.trim().replace(/^@/, ""), form.elements.text.value.trim()];
    const request = { body: { handle, message }, key: this.#startKey };
    const { said } = await this.session.ask("POST", "/api/messages", request);
    const group = said.message_group_uuid;
    place("start").close();
    this.#beginning.reset();
    this.#startKey = newKey();
    await this.#open(this.list.find(group) ?? { uuid: group, handle, display_name: handle });
  }

  /** The line is there again: what it missed. */
  #resume() {
    this.composer.resume();
    this.thread.refresh();
  }

  #sign(change) {
    if (change.line === "live" && this.#state.line !== "live") this.#resume();
    this.#state = { ...this.#state, ...change };
    const { line, isBehind, isUnavailable } = this.#state;
    const shown = line === "live" && (isBehind || isUnavailable) ? "behind" : line;
    say(place("status"), SIGNS[shown]);
    place("status").dataset.line = shown;
  }
}

const settings = await fetch("/page-settings", { cache: "no-store" });
new Chat(await settings.json());
