"""Through every trainer's adapter the verdicts are the direct ones, in every kind of process; settings hold."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import adapter_pairs
import pytest
import through_adapters

from synthetic1 import Task, Verdict
from synthetic1.adapters.scoring import (
    TASK_COLUMN,
    UnscorableError,
    as_completion,
    as_task,
    check_unscorable,
    numbers_of,
    reward_of,
    task_json,
    verdicts,
    verdicts_async,
)
from synthetic1.jobs.rendered_text import completion_behind, opens_thinking, rendered_completion
from synthetic1.task import TaskError

TASK = Task("one", "verifiable_math", "What is 6 × 7? \\boxed{}", {"ground_truth": "42"})
LOST = Verdict.unscorable("judge", "no judge is configured")


@pytest.fixture(scope="module")
def pairs():
    return adapter_pairs.load(code=False)


@pytest.fixture(scope="module")
def direct(pairs):
    return adapter_pairs.direct_scores(pairs)


def test_the_table_has_what_it_is_for(pairs):
    everything = adapter_pairs.load()
    assert len(everything) == 200
    assert everything == adapter_pairs.make()
    assert {pair.family for pair in everything} == {"math", "code_understanding", "stem", "swe", "code", "broken"}
    reasons = {verdict.reason for verdict in adapter_pairs.direct_verdicts(pairs)}
    assert reasons >= {"correct", "wrong_answer", "no_answer", "unscorable_judge", "unscorable_gold", "unscorable_task"}


@pytest.mark.parametrize("change", [{"finish_reason": None}, {"finish_reason": "length"}, {"thinking_open": False}])
def test_an_adapter_that_loses_something_would_be_noticed(pairs, direct, change):
    assert through_adapters.core([replace(pair, **change) for pair in pairs]) != direct


@pytest.mark.parametrize("adapter", through_adapters.THROUGH)
def test_every_pair_is_scored_as_it_is_directly(adapter, pairs, direct):
    assert through_adapters.THROUGH[adapter](pairs) == direct


def test_programs_too(sandbox_kind):
    programs = [pair for pair in adapter_pairs.load() if pair.family == "code"]
    expected = adapter_pairs.direct_scores(programs)
    assert len(programs) == 10
    assert None not in expected
    with ThreadPoolExecutor() as pool:  # they wait for the same sandbox
        found = list(pool.map(lambda through: through(programs), through_adapters.THROUGH.values()))
    assert dict(zip(through_adapters.THROUGH, found, strict=True)) == dict.fromkeys(through_adapters.THROUGH, expected)


@pytest.mark.parametrize("start_method", ["fork", "spawn", "forkserver"])
def test_worker_processes(start_method, pairs, direct):
    through_adapters.core(pairs[:3])  # the parent has a scorer, with its thread, when it forks
    places = range(0, len(pairs), 5)
    context = multiprocessing.get_context(start_method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        halves = list(pool.map(through_adapters.rewards_of_core, [places[::2], places[1::2]], timeout=120))
    assert halves == [[direct[place] for place in half] for half in (places[::2], places[1::2])]


def test_threads(pairs, direct):
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda pair: through_adapters.core([pair])[0], pairs))
    assert found == direct


async def test_blocking_and_awaited_under_a_running_loop(pairs, direct):
    assert through_adapters.core(pairs) == direct  # on the loop's own thread
    plain = [place for place, pair in enumerate(pairs) if not pair.thinking_open]
    found, ticks = await asyncio.gather(
        verdicts_async(
            [pairs[place].as_task() for place in plain],
            [pairs[place].text for place in plain],
            finish_reasons=[pairs[place].finish_reason for place in plain],
        ),
        asyncio.sleep(0, "ran"),
    )
    assert [verdict.score for verdict in found] == [direct[place] for place in plain]
    assert ticks == "ran"


@pytest.mark.parametrize(
    "row",
    [
        TASK,
        TASK.to_dict(),
        TASK.to_row(),
        task_json(TASK),
        json.dumps(TASK.to_row()),
        {TASK_COLUMN: task_json(TASK), "index": 3},
        {TASK_COLUMN: TASK.to_dict()},
        json.dumps({TASK_COLUMN: task_json(TASK)}),
        {**TASK.to_row(), TASK_COLUMN: None, "llm_response": "x"},
    ],
)
def test_a_task_comes_in_many_forms(row):
    assert as_task(row) == TASK


@pytest.mark.parametrize("row", ["", "42", "not JSON", "[" * 100_000, {}, {TASK_COLUMN: "?"}, {"prompt": "x"}, None, 3])
def test_what_is_no_task_says_so_in_a_line(row):
    with pytest.raises(TaskError) as caught:
        as_task(row)
    assert "\n" not in str(caught.value)


def test_a_completion_is_a_text():
    parsed = as_completion("it is 4", thinking_open=True, finish_reason="length")
    assert (parsed.answer, parsed.finish_reason) == (None, "length")
    assert as_completion(parsed) is parsed
    with pytest.raises(TypeError, match="a completion is a text, got NoneType"):
        as_completion(None)


def test_lengths_must_fit():
    with pytest.raises(ValueError, match="1 tasks, 2 completions, 2 finish reasons"):
        verdicts([TASK], ["a", "b"])


@pytest.mark.parametrize(("setting", "reward"), [("mask", None), (0, 0.0), (-1.5, -1.5)])
def test_an_unscorable_verdict_gets_what_the_setting_says(setting, reward):
    assert reward_of(TASK, LOST, setting) == reward
    assert reward_of(TASK, Verdict.graded(0.0), setting) == 0.0


def test_it_can_raise_and_the_error_travels():
    with pytest.raises(
        UnscorableError, match=r"task `one` could not be scored \(unscorable_judge\): no judge"
    ) as caught:
        reward_of(TASK, LOST, "raise")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.task, again.verdict, str(again)) == (TASK, LOST, str(caught.value))


@pytest.mark.parametrize("value", ["skip", None, True, float("nan"), float("inf"), -float("inf"), 10**400, "0"])
@pytest.mark.parametrize("can_mask", [True, False])
def test_a_wrong_setting_is_refused(value, can_mask):
    with pytest.raises(ValueError, match="unscorable must be a number or one of raise") as caught:
        check_unscorable(value, can_mask=can_mask)
    assert ("mask" in str(caught.value)) is can_mask


def test_a_trainer_that_cannot_mask_is_not_asked_to():
    assert check_unscorable("mask", can_mask=True) == "mask"
    with pytest.raises(ValueError, match="mask"):
        check_unscorable("mask", can_mask=False)


def test_numbers_have_the_same_names_for_every_verdict(pairs):
    numbers = [numbers_of(verdict) for verdict in adapter_pairs.direct_verdicts(pairs)]
    assert len({tuple(row) for row in numbers}) == 1
    assert {row["score"] for row in numbers if not row["scorable"]} == {-1.0}


@pytest.mark.parametrize(
    ("text", "answer", "finish"),
    [
        ("42<|im_end|>", "42", "stop"),
        ("42</s>\n", "42", "stop"),
        ("42 <|eot_id|><|eot_id|>", "42 ", "stop"),
        ("42<｜end▁of▁sentence｜>", "42", "stop"),
        ("42<|im_end|><pad><pad>", "42", "stop"),
        ("42", "42", "length"),
        ("42\n", "42\n", "length"),
        ("<|im_end|> 42", "<|im_end|> 42", "length"),
        ("a < b |> c", "a < b |> c", "length"),
        ("", "", "length"),
    ],
)
def test_end_tokens_are_no_part_of_the_answer(text, answer, finish):
    completion = rendered_completion(text)
    assert (completion.answer, completion.finish_reason) == (answer, finish)


@pytest.mark.parametrize("text", ["</s>" * 300_000, " " * 1_000_000 + "x" + " " * 1_000_000, "<|" * 500_000])
def test_a_million_characters_are_read_in_linear_time(text):
    assert rendered_completion(text).answer is not None  # quadratic: hours


def test_a_query_holds_its_prompt():
    assert completion_behind("Q: ", "Q: A") == "A"
    assert completion_behind("Q: ", "<s>Q: A Q: B") == "A Q: B"
    assert completion_behind("x" * 500 + "Q: ", "x" * 300 + "Q: A") == "A"
    twice = "Q" * 300 + "?"
    assert completion_behind(twice + twice, f"<s>{twice}{twice}A") == "A"  # its end stands in its middle too
    with pytest.raises(ValueError, match="does not contain its prompt"):
        completion_behind("Q: ", "A")
    assert opens_thinking("…<think>\n")
    assert not opens_thinking("<think></think>")
    assert not opens_thinking([{"role": "user", "content": "<think>"}])
