"""The order of tasks: every task once before any twice, TRL's layout, weights, curriculum, nothing but the seed."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.trainers.reinforcement.sampling.schedule import Phase, PromptSchedule

SIZES = {
    "seed": st.integers(0, 2**32),
    "tasks": st.integers(1, 12),
    "rollouts": st.integers(1, 12),
    "prompts": st.integers(1, 6),
    "group": st.integers(1, 5),
    "repeats": st.integers(1, 4),
}


def one_pool(seed: int, tasks: int, rollouts: int, prompts: int, group: int, repeats: int) -> PromptSchedule:
    phase = Phase(rollouts, (np.arange(tasks),), (1.0,))
    return PromptSchedule(seed, (phase,), rollouts, prompts, group, repeats)


@given(**SIZES)
def test_every_task_comes_once_before_any_comes_twice(**sizes):
    drawn = [task for rollout in one_pool(**sizes).by_rollout() for task in rollout]
    tasks = sizes["tasks"]
    for start in range(0, len(drawn), tasks):
        epoch = drawn[start : start + tasks]
        assert len(set(epoch)) == len(epoch)
    assert len(drawn) == sizes["rollouts"] * sizes["prompts"]


@given(**SIZES)
def test_its_length_is_what_it_yields(**sizes):
    schedule = one_pool(**sizes)
    assert len(list(schedule)) == len(schedule)


@given(**SIZES)
def test_it_is_a_function_of_its_arguments(**sizes):
    schedule = one_pool(**sizes)
    list(islice(schedule, 5))  # a walk that was left leaves no trace
    assert list(schedule) == list(schedule) == list(one_pool(**sizes))


@given(skip=st.integers(0, 200), **SIZES)
def test_skipping_to_a_step_gives_what_an_uninterrupted_run_sees(skip, **sizes):
    """What Trainer does on resuming: it draws from a new sampler and throws away what was consumed."""
    whole = list(one_pool(**sizes))
    assert list(islice(one_pool(**sizes), skip, None)) == whole[skip:]


@given(more=st.integers(1, 10), **SIZES)
def test_a_longer_run_begins_like_a_shorter_one(more, **sizes):
    """So that a finished run can go on with a larger ``max_steps``."""
    longer = one_pool(**{**sizes, "rollouts": sizes["rollouts"] + more})
    whole = list(one_pool(**sizes))
    assert list(longer)[: len(whole)] == whole


@given(**{**SIZES, "tasks": st.integers(7, 12)})
def test_its_layout_is_that_of_trl(**sizes):
    """Which places hold the same task, compared with TRL's own sampler for the same sizes."""
    from trl.trainer.utils import RepeatSampler

    sizes["rollouts"] = sizes["tasks"] // sizes["prompts"]  # TRL drops an incomplete batch at the end of an epoch
    theirs = RepeatSampler(
        range(sizes["tasks"]),
        mini_repeat_count=sizes["group"],
        batch_size=sizes["prompts"],
        repeat_count=sizes["repeats"],
        seed=0,
    )
    assert pattern(list(one_pool(**sizes))) == pattern(list(theirs))


def pattern(indices: list[int]) -> list[int]:
    """The order of first appearance in place of each index: equal exactly for equal layouts."""
    names: dict[int, int] = {}
    return [names.setdefault(index, len(names)) for index in indices]


def test_epochs_differ_and_seeds_differ():
    orders = [task for rollout in one_pool(0, 50, 3, 50, 1, 1).by_rollout() for task in rollout]
    assert orders[:50] != orders[50:100] != orders[100:]
    assert list(one_pool(0, 50, 1, 50, 1, 1)) != list(one_pool(1, 50, 1, 50, 1, 1))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), weight=st.floats(0.05, 0.95))
def test_sources_are_drawn_by_weight(seed, weight):
    pools = (np.arange(10), np.arange(10, 13))
    schedule = PromptSchedule(seed, (Phase(200, pools, (weight, 1 - weight)),), 200, 10, 2, 1)
    drawn = [task for rollout in schedule.by_rollout() for task in rollout]
    share = sum(task < 10 for task in drawn) / len(drawn)
    assert abs(share - weight) < 5 * (weight * (1 - weight) / len(drawn)) ** 0.5  # five standard deviations


@given(seed=st.integers(0, 2**32))
def test_within_a_source_every_task_comes_once_before_any_comes_twice(seed):
    pools = (np.arange(4), np.arange(4, 11))
    schedule = PromptSchedule(seed, (Phase(20, pools, (0.5, 0.5)),), 20, 5, 1, 1)
    for pool in pools:
        drawn = [task for task in schedule if task in pool]
        counts = Counter(drawn[: len(drawn) // len(pool) * len(pool)])
        assert len(set(counts.values())) <= 1


@given(seed=st.integers(0, 2**32), first=st.integers(0, 5), second=st.integers(1, 5))
def test_a_curriculum_keeps_to_its_phases(seed, first, second):
    easy, hard = np.arange(3), np.arange(3, 8)
    phases = (Phase(first, (easy,), (1.0,)), Phase(first + second, (hard,), (1.0,)))
    rollouts = list(PromptSchedule(seed, phases, first + second, 4, 2, 1).by_rollout())
    assert len(rollouts) == first + second
    assert all(task < 3 for rollout in rollouts[:first] for task in rollout)
    assert all(task >= 3 for rollout in rollouts[first:] for task in rollout)


@pytest.mark.parametrize(
    ("overrides", "accumulation", "rollouts", "prompts", "repeats"),
    [
        ((), 1, 6, 2, 1),
        (("trainer.micro_batch=2",), 4, 6, 2, 4),
        (("trainer.updates_per_rollout=2",), 1, 3, 4, 2),
        (("trainer.updates_per_rollout=6",), 1, 1, 12, 6),
        (("+trainer.extra.num_iterations=3",), 1, 2, 2, 3),
        (("+trainer.extra.num_iterations=3", "trainer.updates_per_rollout=2"), 1, 1, 4, 6),
    ],
)
def test_a_schedule_covers_the_run(compose, tiny, overrides, accumulation, rollouts, prompts, repeats):
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    chosen = compose(*tiny, "trainer.max_steps=6", *overrides)
    schedule = TrainSet.make(chosen.env).schedule(chosen, accumulation)
    assert (schedule.rollouts, schedule.prompts_per_rollout, schedule.repeats) == (rollouts, prompts, repeats)
    assert schedule.group_size == 4
    # One dataloader batch a micro-step: enough for every step of the run.
    assert len(schedule) >= 6 * accumulation * prompts * 4


def test_a_curriculum_of_levels_draws_them_in_turn(compose, tiny):
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    phases = "trainer.curriculum=[{until: 0.5, levels: 1}, {until: 1.0, levels: 2-3}]"
    chosen = compose(*tiny, "env.level=1-3", "trainer.max_steps=8", phases)
    train_set = TrainSet.make(chosen.env)
    levels = [{train_set.tasks[i].level for i in rollout} for rollout in train_set.schedule(chosen, 1).by_rollout()]
    assert levels[:4] == [{1}] * 4
    assert set().union(*levels[4:]) == {2, 3}


def test_a_mixture_is_drawn_by_its_weights(compose):
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    part = "id: synthetic1/code_understanding-v0, size: 20"
    mixture = f"+env={{mixture: {{a: {{weight: 3, {part}, level: 1}}, b: {{weight: 1, {part}, level: 4}}}}}}"
    chosen = compose("~env", mixture, "trainer.max_steps=100")
    train_set = TrainSet.make(chosen.env)
    drawn = [train_set.tasks[i].level for rollout in train_set.schedule(chosen, 1).by_rollout() for i in rollout]
    assert len(train_set.tasks) == 40
    assert 0.70 < drawn.count(1) / len(drawn) < 0.80
    assert drawn.count(1) + drawn.count(4) == len(drawn)
