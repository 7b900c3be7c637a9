"""The text environment's contract, one call at a time."""

from __future__ import annotations

import copy
import pickle
import random

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from hypothesis import given
from hypothesis import strategies as st

from synthetic1 import Scorer, Task
from synthetic1.envs.base import TextEnv
from synthetic1.envs.vector import TextVectorEnv
from synthetic1.tasks.sources.source import TaskList

KEYS = ["task_id", "task_type", "source", "level", "status", "score", "reason", "why", "answer"]


def test_an_episode(make_env, tasks):
    env = make_env()
    prompt, info = env.reset(seed=3)
    task = tasks.get(info["task_id"])
    assert prompt == task.prompt
    assert list(info) == KEYS
    assert (info["status"], info["score"], info["reason"], info["answer"]) == ("open", None, None, None)
    obs, reward, terminated, truncated, info = env.step("<think>0</think>0.25")
    assert (obs, reward) == ("", 0.25)
    assert terminated is True
    assert truncated is False
    assert list(info) == KEYS
    assert (info["task_id"], info["task_type"], info["source"]) == (task.problem_id, "obedient", "here")
    assert (info["status"], info["score"], info["reason"], info["answer"]) == ("scored", 0.25, "partial", "0.25")


def test_unscorable_is_a_truncation_without_reward(make_env):
    """A NaN or None reward violates the checker, and 0 would blame the model."""
    env = make_env()
    env.reset(seed=0)
    obs, reward, terminated, truncated, info = env.step("fail")
    assert (obs, reward) == ("", 0.0)
    assert type(reward) is float
    assert terminated is False
    assert truncated is True
    assert list(info) == KEYS
    assert (info["status"], info["score"], info["reason"]) == ("unscorable", None, "unscorable_infra")
    assert info["why"]


def test_types_are_python_s_own(make_env):
    """np.bool_ fails an identity test, a bool reward warns."""
    env = make_env()
    env.reset(seed=0)
    obs, reward, terminated, truncated, info = env.step("1")
    assert [type(x) for x in (obs, reward, terminated, truncated)] == [str, float, bool, bool]
    assert type(info["level"]) is int


def test_the_gold_stays_inside(make_env):
    env = make_env()
    _, info = env.reset(seed=0)
    assert "the gold" not in repr(info)
    assert "the gold" not in repr(env.step("0")[-1])


@pytest.mark.parametrize(
    ("thinking_open", "text", "reward"),
    [
        (False, "1", 1.0),
        (True, "1", 0.0),  # a thought cut off is not an answer
        (True, "hm</think>1", 1.0),
        (False, "<think>1", 0.0),
    ],
)
def test_thinking_open(make_env, thinking_open, text, reward):
    env = make_env(thinking_open=thinking_open)
    env.reset(seed=0)
    assert env.step(text)[1] == reward


@pytest.mark.parametrize("value", ["no", 1, None])
def test_thinking_open_is_true_or_false(tasks, value):
    with pytest.raises(ValueError, match=f"thinking_open must be True or False, got {value!r}"):
        TextEnv(tasks, thinking_open=value)


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "π" * 100_000, "<think>", "</think>", "\n"])
def test_any_text_is_an_action(make_env, text):
    env = make_env()
    env.reset(seed=0)
    assert env.step(text)[1] == 0.0


def test_what_is_no_text(make_env):
    env = make_env()
    env.reset(seed=0)
    with pytest.raises(TypeError, match="an action is the completion's text, a str; got NoneType"):
        env.step(None)
    assert env.step("1")[1] == 1.0  # the episode is still open


def test_one_step_an_episode(make_env):
    env = make_env()
    with pytest.raises(ResetNeeded):
        env.step("1")
    env.reset(seed=0)
    env.step("1")
    with pytest.raises(ResetNeeded, match="an episode has one step"):
        env.step("1")


# Which task ----------------------------------------------------------------------------------------------------------


def test_by_id(make_env):
    prompt, info = make_env().reset(options={"task_id": "t7"})
    assert info["task_id"] == "t7"
    assert prompt.startswith("prompt 7")


@pytest.mark.parametrize("as_row", [True, False])
def test_by_content(make_env, as_row):
    own = Task(problem_id="mine", task_type="obedient", prompt="my prompt")
    prompt, info = make_env().reset(options={"task": own.to_row() if as_row else own})
    assert (prompt, info["task_id"]) == ("my prompt", "mine")


def test_an_explicit_task_takes_the_same_draw(make_env):
    """Later draws must not shift."""
    env = make_env()
    env.reset(seed=11)
    drawn = env.reset()[1]["task_id"], env.np_random.bit_generator.state
    for options in ({"task_id": "t7"}, {"task": {"problem_id": "x", "task_type": "obedient", "prompt": "p"}}, {}):
        env.reset(seed=11, options=options)
        assert (env.reset()[1]["task_id"], env.np_random.bit_generator.state) == drawn


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"taskid": "t7"}, "unknown option 'taskid'; reset takes task_id, task"),
        ({"task_id": "t7", "task": {}}, "both `task_id` and `task`"),
        ({"task_id": "nope"}, r"options\['task_id'\]: .*no task `nope`"),
        ({"task_id": 5}, r"options\['task_id'\] must be a task's problem_id, a string; got int 5"),
        ({"task_id": ["t7"]}, r"options\['task_id'\] must be .* got list \['t7'\]"),
        ({"task_id": ""}, r"no task ``"),
        ({"task": 5}, r"options\['task'\]: a task is an object"),
        ({"task": [1, 2]}, r"options\['task'\]: a task is an object"),
        (5, "options must be a mapping, got int"),
        (["task_id"], "options must be a mapping, got list"),
        ({"task": {"problem_id": "x"}}, r"options\['task'\]: field `task_type` is missing"),
        ({"reset_mask": np.array([True])}, "unknown option 'reset_mask'"),
    ],
)
def test_options_that_cannot_be_met(make_env, options, message):
    env = make_env()
    env.reset(seed=1, options={"task_id": "t7"})
    state = env.np_random.bit_generator.state
    with pytest.raises(ValueError, match=message) as error:
        env.reset(seed=2, options=options)
    assert "\n" not in str(error.value)
    assert env.np_random.bit_generator.state == state
    with pytest.raises(ResetNeeded):  # the old task is not what the caller asked for
        env.step("1")


@pytest.mark.parametrize(
    ("level", "shown"), [(3, 3), (-1, -1), (True, 0), ("3", 0), (2**63 - 1, 2**63 - 1), (2**63, 0), (10**30, 0)]
)
def test_a_level_fits_the_arrays_of_vector_environments(level, shown):
    tasks = TaskList([Task(problem_id="a", task_type="obedient", prompt="p", metadata={"level": level})])
    env = TextEnv(tasks)
    assert env.reset()[1]["level"] == shown
    envs = TextVectorEnv(env, 2)
    assert envs.reset()[1]["level"].tolist() == [shown] * 2
    envs.close()


@given(st.integers(0, 2**31))
def test_a_seed_fixes_the_draws(seed):
    tasks = TaskList(Task(problem_id=str(n), task_type="t", prompt="p") for n in range(1000))
    first, second = TextEnv(tasks), TextEnv(tasks)
    runs = [
        [env.reset(seed=seed)[1]["task_id"], *(env.reset()[1]["task_id"] for _ in range(4))] for env in (first, second)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > 1


def test_the_draws_cover_the_source(make_env):
    env = make_env()
    env.reset(seed=0)
    assert len({env.reset()[1]["task_id"] for _ in range(600)}) == 50


def test_no_global_generator_is_touched(make_env):
    """Two libraries call random.seed in reset."""
    env = make_env()
    before = random.getstate(), copy.deepcopy(np.random.get_state())
    env.reset(seed=5)
    env.step("1")
    env.reset()
    assert random.getstate() == before[0]
    assert (np.random.get_state()[1] == before[1][1]).all()
    assert np.random.get_state()[2] == before[1][2]


# Lifetime ------------------------------------------------------------------------------------------------------------


def test_pickles_in_mid_episode(make_env):
    env = make_env()
    env.reset(seed=4)
    env.reset()
    other = pickle.loads(pickle.dumps(env))
    assert other.step("0.5")[1] == env.step("0.5")[1] == 0.5
    assert other.reset()[0] == env.reset()[0]
    other.close()


def test_close_twice_and_then_no_more(make_env):
    env = make_env()
    env.reset(seed=0)
    env.step("wait")
    env.close()
    env.close()
    env.reset()
    with pytest.raises(RuntimeError, match="closed"):
        env.step("1")


def test_a_scorer_can_be_shared(tasks):
    scorer = Scorer()
    assert TextEnv(tasks, scorer).scorer is scorer
    scorer.close()
