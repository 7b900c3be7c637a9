"""Every family has its files, its configuration says what its signature says, and its gold scores 1."""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path

import gymnasium as gym
import pytest

import synthetic1
from synthetic1.rewards.registry import known_task_types

ROOT = Path(__file__).parents[1]
FAMILIES = [pytest.param(family, id=family) for family in synthetic1.FAMILIES]
TASK_TYPES = {
    "code": "verifiable_code",
    "code_understanding": "code_output_prediction",
    "math": "verifiable_math",
    "stem": "stem",
    "swe": "swe",
}


def gold_completion(task):
    """What a model that knows the answer would write, by task type."""
    match task.task_type:
        case "code_output_prediction":
            return json.dumps({"output": task.verification_info["ground_truth"]})
        case "stem":
            return f"<answer>{task.gold_standard_solution}</answer>"
        case "swe":
            return f"```{task.verification_info['language']}\n{task.gold_standard_solution}\n```"
        case "verifiable_code":
            return f"```{task.verification_info['language']}\n{task.gold_standard_solution}\n```"
        case "verifiable_math":
            return f"\\boxed{{{task.verification_info['ground_truth']}}}"
    raise AssertionError(f"say here what the gold completion of a `{task.task_type}` task is")


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def judged(family, request):
    """What the family's verifier needs is there; arguments for it. Judges accept nothing: gold needs none."""
    if family == "code":
        request.getfixturevalue("sandbox_kind")
    if "judge" not in inspect.signature(env_class(family)).parameters:
        return {}
    replies = request.getfixturevalue("judge_replies")
    return {"judge": request.getfixturevalue("serve_judge")(replies.honest(set())).url}


def env_class(family):
    module, _, name = gym.spec(f"synthetic1/{family}-v0").entry_point.partition(":")
    return getattr(importlib.import_module(module), name)


def test_every_registered_environment_is_a_family():
    ours = {spec.id for spec in gym.registry.values() if spec.namespace == "synthetic1"}
    assert ours == {f"synthetic1/{family}-v0" for family in synthetic1.FAMILIES}


@pytest.mark.parametrize(
    "place", ["rewards/{}.py", "envs/{}.py", "configs/env/{}.yaml", "src/synthetic1/tasks/embedded/{}.jsonl"]
)
def test_one_stem_in_every_room(family, place):
    assert (ROOT / place.format(family)).is_file()


def test_its_task_type_has_a_verifier(family):
    assert TASK_TYPES[family] in known_task_types()


def test_its_page_is_its_docstring(family):
    page = inspect.getdoc(env_class(family))
    for heading in ("Description", "Action Space", "Observation Space", "Rewards", "Arguments", "Version History"):
        assert f"## {heading}" in page
    for name in inspect.signature(env_class(family)).parameters:
        assert f"    {name}: " in page


def test_its_configuration_is_its_signature(family):
    omegaconf = pytest.importorskip("omegaconf")
    config = omegaconf.OmegaConf.to_container(omegaconf.OmegaConf.load(ROOT / f"configs/env/{family}.yaml"))
    defaults = {name: p.default for name, p in inspect.signature(env_class(family)).parameters.items()}
    assert config == {"id": f"synthetic1/{family}-v0", **defaults}


def test_its_configuration_makes_it(family):
    omegaconf = pytest.importorskip("omegaconf")
    config = omegaconf.OmegaConf.to_container(omegaconf.OmegaConf.load(ROOT / f"configs/env/{family}.yaml"))
    env = gym.make(**config)
    env.reset(seed=0)
    env.close()


@pytest.mark.parametrize("split", ["train", "test"])
def test_gold_scores_1_and_another_tasks_gold_0(family, split, judged):
    env = gym.make(f"synthetic1/{family}-v0", split=split, **judged)
    source = env.unwrapped.tasks
    tasks = [source[index] for index in range(0, min(300, len(source)), 10)]
    for task, other in zip(tasks, tasks[1:] + tasks[:1], strict=True):
        env.reset(options={"task_id": task.problem_id})
        assert env.step(f"<think>so</think>{gold_completion(task)}")[1] == 1.0
        if gold_completion(other) != gold_completion(task):
            env.reset(options={"task_id": task.problem_id})
            _, reward, _, _, info = env.step(gold_completion(other))
            assert (reward, info["status"]) == (0.0, "scored")
    env.close()


def test_nothing_pays_without_an_answer(family, judged):
    """The prompt echoed, a hedge around the gold, the gold in the thought only, nothing, noise, odd characters."""
    env = gym.make(f"synthetic1/{family}-v0", **judged)
    task = env.unwrapped.tasks[0]
    gold = gold_completion(task)
    truth = str(task.verification_info.get("ground_truth"))
    for text in (
        task.prompt,
        f"I think it is {truth} or maybe 7",
        f"<think>{gold}",
        f"<think>{gold}</think>",
        "",
        "a {b [c " * 12_500,
        "\ud800\udfff\x00",
    ):
        env.reset(options={"task_id": task.problem_id})
        _, reward, terminated, _, info = env.step(text)
        assert (reward, terminated, info["status"]) == (0.0, True, "scored")
    env.close()
