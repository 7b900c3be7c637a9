"""A vLLM server of our own: started, waited for, and stopped with everything it started."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from synthetic1.extras import not_installed
from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import Server

START_S = 1800.0  # a large model is loaded from a slow disk
STOP_S = 20.0
LOG_LINES = 12
PR_SET_PDEATHSIG = 1
ON_CPU = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}  # GiB; threads where the kernel likes


@asynccontextmanager
async def launch_vllm(
    model: str, *, port: int | None = None, arguments: Sequence[str] = (), start_s: float = START_S
) -> AsyncIterator[Server]:
    """Start vLLM's OpenAI-compatible server with this Python, on loopback only, and yield it once it answers.

    The server is stopped when the block ends, and by the kernel when this process dies. Its log is a temporary file.

    Args:
        model: a folder or a model id; the server serves it under this name, or under the first that
            ``--served-model-name`` gives.
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
    with tempfile.NamedTemporaryFile(prefix="synthetic1-vllm-", suffix=".log") as log, free_port() as held:
        port = port or held.getsockname()[1]
        # Not `vllm serve`: that script asks for metadata under a name that the CPU build does not bear.
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model]
        command += ["--host", "127.0.0.1", "--port", str(port), *_defaults(arguments), *arguments]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**ON_CPU, **os.environ, "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"},
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        try:
            await _until_it_answers(process, port, start_s, Path(log.name))
            yield Server((f"http://127.0.0.1:{port}/v1",), _served_name(model, arguments))
        finally:
            await _stop(process)


def _defaults(arguments: Sequence[str]) -> list[str]:
    """What a CPU wants, unless the caller says otherwise."""
    import torch

    if torch.cuda.is_available():
        return []
    given = {argument.partition("=")[0] for argument in arguments}
    return [] if "--dtype" in given else ["--dtype", "float32"]


def _served_name(model: str, arguments: Sequence[str]) -> str:
    for position, argument in enumerate(arguments):
        flag, _, name = argument.partition("=")
        if flag == "--served-model-name":
            return name or arguments[position + 1]
    return model


async def _until_it_answers(process: asyncio.subprocess.Process, port: int, start_s: float, log: Path) -> None:
    import aiohttp

    loop = asyncio.get_running_loop()
    until = loop.time() + start_s
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while True:
            if process.returncode is not None:
                raise ServerError("unreachable", f"vLLM ended with status {process.returncode}: {_end_of(log)}")
            if loop.time() > until:
                raise ServerError("timeout", f"vLLM did not answer within {start_s:g} s: {_end_of(log)}")
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"http://127.0.0.1:{port}/health") as reply:
                    if reply.status == 200:
                        return
            await asyncio.sleep(0.25)


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


def free_port() -> socket.socket:
    """A port that nobody else is given while this socket is open, and that a server can still listen at."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


def _end_with_parent() -> None:
    """Have the kernel end the server when the process that started it dies, however that dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
