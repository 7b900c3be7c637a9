"""Inputs that were judged wrongly once, kept beside the project: programs, and quantities of science."""

from __future__ import annotations

import json

import pytest

from synthetic1 import Scorer, Task


def rows_of(shared_data, require, name):
    path = shared_data.parent / "cases" / name
    require("the shared cases", path.is_file(), f"put {name} into ../shared/cases")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.engine
def test_programs(shared_data, require):
    rows = rows_of(shared_data, require, "code.jsonl")
    pairs = [
        (
            Task(problem_id="1", task_type="verifiable_code", prompt="p", verification_info=row["verification_info"]),
            row["completion"],
        )
        for row in rows
    ]
    with Scorer() as scorer:
        found = scorer.score_sync(pairs)
    assert [(row["why"], v.reason) for row, v in zip(rows, found, strict=True) if v.score != row["expected"]] == []


SAID = {"accept": 1.0, "reject": 0.0, "judge": None}


@pytest.mark.parametrize("field", ["ground_truth", "answer_value"])
def test_quantities(shared_data, require, field):
    """Without a judge, what is the judge's to say has no score."""
    rows = rows_of(shared_data, require, "stem.jsonl")
    pairs = []
    for row in rows:
        info = {"ground_truth": "as computed", field: row["gold"]}
        task = Task(problem_id="1", task_type="stem", prompt="How much?", verification_info=info)
        pairs.append((task, f"<answer>{row['answer']}</answer>"))
    with Scorer() as scorer:
        found = [verdict.score for verdict in scorer.score_sync(pairs)]
    expected = [{SAID[word] for word in row["expected"].split(" or ")} for row in rows]
    assert [(row, v) for row, v, e in zip(rows, found, expected, strict=True) if v not in e] == []
