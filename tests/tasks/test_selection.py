"""Splits of small sources, and selections of the tasks that are about something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.task import Task
from synthetic1.tasks import Mixture, TaskList
from synthetic1.tasks.sources.selection import in_language, tasks_where
from synthetic1.tasks.sources.split import split_by_problem, split_each_group


def source_of(*ids: str, name: str = "made up", **info: object) -> TaskList:
    return TaskList([Task(i, "verifiable_code", "p", verification_info=info) for i in ids], name=name)


def ids(source) -> list[str]:
    return [task.problem_id for task in source]


def letter(task: Task) -> str:
    return task.problem_id[0]


IDS = st.lists(st.text("abc", min_size=1, max_size=4), unique=True, max_size=60)


@given(IDS, st.floats(0.05, 0.6))
def test_a_split_by_problem_parts_tasks_and_keeps_problems_together(names, share):
    source = source_of(*names)
    train, test = (split_by_problem(source, split, share, letter) for split in ("train", "test"))
    assert sorted(ids(train) + ids(test)) == sorted(names)
    assert not {letter(task) for task in train} & {letter(task) for task in test}
    assert test.name == "made up[test]"


@given(IDS, st.floats(0.05, 0.6))
def test_a_split_of_each_group_holds_out_its_share_of_each(names, share):
    source = source_of(*names)
    train, test = (split_each_group(source, split, share, letter) for split in ("train", "test"))
    assert sorted(ids(train) + ids(test)) == sorted(names)
    for group in {name[0] for name in names}:
        size = sum(name[0] == group for name in names)
        assert sum(letter(task) == group for task in test) == max(1, round(share * size))


@pytest.mark.parametrize("split", [split_by_problem, split_each_group])
def test_an_unknown_split_is_an_error(split):
    with pytest.raises(ValueError, match="must be `train` or `test`, got 'dev'"):
        split(source_of("a"), "dev", 0.5, letter)


def test_a_selection_keeps_the_order():
    found = tasks_where(source_of("a1", "b1", "a2"), lambda task: letter(task) == "a", "a")
    assert found is not None
    assert (ids(found), found.name) == (["a1", "a2"], "made up[a]")


def test_a_selection_of_nothing_is_none():
    assert tasks_where(source_of("a1"), lambda task: False, "nothing") is None
    assert tasks_where(Mixture({source_of("a1"): 1}), lambda task: False, "nothing") is None


def test_a_selection_of_a_mixture_keeps_its_weights():
    few, many, other = source_of("a1"), source_of("a2", "a3", "b1"), source_of("b2")
    found = tasks_where(Mixture({few: 3, Mixture({many: 1, other: 1}): 1, other: 4}), lambda t: letter(t) == "a", "a")
    assert isinstance(found, Mixture)
    assert found.weights == (0.75, 0.25)
    assert [ids(part) for part in found.sources] == [["a1"], ["a2", "a3"]]


@pytest.mark.parametrize("written", ["python", " Python ", "PY"])
def test_a_language_goes_by_any_of_its_names(written):
    found = in_language(source_of("a", language=written), ("python", "py"), "python", "Python")
    assert (ids(found), found.name) == (["a"], "made up[python]")


@pytest.mark.parametrize("info", [{}, {"language": "rust"}, {"language": None}, {"language": ["python"]}])
def test_no_task_in_a_language_is_an_error(info):
    with pytest.raises(ValueError, match=r"^language: made up has no task in Python$"):
        in_language(source_of("a", **info), ("python", "py"), "python", "Python")
