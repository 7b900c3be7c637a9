"""A vLLM server for a model of the settings, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple

from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server
from synthetic1.jobs import chat, models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.program import ProgramError

OTHER_TEMPLATE = {"--chat-template", "--tokenizer", "--tokenizer-mode"}
"""Arguments of vLLM with which the template of the model's own tokenizer says nothing."""


class VllmPlan(NamedTuple):
    """What vLLM is started with."""

    model: str
    """A folder or a model id, on the machine where it is started."""
    arguments: tuple[str, ...]
    thinking_open: bool


def planned(model: ModelSettings, arguments: Sequence[str], thinking_open: bool | None = None) -> VllmPlan:
    """How vLLM is started on this machine; see ``launched``.

    Raises:
        ProgramError: no such model, or one that vLLM cannot read.
    """
    models.check_whole(model, "vLLM")
    if thinking_open is None:
        given = {argument.partition("=")[0] for argument in arguments}
        tokenizer = None if given & OTHER_TEMPLATE else models.load_tokenizer(model)
        thinking_open = chat.opens_thinking(model.name, tokenizer)
    return VllmPlan(models.model_path(model), command_line(model, arguments), thinking_open)


@asynccontextmanager
async def launched(
    model: ModelSettings, arguments: Sequence[str], *, thinking_open: bool | None = None
) -> AsyncIterator[Server]:
    """Start vLLM with ``model``, its revision, number format and chat template, and yield the server once it answers.

    Args:
        arguments: more of vLLM's command line; they win over what ``model`` says.
        thinking_open: as the setting of this name; None: as ``synthetic1.jobs.chat.opens_thinking`` finds it.

    Raises:
        ProgramError: no such model, or a server that cannot be started, or, in the block, one that fails.
    """
    from synthetic1.inference.launch import launch_vllm

    plan = planned(model, arguments, thinking_open)
    print(f"starting vLLM with {model.name} …", flush=True)
    try:
        async with launch_vllm(plan.model, arguments=plan.arguments) as server:
            yield replace(server, thinking_open=plan.thinking_open)
    except ServerError as error:
        raise ProgramError(str(error)) from error


def command_line(model: ModelSettings, arguments: Sequence[str]) -> tuple[str, ...]:
    """What vLLM is told of the model, and ``arguments``, of which vLLM takes the last where one stands twice.

    With the default format vLLM is left to take the one that the weights are stored in.
    """
    dtype = None if model.dtype == ModelSettings.model_fields["dtype"].default else model.dtype
    said = (("--revision", model.revision), ("--dtype", dtype), ("--chat-template", model.chat_template))
    return (*(part for flag, value in said if value is not None for part in (flag, value)), *arguments)
