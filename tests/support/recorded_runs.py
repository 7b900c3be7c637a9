"""Runs as generation leaves them: one written by hand, without server or process; and all that one holds."""

from __future__ import annotations

import json

from synthetic1.completion import Completion
from synthetic1.datagen.journal.runs import open_runs
from synthetic1.datagen.journal.writer import Journal
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

CONFIG = {"model_name": "m", "keep": None, "threshold": 1.0, "env": {"id": "synthetic1/math-v0", "split": "train"}}


def task(number, **changes):
    values = {
        "problem_id": f"p{number}",
        "task_type": "verifiable_math",
        "prompt": f"What is {number} + {number}?",
        "verification_info": {"ground_truth": str(2 * number)},
        "gold_standard_solution": f"twice {number}",
    }
    return Task(**{**values, **changes})


def verdict(score):
    """``None`` as a failure of ours, that names a host."""
    return Verdict.unscorable("infra", "cannot reach 10.1.2.3") if score is None else Verdict.graded(score, answer="a")


def write_run(runs, name, tasks, *, config=None, begin=0, failures=()):
    """``tasks``: task → its rollouts, each ``(text, score)`` or, without a verdict, ``text``."""
    folder = runs / "generate" / name
    folder.mkdir(parents=True)
    journal = Journal.open(folder / "journal.sqlite")
    for place, (one, rollouts) in enumerate(tasks.items()):
        journal.put_task(one, place)
        for index, written in enumerate(rollouts, begin):
            text, *score = (written,) if isinstance(written, str) else written
            completion = Completion.parse(text, finish_reason="stop", usage={"completion_tokens": len(text)})
            rollout = Rollout(one.key, completion, "/models/m", {"temperature": 0.6}, index)
            journal.put_rollout(rollout)
            if score:
                journal.put_verdict(rollout, 0, "k1", "verifiable_math@1", verdict(*score), 1)
    for one, index, kind, said in failures:
        journal.put_failure(one, index, kind, said)
    journal.set_meta("config", json.dumps({**CONFIG, **(config or {})}))
    journal.flush()
    journal.close()
    return folder


def records(runs, name):
    """Everything recorded in a run, as values that can be compared."""
    found = set()
    for group in open_runs(name, str(runs)).groups():
        for r in group.rollouts:
            verdict = None if r.verdict is None else (r.verdict.score, r.verdict.reason, r.verdict.answer)
            rollout = r.rollout
            found.add((group.task.problem_id, rollout.sample_index, rollout.key, rollout.completion.raw, verdict))
    return found
