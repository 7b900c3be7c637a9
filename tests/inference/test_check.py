"""``check``: what a server says of itself, or one line that says what is wrong."""

from __future__ import annotations

import pytest

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server


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
