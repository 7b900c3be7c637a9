"""The R1 recipe: the commands it runs are commands that its programs take; it goes on where it stopped."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from synthetic1.jobs import embedded_model, stopping
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.trainers.recipe import report as r1_report
from synthetic1.trainers.recipe import stages as r1_stages
from synthetic1.trainers.recipe.settings import R1Settings

SETTINGS = {
    "generate": ("generate", "synthetic1.datagen.generation.settings", "GenerateSettings"),
    "export": ("export", "synthetic1.datagen.exporting.settings", "ExportSettings"),
    "sft": ("sft", "synthetic1.trainers.finetuning.settings", "SftSettings"),
    "grpo": ("grpo", "synthetic1.trainers.reinforcement.settings", "GrpoSettings"),
    "evaluate": ("evaluate_model", "synthetic1.evaluation.settings", "EvaluationSettings"),
}
RATES = [0.4, 0.7, 0.9]


def compose(name, *overrides):
    from hydra import compose as hydra_compose
    from hydra import initialize_config_module
    from omegaconf import OmegaConf

    from synthetic1.jobs.program import _opened

    group = (None, "model_name") if name == "generate" else ("hub", "model.name")  # as the programs have it
    opened = [part for o in overrides for part in _opened(o, {"model": group}).split("\n")]
    with initialize_config_module(version_base="1.3", config_module="synthetic1.configs"):
        return OmegaConf.to_container(hydra_compose(name, opened), resolve=True)


def recipe(tmp_path, *overrides):
    return validate(R1Settings, compose("r1", f"runs={tmp_path}", "run_name=t", *overrides))


class Programs:
    """Stands in for the programs: validates each command line as its program would, and leaves what it would leave."""

    def __init__(self, fail=None, status=2):
        self.ran: list[str] = []
        self.settings: dict[str, Any] = {}
        self.fail, self.status = fail, status
        self.evaluations = 0

    def __call__(self, command):
        program, arguments = command[3], command[4:]
        config, home, name = SETTINGS[program]
        values = validate(getattr(importlib.import_module(home), name), compose(config, *arguments))
        self.ran.append(config)
        self.settings[config] = values
        if config == self.fail:
            return self.status
        if config == "export":
            folder = Path(values.to)
            counts = {"tasks": 4, "rollouts": 16, "rows": 6, "families": {"x": {"verified": 8}}}
            content = {"manifest.json": {"counts": counts}}
        elif config == "evaluate_model":
            folder = Path(values.runs) / "evaluate" / values.name
            rate = RATES[int(values.name)]
            test = {"difference": 0.3, "difference_ci95": [0.2, 0.4], "p_value": 0.001}
            content = {
                "result.json": {
                    "pass_at_1": rate,
                    "ci95": [rate - 0.1, rate + 0.1],
                    "n": values.n,
                    "think_share": 0.5,
                    "length_mean": 20.0,
                    "by_level": {"1": {"pass_at_1": rate}, "2": {"pass_at_1": rate / 2}},
                    "compared": test if values.compare else None,
                }
            }
        else:
            folder = Path(values.runs) / config / r1_stages.NAME
            content = {"result.json": {}, "config.yaml": {}}
            if config == "sft" and values.model.name == "embedded":  # known by its shape from here on
                (folder / "model").mkdir(parents=True)
                shutil.copy(embedded_model.FOLDER / "config.json", folder / "model")
        folder.mkdir(parents=True, exist_ok=True)
        for file, value in content.items():
            (folder / file).write_text(json.dumps(value))
        return 0


def go(settings, monkeypatch, programs):
    from synthetic1.trainers.r1 import run

    monkeypatch.setattr(stopping, "run_to_its_end", programs)
    run(settings)
    return json.loads((r1_stages.folder(settings) / "result.json").read_text())


ALL = ["generate", "export", "sft", "grpo", "evaluate_model", "evaluate_model", "evaluate_model"]


def test_a_base_that_is_no_model_claims_no_folder(tmp_path, monkeypatch):
    programs = Programs()
    with pytest.raises(ProgramError, match=r"model `\./nowhere`: there is no such folder"):
        go(recipe(tmp_path, "base=./nowhere"), monkeypatch, programs)
    assert programs.ran == []
    go(recipe(tmp_path), monkeypatch, programs)


def test_its_commands_are_what_the_programs_take(tmp_path, monkeypatch, capsys):
    programs = Programs()
    result = go(recipe(tmp_path), monkeypatch, programs)
    assert programs.ran == ALL
    assert [(s["name"], s["pass_at_1"], s["n"]) for s in result["stages"]] == [
        ("base", 0.4, 1024),
        ("SFT", 0.7, 1024),
        ("SFT + GRPO", 0.9, 1024),
    ]
    assert result["stages"][0]["against_previous"] is None
    assert result["stages"][2]["against_previous"]["p_value"] == 0.001
    assert result["traces"] == {"tasks": 4, "completions": 16, "verified_share": 0.5, "kept": 6}
    assert (r1_stages.folder(recipe(tmp_path)) / "stages.png").stat().st_size > 5_000
    shown = capsys.readouterr().out
    assert "SFT + GRPO" in shown
    assert "+0.300 [+0.200, +0.400], p = 0.001" in shown


QWEN = "Qwen/Qwen3-0.6B"


@pytest.mark.parametrize(
    ("overrides", "sft", "grpo"),
    [
        ([], ["trainer.learning_rate=1.0e-4"], ["recipe=demo", "overwrite=false"]),
        ([f"base={QWEN}"], [], []),
        ([f"base={QWEN}", "grpo.arguments=['recipe=r1']"], [], ["recipe=r1"]),
        (["sft.arguments=[]"], [], ["recipe=demo", "overwrite=false"]),
    ],
)
def test_what_fits_the_embedded_model_is_for_it_alone(tmp_path, overrides, sft, grpo):
    settings = recipe(tmp_path, *overrides)
    assert (settings.sft.arguments, settings.grpo.arguments) == (sft, grpo)
    written = settings.model_dump(mode="json")
    assert (written["sft"], written["grpo"]) == ({"arguments": sft}, {"arguments": grpo})


@pytest.mark.parametrize(
    ("base", "sft_rate", "grpo_rate", "extra"),
    [("embedded", 1e-4, 0.0095, {"optim": "sgd"}), (QWEN, 4e-5, 1e-6, {})],
)
def test_a_base_is_trained_at_rates_that_fit_it(tmp_path, monkeypatch, base, sft_rate, grpo_rate, extra):
    from synthetic1.jobs import models

    monkeypatch.setattr(models, "check_model", lambda settings: None)  # no hub here
    programs = Programs()
    go(recipe(tmp_path, f"base={base}"), monkeypatch, programs)
    sft, grpo = programs.settings["sft"], programs.settings["grpo"]
    assert (sft.model.name, sft.trainer.learning_rate) == (base, sft_rate)
    assert (grpo.trainer.learning_rate, grpo.trainer.extra, grpo.overwrite) == (grpo_rate, extra, False)
    assert grpo.eval.n == 0


@pytest.mark.parametrize("failing", ["generate", "export", "sft", "grpo"])
def test_the_same_command_goes_on_where_it_stopped(tmp_path, monkeypatch, failing):
    first = Programs(fail=failing)
    with pytest.raises(ProgramError, match="the same command goes on from there"):
        go(recipe(tmp_path), monkeypatch, first)
    assert first.ran == ALL[: ALL.index(failing) + 1]
    second = Programs()
    go(recipe(tmp_path), monkeypatch, second)
    again = {"export": "generate"}.get(failing, failing)  # generate goes on by itself, and finds nothing left to do
    assert second.ran == ALL[ALL.index(again) :]
    third = Programs()
    go(recipe(tmp_path), monkeypatch, third)
    assert third.ran == []


def test_stopped_it_says_what_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "orig_argv", ["python", "trainers/r1.py", "seed=1"])
    with pytest.raises(SystemExit, match="130"):
        go(recipe(tmp_path), monkeypatch, Programs(fail="sft", status=130))
    assert capsys.readouterr().out.splitlines()[-1] == "stopped; go on with: python trainers/r1.py seed=1"
    status = json.loads((r1_stages.folder(recipe(tmp_path)) / "status.json").read_text())
    assert (status["state"], status["said"]) == ("stopped", "stopped; go on with: python trainers/r1.py seed=1")


def test_another_recipe_is_not_mixed_in(tmp_path, monkeypatch):
    go(recipe(tmp_path), monkeypatch, Programs())
    with pytest.raises(
        ProgramError,
        match=r"other settings: traces\.tasks was 400 and is now 8; choose another run_name=",
    ):
        go(recipe(tmp_path, "traces.tasks=8"), monkeypatch, Programs())
    assert json.loads((r1_stages.folder(recipe(tmp_path)) / "status.json").read_text())["state"] == "finished"


def test_values_are_written_as_hydra_reads_them():
    assert r1_stages._value({"a": [1, True, "x"], "b": 0.5}) == "{a:[1,true,x],b:0.5}"


def test_a_plot_of_one_stage_is_drawn(tmp_path):
    stage = {"name": "base", "pass_at_1": 0.0, "ci95": [0.0, 0.1], "by_level": {}}
    r1_report.plot({"stages": [stage]}, tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_what_a_stage_cannot_do_is_one_line_of_its_own(tmp_path, capfd):
    recipe = r1_stages.Recipe(None, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="export ended with status 2; the same command goes on from there"):
        recipe._run("export", "export", "run=nope", "to=x", f"runs={tmp_path}", named=False)
    assert capfd.readouterr().err.startswith("error: there is no run `nope`")
