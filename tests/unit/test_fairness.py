"""One group's flood, or its trouble, is its own: what others wait for is counted in calls, never in seconds."""

from collections import Counter
from dataclasses import replace

import pytest

from shared.errors import Throttled
from stream_worker.contract import Record
from stream_worker.drivers.native.reader import ShardReader
from stream_worker.drivers.native.stream import StreamReader
from stream_worker.handler import PATIENCE_S
from tests.fakes import native
from tests.fakes.streams import ARN
from tests.fakes.table import at
from tests.unit.test_handler import Scene, message

FLOOD = "a"  # groups are settled in the order of their names: nobody is in front of it
OTHERS = [f"other-{number:02}" for number in range(20)]


class Room(Scene):
    """A handler with a group that floods and twenty that say one word each; `looks` counts who was looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: Counter[str] = Counter()
        for group in (FLOOD, *OTHERS):
            self.group(group)
        real = self.table.roster
        self.table.roster = lambda group: (self.looks.update([group]), real(group))[1]  # type: ignore[method-assign]

    def settled(self) -> int:
        """How many of the others show what is new."""
        return sum(self.table.shown(f"ann{group}") == [(group, "new")] for group in OTHERS)

    def flood(self, count: int) -> list[Record]:
        """So many messages of the one group, each newer than the one before."""
        stamps = [at(1000 + number) for number in range(count)]
        for sk in stamps:
            self.table.message(FLOOD, sk)
        return [message(FLOOD, sk=sk) for sk in stamps]

    def calls_of(self, flood: int) -> int:
        """What a batch costs in which the one group has so many messages."""
        self.deliver(*self.flood(flood), *map(message, OTHERS))
        assert self.settled() == len(OTHERS)
        return len(self.table.calls)


def numbered(records: list[Record]) -> list[Record]:
    """As they stand in a shard."""
    return [replace(one, sequence_number=str(number)) for number, one in enumerate(records, start=1)]


def stream_of(*shards: list[Record]) -> native.Scene:
    """A stream whose shards hold these records."""
    scene = native.Scene()
    scene.streams.build({"": [f"s{number}" for number in range(len(shards))]})
    for number, records in enumerate(shards):
        scene.streams.shard(f"s{number}").records += numbered(records)
    return scene


def test_a_thousand_messages_cost_what_one_costs() -> None:
    """A batch is one reconcile a group: the others wait for the same calls, whatever the first one wrote."""
    assert Room().calls_of(flood=1000) == Room().calls_of(flood=1)


@pytest.mark.parametrize("kind", ["MODIFY", "REMOVE"])
def test_a_thousand_edits_are_one_look(kind: str) -> None:
    """What must be looked at is looked at once, too."""
    room = Room()
    room.deliver(*(message(FLOOD, kind, at(number)) for number in range(1000)))
    assert room.looks == {FLOOD: 1}


def test_a_flood_over_many_pages_is_a_look_a_page() -> None:
    """Ten pages of one group, then the others: they are settled after eleven pages and eleven looks at most."""
    room = Room()
    scene = stream_of([*room.flood(1000), *map(message, OTHERS)])
    reading = replace(scene.reading(limit=100), processor=room.handler)
    reader = ShardReader(reading, ARN, scene.start("s0"))
    assert sum(reader.turn() for _ in range(11)) >= 10
    assert room.settled() == len(OTHERS)
    assert room.looks[FLOOD] <= 10
    assert all(room.looks[group] == 1 for group in OTHERS)


def test_a_flood_of_records_nobody_understands_keeps_nobody_waiting() -> None:
    """Each costs a dead letter: they are written when all others are settled, even if none can be written now."""
    room = Room()
    garbage = [Record("RENAME", {}, str(number), 0.0) for number in range(1000)]
    room.letters.down = 1
    with pytest.raises(Throttled):
        room.deliver(*garbage, *map(message, OTHERS))
    assert (room.settled(), len(room.letters.put)) == (len(OTHERS), 0)
    room.deliver(*garbage, *map(message, OTHERS))
    assert len(room.letters.put) == 1000


def test_a_group_that_keeps_failing_holds_up_nobody_of_its_batch() -> None:
    """The others are settled at the first delivery; the second one finds them clean and writes nothing."""
    room = Room()
    room.table.broken[FLOOD] = Throttled()
    records = [*room.flood(1000), *map(message, OTHERS)]
    for commits in (len(OTHERS), 0):
        room.table.commits.clear()
        with pytest.raises(Throttled):
            room.deliver(*records)
        assert room.settled() == len(OTHERS)
        assert len(room.table.commits) == commits


def test_a_group_that_keeps_failing_holds_up_no_other_shard() -> None:
    """Its own shard goes on when patience ends, the group in a dead letter; another shard never waits."""
    room = Room()
    room.table.broken[FLOOD] = Throttled()
    scene = stream_of([message(FLOOD), *map(message, OTHERS[:5])], list(map(message, OTHERS[5:])))
    reading = replace(scene.reading(), processor=room.handler)
    reader = StreamReader(ARN, reading, scene.state, native.in_turn, 0.2)
    reader.step()
    assert room.settled() == len(OTHERS)
    assert (scene.position("s0"), scene.position("s1")) == ("TRIM_HORIZON", "15")
    while room.now <= PATIENCE_S + 30:
        scene.rounds(reader, 20)
        room.now += 20
    assert scene.position("s0") == "6"
    assert room.letters.put == [(FLOOD, "", "Throttled")]
