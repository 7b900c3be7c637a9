"""The pool in numbers, for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from synthetic1.pool.orchestrator.service import PoolService

CONTENT_TYPE = CONTENT_TYPE_LATEST


class PoolNumbers(Collector):
    """Sums over all nodes, as they are when asked for. No keys of nodes: their number is not bounded."""

    def __init__(self, service: PoolService) -> None:
        self._service = service
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        service = self._service
        counts: Counter[str] = Counter()
        for record in service.members:
            counts.update(record.counts)
        standings = Counter(record.member.standing for record in service.members)
        nodes = GaugeMetricFamily("synthetic1_pool_nodes", "Nodes that have joined.", labels=["standing"])
        for standing in ("new", "active", "quarantined"):
            nodes.add_metric([standing], standings[standing])
        yield nodes
        yield GaugeMetricFamily("synthetic1_pool_leases", "Tasks that are lent out.", value=len(service.lending))
        yield GaugeMetricFamily("synthetic1_pool_pending", "Completions to be settled.", value=counts["pending"])
        settled = CounterMetricFamily("synthetic1_pool_completions", "Completions settled.", labels=["state"])
        for state in ("accepted", "rejected", "crashed"):
            settled.add_metric([state], counts[state])
        yield settled
        yield CounterMetricFamily("synthetic1_pool_verified", "Accepted and verified.", value=counts["verified"])
        yield CounterMetricFamily("synthetic1_pool_recomputed", "Recomputed.", value=counts["recomputed"])
        events = CounterMetricFamily("synthetic1_pool_tasks", "Tasks, since the start.", labels=["event"])
        for event in ("leased", "lapsed", "submitted", "refused"):
            events.add_metric([event], service.events[event])
        yield events
