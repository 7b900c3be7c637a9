"""Makes ``math.jsonl``, the same bytes every time.

Run ``python -m synthetic1.tasks.embedded.math`` after a change of the generator.

A held-out problem of every kind at every level, each with completions that a verifier must accept
(``metadata.audit.right``) and must refuse (``metadata.audit.wrong``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.math import problem, to_task
from synthetic1.tasks.mathematics.kinds import KINDS, LEVELS
from synthetic1.tasks.mathematics.problem import MathProblem, written

PATH = Path(__file__).with_suffix(".jsonl")
SEED = 50  # of its own: other sources of held-out tasks show other ones


def main() -> None:
    """Write the file beside this one."""
    PATH.write_bytes(content())
    print(f"wrote {PATH.name}: {len(KINDS) * len(LEVELS)} tasks, {PATH.stat().st_size:,} bytes")


def content() -> bytes:
    """What the file holds."""
    return b"".join(json.dumps(task.to_row()).encode("ascii") + b"\n" for task in tasks())


def tasks() -> Iterator[Task]:
    """The tasks, by kind and level."""
    chosen = [problem(kind, level, 0, split="test", seed=SEED) for kind in KINDS for level in LEVELS]
    for index, found in enumerate(chosen):
        other = next(p for p in chosen[index + 1 :] + chosen if p.kind != found.kind and p.value != found.value)
        task = to_task(found, f"math/embedded/{found.kind}/{found.level}")
        yield task.with_metadata(audit={"right": right(found), "wrong": wrong(found, other)})


def right(found: MathProblem) -> list[str]:
    """Ways to say the right answer."""
    gold = found.answer
    return [
        boxed(gold),
        f"<think>Perhaps {boxed('0')}? No: {gold}.</think>\n\nThe answer is $\\boxed{{{gold}}}$.",
        f"First I had {boxed('17/19')}. Wait, that is wrong. The final answer is {boxed(gold)}.",
        boxed(gold.replace(r"\frac", r"\dfrac").replace("(", r"\left(").replace(")", r"\right)")),
        boxed(gold.replace("-", "−").replace(r"\cup", "∪").replace(r"\infty", "∞")),
        f"## Final Answer\n\n\\fbox{{ {gold} }}.",
        f"$$\\boxed{{{gold}}}.$$\n\nI hope it is correct.",
    ]


def wrong(found: MathProblem, other: MathProblem) -> list[str]:
    """Completions that deserve nothing, near misses and tricks."""
    gold, miss = found.answer, written(missed(found.value))
    return [
        boxed(miss),
        *([boxed(written(-found.value))] if getattr(found.value, "is_number", False) and found.value != 0 else []),
        boxed(other.answer),
        boxed(f"{gold} \\text{{ or }} {miss}"),
        f"{boxed(gold)} or {boxed(miss)}",
        f"{boxed(gold)}. No, it is {boxed(miss)}.",
        f"<think>{boxed(gold)}</think>",
        f"<think>{boxed(gold)}</think>I cannot say.",
        f"<think>{boxed(gold)}",
        boxed(gold)[:-1],
        boxed(""),
        gold,
        f"The answer is {gold}.",
        boxed(f"{gold} + 1"),
        boxed(f"0 = {gold} - ({gold})"),
        boxed("10^{10^{10}}"),
        boxed(r"\text{the answer}"),
        to_task(found, "echo").prompt,
        "",
        " \n",
    ]


def missed(value: Any) -> Any:
    """A value of the same form that is not ``value``: one more, in one place."""
    from sympy import FiniteSet, Interval, MatrixBase, Tuple, Union

    if isinstance(value, Tuple):
        return Tuple(value[0] + 1, *value[1:])
    if isinstance(value, FiniteSet):
        first, *rest = value
        return FiniteSet(first + 97, *rest)
    if isinstance(value, Interval):
        return Interval(value.start, value.end + 1) if value.end.is_finite else Interval(value.start + 1, value.end)
    if isinstance(value, Union):
        return value.args[0]
    if isinstance(value, MatrixBase):
        changed = value.as_mutable()
        changed[0, 0] += 1
        return changed
    return value + 1


def boxed(answer: str) -> str:
    return f"\\boxed{{{answer}}}"


if __name__ == "__main__":
    main()
