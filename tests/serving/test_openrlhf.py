"""OpenRLHF's remote reward, asked as its 0.11.2 asks."""

from __future__ import annotations

import asyncio
import json

import adapter_pairs
import aiohttp
import pytest
import through_adapters

from synthetic1.adapters.scoring import task_json
from synthetic1.serving.admission import Admission
from synthetic1.serving.exposition import Exposition
from synthetic1.serving.openrlhf import OpenRlhfEndpoint, completion_in
from synthetic1.serving.service import RewardService
from synthetic1.serving.settings import ServingSettings

PROMPT = "<|im_start|>user\nWhat is 1 + 1?<|im_end|>\n<|im_start|>assistant\n"
RIGHT = r"It is \boxed{2}.<|im_end|>"


@pytest.mark.parametrize(
    ("query", "prompt", "answer"),
    [
        ("Q: 1+1? A: 2", "Q: 1+1? A:", " 2"),
        ("<s>Q: 1+1? A: 2</s>", "Q: 1+1? A:", " 2"),
        (f"{PROMPT}two<|im_end|><|endoftext|>\n", PROMPT, "two"),
        (f"{PROMPT}<think>so</think>two<|im_end|>", PROMPT, "two"),
        (f"{PROMPT}<think>\nso</think>two", f"{PROMPT}<think>\n", "two"),
        (f"{PROMPT}<think>\nso, two<|im_end|>", f"{PROMPT}<think>\n", None),  # the thought never ended
        (f"{PROMPT}says {PROMPT}two", PROMPT, f"says {PROMPT}two"),  # the prompt again is the model's own
        ("a </s> b", "a ", "</s> b"),
        (f"{PROMPT}two<｜end▁of▁sentence｜>", PROMPT, "two"),
        (f"{PROMPT}two<turn|><pad><pad>", PROMPT, "two"),
        ("x" * 300 + "Q: two", "x" * 500 + "Q: ", "two"),  # its beginning was cut
    ],
)
def test_the_completion_is_what_stands_behind_the_prompt(query, prompt, answer):
    found = completion_in(query, prompt)
    assert found is not None
    assert found.answer == answer


@pytest.mark.parametrize(("end", "reason"), [("<|im_end|>", "stop"), ("<eos>\n", "stop"), ("", "length")])
def test_a_completion_without_an_end_token_was_cut_off(end, reason):
    assert completion_in(f"{PROMPT}two{end}", PROMPT).finish_reason == reason


@pytest.mark.parametrize("text", [" " * 10**6 + "x", "<|im_end|>" * 10**5 + "x", "<pad>" * 10**6, "<|" * 10**6])
def test_no_completion_holds_the_server_up(text):
    assert completion_in(f"{PROMPT}{text}", PROMPT) is not None  # quadratic: hours


def test_rewards_are_those_of_the_adapter():
    pairs = adapter_pairs.load(code=False)
    prompts = [through_adapters.rendered_prompt(pair) for pair in pairs]
    queries = [prompt + through_adapters.written(pair) for prompt, pair in zip(prompts, pairs, strict=True)]
    body = {"query": queries, "prompts": prompts, "labels": [task_json(pair.as_task()) for pair in pairs]}

    async def ask():
        service = RewardService(ServingSettings(unscorable=through_adapters.UNSCORABLE))
        route = OpenRlhfEndpoint(service, Exposition((), service.verifiers, Admission(1, 0)))
        try:
            return json.loads(await route.answer(json.dumps(body).encode()))["rewards"]
        finally:
            service.close()

    expected = [through_adapters.UNSCORABLE if one is None else one for one in through_adapters.through_openrlhf(pairs)]
    assert asyncio.run(ask()) == pytest.approx(expected)


def test_a_query_without_its_prompt_has_no_completion():
    assert completion_in("…1+1? A: 2", "Q: 1+1? A:") is None


def test_rewards_come_in_order(server, row):
    queries = [f"{PROMPT}{text}" for text in (RIGHT, r"\boxed{3}", "<think>so", RIGHT)]
    labels = [json.dumps(row), row, json.dumps(row), "math/embedded/fractions/1"]
    body = {"query": queries, "prompts": [PROMPT] * 4, "labels": labels, "images": None}
    status, _, answer = server.ask("/get_reward", body)
    assert status == 200
    assert answer["rewards"] == answer["scores"] == [1.0, 0.0, 0.0, 0.0]
    assert answer["extra_logs"] == {"scorable": [1.0] * 4}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"labels": ["nobody"]}, 404),
        ({"labels": ["{"]}, 409),
        ({"labels": ['{"problem_id": "1"}']}, 409),
        ({"query": ["another text"]}, 409),
        ({"labels": []}, 409),
        ({"labels": [5]}, 422),
    ],
)
def test_no_score_is_an_error_and_never_a_number(server, row, change, status):
    body = {"query": [PROMPT + RIGHT], "prompts": [PROMPT], "labels": [row], **change}
    got, _, answer = server.ask("/get_reward", body)
    assert (got, set(answer)) == (status, {"error"})


def test_a_failure_of_ours_may_be_asked_again(server, run_server, row, waiting_row):
    body = {"query": ["Wait.fail"], "prompts": ["Wait."], "labels": [waiting_row(0)]}
    status, headers, answer = server.ask("/get_reward", body)
    assert (status, headers["retry-after"]) == (503, "1")
    assert "unscorable_infra" in answer["error"]
    with run_server("--families", "math", "--unscorable", "-1") as other:
        labels = [row, {**row, "verification_info": {}}]
        body = {"query": [PROMPT + RIGHT] * 2, "prompts": [PROMPT] * 2, "labels": labels}
        answer = other.ask("/get_reward", body)[2]
        assert answer["rewards"] == [1.0, -1.0]
        assert answer["extra_logs"] == {"scorable": [1.0, 0.0]}


def test_the_key_may_stand_in_the_address(server, row):
    """Their client takes an address and nothing else: aiohttp makes a header of what stands before the @."""

    async def post():
        url = f"http://any:a-key-for-the-tests-only@127.0.0.1:{server.port}/get_reward"
        body = {"query": [PROMPT + RIGHT], "prompts": [PROMPT], "labels": [json.dumps(row)]}
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
            response.raise_for_status()
            return await response.json()

    assert asyncio.run(post())["rewards"] == [1.0]
