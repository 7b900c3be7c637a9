"""The ledger: what judgements have cost in this process, whichever clients and event loops asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synthetic1.rewards.judging.judge import accounts
from synthetic1.rewards.judging.judged_verifier import asked_judge
from synthetic1.rewards.judging.settings import JudgeSettings
from synthetic1.rewards.verifier import Verifier

COUNTS = ("requests", "completed", "failed", "cached", "prompt_tokens", "completion_tokens", "usage_unknown")
"""What ``spent`` counts; ``inference.usage.Usage`` says what each is."""


def spent(judges: Iterable[Verifier | JudgeSettings]) -> dict[str, Any] | None:
    """What the judges of these verifiers were asked since the process began, as ``result.json`` quotes it: the
    ``COUNTS``, and ``cost`` by ``judge.price`` (``None`` without a price). ``None`` where no judge was asked."""
    settings = set()
    for one in judges:
        if isinstance(one, JudgeSettings):
            settings.add(one)
        elif (asked := asked_judge(one)) is not None:
            settings.add(asked.settings)
    known = [accounts[one].snapshot(0).to_dict() for one in settings if one in accounts]
    return total([usage for usage in known if usage["requests"] or usage["cached"]])


def total(parts: Iterable[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """The sum of what several judges, or processes, spent."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    costs = [part["cost"] for part in known]
    counts = {name: sum(part[name] for part in known) for name in COUNTS}
    return {**counts, "cost": None if None in costs else sum(costs)}


def cost_line(usage: Mapping[str, Any]) -> str:
    """What ``spent`` says, for a terminal."""
    tokens = f"{usage['prompt_tokens']:,} + {usage['completion_tokens']:,} tokens"
    cost = "" if usage["cost"] is None else f", cost {usage['cost']:,.2f}"
    return f"{usage['requests']:,} requests, {tokens}{cost}"
