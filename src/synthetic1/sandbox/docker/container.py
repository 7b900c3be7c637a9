"""A container with its agent: how it is started, spoken to, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synthetic1.sandbox.backend import OUT_OF_MEMORY, Connection
from synthetic1.sandbox.docker.engine import DockerEngine
from synthetic1.sandbox.docker.stream import Demultiplexer, attach
from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable
from synthetic1.sandbox.image.build import AGENT_FOLDER
from synthetic1.sandbox.owner import is_alive, owner_id
from synthetic1.sandbox.program import MIB
from synthetic1.sandbox.seccomp import docker_profile

if TYPE_CHECKING:
    from docker import APIClient

OWNER_LABEL = "synthetic1.owner"
AGENT_BYTES = 64 * MIB  # what the agent and its warm interpreters may use over the limit of programs
FILES_BYTES = 256 * MIB  # of the one folder that can be written; what stands there counts as memory
INODES = 20_000
PIDS = 512  # of the container; a program's own limit is the smaller one
READ_BYTES = 1 * MIB
_FIRST_MEMORY = 512 * MIB
_BEING_MADE_S = 60  # a container that is just being made looks like one that was left
_UIDS = range(20_000, 60_000)  # inside what engines that map user ids leave to containers
_taken_uids: set[int] = set()


class DockerConnection(Connection):
    """A container with its agent."""

    def __init__(
        self,
        engine: DockerEngine,
        api: APIClient,
        container: str,
        uid: int,
        stream: socket.socket,
        demultiplexer: Demultiplexer,
    ) -> None:
        self._engine = engine
        self._api = api
        self._container = container
        self._uid = uid
        self._stream = stream
        self._demultiplexer = demultiplexer

    @classmethod
    async def start(cls, engine: DockerEngine, image: str, runtime: str | None) -> DockerConnection:
        """Make, attach and start a container.

        Args:
            runtime: of the engine, such as ``runsc``; None = its default.

        Raises:
            SandboxUnavailable: that did not work; nothing is left of it.
        """
        api = await engine.connect()
        uid, container, stream = _take_uid(), "", None
        try:
            config = container_config(api, image, runtime, uid, engine.labels)
            container = (await engine.call(api.create_container, **config))["Id"]
            # Attached before it starts: nothing that it says is lost.
            stream = await engine.call(attach, api, container)
            await engine.call(api.start, container)
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(limit=READ_BYTES)
            demultiplexer = Demultiplexer(reader)
            transport, _ = await loop.create_connection(lambda: demultiplexer, sock=stream)
        except BaseException:
            if stream is not None:
                stream.close()
            if not container or await asyncio.shield(_remove(engine, api, container)):
                _taken_uids.discard(uid)
            raise
        connection = cls(engine, api, container, uid, stream, demultiplexer)
        connection.reader = reader
        connection.writer = asyncio.StreamWriter(transport, demultiplexer, reader, loop)
        return connection

    async def set_memory(self, limit_bytes: int) -> None:
        total = limit_bytes + AGENT_BYTES
        try:
            await self._engine.call(self._api.update_container, self._container, mem_limit=total, memswap_limit=total)
        except SandboxUnavailable as error:
            raise SandboxError(f"docker: the memory limit of a container cannot be set: {error}") from error

    def hang_up(self) -> None:
        with contextlib.suppress(Exception):
            self.writer.transport.abort()

    async def end(self) -> None:
        if await _remove(self._engine, self._api, self._container):
            _taken_uids.discard(self._uid)

    def abandon(self) -> None:
        self._stream.close()  # not through asyncio: its selector is the parent's

    async def exit_reason(self) -> str:
        from docker.errors import NotFound

        said = self._demultiplexer.stderr_tail
        try:
            found = await self._engine.call(self._api.inspect_container, self._container)
        except SandboxUnavailable as error:
            if not isinstance(error.__cause__, NotFound):
                return f"the container is lost: {error}"
            how = "the container has ended"
        else:
            state = found["State"]
            how = f"the stream of the container ended; it is {state['Status']}, exit code {state['ExitCode']}"
            how += f", {OUT_OF_MEMORY}" if state.get("OOMKilled") else ""
        return f"{how}; the agent said: {said}" if said else how


def container_config(
    api: APIClient, image: str, runtime: str | None, uid: int, labels: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that ``create_container`` is told: what programs in there cannot do."""
    from docker.types import LogConfig

    host = api.create_host_config(
        auto_remove=True,
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        cap_add=["SETUID", "SETGID", "KILL"],  # of the agent: become the slot's uid, and end what that uid runs
        security_opt=["no-new-privileges", f"seccomp={json.dumps(docker_profile())}"],
        pids_limit=PIDS,
        mem_limit=_FIRST_MEMORY + AGENT_BYTES,
        memswap_limit=_FIRST_MEMORY + AGENT_BYTES,
        ipc_mode="none",
        log_config=LogConfig(type="none"),
        # Not noexec, the engine's default: what was compiled is run from there.
        tmpfs={"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={FILES_BYTES},nr_inodes={INODES}"},
        runtime=runtime,
    )
    return {
        "image": image,
        "entrypoint": ["python3", "-I", "-S", f"{AGENT_FOLDER}/bootstrap.py"],
        "command": ["--launcher", "direct", "--uid", str(uid)],
        "user": "0:0",
        "hostname": "sandbox",
        "working_dir": "/",
        # With `detach=False` the engine closes the agent's stdin when our stream ends, however we end.
        "stdin_open": True,
        "detach": False,
        "labels": {OWNER_LABEL: owner_id(), **labels},
        "host_config": host,
    }


def sweep(api: APIClient, *, everything: bool = False) -> int:
    """Remove containers whose owner has died; returns how many. ``everything``: also those in use.

    A living container notices the death of its owner by itself, so this finds what was never started, or is stuck. Of
    owners that cannot be seen from here, only what does not run is removed.
    """
    removed = 0
    for container in api.containers(all=True, filters={"label": OWNER_LABEL}):
        alive = is_alive(container["Labels"][OWNER_LABEL])
        left = container["State"] not in ("running", "removing") and time.time() - container["Created"] > _BEING_MADE_S
        if everything or alive is False or (alive is None and left):
            with contextlib.suppress(Exception):  # it may go by itself at this very moment
                api.remove_container(container["Id"], force=True)
                removed += 1
    return removed


def _take_uid() -> int:
    """A user that no other container of this process has: the kernel counts a user's processes across containers."""
    uid = secrets.choice([uid for uid in _UIDS if uid not in _taken_uids] or _UIDS)
    _taken_uids.add(uid)
    return uid


async def _remove(engine: DockerEngine, api: APIClient, container: str) -> bool:
    """Whether it is gone; else the guardian or the next sweep will see to it."""
    try:
        await engine.call(api.remove_container, container, force=True)
    except Exception as error:
        if (refused := _status(error)) != 409:
            return refused == 404
        # It is on its way out by itself, as its agent has ended; what is closed is gone, so wait for that.
        try:
            ended = await engine.call(api.wait, container, timeout=api.timeout, condition="removed")
        except Exception as error:
            return _status(error) == 404
        return not ended.get("Error")
    return True


def _status(error: Exception) -> int | None:
    """Of the engine's answer, if there was one."""
    return getattr(error.__cause__, "status_code", None)
