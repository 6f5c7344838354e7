"""What a process has used so far, as Linux tells it; elsewhere not a number."""

import os
from pathlib import Path


def most_memory_mb(pid: int) -> float:
    """The most it ever had, resident."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1024


def cpu_s(pid: int) -> float:
    """Seconds of one core, its own and the system's for it."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
