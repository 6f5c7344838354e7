"""A log with listeners: what is worth a line is worth a number, and both come from one place in the code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.logging import Log


class Ear(Protocol):
    """Somebody who listens to the log."""

    def hear(self, event: str, facts: Mapping[str, Any]) -> None:
        """One line, whatever its level."""


@dataclass(frozen=True, slots=True)
class HeardLog:
    """`shared.logging.Log` whose every line is told to the ears as well, before levels are asked."""

    log: Log
    ears: tuple[Ear, ...]
    bound: Mapping[str, Any] = field(default_factory=dict)

    def debug(self, event: str, **facts: Any) -> Any:
        """See `Log`."""
        self._tell(event, facts)
        return self.log.debug(event, **facts)

    def info(self, event: str, **facts: Any) -> Any:
        """See `Log`."""
        self._tell(event, facts)
        return self.log.info(event, **facts)

    def warning(self, event: str, **facts: Any) -> Any:
        """See `Log`."""
        self._tell(event, facts)
        return self.log.warning(event, **facts)

    def error(self, event: str, **facts: Any) -> Any:
        """See `Log`."""
        self._tell(event, facts)
        return self.log.error(event, **facts)

    def bind(self, **facts: Any) -> "HeardLog":
        """See `Log`."""
        return HeardLog(self.log.bind(**facts), self.ears, {**self.bound, **facts})

    def _tell(self, event: str, facts: Mapping[str, Any]) -> None:
        for ear in self.ears:
            ear.hear(event, {**self.bound, **facts})
