"""The code environment: which tasks it holds, and its face over the verifier."""

from __future__ import annotations

from collections import Counter

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env

import synthetic1
from synthetic1 import Task
from synthetic1.tasks import open_tasks
from synthetic1.tasks.sources.mixture import Mixture

ENV = "synthetic1/code-v0"
assert synthetic1


def make_task(problem_id, language):
    info = {"language": language, "test_cases": [{"type": "stdin_stdout", "input": "2", "output": "4"}]}
    return Task(
        problem_id=problem_id, task_type="verifiable_code", prompt=f"Double it. {problem_id}", verification_info=info
    )


def held(**kwargs):
    return gym.make(ENV, **kwargs).unwrapped.tasks


def problem(task):
    return task.problem_id.rpartition("/")[0]


def test_a_problem_is_on_one_side_in_every_language():
    sides = {split: held(split=split) for split in ("train", "test")}
    problems = {split: {problem(task) for task in tasks} for split, tasks in sides.items()}
    assert not problems["train"] & problems["test"]
    assert len(sides["train"]) + len(sides["test"]) == len(open_tasks("embedded:code"))
    assert len(problems["test"]) >= 3
    for tasks in sides.values():
        assert set(Counter(map(problem, tasks)).values()) == {4}


@pytest.mark.parametrize(
    ("name", "language"), [("python", "python"), ("C++", "cpp"), ("js", "javascript"), ("rs", "rust")]
)
def test_one_language(name, language):
    tasks = held(language=name)
    assert len(tasks) >= 20
    assert {task.verification_info["language"] for task in tasks} == {language}


def test_tasks_of_a_file_keep_their_own_names_of_languages():
    tasks = [make_task(f"{n}", "c++" if n % 2 else "python") for n in range(60)]
    chosen = held(tasks=tasks, language="cpp")
    assert len(chosen) > 20
    assert {task.verification_info["language"] for task in chosen} == {"c++"}


def test_a_mixture_keeps_its_weights():
    sources = [open_tasks([make_task(f"{k}/{n}", "python") for n in range(40)]) for k in range(2)]
    other = open_tasks([make_task(f"x{n}", "rust") for n in range(40)])
    tasks = held(tasks={sources[0]: 3, sources[1]: 1, other: 9}, language="python")
    assert isinstance(tasks, Mixture)
    drawn = Counter(tasks.pick((n + 0.5) / 400).problem_id[0] for n in range(400))
    assert drawn == {"0": 300, "1": 100}


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"language": "cobol"}, "language: unknown language 'cobol'"),
        ({"language": "rust", "tasks": [make_task(str(n), "python") for n in range(40)]}, "has no task in rust"),
        ({"credit": "half"}, "credit must be one of"),
        ({"split": "dev"}, "split must be"),
        ({"sandbox": "subprocess"}, "unsafe=true"),
        ({"time_limit_s": -1}, "time_limit_s must be positive"),
    ],
)
def test_arguments_are_checked(kwargs, message):
    with pytest.raises(ValueError, match=message):
        gym.make(ENV, **kwargs)


def test_without_a_sandbox_it_is_made_and_says_unscorable():
    env = gym.make(ENV, sandbox={"kind": "docker", "engine": "tcp://127.0.0.1:9"})
    env.reset(options={"task": make_task("p", "python")})
    _, reward, terminated, truncated, info = env.step("```python\nprint(4)\n```")
    assert (reward, terminated, truncated, info["status"]) == (0.0, False, True, "unscorable")
    env.close()


def test_gymnasiums_checker(sandbox_kind):
    env = gym.make(ENV, disable_env_checker=True, language="python")
    check_env(env.unwrapped, skip_render_check=True)


def test_a_batch_side_by_side(sandbox_kind):
    envs = gym.make_vec(ENV, num_envs=6, credit="fraction")
    envs.reset(options={"task": make_task("p", "python")})
    sources = ["print(4)", "print(5)", "print(2 * int(input()))", "1 / 0", "print(", "x"]
    _, rewards, _, _, infos = envs.step([f"```python\n{source}\n```" for source in sources])
    assert rewards.tolist() == [1, 0, 1, 0, 0, 0]
    assert infos["status"].tolist() == ["scored"] * 6
    envs.close()
