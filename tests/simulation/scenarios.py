"""Every kind of run, by name; what a scenario does not say is as in `Scenario`."""

from collections.abc import Mapping

from tests.simulation.scenario import TALK, Deed, Driver, Event, Limits, Scenario

_REWRITES: Mapping[Deed, int] = {Deed.SEND: 4, Deed.EDIT: 6, Deed.DELETE: 6, Deed.PUT_AGAIN: 6}
_GUESTS: Mapping[Deed, int] = {Deed.SEND: 6, Deed.JOIN: 6, Deed.LEAVE: 6, Deed.DELETE: 1, Deed.READ: 1}
_MARKS: Mapping[Deed, int] = {Deed.SEND: 8, Deed.EDIT: 2, Deed.ATTRIBUTE: 8, Deed.READ: 1}
_CALM = Limits(
    throttled=0,
    conflict=0,
    unsent=0,
    lost=0,
    late=0,
    repeated=0,
    terminated_every_s=0,
    killed=0,
    stalled=0,
    torn=0,
    unprocessed=0,
    index_lag_s=0.05,
    freeze_every_s=0,
    steal=0,
    split_every_s=0,
    listing_late_s=0,
)

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("churn", "everything at once: talk, edits, deletes, restored messages, joins, leaves"),
        Scenario("calm", "nothing goes wrong; two workers share the shards", limits=_CALM),
        Scenario("burst", "many messages, few pauses", deeds=80, weights=TALK, think_s=0.01, lull=0.05),
        Scenario("rewrites", "the newest message is edited, deleted, restored", weights=_REWRITES, lull=0.3),
        Scenario("same-stamp", "clocks that show half seconds: stamps collide", grain_s=0.5, groups=4, users=4),
        Scenario("skew", "clocks minutes apart: what is sent later is not newer", skew_s=120, weights=TALK, lull=0.3),
        Scenario(
            "zombies",
            "long pauses, thefts: workers that go on without the right to",
            workers=3,
            lull=0.4,
            limits=Limits(stalled=0.05, steal=0.8),
        ),
        Scenario(
            "restored",
            "deleted messages come back while workers sleep over what they have read",
            weights=_REWRITES,
            workers=3,
            lull=0.4,
            think_s=0.4,
            limits=Limits(stalled=0.1, steal=0.8, killed=0),
        ),
        Scenario("kills", "workers die between any two calls", workers=3, limits=Limits(killed=0.03)),
        Scenario(
            "splits",
            "shards split and roll over all the time, listings show it late",
            limits=Limits(split_every_s=0.7, listing_late_s=3),
            driver=Driver.NATIVE,
        ),
        Scenario(
            "stale-index", "the index is late by seconds, or stands", limits=Limits(index_lag_s=5, freeze_every_s=0.7)
        ),
        Scenario(
            "torn",
            "reads that take long, beside moves",
            users=4,
            groups=4,
            limits=Limits(torn=0.9, unprocessed=0.5),
            think_s=0.03,
        ),
        Scenario("guests", "people come and go", weights=_GUESTS, members=4),
        Scenario(
            "meet",
            "people start the same conversation at the same moment",
            weights={Deed.START: 8, Deed.SEND: 4, Deed.LEAVE: 2},
            groups=0,
            users=3,
            people=4,
            think_s=0.02,
        ),
        Scenario("attributes", "other software keeps attributes in rows, and changes row_rev", weights=_MARKS),
        Scenario(
            "added",
            "other software adds attributes and does not know row_rev: the limit of the promise",
            weights={Deed.SEND: 8, Deed.ADD: 8},
        ),
        Scenario(
            "first-start",
            "a table of the original's, swept for the first time while people write",
            events=(Event.ORIGINAL_BEFORE,),
            groups=4,
            starts_old=False,
        ),
        Scenario(
            "outage", "no worker runs for hours, or for more than a day", events=(Event.OUTAGE,), driver=Driver.NATIVE
        ),
        Scenario(
            "silence",
            "an outage of more than a day after which nobody says anything: only the sweep can mend it",
            events=(Event.SILENCE,),
            driver=Driver.NATIVE,
            users=6,
            groups=6,
            deeds=24,
            lull=0.05,
        ),
        Scenario("slumber", "every worker sleeps for hours and goes on", events=(Event.SLUMBER,), driver=Driver.NATIVE),
        Scenario("original", "the original's Lambda works beside ours for a while", events=(Event.ORIGINAL,)),
        Scenario("duplicates", "rows stand twice, with memories of where they were", events=(Event.DUPLICATES,)),
        Scenario("seated", "other software gives people rows, and the roster does not know", events=(Event.SEATED,)),
        Scenario("stubborn", "one member's rows cannot be written for a while", events=(Event.STUBBORN,)),
        Scenario(
            "letters",
            "rows are refused at random over minutes: the retrier meets new failures of the same group",
            events=(Event.MOODY,),
            users=3,
            groups=1,
            weights={Deed.SEND: 3, Deed.EDIT: 1},
            think_s=20,
            deeds=25,
            lull=0,
            people=2,
            limits=Limits(stalled=0.1, throttled=0, steal=0, killed=0),
        ),
        Scenario(
            "crowd",
            "more than 24 groups of one user on one time stamp",
            users=2,
            members=2,
            groups=26,
            deeds=15,
            grain_s=1000.0,
            weights={Deed.SEND: 10, Deed.DELETE: 1},
            lull=0.05,
            limits=Limits(throttled=0.005, conflict=0.005),
        ),
        Scenario(
            "large",
            "a group of 60: its rows need several transactions",
            users=60,
            members=60,
            groups=1,
            deeds=8,
            weights={Deed.SEND: 6, Deed.EDIT: 1, Deed.DELETE: 2, Deed.LEAVE: 1},
        ),
        Scenario("standby", "the native driver with two that stand by", driver=Driver.NATIVE, workers=3, lull=0.3),
        Scenario(
            "lost-answers",
            "calls succeed, at once or later, once or twice, and nobody hears of it",
            limits=Limits(lost=0.15, unsent=0.1, late=0.1, repeated=0.1),
        ),
        Scenario(
            "plain",
            "nobody edits or deletes: what the original was made for",
            weights={Deed.SEND: 10, Deed.START: 1},
            groups=4,
        ),
    )
}
