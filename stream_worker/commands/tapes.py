"""Commands that put a stream on tape, and a tape to the handler: record, replay."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Timer
from typing import IO, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shared import console, logging
from shared.dynamo import Clients, connect
from shared.errors import BadInput, Stopping, TapeBroken, Transient
from shared.retry import Retry
from shared.schema import check_messages_layout, check_state_table
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Batch
from stream_worker.drivers.native.listener import Listener
from stream_worker.redaction import Redaction
from stream_worker.tape import Length, Recorder, measure, read_tape

MINUTE_S = 60

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesTable = Annotated[str | None, typer.Option(metavar="NAME", help="Repeat the table's name if it is not local.")]


@dataclass(slots=True)
class Replayed:
    """What a replay did."""

    batches: int = 0
    records: int = 0
    rows_moved: int = 0
    dead_letters: int = 0
    not_loaded: int = 0


class Tally:
    """A log that counts what settled batches say of themselves, and passes on only what somebody should read."""

    def __init__(self, log: logging.Log, counts: Replayed) -> None:
        self._log = log
        self._counts = counts

    def info(self, event: str, **facts: Any) -> None:
        """Count the line of a batch."""
        if event == "batch_settled":
            self._counts.batches += 1
            self._counts.records += facts["records"]
            self._counts.rows_moved += facts["rows_moved"]
            self._counts.dead_letters += facts["dead"]

    def debug(self, event: str, **facts: Any) -> None:
        """Nothing for whoever replays."""

    def warning(self, event: str, **facts: Any) -> None:
        """Pass it on."""
        self._log.warning(event, **facts)

    def error(self, event: str, **facts: Any) -> None:
        """Pass it on."""
        self._log.error(event, **facts)

    def bind(self, **facts: Any) -> "Tally":
        """The same, with more facts on what is passed on."""
        return Tally(self._log.bind(**facts), self._counts)


def record(
    tape: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write; JSON lines, one batch a line.")],
    *,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="All that the stream still has, not only what is new.")
    ] = False,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="For so long; until Ctrl-C if not given.")] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Replace texts, names and whatever else is no key, for a tape to share.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record the table's stream; no lease, no checkpoint: the worker is not disturbed.

    Without --from-start it still reads from the oldest record, but leaves out what is older than the minute it was
    started in. AWS lets two processes read a shard: the worker is one.

    Example: stream-worker record incident.jsonl --redact --seconds 600
    """
    settings = Settings.read()
    stop = _stop_event()
    since = 0.0 if from_start else time.time() // MINUTE_S * MINUTE_S  # some engines cut times to the minute
    api = assembly.streams_of(connect(settings), settings)
    stream = api.latest_stream()
    with _create(tape, force=force) as sink:
        recorder = Recorder(sink, since, Redaction() if redact else lambda batch: batch)
        listener = assembly.listener(api, stream, settings, recorder, _note)
        _note(f"recording {stream}")
        with suppress(Stopping):
            _listen(listener, stop, seconds)
    if as_json:
        console.emit_json(asdict(recorder.length))
    else:
        typer.echo(f"recorded: {_spell(recorder.length)}")


def replay(
    tape: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to read.")],
    *,
    load: Annotated[
        bool, typer.Option("--load", help="First put each batch's items into the table, which should be a scratch one.")
    ] = False,
    yes_table: YesTable = None,
    as_json: AsJson = False,
) -> None:
    """Deliver a tape's batches to the handler, against the table as it is, or as the tape fills it (--load).

    A tape is read to its end before anything is applied. What cannot be settled becomes a dead letter, as ever.

    Example: DDB_MESSAGE_TABLE=scratch stream-worker replay incident.jsonl --load
    """
    settings = Settings.read()
    if load:
        console.allow_big_change(settings, yes_table)
    length = _checked(tape)
    logging.configure(settings.log_level, settings.log_format)
    stop = _stop_event()
    clients = connect(settings, threads=assembly.CONNECTIONS)
    _check_tables(clients, settings)
    counts = Replayed()
    loader = assembly.loader_of(clients, settings, Retry(stop))
    log = Tally(logging.logger("worker"), counts)
    try:
        with _bar(length) as show:

            def before(batch: Batch) -> None:
                show(counts.batches)
                if load:
                    loader.load(batch)

            assembly.replay_driver(clients, settings, read_tape(tape), before, _tell, stop, log).run()
    finally:
        counts.not_loaded = loader.refused
        _print(counts, length, as_json=as_json)


def _listen(listener: Listener, stop: Event, seconds: float | None) -> None:
    """Listen until asked to stop, or for so many seconds."""
    retry = Retry(stop, first_s=0.5, total_s=float("inf"))
    if seconds is not None:
        timer = Timer(seconds, stop.set)
        timer.daemon = True  # a signal ends it sooner
        timer.start()
    while not stop.wait(retry.call(listener.step, on=Transient, before_wait=_tell)):
        pass


def _create(tape: Path, *, force: bool) -> IO[str]:
    """The file, for its owner's eyes only: conversations are private."""
    how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        return os.fdopen(os.open(tape, how, 0o600), "w", encoding="ascii")
    except FileExistsError as error:
        raise BadInput(f"{tape} exists already: name another file, or replace it with --force.") from error
    except OSError as error:
        raise BadInput(f"{tape} cannot be written: {error.strerror}.") from error


def _check_tables(clients: Clients, settings: Settings) -> None:
    """A scratch table needs no stream."""
    for name, check in ((settings.message_table, check_messages_layout), (settings.state_table, check_state_table)):
        check(clients.dynamodb.call("describe_table", TableName=name)["Table"])


def _checked(tape: Path) -> Length | None:
    """How long the tape is, every line of it read; None for a pipe, which can be read only once.

    Raises:
        TapeBroken: a line cannot be read, or there is none.
    """
    if not tape.is_file():
        return None
    try:
        length = measure(tape)
    except TapeBroken as error:
        raise TapeBroken(f"{error}. Nothing of the tape was applied.") from error
    if not length.batches:
        raise TapeBroken(f"{tape} is empty: there is nothing to replay.")
    return length


@contextmanager
def _bar(length: Length | None) -> Iterator[Callable[[int], None]]:
    """Progress on stderr, where that is a terminal; what is given is told how many batches are settled."""
    columns = (TextColumn("batches"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console.NOTES, transient=True, disable=not console.NOTES.is_terminal) as progress:
        task = progress.add_task("batches", total=length.batches if length else None)
        yield lambda settled: progress.update(task, completed=settled)


def _stop_event() -> Event:
    """Set by SIGTERM and Ctrl-C."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _print(counts: Replayed, length: Length | None, *, as_json: bool) -> None:
    if as_json:
        console.emit_json(asdict(counts))
        return
    of = f" of {length.batches}" if length else ""
    not_loaded = f", {counts.not_loaded} items not loaded" if counts.not_loaded else ""
    typer.echo(
        f"replayed: {counts.batches}{of} batches, {counts.records} records, {counts.rows_moved} rows moved, "
        f"{counts.dead_letters} dead letters{not_loaded}"
    )


def _spell(length: Length) -> str:
    return f"{length.batches} batches, {length.records} records"


def _note(sentence: str) -> None:
    console.NOTES.print(escape(sentence), soft_wrap=True)


def _tell(error: BaseException, seconds: float) -> None:
    _note(f"{error} Trying again in {seconds:.1f} s.")
