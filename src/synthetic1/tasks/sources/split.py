"""Splits of sources so small that a tenth of them, which ``TaskSource.part`` holds out, would show nothing."""

from __future__ import annotations

from collections.abc import Callable

from synthetic1.keys import content_key
from synthetic1.task import Task
from synthetic1.tasks.sources.source import Subset, TaskSource, check_split


def split_by_problem(
    source: TaskSource, split: str, share: float, problem_of: Callable[[Task], str] = lambda task: task.problem_id
) -> TaskSource:
    """One side of ``source``: a problem is test if its hash is among the lowest ``share`` of all hashes.

    Args:
        problem_of: names the problem of a task; all tasks of one problem stand on the same side.

    Raises:
        ValueError: an unknown split.
    """
    check_split(split)
    below = share * 2**32
    in_test = [int(content_key(problem_of(task))[:8], 16) < below for task in source]
    return _side(source, split, in_test)


def split_each_group(source: TaskSource, split: str, share: float, group_of: Callable[[Task], str]) -> TaskSource:
    """One side of ``source``: of every group, ``share`` of its tasks are test, but one at least; those with the lowest
    hashes of their ids.

    Raises:
        ValueError: an unknown split.
    """
    check_split(split)
    groups: dict[str, list[int]] = {}
    for index, task in enumerate(source):
        groups.setdefault(group_of(task), []).append(index)
    held_out: set[int] = set()
    for rows in groups.values():
        rows.sort(key=lambda index: content_key(source[index].problem_id))
        held_out.update(rows[: max(1, round(share * len(rows)))])
    return _side(source, split, [index in held_out for index in range(len(source))])


def _side(source: TaskSource, split: str, in_test: list[bool]) -> TaskSource:
    rows = [index for index, test in enumerate(in_test) if test == (split == "test")]
    return Subset(source, rows, name=f"{source.name}[{split}]")
