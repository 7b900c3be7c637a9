"""Makes ``code.jsonl`` from the problems in the folder ``code/`` beside this file, the same bytes every time.

Run ``python -m synthetic1.tasks.embedded.code`` in a checkout after a change there. It takes the expected outputs from
each ``gold.py``, and it writes nothing unless every gold solution is right and every mutant fails
(``code_check.py``, with the machine's own g++, rustc and node). Slugs as arguments: check these and write nothing.

A problem is a folder ``code/SLUG/``:

================= =====================================================================================================
``problem.md``    the statement, without a word about languages
``spec.json``     ``title``, ``level`` 1–10, ``topics``, ``time_limit_s``, ``memory_limit_mb``, ``checker``
                  (``tokens`` or ``program``); for calls also ``function``
``gold.*``        right solutions: ``.py``, ``.js``, ``.rs``, ``.cpp``; of a function, its signature stands on one line
``mutant*.*``     plausible wrong ones, at least three
``tests.py``      ``inputs() -> list[str]``, or of a function ``calls() -> list[list]``; always the same
``checker.py``    with ``"checker": "program"``: ``check(input, output, expected) -> bool | str``, a string says why not
================= =====================================================================================================
"""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synthetic1.task import Task

PATH = Path(__file__).with_suffix(".jsonl")
FOLDER = Path(__file__).resolve().with_suffix("")  # of a checkout: the wheel holds only what is made from it
MAX_TEST_BYTES = 14_000  # inputs and outputs of a problem: they are stored once for each language
GOLD_SECONDS = 20


@dataclass(frozen=True)
class Written:
    """How a language is written."""

    name: str
    suffix: str
    fences: tuple[str, str]
    """The label that the prompt asks for, and another one."""
    nothing: str
    """A program that does nothing."""
    prints: str
    """A program that prints the JSON string ``%s``; of JSON escapes, texts of ours need only those of newline, quote
    and backslash, and these four languages read them alike."""


LANGUAGES = {
    "python": Written("Python 3", ".py", ("python", "py"), "pass", "print(%s)"),
    "javascript": Written("JavaScript (Node.js)", ".js", ("javascript", "js"), ";", "console.log(%s);"),
    "rust": Written("Rust", ".rs", ("rust", "rs"), "fn main() {}", 'fn main() {\n    println!("{}", %s);\n}'),
    "cpp": Written(
        "C++17", ".cpp", ("cpp", "c++"), "int main() {}", "#include <cstdio>\nint main() { std::puts(%s); }"
    ),
}


@dataclass(frozen=True)
class Problem:
    """One folder."""

    folder: Path

    @property
    def slug(self) -> str:
        return self.folder.name

    @cached_property
    def spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = json.loads((self.folder / "spec.json").read_text("utf-8"))
        return spec

    @property
    def function(self) -> str | None:
        """The function that is called; None for a program that reads stdin."""
        return self.spec.get("function")

    @cached_property
    def golds(self) -> dict[str, str]:
        """Language → source."""
        return {name: (self.folder / f"gold{lang.suffix}").read_text("utf-8") for name, lang in LANGUAGES.items()}

    @cached_property
    def mutants(self) -> dict[str, list[str]]:
        """Language → sources."""
        return {
            name: [path.read_text("utf-8") for path in sorted(self.folder.glob(f"mutant*{lang.suffix}"))]
            for name, lang in LANGUAGES.items()
        }

    @cached_property
    def checker(self) -> str | dict[str, str]:
        """As ``verification_info`` holds it."""
        if self.spec["checker"] == "program":
            return {"program": (self.folder / "checker.py").read_text("utf-8")}
        return str(self.spec["checker"])

    @cached_property
    def cases(self) -> list[Any]:
        """The inputs: texts, or lists of arguments."""
        tests = runpy.run_path(str(self.folder / "tests.py"))
        cases: list[Any] = tests["calls" if self.function else "inputs"]()
        return cases

    @cached_property
    def expected(self) -> list[Any]:
        """What ``gold.py`` makes of the inputs: texts, or returned values."""
        return [self._answer(case) for case in self.cases]

    def _answer(self, case: Any) -> Any:
        source, stdin = self.golds["python"], case
        if self.function:
            source, stdin = (
                f"{source}\n\nimport json\nprint(json.dumps({self.function}(*json.loads(input()))))",
                json.dumps(case),
            )
        command = [sys.executable, "-I", "-S", "-c", source]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=GOLD_SECONDS, check=False)
        if done.returncode:
            raise ValueError(f"code/{self.slug}/gold.py fails on {stdin[:80]!r}: {done.stderr[-300:]}")
        return json.loads(done.stdout) if self.function else done.stdout

    def tests(self) -> list[dict[str, Any]]:
        """The test cases as ``verification_info`` holds them."""
        kind = "function_call" if self.function else "stdin_stdout"
        pairs = zip(self.cases, self.expected, strict=True)
        tests = [{"type": kind, "fn_name": self.function, "input": given, "output": wanted} for given, wanted in pairs]
        if (size := len(json.dumps(tests))) > MAX_TEST_BYTES:
            raise ValueError(
                f"code/{self.slug}/tests.py: tests of {size:,} bytes, at most {MAX_TEST_BYTES:,} are wanted"
            )
        return tests

    def signature(self, language: str) -> str:
        """The line of the gold solution that heads the function."""
        line = re.search(rf"^.*\b{self.function}\(.*$", self.golds[language], re.MULTILINE)
        assert line is not None, f"code/{self.slug}: gold of {language} has no function {self.function}"
        return line[0].rstrip("{: ")


def problems() -> list[Problem]:
    """All of them, easy ones first."""
    found = [Problem(path.parent) for path in FOLDER.glob("*/spec.json")]
    return sorted(found, key=lambda problem: (problem.spec["level"], problem.slug))


def content() -> bytes:
    """What the file holds."""
    rows = [task.to_row() for problem in problems() for task in tasks(problem)]
    return b"".join(json.dumps(row).encode("ascii") + b"\n" for row in rows)


def tasks(problem: Problem) -> Iterator[Task]:
    """One task a language."""
    spec, tests = problem.spec, problem.tests()
    for language in LANGUAGES:
        yield Task(
            problem_id=f"code/embedded/{problem.slug}/{language}",
            task_type="verifiable_code",
            prompt=prompt(problem, language),
            gold_standard_solution=problem.golds[language],
            source="synthetic1/code",
            verification_info={
                "language": language,
                "test_cases": tests,
                "checker": problem.checker,
                "time_limit_s": spec["time_limit_s"],
                "memory_limit_mb": spec["memory_limit_mb"],
            },
            metadata={
                "level": spec["level"],
                "title": spec["title"],
                "topics": spec["topics"],
                "language": language,
                "audit": {"right": right(problem, language), "wrong": wrong(problem, language)},
            },
        )


def prompt(problem: Problem, language: str) -> str:
    """The statement, then what is to be written."""
    written = LANGUAGES[language]
    label = written.fences[0]
    if problem.function:
        wanted = (
            f"Write this {written.name} function: `{problem.signature(language)}`. It is called from outside: write no "
            f"main program. Answer with the code in one block fenced by ```{label} and ```."
        )
    else:
        wanted = (
            f"Write a complete {written.name} program that reads standard input and writes standard output. "
            f"Answer with the whole program in one block fenced by ```{label} and ```."
        )
    return f"{(problem.folder / 'problem.md').read_text('utf-8').strip()}\n\n{wanted}"


def right(problem: Problem, language: str) -> list[str]:
    """Completions that deserve everything."""
    written, gold = LANGUAGES[language], problem.golds[language]
    label, other = written.fences
    return [
        f"<think>\nFirst the small cases.\n{fenced(written.nothing, label)}\n</think>\n\n{fenced(gold, label)}",
        f"A start:\n\n{fenced(written.nothing, label)}\n\nThe solution:\n\n{fenced(gold, other)}\n\nThat is all.",
    ]


def wrong(problem: Problem, language: str) -> list[str]:
    """Completions that deserve nothing: the mutants of that language, and tricks."""
    written, gold = LANGUAGES[language], problem.golds[language]
    label = written.fences[0]
    first = problem.expected[0]
    programs = [*problem.mutants[language], written.nothing]
    if not problem.function:
        programs.append(written.prints % json.dumps(first.rstrip("\n")))
    elif language == "python":
        programs.append(f"def {problem.function}(*args):\n    return {first!r}")
    elif language == "javascript":
        programs.append(f"function {problem.function}(...args) {{\n  return {json.dumps(first)};\n}}")
    return [
        *(fenced(program, label) for program in programs),
        f"<think>\n{fenced(gold, label)}\n</think>\n\nI could not solve it.",
        f"<think>\n{fenced(gold, label)}",
        "",
    ]


def fenced(source: str, label: str) -> str:
    return f"```{label}\n{source.rstrip()}\n```"


def main(slugs: list[str]) -> None:
    """Check the problems; if that were all of them, write the file beside this one."""
    from synthetic1.tasks.embedded.code_check import faults

    if not FOLDER.is_dir():
        raise SystemExit(f"{FOLDER.name}/ with the problems is not here: run this in a checkout")
    chosen = [problem for problem in problems() if not slugs or problem.slug in slugs]
    bad = 0
    for problem in chosen:
        found = list(faults(problem))
        bad += len(found)
        print("\n".join(f"code/{problem.slug}: {fault}" for fault in found) or f"code/{problem.slug}: fine", flush=True)
    if bad or not chosen:
        raise SystemExit(f"{bad} faults in {len(chosen)} problems; nothing written")
    if not slugs:
        PATH.write_bytes(content())
        print(f"wrote {PATH.name}: {len(chosen)} problems, {PATH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
