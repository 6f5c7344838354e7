"""Judges a history, knowing nothing of the worker: rows at every moment, rows and messages in the end. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.nemesis.history import Event, Kept, Outcome, Read, Room, Row, What, Write
from tests.nemesis.timeline import Member


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be; `last`: it was so in the end, not only at a moment."""

    what: str
    group: str
    user: str
    at: float
    detail: str
    last: bool = False

    def __str__(self) -> str:
        when = "in the end" if self.last else f"at {self.at:.3f} s"
        return f"{self.what} {when}: group {self.group}, user {self.user or '-'}: {self.detail}"


@dataclass(slots=True)
class _Truth:
    """What the clients know."""

    rooms: dict[str, Room] = field(default_factory=dict)
    members: dict[str, dict[str, Member]] = field(default_factory=lambda: defaultdict(dict))
    """User -> group -> what is possible."""
    texts: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    """Group -> text -> when somebody began to write it."""
    kept: dict[str, Kept] = field(default_factory=dict)


def check(history: Sequence[Event]) -> list[Violation]:
    """Everything that is wrong."""
    truth = _truth(history)
    found = [wrong for event in history if isinstance(event, Read) for wrong in _read(truth, event)]
    writes: dict[str, list[Write]] = defaultdict(list)
    for event in history:
        if isinstance(event, Write):
            writes[event.group].append(event)
    return found + [wrong for group, kept in truth.kept.items() for wrong in _messages(kept, writes[group])]


def _truth(history: Sequence[Event]) -> _Truth:
    truth = _Truth()
    for event in history:
        if isinstance(event, Room):
            truth.rooms[event.group] = event
            for user in event.people:
                truth.members[user][event.group] = Member()
        elif isinstance(event, Kept):
            truth.kept[event.group] = event
    for write in sorted((event for event in history if isinstance(event, Write)), key=lambda write: write.began):
        for user in truth.rooms[write.group].people:
            truth.members[user][write.group].hear(write, user)
        if write.what in {What.START, What.SEND, What.EDIT}:
            truth.texts[write.group][write.text] = write.began
    return truth


def _read(truth: _Truth, read: Read) -> Iterator[Violation]:
    """A list as it was read at one moment."""

    def wrong(what: str, group: str, detail: str) -> Violation:
        return Violation(what, group, read.user, read.ended, detail, last=read.last)

    seen = Counter(row.group for row in read.rows)
    for group in seen.keys() - truth.members[read.user].keys():
        yield wrong("ghost", group, f"{seen[group]} row(s) of a group that the user never was in")
    for group, member in truth.members[read.user].items():
        possible = {int(is_in) for is_in in member.present.during(read.began, read.ended)}
        if seen[group] not in possible:
            yield wrong(_NAMES[min(seen[group], 2)], group, f"{seen[group]} row(s), {sorted(possible)} possible")
    for row in read.rows:
        if row.group in truth.members[read.user]:
            for what, detail in _row(truth, read, row):
                yield wrong(what, row.group, f"{detail} (row at {row.sk})")


_NAMES = ("lost", "ghost", "duplicate")


def _row(truth: _Truth, read: Read, row: Row) -> Iterator[tuple[str, str]]:
    """One row of a user who may be a member."""
    member, room = truth.members[read.user][row.group], truth.rooms[row.group]
    marks = member.mark.during(read.began, read.ended)
    if row.mark not in marks:
        yield "attribute", f'the mark "{row.mark}", {sorted(marks)} possible'
    if row.other == read.user or room.people.get(row.other) != row.names:
        yield "attribute", f'it names "{row.other}", "{row.names}"'
    if row.text and truth.texts[row.group].get(row.text, read.ended) >= read.ended:
        yield "text", "it shows what nobody has written in this group"
    if read.last and row.group in truth.kept:
        yield from _shown(row, truth.kept[row.group])


def _shown(row: Row, kept: Kept) -> Iterator[tuple[str, str]]:
    """Whether a row shows the newest message, once all has come to rest."""
    if not kept.messages:
        if row.text:
            yield "text", "the group has no message, the row shows one"
        return
    sk, _, text = max(kept.messages)
    if row.shows != sk:
        yield "stale", f"shows {row.shows}, the newest is {sk}"
    elif row.text != text:
        yield "text", f"not the text of the message at {sk}"
    elif row.sk < sk:
        yield "stale", f"it stands before its message of {sk}"


def _messages(kept: Kept, writes: Sequence[Write]) -> Iterator[Violation]:
    """The messages of a group against what was acknowledged."""
    stored = Counter(uuid for _, uuid, _ in kept.messages)
    texts = {uuid: text for _, uuid, text in kept.messages}
    unanswered = {write.text for write in writes if write.outcome is Outcome.UNKNOWN}
    sent = {write.message: write.user for write in writes if _is_sent(write)}
    for uuid, user in sent.items():
        allowed = _allowed(uuid, writes)
        found = {texts.get(uuid)}
        if stored[uuid] > 1:
            yield Violation("doubled", kept.group, user, 0, f"message {uuid} stands {stored[uuid]} times", last=True)
        elif not found <= allowed:
            what = "missing" if uuid not in texts else "resurrected" if allowed == {None} else "message"
            yield Violation(what, kept.group, user, 0, f"message {uuid} is not as acknowledged", last=True)
    for uuid in texts.keys() - sent.keys():
        if texts[uuid] not in unanswered:
            yield Violation("stranger", kept.group, "", 0, f"message {uuid} was never sent", last=True)


def _is_sent(write: Write) -> bool:
    return write.what in {What.START, What.SEND} and write.outcome is Outcome.OK


def _allowed(uuid: str, writes: Iterable[Write]) -> set[str | None]:
    """Which texts an acknowledged message may have in the end; None: it may be gone."""
    allowed: set[str | None] = set()
    for write in writes:
        if write.message != uuid or write.outcome is Outcome.REFUSED:
            continue
        after = None if write.what is What.DELETE else write.text
        allowed = {after} if write.outcome is Outcome.OK else allowed | {after}
    return allowed
