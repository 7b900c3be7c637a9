"""Which fenced block of an answer is the program that was asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from synthetic1.rewards.extraction.definitions import can_print, defines, is_code, needed_names, top_level_names
from synthetic1.rewards.extraction.fences import FencedBlock, fenced_blocks
from synthetic1.rewards.extraction.lexical import code_only

BYTE_ORDER_MARK = "\ufeff"


def find_program(
    answer: str, language: str, names: Collection[str], *, functions: Collection[str] = (), cut_off: bool = False
) -> FencedBlock | None:
    """The program in ``answer``, without a byte order mark; None if there is none.

    It is one fenced block, as ``fenced_blocks`` finds them; parts that stand in several blocks are not put together.
    The last one in the language counts, but, if there is another,

    - none that is empty, or holds only comments, strings, numbers, a sentence or commands,
    - where functions are asked for, none that does not define them: it may show how they are called, or test them;
      where a whole program is, none that can print nothing or has no ``main``: it may show a part,
    - in Python and JavaScript, none that calls a function which only another block defines, so that it can only fail;
      where functions are asked for, a class ``Solution``,
    - none whose fence may be just spoken of (``FencedBlock.in_prose``), and none without a label;

    the first of these rules comes first.

    Args:
        language: the name of one; those that ``lexical`` can read are looked into.
        names: what its fences may be called, in lower case.
        functions: names of functions, or of methods of a class ``Solution``, that will be called.
        cut_off: the answer ends because it was cut off: then a block that is still open is not a block.
    """
    found = list(fenced_blocks(answer, names, cut_off=cut_off))
    labelled = [block for block in found if block.label and block.is_in(names)]
    if not labelled or any(not block.label for block in found):
        # A second reading: taken for a program, unknown text could seem to go on until behind a labelled block
        found = list(fenced_blocks(answer, names, cut_off=cut_off, unlabelled=language))
    unlabelled = [block for block in found if not block.label]
    candidates = [_Candidate(block, language) for block in (*unlabelled, *labelled)]
    if not candidates:
        return None
    defined = [top_level_names(candidate.code, language) for candidate in candidates]
    defined_anywhere = set[str]().union(*defined)
    if functions:  # other names may be supplied to them
        defined_anywhere &= {"Solution"}

    def rank(number: int) -> tuple[bool, bool, bool, bool, bool, bool, int]:
        one = candidates[number]
        return (
            is_code(one.code),
            all(defines(one.code, language, function) for function in functions),
            bool(functions) or can_print(one.code, language),
            (needed_names(one.code, language) & defined_anywhere) <= defined[number],
            not one.block.in_prose,
            bool(one.block.label),
            number,
        )

    best = candidates[max(range(len(candidates)), key=rank)].block
    return replace(best, content=best.content.lstrip(BYTE_ORDER_MARK))


@dataclass(frozen=True)
class _Candidate:
    """A block that may be the program."""

    block: FencedBlock
    language: str

    @cached_property
    def code(self) -> str:
        """Its text without strings and comments."""
        return code_only(self.block.content, self.language)
