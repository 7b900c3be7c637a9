"""Tests as open-instruct sends them: a list, its JSON text, or base64 of zlib of a pickle.

A pickle is a program. Of its instructions only those are let through that make plain values: none names a class or a
function, none sets memory aside for what is not there.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import pickletools
import zlib
from typing import Any

MOST = 64 * 2**20  # bytes of a pickle, and of its values: a few kilobytes can unfold to gigabytes
VALUE_BYTES = 64  # of a value, beside the characters of a string

MOST_OPCODES = 1_000_000  # each is looked at in Python


class UnreadableTests(ValueError):
    """One line."""


PLAIN = {
    *("PROTO", "FRAME", "MARK", "STOP"),
    *("NONE", "NEWTRUE", "NEWFALSE"),
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("EMPTY_LIST", "APPEND", "APPENDS", "LIST"),
    *("EMPTY_DICT", "SETITEM", "SETITEMS", "DICT"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
    *("BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET"),
}
"""What dumping lists, dicts, tuples, strings and numbers takes, from protocol 2 on."""


def read_tests(tests: list[Any] | str) -> list[Any]:
    """The list of tests.

    Raises:
        UnreadableTests: it is none in any of these forms, or it is empty.
    """
    found: Any = tests
    if isinstance(tests, str):
        try:
            found = json.loads(tests)
        except (ValueError, RecursionError):
            found = _unpickled(tests)
    if not isinstance(found, list) or not found:
        raise UnreadableTests(f"tests must be a list that is not empty, got {type(found).__name__}")
    return found


def _unpickled(text: str) -> Any:
    try:
        unfolding = zlib.decompressobj()
        data = unfolding.decompress(base64.b64decode(text, validate=True), MOST)
        if unfolding.unconsumed_tail:
            raise UnreadableTests(f"tests unfold to more than {MOST // 2**20} MiB")
        for count, (opcode, _, _) in enumerate(pickletools.genops(data)):
            if count > MOST_OPCODES:
                raise UnreadableTests(f"tests are a pickle of more than {MOST_OPCODES:,} opcodes; send JSON")
            if opcode.name not in PLAIN:
                raise UnreadableTests(f"tests are a pickle of more than plain values: it has the opcode {opcode.name}")
        # In Python, whose memo is a dict: that of the C one is a table as long as an instruction says
        value = pickle._Unpickler(io.BytesIO(data)).load()
        _check_size(value)
        return value
    except UnreadableTests:
        raise
    except Exception as error:  # a pickle that is none can raise anything
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UnreadableTests(
            f"tests are neither JSON nor base64 of zlib of a pickle of plain values ({why})"
        ) from None


def _check_size(value: Any) -> None:
    """A pickle names a value that it had before with two bytes, and who writes the tests out writes it each time.
    So each time counts. A list may hold itself, which has no end.

    Raises:
        UnreadableTests: it is too large.
    """
    size, left = 0, [iter((value,))]
    while left:
        for item in left[-1]:
            size += VALUE_BYTES + (len(item) if isinstance(item, str) else 0)
            if size > MOST:
                raise UnreadableTests(f"tests unfold to more than {MOST // 2**20} MiB")
            if isinstance(item, (list, tuple)):
                left.append(iter(item))
                break
            if isinstance(item, dict):
                left.append(iter([*item.keys(), *item.values()]))
                break
        else:
            left.pop()
