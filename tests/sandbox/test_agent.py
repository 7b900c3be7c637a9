"""The agent, spoken to in frames over real pipes: as a plain process, and as the first process of a container."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.sandbox.agent import bootstrap
from synthetic1.sandbox.agent.box import remove_below
from synthetic1.sandbox.agent.job import Bounds, Build, Job, Outcome
from synthetic1.sandbox.agent.wire import PROTOCOL, decode_header, encode, header_length
from synthetic1.sandbox.image.build import AGENT_FOLDER

MIB = 2**20
HANG_S = 240  # an agent that says nothing for so long is killed, so that a test fails and does not hang
UID = 20_000 + os.getpid() % 40_000  # one's processes are counted across containers, and there may be other tests
HARDENED = [
    *("--rm", "-i", "--network=none", "--read-only", "--ipc=none", "--log-driver=none", "--pids-limit=256"),
    *("--cap-drop=ALL", "--cap-add=SETUID", "--cap-add=SETGID", "--cap-add=KILL", "--security-opt=no-new-privileges"),
    *("--memory=320m", "--memory-swap=320m", "--tmpfs=/tmp:rw,exec,nosuid,nodev,mode=1777,size=64m,nr_inodes=5000"),
]


def bounds(**changes):
    usual = {
        "cpu_s": 10.0,
        "wall_s": 60.0,
        "memory_bytes": 256 * MIB,
        "stdout_bytes": 8 * MIB,
        "stderr_bytes": 1000,
        "channel_bytes": 10_000,
        "processes": 64,
        "file_bytes": 16 * MIB,
    }
    return Bounds(**{**usual, **changes})


class Talk:
    """The host's side, frame by frame."""

    def __init__(self, command):
        path = f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}"  # first a Python that is no wrapper's
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env={**os.environ, "PATH": path}
        )
        self._out = os.fdopen(os.dup(self.process.stdout.fileno()), "rb")
        self._jobs = 0
        self.running = False
        self.hello = self.hear()[0]

    def say(self, header, *blobs):
        data = memoryview(b"".join(encode(header, blobs)))
        while data:
            data = data[self.process.stdin.write(data) :]

    def hear(self):
        watchdog = threading.Timer(HANG_S, self.process.kill)
        watchdog.start()
        try:
            return self._frame()
        finally:
            watchdog.cancel()

    def _frame(self):
        """The next frame; None at the end of the stream, which no frame may be cut by."""
        prefix = self._out.read(4)
        if not prefix:
            return None
        header, sizes = decode_header(self._read_all(header_length(prefix)))
        return header, [self._read_all(size) for size in sizes]

    def _read_all(self, size):
        data = self._out.read(size)
        assert len(data) == size, "the stream ends inside a frame"
        return data

    def begin(self, files, argv, inputs, *, limits=None, env=None, **fields):
        """Send a job without inputs; its id."""
        self._jobs += 1
        files = {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}
        job = Job(
            files=[(name, 0o644) for name in files],
            argv=argv,
            bounds=limits or bounds(),
            inputs=inputs,
            env={"PYTHONHASHSEED": "0", **(env or {})},
            **fields,
        )
        self.running = True
        self.say({"op": "job", "id": self._jobs, **job.to_header()}, *files.values())
        return self._jobs

    def job(self, files, argv, inputs=(), **fields):
        """Run a job to its end: the frames that came."""
        number = self.begin(files, argv, len(inputs), **fields)
        for index, words in enumerate(inputs):
            stdin, channel = words if isinstance(words, tuple) else (words, b"")
            self.say({"op": "input", "id": number, "index": index}, stdin, channel)
        return self.until_done(number)

    def until_done(self, number):
        frames = []
        while True:
            header, blobs = self.hear()
            assert header.pop("id") == number, header
            frames.append((header, blobs))
            if header["op"] == "done":
                self.running = False
                return frames

    def python(self, source, *inputs, fork_server=True, **fields):
        """Run a Python program: the results; its slot must be clean afterwards."""
        frames = self.job({"main.py": source}, PYTHON, inputs or (b"",), fork_server=fork_server, **fields)
        assert frames.pop() == ({"op": "done", "clean": True}, [])
        return [Answer(header, *blobs) for header, blobs in frames]

    def end(self):
        self.process.stdin.close()
        try:
            return self.process.wait(HANG_S)
        finally:
            self._out.close()
            self.process.stdout.close()


class Answer:
    """One result."""

    def __init__(self, header, stdout, stderr, channel):
        assert header["op"] == "result"
        self.index, self.interpreter = header["index"], header["interpreter"]
        self.outcome = Outcome.from_header(header["outcome"])
        self.stdout, self.stderr, self.channel = stdout, stderr, channel

    @property
    def ending(self):
        return self.outcome.ended_by or self.outcome.signal or self.outcome.exit_code

    def __repr__(self):
        return f"{self.outcome} {self.stdout[:300]!r} {self.stderr[:1000]!r}"


PYTHON = ["python3", "-s", "-B", "../main.py"]


def plain_command(root):
    return [sys.executable, "-I", "-S", bootstrap.__file__, "--launcher", "plain", "--root", str(root)]


def contained_command(image, uid):
    agent = ["-I", "-S", f"{AGENT_FOLDER}/bootstrap.py", "--launcher", "direct", "--uid", str(uid)]
    return ["docker", "run", *HARDENED, "--entrypoint=python3", image, *agent]


class Kept:
    """One agent for many tests; a new one after a test that broke off in the middle of a job."""

    def __init__(self, command):
        self._command, self._talk = command, None

    def talk(self):
        if self._talk is not None and self._talk.running:
            self._talk.process.kill()
            self._talk.end()
            self._talk = None
        self._talk = self._talk or Talk(self._command())
        return self._talk


@pytest.fixture(scope="module")
def plain_kept(tmp_path_factory):
    kept = Kept(lambda: plain_command(tmp_path_factory.mktemp("agent")))
    yield kept
    assert kept.talk().end() == 0


@pytest.fixture(scope="module")
def contained_kept(sandbox_image):
    kept = Kept(lambda: contained_command(sandbox_image, UID))
    yield kept
    assert kept.talk().end() == 0


@pytest.fixture
def plain(plain_kept):
    return plain_kept.talk()


@pytest.fixture
def contained(contained_kept):
    return contained_kept.talk()


@pytest.fixture(params=["plain", "contained"])
def agent(request):
    return request.getfixturevalue(request.param)


def test_hello(plain, contained):
    said = {"op": "hello", "protocol": PROTOCOL}
    assert plain.hello == {**said, "launcher": "plain", "memory_limit": "address_space"}
    assert contained.hello == {**said, "launcher": "direct", "memory_limit": "cgroup"}


# Endings --------------------------------------------------------------------------------------------------------------

SPIN, SLEEP = "while True: pass", "import time; time.sleep(1000)"
ENDINGS = [
    ("ends", "print('x')", {}, 0, b"x\n"),
    ("exits with 3", "print('x'); raise SystemExit(3)", {}, 3, b"x\n"),
    ("fails", "print('x', flush=True); 1/0", {}, 1, b"x\n"),
    ("is killed", "import os; os.kill(os.getpid(), 9)", {}, signal.SIGKILL, b""),
    ("crashes", "import os; os.abort()", {}, signal.SIGABRT, b""),
    ("spins", SPIN, {"cpu_s": 0.3}, "cpu", b""),
    ("spins in a child", f"import os\nif os.fork() == 0:\n  {SPIN}\nos.wait()", {"cpu_s": 0.3}, "cpu", b""),
    ("sleeps", SLEEP, {"wall_s": 0.5}, "wall", b""),
    ("floods stdout", "while True: print('x' * 1000)", {}, "output", None),
    ("ends after one byte too much", "print('x' * 5, end='')", {"stdout_bytes": 4}, "output", b"xxxx"),
    ("stays within stdout", "print('x' * 4, end='')", {"stdout_bytes": 4}, 0, b"xxxx"),
    ("floods stderr", "import sys\nfor _ in range(5000): print('x' * 1000, file=sys.stderr)\nprint(1)", {}, 0, b"1\n"),
    ("grows", "x = []\nwhile True: x.append(bytearray(10**6))", {"cpu_s": 100.0, "wall_s": 200.0}, "memory", b""),
    ("recurses", "def f(): return 1 + f()\nf()", {}, 1, b""),
    ("has a daemon at its pipes", f"import os\nif os.fork() == 0:\n  os.setsid()\n  {SLEEP}\nprint(1)", {}, 0, b"1\n"),
    ("closes stdin", "import os; os.close(0); print(1)", {}, 0, b"1\n"),
    ("has too big a file", "open('x', 'wb', 0).write(bytes(2000)) == 2000 or 1 / 0", {"file_bytes": 1000}, 1, b""),
    ("stops itself", "import os; os.kill(os.getpid(), 19)", {"wall_s": 0.5}, "wall", b""),
]


@pytest.mark.parametrize(
    ("program", "limits", "ending", "stdout"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS]
)
def test_endings(agent, program, limits, ending, stdout):
    (answer,) = agent.python(program, limits=bounds(**limits))
    assert answer.ending == ending, answer
    assert stdout is None or answer.stdout == stdout
    assert len(answer.stderr) <= 1000
    (after,) = agent.python("print(input())", b"still there")
    assert after.stdout == b"still there\n"


def test_the_clock_does_not_count_while_no_processor_is_free(agent):
    """One core, three others that want it all the time: 0.3 s of work take four times that, and the limit is 1."""
    core = min(os.sched_getaffinity(0))
    spin = f"import os, time\nos.sched_setaffinity(0, {{{core}}})\n"
    others = [subprocess.Popen([sys.executable, "-c", f"{spin}while True: pass"]) for _ in range(3)]
    try:
        work = f"{spin}end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nprint('done')"
        (answer,) = agent.python(work, limits=bounds(wall_s=1.0))
        assert (answer.ending, answer.stdout) == (0, b"done\n")
        (answer,) = agent.python(f"{spin}time.sleep(60)", limits=bounds(wall_s=1.0))
        assert answer.ending == "wall"
        assert answer.outcome.wall_s < 3.5
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_what_is_measured(agent):
    busy = (
        "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nx = bytearray(50 << 20)"
    )
    (answer,) = agent.python(busy)
    assert 0.3 <= answer.outcome.cpu_s <= answer.outcome.wall_s * os.cpu_count() + 0.1
    assert answer.outcome.wall_s >= 0.3
    assert 50 * MIB <= answer.outcome.peak_bytes < 200 * MIB


def test_cpu_of_children_counts(agent):
    """Nobody waits for them: only the whole tree's clock knows."""
    burn = "import os, time\nfor _ in range(2):\n  if os.fork() == 0:\n    while True: pass\ntime.sleep(1000)"
    (answer,) = agent.python(burn, limits=bounds(cpu_s=0.4))
    assert answer.ending == "cpu"


def test_mapped_memory_that_is_not_touched_is_free(contained):
    (answer,) = contained.python("import mmap; m = mmap.mmap(-1, 4 << 30); m[:10] = b'x' * 10; print(1)")
    assert answer.ending == 0, answer


# Streams --------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(inputs=st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_bytes_come_through_unchanged(plain_kept, inputs):
    answers = plain_kept.talk().python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", *inputs)
    assert [(answer.index, answer.stdout) for answer in answers] == list(enumerate(inputs))
    assert {answer.interpreter for answer in answers} == {"fork_server"}


def test_megabytes_go_both_ways_at_once(agent):
    data = bytes(range(256)) * (5 * MIB // 256)
    echo = "import sys\nwhile chunk := sys.stdin.buffer.read1(4096): sys.stdout.buffer.write(chunk)"
    (answer,) = agent.python(echo, data)
    assert answer.ending == 0
    assert answer.stdout == data


def test_input_need_not_be_read(agent):
    never, partly = agent.python("import os; print(len(os.read(0, 1)))", b"", b"x" * 10 * MIB)
    assert (never.stdout, partly.stdout) == (b"0\n", b"1\n")
    assert never.ending == partly.ending == 0


def test_standard_streams_can_be_opened_by_name(agent):
    (answer,) = agent.python("open('/dev/stdout', 'w').write(open('/dev/stdin').read())", b"x")
    assert (answer.stdout, answer.interpreter) == (b"x", "fork_server")


CHANNEL = """
import os, sys
channel = os.fdopen(3, "r+b", buffering=0)
for line in iter(channel.readline, b""):
    channel.write(line.upper())
print("end")
"""


@pytest.mark.parametrize("fork_server", [True, False])
def test_channel(agent, fork_server):
    answers = agent.python(CHANNEL, (b"", b"a\nb\n"), (b"", b"c" * 300 + b"\n"), fork_server=fork_server, channel=True)
    assert [answer.channel for answer in answers] == [b"A\nB\n", b"C" * 300 + b"\n"]
    assert [answer.stdout for answer in answers] == [b"end\n"] * 2


def test_channel_is_capped(agent):
    (answer,) = agent.python("import os\nwhile True: os.write(3, b'x' * 1000)", channel=True)
    assert answer.ending == "output"
    assert len(answer.channel) <= 10_000


def test_dialogue(agent):
    number = agent.begin({"main.py": CHANNEL}, PYTHON, 1, fork_server=True, channel=True, dialogue=True)
    agent.say({"op": "input", "id": number, "index": 0}, b"", b"")
    for words in (b"one\n", b"two\n"):
        agent.say({"op": "channel", "id": number}, words)
        assert agent.hear() == ({"op": "channel", "id": number}, [words.upper()])
    agent.say({"op": "hangup", "id": number})
    (header, blobs), done = agent.until_done(number)
    assert Answer(header, *blobs).stdout == b"end\n"
    assert done[0]["clean"]


# What is left ---------------------------------------------------------------------------------------------------------

LOOK = """
import os
found = []
for top in ("/tmp", ".", "/dev/shm", "/var/tmp"):
    for folder, folders, files in os.walk(top):
        found += [os.path.join(folder, name) for name in folders + files]
own = {"/tmp/box", "/tmp/box/work", "/tmp/box/main.py"}
pids = [name for name in os.listdir("/proc") if name.isdecimal() and os.stat(f"/proc/{name}").st_uid == os.getuid()]
ipc = [line for kind in ("shm", "sem", "msg") for line in list(open(f"/proc/sysvipc/{kind}"))[1:]]
print(sorted(set(found) - own), len(pids), ipc)
"""
LEAVING = {
    "files": "import os\nfor p in ('/tmp/x', 'x', '/tmp/.y'): open(p, 'w').write('x')\n"
    "os.mkdir('/tmp/d'); os.symlink('/', 'l')",
    "a pipe": "import os; os.mkfifo('/tmp/f'); os.mkfifo('f')",
    "closed folders": "import os\nos.makedirs('/tmp/a/b/c'); open('/tmp/a/b/c/d', 'w')\n"
    "for p in ('a/b/c', 'a/b', 'a'): os.chmod('/tmp/' + p, 0)",
    "a deep tree": "import os\nos.chdir('/tmp')\nfor _ in range(1500): os.mkdir('d' * 50); os.chdir('d' * 50)",
    "all the inodes": "i = 0\nwhile True: open(f'/tmp/{i}', 'w'); i += 1",
    "all the room": "f = open('/tmp/x', 'wb', 0)\nwhile True: f.write(bytes(1 << 16))",
    "a daemon": f"import os\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n{SLEEP}",
    "a stopped child": "import os, signal\nif os.fork() == 0: os.kill(os.getpid(), signal.SIGSTOP)",
    "a fork bomb": "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
    "daemons that adopt": "import ctypes, os, time\nctypes.CDLL(None).prctl(36, 1)\n"
    "for _ in range(3):\n  if os.fork() == 0: ctypes.CDLL(None).prctl(36, 1); os.fork(); time.sleep(1000)",
    "shared memory": "import ctypes\nc = ctypes.CDLL(None)\n"
    "c.shmget(77, 4096, 0o1666); c.semget(77, 1, 0o1666); c.msgget(77, 0o1666)",
    "threads": "import threading, time\n"
    "for _ in range(20): threading.Thread(target=time.sleep, args=[1000], daemon=True).start()",
    "every process it can kill": "import os\nfor s in (19, 9):\n  try: os.kill(-1, s)\n  except OSError: pass",
    "its parents": "import os\nfor p in (1, os.getppid(), 2, 3, 4, 5):\n  try: os.kill(p, 9)\n  except OSError: pass",
}


@pytest.mark.parametrize("fork_server", [True, False])
@pytest.mark.parametrize("program", LEAVING.values(), ids=LEAVING)
def test_nothing_is_left_for_the_next_program(contained, program, fork_server):
    contained.python(program, b"", b"", fork_server=fork_server, limits=bounds(cpu_s=0.5, wall_s=5.0))
    (look,) = contained.python(LOOK, fork_server=fork_server)
    assert look.stdout == b"[] 1 []\n", look


def test_nothing_is_left_for_the_next_input(agent):
    leave = "import os; print(os.listdir()); open('x', 'w'); os.makedirs('a/b')"
    assert [answer.stdout for answer in agent.python(leave, b"", b"", b"")] == [b"[]\n"] * 3


def test_a_program_cannot_touch_its_files_or_the_agent(contained):
    tries = """
import os
for what in ("open('../main.py', 'a')", "os.unlink('../main.py')", "open('../x', 'w')", "os.chmod('../main.py', 0)",
             "os.rename('/tmp/box', '/tmp/b')", "open('/proc/1/mem', 'rb')", "os.listdir('/proc/1/fd')",
             "open(f'/proc/{os.getppid()}/mem', 'rb')", "os.listdir(f'/proc/{os.getppid()}/fd')",
             "os.setuid(0)", "os.setgid(0)", "os.chroot('.')"):
    try:
        eval(what)
    except OSError:
        continue
    print("could:", what)
print(os.getresuid(), os.getresgid(), os.getgroups(), sorted(map(int, os.listdir("/proc/self/fd"))))
"""
    seen = set()
    for fork_server in (True, False):
        for answer in contained.python(tries, b"", b"", b"", fork_server=fork_server):
            assert answer.stdout == f"{(UID,) * 3} {(UID,) * 3} [] [0, 1, 2, 3]\n".encode(), answer
            seen.add(answer.interpreter)
    assert seen == {"fork_server", "fresh"}


def test_every_start_is_alike(agent):
    """The first one is a fork, later ones may come from a starter."""
    look = """
import os, resource
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print([status[name] for name in ("Uid", "Gid", "Groups", "SigBlk", "CapInh", "CapPrm", "CapEff", "Umask")])
print(int(status["SigIgn"], 16) % 2**31)  # the two above are the C library's own
print([resource.getrlimit(number) for number in range(16)], open("/proc/self/oom_score_adj").read())
print(sorted(os.listdir("/proc/self/fd")), os.getsid(0) == os.getpid(), os.getcwd(), sorted(os.environ.items()))
"""
    first, *others = agent.python(look, b"", b"", b"", fork_server=False)
    assert first.ending == 0, first
    assert [other.stdout for other in others] == [first.stdout] * 2


def test_later_starts_that_fail_say_so(agent):
    """As the first one does."""
    script = "import os; open('main', 'w').write('x'); os.chmod('main', 0o755)"
    _, *results, _ = agent.job({}, ["../main"], [b""] * 3, build=build(script, "main"))
    answers = [Answer(header, *blobs) for header, blobs in results]
    assert [answer.ending for answer in answers] == [127] * 3
    assert len({answer.stderr for answer in answers}) == 1
    assert answers[0].stderr


@pytest.mark.parametrize("before", [0, 1, 3])
def test_processes_of_others_with_the_same_user_are_no_fault_of_the_program(sandbox_image, before):
    """The kernel counts them across containers, and refuses to execute."""
    if os.geteuid() != 0:
        pytest.skip("only root can start processes of another user: run the tests as root")
    uid = UID + 1
    talk = Talk(contained_command(sandbox_image, uid))
    number = talk.begin({"main.py": "print(1)"}, PYTHON, 4, limits=bounds(processes=4), fork_server=False)
    for index in range(before):
        talk.say({"op": "input", "id": number, "index": index}, b"", b"")
        header, blobs = talk.hear()
        assert Answer(header, *blobs).stdout == b"1\n"
    others = [subprocess.Popen(["sleep", "100"], user=uid, group=uid, extra_groups=[]) for _ in range(6)]
    try:
        talk.say({"op": "input", "id": number, "index": before}, b"", b"")
        fault, _ = talk.hear()
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert fault["op"] == "fault"
    assert "cannot" in fault["why"]
    talk.end()


def test_names_that_removal_itself_would_use_are_no_obstacle(tmp_path):
    (tmp_path / ".moved-0" / "inner").mkdir(parents=True)
    assert remove_below(str(tmp_path))
    assert os.listdir(tmp_path) == []


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_tree_is_removed(tmp_path_factory, data):
    top = tmp_path_factory.mktemp("tree")
    folders = [top]
    for number in range(data.draw(st.integers(0, 25))):
        path = data.draw(st.sampled_from(folders)) / data.draw(
            st.sampled_from([f"n{number}", f".moved-{number}", "ü\n"])
        )
        with contextlib.suppress(FileExistsError):
            kind = data.draw(st.sampled_from(["folder", "file", "link", "pipe"]))
            if kind == "folder":
                path.mkdir()
                folders.append(path)
            elif kind == "file":
                path.touch()
            elif kind == "link":
                path.symlink_to(top.parent)
            else:
                os.mkfifo(path)
    assert remove_below(str(top))
    assert list(top.iterdir()) == []
    assert top.parent.exists()


# The fork server -----------------------------------------------------------------------------------------------------

SAME = {
    "its names": "print(sorted(globals()), __name__, __file__, __spec__, __package__, type(__loader__).__name__)",
    "sys": "import sys; print(sys.argv, sys.path, sys.orig_argv, sys.flags, sys.stdin.encoding, sys.stdout.errors)",
    "environment": "import os; print(sorted(os.environ.items()), os.getcwd(), os.umask(0))",
    "hashes": "print(hash('synthetic'), {'a', 'b', 'c', 'd'})",
    "limits": "import resource; print([resource.getrlimit(n) for n in range(16)])",
    "signals": "import signal; print([signal.getsignal(n) for n in (1, 2, 13, 15, 17, 25)])",
    "descriptors": "import os; print(sorted(os.listdir('/proc/self/fd')))",
    "lines as they are": "import sys; print(repr(sys.stdin.read()))",
    "pickles": "import pickle\nclass A: x = 1\nprint(pickle.loads(pickle.dumps(A())).x, A.__module__)",
    "dataclasses": "from dataclasses import dataclass\n@dataclass\nclass A:\n  x: int = 3\nprint(A())",
    "annotations of the future": "from __future__ import annotations\ndef f(x: Y): pass\nprint(f.__annotations__)",
    "another coding": b"# -*- coding: latin-1 -*-\nprint(len('\xe9'), ascii('\xe9'))",
    "a byte order mark": b"\xef\xbb\xbfprint(1)",
    "atexit": "import atexit; atexit.register(print, 'bye'); print('hi')",
    "finalizers": "import os\nclass A:\n  def __del__(self): print('gone', os)\na = A()\nprint('hi')",
    "finalizers in a cycle": "class A:\n  def __del__(self): print('gone')\na = A(); a.a = a",
    "a file never closed": "out = open(1, 'w', closefd=False); out.write('x')",
    "stdout replaced": "import io, sys\nsys.stdout = io.TextIOWrapper(io.FileIO(1, 'w')); print('x')",
    "threads at the end": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()",
    "exit without code": "import sys; print(1); sys.exit()",
    "exit at once": "import os; print(1, flush=True); print(2); os._exit(0)",
    "a fork": "import os\nif os.fork() == 0: print('child')\nelse: os.wait(); print('parent')",
    "a fork with threads": "import os, threading\nif os.fork() == 0:\n"
    "  t = threading.Thread(target=print, args=['child']); t.start(); t.join()\nelse: os.wait()",
    "processes": "from multiprocessing import Process\nif __name__ == '__main__':\n"
    "  p = Process(target=print, args=['child']); p.start(); p.join(); print(p.exitcode)",
    "itself as a module": "import main; print(main.__name__) if __name__ == '__main__' else None",
    "deep recursion": "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\nprint(f(50000))",
    "a recursion in C": "import sys\nsys.setrecursionlimit(10**6)\nx = []\n"
    "for _ in range(20000): x = [x]\nprint(len(repr(x)))",
}


@pytest.mark.parametrize("program", SAME.values(), ids=SAME)
def test_fork_server_is_like_a_fresh_interpreter(agent, program):
    data = b"a\r\nb\xff"
    (warm,) = agent.python(program, data)
    (fresh,) = agent.python(program, data, fork_server=False)
    assert (warm.ending, warm.stdout, warm.stderr) == (fresh.ending, fresh.stdout, fresh.stderr)
    assert fresh.ending == 0, fresh
    assert (warm.interpreter, fresh.interpreter) == ("fork_server", "fresh")


@pytest.mark.parametrize(
    "program",
    [
        "1/0",
        "f(",
        "raise SystemExit('no')",
        "import os; os.abort()",
        "import main2",
        "x = " + "(" * 500 + ")" * 500,
        "import ctypes; ctypes.string_at(0)",
        "raise KeyboardInterrupt",
    ],
)
def test_a_crash_in_the_fork_server_is_told_by_a_fresh_interpreter(agent, program):
    (warm,) = agent.python(program)
    (fresh,) = agent.python(program, fork_server=False)
    assert warm.interpreter == "fresh"
    assert (warm.ending, warm.stderr) == (fresh.ending, fresh.stderr)
    assert fresh.ending != 0


def test_what_only_the_fork_server_breaks_counts_as_right(agent):
    program = "import sys\nassert 'heapq' not in sys.modules\nprint(input())"
    (answer,) = agent.python(program, b"x")
    assert (answer.ending, answer.stdout, answer.interpreter) == (0, b"x\n", "fresh")


def test_inputs_do_not_see_each_other(agent):
    program = "import random, sys\nprint(getattr(random, 'mark', 0)); random.mark = sys.modules['os'] = 1"
    assert [answer.stdout for answer in agent.python(program, b"", b"")] == [b"0\n"] * 2
    assert [answer.stdout for answer in agent.python(program, b"")] == [b"0\n"]


def test_frames_above_the_program_hold_nothing(agent):
    program = """
import sys
frame, seen = sys._getframe(), []
while frame := frame.f_back:
    seen += [repr(value) for value in frame.f_locals.values()] + [repr(value) for value in frame.f_globals.values()]
print(any("SECRET" in text for text in seen), len(seen))
"""
    (answer,) = agent.python(program, b"SECRET")
    assert answer.stdout.startswith(b"False "), answer
    assert answer.interpreter == "fork_server"


# Builds ---------------------------------------------------------------------------------------------------------------


def build(script, *outputs, limits=None, output_bytes=MIB):
    return Build(["python3", "-c", script], list(outputs), output_bytes, limits or bounds())


def test_build_then_run(agent):
    script = (
        "import os; text = open('source').read(); open('main', 'w').write('#!/bin/sh\\n' + text);"
        "os.chmod('main', 0o755); print('said'); open('rest', 'w')"
    )
    frames = agent.job({"source": "cat; pwd; ls ..\n"}, ["../main"], [b"x\n", b"y\n"], build=build(script, "main"))
    (built, (said, made)), *results, done = frames
    assert (built["op"], said, made[:9]) == ("built", b"said\n", b"#!/bin/sh")
    for (header, blobs), word in zip(results, (b"x", b"y"), strict=True):
        first, folder, *names = Answer(header, *blobs).stdout.split(b"\n")
        assert first == word
        assert folder.endswith(b"/box/work")
        assert {b"main", b"source", b"work"} <= set(names)
        assert b"rest" not in names
    assert done[0]["clean"]


@pytest.mark.parametrize(
    ("script", "limits", "ending"),
    [
        ("import sys; sys.exit('no')", {}, 1),
        ("while True: pass", {"cpu_s": 0.3}, "cpu"),
        ("import time; time.sleep(60)", {}, "idle"),
        ("import os, pty; os.read(pty.openpty()[0], 1)", {}, "idle"),
        ("import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()", {}, "idle"),
        ("import time\nfor _ in range(60):\n  time.sleep(0.1)\n  sum(range(200_000))", {}, "output"),  # slow, not idle
        ("pass", {}, "output"),
        ("open('main', 'w').write('x' * 2000000)", {}, "output"),
        ("import os; os.symlink('/etc/passwd', 'main')", {}, "output"),
        ("import os; os.mkfifo('main')", {}, "output"),
        ("import os; os.mkdir('main')", {}, "output"),
    ],
)
def test_builds_that_fail(agent, script, limits, ending):
    frames = agent.job({"source": ""}, ["../main"], [b"", b""], build=build(script, "main", limits=bounds(**limits)))
    (built, said), done = frames
    outcome = Outcome.from_header(built["outcome"])
    assert (outcome.ended_by or outcome.exit_code) == ending
    assert len(said) == 1
    assert done == ({"op": "done", "clean": True}, [])


def test_a_command_that_does_not_exist_is_a_fault(agent):
    (fault, _), _ = agent.job({"main.py": ""}, ["no-such-command", "../main.py"], [b""])
    assert fault["op"] == "fault"
    assert "no-such-command" in fault["why"]


# The wire -------------------------------------------------------------------------------------------------------------


def test_stop_ends_what_runs_and_what_waits(agent):
    number = agent.begin({"main.py": "if input(): import time; time.sleep(1000)"}, PYTHON, 100, fork_server=True)
    for index, line in enumerate([b"\n", b"wait\n", b"\n"]):
        agent.say({"op": "input", "id": number, "index": index}, line, b"")
    assert agent.hear()[0]["op"] == "result"
    agent.say({"op": "stop", "id": number})
    assert agent.until_done(number) == [({"op": "done", "clean": True}, [])]
    agent.say({"op": "input", "id": number, "index": 3}, b"late", b"")
    agent.say({"op": "stop", "id": number})
    assert agent.python("print(1)")[0].stdout == b"1\n"


def test_ping_is_answered_while_a_program_runs(agent):
    number = agent.begin({"main.py": SLEEP}, PYTHON, 1)
    agent.say({"op": "input", "id": number, "index": 0}, b"", b"")
    agent.say({"op": "ping", "n": 7})
    assert agent.hear() == ({"op": "pong", "n": 7}, [])
    agent.say({"op": "stop", "id": number})
    agent.until_done(number)


@pytest.mark.parametrize(
    "files", [{"../x": ""}, {"/tmp/x": ""}, {"a" * 300: ""}], ids=["above", "absolute", "too long"]
)
def test_a_job_that_cannot_be_laid_out_is_a_fault(agent, files):
    (fault, _), done = agent.job(files, PYTHON)
    assert fault["op"] == "fault"
    assert fault["why"]
    assert done[0] == {"op": "done", "clean": False}


@pytest.mark.parametrize("program", [SLEEP, SPIN, f"import os\nos.fork(); os.setsid(); os.fork()\n{SLEEP}"])
@pytest.mark.parametrize("fork_server", [True, False])
@pytest.mark.parametrize("how", ["close", "kill"])
def test_an_agent_without_host_leaves_nothing(tmp_path, program, fork_server, how):
    talk = Talk(plain_command(tmp_path))
    mark = f"MARK_{os.getpid()}_{time.monotonic_ns()}"
    number = talk.begin(
        {"main.py": "print(1, flush=True)\n" + program}, PYTHON, 1, fork_server=fork_server, env={mark: "1"}
    )
    talk.say({"op": "input", "id": number, "index": 0}, b"", b"")
    wait_for(lambda: len(marked(mark)) > 0)
    if how == "close":
        assert talk.end() == 0
    else:
        talk.process.kill()
        talk.end()
    if how == "close" or "fork" not in program:
        wait_for(lambda: not marked(mark))
    for pid in marked(mark):  # killed outright, a plain agent takes its own children with it, no more
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_garbage_ends_the_agent(tmp_path):
    talk = Talk(plain_command(tmp_path))
    talk.process.stdin.write(b"\xff\xff\xff\xff")
    assert talk.hear() is None
    assert talk.process.wait(HANG_S) == 1
    talk.process.stdin.close()


def marked(mark):
    """The processes with that variable in their environment."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if mark.encode() in Path(f"/proc/{name}/environ").read_bytes():
                found.append(int(name))
    return found


def wait_for(condition):
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
