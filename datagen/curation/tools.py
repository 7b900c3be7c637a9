"""What recipes work with: one model, one scorer, one sandbox; see ``recipe.Tools``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from synthetic1.completion import Completion
from synthetic1.datagen.curation.asking import Asker
from synthetic1.datagen.curation.draft import Draft, Quarantined
from synthetic1.datagen.curation.prompt_files import Prompt
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.sandbox.open import open_sandbox
from synthetic1.sandbox.program import Input, Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.sandbox.sandbox import Sandbox
from synthetic1.task import Task
from synthetic1.verdict import Verdict


class Workbench:
    """The tools of a run."""

    def __init__(self, asker: Asker | None, prompts: Mapping[str, Prompt], scorer: Scorer, seed: int) -> None:
        self.seed = seed
        self._asker, self._prompts, self._scorer = asker, prompts, scorer
        self._sandbox: Sandbox | None = None
        self._opening = asyncio.Lock()

    @property
    def has_model(self) -> bool:
        return self._asker is not None

    async def ask(self, prompt: str, draft: Draft, step: str, **values: str) -> Any:
        if self._asker is None:
            raise Quarantined(step, "no_model", "this step asks a language model: give model=http://localhost:8000/v1")
        return await self._asker.ask(self._prompts[prompt], draft, step, values)

    async def score(self, task: Task, completion: str | Completion) -> Verdict:
        (verdict,) = await self.score_all(task, [completion])
        return verdict

    async def score_all(self, task: Task, completions: Sequence[str | Completion]) -> list[Verdict]:
        return await self._scorer.score([(task, completion) for completion in completions])

    async def sample(self, prompt: str, n: int, temperature: float, step: str) -> list[Completion]:
        """``n`` completions of the model for a task's prompt.

        Raises:
            Quarantined: in ``step``: there are none.
        """
        if self._asker is None:
            raise AssertionError("no model was named")
        return await self._asker.sample(prompt, n, temperature, step)

    async def run(
        self, program: Program, inputs: Sequence[Input], limits: Limits | None = None, *, fresh: bool = False
    ) -> list[Result]:
        if self._sandbox is None:
            async with self._opening:
                if self._sandbox is None:
                    self._sandbox = await open_sandbox()
        return list(await self._sandbox.run(program, inputs, limits, fresh=fresh))

    async def aclose(self) -> None:
        if self._sandbox is not None:
            await self._sandbox.aclose()
            self._sandbox = None
