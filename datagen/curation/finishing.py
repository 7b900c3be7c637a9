"""The third pass: the recipe's second half, many rows at a time, each outcome recorded as it comes.

What models wrote is looked at once more, all of it: two rows may have become one task, or a benchmark's problem.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from synthetic1.datagen.curation.draft import Draft, Dropped, LeftOut, Quarantined
from synthetic1.datagen.curation.funnel import DIFFICULTY, GOLD, RESULT
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.datagen.curation.sifting import Benchmarks
from synthetic1.datagen.curation.tools import Workbench
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.keys import content_key
from synthetic1.reports.progress import progress
from synthetic1.rewards.registry import get_verifier
from synthetic1.task import Task, TaskError


class Finishing:
    """Rows in, outcomes into the store.

    A row whose work fails for a reason that every other row would meet, too (no server, no sandbox), ends the run with
    its error; what was recorded until then stays.
    """

    def __init__(self, recipe: CurationRecipe, tools: Workbench, store: WorkStore, settings: CurateSettings) -> None:
        self.recipe, self.tools, self.store, self.settings = recipe, tools, store, settings
        self.stopping = False

    def stop(self) -> None:
        """Begin no more rows; those under way are finished."""
        self.stopping = True

    async def run(self, drafts: Iterable[Draft]) -> None:
        """Finish every draft that has no outcome yet."""
        left = iter(drafts)
        with progress(None, "rows finished") as advance:
            working: set[asyncio.Task[None]] = set()
            done: set[asyncio.Task[None]] = set()
            try:
                while True:
                    while len(working) < self.settings.at_once and not self.stopping:
                        draft = next((one for one in left if not self.store.has_outcome(one.number)), None)
                        if draft is None:
                            break
                        working.add(asyncio.create_task(self._one(draft)))
                    if not working:
                        break
                    done, working = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                    for one in done:
                        one.result()
                        advance()
            finally:
                for one in working:
                    one.cancel()
                await asyncio.gather(*working, *done, return_exceptions=True)  # of which several may have failed alike
                self.store.commit()

    async def _one(self, draft: Draft) -> None:
        draft = self.store.merged(draft.number) or draft
        try:
            tasks = await self.recipe.finish(draft, self.tools)
            if not tasks:
                raise AssertionError(
                    f"{draft.where}: {type(self.recipe).__name__}.finish made no task and gave no reason"
                )
            tasks = [_told(task, draft) for task in tasks]
            for task in tasks:
                _ = task.key
                await self._check_gold(task)
            if self.settings.difficulty.samples:
                tasks = await self._within_difficulty(tasks)
        except (LeftOut, TaskError) as error:
            if isinstance(error, TaskError):  # a value of its row that no file can hold, in all that surrounds it
                error = Quarantined(GOLD, "not_writable", str(error))
            self.store.leave(draft.number, draft.where, error, json.dumps(asdict(draft)))
        else:
            self.store.finish(draft.number, tasks)

    async def _check_gold(self, task: Task) -> None:
        """No task is kept whose gold its own verifier does not accept.

        Raises:
            Dropped: it scores less than 1.
            Quarantined: there is no gold, or nobody can say here.
        """
        completion = get_verifier(task.task_type).gold_completion(task)
        if completion is None:
            raise Quarantined(GOLD, "no_gold", f"{task.problem_id} has no gold that could be checked")
        verdict = await self.tools.score(task, completion)
        why = str(verdict.details.get("why", verdict.details.get("failed", "")))
        if verdict.score is None:
            raise Quarantined(GOLD, verdict.reason, f"{task.problem_id}: {why}")
        if verdict.score < 1.0:
            raise Dropped(GOLD, "gold_fails", f"{task.problem_id}: {verdict.reason} {why}")

    async def _within_difficulty(self, tasks: list[Task]) -> list[Task]:
        """Those of the tasks of a row whose pass rate is within what is wanted.

        Raises:
            Dropped, Quarantined: none is; why the last is not.
        """
        kept: list[Task] = []
        why: LeftOut | None = None
        for task in tasks:
            try:
                kept.append(await self._measured(task))
            except LeftOut as error:
                why = error
        if not kept and why is not None:
            raise why
        return kept

    async def _measured(self, task: Task) -> Task:
        """The task with the model's pass rate on it.

        Raises:
            Dropped: it is outside of what is wanted.
            Quarantined: the model did not answer, or nobody can score what it says.
        """
        asked = self.settings.difficulty
        completions = await self.tools.sample(task.prompt, asked.samples, asked.temperature, DIFFICULTY)
        verdicts = await self.tools.score_all(task, completions)
        scores = [verdict.score for verdict in verdicts if verdict.score is not None]
        if not scores:
            raise Quarantined(DIFFICULTY, "unscorable", f"{task.problem_id}: {verdicts[0].reason}")
        rate = sum(score == 1.0 for score in scores) / len(scores)
        if asked.min_pass_rate is not None and rate < asked.min_pass_rate:
            raise Dropped(DIFFICULTY, "too_hard", f"{task.problem_id}: solved {rate:.0%}")
        if asked.max_pass_rate is not None and rate > asked.max_pass_rate:
            raise Dropped(DIFFICULTY, "too_easy", f"{task.problem_id}: solved {rate:.0%}")
        said: dict[str, Any] = {"pass_rate": rate, "pass_rate_samples": len(scores)}
        return replace(task, metadata={**task.metadata, **said})


def _told(task: Task, draft: Draft) -> Task:
    """The task with where it came from and what was done to it; references of a judge's kind say it, too."""
    return replace(task, metadata={**task.metadata, "curation": dict(draft.metadata)})


def sift_results(recipe: CurationRecipe, store: WorkStore, settings: CurateSettings) -> None:
    """Take out every task that an earlier row has become, too, or that holds a benchmark's problem; a row without any
    task left leaves. May be done again: it then finds nothing.
    """
    asked, deduplicate = settings.decontaminate, settings.deduplicate
    if not recipe.prompts or not (deduplicate or asked.benchmarks):
        return  # nothing was written: what was read has been sifted
    benchmarks = Benchmarks.read(asked.benchmarks, asked.n, asked.share) if asked.benchmarks else None
    seen: dict[int, int] = {}
    changed: list[tuple[int, list[Task], Task, LeftOut]] = []
    for number, tasks in store.tasks():
        kept: list[Task] = []
        why: LeftOut | None = None
        mine = [int(content_key(recipe.made_of(task))[:15], 16) for task in tasks]
        for task, key in zip(tasks, mine, strict=True):
            if deduplicate and key in seen:
                why = Dropped(RESULT, "same_task", f"as row {seen[key] + 1} of the input became")
            elif benchmarks is not None and (name := benchmarks.source_of(task.prompt)) is not None:
                why = Dropped(RESULT, "benchmark", f"a problem of {name}")
            else:
                kept.append(task)
        for key in mine:
            seen.setdefault(key, number)
        if why is not None:
            changed.append((number, kept, tasks[0], why))
    for number, kept, first, why in changed:
        if kept:
            store.finish(number, kept)
        else:
            store.unfinish(number)
            store.leave(number, _place(first), why)
    store.commit()


def _place(task: Task) -> str:
    origin: dict[str, Any] = task.metadata.get("curation", {}).get("origin", {})
    return f"{origin.get('file', '?')}, row {origin.get('row', '?')}"
