"""The user message of a published conversation: the exact prompt of its task."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from synthetic1.tasks.formats.code_rows import Row, shown

ROLES = {"user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "system": "system"}
"""Roles as trainers write them, and as ShareGPT's rows do."""
PRINTED = re.compile(r"\s*\[\s*\{")
"""How a list of messages begins as text; a problem may well begin with a bracket."""


def is_message_list(value: Any) -> bool:
    """Whether a field that holds a prompt holds messages, and not the text of one."""
    return not isinstance(value, str) or PRINTED.match(value) is not None


def user_message(row: Row, name: str) -> str:
    """What the user says in a conversation of one user message, which nobody has answered.

    The field holds ``[{"role": …, "content": …}]``, also as JSON text or a Python literal, or a string, which is the
    message. A system message is left out: a task is one user message, and what stands around it is the trainer's.

    Raises:
        TaskError: it is none of that, or there are several turns.
    """
    if not is_message_list(row.fields.get(name)):
        return row.text(name)
    turns = [turn for turn in read_turns(row, name) if turn[0] != "system"]
    if [role for role, _ in turns] != ["user"]:
        raise row.error(name, f"holds {_counted(turns)}; a task is one user message")
    return turns[0][1]


def read_turns(row: Row, name: str) -> list[tuple[str, str]]:
    """(role, text) of every message: role is ``user``, ``assistant`` or ``system``.

    Raises:
        TaskError: the field is not a list of messages.
    """
    value = row.structure(name)
    if not isinstance(value, list) or not value:
        raise row.error(name, f"must hold a list of messages, got {shown(value)}")
    return [_turn(row, name, message) for message in value]


def _turn(row: Row, name: str, message: Any) -> tuple[str, str]:
    if not isinstance(message, Mapping):
        raise row.error(name, f"must hold messages with `role` and `content`, one is {shown(message)}")
    role, content = message.get("role", message.get("from")), message.get("content", message.get("value"))
    if not isinstance(role, str) or role.lower() not in ROLES:
        raise row.error(name, f"has a message of {shown(role)}; roles are {', '.join(sorted(set(ROLES.values())))}")
    if isinstance(content, list):  # in parts, as chat templates take them
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) < len(parts):
            raise row.error(name, "has a message with parts that are not text, such as an image")
        content = "".join(texts)
    if not isinstance(content, str) or not content.strip():
        raise row.error(name, f"has a message whose content is {shown(content)}")
    return ROLES[role.lower()], content


def _counted(turns: list[tuple[str, str]]) -> str:
    users = sum(role == "user" for role, _ in turns)
    return f"{users} user messages and {len(turns) - users} answers"
