"""`stream-worker run`: the worker as a process."""

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from socket import gethostname
from threading import Event, Thread
from typing import Annotated, Protocol
from uuid import uuid4

import typer

from shared import console, logging
from shared.dynamo import Clients, connect
from shared.errors import Transient
from shared.retry import Retry
from shared.schema import check_messages_table, check_state_table
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.commands import kcl
from stream_worker.monitor.monitor import Monitor
from stream_worker.views import DriverView

GRACE_S = 9.0  # a call that hangs must not keep the process longer than this after SIGTERM


class DriverName(StrEnum):
    """Who reads the stream."""

    native = "native"
    kcl = "kcl"


class Driver(Protocol):
    """What both have in common."""

    def view(self) -> DriverView:
        """What others may know of it."""

    def turn(self) -> None:
        """It is alive."""

    def run(self) -> None:
        """Work until asked to stop."""


def run(
    driver_name: Annotated[
        DriverName,
        typer.Option("--driver", help="native: one process and its standbys. kcl: a fleet shares the shards."),
    ] = DriverName.native,
) -> None:
    """Read the table's stream and keep the rows right, until SIGTERM or Ctrl-C.

    Example: stream-worker run
    """
    settings = Settings.read()
    logging.configure(settings.log_level, settings.log_format)
    monitor = Monitor(settings)
    log = monitor.heard(logging.logger("worker"))
    stop = Event()
    _stop_on_signals(stop, log)
    clients = monitor.counted(connect(settings, threads=assembly.CONNECTIONS))
    owner = f"{gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    driver: Driver
    if driver_name is DriverName.kcl:
        driver = assembly.supervisor(clients, settings, stop, owner, log, kcl.program(settings))
    else:
        driver = assembly.native_driver(clients, settings, stop, owner, log)
    with monitor.shown(driver.view, log):
        _wait_for_tables(clients, settings, stop, log, driver.turn)
        log.info("worker_started", owner=owner, table=settings.message_table, consumer=settings.worker_name)
        driver.run()
        log.info("worker_stopped", owner=owner)


def _wait_for_tables(
    clients: Clients, settings: Settings, stop: Event, log: logging.Log, turn: Callable[[], object]
) -> None:
    """Check both tables; an engine that does not answer is waited for, a wrong table is not."""

    def check() -> None:
        for name, is_as_needed in (
            (settings.message_table, check_messages_table),
            (settings.state_table, check_state_table),
        ):
            is_as_needed(clients.dynamodb.call("describe_table", TableName=name)["Table"])

    def tell(error: BaseException, wait_s: float) -> None:
        turn()
        log.warning("engine_awaited", error=str(error), next=f"retry in {wait_s:.1f} s")

    Retry(stop, first_s=0.5, total_s=float("inf")).call(check, on=Transient, before_wait=tell)


def _stop_on_signals(stop: Event, log: logging.Log) -> None:
    """First signal: finish what is in hand; second one, or a call that hangs: go at once, nothing is lost by it."""

    def last_words(name: str) -> None:
        log.info("stopping", signal=name, next="finishes the transaction in hand")
        Event().wait(GRACE_S)
        os._exit(console.OK)

    def handle(number: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(console.FAILURE)
        stop.set()  # and nothing else here: a handler may interrupt a line that is being logged
        Thread(target=last_words, args=(signal.Signals(number).name,), daemon=True).start()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
