"""Tests of programs a second: our sandbox, an interpreter for each test without a sandbox, and Docker's own ways.

    python benchmarks/sandbox.py [--quick] [--json benchmarks/results/sandbox.json]

Ten programs that read stdin and import what contest programs import, 20 tests each, two at a time. All contenders run
the same interpreters and compilers with the same flags: those of the sandbox image. The floor is that image as an
ordinary container without any limit, in which a loop starts one process a test (``subprocess.run``, in two workers).
``docker exec`` starts one process a test in a warm container, as GENESYS does, from this machine's command line;
``docker run --rm`` a container a test. Contenders take turns, round after round; a row is the median of its rounds.
Every output is compared with the others'.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import textwrap
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import Any

from record import arguments, report

from synthetic1.sandbox import Program, Sandbox, open_sandbox
from synthetic1.sandbox.image.build import image_tag

TESTS = 20  # a program
WORKERS = 2
PYTHON = ("python3", "-s", "-B")
CXX = ("g++", "-O2", "-std=c++17", "-s")

READ = "import sys\ndata = sys.stdin.buffer.read().split()\nn = int(data[0]); a = list(map(int, data[1:]))\n"
PYTHON_PROGRAMS = (
    READ + "from collections import Counter\nprint(max(Counter(a).items(), key=lambda p: (p[1], p[0]))[0])",
    READ + "import heapq\nheapq.heapify(a)\ns = 0\nwhile len(a) > 1:\n    x = heapq.heappop(a) + heapq.heappop(a)\n"
    "    s += x\n    heapq.heappush(a, x)\nprint(s)",
    READ + "from bisect import bisect_left\nt = []\n"
    "for x in a:\n    i = bisect_left(t, x)\n    t[i:i + 1] = [x]\nprint(len(t))",
    READ + "from itertools import accumulate\nprint(*accumulate(a))",
    READ + "from functools import lru_cache\nsys.setrecursionlimit(10**6)\n@lru_cache(None)\ndef f(i):\n"
    "    return 0 if i >= n else max(f(i + 1), a[i] + f(i + 2))\nprint(f(0))",
    READ + "from collections import deque\nq, best = deque(), []\nfor i, x in enumerate(a):\n"
    "    while q and a[q[-1]] <= x: q.pop()\n    q.append(i)\n    if q[0] <= i - 5: q.popleft()\n"
    "    best.append(a[q[0]])\nprint(*best)",
    READ + "import math\ng = 0\nfor x in a: g = math.gcd(g, x)\nprint(g, math.isqrt(sum(a)))",
    READ + "from collections import defaultdict\nd = defaultdict(list)\nfor i, x in enumerate(a): d[x % 7].append(i)\n"
    "for k in sorted(d): print(k, len(d[k]))",
    READ + "import re, string\ntext = ''.join(string.ascii_lowercase[x % 26] for x in a)\n"
    "print(len(re.findall('[aeiou]+', text)))",
    "import sys\nfrom typing import List\nimport random, operator\ninput = sys.stdin.readline\nn = int(input())\n"
    "a: List[int] = list(map(int, input().split()))\na.sort(key=operator.neg)\n"
    "print(sum(x * (i + 1) for i, x in enumerate(a)) % 998244353)",
)
NODE_PROGRAMS = (
    "const [n, ...a] = require('fs').readFileSync(0, 'utf8').split(/\\s+/).filter(Boolean).map(Number)\n"
    "console.log(a.slice(0, n).reduce((x, y) => x + y, 0))",
    "const lines = []\n"
    "require('readline').createInterface({ input: process.stdin }).on('line', l => lines.push(l))\n"
    ".on('close', () => console.log(Math.max(...lines[1].split(' ').map(Number))))",
)
CPP_PROGRAMS = (
    "#include <bits/stdc++.h>\nusing namespace std;\nint main() { int n; cin >> n; vector<long long> a(n);"
    " for (auto &x : a) cin >> x; sort(a.begin(), a.end()); long long s = 0;"
    " for (int i = 0; i < n; i++) s += a[i] * i; cout << s << '\\n'; }",
    "#include <bits/stdc++.h>\nusing namespace std;\nint main() { int n; cin >> n; map<int, int> c;"
    " for (int i = 0, x; i < n; i++) { cin >> x; c[x]++; }"
    " for (auto [k, v] : c) cout << k << ' ' << v << '\\n'; }",
)
COLD_PROGRAM = CPP_PROGRAMS[1]


def inputs(number: int) -> list[str]:
    """Twenty inputs of up to 200 numbers, of their own for each program."""
    made = []
    for test in range(TESTS):
        size, x, numbers = 10 * (test + 1), 12345 + 77 * number + test, []
        for _ in range(size):
            x = (x * 1103515245 + 12345) % 2**31
            numbers.append(x % 1000 + 1)
        made.append(f"{size}\n{' '.join(map(str, numbers))}\n")
    return made


# What runs inside the floor's container: a process a test, in two workers, nothing else.
FLOOR = textwrap.dedent("""\
    import json, subprocess, sys, time
    from concurrent.futures import ThreadPoolExecutor
    work = json.load(sys.stdin)
    def one(item):
        return subprocess.run(item["argv"], input=item["stdin"].encode(), stdout=-1, stderr=-3).stdout.decode()
    with ThreadPoolExecutor(work["workers"]) as pool:
        begun = time.perf_counter()
        outputs = list(pool.map(one, work["items"]))
        seconds = time.perf_counter() - begun
    json.dump({"seconds": seconds, "outputs": outputs}, sys.stdout)
    """)


@dataclass(frozen=True)
class Container:
    """A warm, ordinary container of the sandbox image."""

    name: str
    image: str

    def run(self, argv: Sequence[str], stdin: str = "") -> str:
        done = subprocess.run(
            ["docker", "exec", "-i", self.name, *argv], input=stdin.encode(), capture_output=True, check=True
        )
        return done.stdout.decode()

    def write(self, path: str, text: str) -> None:
        self.run(["sh", "-c", f"mkdir -p $(dirname {path}) && cat > {path}"], text)

    def loop(self, items: list[dict[str, Any]]) -> tuple[float, list[str]]:
        """The floor: seconds and outputs of a process for each item, two at a time."""
        done = json.loads(self.run(["python3", "-c", FLOOR], json.dumps({"items": items, "workers": WORKERS})))
        return done["seconds"], done["outputs"]


@contextmanager
def plain_container(image: str) -> Iterator[Container]:
    name = "synthetic1-benchmark-floor"
    subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
    start = ["docker", "run", "-d", "--rm", "--init=false", "--network", "none", "--security-opt", "seccomp=unconfined"]
    subprocess.run(
        [*start, "--entrypoint", "sleep", "--name", name, image, "infinity"], capture_output=True, check=True
    )
    try:
        yield Container(name, image)
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


async def ours(
    sandbox: Sandbox, programs: Sequence[tuple[Program, list[str]]], *, fresh: bool
) -> tuple[float, list[str]]:
    begun = perf_counter()
    results = await asyncio.gather(*(_all(sandbox, program, tests, fresh) for program, tests in programs))
    seconds = perf_counter() - begun
    for result in (result for some in results for result in some):
        assert result.status == "ok", result
    return seconds, [result.stdout.decode() for some in results for result in some]


async def _all(sandbox: Sandbox, program: Program, tests: list[str], fresh: bool) -> list[Any]:
    return list(await sandbox.run(program, tests, fresh=fresh))


def docker_exec(container: Container, items: list[dict[str, Any]], workers: int) -> tuple[float, list[str]]:
    begun = perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        outputs = list(pool.map(lambda item: container.run(item["argv"], item["stdin"]), items))
    return perf_counter() - begun, outputs


def docker_run(image: str, sources: Sequence[tuple[str, str]]) -> tuple[float, list[str]]:
    """A container a test, the program as an argument."""
    base = ["docker", "run", "--rm", "-i", "--network", "none", "--entrypoint", "python3", image, "-s", "-B", "-c"]
    begun, outputs = perf_counter(), []
    for source, stdin in sources:
        outputs.append(
            subprocess.run([*base, source], input=stdin.encode(), capture_output=True, check=True).stdout.decode()
        )
    return perf_counter() - begun, outputs


Contender = Callable[[], Awaitable[tuple[float, int]]]
"""One round: seconds and tests."""


async def in_turn(contenders: dict[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Tests a second of each contender, by round; a first round warms up and does not count."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            seconds, tests = await run()
            if number:
                rates[name].append(tests / seconds)
    return rates


def resident_mb() -> float:
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def queued(sandbox: Sandbox, programs: int) -> tuple[float, float]:
    """Programs a second, and MB of this process above idle, with all ``programs`` handed in at once."""
    idle, highest, done = resident_mb(), 0.0, 0
    program, tests = Program("python", PYTHON_PROGRAMS[0]), inputs(0)[:2]

    async def one() -> None:
        nonlocal highest, done
        results = await sandbox.run(program, tests)
        assert all(result.status == "ok" for result in results)
        done += 1
        if done % 100 == 0:
            highest = max(highest, resident_mb())

    begun = perf_counter()
    await asyncio.gather(*(one() for _ in range(programs)))
    return programs / (perf_counter() - begun), highest - idle


async def measure(options: argparse.Namespace) -> None:
    rounds = 2 if options.quick else 7
    async with open_sandbox("docker", slots=WORKERS) as sandbox:
        await sandbox.run(Program("python", "print(1)"), [""])
        with plain_container(image_tag()) as container:
            await _measure(sandbox, container, rounds, options)


async def _measure(sandbox: Sandbox, container: Container, rounds: int, options: argparse.Namespace) -> None:
    def items_of(language: str, sources: Sequence[str], argv: Callable[[int], list[str]]) -> list[dict[str, Any]]:
        return [
            {"argv": argv(number), "stdin": stdin, "key": (language, number, index)}
            for number in range(len(sources))
            for index, stdin in enumerate(inputs(number))
        ]

    for number, source in enumerate(PYTHON_PROGRAMS):
        container.write(f"/programs/p{number}.py", source)
    for number, source in enumerate(NODE_PROGRAMS):
        container.write(f"/programs/p{number}.js", source)
    for number, source in enumerate(CPP_PROGRAMS):
        container.write(f"/programs/p{number}.cpp", source)
        container.run([*CXX, "-o", f"/programs/p{number}", f"/programs/p{number}.cpp"])
    python = items_of("python", PYTHON_PROGRAMS, lambda n: [*PYTHON, f"/programs/p{n}.py"])
    node = items_of("javascript", NODE_PROGRAMS, lambda n: ["node", f"/programs/p{n}.js"])
    cpp = items_of("cpp", CPP_PROGRAMS, lambda n: [f"/programs/p{n}"])
    our = {
        name: [(Program(name, source), inputs(number)) for number, source in enumerate(sources)]
        for name, sources in (("python", PYTHON_PROGRAMS), ("javascript", NODE_PROGRAMS), ("cpp", CPP_PROGRAMS))
    }
    expected: dict[str, list[str]] = {}

    def same(language: str, outputs: list[str], step: int = 1) -> None:
        assert outputs == expected.setdefault(language, outputs)[::step], f"the outputs in {language} differ"

    def sandboxed(language: str, *, fresh: bool = False) -> Contender:
        async def run() -> tuple[float, int]:
            seconds, outputs = await ours(sandbox, our[language], fresh=fresh)
            same(language, outputs)
            return seconds, len(outputs)

        return run

    def floor(language: str, items: list[dict[str, Any]]) -> Contender:
        async def run() -> tuple[float, int]:
            seconds, outputs = await asyncio.to_thread(container.loop, items)
            same(language, outputs)
            return seconds, len(outputs)

        return run

    def executed(workers: int) -> Contender:
        some = python[:: 10 if workers == 1 else 5]

        async def run() -> tuple[float, int]:
            seconds, outputs = await asyncio.to_thread(docker_exec, container, some, workers)
            same("python", outputs, 10 if workers == 1 else 5)
            return seconds, len(outputs)

        return run

    async def contained() -> tuple[float, int]:
        some = [(PYTHON_PROGRAMS[item["key"][1]], item["stdin"]) for item in python[::40]]
        seconds, outputs = await asyncio.to_thread(docker_run, container.image, some)
        same("python", outputs, 40)
        return seconds, len(outputs)

    rates = await in_turn(
        {
            "python: ours": sandboxed("python"),
            "python: ours, fresh interpreters": sandboxed("python", fresh=True),
            "python: no sandbox (floor)": floor("python", python),
            "python: docker exec a test, serial": executed(1),
            "python: docker exec a test, two at a time": executed(2),
            "python: docker run --rm a test": contained,
            "javascript: ours": sandboxed("javascript"),
            "javascript: no sandbox (floor)": floor("javascript", node),
            "cpp: ours, compiled before": sandboxed("cpp"),
            "cpp: no sandbox (floor)": floor("cpp", cpp),
        },
        rounds,
    )

    fresh_sources = count()

    async def compile_ours() -> tuple[float, int]:
        program = Program("cpp", f"// {perf_counter()} {next(fresh_sources)}\n{COLD_PROGRAM}")
        begun = perf_counter()
        [result] = await sandbox.run(program, [inputs(0)[0]])
        assert result.status == "ok", result
        return perf_counter() - begun, 1

    async def compile_plain() -> tuple[float, int]:
        argv = [*CXX, "-o", "/programs/cold", "/programs/p1.cpp"]
        return (await asyncio.to_thread(container.loop, [{"argv": argv, "stdin": ""}]))[0], 1

    compiles = await in_turn(
        {"cpp: ours, compiled anew and run": compile_ours, "cpp: g++ -O2 (floor)": compile_plain}, rounds
    )
    few, _ = await queued(sandbox, 200)
    many, memory_mb = await queued(sandbox, 1000 if options.quick else 10_000)

    median = {name: statistics.median(values) for name, values in {**rates, **compiles}.items()}
    rows = [{"contender": name, "per_s": rate, "ms": 1e3 / rate} for name, rate in median.items()]
    rows += [
        {"contender": "programs of 2 tests, 200 at once", "per_s": few, "ms": 1e3 / few},
        {"contender": "programs of 2 tests, all at once", "per_s": many, "ms": 1e3 / many},
    ]
    ratios = {
        "python_tests_per_s": median["python: ours"],
        "python_vs_docker_exec": median["python: ours"] / median["python: docker exec a test, serial"],
        "python_vs_docker_exec_two": median["python: ours"] / median["python: docker exec a test, two at a time"],
        "python_vs_docker_run": median["python: ours"] / median["python: docker run --rm a test"],
        "python_fresh_vs_floor": median["python: ours, fresh interpreters"] / median["python: no sandbox (floor)"],
        "node_vs_floor": median["javascript: ours"] / median["javascript: no sandbox (floor)"],
        "cpp_warm_vs_floor": median["cpp: ours, compiled before"] / median["cpp: no sandbox (floor)"],
        "cpp_compile_vs_plain": median["cpp: g++ -O2 (floor)"] / median["cpp: ours, compiled anew and run"],
        "queued_vs_few": many / few,
        "queued_memory_mb": memory_mb,
    }
    targets = {
        "python_tests_per_s": "at least 1200",
        "python_vs_docker_exec": "at least 60",
        "python_vs_docker_exec_two": "at least 35",
        "python_fresh_vs_floor": "at least 0.75",
        "node_vs_floor": "at least 3",
        "cpp_warm_vs_floor": "at least 0.6",
        "cpp_compile_vs_plain": "at most 0.45",
        "queued_vs_few": "about 1",
        "queued_memory_mb": "at most 200",
    }
    report(rows, ratios, packages=("docker",), json_file=options.json, targets=targets)


def main() -> None:
    asyncio.run(measure(arguments("Tests of programs a second, in our sandbox and without.")))


if __name__ == "__main__":
    main()
