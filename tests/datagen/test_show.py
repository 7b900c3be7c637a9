"""`synthetic1 runs` and `synthetic1 show`: which runs there are, and what one holds."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from recorded_runs import task, write_run
from typer.testing import CliRunner

from synthetic1.cli import app
from synthetic1.datagen.journal.writer import Journal
from synthetic1.datagen.show import list_runs, show_run
from synthetic1.jobs.program import ProgramError
from synthetic1.verdict import Verdict

SAMPLES = {
    task(1): [("<think>so</think>two", 1.0), ("three", 0.0), ("four", 0.5)],
    task(10): [("<think>\u2028é</think>twenty", 1.0), ("oh", None), "late"],
    task(2): [("no", 0.0)],
}


@pytest.fixture
def runs(tmp_path):
    write_run(tmp_path, "a", SAMPLES, failures=[(task(2), 1, "bad_request", "too long")])
    write_run(tmp_path, "half", {task(1): [("x", 0.5)]}, config={"threshold": 0.5})
    return str(tmp_path)


def test_runs_are_listed_with_what_they_hold(runs):
    rows = {line.split()[0]: line.split()[1:] for line in list_runs(runs).splitlines()}
    assert rows["run"] == ["state", "progress", "result", "last", "written"]
    assert " ".join(rows["generate/a"]).startswith("stopped 7 rollouts of 3 tasks, 1 failed 2 verified ")


def test_a_run_that_cannot_be_read_hides_no_other(runs):
    (Path(runs) / "generate/broken").mkdir()
    (Path(runs) / "generate/broken/journal.sqlite").write_text("no database, whatever its name says" * 40)
    said = list_runs(runs).splitlines()
    assert {line.split()[0] for line in said} >= {"generate/a", "generate/half"}
    assert said[-1].startswith("generate/broken: ")
    assert said[-1].endswith("it is not a journal of a run")


def test_a_run_is_its_counts_its_tasks_and_what_failed(runs):
    said = show_run("a", "", runs, "", 20)
    assert "7 rollouts of 3 tasks, 2 verified, 1 failed" in said
    assert "correct 2, wrong_answer 2, partial 1, unscorable_infra 1, no_verdict 1" in said
    assert "p10      1 of 3    correct 1, unscorable_infra 1, no_verdict 1" in said
    assert "p2 sample 1: bad_request: too long" in said
    assert "and 2 more tasks" in show_run("a", "", runs, "", 1)


def test_a_problem_is_shown_whole_to_the_byte(runs):
    said = show_run("a", "p10", runs, "", 20)
    assert "What is 10 + 10?" in said
    assert "─── expected\ntwice 10" in said
    assert "─── sample 0: correct, score 1, answer 'a'" in said
    assert "\n<think>\u2028é</think>twenty" in said
    assert "─── sample 1: unscorable_infra" in said
    assert "─── sample 2: no verdict yet" in said


def test_what_is_not_asked_for_is_not_read(runs, monkeypatch):
    """Rollouts of a big run are many gigabytes."""
    read = []
    rollouts = Journal.rollouts
    monkeypatch.setattr(Journal, "rollouts", lambda self, keys: read.extend(keys) or rollouts(self, keys))
    show_run("a", "", runs, "", 20)
    assert read == []
    show_run("a", "p1", runs, "", 20)  # p10 begins so, too
    assert read == [task(1).key]


def test_ids_of_any_letters_are_found(tmp_path):
    for name in ('a "quoted" \\ id', "ünï", "\ud800 half", "50%_"):
        write_run(tmp_path, "a", {replace(task(1), problem_id=name): [("x", 1.0)]})
        said = name.encode("utf-8", "backslashreplace").decode()  # half a pair has no bytes a terminal could show
        for asked in (name, name[:2]):
            assert f"═══ {said} " in show_run("a", asked, str(tmp_path), "", 20)
        with pytest.raises(ProgramError, match="no problem"):
            show_run("a", f"{name}!", str(tmp_path), "", 20)
        shutil.rmtree(tmp_path / "generate")


def test_a_whole_id_is_that_problem_and_else_a_beginning(runs):
    assert "p10" not in show_run("a", "p1", runs, "", 20)
    both = show_run("a", "p", runs, "", 20)
    assert [f"═══ {name} " in both for name in ("p1", "p10", "p2")] == [True] * 3
    with pytest.raises(ProgramError, match="no problem whose id begins with `q`"):
        show_run("a", "q", runs, "", 20)


ONLY = [("verified", [1.0]), ("refuted", [0.0, 0.5]), ("partial", [0.5]), ("wrong_answer", [0.0])]


@pytest.mark.parametrize(("only", "scores"), ONLY)
def test_only_some(runs, only, scores):
    said = show_run("a", "p1", runs, only, 20)
    assert [score for score in (0.0, 0.5, 1.0) if f"score {score:g}," in said] == scores


def test_verified_is_what_the_run_took_for_it(runs):
    assert "p1       1 of 1" in show_run("half", "", runs, "verified", 20)


def test_the_newest_verdict_counts(runs):
    journal = Journal.open(Path(runs) / "generate/a/journal.sqlite")
    rollout = journal.rollouts([task(1).key])[task(1).key][0].rollout
    journal.put_verdict(rollout, 0, "k2", "verifiable_math@2", Verdict.graded(0.0), 2)
    journal.flush()
    assert journal.counts()["verified"] == 1
    journal.close()
    assert "sample 0: wrong_answer, score 0" in show_run("a", "p1", runs, "", 20)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nope"], "error: there is no run `nope`; there are: "),
        (["show", "a", "q"], "error: run `a` has no problem whose id begins with `q`"),
        (
            ["show", "a", "--only", "good"],
            "error: --only good: completions are verified, refuted, unscored, no_verdict",
        ),
        (["runs"], ""),
    ],
)
def test_on_the_command_line(runs, arguments, said):
    result = CliRunner().invoke(app, [*arguments, "--runs", runs])
    assert result.exit_code == (2 if said else 0)
    assert result.stderr.startswith(said)
    assert result.stderr.count("\n") == bool(said)


def test_no_runs_at_all(tmp_path):
    with pytest.raises(ProgramError, match=r"no runs in .*synthetic1 generate --help` say how to make one"):
        list_runs(str(tmp_path))


def test_tasks_are_shown_with_their_golds_and_one_whole(tmp_path):
    from synthetic1.tasks.sources.spec import open_tasks

    rows = [open_tasks("embedded:math")[place].to_row() for place in range(3)]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{cut\n")
    said = CliRunner().invoke(app, ["show", str(tmp_path / "mine.jsonl"), "--limit", "2"])
    assert said.exit_code == 0, said.output
    assert "mine.jsonl: 3 tasks" in said.output
    assert rows[0]["problem_id"] in said.output
    assert "… and 1 more tasks" in said.output
    whole = CliRunner().invoke(app, ["show", str(tmp_path / "mine.jsonl"), rows[2]["problem_id"]]).output
    assert rows[2]["prompt"] in whole
    assert "─── verification" in whole
    for problem, why in (("nobody", "no problem whose id begins with `nobody`"), ("", "there is no")):
        name = "mine.jsonl" if problem else "other.jsonl"
        done = CliRunner().invoke(app, ["show", str(tmp_path / name), problem])
        assert done.exit_code == 2
        assert len(done.output.splitlines()) == 1
        assert why in done.output or "no run" in done.output


def test_the_page_of_a_run_of_generation(runs):
    """From the journal, so also of a run that goes on: counts, and rollouts of every reason."""
    said = CliRunner().invoke(app, ["report", "generate/a", "--runs", runs])
    assert said.exit_code == 0, said.output
    page = (Path(runs) / "generate/a/report.html").read_text()
    assert said.output == f"report: {Path(runs) / 'generate/a/report.html'}\n"
    for shown in (
        '"correct"',
        '"wrong_answer"',
        '"no_verdict"',
        "could not be scored",
        "twice 10",
    ):
        assert shown in page


def test_runs_of_one_program(runs):
    assert "generate/a" in list_runs(runs, "generate")
    with pytest.raises(ProgramError, match=r"no runs in .*grpo"):
        list_runs(runs, "grpo")
