// The server's events, read with fetch (an EventSource sends no token): it comes back by itself whenever it is cut.

import { Refusal, SignedOut } from "./sayings.js";

const SILENT_MS = 40_000; // the server says something every 15 s
const LATE_MS = 16_000;
const LONGEST_WAIT_MS = 15_000;
const SHORT_MS = 1_000;
const UNSEEN_MS = 10_000; // a browser has six connections to a host: windows that nobody sees leave them to the others

export class Stream {
  #session;
  #hear;
  #onState;
  #life = null;
  #one = null;
  #heardAt = 0;
  #unseen = null;
  #isPaused = false;
  #wake = () => {};

  /** `hear(event, data)` gets each event; `onState` hears "connecting", "live", "offline", "refused". */
  constructor(session, hear, onState) {
    this.#session = session;
    this.#hear = hear;
    this.#onState = onState;
    window.addEventListener("offline", () => this.#life && this.#onState("offline"));
    window.addEventListener("online", () => { // whether the line that was open still works is not known
      this.#one?.abort();
      this.#wake();
    });
    window.addEventListener("focus", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#see());
  }

  /** Listen until `stop`. */
  start() {
    this.stop();
    this.#life = new AbortController();
    this.#onState("connecting");
    this.#listen(this.#life.signal);
  }

  stop() {
    this.#life?.abort();
    this.#life = null;
    this.#isPaused = false;
  }

  /** Stop while nobody sees the page, go on when somebody does. */
  #see() {
    clearTimeout(this.#unseen);
    if (document.visibilityState === "hidden") this.#unseen = setTimeout(() => this.#pauseUnseen(), UNSEEN_MS);
    else if (this.#isPaused) this.start();
    else this.#hurry();
  }

  /** Somebody looks again, perhaps after a sleep: a line that has been silent for too long is given up at once. */
  #hurry() {
    if (Date.now() - this.#heardAt > LATE_MS) this.#one?.abort();
    this.#wake();
  }

  #pauseUnseen() {
    if (!this.#life) return;
    this.stop();
    this.#isPaused = true;
    this.#onState("connecting");
  }

  async #listen(life) {
    let failures = 0;
    while (!life.aborted) {
      const began = Date.now();
      let wait = 0;
      try {
        await this.#readOne(life);
        failures = Date.now() - began < SHORT_MS ? failures + 1 : 0; // who ends at once is not called again at once
      } catch (error) {
        if (life.aborted || error instanceof SignedOut) return;
        if (isFinal(error)) return this.#onState("refused");
        if (Date.now() - began > SILENT_MS / 2) failures = 0; // it was well until now
        failures += 1;
        wait = error.waitMs ?? 0;
        this.#onState("offline");
      }
      if (failures) await this.#pause(Math.max(wait, backOff(failures)), life);
    }
  }

  /** One stream from its beginning to its end. */
  async #readOne(life) {
    const one = this.#one = new AbortController();
    let watchdog = setTimeout(() => one.abort(), SILENT_MS);
    this.#heardAt = Date.now();
    const isHeard = () => {
      this.#heardAt = Date.now();
      clearTimeout(watchdog);
      watchdog = setTimeout(() => one.abort(), SILENT_MS);
    };
    try {
      const answer = await this.#session.send("/api/events", { signal: AbortSignal.any([life, one.signal]) });
      if (!answer.ok) throw refusal(answer, await answer.json().catch(() => null));
      for await (const [event, data] of eventsIn(answer.body, isHeard)) {
        if (life.aborted) return;
        this.#onState("live");
        this.#hear(event, JSON.parse(data));
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  #pause(ms, life) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => { clearTimeout(timer); resolve(); };
      life.addEventListener("abort", this.#wake, { once: true });
    }).finally(() => { this.#wake = () => {}; });
  }
}

/** The events in a body, as [event, data] (WHATWG HTML, 9.2.6); comments keep the line warm, and say nothing. */
async function* eventsIn(body, isHeard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    isHeard();
    const blocks = (text + value).split(/\r?\n\r?\n/);
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split(/\r?\n/);
      const data = valuesOf("data", lines);
      if (data.length) yield [valuesOf("event", lines).at(-1) ?? "message", data.join("\n")];
    }
  }
}

function valuesOf(field, lines) {
  const found = lines.filter((line) => line.startsWith(`${field}:`));
  return found.map((line) => line.slice(field.length + 1).replace(/^ /, ""));
}

/** Whether asking again would be answered alike. */
function isFinal(error) {
  return error instanceof Refusal && error.status < 500 && error.status !== 429;
}

function refusal(answer, codes) {
  const error = new Refusal(answer.status, codes);
  error.waitMs = 1000 * Number(answer.headers.get("Retry-After") ?? 0);
  return error;
}

function backOff(failures) {
  return Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures) * (0.5 + Math.random() / 2);
}
