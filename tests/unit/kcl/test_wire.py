"""The pipes of the protocol: nothing but the protocol is in them, and their end is seen."""

import io
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from stream_worker.drivers.kcl.wire import DaemonGone, Wire

NOISY = """
import os, subprocess, sys
from stream_worker.drivers.kcl import wire
assert not {name for name in sys.modules if name.startswith(("shared", "boto3"))}, "imported too early"
pipes = wire.take()
print("stray")
sys.stdout.write("stray\\n")
os.write(1, b"stray")
subprocess.run([sys.executable, "-c", "print('stray'); import sys; assert sys.stdin.read() == ''"], check=True)
assert sys.stdin.read() == "", "the protocol's lines are not for others"
line = pipes.readline()
pipes.write("\\nhello " + line)
pipes.flush()
assert (pipes.readline(), pipes.is_over) == ("", True)
os._exit(0)  # as a child ends: nothing that was printed waits in a buffer
"""


def test_whatever_is_printed_is_no_line_of_the_protocol() -> None:
    """By Python, by C, by a program that somebody starts; nor does anybody read the protocol's lines."""
    command, plain = [sys.executable, "-c", NOISY], {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, input="wörld\n", capture_output=True, text=True, env=plain, check=False)
    assert (done.stdout, done.returncode) == ("\nhello wörld\n", 0), done.stderr
    assert done.stderr.count("stray") == 4


@pytest.mark.parametrize(
    ("text", "lines"), [("", []), ("a\n", ["a\n"]), ("a\nb", ["a\n"]), ("a\r\x85b\n", ["a\r\x85b\n"])]
)
def test_half_a_line_is_none(text: str, lines: list[str]) -> None:
    """Its writer died; and a line ends at a line feed alone."""
    wire = Wire(io.StringIO(text, newline="\n"), io.StringIO())
    read = [wire.readline() for _ in range(len(lines) + 1)]
    assert (read, wire.is_over) == ([*lines, ""], True)


class Gone:
    """A pipe whose other end was reset."""

    def readline(self) -> str:
        raise ConnectionResetError


def test_a_pipe_that_cannot_be_read_is_at_its_end() -> None:
    """Whatever the reason."""
    wire = Wire(Gone(), io.StringIO())
    assert (wire.readline(), wire.is_over) == ("", True)


class Broken(io.StringIO):
    """A pipe that nobody reads, or that we closed."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def write(self, _text: str) -> int:
        raise self._error

    def flush(self) -> None:
        raise self._error


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("closed")], ids=repr)
@pytest.mark.parametrize("how", [lambda wire: wire.write("x"), lambda wire: wire.flush()], ids=["write", "flush"])
def test_nobody_who_reads_is_a_daemon_that_is_gone(how: Callable[[Wire], object], error: Exception) -> None:
    """Whether the pipe is broken or closed."""
    wire = Wire(io.StringIO(), Broken(error))
    with pytest.raises(DaemonGone):
        how(wire)
    assert wire.is_over
