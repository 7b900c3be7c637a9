"""The console script: it teaches, starts fast, and hands arguments on untouched."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from synthetic1.cli import app
from synthetic1.cli_completion import candidates, script
from synthetic1.cli_programs import CALIBRATE, PANELS, PROGRAMS, Subcommand, forward

run = CliRunner().invoke


def test_help_is_a_table_of_contents() -> None:
    """Groups in their order, and a line for each command on a terminal of the usual width."""
    shown = run(app, ["--help"], env={"COLUMNS": "80", "TERM": "dumb"})
    assert shown.exit_code == 0
    lines = [line.strip(" │") for line in shown.output.splitlines()]
    titles = [line.strip("╭─╮ ") for line in lines if line.startswith("╭─")]
    assert titles == ["Options", *PANELS]
    start = next(place for place, line in enumerate(lines) if line.startswith("╭─ Train"))
    begins = [line.split()[0] for line in lines[start:] if line and line[0] not in "╭╰"]
    commands = typer.main.get_group(app).commands
    shown_ones = [name for name, command in commands.items() if not command.hidden]
    assert begins[: len(shown_ones)] == shown_ones  # no second line of any
    assert {program.name for program in PROGRAMS} < set(shown_ones)


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
    program = Subcommand("p", "no_such_package.program", "", "train")
    with pytest.raises(typer.Exit) as stopped:
        forward(program, [])
    assert stopped.value.exit_code == 2


@pytest.mark.parametrize("program", [one for one in PROGRAMS if one.config], ids=lambda p: p.name)
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


WORDS = [
    (["gr"], ["grpo"]),
    (["nothing"], []),
    (["grpo", "env=ma"], ["env=math"]),
    (["grpo", "model="], ["model=embedded", "model=hub"]),
    (["grpo", "trainer.learning"], ["trainer.learning_rate="]),
    (["grpo", "env=math", "env.answer_s"], ["env.answer_style="]),
    (["grpo", "env.answer_s"], []),
    (["grpo", "eval.greedy="], ["eval.greedy=false", "eval.greedy=true"]),
    (["grpo", "--he"], ["--help"]),
    (["judge", ""], ["calibrate"]),
    (["judge", "calibrate", "judge=l"], ["judge=local"]),
    (["score", "file.jsonl", "--over"], ["--overwrite"]),
    (["show", "x"], ["xyz"]),
    (["report", ""], ["abc", "generate/two", "grpo/two", "xyz"]),
    (["show", "two"], []),  # which of them?
    (["show", "gr"], ["grpo/two"]),
    (["export", "run="], ["run=two", "run=xyz"]),
    (["completion", "z"], ["zsh"]),
]


@pytest.mark.parametrize(("words", "found"), WORDS, ids=[" ".join(row[0]) for row in WORDS])
def test_what_a_word_may_become(
    words: list[str], found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("grpo/abc", "generate/xyz", "grpo/two", "generate/two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.yaml").touch()
    assert candidates(app, words) == found


@pytest.mark.parametrize("program", [one for one in (*PROGRAMS, CALIBRATE) if one.config], ids=lambda p: p.name)
def test_settings_that_are_completed_are_those_of_the_program(program: Subcommand) -> None:
    """Every name that is offered is one that the composed configuration has."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    assert program.config is not None
    with initialize_config_module(version_base="1.3", config_module="synthetic1.configs"):
        composed = compose(program.config)
    offered = [word[:-1] for word in candidates(app, [*program.name.split(), ""]) if word.endswith("=")]
    assert len(offered) > 5
    lacking = object()
    for name in offered:
        if not OmegaConf.is_missing(composed, name):
            assert OmegaConf.select(composed, name, default=lacking) is not lacking, name


def test_bash_completes_what_stands_behind_an_equals_sign(tmp_path: Path) -> None:
    """Bash breaks words there; the command that it calls is taken to be ours."""
    calls = tmp_path / "synthetic1"
    calls.write_text('#!/bin/sh\n[ "$*" = "complete -- grpo env=ma" ] && echo env=math\n')
    calls.chmod(0o755)
    line = "synthetic1 grpo env=ma"
    asked = f"COMP_LINE='{line}'; COMP_POINT={len(line)}; _synthetic1; echo \"${{COMPREPLY[@]}}\""
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", f"{script('bash')}\n{asked}"], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("math\n", "")


def test_scripts_of_shells() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert run(app, ["completion", shell]).output.count("synthetic1 complete -- ") == 1
    assert run(app, ["completion", "tcsh"]).exit_code == 2
    assert run(app, ["complete", "--", "gr"]).output == "grpo\n"
    assert run(app, ["complete", "--", "score", "--over"]).output == "--overwrite\n"
    assert "--tasks\n" in run(app, ["complete", "--", "score", "--"]).output


def test_reports_of_runs_wherever_they_stand(tmp_path: Path) -> None:
    from synthetic1.reports.run_folder import RunFolder

    with RunFolder.create(tmp_path / "grpo/a", resume=False) as folder:
        folder.write_config({"seed": 1})
        folder.log_metrics({"step": 3, "steps": 9, "reward": 0.25})
    done = run(app, ["report", "a", "--runs", str(tmp_path)])
    assert done.output == f"report: {tmp_path / 'grpo/a/report.html'}\n"
    assert "reward at step 3" in (tmp_path / "grpo/a/report.html").read_text()
    assert "grpo/a  stopped  3 of 9 steps  reward 0.250" in run(app, ["runs", "--runs", str(tmp_path)]).output
    missing = run(app, ["report", "b", "--runs", str(tmp_path)])
    assert missing.exit_code == 2
    assert missing.stderr.startswith("error: there is no run `b`; there are: grpo/a")


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
        assert ("Did you mean `judge calibrate`?" in done.output) == (arguments == ["judge", "calibrat"])
