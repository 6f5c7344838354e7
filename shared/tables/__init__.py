"""The definitions of both tables, as the parameters of CreateTable: the one source for commands, hooks and tests."""

import json
from importlib.resources import files
from typing import Any

MESSAGES = "messages"
WORKER_STATE = "worker_state"


def definition(kind: str, table_name: str) -> dict[str, Any]:
    """The CreateTable parameters of `kind` (MESSAGES or WORKER_STATE), under the name `table_name`."""
    text = files(__name__).joinpath(f"{kind}.json").read_text(encoding="utf-8")
    return {**json.loads(text), "TableName": table_name}
