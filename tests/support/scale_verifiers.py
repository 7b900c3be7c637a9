"""Verifiers for tests of verification on several nodes: slow ones, and such as end their process. Nodes import them."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import ClassVar

from synthetic1 import Completion, Task, Verdict, Verifier, register


def verdict_here(task: Task, completion: Completion) -> Verdict:
    """Right if the answer is the gold; a `poison` ends the process, as a crash would."""
    if completion.answer == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    right = completion.answer == task.verification_info["ground_truth"]
    return Verdict.graded(float(right), answer=completion.answer, pid=os.getpid())


@register("scale_waits")
@dataclass(frozen=True)
class ScaleWaits(Verifier):
    """Takes its time, beside others."""

    version: ClassVar[int] = 1
    seconds: float = 0.02

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        await asyncio.sleep(self.seconds)
        return verdict_here(task, completion)


@register("scale_inline")
@dataclass(frozen=True)
class ScaleInline(Verifier):
    """Never waits."""

    version: ClassVar[int] = 1
    inline: ClassVar[bool] = True

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        return verdict_here(task, completion)


def pairs_of(task_type: str, count: int, poison: int | None = None) -> list[tuple[Task, Completion]]:
    """Pairs of which every third is wrong; the one at the place ``poison`` is one."""
    made = []
    for n in range(count):
        task = Task(problem_id=str(n), task_type=task_type, prompt="p", verification_info={"ground_truth": str(n)})
        answer = "poison" if n == poison else str(n if n % 3 else n + 1)
        made.append((task, Completion.parse(answer)))
    return made


def scores_of(count: int, poison: int | None = None) -> list[float | None]:
    """The scores of ``pairs_of``."""
    return [None if n == poison else float(n % 3 != 0) for n in range(count)]
