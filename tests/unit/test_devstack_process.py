"""A process is known by more than its number."""

import os
import subprocess
import sys

from devstack import process
from devstack.process import wait_until


def test_both_ways_to_tell_a_process_know_the_same_ones() -> None:
    """Linux is asked by /proc, every other system by ps."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ways = [way for way in (process.started_by_proc, process.started_by_ps) if way(os.getpid())]
    assert ways
    assert all(way(child.pid) == way(child.pid) is not None for way in ways)
    child.kill()
    assert wait_until(lambda: all(way(child.pid) is None for way in ways), 5), "a zombie is not alive"
    child.communicate()
