"""`scripts/bench api`: the highest rate of a mixed load that the HTTP API answers in time, and what a request costs."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from os import cpu_count, getloadavg, sysconf
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter

from shared import console
from tests.acceptance.usage import cpu_s, most_memory_mb
from tests.bench.api_calls import MIX, SEND, TEXT, Calls, Ceiling, calls_by_route, ceiling
from tests.bench.api_load import Plan, Shot, Tally, fire
from tests.bench.api_stage import Stage, set_up

BEGIN, END = "<!-- the HTTP API -->", "<!-- end of the HTTP API -->"

LIMIT_MS = 200.0
"""Of the 99th percentile."""

_FIRST = 10  # requests a second
_CLOSE = 1.1  # two rates, one that was kept up and one that was not, are close enough
_POOL = 1000  # different requests; then they come again
_ALONE = 20  # a second, of the requests that need no DynamoDB
_WARM_S = 2.0
_MACHINE = "the whole machine"

Percentiles = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Step:
    """One rate, kept up for a while."""

    rate: int
    tally: Tally
    cores: Mapping[str, float]
    """Who used how much of the machine."""
    cost_ms: Mapping[str, float]
    """Processor time a request."""

    @property
    def cuts(self) -> Percentiles:
        """Of all requests."""
        return cuts([ms for times in self.tally.ms.values() for ms in times])

    @property
    def is_good(self) -> bool:
        """No error, and in time."""
        return not self.tally.errors and self.cuts[2] < LIMIT_MS

    def __str__(self) -> str:
        errors = ", ".join(f"{count} x {what}" for what, count in self.tally.errors.items()) or "no error"
        return f"{self.rate:5}/s: p50 / p95 / p99 {_ms(self.cuts)} ms, {errors}; cores: {self.users}"

    @property
    def users(self) -> str:
        """Of the cores."""
        return ", ".join(f"{who} {used:.2f}" for who, used in self.cores.items())


def measure(seconds: float, most: int) -> list[str]:
    """Markdown: everything that was found.

    Args:
        seconds: how long each rate is kept up.
        most: no rate above this one is tried.
    """
    began = perf_counter()
    with set_up() as stage:
        _say("what each route asks of DynamoDB, and requests that ask nothing")
        routes, alone = calls_by_route(stage), _alone(stage, seconds)
        _step(stage, _FIRST, _WARM_S)
        steps: list[Step] = []
        best = highest(lambda rate: _keeps_up(stage, rate, seconds, steps), most)
        memory = most_memory_mb(stage.pids["app"])
        _say("the same calls without HTTP")
        top = ceiling(stage, seconds, routes)
    took = f"in {(perf_counter() - began) / 60:.0f} minutes, {cpu_count()} cores, load {getloadavg()[1]:.1f}"
    made = f"Made by `scripts/bench api --seconds {seconds:g}` on {datetime.now(UTC):%Y-%m-%d}, {took}."
    reached = next((step for step in steps if step.rate == best and step.is_good), None)
    return [made, "", *_summary(reached, top, memory), "", *_by_route(steps[0], routes), *_without(alone)]


def highest(keeps_up: Callable[[int], bool], most: int) -> int:
    """The highest rate that is kept up, to a tenth; 0 if none is."""
    good, rate = 0, _FIRST
    while rate <= most and keeps_up(rate):
        good, rate = rate, 2 * rate
    if rate > most or not good:
        return good
    bad = rate
    while bad / good > _CLOSE:
        middle = round(sqrt(good * bad))
        good, bad = (middle, bad) if keeps_up(middle) else (good, middle)
    return good


def cuts(times: Sequence[float]) -> Percentiles:
    """The 50th, 95th and 99th percentile; for ever, where there is nothing."""
    if len(times) < 2:
        return (float("inf"),) * 3
    found = quantiles(times, n=100, method="inclusive")
    return found[49], found[94], found[98]


def _keeps_up(stage: Stage, rate: int, seconds: float, steps: list[Step]) -> bool:
    """Whether the API does; what goes wrong once may be somebody else's doing, and is tried once more."""
    for _ in range(2):
        steps.append(_step(stage, rate, seconds))
        _say(str(steps[-1]))
        if steps[-1].is_good:
            return True
    return False


def _step(stage: Stage, rate: int, seconds: float) -> Step:
    shots = _mixed(stage)
    began, before = perf_counter(), _used(stage)
    tally = fire(Plan(stage.port, rate, seconds, shots))
    took = perf_counter() - began
    spent = {who: used - before[who] for who, used in _used(stage).items()}
    spent["generator"] = tally.cpu_s
    spent["all else"] = spent.pop(_MACHINE) - sum(spent.values())
    requests = max(1, round(rate * seconds))
    return Step(
        rate,
        tally,
        {who: used / took for who, used in spent.items()},
        {who: 1000 * spent[who] / requests for who in stage.pids},
    )


def _used(stage: Stage) -> dict[str, float]:
    """Processor seconds so far."""
    return {**{who: cpu_s(pid) for who, pid in stage.pids.items()}, _MACHINE: _busy_s()}


def _busy_s() -> float:
    """Of all cores since the machine started, as Linux tells it; idle and waiting are not."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return float("nan")
    user, nice, system, _idle, _waiting, *interrupts = map(int, stat.read_text().split("\n", 1)[0].split()[1:8])
    return (user + nice + system + sum(interrupts)) / sysconf("SC_CLK_TCK")


def _mixed(stage: Stage) -> list[Shot]:
    draw, tokens = Random(4711), stage.tokens()

    def drawn(route: str) -> Shot:
        me = draw.choice(list(tokens))
        group = draw.choice(stage.groups[me])
        body = json.dumps({"message": TEXT, "message_group_uuid": group}) if route == SEND else ""
        return _shot(route, route.replace("{group}", group), tokens[me], body)

    return [drawn(route) for route in draw.choices(list(MIX), list(MIX.values()), k=_POOL)]


def _alone(stage: Stage, seconds: float) -> dict[str, Percentiles]:
    """Requests for which DynamoDB is not asked, at a low rate: milliseconds."""
    [token] = [token for handle, token in stage.tokens().items() if handle == stage.people[0].handle]
    user = f"GET /api/users/@{stage.people[0].handle}/short"
    shots = [
        _shot("GET /healthz", "GET /healthz"),
        _shot("any route without a token: 401", "GET /api/message_groups", wants=401),
        _shot("GET /api/users/@{handle}/short", user, token),
    ]
    tally = fire(Plan(stage.port, _ALONE, seconds, shots))
    assert not tally.errors, tally.errors
    return {kind: cuts(times) for kind, times in tally.ms.items()}


def _shot(kind: str, line: str, token: str = "", body: str = "", wants: int = 200) -> Shot:
    headers = ["Host: 127.0.0.1"]
    if token:
        headers.append(f"Authorization: Bearer {token}")
    if body:
        headers += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return Shot(kind, wants, "\r\n".join([f"{line} HTTP/1.1", *headers, "", body]))


def _summary(best: Step | None, top: Ceiling, memory: float) -> list[str]:
    title = f"| highest rate with no error and p99 under {LIMIT_MS:g} ms |"
    if best is None:
        reached = [
            f"| highest rate with no error and p99 under {LIMIT_MS:g} ms | not even {_FIRST} requests a second |"
        ]
    else:
        reached = [
            f"{title} **{best.rate} requests a second** |",
            f"| p50 / p95 / p99 at that rate | {_ms(best.cuts)} ms |",
            f"| cores busy at that rate | {best.users} |",
            *(f"| processor ms a request, the {who}'s | {ms:.1f} |" for who, ms in best.cost_ms.items()),
        ]
    calls = f"{top.calls:,.0f} calls a second: {top.requests:,.0f} requests a second"
    return [
        "| | |",
        "|---|---|",
        *reached,
        f"| most memory of the app | {memory:.0f} MB |",
        f"| the same calls without HTTP, 8 threads | {calls}; the engine used {top.engine_cores:.2f} of a core |",
    ]


def _by_route(slow: Step, routes: Mapping[str, Calls]) -> list[str]:
    lines = [
        f"| route | share | p50 / p95 / p99 at {slow.rate} a second, ms | DynamoDB calls |",
        "|---|---:|---:|---|",
    ]
    for route, calls in routes.items():
        times = _ms(cuts(slow.tally.ms.get(route, ())))
        named = ", ".join(f"{count:g} {name}" for name, count in calls.items())
        lines.append(f"| {route} | {MIX[route]} % | {times} | {sum(calls.values()):g}: {named} |")
    return lines


def _without(alone: Mapping[str, Percentiles]) -> list[str]:
    return [f"| {kind}, {_ALONE} a second of these | | {_ms(found)} | 0 |" for kind, found in alone.items()]


def _ms(found: Percentiles) -> str:
    return " / ".join(f"{ms:.1f}" if ms < 10 else f"{ms:.0f}" for ms in found)


def _say(what: str) -> None:
    console.NOTES.print(what)
