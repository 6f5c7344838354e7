"""The same numbers as CloudWatch's embedded metric format: one line of the log a minute, no agent, no call.

Format: AWS, "Specification: Embedded metric format". Counters are sent as what they grew by since the line before;
histograms as their count and mean since then.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from prometheus_client import CollectorRegistry

NAMESPACE = "PatternE"
EVERY_S = 60.0


class Emf:
    """What has changed since it was asked last.

    Args:
        registry: where the numbers are.
        consumer: the dimension `service` of each.
    """

    def __init__(self, registry: CollectorRegistry, consumer: str) -> None:
        self._registry = registry
        self._consumer = consumer
        self._before: Mapping[str, float] = {}

    def line(self) -> dict[str, Any]:
        """The facts of one log line."""
        now = self._totals()
        metrics = EphemeralMetrics(namespace=NAMESPACE, service=self._consumer)
        for name, value in self._values(now):
            unit = MetricUnit.Seconds if name.endswith("_seconds") else MetricUnit.Count
            metrics.add_metric(name=name, unit=unit, value=value)
        self._before = now
        return dict(metrics.serialize_metric_set())

    def _totals(self) -> dict[str, float]:
        """Every sample by name, over all its labels."""
        totals: defaultdict[str, float] = defaultdict(float)
        for metric in self._registry.collect():
            for sample in metric.samples:
                if not sample.name.endswith(("_created", "_bucket")):
                    totals[sample.name] += sample.value
        return totals

    def _values(self, now: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        for name, value in now.items():
            short, grown = name.removeprefix("pattern_e_"), value - self._before.get(name, 0.0)
            if name.endswith("_count"):
                yield short, grown
            elif name.endswith("_sum"):
                count = now[name.removesuffix("_sum") + "_count"] - self._before.get(
                    name.removesuffix("_sum") + "_count", 0.0
                )
                if count:
                    yield short.removesuffix("_sum"), grown / count
            elif name.endswith("_total"):
                yield short.removesuffix("_total"), grown
            else:
                yield short, value
