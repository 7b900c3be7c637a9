"""What ``code_server.py`` measures ours beside: a process a test, as SandboxFusion's ``run_code`` starts them.

Standard library only: it runs inside a container of the sandbox image, one line of JSON in, one out.

Written after the published source of SandboxFusion (``sandbox/runners/base.py`` and ``major.py``, ``utils/testing.py``)
and of its client in verl 0.9.1 (``reward_score/sandbox_fusion/utils.py``). The same as there, with ``isolation: none``:

- every test writes the program into a temporary folder of its own, compiles it there and runs it: nothing is kept;
- each command is a bash, which starts a session of its own that is killed afterwards, in an asyncio server;
- the commands: ``python FILE``, ``node FILE``, ``g++ -std=c++17 FILE -o test -lpthread``, ``rustc FILE -o test``,
  10 s each;
- outputs are compared line by line, without case, and whole lines that are floats within 1e-5; the tests of one
  program at the same time, none after the first that fails;
- functions, of Python alone, by verl's way: a main program around them reads arguments and prints the value.

Left out, all of which makes it faster: HTTP and its JSON, a request a test; memory limits; ``isolation: lite``
(overlay, cgroup, network namespace and chroot a test). No more programs run at once than there are cores.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 10.0
SUFFIX = {"python": ".py", "javascript": ".js", "cpp": ".cpp", "rust": ".rs"}
COMPILE = {"cpp": "g++ -std=c++17 {} -o test -lpthread", "rust": "rustc {} -o test"}
RUN = {"python": "python3 {}", "javascript": "node {}", "cpp": "./test", "rust": "./test"}
MODULES = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json"
)
BEFORE_CALL = "".join(f"from {name} import *\n" for name in (*MODULES.split(), "builtins", "typing")) + "".join(
    f"import {name}\n" for name in MODULES.split()
)
AFTER_CALL = """

if __name__ == "__main__":
    _arguments = [json.loads(line) for line in sys.stdin.read().split("\\n")]
    _called = globals()[{0!r}] if {0!r} in globals() else getattr(Solution(), {0!r})
    _value = _called(*_arguments)
    print(_value if type(_value) in (int, float, str) else json.dumps(_value))
"""


def printed(value: Any) -> str:
    """What that prints of a value."""
    return str(value) if type(value) in (int, float, str) else json.dumps(value)


@dataclass(frozen=True)
class Ended:
    """What became of one command; ``code`` is None if it ran out of time."""

    code: int | None
    output: str


async def run_command(command: str, folder: str, stdin: str = "") -> Ended:
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        executable="/bin/bash",
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(stdin.encode()), TIMEOUT_S)
        return Ended(process.returncode, output.decode(errors="replace"))
    except TimeoutError:
        return Ended(None, "")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        assert process.stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):  # it has not read all of its input
            await process.stdin.wait_closed()


def write_program(job: dict[str, Any], folder: str) -> str:
    code = job["code"]
    if job["function"]:
        code = BEFORE_CALL + code + AFTER_CALL.format(job["function"])
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=SUFFIX[job["language"]], delete=False) as file:
        file.write(code)
    return file.name


async def compiled(job: dict[str, Any], path: str, folder: str) -> bool:
    command = COMPILE.get(job["language"])
    return command is None or (await run_command(command.format(path), folder)).code == 0


async def run_code(job: dict[str, Any], stdin: str) -> Ended:
    """Everything anew for one test."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = write_program(job, folder)
        if not await compiled(job, path, folder):
            return Ended(1, "")
        return await run_command(RUN[job["language"]].format(path), folder, stdin)


def passes(job: dict[str, Any], ended: Ended, expected: str) -> bool:
    if ended.code != 0:
        return False
    if job["script"]:  # it has said all by ending well
        return True
    if job["function"]:
        return ended.output.rstrip("\n") == printed(json.loads(expected)).rstrip("\n")
    lines, wanted = ended.output.strip().split("\n"), expected.strip().split("\n")
    return len(lines) == len(wanted) and all(map(same_line, lines, wanted))


def same_line(line: str, wanted: str) -> bool:
    line, wanted = line.strip().lower(), wanted.strip().lower()
    if line == wanted:
        return True
    try:
        return abs(float(line) - float(wanted)) / max(abs(float(wanted)), 1e-10) < 1e-5
    except ValueError:
        return False


async def grade(job: dict[str, Any], places: asyncio.Semaphore, *, compile_once: bool) -> bool:
    """Whether a program passes. After its first failed test no further one is started."""
    failed = False

    async def test(stdin: str, expected: str) -> None:
        nonlocal failed
        async with places:
            if not failed:
                ended = await (again(stdin) if compile_once else run_code(job, stdin))
                failed |= not passes(job, ended, expected)

    async def again(stdin: str) -> Ended:
        return await run_command(RUN[job["language"]].format(path), folder, stdin)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if compile_once:
            path = write_program(job, folder)
            async with places:
                if not await compiled(job, path, folder):
                    return False
        await asyncio.gather(*(test(*pair) for pair in zip(job["inputs"], job["outputs"], strict=True)))
    return not failed


async def grade_all(jobs: list[dict[str, Any]], workers: int, compile_once: bool) -> list[bool]:
    places = asyncio.Semaphore(workers)
    return list(await asyncio.gather(*(grade(job, places, compile_once=compile_once) for job in jobs)))


def serve() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        begun = time.perf_counter()
        verdicts = asyncio.run(grade_all(asked["jobs"], asked["workers"], asked["compile_once"]))
        print(json.dumps({"seconds": time.perf_counter() - begun, "verdicts": verdicts}), flush=True)


if __name__ == "__main__" and sys.argv[1:] == ["serve"]:
    serve()
