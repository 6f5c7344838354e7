"""`devstack streams`: the command."""

import signal
from threading import Event, Thread
from time import time
from typing import Annotated

import typer

from devstack import ports
from devstack.streams import options as defaults
from devstack.streams.options import Options
from devstack.streams.server import StreamsServer
from devstack.streams.service import Service
from shared.console import NOTES
from shared.dynamo import connect
from shared.errors import EngineStopped, SettingInvalid
from shared.settings import Settings


def streams(  # noqa: PLR0913 - each is an option
    *,
    shards: Annotated[int, typer.Option(min=1, max=1000, help="How many shards to begin with.")] = 4,
    split_every: Annotated[float | None, typer.Option(min=0.01, help="Split a shard every so many seconds.")] = None,
    roll_every: Annotated[float | None, typer.Option(min=0.01, help="Roll one (a single child).")] = None,
    most_open: Annotated[int, typer.Option(min=1, help="Beyond so many open shards a split is a roll.")] = 64,
    keep: Annotated[float, typer.Option(min=0.1, help="Seconds that records and closed shards are kept.")] = (
        defaults.DAY_S
    ),
    iterator_lives: Annotated[float, typer.Option(min=0.1, help="Seconds until an iterator expires.")] = (
        defaults.QUARTER_HOUR_S
    ),
    children_late: Annotated[float, typer.Option(min=0, help="Seconds until a new shard is listed.")] = 0,
    listing_lacks: Annotated[
        float, typer.Option(min=0, max=1, help="Chance of each shard to be left out of a listing.")
    ] = 0,
    empty_pages: Annotated[float, typer.Option(min=0, max=1, help="Chance of an empty page before the tip.")] = 0,
    reads: Annotated[float, typer.Option(min=0, help="GetRecords a second and shard; 0: no limit.")] = 5,
    describes: Annotated[float, typer.Option(min=0, help="DescribeStream a second; 0: no limit.")] = 10,
    seed: Annotated[int | None, typer.Option(help="Repeat the same lots.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, show_default="a free one", help="Its port.")] = None,
) -> None:
    """Stand in front of the engine of AWS_ENDPOINT_URL and deal its stream to many shards, until Ctrl-C.

    One URL serves both: the Streams API from here, everything else from the engine. docs/many-shards.md has the
    commands that split, roll, close and trim shards while it runs.
    """
    chosen = Options(
        shards=shards,
        split_every_s=split_every,
        roll_every_s=roll_every,
        most_open=most_open,
        keep_s=keep,
        iterator_s=iterator_lives,
        children_late_s=children_late,
        listing_lacks=listing_lacks,
        empty_pages=empty_pages,
        reads_per_s=reads,
        describes_per_s=describes,
        seed=seed,
    )
    settings = Settings.read()
    engine = _engine(settings)
    service = Service(connect(settings).streams, chosen, time)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with StreamsServer(ports.choose(port, None), engine, service) as server:
        Thread(target=server.serve_forever, name="streams", daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        typer.echo(f"streams are ready at {url}, in front of {engine}")
        names = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS")
        NOTES.print(f"Point a shell at them: export {' '.join(f'{name}={url}' for name in names)}", soft_wrap=True)
        stop.wait()
        server.shutdown()


def _engine(settings: Settings) -> str:
    """Where the engine is.

    Raises:
        EngineStopped: no endpoint is set.
        SettingInvalid: it is not one that this can stand in front of.
    """
    engine = settings.dynamodb_endpoint or settings.endpoint
    if engine is None:
        raise EngineStopped('AWS_ENDPOINT_URL is not set: start an engine, then eval "$(devstack env)".')
    if not engine.startswith("http://"):
        raise SettingInvalid(f"AWS_ENDPOINT_URL is {engine}: the streams stand in front of an engine that speaks http.")
    return engine
