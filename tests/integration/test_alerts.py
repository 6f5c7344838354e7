"""The alert rules: sound, fired by their faults and by nothing else, about metrics that exist, explained."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from producer.canary import Canary
from producer.chat import Chat
from shared.dynamo import Client
from shared.retry import Retry
from stream_worker.monitor.metrics import Metrics
from tests.fakes.views import shard, view, vitals
from tests.lacking import lacking

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
PLAYS = Path(__file__).with_name("alerts.test.yml")

Promtool = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def promtool() -> Promtool:
    """Prometheus's own checker (Debian: package `prometheus`)."""
    found = shutil.which("promtool", path=f"{os.defpath}:/usr/local/bin")
    if not found:
        lacking("promtool is not installed (Debian: package prometheus)")
    return lambda *words: subprocess.run([str(found), *words], capture_output=True, text=True, check=False, cwd=ROOT)


def alerts() -> list[str]:
    """The names of all alerts."""
    return re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))


def test_each_alert_fires_under_its_fault_and_sleeps_in_a_calm_hour(promtool: Promtool) -> None:
    """Each fault is played to the rules, minute by minute."""
    checked = promtool("test", "rules", str(PLAYS))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_rule_that_sleeps_is_caught(promtool: Promtool, tmp_path: Path) -> None:
    """With a threshold that nothing reaches, its play fails."""
    folder = tmp_path / "tests" / "integration"
    (tmp_path / "deploy/prometheus").mkdir(parents=True)
    folder.mkdir(parents=True)
    (tmp_path / "deploy/prometheus/alerts.yml").write_text(RULES.read_text().replace("> 120", "> 1e9"))
    played = promtool("test", "rules", str(shutil.copy(PLAYS, folder)))
    assert played.returncode != 0
    assert "WorkerBehind" in played.stdout + played.stderr


def test_every_alert_is_played_and_explained() -> None:
    """One that nobody has seen fire, or that says nothing to the person it wakes, is none."""
    played = PLAYS.read_text(encoding="utf-8")
    explained = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    assert [name for name in alerts() if played.count(f"alertname: {name}") < 2] == []
    assert [name for name in alerts() if f"| `{name}` |" not in explained] == []


def test_alerts_and_documentation_speak_of_metrics_that_exist() -> None:
    """A rule about a metric that was renamed never fires."""
    metrics = Metrics()
    metrics.watch(vitals(view(shard())))
    canary = Canary(Chat(Client(None), "messages", Retry(Event())), 1, monotonic, Event())
    known = {metric.name for registry in (metrics.registry, canary.registry) for metric in registry.collect()}
    used = set(re.findall(r"pattern_e_(\w+)", RULES.read_text(encoding="utf-8")))
    assert {name for name in used if f"pattern_e_{name.removesuffix('_total')}" not in known} == set()
    explained = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    assert {name for name in known if name.removeprefix("pattern_e_") not in explained} == set()
