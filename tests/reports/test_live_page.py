"""The page of a run that goes on: there from the first minute, and a last time however the run ends."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inert_page import check_inert

from synthetic1.reports import live_page, run_text
from synthetic1.reports.live_page import COST, EVERY_S, LivePage
from synthetic1.reports.run_folder import RunFolder
from synthetic1.reports.run_list import summary
from synthetic1.reports.run_status import RunStatus, read_status

StepRow = Callable[[int, int], dict[str, Any]]


def read(path: Path) -> str:
    return check_inert((path / "report.html").read_text(encoding="utf-8")).text


def state(path: Path) -> str:
    status = read_status(path)
    assert status is not None
    return f"{status.state}: {status.said}"


def test_it_is_there_before_the_first_step_and_follows(tmp_path: Path, step_row: StepRow) -> None:
    path = tmp_path / "grpo" / "one"
    with RunFolder.create(path, resume=False) as run:
        run.write_config({"seed": 1})
        with LivePage(run) as page:
            page.doing("held-out evaluation before training")
            assert "running held-out evaluation before training" in read(path)
            assert "No step has been written yet." in read(path)
            page.doing("training")
            run.log_metrics(step_row(1, 9))
            page._next = 0.0  # it is time
            page.refresh()
            assert "running training" in read(path)
            assert "1 of 9 steps" in read(path)
            assert summary(path).state == "running"
            run.write_result({"steps": 9})
        assert "running" not in read(path)
        assert state(path) == "finished: "
    assert summary(path).state == "finished"


@pytest.mark.parametrize(
    ("error", "ending", "said"),
    [
        (
            SystemExit(130),
            "stopped at step 3; go on with: make demo",
            "stopped: stopped at step 3; go on with: make demo",
        ),
        (KeyboardInterrupt(), "", "stopped: stopped before its end"),
        (RuntimeError("out of\nmemory <b>"), "", "failed: RuntimeError: out of↵memory <b>"),
    ],
)
def test_it_says_how_a_run_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: BaseException, ending: str, said: str
) -> None:
    path = tmp_path / "grpo" / "one"

    def train() -> None:
        with RunFolder.create(path, resume=False) as run, LivePage(run) as page:
            run.log_metrics({"step": 3, "steps": 9, "reward": 0.5})
            page.doing("training")
            page.ending = ending
            raise error

    with pytest.raises(type(error)):
        train()
    assert capsys.readouterr().out == (f"{ending}\n" if ending else "")
    assert state(path) == said
    assert said.replace(": ", " ", 1) in read(path)
    assert "reward at step 3 0.500" in read(path)
    assert summary(path).state == said.partition(":")[0]
    assert said.partition(": ")[2] in run_text.head(path)


def test_writing_it_takes_less_than_a_hundredth_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By construction, whatever a page costs: a clock that says how much it did."""
    now, cost, written = [0.0], 2.0, []

    def write(folder: Path, *, status: RunStatus) -> None:
        written.append(now[0])
        now[0] += cost

    monkeypatch.setattr(live_page, "write_report", write)
    monkeypatch.setattr(live_page.time, "monotonic", lambda: now[0])
    with RunFolder.create(tmp_path, resume=False) as run, LivePage(run) as page:
        page.doing("training")
        while now[0] < 3_000.0:
            now[0] += 0.5  # a step
            page.refresh()
        assert COST < 0.01
        assert 8 <= len(written) <= 3_000.0 * COST / cost + 1
        assert page._wait_s == pytest.approx(cost / COST)
        cost = 0.0
        now[0] += 1_000.0
        page.refresh()
        assert page._wait_s == EVERY_S


def test_it_follows_a_step_that_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody calls: an evaluation that takes hours, a stage of a recipe."""
    monkeypatch.setattr(live_page, "EVERY_S", 0.01)
    monkeypatch.setattr(live_page, "COST", 1.0)
    with RunFolder.create(tmp_path, resume=False) as run, LivePage(run) as page:
        page.doing("held-out evaluation")
        first = read_status(tmp_path)
        written = first
        while written is None or first is None or written.written <= first.written:
            time.sleep(0.01)
            written = read_status(tmp_path)
        assert written.said == "held-out evaluation"
        writer = page._writer
        child = os.fork()
        if child == 0:  # as a data loader's; it may even leave the block
            try:
                page.__exit__(SystemExit, SystemExit(1), None)
                page.doing("something else")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert state(tmp_path) == "running: held-out evaluation"
    assert state(tmp_path) == "finished: "
    assert writer is not None
    assert not writer.is_alive()


def test_what_the_thread_cannot_write_is_said_by_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = threading.Event()

    def refuse(*_: Any, **__: Any) -> None:
        tried.set()
        raise ValueError("no space")

    monkeypatch.setattr(live_page, "EVERY_S", 0.01)
    monkeypatch.setattr(live_page, "write_report", refuse)
    with RunFolder.create(tmp_path, resume=False) as run, LivePage(run) as page:
        assert tried.wait(60)
        assert capsys.readouterr().out == ""
        assert page._writer is not None
        assert page._writer.is_alive()
    assert capsys.readouterr().out.count("report.html could not be written: no space") == 1


def test_a_page_that_cannot_be_written_is_a_warning_and_no_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("a row that nobody expected")

    monkeypatch.setattr(live_page, "write_report", refuse)
    with RunFolder.create(tmp_path, resume=False) as run, LivePage(run) as page:
        page.doing("training")
        page.doing("saving")
    assert capsys.readouterr().out.count("report.html could not be written: a row that nobody expected") == 1


def test_other_ranks_write_nothing() -> None:
    with LivePage(None) as page:
        page.doing("training")
        page.refresh()
        assert page.path is None


def test_a_run_that_was_killed_is_told_from_one_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "grpo" / "one"
    with RunFolder.create(path, resume=False) as run:
        run.log_metrics({"step": 1, "steps": 9, "reward": 0.5})
        RunStatus("running", "training", 10.0).write(path)
        assert summary(path).state == "running"  # of this process: its lock must not be touched
    assert summary(path).state == "stopped"
    assert "it was killed, or its machine went down" in run_text.head(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": "dancing", "said": "", "every_s": 1, "written": 1}'])
def test_a_status_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "status.json").write_text(content)
    assert read_status(tmp_path) is None


def test_an_older_result_of_a_run_that_goes_on_is_not_its_result(tmp_path: Path, result: dict[str, Any]) -> None:
    with RunFolder.create(tmp_path, resume=False) as run, LivePage(run) as page:
        run.write_result(result)
        page.doing("training")
        assert "No step has been written yet." in read(tmp_path)
        run.log_metrics({"step": 1, "steps": 9, "reward": 0.5})
    assert json.loads((tmp_path / "result.json").read_text()) == result
    assert "0.362 → 0.808" in read(tmp_path)
