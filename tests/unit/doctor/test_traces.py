"""What the worker's own table says of it, at a fixed time."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.dynamo import Clients
from shared.errors import AccessDenied, NeverSettled
from shared.keys import stamp
from shared.settings import Settings
from stream_worker.dead_letters import DeadLetters
from stream_worker.doctor.examination import Status, examine
from stream_worker.doctor.surroundings import Surroundings
from stream_worker.doctor.worker import Traces, span
from stream_worker.state import CHECKPOINTS, KCL_CHECKPOINTS, LEASE, SWEEPS, State
from tests.fakes.clock import Clock
from tests.fakes.faulty import refused
from tests.fakes.outlets import Lines
from tests.fakes.state import state_client
from tests.fakes.streams import ARN
from tests.fakes.table import texts


class Bench:
    """A state table, and what the doctor says of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        _, self.client = state_client()
        self.state = State(self.client, "state", "pattern-e")
        self._surroundings = Surroundings(self.clock.now)
        known: Mapping[str, object] = {
            "settings": Settings(),
            "clients": Clients(self.client, self.client),
            "messages": {"Table": {"LatestStreamArn": ARN}},
            "state": self.state,
        }
        self._surroundings.__dict__.update(known)

    def ago(self, **time: float) -> str:
        """A time stamp of that long ago."""
        return stamp(self.clock.now() - timedelta(**time))

    def says(self, check: str) -> list[tuple[Status, str]]:
        """The lines of one check."""
        checks = [found for found in Traces(self._surroundings).checks() if found.name == check]
        return [(line.status, line.text) for line in examine(checks)]

    def says_one(self, check: str) -> tuple[Status, str]:
        """Its only line."""
        [line] = self.says(check)
        return line


@pytest.fixture
def bench() -> Bench:
    """Nothing in the table."""
    return Bench()


def test_an_empty_table(bench: Bench) -> None:
    """Nobody has ever worked here: that is to be looked at, but nothing fails."""
    assert bench.says_one("lease")[0] is Status.WARN
    assert bench.says_one("checkpoints")[0] is Status.WARN
    assert bench.says_one("sweeps") == (Status.OK, "none owed")
    assert bench.says_one("dead letters") == (Status.OK, "none open")


@pytest.mark.parametrize(("silent_s", "status"), [(3, Status.OK), (11, Status.WARN)])
def test_the_lease(bench: Bench, silent_s: float, status: Status) -> None:
    """Who holds it, and since when they are silent."""
    lease = texts(owner="host-1", renewed_at=bench.ago(seconds=silent_s)) | {"length_s": {"N": "10"}}
    bench.state.put(LEASE, "lease", lease)
    found, text = bench.says_one("lease")
    assert (found, f"held by host-1, renewed {silent_s} s ago" in text) == (status, True)


def test_a_lease_about_another_table(bench: Bench) -> None:
    """Fresh as it is, nobody keeps the table that was asked about."""
    lease = texts(owner="host-1", renewed_at=bench.ago(seconds=1), messages_table="another")
    bench.state.put(LEASE, "lease", lease | {"length_s": {"N": "10"}})
    found, text = bench.says_one("lease")
    assert (found, "another, not cruddur-messages: set WORKER_NAME" in text) == (Status.FAIL, True)


@pytest.mark.parametrize(
    ("hours", "status"),
    [(0.1, Status.OK), (11.9, Status.OK), (12, Status.WARN), (19.9, Status.WARN), (20, Status.FAIL)],
)
def test_the_age_of_a_checkpoint(bench: Bench, hours: float, status: Status) -> None:
    """Against the 24 hours that a stream keeps; a shard that has ended is no news."""
    kind = f"{CHECKPOINTS}#{ARN}"
    bench.state.put(kind, "shard-1", texts(position="7", settled_until=bench.ago(hours=hours)))
    bench.state.put(kind, "shard-0", texts(position="SHARD_END", settled_until=bench.ago(hours=40)))
    assert bench.says_one("checkpoints")[0] is status


def test_sweeps(bench: Bench) -> None:
    """One that waits for its time is fine; one under way says how far it is."""
    bench.state.put(SWEEPS, "now", texts(reason="shard lost", not_before=bench.ago(minutes=1)) | {"rows": {"N": "300"}})
    bench.state.put(SWEEPS, "then", texts(reason="new stream", not_before=bench.ago(minutes=-9)))
    (now, progress), (then, waits) = bench.says("sweeps")
    assert (now, "300 rows seen" in progress) == (Status.WARN, True)
    assert (then, waits) == (Status.OK, "owed: new stream, begins in 9 min")


def test_a_second_pass_says_that_it_is_one(bench: Bench) -> None:
    """It is owed although the first one has been: nobody should wonder why."""
    bench.state.put(SWEEPS, f"{ARN}#again", texts(reason="first start", not_before=bench.ago(minutes=-9)))
    said = 'second pass after "first start" (the index may have been late): begins in 9 min'
    assert bench.says_one("sweeps") == (Status.OK, said)


def test_dead_letters(bench: Bench) -> None:
    """How many, the oldest, when the retrier takes them up."""
    letters = DeadLetters(bench.state, bench.clock.now, Lines())
    letters.put_group("g", "", NeverSettled())
    bench.clock.advance(3600)
    status, text = bench.says_one("dead letters")
    assert status is Status.WARN
    assert "1 open, the oldest for 60 min, next try at 2026-11-22T12:00:30" in text


def test_other_consumers_where_one_may_not_look(bench: Bench) -> None:
    """Nothing else needs that Scan: no failure."""
    bench.client.meet("scan", refused(AccessDenied()))
    assert bench.says_one("other consumers")[0] is Status.NOT_CHECKED


def test_of_two_drivers_the_one_that_came_further_is_looked_at(bench: Bench) -> None:
    """The other one's checkpoints stay where it was switched off."""
    for drawer, hours in ((CHECKPOINTS, 30), (KCL_CHECKPOINTS, 1)):
        bench.state.put(f"{drawer}#{ARN}", "a", texts(position="7", settled_until=bench.ago(hours=hours)))
    assert bench.says_one("checkpoints")[0] is Status.OK


@pytest.mark.parametrize(
    ("time", "said"), [({"seconds": 90}, "90 s"), ({"minutes": 90}, "90 min"), ({"hours": 13}, "13.0 h")]
)
def test_a_length_of_time(time: dict[str, float], said: str) -> None:
    """As people say it."""
    assert span(timedelta(**time)) == said
