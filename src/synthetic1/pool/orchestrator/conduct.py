"""Whether a node's record can be that of an honest one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import exp, fsum, lgamma, log, log1p

from synthetic1.pool.proving.likelihood import SamplingEvidence

SAMPLING_TOKENS = 300
"""Of a node, before it is said how it samples."""
SAMPLING_Z = 6.0
SAMPLING_NATS = 0.02
"""A token: machines differ by less, and over millions of tokens even that is many standard deviations."""


def at_least(hits: int, of: int, chance: float) -> float:
    """The probability of so many hits or more among ``of``, each with this chance."""
    if hits <= 0:
        return 1.0
    logs = [
        lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1) + k * log(chance) + (of - k) * log1p(-chance)
        for k in range(hits, of + 1)
    ]
    return min(1.0, fsum(exp(one) for one in logs))


class Conduct:
    """A node's last completions that were recomputed or looked through: which were rejected.

    Args:
        window: how many count.
        honest: the share of an honest node's that is rejected.
        certain: a record as improbable as this is no honest node's.
    """

    def __init__(self, window: int, honest: float, certain: float) -> None:
        self._seen: deque[bool] = deque(maxlen=window)
        self._honest, self._certain = honest, certain
        self.sampling = SamplingEvidence()
        self.better = self.worse = 0
        """Repeated tasks that it alone solved, and that the other node alone solved."""

    def note_sampling(self, evidence: SamplingEvidence) -> None:
        """How the tokens of one more completion were chosen."""
        self.sampling += evidence

    def note(self, rejected: Iterable[bool]) -> None:
        self._seen.extend(rejected)

    @property
    def rejected(self) -> int:
        return sum(self._seen)

    @property
    def is_dishonest(self) -> str | None:
        """Why it cannot be an honest node's, in one line; ``None``: it can."""
        rejected, seen = self.rejected, len(self._seen)
        if at_least(rejected, seen, self._honest) < self._certain:
            return f"{rejected} of its last {seen} completions that were looked at were rejected"
        s = self.sampling
        if s.tokens >= SAMPLING_TOKENS and abs(s.z) > SAMPLING_Z and abs(s.surplus) > SAMPLING_NATS * s.tokens:
            how = "more" if s.surplus > 0 else "less"
            return f"its {s.tokens} tokens surprise {how} than tokens sampled as they have to be (z = {s.z:.0f})"
        return None

    @property
    def is_doubtful(self) -> bool:
        """It solves far less than others did of the same tasks, who may be the ones that cheat: all of its completions
        are recomputed."""
        return self.worse > self.better and at_least(self.worse, self.worse + self.better, 0.5) < self._certain
