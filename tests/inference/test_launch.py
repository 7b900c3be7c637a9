"""vLLM as a process of ours, here a stand-in: where it listens, how its end is known, and that nothing outlives us."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from synthetic1.inference import launch
from synthetic1.inference.errors import ServerError
from synthetic1.inference.launch import running_vllm

SUPPORT = Path(__file__).resolve().parents[1] / "support"
WAIT_S = 60.0


@pytest.fixture
def arguments(monkeypatch, tmp_path):
    """The command line of the stand-in."""
    path = os.pathsep.join(map(str, (SUPPORT / "vllm_stand_in", SUPPORT)))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.syspath_prepend(str(SUPPORT / "vllm_stand_in"))
    return ["--dtype", "auto", "--served-model-name", "m", "--book", str(tmp_path)]


async def test_it_listens_at_the_address_that_it_is_told(arguments):
    async with running_vllm("model", host="127.0.0.2", arguments=arguments) as running:
        (url,) = running.server.urls
        assert url.startswith("http://127.0.0.2:")
        assert running.server.model == "m"

        def models():
            with urlopen(f"{url}/models", timeout=20) as reply:
                return reply.read()

        assert b'"m"' in await asyncio.to_thread(models)
        pid = running.process.pid
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)


async def test_its_end_is_known_with_its_last_words(arguments):
    async with running_vllm("model", arguments=arguments) as running:
        ended = asyncio.create_task(running.ended())
        await asyncio.sleep(0.1)
        assert not ended.done()
        os.kill(running.process.pid, signal.SIGKILL)
        assert await asyncio.wait_for(ended, WAIT_S) == "vLLM ended with status -9: it said nothing"


async def test_a_server_that_hangs_is_as_good_as_gone(arguments, monkeypatch):
    monkeypatch.setattr(launch, "SILENT_S", 0.2)
    monkeypatch.setattr(launch, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(launch, "STOP_S", 0.2)
    async with running_vllm("model", arguments=arguments) as running:
        os.kill(running.process.pid, signal.SIGSTOP)
        said = await asyncio.wait_for(running.ended(), WAIT_S)
        assert said == "vLLM has given no sign of health for 0.2 s: it said nothing"


async def test_one_that_does_not_start_says_why(arguments, monkeypatch):
    monkeypatch.setenv("STAND_IN_BREAKS", "1")
    with pytest.raises(ServerError, match="vLLM ended with status 1: ValueError: no free memory on the device"):
        async with running_vllm("model", arguments=arguments):
            raise AssertionError("it started")


GRANDPARENT = """
import os, subprocess, sys, time
from synthetic1.inference.process_group import GroupGuard
sleeps = "import time; time.sleep(600)"
starts = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleeps!r}, sys.argv[1]]); " + sleeps
child = subprocess.Popen([sys.executable, "-c", starts, sys.argv[1]], start_new_session=True)
guard = GroupGuard(child.pid)
if sys.argv[2] == "close":
    guard.close()
print("ready", flush=True)
time.sleep(600)
"""


def with_mark(mark):
    """Processes whose command line holds it."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            alive = (path / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            if alive and mark.encode() in (path / "cmdline").read_bytes().split(b"\0"):
                found.add(int(path.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("guarded", [True, False])
def test_a_group_ends_with_the_process_that_started_it(tmp_path, guarded):
    mark = str(tmp_path)
    command = [sys.executable, "-c", GRANDPARENT, mark, "die" if guarded else "close"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        ends = time.monotonic() + WAIT_S
        while len(group := with_mark(mark) - {process.pid}) < 2:
            assert time.monotonic() < ends
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    if not guarded:
        time.sleep(0.5)
        assert with_mark(mark) == group, "nobody ends what has been let go"
        for pid in group:
            os.kill(pid, signal.SIGKILL)
    while with_mark(mark):
        assert time.monotonic() < ends, "it has outlived its parent"
        time.sleep(0.02)
