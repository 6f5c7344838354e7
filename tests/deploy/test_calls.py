"""What the worker's code calls, by its text: a way that it seldom takes is seen here, too."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.template import read

ROOT = Path(__file__).parents[2]
PEOPLES = ("commands/tapes.py", "loader.py", "doctor/", "verify/", "repair/", "redrive.py")
ASKING = {"call", "items", "pages"}
ACTIONS = {"Put", "Update", "Delete", "ConditionCheck"}  # of a transaction
MESSAGES, STATE, LEASES = "/${MessageTableName}", "/${StateTableName}", "/${StateTableName}-${WorkerName}-2*"
INDEX, STREAM = f"{MESSAGES}/index/message-group-sk-index", f"{MESSAGES}/stream/*"
CALLS = {
    "shared/conversations.py": {MESSAGES: {"get_item", "batch_get_item", "query"}, INDEX: {"query"}},
    "stream_worker/store.py": {MESSAGES: {"get_item", "query", *ACTIONS}, INDEX: {"query", "scan"}},
    "stream_worker/state.py": {STATE: {"get_item", "query", "put_item", "delete_item", "Put", "Delete"}},
    "stream_worker/streams.py": {
        MESSAGES: {"describe_table"},
        STREAM: {"describe_stream", "get_shard_iterator", "get_records"},
    },
    "stream_worker/commands/run.py": {MESSAGES: {"describe_table"}, STATE: {"describe_table"}},
    "stream_worker/drivers/kcl/leases.py": {LEASES: {"describe_table", "get_item", "scan"}},
}
"""By module: what is called of which table."""


def calls(module: Path) -> Iterator[tuple[str, bool]]:
    """Each operation, and each action of a transaction; whether it is the index's."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=str(operation)), *_], keywords=more):
                if name in ASKING and operation != "transact_write_items":
                    yield operation, any(one.arg == "IndexName" for one in more)
            case ast.Dict(keys=keys):
                yield from (
                    (key.value, False) for key in keys if isinstance(key, ast.Constant) and key.value in ACTIONS
                )


def test_the_worker_calls_what_the_table_says_and_nothing_else() -> None:
    """Of the modules of its process; no other asks for anything."""
    worker = [path for path in (ROOT / "stream_worker").rglob("*.py") if not _is_peoples(path)]
    found = {_name(path): set(calls(path)) for path in (*worker, ROOT / "shared/conversations.py")}
    assert {name: some for name, some in found.items() if some} == {
        name: {(operation, table == INDEX) for table, some in tables.items() for operation in some}
        for name, tables in CALLS.items()
    }


@pytest.mark.parametrize("module", CALLS)
def test_its_role_allows_each_of_them(module: str) -> None:
    """By a statement of that very table."""
    policies = read("ecs.yaml")["Resources"]["WorkerTaskRole"]["Properties"]["Policies"]
    documents = [policy.get("Fn::If", [None, policy])[1]["PolicyDocument"] for policy in policies]
    statements = [one for document in documents for one in document["Statement"]]
    for table, operations in CALLS[module].items():
        allowed = [one["Action"] for one in statements if table in map(_table, _listed(one["Resource"]))]
        assert set(map(_action, operations)) <= {action for some in allowed for action in _listed(some)}


def _is_peoples(path: Path) -> bool:
    return path.relative_to(ROOT / "stream_worker").as_posix().startswith(PEOPLES)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _action(operation: str) -> str:
    name = f"{operation}Item" if operation in ACTIONS else operation.title().replace("_", "")
    return f"dynamodb:{name}"


def _table(resource: dict[str, str]) -> str:
    return resource["Fn::Sub"].rpartition(":table")[2]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
