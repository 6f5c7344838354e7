"""How long nobody worked after the holder of the lease was killed, by the logs of those who came after. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Kill:
    """A SIGKILL by the clock of the logs; `owner` is the victim's name if it held the lease."""

    at: float
    owner: str


def takeovers(
    kills: Iterable[Kill], lines: Iterable[Mapping[str, Any]], restarts: Sequence[tuple[float, float]]
) -> Iterator[float]:
    """Seconds from the kill of each holder until its lease was taken; not those in which the engine was away."""
    taken = {
        line["from_owner"]: datetime.fromisoformat(line["timestamp"]).timestamp()
        for line in lines
        if line["event"] == "lease_taken" and line["from_owner"]
    }
    for kill in kills:
        if kill.owner in taken and not any(kill.at < end and begin < taken[kill.owner] for begin, end in restarts):
            yield max(0.0, taken[kill.owner] - kill.at)
