"""How a command ends: one sentence and a status."""

from collections.abc import Callable

import pytest

from shared.console import allow_big_change, run
from shared.errors import AppError, NoRegion, NotAllowed, Stopping, TextInvalid, Unreachable
from shared.settings import Settings


def failing(error: Exception) -> Callable[[], None]:
    def app() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "status"), [(Stopping(), 0), (NoRegion(), 2), (TextInvalid(), 2), (Unreachable(), 3), (AppError(), 3)]
)
def test_the_branch_decides_the_status(error: AppError, status: int) -> None:
    """0 fine, 2 usage or configuration, 3 failure while running."""
    with pytest.raises(SystemExit) as end:
        run(failing(error))
    assert end.value.code == status


def test_an_error_is_one_line_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks become spaces, brackets are no markup."""
    with pytest.raises(SystemExit):
        run(failing(Unreachable("Nobody answers at [::1] [/red]\nnow.")))
    assert capsys.readouterr().err == "error: Nobody answers at [::1] [/red] now.\n"


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:4566"])
def test_this_machine_needs_no_second_word(endpoint: str) -> None:
    """Neither does a table whose name is repeated."""
    allow_big_change(Settings(endpoint=endpoint), None)
    allow_big_change(Settings(message_table="prod"), "prod")


@pytest.mark.parametrize("word", [None, "", "prod2"])
def test_elsewhere_only_the_tables_name_will_do(word: str | None) -> None:
    """The sentence says how."""
    with pytest.raises(NotAllowed, match="--yes-table prod"):
        allow_big_change(Settings(message_table="prod"), word)
