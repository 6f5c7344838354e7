"""`stream-worker kcl-build`, and what `run --driver kcl` needs besides Python."""

import json
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from shared.console import NOTES
from shared.errors import KclMissing
from shared.settings import Settings
from stream_worker.drivers.kcl.jar import daemon_jar, installed
from stream_worker.drivers.kcl.supervisor import Program

CHILD = "stream_worker.commands.kcl_child"


def build(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Build the jar that `run --driver kcl` starts, unless it is there; needs Java 17 and Maven.

    Example: stream-worker kcl-build
    """
    jar = daemon_jar(Settings.read(), _tell)
    typer.echo(json.dumps({"jar": str(jar)}) if as_json else str(jar))


def program(settings: Settings) -> Program:
    """What the kcl driver runs, all of it found before anything is started.

    Raises:
        KclMissing: one sentence says what to install.
    """
    java = installed("java", "Java 17 or newer (Debian: default-jre-headless)")
    if find_spec("amazon_kclpy") is None:
        raise KclMissing("The kcl driver needs amazon_kclpy: install the extra `kcl` (requirements/kcl.txt).")
    if any(character.isspace() for character in sys.executable):
        raise KclMissing(f"KCL cannot start a Python whose path has a space in it: {sys.executable}.")
    return Program(java=java, jar=daemon_jar(settings, _tell), child=(sys.executable, "-m", CHILD))


def _tell(sentence: str) -> None:
    NOTES.print(sentence, soft_wrap=True)
