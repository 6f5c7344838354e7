"""An index that lags: what it answered before is remembered, and given again."""

from collections import OrderedDict, deque
from threading import Lock

from devstack.relay import Answer
from tests.nemesis import bodies
from tests.nemesis.faults import Dice

_QUESTIONS = 500
_ANSWERS = 5  # of each


class OldAnswers:
    """Answers about indexes, by question. Thread-safe."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._answers: OrderedDict[bytes, deque[Answer]] = OrderedDict()
        self._lock = Lock()

    def remember(self, question: bytes, answer: Answer) -> None:
        """Keep a fresh answer; the questions that were not asked for long are forgotten."""
        with self._lock:
            self._answers.setdefault(question, deque(maxlen=_ANSWERS)).append(answer)
            self._answers.move_to_end(question)
            while len(self._answers) > _QUESTIONS:
                self._answers.popitem(last=False)

    def about(self, operation: str, question: bytes) -> Answer | None:
        """An earlier answer; a Query may also find nothing, as its rows may be too young.

        A Scan never finds nothing: no index lags for so long that it has forgotten all of a table.
        """
        with self._lock:
            known = list(self._answers.get(question, ()))
        known += [bodies.empty_page()] if operation == "Query" else []
        return known[self._dice.choice(operation, range(len(known)))] if known else None

    def forget(self) -> None:
        """The index has caught up."""
        with self._lock:
            self._answers.clear()
