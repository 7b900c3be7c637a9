"""Right outputs made wrong, in the ways in which programs are wrong: what a checker has to refuse."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_number = re.compile(r"(?<![\w.])-?\d{1,300}(?!\w)")  # of a float, what stands before its point


@dataclass(frozen=True)
class Mutation:
    """An output that is wrong."""

    kind: str
    test: int
    output: str


def mutated(outputs: Sequence[Sequence[str]], *, is_call: bool, tests: int, seed: str) -> list[Mutation]:
    """Wrong outputs of at most ``tests`` tests, one of each kind that there is.

    What any known right output of the test is equal to does not count, white space apart; nor another order where right
    outputs of this problem differ in their order alone: that is how a problem shows that order is free.

    Args:
        outputs: of each test the outputs that are known to be right, the expected one first.
        is_call: they are JSON texts.
        seed: of every choice.
    """
    rng = random.Random(seed)
    order_is_free = any(_in_another_order(known, is_call) for known in outputs)
    places = list(range(len(outputs)))
    if len(places) > tests:
        places = sorted(rng.sample(places, tests))
    found = []
    for place in places:
        known = outputs[place]
        other = outputs[rng.choice([one for one in range(len(outputs)) if one != place] or [place])][0]
        right = {_canonical(one, is_call) for one in known}
        rearranged = {_sorted(one) for one in known}
        seen = set()
        base = rng.choice(list(known))
        for kind, output in [*(_of_value(base, rng) if is_call else _of_text(base, rng)), ("another_test", other)]:
            mutation = _canonical(output, is_call)
            if mutation in right or mutation in seen or (order_is_free and _sorted(output) in rearranged):
                continue
            seen.add(mutation)
            found.append(Mutation(kind, place, output))
    return found


def _of_text(output: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    yield "empty", ""
    numbers = list(_number.finditer(output))
    if numbers:
        one = rng.choice(numbers)
        for kind, step in (("one_more", 1), ("one_less", -1)):
            yield kind, f"{output[: one.start()]}{int(one[0]) + step}{output[one.end() :]}"
    lines = output.splitlines()
    tokens = output.split()
    if len(lines) > 1:
        gone = rng.randrange(len(lines))
        yield "line_dropped", "\n".join([*lines[:gone], *lines[gone + 1 :]]) + "\n"
        yield "order_swapped", "\n".join(_swapped(lines, rng)) + "\n"
    elif len(tokens) > 1:
        yield "order_swapped", " ".join(_swapped(tokens, rng)) + "\n"
    if len(tokens) > 1:
        yield "cut_off", output[: output.rindex(tokens[-1])]
    if not numbers and tokens:
        yield "word_changed", output.replace(tokens[-1], f"{tokens[-1]}x")
    yield "added", f"{output.rstrip()}\n{tokens[0] if tokens else 0}\n"


def _of_value(output: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    value = json.loads(output)
    yield "empty", "null"
    if isinstance(value, bool):
        yield "other_truth", json.dumps(not value)
    elif isinstance(value, int | float):
        yield "one_more", json.dumps(value + 1)
        yield "one_less", json.dumps(value - 1)
    elif isinstance(value, str):
        yield "cut_off", json.dumps(value[:-1])
        yield "added", json.dumps(value + (value[:1] or "x"))
    elif isinstance(value, list) and value:
        gone = rng.randrange(len(value))
        yield "item_dropped", json.dumps([*value[:gone], *value[gone + 1 :]])
        yield "added", json.dumps([*value, value[0]])
        if len(value) > 1:
            yield "order_swapped", json.dumps(_swapped(value, rng))
        whole = [place for place, one in enumerate(value) if isinstance(one, int) and not isinstance(one, bool)]
        if whole:
            place = rng.choice(whole)
            yield "one_more", json.dumps([*value[:place], value[place] + 1, *value[place + 1 :]])


def _swapped(items: Sequence[Any], rng: random.Random) -> list[Any]:
    place = rng.randrange(len(items) - 1)
    return [*items[:place], items[place + 1], items[place], *items[place + 2 :]]


def _canonical(output: str, is_call: bool) -> str:
    return json.dumps(json.loads(output), sort_keys=True) if is_call else " ".join(output.split())


def _sorted(output: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"[^\s\[\],]+", output)))


def _in_another_order(known: Sequence[str], is_call: bool) -> bool:
    return len({_sorted(one) for one in known}) < len({_canonical(one, is_call) for one in known})
