"""bubblewrap on this machine: what programs see, what bounds them, and that nothing outlives its owner."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from synthetic1.sandbox import Call, Limits, Program, SandboxUnavailable, open_sandbox
from synthetic1.sandbox.agent.control_groups.named_groups import create_group, leftover_groups
from synthetic1.sandbox.agent.launchers.bubblewrap_settings import BubblewrapSettings
from synthetic1.sandbox.local import agent_process as local_agent

pytestmark = pytest.mark.usefixtures("bubblewrap")

PLUS_ONE = {
    "python": "print(int(input()) + 1)",
    "javascript": "console.log(+require('fs').readFileSync(0, 'utf8') + 1)",
    "rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap();"
    ' println!("{}", s.trim().parse::<i32>().unwrap() + 1); }',
    "cpp": "#include <bits/stdc++.h>\nint main() { int n; std::cin >> n; std::cout << n + 1 << '\\n'; }",
}

TOP = "bin box dev etc lib lib32 lib64 libx32 opt proc sbin tmp usr"


@pytest.fixture
async def sandbox(tmp_path):
    async with open_sandbox("bubblewrap", slots=1, cache=tmp_path / "cache") as opened:
        yield opened


@pytest.fixture
def as_root_with_groups(require):
    """What is bounded for a whole tree of processes needs control groups, and users of their own need root."""
    group = create_group(f"synthetic1-test-can-{os.getpid()}") if os.getuid() == 0 else None
    require("root with a writable control group", group, "run the tests as root, on the machine itself")
    group.remove()


async def ask(sandbox, program, **limits):
    (result,) = await sandbox.run(Program("python", program), [""], Limits(**{"cpu_s": 20, **limits}))
    return result


@pytest.mark.parametrize("language", PLUS_ONE)
async def test_every_language_runs(sandbox, language):
    results = await sandbox.run(Program(language, PLUS_ONE[language]), ["1", "41"], Limits(cpu_s=20))
    assert [(result.status, result.stdout) for result in results] == [("ok", b"2\n"), ("ok", b"42\n")], results
    assert {(result.sandbox, result.unsafe, result.interpreter) for result in results} == {
        ("bubblewrap", False, "fresh")
    }
    assert all(result.cpu_s > 0 and result.peak_memory_bytes > 0 for result in results)


async def test_calls_have_their_channel(sandbox):
    (result,) = await sandbox.run(Program("python", "def f(a, b): return [a, b]"), [Call("f", [1, "x"])])
    assert (result.status, json.loads(result.returned)) == ("ok", [1, "x"])


async def test_a_program_sees_its_box_and_nothing_of_this_machine(sandbox):
    program = """
import json, os, pwd, socket
def listing(path):
    return sorted(os.listdir(path))
print(json.dumps({
    "top": listing("/"), "box": listing("/box"), "tmp": listing("/tmp"), "etc": listing("/etc"),
    "cwd": os.getcwd(), "pids": [name for name in listing("/proc") if name.isdigit()],
    "fds": listing("/proc/self/fd")[:3], "more fds": len(listing("/proc/self/fd")) - 4,
    "host": socket.gethostname(),
    "name": pwd.getpwuid(os.getuid()).pw_name, "uid": os.getuid(), "env": sorted(os.environ),
    "paths in env": [value for value in os.environ.values() if "synthetic1-" in value],
}))
"""
    seen = json.loads((await ask(sandbox, program)).stdout)
    assert set(seen["top"]) <= set(TOP.split())
    assert (seen["box"], seen["tmp"], seen["cwd"]) == (["main.py", "work"], [], "/box/work")
    assert set(seen["etc"]) <= {
        "alternatives",
        "group",
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d",
        "localtime",
        "passwd",
    }
    assert seen["pids"] == ["1", "2"]
    assert (seen["fds"], seen["more fds"]) == (["0", "1", "2"], 0)
    assert (seen["host"], seen["name"], seen["paths in env"]) == ("sandbox", "sandbox", [])
    if os.getuid() == 0:
        assert seen["uid"] not in (0, os.getuid())


async def test_only_its_own_folders_can_be_written(sandbox):
    places = ["/", "/usr", "/etc", "/dev", "/box", "/proc", "/opt", "/tmp", "/dev/shm", "/box/work", "."]
    program = f"""
for place in {places}:
    try:
        open(place + "/new", "w").write("x")
        print(place)
    except OSError:
        pass
"""
    result = await ask(sandbox, program)
    assert result.stdout.decode().split() == ["/tmp", "/dev/shm", "/box/work", "."]


@pytest.mark.usefixtures("as_root_with_groups")
@pytest.mark.parametrize(
    ("program", "status"),
    [
        pytest.param("x = []\nwhile True: x.append(bytes(1 << 20))", "memory_limit", id="heap"),
        pytest.param(
            "import os\nwhile True:\n  fd = os.memfd_create('m')\n  for _ in range(8): os.write(fd, bytes(1 << 20))",
            "memory_limit",
            id="memory that is a file",
        ),
        pytest.param("import mmap\nmmap.mmap(-1, 8 << 30)", "ok", id="mapped and not touched"),
        pytest.param("import os\nfor n in range(30000): open(f'/tmp/{n}', 'w').close()", "runtime_error", id="files"),
        pytest.param(
            "for place in ('/tmp', '/dev/shm', '.'):\n  with open(place + '/f', 'wb') as file:\n"
            "    for _ in range(12): file.write(bytes(1 << 20))",
            "runtime_error",
            id="all folders share one limit",
        ),
        pytest.param("while True: pass", "time_limit", id="spins"),
        pytest.param(
            "import os\nfor _ in range(3): os.fork()\nwhile True: pass", "time_limit", id="a tree of processes spins"
        ),
        pytest.param("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", "time_limit", id="fork bomb"),
        pytest.param(
            "import threading, time\nfor _ in range(200):\n"
            "  threading.Thread(target=time.sleep, args=(3,), daemon=True).start()",
            "runtime_error",
            id="thread bomb",
        ),
        pytest.param("import os\nos.kill(-1, 9)", "runtime_error", id="kills all that it can: nothing"),
        pytest.param("import os\nos.kill(1, 9); os.kill(os.getppid(), 9)", "ok", id="its init takes no signal from it"),
    ],
)
async def test_bounds_hold_for_the_whole_tree_and_the_next_is_judged_right(sandbox, program, status):
    seconds = {"cpu_s": 2, "wall_s": 30} if status == "time_limit" else {"cpu_s": 60, "wall_s": 150}
    result = await ask(sandbox, program, **seconds, memory_mb=128, files_mb=32)
    assert result.status == status, result
    assert result.memory_limit == "cgroup"
    honest = await ask(sandbox, "import os\nprint(os.listdir('/tmp'), os.listdir('.'))")
    assert (honest.status, honest.stdout) == ("ok", b"[] []\n")


@pytest.mark.parametrize(
    ("program", "exit_code", "signal"),
    [
        ("import os; os._exit(3)", 3, None),
        ("import os; os._exit(255)", 255, None),
        ("import os; os.abort()", None, 6),
        ("import os; os.kill(os.getpid(), 11)", None, 11),
    ],
)
async def test_it_ends_as_it_ends(sandbox, program, exit_code, signal):
    result = await ask(sandbox, program)
    assert (result.status, result.exit_code, result.signal) == ("runtime_error", exit_code, signal)


async def test_a_daemon_neither_holds_up_nor_survives(sandbox):
    program = "import os, time\nprint('done', flush=True)\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(1000)"
    result = await ask(sandbox, program, wall_s=600)
    assert (result.status, result.stdout) == ("ok", b"done\n")
    assert [about for about in processes_of(f"+{os.getpid()}+") if "bwrap\0" in about] == []


def processes_of(sign):
    """Agents and bwrap have their folder's name in their arguments; plain programs work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "cmdline").read_text(errors="replace") + os.readlink(process / "cwd")
        except OSError:
            continue
        if sign in about:
            found.append(about)
    return found


async def test_nothing_is_left_after_closing(tmp_path):
    async with open_sandbox("bubblewrap", slots=2, cache=tmp_path) as sandbox:
        await asyncio.gather(*(ask(sandbox, "print(1)") for _ in range(4)))
    mine = local_agent.own_name("").rstrip("-")
    assert list(Path(tempfile.gettempdir()).glob(f"{mine}*")) == []
    assert leftover_groups(mine) == []


OWNER = """
import asyncio, os, sys, threading
from synthetic1.sandbox import Program, open_sandbox
SLEEPS = Program("python", "import os, time\\nprint(os.fork(), flush=True)\\ntime.sleep(1000)")
async def main():
    async with open_sandbox(sys.argv[1], unsafe=True, slots=1, cache=sys.argv[2]) as sandbox:
        async with sandbox.run(SLEEPS, [""]) as run:
            threading.Timer(1.0, os.kill, (os.getpid(), 9)).start()
            await anext(run)
asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["bubblewrap", "subprocess"])
async def test_when_the_owner_is_killed_all_of_it_goes(tmp_path, kind):
    owner = subprocess.Popen([sys.executable, "-c", OWNER, kind, str(tmp_path)])
    assert owner.wait(120) == -9
    sign = f"+{owner.pid}+"
    deadline = time.monotonic() + 60
    while (left := processes_of(sign)) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert left == []
    if kind == "subprocess":  # the group around a plain agent is its owner's
        async with open_sandbox(kind, unsafe=True, cache=tmp_path):
            pass  # opening sweeps what could not go by itself
    assert [path for path in Path(tempfile.gettempdir()).glob("synthetic1-sandbox-*") if sign in path.name] == []
    assert [name for name in leftover_groups("synthetic1-sandbox-") if sign in name] == []


async def test_without_bwrap_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        await open_sandbox("bubblewrap")


async def test_a_bwrap_that_does_not_work_is_found_out(monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("synthetic1.sandbox.local.bubblewrap._uid", os.getuid)
    with pytest.raises(SandboxUnavailable, match=r"uid map: Permission denied; as root: sysctl"):
        await open_sandbox("bubblewrap")


async def test_rootfs_must_be_one(tmp_path):
    with pytest.raises(SandboxUnavailable, match="has no folder usr"):
        await open_sandbox("bubblewrap", rootfs=str(tmp_path))


async def test_programs_run_in_a_rootfs(require, tmp_path):
    python = Path("/usr/bin/python3").resolve()
    require("a Python of the system", python.is_file(), "apt-get install python3")
    root = tmp_path / "root"
    libraries = subprocess.run(["ldd", python], capture_output=True, text=True, check=True).stdout
    needed = {word for word in libraries.split() if word.startswith("/")}
    for path in (str(python), *needed):
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / path[1:])
    shutil.copytree(f"/usr/lib/{python.name}", root / "usr" / "lib" / python.name, symlinks=True)
    (root / "usr" / "bin" / "python3").symlink_to(python.name)
    for folder in (tmp_path, root):
        folder.chmod(0o755)
    async with open_sandbox("bubblewrap", rootfs=str(root), slots=1, cache=tmp_path / "cache") as sandbox:
        result = await ask(sandbox, "import os\nprint(sorted(os.listdir('/usr/bin')))")
    assert result.stdout.decode() == f"{sorted({'python3', python.name})}\n", result


def test_paths_outside_become_paths_inside():
    settings = BubblewrapSettings("/usr/bin/bwrap", "/roots/a", {"rustc": "/somewhere/rust"}, None, 9, None)
    assert settings.places == {"/somewhere/rust": "/opt/rustc", "/roots/a": ""}
    assert BubblewrapSettings.from_json(settings.to_json()) == settings
