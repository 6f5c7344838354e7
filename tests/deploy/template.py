"""The templates as data: YAML with CloudFormation's short forms, and what the embedded engine needs changed in it.

Short forms: AWS, "Intrinsic function reference".
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy"
SCALING = ("AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy")
LONGEST = 51_200
"""Bytes of a template that `aws cloudformation deploy` takes as it is (AWS, "CloudFormation quotas")."""


class _Loader(yaml.CSafeLoader):
    """Knows `!Ref` and its kind."""


def _short_form(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
            return {name: value.split(".", 1) if suffix == "GetAtt" else value}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
    raise AssertionError(node)


_Loader.add_multi_constructor("!", _short_form)


def read(name: str) -> dict[str, Any]:
    """A template of the folder, with long forms instead of short ones."""
    template: dict[str, Any] = yaml.load((FOLDER / name).read_text(), _Loader)
    return template


def for_the_engine(name: str, tasks: int = 0) -> str:
    """The template as JSON, without what ministack's CloudFormation cannot do.

    It knows no Application Auto Scaling and no alarms on an expression; its interface endpoints have no names; a number
    that a parameter gives reaches its ECS as text. With `tasks` it would look for a Docker engine to run them.
    """
    template = read(name)
    resources = template["Resources"]
    for gone in [name for name, resource in resources.items() if _is_beyond(resource)]:
        del resources[gone]
    resources["Service"]["Properties"]["DesiredCount"] = tasks
    return json.dumps(template).replace(json.dumps(_FIRST_NAME), '"first.name.example"')


def _is_beyond(resource: Mapping[str, Any]) -> bool:
    return resource["Type"] in SCALING or "Metrics" in resource.get("Properties", {})


_FIRST_NAME = {
    "Fn::Select": [1, {"Fn::Split": [":", {"Fn::Select": [0, {"Fn::GetAtt": ["StreamsEndpoint", "DnsEntries"]}]}]}]
}


def resources(template: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by their names."""
    found = {name: one for name, one in template["Resources"].items() if one["Type"] == kind}
    return {name: one.get("Properties", {}) for name, one in found.items()}
