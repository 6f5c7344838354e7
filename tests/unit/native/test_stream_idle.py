"""Many shards with nothing to say: what may be read is worked out when shards begin or end, and not at every poll."""

from collections.abc import Iterator
from unittest.mock import Mock, patch

import pytest

from shared.errors import AccessDenied
from stream_worker.drivers.native.lineage import Lineage
from tests.fakes.native import Scene


class Looks:
    """How often a lineage is asked which of its shards may be read, or lack a child."""

    def __init__(self, *asked: Mock) -> None:
        self._asked = asked

    def count(self) -> int:
        """So far."""
        return sum(mock.call_count for mock in self._asked)


@pytest.fixture
def looks() -> Iterator[Looks]:
    """Counted from the beginning."""
    with (
        patch.object(Lineage, "readable", autospec=True, side_effect=Lineage.readable) as readable,
        patch.object(Lineage, "childless", autospec=True, side_effect=Lineage.childless) as childless,
    ):
        yield Looks(readable, childless)


@pytest.fixture
def scene() -> Scene:
    """150 open shards."""
    scene = Scene()
    scene.streams.build({"": [f"shard-{number}" for number in range(150)]})
    return scene


def test_idle_shards_are_polled_and_nothing_else(scene: Scene, looks: Looks) -> None:
    """150 idle shards cost 150 polls a second and more, and no look at their lineage."""
    reader = scene.stream_reader()
    scene.rounds(reader, 2)
    before, polls = looks.count(), scene.streams.count("records")
    scene.rounds(reader, 10)
    assert scene.streams.count("records") > polls + 1500
    assert looks.count() == before > 0


def test_busy_shards_change_nothing_either(scene: Scene, looks: Looks) -> None:
    """A checkpoint that moves on says nothing new about who may be read."""
    reader = scene.stream_reader()
    scene.rounds(reader, 2)
    before, written = looks.count(), scene.streams.write("shard-7", 5)
    scene.rounds(reader, 2)
    assert scene.read("shard-7") == written
    assert looks.count() == before > 0


def test_an_end_is_seen_at_once(scene: Scene) -> None:
    """What was worked out before is not believed any longer: the child is read in the round after."""
    reader = scene.stream_reader()
    scene.rounds(reader, 2)
    scene.streams.build({"shard-7": ["child"]})
    written = scene.streams.write("child")
    scene.rounds(reader, 1)
    assert scene.read("child") == written


def test_an_end_in_a_round_that_failed_is_seen_in_the_next() -> None:
    """Another shard's trouble ends the round before anything is noted; nothing is forgotten by that."""
    scene = Scene()
    scene.streams.build({"": ["a", "z"], "a": ["b"]})
    written = scene.streams.write("b")
    scene.streams.write("z")
    scene.accidents.append(AccessDenied())
    reader = scene.stream_reader()
    with pytest.raises(AccessDenied):
        reader.step()
    scene.rounds(reader, 2)
    assert scene.read("b") == written
