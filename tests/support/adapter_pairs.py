"""The table that every adapter is held to: 200 completions, to be scored through it as they are scored directly.

No verdict is stored: a change to a verifier changes both sides. Made anew by `python tests/support/adapter_pairs.py`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from synthetic1 import Completion, Scorer, Task, Verdict, open_tasks
from synthetic1.rewards.registry import get_verifier

FILE = Path(__file__).with_suffix(".jsonl")
NUMBERS = {"math": 60, "code_understanding": 60, "stem": 30, "swe": 20, "code": 10, "broken": 20}
"""Pairs a family; the broken ones have golds or task types that nothing can be scored by."""


@dataclass(frozen=True)
class AdapterPair:
    """One row: what a trainer has in hand when it asks for a reward."""

    family: str
    kind: str
    """What the completion is, e.g. ``gold`` or ``cut_off``."""
    task: dict[str, Any]
    """The task's row, as it is stored."""
    text: str
    finish_reason: str | None
    thinking_open: bool

    def as_task(self) -> Task:
        return Task.from_row(self.task)

    def as_completion(self) -> Completion:
        return Completion.parse(self.text, thinking_open=self.thinking_open, finish_reason=self.finish_reason)


def load(*, code: bool = True, broken: bool = True, thinking_open: bool | None = None) -> list[AdapterPair]:
    """The pairs, in the table's order.

    Args:
        code: with the ten programs, some of which need a sandbox.
        broken: with the tasks that nothing can be scored by.
        thinking_open: only those whose prompt ended inside a thought, or only the others: an adapter is told once.
    """
    lines = FILE.read_text(encoding="utf-8").splitlines()
    pairs = [AdapterPair(**json.loads(line)) for line in lines]
    left_out = {family for family, wanted in (("code", code), ("broken", broken)) if not wanted}
    return [pair for pair in pairs if pair.family not in left_out and thinking_open in (None, pair.thinking_open)]


@functools.cache
def _direct(code: bool) -> dict[tuple[str, str, str, str | None, bool], Verdict]:
    pairs = load(code=code)
    with Scorer() as scorer:
        verdicts = scorer.score_sync([(pair.as_task(), pair.as_completion()) for pair in pairs])
    return {_identity(pair): verdict for pair, verdict in zip(pairs, verdicts, strict=True)}


def direct_verdicts(pairs: Sequence[AdapterPair]) -> list[Verdict]:
    """What ``Scorer`` itself says of them, in this process; scored once."""
    known = _direct(any(pair.family == "code" for pair in pairs))
    return [known[_identity(pair)] for pair in pairs]


def direct_scores(pairs: Sequence[AdapterPair]) -> list[float | None]:
    return [verdict.score for verdict in direct_verdicts(pairs)]


def _identity(pair: AdapterPair) -> tuple[str, str, str, str | None, bool]:
    return pair.as_task().key, pair.kind, pair.text, pair.finish_reason, pair.thinking_open


# How they are made ----------------------------------------------------------------------------------------------------

Made = tuple[str, str | None, bool]
Variant = Callable[[str, str], Made]
"""From the gold and another task's gold: text, finish reason, whether the prompt ended inside a thought."""
VARIANTS: dict[str, Variant] = {
    "gold": lambda gold, other: (gold, "stop", False),
    "wrong": lambda gold, other: (other, "stop", False),
    "thought": lambda gold, other: (f"<think>\nIs it {other}? No.\n</think>\n\n{gold}", "stop", False),
    "open_then_closed": lambda gold, other: (f"Let us see.\n{other}\n</think>\n\n{gold}", "stop", True),
    "cut_off": lambda gold, other: (f"<think>\nIt seems to be {gold}", "length", False),
    "open_cut_off": lambda gold, other: (f"It seems to be {gold}", "length", True),
    "cut_off_answer": lambda gold, other: (f"<think>\nSo.\n</think>\n{gold[: len(gold) * 2 // 3]}", "length", False),
    # a block of code that is open at the end: the model forgot to close it, or it was cut off inside
    "unclosed": lambda gold, other: (gold.rstrip("`\n"), "stop", False),
    "unclosed_cut_off": lambda gold, other: (gold.rstrip("`\n"), "length", False),
    "no_reason": lambda gold, other: (f"Surely:\n\n{gold}\n", None, False),
    "unicode": lambda gold, other: (f"Réponse — 答え 🧮 \u200b\u2028 n’est-ce pas ?\n\n{gold}", "stop", False),
    "wrong_unicode": lambda gold, other: ('\\boxed{四十二} {"output": "é\u0301"} <answer>早</answer>', "stop", False),
    "empty": lambda gold, other: ("", "stop", False),
    "blank": lambda gold, other: (" \n\t", "length", False),
    "two_closings": lambda gold, other: (f"<think>{gold}</think> {other} </think>\n{gold}", "stop", False),
    "no_answer": lambda gold, other: ("I would rather not say.", "stop", False),
    "lone_surrogate_escape": lambda gold, other: (f"\\ud800 \\x00 {other[:20]}", "stop", False),
}
PROGRAMS: dict[str, Variant] = {
    "gold": VARIANTS["gold"],
    "thought": VARIANTS["thought"],
    "prints_nothing": lambda gold, other: ("```python\npass\n```", "stop", False),
    "raises": lambda gold, other: ("```python\nraise SystemExit(3)\n```", "stop", False),
    "cut_off": VARIANTS["cut_off"],
    "unclosed": VARIANTS["unclosed"],
    "unclosed_cut_off": VARIANTS["unclosed_cut_off"],
    "empty": VARIANTS["empty"],
}


def make() -> list[AdapterPair]:
    """The table, the same each time."""
    made: list[AdapterPair] = []
    for family in ("math", "code_understanding", "stem", "swe", "code"):
        tasks = [_without_audit(task) for task in open_tasks(f"embedded:{family}")]
        tasks = sorted(tasks, key=lambda task: (len(json.dumps(task.to_row())), task.key))
        if family == "code":
            tasks = [task for task in tasks if _gold(task).startswith("```python")]
        tasks = [task for task in tasks if _gold(task)][: 8 if family in ("swe", "code") else 40]
        variants = PROGRAMS if family == "code" else VARIANTS
        made += islice(_vary(family, tasks, variants), NUMBERS[family])
    made += islice(_broken(), NUMBERS["broken"])
    return made


def _vary(family: str, tasks: Sequence[Task], variants: dict[str, Variant]) -> Iterator[AdapterPair]:
    for place, (kind, variant) in enumerate(cycle(variants.items())):
        # another task each time, and in each round of the variants another pairing of the two
        task, other = (tasks[(place + place // len(variants) + step) % len(tasks)] for step in (0, 1))
        text, finish_reason, thinking_open = variant(_gold(task), _gold(other))
        yield AdapterPair(family, kind, task.to_row(), text, finish_reason, thinking_open)


def _broken() -> Iterator[AdapterPair]:
    """Tasks whose gold nobody can read, or whose type nobody verifies, each with an answer in the right form."""
    faults: dict[str, Callable[[Task], Task]] = {
        "no_gold": lambda task: replace(task, verification_info={}, gold_standard_solution=None),
        "unbalanced_gold": lambda task: replace(task, verification_info={"ground_truth": "\\frac{1}{"}),
        "unknown_type": lambda task: replace(task, task_type="riddle"),
        "no_judge": lambda task: replace(task, task_type="llm_judgeable_groundtruth_similarity"),
    }
    families = {family: list(open_tasks(f"embedded:{family}")) for family in ("math", "code_understanding")}
    for place in range(10**6):
        kind = list(faults)[place % len(faults)]
        family = "math" if kind == "unbalanced_gold" or place % 8 < 4 else "code_understanding"
        task = _without_audit(families[family][place])
        yield AdapterPair("broken", kind, faults[kind](task).to_row(), _gold(task), "stop", False)


def _without_audit(task: Task) -> Task:
    return replace(task, metadata={name: value for name, value in task.metadata.items() if name != "audit"})


def _gold(task: Task) -> str:
    return get_verifier(task.task_type).gold_completion(task) or ""


if __name__ == "__main__":
    table = [json.dumps(asdict(pair), ensure_ascii=True) for pair in make()]
    FILE.write_text("\n".join(table) + "\n", encoding="utf-8")
    print(f"{FILE}: {len(table)} pairs")
