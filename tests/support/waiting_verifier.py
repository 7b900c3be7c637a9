"""A verifier that waits, and counts what was finished and what was cancelled: for tests of the reward server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from synthetic1 import Completion, Task, Verdict, Verifier, register

counts = {"started": 0, "finished": 0, "cancelled": 0}


@register("serving_waits")
@dataclass(frozen=True)
class Waits(Verifier):
    """Scores 1 after the task's ``seconds``. An answer ``counts`` is told the counts at once; ``fail`` fails."""

    version: ClassVar[int] = 1

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        if completion.answer == "counts":
            return Verdict(1.0, "correct", None, dict(counts))
        if completion.answer == "fail":
            raise RuntimeError("it fails as asked")
        counts["started"] += 1
        try:
            await asyncio.sleep(task.verification_info["seconds"])
        except asyncio.CancelledError:
            counts["cancelled"] += 1
            raise
        counts["finished"] += 1
        return Verdict.graded(1.0)
