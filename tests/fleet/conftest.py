"""DynamoDB Local, on which KCL is proved; the jar; and a fleet for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from shared.errors import EngineMissing, KclMissing
from shared.settings import Settings
from stream_worker.drivers.kcl.jar import daemon_jar, installed
from tests.acceptance.stack import Stack
from tests.fakes.kcl import needs_kclpy
from tests.fleet.hosts import Fleet
from tests.lacking import lacking
from tests.places import settings_of


@pytest.fixture(scope="session")
def jar() -> Path:
    """The daemon's; what is missing for it is a reason to skip on somebody's machine, and a failure in CI."""
    needs_kclpy()
    try:
        installed("java", "Java 17")
        PROGRAMS[EngineName.DYNAMODB_LOCAL].prepare()
        return daemon_jar(Settings(), print)
    except (KclMissing, EngineMissing) as missing:
        lacking(str(missing))


@pytest.fixture(scope="session")
def local(jar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all of them."""
    assert jar.is_file()
    with Engine(tmp_path_factory.mktemp("fleet"), program=PROGRAMS[EngineName.DYNAMODB_LOCAL]) as engine:
        yield engine


@pytest.fixture
def fleet(local: Engine, jar: Path, tmp_path: Path) -> Iterator[Fleet]:
    """Both tables, and no host yet."""
    yield from fleet_on(settings_of(local), jar, tmp_path)


def fleet_on(settings: Settings, jar: Path, folder: Path) -> Iterator[Fleet]:
    """A fleet whose processes are gone when the test is over."""
    stack = Stack(settings, folder)
    fleet = Fleet(stack, folder, jar)
    try:
        stack.do("producer", "schema-load")
        yield fleet
    finally:
        fleet.close()
        stack.close()
