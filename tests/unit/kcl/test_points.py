"""A stop, a daemon that dies, an exception: at every line of a child's life, and the next one puts it right."""

import pytest

from shared.errors import Stopping, Throttled
from stream_worker.contract import Batch, Record
from stream_worker.drivers.kcl.processor import FAILED, LEFT
from tests.fakes.child import Child
from tests.fakes.faulty import refused
from tests.fakes.kcl import EMPTY, ENDED, SHARD_ENDED, SHUTDOWN, Step, batch
from tests.fakes.native import fine

LINES = 19  # read and written in the life below, as the first test proves


class Story:
    """Three records in two batches, an empty one and the end; something happens at one line."""

    def __init__(self) -> None:
        self.child = Child()
        self.child.handler = self
        self.records = self.child.written(3)
        self.child.streams.shard("a").closed = True
        self.settled: list[Record] = []
        self.lines = 0

    def process(self, batch: Batch) -> None:
        """`Processor`: as the handler, which begins nothing after a stop."""
        if self.child.stop.is_set():
            raise Stopping
        self.settled += batch.records

    def script(self) -> list[Step]:
        """What KCL delivers: whatever is behind its checkpoint."""
        at = self.child.checkpoint
        if at == ENDED:
            return []
        left = [one for one in self.records if not at.isdigit() or int(one.sequence_number) > int(at)]
        batches = [batch(*part) for part in (left[:2], left[2:]) if part]
        return [*batches, EMPTY, SHARD_ENDED]

    def lives(self, what: str, line: int) -> None:
        """Once, with an accident at this line; at none does the checkpoint pass what is not settled."""

        def accident() -> None:
            self.lines += 1
            self.holds()
            if self.lines == line and what == "stop":
                self.child.stop.set()
            if self.lines == line and what == "death":
                self.child.daemon.hangs_up = True

        self.child.live(*self.script(), SHUTDOWN, before_line=accident)
        self.holds()

    def holds(self) -> None:
        """Everything up to the checkpoint is settled."""
        at = self.child.daemon.checkpoint
        passed = [one for one in self.records if at == ENDED or (at.isdigit() and int(one.sequence_number) <= int(at))]
        assert {one.sequence_number for one in passed} <= self.numbers

    @property
    def numbers(self) -> set[str]:
        """What is settled."""
        return {record.sequence_number for record in self.settled}


def test_how_many_lines_a_life_has() -> None:
    """So that the others miss none."""
    story = Story()
    story.lives("nothing", 0)
    assert (story.lines, story.child.checkpoint) == (LINES, ENDED)


@pytest.mark.parametrize("line", range(1, LINES + 1))
@pytest.mark.parametrize("what", ["stop", "death"])
def test_the_next_life_ends_what_the_last_one_began(what: str, line: int) -> None:
    """Every record is settled before its checkpoint, and in the end all of them are, whatever happened when."""
    story = Story()
    story.lives(what, line)
    assert story.child.status in ({None, LEFT} if what == "death" else {None, FAILED})
    assert story.child.said("child_failed") == 0
    story.child.stop.clear()
    if story.child.checkpoint != ENDED:
        story.lives("nothing", 0)
    assert (story.child.checkpoint, story.numbers) == (ENDED, {one.sequence_number for one in story.records})


@pytest.mark.parametrize("answer", range(3))
@pytest.mark.parametrize(
    "error",
    ["ThrottlingException", "KinesisClientLibDependencyException", "ShutdownException", "InvalidStateException"],
)
def test_no_refusal_passes_what_is_not_settled(error: str, answer: int) -> None:
    """At any of the checkpoints."""
    story = Story()
    story.child.live(*story.script(), answers=[None] * answer + [error])
    story.holds()
    story.child.live(*story.script())
    assert story.child.checkpoint == ENDED


@pytest.mark.parametrize("nth", range(3))
@pytest.mark.parametrize("call", ["get_item", "put_item", "query"])
def test_a_state_table_that_does_not_answer_only_delays(call: str, nth: int) -> None:
    """At any of its calls."""
    story = Story()
    story.child.client.meet(call, *[fine] * nth, refused(Throttled()))
    daemon = story.child.live(*story.script())
    assert (story.child.checkpoint, len(daemon.answered), story.child.gaps) == (ENDED, 5, [])
