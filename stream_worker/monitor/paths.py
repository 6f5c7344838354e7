"""What the port of a worker answers: /healthz, /readyz, /metrics, /status, and a page that shows them live at /."""

import json
from collections.abc import Callable, Mapping
from importlib.resources import files

from prometheus_client import CONTENT_TYPE_LATEST

from shared.port import Answer, Routes, verdict
from stream_worker.monitor.metrics import Metrics
from stream_worker.monitor.status import Vitals


def routes(vitals: Vitals, metrics: Metrics, status: Callable[[], Mapping[str, object]]) -> Routes:
    """What can be asked; `status` is everything that is told at /status."""
    return {
        "/": lambda: _file("page.html", "text/html; charset=utf-8"),
        "/page.css": lambda: _file("page.css", "text/css; charset=utf-8"),
        "/page.js": lambda: _file("page.js", "text/javascript; charset=utf-8"),
        "/healthz": lambda: verdict(is_well=vitals.signs().is_alive),
        "/readyz": lambda: verdict(is_well=vitals.signs().is_ready),
        "/metrics": lambda: Answer(metrics.text(), CONTENT_TYPE_LATEST),
        "/status": lambda: Answer(json.dumps(status(), default=str).encode()),
    }


def _file(name: str, kind: str) -> Answer:
    return Answer((files("stream_worker.monitor") / "page" / name).read_bytes(), kind)
