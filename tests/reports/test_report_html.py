"""``report.html``: self-contained, inert whatever a model wrote, and true to the run folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inert_page import Page, check_inert

from synthetic1.reports.page.html import render, write_report
from synthetic1.reports.page.samples import samples_section
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
        "Reward by part of the mixture",
        "pass@1 by part of the mixture",
        "Reward components",
        "Thinking",
        "Completion length",
        "Length of right and of wrong",
        "Cut off",
        "Verdicts",
        "Highest level",
        "Dropped",
        "Expected pass rate",
        "Tokens generated",
        "Entropy",
        "Without a signal",
        "Log-probability difference",
        "Clipped ratios",
        "Gradient norm",
        "Loss",
        "Learning rate",
        "Where the time goes",
        "Speed",
        "Memory",
    ]
    assert page.count("<figure") == page.count("<svg") - 1 == len(titles)
    assert len(page) < 600_000
    for heading in ("Warnings", "Samples"):
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


def shown(section: str) -> dict[str, Any]:
    """The data that the table is filled from: what the page's script reads."""
    data = re.search(r'<pre class="data" hidden>(.*?)</pre>', section, re.S)
    assert data is not None
    found: dict[str, Any] = json.loads(unescape(data[1]))
    return found


def test_long_completions_are_cut_and_say_so(sample: Callable[..., dict[str, Any]]) -> None:
    page = render("run", {}, [], [sample(completion="x" * 100_000)], {})
    assert len(page) < 100_000
    assert "80,000 characters left out" in page


def test_samples_are_there_the_latest_first_and_once(sample: Callable[..., dict[str, Any]]) -> None:
    rows = [sample(step=step, task_id=f"t{step}", prompt=f"prompt {step // 2}") for step in range(5)]
    data = shown(samples_section(rows, 5))
    assert [row[2] for row in data["rows"]] == ["t4", "t3", "t2", "t1", "t0"]
    assert data["prompts"] == ["prompt 2", "prompt 1", "prompt 0"]  # the completions of a group share theirs
    assert [data["prompts"][row[13]] for row in data["rows"]] == [f"prompt {step // 2}" for step in (4, 3, 2, 1, 0)]
    assert samples_section([], 0) == ""


def test_a_page_has_room_for_so_many_samples_and_says_which(sample: Callable[..., dict[str, Any]]) -> None:
    rows = [sample(step=0, phase="before", task_id="early"), sample(step=0, score=None, reason="unscorable_judge")]
    rows += [sample(step=1 + step // 100, task_id=str(step), completion="y" * 3_000) for step in range(9_000)]
    section = samples_section(rows, 50_000, left_out=7)
    found = [row[2] for row in shown(section)["rows"]]
    assert 1_000 < len(found) < 9_000
    assert f"{len(found):,} of 50,000 samples are on this page; samples.jsonl has all" in section
    assert "7 completions that could not be scored were not kept; samples=all keeps every one" in section
    assert found[:3] == ["8999", "8998", "8997"]  # the latest of training,
    assert found[-2:] == ["cu-1-7", "early"]  # and what is rare, however old
    assert len(section) < 10_000_000


def test_a_row_says_what_a_person_asks_of_it(sample: Callable[..., dict[str, Any]]) -> None:
    row = sample(
        step=3,
        score=None,
        reason="unscorable_judge",
        why="the judge did not answer",
        part="hard",
        dropped=True,
        tokens=12,
        components={"format": 0.5},
        reward=0.25,
        advantage=None,
    )
    section = samples_section([row, sample(part="easy")], 2)
    first = shown(section)["rows"][1]
    assert first[:10] == [3, "train", "cu-1-7", "1", "hard", "unscorable", None, "unscorable_judge",
                          "the judge did not answer", None]  # fmt: skip
    assert first[10] == "thinks, dropped: not learned from, 12 tokens, reward 0.25, format 0.50"
    for name in ("environment", "sort", "reason", "order"):
        assert f'<select name="{name}">' in section
    assert '<select name="level">' not in section  # both are of level 1: there is nothing to choose


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is not a run folder"):
        write_report(tmp_path / "nowhere")
