"""Python's plain values, and objects that hold such, as JSON that keeps their types apart.

Runs in the sandbox, on both sides; stdlib only.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

MAX_DEPTH = 200
NONE: Mapping[str, type] = MappingProxyType({})


class NotPlain(Exception):
    """A value that cannot cross."""


def encode(value: Any, classes: Mapping[str, type] = NONE) -> Any:
    """``value`` as JSON; subclasses as their base, iterators run to their end.

    Objects of ``classes``, by name, cross as what their attributes hold, and what is one object stays one.

    Raises:
        NotPlain: it is, or holds, something live: a function, an object of another class.
        ValueError: it is nested too deeply.
    """
    objects: list[Any] = []
    numbers: dict[int, int] = {}

    def encoded(value: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("a value nested too deeply")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return {"int": hex(int.__int__(value))}
        if isinstance(value, float):
            return {"float": float.hex(float.__float__(value))}
        if isinstance(value, complex):
            return {"complex": [float.hex(value.real), float.hex(value.imag)]}
        if isinstance(value, (bytes, bytearray)):
            return {"bytearray" if isinstance(value, bytearray) else "bytes": bytes(value).hex()}
        for kind in (list, tuple, set, frozenset):
            if isinstance(value, kind):
                return {kind.__name__: [encoded(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            return {"dict": [[encoded(key, depth + 1), encoded(item, depth + 1)] for key, item in value.items()]}
        if type(value).__module__ == "numpy":
            return encoded(value.tolist(), depth + 1)
        if type(value).__name__ in ("range", "dict_keys", "dict_values", "dict_items", "deque"):
            return {"list": [encoded(item, depth + 1) for item in value]}
        if classes.get(type(value).__name__) is type(value):
            if id(value) not in numbers:
                numbers[id(value)] = len(objects)
                objects.append(value)
            return {"object": numbers[id(value)]}
        if hasattr(type(value), "__next__"):
            return {"iterator": [encoded(item, depth + 1) for item in value]}
        raise NotPlain("a value of type " + type(value).__name__)

    whole = encoded(value)
    if not objects:
        return whole
    states = []
    for one in objects:  # which grows: what an object holds is looked at here, so that long lists of nodes are not deep
        states.append([type(one).__name__, [[name, encoded(item)] for name, item in attributes(one).items()]])
    return {"objects": [whole, states]}


def attributes(one: Any) -> dict[str, Any]:
    """What an object holds itself, with ``__slots__`` or without."""
    slots = [name for kind in type(one).__mro__ for name in vars(kind).get("__slots__", ()) if hasattr(one, name)]
    return {**{name: getattr(one, name) for name in slots if name != "__dict__"}, **getattr(one, "__dict__", {})}


def decode(value: Any, classes: Mapping[str, type] = NONE) -> Any:
    """The value that was encoded; its objects are made of ``classes``, without calling them."""
    made: list[Any] = []

    def decoded(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        [(kind, content)] = value.items()
        if kind == "int":
            return int(content, 16)
        if kind == "float":
            return float.fromhex(content)
        if kind == "complex":
            real, imaginary = content
            return complex(float.fromhex(real), float.fromhex(imaginary))
        if kind == "bytes":
            return bytes.fromhex(content)
        if kind == "bytearray":
            return bytearray.fromhex(content)
        if kind == "dict":
            return {decoded(key): decoded(item) for key, item in content}
        if kind == "object":
            return made[content]
        items = [decoded(item) for item in content]
        if kind == "iterator":
            return iter(items)
        return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](items)

    if not (isinstance(value, dict) and "objects" in value):
        return decoded(value)
    whole, states = value["objects"]
    made.extend([object.__new__(classes[name]) for name, _ in states])
    for one, (_, held) in zip(made, states, strict=True):
        for name, item in held:
            object.__setattr__(one, name, decoded(item))
    return decoded(whole)
