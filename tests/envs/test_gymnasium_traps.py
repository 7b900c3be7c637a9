"""The registered environments inside Gymnasium: its checker, its vectorisers, and the traps between them."""

from __future__ import annotations

import copy
import importlib
import json
import multiprocessing
import pickle
import subprocess
import sys
import threading
import warnings
from functools import partial

import gymnasium as gym
import pytest
from gymnasium.error import NameNotFound, NamespaceNotFound
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.utils.passive_env_checker import data_shares_objects
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit, TransformReward
from gymnasium.wrappers.vector import RecordEpisodeStatistics as RecordVectorStatistics

import synthetic1
from synthetic1.envs.spaces import SHARED_BYTES, TextSpace
from synthetic1.envs.vector import TextVectorEnv

IDS = [f"synthetic1/{family}-v0" for family in synthetic1.FAMILIES]
ONE = "synthetic1/code_understanding-v0"
each_env = pytest.mark.parametrize("env_id", IDS)
pytestmark = [
    pytest.mark.filterwarnings("error"),
    # Not the garbage of other tests, which may be collected in these:
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


# Registration ---------------------------------------------------------------------------------------------------------


def in_a_fresh_interpreter(program):
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@each_env
def test_registered_by_import_alone(env_id):
    """Gymnasium has no entry-point plug-ins: without an import the namespace is unknown."""
    code, text = in_a_fresh_interpreter(f"import gymnasium; gymnasium.make({env_id!r})")
    assert code == 1
    assert NamespaceNotFound.__name__ in text
    for program in (
        f"import gymnasium, synthetic1; gymnasium.register_envs(synthetic1); gymnasium.make({env_id!r})",
        f"import gymnasium; gymnasium.make('synthetic1:{env_id}')",
    ):
        assert in_a_fresh_interpreter(program) == (0, "")


def test_reloading_registers_nothing_twice():
    importlib.reload(synthetic1)


def test_ids_have_one_slash_so_languages_are_arguments():
    for env_id in IDS:
        assert env_id.count("/") == 1
    with pytest.raises(NameNotFound):
        gym.make("synthetic1/no_such_family-v0")


@each_env
def test_the_spec_is_json_and_makes_the_same_environment(env_id):
    env = gym.make(env_id)
    assert isinstance(env.spec.entry_point, str)
    assert isinstance(env.spec.vector_entry_point, str)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert again.reset(seed=5)[0] == env.reset(seed=5)[0]
    json.loads(env.spec.to_json())
    env.close(), again.close()


@each_env
def test_no_time_limit(env_id):
    """max_episode_steps=1 would make every end a truncation as well."""
    assert gym.spec(env_id).max_episode_steps is None
    env = gym.make(env_id)
    env.reset(seed=0)
    assert env.step("x")[2:4] == (True, False)
    env.close()


# The checker ----------------------------------------------------------------------------------------------------------


@each_env
def test_check_env_with_warnings_as_errors(env_id):
    env = gym.make(env_id)
    check_env(env.unwrapped)
    env.close()


@each_env
def test_check_env_would_see_a_timing_or_a_nan(env_id):
    """What the checker compares: two runs of one episode give equal infos, with values equal to themselves."""
    env = gym.make(env_id)
    runs = []
    for _ in range(2):
        env.reset(seed=1)
        runs.append(env.step('{"output": 1}'))
    assert data_equivalence(runs[0], runs[1], exact=True)
    env.close()


@each_env
def test_nothing_is_shared_over_many_episodes(env_id):
    """One step an episode escapes most of the checker's own test."""
    env = gym.make(env_id).unwrapped
    infos = []
    for _ in range(4):
        infos.append(env.reset()[1])
        infos.append(env.step("x")[4])
    assert len({tuple(info) for info in infos}) == 1  # the same keys in the same order
    assert not any(data_shares_objects(a, b) for i, a in enumerate(infos) for b in infos[:i])
    env.close()


@each_env
def test_info_is_flat_and_leaves_gymnasiums_key_alone(env_id):
    """`episode` belongs to RecordEpisodeStatistics."""
    env = RecordEpisodeStatistics(gym.make(env_id))
    _, info = env.reset(seed=0)
    assert "episode" not in info
    assert all(isinstance(value, (str, int, float, type(None))) for value in info.values())
    *_, info = env.step("x")
    assert info["episode"]["l"] == 1
    env.close()


@each_env
def test_pickles_and_closes_twice(env_id):
    env = gym.make(env_id).unwrapped
    env.reset(seed=2)
    other = pickle.loads(pickle.dumps(env))
    assert other.reset()[0] == env.reset()[0]
    for made in (env, other):
        made.close()
        made.close()


@each_env
def test_scores_off_the_main_thread(env_id):
    """verl PR#5635 and others: graders on SIGALRM raise, or give 0, off the main thread."""
    rewards = []

    def work():
        env = gym.make(env_id)
        env.reset(seed=0)
        rewards.append(env.step("x")[1])
        env.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert rewards == [0.0]


# Vectorisers ----------------------------------------------------------------------------------------------------------


def gold(env, task_id):
    """A completion that answers the task, from what only the source knows."""
    return json.dumps({"output": env.unwrapped.tasks.get(task_id).verification_info["ground_truth"]})


def test_make_vec_gives_the_batching_environment_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs = gym.make_vec(ONE, num_envs=3, level=2)
    assert isinstance(envs, TextVectorEnv)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.DISABLED
    prompts, infos = envs.reset(seed=0)
    assert prompts in envs.observation_space
    assert infos["level"].tolist() == [2, 2, 2]
    completions = [gold(envs, task_id) for task_id in infos["task_id"]]
    assert envs.step(completions)[1].tolist() == [1.0] * 3
    envs.close()
    envs.close()


@pytest.mark.parametrize("mode", [AutoresetMode.DISABLED, AutoresetMode.SAME_STEP])
def test_through_sync_and_async_vector_env(mode):
    def make():
        return gym.make(ONE)

    teller = gym.make(ONE)
    seen = []
    for envs in (
        SyncVectorEnv([make] * 3, autoreset_mode=mode),
        AsyncVectorEnv([make] * 3, shared_memory=False, autoreset_mode=mode),
        gym.make_vec(ONE, num_envs=3, autoreset_mode=mode),
    ):
        prompts, infos = envs.reset(seed=4)
        answers = [gold(teller, infos["task_id"][0]), "x", "<think>"]
        _, rewards, terminated, truncated, _ = envs.step(answers)
        again, _ = envs.reset(seed=4)
        assert again == prompts
        seen.append((prompts, rewards.tolist(), terminated.tolist(), truncated.tolist()))
        envs.close()
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1] == [1.0, 0.0, 0.0]


def test_vectorised_environments_pass_the_checker_one_by_one():
    envs = SyncVectorEnv([lambda: gym.make(ONE).unwrapped] * 2, autoreset_mode=AutoresetMode.DISABLED)
    for env in envs.envs:
        check_env(env)
    envs.close()


IMPORTED = f"synthetic1:{ONE}"
"""By this name Gymnasium imports the package first, which a process that was not forked has not done yet."""


@pytest.mark.parametrize("context", ["fork", "spawn", "forkserver"])
def test_shared_memory_is_never_stale_however_processes_start(context):
    """A Text space there returns the text of the first episode's alphabet for ever (Gymnasium#1164's cause)."""
    envs = AsyncVectorEnv([partial(gym.make, IMPORTED)] * 2, context=context, autoreset_mode=AutoresetMode.SAME_STEP)
    alone = [gym.make(ONE) for _ in range(2)]
    prompts, infos = envs.reset(seed=4)
    assert prompts == tuple(env.reset(seed=4 + index)[0] for index, env in enumerate(alone))
    for _ in range(3):
        answers = [gold(alone[0], task_id) for task_id in infos["task_id"]]
        ours = [env.step(answer)[1] for env, answer in zip(alone, answers, strict=True)]
        before, (prompts, rewards, *_, infos) = prompts, envs.step(answers)
        assert rewards.tolist() == ours == [1.0, 1.0]  # no completion was thrown away
        assert prompts == tuple(env.reset()[0] for env in alone) != before
    envs.close()


def test_shared_texts_hold_every_text_and_refuse_what_does_not_fit():
    space, memory = TextSpace(), create_shared_memory(TextSpace(), 3, multiprocessing)
    view = read_from_shared_memory(space, memory, 3)
    assert tuple(view) == ("", "", "")
    for texts in (("a" * 99, "é\ud800\0", "𝔊"), ("", "b", "a" * SHARED_BYTES)):
        for index, text in enumerate(texts):
            write_to_shared_memory(space, index, text, memory)
        assert copy.deepcopy(view) == texts == view[:]
        assert view[-1] == texts[-1]
    with pytest.raises(ValueError, match=r"1,048,577 bytes.*shared_memory=False"):
        write_to_shared_memory(space, 0, "a" * (SHARED_BYTES + 1), memory)
    with pytest.raises(IndexError):
        view[3]


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_default_autoreset_mode_is_refused_with_its_cure(mode):
    """It hands every second action to nobody."""
    with pytest.raises(ValueError, match=r"autoreset_mode NextStep.*vector_kwargs=\{'autoreset_mode': 'SameStep'\}"):
        gym.make_vec(ONE, num_envs=2, vectorization_mode=mode)
    envs = gym.make_vec(ONE, num_envs=2, vectorization_mode=mode, vector_kwargs={"autoreset_mode": "SameStep"})
    envs = RecordVectorStatistics(envs)
    teller = gym.make(ONE)
    _, infos = envs.reset(seed=4)
    for _ in range(3):
        _, rewards, *_, infos = envs.step([gold(teller, task_id) for task_id in infos["task_id"]])
        assert rewards.tolist() == [1.0, 1.0]
    assert envs.return_queue
    assert set(envs.return_queue) == {1.0}
    assert set(envs.length_queue) == {1}
    envs.close()


@pytest.mark.parametrize(
    "wrap", [TransformReward, OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit]
)
def test_gymnasiums_wrappers_fit(wrap):
    more = {TransformReward: (lambda reward: reward * 2,), TimeLimit: (5,)}.get(wrap, ())
    env = wrap(gym.make(ONE), *more)
    for _ in range(2):
        _, info = env.reset(seed=4)
        _, reward, terminated, *_ = env.step(gold(env, info["task_id"]))
        assert (reward, terminated) == (2.0 if wrap is TransformReward else 1.0, True)


def test_levels_missing_in_one_environment_do_not_break_sync():
    """Sync sizes each info array by the first value it sees: a None after an integer would be a TypeError."""
    rows = [
        {"problem_id": "with", "task_type": "code_output_prediction", "prompt": "p", "metadata": {"level": 4}},
        {"problem_id": "without", "task_type": "code_output_prediction", "prompt": "p"},
    ]
    envs = SyncVectorEnv(
        [lambda row=row: gym.make(ONE, tasks=[row], split=None) for row in rows],
        autoreset_mode=AutoresetMode.DISABLED,
    )
    _, infos = envs.reset(seed=0)
    assert infos["level"].tolist() == [4, 0]
    *_, infos = envs.step(['{"output": "x"}'] * 2)  # no ground truth: unscorable, in every environment
    assert infos["status"].tolist() == ["unscorable"] * 2
    envs.close()


def test_unscorable_in_one_environment_does_not_break_sync():
    rows = [
        {
            "problem_id": "gold",
            "task_type": "code_output_prediction",
            "prompt": "p",
            "verification_info": {"ground_truth": "x"},
        },
        {"problem_id": "no gold", "task_type": "code_output_prediction", "prompt": "p"},
    ]
    envs = SyncVectorEnv(
        [lambda row=row: gym.make(ONE, tasks=[row], split=None) for row in rows],
        autoreset_mode=AutoresetMode.DISABLED,
    )
    envs.reset(seed=0)
    _, rewards, terminated, truncated, infos = envs.step(['{"output": "x"}'] * 2)
    assert (rewards.tolist(), terminated.tolist(), truncated.tolist()) == ([1.0, 0.0], [True, False], [False, True])
    assert infos["score"][0] == 1.0
    assert infos["score"][1] != infos["score"][1]  # None, which a float array holds as NaN
    envs.close()


# Arguments -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "levels"), [(3, {3}), ([1, 4], {1, 4}), ((2,), {2}), ("1-3", {1, 2, 3}), ("2,5", {2, 5}), ("3", {3})]
)
def test_levels(level, levels):
    env = gym.make(ONE, level=level)
    assert {env.reset(seed=seed)[1]["level"] for seed in range(40)} == levels
    env.close()


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"level": 11}, "11"),
        ({"level": "easy"}, "easy"),
        ({"level": []}, "level"),
        ({"split": "dev"}, "dev"),
        ({"size": 0}, "size"),
        ({"tasks": "no/such/file.jsonl"}, "no/such/file.jsonl"),
    ],
)
def test_what_arguments_refuse(kwargs, message):
    with pytest.raises(ValueError, match=message) as error:
        gym.make(ONE, **kwargs)
    assert "\n" not in str(error.value)


ROWS = [{"problem_id": "1", "task_type": "code_output_prediction", "prompt": "p"}]


@pytest.mark.parametrize(
    ("env_id", "name", "value"),
    [
        (ONE, "level", 5),
        (ONE, "level", [1, 2, 3]),
        (ONE, "seed", 1),
        (ONE, "size", 20),
        (ONE, "language", ["rust", "cpp"]),
        ("synthetic1/math-v0", "level", 2),
        ("synthetic1/math-v0", "kinds", "surds"),
        ("synthetic1/math-v0", "seed", 7),
        ("synthetic1/math-v0", "size", 1),
    ],
)
@pytest.mark.parametrize("make", [gym.make, partial(gym.make_vec, num_envs=2)], ids=["one", "several"])
def test_an_argument_of_the_generator_excludes_tasks(make, env_id, name, value):
    with pytest.raises(ValueError, match=f"^{name}=.*is for generated tasks, and `tasks` names others") as error:
        make(env_id, tasks=ROWS, split=None, **{name: value})
    assert "\n" not in str(error.value)
    make(env_id, size=value if name == "size" else 10, **({} if name == "size" else {name: value})).close()


def test_defaults_written_down_exclude_nothing():
    given = {"level": "1-3", "seed": 0, "size": 2000}
    gym.make(ONE, tasks=ROWS, split=None, language="python", **given).close()
    gym.make("synthetic1/math-v0", tasks=ROWS, split=None, kinds=None, **given).close()


def test_splits_share_no_prompt():
    prompts = []
    for split in ("train", "test"):
        env = gym.make(ONE, level=2, split=split, size=200)
        prompts.append({task.prompt for task in env.unwrapped.tasks})
        env.close()
    assert prompts[0].isdisjoint(prompts[1])


def test_the_seed_of_the_generator_is_not_the_seed_of_reset():
    envs = [gym.make(ONE, seed=seed) for seed in (0, 1)]
    first, second = (env.reset(seed=0)[0] for env in envs)
    assert first != second
    for env in envs:
        env.close()
