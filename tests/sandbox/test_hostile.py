"""Hostile programs against every backend: each gets its verdict, and the slot judges the next program right.

From 58 on they want none: they hold up, mislead or starve what runs them, so that it fails. They get neither a 1 nor no
verdict, and take nothing from programs beside and behind them.

The programs are the files of ``tests/support/hostile``. A file begins with a comment that is not part of the program:
what the program does and why that matters, an empty line, and TOML, whose keys are the fields of ``Hostile``.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from synthetic1.completion import Completion
from synthetic1.rewards.code import Code
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.sandbox import Program, open_sandbox
from synthetic1.task import Task

FOLDER = Path(__file__).parents[1] / "support" / "hostile"
LANGUAGES = {".py": ("python", "#"), ".js": ("javascript", "//"), ".rs": ("rust", "//"), ".cpp": ("cpp", "//")}


@dataclass(frozen=True)
class Hostile:
    """A program and what becomes of it."""

    language: str
    program: str
    verdict: str | list[str]
    """The reason of its verdict; several where machines may differ."""
    says: str = ""
    """A pattern in what the verdict says of the first failed test, where that could also fail for a wrong reason."""
    tests: list[list[Any]] = field(default_factory=lambda: [["41\n", "42\n"]])
    """Input and expected output of each test; ``{repeat = "x", times = 9}`` stands for a long text."""
    function: str | None = None
    """What is called with the input, of a program that is no whole program."""
    time_limit_s: float = 60.0
    """CPU seconds; by the clock twice that and 2 more. Short only where time is the point: machines can be busy."""
    memory_limit_mb: int = 256
    next: list[str] = field(default_factory=lambda: ["companions/answers.py"])
    """The files that run after it, one after the other, in the same slot. Each gets its verdict, too."""


def hostile(name: str) -> Hostile:
    path = FOLDER / name
    language, mark = LANGUAGES[path.suffix]
    lines = path.read_text().splitlines()
    header = [line.removeprefix(mark).strip() for line in takewhile(lambda line: line.startswith(mark), lines)]
    toml = header[header.index("") :]
    return Hostile(language, "\n".join(lines[len(header) :]), **tomllib.loads("\n".join(toml)))


def text(value: Any) -> Any:
    return value["repeat"] * value["times"] if isinstance(value, dict) else value


def pair(one: Hostile) -> tuple[Task, Completion]:
    kind = "function_call" if one.function else "stdin_stdout"
    tests = [{"type": kind, "fn_name": one.function, "input": text(i), "output": text(o)} for i, o in one.tests]
    limits = {"time_limit_s": one.time_limit_s, "memory_limit_mb": one.memory_limit_mb}
    task = Task("hostile", "verifiable_code", "p", {"language": one.language, "test_cases": tests, **limits})
    return task, answer(one)


def answer(one: Hostile) -> Completion:
    return Completion.parse(f"<think>…</think>\n```{one.language}\n{one.program}\n```")


PROGRAMS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in LANGUAGES)
FIRST_SABOTEUR = 58
SABOTEURS = [name for name in PROGRAMS if int(name[:2]) >= FIRST_SABOTEUR]
PROGRAMS = [name for name in PROGRAMS if name not in SABOTEURS]


@pytest.fixture(params=["docker", pytest.param("bubblewrap", marks=pytest.mark.integrations)], scope="module")
def backend(request):
    """The name of a backend that works here."""
    request.getfixturevalue({"docker": "sandbox_image", "bubblewrap": "bubblewrap"}[request.param])
    return request.param


@pytest.fixture(scope="module")
def check(backend, tmp_path_factory):
    """``check(program)`` runs it and compares its verdict, always in one slot: what one leaves, the next meets."""
    cache = tmp_path_factory.mktemp("cache")  # a new one: hostile sources have to reach the compiler
    with Scorer([Code(sandbox={"kind": backend, "cache": str(cache)}, slots=1)]) as scorer:

        def check(one: Hostile) -> None:
            [verdict] = scorer.score_sync([pair(one)])
            assert verdict.reason in ([one.verdict] if isinstance(one.verdict, str) else one.verdict), verdict
            assert verdict.score == (1.0 if verdict.reason == "correct" else 0.0)
            assert re.search(one.says, verdict.details.get("failed", {}).get("why", "")), verdict
            assert len(repr(verdict)) < 20_000
            assert len(repr(verdict.details)) < 4_000

        yield check


@pytest.fixture(scope="module")
def score(backend, tmp_path_factory):
    """``score(programs)`` runs them at once, in two slots: their verdicts."""
    cache = tmp_path_factory.mktemp("cache")
    with Scorer([Code(sandbox={"kind": backend, "cache": str(cache)}, slots=2)]) as scorer:
        yield lambda programs: scorer.score_sync([pair(one) if isinstance(one, Hostile) else one for one in programs])


def test_every_number_is_there():
    assert {int(path.name[:2]) for path in FOLDER.rglob("[0-9]*")} == set(range(1, 98))


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_gets_its_verdict_and_the_next_program_is_judged_right(check, name):
    program = hostile(name)
    check(program)
    for other in program.next:
        check(hostile(other))


@pytest.mark.parametrize("name", SABOTEURS)
def test_a_saboteur_gets_zero_and_programs_beside_and_behind_it_their_one(score, name):
    saboteur = hostile(name)
    verdict, beside = score([saboteur, honest(1)])
    assert verdict.score == 0.0, verdict
    assert verdict.reason in ([saboteur.verdict] if isinstance(saboteur.verdict, str) else saboteur.verdict), verdict
    assert beside.score == 1.0, beside
    behind = score([honest(2), honest(3)])  # one in each slot
    assert [one.score for one in behind] == [1.0, 1.0], behind


@pytest.mark.parametrize("name", [name for name in SABOTEURS if name.endswith(".py") and hostile(name).function])
def test_a_saboteur_gets_zero_in_a_dialogue_too(score, name):
    """Where its channel is relayed while it runs. The same calls, by HumanEval's assertions."""
    saboteur = hostile(name)
    [[[given], expected]] = saboteur.tests
    assertions = {"code": f"def check(f):\n    assert f({given}) == {expected}\n", "entry_point": "f"}
    info = {"language": "python", "assertions": assertions, "time_limit_s": 1.0, "memory_limit_mb": 256}
    task = Task("hostile", "verifiable_code", "p", info)
    saboteur_verdict, beside = score([(task, answer(saboteur)), honest(1)])
    assert saboteur_verdict.score == 0.0, saboteur_verdict
    assert beside.score == 1.0, beside


def honest(number: int) -> Hostile:
    """Each another one: equal pairs are scored once."""
    return Hostile("python", f"print(int(input()) + {number})", "correct", tests=[["1\n", f"{number + 1}\n"]] * 2)


@pytest.mark.parametrize("walls", [True, False], ids=["slots", "control"])
async def test_36_slots_cannot_meet(backend, walls, tmp_path):
    """Through a socket without a file. The control: where nothing is between the same two programs, they do meet."""
    kind = {"kind": backend} if walls else {"kind": "subprocess", "unsafe": True}
    async with open_sandbox(slots=2, cache=tmp_path, **kind) as sandbox:
        programs = [hostile(f"companions/36-{name}.py") for name in ("listens", "calls")]
        runs = [sandbox.run(Program(one.language, one.program), [""]) for one in programs]
        said = [result.stdout for (result,) in await asyncio.gather(*runs)]
    assert said == [b"alone\n" if walls else b"met\n"] * 2


def test_44_the_search_finds_what_it_is_allowed_to_see(check):
    """The control: an expected output that lies about is found, and printed."""
    looks = hostile("44-looks-for-the-expected-output.py")
    [[_, expected]] = looks.tests
    leak = f"open('/tmp/leak', 'w').write({expected[:9]!r} + {expected[9:]!r})\n"
    check(replace(looks, program=leak + looks.program, verdict="correct"))


async def test_56_what_a_compiler_says_is_cut_short(backend, tmp_path):
    errors = hostile("56-makes-hundreds-of-errors.cpp")
    async with open_sandbox(backend, slots=1, cache=tmp_path) as sandbox:
        [result] = await sandbox.run(Program(errors.language, errors.program), [""])
    assert (result.status, len(result.stderr)) == ("compile_error", 64 * 1024)


def test_57_a_cached_binary_stays_what_was_compiled(check):
    """The same source again comes from the cache, whatever its first run tried."""
    tampers = replace(hostile("57-tampers-with-its-binary.cpp"), tests=[["41\n", "42\n"]], verdict="correct")
    for _ in range(2):
        check(tampers)
