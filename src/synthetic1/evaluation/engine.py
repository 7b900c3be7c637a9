"""Where an evaluation's completions come from: a checkpoint here, a vLLM server of our own, or any server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from synthetic1.evaluation.settings import TOKENS, EvaluationSettings
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
    # Tasks are whole in their batches, or batches in their tasks: an evaluation that was stopped goes on between two.
    at_once, samples = settings.batch_size or _fitting(settings, model), settings.samples
    size = at_once - at_once % samples or max(part for part in range(1, at_once + 1) if samples % part == 0)
    engine = TransformersEngine(model, tokenizer, batch_size=size, thinking_open=thinking_open)
    return OpenedEngine(engine, thinking_open, settings.model.name, models.weights_of(settings.model))


def _fitting(settings: EvaluationSettings, model: Any) -> int:
    """Completions at once where none are said: of the embedded model the most, of another what its cache leaves."""
    from synthetic1.evaluation.batch_size import LARGEST, device_bytes, fitting_batch

    if settings.is_embedded:
        return LARGEST
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    return fitting_batch(
        model.config, weights, model.dtype.itemsize, settings.sampling.max_tokens or TOKENS, device_bytes()
    )


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
