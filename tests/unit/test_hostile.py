"""The stream is input: whatever it says, nothing is raised, what is sound is settled, and the shard goes on."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from shared.dynamo import Client, Clients
from shared.errors import Throttled
from stream_worker.contract import Batch, record_of
from stream_worker.drivers.native.listener import Listener
from stream_worker.drivers.native.reader import Reading
from stream_worker.drivers.native.stream import StreamReader
from stream_worker.hints import read_hints
from stream_worker.redaction import Redaction
from stream_worker.streams import DynamoStreams
from stream_worker.tape import Recorder, batch_of
from tests.fakes.faulty import refused
from tests.fakes.hostile import GROUPS, Room, pages, sound
from tests.fakes.native import Scene, in_turn
from tests.fakes.streams import ARN

NEW = ["new"] * len(GROUPS)

patient = settings(deadline=None)  # time is no part of what is shown


def batch(page: Sequence[Any]) -> Batch:
    """A page as a batch."""
    return Batch(ARN, "a", tuple(map(record_of, page)))


class Wire:
    """A raw streams client: one shard, and the pages that are read of it; an iterator is the number of a page."""

    def __init__(self, *pages: Sequence[Any]) -> None:
        self.pages = [*pages, []]

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescription": {"Shards": [{"ShardId": "a"}]}}

    def get_shard_iterator(self, **_: Any) -> dict[str, Any]:
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        number = int(ShardIterator)
        return {"Records": self.pages[number], "NextShardIterator": str(min(number + 1, len(self.pages) - 1))}

    @property
    def api(self) -> DynamoStreams:
        """The seam on top of it."""
        return DynamoStreams(Clients(Client(self), Client(self, streams=True)), "messages")


def reading_of(scene: Scene, room: Room, *pages: Sequence[Any]) -> Reading:
    """What the native driver reads these pages with."""
    return replace(scene.reading(), api=Wire(*pages).api, processor=room)


def read(room: Room, *pages: Sequence[Any]) -> Scene:
    """The native driver's reader works on these pages for a while."""
    scene = Scene()
    scene.rounds(StreamReader(ARN, reading_of(scene, room, *pages), scene.state, in_turn, 0.2), 60)
    return scene


def recorded(page: Sequence[Any], redaction: Redaction | None = None) -> list[Batch]:
    """What a listener puts on a tape, as it is read from it."""
    scene, sink = Scene(), io.StringIO()
    recorder = Recorder(sink, change=redaction) if redaction else Recorder(sink)
    listener = Listener(
        Wire(page).api, ARN, recorder, scene.clock.monotonic, limit=9, poll_s=0.2, on_loss=lambda _: None
    )
    listener.step()
    return [batch_of(line) for line in sink.getvalue().splitlines()]


@patient
@given(pages())
def test_whatever_a_batch_holds_what_is_sound_is_settled(page: list[Any]) -> None:
    """Nothing is raised; what nobody understands is a dead letter, in a form that a table takes."""
    room = Room()
    room.process(batch(page))
    assert room.shown() == NEW
    assert bool(list(room.letters.open())) == bool(read_hints(batch(page).records).poison)


@patient
@given(pages())
def test_a_page_of_garbage_blocks_no_shard(page: list[Any]) -> None:
    """The native reader goes on behind it, and its checkpoint with it."""
    room = Room()
    scene = read(room, page, [sound("g2")])
    assert room.shown() == NEW
    assert scene.position() == sound("g2")["dynamodb"]["SequenceNumber"]
    assert scene.said("shard_waits") == 0


@patient
@given(pages())
def test_a_tape_of_garbage_says_what_the_stream_said(page: list[Any]) -> None:
    """Recorded and replayed it is the same story, redacted or not."""
    assert [one.records for one in recorded(page)] == [batch(page).records]
    room = Room()
    for one in recorded(page, Redaction()):
        room.process(one)
    assert room.shown() == NEW


def test_while_no_letter_can_be_written_no_checkpoint_moves() -> None:
    """F34: the page comes again, ten times over, until its letter is durable; what is sound in it is settled."""
    room = Room()
    positions: list[str] = []
    scene = Scene()
    reader = StreamReader(ARN, reading_of(scene, room, [{}, sound("g0")]), scene.state, in_turn, 0.2)
    room.client.meet("put_item", *[refused(Throttled())] * 10)
    for _ in range(11):
        scene.clock.advance(10)
        reader.step()
        positions.append(scene.position())
    assert positions == ["TRIM_HORIZON"] * 10 + [sound("g0")["dynamodb"]["SequenceNumber"]]
    assert len(list(room.letters.open())) == 1
