"""Samplers with a state: nobody starves, weights hold, a state that was stored goes on as if it never had been."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import json
import math
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.completion import Completion
from synthetic1.jobs.program import ProgramError
from synthetic1.task import Task
from synthetic1.tasks.sources.source import TaskSource
from synthetic1.trainers.reinforcement.sampling.adaptive import AdaptiveSampler
from synthetic1.trainers.reinforcement.sampling.known_verdicts import KnownVerdicts
from synthetic1.trainers.reinforcement.sampling.ladder import LevelLadder
from synthetic1.trainers.reinforcement.sampling.order import TaskOrder
from synthetic1.trainers.reinforcement.sampling.pass_rates import FadingCounts, expected_signal
from synthetic1.trainers.reinforcement.sampling.sampler import FILE, InOrder
from synthetic1.trainers.reinforcement.sampling.schedule import Phase, PromptSchedule
from synthetic1.verdict import Verdict

GROUP = 4
SOURCES = (np.arange(30), np.arange(30, 45))
WEIGHTS = (0.75, 0.25)
PHASES = (Phase(4, SOURCES, WEIGHTS), Phase(99, SOURCES[1:], (1.0,)))


def level(task):
    return task % 5 + 1


def adaptive(seed=0, phases=PHASES, **other):
    settled = {"kind_of": lambda task: f"levels/{level(task)}", "group": GROUP, "explore": 0.2, "half_life": 5.0}
    return AdaptiveSampler(seed, phases, **{**settled, **other})


def ladder(seed=0, **other):
    by_level = [{n: pool[pool % 5 == n - 1] for n in range(1, 6)} for pool in SOURCES]
    return LevelLadder(seed, by_level, WEIGHTS, **{"advance_at": 0.6, "review": 0.25, "half_life": 5.0, **other})


MADE = {
    "dynamic": lambda seed=0: InOrder(TaskOrder(seed, PHASES)),
    "adaptive": adaptive,
    "curriculum": ladder,
}


def rollout(sampler, sizes, luck):
    """Ask for tasks as often as a rollout with refills does, and tell what became of them."""
    tasks = [task for n in sizes for task in sampler.choose(n)]
    scores = [float(luck.random() < 1 / level(task)) if luck.random() < 0.9 else None for task in tasks for _ in "1234"]
    sampler.learn(zip(np.repeat(tasks, GROUP).tolist(), scores, strict=True))
    return tasks


@pytest.mark.parametrize("name", MADE)
@given(seed=st.integers(0, 2**32), before=st.integers(0, 8), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=3))
@settings(max_examples=8, deadline=None)
def test_a_stored_state_goes_on_as_if_it_had_never_been_stored(name, seed, before, sizes):
    whole, luck = MADE[name](seed), np.random.default_rng(seed)
    for _ in range(before):
        rollout(whole, sizes, luck)
    resumed = MADE[name](seed)
    resumed.load(json.loads(json.dumps(whole.state())))
    for i in range(5):
        ours, theirs = (rollout(s, sizes, np.random.default_rng([seed, i])) for s in (resumed, whole))
        assert ours == theirs
        assert resumed.measures() == whole.measures()
    assert json.dumps(resumed.state()) == json.dumps(whole.state())


@pytest.mark.parametrize("name", MADE)
def test_seeds_differ(name):
    first, second = (MADE[name](seed).choose(12) for seed in (0, 1))
    assert first != second


@pytest.mark.parametrize("name", MADE)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=5, deadline=None)
def test_sources_keep_their_weights(name, seed):
    sampler = MADE[name](seed)
    luck = np.random.default_rng(seed)
    drawn = [task for _ in range(4) for task in rollout(sampler, [60], luck)]  # the first phase
    share = sum(task < 30 for task in drawn) / len(drawn)
    assert abs(share - WEIGHTS[0]) < 5 * (WEIGHTS[0] * WEIGHTS[1] / len(drawn)) ** 0.5  # five standard deviations


@pytest.mark.parametrize("name", ["dynamic", "adaptive"])
def test_phases_are_kept_to(name):
    sampler, luck = MADE[name](), np.random.default_rng(0)
    drawn = [rollout(sampler, [8, 3], luck) for _ in range(7)]
    assert min(map(min, drawn[:4])) < 30
    assert min(map(min, drawn[4:])) >= 30


@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6))
@settings(max_examples=25)
def test_an_order_has_the_epochs_of_the_schedule(seed, sizes):
    """However many tasks are asked for at a time; so ``dynamic`` begins with the tasks of ``uniform``."""
    pool = np.arange(13)
    order = TaskOrder(seed, (Phase(9, (pool,), (1.0,)),))
    drawn = [task for n in sizes for task in order.take(n)]
    schedule = PromptSchedule(seed, (Phase(1, (pool,), (1.0,)),), 1, len(drawn), 1, 1)
    assert drawn == list(schedule)


NOW_AND_THEN = (0, 25, 40, 60, 90, 140)


@pytest.mark.parametrize("name", ["dynamic", "adaptive"])
@pytest.mark.parametrize("begun", NOW_AND_THEN)
def test_phases_that_end_elsewhere_begin_at_their_beginning(name, begun):
    """``max_steps`` may be another one in a resumed run, and with it the rollout that a phase ends at."""
    pools = (np.arange(10),), (np.arange(10), np.arange(10, 20)), (np.arange(20, 30),)
    weights = (1.0,), (0.5, 0.5), (1.0,)

    def sampler(*ends):
        phases = [Phase(end, *both) for end, both in zip(ends, zip(pools, weights, strict=True), strict=True)]
        return InOrder(TaskOrder(0, phases)) if name == "dynamic" else adaptive(phases=phases)

    first, luck = sampler(50, 100, 150), np.random.default_rng(0)
    for _ in range(begun):
        rollout(first, [4], luck)
    state = json.loads(json.dumps(first.state()))
    for ends in ((30, 60, 90), (100, 200, 300), (50, 100, 150)):
        resumed, again = sampler(*ends), sampler(*ends)
        resumed.load(state)
        again.load(state)
        number = next((n for n, end in enumerate(ends) if begun < end), 2)
        tasks = rollout(resumed, [8], np.random.default_rng(1))
        assert set(tasks) <= set(np.concatenate(pools[number]).tolist())
        assert tasks == rollout(again, [8], np.random.default_rng(1))
        if ends == (50, 100, 150):
            assert tasks == rollout(first, [8], np.random.default_rng(1))


def test_a_first_phase_without_rollouts_is_none():
    phases = (Phase(0, SOURCES[:1], (1.0,)), Phase(4, SOURCES[1:], (1.0,)))
    assert TaskOrder(0, phases).take(2) == next(PromptSchedule(0, phases, 4, 2, 1, 1).by_rollout())


# Adaptive ----------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**32), explore=st.sampled_from([0.05, 0.1, 0.5, 1.0]), size=st.integers(1, 12))
@settings(max_examples=8, deadline=None)
def test_no_task_starves(seed, explore, size):
    """Neither solved nor hopeless ones: each comes within ``tasks / (explore * size)`` rollouts."""
    tasks = 40
    sampler = adaptive(seed, (Phase(1, (np.arange(tasks),), (1.0,)),), explore=explore)
    seen = set()
    for _ in range(int(np.ceil(tasks / (explore * size))) + 1):
        chosen = sampler.choose(size)
        assert len(chosen) == size
        seen |= set(chosen)
        sampler.learn((task, float(task % 2)) for task in chosen for _ in range(GROUP))
    assert seen == set(range(tasks))


def test_tasks_that_teach_come_more_often():
    """Of three kinds, those that always fail, always pass, and pass half the time."""
    tasks, luck = 3000, np.random.default_rng(0)
    chances = (0.0, 1.0, 0.5)
    sampler = adaptive(0, (Phase(1, (np.arange(tasks),), (1.0,)),), kind_of=lambda task: f"kind {task % 3}")
    late = Counter()
    for i in range(40):
        chosen = sampler.choose(32)
        assert len(set(chosen)) == 32
        if i >= 10:
            late.update(task % 3 for task in chosen)
        scores = [float(luck.random() < chances[task % 3]) for task in chosen for _ in range(GROUP)]
        sampler.learn(zip(np.repeat(chosen, GROUP).tolist(), scores, strict=True))
    whole = sum(late.values())
    assert late[2] / whole > 0.75  # a third of all tasks
    assert min(late[0], late[1]) / whole > 0.2 / 3 * 0.7  # their part of those that come in order


def test_groups_teach_more_than_those_in_order():
    """Learners whose skill rises through six levels of tasks that differ among themselves."""

    def taught(seed, explore):
        luck = np.random.default_rng(seed)
        difficulty = np.arange(1200) % 6 * 1.6 - 2 + luck.normal(0, 1.5, 1200)
        whole = (Phase(1, (np.arange(1200),), (1.0,)),)
        sampler = adaptive(seed, whole, kind_of=lambda task: f"level {task % 6}", explore=explore, half_life=10.0)
        signal = []
        for skill in np.linspace(0, 5, 50):
            tasks = np.array(sampler.choose(16))
            solved = luck.binomial(GROUP, 1 / (1 + np.exp(difficulty[tasks] - skill)))
            signal.append(np.sqrt(solved * (GROUP - solved)).mean())
            passes = ((int(t), float(i < k)) for t, k in zip(tasks, solved, strict=True) for i in range(GROUP))
            sampler.learn(passes)
        return np.mean(signal)

    assert np.mean([taught(seed, 0.1) / taught(seed, 1.0) for seed in range(3)]) > 1.25


def test_what_a_task_told_itself_counts_more_than_its_kind():
    pool = np.arange(8)
    sampler = adaptive(0, (Phase(1, (pool,), (1.0,)),), kind_of=lambda task: "one kind", half_life=1e9)
    for _ in range(4):  # 0 always passes, 1 always fails, 2 passes half the time
        sampler.choose(8)
        sampler.learn([(task, score) for task, scores in ((0, (1, 1)), (1, (0, 0)), (2, (1, 0))) for score in scores])
    passing, failing = sampler._counts([0, 1, 2, 7], [0] * 4)
    rates = passing / (passing + failing)
    assert rates[0] > 0.85
    assert rates[1] < 0.15
    assert rates[2] == pytest.approx(0.5)
    assert rates[3] == pytest.approx(0.5)
    signal = expected_signal(passing, failing, GROUP)
    assert signal[2] > signal[3] > max(signal[:2])  # 2 is known to be in between; 7 may be anything


def test_estimates_are_of_sources_and_not_of_their_places_in_a_phase():
    """A phase may leave a source out: those after it have other places then."""
    phases = (Phase(3, SOURCES[1:], (1.0,), (1,)), Phase(9, SOURCES, WEIGHTS, (0, 1)))
    sampler = adaptive(phases=phases, kind_of=lambda task: "a kind")
    for _ in range(3):
        sampler.learn([(task, 1.0) for task in sampler.choose(4) for _ in range(GROUP)])
    assert sampler.rates.of("0") == (0.0, 0.0)
    passing, failing = sampler._counts([0, 44], [0, 1])
    assert passing[0] == failing[0]
    assert passing[1] > 0.8 * (passing[1] + failing[1])


def test_unscorable_completions_say_nothing():
    sampler, other = adaptive(), adaptive()
    for each, scores in ((sampler, (1.0, None, None)), (other, (1.0,))):
        task = each.choose(1)[0]
        each.learn([(task, score) for score in scores])
    assert sampler.state() == other.state()


def test_estimates_fade():
    counts = FadingCounts(half_life=3.0)
    counts.add("a", 1.0)
    counts.add("a", 0.0)
    for _ in range(3):
        counts.next_rollout()
    assert counts.of("a") == pytest.approx((0.5, 1.0))
    assert counts.of("b") == (0.0, 0.0)
    for _ in range(4):
        counts.next_rollout()
    assert counts.state()["counts"] == {}  # as good as forgotten: a run of any length keeps few


@given(a=st.floats(0.05, 50), b=st.floats(0.05, 50), group=st.integers(2, 16))
@settings(max_examples=40)
def test_the_expected_signal_is_that_of_simulated_groups(a, b, group):
    """Against the beta-binomial distribution as it is defined, by beta functions."""

    def log_beta(x, y):
        return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

    chances = [
        math.comb(group, k) * math.exp(log_beta(k + a, group - k + b) - log_beta(a, b)) for k in range(group + 1)
    ]
    assert sum(chances) == pytest.approx(1.0)
    expected = sum(chance * math.sqrt(k * (group - k)) / group for k, chance in enumerate(chances))
    assert expected_signal(np.array([a]), np.array([b]), group)[0] == pytest.approx(expected, abs=1e-9)


# Curriculum --------------------------------------------------------------------------------------------------------


def test_a_ladder_is_climbed_as_levels_are_mastered():
    """A model that masters one level after another; the second source's levels are too hard for it."""
    sampler, heights, unlocked = ladder(), [], []
    for i in range(40):
        tasks = sampler.choose(20)
        heights.append(max(level(task) for task in tasks if task < 30))
        assert all(level(task) == 1 for task in tasks if task >= 30)
        unlocked.append(sampler.measures()["unlocked_level"])
        scores = [float(task < 30 and level(task) <= 1 + i // 10) for task in tasks for _ in range(GROUP)]
        sampler.learn(zip(np.repeat(tasks, GROUP).tolist(), scores, strict=True))
    assert unlocked == sorted(unlocked)
    assert set(heights) == {1, 2, 3, 4, 5}
    assert heights[0] == 1
    assert all(height <= top for height, top in zip(heights, unlocked, strict=True))


def test_levels_below_stay_in():
    sampler = ladder(review=0.25)
    sampler.unlocked = [4, 4]
    drawn = Counter(level(task) for task in sampler.choose(4000))
    assert drawn[5] / 4000 == pytest.approx(0.75, abs=0.05)
    assert all(drawn[n] / 4000 == pytest.approx(0.25 / 4, abs=0.03) for n in (1, 2, 3, 4))


def test_nothing_is_unlocked_by_a_few_lucky_completions():
    sampler = ladder()
    task = sampler.choose(1)[0]
    sampler.learn([(task, 1.0)] * GROUP)
    assert sampler.unlocked == [0, 0]


@pytest.mark.parametrize("half_life", [1.0, 10.0])
@pytest.mark.parametrize(("prompts", "sources"), [(2, 1), (2, 6), (4, 2)])
def test_small_batches_climb_as_well(half_life, prompts, sources):
    """Fading counts never come to much there: what is enough is counted whole, of each rung anew."""
    levels = [{1: np.arange(100 * s, 100 * s + 50), 2: np.arange(100 * s + 50, 100 * s + 100)} for s in range(sources)]
    sampler = LevelLadder(0, levels, [1 / sources] * sources, advance_at=0.7, review=0.25, half_life=half_life)
    for _ in range(8 * sources * 4):
        sampler.learn([(task, 1.0) for task in sampler.choose(prompts) for _ in range(GROUP)])
    assert sampler.unlocked == [1] * sources


def test_each_rung_wants_enough_completions_of_its_own():
    sampler, steps = ladder(), []
    for _ in range(8):
        tasks = [task for task in sampler.choose(8) if task < 30]
        sampler.learn([(task, 1.0) for task in tasks for _ in range(GROUP)])
        steps.append(sampler.unlocked[0])
    assert all(b - a in (0, 1) for a, b in itertools.pairwise(steps))
    sampler.unlocked, sampler.scored = [1, 0], [23, 0]
    sampler.learn([])
    assert sampler.unlocked == [1, 0]


def test_levels_may_be_any_integers():
    sampler = LevelLadder(
        0, [{-1: np.arange(5), 7: np.arange(5, 9)}], [1.0], advance_at=0.7, review=0.25, half_life=9.0
    )
    assert sorted(sampler.choose(5)) == list(range(5))
    sampler.load(json.loads(json.dumps(sampler.state())))
    assert sampler.measures() == {"unlocked_level": -1}


# Verdicts that are known --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other", [{"finish_reason": "length"}, {"reasoning": "b"}, {"answer": None}, {"raw": "<think>a</think> b"}]
)
def test_no_verdict_is_another_completions(other):
    """What the scorer tells apart is told apart before it."""

    class Counting:
        async def score(self, pairs):
            self.seen = list(pairs)
            return [Verdict.graded(float(c.finish_reason == "stop")) for _, c in self.seen]

    task, scorer = Task("a", "x", "p"), Counting()
    one = Completion.parse("<think>a</think>b", finish_reason="stop")
    known = KnownVerdicts(scorer)
    pairs = [(task, one), (task, replace(one, **other)), (task, replace(one, usage={"completion_tokens": 3}))]
    found = asyncio.run(known.score(pairs[:1])) + asyncio.run(known.score(pairs[1:]))
    assert scorer.seen == pairs[1:2]  # how it was counted is no difference
    assert [verdict.score for verdict in found] == [1.0, float("finish_reason" not in other), 1.0]


# States in checkpoints ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "there is no such file"),
        ("{", "Expecting property name"),
        ('{"sampling": "adaptive"}', "of another sampling"),
        ('{"sampling": "dynamic"}', "order"),
    ],
)
def test_a_checkpoint_without_the_state_is_one_clear_line(tmp_path, text, why):
    if text is not None:
        (tmp_path / FILE).write_text(text)
    with pytest.raises(ProgramError) as refused:
        MADE["dynamic"]().restore(tmp_path)
    assert why in str(refused.value)
    assert "trainer.sampling=dynamic" in str(refused.value)
    assert "\n" not in str(refused.value)


# The benchmark ------------------------------------------------------------------------------------------------------


def test_a_run_of_other_options_is_another_run(monkeypatch, tmp_path):
    """``benchmarks/sampling.py`` takes a run that is there for done: by a name that says what it was made with."""
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "benchmarks")
    sampling = importlib.import_module("sampling")

    def folder(*typed):
        monkeypatch.setattr(sys, "argv", ["sampling.py", f"--work={tmp_path}", *typed])
        return sampling.run_folder("dynamic", 0, sampling.parse_args())

    ours = folder()
    same = ("--jobs=2",), ("--seeds", "0", "7"), (f"--json={tmp_path}/a.json",)
    assert all(folder(*typed) == ours for typed in same)
    other = [folder(f"--{name}=99") for name in ("length", "steps", "group", "size", "hidden", "trace-steps", "model")]
    assert len({ours, *other, folder("--quick")}) == len(other) + 2


# From settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("trainer.difficulty.max_refills=2",), "difficulty.max_refills does nothing under sampling=uniform"),
        (("trainer.sampling=dynamic", "trainer.difficulty.explore=0.5"), "it belongs to sampling=adaptive"),
        (("trainer.sampling=adaptive", "trainer.difficulty.review=0.5"), "it belongs to sampling=curriculum"),
        (
            (
                "trainer.sampling=curriculum",
                "trainer.curriculum=[{until: 1.0, levels: 1}]",
                "trainer.difficulty.half_life=3",
            ),
            "does nothing under sampling=curriculum with `until` phases",
        ),
    ],
)
def test_settings_that_do_nothing_are_refused(compose, overrides, message):
    with pytest.raises(ProgramError, match="trainer") as refused:
        compose(*overrides)
    assert message in str(refused.value)


def test_phases_alone_are_a_curriculum_as_ever(compose, tiny):
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    phases = "trainer.curriculum=[{until: 0.5, levels: 1}, {until: 1.0, levels: 2}]"
    schedules = []
    for sampling in ("uniform", "curriculum"):
        chosen = compose(*tiny, phases, "trainer.max_steps=4", f"trainer.sampling={sampling}")
        train_set = TrainSet.make(chosen.env)
        assert train_set.sampler(chosen) is None
        schedules.append(list(train_set.schedule(chosen, 1)))
    assert schedules[0] == schedules[1]


def test_phases_go_with_adaptive(compose, tiny):
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    phases = "trainer.curriculum=[{until: 0.5, levels: 1}, {until: 1.0, levels: 2}]"
    chosen = compose(*tiny, phases, "trainer.max_steps=4", "trainer.sampling=adaptive")
    train_set = TrainSet.make(chosen.env)
    sampler = train_set.sampler(chosen)
    drawn = []
    for _ in range(4):
        tasks = sampler.choose(6)
        drawn.append({train_set.tasks[task].level for task in tasks})
        sampler.learn([(task, 0.0) for task in tasks])
    assert drawn == [{1}, {1}, {2}, {2}]


class Unlevelled(TaskSource):
    """Two tasks, the second without a level."""

    name = "unlevelled"

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return Task(f"task-{index}", "verifiable_math", "1 + 1 = ?", metadata={"level": 1} if index == 0 else {})


def test_a_curriculum_wants_levels(compose, tiny):
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    chosen = compose(*tiny, "trainer.sampling=curriculum")
    train_set = TrainSet.make(chosen.env)
    assert train_set.sampler(chosen).levels == [[1, 2]]
    with pytest.raises(ProgramError, match=r"task `task-1` has no level; give each task an integer `metadata\.level`"):
        TrainSet(Unlevelled(), train_set.scorer).sampler(chosen)


def test_dynamic_shares_whole_groups(compose, tiny):
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    chosen = compose(*tiny, "trainer.sampling=dynamic", "trainer.prompts_per_step=6")
    train_set = TrainSet.make(chosen.env)
    assert train_set.sampler(chosen, 3) is not None
    with pytest.raises(ProgramError, match="make prompts_per_step × updates_per_rollout a multiple of 4"):
        train_set.sampler(chosen, 4)
