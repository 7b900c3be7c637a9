"""From settings to what a program works on: the tasks of an environment or a mixture, and the scorer that verifies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from synthetic1.jobs.env_settings import OF_TRAINING, EnvSettings, takes_argument
from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.source_identity import is_stored
from synthetic1.reports.storage import explained
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task, TaskError
from synthetic1.tasks.sources import bad_rows as bad_rows_of_sources
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskSource


class OpenedTasks(NamedTuple):
    """What an environment holds."""

    tasks: TaskSource
    scorer: Scorer


def open_environment(env: EnvSettings, *, bad_rows: BadRows | None = None, **overrides: Any) -> OpenedTasks:
    """Make the environment, or those of a mixture, with ``gym.make`` and take what it holds.

    A mixture's weights go to its sources, and one scorer verifies for all of them.

    Args:
        bad_rows: what becomes of them in environments that do not say it themselves.
        overrides: keyword arguments for every environment, e.g. ``split="test"``.

    Raises:
        ProgramError: an unknown id or argument, tasks that cannot be read, parts of a mixture that verify the same
            task type by other settings, or that say what GRPO would maximise: what trains on them takes that out first.
    """
    if env.id is not None:
        return _open(env.id, {**env.kwargs, **overrides}, bad_rows)
    sources: dict[str | TaskSource, float] = {}
    verifiers: dict[str, Verifier] = {}
    for name, part in (env.mixture or {}).items():
        if found := [key for key in OF_TRAINING if key in part]:
            raise ProgramError(f"env.mixture.{name}.{found[0]} is for GRPO, and does nothing here; leave it out")
        kwargs = {k: v for k, v in part.items() if k not in ("id", "weight")}
        tasks, scorer = _open(part["id"], {**kwargs, **overrides}, bad_rows)
        sources[tasks] = part["weight"]
        for task_type, verifier in scorer.verifiers.items():  # one scorer serves all: it dispatches by task type
            if verifiers.setdefault(task_type, verifier) != verifier:
                raise ProgramError(
                    f"env.mixture.{name}: another part verifies `{task_type}` with other settings; make them equal"
                )
    return OpenedTasks(Mixture(sources), Scorer(verifiers))


def held_out(env: EnvSettings, n: int, *, bad_rows: BadRows | None = None) -> Sequence[Task]:
    """At most ``n`` distinct tasks of the test split, the same ones every time, of a mixture by its weights.

    Any first part of them is spread over the whole split, too.

    Raises:
        ProgramError: the split is empty, or the environment has none.
    """
    if env.id is not None:
        generated = "size" in env.kwargs and env.kwargs.get("tasks") is None  # as many as wanted
        env = env.model_copy(update={"size": n}) if generated else env
    tasks = open_environment(env, bad_rows=bad_rows, split="test").tasks
    if not len(tasks):
        raise ProgramError(f"{tasks.name}: no held-out tasks; give more tasks, or eval.n=0")
    sources = tasks.sources if isinstance(tasks, Mixture) else (tasks,)
    weights = tasks.weights if isinstance(tasks, Mixture) else (1.0,)
    rng = np.random.default_rng([0, 3])
    orders = [iter(rng.permutation(len(source)).tolist()) for source in sources]
    left = [len(source) for source in sources]
    chosen: list[Task] = []
    while len(chosen) < n and any(left):
        shares = [weight if count else 0.0 for weight, count in zip(weights, left, strict=True)]
        place = int(rng.choice(len(sources), p=[share / sum(shares) for share in shares]))
        left[place] -= 1
        chosen.append(sources[place][next(orders[place])])
    return chosen


def many_held_out(env: EnvSettings, tasks: TaskSource, *, bad_rows: BadRows | None = None) -> int:
    """How many tasks the environment, of which ``tasks`` are the train split, holds out; generated ones do not count.

    Raises:
        ProgramError: as ``open_environment``.
    """
    if env.id is not None:
        if not is_stored(tasks) or env.kwargs.get("split") == "all" or not takes_argument(env.id, "split"):
            return 0
        try:
            return len(_open(env.id, {**env.kwargs, "split": "test"}, bad_rows).tasks)
        except TaskError:  # too few tasks to split
            return 0
    parts = (env.mixture or {}).values()
    sources = tasks.sources if isinstance(tasks, Mixture) else ()
    alone = [EnvSettings.model_validate({k: v for k, v in part.items() if k != "weight"}) for part in parts]
    return sum(many_held_out(*pair, bad_rows=bad_rows) for pair in zip(alone, sources, strict=True))


def keep_bad_rows(tasks: TaskSource, folder: Path) -> int:
    """Write the bad rows of ``tasks`` to a run's folder, and say how many there are.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    with explained(folder / bad_rows_of_sources.FILE):
        return bad_rows_of_sources.keep_bad_rows(tasks, folder)


def _open(env_id: str, kwargs: dict[str, Any], bad_rows: BadRows | None) -> OpenedTasks:
    """What ``gym.make(env_id, **kwargs)`` holds; third parties' environments that hold both will do."""
    import gymnasium

    import synthetic1  # noqa: F401 - registers the environments

    reads_rows = kwargs.get("tasks") is not None or not takes_argument(env_id, "tasks")
    if bad_rows is not None and kwargs.get("bad_rows") is None and takes_argument(env_id, "bad_rows") and reads_rows:
        kwargs = {**kwargs, "bad_rows": bad_rows}
    try:
        env = gymnasium.make(env_id, **kwargs).unwrapped
    except TaskError:
        raise
    except (gymnasium.error.Error, TypeError, ValueError) as error:
        reason = " ".join(str(error).split()).partition(" was raised from the environment creator")[0]
        raise ProgramError(f"env `{env_id}`: {reason}") from error
    if not hasattr(env, "tasks") or not hasattr(env, "scorer"):
        raise ProgramError(f"env `{env_id}` is not a synthetic1 environment: it holds no `tasks` and no `scorer`")
    return OpenedTasks(env.tasks, env.scorer)
