"""Runs of all programs: which there are, whether they go on, and what one holds, as text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthetic1.reports import run_text
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.run_list import RunSummary, find_run_folder, last_rows, summaries, summary
from synthetic1.reports.storage import RunFolderError

SAMPLES = [
    {"step": 1, "phase": "train", "task_id": "t1", "prompt": "P", "completion": "good", "answer": "a", "expected": "a",
     "score": 1.0, "reason": "correct"},
    {"step": 2, "phase": "train", "task_id": "t10", "prompt": "P", "completion": "bad", "answer": "b", "expected": "a",
     "score": 0.0, "reason": "wrong_answer"},
    {"step": 2, "phase": "train", "task_id": "t2", "prompt": "P", "completion": "lost", "answer": None,
     "score": None, "reason": "unscorable_infra"},
]  # fmt: skip
EVALUATED = {"program": "evaluate_model", "pass_at_1": 0.5, "ci95": [0.4, 0.6], "n": 90, "by_level": {}, "scores": {}}
RESULTS = [
    ("grpo", {"before": {"pass_at_1": 0.25}, "after": {"pass_at_1": 0.75}}, "pass@1 0.250 → 0.750"),
    ("sft", {"steps": 9, "loss_last": 0.5}, "loss 0.500"),
    ("r1", {"stages": [{"pass_at_1": 0.1}, {"pass_at_1": 0.4}]}, "pass@1 0.100 → 0.400"),
    ("evaluate", EVALUATED, "pass@1 0.500 [0.400, 0.600]"),
    ("generate", {"rollouts": 12, "verified": 7}, "7 verified"),
    ("curate", {"in": 100, "tasks": 40, "kept": 40, "steps": []}, "40 tasks"),
    ("calibrate_judge", {"model": "m", "families": {"stem": {"false_accept_rate": 0.02}}}, "false accepts stem 2.0%"),
    ("mine", {"anything": 1}, ""),
]


def made(runs: Path, program: str, name: str = "a", **files: Any) -> Path:
    path = runs / program / name
    with RunFolder.create(path, resume=False) as run:
        run.write_config(files.get("config", {"seed": 3}))
        for row in files.get("metrics", ()):
            run.log_metrics(row)
        for row in files.get("samples", ()):
            run.log_sample(row)
        if "result" in files:
            run.write_result(files["result"])
    return path


@pytest.mark.parametrize(("program", "result", "quote"), RESULTS, ids=[row[0] for row in RESULTS])
def test_a_finished_run_has_the_number_to_quote(tmp_path: Path, program: str, result: Any, quote: str) -> None:
    said = summary(made(tmp_path, program, result=result))
    assert (said.state, said.quote) == ("finished", quote)


def test_how_far_a_run_is_that_has_no_result(tmp_path: Path, step_row: Callable[[int, int], dict[str, Any]]) -> None:
    path = made(tmp_path, "grpo", metrics=[step_row(step, 9) for step in (1, 2)])
    said = summary(path)
    assert (said.state, said.progress) == ("stopped", "2 of 9 steps")
    assert said.quote.startswith("reward 0.")
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "eval": {"pass_at_1": 0.5}}\n{"step": 3, "st')
    assert summary(path).quote == "pass@1 0.500"
    kept = made(tmp_path, "evaluate", config={"n": 30})
    (kept / "completions.jsonl").write_text("{}\n{}\n")
    assert summary(kept).progress == "2 of 30 tasks answered"
    stopped = made(tmp_path, "generate", result={"rollouts": 5, "verified": 1, "stopped": True})
    assert summary(stopped).state == "stopped"


def test_a_run_is_running_while_a_process_holds_its_lock(tmp_path: Path) -> None:
    path = made(tmp_path, "grpo", result={"steps": 1})
    held = f"""
import sys
from synthetic1.reports.run_folder import RunFolder
with RunFolder.create({str(path)!r}, resume=True):
    print("locked", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == "locked\n"
        assert summary(path).state == "running"
        one.kill()  # no goodbye
    assert summary(path).state == "finished"


def test_the_one_written_last_comes_first_and_a_damaged_one_hides_no_other(tmp_path: Path) -> None:
    paths = [made(tmp_path, "grpo", "old"), made(tmp_path, "sft", "new"), made(tmp_path, "evaluate", "broken")]
    (paths[2] / "result.json").write_text("{no")
    for age, path in enumerate(paths):
        for file in path.iterdir():
            os.utime(file, (1_000 * age, 1_000 * age))
    (tmp_path / "notes/no_run").mkdir(parents=True)
    found = list(summaries(str(tmp_path)))
    assert isinstance(found[0], tuple)
    assert "result.json is not JSON" in found[0][1]
    assert [one.name for one in found if isinstance(one, RunSummary)] == ["new", "old"]
    assert [one.name for one in summaries(str(tmp_path), "grpo") if isinstance(one, RunSummary)] == ["old"]


def test_a_run_is_found_by_its_name_its_program_and_its_path(tmp_path: Path) -> None:
    path, runs = made(tmp_path, "grpo"), str(tmp_path)
    for name in ("a", "grpo/a", str(path)):
        assert find_run_folder(name, runs) == path
    other = made(tmp_path, "sft")
    assert find_run_folder("sft/a", runs) == other
    with pytest.raises(RunFolderError, match="several runs are called `a`: say which, of"):
        find_run_folder("a", runs)
    with pytest.raises(RunFolderError, match="there is no run `b`; there are: "):
        find_run_folder("b", runs)


def test_the_last_rows_are_read_without_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthetic1.reports.run_list.TAIL", 100)
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"step": step}) + "\n" for step in range(1_000)) + '{"step": 1')
    assert last_rows(file, 3) == [{"step": 997}, {"step": 998}, {"step": 999}]
    assert last_rows(tmp_path / "none.jsonl", 3) == []


def test_a_training_run_as_text(tmp_path: Path, step_row: Callable[[int, int], dict[str, Any]]) -> None:
    config = {
        "env": {"id": "synthetic1/math-v0", "tasks": None, "level": "1-3"},
        "trainer": {"learning_rate": 1e-6, "save_every": 100, "extra": {}},
        "runs": "runs",
        "seed": 7,
    }
    result = {"before": {"pass_at_1": 0.25}, "after": {"pass_at_1": 0.75}, "n": 64}
    path = made(tmp_path, "grpo", config=config, metrics=[step_row(1, 9)], samples=SAMPLES, result=result)
    said = run_text.describe(path)
    assert "grpo, finished, 1 of 9 steps, pass@1 0.250 → 0.750, last written" in said
    assert "env       id=synthetic1/math-v0 level=1-3\n" in said
    assert "trainer   learning_rate=1e-06\n" in said
    assert "save_every" not in said
    assert "pass@1, sampled" in said
    assert "step 1/9 | reward" in said
    assert [line.split()[2] for line in said.splitlines() if " train  " in line] == ["t2", "t10", "t1"]
    assert "a → b" in said


def test_stages_of_a_recipe_are_rates_of_their_own(tmp_path: Path) -> None:
    stages = [{"name": "base", "pass_at_1": 0.1, "ci95": [0.05, 0.2], "n": 9, "by_level": {}}, {"name": "SFT"}]
    said = run_text.describe(made(tmp_path, "r1", result={"stages": stages}))
    assert "stages.base  0.100 [0.050, 0.200] (n=9)" in said


@pytest.mark.parametrize(
    ("only", "shown"),
    [("verified", ["t1"]), ("refuted", ["t10"]), ("unscored", ["t2"]), ("wrong_answer", ["t10"]), ("partial", [])],
)
def test_samples_by_their_verdict(tmp_path: Path, only: str, shown: list[str]) -> None:
    path = made(tmp_path, "grpo", samples=SAMPLES)
    said = run_text.describe(path, only)
    assert [line.split()[2] for line in said.splitlines() if " train  " in line] == shown
    assert f"with --only {only}" in said


def test_one_sample_whole(tmp_path: Path) -> None:
    path = made(tmp_path, "grpo", samples=SAMPLES)
    said = run_text.problem_text(path, "t1")
    assert said.startswith("═══ t1 (step 1, train, correct, score 1)")
    assert said.endswith("─── completion\ngood")
    assert "t10" not in said
    assert "═══ t10" in run_text.problem_text(path, "t")
    with pytest.raises(RunFolderError, match="no sample whose problem id begins with `q`: its"):
        run_text.problem_text(path, "q")


def test_samples_of_a_calibration_have_whole_verdicts(tmp_path: Path) -> None:
    row = {"kind": "attack", "task": "q1", "completion": "c", "verdict": {"score": 1.0, "reason": "correct"}}
    path = made(tmp_path, "calibrate_judge", samples=[row])
    assert "attack  q1    1.00   correct" in run_text.describe(path, "verified")
