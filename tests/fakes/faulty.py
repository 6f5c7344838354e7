"""The real client with scripted accidents: what a real engine does not do when it is asked."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.dynamo import Answer, Client
from shared.errors import OutcomeUnknown

Go = Callable[[], Answer]
Accident = Callable[[Go], Answer]


@dataclass(frozen=True, slots=True)
class Faulty(Client):
    """Plays one accident a call of the operation it is meant for; counts the calls."""

    accidents: defaultdict[str, deque[Accident]] = field(default_factory=lambda: defaultdict(deque))
    calls: list[str] = field(default_factory=list)

    def call(self, operation: str, **params: Any) -> Answer:
        """See `Client`."""
        self.calls.append(operation)
        queue = self.accidents[operation]
        accident = queue.popleft() if queue else None
        return (
            accident(lambda: Client.call(self, operation, **params))
            if accident
            else Client.call(self, operation, **params)
        )

    def meet(self, operation: str, *accidents: Accident) -> None:
        """Let the next calls of this operation meet these accidents."""
        self.accidents[operation].extend(accidents)


def lost(go: Go) -> Answer:
    """It is done, but nobody hears of it."""
    go()
    raise OutcomeUnknown


def refused(error: Exception) -> Accident:
    """It is not done."""

    def accident(_go: Go) -> Answer:
        raise error

    return accident


def meanwhile(deed: Callable[[], object]) -> Accident:
    """Somebody else acts just before."""

    def accident(go: Go) -> Answer:
        deed()
        return go()

    return accident
