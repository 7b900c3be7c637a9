"""`synthetic1 init`: what it writes passes its own tests, and every program knows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic1 import FAMILIES, configs
from synthetic1.evaluation.audit import audit_sources
from synthetic1.evaluation.named_sources import open_sources
from synthetic1.rewards.registry import ALIASES, BUILT_IN
from synthetic1.scaffold.family_writer import TAKEN, FamilyError, write_family

NAME = "very_own_env"


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new family, written by the command."""
    base = tmp_path_factory.mktemp("init")
    done = run(base, "-m", "synthetic1.scaffold.program", NAME)
    assert done.returncode == 0, done.stderr
    return base / NAME


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_XDIST_WORKER"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, env=environment
    )


def test_it_passes_its_own_tests(family: Path) -> None:
    done = run(family, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_it_is_formatted_and_passes_the_linter(family: Path) -> None:
    for check in (["format", "--check"], ["check", "--select=E,F,W,I,UP,B,SIM,RUF,PT,C4,PIE,RET"]):
        done = run(family, "-m", "ruff", *check, "--isolated", "--config=line-length=120", "--no-cache", ".")
        assert done.returncode == 0, done.stdout + done.stderr


def test_validation_and_audit_know_it_by_its_module(family: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(family)
    monkeypatch.setattr(sys, "path", [*sys.path, str(family)])
    name = f"{NAME}:{NAME}/{NAME}-v0"
    with open_sources([name]) as sources:
        for _, tasks, scorer in sources:
            golds = [(task, scorer.verifier(NAME).gold_completion(task)) for task in tasks]
            assert golds
            assert {verdict.score for verdict in scorer.score_sync(golds)} == {1.0}  # type: ignore[arg-type]
    counts = audit_sources([name])
    assert counts.total.golds == 30
    assert counts.total.equivalents.cases == 3 * 30  # the gold, and two that are rewritten
    assert counts.total.mutants.cases == 6 * 30
    assert counts.total.equivalents.wrong == counts.total.mutants.wrong == 0


def test_its_config_brings_its_import(family: Path) -> None:
    shown = run(
        family, "-m", "synthetic1.cli", "evaluate", "--config-dir", f"{NAME}/configs", f"env={NAME}", "--cfg", "job"
    )
    assert f"imports:\n- {NAME}" in shown.stdout, shown.stderr
    assert f"id: {NAME}/{NAME}-v0" in shown.stdout


@pytest.mark.parametrize("name", ["My_Env", "my-env", "1env", "", "import", "../env", "json", "numpy"])
def test_a_name_that_cannot_be_a_package_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(FamilyError) as refused:
        write_family(name, tmp_path / "new")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "new").exists()


def test_no_name_of_this_package_is_taken_again() -> None:
    choices = {path.stem for path in (Path(configs.__file__).parent / "env").glob("*.yaml")}
    assert {*FAMILIES, *BUILT_IN, *ALIASES, *choices} <= TAKEN
    for name in TAKEN:
        with pytest.raises(FamilyError, match="choose another name"):
            write_family(name, Path("nowhere"))


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FamilyError, match="not empty"):
        write_family("fresh_env", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
