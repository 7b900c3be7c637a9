"""The account of a client: what was asked, what came back, what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from synthetic1.inference.server import Price


@dataclass(frozen=True)
class Usage:
    """A snapshot. Every request is answered, failed or in flight: ``requests = completed + Σ errors + in_flight``."""

    requests: int
    """Sent over the wire, repetitions included."""
    completed: int
    """Requests that brought an answer."""
    failed: int
    """Calls that were given up."""
    retried: int
    """Requests that repeated one that failed."""
    cached: int
    """Answers that cost no request."""
    prompt_tokens: int
    completion_tokens: int
    """As the server counted them, over all completed requests."""
    cost: float | None
    """By the price in the settings; ``None`` without one."""
    usage_unknown: int
    """Requests that the server may have charged and whose count is not known: lost answers, and answers without one."""
    in_flight: int
    window: int
    """How many may be in flight now."""
    errors: Mapping[str, int]
    """Requests that failed, by kind (``errors.KINDS``, and ``cancelled`` by the caller)."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def after(self, earlier: Usage, price: Price | None) -> Usage:
        """The account of work that an earlier process began: both together. What that one had in flight at its end is
        lost.

        Args:
            price: of the tokens of the earlier process, where it did not know one.
        """
        counts = {name: getattr(self, name) + getattr(earlier, name) for name in _COUNTS}
        counts["usage_unknown"] += earlier.in_flight
        cost, before = self.cost, earlier.cost
        if before is None and price is not None:
            before = price.cost(earlier.prompt_tokens, earlier.completion_tokens)
        if cost is None and not self.requests:
            cost = 0.0 if before is not None else None  # nothing was asked without a price
        errors = Counter(self.errors) + Counter(earlier.errors) + Counter(cancelled=earlier.in_flight)
        both = None if cost is None or before is None else cost + before
        return replace(self, **counts, cost=both, errors=dict(errors))


_COUNTS = (
    "requests",
    "completed",
    "failed",
    "retried",
    "cached",
    "prompt_tokens",
    "completion_tokens",
    "usage_unknown",
)


class Account:
    """Counts while requests run."""

    def __init__(self, price: Price | None) -> None:
        self._price = price
        self.requests = self.completed = self.failed = self.retried = self.cached = 0
        self.prompt_tokens = self.completion_tokens = self.usage_unknown = 0
        self.errors: Counter[str] = Counter()

    def answered(self, usage: Mapping[str, Any] | None) -> None:
        self.completed += 1
        if usage is None:
            self.usage_unknown += 1
        else:
            self.prompt_tokens += usage["prompt_tokens"]
            self.completion_tokens += usage["completion_tokens"]

    def erred(self, kind: str, *, usage_unknown: bool) -> None:
        self.errors[kind] += 1
        self.usage_unknown += usage_unknown

    def snapshot(self, window: int) -> Usage:
        price = self._price
        return Usage(
            requests=self.requests,
            completed=self.completed,
            failed=self.failed,
            retried=self.retried,
            cached=self.cached,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost=None if price is None else price.cost(self.prompt_tokens, self.completion_tokens),
            usage_unknown=self.usage_unknown,
            in_flight=self.requests - self.completed - self.errors.total(),
            window=window,
            errors=dict(self.errors),
        )
