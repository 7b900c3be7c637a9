"""Python's plain values as JSON that keeps their types apart. Runs in the sandbox, on both sides; stdlib only."""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 200


class NotPlain(Exception):
    """A value that cannot cross."""


def encode(value: Any, depth: int = 0) -> Any:
    """``value`` as JSON; subclasses as their base, iterators run to their end.

    Raises:
        NotPlain: it is, or holds, something live: a function, an object of a class.
        ValueError: it is nested too deeply.
    """
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
            return {kind.__name__: [encode(item, depth + 1) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()]}
    if type(value).__module__ == "numpy":
        return encode(value.tolist(), depth + 1)
    if type(value).__name__ in ("range", "dict_keys", "dict_values", "dict_items", "deque"):
        return {"list": [encode(item, depth + 1) for item in value]}
    if hasattr(type(value), "__next__"):
        return {"iterator": [encode(item, depth + 1) for item in value]}
    raise NotPlain("a value of type " + type(value).__name__)


def decode(value: Any) -> Any:
    """The value that was encoded."""
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
        return {decode(key): decode(item) for key, item in content}
    items = [decode(item) for item in content]
    if kind == "iterator":
        return iter(items)
    return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](items)
