"""Checks a problem of ``code/`` with the machine's own compilers: golds are right, mutants fail, checkers are firm.

No sandbox: these programs are ours. The same golds and mutants go through the real verifier in the tests.
"""

from __future__ import annotations

import json
import math
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from synthetic1.tasks.embedded.code_problem import LANGUAGES, CodeProblem

TOOLS = ("g++", "rustc", "node")
GARBAGE = (
    "",
    "\n",
    "x",
    "-1",
    "0",
    "1 2 3",
    "\0\x7f",
    "é²½",
    "9" * 5000,
    "-" * 100,
    "1e9 nan inf",
    "1 " * 5000,
    "yes",
    "no",
)

Check = Callable[[str, str, str], bool | str]


def faults(problem: CodeProblem) -> Iterator[str]:
    """What is wrong with the problem, a line each."""
    cases, expected = problem.cases, problem.expected
    if not 8 <= len(cases) <= 20:
        yield f"tests.py has {len(cases)} inputs; 8 to 20 are wanted"
    if len({json.dumps(case) for case in cases}) < len(cases):
        yield "tests.py repeats an input"
    if len({json.dumps(value) for value in expected}) < 3:
        yield "tests.py has fewer than 3 different outputs: a constant would pass too often"
    try:
        problem.tests()
    except ValueError as error:
        yield str(error)
    if sum(map(len, problem.mutants.values())) < 3:
        yield "fewer than 3 mutants"
    if isinstance(problem.checker, dict):
        yield from checker_faults(problem)
    with tempfile.TemporaryDirectory() as scratch:
        for number, (language, source, is_gold) in enumerate(programs(problem)):
            kind = f"{'gold' if is_gold else 'mutant'} in {language}"
            try:
                command = built(problem, language, source, Path(scratch) / str(number))
            except subprocess.CalledProcessError as error:
                yield f"{kind} does not compile: {error.stderr[:1500]}"
                continue
            failed = first_failure(problem, command)
            if is_gold and failed:
                yield f"{kind} fails: {failed}"
            elif not is_gold and not failed:
                yield f"{kind} passes all tests: {source[:60]!r} …"


def programs(problem: CodeProblem) -> Iterator[tuple[str, str, bool]]:
    """(language, source, whether it is right)."""
    for language in LANGUAGES:
        yield language, problem.golds[language], True
        for source in problem.mutants[language]:
            yield language, source, False


class ProgramFailed(Exception):
    """A program came to no end, or to a bad one."""


def first_failure(problem: CodeProblem, command: list[str]) -> str:
    """On which input the program fails and how; empty if on none."""
    for index, (case, wanted) in enumerate(zip(problem.cases, problem.expected, strict=True)):
        try:
            why = refused(problem, case, output(problem, command, index), wanted)
        except ProgramFailed as error:
            why = str(error)
        if why:
            return f"input {index}: {why}"
    return ""


def output(problem: CodeProblem, command: list[str], index: int) -> str:
    """What the program prints for one of the inputs.

    Raises:
        ProgramFailed: time limit, or an exit code.
    """
    stdin: str = problem.cases[index]
    if problem.function:
        command, stdin = [*command, str(index)], json.dumps(problem.cases[index])
    seconds = math.ceil(problem.spec["time_limit_s"])  # of the processor; by the clock, a busy machine may take longer
    try:
        done = subprocess.run(
            command,
            input=stdin.encode(),
            capture_output=True,
            timeout=20 * seconds + 60,
            check=False,
            preexec_fn=lambda: _limit_cpu(seconds),
        )
    except subprocess.TimeoutExpired:
        raise ProgramFailed("time limit") from None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise ProgramFailed("time limit")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")[-300:]
        raise ProgramFailed(f"exit code {done.returncode}: {said}")
    text: str = done.stdout.decode("utf-8", "replace")
    return text


def _limit_cpu(seconds: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    most = seconds + 1 if hard == resource.RLIM_INFINITY else min(seconds + 1, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, most), most))


def refused(problem: CodeProblem, case: Any, got: str, wanted: Any) -> str:
    """Why the output is not accepted; empty if it is."""
    if problem.function:
        return "" if json.dumps(json.loads(got)) == json.dumps(wanted) else f"{got.strip()[:80]} for {str(wanted)[:80]}"
    if isinstance(problem.checker, dict):
        verdict = check_of(problem)(case, got, wanted)
        return "" if verdict is True else str(verdict)
    return "" if got.split() == wanted.split() else f"{got[:80]!r} for {wanted[:80]!r}"


def check_of(problem: CodeProblem) -> Check:
    assert isinstance(problem.checker, dict)
    namespace: dict[str, Any] = {}
    exec(compile(problem.checker["program"], f"{problem.slug}/checker.py", "exec"), namespace)
    check: Check = namespace["check"]
    return check


def checker_faults(problem: CodeProblem) -> Iterator[str]:
    """A checker takes what the gold says and refuses, without an exception, what makes no sense."""
    check = check_of(problem)
    for index, (case, wanted) in enumerate(zip(problem.cases, problem.expected, strict=True)):
        if check(case, wanted, wanted) is not True:
            yield f"checker refuses the gold's output on input {index}: {check(case, wanted, wanted)}"
        tokens = wanted.split()
        spoilt = [
            " ".join(tokens[:-1]),
            f"{wanted} 1",
            " ".join([*tokens, tokens[-1]]),
            wanted.replace(tokens[0], "z", 1),
        ]
        for text in (*GARBAGE, *spoilt):
            if text.split() == tokens:
                continue
            try:
                verdict = check(case, text, wanted)
            except Exception as error:
                yield f"checker raises {error!r} on input {index} and output {text[:40]!r}"
                continue
            if text in spoilt and verdict is True:
                yield f"checker accepts a spoilt output on input {index}: {text[:60]!r}"
            if not isinstance(verdict, bool | str):
                yield f"checker returns {verdict!r} on input {index}"


def built(problem: CodeProblem, language: str, source: str, folder: Path) -> list[str]:
    """The command that runs the program; of a function, a program that reads its arguments or takes a call's number.

    Raises:
        subprocess.CalledProcessError: it does not compile.
    """
    folder.mkdir()
    path = folder / f"main{LANGUAGES[language].suffix}"
    path.write_text(source + called(problem, language), "utf-8")
    if language == "python":
        return [sys.executable, "-I", "-S", str(path)]
    if language == "javascript":
        return ["node", str(path)]
    program = str(folder / "main")
    compiler = {
        "cpp": ["g++", "-O2", "-std=c++17", "-o", program, str(path)],
        "rust": ["rustc", "--edition=2021", "-O", "-A", "warnings", "-o", program, str(path)],
    }[language]
    subprocess.run(compiler, cwd=folder, capture_output=True, text=True, check=True)
    return [program]


def called(problem: CodeProblem, language: str) -> str:
    """What makes a program of a function. The compiled ones hold the calls of all tests, chosen by number."""
    name = problem.function
    if not name:
        return ""
    if language == "python":
        return f"\n\nimport json\nprint(json.dumps({name}(*json.loads(input()))))\n"
    if language == "javascript":
        return f'\nconsole.log(JSON.stringify({name}(...JSON.parse(require("fs").readFileSync(0, "utf8")))));\n'
    literal = cpp_literal if language == "cpp" else rust_literal
    calls = [f"{name}({', '.join(map(literal, case))})" for case in problem.cases]
    if language == "cpp":
        arms = "\n".join(f"    case {i}: show({call}); break;" for i, call in enumerate(calls))
        return f"{CPP_SHOW}int main(int, char** argv) {{\n  switch (std::atoi(argv[1])) {{\n{arms}\n  }}\n}}\n"
    arms = "\n".join(f"        {i} => {call}.show()," for i, call in enumerate(calls))
    number = "std::env::args().nth(1).unwrap().parse::<usize>().unwrap()"
    return f"{RUST_SHOW}fn main() {{\n    match {number} {{\n{arms}\n        _ => panic!(),\n    }}\n}}\n"


def cpp_literal(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ", ".join(map(cpp_literal, value)) + "}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value}LL" if abs(value) >= 2**31 else str(value)
    return json.dumps(value)


def rust_literal(value: Any) -> str:
    if isinstance(value, list):
        return "vec![" + ", ".join(map(rust_literal, value)) + "]"
    return f"String::from({json.dumps(value)})" if isinstance(value, str) else json.dumps(value)


CPP_SHOW = """
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>
void show(bool v) { std::cout << (v ? "true" : "false"); }
void show(int v) { std::cout << v; }
void show(long long v) { std::cout << v; }
void show(const std::string& v) {
  std::cout << '"';
  for (char c : v) { if (c == '"' || c == '\\\\') std::cout << '\\\\'; std::cout << c; }
  std::cout << '"';
}
template <class T> void show(const std::vector<T>& v) {
  std::cout << '[';
  bool first = true;
  for (const auto& x : v) { if (!first) std::cout << ','; first = false; show(T(x)); }
  std::cout << ']';
}
"""

RUST_SHOW = """
trait Show { fn show(&self); }
impl Show for bool { fn show(&self) { print!("{}", self) } }
impl Show for i32 { fn show(&self) { print!("{}", self) } }
impl Show for i64 { fn show(&self) { print!("{}", self) } }
impl Show for usize { fn show(&self) { print!("{}", self) } }
impl Show for String { fn show(&self) { print!("{:?}", self) } }
impl<T: Show> Show for Vec<T> {
    fn show(&self) {
        print!("[");
        for (i, x) in self.iter().enumerate() { if i > 0 { print!(","); } x.show(); }
        print!("]");
    }
}
"""
