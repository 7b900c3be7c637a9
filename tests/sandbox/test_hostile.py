"""Hostile programs 1 to 57 against every backend: each gets its verdict, and the slot judges the next one right.

The numbers are those of the project's list of hostile programs; a case may hold several programs of its kind.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from synthetic1.completion import Completion
from synthetic1.rewards.code import Code
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.sandbox import Program, open_sandbox
from synthetic1.task import Task

BACKENDS = ("docker", "bubblewrap")
NEVER_CORRECT = {"wrong_answer", "tampered", "runtime_error", "time_limit", "memory_limit", "compile_error"}
SECRET = "xq81-the-expected-output-that-no-program-can-know-7c2f"


@dataclass(frozen=True)
class Hostile:
    number: int
    name: str
    program: str
    verdicts: set[str]
    language: str = "python"
    tests: list[tuple] = field(default_factory=lambda: [("41\n", "42\n")])
    function: str | None = None
    limits: dict = field(default_factory=dict)


CASES: list[Hostile] = []


def case(number, name, verdicts, program, **more):
    verdicts = {verdicts} if isinstance(verdicts, str) else set(verdicts)
    CASES.append(Hostile(number, name, program, verdicts, **more))


ANSWER = "print(int(input()) + 1, flush=True)\n"
"""Answers rightly: what stands around it decides."""

# Time -----------------------------------------------------------------------------------------------------------------

case(1, "spins", "time_limit", "while True: pass")
case(1, "spins in C++", "time_limit", "int main() { for (volatile long i = 0;; i = i + 1); }", language="cpp")
case(1, "spins in JavaScript", "time_limit", "for (;;);", language="javascript")
case(2, "sleeps", "time_limit", "import time\ntime.sleep(1000)")
case(
    3,
    "catches whatever would stop it",
    "time_limit",
    """
while True:
    try:
        while True: pass
    except BaseException:
        pass
""",
)
case(
    4,
    "ignores the signals of the limits",
    "time_limit",
    """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
""",
)
case(
    5,
    "children burn the time",
    "time_limit",
    """
import os, time
for _ in range(4):
    if os.fork() == 0:
        while True: pass
time.sleep(1000)
""",
)
case(
    5,
    "threads burn the time",
    "time_limit",
    """
#include <thread>
#include <vector>
int main() {
    std::vector<std::thread> all;
    for (int i = 0; i < 4; i++) all.emplace_back([] { for (volatile long n = 0;; n = n + 1); });
    for (auto &one : all) one.join();
}
""",
    language="cpp",
)

# Memory and files -----------------------------------------------------------------------------------------------------

case(6, "grows its heap", "memory_limit", "x = []\nwhile True: x.append(bytearray(b'x') * (1 << 20))")
case(
    6,
    "grows its heap in JavaScript",
    {"memory_limit", "runtime_error"},  # V8 may give up on its own heap first
    "const x = []; for (;;) x.push(Buffer.alloc(1 << 20, 1));",
    language="javascript",
    limits={"time_limit_s": 60},  # which is not what ends it, on a busy machine either
)
case(
    7,
    "maps memory it never touches",
    "correct",
    """
import mmap
space = mmap.mmap(-1, 4 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)
"""
    + ANSWER,
)
case(
    8,
    "recurses without end",
    {"runtime_error", "memory_limit"},
    "import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1) + 1\nf(0)",
    limits={"memory_limit_mb": 96},  # a machine that has to find fresh memory takes its time over more
)
case(
    8,
    "recurses without end in C++",
    {"runtime_error", "memory_limit"},
    "int f(volatile int n) { volatile char pad[4096]; pad[0] = n; return f(n + 1) + pad[0]; }\n"
    "int main() { return f(0); }",
    language="cpp",
)
case(
    9,
    "fills the file system",
    {"runtime_error", "memory_limit"},
    """
chunk, n = b"x" * (1 << 20), 0
while True:
    with open(f"/tmp/{n}", "wb") as file:
        for _ in range(32): file.write(chunk)
    n += 1
""",
)
case(
    10,
    "fills memory that is a file",
    "memory_limit",
    """
import os
chunk, fds = b"x" * (1 << 20), []
while True:
    fds.append(os.memfd_create("m"))
    for _ in range(16): os.write(fds[-1], chunk)
""",
)
case(
    32,
    "floods the file system with empty files",
    {"runtime_error", "memory_limit", "time_limit"},
    "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'w').close()\n    n += 1",
    limits={"time_limit_s": 20},
)

# Processes ------------------------------------------------------------------------------------------------------------

case(11, "forks without end", {"time_limit", "runtime_error", "memory_limit"}, "import os\nwhile True: os.fork()")
case(
    11,
    "forks without end and swallows errors",
    {"time_limit", "runtime_error"},
    "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
)
case(
    12,
    "leaves a daemon behind",
    "correct",
    ANSWER
    + """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(1000)
    os._exit(0)
""",
)
case(
    13,
    "kills its parent",
    {"correct", "runtime_error"},
    "import os, signal\ntry: os.kill(os.getppid(), signal.SIGKILL)\nexcept OSError: pass\n" + ANSWER,
)
case(14, "kills everybody", {"runtime_error"}, "import os, signal\nos.kill(-1, signal.SIGKILL)\nraise SystemExit(1)")
case(
    15,
    "starts threads without end",
    "runtime_error",
    "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
)

# Output and input -----------------------------------------------------------------------------------------------------

case(16, "floods stdout", "output_limit", "import sys\nwhile True: sys.stdout.write('x' * 65536)")
case(
    16, "floods stdout in C++", "output_limit", '#include <cstdio>\nint main() { for (;;) puts("x"); }', language="cpp"
)
case(
    17,
    "floods stderr",
    "correct",
    "import sys\nfor _ in range(800): sys.stderr.write('x' * 65536)\n" + ANSWER,
)
case(
    18,
    "says 5 MB, rightly",
    "correct",
    "print('y' * 5_000_000)",
    tests=[("", "y" * 5_000_000)],
)
case(19, "says NUL", "wrong_answer", "import sys\nsys.stdout.buffer.write(b'42\\0')")
case(19, "says what is no UTF-8", "wrong_answer", "import sys\nsys.stdout.buffer.write(b'42\\xff\\xfe')")
case(20, "ends without a newline", "correct", "print(int(input()) + 1, end='')")
case(21, "ends lines as Windows does", "correct", "print(int(input()) + 1, end='\\r\\n')")
case(22, "never reads its input", "correct", "print(42)", tests=[("x" * 10_000_000, "42")])
case(23, "closes stdin", "correct", "import os\nos.close(0)\nprint(42)", tests=[("x" * 1_000_000, "42")])
case(24, "reads past the end", "runtime_error", "input(); input()\nprint(42)")
case(25, "has no input", "correct", "import sys\nprint(len(sys.stdin.read()))", tests=[("", "0")])

# Ends -----------------------------------------------------------------------------------------------------------------

case(26, "exits before it answers", "wrong_answer", "exit(0)\n" + ANSWER)
case(27, "answers and fails", "runtime_error", ANSWER + "raise SystemExit(3)")
case(28, "leaves in haste", "correct", ANSWER + "import os\nos._exit(0)")
case(29, "answers and aborts", "runtime_error", ANSWER + "import os\nos.abort()")
case(
    29,
    "answers and crashes",
    "runtime_error",
    '#include <cstdio>\nint main() { puts("42"); fflush(stdout); *(volatile int *)8 = 1; }',
    language="cpp",
)

# The machine ----------------------------------------------------------------------------------------------------------

case(30, "writes where programs are installed", "runtime_error", ANSWER + "open('/usr/bin/x', 'w')")
case(34, "connects", "runtime_error", ANSWER + "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)")
case(34, "asks for a name", "runtime_error", ANSWER + "import socket\nsocket.getaddrinfo('example.org', 80)")
case(35, "AF_VSOCK", "runtime_error", ANSWER + "import socket\nsocket.socket(40, socket.SOCK_STREAM)")
case(35, "AF_NETLINK", "runtime_error", ANSWER + "import socket\nsocket.socket(16, socket.SOCK_RAW)")
SYSCALL = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(1 if libc.syscall({}) < 0 else 0)
"""
case(37, "io_uring", "runtime_error", ANSWER + SYSCALL.format("425, 8, ctypes.create_string_buffer(256)"))
case(37, "ptrace", "runtime_error", ANSWER + "import ctypes, sys\nsys.exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)")
case(
    37,
    "mount",
    "runtime_error",
    ANSWER + "import ctypes, sys\nsys.exit(ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None) != 0)",
)
case(
    37,
    "a user namespace",
    "runtime_error",
    ANSWER + "import ctypes, sys\nsys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)",
)

# Reward hacks: never right --------------------------------------------------------------------------------------------

CALL = {"function": "f", "tests": [([3], 7), ([4], 9)]}
case(
    38,
    "returns what equals everything",
    NEVER_CORRECT,
    """
class Everything(int):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = int.__hash__
def f(n): return Everything(0)
""",
    **CALL,
)
case(
    39,
    "walks frames and objects for the expected value",
    NEVER_CORRECT,
    """
import gc, sys
def f(n):
    frame = sys._getframe()
    while frame:
        for scope in (frame.f_locals, frame.f_globals):
            for name, value in list(scope.items()):
                if name in ("expected", "gold", "output", "outputs", "gt_out", "answer", "tests", "test_cases"):
                    return value[0] if isinstance(value, list) else value
        frame = frame.f_back
    found = [o for o in gc.get_objects() if isinstance(o, dict) and "output" in o and "input" in o]
    return found[0]["output"] if found else 0
""",
    **CALL,
)
case(
    40,
    "patches the functions a harness may use",
    NEVER_CORRECT,
    """
import builtins, json, os, sys
class Always:
    def __eq__(self, other): return True
    def __call__(self, *a, **k): return self
theirs = ("print", "repr", "str", "isinstance", "all", "type", "len")
for module, names in ((json, ("dumps", "dump", "loads")), (builtins, theirs)):
    for name in names: setattr(module, name, Always())
json.JSONEncoder.encode = lambda *a: "7"
def f(n): return 0
""",
    **CALL,
)
case(41, "prints more at its end", NEVER_CORRECT, ANSWER + "import atexit\natexit.register(lambda: print('or 43'))")
case(
    41,
    "prints more when it is collected",
    NEVER_CORRECT,
    ANSWER + "import os\nclass D:\n    def __del__(self): os.write(1, b'or 43')\nd = D()",
)
case(
    41,
    "answers a call once more at its end",
    NEVER_CORRECT,
    "import atexit, os\natexit.register(lambda: os.write(3, b'{\"value\": 7}\\n'))\ndef f(n): return 0",
    **CALL,
)
case(
    42,
    "forges an answer on every descriptor",
    NEVER_CORRECT,
    """
import os
for fd in range(3, 64):
    for text in (b'{"value": 7}\\n', b'7\\n', b'\\x00\\x00\\x00\\x10{"op":"result"}'):
        try: os.write(fd, text)
        except OSError: pass
def f(n): return 0
""",
    **CALL,
)
case(
    43,
    "writes into other processes",
    {"wrong_answer", "runtime_error"},
    """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid(): continue
    for name in ("mem", "fd/0", "fd/1", "fd/2", "fd/3", "fd/4", "fd/5"):
        try:
            with open(f"/proc/{pid}/{name}", "r+b", buffering=0) as file: file.write(b"42\\n" * 1000)
        except OSError: pass
print("nothing")
""",
)
case(
    44,
    "looks for the expected output",
    NEVER_CORRECT,
    """
import gc, os, re
pattern = re.compile(rb"xq81-the-expected[-a-z0-9]{20,60}")
def look(path, size=1 << 24):
    try:
        with open(path, "rb") as file: return pattern.search(file.read(size))
    except (OSError, MemoryError, ValueError): return None
found = None
for top in ("/tmp", "..", os.path.expanduser("~"), "/var", "/run", "/opt"):
    for folder, _, names in os.walk(top):
        for name in names: found = found or look(os.path.join(folder, name))
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline"): found = found or look(f"/proc/{pid}/{name}")
    try:
        for line in open(f"/proc/{pid}/maps"):
            if "[heap]" in line or "rw-p" in line:
                start, end = (int(x, 16) for x in line.split()[0].split("-"))
                with open(f"/proc/{pid}/mem", "rb") as memory:
                    memory.seek(start)
                    hits = pattern.findall(memory.read(min(end - start, 1 << 24)))
                    found = found or next((h for h in hits if b"[" not in h), None)
    except (OSError, ValueError, OverflowError): pass
print(found)
""",
    tests=[("41\n", SECRET)],
    limits={"time_limit_s": 8},
)
case(
    45,
    "overwrites what runs it",
    NEVER_CORRECT,
    """
import glob, os
for path in glob.glob("/opt/**/*.py", recursive=True) + glob.glob("../*") + ["/usr/bin/python3"]:
    for act in (lambda p: open(p, "w").write("print(42)"), os.unlink, lambda p: os.rename(p, p + "x")):
        try: act(path)
        except OSError: pass
print("nothing")
""",
    tests=[("41\n", "42\n"), ("42\n", "43\n")],
)
case(46, "exits while it is imported", NEVER_CORRECT, "import sys\nsys.exit(0)\ndef f(n): return 2 * n + 1", **CALL)
case(46, "exits hard while it is imported", NEVER_CORRECT, "import os\nos._exit(0)", **CALL)
case(
    47,
    "returns a string that shows itself as another",
    NEVER_CORRECT,
    """
class S(str):
    __repr__ = __str__ = __format__ = lambda self, *a: '7'
    encode = lambda self, *a: b'7'
    def __iter__(self): return iter('7')
def f(n): return S("no")
""",
    **CALL,
)
case(
    47,
    "returns an integer that shows itself as another",
    NEVER_CORRECT,
    """
class I(int):
    __repr__ = __str__ = __format__ = lambda self, *a: str(7)
    __int__ = __index__ = __trunc__ = lambda self: 7
def f(n): return I(0)
""",
    **CALL,
)
case(
    48,
    "returns what overflows the stack",
    NEVER_CORRECT,
    "import sys\nsys.setrecursionlimit(10**9)\ndef f(n):\n    x = []\n    for _ in range(10**6): x = [x]\n    return x",
    **CALL,
)
case(48, "returns what holds itself", NEVER_CORRECT, "def f(n):\n    x = []\n    x.append(x)\n    return x", **CALL)
case(
    49,
    "poisons the next test",
    NEVER_CORRECT,
    """
import os, sys
n = int(input())
if n == 41:
    for folder in (".", "..", "/tmp", os.path.expanduser("~/.local/lib/python3.11/site-packages")):
        for name in ("sitecustomize.py", "usercustomize.py", "json.py", "re.py"):
            try:
                os.makedirs(folder, exist_ok=True)
                open(os.path.join(folder, name), "w").write("print(43); import os; os._exit(0)")
            except OSError: pass
    sys.modules["re"] = sys.modules["json"] = None
    print(42)
else:
    import re, json
    print("wrong")
""",
    tests=[("41\n", "42\n"), ("42\n", "43\n")],
)
case(
    50,
    "process.exit",
    NEVER_CORRECT,
    "process.exit(0)\nfunction f(n) { return 2 * n + 1 }",
    language="javascript",
    **CALL,
)
case(
    50,
    "pollutes prototypes",
    NEVER_CORRECT,
    """
for (const p of [Object, Array, Number, String]) p.prototype.toJSON = () => 7
JSON.stringify = () => '{"value": 7}'
Number.prototype.toString = String.prototype.toString = () => '7'
Array.prototype.join = () => '7'
function f(n) { return [0] }
""",
    language="javascript",
    **CALL,
)
case(
    51,
    "a constructor that exits",
    NEVER_CORRECT,
    "#include <unistd.h>\nstruct Quit { Quit() { _exit(0); } } quit;\nint f(int n) { return 2 * n + 1; }",
    language="cpp",
    **CALL,
)
case(
    51,
    "another main",
    NEVER_CORRECT,
    "#include <cstdio>\n#define main other\n#define return return 7 *\nint f(int n) { return 0; }\n"
    'int other() { puts("7"); }',
    language="cpp",
    **CALL,
)
case(
    52,
    "code that runs before main",
    NEVER_CORRECT,
    """
extern "C" { fn _exit(code: i32) -> !; }
extern "C" fn quit() { unsafe { _exit(0) } }
#[link_section = ".init_array"]
#[used]
static QUIT: extern "C" fn() = quit;
pub fn f(n: i32) -> i32 { 2 * n + 1 }
""",
    language="rust",
    **CALL,
)
case(
    52,
    "a main of its own",
    NEVER_CORRECT,
    """
#[no_mangle]
pub extern "C" fn write(_fd: i32, _data: *const u8, size: usize) -> isize { size as isize }
pub fn f(n: i32) -> i32 { 0 * n }
""",
    language="rust",
    **CALL,
)

# Compilers ------------------------------------------------------------------------------------------------------------

case(
    53,
    "a template without end",
    "compile_error",
    """
template <int N, int M> struct T { static const long v = T<N - 1, M>::v + T<N - 1, M + (1 << (N % 20))>::v; };
template <int M> struct T<0, M> { static const long v = M; };
int main() { return T<400, 0>::v; }
""",
    language="cpp",
)
case(
    53,
    "a constant that takes for ever",
    "compile_error",
    "constexpr long f(long n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\nconstexpr long x = f(80);\n"
    "int main() { return x; }",
    language="cpp",
)
case(
    54,
    "a program of 1 GiB",
    {"compile_error", "memory_limit"},
    "char big[1 << 30] = {1};\nint main() { return big[5]; }",
    language="cpp",
)
case(
    54,
    "an array of 1 GiB, touched",
    {"memory_limit", "runtime_error"},
    "#include <cstring>\nchar big[1 << 30];\nint main() { memset(big, 1, sizeof big); return big[5] - 1; }",
    language="cpp",
)
case(55, "includes a file of the machine", "compile_error", '#include "/etc/passwd"\nint main() {}', language="cpp")
case(55, "includes zeros without end", "compile_error", '#include "/dev/zero"\nint main() {}', language="cpp")
case(
    55,
    "includes zeros without end in Rust",
    "compile_error",
    'fn main() { println!("{}", include_bytes!("/dev/zero").len()); }',
    language="rust",
)
case(
    56,
    "megabytes of errors",
    "compile_error",
    "template <int N> struct E { typename E<N - 1>::x y; typename E<N - 1>::z w; };\n"
    + "\n".join(f"E<{n}> e{n}; int x{n} = nothing{n};" for n in range(3000)),
    language="cpp",
)
case(
    57,
    "tampers with its own binary",
    "wrong_answer",
    """
#include <cstdio>
#include <unistd.h>
#include <sys/stat.h>
int main() {
    int n;
    if (scanf("%d", &n) != 1) return 1;
    chmod("../main", 0777);
    unlink("../main");
    rename("../main", "../other");
    if (FILE *f = fopen("../main", "w")) { fputs("#!/bin/sh\\necho 43\\n", f); fclose(f); }
    if (FILE *f = fopen("/proc/self/exe", "w")) { fputs("#!/bin/sh\\necho 43\\n", f); fclose(f); }
    printf("%d\\n", 42);
}
""",
    language="cpp",
    tests=[("41\n", "42\n"), ("42\n", "43\n")],
)
for said, interpreter in (("EIO", "/usr/bin/egrep"), ("that there is no such file", "/nowhere")):
    case(  # what the kernel says of it must not look like a failure of ours, which costs no reward
        57,
        f"is compiled into what cannot be executed, for which the kernel says {said}",
        "runtime_error",
        f"""
#![crate_type = "cdylib"]
#[link_section = ".interp"]
#[used]
static INTERPRETER: [u8; {len(interpreter) + 1}] = *b"{interpreter}\\0";
""",
        language="rust",
    )
case(57, "is compiled into what a shell would read", "runtime_error", '#![crate_type = "rlib"]', language="rust")


# Running them ---------------------------------------------------------------------------------------------------------


def code_task(program_language, tests, function=None, **limits):
    kind = "function_call" if function else "stdin_stdout"
    rows = [{"type": kind, "fn_name": function, "input": given, "output": wanted} for given, wanted in tests]
    info = {"language": program_language, "test_cases": rows, "time_limit_s": 1, "memory_limit_mb": 256, **limits}
    return Task(problem_id="hostile", task_type="verifiable_code", prompt="p", verification_info=info)


def completion(program, language="python"):
    return Completion.parse(f"<think>…</think>\n```{language}\n{program}\n```")


HONEST = code_task("python", [("41\n", "42\n"), ("1\n", "2\n")], time_limit_s=10)
ABSENT = code_task("python", [("", "absent\n")], time_limit_s=10)
LEFTOVERS = (
    "left-behind",
    "/tmp/left-behind",
    "/var/tmp/left-behind",
    "/dev/shm/left-behind",
    "../left-behind",
    "~/left-behind",
)


@pytest.fixture(params=BACKENDS, scope="module")
def backend(request):
    """The name of a backend that works here."""
    request.getfixturevalue({"docker": "sandbox_image", "bubblewrap": "bubblewrap"}[request.param])
    return request.param


@pytest.fixture(scope="module")
def judge(backend):
    """``judge(task, program, language)`` gives the verdict, always on one slot: what one leaves, the next meets."""
    with Scorer([Code(sandbox=backend, slots=1)]) as scorer:
        yield lambda task, program, language="python": scorer.score_sync([(task, completion(program, language))])[0]


def test_every_number_is_there():
    elsewhere = {31, 33, 36}  # need a second program: below
    assert {case.number for case in CASES} | elsewhere == set(range(1, 58))


@pytest.mark.parametrize("hostile", CASES, ids=lambda case: f"{case.number}-{case.name.replace(' ', '_')}")
def test_it_gets_its_verdict_and_the_next_program_is_judged_right(judge, hostile):
    # Only what must end by time gets little of it: on a busy machine it would end the others first.
    limits = {"time_limit_s": 1 if "time_limit" in hostile.verdicts else 60, **hostile.limits}
    task = code_task(hostile.language, hostile.tests, hostile.function, **limits)
    verdict = judge(task, hostile.program, hostile.language)
    assert verdict.reason in hostile.verdicts, verdict
    assert verdict.score == (1.0 if verdict.reason == "correct" else 0.0)
    assert len(repr(verdict)) < 20_000
    after = judge(HONEST, ANSWER)
    assert (after.score, after.reason) == (1.0, "correct"), after


def test_31_no_file_outlives_its_program(judge):
    leave = f"""
import os
for path in {LEFTOVERS!r}:
    try: open(os.path.expanduser(path), "w").write("here")
    except OSError: pass
"""
    look = f"""
import os
found = [path for path in {LEFTOVERS!r} if os.path.lexists(os.path.expanduser(path))]
print(found or "absent")
"""
    assert judge(HONEST, leave + ANSWER).reason == "correct"
    assert judge(ABSENT, look).reason == "correct"


def test_33_odd_files_are_wiped(judge):
    leave = """
import os
os.mkfifo("pipe"); os.symlink("/etc/passwd", "link"); os.symlink("nowhere", "dangling"); os.link("link", "hard")
os.makedirs("a/b/c"); open("a/b/c/file", "w").close(); os.mkfifo("/tmp/pipe")
os.chmod("a/b/c", 0); os.chmod("a", 0)
os.mkdir("x" * 255); open("\\n\\udcff", "w").close()
"""
    look = 'import os\nprint(os.listdir(".") or "absent")'
    assert judge(HONEST, leave + ANSWER).reason == "correct"
    assert judge(ABSENT, look).reason == "correct"
    assert judge(HONEST, leave + ANSWER).reason == "correct"


def test_43_a_program_has_no_descriptor_but_its_own(judge):
    """Anything more would be a way out, or into the next program: a pipe of the agent's, the system call filter."""
    look = """
import os
found = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in range(3, 256) if os.path.lexists(f"/proc/self/fd/{fd}")}
print(found or "absent")
"""
    assert judge(ABSENT, look).reason == "correct"


async def test_36_slots_cannot_meet(backend):
    """An abstract socket, which has no file, would be shared by everything in one network namespace."""
    serve = Program(
        "python",
        "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0meet')\ns.listen()\ns.settimeout(4)\n"
        "try: s.accept(); print('met')\nexcept TimeoutError: print('alone')",
    )
    visit = Program(
        "python",
        "import socket, time\ndeadline = time.time() + 3\nwhile time.time() < deadline:\n"
        "    try: socket.socket(socket.AF_UNIX).connect('\\0meet'); print('met'); break\n"
        "    except OSError: time.sleep(0.05)\nelse: print('alone')",
    )
    async with open_sandbox(backend, slots=2) as sandbox:
        served, visited = await asyncio.gather(sandbox.run(serve, [""]), sandbox.run(visit, [""]))
    assert (served[0].stdout, visited[0].stdout) == (b"alone\n", b"alone\n")


def test_57_a_cached_binary_stays_what_was_compiled(judge):
    """The same source again comes from the cache, whatever its first run tried."""
    tamper, *_ = [case for case in CASES if case.number == 57]
    task = code_task("cpp", [("41\n", "42\n")], time_limit_s=60)
    for _ in range(2):
        assert judge(task, tamper.program, "cpp").reason == "correct"


def test_what_compilers_say_is_capped(judge):
    for case in (case for case in CASES if case.number in (55, 56)):
        task = code_task(case.language, case.tests)
        verdict = judge(task, case.program, case.language)
        assert len(repr(verdict.details)) < 4_000
