"""Whatever goes wrong on the way, the completions are those of a sound server, and the account says what it took."""

from __future__ import annotations

import asyncio

import pytest

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.inference.server import Price, Server

HEALED = ("429", "429_later", "500", "503", "503_later", "error_inside", "dropped", "half_closed", "no_json")
HEALED += ("no_choices", "aborted", "stall")
CHARGED = ("dropped", "half_closed", "no_json", "no_choices", "aborted", "stall")
"""The server worked, and what it charges is not known."""


def ask(number):
    return [{"role": "user", "content": f"number {number}"}]


def answer(messages, sample):
    return f"{messages[-1]['content']}, sample {sample}"


@pytest.mark.parametrize(
    ("fault", "stream"), [(fault, False) for fault in HEALED] + [("stall", True), ("half_closed", True)]
)
async def test_a_share_of_faults_changes_no_answer(scripted_server, fault, stream):
    async with scripted_server(answer, faults=(fault,), share=0.3, seed=2) as server:
        settings = Server(server.url, timeout_s=0.3 if fault == "stall" else 60.0, stream=stream, retries=8)
        async with Client(settings) as client:
            asked = [client.complete(ask(i), 1, Sampling(64, seed=i)) for i in range(8)]
            found = [one.answer for (one,) in await asyncio.gather(*asked)]
            usage = client.usage
        met = server.counts[fault]
        assert met > 0
    assert found == [f"number {i}, sample {i}" for i in range(8)]
    errors = sum(usage.errors.values())
    # Where time-outs are short, a busy machine may bring some more.
    assert errors >= met if fault == "stall" else errors == met
    assert usage.requests == 8 + errors
    assert (usage.completed, usage.retried, usage.failed, usage.in_flight) == (8, errors, 0, 0)
    assert usage.usage_unknown == (errors - usage.errors.get("unreachable", 0) if fault in CHARGED else 0)
    assert usage.completion_tokens == sum(map(len, found))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("500", "server_error"),
        ("503", "server_error"),
        ("429", "rate_limited"),
        ("stall", "timeout"),
        ("no_json", "bad_response"),
        ("no_choices", "bad_response"),
    ],
)
async def test_a_server_that_only_fails_is_given_up_by_name(scripted_server, fault, kind):
    async with (
        scripted_server(answer, faults=(fault,), share=1.0) as server,
        Client(Server(server.url, timeout_s=2.0 if fault == "stall" else 60.0, retries=1, outage_s=0.3)) as client,
    ):
        with pytest.raises(InferenceError) as caught:
            await client.complete(ask(1), 1, Sampling(64))
        assert client.usage.failed == 1
    assert caught.value.kind == kind
    assert server.url in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_what_the_server_will_never_do_is_asked_once(scripted_server):
    async with scripted_server(answer, faults=("400",), share=1.0) as server, Client(server.url) as client:
        with pytest.raises(InferenceError, match="this prompt is too long") as caught:
            await client.complete(ask(1), 1, Sampling(64))
        assert caught.value.kind == "bad_request"
        assert len(server.requests) == 1


@pytest.mark.parametrize("choices", ["one", "refuse"])
async def test_only_the_missing_samples_are_asked_for(scripted_server, choices):
    async with scripted_server(answer, choices=choices) as server, Client(server.url) as client:
        found = await client.complete(ask(1), 4, Sampling(64, seed=10))
        assert [one.answer for one in found] == [f"number 1, sample {10 + i}" for i in range(4)]
        answered = dict(server.prompts)
        assert len(answered) == 4
        assert sum(answered.values()) == (4 if choices == "one" else 5), "no finished answer is sampled again"


async def test_a_caller_who_leaves_takes_the_request_along(scripted_server):
    async with scripted_server(answer, latency=30.0) as server, Client(server.url) as client:
        tasks = [asyncio.create_task(client.complete(ask(i), 1, Sampling(64))) for i in range(8)]
        while server.counts["in_flight"] < 8:
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while server.counts["in_flight"]:
            await asyncio.sleep(0.01)
        usage = client.usage
        assert server.counts["cancelled"] == 8
    assert (usage.in_flight, usage.completed, usage.usage_unknown) == (0, 0, 8)
    assert usage.errors == {"cancelled": 8}


async def test_the_window_backs_off_from_a_busy_server_and_grows_back(scripted_server):
    async with (
        scripted_server(answer, latency=0.01, limit=8) as server,
        Client(Server(server.url, max_in_flight=64)) as client,
    ):
        found = await asyncio.gather(*(client.complete(ask(i), 1, Sampling(64)) for i in range(150)))
        crowded = client.usage
        server.limit = 10**9
        await asyncio.gather(*(client.complete(ask(i), 1, Sampling(64)) for i in range(2_000)))
        free = client.usage
    assert len(found) == 150
    assert crowded.errors["rate_limited"] > 0
    assert crowded.window < 64
    assert free.window > crowded.window
    assert free.failed == 0


async def test_every_completed_request_is_charged_and_no_other(scripted_server):
    async with (
        scripted_server(answer, faults=("500", "dropped"), share=0.3, seed=4) as server,
        Client(Server(server.url, price=Price(2.0, 10.0))) as client,
    ):
        await asyncio.gather(*(client.complete(ask(i), 2, Sampling(64)) for i in range(10)))
        usage, counts = client.usage, server.counts
    assert (usage.prompt_tokens, usage.completion_tokens) == (counts["prompt_tokens"], counts["completion_tokens"])
    assert usage.cost == pytest.approx((2 * counts["prompt_tokens"] + 10 * counts["completion_tokens"]) / 1e6)
    assert usage.usage_unknown == counts["lost"] > 0
