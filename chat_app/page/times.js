// Time stamps as people read them; what sorts is always the stamp itself.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const SHORT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** A stamp as a Date; the table's own forms can lack an offset, and are in UTC then. */
export function moment(stamp) {
  const hasOffset = /(?:Z|[+-]\d\d:?\d\d)$/i.test(stamp);
  const found = new Date(stamp.replace(" ", "T") + (hasOffset ? "" : "Z"));
  return Number.isNaN(found.getTime()) ? null : found;
}

/** Fills a <time>. */
export function tell(time, stamp, { isShort = false } = {}) {
  const when = moment(stamp);
  if (!when) {
    time.textContent = stamp;
    return;
  }
  time.dateTime = when.toISOString();
  time.title = EXACT.format(when);
  time.textContent = isShort && dayOf(stamp) !== DAY.format(new Date()) ? SHORT.format(when) : CLOCK.format(when);
}

/** The day a stamp is in. */
export function dayOf(stamp) {
  const when = moment(stamp);
  return when ? DAY.format(when) : "";
}

/** The same as a heading: "Today" is one. */
export function dayName(stamp) {
  const day = dayOf(stamp);
  return day === DAY.format(new Date()) ? "Today" : day;
}
