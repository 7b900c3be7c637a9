"""What a model wrote, looked at without running it: what is not one to make tasks of, and what is not new."""

from __future__ import annotations

import ast
import io
import keyword
import random
import tokenize
from itertools import islice

import pytest
from planted_functions import functions

from synthetic1.datagen.curation.recipes.evolution.functions import Unfit, read_function, shape
from synthetic1.tasks.code_understanding import examples

HEAD = "def transform(s):\n"
MADE = {  # what a file of text cannot hold well
    "malformed": ["x" + "(" * 400, HEAD + "  return '\ud800'"],
    "overlong_source": [HEAD + "    # " + "x" * 7_000 + "\n    return s[::-1]"],
}


@pytest.mark.parametrize(
    ("reason", "source"),
    [(reason, one) for table in (functions("seen"), MADE) for reason, some in table.items() for one in some],
)
def test_what_is_seen_without_running(reason: str, source: str) -> None:
    with pytest.raises(Unfit) as found:
        read_function(source, 6_000)
    assert (found.value.step, found.value.reason) == ("function", reason)


def test_a_name_of_its_own_is_its_own() -> None:
    source = (
        HEAD + "    hash = 7\n    for id in s:\n        hash = (hash * 31 + ord(id)) % 97\n    return s + str(hash)"
    )
    assert read_function(source, 6_000)[0] == source
    source = "def transform(input: str) -> str:\n    vars = input.split()\n    return ' '.join(reversed(vars))"
    assert read_function(source, 6_000)[0] == source


def test_calls_at_the_end_are_left_out() -> None:
    tried = HEAD + "    return s[::-1]\n\nassert transform('ab') == 'ba'\nprint(transform('abc'))\n"
    tried += "if __name__ == '__main__':\n    print(transform(input()))\n"
    assert read_function(tried, 6_000)[0] == HEAD + "    return s[::-1]"


SAME = (
    "def helper(text, k):\n    return text[k:] + text[:k]\n\ndef transform(s):\n    out = ''\n"
    "    for i, c in enumerate(s):\n        out += helper(c * 2, k=i % 2)\n    return out\n"
)


@pytest.mark.parametrize(
    ("source", "is_same"),
    [
        (SAME.replace("out", "result").replace("helper", "turn"), True),
        (SAME.replace("text", "t").replace("k", "shift").replace("enumerate", "enumerate"), True),
        (SAME.replace("def transform(s):", 'def transform(s: str) -> str:\n    """Says."""\n    # why\n'), True),
        (SAME.replace("out = ''", 'out: str = ""').replace("\n\n", "\n\n\n"), True),
        (SAME.replace("c * 2", "c * 3"), False),
        (SAME.replace("return out", "return out[::-1]"), False),
        (SAME.replace("i % 2", "i % 2 + 0"), False),
    ],
)
def test_names_and_layout_make_no_other_function(source: str, is_same: bool) -> None:
    assert (shape(read_function(source, 6_000)[1]) == shape(read_function(SAME, 6_000)[1])) is is_same


def rewritten(source: str, seed: int) -> str:
    """Other names, comments and blank lines, token by token: nothing that runs otherwise."""
    choose = random.Random(seed)
    own = {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in ast.walk(ast.parse(source)) if isinstance(n, ast.arg)}
    names = {name: f"{choose.choice('abxyz')}_{number}" for number, name in enumerate(sorted(own))}
    lines: list[list[str]] = [[]]
    before, column = "", 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            lines[-1].append(choose.choice(["", "  # a step", "\n"]))
            lines.append([])
            column = 0
        elif token.type not in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            lines[-1].append(" " * (token.start[1] - column))
            is_name = token.type == tokenize.NAME and before != "." and not keyword.iskeyword(token.string)
            lines[-1].append(names.get(token.string, token.string) if is_name else token.string)
            before, column = token.string, token.end[1]
    return "\n".join("".join(line) for line in lines)


@pytest.mark.integrations
def test_rewritten_functions_are_unchanged_and_others_are_not() -> None:
    sources = [one.source for level in range(2, 11) for one in islice(examples(level, seed=17), 20)]
    shapes = [shape(read_function(source, 6_000)[1]) for source in sources]
    again = [shape(read_function(rewritten(source, seed), 6_000)[1]) for seed, source in enumerate(sources)]
    found = sum(one == other for one, other in zip(shapes, again, strict=True))
    print(f"\n{len(sources)} rewritten, {len(sources) - found} missed; {len(set(shapes))} of {len(shapes)} differ")
    assert all(source != rewritten(source, seed) for seed, source in enumerate(sources))
    assert found >= 0.98 * len(sources)
    assert len(set(shapes)) >= 0.99 * len(shapes)
