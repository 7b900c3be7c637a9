"""Rust: compiled by rustc, or its functions called by ``rust_harness.rs``."""

from __future__ import annotations

import re

from synthetic1.sandbox.languages.language import Language, ProgramPlan, SignatureError
from synthetic1.sandbox.languages.source import asset, check_name, closing, code_only, top_level

# One codegen unit: two thirds of the CPU time of the default sixteen, and slots compile side by side anyway. Lints are
# capped because they are not errors here, and `forbid(unsafe_code)` would forbid the harness.
_COMMAND = (
    *("{rustc}", "--edition", "2021", "-O", "-C", "codegen-units=1", "-C", "strip=symbols", "--cap-lints", "allow"),
    *("-o", "main", "main.rs"),
)


def plan(source: str) -> ProgramPlan:
    """The source as ``main.rs``; optimised, a panic unwinds, and sums wrap around, as contests compile it."""
    files = {"main.rs": source.encode("utf-8", errors="replace")}
    return ProgramPlan(files=files, build=_COMMAND, outputs=("main",), argv=("../main",))


_IMPL = re.compile(r"\bimpl\s+Solution\s*\{")
_SELF = re.compile(r"(?:&\s*(?:'\w+\s+)?)?(?:mut\s+)?self\b")


def plan_call(source: str, function: str) -> ProgramPlan:
    """A top-level function or one of ``impl Solution``; types that the harness does not know are compile errors.

    Its parameters and result: whole and floating numbers, ``bool``, ``char``, strings, ``Vec`` and other collections,
    slices, arrays, tuples, ``Option``, ``Box``, maps with strings or whole numbers as keys; by value or by reference.
    Of a ``Result`` an ``Err`` is a failure. ``struct Solution`` is supplied if it is missing, and a ``main`` not run.

    Raises:
        SignatureError: no such function in the source.
    """
    check_name(function, source)
    code = code_only(source, "rust")
    outer = top_level(code)
    scope, at = "self::", _definition(outer, function)
    receiver = ""
    for impl in _IMPL.finditer(outer):
        start = impl.end()
        inner = _definition(top_level(code[start : outer.find("}", start)]), function)
        if inner is not None:
            scope, at = "Solution::", start + inner
    parameters = _parameters(code, at) if at is not None else None
    if parameters is None or function == "main":
        raise SignatureError(f"the program has no function `{function}` that could be called")
    if scope == "Solution::" and parameters and _SELF.match(parameters[0]):
        del parameters[0]
        made = "Solution::new()" if re.search(r"\bfn\s+new\s*\(\s*\)", code) else "Solution {}"
        scope, receiver = "receiver.", f"#[allow(unused_mut)] let mut receiver = {made};"
    supplied = ""
    if scope != "self::" and not re.search(r"\b(?:struct|enum|union|type)\s+Solution\b", outer):
        supplied = "struct Solution;"
    names = [f"a{i}" for i in range(len(parameters))]
    reads = " ".join(f"let {name} = request.item();" for name in names)
    main = (
        f'\n{supplied}\n#[path = "harness.rs"]\nmod synthetic1_call;\n'
        f"fn main() {{ synthetic1_call::serve(|request| {{ {reads} request.end(); {receiver} "
        f"let value = {scope}{function}({', '.join(names)}); synthetic1_call::encode(&value) }}) }}\n"
    )
    own_main = re.search(r"\bfn\s+(main)\s*\(", outer)
    if own_main is not None:
        source = source[: own_main.start(1)] + "candidate_main" + source[own_main.end(1) :]
    files = {"main.rs": (source + main).encode("utf-8", errors="replace"), "harness.rs": asset("rust_harness.rs")}
    return ProgramPlan(files=files, build=_COMMAND, outputs=("main",), argv=("../main",), channel=True)


def _definition(code: str, function: str) -> int | None:
    """The offset behind the name where the function is defined."""
    found = re.search(rf"\bfn\s+{re.escape(function)}\b", code)
    return found.end() if found is not None else None


def _parameters(code: str, at: int) -> list[str] | None:
    """The parameters of the signature that goes on at ``at``, behind the name."""
    opened = re.compile(r"\s*(?:<(?:->|[^()>]|\([^()]*\)|<[^<>]*>)*>)?\s*\(").match(code, at)
    if opened is None:
        return None
    start = opened.end()
    inside = code[start : closing(code, start - 1)]
    parts, depth, last = [], 0, 0
    for match in re.finditer(r"->|[(\[{<>}\])]|,", inside):
        token = match.group()
        if token == "," and depth == 0:
            parts.append(inside[last : match.start()])
            last = match.end()
        elif token in "([{<":
            depth += 1
        elif token in ")]}>":
            depth -= 1
    parts.append(inside[last:])
    return [part.strip() for part in parts if part.strip()]


RUST = Language(
    name="rust",
    aliases=("rs", "rustlang", "rustc"),
    source_name="main.rs",
    tools={"rustc": ("rustc",)},
    plan=plan,
    plan_call=plan_call,
    version=("{rustc}", "--version"),
)
