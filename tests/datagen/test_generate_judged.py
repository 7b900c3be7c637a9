"""Generation with a judge: an unknown one is refused, an allowed one is named wherever its verdicts go."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from synthetic1.datagen.generation.settings import MAY_RISE, GenerateSettings
from synthetic1.datagen.journal.judges import record
from synthetic1.datagen.verify_settings import VerifySettings
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.judge_settings import JudgeSection
from synthetic1.jobs.judge_trust import task_types, trusted
from synthetic1.jobs.opening import open_environment
from synthetic1.jobs.program import ProgramError
from synthetic1.jobs.same_run import changes

ROOT = Path(__file__).resolve().parents[2]
GENERATE = {"model_name": "m", "server": "http://localhost:1/v1", "sampling": {"max_tokens": 8}}
SWE = {"id": "synthetic1/swe-v0"}


def test_an_unknown_judge_is_refused_and_an_allowed_one_stands_in_manifest_and_card(runs, scripted, tmp_path):
    with scripted("--model", "judge") as judge, scripted("--right", "1") as model:
        asked = ["env=swe", "env.split=train", f"server={model.url}", "limit=2", f"judge={judge.url}"]
        asked = [a for a in runs.command(*asked)[2:] if not a.startswith(("env.tasks=", "env=math"))]
        runs.command = lambda *more, program="generate": [
            sys.executable,
            str(ROOT / f"datagen/{program}.py"),
            f"runs={runs.folder}",
            *(asked[1:] if program == "generate" else ()),
            *more,
        ]
        error = runs(status=2)
        assert "the judge `judge` was never calibrated" in error
        assert len(error.strip().split("\n")) == 1
        assert model.counts()["requests"] == judge.counts()["requests"] == 0
        assert "judge, never calibrated" in runs("judge.allow_uncalibrated=true")
        assert model.counts()["requests"] == 2
        # Judging anew asks the run's own judge, and trusts it no further.
        assert "never calibrated" in runs("run=t", program="verify", status=2)
        runs("run=t", "judge.allow_uncalibrated=true", program="verify")
    runs("run=t", f"to={tmp_path}/x", "file=jsonl", program="export")
    manifest = json.loads((tmp_path / "x/manifest.json").read_text())
    (known,) = manifest["judge_calibration"].values()
    assert known["model"] == "judge"
    assert "never calibrated" in known["doubt"]
    assert "| judge of swe | judge, never calibrated |" in (tmp_path / "x/README.md").read_text()


def test_without_a_judge_a_judged_family_is_refused_unless_allowed():
    source, scorer = open_environment(EnvSettings.model_validate(SWE))
    with pytest.raises(ProgramError, match="no judge is configured"):
        asyncio.run(trusted(task_types(source), scorer, JudgeSection()))
    (trust,) = asyncio.run(trusted(task_types(source), scorer, JudgeSection(allow_uncalibrated=True)))
    assert trust.model is None


def test_a_family_of_rules_needs_no_judge():
    source, scorer = open_environment(EnvSettings(id="synthetic1/code_understanding-v0"))
    assert asyncio.run(trusted(task_types(source), scorer, JudgeSection())) == ()
    record(None, ())  # writes nothing


def test_another_judge_is_another_run_and_its_limits_are_not():
    def identity(**judge):
        return GenerateSettings.model_validate({**GENERATE, "env": SWE, "judge": judge}).identity()

    first = identity(url="http://localhost:2/v1", model="a")
    (change,) = changes(first, identity(url="http://localhost:2/v1", model="b"), may_rise=MAY_RISE)
    assert str(change) == "judge.model was 'a' and is now 'b'"
    same = identity(url="http://localhost:2/v1", model="a", allow_uncalibrated=True, max_in_flight=3, api_key_env="K")
    assert changes(first, same) == []
    assert "judge" not in identity()  # runs from before there were judges go on


def test_verify_asks_the_judge_of_the_run_unless_told_of_another():
    stored = {"url": "http://localhost:2/v1", "model": "a"}
    own = VerifySettings.model_validate({"run": "t", "judge": {"url": None, "allow_uncalibrated": True}}).judge_of(
        stored
    )
    assert (own.url, own.model, own.allow_uncalibrated) == ("http://localhost:2/v1", "a", True)
    other = VerifySettings.model_validate({"run": "t", "judge": {"url": "http://localhost:3/v1"}}).judge_of(stored)
    assert (other.url, other.model) == ("http://localhost:3/v1", None)
