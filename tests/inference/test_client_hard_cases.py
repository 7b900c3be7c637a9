"""What servers and proxies do that no protocol foresees: answers keep, patience has an end, and the client lives on."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.inference.failure import retry_after
from synthetic1.inference.server import Server

ASK = [{"role": "user", "content": "?"}]
GREEDY = Sampling(64, temperature=0.0)
WHOLE = {"choices": [{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}]}
FINISHED = b'data: {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}\n\n'
HALF = b'data: {"choices": [{"index": 1, "delta": {"content": "never'


@asynccontextmanager
async def serving(*replies):
    """A server whose n-th answer is the n-th reply, the last for all that follow; its requests are listed."""
    asked = []

    async def chat(request):
        asked.append(await request.json())
        reply = replies[min(len(asked), len(replies)) - 1]
        if isinstance(reply, bytes):
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write(reply)
            return response
        status, body, headers = reply
        return web.json_response(body, status=status, headers=headers)

    async def models(_):
        return web.json_response({"data": [{"id": "m"}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "rest",
    [b"", b'data: {"choices": [], "usa', b"data: oops\n\n", b'data: {"error": {"message": "the engine died"}}\n\n'],
    ids=["nothing", "half a line", "no JSON", "an error"],
)
async def test_an_answer_that_finished_is_kept_whatever_follows(rest):
    async with serving(FINISHED + rest) as (url, asked), Client(Server(url, stream=True)) as client:
        (found,) = await client.complete(ASK, 1, Sampling(64))
        assert (found.answer, len(asked)) == ("hello", 1)
        assert client.usage.usage_unknown == 1


async def test_only_what_did_not_finish_is_asked_for_again():
    async with serving(FINISHED + HALF, FINISHED) as (url, asked), Client(Server(url, stream=True)) as client:
        await client.complete(ASK, 2, Sampling(64, seed=7))
        assert [(body["seed"], body.get("n", 1)) for body in asked] == [(7, 2), (8, 1)]


@pytest.mark.parametrize("model", [None, "m"])
async def test_one_of_two_replicas_is_not_there_from_the_start(model, tmp_path, nobodys_port):
    async with serving((200, WHOLE, {})) as (url, _):
        servers = (f"http://127.0.0.1:{nobodys_port}/v1", url)
        settings = Server(servers, model=model, outage_s=0.0, cache=str(tmp_path / "cache"))
        async with Client(settings) as client:
            found = await asyncio.gather(*(client.complete(ASK, 1, Sampling(64, seed=i)) for i in range(4)))
            with pytest.raises(InferenceError, match="cannot reach"):  # who asks for all of them is told
                await client.check()
    assert [one.answer for (one,) in found] == ["hello"] * 4


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("wait", [{"Retry-After": "86400"}, {"Retry-After-Ms": "inf"}], ids=["a day", "for ever"])
async def test_who_is_told_to_come_back_tomorrow_gives_up_today(status, wait):
    async with serving((status, {"error": "later"}, wait)) as (url, asked), Client(Server(url)) as client:
        with pytest.raises(InferenceError, match=f"status {status}"):
            await client.complete(ASK, 1, Sampling(64))
        assert len(asked) == 1
        assert client.usage.in_flight == 0


async def test_a_gateway_without_its_server_costs_no_retries():
    gone = (502, {"error": "bad gateway"}, {"Retry-After": "0"})
    replies = serving(gone, gone, gone, (200, WHOLE, {}))
    async with replies as (url, asked), Client(Server(url, retries=1)) as client:
        (found,) = await client.complete(ASK, 1, Sampling(64))
        assert client.usage.usage_unknown == 3 + 1  # nor does the answer say what it cost
    assert (found.answer, len(asked)) == ("hello", 4)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, None), ({"Retry-After": "2.5"}, 2.5), ({"Retry-After": "-3"}, None), ({"Retry-After": "soon"}, None),
     ({"Retry-After": "²"}, None), ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
     ({"Retry-After-Ms": "250"}, 0.25), ({"Retry-After-Ms": "nan"}, 0.0)],
)  # fmt: skip
def test_retry_after(headers, seconds):
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("refusal", "kept"),
    [("This model's maximum context length is 10 tokens; you sent 20, 5 of them in the response_format schema", True),
     ("response_format: json_schema is not supported", False)],
)  # fmt: skip
async def test_a_prompt_too_long_is_no_word_against_schemas(refusal, kept):
    async with serving((400, {"error": refusal}, {}), (200, WHOLE, {})) as (url, asked), Client(url) as client:
        for _ in range(2):
            try:
                await client.complete(ASK, 1, Sampling(64), schema={"type": "object"})
            except InferenceError:
                assert kept
    assert ("response_format" in asked[-1]) is kept


def test_a_client_outlives_a_loop_that_ended_without_closing_it(tmp_path):
    client = []

    async def ask():
        async with serving((200, WHOLE, {})) as (url, asked):
            if not client:
                client.append(Client(Server(url, model="m", cache=str(tmp_path / "cache"))))
            (found,) = await client[0].complete(ASK, 1, GREEDY)
            return found.answer, len(asked)

    assert asyncio.run(ask()) == ("hello", 1)
    assert asyncio.run(ask()) == ("hello", 0), "and what it had in its cache"
    asyncio.run(client[0].aclose())
    asyncio.run(client[0].aclose())


@pytest.mark.parametrize("model", [None, "m"])
@pytest.mark.parametrize("there", [True, False])
async def test_closing_ends_every_call_with_one_line(scripted_server, nobodys_port, model, there):
    async with scripted_server(latency=30.0, model="m") as server:
        url = server.url if there else f"http://127.0.0.1:{nobodys_port}/v1"
        client = Client(Server(url, model=model, max_in_flight=2))
        calls = [asyncio.create_task(client.complete(ASK, 1, Sampling(64, seed=i))) for i in range(6)]
        while there and len(server.requests) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        await client.aclose()
        found = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(one) for one in found} == {InferenceError}
    assert {str(one) for one in found} == {"the client was closed"}


# The cache ----------------------------------------------------------------------------------------------------------


async def test_answers_are_known_by_what_was_asked_not_by_what_the_server_understood(tmp_path):
    """One that refuses schemas is asked without; the next process asks with them again, and finds the answers."""
    refused = (400, {"error": "response_format is not supported"}, {})
    settings = {"cache": str(tmp_path / "cache"), "model": "m"}
    schema = {"type": "object"}
    async with serving(refused, (200, WHOLE, {})) as (url, asked):
        for _ in range(2):
            async with Client(Server(url, **settings)) as client:
                for seed in range(3):
                    await client.complete(ASK, 1, Sampling(64, temperature=0.0, seed=seed), schema=schema)
    assert len(asked) == 1 + 3


async def test_a_damaged_cache_costs_no_answer(tmp_path, caplog):
    path = tmp_path / "cache"
    async with serving((200, WHOLE, {})) as (url, asked):
        async with Client(Server(url, cache=str(path))) as client:
            await client.complete(ASK, 1, GREEDY)
        with sqlite3.connect(path) as rows:
            rows.execute("UPDATE answers SET reply = ?", (json.dumps(["half of"])[:-3],))
        rows.close()
        for _ in range(2):
            async with Client(Server(url, cache=str(path))) as client:
                (found,) = await client.complete(ASK, 1, GREEDY)
    assert (found.answer, len(asked)) == ("hello", 2)
    assert "cannot be read" in caplog.text


async def test_a_table_that_is_gone_is_a_warning(tmp_path, caplog):
    path = tmp_path / "cache"
    async with serving((200, WHOLE, {})) as (url, _), Client(Server(url, cache=str(path))) as client:
        await client.complete(ASK, 1, GREEDY)
        with sqlite3.connect(path) as rows:
            rows.execute("DROP TABLE answers")
        rows.close()
        (found,) = await client.complete(ASK, 1, Sampling(64, temperature=0.0, seed=1))
    assert found.answer == "hello"
    assert "no such table" in caplog.text
