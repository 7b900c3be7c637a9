"""What the environment tests share: tasks whose verifier does as the completion says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import pytest

from synthetic1 import Scorer, Task, Verdict, Verifier
from synthetic1.envs.base import TextEnv
from synthetic1.tasks.sources.source import TaskList


@dataclass(frozen=True)
class Obedient(Verifier):
    """The answer is the score; ``fail`` raises, ``wait`` takes a moment."""

    version: ClassVar[int] = 1

    async def verify(self, task, completion):
        if completion.answer == "fail":
            raise ConnectionError("the server is gone")
        if completion.answer == "wait":
            await asyncio.sleep(0.001)
            return Verdict.graded(1.0, answer="wait")
        try:
            return Verdict.graded(float(completion.answer), answer=completion.answer)
        except ValueError:
            return Verdict.graded(0.0, answer=completion.answer)


@pytest.fixture
def tasks():
    return TaskList(
        Task(
            problem_id=f"t{n}",
            task_type="obedient",
            prompt=f"prompt {n}: π\n",
            source="here",
            verification_info={"ground_truth": "the gold"},
            metadata={"level": n % 3} if n % 2 else {},
        )
        for n in range(50)
    )


@pytest.fixture
def make_env(tasks):
    made = []

    def make(**kwargs):
        made.append(TextEnv(tasks, Scorer({"obedient": Obedient()}), **kwargs))
        return made[-1]

    yield make
    for env in made:
        env.close()
