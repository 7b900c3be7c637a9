"""Containers of a real engine: what programs in there cannot do, and what is left when something dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import docker
import pytest
import requests

from synthetic1.sandbox import Limits, Program, SandboxError, SandboxUnavailable, open_sandbox
from synthetic1.sandbox.docker.container import OWNER_LABEL, _taken_uids, sweep
from synthetic1.sandbox.docker.engine import POOL_LABEL, connect_engine, engine_address
from synthetic1.sandbox.owner import owner_id

SUM = {
    "python": "print(int(input()) + 1)",
    "javascript": "console.log(+require('fs').readFileSync(0, 'utf8') + 1)",
    "cpp": "#include <bits/stdc++.h>\nint main() { int n; std::cin >> n; std::cout << n + 1 << std::endl; }",
    "rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap(); "
    'println!("{}", s.trim().parse::<i64>().unwrap() + 1); }',
}
SLEEP = Program("python", "import time\ntime.sleep(60)")
DEAD_OWNER = f"{owner_id().rsplit(':', 2)[0]}:4194303:1"


@pytest.fixture
def engine(sandbox_image):
    return connect_engine(engine_address())


@pytest.fixture
async def sandbox(sandbox_image, tmp_path):
    async with open_sandbox("docker", slots=2, image=sandbox_image, cache=tmp_path) as sandbox:
        yield sandbox


def containers(engine, label, running=True):
    return engine.containers(all=not running, filters={"label": label})


def of(sandbox):
    return f"{POOL_LABEL}={sandbox.backend._engine.labels[POOL_LABEL]}"


async def eventually(check, seconds=30):
    """Wait until ``check`` gives something true, which is returned."""
    ends = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < ends, "it does not happen"
        await asyncio.sleep(0.05)
    return found


def refuse_removal(monkeypatch, status, explanation):
    response = requests.Response()
    response.status_code = status

    def remove_container(api, name, **kwargs):
        raise docker.errors.APIError(f"{status} Server Error", response, explanation)

    monkeypatch.setattr(docker.APIClient, "remove_container", remove_container)


# Programs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", SUM)
async def test_the_four_languages(sandbox, language):
    for _ in range(2):
        results = await sandbox.run(Program(language, SUM[language]), ["1\n", b"41\n"])
        assert [(result.status, result.stdout.strip()) for result in results] == [("ok", b"2"), ("ok", b"42")]
        assert {(result.sandbox, result.memory_limit, result.unsafe) for result in results} == {
            ("docker", "cgroup", False)
        }


@pytest.mark.parametrize(("language", "source"), [("cpp", "int main() { return x; }"), ("rust", "fn main() { x }")])
async def test_what_does_not_compile_has_one_result(sandbox, language, source):
    for _ in range(2):  # the second time from the cache
        (result,) = await sandbox.run(Program(language, source), ["1", "2", "3"])
        assert (result.status, result.index) == ("compile_error", 0)
        assert b"x" in result.stderr


async def test_what_a_program_is_in_there(sandbox):
    source = """
import os, socket
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
print(os.getuid() >= 20000, os.getgid() >= 20000, os.getgroups())
capabilities = [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")]
print(*capabilities[:2], capabilities[2] & ~0xE0, status["NoNewPrivs"], status["Seccomp"])
print(sorted(os.listdir("/sys/class/net")))
for path in ("/x", "/usr/x", "/dev/x", "/dev/shm/x", "/opt/agent/x", "/proc/1/mem", "/proc/1/environ", "/proc/1/fd/0"):
    try: open(path, "wb" if path.endswith("x") else "rb")
    except OSError as error: pass
    else: print("opened", path)
try: socket.create_connection(("10.0.0.1", 80), 1)
except OSError: pass
else: print("connected")
"""
    (result,) = await sandbox.run(Program("python", source), [b""], fresh=True)
    assert result.stdout.decode().splitlines() == ["True True []", "0 0 0 1 2", "['lo']"], result.stderr


async def test_slots_are_different_users(sandbox):
    source = "import os, time\nprint(os.getuid())\ntime.sleep(0.5)"
    ran = await asyncio.gather(*(sandbox.run(Program("python", source), [b""]) for _ in range(2)))
    assert len({result.stdout for (result,) in ran}) == 2


async def test_containers_are_hardened(sandbox, engine):
    await sandbox.run(Program("python", ""), [b""])
    found = engine.inspect_container(containers(engine, of(sandbox))[0]["Id"])
    host = found["HostConfig"]
    assert (host["NetworkMode"], host["ReadonlyRootfs"], host["IpcMode"]) == ("none", True, "none")
    assert (host["CapDrop"], sorted(cap.removeprefix("CAP_") for cap in host["CapAdd"])) == (
        ["ALL"],
        ["KILL", "SETGID", "SETUID"],
    )
    assert "no-new-privileges" in host["SecurityOpt"]
    assert any(option.startswith("seccomp={") for option in host["SecurityOpt"])
    assert host["Memory"] == host["MemorySwap"] > 0
    assert 0 < host["PidsLimit"] <= 1024
    assert host["AutoRemove"]
    assert host["LogConfig"]["Type"] == "none"
    assert not host["Privileged"]
    assert not host["Binds"]
    assert found["Config"]["StdinOnce"]
    assert found["Config"]["Labels"][OWNER_LABEL] == owner_id()


async def test_the_memory_limit_is_that_of_each_run(sandbox, engine):
    hog = Program("python", "x = bytearray(b'x') * (220 << 20)\nprint(len(x) >> 20)")
    for megabytes, status in ((150, "memory_limit"), (300, "ok"), (150, "memory_limit"), (512, "ok")):
        (result,) = await sandbox.run(hog, [b""], Limits(cpu_s=60, memory_mb=megabytes))
        assert result.status == status, (megabytes, result)
    assert len(containers(engine, of(sandbox))) == 1, "the agent survives it"


# Deaths ---------------------------------------------------------------------------------------------------------------


async def test_a_killed_container_is_replaced_and_nothing_is_lost(sandbox, engine):
    source = "import time\nn = int(input())\ntime.sleep(1 if n == 1 else 0)\nprint(n)"
    killed, seen = False, []
    async with sandbox.run(Program("python", source), ["0", "1", "2"]) as run:
        async for result in run:
            seen.append((result.index, result.status, result.stdout.strip()))
            if not killed:
                killed = True
                engine.kill(containers(engine, of(sandbox))[0]["Id"])
    assert seen == [(0, "ok", b"0"), (1, "ok", b"1"), (2, "ok", b"2")]


def begun(slot, container):
    """Whether this container has its program."""
    return slot._running and slot._connection is not None and slot._connection._container == container


async def test_a_program_whose_fresh_container_ends_as_well_is_tampered(sandbox, engine):
    """Where nobody kills containers, the program did it."""
    running = asyncio.ensure_future(sandbox.run(SLEEP, [b""], Limits(wall_s=100))._all())
    gone = set()
    for _ in range(2):

        def fresh():
            return [c["Id"] for c in containers(engine, of(sandbox)) if c["Id"] not in gone]

        (container,) = await eventually(fresh, 120)
        await eventually(lambda of=container: any(begun(slot, of) for slot in sandbox._pool.slots), 120)
        gone.add(container)
        engine.kill(container)
    (result,) = await running
    assert result.status == "tampered"
    assert re.match("it takes agents away: .*container.*ended", result.why)
    assert [result.status for result in await sandbox.run(Program("python", ""), [b""])] == ["ok"]


async def test_closing_leaves_nothing(sandbox_image, engine, tmp_path):
    async with open_sandbox("docker", slots=2, image=sandbox_image, cache=tmp_path) as sandbox:
        tasks = [asyncio.ensure_future(sandbox.run(SLEEP, [b""], Limits(wall_s=100))._all()) for _ in range(3)]
        await eventually(lambda: len(containers(engine, of(sandbox))) == 2)
    assert containers(engine, of(sandbox), running=False) == []
    for error in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(error, SandboxError)


async def test_closing_waits_for_a_container_that_is_on_its_way_out_by_itself(sandbox, engine, monkeypatch):
    await sandbox.run(Program("python", ""), [b""])

    # It does go: its agent's stream has ended, and it removes itself.
    refuse_removal(monkeypatch, 409, "removal of this container is already in progress")
    await sandbox.aclose()
    assert containers(engine, of(sandbox), running=False) == []


async def test_whoever_closes_second_waits_too(sandbox, engine):
    connection = await sandbox.backend.connect()
    first = asyncio.ensure_future(connection.close())
    await asyncio.sleep(0)
    await connection.close()
    left = {container["Id"] for container in containers(engine, of(sandbox), running=False)}
    assert connection._container not in left
    await first


async def test_the_user_of_a_container_that_cannot_be_removed_is_not_given_to_another(sandbox, engine, monkeypatch):
    (result,) = await sandbox.run(Program("python", "import os\nprint(os.getuid())"), [b""])
    refuse_removal(monkeypatch, 500, "cannot be removed")
    await sandbox.aclose()
    assert int(result.stdout) in _taken_uids


async def test_the_sweep_takes_what_dead_owners_left_and_nothing_else(sandbox, engine, sandbox_image):
    def left(owner):
        made = engine.create_container(sandbox_image, ["sleep", "60"], labels={OWNER_LABEL: owner}, entrypoint=[])
        return made["Id"]

    await sandbox.run(Program("python", ""), [b""])
    dead, unseen = left(DEAD_OWNER), left("elsewhere:1:2:3")
    running = left(DEAD_OWNER)
    engine.start(running)
    try:
        assert sweep(engine) >= 2
        ids = {container["Id"] for container in containers(engine, OWNER_LABEL, running=False)}
        assert not ids & {dead, running}
        assert unseen in ids, "perhaps its owner is just about to start it"
        assert len(containers(engine, of(sandbox))) == 1
    finally:
        engine.remove_container(unseen, force=True)


OWNER = """
import asyncio, sys
from synthetic1.sandbox import Limits, Program, open_sandbox
from synthetic1.sandbox.owner import owner_id
print(owner_id(), flush=True)

async def main():
    async with open_sandbox("docker", slots=2, image=sys.argv[2], cache=sys.argv[1]) as sandbox:
        program = Program("python", "import os, time\\nif os.fork() == 0: os.setsid()\\ntime.sleep(60)")
        await asyncio.gather(*(sandbox.run(program, [b""] * 3, Limits(wall_s=100)) for _ in range(3)))

asyncio.run(main())
"""


def processes_of(engine, owner):
    """Pids, as this machine sees them, of all that runs in the owner's containers."""
    found = set()
    for container in containers(engine, f"{OWNER_LABEL}={owner}"):
        try:
            top = engine.top(container["Id"])
        except Exception:  # it is just starting, or ending
            continue
        found |= {int(process[top["Titles"].index("PID")]) for process in top["Processes"]}
    return found


def kill_owners(engine, image, folder, moments):
    for moment in moments:
        with subprocess.Popen(
            [sys.executable, "-c", OWNER, str(folder), image], stdout=subprocess.PIPE, text=True
        ) as process:
            owner = process.stdout.readline().strip()
            time.sleep(moment)
            running = {pid: started(pid) for pid in processes_of(engine, owner)}
            running = {pid: when for pid, when in running.items() if when is not None}
            process.kill()
        ends = time.monotonic() + 60
        while (left := containers(engine, f"{OWNER_LABEL}={owner}", running=False)) and time.monotonic() < ends:
            time.sleep(0.1)
        assert left == [], f"killed {moment:.3f} s after its start"
        while (alive := {pid for pid in running if started(pid) == running[pid]}) and time.monotonic() < ends:
            time.sleep(0.1)
        assert not alive, f"killed {moment:.3f} s after its start"


def started(pid):
    """When a process began, in ticks; None: there is none, or it is a zombie."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if about[0] == "Z" else about[19]


def command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def test_a_killed_owner_leaves_nothing(engine, sandbox_image, tmp_path):
    luck = random.Random(5)
    kill_owners(engine, sandbox_image, tmp_path, [2.0, *(luck.uniform(0, 1) for _ in range(9))])


@pytest.mark.proofs
def test_a_hundred_killed_owners_leave_nothing(engine, sandbox_image, tmp_path):
    luck = random.Random(6)
    kill_owners(engine, sandbox_image, tmp_path, [luck.uniform(0, 1.2) for _ in range(100)])


async def test_a_forked_child_has_containers_of_its_own_and_keeps_none_of_ours(sandbox, engine):
    assert (await sandbox.run(Program("python", "print(1)"), [b""]))[0].stdout == b"1\n"
    ours = {container["Id"] for container in containers(engine, of(sandbox))}
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(writing)
            asyncio._set_running_loop(None)

            async def use():
                (result,) = await sandbox.run(Program("python", "print(2)"), [b""])
                its = connect_engine(engine_address())  # the connection of the parent's is not to be shared
                theirs = {container["Id"] for container in containers(its, of(sandbox))}
                await sandbox.aclose()
                return result.stdout == b"2\n" and len(theirs) == 1 and not theirs & ours

            code = 0 if asyncio.run(use()) else 2
            os.read(reading, 1)
        finally:
            os._exit(code)
    try:
        os.close(reading)
        assert (await sandbox.run(Program("python", "print(3)"), [b""]))[0].stdout == b"3\n"
        await sandbox.aclose()  # while the child lives: nothing of it keeps our streams open
        await eventually(lambda: not ours & {container["Id"] for container in containers(engine, OWNER_LABEL)}, 60)
    finally:
        os.close(writing)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# An engine that dies --------------------------------------------------------------------------------------------------


class OwnEngine:
    """A second engine, which may be killed."""

    def __init__(self, folder):
        self.address = f"unix://{folder}/s"
        self._argv = [
            *("unshare", "--net"),  # `--bridge=none` takes away the bridge of the machine's own engine, else
            "dockerd",
            f"--host={self.address}",
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/pid",
            "--bridge=none",
            "--iptables=false",
            "--ip-forward=false",
            "--storage-driver=overlay2",
        ]
        self._log = folder / "log"
        self.process = None

    def start(self):
        for _ in range(5):  # it gives its containerd too little time on a busy machine
            with self._log.open("ab") as log:
                self.process = subprocess.Popen(self._argv, stdout=log, stderr=log, start_new_session=True)
            ends = time.monotonic() + 120
            while self.process.poll() is None and time.monotonic() < ends:
                try:
                    return connect_engine(self.address)
                except SandboxUnavailable:
                    time.sleep(0.2)
            self.kill()
        raise AssertionError(self._log.read_text()[-1000:])

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def own_engine(require, sandbox_image):
    require("dockerd, as root", shutil.which("dockerd") and os.geteuid() == 0, "apt-get install docker.io, run as root")
    folder = Path(f"/tmp/s1-{os.getpid()}")  # short: containerd's sockets lie below it
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    own = OwnEngine(folder)
    try:
        api = own.start()
        saved = subprocess.Popen(["docker", "save", sandbox_image], stdout=subprocess.PIPE)
        loaded = subprocess.run(
            ["docker", "-H", own.address, "load"], stdin=saved.stdout, capture_output=True, check=False
        )
        saved.stdout.close()
        assert saved.wait() == loaded.returncode == 0, loaded.stderr
        api.close()
        os.sync()  # or its answers wait behind what is still to be written of the image
        yield own
    finally:
        own.process.terminate()
        own.process.wait()
        for process in Path("/proc").glob("[0-9]*"):  # what a failed test left of it: containerd and its shims
            if f"{folder}/" in command(process.name) and int(process.name) != os.getpid():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process.name), signal.SIGKILL)
        subprocess.run(
            f"grep -o ' {folder}/[^ ]*' /proc/mounts | sort -r | xargs -r umount -l", shell=True, check=False
        )
        shutil.rmtree(folder, ignore_errors=True)


async def test_an_engine_that_dies_and_comes_back(own_engine, sandbox_image, tmp_path):
    hello = Program("python", "print(input())")
    async with open_sandbox(
        "docker", slots=2, engine=own_engine.address, image=sandbox_image, cache=tmp_path
    ) as sandbox:
        assert (await sandbox.run(hello, ["1"]))[0].stdout == b"1\n"
        running = [asyncio.ensure_future(sandbox.run(SLEEP, [b""], Limits(wall_s=100))._all()) for _ in range(2)]
        await asyncio.sleep(1.5)
        own_engine.kill()
        async with asyncio.timeout(60):
            for error in await asyncio.gather(*running, return_exceptions=True):
                assert isinstance(error, SandboxError)
                assert "engine" in str(error)
            with pytest.raises(SandboxUnavailable, match="engine"):
                await sandbox.run(hello, ["2"])
        own_engine.start().close()
        async with asyncio.timeout(120):
            assert [result.stdout for result in await sandbox.run(hello, ["3", "4"])] == [b"3\n", b"4\n"]
        api = connect_engine(own_engine.address)
        sweep(api)
        await eventually(lambda: len(containers(api, OWNER_LABEL, running=False)) <= 2)
