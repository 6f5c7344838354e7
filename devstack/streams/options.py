"""How the shards behave; `devstack streams --help` says the same to users."""

from dataclasses import dataclass

DAY_S = 86_400.0
QUARTER_HOUR_S = 900.0


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen; the defaults are as AWS does it, with nothing happening by itself."""

    shards: int = 4
    split_every_s: float | None = None
    roll_every_s: float | None = None
    most_open: int = 64
    """A split beyond so many open shards is a roll instead."""
    keep_s: float = DAY_S
    """How long records, and closed shards, are kept."""
    iterator_s: float = QUARTER_HOUR_S
    children_late_s: float = 0.0
    """How much later than it can be read a shard is listed."""
    listing_lacks: float = 0.0
    """The chance of each shard to be left out of a listing."""
    empty_pages: float = 0.0
    """The chance of GetRecords to answer with nothing although there is something."""
    reads_per_s: float = 5.0
    """GetRecords, of each shard; 0 is no limit."""
    describes_per_s: float = 10.0
    """DescribeStream; 0 is no limit."""
    seed: int | None = None
