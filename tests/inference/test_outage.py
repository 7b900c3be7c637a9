"""A server that answers nothing but errors is away, one prompt that always fails is not, and no file is short."""

from __future__ import annotations

import asyncio
import errno
import resource
from collections import Counter

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import Fault

from synthetic1.inference import open_files
from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError, ServerError
from synthetic1.inference.failure import Remedy, from_exception
from synthetic1.inference.outage import WORDS, harmless
from synthetic1.inference.server import Price, Server
from synthetic1.inference.usage import Account, Usage

ERRORS = ("500", "error_inside", "no_json", "no_choices", "dropped")


def ask(number):
    return [{"role": "user", "content": f"number {number}"}]


def answer(messages, sample):
    return messages[-1]["content"]


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Asked again after moments: what is tested is the order of things, not their length."""
    monkeypatch.setattr("synthetic1.inference.failure.BACK_OFF_S", (0.01, 0.02))
    monkeypatch.setattr("synthetic1.inference.replicas.PROBE_S", (0.02, 0.05))


@pytest.mark.parametrize("fault", ERRORS)
@pytest.mark.parametrize("at_once", [1, 24])
async def test_nothing_is_lost_while_a_server_answers_nothing_but_errors(scripted_server, fault, at_once):
    async with (
        scripted_server(answer, faults=(fault,), share=1.0) as server,
        Client(Server(server.url, max_in_flight=at_once, retries=2, outage_s=60.0)) as client,
    ):
        asked = asyncio.gather(*(client.complete(ask(i), 1, Sampling(64, seed=i)) for i in range(24)))
        while server.counts["requests"] < 60:  # more than all retries of the first call
            await asyncio.sleep(0.01)
        server.share = 0.0
        found = [one.answer for (one,) in await asyncio.wait_for(asked, 60)]
        usage = client.usage
    assert found == [f"number {i}" for i in range(24)]
    assert (usage.failed, usage.in_flight) == (0, 0)
    assert usage.requests == usage.completed + sum(usage.errors.values()) == server.counts["requests"]


@pytest.mark.parametrize("fault", [*ERRORS, "503"])
async def test_an_outage_ends_with_the_server_and_its_last_words(scripted_server, fault):
    async with (
        scripted_server(answer, faults=(fault,), share=1.0) as server,
        Client(Server(server.url, retries=1, outage_s=0.2)) as client,
    ):
        asked = (client.complete(ask(i), 1, Sampling(64)) for i in range(12))
        errors = await asyncio.gather(*asked, return_exceptions=True)
    for error in errors:
        assert isinstance(error, InferenceError)
        assert error.ends_a_run, error
        assert server.url in str(error)
        assert "\n" not in str(error)
    said = {
        "500": "internal error",
        "error_inside": "the engine died",
        "503": "no worker is free",
        "no_json": "not JSON",
    }
    assert any(said.get(fault, "") in str(error) for error in errors)


@pytest.mark.parametrize("others", [0, 5])
@pytest.mark.parametrize("fault", ["500", "no_json", "503"])
async def test_one_prompt_that_always_fails_is_not_an_outage(scripted_server, fault, others):
    def poisoned(messages, sample):
        return Fault(fault) if messages[-1]["content"] == "number 0" else messages[-1]["content"]

    async with (
        scripted_server(poisoned) as server,
        Client(Server(server.url, retries=2, outage_s=0.3, max_in_flight=1)) as client,
    ):
        found = await asyncio.gather(
            *(client.complete(ask(i), 1, Sampling(64)) for i in range(1 + others)), return_exceptions=True
        )
        (last,) = await client.complete(ask(9), 1, Sampling(64))
    assert isinstance(found[0], InferenceError)
    assert not found[0].ends_a_run
    assert [one.answer for (one,) in found[1:]] == [f"number {i}" for i in range(1, 1 + others)]
    assert last.answer == "number 9"


async def test_many_poisonous_prompts_in_a_row_are_each_given_up(scripted_server):
    def poisoned(messages, sample):
        return messages[-1]["content"] if messages == WORDS or messages[-1]["content"] > "number 5" else Fault("500")

    async with scripted_server(poisoned) as server, Client(Server(server.url, retries=1, max_in_flight=4)) as client:
        found = await asyncio.gather(
            *(client.complete(ask(i), 1, Sampling(64)) for i in range(10)), return_exceptions=True
        )
    given_up = [i for i, one in enumerate(found) if isinstance(one, InferenceError) and not one.ends_a_run]
    assert given_up == [0, 1, 2, 3, 4, 5]


async def test_a_prompt_that_brings_the_server_down_is_not_asked_for_ever(scripted_server):
    down = False

    def fatal(messages, sample):  # after it, every other request fails, until the server is asked in vain once
        nonlocal down
        if messages[-1]["content"] == "number 0":
            down = True
            return Fault("500")
        if down:
            down = False
            return Fault("500")
        return messages[-1]["content"]

    async with scripted_server(fatal) as server, Client(Server(server.url, retries=0, outage_s=60.0)) as client:
        with pytest.raises(InferenceError) as caught:
            await asyncio.wait_for(client.complete(ask(0), 1, Sampling(64)), 60)
    assert not caught.value.ends_a_run


async def test_a_sick_replica_is_left_out_and_comes_back(scripted_server):
    async with (
        scripted_server(answer, faults=("500",), share=1.0) as sick,
        scripted_server(answer) as well,
        Client(Server((sick.url, well.url), retries=1)) as client,
    ):
        asked = (client.complete(ask(i), 1, Sampling(64), affinity=str(i)) for i in range(40))
        assert [one.answer for (one,) in await asyncio.gather(*asked)] == [f"number {i}" for i in range(40)]
        sick.share, before = 0.0, sick.counts["completed"]
        while sick.counts["completed"] < before + 5:
            await asyncio.gather(*(client.complete(ask(i), 1, Sampling(64), affinity=str(i)) for i in range(8)))
            await asyncio.sleep(0.01)
        assert client.usage.failed == 0


def test_a_harmless_question_keeps_all_but_the_prompt():
    body = {"model": "m", "messages": ["x"], "max_tokens": 9_000, "top_k": 3, "n": 4, "response_format": {}}
    assert harmless(body) == {"model": "m", "messages": WORDS, "max_tokens": 16, "top_k": 3}
    assert harmless(body, short=False) == {"model": "m", "messages": WORDS, "max_tokens": 9_000, "top_k": 3}


class Refuses:
    """A server in its own words: ``says(body)`` is a status, an error and headers, or ``None`` for an answer."""

    def __init__(self, says):
        self.says, self.asked = says, []

    async def __aenter__(self):
        async def chat(request):
            body = await request.json()
            self.asked.append(body)
            if (refusal := self.says(body)) is not None:
                status, error, *headers = refusal
                return web.json_response({"error": error}, status=status, headers=headers[0] if headers else None)
            choice = {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
            return web.json_response({"choices": [choice], "usage": None})

        app = web.Application()
        app.router.add_post("/v1/chat/completions", chat)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    async def one_by_one(self, count, **settings):
        """What each of some calls brings: ``None`` for an answer, or whether its error ends a run."""
        found = []
        async with Client(Server(self.url, model="m", retries=1, outage_s=0.2, **settings)) as client:
            for i in range(count):
                found += await asyncio.gather(client.complete(ask(i), 1, Sampling(64)), return_exceptions=True)
        assert not any("\n" in str(one) for one in found)
        return [one.ends_a_run if isinstance(one, InferenceError) else None for one in found]


QUOTA = {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}


@pytest.mark.parametrize(
    "refusal",
    [
        (401, {"message": "the key has expired"}),
        (402, {"message": "Insufficient Balance"}),
        (403, {"message": "not with this key"}),
        (429, QUOTA),
        (400, {"message": "no", "code": "billing_hard_limit_reached"}),
        (200, QUOTA),  # as proxies do
        (307, "moved", {"Location": "http://127.0.0.1:1/v1"}),
    ],
)
async def test_a_key_that_expires_or_money_that_runs_out_ends_a_run_at_once(refusal):
    answered = iter([None] * 4)
    async with Refuses(lambda body: next(answered, refusal)) as server:
        assert await server.one_by_one(5) == [None] * 4 + [True]


@pytest.mark.parametrize("status", [400, 403, 413, 422])
async def test_prompts_that_are_refused_are_each_given_up(status):
    async with Refuses(lambda body: None if body["messages"] == WORDS else (status, {"message": "flagged"})) as server:
        assert await server.one_by_one(20) == [False] * 20


@pytest.mark.parametrize("status", [400, 404, 405, 422])
async def test_a_server_that_refuses_everything_ends_a_run(status):
    async with Refuses(lambda body: (status, {"message": "not here"})) as server:
        assert await server.one_by_one(8) == [False] * 7 + [True]


async def test_a_length_that_a_server_refuses_for_every_prompt_ends_a_run():
    def says(body):
        return (400, {"message": "too many tokens"}) if body["max_tokens"] > 16 else None

    async with Refuses(says) as server:
        assert (await server.one_by_one(8))[-1] is True


@pytest.mark.parametrize("sick", [True, False])
async def test_a_question_refused_for_its_length_says_nothing_of_a_server(sick):
    """It wants answers of 32 tokens at least, and answers 500: to all, or to others than the harmless one."""

    def says(body):
        if body["max_tokens"] < body["min_tokens"]:
            return 400, {"message": "min_tokens must not exceed max_tokens"}
        return (500, {"message": "out of order"}) if sick or body["messages"] != WORDS else None

    async with Refuses(says) as server:
        assert await server.one_by_one(2, extra_body={"min_tokens": 32}) == [sick] * 2


async def test_a_server_that_takes_the_request_but_never_the_question_is_not_well():
    def says(body):
        return (400, {"message": "no"}) if body["messages"] == WORDS else (500, {"message": "out of order"})

    async with Refuses(says) as server:
        assert await server.one_by_one(2) == [True] * 2


async def test_a_server_that_accepts_and_never_answers_is_away(scripted_server):
    async with (
        scripted_server(answer, faults=("stall",), share=1.0) as server,
        Client(Server(server.url, retries=1, timeout_s=0.3, outage_s=0.2)) as client,
    ):
        asked = (client.complete(ask(i), 1, Sampling(64)) for i in range(12))
        errors = await asyncio.gather(*asked, return_exceptions=True)
    assert [(error.kind, error.ends_a_run) for error in errors] == [("timeout", True)] * 12


async def test_prompts_that_alone_take_too_long_are_each_given_up(scripted_server):
    def slow(messages, sample):
        return "yes" if messages == WORDS else Fault("stall")

    async with scripted_server(slow) as server, Client(Server(server.url, retries=0, timeout_s=0.5)) as client:
        found = await asyncio.gather(
            *(client.complete(ask(i), 1, Sampling(64)) for i in range(10)), return_exceptions=True
        )
    assert [(error.kind, error.ends_a_run) for error in found] == [("timeout", False)] * 10


counts = st.integers(0, 10**6)
usages = st.builds(
    Usage,
    **dict.fromkeys(("requests", "completed", "failed", "retried", "cached", "prompt_tokens"), counts),
    completion_tokens=counts,
    cost=st.just(1.5),
    usage_unknown=counts,
    in_flight=st.integers(0, 9),
    window=counts,
    errors=st.dictionaries(st.sampled_from(["timeout", "cancelled"]), st.integers(1, 9)),
)


@settings(max_examples=50)
@given(usages, usages)
def test_two_processes_spent_what_each_did(now, earlier):
    both = now.after(earlier, None)
    assert both.requests == now.requests + earlier.requests
    assert both.cost == 3.0
    lost = Counter(now.errors) + Counter(earlier.errors) + Counter(cancelled=earlier.in_flight)
    assert (both.errors, both.in_flight, both.window) == (dict(lost), now.in_flight, now.window)


def test_tokens_of_a_process_without_a_price_have_that_of_today():
    price = Price(1.0, 2.0)
    account = Account(None)
    account.requests, account.completed, account.prompt_tokens, account.completion_tokens = 1, 1, 10**6, 10**6
    assert Account(price).snapshot(1).after(account.snapshot(1), price).cost == 3.0
    assert account.snapshot(1).after(Account(price).snapshot(1), price).cost is None  # nobody knows what it costs now


@pytest.fixture
def limits(monkeypatch):
    """``limits(soft, hard)``: the process has these, and so many files open as it has."""
    state = {}

    def have(soft, hard):
        state["now"] = soft, hard
        monkeypatch.setattr(resource, "getrlimit", lambda _: state["now"])
        monkeypatch.setattr(resource, "setrlimit", lambda _, new: state.update(now=new))
        monkeypatch.setattr(open_files, "_open_now", lambda: 20)
        return state

    return have


@pytest.mark.parametrize(
    ("soft", "hard", "requests", "servers", "after"),
    [
        (1_024, 1_048_576, 64, 1, 1_024),
        (1_024, 1_048_576, 4_000, 2, 20 + 8_000 + 256),
        (1_024, 5_000, 4_000, 2, 5_000),  # enough for the requests, if not for all that may stay open
        (256, resource.RLIM_INFINITY, 1_000, 1, 1_276),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 10**6, 1, resource.RLIM_INFINITY),
    ],
)
def test_the_soft_limit_is_raised_to_what_is_needed(limits, soft, hard, requests, servers, after):
    state = limits(soft, hard)
    open_files.make_room(requests, servers)
    assert state["now"] == (after, hard)


def test_a_hard_limit_that_is_too_low_is_one_line_that_says_what_to_do(limits):
    limits(256, 1_024)
    with pytest.raises(ServerError) as caught:
        open_files.make_room(5_000, 1)
    said = str(caught.value)
    assert "\n" not in said
    assert "5,052 open files" in said
    assert "may have 1,024 (the hard limit, `ulimit -Hn`)" in said
    most = int(said.partition("have at most ")[2].partition(" ")[0].replace(",", ""))
    limits(256, 1_024)
    open_files.make_room(most, 1)  # what it says is right


def test_no_file_left_is_our_trouble_and_not_the_servers():
    failure = from_exception(OSError(errno.EMFILE, "Too many open files"))
    assert failure is not None
    assert (failure.remedy, failure.congestion) == (Remedy.LATER, True)
    assert "ulimit -n" in failure.message


async def test_more_at_once_than_the_soft_limit_allows(scripted_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    more = 120  # than are open: for 60 connections, whose other ends are in this process, too
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files._open_now() + more, hard))
    try:
        async with (
            scripted_server(answer, latency=0.3) as server,
            Client(Server(server.url, max_in_flight=400)) as client,
        ):
            found = await asyncio.gather(*(client.complete(ask(i), 1, Sampling(64)) for i in range(400)))
            assert server.counts["peak"] > more
        assert len(found) == 400
        assert client.usage.failed == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
