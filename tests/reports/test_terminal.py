"""What a person reads while a run goes: in a log file, and on a real terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.reports import terminal

measures = st.none() | st.floats() | st.integers() | st.sampled_from(["text", [], {}])
KEYS = ["step", "steps", "reward", "reward_std", "pass_at_1", "zero_std_share", "unscorable_share", "length_mean"]
KEYS += ["clip_share", "think_share", "tokens_per_s"]


def test_a_full_step_line(step_row: Callable[[int, int], dict[str, Any]]) -> None:
    row = step_row(12, 200) | {"reward": 0.41, "pass_at_1": 0.38}
    row["seconds"]["sync"] = 0.0
    assert terminal.step_line(row) == (
        "step  12/200 | reward .41±.22 | pass@1 .38 | zero-std .25 | len 81 clip 3% | think .62"
        " | gen 6.1s train 4.2s | ETA 34m"
    )
    assert terminal.step_line(row, seconds_per_step=1.0).endswith("ETA 3m08s")


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({}, "step ?"),
        ({"step": 3}, "step 3"),
        ({"step": 3, "steps": 10, "reward": 1.0}, "step  3/10 | reward 1.0"),
        ({"step": 3, "reward": -0.2, "reward_std": 0.0}, "step 3 | reward -.20±.00"),
        ({"step": 3, "reward": None, "pass_at_1": float("nan")}, "step 3"),
        ({"step": 3, "unscorable_share": 0.0}, "step 3"),
        ({"step": 3, "unscorable_share": 0.07}, "step 3 | unscorable .07"),
        (
            {"step": 3, "tokens_per_s": 3_149, "seconds": {"generate": 130, "score": 0.01}},
            "step 3 | gen 2m10s score .01s | 3.1k tok/s",
        ),
    ],
)
def test_step_lines(row: dict[str, Any], line: str) -> None:
    assert terminal.step_line(row) == line


def test_slow_scoring_is_never_left_out(step_row: Callable[[int, int], dict[str, Any]]) -> None:
    row = step_row(1_200, 20_000)
    row["seconds"]["score"] = 2.3
    assert "score 2.3s" in terminal.step_line(row)


@given(st.dictionaries(st.sampled_from(KEYS), measures), st.dictionaries(st.sampled_from(["step", "score"]), measures))
def test_any_row_gives_a_line(row: dict[str, Any], seconds: dict[str, Any]) -> None:
    assert terminal.step_line(row | {"seconds": seconds}).startswith("step ")


def test_lines_fit_120_columns(step_row: Callable[[int, int], dict[str, Any]]) -> None:
    row = step_row(12_345, 20_000) | {"unscorable_share": 0.12, "length_mean": 14_512.0, "reward": -0.44}
    row["seconds"] |= {"score": 11.4, "generate": 88.8, "sync": 12.3, "step": 130.0}
    assert len(terminal.step_line(row)) <= 120
    assert terminal.step_line(row).endswith(" | 2m10s a step | ETA 11d12h")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (-3, "0s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (190, "3m10s"),
        (599, "9m59s"),
        (2_030, "34m"),
        (3_599, "1h00m"),
        (7_500, "2h05m"),
        (273_600, "3d04h"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    assert terminal.duration(seconds) == shown


def test_warnings_and_evaluations_have_lines_of_their_own() -> None:
    out = io.StringIO()
    terminal.show_step({"step": 3, "warnings": ["all\nclipped \x1b[2J", "second"]}, stream=out)
    terminal.show_step({"step": 50, "eval": {"pass_at_1": 0.617, "ci95": [0.567, 0.667], "n": 256}}, stream=out)
    assert out.getvalue().splitlines() == [
        "step 3",
        "  warning: all↵clipped ␛[2J",
        "  warning: second",
        "step 50 | held-out pass@1 0.617 [0.567, 0.667] (n=256)",
    ]


@dataclass(frozen=True)
class Header:
    env: str
    effective_batch: str
    tokens_per_step: int
    judge: str | None = None


def test_the_header_takes_a_dataclass_or_a_mapping() -> None:
    first, second = io.StringIO(), io.StringIO()
    header = Header("synthetic1/math-v0", "16 prompts × 8 group × 1 update", 131_072)
    terminal.show_header(header, stream=first)
    assert first.getvalue().splitlines() == [
        "synthetic1",
        "  env              synthetic1/math-v0",
        "  effective batch  16 prompts × 8 group × 1 update",
        "  tokens per step  131,072",
    ]
    terminal.show_header({"env": header.env, "env_kwargs": {"levels": [1, 2]}}, stream=second)
    assert second.getvalue().splitlines()[-1] == "  env kwargs  levels=1, 2"


def test_samples_show_where_they_differ(sample: Callable[..., dict[str, Any]]) -> None:
    out = io.StringIO()
    wrong = sample(answer="pmal nEdAg", expected="pmAl nEdrAg", score=0.0, reason="wrong_answer", advantage=-1.1)
    terminal.show_samples(sample(), wrong, stream=out)
    assert out.getvalue().splitlines() == [
        "  best  task cu-1-7, level 1, score 1.00 (correct), advantage +0.90",
        "    answer    ba",
        "  worst task cu-1-7, level 1, score 0.00 (wrong_answer), advantage -1.10",
        "    expected  pmAl nEdrAg",
        "    predicted pmal nEd Ag",
        "                ^     ^",
    ]


def test_hostile_samples_stay_within_their_lines(sample: Callable[..., dict[str, Any]], hostile: str) -> None:
    out = io.StringIO()
    cases = [
        sample(answer=hostile * 900, expected="y" * 5_000 + hostile, task_id=hostile * 9),
        sample(answer=None, completion=hostile * 900, reason="no_answer", level=None, advantage=None),
        sample(answer=hostile * 900, expected=None, score=None, reason="unscorable_infra"),
        {},
    ]
    for row in cases:
        terminal.show_samples(row, row, stream=out)
    lines = out.getvalue().split("\n")
    assert max(map(len, lines)) <= 160
    assert all(line.isprintable() for line in lines)


def test_the_table_holds_the_numbers_of_the_result(result: dict[str, Any]) -> None:
    out = io.StringIO()
    terminal.show_before_after(result, stream=out)
    lines = [re.split(r" {2,}", line) for line in out.getvalue().splitlines()[1:]]
    assert lines[0] == ["held-out tasks", "before", "after", "change"]
    assert lines[2:8] == [
        ["pass@1, sampled", "0.362 [0.331, 0.391]", "0.808 [0.777, 0.837]", "+0.447"],
        ["pass@1, greedy", "0.399", "0.845", "+0.447"],
        ["level 2 (n=341)", "0.492 [0.461, 0.521]", "0.938 [0.907, 0.967]", "+0.447"],
        ["level 10 (n=171)", "0.252 [0.221, 0.281]", "0.698 [0.667, 0.727]", "+0.447"],
        ["thinking, 41% → 92% (n=300)", "0.412 [0.381, 0.441]", "0.858 [0.827, 0.887]", "+0.447"],
        ["not thinking, 59% → 8% (n=212)", "0.292 [0.261, 0.321]", "0.738 [0.707, 0.767]", "+0.447"],
    ]
    assert lines[8] == [
        "95 % intervals in brackets; n = 512; difference +0.447 [+0.399, +0.492], p < 0.0001;"
        " 3.8k completions; 5m31s in all"
    ]


@pytest.mark.parametrize(
    "missing", [{}, {"before": None}, {"after": {"pass_at_1": 0.5}}, {"before": {"by_level": {"1": {}}}}]
)
def test_an_incomplete_result_still_prints(missing: dict[str, Any]) -> None:
    out = io.StringIO()
    terminal.show_before_after(missing, stream=out)
    assert "held-out tasks" in out.getvalue()


def test_an_ascii_log_is_no_reason_to_stop(step_row: Callable[[int, int], dict[str, Any]]) -> None:
    raw = io.BytesIO()
    log = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    terminal.show_step(step_row(1, 2), stream=log)
    assert b"reward .5" in raw.getvalue()
    assert b"?.22" in raw.getvalue()


SHOW = """
from synthetic1.reports.terminal import show_header, show_samples
show_header({"env": "x"})
show_samples(None, {"expected": "abc", "answer": "axc", "score": 0.0, "reason": "wrong_answer"})
"""


@pytest.mark.parametrize(("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_on_a_real_terminal_only(extra: dict[str, str], coloured: bool) -> None:
    pytest.importorskip("rich")
    env = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm-256color", **extra}
    controller, device = pty.openpty()
    with os.fdopen(controller, "rb", buffering=0) as screen:
        subprocess.run([sys.executable, "-c", SHOW], stdout=device, env=env, timeout=60, check=True)
        os.close(device)
        seen = b""
        while chunk := _read(screen):
            seen += chunk
    assert (b"\x1b[" in seen) == coloured
    plain = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, env=env, timeout=60, check=True).stdout
    assert b"\x1b" not in plain
    assert re.sub(rb"\x1b\[[0-9;]*m|\r", b"", seen) == plain


def _read(screen: io.RawIOBase | Any) -> bytes:
    try:
        return bytes(screen.read(4_096))
    except OSError:  # Linux says EIO when the other side of a terminal is closed
        return b""
