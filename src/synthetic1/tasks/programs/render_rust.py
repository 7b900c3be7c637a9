"""Programs as Rust source. The only file that knows Rust's syntax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from synthetic1.tasks.programs.braces import (
    ARITHMETIC,
    OPERATORS,
    Precedence,
    Rendered,
    Renderer,
    changes,
    is_character,
    is_tail,
    joined,
    quoted,
    quoted_character,
)
from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
    Expr,
    Extend,
    ForEach,
    ForRange,
    Function,
    HelperCall,
    If,
    Let,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    Var,
    While,
    mentions,
)

# {0} wants something with the methods of str, {0:ref} a &str or a slice, {0:char} a char, {0:pattern} what str searches
# for, {0:byte} a u8, {0:typed} a number with methods. Templates in CHARS give an iterator of chars, which is collected
# where a String is wanted.
TEMPLATES: dict[str, str] = {
    **ARITHMETIC,
    "reverse": "{0}.chars().rev()",
    "upper": "{0}.to_uppercase()",
    "lower": "{0}.to_lowercase()",
    "swapcase": "{0}.chars().map(swap_case)",
    "capitalize": "capitalize({0:ref})",
    "evens": "{0}.chars().step_by(2)",
    "odds": "{0}.chars().skip(1).step_by(2)",
    "sort": "sorted({0:ref})",
    "sort_down": "sorted({0:ref}).chars().rev()",
    "unique": "distinct({0:ref})",
    "double_each": "{0}.chars().flat_map(|ch| [ch, ch])",
    "mirror": "{0}.chars().chain({0}.chars().rev())",
    "swap_halves": "{0}.chars().skip({0}.len() / 2).chain({0}.chars().take({0}.len() / 2))",
    "drop_first": "{0}.chars().skip({1:any})",
    "drop_last": "{0}.chars().take({0}.len().saturating_sub({1:any}))",
    "take_first": "{0}.chars().take({1:any})",
    "take_last": "{0}.chars().skip({0}.len().saturating_sub({1:any}))",
    "rotate_left": "{0}.chars().skip({1:any}).chain({0}.chars().take({1:any}))",
    "rotate_right": "rotate_right({0:ref}, {1:any})",
    "repeat": "{0}.repeat({1:any})",
    "pad_left": "pad_left({0:ref}, {1:any}, {2:ref})",
    "pad_right": "pad_right({0:ref}, {1:any}, {2:ref})",
    "shift": "char::from(({0:byte} - b'a' + {1:byte}) % 26 + b'a')",
    "replace": "{0}.replace({1:pattern}, {2:ref})",
    "remove": '{0}.replace({1:pattern}, "")',
    "drop_chars": "{0}.chars().filter(|&ch| !{1}.contains(ch))",
    "keep_chars": "{0}.chars().filter(|&ch| {1}.contains(ch))",
    "strip": "{0}.trim_matches(|ch| {1}.contains(ch))",
    "spread": "{0}.chars().map(String::from).collect::<Vec<_>>().join({1:ref})",
    "join": "{0}.join({1:ref})",
    "number": "{0:typed}.to_string()",
    "length": "{0}.len()",
    "count": "{0}.matches({1:pattern}).count()",
    "word_count": "{0}.len()",
    "equal": "{0:sum} == {1:sum}",
    "divides": "{1:product} % {0} == 0",
    "same": "{0:str} == {1:str}",
    "before": "{0:str} < {1:str}",
    "contains": "{0}.contains({1:pattern})",
    "starts": "{0}.starts_with({1:pattern})",
    "ends": "{0}.ends_with({1:pattern})",
    "is_upper": "{0:char}.is_ascii_uppercase()",
    "is_lower": "{0:char}.is_ascii_lowercase()",
    "is_digit": "{0:char}.is_ascii_digit()",
    "is_letter": "{0:char}.is_ascii_alphabetic()",
    "no_words": "Vec::<String>::new()",
    "split": "{0}.split_whitespace().map(String::from).collect::<Vec<_>>()",
    "words_reversed": "{0}.iter().rev().cloned().collect::<Vec<_>>()",
    "words_sorted": "sorted_words({0:ref})",
}
CHARS = frozenset(
    {"reverse", "swapcase", "evens", "odds", "sort_down", "double_each", "mirror", "swap_halves", "drop_first"}
    | {"drop_last", "take_first", "take_last", "rotate_left", "drop_chars", "keep_chars"}
)

# Where the text is a char, as in loops over characters; these give a char or a bool.
ON_CHARACTERS = {
    "upper": "{0:char}.to_ascii_uppercase()",
    "lower": "{0:char}.to_ascii_lowercase()",
    "swapcase": "swap_case({0:char})",
    "same": "{0:char} == {1:char}",
    "before": "{0:char} < {1:char}",
}

HELPERS = {
    "swap_case": """\
fn swap_case(ch: char) -> char {
    if ch.is_ascii_uppercase() { ch.to_ascii_lowercase() } else { ch.to_ascii_uppercase() }
}""",
    "capitalize": """\
fn capitalize(s: &str) -> String {
    let first = s.chars().take(1).map(|ch| ch.to_ascii_uppercase());
    first.chain(s.chars().skip(1).map(|ch| ch.to_ascii_lowercase())).collect()
}""",
    "sorted": """\
fn sorted(s: &str) -> String {
    let mut chars: Vec<char> = s.chars().collect();
    chars.sort();
    chars.into_iter().collect()
}""",
    "distinct": """\
fn distinct(s: &str) -> String {
    let mut out = String::new();
    for ch in s.chars() {
        if !out.contains(ch) {
            out.push(ch);
        }
    }
    out
}""",
    "rotate_right": """\
fn rotate_right(s: &str, k: usize) -> String {
    let (head, tail) = s.split_at(s.len().saturating_sub(k));
    format!("{tail}{head}")
}""",
    "pad_left": """\
fn pad_left(s: &str, width: usize, fill: &str) -> String {
    fill.repeat(width.saturating_sub(s.len())) + s
}""",
    "pad_right": """\
fn pad_right(s: &str, width: usize, fill: &str) -> String {
    s.to_string() + &fill.repeat(width.saturating_sub(s.len()))
}""",
    "sorted_words": """\
fn sorted_words(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    words.sort();
    words
}""",
}
TYPES = {Type.TEXT: "String", Type.INT: "usize", Type.BOOL: "bool", Type.WORDS: "Vec<String>"}


class Rust(Renderer):
    """Kinds of texts: ``char``, ``chars`` (an iterator), ``&str``, and a ``String`` otherwise.

    Functions take and give owned values; a variable that is a whole value by itself is moved. Where that is wrong the
    compiler says so.
    """

    HELPERS: ClassVar = HELPERS

    def __init__(self, program: SourceProgram) -> None:
        super().__init__(program)
        loops = [node for node in self.nodes if isinstance(node, ForEach) and node.over.type is Type.WORDS]
        self.slices = {node.var.name for node in loops} - self.assigned

    def expr(self, node: Expr) -> Rendered:
        if isinstance(node, Var):
            kind = "char" if node.name in self.characters else "&str" if node.name in self.slices else ""
            return Rendered(node.name, kind=kind)
        if isinstance(node, Lit):
            return Rendered(quoted(node.value), kind="&str" if node.type is Type.TEXT else "")
        if isinstance(node, HelperCall):
            return Rendered(f"{node.function}({', '.join(self.copied(arg) for arg in node.args)})")
        if node.op == "concat":
            return self.concat(joined(node))
        level = OPERATORS.get(node.op, Precedence.POSTFIX)
        texts = [arg for arg in node.args if arg.type is Type.TEXT]
        if node.op in ON_CHARACTERS and any(map(self.is_char, texts)) and all(map(self.fits_char, texts)):
            return Rendered(self.fill(ON_CHARACTERS[node.op], node.args), level, "" if len(texts) > 1 else "char")
        if node.op == "strip":
            template = "{0}.trim_matches({1:pattern})" if is_character(node.args[1]) else TEMPLATES["strip"]
            return Rendered(self.fill(template, node.args), kind="&str")
        kind = "char" if node.op == "shift" else "chars" if node.op in CHARS else ""
        return Rendered(self.fill(TEMPLATES[node.op], node.args), level, kind)

    def concat(self, parts: list[Expr]) -> Rendered:
        """``format!``, with literals and variables in the text and the rest behind it."""
        text, rest = "", []
        for part in parts:
            shown = part.args[0] if isinstance(part, Apply) and part.op == "number" else part
            if isinstance(shown, Var):
                text += f"{{{shown.name}}}"
            elif isinstance(shown, Lit):
                text += quoted(str(shown.value))[1:-1].replace("{", "{{").replace("}", "}}")
            else:
                text += "{}"
                rest.append(self.place(shown, "shown"))
        return Rendered(f'format!("{text}"{"".join(f", {arg}" for arg in rest)})')

    def is_char(self, node: Expr) -> bool:
        return node.type is Type.TEXT and not isinstance(node, Lit) and self.expr(node).kind == "char"

    def fits_char(self, node: Expr) -> bool:
        return is_character(node) or self.is_char(node)

    def place(self, node: Expr, place: str) -> str:
        if node.type in (Type.INT, Type.BOOL):
            text = self.expr(node).text
            if place == "byte":
                return text if isinstance(node, Lit) else f"({text}) as u8"
            if place == "typed":  # a literal has no methods before it has a type
                return f"{text}_usize" if isinstance(node, Lit) else super().place(node, "")
            return super().place(node, place)
        if place in ("char", "pattern") and is_character(node):
            assert isinstance(node, Lit)
            return quoted_character(str(node.value))
        code = self.expr(node)
        if code.kind == "char":
            forms = {"char": code.text, "pattern": code.text, "shown": code.text, "byte": f"{code.text} as u8"}
            text = forms.get(place, f"{code.text}.to_string()")
            return f"&{text}" if place == "ref" else f"{text}.as_str()" if place == "str" else text
        if place == "char":
            return f"char::from({self.place(node, '')}.as_bytes()[0])"
        if place == "byte":
            return f"{self.place(node, '')}.as_bytes()[0]"
        text = f"{code.text}.collect::<String>()" if code.kind == "chars" else code.text
        if code.kind == "&str" or place in ("", "shown"):
            return text
        return f"{text}.as_str()" if place == "str" else f"&{text}"

    def owned(self, node: Expr) -> str:
        """As a value of its own, where its type is known."""
        code = self.expr(node)
        if code.kind == "chars":
            return f"{code.text}.collect()"
        return f"{code.text}.to_string()" if code.kind else code.text

    def copied(self, node: Expr) -> str:
        """As a value of its own; a variable keeps its value."""
        moves = isinstance(node, Var) and node.type in (Type.TEXT, Type.WORDS) and not self.expr(node).kind
        return f"{self.owned(node)}.clone()" if moves else self.owned(node)

    def head(self, function: Function) -> str:
        params = []
        for param in function.params:
            keyword = "mut " if changes(function.body, param.name) else ""
            params.append(f"{keyword}{param.name}: {TYPES[param.type]}")
        return f"fn {function.name}({', '.join(params)}) -> {TYPES[function.result]}"

    def statement(self, node: Stmt) -> str:
        match node:
            case Let(var, value):
                keyword = "let mut" if any(changes((other,), var.name) for other in self.nodes) else "let"
                if value == Lit("", Type.TEXT):
                    return f"{keyword} {var.name} = String::new();"
                text = "Vec::new()" if isinstance(value, Apply) and value.op == "no_words" else self.owned(value)
                return f"{keyword} {var.name}: {TYPES[var.type]} = {text};"
            case Assign(var, HelperCall(function, (Var(name),), _)) if name == var.name:
                return f"{var.name} = {function}({name});"
            case Assign(var, value):
                return f"{var.name} = {self.owned(value)};"
            case Extend(var, value) if var.type is Type.WORDS:
                return f"{var.name}.push({self.owned(value)});"
            case Extend(var, value) if var.type is Type.INT:
                return f"{var.name} += {self.expr(value).text};"
            case Extend(var, value) if self.fits_char(value):
                return f"{var.name}.push({self.place(value, 'char')});"
            case Extend(var, value) if self.expr(value).kind == "chars":
                return f"{var.name}.extend({self.expr(value).text});"
            case Extend(var, value):
                return f"{var.name}.push_str({self.place(value, 'ref')});"
            case Return(value):
                return self.owned(value) if is_tail(self, node) else f"return {self.owned(value)};"
            case If(condition):
                return f"if {self.expr(condition).text}"
            case While(condition):
                return f"while {self.expr(condition).text}"
            case ForEach(var, over, body):
                return f"for {self.loop_variable(var, body)} in {self.iterated(over, var, body)}"
            case ForRange(var, count, body):
                return f"for {self.loop_variable(var, body)} in 0..{self.place(count, 'sum')}"

    def loop_variable(self, var: Var, body: tuple[Stmt, ...]) -> str:
        if not mentions(body, var.name):
            return "_"
        return f"mut {var.name}" if var.name in self.assigned else var.name

    def iterated(self, over: Expr, var: Var, body: tuple[Stmt, ...]) -> str:
        source = over.args[0] if isinstance(over, Apply) and over.op == "split" else over
        text = self.place(source, "")
        if isinstance(source, Var) and changes(body, source.name):  # what is looped over is fixed at entry
            text = f"{text}.clone()"
        owned = ".map(String::from)" if var.name in self.assigned else ""
        if over.type is Type.TEXT:
            return f"{text}.chars(){owned}"
        if source is not over:
            return f"{text}.split_whitespace(){owned}"
        return f"{text}.iter().cloned()" if owned else f"{text}.iter().map(String::as_str)"


def render(program: SourceProgram) -> str:
    """The whole program; ``program.main`` is the function to call. No trailing newline."""
    return Rust(program).source()


def render_statement(program: SourceProgram, node: Stmt) -> str:
    """One statement of the program, or the head of one that holds a block."""
    return Rust(program).statement(node)


def render_unit(runs: Sequence[tuple[SourceProgram, str]]) -> str:
    """A file that prints what each program gives for its input, as JSON, a line each."""
    scopes, prints = [], []
    for k, (program, text) in enumerate(runs):
        name = program.main.name
        call = f"pub fn run() -> String {{\n    {name}(String::from({quoted(text)}))\n}}"
        scopes.append(f"mod p{k} {{\n{render(program)}\n\n{call}\n}}")
        prints.append(f'    println!("{{:?}}", p{k}::run());')  # of printable ASCII, Debug's form is JSON
    return "\n".join(["#![allow(warnings)]", *scopes, "fn main() {", *prints, "}", ""])
