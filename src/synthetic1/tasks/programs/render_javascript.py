"""Programs as JavaScript source. The only file that knows JavaScript's syntax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from synthetic1.tasks.programs.braces import (
    ARITHMETIC,
    OPERATORS,
    Precedence,
    Rendered,
    Renderer,
    joined,
    quoted,
)
from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
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

TEMPLATES: dict[str, str] = {
    **ARITHMETIC,
    "reverse": '[...{0:any}].reverse().join("")',
    "upper": "{0}.toUpperCase()",
    "lower": "{0}.toLowerCase()",
    "swapcase": "swapCase({0:any})",
    "capitalize": "capitalize({0:any})",
    "evens": '[...{0:any}].filter((_, k) => k % 2 === 0).join("")',
    "odds": '[...{0:any}].filter((_, k) => k % 2 === 1).join("")',
    "sort": '[...{0:any}].sort().join("")',
    "sort_down": '[...{0:any}].sort().reverse().join("")',
    "unique": '[...new Set({0:any})].join("")',
    "double_each": '[...{0:any}].map((ch) => ch + ch).join("")',
    "mirror": '{0:sum} + [...{0:any}].reverse().join("")',
    "swap_halves": "{0}.slice(Math.floor({0}.length / 2)) + {0}.slice(0, Math.floor({0}.length / 2))",
    "drop_first": "{0}.slice({1:any})",
    "drop_last": "{0}.slice(0, -{1})",
    "take_first": "{0}.slice(0, {1:any})",
    "take_last": "{0}.slice(-{1})",
    "rotate_left": "{0}.slice({1:any}) + {0}.slice(0, {1:any})",
    "rotate_right": "{0}.slice(-{1}) + {0}.slice(0, -{1})",
    "repeat": "{0}.repeat({1:any})",
    "pad_left": "{0}.padStart({1:any}, {2:any})",
    "pad_right": "{0}.padEnd({1:any}, {2:any})",
    "shift": "String.fromCharCode(({0}.charCodeAt(0) - 97 + {1:product}) % 26 + 97)",
    "replace": "{0}.replaceAll({1:any}, {2:replacement})",
    "remove": '{0}.replaceAll({1:any}, "")',
    "drop_chars": '[...{0:any}].filter((ch) => !{1}.includes(ch)).join("")',
    "keep_chars": '[...{0:any}].filter((ch) => {1}.includes(ch)).join("")',
    "strip": "strip({0:any}, {1:any})",
    "spread": "[...{0:any}].join({1:any})",
    "join": "{0}.join({1:any})",
    "number": "String({0:any})",
    "length": "{0}.length",
    "count": "{0}.split({1:any}).length - 1",
    "word_count": "{0}.length",
    "equal": "{0:sum} === {1:sum}",
    "divides": "{1:product} % {0} === 0",
    "same": "{0:sum} === {1:sum}",
    "before": "{0:sum} < {1:sum}",
    "contains": "{0}.includes({1:any})",
    "starts": "{0}.startsWith({1:any})",
    "ends": "{0}.endsWith({1:any})",
    "is_upper": "/[A-Z]/.test({0:any})",
    "is_lower": "/[a-z]/.test({0:any})",
    "is_digit": "/[0-9]/.test({0:any})",
    "is_letter": "/[A-Za-z]/.test({0:any})",
    "no_words": "[]",
    "split": "{0}.split(/\\s+/).filter(Boolean)",
    "words_reversed": "[...{0:any}].reverse()",
    "words_sorted": "[...{0:any}].sort()",
}
LEVELS = {
    **OPERATORS,
    **dict.fromkeys(("mirror", "swap_halves", "rotate_left", "rotate_right", "count"), Precedence.ADD),
}

SWAP_CASE = """\
function swapCase(s) {
    return [...s].map((ch) => (/[A-Z]/.test(ch) ? ch.toLowerCase() : ch.toUpperCase())).join("");
}"""
CAPITALIZE = """\
function capitalize(s) {
    return s.slice(0, 1).toUpperCase() + s.slice(1).toLowerCase();
}"""
STRIP = """\
function strip(s, chars) {
    let start = 0, end = s.length;
    while (start < end && chars.includes(s[start])) start++;
    while (start < end && chars.includes(s[end - 1])) end--;
    return s.slice(start, end);
}"""


class JavaScript(Renderer):
    HELPERS: ClassVar = {"swapCase": SWAP_CASE, "capitalize": CAPITALIZE, "strip": STRIP}

    def expr(self, node: Expr) -> Rendered:
        if isinstance(node, Var):
            return Rendered(node.name)
        if isinstance(node, Lit):
            return Rendered(quoted(node.value))
        if not isinstance(node, Apply):
            return Rendered(f"{node.function}({', '.join(self.expr(arg).text for arg in node.args)})")
        if node.op == "concat":
            return Rendered(" + ".join(self.place(part, "sum") for part in joined(node)), Precedence.ADD)
        return Rendered(self.fill(TEMPLATES[node.op], node.args), LEVELS.get(node.op, Precedence.POSTFIX))

    def place(self, node: Expr, place: str) -> str:
        if place != "replacement":
            return super().place(node, place)
        text = self.expr(node).text
        # in a replacement `$` has a meaning of its own, in what a function returns it has none
        return text if isinstance(node, Lit) and "$" not in text else f"() => {text}"

    def head(self, function: Function) -> str:
        return f"function {function.name}({', '.join(p.name for p in function.params)})"

    def statement(self, node: Stmt) -> str:
        match node:
            case Let(var, value):
                keyword = "let" if var.name in self.assigned else "const"
                return f"{keyword} {var.name} = {self.expr(value).text};"
            case Assign(var, value):
                return f"{var.name} = {self.expr(value).text};"
            case Extend(var, value) if var.type is Type.WORDS:
                return f"{var.name}.push({self.expr(value).text});"
            case Extend(var, value):
                return f"{var.name} += {self.expr(value).text};"
            case Return(value):
                return f"return {self.expr(value).text};"
            case If(condition):
                return f"if ({self.expr(condition).text})"
            case While(condition):
                return f"while ({self.expr(condition).text})"
            case ForEach(var, over):
                keyword = "let" if var.name in self.assigned else "const"
                return f"for ({keyword} {var.name} of {self.expr(over).text})"
            case ForRange(var, count):
                start, end = f"let {var.name} = 0", self.expr(count).text
                if not isinstance(count, Lit):  # counted once, before the first round
                    start, end = f"{start}, end = {end}", "end"
                return f"for ({start}; {var.name} < {end}; {var.name}++)"


def render(program: SourceProgram) -> str:
    """The whole program; ``program.main`` is the function to call. No trailing newline."""
    return JavaScript(program).source()


def render_statement(program: SourceProgram, node: Stmt) -> str:
    """One statement of the program, or the head of one that holds a block."""
    return JavaScript(program).statement(node)


def render_unit(runs: Sequence[tuple[SourceProgram, str]]) -> str:
    """A file that prints what each program gives for its input, as JSON, a line each."""
    scopes = [
        f"(function () {{\n{render(program)}\nconsole.log(JSON.stringify({program.main.name}({quoted(text)})));\n}})();"
        for program, text in runs
    ]
    return "\n".join(['"use strict";', *scopes, ""])
