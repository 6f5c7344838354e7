"""Dead letters at a person's word: looked at, and tried now instead of when their time comes."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.errors import LetterUnknown, Poison, Transient
from shared.models import string
from stream_worker.dead_letters import DeadLetters, Letter, Retrier


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of one letter."""

    name: str
    settled: bool
    said: str


class Redriver:
    """Tries letters again: what they name is reconciled from the table as it is."""

    def __init__(self, letters: DeadLetters, retrier: Retrier) -> None:
        self._letters = letters
        self._retrier = retrier

    def pick(self, names: Collection[str]) -> list[Letter]:
        """The open letters of these names.

        Raises:
            LetterUnknown: there is none of one name.
        """
        found = {name_of(letter): letter for letter in self._letters.open()}
        for name in names:
            if name not in found:
                raise LetterUnknown(
                    f'There is no open dead letter "{name}": `stream-worker dead-letters list` shows all.'
                )
        return [found[name] for name in names]

    def redrive(self, letter: Letter) -> Redriven:
        """Reconcile the letter's group and settle it; one about a record has nothing to reconcile, and is settled."""
        try:
            settled = self._retrier.retry(letter) if letter.group else self._letters.settle(letter)
        except (Transient, Poison) as error:
            return Redriven(name_of(letter), settled=False, said=f"{type(error).__name__}: {error}")
        worked = "reconciled" if letter.group else "acknowledged: a record nobody can read has nothing to reconcile"
        return Redriven(name_of(letter), settled, worked if settled else "does not settle, or was put again meanwhile")


def name_of(letter: Letter) -> str:
    """How people name a letter."""
    return string(letter.item, "sk")
