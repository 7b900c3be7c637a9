"""Where in a file many runs of lines stand, in one pass over it (Aho and Corasick, 1975)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from synthetic1.rewards.file_edits.lines import Lines


class Places(NamedTuple):
    """Where a run of lines stands."""

    times: int
    first: int
    """The index of its first line where it stands first; -1 if it is nowhere."""


NOWHERE = Places(0, -1)


def places(runs: Sequence[Lines], lines: Lines) -> list[Places]:
    """How often each of ``runs``, none of them empty, stands in ``lines``, overlaps counted, and where first.

    The time is linear in the length of the file and of all runs together, whatever they hold: an answer may repeat one
    line of a file ten thousand times.
    """
    numbers = {line: number for number, line in enumerate(dict.fromkeys(lines))}
    tree = _Tree(numbers)
    ends = [tree.add(run) if len(run) <= len(lines) else None for run in runs]
    visits, first = tree.visits(lines)
    return [
        NOWHERE if end is None or not visits[end] else Places(visits[end], first[end] - len(run) + 1)
        for run, end in zip(runs, ends, strict=True)
    ]


class _Tree:
    """All beginnings of all runs as nodes; node 0 is the empty one."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers
        self._next: dict[tuple[int, int], int] = {}
        self._parent = [0]
        self._by = [-1]  # the line that leads to a node from its parent
        self._layers: list[list[int]] = [[0]]  # nodes by the length of what they stand for

    def add(self, run: Lines) -> int | None:
        """The node of ``run``; None if it holds a line that the file does not."""
        node = 0
        for depth, line in enumerate(run, 1):
            number = self._numbers.get(line)
            if number is None:
                return None
            following = self._next.get((node, number))
            if following is None:
                following = self._next[node, number] = len(self._parent)
                self._parent.append(node)
                self._by.append(number)
                if depth == len(self._layers):
                    self._layers.append([])
                self._layers[depth].append(following)
            node = following
        return node

    def visits(self, lines: Lines) -> tuple[list[int], list[int]]:
        """For each node, how often its run ends at a line of the file, and the index of the first such line."""
        shorter = [0] * len(self._parent)  # the longest proper end of a node's run that is a node itself
        for layer in self._layers[2:]:
            for node in layer:
                shorter[node] = self._step(shorter[self._parent[node]], self._by[node], shorter)
        count, first = [0] * len(shorter), [len(lines)] * len(shorter)
        node = 0
        for index, line in enumerate(lines):
            node = self._step(node, self._numbers[line], shorter)
            count[node] += 1
            first[node] = min(first[node], index)
        for layer in reversed(self._layers[1:]):  # what ends with a run ends with the shorter one, too
            for node in layer:
                count[shorter[node]] += count[node]
                first[shorter[node]] = min(first[shorter[node]], first[node])
        return count, first

    def _step(self, node: int, number: int, shorter: list[int]) -> int:
        while node and (node, number) not in self._next:
            node = shorter[node]
        return self._next.get((node, number), 0)
