"""Numbers for Prometheus: requests by route and status, and what was not there when it was needed."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "chat_app_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "chat_app_request_seconds",
            "Time until the answer was complete.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._unavailable = Counter(
            "chat_app_unavailable",
            "Requests that met something that did not answer.",
            ["error"],
            registry=self.registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, so that there are few of them."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def unavailable(self, error: str) -> None:
        """Count what was missing."""
        self._unavailable.labels(error).inc()

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self.registry)
