"""Where an evaluation's completions come from: a checkpoint here, a vLLM server of our own, or any server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.inference.engine import Engine

if TYPE_CHECKING:
    from synthetic1.inference.introduction import ServerFacts


class OpenedEngine(NamedTuple):
    """What completes, and what it is called."""

    engine: Engine
    thinking_open: bool
    """Prompts end inside a thought."""
    model: str
    """Its name, for people."""
    weights: str
    """The same as long as the weights are."""


@contextmanager
def open_engine(settings: EvaluationSettings) -> Iterator[OpenedEngine]:
    """The engine and what it completes with.

    Raises:
        ProgramError: no such model, or a server that does not answer as it should.
    """
    if settings.engine == "transformers":
        yield _transformers(settings)
    elif settings.engine == "vllm":
        with _launched(settings) as found:
            yield found
    else:
        from synthetic1.inference.server import Server
        from synthetic1.jobs.chat import opens_thinking

        assert settings.server is not None
        server = Server((settings.server,), settings.server_model, max_in_flight=settings.concurrency)
        facts = asyncio.run(_introduced(server))
        said = settings.thinking_open
        server = replace(server, thinking_open=opens_thinking(facts.model) if said is None else said)
        yield OpenedEngine(_client(server), server.thinking_open, facts.model, f"{facts.model} {facts.root}")


def _transformers(settings: EvaluationSettings) -> OpenedEngine:
    import torch

    from synthetic1.evaluation.transformers_engine import TransformersEngine
    from synthetic1.jobs import chat, models

    tokenizer = models.load_tokenizer(settings.model)
    model: Any = models.load_model(settings.model)
    if torch.cuda.is_available():
        model = model.to("cuda")
    thinking_open = chat.prompt_opens_thinking(tokenizer)
    # Tasks are whole in their batches: an evaluation that was stopped goes on between two of them.
    size = max(settings.batch_size - settings.batch_size % settings.samples, 1)
    engine = TransformersEngine(model, tokenizer, batch_size=size, thinking_open=thinking_open)
    return OpenedEngine(engine, thinking_open, settings.model.name, models.weights_of(settings.model))


@contextmanager
def _launched(settings: EvaluationSettings) -> Iterator[OpenedEngine]:
    """A vLLM server for as long as the block lasts; it runs on a loop of its own, evaluation on another."""
    from synthetic1.jobs.launching import launched
    from synthetic1.jobs.models import weights_of

    with asyncio.Runner() as runner:
        started = launched(settings.model, settings.vllm_arguments, thinking_open=settings.thinking_open)
        server = runner.run(started.__aenter__())
        try:
            server = replace(server, max_in_flight=settings.concurrency)
            yield OpenedEngine(_client(server), server.thinking_open, settings.model.name, weights_of(settings.model))
        finally:
            runner.run(started.__aexit__(None, None, None))


async def _introduced(server: Any) -> ServerFacts:
    """The model that the server serves, asked before anything is counted on.

    Raises:
        ProgramError: it does not answer, or has another model.
    """
    from synthetic1.inference.client import Client
    from synthetic1.inference.errors import ServerError
    from synthetic1.jobs.program import ProgramError

    try:
        async with Client(server) as client:
            return await client.check()
    except ServerError as error:
        raise ProgramError(str(error)) from error


def _client(server: Any) -> Engine:
    from synthetic1.inference.client import Client

    return Client(server)
