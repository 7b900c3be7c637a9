"""What models wrote is looked at once more, all of it: two rows may have become one task, or a benchmark's problem."""

from __future__ import annotations

from typing import Any

from synthetic1.datagen.curation.draft import Dropped, LeftOut
from synthetic1.datagen.curation.funnel import RESULT
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.datagen.curation.sifting import Benchmarks
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.keys import content_key
from synthetic1.task import Task


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
