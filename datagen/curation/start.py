"""What is looked at before a run of curation does any work: its places, its settings, its input, its benchmarks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthetic1.datagen.curation.prompt_files import Prompt
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.datagen.curation.sifting import benchmark_files
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.datagen.exporting.shards import MANIFEST, check_free, checksum
from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.same_run import check_same_run
from synthetic1.keys import content_key

SETTINGS, INPUT = "settings", "input"  # what binds a run, in the store's meta
DRY = "read_for"  # the settings and input that its drafts are of
MODEL = "model"  # the name of the one that rows were finished with; "" where none was named
FINISHED = "finished"  # the set that was written last, noted before it is published


def check_places(settings: CurateSettings, run: Path) -> None:
    """Raises ProgramError: the output, or the run's folder, lies in a folder that rows are read from."""
    places = [("runs", settings.runs, run)]
    if "://" not in settings.output:
        places.append(("output", settings.output, Path(settings.output).expanduser()))
    for spec in settings.input:
        folder = Path(spec).expanduser()
        if not folder.is_dir():
            continue
        for name, said, place in places:
            if folder.resolve() in (place.resolve(), *place.resolve().parents):
                raise ProgramError(
                    f"{name}={said} lies in input={spec}, of which every file is read: choose another place"
                )


def check_same(
    recipe: CurationRecipe, store: WorkStore, settings: CurateSettings, prompts: Mapping[str, Prompt]
) -> bool:
    """Whether the store holds an earlier part of this run. Settings bind a run once its input is found to be there; a
    dry run binds nothing: what it has read serves the run after it, or is read anew where other rows are wanted.

    Raises:
        ProgramError: it holds another run, or the input is another one than when it began; says what differs. There is
            no such input, or benchmark.
    """
    wanted = {**settings.identity(), "prompt_versions": {name: prompt.label for name, prompt in prompts.items()}}
    stored, before = store.meta(SETTINGS), store.meta(INPUT)
    if stored is not None:
        for_drafts = settings.drafting_identity()
        both = (
            ({k: v for k, v in stored.items() if k in for_drafts}, for_drafts) if settings.dry_run else (stored, wanted)
        )
        check_same_run(store.path.parent, *both)
    now = state_of(recipe, settings)
    if stored is not None:
        if before != now:
            other = next(name for name in {**before, **now} if before.get(name) != now.get(name))
            raise ProgramError(f"input has changed since this run began: {other}; choose another run_name=")
        return True
    mine = {"settings": settings.drafting_identity(), "input": now}
    dry = store.meta(DRY)
    if dry is not None and dry != mine:
        store.forget()
    store.set_meta(DRY, mine)
    if not settings.dry_run:
        store.set_meta(INPUT, now)
        store.set_meta(SETTINGS, wanted)
    return bool(dry == mine)


def sifting_folder(store: WorkStore) -> Path:
    """Where duplicates and contamination are looked for: a folder for these rows and settings and no others, since jobs
    that were submitted for others may still write."""
    return store.path.parent / "sifting" / content_key(store.meta(DRY) or store.meta(SETTINGS))[:12]


def is_finished(store: WorkStore, settings: CurateSettings) -> str | None:
    """What is to be said where the set that the settings want is there, and nothing is left to do; None otherwise."""
    said = store.meta(FINISHED)
    if said is None or settings.overwrite or settings.dry_run or said["set"] != _written(settings):
        return None
    if settings.model.is_named and not store.meta(MODEL):
        return None  # what was finished without a model is finished anew with one
    system, root = check_free(settings.output, overwrite=True, setting="output")
    try:
        there = hashlib.sha256(system.cat_file(f"{root}/{MANIFEST}")).hexdigest()
    except Exception:  # those of a store in the cloud have no class in common; it is looked at again before writing
        return None
    return f"finished already: {said['tasks']:,} tasks at {settings.output}" if there == said["manifest"] else None


def note_finished(store: WorkStore, settings: CurateSettings, tasks: int, manifest: str) -> None:
    """Remember the set that is about to be published, by its manifest's SHA-256."""
    store.set_meta(FINISHED, {"set": _written(settings), "tasks": tasks, "manifest": manifest})


def _written(settings: CurateSettings) -> dict[str, Any]:
    """Settings that may change between two runs, and change what is written."""
    card = settings.card.model_dump(mode="json")
    return {"output": settings.output, "card": card, "rows_per_shard": settings.rows_per_shard}


def state_of(recipe: CurationRecipe, settings: CurateSettings) -> dict[str, str]:
    """What shows that the input, or a benchmark, has changed.

    Raises:
        ProgramError: there is no such input, or no such benchmark.
    """
    state = recipe.state_of(settings.input)
    for number, (path, name) in enumerate(benchmark_files(settings.decontaminate.benchmarks), 1):
        try:
            state[f"benchmark {number}, {name}"] = checksum(path)
        except OSError as error:
            raise ProgramError(f"decontaminate.benchmarks: {path} cannot be read: {error.strerror or error}") from error
    return state
