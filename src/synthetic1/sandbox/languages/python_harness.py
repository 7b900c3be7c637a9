"""Serves calls of a function of the program ``../candidate.py`` over the channel. Runs in the sandbox; stdlib only.

The program is untrusted and shares the interpreter: what is used after it was loaded is taken before, values are read
through the base types' own methods, and only plain ones get out. It can still write what it likes to the channel; that
gains it nothing, since the right answers are not here.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import os
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
# What published tasks take for granted: answers to them often use these without importing them.
_SUPPLIED = {
    "typing": "Any Callable Deque Dict FrozenSet Generator Iterable Iterator List Optional Sequence Set Tuple Union",
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "heapq": "heapify heappop heappush heappushpop heapreplace nlargest nsmallest",
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "itertools": "accumulate chain combinations combinations_with_replacement cycle groupby islice permutations product"
    " starmap takewhile dropwhile zip_longest pairwise repeat count",
    "functools": "cache cmp_to_key lru_cache partial reduce",
    "math": "ceil comb factorial floor gcd inf isqrt lcm log log2 pi prod sqrt",
    "copy": "deepcopy",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits",
}
_MODULES = "bisect collections copy functools heapq itertools json math operator os random re string sys typing"

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
    are written ``NaN``, ``Infinity``, ``-Infinity``. NumPy's numbers and arrays are taken for numbers and lists.

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
    raise CallError(f"a {kind.__name__} is no plain value")


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
    raise CallError(f"a {kind.__name__} is no key of a JSON object")


def supply(code: types.CodeType, namespace: dict[str, Any]) -> None:
    """Put into the namespace what the program names and published tasks take for granted."""
    names: set[str] = set()
    rest = [code]
    while rest:
        names.update(rest[-1].co_names)
        rest.extend(const for const in rest.pop().co_consts if isinstance(const, types.CodeType))
    for home, supplied in _SUPPLIED.items():
        for name in names.intersection(supplied.split()):
            namespace[name] = getattr(importlib.import_module(home), name)
    for name in names.intersection(_MODULES.split()):
        if name not in namespace:
            namespace[name] = importlib.import_module(name)


def load(path: str, function: str) -> Any:
    """Execute the program as the module ``candidate``; what is to be called."""
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    module = types.ModuleType("candidate")
    module.__file__ = path
    sys.modules["candidate"] = module  # dataclasses and pickle look there
    namespace = vars(module)
    namespace["__builtins__"] = builtins
    supply(code, namespace)
    exec(code, namespace)
    solution = namespace.get("Solution")
    if isinstance(solution, type) and hasattr(solution, function):
        return getattr(solution(), function)
    if function in namespace:
        return namespace[function]
    raise CallError(f"the program has no function {function}")


def arguments(text: str, at: int) -> list[Any]:
    """The arguments in a request. A lone object whose keys are all integers gets integers, as APPS wants it."""
    args, _ = _decode(text, at)
    if len(args) == 1 and type(args[0]) is dict and args[0]:
        with contextlib.suppress(ValueError):
            args[0] = {int(key): item for key, item in args[0].items()}
    return args  # type: ignore[no-any-return]


def serve(function: Any) -> None:
    """Answer requests until there are no more."""
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
        value = function(*arguments(text, len(nonce) + 1))
        answer = memoryview(f'{nonce} {{"value": {encode(value)}}}\n'.encode("ascii"))
        while answer:
            answer = answer[_write(CHANNEL, answer) :]


def main() -> None:
    # Taken now: a program may well replace them. Nothing it left behind (threads, exit handlers) runs after the answer.
    leave, flush_out, flush_err = os._exit, sys.stdout.flush, sys.stderr.flush
    sys.setrecursionlimit(RECURSION)
    try:
        serve(load("../candidate.py", FUNCTION))
    except CallError as error:
        sys.exit(f"{FUNCTION}: {error}")
    try:
        flush_out()
        flush_err()
    finally:
        leave(0)


if __name__ == "__main__":
    main()
