"""Reading a judge's reply: one JSON object, exactly as asked for, or none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from synthetic1.completion import Completion
from synthetic1.rewards.extract import MalformedObject, last_json_object

Schema = Mapping[str, Any]
"""A JSON schema of ``object``, ``array``, ``string``, ``boolean``, ``integer`` and ``enum``; no other keywords."""

_ESCAPES = re.compile(r"""\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})?""")
"""What JSON allows, or a backslash alone: judges quote LaTeX as it stands, ``\\(x\\)``, and an answer full of that must
not be without a verdict for it."""


class UnusableReply(ValueError):
    """A reply that gives no verdict: empty, a refusal, cut off, malformed. The message says what was wrong with it."""


def read_reply(completion: Completion, schema: Schema, field: str) -> dict[str, Any]:
    """The last complete JSON object after the thought that has ``field``; earlier ones are drafts.

    Raises:
        UnusableReply: there is none, the reply was cut off, or the object is not what ``schema`` says. A value out of
            range or in words that were not asked for is never bent into one that was.
    """
    if completion.finish_reason == "length":
        raise UnusableReply("it was cut off at max_tokens")
    if completion.answer is None:
        raise UnusableReply("it holds a thought and no answer")
    if not completion.answer.strip():
        raise UnusableReply("it is empty")
    try:
        found = last_json_object(_ESCAPES.sub(_escaped, completion.answer), field)
    except MalformedObject as error:
        raise UnusableReply(f"its JSON is malformed: {error}") from None
    if found is None:
        raise UnusableReply(f"it holds no JSON object with `{field}`: {' '.join(completion.answer.split())[:80]!r}")
    if fault := _fault(found, schema, ""):
        raise UnusableReply(fault)
    return found


def _escaped(escape: re.Match[str]) -> str:
    return escape[0] if escape[1] else r"\\"


def _fault(value: Any, schema: Schema, where: str) -> str | None:
    """What ``schema`` does not allow in ``value``, or None."""
    place = f"`{where}`" if where else "the reply"
    if "enum" in schema:
        return None if value in schema["enum"] else f"{place} is {value!r:.40}, none of {', '.join(schema['enum'])}"
    kind = schema["type"]
    # JSON has one kind of number: a judge that writes 85.0 has said 85
    whole = type(value) is int or (isinstance(value, float) and value.is_integer())
    fits = {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": whole,
    }
    if not fits[kind]:
        return f"{place} is {value!r:.40}, no {kind}"
    if kind == "object":
        for name in schema["required"]:
            if name not in value:
                return f"`{f'{where}.{name}'.lstrip('.')}` is missing"
        faults = (_fault(value[name], s, f"{where}.{name}".lstrip(".")) for name, s in schema["properties"].items())
        return next(filter(None, faults), None)
    if kind == "array":
        return next(filter(None, (_fault(v, schema["items"], f"{where}[{i}]") for i, v in enumerate(value))), None)
    return None
