r"""What the rules of comparison share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from synthetic1.rewards.math_answers.grammar.tree import Node
from synthetic1.rewards.math_answers.identity import identical
from synthetic1.rewards.math_answers.prompt import Asked

Part = TypeVar("Part")
MAX_ITEMS = 40
MOST_COMPARISONS = 600
"""Of parts, for a pair: lists of formulas in any order ask for many."""


@dataclass
class Tally:
    """What was spent on a pair."""

    formulas: int = 0
    """Comparisons of formulas by identity testing."""


class Rules:
    """What all rules share. ``same`` is the one that all others come back to."""

    asked: Asked = Asked()
    """What the prompt says that matters."""
    log_base: int | None = None
    """10 where the gold writes ``\\lg``: then a bare ``\\log`` is decimal."""
    tally: Tally
    """Of the whole pair, options and parts included."""

    def same(self, gold: Node, answer: Node) -> bool:
        """Whether ``answer`` says what ``gold`` says."""
        raise NotImplementedError

    def identical(self, one: Node, other: Node, *, tolerance: float | None = None) -> bool | None:
        """Whether two formulas are equal wherever both are defined; ``None`` where that is not to be told."""
        self.tally.formulas += 1
        if self.tally.formulas > MOST_COMPARISONS:
            return None
        return identical(one, other, tolerance=tolerance, log_base=self.log_base)

    def all_same(self, gold: Sequence[Node], answer: Sequence[Node]) -> bool:
        return len(gold) == len(answer) and all(map(self.same, gold, answer))

    def in_any_order(self, gold: Sequence[Node], answer: Sequence[Node]) -> bool:
        if len(gold) > MAX_ITEMS:
            return False
        return pairs_up(gold, answer, self.same)


def pairs_up(gold: Sequence[Part], answer: Sequence[Part], same: Callable[[Part, Part], bool]) -> bool:
    """Whether each part of ``gold`` finds one of ``answer``, first come first served, and none is left."""
    if len(gold) != len(answer):
        return False
    left = list(answer)
    for part in gold:
        place = next((n for n, other in enumerate(left) if same(part, other)), None)
        if place is None:
            return False
        del left[place]
    return True
