"""The subprocess backend: only on request, and every result says that nothing kept the program from the machine."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from synthetic1.sandbox import Limits, Program, open_sandbox
from synthetic1.sandbox.local import agent_process as local_agent


@pytest.fixture
async def sandbox(tmp_path):
    async with open_sandbox("subprocess", unsafe=True, slots=1, cache=tmp_path) as opened:
        yield opened


async def test_it_must_be_asked_for():
    with pytest.raises(ValueError, match="unsafe=true"):
        open_sandbox("subprocess")


async def test_every_result_says_unsafe(sandbox):
    results = await sandbox.run(Program("python", "print(int(input()) + 1)"), ["1", "2", "x"])
    assert [(result.status, result.stdout) for result in results] == [
        ("ok", b"2\n"),
        ("ok", b"3\n"),
        ("runtime_error", b""),
    ]
    assert {(result.unsafe, result.sandbox, result.memory_limit) for result in results} == {
        (True, "subprocess", "address_space")
    }
    assert "UNSAFE" in sandbox.description


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("while True: pass", "time_limit"),
        ("import time\ntime.sleep(1000)", "time_limit"),
        ("x = []\nwhile True: x.append(bytes(1 << 20))", "memory_limit"),
        ("while True: print('x' * 1000)", "output_limit"),
        (
            "import os\nprint('done', flush=True)\nif os.fork() == 0:\n  os.setsid()\n  import time; time.sleep(1000)",
            "ok",
        ),
    ],
)
async def test_limits_hold_for_programs_that_mean_no_harm(sandbox, program, status):
    seconds = {"cpu_s": 1, "wall_s": 5} if status == "time_limit" else {"cpu_s": 60, "wall_s": 120}
    limits = Limits(**seconds, memory_mb=256, stdout_bytes=10_000)
    (result,) = await sandbox.run(Program("python", program), [""], limits)
    assert result.status == status, result
    (next_result,) = await sandbox.run(Program("python", "print(1)"), [""])
    assert next_result.status == "ok"


async def test_a_real_package_is_not_imported_by_the_agent(sandbox):
    """The agent must start fast and everywhere: without gymnasium, without site-packages."""
    (result,) = await sandbox.run(Program("python", "import os\nprint(os.getppid())"), [""], fresh=True)
    agent = int(result.stdout)
    assert agent != os.getpid()
    maps = Path(f"/proc/{agent}/maps").read_text()
    assert "site-packages" not in maps


def test_an_agent_is_told_that_it_is_closed_whatever_its_loop_does(monkeypatch, tmp_path):
    """It ends by itself then, and need not be killed: on another loop, and where no thread can be had."""

    async def opened():
        sandbox = await open_sandbox("subprocess", unsafe=True, slots=1, cache=tmp_path)
        return sandbox, await sandbox.backend.connect()

    async def no_thread(*_):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    for broken in (False, True):
        sandbox, connection = asyncio.run(opened())
        with monkeypatch.context() as patch:
            if broken:
                patch.setattr(asyncio, "to_thread", no_thread)
            asyncio.run(connection.close())
        assert connection._process.returncode == 0
        assert not Path(connection._folder).exists()
        asyncio.run(sandbox.aclose())


async def test_whoever_discards_or_closes_second_waits_too(tmp_path):
    async with open_sandbox("subprocess", unsafe=True, slots=1, cache=tmp_path) as sandbox:
        await sandbox.run(Program("python", ""), [""])
        (slot,) = sandbox._pool.slots
        connection = slot._connection
        first = asyncio.ensure_future(slot.discard())
        await asyncio.sleep(0)
        await slot.close()
        assert connection._process.returncode is not None
        await first


async def test_nothing_is_left_after_closing(tmp_path):
    async with open_sandbox("subprocess", unsafe=True, slots=1, cache=tmp_path) as sandbox:
        await sandbox.run(Program("python", "open('left', 'w').close()"), [""])
    mine = local_agent.own_name("").rstrip("-")
    assert list(Path(tempfile.gettempdir()).glob(f"{mine}*")) == []
