"""The program that asserts: runs in a slot of its own, and asks over its channel for what the candidate returns.

It writes a JSON object a line: ``{"call": text, "function": name, "instance": number, "classes": [name, …]}``, whose
answer it reads, and at its end one of ``{"passed": true}``, ``{"failed": exception}``, ``{"raised": exception}`` (by
the candidate, and not expected), ``{"ended": true}`` (the candidate has), ``{"live": type}`` (an argument cannot
cross), ``{"broken": why}`` (the assertions cannot be loaded).
Stdlib only; ``assertion_values.py`` stands before it.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
from importlib import import_module
from types import CodeType
from typing import Any

from synthetic1.rewards.program_tests.assertion_values import NotPlain, attributes, decode, encode

CHANNEL = 3
MODULES = ("bisect", "collections", "copy", "functools", "heapq", "itertools", "json", "math", "random", "re", "string")
"""What assertions may use without importing it. No names out of them: those may be the candidate's to define."""
CLASSES: dict[str, type] = {}
"""Those of the prelude, ``ListNode`` for example. Their objects cross; the candidate's come out as objects of these."""


class CandidateEnded(BaseException):
    """No ``Exception``: assertions that catch those must not go on without the candidate."""


class Live(BaseException):
    """An argument cannot cross."""


class Channel:
    """Lines of JSON, both ways."""

    def __init__(self) -> None:
        self._unread = b""

    def tell(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(CHANNEL, data) :]

    def hear(self) -> dict[str, Any]:
        pieces = [self._unread]
        while b"\n" not in pieces[-1]:
            piece = os.read(CHANNEL, 65536)
            if not piece:
                raise CandidateEnded
            pieces.append(piece)
        line, _, self._unread = b"".join(pieces).partition(b"\n")
        heard: dict[str, Any] = json.loads(line)
        return heard


channel = Channel()


class CandidateFunction:
    """A function of the candidate, as far as the assertions can tell."""

    def __init__(self, name: str, instance: int = 0) -> None:
        self.__name__ = name
        self._instance = instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            asked = encode((args, kwargs), CLASSES)
        except NotPlain as error:
            raise Live(str(error)) from None
        call = {"call": json.dumps(asked), "function": self.__name__, "instance": self._instance}
        channel.tell({**call, "classes": list(CLASSES)})
        answer = channel.hear()
        if "left" in answer:
            update((args, kwargs), decode(answer["left"], CLASSES))
        if "raised" not in answer:
            return decode(answer["value"], CLASSES)
        name, said = answer["raised"]
        kind = getattr(builtins, name, None)
        raised = Exception(said)
        if isinstance(kind, type) and issubclass(kind, Exception):
            with contextlib.suppress(TypeError):  # some want more than a text
                raised = kind(said)
        raised.of_candidate = True  # type: ignore[attr-defined]
        raise raised


class Solution:
    """The candidate's class of that name, for assertions that make it themselves."""

    made = 0

    def __init__(self) -> None:
        Solution.made += 1
        self._instance = Solution.made

    def __getattr__(self, name: str) -> CandidateFunction:
        if name.startswith("__"):  # what copying and its like ask for
            raise AttributeError(name)
        return CandidateFunction(name, self._instance)


def is_plain_class(one: Any) -> bool:
    """Whether it is a class of the prelude whose objects are no more than their attributes."""
    maker: Any = object.__new__
    return type(one) is type and one.__module__ == "assertions" and one.__new__ is maker


def update(value: Any, left: Any) -> Any:
    """Make of ``value`` what the candidate has ``left`` of it, in place as far as it can be changed; the result."""
    if type(value) is not type(left):
        return left
    if isinstance(value, list):
        both = len(value) == len(left)
        value[:] = [update(old, new) for old, new in zip(value, left, strict=True)] if both else left
    elif isinstance(value, tuple):
        return (
            tuple(update(old, new) for old, new in zip(value, left, strict=False)) if len(value) == len(left) else left
        )
    elif isinstance(value, dict):
        items = [(key, update(value[key], item) if key in value else item) for key, item in left.items()]
        value.clear()
        value.update(items)
    elif isinstance(value, set):
        value.clear()
        value.update(left)
    elif isinstance(value, bytearray):
        value[:] = left
    elif type(value) in CLASSES.values():
        for name, item in attributes(left).items():
            object.__setattr__(value, name, item)
    else:
        return left
    return value


def provide(code: CodeType, space: dict[str, Any]) -> None:
    """Put into the space what the assertions name and nothing has: modules, else functions of the candidate."""
    rest = [code]
    while rest:
        for name in rest[-1].co_names:
            if name in space or hasattr(builtins, name):
                continue
            if name in MODULES:
                space[name] = import_module(name)
            else:
                space[name] = Solution if name == "Solution" else CandidateFunction(name)
        rest.extend(const for const in rest.pop().co_consts if isinstance(const, CodeType))


def main(prelude: str, code: str, entry_point: str) -> dict[str, Any]:
    """Run the assertions; what to say at the end."""
    space: dict[str, Any] = {"__name__": "assertions"}
    try:
        exec(compile(prelude, "prelude", "exec"), space)
        assertions = compile(code, "assertions", "exec")
    except Exception as error:
        return {"broken": f"{type(error).__name__}: {error}"}
    CLASSES.update((name, one) for name, one in space.items() if is_plain_class(one))
    candidate = space[entry_point] = CandidateFunction(entry_point)
    space.setdefault("candidate", candidate)
    provide(assertions, space)
    try:
        exec(assertions, space)  # which may call it already
        space["check"](candidate)
    except CandidateEnded:
        return {"ended": True}
    except Live as live:
        return {"live": str(live)}
    except BaseException as error:
        return {"raised" if hasattr(error, "of_candidate") else "failed": type(error).__name__}
    return {"passed": True}
