"""What CloudWatch makes of numbers: an alarm's state, from its definition and from what was written each minute.

AWS, "Using Amazon CloudWatch alarms": a statistic a period, so many of the last periods, a rule for what is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.deploy.template import read, resources

Minutes = Sequence[Sequence[float]]
"""What all tasks wrote of a metric, minute by minute, the newest last; nothing: it is missing."""

_STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}


def metric_of(alarm: Mapping[str, Any]) -> str:
    """Namespace, name and its dimensions."""
    where = [(one["Name"], one["Value"]) for one in alarm.get("Dimensions", [])]
    plain = [f"{name}={value['Ref'] if isinstance(value, dict) else value}" for name, value in where]
    space = alarm["Namespace"]
    return " ".join([space if isinstance(space, str) else space["Fn::Sub"], alarm["MetricName"], *plain])


def is_red(alarm: Mapping[str, Any], written: Mapping[str, Minutes]) -> bool:
    """Whether an alarm on one metric, plain or filled with zeros, would be in ALARM."""
    watched: Mapping[str, Any] = alarm
    filled = False
    if "Metrics" in alarm:
        [expression, source] = alarm["Metrics"]
        filled = expression["Expression"] == f"FILL({source['Id']}, 0)"
        found = source["MetricStat"]
        watched = {**found["Metric"], "Period": found["Period"], "Statistic": found["Stat"]}
    minutes, length = written.get(metric_of(watched), []), watched["Period"] // 60
    periods = alarm["EvaluationPeriods"]
    values = [_value(minutes, number * length, length, watched["Statistic"]) for number in range(periods)]
    known = [0.0 if value is None and filled else value for value in values]
    breaching = [_breaches(alarm, value) for value in known]
    wanted: int = alarm.get("DatapointsToAlarm", periods)
    return sum(breaching) >= wanted


def red(template: str, written: Mapping[str, Minutes], beside: str) -> set[str]:
    """The alarms of a stack that would be red; those of its other variant, and on expressions, are left out."""
    conditions = {name: one.get("Condition") for name, one in read(template)["Resources"].items()}
    alarms = resources(read(template), "AWS::CloudWatch::Alarm")
    judged = {name: alarm for name, alarm in alarms.items() if conditions[name] != beside}
    return {name for name, alarm in judged.items() if is_red(alarm, written)}


def _value(minutes: Minutes, ago: int, length: int, statistic: str) -> float | None:
    end = len(minutes) - ago
    samples = [value for minute in minutes[max(0, end - length) : max(0, end)] for value in minute]
    return _STATISTICS[statistic](samples) if samples else None


def _breaches(alarm: Mapping[str, Any], value: float | None) -> bool:
    if value is None:
        return bool(alarm["TreatMissingData"] == "breaching")
    return _COMPARISONS[alarm["ComparisonOperator"]](value, alarm["Threshold"])
