"""A plain install: what works without any extra, and what is said where one is missing."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import plain_install
import pytest

from synthetic1.extras import EXTRAS, explained, extra_of, imported_names, not_installed, our_requirements

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = {
    "trainers/grpo.py": "train",
    "trainers/sft.py": "train",
    "trainers/r1.py": "train",
    "trainers/build_embedded_model.py": "train",
    "datagen/generate.py": "train",
    "datagen/verify.py": "train",
    "datagen/export.py": "train",
    "datagen/curate.py": "curate",
    "src/synthetic1/evaluation/evaluate_model.py": "train",
    "src/synthetic1/evaluation/calibrate_judge.py": "train",
}
TASK = '{"problem_id": "a", "task_type": "verifiable_math", "prompt": "1+1?", "verification_info": "{}"}\n'
LACKING = [
    # command, the extra it names
    *((f"{ROOT / script}", extra) for script, extra in SCRIPTS.items()),
    *((f"synthetic1 {name} env=math", "train") for name in ("grpo", "sft", "r1", "generate", "verify", "export")),
    ("synthetic1 curate recipe=math", "curate"),
    ("synthetic1 evaluate env=math", "train"),
    ("synthetic1 judge calibrate judge=local", "train"),
    ("synthetic1 validate tasks.parquet", "data"),
    ("synthetic1 validate tasks.jsonl.zst", "data"),
    ("synthetic1 validate hf://datasets/a/b", "data"),
    ("synthetic1 audit tasks.parquet", "data"),
    ("synthetic1 audit --rescore tasks.parquet", "data"),
    ("synthetic1 sandbox build", "sandbox"),
    ("synthetic1 audit math --limit 1 --engine ray", "ray"),
]
WORKING = [
    # command, in what it prints
    ("synthetic1 --version", "."),
    ("synthetic1 --help", "doctor"),
    ("synthetic1 doctor", "gymnasium"),
    ("synthetic1 validate math code_understanding --limit 3", "synthetic1/math-v0 train"),
    ("synthetic1 audit math --limit 2 --html audit.html", "synthetic1/math"),
]
FIRST_STEPS = """
import json, sys
import gymnasium as gym
import synthetic1

said = {}
for family in ("math", "code_understanding"):
    env = gym.make(f"synthetic1/{family}-v0")
    observation, info = env.reset(seed=7)
    task = env.unwrapped.tasks[0]
    verdict = synthetic1.score(task, "It is \\\\boxed{no such thing}.")
    said[family] = [bool(observation), env.step("\\\\boxed{0}")[1], verdict.score]
    env.close()

env = gym.make("synthetic1/stem-v0", judge="http://127.0.0.1:9/v1")
env.reset(seed=1)
*_, info = env.step("<answer>It is the weather of another planet that brings this about.</answer>")
said["judge"] = [info["score"], str(info)]
env.close()
print(json.dumps([said, sorted({"torch", "aiohttp", "hydra", "pyarrow"} & set(sys.modules))]))
"""
ADAPTERS = """
import json
from synthetic1 import open_tasks
from synthetic1.adapters import lm_eval, openrlhf, trl, verl

tasks = open_tasks("embedded:math")
said = []
for wanted in (
    lambda: trl.dataset(tasks),
    lambda: verl.write_rows(tasks, "rows.parquet"),
    lambda: openrlhf.reward_func([], [], []),
    lambda: lm_eval.dataset("math"),
):
    try:
        wanted()
    except ModuleNotFoundError as error:
        said.append(str(error))
print(json.dumps(said))
"""
WALK = """
import importlib, json, pkgutil
import synthetic1

lacking = {}
for module in pkgutil.walk_packages(synthetic1.__path__, "synthetic1.", onerror=lambda name: None):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        lacking[module.name] = getattr(error, "name", None) or str(error)
print(json.dumps(lacking))
"""


@pytest.fixture(scope="module")
def missing() -> list[str]:
    return plain_install.kept_out()


def _in_a_plain_install(folder: Path, missing: list[str], **given: Any) -> Any:
    done = subprocess.run(
        [sys.executable, plain_install.__file__],
        input=json.dumps({"missing": missing, **given}),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, missing: list[str]) -> dict[str, dict[str, Any]]:
    """Every command of the two tables, in one process, without any extra."""
    folder = tmp_path_factory.mktemp("plain")
    for name in ("tasks.parquet", "tasks.jsonl.zst"):
        (folder / name).write_text(TASK, encoding="utf-8")
    commands = [command for command, _ in (*WORKING, *LACKING)]
    results = _in_a_plain_install(folder, missing, commands=[command.split() for command in commands])
    return dict(zip(commands, results, strict=True))


@pytest.mark.parametrize(("command", "extra"), LACKING, ids=lambda value: str(value).replace(f"{ROOT}/", ""))
def test_what_is_missing_is_said_in_one_line(command: str, extra: str, ran: dict[str, dict[str, Any]]) -> None:
    done = ran[command]
    assert done["code"] in (1, 2), done
    assert "Traceback" not in done["err"], done["err"]
    assert f"pip install 'synthetic1[{extra}]' (in a clone: pip install '.[{extra}]')" in done["err"]
    assert len(done["err"].splitlines()) == 1, done["err"]


@pytest.mark.parametrize(("command", "printed"), WORKING)
def test_what_works_without_any_extra(command: str, printed: str, ran: dict[str, dict[str, Any]]) -> None:
    assert ran[command]["code"] == 0, ran[command]
    assert printed in ran[command]["out"]


def test_environments_work_without_any_extra(tmp_path: Path, missing: list[str]) -> None:
    said, heavy = _in_a_plain_install(tmp_path, missing, program=FIRST_STEPS)
    assert said["math"] == said["code_understanding"] == [True, 0.0, 0.0]
    assert said["judge"][0] is None, "ours, not the completion's"
    assert "synthetic1[judge]" in said["judge"][1]
    assert heavy == []


def test_adapters_say_what_to_install(tmp_path: Path, missing: list[str]) -> None:
    said = _in_a_plain_install(tmp_path, missing, program=ADAPTERS)
    wanted = [("datasets", "data"), ("pyarrow", "data"), ("torch", "train"), ("datasets", "data")]
    assert said == [not_installed(package, extra) for package, extra in wanted]


def test_every_module_imports_or_lacks_what_an_extra_brings(tmp_path: Path, missing: list[str]) -> None:
    lacking = _in_a_plain_install(tmp_path, missing, program=WALK)
    assert {module: name for module, name in lacking.items() if extra_of(name) is None} == {}
    light = ("tasks", "rewards", "envs", "sandbox", "inference", "reports", "jobs", "evaluation", "configs", "scaffold")
    assert [module for module in lacking if module.split(".")[1] in light] == []


def test_names_of_extras() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(EXTRAS) | {"dev", "docs"} == set(declared)
    for extra in EXTRAS:
        assert our_requirements(extra), extra
        installed = {
            name
            for requirement in our_requirements(extra)
            for name in imported_names(extra)
            if _is_installed(requirement.name)
        }
        unknown = [name for name in installed - {"vllm"} if importlib.util.find_spec(name) is None]
        assert unknown == [], f"imported by another name: see IMPORTED_AS ({extra})"


def _is_installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.parametrize(
    ("module", "preferred", "extra"),
    [
        ("hydra", None, "train"),
        ("hydra.errors", "curate", "curate"),
        ("pyarrow.parquet", None, "data"),
        ("pyarrow", "train", "train"),
        ("docker", "train", "sandbox"),
        ("aiohttp", None, "judge"),
        ("vllm", None, "vllm"),
        ("fastapi", None, "serve"),
        ("mlflow", None, "track"),
        ("no_such_package", "train", None),
    ],
)
def test_the_extra_of_a_package(module: str, preferred: str | None, extra: str | None) -> None:
    assert extra_of(module, preferred) == extra
    wanted = rf"pip install 'synthetic1\[{extra}\]'" if extra else "pip install no_such_package$"
    assert re.search(wanted, not_installed(module, preferred))


@pytest.mark.parametrize("name", ["synthetic1.no_such", "json.no_such", None])
def test_a_missing_module_of_ours_is_a_defect(name: str | None) -> None:
    assert explained(ModuleNotFoundError("x", name=name), "train") is None
