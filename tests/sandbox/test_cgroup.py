"""Control groups: found in every layout, read right, and on this machine really bounding and killing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from synthetic1.sandbox.agent.control_groups.control_group import ControlGroup, Place
from synthetic1.sandbox.agent.control_groups.named_groups import create_group, leftover_groups, remove_leftover
from synthetic1.sandbox.agent.control_groups.places import own_places

V2_LINE = "30 23 0:26 {root} /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate"
V1_LINE = "3{n} 29 0:3{n} {root} /sys/fs/cgroup/{folder} rw - cgroup cgroup rw,{options}"


def v1_mounts(root: str) -> str:
    folders = {"cpu,cpuacct": "cpu,cpuacct", "memory": "memory", "pids": "pids"}
    return "\n".join(V1_LINE.format(n=n, root=root, folder=f, options=o) for n, (f, o) in enumerate(folders.items()))


@pytest.mark.parametrize(
    ("mounts", "groups", "expected"),
    [
        pytest.param(
            v1_mounts("/"),
            "5:pids:/a\n4:memory:/a/b\n2:cpu,cpuacct:/\n0::/",
            ["/cpu,cpuacct", "/memory/a/b", "/pids/a"],
            id="version 1",
        ),
        pytest.param(
            v1_mounts("/docker/c1"),
            "5:pids:/docker/c1\n4:memory:/docker/c1\n2:cpu,cpuacct:/docker/c1\n0::/",
            ["/cpu,cpuacct", "/memory", "/pids"],
            id="version 1, in a container: the mount shows its own group at the top",
        ),
        pytest.param(
            v1_mounts("/docker/c1"),
            "5:pids:/elsewhere\n4:memory:/docker/c1/x\n2:cpu,cpuacct:/docker/c1\n0::/",
            ["/cpu,cpuacct", "/memory/x", "/pids"],
            id="version 1, a group outside of what the mount shows",
        ),
        pytest.param(V2_LINE.format(root="/"), "0::/user.slice/a", ["/user.slice/a"] * 3, id="version 2"),
        pytest.param(V2_LINE.format(root="/"), "0::/", [""] * 3, id="version 2, in a namespace of its own"),
        pytest.param(
            v1_mounts("/") + "\n" + V2_LINE.format(root="/").replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified "),
            "5:pids:/a\n4:memory:/b\n2:cpu,cpuacct:/c\n0::/d",
            ["/cpu,cpuacct/c", "/memory/b", "/pids/a"],
            id="both: version 1 has the controllers",
        ),
        pytest.param("22 1 0:5 / /proc rw - proc proc rw", "0::/", None, id="not mounted"),
    ],
)
def test_a_process_finds_its_groups(tmp_path, mounts, groups, expected):
    (tmp_path / "mountinfo").write_text(mounts + "\n")
    (tmp_path / "cgroup").write_text(groups + "\n")
    places = own_places(str(tmp_path))
    if expected is None:
        assert places == {}
    else:
        assert [places[name].folder for name in ("cpu", "memory", "pids")] == [
            "/sys/fs/cgroup" + end for end in expected
        ]


def version_2_folder(path):
    files = {
        "cpu.stat": "usage_usec 2500000\nuser_usec 2000000\n",
        "memory.stat": "anon 100\nfile 5000\nkernel 1\nshmem 1000\n",
        "memory.events": "low 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n",
        "memory.peak": "10000\n",
        "memory.max": "",
        "memory.swap.max": "",
        "pids.current": "3\n",
        "pids.max": "",
        "cgroup.procs": "",
    }
    for name, content in files.items():
        (path / name).write_text(content)
    return ControlGroup({name: Place(str(path), 2) for name in ("cpu", "memory", "pids")})


def test_version_2_is_read_and_bounded(tmp_path):
    group = version_2_folder(tmp_path)
    assert (group.cpu_s(), group.oom_kills(), group.processes(), group.peak_bytes()) == (2.5, 1, 3, 10000)
    group.set_limits(1 << 20, 7)
    written = [(tmp_path / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max")]
    assert written == ["1048576", "0", "7"]
    group.close()


def test_pages_cached_before_do_not_count_as_peak(tmp_path):
    group = version_2_folder(tmp_path)
    group.reset_peak()
    (tmp_path / "memory.peak").write_text("10000\n")
    assert group.peak_bytes() == 10000 - (5000 - 1000)


def test_a_peak_that_cannot_be_reset_is_known_when_it_rises(tmp_path, monkeypatch):
    group = version_2_folder(tmp_path)

    def refuse(*_args):
        raise OSError("read-only")

    monkeypatch.setattr(os, "pwrite", refuse)
    group.reset_peak()
    assert group.peak_bytes() is None
    (tmp_path / "memory.peak").write_text("20000\n")
    assert group.peak_bytes() == 20000 - 4000


@pytest.fixture
def group(require):
    made = create_group(f"synthetic1-test-{os.getpid()}")
    require("a writable control group", made, "run as root, on the machine itself")
    made.set_limits(64 * 2**20, 20)
    yield made
    made.remove()


def run_in(group, program):
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", program], preexec_fn=group.enter)


def test_a_real_group_counts(group):
    group.reset_peak()
    burn = (
        "import time\nend = time.process_time() + 0.2\nx = bytearray(30 << 20)\nwhile time.process_time() < end: pass"
    )
    began = time.monotonic()
    assert run_in(group, burn).wait(60) == 0
    assert 0.2 <= group.cpu_s() <= (time.monotonic() - began) * os.cpu_count()
    assert 30 * 2**20 <= group.peak_bytes() < 64 * 2**20
    assert group.oom_kills() == 0
    group.reset_peak()
    assert group.peak_bytes() < 10 * 2**20


@pytest.mark.parametrize(
    "program",
    [
        "x = bytearray(100 << 20)",
        "import os\nfd = os.memfd_create('m')\nfor _ in range(100): os.write(fd, bytes(1 << 20))",
    ],
)
def test_a_real_group_bounds_memory(group, program):
    assert run_in(group, program).wait(60) == -signal.SIGKILL
    assert group.oom_kills() >= 1


def test_a_real_group_outruns_a_fork_bomb(group):
    bomb = run_in(group, "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass")
    deadline = time.monotonic() + 60
    while group.processes() < 15:
        assert time.monotonic() < deadline, "the bomb does not go off"
        time.sleep(0.001)
    group.kill_all(60)
    assert bomb.wait(60) == -signal.SIGKILL
    assert group.members() == set()
    deadline = time.monotonic() + 60
    while group.processes() and time.monotonic() < deadline:
        time.sleep(0.01)  # for the machine's first process to reap what it inherited
    assert run_in(group, "import os; os.fork()").wait(60) == 0, "the limit of processes is not back"


def test_create_and_remove_leave_nothing(group):
    name = f"synthetic1-test-{os.getpid()}"
    assert name in leftover_groups("synthetic1-test-")
    sleeper = run_in(group, "import time; time.sleep(1000)")
    group.remove()
    group.remove()
    assert sleeper.wait(60) == -signal.SIGKILL
    assert name not in leftover_groups("synthetic1-test-")


def test_what_another_process_left_is_removed(require):
    name = f"synthetic1-test-left-{os.getpid()}"
    left = create_group(name)
    require("a writable control group", left, "run as root, on the machine itself")
    sleeper = run_in(left, "import time; time.sleep(1000)")
    left.close()
    remove_leftover(name)
    assert sleeper.wait(60) == -signal.SIGKILL
    assert name not in leftover_groups("synthetic1-test-left-")
