"""Takes out of a program what does nothing: statements without effect, conditions that decide nothing.

Whether a piece does something is asked of the evaluator, not of the syntax: a piece is dead when the program without it
gives the same on every input tried. That finds code that never runs, values that are overwritten before they are used,
a line that undoes the one before it, rounds of a loop that change nothing any more, and both branches of an ``if``
doing one thing, whatever they look like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from itertools import islice

from synthetic1.tasks.programs.evaluate import TooLarge, evaluate_counting
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
    Block,
    Expr,
    Extend,
    ForEach,
    ForRange,
    HelperCall,
    If,
    Let,
    Lit,
    SourceProgram,
    Stmt,
    While,
)


def without_dead_code(program: SourceProgram, inputs: Sequence[str]) -> SourceProgram:
    """The program without the pieces that change its output on none of ``inputs``; on these it gives the same.

    Inputs are tried in order until one shows a difference: cheap ones are best put first.

    Raises:
        TooLarge: the program itself is, on an input that was tried.
    """
    outputs = _Outputs(program, inputs)
    found = True
    while found:  # until every piece of what is left was tried in vain
        found, tried = False, 0
        while True:
            rest = islice(_with_a_piece_less(program), tried, None)
            place = next((k for k, less in enumerate(rest, tried) if outputs.are_those_of(less)), None)
            if place is None:
                break
            program = next(islice(_with_a_piece_less(program), place, None))
            found, tried = True, place  # pieces before it were tried, if beside what is gone now
    return _without_idle_helpers(program)


class _Outputs:
    """What a program gives for each input, run when it is first asked for: mostly the first ones tell."""

    def __init__(self, program: SourceProgram, inputs: Sequence[str]) -> None:
        self.program, self.inputs = program, inputs
        self.made: list[tuple[str, int]] = []

    def are_those_of(self, other: SourceProgram) -> bool:
        for k, text in enumerate(self.inputs):
            if k == len(self.made):
                self.made.append(evaluate_counting(self.program, text))
            output, steps = self.made[k]
            try:  # what suddenly runs for far longer has lost what ended a loop
                if evaluate_counting(other, text, most=100 + 4 * steps)[0] != output:
                    return False
            except TooLarge:
                return False
        return True


def _with_a_piece_less(program: SourceProgram) -> Iterator[SourceProgram]:
    """Every program that is this one with one piece taken out, larger pieces before those inside them."""
    for body in _smaller(program.main.body):
        yield replace(program, main=replace(program.main, body=body))
    for k, helper in enumerate(program.helpers):
        for body in _smaller(helper.body):
            helpers = (*program.helpers[:k], replace(helper, body=body), *program.helpers[k + 1 :])
            yield replace(program, helpers=helpers)


def _smaller(block: Block) -> Iterator[Block]:
    for k, node in enumerate(block):
        before, after = block[:k], block[k + 1 :]
        for instead in _replacements(node, after):
            yield (*before, *instead, *after)
        if isinstance(node, Assign) and after and isinstance(after[0], Assign):
            yield (*before, *after[1:])  # the second may undo the first
    for k, node in enumerate(block):
        before, after = block[:k], block[k + 1 :]
        for inside in _smaller_inside(node):
            yield (*before, inside, *after)


def _replacements(node: Stmt, after: Block) -> Iterator[Block]:
    """What could stand in a statement's place. A declaration stays while its variable does; so does a ``return``."""
    if isinstance(node, If):
        yield node.then
        yield node.orelse
    elif isinstance(node, Assign | Extend | ForEach | ForRange | While) or (
        isinstance(node, Let) and node.var not in _walk(after)
    ):
        yield ()
    if isinstance(node, ForRange) and node.var not in _walk(node.body):
        yield node.body  # once is enough


def _smaller_inside(node: Stmt) -> Iterator[Stmt]:
    if isinstance(node, If):
        for then in _smaller(node.then):
            if then:
                yield replace(node, then=then)
            elif node.orelse:
                yield If(_negated(node.condition), node.orelse)
        for orelse in _smaller(node.orelse):
            yield replace(node, orelse=orelse)
    elif isinstance(node, ForEach | ForRange | While):
        # An empty body is no program; a loop that might have one does nothing and was offered as a whole.
        yield from (replace(node, body=body) for body in _smaller(node.body) if body)


def _negated(condition: Expr) -> Expr:
    if isinstance(condition, Apply) and condition.op == "negate":
        return condition.args[0]
    return apply("negate", condition)


def _without_idle_helpers(program: SourceProgram) -> SourceProgram:
    called: set[str] = set()
    for function in (program.main, *reversed(program.helpers)):  # a helper is called by later functions alone
        if function is program.main or function.name in called:
            called.update(node.function for node in _walk(function.body) if isinstance(node, HelperCall))
    return replace(program, helpers=tuple(helper for helper in program.helpers if helper.name in called))


def _walk(node: object) -> Iterator[object]:
    """A node and all inside it."""
    if isinstance(node, tuple):
        for part in node:
            yield from _walk(part)
    elif is_dataclass(node):
        yield node
        for field in fields(node):
            yield from _walk(getattr(node, field.name))


def literals(program: SourceProgram) -> list[str]:
    """The texts that stand in the program, each once, in the order of their appearance."""
    texts = (node.value for node in _walk(program) if isinstance(node, Lit))
    return list(dict.fromkeys(text for text in texts if isinstance(text, str)))


def steps(program: SourceProgram) -> int:
    """How many steps of the main function change its text: what a level counts."""
    text = program.main.params[0]
    return sum(
        isinstance(node, If | ForRange | While) or (isinstance(node, Assign) and node.var == text)
        for node in program.main.body
    )


def is_straight(program: SourceProgram) -> bool:
    """Do its lines run one after another, once each?"""
    return not program.helpers and not any(
        isinstance(node, If | ForEach | ForRange | While) for node in program.main.body
    )
