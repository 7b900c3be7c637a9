"""What people read in configs/: every setting is there with its default, below a comment that says what it is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from program_roots import ROOTS
from pydantic import BaseModel
from settings_table import with_tables

from synthetic1 import configs
from synthetic1.jobs import program, setting_names
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.judge_settings import JudgeSection
from synthetic1.trainers.reinforcement.settings import VllmSettings

CONFIGS = Path(configs.__file__).parent
PAGE = "docs/configuration.md"
SHARED = "hydra_defaults"
"""What every program tells Hydra."""

TRUST = {"allow_uncalibrated", "max_false_accept", "max_false_reject"}
SETS_ON_PURPOSE = {
    "model/grpo=embedded": {
        *("trainer.learning_rate", "trainer.gradient_checkpointing", "rollout.max_completion_length"),
    },
    "model/sft=embedded": {"trainer.learning_rate", "trainer.gradient_checkpointing"},
    "judge=local": {"judge.url"},
    "judge=server": {"judge.url"},
}
"""Option → settings that it gives another value than the default. What recipes set, they set on purpose."""
SERVER = {"server_base_url", "server_wait_s"}
LEAVES_OUT = {
    "calibrate_judge": {"judge.allow_uncalibrated"},
    "judge=none": {f"judge.{name}" for name in JudgeSection.model_fields.keys() - TRUST - {"url"}},
    "rollout=transformers": {f"rollout.vllm.{name}" for name in VllmSettings.model_fields},
    "rollout=vllm_colocate": {f"rollout.vllm.{name}" for name in SERVER},
    "rollout=vllm_server": {f"rollout.vllm.{name}" for name in VllmSettings.model_fields.keys() - SERVER},
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


@pytest.fixture
def run_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Give a program a command line, in this process; what it prints."""

    def call(root: str, *arguments: str, run: Callable[[Any], None] = lambda settings: None) -> str:
        monkeypatch.setattr(sys, "argv", [root, *arguments])
        with contextlib.suppress(SystemExit):
            program.run_program(root, ROOTS[root], run)
        return capsys.readouterr().out

    return call


COMPOSITIONS = [
    (root, (f"{group}={option}",))
    for root in ROOTS
    for group in chosen(root)
    if group != "env" and "/" not in group  # any arguments, and what follows the choice of a model
    for option in options(group)
] + [(root, ()) for root in ROOTS]


def test_every_config_of_a_program_is_tested() -> None:
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == {*ROOTS, SHARED}


@pytest.mark.parametrize(("root", "overrides"), COMPOSITIONS, ids=lambda value: "".join(value))
def test_every_default_has_one_home(root: str, overrides: tuple[str, ...]) -> None:
    """The pydantic model; YAML shows the same value."""
    groups = chosen(root) | dict(override.split("=") for override in overrides)
    groups |= {group: groups["model"] for group in groups if group.startswith("model/")}
    taken = [f"{group}={option}" for group, option in groups.items()]
    on_purpose = {name for option in taken for name in SETS_ON_PURPOSE.get(option, ())}
    if "recipe" in groups:
        both = f"model/recipe/{groups['model']}_{groups['recipe']}"
        files = [f"recipe/{groups['recipe']}", *([both] if (CONFIGS / f"{both}.yaml").is_file() else [])]
        on_purpose |= {name for file in files for name, _ in flat(text_of(file))}
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
REQUIRED |= {"recipe_name", "input", "output"}
"""Settings without a default: a group sets them, or a person must."""


@pytest.mark.parametrize(
    ("root", "overrides", "rate"),
    [
        ("grpo", (), 7e-4),
        ("grpo", ("model=hub", "model.name=Qwen/Qwen3-0.6B"), 1e-6),
        ("grpo", ("recipe=demo",), 0.0095),
        ("grpo", ("recipe=demo", "model.name=runs/sft/mine/model"), 0.0095),
        ("grpo", ("model=hub", "model.name=Qwen/Qwen3-0.6B", "recipe=demo"), 1e-6),
        ("grpo", ("recipe=r1",), 2.1e-3),
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


def test_plain_gradient_steps_are_for_the_embedded_model() -> None:
    assert composed("grpo", "recipe=demo")["trainer"]["extra"] == {"optim": "sgd"}
    assert composed("grpo", "recipe=demo", "model=hub", "model.name=m")["trainer"]["extra"] == {}


def keys(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """The keys of a YAML file, those of nested mappings included, those inside of lists not."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from keys(value)


def uncommented(text: str) -> list[str]:
    """Keys without a comment on the line above, and lines with a comment at their end."""
    lines = text.split("\n")
    found = [
        f"{key.start_mark.line + 1}: {key.value}"
        for key in keys(yaml.compose(text))
        for above in [lines[key.start_mark.line - 1].strip() if key.start_mark.line else ""]
        if not above.startswith("# ") or above.startswith("# @package")
    ]
    return found + [
        f"{n}: {line}" for n, line in enumerate(lines, 1) if not line.lstrip().startswith("#") and " # " in line
    ]


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: str(path.relative_to(CONFIGS)))
def test_a_comment_stands_above_every_key(path: Path) -> None:
    assert uncommented(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("# what\na: 1", []),
        ("a: 1", ["1: a"]),
        ("# what\na: 1  # why", ["2: a: 1  # why"]),
        ("# what\na:\n  b: 1", ["3: b"]),
        ("# what\na:\n  # what\n  b: 1\n  c: 2", ["5: c"]),
        ("# what\na:\n  - b: 1\n  - c: 2", []),
        ("# @package _global_\na: 1", ["2: a"]),
        ("# what\na: |-\n  b: 1\n  c: 2", []),
    ],
)
def test_what_counts_as_a_comment(text: str, wrong: list[str]) -> None:
    assert uncommented(text) == wrong


@pytest.mark.parametrize("root", ROOTS)
def test_what_all_programs_tell_hydra_stands_once(root: str) -> None:
    """A program's own file has the words of its --help alone."""
    assert text_of(root)["defaults"][0] == SHARED
    assert [name for name, _ in flat(text_of(root)["hydra"])] == ["help.header"]


@pytest.mark.parametrize("root", ROOTS)
def test_help_says_what_the_program_does_and_every_setting(root: str, run_program: Callable[..., str]) -> None:
    shown = run_program(root, "--help")
    words, _, settings = shown.partition("\n\nSettings (change any with name=value):\n\n")
    assert words.startswith(text_of(root)["hydra"]["help"]["header"].split("\n")[0])
    assert "$" not in words
    for group in chosen(root):
        assert ("/" in group) or f"\n{group}: {', '.join(sorted(options(group)))}\n" in words
    assert ("\nrecipe: dapo, default, " in words) == (root == "grpo")
    assert uncommented(settings) == []
    assert yaml.safe_load(settings) == yaml.safe_load(run_program(root, "--cfg", "job"))
    assert "hydra" not in yaml.safe_load(settings)


def test_a_sweep_runs_one_job_after_another(
    run_program: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[Any] = []
    assert run_program("grpo", "-m", "seed=1,2", "model=embedded,hub", "model.name=m", run=seen.append) == ""
    assert [(s.seed, s.trainer.learning_rate) for s in seen] == [(1, 7e-4), (1, 1e-6), (2, 7e-4), (2, 1e-6)]
    assert [path.name for path in tmp_path.iterdir()] == ["multirun.yaml"]  # which Hydra always writes


@pytest.mark.parametrize("root", ROOTS)
def test_every_setting_says_what_it_is(root: str) -> None:
    assert [name for name, field in setting_names.fields(ROOTS[root]) if not field.description] == []


def page() -> str:
    return (Path(__file__).parents[1] / PAGE).read_text(encoding="utf-8")


def test_the_tables_of_the_page_are_those_of_the_models() -> None:
    how = f"run: python tests/support/settings_table.py {PAGE}"
    assert with_tables(page()) == page(), how


@pytest.mark.parametrize("root", ROOTS)
def test_every_program_has_a_table_on_the_page(root: str) -> None:
    model = ROOTS[root]
    assert f"`configs/{root}.yaml`" in page()
    assert f"\nClass: `{model.__module__}:{model.__name__}`\n\n| setting |" in page()


@pytest.mark.parametrize("group", ["env", "model", "rollout", "judge", "recipe"])
def test_the_page_names_every_option(group: str) -> None:
    (row,) = [line for line in page().splitlines() if line.startswith(f"| `{group}` | `")]
    free = {"model": {"hub"}, "judge": {"server"}}  # whose options people write as a name, or as a URL
    assert {option for option in options(group) if f"`{option}`" not in row} == free.get(group, set())
    for root in ROOTS:
        name = {"evaluate_model": "evaluate", "calibrate_judge": "judge calibrate"}.get(root, root)
        assert (name in row.split("|")[3].strip().split(", ")) == (group in chosen(root))


def test_a_table_shows_types_defaults_and_words() -> None:
    start = "Class: `synthetic1.jobs.judge_settings:JudgeSection`, section `judge`\n\n"
    made = with_tables(f"{start}| an older table |\n\nThe end.\n")
    assert made.startswith(f"{start}| setting | type | default | what it is |\n|---|")
    assert "an older table" not in made
    assert "\n| `judge.temperature` | float ≥ 0 and ≤ 2 | `0.0` | Sampling temperature. |\n" in made
    assert "\n| `judge.price` | mapping or null | `null` | Money for a million tokens, e.g. `{input: " in made
    assert made.endswith(" |\n\nThe end.\n")
    assert with_tables(made) == made
