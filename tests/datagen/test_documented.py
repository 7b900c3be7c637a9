"""The commands of README and docs compose: every setting in them exists, and takes the value they give."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.datagen.generation.settings import OPEN_GROUPS, GenerateSettings
from synthetic1.datagen.verify_settings import VerifySettings
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.program import run_program, validate
from synthetic1.tasks.sources import hub
from synthetic1.trainers.finetuning.settings import SftSettings
from synthetic1.trainers.reinforcement.settings import GrpoSettings

ROOT = Path(__file__).resolve().parents[2]
MODEL = {"model": ("hub", "model.name")}
PROGRAMS = {
    "datagen/generate.py": ("generate", GenerateSettings, OPEN_GROUPS),
    "datagen/export.py": ("export", ExportSettings, {}),
    "datagen/verify.py": ("verify", VerifySettings, {"judge": ("server", "judge.url")}),
    "trainers/sft.py": ("sft", SftSettings, MODEL),
    "trainers/grpo.py": ("grpo", GrpoSettings, MODEL),
    "synthetic1 evaluate": ("evaluate_model", EvaluationSettings, MODEL),
}
PAGES = [
    "README.md",
    "docs/recipe.md",
    "docs/datagen.md",
    *(name for name in PROGRAMS if "/" in name),
    "src/synthetic1/evaluation/evaluate_model.py",
]


def commands(page):
    """(program, arguments) of every command that a page shows whole: one with `…` in it is left to the reader."""
    text = (ROOT / page).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        found = re.search(r"\b((datagen|trainers)/\w+\.py|synthetic1 evaluate)\b", line)
        if (
            found
            and found[0] in PROGRAMS
            and re.match(r"\s*(\S*python\s|accelerate launch\s|\S*synthetic1 evaluate)", line)
        ):
            arguments = shlex.split(line[found.end() :], comments=True)
            if arguments and "…" not in "".join(arguments) and "--help" not in arguments:
                yield found[0], arguments


SHOWN = [(page, program, arguments) for page in PAGES for program, arguments in commands(page)]


def test_there_are_commands():
    assert {program for _, program, _ in SHOWN} == set(PROGRAMS)
    assert len(SHOWN) > 20


@pytest.mark.parametrize(("page", "program", "arguments"), SHOWN, ids=[f"{p} {' '.join(a)}" for p, _, a in SHOWN])
def test_a_shown_command_composes(page, program, arguments, monkeypatch):
    name, settings_type, groups = PROGRAMS[program]
    got = []
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    run_program(name, settings_type, got.append, open_groups=groups)
    (settings,) = got
    tasks = settings.env.kwargs.get("tasks") if isinstance(getattr(settings, "env", None), EnvSettings) else None
    assert tasks is None or not tasks.startswith("hf://") or hub._spec.fullmatch(tasks)
    if program == "datagen/generate.py" and "DeepSeek-R1" in settings.model_name:
        assert settings.sampling.max_tokens >= 8192  # less would cut its thoughts off
        assert settings.server_for("http://localhost:1/v1", settings.thinking_open).thinking_open


def test_the_mixture_of_all_families_is_one():
    values = yaml.safe_load((ROOT / "configs/env/synthetic1.yaml").read_text())
    parts = validate(EnvSettings, values).mixture
    assert sum(part["weight"] for part in parts.values()) == pytest.approx(1.0)
    for name, part in parts.items():
        family = yaml.safe_load((ROOT / f"configs/env/{name}.yaml").read_text())
        assert part["id"] == family["id"]
        assert set(part) - {"weight"} <= set(family)
        assert hub._spec.fullmatch(part["tasks"])
