"""Makes ``code.jsonl`` from the problems in the folder ``code/`` beside this file, the same bytes every time.

Run ``python -m synthetic1.tasks.embedded.code`` in a checkout after a change there. It takes the expected outputs from
each ``gold.py``, and it writes nothing unless every gold solution is right and every mutant fails
(``code_check.py``, with the machine's own g++, rustc and node). Slugs as arguments: check these and write nothing.

What a problem consists of: ``code_problem.py``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from synthetic1.task import Task
from synthetic1.tasks.embedded.code_check import faults
from synthetic1.tasks.embedded.code_problem import FOLDER, LANGUAGES, CodeProblem, problems

PATH = Path(__file__).with_suffix(".jsonl")


def content() -> bytes:
    """What the file holds."""
    rows = [task.to_row() for problem in problems() for task in tasks(problem)]
    return b"".join(json.dumps(row).encode("ascii") + b"\n" for row in rows)


def tasks(problem: CodeProblem) -> Iterator[Task]:
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


def prompt(problem: CodeProblem, language: str) -> str:
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


def right(problem: CodeProblem, language: str) -> list[str]:
    """Completions that deserve everything."""
    written, gold = LANGUAGES[language], problem.golds[language]
    label, other = written.fences
    return [
        f"<think>\nFirst the small cases.\n{fenced(written.nothing, label)}\n</think>\n\n{fenced(gold, label)}",
        f"A start:\n\n{fenced(written.nothing, label)}\n\nThe solution:\n\n{fenced(gold, other)}\n\nThat is all.",
    ]


def wrong(problem: CodeProblem, language: str) -> list[str]:
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
