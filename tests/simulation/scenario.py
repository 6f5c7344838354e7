"""What a run is made of: the people, their deeds, the workers, and what may go wrong at most."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Deed(Enum):
    """Something a person does."""

    START = "start"
    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"
    PUT_AGAIN = "put again"
    JOIN = "join"
    LEAVE = "leave"
    ATTRIBUTE = "attribute"
    ADD = "add an attribute"
    ODD = "odd message"
    READ = "read"


TALK: Mapping[Deed, int] = {Deed.SEND: 10, Deed.EDIT: 2, Deed.DELETE: 1, Deed.READ: 1}
CHURN: Mapping[Deed, int] = {
    Deed.SEND: 8,
    Deed.EDIT: 3,
    Deed.DELETE: 4,
    Deed.PUT_AGAIN: 3,
    Deed.JOIN: 2,
    Deed.LEAVE: 2,
    Deed.ATTRIBUTE: 1,
    Deed.START: 1,
    Deed.ODD: 1,
    Deed.READ: 1,
}


class Driver(Enum):
    """Who hands batches to the handler."""

    FLEET = "fleet"  # every shard may be read by another process, as under KCL
    NATIVE = "native"  # the native driver: one process, the others stand by


class Event(Enum):
    """Something that happens to a whole run, once, in the middle."""

    OUTAGE = "outage"  # no worker runs for about a day
    SILENCE = "silence"  # the same, and people have nothing to say any more
    SLUMBER = "slumber"  # every worker is stopped for about a day, and goes on
    ORIGINAL = "original"  # the bootcamp's Lambda works on the table as well
    ORIGINAL_BEFORE = "original before"  # it has, before the first start
    DUPLICATES = "duplicates"  # a retried join has left rows twice
    SEATED = "seated"  # other software gives people rows and tells no roster
    STUBBORN = "stubborn"  # DynamoDB refuses writes to one member's list, for a while
    MOODY = "moody"  # DynamoDB refuses a third of the writes to any list, for a while


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a seed may draw of each fault: probabilities per call, mean seconds between events."""

    throttled: float = 0.03
    conflict: float = 0.03
    unsent: float = 0.01
    lost: float = 0.02
    killed: float = 0.003
    stalled: float = 0.01
    torn: float = 0.3
    unprocessed: float = 0.1
    index_lag_s: float = 1.0
    freeze_every_s: float = 3.0
    steal: float = 0.2
    split_every_s: float = 4.0
    listing_late_s: float = 1.0
    terminated_every_s: float = 6.0
    repeated: float = 0.02
    late: float = 0.02


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of run."""

    name: str
    story: str
    deeds: int = 40
    weights: Mapping[Deed, int] = field(default_factory=lambda: CHURN)
    users: int = 5
    groups: int = 2
    members: int = 3
    people: int = 3
    lull: float = 0.15
    """How likely a person waits, after a deed, until everything is settled."""
    think_s: float = 0.15
    grain_s: float = 1e-6
    """People's clocks show multiples of this: coarse ones collide."""
    skew_s: float = 0.01
    workers: int = 2
    driver: Driver = Driver.FLEET
    events: tuple[Event, ...] = ()
    limits: Limits = field(default_factory=Limits)
    starts_old: bool = True
    """The stream was enabled long ago; else just now, and the first sweep is owed twice."""
