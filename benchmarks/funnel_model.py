"""The model of ``funnels.py``: what it says to each prompt of curation, by the prompt's name and what stands in it.

It refuses, breaks off its JSON, leaks and errs in shares that ``SHARES`` names, drawn from the text that it is asked:
the same run gets the same replies.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import planted_math
from funnel_rows import BY_CONTENT, honest_checker
from planted_functions import functions

from synthetic1.datagen.curation.prompt_files import OURS, load_prompts
from synthetic1.datagen.curation.recipes.mathematics.choices import find_choices
from synthetic1.tasks.code_understanding import examples

SHARES = {
    "never readable": 0.02,  # of prompts: refused, or broken JSON, as often as it is asked
    "readable when asked again": 0.08,  # of prompts
    "rewrites that leak, stray or change a number": 0.25,
    "rewrites said to be impossible, or with another answer": 0.07,
    "problems said to be ambiguous": 0.01,
    "instructions said to be unclear": 0.08,
    "instructions with a line of the change": 0.12,
    "instructions said to leak": 0.06,
    "checkers that accept all or demand one output": 0.5,
    "translations that are wrong": 0.2,
    "functions that are unfit": 0.5,
}
REFUSAL = "I'm sorry, but I can't help with that."
BROKEN = '{"verifiable": "yes", "reason": '
ACCEPTS_ALL = "def check(input, output, expected):\n    return bool(output.split())\n"
WANTS_ONE = "def check(input, output, expected):\n    return output.split() == expected.split() or 'another output'\n"
SUMS = (
    (r"sum\(v\)", "v.reduce((a, b) => a + b, 0)"),
    (r"sum\((x % \d+) == (\d+) for x in v\)", r"v.filter(x => \1 === \2).length"),
    (r"sum\(x \* x for x in v\)", "v.reduce((a, b) => a + b * b, 0)"),
    (r"(max|min)\(v\)", r"Math.\1(...v)"),
)
"""Expressions of the made problems, in Python and in JavaScript."""


class ScriptedModel:
    """``(messages, sample) -> text``, as ``ScriptedServer`` wants it."""

    def __init__(self) -> None:
        names = sorted(path.stem for path in OURS.glob("*.md"))
        self._forms = {name: _form(prompt.text) for name, prompt in load_prompts(names).items()}
        made = [one for level in (3, 4, 5, 6) for one in islice(examples(level, seed=23), 40)]
        self._sound = {one.source: one for one in made}
        self._unfit = [
            source
            for kind in ("seen", "run")
            for why, some in functions(kind).items()
            for source in some[:1]
            if why not in ("too_slow", "too_much_memory")
        ]
        self.calls: Counter[str] = Counter()

    def __call__(self, messages: Any, sample: int) -> str:
        text = messages[0]["content"]
        name, values = self._read(text)
        self.calls[name] += 1
        luck = drawn(text, "readable")
        never, later = SHARES["never readable"], SHARES["readable when asked again"]
        if luck < never or (luck < never + later and len(messages) == 1):
            return REFUSAL if drawn(text, "how") < 0.5 else BROKEN
        rng = random.Random(f"{name} {text}")
        said = getattr(self, f"_{name}")(values, rng)
        if isinstance(said, str):
            return f"Here it is.\n\n```\n{said.rstrip()}\n```"
        return f"```json\n{json.dumps(said)}\n```"

    def _read(self, text: str) -> tuple[str, dict[str, str]]:
        for name, form in self._forms.items():
            if (found := form.fullmatch(text)) is not None:
                return name, found.groupdict()
        raise AssertionError(f"no prompt begins like this: {text[:100]}")

    def _math_classify(self, values: dict[str, str], rng: random.Random) -> Any:
        reason = said_of("math", values["problem"])
        if reason is None and rng.random() < SHARES["problems said to be ambiguous"]:
            reason = "ambiguous"
        return {"verifiable": "no" if reason else "yes", "reason": reason or "none", "why": "It is so."}

    def _math_rewrite(self, values: dict[str, str], rng: random.Random) -> Any:
        stem, answer, problem = values["stem"], values["answer"], values["problem"]
        found = find_choices(problem)
        leak, other = list(SHARES.values())[2:4]
        luck = rng.random()
        value = re.sub(r"\D", "", answer)
        if found is not None and value and luck < leak:
            ways = (planted_math.with_options_left, planted_math.with_answer_given, planted_math.with_value_changed)
            options = list(found.options.values())
            question = rng.choice(ways)(stem, options, int(value), problem, rng)
            return {"possible": "yes", "question": question, "answer": answer}
        if luck < leak + other / 2:
            return {"possible": "no", "question": "It asks about its options.", "answer": answer}
        if luck < leak + other:
            return {"possible": "yes", "question": stem, "answer": f"{answer}1"}
        return {"possible": "yes", "question": stem, "answer": answer}

    def _code_checker(self, values: dict[str, str], rng: random.Random) -> Any:
        if rng.random() < SHARES["checkers that accept all or demand one output"]:
            return rng.choice((ACCEPTS_ALL, WANTS_ONE))
        return honest_checker(values["problem"])

    def _code_translate(self, values: dict[str, str], rng: random.Random) -> Any:
        wrong = rng.random() < SHARES["translations that are wrong"]
        return in_javascript(values["program"], 1 if wrong else 0)

    def _swe_instruction(self, values: dict[str, str], rng: random.Random) -> Any:
        luck, subject = rng.random(), values["message"].strip().split("\n")[0]
        unclear, leak = SHARES["instructions said to be unclear"], SHARES["instructions with a line of the change"]
        if luck < unclear:
            return {"clear": "no", "instruction": "The decision behind it is missing."}
        if luck < unclear + leak:
            added = [line[1:] for line in values["diff"].split("\n")[2:] if line.startswith("+") and line[1:].strip()]
            subject = f"{subject}: write `{max(added, key=len).strip()}`" if added else subject
        return {"clear": "yes", "instruction": subject}

    def _swe_leak(self, values: dict[str, str], rng: random.Random) -> Any:
        leaks = rng.random() < SHARES["instructions said to leak"]
        return {"leaks": "yes" if leaks else "no", "reason": "It spells out the edits." if leaks else "It does not."}

    def _stem_filter(self, values: dict[str, str], rng: random.Random) -> Any:
        failing = said_of("stem", values["question"])
        names = ("objective", "reasoning", "self_contained")
        return {**{name: "no" if name == failing else "yes" for name in names}, "why": "It is so."}

    def _understanding_seed(self, values: dict[str, str], rng: random.Random) -> Any:
        if rng.random() < SHARES["functions that are unfit"]:
            return rng.choice(self._unfit)
        return rng.choice(list(self._sound))

    _understanding_evolve = _understanding_seed

    def _understanding_translate(self, values: dict[str, str], rng: random.Random) -> Any:
        known = self._sound.get(values["program"]) or self._sound.get(values["program"] + "\n")
        if known is None or rng.random() < SHARES["translations that are wrong"]:
            known = rng.choice(list(self._sound.values()))
        return known.shown_in("javascript").source


def said_of(recipe: str, text: str) -> str | None:
    """What the model finds wrong with a text, by what it holds."""
    return next((what for mark, what in BY_CONTENT[recipe].items() if mark in text), None)


def drawn(text: str, what: str) -> float:
    """A number in [0, 1) that belongs to a text."""
    return int.from_bytes(hashlib.blake2b(f"{what} {text}".encode(), digest_size=6).digest()) / 2**48


def in_javascript(program: str, error: int) -> str:
    """A made problem's program in JavaScript, wrong by ``error``."""
    head = 'const data = require("fs").readFileSync(0, "utf8").split(/\\s+/).filter(x => x).map(Number);\n'
    if (found := re.search(r"v = \[d for d in range\(1, n \+ 1\) if (.*)\]", program)) is not None:
        test = found[1].replace(" and ", " && ").replace("==", "===").replace("!=", "!==")
        loop = f"for (let d = {1 + error}; d <= n; d++) if ({test}) console.log(d);\n"
        return f"{head}const [n, k] = data;\n{loop}"
    shown = re.findall(r"^print\((.*)\)$", program, re.MULTILINE)[-1]
    for python, javascript in SUMS:
        shown = re.sub(python, javascript, shown)
    return f"{head}const v = data.slice(1);\nconsole.log({shown} + {error});\n"


def _form(text: str) -> re.Pattern[str]:
    """A prompt as a pattern whose groups are its values."""
    parts, seen = re.split(r"\{\{(\w+)\}\}", text), set()
    for at in range(1, len(parts), 2):
        name = parts[at]
        parts[at] = f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
        seen.add(name)
    parts[::2] = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(parts), re.DOTALL)
