"""What a recipe is: how rows of one family become tasks. The pipeline around it is the same for all."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Protocol

from synthetic1.completion import Completion
from synthetic1.datagen.curation.draft import Draft
from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow, input_files, raw_rows
from synthetic1.datagen.exporting.shards import checksum
from synthetic1.sandbox.program import Input, Limits, Program
from synthetic1.sandbox.result import Result
from synthetic1.task import Task
from synthetic1.verdict import Verdict

NEAR = 0.7
"""Jaccard similarity of word pairs from which two texts are near duplicates."""
_number = re.compile(r"\d+(?:[.,]\d+)*")
_word = re.compile(r"\w+|[^\w\s]")


class Tools(Protocol):
    """What a recipe's second half works with. Each call waits its turn; make as many at once as you like."""

    seed: int

    @property
    def has_model(self) -> bool:
        """Whether a language model was named."""

    async def ask(self, prompt: str, draft: Draft, step: str, **values: str) -> Any:
        """Ask the model with the prompt of this name; the reply as its file says: a text, or a mapping of fields.

        A reply that is not as it has to be is asked for again. The prompt's version goes into ``draft.prompts``.

        Raises:
            Quarantined: in ``step``: no reply after all attempts (``malformed_reply``, ``refused``, ``cut_off``).
        """

    async def score(self, task: Task, completion: str | Completion) -> Verdict:
        """What the verifier of the task's type says."""

    async def score_all(self, task: Task, completions: Sequence[str | Completion]) -> list[Verdict]:
        """The same of several, together: with ``engine=ray`` they make one message to a node."""

    async def run(
        self, program: Program, inputs: Sequence[Input], limits: Limits | None = None, *, fresh: bool = False
    ) -> list[Result]:
        """Run an untrusted program in the sandbox, once for each input; see ``Sandbox.run``.

        Raises:
            SandboxError: the sandbox failed, not the program.
        """


class CurationRecipe(ABC):
    """Rows of one family, from raw to tasks. Frozen settings, no state: the pipeline may stop and go on anywhere.

    A row goes through ``draft`` (by rule, on all rows, fast), then near duplicates and benchmarks are taken out of all
    that is left, then through ``finish`` (models, sandbox, verifiers), many at a time.
    """

    name: ClassVar[str]
    task_type: ClassVar[str]
    draft_steps: ClassVar[tuple[str, ...]]
    """The steps that ``draft`` has, in order."""
    finish_steps: ClassVar[tuple[str, ...]]
    """The steps that ``finish`` has, in order."""
    prompts: ClassVar[tuple[str, ...]] = ()
    """The names of the prompts it asks; files in ``prompts/``."""
    needs_model: ClassVar[bool] = False
    """Whether nothing can be made without a language model."""

    def rows(self, inputs: Sequence[str]) -> Iterator[RawRow | UnreadableRow]:
        """The raw rows of what ``input=`` names, in an order that is always the same.

        Raises:
            ProgramError: there is no such input, or it is none for this recipe.
        """
        return raw_rows(inputs)

    def state_of(self, inputs: Sequence[str]) -> dict[str, str]:
        """What shows that the input has changed, by its parts: of files, a hash of what is in them.

        Raises:
            ProgramError: as ``rows``.
        """
        return {name: checksum(path) for path, name in input_files(inputs)}

    @abstractmethod
    def draft(self, row: RawRow) -> Draft:
        """Read and filter by rule. Pure, and the same whenever it is called.

        Raises:
            Dropped: the row is not one to train on.
            Quarantined: it cannot be read.
        """

    def is_duplicate(self, kept: Draft, other: Draft) -> bool:
        """Whether ``other``, which looks like ``kept``, is the same problem.

        Two problems of one template differ in their numbers alone, so the numbers have to be the same.
        """
        return numbers(kept.text) == numbers(other.text) and similarity(kept.text, other.text) >= NEAR

    def duplicate_reason(self, kept: Draft, other: Draft) -> str:
        """Why ``other`` goes, where ``is_duplicate`` says that it does."""
        return "duplicate"

    def merge(self, kept: Draft, other: Draft) -> Draft:
        """``kept``, with what its duplicate adds to it."""
        return kept

    def made_of(self, task: Task) -> str:
        """What makes a task another one: two rows that become tasks of the same are one row too many."""
        return task.prompt

    @abstractmethod
    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        """Make the tasks, at least one.

        The pipeline then holds every task to its verifier: one whose gold does not score 1 is not kept.

        Raises:
            Dropped: the row is not one to train on.
            Quarantined: nobody knows.
        """

    def many_calls(self, draft: Draft) -> Mapping[str, int]:
        """About how many calls of each prompt ``finish`` makes for ``draft``: what a dry run counts."""
        return dict.fromkeys(self.prompts, 1)


def numbers(text: str) -> Counter[str]:
    """The numbers in ``text``, and how often each stands there."""
    return Counter(found.replace(",", "") for found in _number.findall(text))


def similarity(a: str, b: str) -> float:
    """Jaccard similarity of the pairs of neighbouring words and signs of two texts; 1 where both are alike."""
    words = [_word.findall(text.lower()) for text in (a, b)]
    if words[0] == words[1]:
        return 1.0
    pairs = [set(pairwise(one)) for one in words]
    union = pairs[0] | pairs[1]
    return len(pairs[0] & pairs[1]) / len(union) if union else 0.0
