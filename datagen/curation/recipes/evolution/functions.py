"""What a model wrote, looked at without running it: is it a string function, of what does it make use, is it new?"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

FUNCTION = "transform"
IMPORTS = frozenset(
    {
        *("string", "re", "math", "itertools", "functools", "collections", "heapq", "bisect", "operator", "textwrap"),
        *("typing", "dataclasses", "enum", "abc", "copy", "json", "fractions", "decimal", "__future__"),
    }
)
"""What a function may import: all of it gives the same on every machine."""
READS = {
    **dict.fromkeys(("time", "datetime", "calendar", "zoneinfo", "sched", "timeit"), "reads_clock"),
    **dict.fromkeys(("random", "secrets", "uuid"), "reads_random"),
    **dict.fromkeys(("io", "pathlib", "tempfile", "glob", "shutil", "fileinput", "sqlite3", "pickle"), "reads_files"),
    **dict.fromkeys(("socket", "urllib", "http", "requests", "subprocess", "multiprocessing"), "reads_files"),
    **dict.fromkeys(("os", "sys", "platform", "locale", "getpass", "site", "sysconfig"), "reads_environment"),
}
"""Module → why a function that imports it is not kept."""
NAMES = {
    **dict.fromkeys(("id", "hash"), "non_deterministic"),
    **dict.fromkeys(("open", "input", "__file__"), "reads_files"),
    **dict.fromkeys(("exec", "eval", "compile", "__import__", "__builtins__", "__loader__"), "runs_code"),
    **dict.fromkeys(("globals", "locals", "vars", "breakpoint", "exit", "quit"), "runs_code"),
}
"""Built-in name → why a function that uses it is not kept."""
_OWN_DUNDERS = frozenset({"__init__", "__name__", "__len__", "__getitem__", "__iter__", "__next__", "__doc__"})


class Unfit(Exception):
    """A function is not one to make tasks of.

    Args:
        step: which step says so.
        reason: a short constant.
        detail: what it was.
    """

    def __init__(self, step: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.step, self.reason, self.detail = step, reason, " ".join(detail.split())[:200]


def read_function(source: str, max_source: int) -> tuple[str, ast.Module]:
    """The program without calls of it at its end, and its tree.

    Raises:
        Unfit: ``malformed``, ``overlong_source``, ``not_a_string_function``, ``import_not_allowed``, ``runs_code``,
            ``reads_clock``, ``reads_random``, ``reads_files``, ``reads_environment``, ``non_deterministic``.
    """
    source = source.replace("\r\n", "\n").strip("\n").expandtabs(4)
    if len(source) > max_source:
        raise Unfit("function", "overlong_source", f"{len(source):,} characters, at most {max_source:,}")
    tree = _parsed(source)
    kept = _without_calls(source, tree)
    if kept != source:
        source = kept
        tree = _parsed(source)
    _check_signature(tree)
    for reason, what in _uses(tree):
        raise Unfit("function", reason, what)
    return source, tree


def _parsed(source: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a model's string
            tree = ast.parse(source)
            compile(tree, FUNCTION, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unfit("function", "malformed", f"{type(error).__name__}: {error}") from None
    try:
        source.encode("utf-8")
    except UnicodeEncodeError:
        raise Unfit("function", "malformed", "it holds a lone surrogate") from None
    return tree


def _without_calls(source: str, tree: ast.Module) -> str:
    """The source without what stands at top level to try it out: ``print(transform("x"))``, ``if __name__ == …``."""
    lines = source.split("\n")
    for node in tree.body:
        guard = isinstance(node, ast.If) and "__name__" in {
            n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)
        }
        called = isinstance(node, ast.Expr | ast.Assert) and not isinstance(getattr(node, "value", None), ast.Constant)
        if guard or called:
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    kept = "\n".join(lines).rstrip() if any(not line for line in lines) else source
    try:
        ast.parse(kept)
    except SyntaxError:  # two statements in one line: the function stays as it is
        return source
    return kept


def _check_signature(tree: ast.Module) -> None:
    found = [node for node in tree.body if getattr(node, "name", None) == FUNCTION]
    if not found:
        raise Unfit("function", "not_a_string_function", f"there is no function `{FUNCTION}`")
    node = found[-1]
    if not isinstance(node, ast.FunctionDef):
        raise Unfit("function", "not_a_string_function", f"`{FUNCTION}` is {type(node).__name__}")
    positional = [*node.args.posonlyargs, *node.args.args]
    needed = len(positional) - len(node.args.defaults)
    needed_names = sum(default is None for default in node.args.kw_defaults)
    if not positional or needed > 1 or needed_names:
        raise Unfit("function", "not_a_string_function", f"`{FUNCTION}` cannot be called with one string")
    for annotation in (positional[0].annotation, node.returns):
        if annotation is not None and ast.unparse(annotation).strip("'\"") not in ("str", "Any", "typing.Any"):
            raise Unfit("function", "not_a_string_function", f"annotated {ast.unparse(annotation)}")
    if any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in _own_nodes(node)):
        raise Unfit("function", "not_a_string_function", f"`{FUNCTION}` is a generator")


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of its body, those of functions within it left out."""
    rest: list[ast.AST] = list(function.body)
    while rest:
        node = rest.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        yield node
        rest.extend(ast.iter_child_nodes(node))


def _uses(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(reason, what) of all that a function may not use."""
    bound = _bound(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            for module in named:
                root = module.partition(".")[0]
                if root not in IMPORTS:
                    yield READS.get(root, "import_not_allowed"), f"import {module}"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in bound:
            if node.id in NAMES:
                yield NAMES[node.id], node.id
        elif isinstance(node, ast.Attribute) and _is_dunder(node.attr):
            yield ("non_deterministic" if node.attr == "__hash__" else "runs_code"), f".{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_dunder(node.value):
            yield "runs_code", repr(node.value)


def _is_dunder(name: str) -> bool:
    return len(name) > 4 and name[:2] == name[-2:] == "__" and name.isidentifier() and name not in _OWN_DUNDERS


def _bound(tree: ast.AST) -> set[str]:
    """The names that the program itself gives a meaning: ``hash = 7`` makes ``hash`` its own."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
    return found


def uses_sets(tree: ast.Module) -> bool:
    """Whether the order of a set may show in what it gives: nothing else of Python's depends on the hash seed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Name) and node.id in ("set", "frozenset")):
            return True
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr | ast.BitXor | ast.Sub):
            views = [side.func for side in (node.left, node.right) if isinstance(side, ast.Call)]
            if any(isinstance(view, ast.Attribute) and view.attr in ("keys", "items") for view in views):
                return True
    return False


def shape(tree: ast.Module) -> str:
    """The program up to names, layout, comments, docstrings and annotations: the same for what is only rewritten so."""
    bare = _Bare(_bound(tree)).visit(ast.parse(ast.unparse(tree)))  # a copy
    return ast.dump(bare)


class _Bare(ast.NodeTransformer):
    """Names of the program's own become numbers, in the order in which they come; what says nothing goes."""

    def __init__(self, own: set[str]) -> None:
        self._own, self._numbers = own, dict[str, str]()

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, f"n{len(self._numbers)}") if name in self._own else name

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._body(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self._number(node.name), None
        return self._body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._number(node.name)
        return self._body(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._number(node.arg), None
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._number(node.id)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in self._own:  # of others, the keywords are not ours
            for keyword in node.keywords:
                keyword.arg = keyword.arg and self._number(keyword.arg)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.asname = self._number(node.asname or node.name)
        return node

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> ast.AST:
        node.names = [self._number(name) for name in node.names]
        return node

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and self._number(node.name)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return self.generic_visit(ast.Assign([node.target], node.value, lineno=node.lineno))

    def _body(self, node: ast.Module | ast.FunctionDef | ast.ClassDef) -> ast.AST:
        """Without strings that stand alone, docstrings among them."""
        body = [one for one in node.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
        node.body = body or [ast.Pass()]
        return self.generic_visit(node)
