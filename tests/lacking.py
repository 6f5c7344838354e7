"""What a machine lacks: a reason to skip on somebody's own, and a failure in CI."""

import os
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Skip the test with this sentence; where CI is set, fail it."""
    in_ci = bool(os.environ.get("CI"))  # noqa: TID251 - CI is no setting of ours
    (pytest.fail if in_ci else pytest.skip)(what)
