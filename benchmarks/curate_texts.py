"""Texts for ``curate.py``: rows as they are published, a million prompts that differ, faults planted among them.

The problems of GSM8K and MATH-500 are halved. Prompts are made of one half; the other half, with HumanEval, CRUXEval
and SciBench, is the benchmarks that no prompt may hold.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SYNTHETIC1_SHARED_DATA") or ROOT.parent / "shared" / "data")
BENCHMARKS = 20  # files
SWAPPED = 0.5  # of the longer words of a sentence, so that two prompts with one sentence in common are not alike
RESPELLED, TEMPLATES, CONTAMINATED = 0.08, 0.04, 0.005  # of the prompts; the rest is like no other
FAMILY = 50
"""Prompts of a template, which differ in their numbers alone."""
KINDS = ("case", "spacing", "one word", "wrapped")
WRAPPED = (
    "Solve the following problem. {}",
    "{} Give the answer alone.",
    "Here is an exercise for you.\n\n{}\n\nThink well.",
    "Question: {}\nAnswer:",
)
_number = re.compile(r"\d+")
_token = re.compile(r"(\d+|(?<![\\A-Za-z])[a-z]{4,}(?![A-Za-z}]))")
_end = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")


@dataclass(frozen=True)
class Published:
    """A problem of GSM8K or MATH-500 in the columns of NuminaMath."""

    source: str
    problem: str
    solution: str
    answer: str

    def row(self, numbers: random.Random | None = None) -> dict[str, Any]:
        """The published row; with ``numbers``, each number in it is another one, the same everywhere in the row."""
        texts = [self.problem, self.solution, self.answer]
        if numbers is not None:
            others: dict[str, str] = {}

            def other(found: re.Match[str]) -> str:
                digits = found[0]
                if digits not in others:
                    others[digits] = str(numbers.randrange(10 ** (len(digits) - 1), 10 ** len(digits)))
                return others[digits]

            texts = [_number.sub(other, text) for text in texts]
        names = ("problem", "solution", "answer")
        kind = {"problem_type": "Algebra", "question_type": "math-word-problem"}
        valid = {"problem_is_valid": "Yes", "solution_is_valid": "Yes", "source": self.source, "synthetic": False}
        return {**dict(zip(names, texts, strict=True)), **kind, **valid}


@lru_cache(maxsize=1)
def published() -> list[Published]:
    """All problems, those of both sets in turn."""
    found = []
    for line in (DATA / "gsm8k_test.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        solution, _, answer = row["answer"].rpartition("####")
        boxed = f"{solution.strip()}\nThe answer is $\\boxed{{{answer.strip()}}}$."
        found.append(Published("gsm8k", row["question"], boxed, answer.strip()))
    for line in (DATA / "math500_test.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found.append(Published("math", row["problem"], row["solution"], row["answer"]))
    return found


def halves() -> tuple[list[Published], list[Published]]:
    """The problems that prompts are made of, and those of the benchmarks."""
    return published()[::2], published()[1::2]


def numina_lines(count: int, seed: int) -> list[bytes]:
    rng, problems = random.Random(f"numina {seed}"), published()
    return [json.dumps(rng.choice(problems).row(rng)).encode() for _ in range(count)]


def write_benchmarks(folder: Path) -> list[str]:
    """Twenty files, as benchmarks are published: seventeen of problems held back, and the others."""
    folder.mkdir(parents=True)
    held = [problem for problem in halves()[1] if len(problem.problem) > 40]
    parts: dict[str, list[dict[str, str]]] = {f"math-{i:02d}": [] for i in range(BENCHMARKS - 3)}
    for place, problem in enumerate(held):
        parts[f"math-{place % (BENCHMARKS - 3):02d}"].append({"problem": problem.problem, "answer": problem.answer})
    with gzip.open(DATA / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as lines:
        parts["humaneval"] = [{"prompt": json.loads(line)["prompt"]} for line in lines]
    with (DATA / "cruxeval.jsonl").open(encoding="utf-8") as lines:
        parts["cruxeval"] = [{"code": json.loads(line)["code"]} for line in lines]
    science = json.loads((DATA / "scibench_atkins.json").read_text(encoding="utf-8"))
    parts["scibench"] = [{"problem": row["problem_text"]} for row in science]
    for name, rows in parts.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return sorted(str(path) for path in folder.iterdir())


# Prompts --------------------------------------------------------------------------------------------------------------


class Prompts:
    """Prompts by seed: sentences of different problems put together, with other numbers and other words.

    Most are like no other. Some are respelled copies of the one before, some are of a template, some hold a benchmark's
    problem.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"prompts {seed}")
        made_of, held = halves()
        texts = [problem.problem for problem in made_of]
        self.sentences = [_token.split(one) for text in texts for one in _end.split(text) if 20 < len(one) < 300]
        self.words = sorted({word for text in texts for word in re.findall(r"\b[a-z]{4,}\b", text)})
        self.held = [problem.problem for problem in held if len(problem.problem) > 80]

    def sentence(self) -> str:
        rng, parts = self.rng, list(self.rng.choice(self.sentences))
        for place in range(1, len(parts), 2):
            if parts[place][0].isdigit():
                parts[place] = str(rng.randrange(2, 10 ** (len(parts[place]) + 1)))
            elif rng.random() < SWAPPED:
                parts[place] = rng.choice(self.words)
        return "".join(parts)

    def text(self) -> str:
        return " ".join(self.sentence() for _ in range(self.rng.randrange(2, 6)))

    def texts(self, count: int) -> Iterator[tuple[str, int]]:
        """Prompts, and the answer of each: a copy has that of its original."""
        rng, last, template, left, answer = self.rng, self.text(), "", 0, 0
        for number in range(count):
            draw = rng.random()
            if draw < RESPELLED:
                yield changed(last, rng.choice(KINDS), rng, self.words), answer
            elif draw < RESPELLED + TEMPLATES:
                if not left:
                    template, left = self.text(), FAMILY
                left -= 1
                yield _number.sub(lambda found: str(rng.randrange(2, 10 ** (len(found[0]) + 1))), template), number
            elif draw < RESPELLED + TEMPLATES + CONTAMINATED:
                yield f"{self.sentence()} {rng.choice(self.held)} {self.sentence()}", number
            else:
                last, answer = self.text(), number
                yield last, answer


def changed(text: str, kind: str, rng: random.Random, words: list[str]) -> str:
    """A copy of ``text`` that is the same problem to anybody who reads it, or nearly."""
    if kind == "case" and "\\" not in text and "$" not in text:
        return rng.choice((text.upper(), text.lower(), text.title()))
    if kind == "wrapped":
        return rng.choice(WRAPPED).format(text)
    places = [found.span() for found in re.finditer(r"(?<![\\\w{])[a-z]{4,}(?![\w}])", text)]
    if kind == "one word" and places:
        begin, end = rng.choice(places)
        return text[:begin] + rng.choice(words) + text[end:]
    return text.replace(" ", rng.choice(("  ", "\n", " \n ", "\t")))


# Programming problems -------------------------------------------------------------------------------------------------


def apps_lines(count: int, seed: int) -> list[bytes]:
    """Rows of APPS: statements of 600 to 2,000 characters, 5 to 20 tests of several lines, 3 to 10 programs."""
    rng, prompts = random.Random(f"apps {seed}"), Prompts(seed)
    with gzip.open(DATA / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as lines:
        bodies = [row["prompt"] + row["canonical_solution"] for row in map(json.loads, lines)]
    return [json.dumps(_apps_row(number, rng, prompts, bodies)).encode() for number in range(count)]


def _apps_row(number: int, rng: random.Random, prompts: Prompts, bodies: list[str]) -> dict[str, Any]:
    tests = [_test(rng, 4), *(_test(rng, 25) for _ in range(rng.randrange(4, 20)))]
    (given, wanted), length = tests[0], rng.randrange(150, 1200)
    story = [prompts.sentence()]
    while sum(map(len, story)) < length:
        story.append(prompts.sentence())
    statement = (
        f"{' '.join(story)}\n\n\n-----Input-----\n\nThe first line contains two integers n and k (1 ≤ n ≤ {10**5}, "
        f"1 ≤ k ≤ {number + 9}). Each of the next n lines contains the integers of a row, none of them above 10^9.\n\n"
        f"-----Output-----\n\nFor each row print one integer: the answer.\n\n\n"
        f"-----Examples-----\nInput\n{given}\nOutput\n{wanted}\n"
    )
    read = "import sys\ndata = sys.stdin.read().split('\\n')\nn, k = map(int, data[0].split())\n\n"
    programs = [f"{read}{rng.choice(bodies)}\n\nfor row in data[1:]:\n    print(int(row.split()[0]) % k)\n"]
    programs += [f"{read}{rng.choice(bodies)}\n\nprint({i} + n)\n" for i in range(rng.randrange(2, 10))]
    return {
        "problem_id": number,
        "question": statement,
        "solutions": json.dumps(programs),
        "input_output": json.dumps({"inputs": [one for one, _ in tests], "outputs": [one for _, one in tests]}),
        "difficulty": rng.choice(("introductory", "interview", "competition")),
        "url": f"https://codeforces.com/problemset/problem/{number}/A",
        "starter_code": "",
    }


def _test(rng: random.Random, most: int) -> tuple[str, str]:
    rows = [[rng.randrange(10**9) for _ in range(rng.randrange(2, 9))] for _ in range(rng.randrange(2, most))]
    given = [f"{len(rows)} {rng.randrange(1, 9)}", *(" ".join(map(str, row)) for row in rows)]
    return "\n".join(given) + "\n", "\n".join(str(row[0]) for row in rows) + "\n"
