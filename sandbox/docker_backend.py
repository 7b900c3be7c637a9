"""Docker: each agent is the first process of a warm, hardened container, spoken to over one attached stream."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import os
import secrets
import socket
import struct
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from synthetic1.sandbox.backend import Backend, Connection
from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable
from synthetic1.sandbox.guardian import Guardian
from synthetic1.sandbox.image_build import AGENT_FOLDER, image_tag
from synthetic1.sandbox.owner import is_alive, owner_id
from synthetic1.sandbox.program import MIB
from synthetic1.sandbox.seccomp import docker_profile

if TYPE_CHECKING:
    from docker import APIClient

OWNER_LABEL = "synthetic1.owner"
POOL_LABEL = "synthetic1.pool"
CALL_S = 30  # seconds; every call to the engine ends by then, one way or the other
AGENT_BYTES = 64 * MIB  # what the agent and its warm interpreters may use over the limit of programs
FILES_BYTES = 256 * MIB  # of the one folder that can be written; what stands there counts as memory
INODES = 20_000
PIDS = 512  # of the container; a program's own limit is the smaller one
READ_BYTES = 1 * MIB
_FIRST_MEMORY = 512 * MIB
_YOUNG_S = 60  # a container that is being made looks as one that was left
_UIDS = range(20_000, 60_000)  # inside what engines that map user ids leave to containers
_AGENT = f"""\
import sys
sys.path.insert(0, {AGENT_FOLDER!r})
from synthetic1.sandbox.agent.main import main
main(sys.argv[1:])
"""

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)


class DockerBackend(Backend):
    """Containers of the Docker engine that ``DOCKER_HOST`` names, by default the one of this machine.

    Args:
        image: None = the image that ``synthetic1 sandbox build`` makes of this version.
        runtime: of the engine, such as ``runsc``; None = its default.
        engine: its address, in place of ``DOCKER_HOST``.
    """

    name = "docker"

    def __init__(self, *, image: str | None = None, runtime: str | None = None, engine: str | None = None) -> None:
        self._image = image or image_tag()
        self._runtime = runtime
        self._address = engine_address(engine)
        self._pool = secrets.token_hex(8)  # one process may have several backends, and each lets go of its own
        self._api: APIClient | None = None
        self._guardian: Guardian | None = None
        self._pid = os.getpid()
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="docker")

    async def open(self) -> str:
        api = await self.call(self._connect)
        image = await self.call(self._find_image, api)
        self.toolchain = image["Id"]
        if self._runtime is not None:
            runtimes = (await self.call(api.info)).get("Runtimes", {})
            if self._runtime not in runtimes:
                raise SandboxUnavailable(
                    f"docker: the engine has no runtime `{self._runtime}`; it has: {', '.join(sorted(runtimes))}"
                )
        await self.call(sweep, api)
        version = (await self.call(api.version))["Version"]
        runtime = f", runtime {self._runtime}" if self._runtime else ""
        return f"Docker engine {version}, image {self._image}{runtime}"

    async def connect(self) -> Connection:
        api = await self.call(self._connect)
        return await DockerConnection.start(self, api)

    async def close(self) -> None:
        if self._guardian is not None:
            self._guardian.close()
        if self._api is not None:
            self._api.close()
        self._api = self._guardian = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the engine in a thread.

        Raises:
            SandboxUnavailable: it does not answer, or refuses.
        """
        if self._pid != os.getpid():  # the parent's threads and connections are not ours
            self._pid, self._api, self._guardian = os.getpid(), None, None
            self._pool = secrets.token_hex(8)
            self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="docker")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, functools.partial(function, *args, **kwargs))
        except SandboxError:
            raise
        except Exception as error:
            refused = hasattr(error, "explanation")  # it answers, and this is what it says
            how = "the engine refuses" if refused else f"the engine at {self._address} does not answer"
            raise SandboxUnavailable(f"docker: {how}: {_one_line(error)}") from error

    def container_config(self, api: APIClient, uid: int) -> dict[str, Any]:
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
            runtime=self._runtime,
        )
        return {
            "image": self._image,
            "entrypoint": ["python3", "-I", "-S", "-c", _AGENT],
            "command": ["--launcher", "direct", "--uid", str(uid)],
            "user": "0:0",
            "hostname": "sandbox",
            "working_dir": "/",
            # With `detach=False` the engine closes the agent's stdin when our stream ends, however we end.
            "stdin_open": True,
            "detach": False,
            "labels": {OWNER_LABEL: owner_id(), POOL_LABEL: self._pool},
            "host_config": host,
        }

    def _connect(self) -> APIClient:
        if self._api is None:
            self._api = connect_engine(self._address)
        if self._guardian is None:
            self._guardian = Guardian(self._address, f"{POOL_LABEL}={self._pool}")
        return self._api

    def abandon(self) -> None:
        """In a forked child: the parent's guardian watches a pipe that must not stay open here."""
        if self._guardian is not None:
            self._guardian.abandon()

    def _find_image(self, api: APIClient) -> Mapping[str, Any]:
        from docker.errors import ImageNotFound

        try:
            found: Mapping[str, Any] = api.inspect_image(self._image)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            raise SandboxUnavailable(
                f"docker: there is no image {self._image}; make it once: synthetic1 sandbox build"
            ) from None
        return found


def engine_address(engine: str | None = None) -> str:
    """Where the engine is: ``engine``, ``DOCKER_HOST``, or the one of this machine."""
    return engine or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def connect_engine(address: str) -> APIClient:
    """A client of the Docker engine at ``address``.

    Raises:
        SandboxUnavailable: the docker package is missing, or no engine answers.
    """
    try:
        import docker
    except ModuleNotFoundError:
        raise SandboxUnavailable(
            "docker: the package `docker` is not installed; run: pip install 'synthetic1[sandbox]'"
        ) from None
    if not address.startswith(("unix://", "tcp://")) or os.environ.get("DOCKER_TLS_VERIFY"):
        raise SandboxUnavailable(f"docker: only unix:// and plain tcp:// engines can be used, not {address}")
    try:
        api = docker.APIClient(base_url=address, version="auto", timeout=CALL_S)
        api.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise SandboxUnavailable(f"docker: no engine answers at {address}: {_one_line(error)}") from error
    return api


def sweep(api: APIClient, *, everything: bool = False) -> int:
    """Remove containers whose owner has died; returns how many. ``everything``: also those in use.

    A living container notices the death of its owner by itself, so this finds what was never started, or is stuck. Of
    owners that cannot be seen from here, only what does not run is removed.
    """
    removed = 0
    for container in api.containers(all=True, filters={"label": OWNER_LABEL}):
        alive = is_alive(container["Labels"][OWNER_LABEL])
        left = container["State"] not in ("running", "removing") and time.time() - container["Created"] > _YOUNG_S
        if everything or alive is False or (alive is None and left):
            with contextlib.suppress(Exception):  # it may go by itself at this very moment
                api.remove_container(container["Id"], force=True)
                removed += 1
    return removed


class DockerConnection(Connection):
    """A container with its agent."""

    def __init__(
        self,
        backend: DockerBackend,
        api: APIClient,
        container: str,
        stream: socket.socket,
        demultiplexer: Demultiplexer,
    ) -> None:
        self._backend = backend
        self._api = api
        self._container = container
        self._stream = stream
        self._demultiplexer = demultiplexer
        self._closed = False

    @classmethod
    async def start(cls, backend: DockerBackend, api: APIClient) -> DockerConnection:
        """Make, attach and start a container.

        Raises:
            SandboxUnavailable: that did not work; nothing is left of it.
        """
        config = backend.container_config(api, secrets.choice(_UIDS))
        container: str = (await backend.call(api.create_container, **config))["Id"]
        stream = None
        try:
            # Attached before it starts: nothing that it says is lost.
            stream = await backend.call(_attach, api, container)
            await backend.call(api.start, container)
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(limit=READ_BYTES)
            demultiplexer = Demultiplexer(reader)
            transport, _ = await loop.create_connection(lambda: demultiplexer, sock=stream)
        except BaseException:
            if stream is not None:
                stream.close()
            await asyncio.shield(_remove(backend, api, container))
            raise
        connection = cls(backend, api, container, stream, demultiplexer)
        connection.reader = reader
        connection.writer = asyncio.StreamWriter(transport, demultiplexer, reader, loop)
        return connection

    async def set_memory(self, limit_bytes: int) -> None:
        total = limit_bytes + AGENT_BYTES
        try:
            await self._backend.call(self._api.update_container, self._container, mem_limit=total, memswap_limit=total)
        except SandboxUnavailable as error:
            raise SandboxError(f"docker: the memory limit of a container cannot be set: {error}") from error

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(Exception):
            self.writer.transport.abort()
        await asyncio.shield(_remove(self._backend, self._api, self._container))

    def abandon(self) -> None:
        self._stream.close()  # not through asyncio: its selector is the parent's

    async def obituary(self) -> str:
        from docker.errors import NotFound

        said = self._demultiplexer.last_words
        try:
            loop = asyncio.get_running_loop()
            looking = loop.run_in_executor(self._backend._threads, self._api.inspect_container, self._container)
            state = (await asyncio.wait_for(looking, CALL_S))["State"]
        except NotFound:
            how = "the container has ended"
        except Exception as error:
            return f"the container is lost, the Docker engine does not answer: {_one_line(error)}"
        else:
            how = f"the stream of the container ended; it is {state['Status']}, exit code {state['ExitCode']}"
            how += ", out of memory" if state.get("OOMKilled") else ""
        return f"{how}; the agent said: {said}" if said else how


async def _remove(backend: DockerBackend, api: APIClient, container: str) -> None:
    # It may be on its way out by itself, and the engine may be gone: the guardian or the next sweep will see to it.
    with contextlib.suppress(Exception):
        await backend.call(api.remove_container, container, force=True)


def _attach(api: APIClient, container: str) -> socket.socket:
    """The raw stream of a container, as a socket that is ours alone."""
    attached = api.attach_socket(container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    raw: socket.socket = attached._sock
    ours = raw.dup()
    attached.close()
    raw.close()
    ours.setblocking(False)
    return ours


class Demultiplexer(asyncio.StreamReaderProtocol):
    """Takes the engine's stream apart: stdout goes to the reader, of stderr the end is kept."""

    _HEADER = struct.Struct(">BxxxI")

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._reader = reader
        self._rest = b""
        self._missing = 0
        self._kind = 0
        self._stderr = b""

    @property
    def last_words(self) -> str:
        """The end of what the agent wrote to stderr, on one line."""
        return " ".join(self._stderr.decode("utf-8", errors="replace").split())[-500:]

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        at = 0
        while at < len(data):
            if self._missing == 0:
                if len(data) - at < self._HEADER.size:
                    break
                self._kind, self._missing = self._HEADER.unpack_from(data, at)
                at += self._HEADER.size
                continue
            piece = data[at : at + self._missing]
            at += len(piece)
            self._missing -= len(piece)
            if self._kind == 1:
                self._reader.feed_data(piece)
            else:
                self._stderr = (self._stderr + piece)[-4096:]
        self._rest = data[at:]


def _one_line(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return " ".join(str(explanation).split())[:300]
