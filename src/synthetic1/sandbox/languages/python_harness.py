"""Serves calls of a function of the program ``../candidate.py`` over the channel. Runs in the sandbox; stdlib only.

The program is untrusted and shares the interpreter: what is used after it was loaded is taken before, values are read
through the base types' own methods, and only plain ones get out. It can still write what it likes to the channel; that
gains it nothing, since the right answers are not here.
"""

from __future__ import annotations

import builtins
import collections
import contextlib
import importlib
import json
import os
import re
import sys
import types
from json.encoder import encode_basestring_ascii as _string
from typing import Any

# The functions below look builtins up in a copy: what the program does to the module `builtins` does not reach them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

FUNCTION = "@function@"
CHANNEL = 3
# Depth that published graders allow. Frames of Python functions are not on the C stack, so no crash comes of it.
RECURSION = 600_000
DEPTH = 500  # of a value; JSON readers stop at about a thousand
# What LeetCode puts before a solution, and answers to published tasks therefore use without importing it. Where a name
# is a module's and a function's, it is the module, as there.
_MODULES = (
    *("bisect", "collections", "copy", "datetime", "functools", "heapq", "io", "itertools", "json", "math", "operator"),
    *("os", "random", "re", "statistics", "string", "sys", "time", "typing"),
)
_STARRED = ("collections", "heapq", "bisect", "itertools", "functools", "math", "operator", "re")
_SUPPLIED = {  # of modules that take their time to import, what is used
    "typing": "Any Callable ClassVar DefaultDict Deque Dict FrozenSet Generator Generic Hashable Iterable Iterator List"
    " Literal Mapping MutableMapping NamedTuple NoReturn Optional Protocol Sequence Set Tuple Type TypeVar Union cast",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits punctuation whitespace",
    "copy": "deepcopy",
    "random": "choice choices randint randrange sample shuffle uniform",
    "statistics": "mean median mode stdev",
    "datetime": "date timedelta",
    "json": "dumps loads",
    "io": "StringIO",
    "sys": "maxsize setrecursionlimit stdin stdout",
    "sortedcontainers": "SortedDict SortedKeyList SortedList SortedSet",
}

_decode = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_read, _write = os.read, os.write
_modules = sys.modules
_CONSTANTS = {None: "null", True: "true", False: "false"}
_WHOLE = slice(None)


class CallError(Exception):
    """The call cannot be served: the program has no such function, or a value has no form in JSON."""


def encode(value: Any, depth: int = 0) -> str:
    """A plain value as ASCII JSON.

    Tuples become lists, sets sorted lists, keys strings; a subclass is what its base type holds. NaN and the infinities
    are written ``NaN``, ``Infinity``, ``-Infinity``. NumPy's numbers and arrays are taken for numbers and lists, linked
    lists and trees for the lists that LeetCode shows them as.

    Raises:
        CallError: of another type, or holds such a value, or is nested too deep (or without end).
    """
    kind = type(value)
    if depth > DEPTH:
        raise CallError(f"nested more than {DEPTH} deep")
    if value is None or kind is bool:
        return _CONSTANTS[value]
    if issubclass(kind, str):
        return _string(str.__str__(value))
    if issubclass(kind, int):
        return int.__repr__(int.__int__(value))
    if issubclass(kind, float):
        return _number(float.__float__(value))
    if issubclass(kind, (list, tuple)):
        items = (list if issubclass(kind, list) else tuple).__getitem__(value, _WHOLE)
        kinds = set(map(type, items))
        if kinds == {int}:  # at the speed of C, where a walk takes most of the time
            return "[" + str.join(",", map(int.__repr__, items)) + "]"
        if kinds == {str}:
            return "[" + str.join(",", map(_string, items)) + "]"
        return "[" + str.join(",", [encode(item, depth + 1) for item in items]) + "]"
    if issubclass(kind, dict):
        return "{" + str.join(",", [_key(key) + ":" + encode(item, depth + 1) for key, item in dict.items(value)]) + "}"
    if issubclass(kind, (set, frozenset)):
        items = [*set().union(value)]  # copies the entries, whatever a subclass iterates over
        kinds = {type(item) for item in items}
        by_value = kinds <= {int, float} or kinds == {str}
        pairs = sorted([(encode(item, depth + 1), item) for item in items], key=lambda pair: pair[by_value])
        return "[" + str.join(",", [text for text, _ in pairs]) + "]"
    numpy = _modules.get("numpy")
    if numpy is not None and issubclass(kind, (numpy.generic, numpy.ndarray)):
        plain = value.tolist()
        if type(plain) is not kind:
            return encode(plain, depth)
    values = unlinked(value)
    if values is not None:
        return encode(values, depth)
    raise CallError(f"a {kind.__name__} is not a plain value")


def _number(value: float) -> str:
    if value != value:
        return "NaN"
    text = float.__repr__(value)
    return {"inf": "Infinity", "-inf": "-Infinity"}.get(text, text)


def _key(key: Any) -> str:
    kind = type(key)
    if issubclass(kind, str):
        return _string(str.__str__(key))
    if key is None or kind is bool or issubclass(kind, (int, float)):
        return '"' + encode(key) + '"'
    raise CallError(f"a {kind.__name__} is not a key of a JSON object")


class ListNode:
    """LeetCode's."""

    def __init__(self, val: Any = 0, next: Any = None) -> None:
        self.val = val
        self.next = next


class TreeNode:
    """LeetCode's."""

    def __init__(self, val: Any = 0, left: Any = None, right: Any = None) -> None:
        self.val = val
        self.left = left
        self.right = right


def named(code: types.CodeType) -> set[str]:
    """The global names and attributes that a program names."""
    names: set[str] = set()
    rest = [code]
    while rest:
        names.update(rest[-1].co_names)
        rest.extend(const for const in rest.pop().co_consts if isinstance(const, types.CodeType))
    return names


def supply(code: types.CodeType, namespace: dict[str, Any]) -> None:
    """Put into the namespace what the program names and published tasks take for granted, but what it is to define."""
    names = {name for name in named(code) if len(name) > 1} - vars(builtins).keys() - namespace.keys() - {FUNCTION}
    for name in names.intersection(_MODULES):
        namespace[name] = importlib.import_module(name)
    names.difference_update(_MODULES)
    for name in names & {"ListNode", "TreeNode"}:
        namespace[name] = globals()[name]
    for home in _STARRED:
        module = importlib.import_module(home)
        public = getattr(module, "__all__", None) or [name for name in vars(module) if name[0] != "_"]
        for name in names.intersection(public):
            namespace.setdefault(name, getattr(module, name))
    for home, supplied in _SUPPLIED.items():
        for name in names.intersection(supplied.split()):
            with contextlib.suppress(ImportError):
                namespace.setdefault(name, getattr(importlib.import_module(home), name))


def execute(path: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Run a file in the namespace; what it binds there."""
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    supply(code, namespace)
    before = dict(namespace)
    exec(code, namespace)
    return {name: item for name, item in namespace.items() if name not in before or before[name] is not item}


class CandidateProgram:
    """The program, executed as the module ``candidate``, behind the prelude if there is one."""

    def __init__(self, path: str, prelude: str) -> None:
        self.path = path
        module = types.ModuleType("candidate")
        module.__file__ = path
        sys.modules["candidate"] = module  # dataclasses and pickle look there
        self.names = vars(module)
        self.names["__builtins__"] = builtins
        self.names["__candidate__"] = self
        self._shown = execute(prelude, self.names) if os.path.exists(prelude) else {}
        self._own = execute(path, self.names)
        self._made: dict[Any, Any] = {}

    def find(self, function: str, instance: int = 0) -> Any:
        """What is to be called: a method of a class ``Solution``, made without arguments, or a top-level name. What
        the program binds comes before what the prelude does.

        Args:
            instance: which of several ``Solution`` objects; each is made once.

        Raises:
            CallError: there is neither.
        """
        for names in (self._own, self._shown, self.names):
            solution = names.get("Solution")
            if hasattr(solution, function):
                return getattr(self._instance(solution, instance), function)
            if callable(names.get(function)):
                return names[function]
            made = self._instance(solution, instance)
            if hasattr(made, function):  # bound when it is made
                return getattr(made, function)
        raise CallError(f"the program has no function {function}")

    def run(self, text: str) -> None:
        """Execute more code in the program's namespace, as if it stood behind the program."""
        code = compile(text, "behind", "exec", dont_inherit=True)
        supply(code, self.names)
        exec(code, self.names)

    def _instance(self, solution: Any, instance: int) -> Any:
        if not isinstance(solution, type):
            return solution
        if (solution, instance) not in self._made:
            self._made[solution, instance] = solution()
        return self._made[solution, instance]


_DOCUMENTED = re.compile(r":(?:type[ \t]+(\w+)|rtype)[ \t]*:[ \t]*(.*)")
_WORD = re.compile(r"\w+")
_MANY = re.compile(r"\b(?:list|sequence|iterable|tuple)\s*\[", re.IGNORECASE)
_USUAL = {"next": re.compile(r"head[A-Z0-9]?|l[12]|list[12]"), "left": re.compile(r"root[A-Z0-9]?|subRoot")}


class Signature:
    """What a function says of its parameters and its result: in annotations, or in a docstring as LeetCode has them.

    Lists become linked lists or trees where a parameter is a ``ListNode``, a ``TreeNode`` or a ``Node`` of the
    program's own, or many of them. Of parameters without a type, those do that are called ``head``, ``l1``, ``root`` …
    in a program that has attributes ``next``, or ``left``.
    """

    def __init__(self, function: Any, candidate: CandidateProgram) -> None:
        self._candidate = candidate
        bound = 0
        while isinstance(function, types.MethodType) or "__wrapped__" in getattr(function, "__dict__", ()):
            if isinstance(function, types.MethodType):
                function, bound = function.__func__, 1
            else:
                function = function.__wrapped__
        code = getattr(function, "__code__", None)
        self._code = code if isinstance(code, types.CodeType) else None
        self._parameters = self._code.co_varnames[bound : self._code.co_argcount] if self._code is not None else ()
        self._types: dict[str, str] = {}
        documented = getattr(function, "__doc__", None)
        for name, text in _DOCUMENTED.findall(documented) if isinstance(documented, str) else ():
            self._types[name or "return"] = text
        for name, kind in (getattr(function, "__annotations__", None) or {}).items():
            self._types[name] = kind if isinstance(kind, str) else getattr(kind, "__name__", "") + " " + repr(kind)

    def with_nodes(self, args: list[Any]) -> list[Any]:
        """The arguments, with nodes where the function wants them."""
        for i, (name, value) in enumerate(zip(self._parameters, args, strict=False)):
            text = self._types.get(name, "")
            kind = self._node_class(text) if name in self._types else self._usual_class(name)
            if kind is None or not isinstance(value, list):
                continue
            if _MANY.search(text):
                args[i] = [linked(kind, item) if isinstance(item, list) else item for item in value]
            else:
                args[i] = linked(kind, value)
        return args

    def instead(self, first: Any, wants_nodes: bool) -> str | None:
        """What stands for the value of a function that has returned None, as JSON; None if nothing does.

        ``[]`` if it returns nodes. The first argument, if that can change and the function does not say that it
        returns something.
        """
        said = self._types.get("return", "")
        if self._node_class(said) is not None or (wants_nodes and not said and self._returns_values()):
            return "[]"
        if said and _WORD.findall(said)[:1] not in (["None"], ["NoneType"], ["void"]):
            return None
        if wants_nodes and first is None:
            return "[]"
        if not (wants_nodes or isinstance(first, (list, dict))):
            return None
        try:
            return encode(first)
        except CallError:
            return None

    def wants_nodes(self) -> bool:
        """Whether the first parameter does."""
        name = self._parameters[0] if self._parameters else ""
        kind = self._node_class(self._types[name]) if name in self._types else self._usual_class(name)
        return kind is not None and not _MANY.search(self._types.get(name, ""))

    def _node_class(self, text: str) -> type | None:
        for name in _WORD.findall(text):
            if name in ("ListNode", "TreeNode", "Node"):
                found = self._candidate.names.get(name, globals().get(name))
                if isinstance(found, type):
                    return found
        return None

    def _usual_class(self, name: str) -> type | None:
        for attribute, usual in _USUAL.items():
            if usual.fullmatch(name) and attribute in self._attributes():
                return self._node_class("ListNode" if attribute == "next" else "TreeNode")
        return None

    def _attributes(self) -> set[str]:
        import ast

        with open(self._candidate.path, "rb") as file:
            return {node.attr for node in ast.walk(ast.parse(file.read())) if isinstance(node, ast.Attribute)}

    def _returns_values(self) -> bool:
        """Whether there is a ``return`` of something else than None in it."""
        import dis

        before: Any = None
        for step in dis.get_instructions(self._code) if self._code is not None else ():
            if step.opname == "RETURN_CONST" and step.argval is not None:
                return True
            if step.opname == "RETURN_VALUE" and not (before.opname == "LOAD_CONST" and before.argval is None):
                return True
            before = step
        return False


def linked(kind: type, values: list[Any]) -> Any:
    """A linked list of these values; or a tree of them, level by level, with None where there is no node."""
    nodes = [None if value is None else make_node(kind, value) for value in values]
    if not nodes or nodes[0] is None:
        return None
    node: Any
    if hasattr(nodes[0], "left"):
        rest = iter(nodes[1:])
        for node in nodes:
            if node is not None:
                node.left, node.right = next(rest, None), next(rest, None)
    else:
        for node, after in zip(nodes, [*nodes[1:], None], strict=True):
            node.next = after
    return nodes[0]


def make_node(kind: type, value: Any) -> Any:
    """A node; its class may want its neighbours, too."""
    for neighbours in ((), (None,)):
        try:
            return kind(value, *neighbours)
        except TypeError:
            pass
    return kind(value, None, None)


def unlinked(node: Any) -> list[Any] | None:
    """The values of a linked list or a tree, as :func:`linked` takes them; None for anything else."""
    if not hasattr(node, "val"):
        return None
    values: list[Any] = []
    seen: set[int] = set()
    if hasattr(node, "left") and hasattr(node, "right"):
        rest = collections.deque([node])
        while rest:
            node = rest.popleft()
            values.append(None if node is None else node.val)
            if node is not None:
                rest.extend([visited(node, seen).left, node.right])
        while values[-1] is None:
            values.pop()
        return values
    if not hasattr(node, "next"):
        return None
    while node is not None:
        values.append(visited(node, seen).val)
        node = node.next
    return values


def visited(node: Any, seen: set[int]) -> Any:
    if id(node) in seen:
        raise CallError("nodes that are linked in a circle are not a plain value")
    seen.add(id(node))
    return node


def arguments(text: str, at: int) -> list[Any]:
    """The arguments in a request. A lone object whose keys are all integers gets integers, as APPS wants it."""
    args, _ = _decode(text, at)
    if len(args) == 1 and type(args[0]) is dict and args[0]:
        with contextlib.suppress(ValueError):
            args[0] = {int(key): item for key, item in args[0].items()}
    return args  # type: ignore[no-any-return]


def serve(candidate: CandidateProgram) -> None:
    """Answer requests until there are no more."""
    function = candidate.find(FUNCTION)
    signature = Signature(function, candidate)
    rest = b""
    while True:
        while b"\n" not in rest:
            chunk = _read(CHANNEL, 1 << 16)
            if not chunk:
                return
            rest += chunk
        line, rest = rest.split(b"\n", 1)
        text = line.decode("ascii")
        nonce = text[: text.index(" ")]
        args = signature.with_nodes(arguments(text, len(nonce) + 1))
        first = args[0] if args else None
        value = function(*args)
        instead = signature.instead(first, signature.wants_nodes()) if value is None else None
        said = encode(value) if instead is None else f'null, "instead": {instead}'
        answer = memoryview(f'{nonce} {{"value": {said}}}\n'.encode("ascii"))
        while answer:
            answer = answer[_write(CHANNEL, answer) :]


def main() -> None:
    # Taken now: a program may well replace them. Nothing it left behind (threads, exit handlers) runs after the answer.
    leave, flush_out, flush_err = os._exit, sys.stdout.flush, sys.stderr.flush
    sys.setrecursionlimit(RECURSION)
    try:
        serve(CandidateProgram("../candidate.py", "../prelude.py"))
    except CallError as error:
        sys.exit(f"{FUNCTION}: {error}")
    try:
        flush_out()
        flush_err()
    finally:
        leave(0)


if __name__ == "__main__":
    main()
