"""The Docker engine: where it is, and how it is asked without holding up an event loop."""

from __future__ import annotations

import asyncio
import functools
import os
import secrets
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from synthetic1.extras import not_installed
from synthetic1.sandbox.docker.guardian import Guardian
from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable

if TYPE_CHECKING:
    from docker import APIClient

POOL_LABEL = "synthetic1.sandbox_pool"
CALL_S = 30  # seconds; every call to the engine ends by then, one way or the other

P = ParamSpec("P")
R = TypeVar("R")


class DockerEngine:
    """One backend's client of an engine: its connections and threads, and the guardian of the containers it makes.

    Args:
        address: see ``engine_address``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._pool = secrets.token_hex(8)  # one process may have several backends, each with containers of its own
        self._api: APIClient | None = None
        self._guardian: Guardian | None = None
        self._connecting = threading.Lock()  # a second guardian, dropped at once, would remove what the first guards
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="docker")

    @property
    def labels(self) -> dict[str, str]:
        """What its containers are labelled with, for the guardian to find them."""
        return {POOL_LABEL: self._pool}

    async def connect(self) -> APIClient:
        """The client; connects, and starts the guardian, when first asked.

        Raises:
            SandboxUnavailable: no engine answers, or it cannot be used.
        """
        return await self.call(self._connect)

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the engine in a thread.

        Raises:
            SandboxUnavailable: it does not answer, or refuses.
        """
        if self._pid != os.getpid():  # the parent's threads and connections are not ours
            self._begin()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, functools.partial(function, *args, **kwargs))
        except SandboxError:
            raise
        except Exception as error:
            refused = hasattr(error, "explanation")  # it answers, and this is what it says
            how = "the engine refuses" if refused else f"the engine at {self._address} does not answer"
            raise SandboxUnavailable(f"docker: {how}: {one_line(error)}") from error

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        if self._guardian is not None:
            self._guardian.close()
        if self._api is not None:
            self._api.close()
        self._api = self._guardian = None
        self._threads.shutdown(wait=False, cancel_futures=True)

    def abandon(self) -> None:
        """In a forked child: the parent's guardian watches a pipe that must not stay open here."""
        if self._guardian is not None:
            self._guardian.abandon()

    def _connect(self) -> APIClient:
        with self._connecting:
            if self._api is None:
                self._api = connect_engine(self._address)
            if self._guardian is None:
                self._guardian = Guardian(self._address, f"{POOL_LABEL}={self._pool}")
            return self._api


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
        raise SandboxUnavailable(f"docker: {not_installed('docker', 'sandbox')}") from None
    if not address.startswith(("unix://", "tcp://")) or os.environ.get("DOCKER_TLS_VERIFY"):
        raise SandboxUnavailable(f"docker: only unix:// and plain tcp:// engines can be used, not {address}")
    try:
        if address.startswith("unix://"):  # docker leaves a socket open when nobody answers at it
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(CALL_S)
                probe.connect(address.removeprefix("unix://"))
        api = docker.APIClient(base_url=address, version="auto", timeout=CALL_S)
        api.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise SandboxUnavailable(f"docker: no engine answers at {address}: {one_line(error)}") from error
    return api


def one_line(error: BaseException) -> str:
    """What an error says, or what the engine said in it, cut to 300 characters."""
    explanation = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return " ".join(str(explanation).split())[:300]
