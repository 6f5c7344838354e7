"""Numbers for Prometheus: requests by route and status, and what was not there when it was needed."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """All metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        requests, seconds = "Requests answered.", "Time until the answer was complete."
        missing = "Requests that met something that did not answer."
        self._requests = self._counter("requests", requests, "method", "route", "status")
        self._seconds = self._histogram("request_seconds", seconds, "method", "route")
        self._unavailable = self._counter("unavailable", missing, "error")
        self._looks = self._counter("looks", "Looks at the lists of users with open streams.", "kind")
        self.streams = Gauge("chat_app_streams", "Streams of events that are open.", registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, so that there are few of them."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def unavailable(self, error: str) -> None:
        """Count what was missing."""
        self._unavailable.labels(error).inc()

    def looked(self, kind: str) -> None:
        """Count a look: the `same` as before, or the `whole` page."""
        self._looks.labels(kind).inc()

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"chat_app_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, *labels: str) -> Histogram:
        return Histogram(f"chat_app_{name}", what, labels, buckets=_BUCKETS, registry=self.registry)
