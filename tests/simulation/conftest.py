"""What failed once is tried first."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The corpus stands before everything else, however the rest is shuffled."""
    items.sort(key=lambda item: "test_corpus" not in item.nodeid)
