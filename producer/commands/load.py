"""Commands that make or fill tables: schema-load, seed, traffic."""

import signal
from dataclasses import asdict
from threading import Event
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from producer import seed as seeding
from producer import traffic as talking
from producer.commands.session import AsJson, YesTable, open_session
from producer.schema import Builder
from shared.console import NOTES, allow_big_change, emit_json
from shared.retry import Retry

_TABLE_PATIENCE_S = 300.0  # a table or stream can take minutes to change
_TRAFFIC_PATIENCE_S = 120.0  # an engine that is started again meanwhile


def schema_load(
    *,
    enable_stream: Annotated[
        bool, typer.Option("--enable-stream", help="Turn the stream on, or replace one of the wrong view type.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="First delete both tables and all that is in them.")] = False,
    yes_table: YesTable = None,
) -> None:
    """Create both tables, or check those that exist and say what differs.

    Example: producer schema-load --enable-stream
    """
    session = open_session()
    settings = session.settings
    if drop:
        allow_big_change(settings, yes_table)
    session.read(lambda: session.chat.client.call("list_tables", Limit=1))  # waits for the engine, says so
    retry = Retry(Event(), total_s=_TABLE_PATIENCE_S)
    builder = Builder(session.chat.client, retry, say=lambda line: NOTES.print(escape(line), soft_wrap=True))
    if drop:
        builder.drop(settings.message_table)
        builder.drop(settings.state_table)
    builder.load(settings.message_table, settings.state_table, enable_stream=enable_stream)


def seed(*, yes_table: YesTable = None) -> None:
    """Store a conversation of about 100 messages between two users; a second time writes nothing.

    Example: producer seed
    """
    session = open_session()
    allow_big_change(session.settings, yes_table)
    result = seeding.seed(session.chat, session.user("andrewbrown"), session.user("bayko"))
    if result.written:
        NOTES.print(f"{result.written} messages written in {result.group}", soft_wrap=True)
    else:
        NOTES.print(f"nothing to do: the {result.there} messages are in {result.group} already", soft_wrap=True)


def traffic(  # noqa: PLR0913 - each is an option of the command
    *,
    users: Annotated[int, typer.Option(min=2, max=9999, help="How many made-up users.")] = 20,
    groups: Annotated[int, typer.Option(min=1, help="How many groups; most have two members.")] = 10,
    total: Annotated[int | None, typer.Option(min=1, help="How many messages; 500 if no rate is given.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Messages a second; as fast as it goes if not given.")
    ] = None,
    edits: Annotated[float, typer.Option(min=0, max=1, help="Share of messages after which one is edited.")] = 0.0,
    deletes: Annotated[float, typer.Option(min=0, max=1, help="Share after which one is deleted.")] = 0.0,
    churn: Annotated[float, typer.Option(min=0, max=1, help="Share after which somebody leaves or comes back.")] = 0.0,
    threads: Annotated[int, typer.Option(min=1, max=64, help="How many write at the same time.")] = 4,
    random_seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same script.")] = 1,
    yes_table: YesTable = None,
    as_json: AsJson = False,
) -> None:
    """Let made-up users write: some groups much, most little.

    Example: producer traffic --users 50 --groups 100 --total 2000 --edits 0.1 --deletes 0.05 --churn 0.05
    """
    stop = Event()
    session = open_session(patience_s=_TRAFFIC_PATIENCE_S, stop=stop, threads=threads)
    allow_big_change(session.settings, yes_table)
    total = total if total or rate else 500
    plan = talking.Plan(users, groups, total, rate, edits, deletes, churn, threads, random_seed)
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    columns = (TextColumn("messages"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=NOTES, disable=not NOTES.is_terminal) as bar:
        task = bar.add_task("messages", total=total)
        counts = talking.run(session.chat, plan, stop, lambda: bar.advance(task))
    if as_json:
        emit_json(asdict(counts))
    else:
        typer.echo(counts.sentence())
