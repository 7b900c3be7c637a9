"""A problem of the folder ``code/``: what it consists of, and what it becomes.

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
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().with_name("code")  # of a checkout: the wheel holds only what is made from it
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
class CodeProblem:
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


def problems() -> list[CodeProblem]:
    """All of them, easy ones first."""
    found = [CodeProblem(path.parent) for path in FOLDER.glob("*/spec.json")]
    return sorted(found, key=lambda problem: (problem.spec["level"], problem.slug))
