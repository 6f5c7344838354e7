"""A child of KCL's daemon: one shard, in a process of its own, until the daemon hangs up."""

import os
import signal
import sys
import traceback
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from threading import Event, Thread
from typing import NoReturn

from shared import logging
from shared.dynamo import connect
from shared.errors import AppError, Misconfigured
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.drivers.kcl.processor import FAILED, LEFT, MISCONFIGURED, ShardProcessor
from stream_worker.drivers.kcl.wire import Wire
from stream_worker.monitor.calls import CallLines, counted

LOOK_S = 0.5  # how often the parent is looked at
GONE_S = 5.0  # a transaction in hand ends within this time after the parent did


def main(wire: Wire) -> NoReturn:
    """Work until the daemon hangs up, or something ends the process."""
    logging.configure("DEBUG", "json")  # the supervisor hears every line, and decides which of them are shown
    log = logging.logger("child").bind(pid=os.getpid())
    stop = Event()
    _watch(stop, log)
    try:
        _serve(wire, stop, log)
    except AppError as error:
        log.error("child_failed", error=str(error))  # noqa: TRY400 - a sentence for people
        _end(MISCONFIGURED if isinstance(error, Misconfigured) else FAILED)
    except Exception as error:  # noqa: BLE001 - nobody foresaw it: one line, like every other
        log.error("child_failed", error=repr(error), trace=traceback.format_exc())  # noqa: TRY400
        _end(FAILED)
    _end(LEFT)


def _serve(wire: Wire, stop: Event, log: logging.Log) -> None:
    from stream_worker.drivers.kcl.protocol import serve  # noqa: PLC0415 - of an extra; whoever starts us has asked

    said, settings = _arguments(), Settings.read()
    clients = counted(connect(settings, threads=assembly.CHILD_CONNECTIONS), CallLines(log))
    life = assembly.Life(stream=said.stream, leases=said.leases, stop=stop, end=_end)

    def make(shard: str) -> ShardProcessor:
        return assembly.kcl_child(clients, settings, life, shard, log.bind(shard=shard))

    serve(make, wire, log)


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="kcl_child", description="Started by KCL's daemon, once for each shard.")
    parser.add_argument("--stream", required=True, help="ARN of the stream")
    parser.add_argument("--leases", required=True, help="KCL's lease table")
    return parser.parse_args()


def _watch(stop: Event, log: logging.Log) -> None:
    """SIGTERM, and the end of the parent, end the work; Ctrl-C at a terminal is for the supervisor alone.

    Signals are waited for by a thread: a handler could interrupt the very lines that hold the event's lock.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    parent = os.getppid()

    def hear() -> None:
        signal.sigwait({signal.SIGTERM})
        stop.set()

    def look() -> None:
        while os.getppid() == parent:
            Event().wait(LOOK_S)
        stop.set()
        log.warning("daemon_gone", next="finishes the transaction in hand")
        Event().wait(GONE_S)
        _end(FAILED)

    for work in (hear, look):
        Thread(target=work, daemon=True).start()


def _end(status: int) -> NoReturn:
    """At once: nothing that is still running has anything to say."""
    with suppress(OSError, ValueError):  # the daemon that would hear it may be gone
        sys.stderr.flush()
    os._exit(status)
