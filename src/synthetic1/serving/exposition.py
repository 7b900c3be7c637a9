"""What Prometheus reads at ``/metrics``: requests, verdicts, time, and how full the server is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from synthetic1.rewards.registry import canonical_task_type
from synthetic1.serving.admission import Admission

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Exposition:
    """The server's metrics. A registry of its own: several servers in a process, as in tests, do not meet.

    Args:
        routes: the paths that there are. Others, and unknown task types, count as ``other``: what clients make up must
            not become a time series each.
        task_types: those there are.
    """

    def __init__(self, routes: Iterable[str], task_types: Iterable[str], admission: Admission) -> None:
        self._registry = registry = CollectorRegistry()
        self._routes, self._task_types = frozenset(routes), frozenset(task_types)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self._requests = Counter("synthetic1_requests", "Requests answered.", ("endpoint", "status"), registry=registry)
        self._seconds = Histogram(
            "synthetic1_request_seconds",
            "From a request's head to its response.",
            ("endpoint",),
            registry=registry,
            buckets=SECONDS,
        )
        self._verdicts = Counter("synthetic1_verdicts", "Verdicts given.", ("task_type", "reason"), registry=registry)
        gone = "Requests whose client went away before the response; their work was cancelled."
        self.gone = Counter("synthetic1_clients_gone", gone, registry=registry)
        in_flight = Gauge("synthetic1_requests_in_flight", "Requests being scored.", registry=registry)
        in_flight.set_function(lambda: admission.at_work)
        queued = Gauge("synthetic1_requests_queued", "Requests that wait for their turn.", registry=registry)
        queued.set_function(lambda: admission.waiting)
        self._request_of = lru_cache(512)(lambda path, status: self._requests.labels(path, str(status)))
        self._second_of = lru_cache(64)(lambda path: self._seconds.labels(path))
        self._verdict_of = lru_cache(512)(lambda task_type, reason: self._verdicts.labels(task_type, reason))

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a response."""
        path = path if path in self._routes else "other"
        self._request_of(path, status).inc()
        self._second_of(path).observe(seconds)

    def decided(self, task_type: str, reason: str) -> None:
        """Count a verdict, under the task type's own name if it came under an alias."""
        task_type = canonical_task_type(task_type)
        self._verdict_of(task_type if task_type in self._task_types else "other", reason).inc()

    def text(self) -> bytes:
        """What is served."""
        return generate_latest(self._registry)
