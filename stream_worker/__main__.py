"""The worker's commands, and the one place where a driver meets the handler."""

import os
import signal
import time
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from socket import gethostname
from threading import Event, Timer
from typing import Annotated
from uuid import uuid4

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table as TextTable

from shared import console, logging
from shared.dynamo import Clients, connect
from shared.errors import Transient
from shared.retry import Retry
from shared.schema import check_messages_table, check_state_table
from shared.settings import Settings
from stream_worker.contract import Work
from stream_worker.dead_letters import DeadLetters, Retrier
from stream_worker.drivers.native import driver as native
from stream_worker.drivers.native.api import DynamoStreams
from stream_worker.drivers.native.lease import Lease
from stream_worker.handler import Handler
from stream_worker.handler import Parts as HandlerParts
from stream_worker.pool import Pool
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.state import State
from stream_worker.store import DynamoStore
from stream_worker.sweep import Sweeps
from stream_worker.upkeep import Chores
from stream_worker.verify.findings import Grade
from stream_worker.verify.verifier import Report, Verifier

SHARD_THREADS = 16
GROUP_THREADS = 8
GRACE_S = 9.0  # a call that hangs must not keep the process longer than this after SIGTERM

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Pattern E: keeps every member's conversation row at the newest message.",
)
letters_app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="What could not be settled.")
app.add_typer(letters_app, name="dead-letters")


class DriverName(StrEnum):
    """Who reads the stream."""

    native = "native"


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=console.show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: stream-worker run")
def run(_driver: Annotated[DriverName, typer.Option("--driver")] = DriverName.native) -> None:
    """Read the table's stream and keep the rows right, until SIGTERM or Ctrl-C."""
    settings = Settings.read()
    logging.configure(settings.log_level, settings.log_format)
    log = logging.logger("worker")
    stop = Event()
    _stop_on_signals(stop, log)
    clients = connect(settings, threads=SHARD_THREADS + GROUP_THREADS + 4)
    _wait_for_tables(clients, settings, stop, log)
    owner = f"{gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
    log.info("worker_started", owner=owner, table=settings.message_table, consumer=settings.worker_name)
    _native(clients, settings, stop, owner, log).run()
    log.info("worker_stopped", owner=owner)


def _native(clients: Clients, settings: Settings, stop: Event, owner: str, log: logging.Log) -> native.NativeDriver:
    """Everything put together."""
    retry = Retry(stop)
    state = State(clients.dynamodb, settings.state_table, settings.worker_name)
    parts = native.Parts(
        api=DynamoStreams(clients, settings.message_table),
        state=state,
        lease=Lease(state, owner, settings.lease_s, _now, time.monotonic, log),
        retry=retry,
        run_all=Pool(SHARD_THREADS, "shard"),
        stop=stop,
        clock=_now,
        monotonic=time.monotonic,
        log=log,
        poll_s=settings.poll_ms / 1000,
        limit=settings.batch,
        lease_s=settings.lease_s,
    )
    return native.NativeDriver(parts, _work(clients, settings, state, retry, log))


def _work(clients: Clients, settings: Settings, state: State, retry: Retry, log: logging.Log) -> Work:
    """The handler's side: what a driver is given."""
    memory = Memory()
    store = DynamoStore(clients.dynamodb, settings.message_table, retry, _now)
    reconciler = Reconciler(store, memory, retry)
    letters = DeadLetters(state, _now, log)
    run_all = Pool(GROUP_THREADS, "group")
    sweeps = Sweeps(state, store, reconciler, letters, run_all, _now, log)
    handler = Handler(
        HandlerParts(
            store=store,
            reconciler=reconciler,
            memory=memory,
            letters=letters,
            run_all=run_all,
            stopped=retry.stop.is_set,
            clock=_now,
            monotonic=time.monotonic,
            log=log,
        )
    )
    chores = Chores(sweeps, Retrier(letters, reconciler, _now, log), time.monotonic)
    return Work(processor=handler, on_gap=sweeps.owe, upkeep=chores, forget=memory.clear)


@app.command(epilog="Example: stream-worker verify --patience 30")
def verify(
    patience: Annotated[float, typer.Option(help="Seconds that a row may take to become right.", min=0)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Recompute every row from messages and rosters; exit status 1 if one is wrong."""
    settings = Settings.read()
    clients = connect(settings)
    store = DynamoStore(clients.dynamodb, settings.message_table, Retry(Event()), _now)
    verifier = Verifier(clients.dynamodb, settings.message_table, store, time.monotonic)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console.NOTES, transient=True) as progress:
        task = progress.add_task("verifying")
        report = verifier.verify(patience, lambda n: progress.update(task, description=f"verifying: {n} items seen"))
    if as_json:
        console.emit_json({**_counts(report), "findings": [asdict(finding) for finding in report.findings]})
    else:
        _print(report)
    if report.count(Grade.WRONG):
        raise typer.Exit(console.FINDING)


@letters_app.command("list", epilog="Example: stream-worker dead-letters list --json")
def list_letters(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List the open dead letters."""
    settings = Settings.read()
    state = State(connect(settings).dynamodb, settings.state_table, settings.worker_name)
    letters = DeadLetters(state, _now, logging.logger("worker")).open()
    facts = [{name: next(iter(value.values())) for name, value in letter.item.items()} for letter in letters]
    if as_json:
        console.emit_json(facts)
        return
    for fact in facts:
        typer.echo(f"{fact['sk']}  {fact['error']}  attempts {fact['attempts']}  next try {fact['next_try']}")
    typer.echo(f"dead letters: {len(facts)} open")


def _counts(report: Report) -> dict[str, int]:
    grades = {grade.value: report.count(grade) for grade in Grade}
    return {**grades, "messages": report.messages, "rows": report.rows, "groups": report.groups}


def _print(report: Report) -> None:
    if report.findings:
        table = TextTable("grade", "what", "group", "user", "detail", box=None)
        for found in report.findings:
            table.add_row(found.grade, found.what, found.group, found.user, found.detail)
        console.OUT.print(table)
    counts = _counts(report)
    typer.echo(
        f"verify: {counts['wrong']} wrong, {counts['suspect']} suspect, {counts['odd']} odd "
        f"({counts['rows']} rows, {counts['groups']} groups, {counts['messages']} messages)"
    )


def _wait_for_tables(clients: Clients, settings: Settings, stop: Event, log: logging.Log) -> None:
    """Check both tables; an engine that does not answer is waited for, a wrong table is not."""

    def check() -> None:
        for name, is_as_needed in (
            (settings.message_table, check_messages_table),
            (settings.state_table, check_state_table),
        ):
            is_as_needed(clients.dynamodb.call("describe_table", TableName=name)["Table"])

    def tell(error: BaseException, wait_s: float) -> None:
        log.warning("engine_awaited", error=str(error), next=f"retry in {wait_s:.1f} s")

    Retry(stop, first_s=0.5, total_s=float("inf")).call(check, on=Transient, before_wait=tell)


def _stop_on_signals(stop: Event, log: logging.Log) -> None:
    """First signal: finish what is in hand; second one, or a call that hangs: go at once, nothing is lost by it."""

    def handle(number: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(console.FAILURE)
        stop.set()
        log.info("stopping", signal=signal.Signals(number).name, next="finishes the transaction in hand")
        timer = Timer(GRACE_S, os._exit, [console.OK])
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    """The console script."""
    console.run(app)


if __name__ == "__main__":
    main()
