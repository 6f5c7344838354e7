"""The daemon's jar: named, found, or built; what is missing is a sentence."""

from pathlib import Path

import pytest

from shared.errors import KclMissing
from shared.settings import Settings
from stream_worker.drivers.kcl import jar
from stream_worker.drivers.kcl.jar import daemon_jar

MAVEN = """\
#!/bin/sh
[ -f pom.xml ] && mkdir -p target && cp "$0" target/streams-daemon.jar
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on its PATH but `bin`, a cache folder, and sources of the daemon."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()
    maven = tmp_path / "bin" / "mvn"
    monkeypatch.setattr("shutil.which", lambda _: str(maven) if maven.exists() else None)
    monkeypatch.setattr(jar, "SOURCES", tmp_path / "daemon")
    (tmp_path / "daemon" / "src" / "main").mkdir(parents=True)
    (tmp_path / "daemon" / "pom.xml").write_text("<project/>")
    return tmp_path


def install(machine: Path, script: str) -> None:
    program = machine / "bin" / "mvn"
    program.write_text(script)
    program.chmod(0o755)


def test_it_is_built_once(machine: Path) -> None:
    """The second time nobody is told anything."""
    install(machine, MAVEN)
    told: list[str] = []
    first, second = (daemon_jar(Settings(), told.append) for _ in range(2))
    assert (first, first.is_file(), len(told)) == (second, True, 1)


def test_other_sources_are_another_jar(machine: Path) -> None:
    """After an update the old one is not run."""
    install(machine, MAVEN)
    before = daemon_jar(Settings(), str)
    (machine / "daemon" / "src" / "main" / "New.java").write_text("class New {}")
    assert daemon_jar(Settings(), str) != before


def test_one_that_was_built_elsewhere_is_named(machine: Path) -> None:
    """As in our image; nothing is built then."""
    (machine / "ours.jar").touch()
    assert daemon_jar(Settings(kcl_jar=machine / "ours.jar"), str) == machine / "ours.jar"


def test_a_name_of_no_file_is_a_sentence(machine: Path) -> None:
    """It names the variable."""
    with pytest.raises(KclMissing, match="WORKER_KCL_JAR names"):
        daemon_jar(Settings(kcl_jar=machine / "none.jar"), str)


def test_without_maven_it_says_what_to_install(machine: Path) -> None:
    """And nothing is left in the cache that would look like a jar."""
    with pytest.raises(KclMissing, match="needs `mvn`: install Maven"):
        daemon_jar(Settings(), str)
    assert not list((machine / "cache").rglob("*.jar"))


def test_a_build_that_fails_says_what_maven_said(machine: Path) -> None:
    """The first lines of it."""
    install(machine, "#!/bin/sh\necho '[ERROR] no such plugin'\nexit 1\n")
    with pytest.raises(KclMissing, match=r"status 1.*no such plugin"):
        daemon_jar(Settings(), str)


def test_a_cache_that_cannot_be_written_is_a_sentence(machine: Path) -> None:
    """It says where."""
    install(machine, MAVEN)
    (machine / "cache").touch()
    with pytest.raises(KclMissing, match="cannot be kept in"):
        daemon_jar(Settings(), str)
