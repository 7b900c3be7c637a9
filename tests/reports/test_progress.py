"""How far a long command is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from synthetic1.reports import progress as module
from synthetic1.reports.progress import progress


def test_a_short_command_says_nothing(capsys):
    with progress(3, "tasks") as advance:
        for _ in range(3):
            advance()
    assert capsys.readouterr().out == ""


def test_a_long_one_says_now_and_then_how_far_it_is(capsys, monkeypatch):
    now = iter([0.0, 4.0, 10.0, 15.0, 20.0])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with progress(2000, "tasks") as advance:
        for _ in range(4):
            advance()
    assert capsys.readouterr().out.splitlines() == [
        "2 of 2,000 tasks, 166.5 minutes to go",
        "4 of 2,000 tasks, 166.3 minutes to go",
    ]


def test_how_many_there_are_need_not_be_known(capsys, monkeypatch):
    now = iter([0.0, 4.0, 10.0])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with progress(None, "tasks") as advance:
        for _ in range(2):
            advance()
    assert capsys.readouterr().out == "2 tasks\n"


def test_what_was_there_already_is_in_no_rate(capsys, monkeypatch):
    now = iter([0.0, 0.0, 0.0, 10.0, 20.0, 30.0])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with progress(4, "tasks", already=2) as advance:
        for _ in range(5):
            advance()
    assert capsys.readouterr().out.splitlines() == [
        "3 of 4 tasks, 0.2 minutes to go",
        "4 of 4 tasks, 0.0 minutes to go",
        "5 tasks",
    ]


@pytest.mark.parametrize("total", [0, 5, None])
def test_on_a_terminal_there_is_a_bar(capsys, monkeypatch, total):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with progress(total, "tasks") as advance:
        for _ in range(total or 3):
            advance()
    assert "tasks" in capsys.readouterr().out
