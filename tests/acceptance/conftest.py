"""A stack of real processes for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.acceptance.stack import Stack


@pytest.fixture
def stack(settings: Settings, tmp_path: Path) -> Iterator[Stack]:
    """Both tables made by `producer schema-load`; whatever a test starts is gone after it."""
    stack = Stack(settings, tmp_path)
    try:
        stack.do("producer", "schema-load")
        yield stack
    finally:
        stack.close()
