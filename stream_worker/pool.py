"""A bounded pool of threads behind `contract.RunAll`."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


class Pool:
    """Runs jobs on at most `threads` threads; a single job runs where it is."""

    def __init__(self, threads: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    def __call__(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """See `contract.RunAll`."""
        if len(jobs) == 1:
            return [jobs[0]()]
        futures = [self._executor.submit(job) for job in jobs]
        wait(futures)
        return [future.result() for future in futures]
