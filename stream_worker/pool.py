"""A bounded pool of threads behind `contract.RunAll`."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


class Pool:
    """Runs jobs on at most `threads` threads; a single job runs where it is.

    Args:
        threads: how many.
        name: theirs.
        after_each: called when a job is over, however it ended: many may take long, and whoever looks on sees that
            they go on.
    """

    def __init__(self, threads: int, name: str, after_each: Callable[[], object] = lambda: None) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._after_each = after_each

    def __call__(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """See `contract.RunAll`."""
        if len(jobs) == 1:
            return [self._done(jobs[0])]
        futures = [self._executor.submit(self._done, job) for job in jobs]
        wait(futures)
        return [future.result() for future in futures]

    def _done(self, job: Callable[[], T]) -> T:
        try:
            return job()
        finally:
            self._after_each()
