// The pane for people who learn the pattern: what the worker reads, decides and writes, asked for while it is open.

import { element, place } from "./elements.js";
import { moment } from "./times.js";

const EVERY_MS = 500;
const RECORDS = 9;
const DECISIONS = 6;
const STAMP = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});
const DECIDED = {
  moved: "moved", rewritten: "text changed", blanked: "blanked", deduplicated: "doubles deleted",
  clean: "already right", lost_race: "somebody was faster", occupied: "place taken", refused: "tried again",
};

export class Hood {
  #session;
  #find;
  #timer = null;
  #isOpen = false;
  me = null;

  /** `find` says which conversation a group is. */
  constructor(session, find) {
    this.#session = session;
    this.#find = find;
  }

  show(isOpen) {
    this.#isOpen = isOpen;
    place("hood").hidden = !isOpen;
    place("chat").classList.toggle("with-hood", isOpen);
    clearTimeout(this.#timer);
    if (isOpen) this.#look();
  }

  /** The list has moved: look at once. */
  noteMove() {
    if (!this.#isOpen) return;
    clearTimeout(this.#timer);
    this.#look();
  }

  async #look() {
    if (document.visibilityState === "visible" && !isMarked()) {
      try {
        this.#tell((await this.#session.ask("GET", "/api/worker")).said);
      } catch (error) {
        place("worker").textContent = error.message;
      }
    }
    clearTimeout(this.#timer);
    if (this.#isOpen) this.#timer = setTimeout(() => this.#look(), EVERY_MS);
  }

  #tell(status) {
    place("worker").dataset.well = String(Boolean(status.answers && status.ready));
    if (!status.answers) {
      place("worker").textContent = "No worker answers.";
      return;
    }
    place("worker").textContent = `${status.consumer}: ${status.role}${status.ready ? "" : ", not ready"}`;
    const { records = [], decisions = [], calls = {} } = status.hood ?? {};
    place("vitals").replaceChildren(
      vital("write to row", status.lag_ms === null ? "–" : `${status.lag_ms} ms`),
      vital("behind the stream", `${Number(status.iterator_age_s).toFixed(1)} s`),
      vital("rows moved", status.totals.rows_moved.toLocaleString()),
      vital("already right", status.totals.clean.toLocaleString()),
    );
    place("records").replaceChildren(...records.slice(0, RECORDS).map((record) => this.#record(record)));
    place("decisions").replaceChildren(...decisions.slice(0, DECISIONS).map((decision) => this.#decision(decision)));
    const lines = Object.entries(calls).map(([name, { calls: times, capacity }]) => line(name, times, round(capacity)));
    place("calls").replaceChildren(...lines);
  }

  #record({ kind, pk, sk, by_worker: byWorker }) {
    const row = element("li", "", byWorker ? "by-worker" : "");
    row.append(element("span", kind, `kind ${kind.toLowerCase()}`), " ");
    row.append(element("code", this.#key(pk)), " ", element("code", this.#key(sk)));
    if (byWorker) row.append(" ", element("span", "the worker’s own", "note"));
    return row;
  }

  #decision({ group, user, decision, old_sk: from, new_sk: to, actions }) {
    const row = element("li", "", decision);
    const title = element("p", "", "title");
    title.append(element("span", `${this.#who(user)} · ${this.#what(group)}`));
    title.append(element("span", DECIDED[decision] ?? decision, "verdict"));
    const keys = element("p", "", "keys");
    const isMoved = from && to && from !== to;
    if (isMoved) keys.append(element("code", this.#key(from)), " → ");
    keys.append(element("code", this.#key(to ?? from)));
    keys.append(actions ? ` (transaction of ${actions})` : " (nothing written)");
    row.append(title, keys);
    return row;
  }

  #who(user) {
    return user === this.me?.uuid ? "Your row" : `Row of ${short(user)}`;
  }

  #what(group) {
    return this.#find(group)?.display_name ?? `group ${short(group)}`;
  }

  /** MSG#<uuid> and stamps, short enough for a line. */
  #key(key) {
    if (!key) return "–";
    const [kind, id] = key.includes("#") ? key.split("#") : ["", key];
    const when = kind ? null : moment(id);
    return when ? STAMP.format(when) : `${kind && `${kind}#`}${short(id)}`;
  }
}

/** Whether somebody is about to copy a key: what is shown is left alone then. */
function isMarked() {
  const selection = document.getSelection();
  return !selection.isCollapsed && place("hood").contains(selection.anchorNode);
}

function short(id) {
  return id.length > 12 ? `${id.slice(0, 8)}…` : id;
}

function round(units) {
  return Number(units).toLocaleString(undefined, { maximumFractionDigits: 1 });
}

function vital(name, value) {
  const box = element("div");
  box.append(element("dt", name), element("dd", value));
  return box;
}

function line(...cells) {
  const row = element("tr");
  row.append(...cells.map((cell) => element("td", String(cell))));
  return row;
}
