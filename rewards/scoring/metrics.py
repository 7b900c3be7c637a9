"""What a scorer did and how long it took. Timings live here and never in a verdict."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

RECENT = 10_000  # how many of the last durations the quantiles are taken over


@dataclass(frozen=True, slots=True)
class Duration:
    """Quantiles of recent durations, in seconds."""

    p50: float = 0.0
    p99: float = 0.0


@dataclass(frozen=True, slots=True)
class Metrics:
    """A snapshot of a scorer's counters since it was made (in this process)."""

    pairs: int = 0
    """Every pair handed in; the sum of ``reasons``."""
    verified: int = 0
    """Pairs a verifier was called for."""
    deduped: int = 0
    """Pairs that took the verdict of an identical pair in their batch."""
    no_answer: int = 0
    """Pairs whose completion had no answer, so that no verifier was called."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    queue: Duration = Duration()
    """From hand-in to the start of work."""
    work: Duration = Duration()
    """From the start of work to the verdict."""

    @property
    def unscorable_share(self) -> float:
        """The share of pairs that got no score, in [0, 1]."""
        lost = sum(count for reason, count in self.reasons.items() if reason.startswith("unscorable_"))
        return lost / self.pairs if self.pairs else 0.0


class Recorder:
    """Collects batches from any thread; one lock a batch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verified = self._deduped = self._no_answer = 0
        self._reasons: Counter[str] = Counter()
        self._queue: deque[float] = deque(maxlen=RECENT)
        self._work: deque[float] = deque(maxlen=RECENT)

    def add(
        self,
        *,
        verified: int,
        deduped: int,
        no_answer: int,
        reasons: Iterable[str],
        queue_s: Iterable[float],
        work_s: Iterable[float],
    ) -> None:
        with self._lock:
            self._verified += verified
            self._deduped += deduped
            self._no_answer += no_answer
            self._reasons.update(reasons)
            self._queue.extend(queue_s)
            self._work.extend(work_s)

    def snapshot(self) -> Metrics:
        with self._lock:
            return Metrics(
                pairs=self._reasons.total(),
                verified=self._verified,
                deduped=self._deduped,
                no_answer=self._no_answer,
                reasons=dict(self._reasons),
                queue=_duration(self._queue),
                work=_duration(self._work),
            )


def _duration(seconds: Iterable[float]) -> Duration:
    ordered = sorted(seconds)
    if not ordered:
        return Duration()
    return Duration(ordered[len(ordered) // 2], ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)])
