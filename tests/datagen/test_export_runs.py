"""Exports of whole runs: what is told of where they were made, and runs that hold the same tasks."""

from __future__ import annotations

import json

import pytest
from recorded_runs import task, write_run

from synthetic1.datagen.export import export
from synthetic1.datagen.exporting.anonymous import anonymous
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.jobs.program import ProgramError, validate


@pytest.fixture
def exported(tmp_path):
    """``exported(run=…)``: the rows, the manifest and all texts of an export."""

    def call(**settings):
        to = tmp_path / f"x{len(list(tmp_path.glob('x*')))}"
        export(validate(ExportSettings, {"to": str(to), "file": "jsonl", "runs": str(tmp_path / "runs"), **settings}))
        rows = [json.loads(line) for line in (to / "data/train-00000.jsonl").read_text().splitlines()]
        texts = "".join(p.read_text() for p in to.iterdir() if p.suffix in (".jsonl", ".json", ".md"))
        return rows, json.loads((to / "manifest.json").read_text()), texts

    return call


NAMES = [
    ("/data/mine/tasks.jsonl", "tasks.jsonl"),
    ("~/models/mine/", "mine"),
    ("../shared/gsm8k.jsonl", "gsm8k.jsonl"),
    ("http://10.0.0.5:8000/v1", "http://…"),
    ("s3://bucket/private/x.jsonl", "s3://…/x.jsonl"),
    ("file:///data/mine/x.jsonl", "file://…/x.jsonl"),
    ("hf://datasets/openai/gsm8k/main", "hf://datasets/openai/gsm8k/main"),
    ("deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1"),
    ("embedded:math", "embedded:math"),
    ({"/data/mine/a.jsonl": 1.0, "b": ["/c/d", 2, None]}, {"a.jsonl": 1.0, "b": ["d", 2, None]}),
]


@pytest.mark.parametrize(("value", "told"), NAMES)
def test_paths_and_addresses_are_reduced(value, told):
    assert anonymous(value) == told


@pytest.mark.parametrize("format", ["synthetic1", "sft", "preference"])
def test_nothing_tells_the_machine(tmp_path, exported, format):
    config = {"model_name": "/models/m", "judge": {"url": "http://10.1.2.3:1/v1"}, "env": {"tasks": "/secret/t.jsonl"}}
    write_run(tmp_path / "runs", "a", {task(1): [("x", 1.0), ("y", 0.0), ("z", None)]}, config=config)
    rows, manifest, texts = exported(run="a", format=format)
    assert rows
    assert manifest["runs"][0]["config"]["env"]["tasks"] == "t.jsonl"
    assert not [secret for secret in ("10.1.2.3", "/secret", "/models", str(tmp_path)) if secret in texts]


def test_every_row_is_every_row(tmp_path, exported):
    write_run(tmp_path / "runs", "a", {task(1): [("same", 1.0), ("same", 1.0), ("w", 0.0), ("z", None), "new"]})
    rows, *_ = exported(run="a", format="synthetic1")
    assert [row["score"] for row in rows] == [1.0, 1.0, 0.0, None, None]


def test_runs_that_share_tasks_give_every_task_once_and_every_rollout_once(tmp_path, exported):
    one, two, three = task(1), task(2), task(3)
    write_run(tmp_path / "runs", "a", {one: [("a0", 1.0), ("a1", 0.0)], two: [("b0", 1.0)]})
    write_run(tmp_path / "runs", "b", {three: [("c1", 1.0)], one: [("d1", 1.0), ("d2", 1.0)]}, begin=1)
    rows, *_ = exported(run=["a", "b"], format="synthetic1")
    # Sample 1 of the first task has one key in both runs: it is the same rollout, and the first run's.
    assert [row["llm_response"] for row in rows] == ["a0", "a1", "d2", "b0", "c1"]
    assert exported(run=["a", "a"], format="synthetic1")[0] == exported(run="a", format="synthetic1")[0]
    rows, *_ = exported(run=["a", "b"], per_task=1)
    assert [row["problem_id"] for row in rows] == ["p1", "p2", "p3"]
    rows, *_ = exported(run=["a", "b"], max_pass_rate=1.0)
    assert {row["problem_id"] for row in rows} == {"p1"}


def test_the_runs_own_threshold_holds_unless_another_is_said(tmp_path, exported):
    write_run(tmp_path / "runs", "a", {task(1): [("x", 0.6), ("y", 1.0)]}, config={"threshold": 0.5})
    rows, manifest, _ = exported(run="a")
    assert ([row["score"] for row in rows], manifest["thresholds"]) == ([0.6, 1.0], {"default": 0.5})
    rows, *_ = exported(run="a", threshold={"default": 0.9})
    assert [row["score"] for row in rows] == [1.0]
    with pytest.raises(ProgramError, match=r"threshold.math: no such task type; there are: default, .*verifiable_math"):
        exported(run="a", threshold={"math": 0.5})


def test_pairs_are_counted_and_both_sides_fit(tmp_path, exported):
    samples = {task(1): [("r", 1.0), ("R", 1.0), ("far too long", 0.0), ("w", 0.0)], task(2): [("s", 1.0)]}
    write_run(tmp_path / "runs", "a", samples)
    (row,), manifest, _ = exported(run="a", format="preference", max_tokens=4)
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == ("r", "w")
    counts = manifest["counts"]
    assert (counts["rows"], counts["kept_tasks"], counts["families"]["verifiable_math"]["kept"]) == (1, 1, 1)
    assert counts["left_out"]["no_refuted_one_beside_it"] == 2
