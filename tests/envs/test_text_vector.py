"""The vector environment: as SyncVectorEnv over copies, but the batch is scored at once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from synthetic1.envs.vector import TextVectorEnv

N = 4


@pytest.fixture
def make_envs(make_env):
    return lambda **kwargs: TextVectorEnv(make_env(), N, **kwargs)


def values(array):
    """As Python values, with None for "no score", which is NaN in a float array."""
    return [None if item != item else item for item in array.tolist()]


def same(ours, theirs, mask=(True,) * N):
    """Equal infos wherever ``mask`` says that there is one."""
    assert ours.keys() == theirs.keys()
    for key, expected in theirs.items():
        if isinstance(expected, dict):
            same(ours[key], expected)
        else:
            found = zip(values(ours[key]), values(expected), mask, strict=True)
            assert all(a == b for a, b, on in found if on or key.startswith("_")), key


@pytest.mark.parametrize("mode", [AutoresetMode.DISABLED, AutoresetMode.SAME_STEP])
def test_same_as_sync_vector_env(make_env, mode):
    ours = TextVectorEnv(make_env(), N, autoreset_mode=mode)
    theirs = SyncVectorEnv([make_env for _ in range(N)], autoreset_mode=mode)
    seeds = [5, [9, None, 3, 1], None, None]
    ours.reset(seed=0), theirs.reset(seed=0)
    actions = ["1", "0.5", "<think>", "fail"]
    for seed in seeds:
        a, b = ours.reset(seed=seed), theirs.reset(seed=seed)
        assert a[0] == b[0]
        same(a[1], b[1])
        a, b = ours.step(actions), theirs.step(actions)
        assert a[0] == b[0]
        for mine, its in zip(a[1:4], b[1:4], strict=True):
            assert mine.dtype == its.dtype
            assert mine.tolist() == its.tolist()
        same(a[4], b[4])
        actions = actions[1:] + actions[:1]
    assert [str(rng.bit_generator.state) for rng in ours.np_random] == [
        str(rng.bit_generator.state) for rng in theirs.np_random
    ]
    theirs.close()


def test_partial_reset_is_that_of_sync_vector_env(make_env):
    ours = TextVectorEnv(make_env(), N)
    theirs = SyncVectorEnv([make_env for _ in range(N)], autoreset_mode=AutoresetMode.DISABLED)
    ours.reset(seed=0), theirs.reset(seed=0)
    ours.step(["1"] * N), theirs.step(["1"] * N)
    mask = np.array([True, False, False, True])
    options = {"reset_mask": mask}
    a, b = ours.reset(seed=7, options=options), theirs.reset(seed=7, options={"reset_mask": mask})
    assert options == {"reset_mask": mask}  # the caller's dictionary is left alone
    assert a[0] == b[0]
    assert a[0][1] == ""
    same(a[1], b[1], mask)
    with pytest.raises(ResetNeeded, match="reset environments 1, 2 before"):
        ours.step(["1"] * N)
    ours.reset(options={"reset_mask": ~mask})
    assert ours.step(["1"] * N)[1].tolist() == [1.0] * N
    theirs.close()


def test_no_completion_is_wasted(make_envs):
    """Under NEXT_STEP every second action is ignored."""
    with pytest.raises(ValueError, match="NextStep would waste"):
        make_envs(autoreset_mode="NextStep")
    envs = make_envs(autoreset_mode="SameStep")
    envs.reset(seed=0)
    for _ in range(4):
        obs, rewards, *_, infos = envs.step(["1"] * N)
        assert rewards.tolist() == [1.0] * N
        assert all(obs)
        assert infos["final_obs"].tolist() == [""] * N
        assert infos["status"].tolist() == ["open"] * N
        assert infos["final_info"]["status"].tolist() == ["scored"] * N


def test_a_group_shares_a_task(make_envs):
    """Sync hands one options dictionary to all; a GRPO group needs its own task in each slot."""
    envs = make_envs()
    _, infos = envs.reset(options={"task_id": ["t1", "t1", "t2", None]})
    assert infos["task_id"].tolist()[:3] == ["t1", "t1", "t2"]
    _, infos = envs.reset(options={"task_id": "t5"})
    assert infos["task_id"].tolist() == ["t5"] * N
    row = {"problem_id": "x", "task_type": "obedient", "prompt": "p"}
    _, infos = envs.reset(options={"task": [row, None, None, row], "task_id": [None, "t1", None, None]})
    assert [infos["task_id"][i] for i in (0, 1, 3)] == ["x", "t1", "x"]


def test_explicit_tasks_take_the_same_draws(make_envs):
    envs = make_envs()
    envs.reset(seed=3)
    expected = envs.reset()[0]
    envs.reset(seed=3, options={"task_id": ["t1", None, "t2", None]})
    assert envs.reset()[0] == expected


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"options": {"task_id": ["t1"]}}, "1 entries for 4 environments"),
        ({"options": {"task_id": ["t1", "t2", "nope", "t3"]}}, "no task `nope`"),
        ({"options": {"task_id": 5}}, r"options\['task_id'\] must be one for all, or a list .*, got int"),
        ({"options": {"task_id": {"t1"}}}, "got set"),
        ({"options": {"task_id": b"abcd"}}, "got bytes"),
        ({"options": {"task": 5}}, r"options\['task'\] must be one for all"),
        ({"options": {"task_id": ["t1", 5, "t2", "t3"]}}, r"options\['task_id'\] must be .* got int 5"),
        ({"options": {"task_id": {"problem_id": "t1"}}}, "got dict"),
        ({"options": ["task_id"]}, "options must be a mapping, got list"),
        ({"options": {"task_ids": ["t1"] * N}}, "unknown option 'task_ids'; reset takes task_id, task, reset_mask"),
        ({"options": {"reset_mask": np.zeros(N, bool)}}, "with a True in it"),
        ({"options": {"reset_mask": np.ones(3, bool)}}, r"shape \(4,\)"),
        ({"options": {"reset_mask": np.ones(N, int)}}, "boolean"),
        ({"seed": [1, 2]}, "2 seeds for 4 environments"),
    ],
)
def test_what_reset_refuses_changes_nothing(make_envs, kwargs, message):
    envs = make_envs()
    obs, _ = envs.reset(seed=3)
    states = [rng.bit_generator.state for rng in envs.np_random]
    with pytest.raises(ValueError, match=message):
        envs.reset(**kwargs)
    assert [rng.bit_generator.state for rng in envs.np_random] == states
    assert envs.step(["1"] * N)[4]["task_id"].tolist() == [f"t{text.split()[1][:-1]}" for text in obs]


@pytest.mark.parametrize(
    ("actions", "error"),
    [(["1"] * 3, ValueError), ("1111", ValueError), (["1", None, "1", "1"], TypeError)],
)
def test_what_step_refuses_leaves_the_episodes_open(make_envs, actions, error):
    envs = make_envs()
    envs.reset(seed=0)
    with pytest.raises(error):
        envs.step(actions)
    assert envs.step(("1",) * N)[1].tolist() == [1.0] * N


def test_nothing_returned_is_used_again(make_envs):
    """Gymnasium#1132: arrays a caller keeps must not change under its hands."""
    envs = make_envs()

    def arrays(result):
        for value in result:
            if isinstance(value, np.ndarray):
                yield value
            elif isinstance(value, dict):
                yield from arrays(value.values())

    seen = []
    for _ in range(3):
        seen += arrays(envs.reset(seed=1)), arrays(envs.step(["1"] * N))
    flat = [array for result in seen for array in result]
    assert len({id(array) for array in flat}) == len(flat)
    assert not any(np.shares_memory(a, b) for i, a in enumerate(flat) for b in flat[:i])


def test_unseeded_environments_differ_and_pickle(make_envs):
    envs = make_envs()
    envs.reset()
    assert len(set(envs.np_random_seed)) == N
    copy = pickle.loads(pickle.dumps(envs))
    assert copy.reset()[0] == envs.reset()[0]
    copy.close()
    copy.close()


def test_at_least_one(make_env):
    with pytest.raises(ValueError, match="num_envs must be at least 1"):
        TextVectorEnv(make_env(), 0)
