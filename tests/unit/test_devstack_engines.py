"""The second engine's needs: Java, Maven, and jars that are fetched once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devstack import jars
from devstack.dynamodb_local import DynamoDBLocal
from devstack.engines import PROGRAMS, EngineName
from shared.errors import EngineFailed, EngineMissing

Install = Callable[..., None]

MAVEN = """
for word in "$@"; do case $word in -DoutputDirectory=*) folder=${word#*=} ;; esac; done
mkdir "$folder"; touch "$folder/one.jar"; echo fetched >> "$HOME/calls"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """A machine where nothing is installed but what the test puts there, with an empty cache folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in ("mkdir", "touch"):
        (programs / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def install(name: str, script: str = "") -> None:
        (programs / name).write_text(f"#!/bin/sh\n{script}")
        (programs / name).chmod(0o755)

    return install


@pytest.mark.usefixtures("install")
def test_without_java_the_sentence_says_what_to_install() -> None:
    """Nobody has to guess from a trace."""
    with pytest.raises(EngineMissing, match=r"needs `java`: install Java 17 or newer"):
        DynamoDBLocal().prepare()


def test_without_maven_the_sentence_says_what_to_install(install: Install) -> None:
    """It is asked for only when the jars are not there yet."""
    install("java")
    with pytest.raises(EngineMissing, match=r"needs `mvn`: install Maven"):
        DynamoDBLocal().prepare()


def test_the_jars_are_fetched_once(install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into the user's cache folder, with a line that says why it takes a while."""
    install("java")
    install("mvn", MAVEN)
    for _ in range(2):
        DynamoDBLocal().prepare()
    assert (tmp_path / "calls").read_text().count("fetched") == 1
    assert capsys.readouterr().err.count("Fetching DynamoDB Local with Maven") == 1
    assert [jar.name for jar in jars.library().iterdir()] == ["one.jar"]
    assert jars.library().is_relative_to(tmp_path / "cache")


def test_a_fetch_that_fails_is_quoted_and_leaves_nothing(install: Install, tmp_path: Path) -> None:
    """Half a folder of jars would look like a whole one at the next start."""
    install("java")
    install("mvn", MAVEN + "echo '[ERROR] no route to host'; exit 1")
    with pytest.raises(EngineFailed, match=r"status 1.*no route to host"):
        DynamoDBLocal().prepare()
    assert [file.name for file in (tmp_path / "cache" / "pattern-e").iterdir()] == ["lock"]


def test_a_cache_folder_that_cannot_be_made_is_one_sentence(install: Install, tmp_path: Path) -> None:
    """A file may stand in its place."""
    install("java")
    install("mvn", MAVEN)
    (tmp_path / "cache").touch()
    with pytest.raises(EngineMissing, match=f"cannot be kept in {tmp_path / 'cache'}"):
        DynamoDBLocal().prepare()


def test_its_command_keeps_data_and_sends_no_telemetry(install: Install, tmp_path: Path) -> None:
    """What is stored stays in the folder; every key and region sees the same tables."""
    install("java")
    install("mvn", MAVEN)
    command = " ".join(DynamoDBLocal().command(4711, tmp_path))
    assert f"-dbPath {tmp_path} -sharedDb -disableTelemetry -port 4711" in command


def test_every_name_has_its_program() -> None:
    """`--engine NAME` starts what is called so."""
    assert {name: program.name for name, program in PROGRAMS.items()} == {name: str(name) for name in EngineName}
