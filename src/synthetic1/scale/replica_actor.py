"""What starts a vLLM server on a node, and lives as long as that does: one actor a server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from synthetic1.inference.launch import RunningVllm, running_vllm
from synthetic1.jobs.launching import planned
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.scale.node_scorer import NodeVersions

THREADS = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class ReplicaOrder:
    """What each replica serves. The model has to be readable on every node: ``embedded``, an id of the hub, or a folder
    that is there under the same name."""

    model: ModelSettings
    name: str
    """The name under which it is served: that of a folder may differ by node."""
    arguments: tuple[str, ...]
    """More of vLLM's command line, which wins."""
    thinking_open: bool | None
    """As the setting of this name; None: as the chat template says."""


@dataclass(frozen=True)
class StartedReplica:
    """A server that answers."""

    url: str
    model: str
    """The name under which it serves the model."""
    thinking_open: bool


class ReplicaActor:
    """The actor of a server. Ray calls its methods on one event loop.

    The server is a process of its own, and ends with the actor's, whatever ends that.

    Args:
        threads: of a server that computes on CPUs.
    """

    def __init__(self, order: ReplicaOrder, threads: int | None = None) -> None:
        self._order, self._threads = order, threads
        self._stack = AsyncExitStack()
        self._starting: asyncio.Task[StartedReplica] | None = None
        self._running: RunningVllm | None = None

    async def hello(self) -> NodeVersions:
        """The sign that the actor works."""
        return NodeVersions.here()

    async def start(self) -> StartedReplica:
        """Start the server, and wait until it answers.

        Raises:
            ProgramError: there is no such model here.
            ServerError: the server cannot be started; with the end of its log.
        """
        self._starting = asyncio.create_task(self._start())
        return await self._starting

    async def ended(self) -> str:
        """Wait until the server is gone, or sick: why, in one line."""
        return "it was not started" if self._running is None else await self._running.ended()

    async def stop(self) -> None:
        """End the server, with all its processes; the driver ends the actor afterwards."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self._stack.aclose()

    async def _start(self) -> StartedReplica:
        from ray import util

        order = self._order
        own_address: Callable[[], str] = util.get_node_ip_address  # as the other nodes reach it
        plan = await asyncio.to_thread(planned, order.model, order.arguments, order.thinking_open)
        given = any(argument.partition("=")[0] == "--served-model-name" for argument in plan.arguments)
        arguments = plan.arguments if given else ("--served-model-name", order.name, *plan.arguments)
        _set_threads(self._threads)
        launching = running_vllm(plan.model, host=own_address(), arguments=arguments)
        self._running = await self._stack.enter_async_context(launching)
        server = self._running.server
        return StartedReplica(server.urls[0], server.model or order.name, plan.thinking_open)


def _set_threads(threads: int | None) -> None:
    """Ray has its processes compute on one thread, as long as the node's own environment does not say otherwise; that
    is not meant for a server that has GPUs, or the node, to itself."""
    if f"\0{THREADS}=".encode() not in b"\0" + Path("/proc/self/environ").read_bytes():  # as this process was started
        os.environ.pop(THREADS, None)
        if threads is not None:
            os.environ[THREADS] = str(threads)
