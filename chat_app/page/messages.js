// The rows of the open conversation, in the order of their stamps; one's own can be edited and deleted.

import { asks, copyOf, element, place } from "./elements.js";
import { Refusal } from "./sayings.js";
import { dayName, moment, tell } from "./times.js";

const RUN_MS = 3 * 60_000;

export class MessageRows {
  #session;
  #onChange;
  #rows = new Map(); // uuid -> { message, row }
  #pending = new Map(); // what has not arrived -> its row
  #toDelete = null;
  #group = null;
  me;

  /** `onChange` hears that one was edited or deleted. */
  constructor(session, me, onChange) {
    this.#session = session;
    this.me = me;
    this.#onChange = onChange;
    asks(place("delete"), () => this.#delete());
  }

  get count() {
    return this.#rows.size;
  }

  get newest() {
    return this.#sorted().at(-1)?.message.created_at ?? null;
  }

  get oldest() {
    return this.#sorted().at(0)?.message.created_at ?? null;
  }

  /** Begin with the messages of another group, or of none. */
  clear(group = null) {
    this.#group = group;
    this.#rows.clear();
    this.#pending.clear();
    place("messages").replaceChildren();
  }

  /** Show these, whatever is known of them; says whether there was a new one. */
  put(messages) {
    let isNew = false;
    for (const message of messages) {
      const known = this.#rows.get(message.uuid);
      isNew ||= !known;
      const row = known?.row ?? this.#newRow(message.uuid);
      this.#rows.set(message.uuid, { message, row });
      if (known?.message.message !== message.message) this.#fill(row, message);
    }
    this.#order();
    return isNew;
  }

  /** Let go of all others from this stamp on. */
  keepOnly(uuids, from = "") {
    for (const [uuid, { message, row }] of this.#rows) {
      if (uuids.has(uuid) || message.created_at < from) continue;
      this.#rows.delete(uuid);
      row.remove();
    }
    this.#order();
  }

  unsent(entry, { again, drop }) {
    const row = this.#pending.get(entry) ?? copyOf("message-row");
    row.className = entry.why ? "message mine failed" : "message mine pending";
    row.querySelector(".text").textContent = entry.text;
    row.querySelector(".state").textContent = entry.why ?? "Sending…";
    row.querySelector(".again").hidden = !entry.why;
    row.querySelector(".retry").onclick = again;
    row.querySelector(".drop").onclick = () => { drop(); this.discard(entry); };
    this.#pending.set(entry, row);
    place("messages").append(row);
  }

  discard(entry) {
    this.#pending.get(entry)?.remove();
    this.#pending.delete(entry);
  }

  #sorted() {
    const inOrder = (one, other) => (one.message.created_at < other.message.created_at ? -1 : 1);
    return [...this.#rows.values()].sort(inOrder);
  }

  /** Rows that stand right are left alone: somebody may be editing in one, and a reader would say them again. */
  #order() {
    const list = place("messages");
    const wanted = this.#withDays();
    list.querySelectorAll(".day").forEach((day) => wanted.includes(day) || day.remove());
    wanted.forEach((row, index) => {
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
  }

  #withDays() {
    const days = new Map([...place("messages").querySelectorAll(".day")].map((row) => [row.textContent, row]));
    let last = null;
    return this.#sorted().flatMap(({ message, row }, index, all) => {
      const day = dayName(message.created_at);
      row.classList.toggle("runs-on", runsOn(message, all[index + 1]?.message));
      if (day === last) return [row];
      last = day;
      return [days.get(day) ?? element("li", day, "day"), row];
    });
  }

  #newRow(uuid) {
    const row = copyOf("message-row");
    row.dataset.uuid = uuid;
    row.querySelector(".edit").addEventListener("click", () => this.#edit(uuid));
    row.querySelector(".delete").addEventListener("click", () => this.#askToDelete(uuid));
    return row;
  }

  #fill(row, message) {
    const isMine = message.handle === this.me?.handle;
    row.classList.toggle("mine", isMine);
    row.querySelector(".text").textContent = message.message;
    row.querySelector(".who").textContent = isMine ? "You" : message.display_name || message.handle;
    row.querySelector(".deeds").hidden = !isMine;
    tell(row.querySelector("time"), message.created_at);
  }

  #path({ uuid, created_at }) {
    return `/api/messages/${this.#group}/${uuid}?created_at=${encodeURIComponent(created_at)}`;
  }

  #edit(uuid) {
    const { message, row } = this.#rows.get(uuid);
    const editor = copyOf("edit-form");
    const text = editor.querySelector("textarea");
    const close = () => {
      editor.remove();
      row.classList.remove("edited");
      row.querySelector(".edit").focus();
    };
    text.value = message.message;
    editor.querySelector(".cancel").addEventListener("click", close);
    editor.addEventListener("keydown", (event) => event.key === "Escape" && close());
    editor.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const { said } = await this.#session.ask("PUT", this.#path(message), { body: { message: text.value } });
        if (said.message_group_uuid !== this.#group) return; // another conversation is open now
        this.put([said]);
        close();
        this.#onChange();
      } catch (error) {
        editor.querySelector(".refusal").textContent = error.message;
      }
    });
    row.classList.add("edited");
    row.append(editor);
    text.focus();
  }

  #askToDelete(uuid) {
    this.#toDelete = this.#rows.get(uuid).message;
    place("delete").querySelector("blockquote").textContent = this.#toDelete.message;
    place("delete").showModal();
  }

  async #delete() {
    const [message, group] = [this.#toDelete, this.#group];
    try {
      await this.#session.ask("DELETE", this.#path(message));
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "message_not_found")) throw error; // gone is what was wanted
    }
    place("delete").close();
    if (group !== this.#group) return;
    this.#rows.get(message.uuid)?.row.remove();
    this.#rows.delete(message.uuid);
    this.#order();
    place("log").focus({ preventScroll: true });
    this.#onChange();
  }
}

/** Whether the next one is by the same person, soon after: it tells who and when for both. */
function runsOn(message, next) {
  if (!next || next.handle !== message.handle || dayName(next.created_at) !== dayName(message.created_at)) return false;
  return moment(next.created_at) - moment(message.created_at) < RUN_MS;
}
