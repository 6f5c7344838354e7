"""What differs from engine to engine; keeping its process is `devstack.engine`'s business."""

from pathlib import Path
from typing import Protocol


class Program(Protocol):
    """How one engine is started, and how it says that it is ready."""

    @property
    def name(self) -> str:
        """What users call it; also the name of its data folder."""

    @property
    def note(self) -> str:
        """What whoever starts it should know; empty if there is nothing."""

    def prepare(self) -> None:
        """Make sure that it can be started; what it needs is fetched at first use.

        Raises:
            EngineMissing: it is not installed; the sentence says what to install.
            EngineFailed: it could not be fetched.
        """

    def command(self, port: int, data: Path) -> list[str]:
        """The command line that serves, on loopback only if it can."""

    def environment(self, port: int, data: Path) -> dict[str, str]:
        """All of its environment; nothing of ours is inherited."""

    def is_ready(self, port: int) -> bool:
        """Whether it answers requests."""
