"""The console script: it teaches, starts fast, and hands arguments on untouched."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner

from synthetic1.cli import CALIBRATE, PROGRAMS, Subcommand, app, forward

run = CliRunner().invoke


def test_help_names_every_program() -> None:
    shown = run(app, ["--help"])
    assert shown.exit_code == 0
    for name in [program.name for program in PROGRAMS] + ["doctor"]:
        assert f" {name} " in shown.output


def test_without_arguments_it_shows_help() -> None:
    assert "Usage" in run(app, []).output


def test_help_imports_nothing_heavy() -> None:
    program = """
import contextlib, io, json, sys
from synthetic1.cli import app
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    app(["--help"])
print(json.dumps(sorted({"torch", "transformers", "trl", "vllm", "hydra", "pydantic"} & set(sys.modules))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_version() -> None:
    from importlib.metadata import version

    assert run(app, ["--version"]).output.strip() == version("synthetic1")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_programs_have_a_main(program: Subcommand) -> None:
    assert callable(importlib.import_module(program.module).main)


ARGUMENTS = [
    ["env=code_understanding", "recipe=demo"],
    ["-m", "env=a,b", "trainer.learning_rate=1e-6,3e-6"],
    ["--help"],
    ["--cfg", "job", "++trainer.extra={a: 1}"],
    ["~recipe", "model.name='a b'", "--debug"],
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_arguments_arrive_untouched(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    fake = ModuleType("a_program")
    fake.main = lambda: seen.append(sys.argv)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, PROGRAMS[0].module, fake)
    monkeypatch.setattr(sys, "argv", ["synthetic1"])
    done = run(app, [PROGRAMS[0].name, *arguments])
    assert done.exit_code == 0, done.output
    assert seen == [[f"synthetic1 {PROGRAMS[0].name}", *arguments]]


def test_missing_package_is_one_line() -> None:
    import typer

    program = Subcommand("p", "no_such_package.program", "", "train")
    with pytest.raises(typer.Exit) as stopped:
        forward(program, [])
    assert stopped.value.exit_code == 2


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_a_plain_install_says_which_extra_is_missing(program: Subcommand) -> None:
    """Without the packages of any extra: one line and what to install, from whichever import it comes."""
    code = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"hydra", "omegaconf", "torch", "trl", "datatrove"}:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Nothing())
from synthetic1.cli import app
app([sys.argv[1], "env=math"], standalone_mode=True)
"""
    done = subprocess.run([sys.executable, "-c", code, program.name], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert f"pip install 'synthetic1[{program.extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_missing_module_of_ours_is_a_defect_and_not_explained_away() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"synthetic1\.no_such"):
        forward(Subcommand("p", "synthetic1.no_such", "", "train"), [])


def test_unknown_command() -> None:
    done = run(app, ["nope"])
    assert done.exit_code == 2
    assert "nope" in done.output


def test_a_misspelt_command_is_answered_with_the_nearest() -> None:
    done = run(app, ["generat"])
    assert done.exit_code == 2
    assert "Did you mean 'generate'?" in done.output


def test_judge_calibrate_is_a_program_of_two_words(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    fake = ModuleType("a_program")
    fake.main = lambda: seen.append(sys.argv)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, CALIBRATE.module, fake)
    monkeypatch.setattr(sys, "argv", ["synthetic1"])
    assert run(app, ["judge", "calibrate", "judge=local", "--help"]).exit_code == 0
    assert seen == [["synthetic1 judge calibrate", "judge=local", "--help"]]
    for arguments, code in ((["judge"], 2), (["judge", "calibrat"], 2), (["judge", "--help"], 0)):
        done = run(app, arguments)
        assert done.exit_code == code
        assert "usage: synthetic1 judge calibrate judge=" in done.output
