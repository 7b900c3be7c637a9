"""Whether prompts end inside a thought, and the vLLM server that is started for a model: the same for all programs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from synthetic1.datagen.generation.run import server_of
from synthetic1.datagen.generation.settings import GenerateSettings
from synthetic1.evaluation.engine import open_engine
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.inference import launch
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server
from synthetic1.jobs.launching import launched
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.program import ProgramError, validate

R1 = "deepseek-ai/DeepSeek-R1"
ENV = {"env": {"id": "synthetic1/math-v0"}}
CUT_OFF = r"so the sum is \boxed{5}, or is it"
"""A thought that ran into the limit, of a server without a reasoning parser: its template has written the <think>."""


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "r1.jinja"
    path.write_text("{{ messages[0]['content'] }}{% if add_generation_prompt %}<think>\n{% endif %}")
    return str(path)


@pytest.fixture
def commands(monkeypatch):
    """Stands in for vLLM: what it would have been started with."""
    started: list[tuple[str, ...]] = []

    @asynccontextmanager
    async def launch_vllm(model, *, arguments):
        started.append(arguments)
        if "--fail" in arguments:
            raise ServerError("unreachable", "vLLM ended with status 1")
        yield Server(("http://localhost:1/v1",), "served")

    monkeypatch.setattr(launch, "launch_vllm", launch_vllm)
    return started


def generating(**values):
    return validate(GenerateSettings, {**ENV, "model_name": R1, **values})


def evaluating(**values):
    return validate(EvaluationSettings, {**ENV, "model": {"name": "embedded"}, **values})


OPENS = [
    (R1, None, True),
    ("DeepSeek-R1-Distill-Qwen-7B", None, True),
    ("deepseek-ai/DeepSeek-V3", None, False),
    (R1, False, False),
    ("mine", True, True),
]


@pytest.mark.parametrize(("model", "setting", "opens"), OPENS)
async def test_generation_and_evaluation_agree_on_a_served_model(model, setting, opens, scripted_server):
    async with scripted_server([CUT_OFF], model=model) as server:
        async with server_of(generating(model_name=model, server=server.url, thinking_open=setting)) as asked:
            assert asked.thinking_open == opens
        evaluation = evaluating(server=server.url, thinking_open=setting)

        def answer():
            with open_engine(evaluation) as opened:
                assert opened.thinking_open == opens
                return opened.engine

        engine = await asyncio.to_thread(answer)
        async with engine:
            (completion,) = await engine.complete([{"role": "user", "content": "2 + 3?"}], 1, Sampling(8))
    assert (completion.answer is None) == opens


@pytest.mark.parametrize(
    ("arguments", "setting", "opens"),
    [
        ([], None, True),
        ([], False, False),
        (["--chat-template=other.jinja"], None, False),  # nobody has looked into that one: the name says it
    ],
)
async def test_a_model_that_is_started_is_asked_by_its_template(commands, template, arguments, setting, opens, capsys):
    model = ModelSettings(name="embedded", chat_template=template, revision="v2")
    async with launched(model, arguments, thinking_open=setting) as server:
        assert (server.model, server.thinking_open) == ("served", opens)
    assert commands == [("--revision", "v2", "--chat-template", template, *arguments)]
    assert capsys.readouterr().out == "starting vLLM with embedded …\n"


@pytest.mark.parametrize(("dtype", "flags"), [("float32", ()), ("bfloat16", ("--dtype", "bfloat16"))])
async def test_vllm_is_told_a_number_format_that_was_chosen(commands, dtype, flags):
    async with launched(ModelSettings(name="embedded", dtype=dtype), ["--x"]):
        pass
    assert commands == [(*flags, "--x")]


async def test_generation_starts_what_evaluation_starts(commands):
    settings = generating(model_name="embedded", launch="vllm", vllm_arguments=["--x"], concurrency=3)
    async with server_of(settings) as server:
        assert (server.model, server.thinking_open, server.max_in_flight) == ("served", False, 3)

    def evaluate():
        with open_engine(evaluating(engine="vllm", vllm_arguments=["--x"], concurrency=3)) as opened:
            assert (opened.thinking_open, opened.model) == (False, "embedded")

    await asyncio.to_thread(evaluate)
    assert commands == [("--x",), ("--x",)]


async def test_a_server_that_does_not_start_is_one_line(commands):
    with pytest.raises(ProgramError, match=r"^vLLM ended with status 1$"):
        async with launched(ModelSettings(name="embedded"), ["--fail"]):
            pass
    with pytest.raises(ProgramError, match="there is no such folder"):
        async with launched(ModelSettings(name="./nowhere"), []):
            pass
    assert commands == [("--fail",)]
