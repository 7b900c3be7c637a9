"""`report.html` of programs that do not train by rewards, and of runs that were stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from inert_page import check_inert

from synthetic1.reports.page.html import render, write_report
from synthetic1.reports.run_folder import RunFolder

E = {"n": 4, "pass_at_1": 0.25, "ci95": [0.1, 0.4]}


def test_an_evaluation_is_its_rate_its_parts_and_completions_by_verdict(
    sample: Callable[..., dict[str, Any]], hostile: str
) -> None:
    verdicts = ((1.0, "correct"), (0.0, "wrong_answer"), (None, "unscorable_judge"))
    rows = [sample(phase="after", score=score, reason=reason, task_id=hostile) for score, reason in verdicts]
    result = {
        "env": "math",
        "pass_at_1": 0.5,
        "ci95": [0.4, 0.6],
        "n": 90,
        "by_level": {"1": E, "2": E},
        "by_thinking": {"thinking": {"n": 0, "share": 0.0}, "not_thinking": E},
        "scores": {"k": 1.0},
    }
    config = {"env": {"id": "synthetic1/math-v0"}, "sampling": {"max_tokens": 77}}
    page = render("one", config, [], rows, result)
    text = check_inert(page).text
    assert "pass@1 on held-out tasks, n = 90 0.500" in text
    assert "95 % interval [0.400, 0.600]" in text
    assert "pass@1 by level" in text
    assert "pass@1 by thought" not in text  # one bar compares nothing
    assert "by_level.2 0.250 [0.100, 0.400] (n=4)" in text
    assert "max_tokens=77" in text
    assert "after training" not in text
    choices = [text.index(words) for words in ("could not be scored", "unscorable_judge", "wrong_answer")]
    assert choices == sorted(choices)  # of the filters
    assert '"unscorable","correct"' not in page


def test_fine_tuning_is_its_loss(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path / "s", resume=False) as run:
        run.write_config({"trainer": {"learning_rate": 1e-4}, "data": ["exports/r1"]})
        for step in (1, 2, 3):
            run.log_metrics({"step": step, "steps": 9, "loss": 1 / step, "token_accuracy": 0.5})
    text = check_inert(write_report(tmp_path / "s").read_text()).text
    assert "loss at step 3 0.333 No result yet" in text
    assert "3 of 9 steps" in text
    assert "Token accuracy" in text
    assert "policy gradient" not in text
    assert "exports/r1" in text


def test_samples_and_numbers_that_lie_elsewhere(tmp_path: Path, sample: Callable[..., dict[str, Any]]) -> None:
    with RunFolder.create(tmp_path / "g", resume=False) as run:
        run.write_result({"rollouts": 3, "seconds": 1.5})
    rows = [{**sample(), "phase": None, "verdict": {"score": 0.5, "reason": "partial"}}]
    page = write_report(tmp_path / "g", samples=rows, numbers={"rollouts": 7, "reasons": {"partial": 7}})
    text = check_inert(page.read_text()).text
    assert "rollouts 7" in text
    assert "reasons.partial 7" in text
    assert '"partial",0.5,"partial"' in text
