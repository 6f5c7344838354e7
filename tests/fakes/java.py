"""A `java` that is a small Python program: it plays KCL's daemon for a supervisor, as its script says.

The script is Python, run with `properties` (a dict), `say` (a line on stderr), `child` (starts a process in the group
that only SIGKILL ends) and `until_told` (waits for SIGTERM, or for the end of stdin).
"""

import sys
from pathlib import Path
from textwrap import dedent

PROGRAM = """\
#!{python}
import json, os, signal, subprocess, sys

def say(**line):
    print(json.dumps(line), file=sys.stderr, flush=True)

def child():
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); signal.pause()"
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process.pid

def until_told():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say(event="listens", level="info")
    sys.stdin.read()

properties = dict(line.strip().split(" = ", 1) for line in open(sys.argv[-1]))
runs = {runs!r}
with open(runs, "a") as diary:
    diary.write(json.dumps(properties) + "\\n")
run = sum(1 for _ in open(runs))
{script}
"""


def fake_java(folder: Path, script: str) -> Path:
    """The program; it leaves the properties of each of its runs in `folder`/runs."""
    java = folder / "java"
    text = PROGRAM.replace("{python}", sys.executable).replace("{runs!r}", repr(str(folder / "runs")))
    java.write_text(text.replace("{script}", dedent(script)))
    java.chmod(0o755)
    return java
