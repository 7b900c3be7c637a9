"""Rust: compiled by rustc, or its functions called by ``rust_harness.rs``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial

from synthetic1.sandbox.languages.language import Language, ProgramPlan, SignatureError
from synthetic1.sandbox.languages.source import asset, check_name, closing, code_only, split_parameters, top_level

EDITIONS = ("2015", "2018", "2021", "2024")
_USUAL = "2021"
# What LeetCode puts before the programs it compiles.
_NODES = {
    "ListNode": "#[derive(PartialEq, Eq, Clone, Debug)] pub struct ListNode { pub val: i32,"
    " pub next: Option<Box<ListNode>> } impl ListNode { fn new(val: i32) -> Self { ListNode { next: None, val } } }",
    "TreeNode": "#[derive(PartialEq, Eq, Clone, Debug)] pub struct TreeNode { pub val: i32,"
    " pub left: Option<std::rc::Rc<std::cell::RefCell<TreeNode>>>,"
    " pub right: Option<std::rc::Rc<std::cell::RefCell<TreeNode>>> }"
    " impl TreeNode { pub fn new(val: i32) -> Self { TreeNode { val, left: None, right: None } } }",
}
_NODE_MODULES = {"ListNode": "rust_list_node.rs", "TreeNode": "rust_tree_node.rs"}


def _command(edition: str | None) -> tuple[str, ...]:
    # One codegen unit: two thirds of the CPU time of the default sixteen, and slots compile side by side anyway. Lints
    # are capped because they are not errors here, and `forbid(unsafe_code)` would forbid the harness.
    return (
        *("{rustc}", "--edition", edition or _USUAL, "-O", "-C", "codegen-units=1", "-C", "strip=symbols"),
        *("--cap-lints", "allow", "-o", "main", "main.rs"),
    )


def plan(source: str, edition: str | None = None) -> ProgramPlan:
    """The source as ``main.rs``; optimised, a panic unwinds, and sums wrap around, as contests compile it."""
    files = {"main.rs": source.encode("utf-8", errors="replace")}
    return ProgramPlan(files=files, build=_command(edition), outputs=("main",), argv=("../main",))


_IMPL = re.compile(r"\bimpl\s+Solution\s*\{")
_SELF = re.compile(r"(?:&\s*(?:'\w+\s+)?)?(?:mut\s+)?self\b")


def plan_call(source: str, function: str, edition: str | None = None) -> ProgramPlan:
    """A top-level function or one of ``impl Solution``; types that the harness does not know are compile errors.

    Its parameters and result: whole and floating numbers, ``bool``, ``char``, strings, ``Vec`` and other collections,
    slices, arrays, tuples, ``Option``, ``Box``, ``Rc``, ``RefCell``, maps with strings or whole numbers as keys, and
    LeetCode's ``ListNode`` and ``TreeNode``; by value or by reference. Of a ``Result`` an ``Err`` is a failure. Of a
    function that returns nothing the first argument that it can change stands for its value.

    What is missing of ``struct Solution``, the two nodes and imports of collections is supplied. ``main`` is not run.

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
    signature = _signature(code, at) if at is not None else None
    if signature is None or function == "main":
        raise SignatureError(f"the program has no function `{function}` that could be called")
    parameters = list(signature.parameters)
    if scope == "Solution::" and parameters and _SELF.match(parameters[0]):
        del parameters[0]
        made = "Solution::new()" if re.search(r"\bfn\s+new\s*\(\s*\)", code) else "Solution {}"
        scope, receiver = "receiver.", f"#[allow(unused_mut)] let mut receiver = {made};"
    reads, lent = _reads(parameters, returns=bool(signature.returns))
    call = f"{scope}{function}({', '.join(f'a{i}' for i in range(len(parameters)))})"
    answer = f"{call}; synthetic1_call::encode_lent(lent)" if lent else f"synthetic1_call::encode(&{call})"
    supplied, modules = _supplied(code, outer, signature.text, solution=scope != "self::")
    main = (
        f'\n{supplied}\n#[path = "harness.rs"]\nmod synthetic1_call;\n'
        f"fn main() {{ synthetic1_call::serve(|request| {{ {reads} request.end(); {receiver} {answer} }}) }}\n"
    )
    own_main = re.search(r"\bfn\s+(main)\s*\(", outer)
    if own_main is not None:
        source = source[: own_main.start(1)] + "candidate_main" + source[own_main.end(1) :]
    files = {
        "main.rs": (source + main).encode("utf-8", errors="replace"),
        "harness.rs": asset("rust_harness.rs"),
        **{name: asset(name) for name in modules},
    }
    return ProgramPlan(files=files, build=_command(edition), outputs=("main",), argv=("../main",), channel=True)


_CHANGEABLE = re.compile(r":\s*&\s*(?:'\w+\s+)?mut\b")


def _reads(parameters: list[str], *, returns: bool) -> tuple[str, bool]:
    """Statements that read the arguments ``a0``, ``a1`` …; whether one is ``lent``, to be looked at after the call."""
    reads = [f"let a{i} = request.item();" for i in range(len(parameters))]
    if not returns:
        for i, parameter in enumerate(parameters):
            if _CHANGEABLE.search(parameter):
                reads[i] = f"let (lent, a{i}) = synthetic1_call::lend(request.item());"
                return " ".join(reads), True
    return " ".join(reads), False


def _supplied(code: str, outer: str, signature: str, *, solution: bool) -> tuple[str, list[str]]:
    """Items to put behind the program, and the files they need. Imports by ``*`` give way to names of the program's."""

    def defines(name: str) -> bool:
        return re.search(rf"\b(?:struct|enum|union|type)\s+{name}\b", outer) is not None

    items = ["#[allow(unused_imports)] use synthetic1_call::supplied::*;"]
    if not re.search(r"\batomic\b", code):  # which has an Ordering, too
        items.append("#[allow(unused_imports)] use std::cmp::*;")
    if solution and not defines("Solution"):
        items.append("struct Solution;")
    modules = []
    for name, definition in _NODES.items():
        if re.search(rf"\b{name}\b", code) and not defines(name):
            items.append(definition)
        if re.search(rf"\b{name}\b", signature) and not re.search(rf"\bstruct\s+{name}\s*<", outer):
            module = _NODE_MODULES[name]
            items.append(f'#[path = "{module}"] mod synthetic1_{module.removesuffix(".rs")};')
            modules.append(module)
    return "\n".join(items), modules


def _definition(code: str, function: str) -> int | None:
    """The offset behind the name where the function is defined."""
    found = re.search(rf"\bfn\s+{re.escape(function)}\b", code)
    return found.end() if found is not None else None


@dataclass(frozen=True)
class _Signature:
    parameters: list[str]
    returns: str
    """A type; empty if the function returns nothing."""
    text: str


_GENERICS = re.compile(r"\s*(?:<(?:->|[^()>]|\([^()]*\)|<[^<>]*>)*>)?\s*\(")
_RETURNS = re.compile(r"\s*(?:->\s*(?:\(\s*\)|([^{;]*)))?")


def _signature(code: str, at: int) -> _Signature | None:
    """The signature that goes on at ``at``, behind the name."""
    opened = _GENERICS.match(code, at)
    if opened is None:
        return None
    start = opened.end()
    end = closing(code, start - 1)
    inside = code[start:end]
    returned = _RETURNS.match(code, end + 1)
    assert returned is not None, "it matches nothing, too"
    returns = (returned[1] or "").strip()
    return _Signature(split_parameters(inside), returns, f"{inside} {returns}")


RUST = Language(
    name="rust",
    aliases=("rs", "rustlang", "rustc"),
    source_name="main.rs",
    tools={"rustc": ("rustc",)},
    plan=plan,
    plan_call=plan_call,
    version=("{rustc}", "--version"),
    recommended="1.85",
)


def _dialect(edition: str) -> Language:
    return replace(
        RUST,
        standard=f"rust{edition}",
        knows_standard=("{rustc}", "--edition", edition, "--print", "cfg"),
        aliases=tuple(f"{name}{between}{edition}" for name in ("rust", "rs") for between in ("", "-", "_", "@")),
        plan=partial(plan, edition=edition),
        plan_call=partial(plan_call, edition=edition),
    )


RUST = replace(RUST, dialects=tuple(map(_dialect, EDITIONS)))
