"""Parts that start one after the other, and end the other way round."""

from dataclasses import dataclass, field
from threading import Event

import pytest

from devstack import keeping
from shared.errors import EngineBusy, EngineFailed


@dataclass
class FakePart:
    """A part that writes down what happens to it."""

    name: str
    diary: list[str]
    trouble: Exception | None = None
    status: int | None = None
    url: str = field(default="http://127.0.0.1:1", init=False)

    def start(self, *, detach: bool = False) -> None:  # noqa: ARG002
        if self.trouble:
            raise self.trouble
        self.diary.append(f"start {self.name}")

    def stop(self) -> None:
        self.diary.append(f"stop {self.name}")

    def exit_status(self) -> int | None:
        return self.status

    def last_words(self) -> str:
        return "no luck"


def test_what_was_started_is_stopped_when_the_next_part_does_not_come_up() -> None:
    """A start that fails leaves nothing behind."""
    diary: list[str] = []
    with pytest.raises(EngineFailed):
        keeping.start([FakePart("one", diary), FakePart("two", diary, EngineFailed("no"))], detach=True)
    assert diary == ["start one", "stop one"]


def test_what_ran_before_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever comes second says so, and stops only what is theirs."""
    diary: list[str] = []
    parts = [FakePart("one", diary, EngineBusy("one runs already")), FakePart("two", diary)]
    assert keeping.start(parts, detach=True) == parts[1:]
    assert capsys.readouterr().out == "one runs already\ntwo is ready at http://127.0.0.1:1\n"
    assert diary == ["start two"]


def test_they_end_in_the_opposite_order() -> None:
    """Nobody loses what they stand on."""
    diary: list[str] = []
    asked = Event()
    asked.set()
    keeping.watch([FakePart("one", diary), FakePart("two", diary)], asked)
    assert diary == ["stop two", "stop one"]


@pytest.mark.parametrize("status", [0, -15, 143])
def test_a_part_that_somebody_else_has_stopped_is_no_failure(status: int) -> None:
    """`devstack down` in another terminal ends the rest in peace."""
    diary: list[str] = []
    keeping.watch([FakePart("one", diary), FakePart("two", diary, status=status)], Event())
    assert diary == ["stop two", "stop one"]


def test_a_part_that_has_ended_by_itself_is_quoted() -> None:
    """The reason is in the sentence, and the rest is stopped."""
    diary: list[str] = []
    with pytest.raises(EngineFailed, match="one ended with status 3; its last words: no luck"):
        keeping.watch([FakePart("one", diary, status=3)], Event())
    assert diary == ["stop one"]
