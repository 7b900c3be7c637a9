"""What a person names on a command line to look at tasks: families, ids of environments, files, data sets."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gymnasium
from gymnasium.envs.registration import load_env_creator

from synthetic1.jobs.imports import import_modules
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task, TaskError
from synthetic1.tasks.sources.source import SPLITS, TaskSource
from synthetic1.tasks.sources.spec import open_tasks


def families() -> dict[str, str]:
    """The families by name, and the ids of their environments, which any import of ours registers."""
    return {spec.name: spec.id for spec in gymnasium.registry.values() if spec.namespace == "synthetic1"}


@contextmanager
def open_sources(names: Sequence[str]) -> Iterator[list[tuple[str, TaskSource, Scorer]]]:
    """(name, tasks, scorer) of every source; the scorers are closed at the end.

    Raises:
        ProgramError: a name that is nothing of ours.
        TaskError: a file that cannot be read as tasks.
    """
    opened: list[tuple[str, TaskSource, Scorer]] = []
    try:
        for name in names:
            opened.extend(_open(name))
        yield opened
    finally:
        for _, _, scorer in opened:
            scorer.close()


def _open(name: str) -> Iterator[tuple[str, TaskSource, Scorer]]:
    known = families()
    env_id = known.get(name, name)
    module, separator, rest = name.partition(":")
    if separator and module.replace(".", "").isidentifier() and "/" in rest and not rest.startswith("/"):
        try:  # as Gymnasium writes it: the module registers the environment
            import_modules([module])
        except ValueError as error:
            raise ProgramError(f"{name}: {error}") from error
        env_id = rest
    if env_id in gymnasium.registry:
        yield from _open_environment(env_id)
        return
    try:
        yield name, open_tasks(name), Scorer()
    except TaskError as error:
        raise ProgramError(f"{error}; or name a family ({', '.join(known)}) or the id of an environment") from None


def _open_environment(env_id: str) -> Iterator[tuple[str, TaskSource, Scorer]]:
    """Both parts of an environment, where it has any."""
    try:
        entry_point = gymnasium.spec(env_id).entry_point
        make = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
        parted = make is not None and "split" in inspect.signature(make).parameters
        parts: list[dict[str, Any]] = [{"split": split} for split in SPLITS] if parted else [{}]
        for kwargs in parts:
            env: Any = gymnasium.make(env_id, **kwargs).unwrapped
            if not hasattr(env, "tasks") or not hasattr(env, "scorer"):
                raise ProgramError(f"`{env_id}` holds no `tasks` and no `scorer`, as environments of ours do")
            yield " ".join((env_id, *kwargs.values())), env.tasks, env.scorer
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        raise ProgramError(f"`{env_id}` cannot be made: {' '.join(str(error).split())}") from error


def evenly(size: int, limit: int | None) -> Sequence[int]:
    """At most ``limit`` of ``size`` places, evenly."""
    return range(size) if limit is None or limit >= size else [place * size // limit for place in range(limit)]


def readable(source: TaskSource, places: Iterable[int], unreadable: Callable[[TaskError], None]) -> Iterator[Task]:
    """The tasks at ``places``. Rows that are none go to ``unreadable``, as ``TaskSource.validate`` finds them."""
    for place in places:
        try:
            task = source[place]
            _ = task.key
        except TaskError as error:
            unreadable(error)
        else:
            yield task
