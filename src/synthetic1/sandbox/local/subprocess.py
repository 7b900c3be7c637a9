"""subprocess: programs as plain processes of this user, with limits and without walls. Only for programs one trusts."""

from __future__ import annotations

import asyncio

from synthetic1.sandbox.backend import Backend, Connection
from synthetic1.sandbox.local import agent_process as local_agent
from synthetic1.sandbox.local import toolchains

_PROCESSES = 256  # of an agent and its programs


class SubprocessBackend(Backend):
    """Every result says ``unsafe``."""

    name = "subprocess"
    unsafe = True
    caveats = (
        "programs can read and write all that this user can, reach the network, and end or change other programs",
        "memory is bounded for each process, by its address space",
    )

    def __init__(self) -> None:
        self._path = ""

    async def open(self) -> str:
        return await asyncio.to_thread(self._open)

    async def connect(self) -> Connection:
        return await local_agent.LocalConnection.start(
            lambda folder, _: ["--launcher", "plain", "--root", folder], self._path, processes=_PROCESSES
        )

    async def close(self) -> None:
        """Nothing to let go of."""

    def _open(self) -> str:
        local_agent.sweep()
        self._path = toolchains.search_path("/", toolchains.elsewhere())
        self.toolchain = toolchains.identity(self._path)
        return "plain processes, UNSAFE: nothing keeps programs from this machine"
