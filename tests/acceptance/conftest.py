"""A stack of real processes for each test; with `--role`, each as whom the template says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.engine import Engine
from shared.settings import Settings
from tests.acceptance.stack import Stack
from tests.deploy.cast import Cast, cast_for
from tests.deploy.ledger import Ledger
from tests.deploy.stacks import Cloud
from tests.places import settings_of


@pytest.fixture(scope="session")
def cloud(engine: Engine, pytestconfig: pytest.Config) -> Iterator[Cloud | None]:
    """Where stacks are made, with `--role`."""
    if not pytestconfig.getoption("role"):
        yield None
        return
    cloud = Cloud(settings_of(engine))
    yield cloud
    cloud.close()


@pytest.fixture
def cast(cloud: Cloud | None, settings: Settings) -> Iterator[Cast | None]:
    """The identities of the template, with `--role`; what any of them was denied fails the test."""
    if cloud is None:
        yield None
        return
    assert settings.endpoint
    with Ledger(settings.endpoint) as ledger:
        cast = cast_for(cloud, ledger, settings)
        yield cast
        cast.worker.assert_nothing_was_denied()
        cast.people.assert_nothing_was_denied()


@pytest.fixture
def stack(settings: Settings, tmp_path: Path, cast: Cast | None) -> Iterator[Stack]:
    """Both tables made by `producer schema-load`; whatever a test starts is gone after it."""
    stack = Stack(settings, tmp_path, cast.acting if cast else None)
    try:
        stack.do("producer", "schema-load")
        yield stack
    finally:
        stack.close()
