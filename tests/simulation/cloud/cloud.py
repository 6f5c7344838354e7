"""What all connections to the simulated cloud share."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from tests.simulation.cloud.database import Database
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
    kind: str = "god"
    """Of the actor that writes now."""
