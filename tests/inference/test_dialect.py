"""Fields that a server does not take: learnt from its words, left out from then on, and never because of a prompt."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError
from synthetic1.inference.server import Server

ASK = [{"role": "user", "content": "?"}]
SCHEMA = {"type": "object"}


def answer(asked):
    one = {"message": {"content": "hello"}, "finish_reason": "stop"}
    return {"choices": [{"index": index, **one} for index in range(asked.get("n") or 1)]}


@asynccontextmanager
async def picky(refuse):
    """A server that refuses what ``refuse(fields)`` has words for: ``(status, body)``; its requests are listed."""
    asked = []

    async def chat(request):
        fields = await request.json()
        asked.append(fields)
        if (refusal := refuse(fields)) is not None:
            status, body = refusal
            return web.json_response(body, status=status)
        if not fields.get("stream"):
            return web.json_response(answer(fields))
        text = 'data: {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}\n\n'
        return web.Response(text=text + "data: [DONE]\n\n", content_type="text/event-stream")

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()


def openai(field, message, code="unsupported_parameter"):
    return {"error": {"message": message, "type": "invalid_request_error", "param": field, "code": code}}


def pydantic(field, complaint="Extra inputs are not permitted", kind="extra_forbidden"):
    return {"detail": [{"type": kind, "loc": ["body", field], "msg": complaint, "input": "temperature unsupported"}]}


REFUSALS = [
    # OpenAI's reasoning models
    ("temperature", 400, openai("temperature", "Unsupported value: 'temperature' does not support 0.5 with this model. "
                                "Only the default (1) value is supported.", "unsupported_value")),
    ("top_p", 400, openai("top_p", "Unsupported parameter: 'top_p' is not supported with this model.")),
    ("max_tokens", 400, openai("max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model. "
                               "Use 'max_completion_tokens' instead.")),
    ("seed", 400, openai(None, "Unrecognized request argument supplied: seed")),
    ("seed", 400, openai("seed", "This parameter is not supported.")),
    ("top_k", 400, openai(None, "Unknown parameter: 'top_k'.", "unknown_parameter")),
    # Anthropic, and what speaks like it
    ("top_p", 400, openai(None, "`temperature` and `top_p` cannot both be specified for this model. Use only one.")),
    ("temperature", 400, {"type": "error", "error": {"type": "invalid_request_error",
                                                    "message": "`temperature` is deprecated for this model."}}),
    ("seed", 400, {"error": {"message": "seed: Extra inputs are not permitted"}}),
    ("stream_options", 400, {"error": {"message": "stream_options: Extra inputs are not permitted"}}),
    # pydantic's lists: FastAPI, Mistral; vLLM once sent them as words
    ("seed", 422, pydantic("seed")),
    ("stream_options", 422, pydantic("stream_options")),
    ("top_k", 400, {"object": "error", "code": 400, "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), "
                    "'msg': 'Extra inputs are not permitted', 'input': 5}]"}),
    # others
    ("seed", 400, {"error": {"message": "litellm.UnsupportedParamsError: groq does not support parameters: ['seed'], "
                                        "for model=x. To drop these, set `litellm.drop_params=True`"}}),
    ("seed", 400, [{"error": {"code": 400, "status": "INVALID_ARGUMENT",
                             "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'}}]),
    ("stream_options", 400, {"error": "Additional properties are not allowed ('stream_options' was unexpected)"}),
    ("seed", 400, {"message": "Malformed input request: #: extraneous key [seed] is not permitted"}),
    ("temperature", 400, {"error": {"message": "invalid temperature: only 1 is allowed for this model"}}),
    ("top_p", 422, {"message": "property 'top_p' is unsupported"}),
    ("temperature", 400, {"error": "This model only supports temperature=1."}),
    ("top_k", 501, {"error": {"message": "top_k has not been implemented"}}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "status", "body"), REFUSALS, ids=[f"{row[0]}-{n}" for n, row in enumerate(REFUSALS)])
async def test_a_field_that_is_refused_is_left_out_for_the_rest_of_the_run(field, status, body, caplog):
    server, stream = picky(lambda fields: (status, body) if field in fields else None), field == "stream_options"
    async with server as (url, asked), Client(Server(url, model="m", stream=stream)) as client:
        for seed in range(3):
            (found,) = await client.complete(ASK, 1, Sampling(64, 0.5, 0.9, seed=seed, top_k=5))
            assert found.answer == "hello"
    assert [field in fields for fields in asked] == [True, False, False, False]
    assert set(asked[0]) - set(asked[1]) == {field}, "and nothing else"
    assert ("max_completion_tokens" in asked[-1]) is (field == "max_tokens")
    (line,) = [record for record in caplog.records if "does not take" in record.message]
    assert f"`{field}`" in line.getMessage()
    assert url in line.getMessage()


async def test_a_server_may_refuse_one_field_after_another():
    unwanted = ["max_tokens", "seed", "temperature", "top_p"]

    def refuse(fields):
        name = next((name for name in unwanted if name in fields), None)
        return name and (400, openai(name, f"Unsupported parameter: '{name}' is not supported with this model."))

    async with picky(refuse) as (url, asked), Client(Server(url, model="m")) as client:
        calls = (client.complete(ASK, 1, Sampling(64, 0.5, seed=seed)) for seed in range(20))
        assert {one.answer for (one,) in await asyncio.gather(*calls)} == {"hello"}
        before = len(asked)
        await client.complete(ASK, 1, Sampling(64, 0.5))
        assert len(asked) == before + 1
        assert client.usage.failed == 0


@pytest.mark.parametrize(
    "words",
    [
        "n must be 1",
        "Only one completion choice is allowed",
        "best_of is not supported",
        "multiple candidates are unsupported",
        "This model returns a single answer",
        "candidateCount must be 1",
        "n unsupported",
    ],
)
async def test_one_choice_at_a_time_in_whatever_words(words):
    server = picky(lambda fields: (400, {"error": words}) if fields.get("n") else None)
    async with server as (url, asked), Client(Server(url, model="m")) as client:
        for _ in range(2):
            assert len(await client.complete(ASK, 3, Sampling(64))) == 3
    assert [fields.get("n", 1) for fields in asked] == [3, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for this model: system instructions are not supported",
        "Conversation roles must alternate; the role system is unknown",
    ],
)
async def test_what_a_system_message_says_the_user_says(words):
    def refuse(fields):
        return (400, {"error": words}) if fields["messages"][0]["role"] == "system" else None

    told = [{"role": "system", "content": "Be brief."}, *ASK, {"role": "assistant", "content": "!"}, *ASK]
    async with picky(refuse) as (url, asked), Client(Server(url, model="m")) as client:
        for _ in range(2):
            await client.complete(told, 1, Sampling(64))
    assert [len(fields["messages"]) for fields in asked] == [4, 3, 3]
    assert asked[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\n?"}, *told[2:]]


NO_CHANGE_HELPS = [
    (400, {"error": "the prompt holds: seed is not supported, temperature unsupported, top_p unknown parameter"}),
    (422, {"detail": [{"loc": ["body", "messages"], "msg": "Value error, bad token", "input": "seed is unsupported"}]}),
    (400, {"error": "response_format: the text cannot be tokenised"}),
    (400, {"error": "max_tokens is too large: 64. This model supports at most 16 completion tokens"}),
    (400, {"error": "This model's maximum context length is 10 tokens; max_tokens or max_completion_tokens too large"}),
    (400, {"error": "temperature must be between 0 and 0.4"}),
    (401, {"error": "seed is not supported"}),
]


@pytest.mark.parametrize(("status", "body"), NO_CHANGE_HELPS)
async def test_what_no_change_mends_teaches_nothing(status, body, caplog):
    """Words about one prompt, or from one, must not change how the next is asked."""

    def refuse(fields):
        return (status, body) if fields["messages"][0]["content"] == "bad" else None

    async with picky(refuse) as (url, asked), Client(Server(url, model="m")) as client:
        await client.complete(ASK, 1, Sampling(64, 0.5), schema=SCHEMA)
        with pytest.raises(InferenceError) as raised:
            await client.complete([{"role": "user", "content": "bad"}], 2, Sampling(64, 0.5), schema=SCHEMA)
        assert raised.value.kind == "bad_request"
        await client.complete(ASK, 1, Sampling(64, 0.5), schema=SCHEMA)
    assert asked[-1] == asked[0]
    assert "does not take" not in caplog.text


async def test_a_value_out_of_range_is_said_and_not_left_out():
    refusal = (400, {"error": {"message": "temperature must be between 0 and 1", "param": "temperature"}})
    async with picky(lambda fields: refusal) as (url, asked), Client(Server(url, model="m")) as client:
        with pytest.raises(InferenceError, match="between 0 and 1"):
            await client.complete(ASK, 1, Sampling(64, 1.5))
    assert len(asked) == 1


async def test_what_settings_say_themselves_is_not_ours_to_leave_out():
    refusal = (400, {"error": "seed is not supported"})
    server, own = picky(lambda fields: refusal if "seed" in fields else None), {"seed": 5}
    async with server as (url, asked), Client(Server(url, model="m", extra_body=own)) as client:
        with pytest.raises(InferenceError, match="seed is not supported"):
            await client.complete(ASK, 1, Sampling(64))
    assert len(asked) == 2


async def test_a_limit_is_never_left_out():
    def refuse(fields):
        name = next(name for name in ("max_tokens", "max_completion_tokens") if name in fields)
        return 400, {"error": f"Unsupported parameter: {name}"}

    async with picky(refuse) as (url, asked), Client(Server(url, model="m")) as client:
        with pytest.raises(InferenceError):
            await client.complete(ASK, 1, Sampling(64))
    assert len(asked) == 2
