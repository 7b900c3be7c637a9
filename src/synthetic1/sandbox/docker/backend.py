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
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from synthetic1.sandbox.backend import Backend, Connection
from synthetic1.sandbox.docker.container import AGENT_BYTES, DockerConnection, one_line
from synthetic1.sandbox.docker.guardian import Guardian
from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable
from synthetic1.sandbox.image.build import AGENT_FOLDER, image_tag
from synthetic1.sandbox.owner import is_alive, owner_id
from synthetic1.sandbox.program import MIB
from synthetic1.sandbox.seccomp import docker_profile

if TYPE_CHECKING:
    from docker import APIClient

OWNER_LABEL = "synthetic1.owner"
POOL_LABEL = "synthetic1.pool"
CALL_S = 30  # seconds; every call to the engine ends by then, one way or the other
FILES_BYTES = 256 * MIB  # of the one folder that can be written; what stands there counts as memory
INODES = 20_000
PIDS = 512  # of the container; a program's own limit is the smaller one
_FIRST_MEMORY = 512 * MIB
_YOUNG_S = 60  # a container that is being made looks as one that was left

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
            raise SandboxUnavailable(f"docker: {how}: {one_line(error)}") from error

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
            "entrypoint": ["python3", "-I", "-S", f"{AGENT_FOLDER}/bootstrap.py"],
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
    address = engine or os.environ.get("DOCKER_HOST") or "unix://"
    if not address.startswith("unix://"):
        return address
    return f"unix:///{address.removeprefix('unix://').lstrip('/') or 'var/run/docker.sock'}"  # as docker reads it


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
        if address.startswith("unix://"):  # docker leaves open the socket with which it found nobody
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(CALL_S)
                probe.connect(address.removeprefix("unix://"))
        api = docker.APIClient(base_url=address, version="auto", timeout=CALL_S)
        api.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise SandboxUnavailable(f"docker: no engine answers at {address}: {one_line(error)}") from error
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
