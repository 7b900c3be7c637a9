"""Going on with a run: what is done is passed over, and whatever changed is looked at."""

from __future__ import annotations

import pytest

from synthetic1.completion import Completion
from synthetic1.datagen.generation import reached
from synthetic1.datagen.generation.goal import Goal, Progress
from synthetic1.datagen.generation.reached import Reached
from synthetic1.datagen.generation.slots import positions, slots
from synthetic1.datagen.journal.runs import open_journal
from synthetic1.datagen.journal.writer import Journal
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskList
from synthetic1.verdict import Verdict

TASKS = [Task(f"p{i}", "verifiable_math", f"What is {i} + 1?", {"ground_truth": str(i + 1)}) for i in range(100)]
GOAL = Goal(samples=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(tmp_path, monkeypatch, request):
    monkeypatch.setattr(reached, "BEHIND", 2)
    opened = open_journal(tmp_path, request.getfixturevalue("database") if request.param == "postgresql" else None)
    yield opened
    opened.close()


def answer(journal: Journal, task: Task, position: int) -> None:
    rollout = Rollout(task.key, Completion.parse("2", finish_reason="stop"), "m")
    journal.put_task(task, position)
    journal.put_rollout(rollout)
    journal.put_verdict(rollout, 0, "v", "verifiable_math@1", Verdict.graded(1.0), 1)


def go(journal, source, *, until: int, fails=(), goal=GOAL) -> tuple[list[int], list[int]]:
    """Ask up to ``until`` tasks of the source, four at a time: positions asked, and how many were passed over."""
    known, progress = Reached(journal, goal), Progress()
    asked = []
    for slot in slots(source, journal, known, progress, limit=until, seed=0, lookahead=4):
        if isinstance(slot, float):
            journal.flush()
            continue
        asked.append(slot.state.position)
        if slot.state.position not in fails:
            answer(journal, slot.state.task, slot.state.position)
    journal.keep_leases([])  # as at the end of a process
    journal.flush()
    passed = known.skipped
    assert progress.found >= passed
    return asked, [passed] if passed else []


@pytest.mark.parametrize("mixed", [False, True])
def test_what_is_done_is_passed_over_and_what_failed_comes_first(journal, mixed):
    source = Mixture({TaskList(TASKS[:50]): 3.0, TaskList(TASKS[50:]): 1.0}) if mixed else TaskList(TASKS)
    assert go(journal, source, until=80, fails={5, 6}) == (list(range(80)), [])
    asked, (passed,) = go(journal, source, until=90)
    assert asked == [5, 6, *range(80, 90)]
    assert 60 <= passed < 80
    asked, (passed,) = go(journal, source, until=100)
    assert asked == list(range(90, 100))


def changed(source: list[Task]) -> list[Task]:
    other = Task("new", "verifiable_math", "What is 7 + 8?", {"ground_truth": "15"})
    return [*source[:20], other, *source[20:]]


@pytest.mark.parametrize(
    ("source", "goal", "asked"),
    [
        (changed(TASKS), GOAL, [20, *range(81, 90)]),
        (TASKS, Goal(samples=2), [*range(80), *sorted([*range(80, 90)] * 2)]),
        (TASKS, Goal(threshold=0.5), list(range(80, 90))),
    ],
    ids=["a task was put in", "more is wanted", "less is enough"],
)
def test_where_anything_changed_every_task_is_looked_at(journal, source, goal, asked):
    go(journal, TaskList(TASKS), until=80)
    assert go(journal, TaskList(source), until=90, goal=goal) == (asked, [])


def test_verifying_anew_has_every_task_looked_at(journal):
    go(journal, TaskList(TASKS), until=80)
    journal.set_meta("judgings", "2")
    journal.flush()
    assert go(journal, TaskList(TASKS), until=80) == ([], [])


def test_a_mixture_gives_each_task_once_and_by_weight():
    parts = TaskList(TASKS[:60]), TaskList(TASKS[60:])
    order = list(positions(Mixture(dict(zip(parts, (1.0, 3.0), strict=True))), None, seed=4))
    assert sorted(order) == list(range(100))
    assert order == list(positions(Mixture(dict(zip(parts, (1.0, 3.0), strict=True))), None, seed=4))
    assert 20 <= sum(index >= 60 for index in order[:40]) <= 38
