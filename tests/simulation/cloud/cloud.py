"""What all connections to the simulated cloud share."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from shared.errors import Reason
from tests.simulation.cloud.database import Database
from tests.simulation.cloud.expressions import Request
from tests.simulation.cloud.faults import Draw, Rates
from tests.simulation.cloud.index import Index
from tests.simulation.diary import Diary
from tests.simulation.scheduler import Scheduler


@dataclass(slots=True)
class Cloud:
    """What all connections share."""

    database: Database
    index: Index
    scheduler: Scheduler
    dice: Random
    rates: Rates
    draw: Draw
    calls: Counter[str]
    """Calls by kind of actor; those of the streams are not among them."""
    diary: Diary
    spoil: Callable[[Request], Reason | None] | None = None
    """What DynamoDB has against an action of a worker's transaction, whatever its condition says."""
    moment: Callable[[Request], object] | None = None
    """Called just before a worker's request is carried out: an adversary who waits for the worst one."""
    kind: str = "god"
    """Of the actor that writes now."""
