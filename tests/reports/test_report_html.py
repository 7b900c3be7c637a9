"""``report.html``: self-contained, inert whatever a model wrote, and true to the run folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inert_page import Page, check_inert

from synthetic1.reports.page.html import render, write_report
from synthetic1.reports.page.tables import sample_groups
from synthetic1.reports.run_folder import RunFolder, RunFolderError

numbers = st.none() | st.floats() | st.integers() | st.just("text")
metrics = st.lists(
    st.fixed_dictionaries(
        {"step": st.integers(0, 50) | numbers},
        optional={
            "reward": numbers,
            "pass_at_1": numbers,
            "length_p10": numbers,
            "length_p90": numbers,
            "loss": numbers,
            "kl": numbers,
            "seconds": st.dictionaries(st.sampled_from(["generate", "train", "sync"]), numbers) | st.none(),
            "by_level": st.dictionaries(st.text(max_size=3), st.fixed_dictionaries({"pass_at_1": numbers}), max_size=9),
            "eval": st.fixed_dictionaries({"pass_at_1": numbers, "ci95": st.lists(numbers, max_size=3)}),
            "warnings": st.none() | st.lists(st.text(max_size=5), max_size=2),
        },
    ),
    max_size=25,
)


def test_a_finished_run(finished_run: Path) -> None:
    path = write_report(finished_run)
    assert path == finished_run / "report.html"
    page = path.read_text(encoding="utf-8")
    parsed = check_inert(page)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", page)
    assert "<script>alert(1)</script>" in parsed.text
    titles = re.findall(r"<h3>(.*?)</h3>", page)
    assert titles == [
        "Reward",
        "pass@1",
        "pass@1 by level",
        "pass@1 with and without a thought",
        "pass@1 by level, in training",
        "Thinking",
        "Completion length",
        "Cut off",
        "Entropy",
        "Without a signal",
        "Log-probability difference",
        "Gradient norm",
        "Loss",
        "Learning rate",
        "Where the time goes",
        "Speed",
    ]
    assert page.count("<figure") == page.count("<svg") - 1 == len(titles)
    assert len(page) < 600_000
    for heading in (
        "Warnings",
        "Held-out tasks before training",
        "Held-out tasks after training",
        "Could not be scored",
    ):
        assert f"<h2>{heading}</h2>" in page
    assert "2 times, steps 29 to 30" in parsed.text
    assert sorted(p.name for p in finished_run.iterdir() if p.name.startswith(".")) == [".lock"]


def test_the_numbers_shown_are_those_of_the_result(finished_run: Path, result: dict[str, Any]) -> None:
    page = write_report(finished_run).read_text(encoding="utf-8")
    shown = re.search(r'<div class="headline">(.*?)</div>', page)
    assert shown is not None
    assert re.findall(r"\d\.\d+", shown[1]) == [f"{result[when]['pass_at_1']:.3f}" for when in ("before", "after")]
    text = Page(page).text
    assert "before [0.331, 0.391], after [0.777, 0.837]" in text
    assert "difference +0.447 [+0.399, +0.492], p < 0.0001" in text
    for fact in ("30 steps", "3,840 completions", "5m31s in all", "3,100 tokens a second", "41% → 92%", "seed 0"):
        assert fact in text
    hints = re.findall(r"<title>(.*?)</title>", page)[1:]
    assert hints[:4] == [
        "level 2, before: 0.492 [0.461, 0.521]",
        "level 2, after: 0.938 [0.907, 0.967]",
        "level 10, before: 0.252 [0.221, 0.281]",
        "level 10, after: 0.698 [0.667, 0.727]",
    ]
    record = Page(page).text.partition("result.json ")[2]
    assert json.loads(record) == result


def test_bars_and_whiskers_lie_where_the_numbers_say(finished_run: Path, result: dict[str, Any]) -> None:
    page = write_report(finished_run).read_text(encoding="utf-8")
    bars = re.findall(r'<rect class="bar (\w+)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', page)[:4]
    whiskers = re.findall(r'<path class="whisker ink" d="M[\d.]+ ([\d.]+)V([\d.]+)M', page)[:4]
    floor = 186.0  # pixels of 0 on the value axis; 1 lies 176 above
    for (color, top, height), (low, high), (when, level) in zip(
        bars, whiskers, [("before", "2"), ("after", "2"), ("before", "10"), ("after", "10")], strict=True
    ):
        part = result[when]["by_level"][level]
        assert color == ("gray" if when == "before" else "blue")
        assert float(height) / 176 == pytest.approx(part["pass_at_1"], abs=0.001)
        assert float(top) + float(height) == pytest.approx(floor, abs=0.11)
        assert [(floor - float(y)) / 176 for y in (low, high)] == pytest.approx(part["ci95"], abs=0.001)


def test_hovering_reads_the_measured_points(step_row: Callable[[int, int], dict[str, Any]]) -> None:
    rows = [step_row(step, 10) for step in range(1, 11)]
    page = render("run", {}, rows, [], {})
    hovers = [json.loads(a["data-hover"] or "") for tag, a in Page(page).tags if "data-hover" in a]
    assert hovers[0]["s"][0]["x"] == list(range(1, 11))
    assert hovers[0]["s"][0]["y"] == pytest.approx([row["reward"] for row in rows], rel=1e-4)


@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        ([], "No step has been written yet."),
        ([{"step": 1}], "1 steps"),
        ([{"step": 1, "reward": float("nan")}], "No step has been written yet."),
        ([{"step": 1, "reward": 0.25}], "reward at step 1 0.250"),
        ([{"step": 5, "eval": {"pass_at_1": 0.5, "ci95": [0.4, 0.6], "n": 9}}], "held-out pass@1 at step 5 0.500"),
    ],
)
def test_a_run_that_has_hardly_begun(tmp_path: Path, rows: list[dict[str, Any]], seen: str) -> None:
    with RunFolder.create(tmp_path, resume=False) as run:
        for row in rows:
            run.log_metrics(row)
        page = write_report(tmp_path).read_text(encoding="utf-8")  # while the lock is held
    assert seen in check_inert(page).text


def test_one_full_step_draws_points_and_no_line(step_row: Callable[[int, int], dict[str, Any]]) -> None:
    page = render("run", {}, [step_row(1, 200)], [], {})
    check_inert(page)
    assert "<polyline" not in page
    assert page.count("<circle") >= 10
    assert "1 of 200 steps" in Page(page).text


def test_twenty_thousand_steps_are_thinned(step_row: Callable[[int, int], dict[str, Any]]) -> None:
    row = step_row(1, 20_000)
    page = render("run", {}, [row | {"step": step, "reward": step % 2} for step in range(1, 20_001)], [], {})
    check_inert(page)
    assert len(page) < 1_500_000
    points = [p.count(",") for p in re.findall(r'<polyline class="[\w ]+" points="([^"]*)"', page)]
    assert len(points) >= 12
    assert max(points) <= 400
    reward = next(json.loads(a["data-hover"] or "") for _, a in Page(page).tags if "data-hover" in a)["s"][0]
    assert reward["y"] == pytest.approx([0.5] * 400, abs=0.02)  # a mean, not every fiftieth point
    assert (reward["x"][0], reward["x"][-1]) == pytest.approx((25.5, 19_975.5), rel=1e-3)


@given(metrics, st.text(st.characters(exclude_categories=[])))
@settings(max_examples=150, deadline=None)
def test_any_metrics_make_an_inert_page_without_nan(rows: list[dict[str, Any]], name: str) -> None:
    page = render(name, {}, rows, [], {})
    check_inert(page)
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.S))
    assert not re.search(r"\bnan\b|\binf\b|Infinity|NaN", re.sub(r"<text.*?</text>|data-hover=\"[^\"]*\"", "", drawn))


@given(st.text(st.characters(exclude_categories=[])), st.none() | st.text(st.characters(exclude_categories=[])))
@settings(deadline=None)
def test_any_completion_is_only_text(completion: str, answer: str | None) -> None:
    row = {
        "step": 1,
        "phase": "train",
        "completion": completion,
        "answer": answer,
        "expected": completion,
        "score": 0.0,
    }
    page = render("run", {"a": completion}, [], [row], {"env": completion, "versions": {completion: answer}})
    check_inert(page).text.encode()


def test_long_completions_are_cut_and_say_so(sample: Callable[..., dict[str, Any]]) -> None:
    page = render("run", {}, [], [sample(completion="x" * 100_000)], {})
    assert len(page) < 100_000
    assert "80,000 characters left out" in page


def test_the_latest_best_and_worst_samples_are_picked(sample: Callable[..., dict[str, Any]]) -> None:
    rows = [sample(step=step, score=score, task_id=f"{step}-{score}") for step in range(1, 101) for score in (0.0, 1.0)]
    groups = dict(sample_groups(rows))
    assert [row["step"] for row in groups["Best of the latest training steps"]] == [100, 99, 98, 97, 96, 95]
    assert {row["score"] for row in groups["Best of the latest training steps"]} == {1.0}
    assert [row["step"] for row in groups["Worst of the latest training steps"]] == [100, 99, 98, 97, 96, 95]
    assert {row["score"] for row in groups["Worst of the latest training steps"]} == {0.0}
    assert sample_groups([]) == []


def test_a_difference_is_marked(sample: Callable[..., dict[str, Any]]) -> None:
    page = render("run", {}, [], [sample(expected="a<c", answer="axc", score=0.0, reason="wrong_answer")], {})
    assert "<code>a<ins>&lt;</ins>c</code>" in page
    assert "<code>a<del>x</del>c</code>" in page


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is not a run folder"):
        write_report(tmp_path / "nowhere")
