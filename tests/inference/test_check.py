"""``check``: what a server says of itself, or one line that says what is wrong."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from scripted_server import Fault

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import ServerError
from synthetic1.inference.route import proxy_of
from synthetic1.inference.server import Server

ASK = [{"role": "user", "content": "?"}]


async def test_a_server_with_one_model_needs_no_name(scripted_server):
    async with scripted_server(model="m") as server, Client(server.url) as client:
        facts = await client.check()
        assert (facts.models, facts.model, facts.max_model_len) == (("m",), "m", 100_000)
        assert client.model == "m"


@pytest.mark.parametrize(
    ("models", "wanted", "said"),
    [(("a", "b"), "c", "serves a, b; not c"), (("a", "b"), None, "serves a, b; say which"), (("a",), "b", "not b")],
)
async def test_another_model_is_one_line(scripted_server, models, wanted, said):
    async with (
        scripted_server(model=models[0], models=models) as server,
        Client(Server(server.url, model=wanted)) as client,
    ):
        with pytest.raises(ServerError, match=said) as caught:
            await client.check()
    assert caught.value.kind == "wrong_model"
    assert "\n" not in str(caught.value)
    assert server.url in str(caught.value)


async def test_nobody_there(nobodys_port):
    url = f"http://127.0.0.1:{nobodys_port}/v1"
    async with Client(url) as client:
        with pytest.raises(ServerError, match="is the server up") as caught:
            await client.check()
    assert caught.value.kind == "unreachable"
    assert str(caught.value).startswith(f"cannot reach {url}")


async def test_the_key_is_read_from_the_environment_and_shown_nowhere(scripted_server, monkeypatch):
    async with scripted_server(api_key="sesame") as server:
        monkeypatch.setenv("DOOR", "wrong-one")
        async with Client(Server(server.url, api_key_env="DOOR")) as client:
            with pytest.raises(ServerError, match="is the API key right") as caught:
                await client.check()
        assert "wrong-one" not in str(caught.value)
        monkeypatch.setenv("DOOR", "sesame")
        async with Client(Server(server.url, api_key_env="DOOR")) as client:
            await client.check()
            (completion,) = await client.complete([{"role": "user", "content": "?"}], 1, Sampling(8))
    assert completion.answer == "hello"
    assert "sesame" not in repr(client.server) + repr(client.server.to_dict())


# A model that the settings name --------------------------------------------------------------------------------------


@asynccontextmanager
async def answering(status, body, path="/v1", *, needs=None):
    """A server whose ``/models`` gives one reply; chats are answered, and their requests listed."""
    seen = []

    async def models(_):
        return web.Response(status=status, body=body, content_type="application/json")

    async def chat(request):
        seen.append(request)
        if needs and any(request.headers.get(name) != value for name, value in needs.items()):
            return web.json_response({"error": "denied"}, status=401)
        one = {"message": {"content": "hello"}, "finish_reason": "stop"}
        return web.json_response({"choices": [one]})

    app = web.Application()
    app.router.add_get(f"{path}/models", models)
    app.router.add_post(f"{path}/chat/completions", chat)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{path}", seen
    finally:
        await runner.cleanup()


UNTOLD = [
    (401, b'{"error": "who are you?"}'), (403, b"forbidden"), (404, b"not found"), (405, b""), (500, b"[]"), (501, b""),
    (200, b"[]"), (200, b'{"data": []}'), (200, b""), (200, b"<html>"), (200, b'{"object": "list"}'), (200, b"null"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body"), UNTOLD)
async def test_a_server_that_does_not_say_is_taken_at_the_users_word(status, body, caplog, tmp_path):
    async with answering(status, body) as (url, seen):
        async with Client(Server(url, model="m", cache=str(tmp_path / "cache"))) as client:
            facts = await client.check()
            assert (facts.models, facts.model) == ((), "m")
            assert "going on with the model that the settings name, m" in caplog.text
            ((found,), (other,)) = [await client.complete(ASK, 1, Sampling(8, seed=seed)) for seed in (1, 2)]
        assert found.answer == other.answer == "hello"
        async with Client(url) as client:
            with pytest.raises(ServerError, match=r"is this an OpenAI-compatible server|say which") as caught:
                await client.check()
        assert "\n" not in str(caught.value)
    assert len(seen) == 2


@pytest.mark.parametrize("body", [b'[{"id": "m"}, {"id": "other"}]', b'{"data": [{"id": "m"}]}'])
async def test_a_bare_list_is_a_list(body):
    async with answering(200, body) as (url, _), Client(Server(url, model="m")) as client:
        assert "m" in (await client.check()).models
        async with Client(Server(url, model="n")) as client:
            with pytest.raises(ServerError, match="not n"):
                await client.check()


# Keys, addresses, proxies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["sesame", "sesame\n", " sesame \r\n", "\tsesame"])
async def test_a_key_may_come_with_blanks_around_it(key, monkeypatch):
    monkeypatch.setenv("DOOR", key)
    opened = answering(404, b"", needs={"Authorization": "Bearer sesame"})
    async with opened as (url, _), Client(Server(url, model="m", api_key_env="DOOR")) as client:
        assert (await client.complete(ASK, 1, Sampling(8)))[0].answer == "hello"


@pytest.mark.parametrize("key", ["ses\name", "sésame", "ses\x7fame"])
async def test_a_key_that_no_header_holds_is_one_line_that_does_not_show_it(key, monkeypatch):
    monkeypatch.setenv("DOOR", key)
    async with Client(Server("http://127.0.0.1:1/v1", model="m", api_key_env="DOOR")) as client:
        with pytest.raises(ServerError, match="the key in DOOR holds") as caught:
            await client.complete(ASK, 1, Sampling(8))
    assert "ame" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_azure_is_asked_as_it_wants(monkeypatch):
    monkeypatch.setenv("DOOR", "sesame")
    path = "/openai/deployments/gpt-4o"
    async with answering(404, b"", path, needs={"api-key": "sesame"}) as (url, seen):
        for address in (f"{url}?api-version=2024-10-21", f"{url}/chat/completions?api-version=2024-10-21"):
            async with Client(Server(address, api_key_env="DOOR")) as client:
                assert (await client.check()).model == "gpt-4o"
                assert (await client.complete(ASK, 1, Sampling(8)))[0].answer == "hello"
    assert {request.path_qs for request in seen} == {f"{path}/chat/completions?api-version=2024-10-21"}
    assert "Authorization" not in seen[0].headers


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://a:1", "http://a:1/v1"),
        ("http://a:1/", "http://a:1/v1"),
        (" http://a:1/v1/ ", "http://a:1/v1"),
        ("http://a:1/v1/chat/completions", "http://a:1/v1"),
        ("http://a:1?x=1", "http://a:1/v1?x=1"),
        ("https://a/openai/v1?api-version=preview", "https://a/openai/v1?api-version=preview"),
    ],
)
def test_addresses(written, meant):
    assert Server(written).urls == (meant,)
    assert Server(meant).urls == (meant,)


@pytest.mark.parametrize(
    "url", ["http://u:p@a/v1", "http://a/v1?key=s", "http://a/v1?api_key=s", "http://a/v1#s", "a:1"]
)
def test_what_is_no_address(url):
    with pytest.raises(ValueError, match="urls: "):
        Server(url)


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def proxies(monkeypatch):
    """Sets the variables that name proxies, and no others."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return lambda **names: [monkeypatch.setenv(name, value) for name, value in names.items()]


async def test_a_proxy_of_the_environment_is_used(proxies):
    async with answering(404, b"") as (url, seen):
        proxies(HTTP_PROXY=url.removesuffix("/v1"))
        async with Client(Server("http://judge.invalid/v1", model="m")) as client:
            assert (await client.complete(ASK, 1, Sampling(8)))[0].answer == "hello"
    assert [request.host for request in seen] == ["judge.invalid"]


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("https://judge.invalid/v1", "http://secure:1"),
        ("http://judge.invalid/v1", "http://plain:1"),
        ("https://inside.invalid/v1", None),
        ("https://127.0.0.1:8/v1", None),
        ("http://localhost:8/v1", None),
        ("http://[::1]:8/v1", None),
    ],
)
def test_which_proxy(url, used, proxies):
    proxies(HTTPS_PROXY="secure:1", HTTP_PROXY="http://plain:1", NO_PROXY="inside.invalid")
    assert proxy_of(url) == used


async def test_a_proxy_of_another_kind_is_one_line(proxies):
    proxies(ALL_PROXY="socks5://user:sesame@inside:1080")
    async with Client(Server("https://judge.invalid/v1", model="m")) as client:
        for call in (client.check(), client.complete(ASK, 1, Sampling(8))):
            with pytest.raises(ServerError, match=r"socks5 proxy for judge\.invalid; only HTTP proxies") as caught:
                await call
            assert "sesame" not in str(caught.value)
        assert client.usage.in_flight == 0


# Waiting -------------------------------------------------------------------------------------------------------------


async def test_who_waits_says_for_what(caplog, monkeypatch, scripted_server, nobodys_port):
    monkeypatch.setattr("synthetic1.inference.client.NOTICED_S", 0.0)
    async with (
        scripted_server([Fault("429"), Fault("429"), Fault("503"), "hello"]) as server,
        Client(server.url) as client,
    ):
        await client.complete(ASK, 1, Sampling(8))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{server.url}: status 429: too many requests; asking again in ")
    caplog.clear()
    async with Client(Server(f"http://127.0.0.1:{nobodys_port}/v1", outage_s=1.0)) as client:
        with pytest.raises(ServerError):
            await client.complete(ASK, 1, Sampling(8))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("cannot reach http")
    assert line.endswith("waiting for it up to 1 s")
