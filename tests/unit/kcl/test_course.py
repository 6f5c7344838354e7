"""Which stream the fleet reads, and when it leaves one: the same on every host, a sweep owed before each."""

from collections import deque
from collections.abc import Iterator

import pytest

from shared.errors import ConsumerTaken, ShardMissing, StreamMissing
from shared.models import Item
from stream_worker.drivers.kcl.course import AGREE, Course
from stream_worker.state import KCL_STREAMS
from tests.fakes.native import Scene
from tests.fakes.streams import ARN

NEW = ARN + "-new"


class Table:
    """A table whose stream may be another one later, and KCL's leases."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.scene.streams.build({"": ["a"], "a": ["b"]})
        self.latest: deque[str | Exception] = deque([ARN])
        self.leases: dict[str, str] = {}
        self.ours = {ARN, NEW}
        self.gone = ""
        self.course = self.host()

    def host(self) -> Course:
        return Course(
            self, self, self.scene.state, self.scene.on_gap, self.forget, self.scene.clock.now, self.scene.log
        )

    def forget(self, stream: str) -> None:
        self.scene.story.append(("forgotten", stream))

    def latest_stream(self) -> str:
        if isinstance(self.latest[0], Exception):
            raise self.latest[0]
        return self.latest[0]

    def is_ours(self, stream: str) -> bool:
        return stream in self.ours

    def shards(self, stream: str) -> list[object]:
        if stream == self.gone:
            raise ShardMissing("no such stream")
        return [*self.scene.streams.shards(stream)]

    def items(self, _stream: str) -> Iterator[Item]:
        for shard, checkpoint in self.leases.items():
            owner = {"leaseOwner": {"S": "ann"}} if checkpoint == "17" else {}
            yield {"leaseKey": {"S": shard}, "checkpoint": {"S": checkpoint}, **owner}

    def exist(self, _stream: str) -> bool:
        return bool(self.leases)

    def begun(self) -> list[str]:
        return list(self.scene.table.drawer(KCL_STREAMS))


def test_a_sweep_is_owed_before_a_stream_is_begun() -> None:
    """If the process ends between the two, the next one owes it again."""
    table = Table()
    table.scene.before_gap = lambda: table.scene.story.append(("begun", str(table.begun())))
    assert table.course.choose() == ARN
    assert table.scene.story == [("begun", "[]"), ("gap", "first start")]
    assert table.begun() == [ARN]


def test_it_is_owed_once_a_stream() -> None:
    """Whoever is first; a host that starts later finds the stream begun."""
    table = Table()
    table.course.choose()
    table.host().choose()
    assert table.scene.gaps == ["first start"]


def test_two_hosts_that_begin_at_once_agree() -> None:
    """The second one's item is refused, and that is no error."""
    table = Table()
    others = iter([table.host()])
    table.scene.before_gap = lambda: [other.choose() for other in others]
    assert table.course.choose() == ARN
    assert table.begun() == [ARN]


def test_the_stream_of_another_table_is_none_of_ours() -> None:
    """A fleet of that name on another table would settle its records against rows that it does not know."""
    table = Table()
    table.course.choose()
    table.ours = {NEW}
    with pytest.raises(ConsumerTaken, match="set WORKER_NAME"):
        table.host().choose()


def test_an_old_stream_is_read_first() -> None:
    """Its records are the ones that will be trimmed first."""
    table = Table()
    table.course.choose()
    table.latest[0] = NEW
    assert (table.course.choose(), table.course.is_latest(ARN)) == (ARN, False)


def test_it_is_drained_when_every_shard_is_settled_to_its_end() -> None:
    """In several looks in a row, and one that lacks a shard begins anew."""
    table = Table()
    table.leases = {"a": "SHARD_END", "b": "SHARD_END"}
    assert [table.course.is_drained(ARN) for _ in range(AGREE)] == [False, False, True]
    table.leases["b"] = "17"
    assert not table.course.is_drained(ARN)
    table.leases["b"] = "SHARD_END"
    assert not table.course.is_drained(ARN)


def test_a_shard_that_kcl_has_not_found_yet_is_not_drained() -> None:
    """Nor is a stream of which it knows nothing."""
    table = Table()
    assert not any(table.course.is_drained(ARN) for _ in range(2 * AGREE))
    table.leases = {"a": "SHARD_END"}
    assert not any(table.course.is_drained(ARN) for _ in range(2 * AGREE))


@pytest.mark.parametrize("leases", [{}, {"a": "SHARD_END", "b": "17"}])
def test_a_stream_that_is_gone_is_left(leases: dict[str, str]) -> None:
    """Whatever KCL had of it: nobody would ever settle the rest, and the table's next stream would not be read."""
    table = Table()
    table.course.choose()
    table.gone, table.leases = ARN, leases
    assert [table.course.is_drained(ARN) for _ in range(AGREE)] == [False, False, True]


def test_the_next_one_is_begun_with_a_sweep_before_the_old_one_is_forgotten() -> None:
    """Between the two streams records may have been lost; a crash between the two writes loses nothing."""
    table = Table()
    table.course.choose()
    table.latest[0] = NEW
    table.course.leave(ARN)
    assert (table.scene.gaps, table.begun(), table.course.choose()) == (["first start", "new stream"], [NEW], NEW)
    assert table.scene.story[-1] == ("forgotten", ARN)


def test_a_table_without_a_stream_keeps_the_old_one() -> None:
    """It was switched off; what follows it is not known yet."""
    table = Table()
    table.course.choose()
    table.latest[0] = StreamMissing()
    with pytest.raises(StreamMissing):
        table.course.leave(ARN)
    assert table.begun() == [ARN]


def test_shards_that_nobody_has_are_counted() -> None:
    """Not those that somebody reads, nor those that are settled to their end."""
    table = Table()
    assert (table.course.has_leases(ARN), table.course.unread(ARN)) == (False, 0)
    table.leases = {"a": "SHARD_END", "b": "17", "c": "TRIM_HORIZON"}
    assert (table.course.has_leases(ARN), table.course.unread(ARN)) == (True, 1)
