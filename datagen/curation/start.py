"""What is looked at before a run of curation does any work: its places, its settings, its input, its benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from synthetic1.datagen.curation.prompt_files import Prompt
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.datagen.exporting.shards import checksum
from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.same_run import check_same_run


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
    """Whether the store holds an earlier part of this run. Settings bind a run once its input is found to be there.

    Raises:
        ProgramError: it holds another run, or the input is another one than when it began; says what differs. There is
            no such input, or benchmark.
    """
    wanted = {**settings.identity(), "prompt_versions": {name: prompt.label for name, prompt in prompts.items()}}
    stored, before = store.meta("settings"), store.meta("input")
    if stored is not None:
        check_same_run(store.path.parent, stored, wanted)
    now = state_of(recipe, settings)
    if stored is None:
        store.set_meta("input", now)
        store.set_meta("settings", wanted)
    elif before != now:
        other = next(name for name in {**before, **now} if before.get(name) != now.get(name))
        raise ProgramError(f"input has changed since this run began: {other}; choose another run_name=")
    return stored is not None


def state_of(recipe: CurationRecipe, settings: CurateSettings) -> dict[str, str]:
    """What shows that the input, or a benchmark, has changed.

    Raises:
        ProgramError: there is no such input, or no such benchmark.
    """
    state = recipe.state_of(settings.input)
    for number, name in enumerate(settings.decontaminate.benchmarks, 1):
        path = Path(name).expanduser()
        try:
            state[f"benchmark {number}, {path.name}"] = checksum(path)
        except OSError as error:
            why = "it is a folder; name its files" if path.is_dir() else error.strerror or error
            raise ProgramError(f"decontaminate.benchmarks: {name} cannot be read: {why}") from error
    return state
