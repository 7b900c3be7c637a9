"""Programs as Python source. The only file that knows Python's syntax."""

from __future__ import annotations

import json
from collections.abc import Sequence

from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
    Block,
    Expr,
    Extend,
    ForEach,
    ForRange,
    Function,
    If,
    Let,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    Var,
    While,
)

# {0} puts a compound argument in parentheses, {0:any} never does, {0:and} only another and / or / not.
TEMPLATES: dict[str, str] = {
    "reverse": "{0}[::-1]",
    "upper": "{0}.upper()",
    "lower": "{0}.lower()",
    "swapcase": "{0}.swapcase()",
    "capitalize": "{0}.capitalize()",
    "evens": "{0}[::2]",
    "odds": "{0}[1::2]",
    "sort": '"".join(sorted({0:any}))',
    "sort_down": '"".join(sorted({0:any}, reverse=True))',
    "unique": '"".join(dict.fromkeys({0:any}))',
    "double_each": '"".join(ch * 2 for ch in {0})',
    "mirror": "{0} + {0}[::-1]",
    "swap_halves": "{0}[len({0:any}) // 2:] + {0}[:len({0:any}) // 2]",
    "drop_first": "{0}[{1:any}:]",
    "drop_last": "{0}[:-{1}]",
    "take_first": "{0}[:{1:any}]",
    "take_last": "{0}[-{1}:]",
    "rotate_left": "{0}[{1:any}:] + {0}[:{1:any}]",
    "rotate_right": "{0}[-{1}:] + {0}[:-{1}]",
    "repeat": "{0} * {1}",
    "pad_left": "{0}.rjust({1:any}, {2:any})",
    "pad_right": "{0}.ljust({1:any}, {2:any})",
    "shift": "chr((ord({0:any}) - 97 + {1}) % 26 + 97)",
    "concat": "{0:any} + {1}",
    "replace": "{0}.replace({1:any}, {2:any})",
    "remove": '{0}.replace({1:any}, "")',
    "drop_chars": '"".join(ch for ch in {0} if ch not in {1})',
    "keep_chars": '"".join(ch for ch in {0} if ch in {1})',
    "strip": "{0}.strip({1:any})",
    "spread": "{1}.join({0:any})",
    "join": "{1}.join({0:any})",
    "number": "str({0:any})",
    "length": "len({0:any})",
    "count": "{0}.count({1:any})",
    "word_count": "len({0:any})",
    "add": "{0} + {1}",
    "mul": "{0} * {1}",
    "mod": "{0} % {1}",
    "equal": "{0} == {1}",
    "less": "{0} < {1}",
    "more": "{0} > {1}",
    "divides": "{1} % {0} == 0",
    "same": "{0} == {1}",
    "before": "{0} < {1}",
    "contains": "{1} in {0}",
    "starts": "{0}.startswith({1:any})",
    "ends": "{0}.endswith({1:any})",
    "is_upper": "{0}.isupper()",
    "is_lower": "{0}.islower()",
    "is_digit": "{0}.isdigit()",
    "is_letter": "{0}.isalpha()",
    "both": "{0:and} and {1:and}",
    "either": "{0:and} or {1:and}",
    "negate": "not {0:and}",
    "no_words": "[]",
    "split": "{0}.split()",
    "words_reversed": "{0}[::-1]",
    "words_sorted": "sorted({0:any})",
}

# Results that need parentheses inside a larger expression: everything with an operator at its top.
COMPOUND = frozenset(
    {"mirror", "swap_halves", "rotate_left", "rotate_right", "repeat", "concat", "add", "mul", "mod"}
    | {"equal", "less", "more", "divides", "same", "before", "contains", "both", "either", "negate"}
)
LOGICAL = frozenset({"both", "either", "negate"})


class _Arg:
    """An argument inside a template: ``format`` decides about the parentheses."""

    __slots__ = ("op", "text")

    def __init__(self, node: Expr) -> None:
        self.text = render_expr(node)
        self.op = getattr(node, "op", None)

    def __format__(self, spec: str) -> str:
        wraps = self.op in (LOGICAL if spec == "and" else COMPOUND) and spec != "any"
        return f"({self.text})" if wraps else self.text


def render_expr(node: Expr) -> str:
    """One expression. Text literals are written with double quotes, as JSON writes them."""
    if isinstance(node, Var):
        return node.name
    if isinstance(node, Lit):
        return json.dumps(node.value)
    if isinstance(node, Apply):
        return TEMPLATES[node.op].format(*map(_Arg, node.args))
    return f"{node.function}({', '.join(map(render_expr, node.args))})"


def render_simple(node: Stmt) -> str:
    """A statement that fits one line, or the head of one that holds a block; also used for traces."""
    if isinstance(node, Let | Assign):
        return f"{node.var.name} = {render_expr(node.value)}"
    if isinstance(node, Extend):
        if node.var.type is Type.WORDS:
            return f"{node.var.name}.append({render_expr(node.value)})"
        return f"{node.var.name} += {render_expr(node.value)}"
    if isinstance(node, Return):
        return f"return {render_expr(node.value)}"
    if isinstance(node, If):
        return f"if {render_expr(node.condition)}:"
    if isinstance(node, ForEach):
        return f"for {node.var.name} in {render_expr(node.over)}:"
    if isinstance(node, ForRange):
        return f"for {node.var.name} in range({render_expr(node.count)}):"
    assert isinstance(node, While)
    return f"while {render_expr(node.condition)}:"


def _lines(block: Block, indent: str) -> list[str]:
    lines = []
    for node in block:
        lines.append(indent + render_simple(node))
        if isinstance(node, If):
            lines += _lines(node.then, indent + "    ")
            if node.orelse:
                lines.append(indent + "else:")
                lines += _lines(node.orelse, indent + "    ")
        elif isinstance(node, ForEach | ForRange | While):
            lines += _lines(node.body, indent + "    ")
    return lines


def _function(function: Function) -> str:
    head = f"def {function.name}({', '.join(p.name for p in function.params)}):"
    return "\n".join([head, *_lines(function.body, "    ")])


def render(program: SourceProgram) -> str:
    """The whole program; ``program.main`` is the function to call. No trailing newline."""
    return "\n\n\n".join(_function(f) for f in (*program.helpers, program.main))


def render_statement(program: SourceProgram, node: Stmt) -> str:
    """One statement of the program, or the head of one that holds a block."""
    return render_simple(node)


def render_unit(runs: Sequence[tuple[SourceProgram, str]]) -> str:
    """A file that prints what each program gives for its input, as JSON, a line each."""
    scopes = ["import json"]
    for k, (program, text) in enumerate(runs):
        body = "\n".join(f"    {line}" for line in render(program).splitlines() if line)
        scopes.append(f"def p{k}():\n{body}\n    return {program.main.name}")
        scopes.append(f"print(json.dumps(p{k}()({json.dumps(text)})))")
    return "\n".join([*scopes, ""])
