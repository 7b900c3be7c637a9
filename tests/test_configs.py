"""What people read in configs/: every setting is there, with the default that its pydantic model has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from pydantic import BaseModel

from synthetic1 import configs
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.datagen.generation.settings import GenerateSettings
from synthetic1.datagen.verify_settings import VerifySettings
from synthetic1.evaluation.calibration_settings import CalibrationSettings
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.judge_settings import JudgeSection
from synthetic1.trainers.finetuning.settings import SftSettings
from synthetic1.trainers.recipe.settings import R1Settings
from synthetic1.trainers.reinforcement.settings import GrpoSettings, VllmSettings

CONFIGS = Path(configs.__file__).parent
ROOTS: dict[str, type[BaseModel]] = {
    "calibrate_judge": CalibrationSettings,
    "evaluate_model": EvaluationSettings,
    "export": ExportSettings,
    "generate": GenerateSettings,
    "grpo": GrpoSettings,
    "r1": R1Settings,
    "sft": SftSettings,
    "verify": VerifySettings,
}
"""The config of each program, and the model that is the home of its defaults."""

TRUST = {"allow_uncalibrated", "max_false_accept", "max_false_reject"}
SETS_ON_PURPOSE = {
    "model/grpo=embedded": {"trainer.learning_rate"},
    "model/sft=embedded": {"trainer.learning_rate"},
    "judge=local": {"judge.url"},
    "judge=server": {"judge.url"},
}
"""Option → settings that it gives another value than the default. What recipes set, they set on purpose."""
LEAVES_OUT = {
    "calibrate_judge": {"judge.allow_uncalibrated"},
    "judge=none": {f"judge.{name}" for name in JudgeSection.model_fields.keys() - TRUST - {"url"}},
    "rollout=transformers": {f"rollout.vllm.{name}" for name in VllmSettings.model_fields},
    "rollout=vllm_colocate": {"rollout.vllm.server_base_url"},
    "rollout=vllm_server": {f"rollout.vllm.{name}" for name in VllmSettings.model_fields.keys() - {"server_base_url"}},
}
"""Config or option → settings that mean nothing with it."""


def text_of(name: str) -> Any:
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))


def chosen(root: str) -> dict[str, str]:
    """The groups of a config, each with the option that it takes unless told otherwise."""
    entries = [entry for entry in text_of(root)["defaults"] if isinstance(entry, dict)]
    pairs = [(name.removeprefix("optional "), option) for entry in entries for name, option in entry.items()]
    return {group: option for group, option in pairs if not group.startswith("override ")}


def composed(root: str, *overrides: str) -> dict[str, Any]:
    with initialize_config_module(version_base="1.3", config_module="synthetic1.configs"):
        values = OmegaConf.to_container(compose(root, list(overrides)), resolve=True)
    assert isinstance(values, dict)
    return {str(name): value for name, value in values.items()}


def flat(values: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values; a section that takes any name is one value."""
    for name, value in values.items():
        if isinstance(value, dict) and value and name != "extra":
            yield from flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def defaults(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and defaults of the fields that have one, those of sections included, but for ``env``."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if kind is not EnvSettings:
                yield from defaults(kind, f"{before}{name}.")
        elif not field.is_required():
            yield f"{before}{name}", field.get_default(call_default_factory=True)


COMPOSITIONS = [
    (root, (f"{group}={option}",))
    for root in ROOTS
    for group in chosen(root)
    if group != "env" and "/" not in group  # any arguments, and what follows the choice of a model
    for option in options(group)
] + [(root, ()) for root in ROOTS]


def test_every_config_of_a_program_is_tested() -> None:
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == set(ROOTS)


@pytest.mark.parametrize(("root", "overrides"), COMPOSITIONS, ids=lambda value: "".join(value))
def test_every_default_has_one_home(root: str, overrides: tuple[str, ...]) -> None:
    """The pydantic model; YAML shows the same value."""
    groups = chosen(root) | dict(override.split("=") for override in overrides)
    groups |= {group: groups["model"] for group in groups if group.startswith("model/")}
    taken = [f"{group}={option}" for group, option in groups.items()]
    on_purpose = {name for option in taken for name in SETS_ON_PURPOSE.get(option, ())}
    if "recipe" in groups:
        on_purpose |= {name for name, _ in flat(text_of(f"recipe/{groups['recipe']}"))}
    left_out = {name for option in (root, *taken) for name in LEAVES_OUT.get(option, ())}
    expected = {name: value for name, value in defaults(ROOTS[root]) if name not in left_out}
    found = dict(flat(composed(root, *overrides)))
    assert expected.keys() - found.keys() == set(), "no YAML file shows these"
    assert left_out & found.keys() == set()
    wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
    assert {name: pair for name, pair in wrong.items() if name not in on_purpose} == {}, "(YAML, model)"
    without_default = found.keys() - expected.keys() - on_purpose
    assert {name for name in without_default if not name.startswith("env.")} <= REQUIRED, "no home in the model"


REQUIRED = {"model.name", "rollout.backend", "data", "run", "to", "model_name", "judge.url"}
"""Settings without a default: a group sets them, or a person must."""


@pytest.mark.parametrize(
    ("root", "overrides", "rate"),
    [
        ("grpo", (), 7e-4),
        ("grpo", ("model=hub", "model.name=Qwen/Qwen3-0.6B"), 1e-6),
        ("grpo", ("recipe=demo",), 0.0095),
        ("grpo", ("recipe=r1",), 3e-6),
        ("grpo", ("model=hub", "recipe=r1"), 3e-6),
        ("grpo", ("trainer.learning_rate=1e-5",), 1e-5),
        ("grpo", ("recipe=demo", "trainer.learning_rate=1e-5"), 1e-5),
        ("sft", (), 1e-3),
        ("sft", ("model=hub", "model.name=Qwen/Qwen3-0.6B"), 4e-5),
        ("sft", ("model=hub", "trainer.learning_rate=1e-5"), 1e-5),
    ],
)
def test_the_learning_rate_fits_the_model(root: str, overrides: tuple[str, ...], rate: float) -> None:
    """Unless a recipe has another one; and the command line wins over all."""
    assert composed(root, *overrides)["trainer"]["learning_rate"] == rate
