"""OpenRLHF, the real one: it loads the reward file, and its rollouts bear the direct verdicts."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import through_adapters
from adapter_environments import run_script

from synthetic1 import Task
from synthetic1.adapters.openrlhf import make_reward_func, reward_func
from synthetic1.adapters.scoring import UnscorableError, task_json
from synthetic1.task import TaskError

EXAMPLE = Path(__file__).parents[2] / "docs/adapters/examples/openrlhf_reward.py"
RIGHT = Task("right", "verifiable_math", "6 × 7?", {"ground_truth": "42"})
LOST = Task("lost", "verifiable_math", "6 × 7?", {})
PROMPT = "<|im_start|>user\n6 × 7?<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def told(adapter_python, tmp_path_factory):
    python = adapter_python("openrlhf")
    return run_script(python, "tests/support/openrlhf_rewards.py", str(tmp_path_factory.mktemp("openrlhf")))


def test_its_rollouts_bear_the_direct_verdicts(told):
    expected = [through_adapters.UNSCORABLE if score is None else score for score in told["direct"]]
    assert told["rewards"] == pytest.approx(expected)
    assert told["scores"] == pytest.approx(expected)
    assert told["shapes"] == ["(1,)"]
    assert told["version"].startswith("0.11")


def test_its_logs_have_our_averages(told):
    assert told["info"]["scorable"] == [float(score is not None) for score in told["direct"]]
    assert told["info"]["reward"] == told["rewards"]


def test_it_swallows_what_is_raised(told):
    assert told["lost"] == [None]  # therefore the error is logged by us


def test_its_data_set_reads_our_rows(told):
    assert told["prompts"] is True
    assert told["labels"] is True


def test_the_example_is_such_a_file():
    reward = runpy.run_path(str(EXAMPLE))["reward_func"]
    queries = [f"{PROMPT}\\boxed{{42}}<|im_end|>", f"{PROMPT}?"]
    result = reward(queries, [PROMPT] * 2, [task_json(RIGHT), task_json(LOST)])
    assert result["rewards"].tolist() == [1, 0]


def test_a_thought_that_the_prompt_opens_is_noticed():
    query, prompt = f"{PROMPT}<think>\n\\boxed{{42}}<|im_end|>", f"{PROMPT}<think>\n"
    for reward, expected in ((reward_func, 0), (make_reward_func(thinking_open=False), 1)):
        assert reward([query], [prompt], [task_json(RIGHT)])["rewards"].tolist() == [expected]


def test_what_could_not_be_scored_is_logged_and_raised(caplog):
    with pytest.raises(UnscorableError, match="task `lost`"):
        reward_func([f"{PROMPT}\\boxed{{42}}"], [PROMPT], [task_json(LOST)])
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    with pytest.raises(ValueError, match="unscorable must be a number or one of raise"):
        make_reward_func(unscorable="mask")


@pytest.mark.parametrize(
    ("query", "label", "error"), [("elsewhere", task_json(RIGHT), ValueError), (PROMPT, "42", TaskError)]
)
def test_what_does_not_fit_says_so(query, label, error, caplog):
    with pytest.raises(error):
        reward_func([query], [PROMPT], [label])
    assert [record.levelname for record in caplog.records] == ["ERROR"]
