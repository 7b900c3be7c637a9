"""The judged environments: without a server they construct and check, with one they score; which tasks they hold."""

from __future__ import annotations

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env

import synthetic1
from synthetic1 import Task
from synthetic1.tasks import open_tasks
from synthetic1.tasks.formats.stem import to_task

assert synthetic1
STEM, SWE = "synthetic1/stem-v0", "synthetic1/swe-v0"
JUDGED = pytest.mark.parametrize("env_id", [STEM, SWE])
QUESTIONS = [to_task(f"Why {n}?", f"Because of {n}.", field="physics" if n % 3 else "Law") for n in range(60)]


def held(env_id, **kwargs):
    return gym.make(env_id, **kwargs).unwrapped.tasks


def ideas(task):
    """A completion that only a judge can place."""
    if task.task_type == "stem":
        return "<answer>It has to do with how the parts move against each other.</answer>"
    before = task.verification_info["before"]
    line = next(line for line in before.split("\n") if line.strip() and before.count(f"{line}\n") == 1)
    return f"<<<<<<< SEARCH\n{line}\n=======\n{line}\n{line}\n>>>>>>> REPLACE\n"


@JUDGED
def test_without_a_server_it_constructs_and_checks(env_id):
    env = gym.make(env_id)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


@JUDGED
def test_without_a_judge_a_step_that_needs_one_is_unscorable(env_id):
    env = gym.make(env_id)
    task = _one_for_the_judge(env)
    env.reset(options={"task_id": task.problem_id})
    _, reward, terminated, truncated, info = env.step(ideas(task))
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert (info["status"], info["reason"]) == ("unscorable", "unscorable_judge")
    assert "no judge is configured: give judge=local" in info["why"]
    env.close()


@JUDGED
def test_a_server_that_is_not_there_is_unscorable_too(env_id):
    env = gym.make(env_id, judge={"url": "http://127.0.0.1:9/v1", "model": "m", "outage_s": 0.0})
    task = _one_for_the_judge(env)
    env.reset(options={"task_id": task.problem_id})
    *_, truncated, info = env.step(ideas(task))
    assert (truncated, info["reason"]) == (True, "unscorable_judge")
    assert "cannot reach http://127.0.0.1:9/v1" in info["why"]
    env.close()


@JUDGED
def test_with_a_judge_its_word_is_the_reward(env_id, serve_judge, judge_replies):
    env = gym.make(env_id, judge=serve_judge(judge_replies.fooled).url)
    task = _one_for_the_judge(env)
    env.reset(options={"task_id": task.problem_id})
    _, reward, terminated, _, info = env.step(ideas(task))
    assert (reward, terminated, info["status"]) == (1.0, True, "scored")
    env.close()


@JUDGED
def test_many_at_once_are_asked_at_once(env_id, serve_judge, judge_replies):
    envs = gym.make_vec(
        env_id, num_envs=4, vectorization_mode="vector_entry_point", judge=serve_judge(judge_replies.fooled).url
    )
    prompts, _ = envs.reset(seed=3)
    by_prompt = {task.prompt: task for task in open_tasks(f"embedded:{env_id[11:-3]}")}
    _, rewards, terminated, _, _ = envs.step([ideas(by_prompt[prompt]) for prompt in prompts])
    assert len(rewards) == 4
    assert terminated.all()
    envs.close()


def _one_for_the_judge(env):
    tasks = env.unwrapped.tasks
    return next(
        task
        for task in tasks
        if (task.task_type == "swe" and task.verification_info["language"] == "javascript")
        or (task.task_type == "stem" and "answer_value" not in task.verification_info)
    )


@JUDGED
def test_no_task_is_on_both_sides(env_id):
    train, test = ({task.problem_id for task in held(env_id, split=split)} for split in ("train", "test"))
    assert not train & test
    assert len(train | test) == len(open_tasks(f"embedded:{env_id[11:-3]}"))
    assert len(test) >= 5


@pytest.mark.parametrize(
    ("name", "language"), [("js", "javascript"), ("Rust", "rust"), ("golang", "go"), ("py", "python")]
)
def test_changes_in_one_language(name, language):
    tasks = held(SWE, language=name)
    assert len(tasks)
    assert {task.verification_info["language"] for task in tasks} == {language}


def test_every_field_is_on_both_sides():
    train, test = ({task.metadata["field"] for task in held(STEM, split=split)} for split in ("train", "test"))
    assert train == test


def test_questions_of_one_field():
    fields = {task.metadata["field"] for task in open_tasks("embedded:stem")}
    assert len(fields) >= 8
    assert {task.metadata["field"] for task in held(STEM, field=" Physics ")} == {"physics"}
    assert {task.metadata["field"] for task in held(STEM, tasks=QUESTIONS, field="law")} == {"Law"}


@pytest.mark.parametrize(
    ("env_id", "kwargs", "error"),
    [
        (SWE, {"language": "brainfuck"}, "language: .* no task in brainfuck"),
        (STEM, {"field": "alchemy"}, "field: .* no question of `alchemy`; its fields: .*physics"),
        (STEM, {"split": "dev"}, "dev"),
        (SWE, {"split": "dev"}, "dev"),
        (STEM, {"judge": {"votes": 2, "url": "local"}}, "votes"),
        (SWE, {"judge": {"url": "local", "modell": "m"}}, "modell"),
        (STEM, {"judge": "ftp://somewhere"}, "ftp"),
    ],
)
def test_bad_arguments_are_one_clear_line(env_id, kwargs, error):
    with pytest.raises(ValueError, match=error) as caught:
        gym.make(env_id, **kwargs)
    assert "\n" not in str(caught.value)


def test_published_rows_are_scored_by_their_family(serve_judge, judge_replies):
    row = {
        "problem_id": "1",
        "source": "stackexchange",
        "task_type": "llm_judgeable_groundtruth_similarity",
        "prompt": "Why does ice float?",
        "gold_standard_solution": "It is less dense than water.",
    }
    tasks = [{**row, "problem_id": f"{n}", "prompt": f"{row['prompt']} ({n})"} for n in range(40)]
    env = gym.make(STEM, tasks=tasks, judge=serve_judge(judge_replies.honest({"Its lattice is open."})).url)
    for text, expected in (("Its lattice is open.", 1.0), ("It is warm.", 0.0)):
        env.reset(seed=1)
        _, reward, _, _, info = env.step(f"<think>so</think>{text}")
        assert (reward, info["status"], info["task_type"]) == (expected, "scored", "stem")
    env.close()


def test_a_task_of_the_callers_own():
    own = Task("mine", "stem", "Why?", {"ground_truth": "5 m", "answer_value": "5 m"})
    env = gym.make(STEM)
    env.reset(options={"task": own})
    assert env.step("<answer>500 cm</answer>")[1] == 1.0  # the prompt asks for no block, but there is one
    env.close()
