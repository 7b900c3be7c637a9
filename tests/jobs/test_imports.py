"""`imports=[…]`: what a package of one's own registers is known to every program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from synthetic1.jobs.imports import ProgramSettings, import_modules

MODULE = """
from dataclasses import dataclass
from typing import ClassVar

import gymnasium as gym
from synthetic1 import Scorer, Verdict, Verifier, open_tasks, register
from synthetic1.envs.base import TextEnv
from synthetic1.tasks.formats.readers import register_reader
from synthetic1.task import Task


@register("says_please")
@dataclass(frozen=True)
class Please(Verifier):
    version: ClassVar[int] = 1

    async def verify(self, task, completion):
        return Verdict.graded(float("please" in completion.answer))

    def gold_completion(self, task):
        return "please"


def read(row, where):
    return Task(problem_id=str(row["polite_id"]), task_type="says_please", prompt=row["polite"])


register_reader("polite", lambda names: "polite" in names, read, columns=("polite_id", "polite"), id_column=None)


class PoliteEnv(TextEnv):
    def __init__(self, tasks="polite.jsonl", split="train"):
        super().__init__(open_tasks(tasks), Scorer())


gym.register("polite_env/polite-v0", entry_point=PoliteEnv)
"""


def program(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "synthetic1.cli", *arguments], cwd=folder, capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "polite_env.py").write_text(MODULE)
    rows = [f'{{"polite_id": {n}, "polite": "Ask nicely for {n} apples."}}\n' for n in range(20)]
    (tmp_path / "polite.jsonl").write_text("".join(rows))
    return tmp_path


def test_a_program_runs_an_environment_verifier_and_reader_of_ones_own(folder: Path) -> None:
    said = ["evaluate", "env=polite_env/polite-v0", "n=4", "sampling.max_tokens=4", "runs=out"]
    without = program(folder, *said)
    assert without.returncode == 2
    assert len(without.stderr.strip().splitlines()) == 1
    assert "polite_env" in without.stderr
    done = program(folder, *said, "imports=[polite_env]")
    assert done.returncode == 0, done.stderr
    assert list(folder.glob("out/evaluate/*/result.json"))


def test_a_module_that_cannot_be_imported_is_one_line(folder: Path) -> None:
    (folder / "broken.py").write_text("1 / 0")
    (folder / "leaving.py").write_text("raise SystemExit(3)")
    for name, why in (("broken", "ZeroDivisionError"), ("not_there", "ModuleNotFound"), ("leaving", "SystemExit: 3")):
        done = program(folder, "verify", "run=x", f"imports=[{name}]")
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: imports: `{name}` cannot be imported ({why}")
        assert len(done.stderr.strip().splitlines()) == 1


def test_modules_of_this_folder_never_stand_in_for_installed_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", os.getcwd())])
    import_modules(["json"])
    assert sys.path[-1] == os.getcwd()
    with pytest.raises(ValidationError, match="cannot be imported"):
        ProgramSettings(imports=["not_there_either"])
