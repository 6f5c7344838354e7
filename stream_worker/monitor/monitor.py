"""Everything that looks on, put together: it hears the log, counts the calls, and asks the driver."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from shared.dynamo import Clients
from shared.logging import NUMBERS, Log, logger
from shared.port import Port
from shared.settings import Settings
from stream_worker.monitor.calls import CallEars, counted
from stream_worker.monitor.ears import HeardLog
from stream_worker.monitor.emf import EVERY_S, Emf
from stream_worker.monitor.hood import Hood
from stream_worker.monitor.metrics import Metrics
from stream_worker.monitor.paths import routes
from stream_worker.monitor.recent import Recent
from stream_worker.monitor.status import Vitals
from stream_worker.views import DriverView


class Monitor:
    """What one process shows of itself; nothing of the work waits for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._recent = Recent(time.monotonic)
        self._hood = Hood(time.monotonic)

    def heard(self, log: Log) -> Log:
        """The same log, listened to."""
        return HeardLog(log, (self._metrics, self._recent, self._hood))

    def counted(self, clients: Clients) -> Clients:
        """The same clients, counted."""
        return counted(clients, CallEars((self._metrics, self._hood)))

    @contextmanager
    def shown(self, view: Callable[[], DriverView], log: Log) -> Iterator[None]:
        """Answer questions about the process meanwhile, as far as the settings ask for it.

        Raises:
            PortTaken: the port cannot be listened on.
        """
        vitals = Vitals(view, lambda: datetime.now(UTC), time.monotonic)
        self._metrics.watch(vitals)
        with self._answering(vitals, log), self._writing():
            yield

    @contextmanager
    def _answering(self, vitals: Vitals, log: Log) -> Iterator[None]:
        settings = self._settings
        if settings.http_port is None:
            yield
            return
        who = {"consumer": settings.worker_name, "table": settings.message_table}
        answers = routes(vitals, self._metrics, lambda: {**who, **vitals.status(), **self._lately()})
        with Port(settings.http_host, settings.http_port, answers) as port:
            log.info("monitor_listens", host=settings.http_host, port=port.number)
            yield

    def _lately(self) -> dict[str, Any]:
        return {**self._recent.status(), "hood": self._hood.status()}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A line of metrics a minute, and a last one at the end."""
        if self._settings.metrics != "emf":
            yield
            return
        over, emf, log = Event(), Emf(self._metrics.registry, self._settings.worker_name), logger(NUMBERS)

        def write() -> None:
            while not over.wait(EVERY_S):
                log.info("metrics", **emf.line())
            log.info("metrics", **emf.line())

        writer = Thread(target=write, name="emf", daemon=True)
        writer.start()
        try:
            yield
        finally:
            over.set()
            writer.join()
