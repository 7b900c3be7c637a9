"""Programming tasks a second and core: our sandbox, a process a test as SandboxFusion starts them, verl's prime_code.

    python benchmarks/code_server.py [--quick] [--json benchmarks/results/code_server.json]

Tasks as SYNTHETIC-1 has them: statements with 10 to 19 tests, in four languages, of the embedded family of code, and
HumanEval's where ``../shared/data`` or ``SYNTHETIC1_SHARED_DATA`` has it. What is timed are reference programs, so that
every test has to be run. A comment makes each of them new in each round: nothing is taken from a cache of ours.

- Ours: ``Scorer`` over the docker sandbox; over bubblewrap, with this machine's compilers, in a row of its own.
- A process a test: ``code_server_subprocess.py``, in an ordinary container of the sandbox image, so with the same
  compilers and interpreters; as SandboxFusion does it, which compiles for every test, and with one compilation a
  program, which nobody offers but which is kinder.
- prime_code: ``code_server_prime.py``, Python only, in ``.cache/adapters/verl`` (``bash locks/adapters.sh verl``); as
  verl imports it, with torch and Ray in the process that it forks, and without these, which is kinder.

All have as many programs under way as there are cores, take turns, and a rate is the median of the rounds. Tasks with
several right answers are left out: neither alternative has a form for them; nor has prime_code one for HumanEval's
assertions. "four languages" is an equal share of each.

Then, not timed, verdicts are compared with the truth: the references, and programs that are wrong by construction: the
family's mutants, a program that does nothing, one that always gives the first answer, one that ends its process as if
all were well, one whose value says that it equals everything. Columns: references ``refused`` of ``n``, wrong programs
``accepted`` of ``wrong_n``, and graders that ``failed`` themselves. ``--quick`` grades one wrong program a task.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from code_server_tasks import Example, Graded, embedded, humaneval
from record import arguments, report

from synthetic1 import Completion, Scorer
from synthetic1.rewards.code import Code
from synthetic1.rewards.extract import code_block
from synthetic1.sandbox.image.build import image_tag

ROOT = Path(__file__).resolve().parents[1]
VERL = ROOT / ".cache" / "adapters" / "verl" / "bin" / "python"
CORES = len(os.sched_getaffinity(0))
LANGUAGES = ("python", "javascript", "cpp", "rust")
CALLS, HUMANEVAL = "python calls", "HumanEval"
OURS, BUBBLEWRAP = "ours, docker", "ours, bubblewrap"
FUSION, ONCE = "a process a test (SandboxFusion)", "the same, compiled once"
PRIME, BARE = "verl prime_code", "the same without verl's imports"
PUBLISHED = {"SandboxFusion": 0.12, "verl": 0.19, "ScaleBox": 0.31}
"""Tasks a second and core, as published for SYNTHETIC-1-like work; on other machines, not measured here."""
TARGETS = {
    "tasks_per_s_per_core": "published: " + ", ".join(f"{name} {rate}" for name, rate in PUBLISHED.items()),
    "wrong_verdicts_ours": "0",
}


# Graders -------------------------------------------------------------------------------------------------------------

Grade = Callable[[Sequence[Graded]], tuple[float, list[bool | None]]]
"""Seconds, and a verdict for each; None is a failure of the grader's own."""


@contextmanager
def ours(kind: str, cache: str) -> Iterator[Grade]:
    code = Code(sandbox={"kind": kind, "cache": cache}, slots=CORES)
    with Scorer([code]) as scorer:

        def grade(programs: Sequence[Graded]) -> tuple[float, list[bool | None]]:
            pairs = [(one.task, Completion.parse(code_block(one.source, one.task.language or ""))) for one in programs]
            begun = perf_counter()
            verdicts = scorer.score_sync(pairs)
            seconds = perf_counter() - begun
            return seconds, [None if verdict.score is None else verdict.score == 1 for verdict in verdicts]

        yield grade


@contextmanager
def asked(command: Sequence[str], **options: Any) -> Iterator[Grade]:
    """Another program that grades: a line of JSON in, one out."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    requests, replies = process.stdin, process.stdout

    def grade(programs: Sequence[Graded]) -> tuple[float, list[bool | None]]:
        requests.write(json.dumps({"jobs": [one.request() for one in programs], **options}) + "\n")
        requests.flush()
        line = replies.readline()
        if not line:
            raise SystemExit(f"{command[0]} … ended: it should have answered with a line of JSON")
        reply = json.loads(line)
        return reply["seconds"], reply["verdicts"]

    try:
        yield grade
    finally:
        requests.close()
        process.wait(timeout=60)


@contextmanager
def plain_container() -> Iterator[str]:
    """The name of an ordinary container of the sandbox image, without limits but the cores we have."""
    name = f"synthetic1-benchmark-code-server-{os.getpid()}"
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    start = ["docker", "run", "-d", "--rm", "--init", "--network", "none", "--cpuset-cpus", cores]
    start += ["--security-opt", "seccomp=unconfined", "--entrypoint", "sleep", "--name", name, image_tag(), "infinity"]
    subprocess.run(start, capture_output=True, check=True)
    try:
        yield name
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


def open_graders(stack: ExitStack) -> dict[str, Grade]:
    """All that can be measured here; says of the others why not."""
    cache = stack.enter_context(tempfile.TemporaryDirectory())
    container = stack.enter_context(plain_container())
    source = (Path(__file__).parent / "code_server_subprocess.py").read_text()
    fusion = ["docker", "exec", "-i", container, "python3", "-c", source, "serve"]
    graders = {
        OURS: stack.enter_context(ours("docker", f"{cache}/docker")),
        FUSION: stack.enter_context(asked(fusion, workers=CORES, compile_once=False)),
        ONCE: stack.enter_context(asked(fusion, workers=CORES, compile_once=True)),
    }
    if VERL.is_file():
        prime = [str(VERL), str(Path(__file__).parent / "code_server_prime.py"), "serve"]
        graders[PRIME] = stack.enter_context(asked(prime))
        graders[BARE] = stack.enter_context(asked([*prime, "bare"]))
    else:
        print(f"left out: {PRIME} is not installed; `bash locks/adapters.sh verl` makes its environment")
    bubblewrap = stack.enter_context(ours("bubblewrap", f"{cache}/bubblewrap"))
    [probe], _ = zip(*embedded("python", calls=False, count=1), strict=True)
    if bubblewrap([probe])[1] == [None]:
        print(f"left out: {BUBBLEWRAP} does not work here; `synthetic1 doctor` says why")
    else:
        graders[BUBBLEWRAP] = bubblewrap
    return graders


def can_grade(grader: str, group: str) -> bool:
    if grader in (PRIME, BARE):
        return group in ("python", CALLS)
    if grader == ONCE:
        return group in ("cpp", "rust")
    return True


# Measuring -----------------------------------------------------------------------------------------------------------


@dataclass
class Measured:
    """What one grader did in one group of tasks."""

    rates: list[float]
    """Tasks a second and core, by round."""
    refused: int = 0
    accepted: int = 0
    failed: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


Groups = dict[str, list[Example]]
Results = dict[tuple[str, str], Measured]
"""By grader and group."""


def time_graders(graders: dict[str, Grade], groups: Groups, rounds: int) -> Results:
    """Rates of the references; before that one program of each group warms up, where anything stays warm."""
    results: Results = {}
    for number in range(rounds + 1):
        for group, programs in groups.items():
            for grader, grade in graders.items():
                if not can_grade(grader, group):
                    continue
                golds = [gold.marked(f"round {number}") for gold, _ in programs]
                if number == 0:
                    results[grader, group] = Measured([])
                    if grader != FUSION:
                        grade(golds[:1])
                    continue
                seconds, verdicts = grade(golds)
                measured = results[grader, group]
                measured.rates.append(len(golds) / seconds / CORES)
                measured.refused = sum(verdict is False for verdict in verdicts)
                measured.failed = sum(verdict is None for verdict in verdicts)
    return results


def compare_verdicts(graders: dict[str, Grade], groups: Groups, results: Results) -> None:
    """Count the wrong programs that are accepted. Compiling them for every test would change no verdict."""
    given: dict[tuple[str, str], list[bool | None]] = {}
    for (grader, group), measured in results.items():
        one = ONCE if grader == FUSION and can_grade(ONCE, group) else grader
        if (one, group) not in given:
            wrong = [program for _, programs in groups[group] for program in programs]
            given[one, group] = graders[one](wrong)[1]
        measured.accepted = sum(verdict is True for verdict in given[one, group])
        measured.failed += sum(verdict is None for verdict in given[one, group])


def together(results: Results, grader: str) -> float | None:
    """Tasks a second and core of an equal share of the four languages, or None if it cannot do them all."""
    rates = []
    for group in LANGUAGES:
        measured = results.get((grader, group)) or (results.get((FUSION, group)) if grader == ONCE else None)
        if measured is None:
            return None
        rates.append(measured.rate)
    return statistics.harmonic_mean(rates)


def rows_of(results: Results, groups: Groups) -> Iterator[dict[str, Any]]:
    for group, programs in groups.items():
        tests = sum(len(gold.job["inputs"]) for gold, _ in programs)
        wrong = sum(len(some) for _, some in programs)
        for (grader, of), measured in results.items():
            if of == group:
                yield {
                    "tasks": group,
                    "grader": grader,
                    "tasks_per_s_per_core": measured.rate,
                    "tests_per_s": measured.rate * CORES * tests / len(programs),
                    "n": len(programs),
                    "refused": measured.refused,
                    "wrong_n": wrong,
                    "accepted": measured.accepted,
                    "failed": measured.failed,
                }
    empty = dict.fromkeys(("tests_per_s", "n", "refused", "wrong_n", "accepted", "failed"), "-")
    for grader in dict.fromkeys(grader for grader, _ in results):
        if rate := together(results, grader):
            yield {"tasks": "four languages", "grader": grader, "tasks_per_s_per_core": rate, **empty}
    for name, rate in PUBLISHED.items():
        label = f"{name}, published, not measured here"
        yield {"tasks": "SYNTHETIC-1-like", "grader": label, "tasks_per_s_per_core": rate, **empty}


def ratios_of(results: Results) -> dict[str, float]:
    def rate(grader: str, group: str) -> float:
        return results[grader, group].rate

    def wrong(grader: str) -> int:
        return sum(one.refused + one.accepted + one.failed for (name, _), one in results.items() if name == grader)

    all_four = {grader: together(results, grader) or 0.0 for grader in (OURS, FUSION, ONCE, BUBBLEWRAP)}
    ratios = {
        "tasks_per_s_per_core": all_four[OURS],
        "vs_subprocess": all_four[OURS] / all_four[FUSION],
        "vs_subprocess_compiled_once": all_four[OURS] / all_four[ONCE],
    }
    if (FUSION, HUMANEVAL) in results:  # whose process does not keep the assertions from the program
        ratios["vs_subprocess_humaneval"] = rate(OURS, HUMANEVAL) / rate(FUSION, HUMANEVAL)
    if (PRIME, "python") in results:
        ratios["vs_prime_code"] = rate(OURS, "python") / rate(PRIME, "python")
        ratios["vs_prime_code_bare"] = rate(OURS, "python") / rate(BARE, "python")
        ratios["vs_prime_code_calls"] = rate(OURS, CALLS) / rate(PRIME, CALLS)
        ratios["wrong_verdicts_prime_code"] = wrong(PRIME)
    if all_four[BUBBLEWRAP]:
        ratios["tasks_per_s_per_core_bubblewrap"] = all_four[BUBBLEWRAP]
    return ratios | {"wrong_verdicts_subprocess": wrong(FUSION), "wrong_verdicts_ours": wrong(OURS)}


def main() -> None:
    options = arguments("Programming tasks a second and core, beside SandboxFusion's way and verl's prime_code.")
    rounds = 1 if options.quick else 3
    counts = {"python": 6, "javascript": 4, "cpp": 2, "rust": 2} if options.quick else dict.fromkeys(LANGUAGES, 12)
    groups: Groups = {language: embedded(language, calls=False, count=count) for language, count in counts.items()}
    groups[CALLS] = embedded("python", calls=True, count=6 if options.quick else 12)
    if some := humaneval(12 if options.quick else 164):
        groups[HUMANEVAL] = some
    if options.quick:
        groups = {name: [(gold, wrong[-1:]) for gold, wrong in some] for name, some in groups.items()}
    with ExitStack() as stack:
        graders = open_graders(stack)
        results = time_graders(graders, groups, rounds)
        compare_verdicts(graders, groups, results)
    rows = list(rows_of(results, groups))
    report(rows, ratios_of(results), packages=("docker", "verl"), json_file=options.json, targets=TARGETS)
    if ratios_of(results)["wrong_verdicts_ours"]:
        sys.exit("ours gave a wrong verdict: see the rows")


if __name__ == "__main__":
    main()
