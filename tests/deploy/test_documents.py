"""What people read about the templates: nothing is missing, and nothing is told that is not there."""

import re

import pytest

from tests.deploy.template import FOLDER, read, resources

ROOT = FOLDER.parent
DOCS = ROOT / "docs"
TEMPLATES = ("ecs.yaml", "app.yaml")
ALARM = "AWS::CloudWatch::Alarm"


@pytest.mark.parametrize("name", TEMPLATES)
def test_people_can_read_about_all_of_it(name: str) -> None:
    """Each alarm is in the runbook, each parameter and each kind of resource in deploy/README.md."""
    template, readme = read(name), (FOLDER / "README.md").read_text()
    alarms = resources(template, ALARM)
    assert [alarm for alarm in alarms if f"### {alarm}\n" not in (DOCS / "runbook.md").read_text()] == []
    assert [parameter for parameter in template["Parameters"] if f"`{parameter}`" not in readme] == []
    made = {resource for resource in template["Resources"] if resource not in alarms}
    assert [resource for resource in made if f"`{resource}`" not in readme] == []


def test_the_runbook_looks_for_lines_that_are_logged() -> None:
    """At three in the morning an empty answer would be taken for good news."""
    code = "".join(file.read_text() for room in ("stream_worker", "chat_app") for file in (ROOT / room).rglob("*.py"))
    events = re.findall(r'\$\.event = "(\w+)"', (DOCS / "runbook.md").read_text())
    assert len(events) > 10
    assert [event for event in events if f'"{event}"' not in code] == []


def test_the_runbook_knows_no_alarm_that_is_gone() -> None:
    """Its sections and the templates' alarms are the same."""
    text = (DOCS / "runbook.md").read_text()
    [part] = re.findall(r"^## Alarms$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    alarms = {alarm for name in TEMPLATES for alarm in resources(read(name), ALARM)}
    assert set(re.findall(r"^### (\w+)$", part, re.MULTILINE)) == alarms
