"""The proxy as a process, and whoever holds its strings."""

import json
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection
from os import defpath
from threading import Thread
from typing import Annotated, Any, Self

import typer

from devstack import ports
from shared import console
from tests.nemesis.faults import Fault, Rates
from tests.nemesis.proxy import CONTROL, UNDER_WAY_S, Proxy

Counts = Mapping[str, Mapping[str, int]]
"""Fault -> operation -> how often; `none` are the requests that met none."""

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


class Proxied:
    """A proxy in front of an engine, in a process of its own so that it takes no time from the clients'."""

    def __init__(self, engine: str, seed: int, stall_s: tuple[float, float] = (2.5, 6.0)) -> None:
        options = ["--engine", engine, "--seed", str(seed), "--stall", *map(str, stall_s)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.nemesis.control", *options],
            env={"PATH": defpath},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        said = self.process.stdout.readline()
        assert said.startswith("http"), said
        self.url = said.strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def load(self, rates: Rates) -> None:
        """These faults from now on; {} is peace."""
        self._ask("rates", rates)

    def close(self) -> None:
        """Shut the way to the engine when nothing is under way any more."""
        assert self._ask("close")["settled"], "a request has not ended"

    def open(self) -> None:
        """Open it again."""
        self._ask("open")

    def counts(self) -> Counts:
        """What has happened so far."""
        counts: Counts = self._ask("")["counts"]
        return counts

    def _ask(self, name: str, values: object = None) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", int(self.url.rpartition(":")[2]), timeout=2 * UNDER_WAY_S)
        try:
            connection.request("POST" if name else "GET", f"{CONTROL}/{name}".rstrip("/"), json.dumps(values or {}))
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer


def times(counts: Counts, fault: Fault, operations: frozenset[str] | None = None) -> int:
    """How often this fault came (to these operations)."""
    found = counts.get(fault, {})
    return sum(count for operation, count in found.items() if operations is None or operation in operations)


@app.command()
def serve(
    engine: Annotated[str, typer.Option(help="The URL to stand in front of.")],
    seed: Annotated[int, typer.Option(help="Of the lots.")],
    stall: Annotated[tuple[float, float], typer.Option(help="The shortest and the longest stall, in seconds.")],
) -> None:
    """Stand in front of an engine, at first in peace; its URL is printed."""
    with Proxy(ports.choose(None, None), engine, seed, {}, stall) as proxy:
        thread = Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        print(f"http://127.0.0.1:{proxy.server_port}", flush=True)  # noqa: T201 - its parent reads it
        thread.join()


if __name__ == "__main__":
    console.run(app)
