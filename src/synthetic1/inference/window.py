"""The adaptive window: how many requests one server gets at once.

Additive increase, multiplicative decrease: half after a sign of congestion, and a little more after every answer as
long as answers come no slower. It begins at the ceiling: the number a person gave is the best first guess, and slots
that are never used are what costs most. So most of what was cut is regained at once, as in CUBIC: where
an answer takes minutes, a window that grows by a sixteenth a round would be too small for an hour after one sign.
"""

from __future__ import annotations

BACK_OFF = 0.5
REGAINED = 0.9  # of what it was before a cut: so far the window doubles with every round
ROUNDS_UP = 16  # from nothing to the ceiling, in windows full of answers
SMOOTHING = 1 / 32
FEW = 8  # answers, which say too little of a pace to hold the next ones to it
SLOWER = 2.0  # times the pace that was, and the window grows no further
FORGET = 1.002  # an answer; what was a good pace an hour ago may be out of reach now


class Window:
    """The limit of one server. Pure bookkeeping: times are seconds of any one clock."""

    def __init__(self, ceiling: int) -> None:
        self.in_flight = 0
        self._ceiling = ceiling
        self._size = float(ceiling)
        self._cut_at = float("-inf")
        self._regain = 0.0
        self._seen = 0  # answers since the last cut
        self._pace = 0.0  # seconds a token, smoothed over these
        self._best = 0.0

    @property
    def size(self) -> int:
        """At least 1: where nothing is asked, nothing is learnt."""
        return max(1, int(self._size))

    @property
    def room(self) -> int:
        return self.size - self.in_flight

    def set_ceiling(self, ceiling: int) -> None:
        """More or fewer replicas share the same number; one at its ceiling goes with it."""
        at_ceiling = self._size >= self._ceiling
        self._ceiling = ceiling
        self._size = float(ceiling) if at_ceiling else min(self._size, ceiling)

    def answered(self, seconds: float, tokens: int) -> None:
        """An answer of ``tokens`` came ``seconds`` after it was asked for."""
        # By token: long answers are not a sign of a slow server.
        pace = seconds / (tokens + 16)
        self._seen += 1
        self._pace += max(SMOOTHING, 1 / self._seen) * (pace - self._pace)
        self._best = self._pace if self._seen <= FEW else min(self._best * FORGET, self._pace)
        if self._size < self._ceiling and self._pace <= SLOWER * self._best:
            step = min(max(1.0, self._ceiling / ROUNDS_UP), self._size)  # at most twice as many a round
            if self._size < self._regain:
                step = self._size
            self._size = min(float(self._ceiling), self._size + step / self._size)

    def congested(self, asked_at: float, now: float) -> None:
        """A request that was asked for at ``asked_at`` met congestion.

        All that were in flight when the window was cut tell of the same congestion: they cut it no further.
        """
        if asked_at > self._cut_at:
            self._cut_at = now
            self._seen = 0  # what was a good pace before may never be met again: it is learnt anew
            used = min(self._size, max(self.in_flight, 1))
            self._regain = REGAINED * used
            self._size = max(1.0, used * BACK_OFF)
