"""Takes out of a program what does nothing: statements without effect, conditions that decide nothing.

Whether a piece does something is asked of the evaluator, not of the syntax: a piece is dead when the program without it
gives the same on every input tried. That finds code that never runs, values that are overwritten before they are used,
a line that undoes the one before it, rounds of a loop that change nothing any more, and both branches of an ``if``
doing one thing, whatever they look like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

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
    Return,
    SourceProgram,
    Stmt,
    While,
    mentions,
    walk,
)


def without_dead_code(program: SourceProgram, inputs: Sequence[str]) -> SourceProgram:
    """The program without the pieces that change its output on none of ``inputs``; on these it gives the same.

    Inputs are tried in order until one shows a difference: cheap ones are best put first.

    Raises:
        TooLarge: the program itself is, on an input that was tried.
    """
    outputs = _Outputs(program, inputs)
    smaller = list(_with_a_piece_less(program))
    place = vain = 0
    while vain < len(smaller):  # once around since the last piece went, in vain
        place %= len(smaller)
        if outputs.are_those_of(smaller[place]):
            program, vain = smaller[place], 0
            smaller = list(_with_a_piece_less(program))
        else:
            place, vain = place + 1, vain + 1
    return _numbered(_without_idle_helpers(program))


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
            ends = bool(instead) and isinstance(instead[-1], Return)
            yield (*before, *instead, *(() if ends else after))
        then = after[0] if after else None
        if isinstance(node, Let) and isinstance(then, Extend) and then.value == node.var:  # given away unchanged
            yield (*before, replace(then, value=node.value), *after[1:])
        if isinstance(node, Assign) and after and isinstance(after[0], Assign):
            yield (*before, *after[1:])  # the second may undo the first
    for k, node in enumerate(block):
        before, after = block[:k], block[k + 1 :]
        for inside in _smaller_inside(node):
            yield (*before, inside, *after)


def _replacements(node: Stmt, after: Block) -> Iterator[Block]:
    """What could stand in a statement's place. A declaration stays while its variable does; so does a ``return``."""
    if isinstance(node, If):
        if not ("is_lower" in _operations(node.condition) and "shift" in _operations(node.then)):
            yield node.then  # a shift keeps its guard: the languages agree on it for lower-case letters alone
        yield node.orelse
    elif isinstance(node, Assign | Extend | ForEach | ForRange | While) or (
        isinstance(node, Let) and not mentions(after, node.var.name)
    ):
        yield ()
    if isinstance(node, Extend) and isinstance(node.value, HelperCall):
        yield (replace(node, value=node.value.args[0]),)  # the helper may do nothing
    if isinstance(node, ForRange) and not mentions(node.body, node.var.name):
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
            called.update(node.function for node in walk(function.body) if isinstance(node, HelperCall))
    return replace(program, helpers=tuple(helper for helper in program.helpers if helper.name in called))


def _numbered(program: SourceProgram) -> SourceProgram:
    """With names as if nothing had been taken out: ``i`` before ``i2``, ``helper_1`` before ``helper_2``."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for node in walk(program):
        if isinstance(node, Let | ForEach | ForRange):
            base = node.var.name.rstrip("0123456789")
            counts[base] += 1
            names[node.var.name] = base if counts[base] == 1 else f"{base}{counts[base]}"
    names |= {helper.name: f"helper_{k}" for k, helper in enumerate(program.helpers, 1)}
    return _renamed(program, names)


Node = TypeVar("Node")


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    if isinstance(node, tuple):
        return tuple(_renamed(part, names) for part in node)  # type: ignore[return-value]
    if isinstance(node, Lit) or not is_dataclass(node):
        return node
    changed = {field.name: _renamed(getattr(node, field.name), names) for field in fields(node)}
    for name in ("name", "function"):
        if name in changed:
            changed[name] = names.get(changed[name], changed[name])
    return replace(node, **changed)  # type: ignore[type-var]


def has_constant_variables(program: SourceProgram) -> bool:
    """Is there a variable that keeps the value it was declared with?"""
    nodes = list(walk(program))
    given = {node.var.name for node in nodes if isinstance(node, Assign | Extend)}
    return any(isinstance(node, Let) and node.var.name not in given for node in nodes)


def _operations(node: object) -> set[str]:
    return {one.op for one in walk(node) if isinstance(one, Apply)}


def literals(program: SourceProgram) -> list[str]:
    """The texts that stand in the program, each once, in the order of their appearance."""
    texts = (node.value for node in walk(program) if isinstance(node, Lit))
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
