"""Verifiers whose error rates are known: what the correction undoes, where it does nothing, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.judging.calibration import Calibration, Count
from synthetic1.rewards.judging.trust import Trust
from synthetic1.task import Task
from synthetic1.trainers.reinforcement.objective.noise import ErrorRates, NoiseCorrection, inject
from synthetic1.trainers.reinforcement.objective.settings import NoiseSettings
from synthetic1.verdict import Verdict

MATH, STEM = "verifiable_math", "stem"
RIGHT, WRONG, SILENT = Verdict.graded(1.0), Verdict.graded(0.0), Verdict(0.0, "no_answer")
UNKNOWN = Verdict.unscorable("infra", "broke")
JUDGED = {right: Verdict.graded(float(right), decided_by="judge") for right in (True, False)}
RATE = st.floats(0.0, 0.6)


def judge(accepts: int, rejects: int, of: int = 100) -> Trust:
    """The judge of science questions, who errs so often."""
    counts = (Count("right", judged=of, errors=rejects), Count("wrong", judged=of, errors=accepts))
    return Trust(STEM, "m", Calibration("i", "m", "claims/1", "stem", "2026-11-24T02:00:00Z", counts), None)


def made(
    noise: dict[str, tuple[float, float]],
    occurring: dict[str | None, set[str]] | None = None,
    judges: tuple[Trust, ...] = (),
    scale_rewards: str = "none",
    components: bool = False,
) -> NoiseCorrection:
    rates = {name: NoiseSettings(false_accept=a, false_reject=r) for name, (a, r) in noise.items()}
    there = occurring or {None: {MATH}}
    return NoiseCorrection.make(rates, judges, there, scale_rewards=scale_rewards, components=components)


# What it undoes ------------------------------------------------------------------------------------------------------


@given(RATE, RATE)
def test_in_expectation_right_is_worth_one_and_wrong_nothing(false_accept: float, false_reject: float) -> None:
    assume(false_accept + false_reject < 0.95)
    rates = ErrorRates(false_accept, false_reject)
    right = (1 - false_reject) * rates.corrected(1.0) + false_reject * rates.corrected(0.0)
    wrong = false_accept * rates.corrected(1.0) + (1 - false_accept) * rates.corrected(0.0)
    assert (right, wrong) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-9))


@given(st.integers(0, 2**32), RATE, RATE)
def test_injected_noise_is_what_it_says(seed: int, false_accept: float, false_reject: float) -> None:
    rates = NoiseSettings(false_accept=false_accept, false_reject=false_reject)
    verdicts = [RIGHT, WRONG, Verdict.graded(0.5), SILENT, UNKNOWN] * 400
    noisy = inject(verdicts, rates, [seed])
    assert noisy == inject(verdicts, rates, [seed])
    assert noisy[3::5] == verdicts[3::5]  # no verifier was asked
    assert noisy[4::5] == verdicts[4::5]  # a failure of ours stays one
    for start, chance in ((0, false_reject), (1, false_accept), (2, false_accept)):
        changed = np.mean([a != b for a, b in zip(noisy[start::5], verdicts[start::5], strict=True)])
        assert abs(changed - chance) < 6 * 0.5 / np.sqrt(400)


def test_noise_pays_for_guesses_and_the_correction_does_not() -> None:
    """A verifier that accepts every fifth wrong answer makes guessing better than silence."""
    correction, rates = made({MATH: (0.2, 0.1)}), ErrorRates(0.2, 0.1)
    noisy = inject([WRONG] * 20_000, NoiseSettings(false_accept=0.2), [0])
    assert np.mean([v.score for v in noisy]) > 0.19
    assert abs(np.mean([correction.rates(None, MATH, v).corrected(v.score or 0.0) for v in noisy])) < 0.02
    assert correction.rates(None, MATH, SILENT).corrected(0.0) == 0.0
    assert correction.rates(None, MATH, WRONG) == rates


def test_a_judges_errors_are_those_of_what_it_decided() -> None:
    correction = made({}, {None: {STEM}}, (judge(accepts=2, rejects=10),))
    assert correction.rates(None, STEM, JUDGED[True]) == ErrorRates(0.02, 0.1)
    assert correction.rates(None, STEM, RIGHT) == ErrorRates()  # by rules
    assert correction.rates(None, MATH, JUDGED[True]) == ErrorRates()


def test_wrong_answers_to_a_judge_are_worth_nothing_in_expectation_however_well_attacks_do() -> None:
    counts = (Count("right", judged=100, errors=10), Count("wrong", judged=200, errors=2), Count("fill", 0, 20, 8))
    trust = Trust(STEM, "m", Calibration("i", "m", "claims/1", "stem", "2026-11-24T02:00:00Z", counts), None)
    assert trust.calibration is not None
    assert trust.calibration.false_accept_rate == 0.4  # what trust goes by
    rates = made({}, {None: {STEM}}, (trust,)).rates(None, STEM, JUDGED[True])
    accepted = 2 / 200
    worth = accepted * rates.corrected(1.0) + (1 - accepted) * rates.corrected(0.0)
    assert worth == pytest.approx(0.0, abs=1e-12)


def test_rates_of_a_part_go_before_those_of_a_type_and_these_before_a_judges() -> None:
    occurring = {"mine": {STEM}, "other": {STEM, MATH}}
    correction = made({"mine": (0.1, 0.0), STEM: (0.2, 0.0)}, occurring, (judge(2, 10),))
    assert correction.rates("mine", STEM, JUDGED[True]).false_accept == 0.1
    assert correction.rates("other", STEM, JUDGED[True]).false_accept == 0.2
    assert correction.rates("other", MATH, RIGHT) == ErrorRates()


def test_another_name_of_a_type_will_do() -> None:
    correction = made({"verifiable_code_understanding": (0.1, 0.0)}, {None: {"code_output_prediction"}})
    assert correction.rates(None, "code_output_prediction", RIGHT).false_accept == 0.1


# Where it does nothing -----------------------------------------------------------------------------------------------


def advantages(rewards: list[float], scale: str) -> Any:
    """As TRL makes them of one batch of groups of four."""
    groups = np.array(rewards).reshape(-1, 4)
    centred = groups - groups.mean(axis=1, keepdims=True)
    deviation = {"group": groups.std(axis=1, ddof=1, keepdims=True), "batch": groups.std(ddof=1), "none": 1.0 - 1e-4}
    return centred / (deviation[scale] + 1e-4)


SCORES = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("scale", ["group", "batch"])
def test_what_is_refused_does_nothing_and_what_is_not_does(scale: str) -> None:
    """Rewards of one kind of task, all of them answered: dividing by a deviation takes the correction out."""
    rates = ErrorRates(0.0, 0.4)
    corrected = [rates.corrected(score) for score in SCORES]
    assert advantages(SCORES, scale) == pytest.approx(advantages(corrected, scale), abs=2e-3)
    assert advantages(SCORES, "none") != pytest.approx(advantages(corrected, "none"), abs=2e-3)
    with pytest.raises(ValueError, match=f"does nothing with .* trainer.scale_rewards={scale}"):
        made({MATH: (0.0, 0.4)}, scale_rewards=scale)
    beside = [score + 0.3 * (i % 2) for i, score in enumerate(SCORES)]
    corrected_beside = [score + 0.3 * (i % 2) for i, score in enumerate(corrected)]
    assert advantages(beside, scale) != pytest.approx(advantages(corrected_beside, scale), abs=2e-3)
    made({MATH: (0.0, 0.4)}, scale_rewards=scale, components=True)


@pytest.mark.parametrize(
    ("noise", "scale", "allowed"),
    [
        ({MATH: (0.0, 0.4)}, "none", True),
        ({MATH: (0.0, 0.4)}, "batch", True),  # stem has no noise: the weights of both change
        ({MATH: (0.0, 0.4), STEM: (0.0, 0.4)}, "batch", False),
        ({MATH: (0.0, 0.4), STEM: (0.0, 0.1)}, "batch", True),
        ({MATH: (0.0, 0.4), STEM: (0.0, 0.1)}, "group", False),  # a group is of one task
        ({MATH: (0.1, 0.4)}, "group", True),  # beside completions without an answer
    ],
)
def test_of_two_families(noise: dict[str, tuple[float, float]], scale: str, allowed: bool) -> None:
    occurring: dict[str | None, set[str]] = {None: {MATH, STEM}}
    if allowed:
        made(noise, occurring, scale_rewards=scale)
    else:
        with pytest.raises(ValueError, match="does nothing"):
            made(noise, occurring, scale_rewards=scale)


def test_a_judge_beside_rules_shows_within_a_group() -> None:
    made({}, {None: {STEM}}, (judge(0, 10),), scale_rewards="group")


@pytest.mark.parametrize(
    ("noise", "judges", "said"),
    [
        ({MATH: (0.5, 0.5)}, (), r"noise\.verifiable_math: .*accepts 50% .*rejects 50%.* no correction is possible"),
        ({MATH: (0.1, 0.95)}, (), "no correction is possible"),
        ({}, (judge(60, 50),), r"the judge of stem: .* no correction is possible"),
        ({}, (), "knows no error rates"),
        ({MATH: (0.0, 0.0)}, (), "knows no error rates"),
        ({}, (judge(0, 0),), "knows no error rates"),
        ({"verifiable_maths": (0.1, 0.1)}, (), "there is no `verifiable_maths`; did you mean `verifiable_math`"),
        ({"stemm": (0.1, 0.1)}, (), "among the tasks looked at"),
    ],
)
def test_what_cannot_be_corrected_is_said(
    noise: dict[str, tuple[float, float]], judges: tuple[Trust, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        made(noise, {None: {MATH, STEM}}, judges)


# In a run ------------------------------------------------------------------------------------------------------------


def test_rates_without_the_switch_do_nothing(compose: Any) -> None:
    with pytest.raises(ProgramError, match=r"noise does nothing without trainer\.noise_correction=true"):
        compose("+noise.code_output_prediction={false_accept: 0.1}")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["+trainer.inject_noise={}"], r"trainer\.inject_noise without rates above 0 does nothing"),
        (["+trainer.inject_noise={false_accept: 0.0}"], r"trainer\.inject_noise without rates above 0 does nothing"),
        (["trainer.noise_correction=true"], r"trainer\.noise_correction does nothing where correctness has weight 0"),
        (["+trainer.inject_noise={false_accept: 0.1}"], r"trainer\.inject_noise does nothing where correctness has"),
    ],
)
def test_noise_of_nothing_is_refused(compose: Any, overrides: list[str], said: str) -> None:
    unpaid = "rewards=[{name: correctness, weight: 0}, {name: format, weight: 1}]"
    with pytest.raises(ProgramError, match=said):
        compose(unpaid, *overrides)


def test_rates_are_of_types_that_as_many_tasks_are_looked_at_for_as_before_a_run(compose: Any) -> None:
    """The one science question among 600 sums is found: the run would be judged by it."""
    from synthetic1.tasks.sources.source import TaskSource
    from synthetic1.trainers.reinforcement.objective.objective import Objective

    class Mixed(TaskSource):
        name = "mixed"

        def __len__(self) -> int:
            return 600

        def __getitem__(self, index: int) -> Task:
            return Task(f"t{index}", STEM if index == 1 else MATH, "?")

    rates = "+noise.stem={false_accept: 0.1}"
    settings = compose("trainer.noise_correction=true", "trainer.scale_rewards=none", rates)
    correction = Objective.make(settings, Mixed()).correction
    assert correction is not None
    assert correction.rates(None, STEM, RIGHT).false_accept == 0.1


def test_a_correction_of_nothing_ends_the_run_before_it_begins(train: Any, tmp_path: Any) -> None:
    with pytest.raises(ProgramError, match="knows no error rates"):
        train(f"runs={tmp_path}", "trainer.noise_correction=true")


def test_a_noisy_run(train: Any, tmp_path: Any) -> None:
    """Rewards are of the noisy verdicts, corrected; what is shown and counted is what the verifier said."""
    run = train(
        f"runs={tmp_path}",
        "trainer.scale_rewards=none",
        "trainer.noise_correction=true",
        "+trainer.inject_noise={false_accept: 0.3, false_reject: 0.2}",
        "+noise.code_output_prediction={false_accept: 0.3, false_reject: 0.2}",
    )
    for rollout, row in zip(run.rewarded, run.steps, strict=True):
        answered = [s for s in rollout if s.verdict.reason != "no_answer"]
        assert {round(s.reward, 6) for s in answered} <= {-0.6, 1.4}
        assert all(s.reward == 0.0 for s in rollout if s.verdict.reason == "no_answer")
        assert row["rewards"]["correctness"]["mean"] == pytest.approx(np.mean([s.score for s in rollout]))
        assert row["pass_at_1"] == np.mean([s.score == 1.0 for s in rollout])
        for start in range(0, len(rollout), 4):
            group = rollout[start : start + 4]
            mean = np.mean([s.reward for s in group])
            assert [s.advantage for s in group] == pytest.approx([s.reward - mean for s in group], abs=1e-5)
    everything = [s for rollout in run.rewarded for s in rollout]
    assert any((s.reward > 0) != (s.score == 1.0) for s in everything)


def test_the_task_of_a_verdict_is_not_asked_for_its_rates_alone() -> None:
    """``Objective.total`` without a correction is the score itself."""
    from synthetic1.trainers.reinforcement.objective.objective import Objective

    task = Task("t", MATH, "?")
    assert Objective().total(task, RIGHT, {}, 0) == 1.0
    assert Objective(correction=made({MATH: (0.1, 0.1)})).total(task, RIGHT, {}, 0) == pytest.approx(0.9 / 0.8)
    assert Objective(correction=made({MATH: (0.1, 0.1)})).total(task, UNKNOWN, {}, 0) is None
