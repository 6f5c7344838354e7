"""What every command shares: one sentence and an exit status for an error, JSON, a guard for big changes."""

import json
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from threading import Event

import typer
from rich.console import Console
from rich.markup import escape

from shared.errors import AppError, BadInput, Misconfigured, NotAllowed, OutcomeUnknown, Stopping, Unreachable
from shared.settings import Settings

OK, FINDING, USAGE, FAILURE = 0, 1, 2, 3

NOTES = Console(stderr=True, highlight=False)


def run(app: Callable[[], object]) -> None:
    """Run a typer app; an error of ours becomes one sentence on stderr and the exit status of its branch."""
    try:
        app()
    except Stopping:
        sys.exit(OK)
    except (Misconfigured, BadInput) as error:
        _say(error)
        sys.exit(USAGE)
    except AppError as error:
        _say(error)
        sys.exit(FAILURE)
    except Exception:  # noqa: BLE001 - nobody foresaw it: the trace is for us, the status must not look like a finding
        traceback.print_exc()
        sys.exit(FAILURE)


def show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    """The callback of `--version`."""
    if wanted:
        typer.echo(version("pattern-e"))
        raise typer.Exit


def emit_json(data: object) -> None:
    """Print data for programs."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def allow_big_change(settings: Settings, yes_table: str | None) -> None:
    """Let a command change many items only on this machine, or where the user repeated the table's name.

    Raises:
        NotAllowed: neither is the case.
    """
    if settings.is_local or yes_table == settings.message_table:
        return
    raise NotAllowed(
        f'"{settings.message_table}" is not on this machine: '
        f"if you mean it, repeat its name: --yes-table {settings.message_table}"
    )


def say_once(patience_s: float) -> Callable[[BaseException, float], None]:
    """Whoever waits for an engine is told so, with the first wait and never again; given to a `Retry`."""
    said = Event()

    def tell(error: BaseException, _seconds: float) -> None:
        if isinstance(error, Unreachable | OutcomeUnknown) and not said.is_set():
            said.set()
            NOTES.print(f"{escape(str(error))} Trying again for {patience_s:.0f} s.", soft_wrap=True)

    return tell


def _say(error: AppError) -> None:
    NOTES.print(f"[red]error:[/red] {escape(' '.join(str(error).split()))}", soft_wrap=True)
