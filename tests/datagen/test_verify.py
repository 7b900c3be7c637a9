"""`datagen/verify.py`: stored completions verified anew, nothing generated, the old verdicts kept."""

from __future__ import annotations

import json
import sqlite3

import pytest
import recorded_runs
from recorded_runs import task

from synthetic1.datagen.journal.runs import open_runs
from synthetic1.datagen.verify import verify
from synthetic1.datagen.verify_settings import VerifySettings
from synthetic1.jobs.program import ProgramError, validate


@pytest.fixture
def run(tmp_path):
    """A run whose verdicts are all by a verifier of yesterday; ``run(…)`` verifies it anew."""
    rows = [task(n) for n in (1, 2, 3)]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(one.to_row()) + "\n" for one in rows))
    env = {"id": "synthetic1/math-v0", "tasks": str(tmp_path / "tasks.jsonl"), "split": "train"}
    samples = {
        rows[0]: [("\\boxed{2}", 0.0), ("\\boxed{3}", 0.0), "\\boxed{2}"],
        rows[1]: [("so: 4", None), ("so: 4", 1.0)],
    }
    recorded_runs.write_run(tmp_path / "runs", "a", samples, config={"env": env})

    def call(**settings):
        verify(validate(VerifySettings, {"run": "a", "runs": str(tmp_path / "runs"), **settings}))

    return call


def verdicts(tmp_path):
    groups = open_runs("a", str(tmp_path / "runs")).groups()
    return [[(r.score, r.verdict.reason, r.verifier.partition("@")[0]) for r in g.rollouts] for g in groups]


def stored(tmp_path):
    with sqlite3.connect(tmp_path / "runs/generate/a/journal.sqlite") as connection:
        return connection.execute("SELECT count(*), count(DISTINCT verifier) FROM verdicts").fetchone()


def test_the_verifier_of_today_decides_and_the_old_verdicts_stay(tmp_path, run, capsys):
    run()
    said = {line.strip().split("  ", 1)[1]: int(line.split()[0]) for line in capsys.readouterr().out.splitlines()}
    assert said == {"0 → 1": 1, "as before": 1, "not scored → 1": 1, "not scored → 0": 1, "1 → 0": 1}
    right, wrong, silent = (
        (1.0, "correct", "verifiable_math"),
        (0.0, "wrong_answer", "verifiable_math"),
        (0.0, "no_answer", "verifiable_math"),
    )
    assert verdicts(tmp_path) == [[right, wrong, right], [silent, silent]]
    assert stored(tmp_path) == (4 + 5, 2)


def test_again_there_is_nothing_to_do(tmp_path, run, capsys):
    run()
    capsys.readouterr()
    run()
    assert capsys.readouterr().out.split("  ")[-1].strip() == "scored by this verifier already"
    assert stored(tmp_path) == (9, 2)


def test_another_setting_is_another_verifier_and_going_back_asks_the_first(tmp_path, run):
    run()
    first = verdicts(tmp_path)
    run(env={"answer_style": "any"})
    assert [score for score, *_ in verdicts(tmp_path)[1]] == [1.0, 1.0]
    assert stored(tmp_path) == (14, 3)
    run()
    assert verdicts(tmp_path) == first
    assert stored(tmp_path) == (14, 3)


def test_what_cannot_be_judged_is_one_line(tmp_path, run):
    with pytest.raises(ProgramError, match="there is no run `b`; there are: a"):
        run(run="b")
    with pytest.raises(ProgramError, match="unexpected keyword argument 'colour'"):
        run(env={"colour": 3})
    (tmp_path / "tasks.jsonl").rename(tmp_path / "moved.jsonl")
    with pytest.raises(Exception, match=r"there is no `.*tasks\.jsonl`") as told:
        run()
    assert type(told.value).__name__ in ("TaskError", "ProgramError")  # both are said in one line
    run(env={"tasks": str(tmp_path / "moved.jsonl")})
