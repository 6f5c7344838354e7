// Asks for /status twice a second and shows it. Values are only ever put in as text.

const EVERY_MS = 500;
const PATIENCE_MS = 3000; // a process that is stopped keeps the connection, and says nothing
const place = (id) => document.getElementById(id);

function seconds(value) {
  if (value === null || value === undefined) return "never";
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}

function cell(text, isBad = false) {
  const made = document.createElement("td");
  made.textContent = text;
  made.classList.toggle("bad", isBad);
  return made;
}

function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells);
  return made;
}

function number(name, value, isBad = false) {
  const box = document.createElement("div");
  const [term, told] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = name;
  told.textContent = value;
  told.classList.toggle("bad", isBad);
  box.append(term, told);
  return box;
}

function showHead(status) {
  const role = place("role");
  role.textContent = status.ready ? status.role : `${status.role}, not ready`;
  role.className = `badge ${status.ready ? (status.is_active ? "good" : "") : "bad"}`;
  const holder = status.lease_held_by === status.owner ? "holds the lease" : `lease: ${status.lease_held_by || "nobody"}`;
  place("owner").textContent = `${status.consumer} on ${status.table} · ${status.owner} · ${holder}`;
}

function showNumbers(status) {
  place("numbers").replaceChildren(
    number("behind the stream", seconds(status.iterator_age_s), status.iterator_age_s > 60),
    number("write to row", status.lag_ms === null ? "–" : `${status.lag_ms} ms`),
    number("records / s", status.rates_per_s.records),
    number("rows moved / s", status.rates_per_s.rows_moved),
    number("rows moved", status.totals.rows_moved.toLocaleString()),
    number("already right", status.totals.clean.toLocaleString()),
    number("groups unsettled", status.dirty_groups, status.dirty_groups > 0),
    number("dead letters", status.dead_letters_open, status.dead_letters_open > 0),
    number("sweeps owed", status.sweeps_owed),
  );
}

function showShards(status) {
  const shards = status.streams.flatMap((stream) => stream.shards);
  place("shards").replaceChildren(...shards.map((shard) => row(
    cell(shard.shard), cell(seconds(shard.behind_s), shard.behind_s > 60), cell(seconds(shard.polled_s_ago)),
    cell(shard.checkpoint ?? "from the start"), cell(shard.parent ?? "–"), cell(shard.failures, shard.failures > 0),
  )));
  const ended = status.streams.reduce((sum, stream) => sum + stream.ended, 0);
  place("lineage").textContent =
    `${shards.length} read, ${ended} settled to the end, ${status.waiting} waiting for a parent, ${status.stalled} stalled`;
}

function showRecent(status) {
  place("recent").replaceChildren(...status.recent.map(({ at, event, ...facts }) => row(
    cell(seconds(at)), cell(event), cell(Object.entries(facts).map(([name, value]) => `${name}=${value}`).join("  ")),
  )));
}

async function look() {
  try {
    const status = await (await fetch("/status", { signal: AbortSignal.timeout(PATIENCE_MS) })).json();
    [showHead, showNumbers, showShards, showRecent].forEach((show) => show(status));
  } catch {
    place("role").textContent = "does not answer";
    place("role").className = "badge bad";
  }
  setTimeout(look, EVERY_MS);
}

look();
