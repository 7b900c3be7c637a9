"""Components of the reward: what each measures, whose functions they may be, and how they add up."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.completion import Completion
from synthetic1.jobs.program import ProgramError
from synthetic1.task import Task
from synthetic1.trainers.reinforcement.objective.built_in import BUILT_IN, built_in
from synthetic1.trainers.reinforcement.objective.components import LARGEST, RewardComponent, load_function
from synthetic1.trainers.reinforcement.objective.language import consistency
from synthetic1.trainers.reinforcement.objective.objective import Objective
from synthetic1.verdict import Verdict

TASK = Task("t", "code_output_prediction", "What does it print?", {"ground_truth": "a"})
RIGHT, WRONG, UNKNOWN = Verdict.graded(1.0), Verdict.graded(0.0), Verdict.unscorable("infra", "broke")


def written(text: str, tokens: int = 0, *, thinking_open: bool = False) -> Completion:
    return Completion.parse(text, thinking_open=thinking_open, usage={"completion_tokens": tokens})


def value(name: str, completion: Completion, task: Task = TASK, **told: Any) -> float | None:
    function = built_in(name, **{"longest": 100, "thinking_open": False} | told)
    return asyncio.run(RewardComponent(name, function).values(task, [completion], [RIGHT]))[0]


def values(name: str, completions: list[Completion], verdicts: list[Verdict]) -> list[float | None]:
    function = built_in(name, longest=100, thinking_open=False)
    return asyncio.run(RewardComponent(name, function).values(TASK, completions, verdicts))


# What is built in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "thinking_open", "expected"),
    [
        ("<think>so</think>a", False, 1.0),
        (" <think>so</think>\n\na", False, 1.0),
        ("<think>so</think>", False, 0.0),  # no answer
        ("<think>so</think> \n", False, 0.0),
        ("<think> </think>a", False, 0.0),  # no thought
        ("<think>so", False, 0.0),
        ("a", False, 0.0),
        ("so</think>a", False, 0.0),
        ("so</think>a", True, 1.0),  # the prompt has opened it
        ("<think>so</think>a", True, 1.0),  # and some models open it again
        ("so <think>more</think>a", True, 0.0),
        ("so", True, 0.0),
        ("<think>so</think>a</think>b", False, 0.0),  # closed twice
        ("<think>so<think>so</think>b", False, 0.0),  # opened twice
        ("<think>so</think>a<think>", False, 0.0),
        ("a <think>so</think>b", False, 0.0),  # not from the start
    ],
)
def test_format(text: str, thinking_open: bool, expected: float) -> None:
    completion = written(text, thinking_open=thinking_open)
    assert value("format", completion, thinking_open=thinking_open) == expected


@pytest.mark.parametrize(
    ("tokens", "buffer", "expected"),
    [(0, 20, 0.0), (80, 20, 0.0), (81, 20, -0.05), (90, 20, -0.5), (100, 20, -1.0), (90, None, -0.5), (100, 100, -1.0)],
)
def test_overlong(tokens: int, buffer: int | None, expected: float) -> None:
    """DAPO's equation 13, also at its corners; a fifth of the limit is the buffer unless told."""
    assert value("overlong", written("a", tokens), buffer=buffer) == pytest.approx(expected)


@given(st.integers(1, 5_000), st.integers(1, 400), st.integers(0, 5_000))
def test_overlong_is_what_trl_makes_of_it(longest: int, buffer: int, tokens: int) -> None:
    """An implementation of another hand, which differs above the limit alone: no completion is there."""
    from trl.rewards import get_soft_overlong_punishment

    buffer, tokens = min(buffer, longest), min(tokens, longest)
    theirs = get_soft_overlong_punishment(longest, buffer)(completion_ids=[[0] * tokens])[0]
    assert value("overlong", written("a", tokens), longest=longest, buffer=buffer) == pytest.approx(theirs)


ENGLISH, CHINESE, JAPANESE, RUSSIAN = (
    "What is the sum of x and y?",
    "求两个数的和是多少",
    "二つの数の和はいくつですか",
    "Чему равна сумма",
)


@pytest.mark.parametrize(
    ("prompt", "text", "expected"),
    [
        (ENGLISH, "First add both numbers", 1.0),
        (ENGLISH, "我们先把两个数加起来", 0.0),
        (ENGLISH, "first 我们先 then", 0.5),  # two words, and four characters that count as two
        (ENGLISH, "x + y = 3", 0.0),  # variables are no words, and there is nothing else
        (CHINESE, "我们先把两个数加起来 x + y", 1.0),
        (CHINESE, r"设 $\frac{a}{b}$ 为 `code words here` 的值", 1.0),
        (CHINESE, "First we add them 好的", 0.2),
        (CHINESE, "まず二つの数を", 2 / 5),  # kana is not Chinese
        (JAPANESE, "まず二つの数を足す", 1.0),
        (JAPANESE, "我们先", 1.0),  # which of the two it is, Chinese characters alone do not say
        (RUSSIAN, "Сначала сложим оба числа", 1.0),
        (RUSSIAN, "First сложим", 0.5),
        ("हिन्दी में बताओ", "यह हिन्दी में है", 1.0),
        ("2 + 2 = ?", "anything", None),
        (ENGLISH, "Un mot français", 1.0),  # one script: it cannot tell
    ],
)
def test_language(prompt: str, text: str, expected: float | None) -> None:
    assert consistency(text, prompt) == (expected if expected is None else pytest.approx(expected))
    task = Task("t", "verifiable_math", prompt)
    assert value("language", written(f"<think>{text}</think>4"), task) == consistency(text, prompt)
    assert value("language", written(text), task) == consistency(text, prompt)  # without a thought, of the answer


@given(st.text(), st.text())
def test_language_is_a_share_and_only_the_prompt_makes_it_unknown(prompt: str, text: str) -> None:
    share = consistency(text, prompt)
    assert (share is None) == (consistency("", prompt) is None)
    assert share is None or 0.0 <= share <= 1.0


def test_relative_length_is_kimis() -> None:
    """Section 2.3.3 of the paper by hand: lambda is over all responses, and wrong ones get min(0, lambda)."""
    lengths, verdicts = [20, 40, 60, 10, 110, 85], [RIGHT, RIGHT, RIGHT, WRONG, WRONG, RIGHT]
    made = values("relative_length", [written("a", n) for n in lengths], verdicts)
    assert made == pytest.approx([0.4, 0.2, 0.0, 0.0, -0.5, -0.25])


@pytest.mark.parametrize("verdicts", [[RIGHT, WRONG], [WRONG, WRONG], [RIGHT, RIGHT]])
def test_relative_length_of_equals(verdicts: list[Verdict]) -> None:
    assert values("relative_length", [written("a", 10), written("b", 10)], verdicts) == [0.0, 0.0]


def test_diversity() -> None:
    same, other = written("the sum is four"), written("add them up slowly")
    assert values("diversity", [same, same, same], [RIGHT] * 3) == [0.0] * 3
    assert values("diversity", [same, other], [RIGHT] * 2) == [1.0, 1.0]
    assert values("diversity", [same, same, other], [RIGHT] * 3) == [0.5, 0.5, 1.0]
    assert values("diversity", [written("the sum is four"), written("the sum is five")], [RIGHT] * 2) == [0.5, 0.5]
    assert values("diversity", [same], [RIGHT]) == [1.0]
    assert values("diversity", [written("数の和は四"), written("数の和は五")], [RIGHT] * 2)[0] == pytest.approx(
        1 - 3 / 5
    )


@given(st.lists(st.tuples(st.text(), st.sampled_from([RIGHT, WRONG, UNKNOWN])), min_size=1, max_size=6))
def test_nothing_that_a_completion_says_buys_a_none(group: list[tuple[str, Verdict]]) -> None:
    completions = [written(text, len(text)) for text, _ in group]
    for name in BUILT_IN:
        assert None not in values(name, completions, [verdict for _, verdict in group])


# Functions of a user's -----------------------------------------------------------------------------------------------

MODULE = """
import asyncio

def one(task, completion, verdict):
    return len(completion.raw)

async def later(task, completion, verdict):
    await asyncio.sleep(0)
    return None if verdict.score == 0 else 1

def group(task, completions, verdicts):
    return [len(completions)] * len(completions)

async def group_later(task, completions, verdicts):
    return (float(i) for i, _ in enumerate(completions))

def raises(task, completion, verdict):
    raise KeyError("no such thing")

def text(task, completion, verdict):
    return "1.0"

def large(task, completion, verdict):
    return 1e39

def larger(task, completion, verdict):
    return -(10**5000)

def not_a_number(task, completion, verdict):
    return float("nan")

def too_few(task, completions, verdicts):
    return [1.0]

def other_arguments(prompts, completions):
    return 1.0

LENGTH = 3
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module in the folder that a person is in."""
    (tmp_path / "my_rewards_here.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_rewards_here", raising=False)
    return "my_rewards_here"


def of_mine(where: str) -> list[float | None]:
    component = RewardComponent("mine", load_function(where), where)
    return asyncio.run(component.values(TASK, [written("abc"), written("a")], [RIGHT, WRONG]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("one", [3.0, 1.0]), ("later", [1.0, None]), ("group", [2.0, 2.0]), ("group_later", [0.0, 1.0])],
)
def test_functions_of_completions_and_of_groups(mine: str, name: str, expected: list[float | None]) -> None:
    assert of_mine(f"{mine}:{name}") == expected


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", r"reward `mine` \(my_rewards_here:raises\), task `t`: it raised KeyError: 'no such thing'"),
        ("text", "it said '1.0', which is neither a finite number nor None"),
        ("not_a_number", "it said nan"),
        ("large", r"it said a number beyond 3\.4e\+38, the most that TRL's float32 can hold"),
        ("larger", r"it said a number beyond 3\.4e\+38"),
        ("too_few", "it said 1 values for a group of 2 completions"),
    ],
)
def test_a_function_that_fails_is_named(mine: str, name: str, said: str) -> None:
    """A mistake in a reward would be learned from: it ends the run."""
    with pytest.raises(ProgramError, match=said):
        of_mine(f"{mine}:{name}")


@pytest.mark.parametrize(
    ("rewards", "said"),
    [
        ("[{name: formatt}]", "there is no `formatt`; did you mean `format`?"),
        ("[{name: format}, {name: format}]", "`format` is there twice"),
        ("[{name: format, weight: nan}]", "rewards.0.weight: Input should be a finite number"),
        ("[{name: format, weight: inf}]", "rewards.0.weight: Input should be a finite number"),
        ("[{name: format, wheight: 1}]", "unknown setting `rewards.0.wheight`"),
        ("[{name: correctness, weight: 0}]", "all weights are 0"),
        ("[{name: format, buffer: 3}]", "buffer belongs to overlong, and does nothing for format"),
        ("[{name: overlong, buffer: 500}]", "overlong's buffer of 500 tokens is more than rollout.max_completion_len"),
        ("[{name: format, function: 'my_rewards_here:one'}]", "`format` is built in; give a function another name"),
        ("[{name: a/b, function: 'my_rewards_here:one'}]", "`a/b` is not a name"),
        (
            "[{name: mine, function: 'my_rewards_here:ones'}]",
            "has no function `ones`; did you mean `my_rewards_here:one`",
        ),
        ("[{name: mine, function: 'my_rewards_here:LENGTH'}]", "has no function `LENGTH`"),
        ("[{name: mine, function: one}]", "`one` does not name a function; write module:function"),
        ("[{name: mine, function: 'nowhere_at_all:one'}]", "`nowhere_at_all` cannot be imported"),
        (
            "[{name: mine, function: 'my_rewards_here:other_arguments'}]",
            r"must take \(task, completion, verdict\) for each completion, .* it takes \(prompts, completions\)",
        ),
    ],
)
def test_settings_that_are_nothing_are_refused(compose: Any, mine: str, rewards: str, said: str) -> None:
    with pytest.raises(ProgramError, match=said):
        compose(f"rewards={rewards}")


def test_weights_without_components_are_none(compose: Any) -> None:
    assert compose().rewards == []
    assert compose("rewards=[{name: format, weight: 0}]").rewards[0].weight == 0.0  # measured, and nothing more


# In training ---------------------------------------------------------------------------------------------------------


def test_components_are_named_and_logged_apart(train: Any, tmp_path: Path, mine: str) -> None:
    run = train(
        f"runs={tmp_path}",
        "trainer.sample_every=1",
        "rewards=[{name: correctness, weight: 2}, {name: format, weight: 0.5}, {name: relative_length, weight: 0},"
        f" {{name: later, weight: 10, function: '{mine}:later'}}, {{name: together, function: '{mine}:group'}}]",
    )
    samples = [sample for rollout in run.rewarded for sample in rollout]
    for s in samples:
        assert s.components.keys() == {"format", "relative_length", "later", "together"}
        assert s.components["later"] == (None if s.score == 0 else 1.0)
        assert s.components["together"] == 4.0
        known = any(t.components["later"] for t in samples if t.task_index == s.task_index)  # paid like their mean
        assert s.reward == pytest.approx(2 * s.score + 0.5 * s.components["format"] + 10 * known + 4.0)
    first, row = run.rewarded[0], run.steps[0]
    assert row["rewards"].keys() == {"correctness", "format", "relative_length", "later", "together"}
    assert row["rewards"]["correctness"]["mean"] == pytest.approx(sum(s.score for s in first) / 8)
    assert row["rewards"]["later"]["n"] == sum(s.score != 0 for s in first)
    assert row["rewards"]["together"] == {"mean": 4.0, "std": 0.0, "n": 8}
    assert row["reward"] == pytest.approx(sum(s.reward for s in first) / 8)
    assert row["pass_at_1"] == sum(s.score == 1 for s in first) / 8  # of the verdict alone
    written_rows = [sample for sample in run.rows("samples.jsonl") if sample["phase"] == "train"]
    assert written_rows
    assert all(sample["components"]["together"] == 4.0 for sample in written_rows)


def objective(weight: float = 1.0) -> Objective:
    """Of groups of three, with a component that is not asked here."""
    weights = ({"correctness": 1.0, "mine": weight},)
    return Objective((RewardComponent("mine", lambda task, completion, verdict: 0.0),), weights, group_size=3)


@pytest.mark.parametrize(
    ("values_", "verdicts", "expected"),
    [
        ([0.9, None, 0.5], [RIGHT, RIGHT, WRONG], [1.9, 1.7, 0.5]),
        ([None, None, None], [RIGHT, WRONG, WRONG], [1.0, 0.0, 0.0]),
        ([-1.0, None, None], [RIGHT, RIGHT, RIGHT], [0.0, 0.0, 0.0]),
        ([9.0, 0.5, None], [UNKNOWN, RIGHT, RIGHT], [None, 1.5, 1.5]),  # who has no reward is no measure either
    ],
)
def test_an_unknown_component_is_neutral(
    values_: list[float | None], verdicts: list[Verdict], expected: list[float | None]
) -> None:
    """Two groups of one task: each has a mean of its own."""
    measured = [{"mine": value} for value in (*values_, 3.0, 3.0, None)]
    made = objective().rewards([TASK] * 6, [*verdicts, *[WRONG] * 3], measured, [7] * 6)
    assert made == [e if e is None else pytest.approx(e) for e in (*expected, 3.0, 3.0, 3.0)]
    assert measured[-1] == {"mine": None}  # as it is logged


@given(st.lists(st.none() | st.floats(-5, 5), min_size=3, max_size=3))
@settings(max_examples=30)
def test_an_unknown_component_moves_no_advantage(found: list[float | None]) -> None:
    made = objective().rewards([TASK] * 3, [WRONG] * 3, [{"mine": value} for value in found], [0] * 3)
    mean = sum(reward or 0.0 for reward in made) / 3
    unknown = [reward for value, reward in zip(found, made, strict=True) if value is None]
    assert unknown == pytest.approx([mean] * len(unknown))


def test_a_sum_beyond_float32_is_one_line() -> None:
    assert np.finfo(np.float32).max == LARGEST
    with pytest.raises(ProgramError, match=r"rewards, task `t`: the weighted sum is 1e\+39, beyond the 3\.4e\+38"):
        objective(10.0).rewards([TASK] * 3, [WRONG] * 3, [{"mine": 1e38}] * 3, [0] * 3)


def test_trackers_see_them_as_trl_names_rewards() -> None:
    from synthetic1.reports.sinks.names import of_metrics

    row = {"step": 1, "rewards": {"format": {"mean": 0.5, "std": 0.1, "n": 8}}}
    assert of_metrics("grpo", row, {}) == {
        "train/rewards/format/mean": 0.5,
        "train/rewards/format/std": 0.1,
        "train/rewards/format/n": 8.0,
    }


def test_a_failing_function_ends_the_run_in_one_line(train: Any, tmp_path: Path, mine: str) -> None:
    with pytest.raises(ProgramError, match=r"reward `mine` \(my_rewards_here:raises\), task `.*`: it raised KeyError"):
        train(f"runs={tmp_path}", f"rewards=[{{name: mine, function: '{mine}:raises'}}]")


def test_what_could_not_be_scored_is_not_paid_for_its_form(train: Any, tmp_path: Path, monkeypatch: Any) -> None:
    from synthetic1.rewards.code_understanding import CodeUnderstanding

    async def broken(self: Any, task: Task, completion: Completion) -> Verdict:
        return UNKNOWN

    monkeypatch.setattr(CodeUnderstanding, "verify", broken)
    monkeypatch.setattr(CodeUnderstanding, "inline", False)
    run = train(f"runs={tmp_path}", "trainer.max_steps=1", "rewards=[{name: format, weight: 1}]")
    scored = [s for s in run.rewarded[0] if s.score is not None]  # without an answer, no verifier was asked
    failed = [s for s in run.rewarded[0] if s.score is None]
    assert failed
    assert all(s.reward is None and s.advantage == 0.0 for s in failed)
    assert all(s.reward is not None for s in scored)


def test_groups_are_not_shared_by_processes(compose: Any) -> None:
    from synthetic1.tasks.sources.source import TaskList
    from synthetic1.trainers.reinforcement.objective.objective import Objective

    settings = compose("rewards=[{name: diversity}]", "trainer.prompts_per_step=3")
    with pytest.raises(ProgramError, match="`diversity` compares whole groups, and 3 of them cannot be shared by 2"):
        Objective.make(settings, TaskList([TASK]), processes=2)
    Objective.make(settings, TaskList([TASK]), processes=3)
