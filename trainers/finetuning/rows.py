"""Rows of SFT sets as conversations: what is asked, what is to be written, and what of a row is not learned from.

Three layouts are read: ``prompt`` and ``completion`` (TRL's, and our exports'), ``messages`` (OpenAI's; Tulu, OpenR1)
and ``conversations`` (ShareGPT's ``from`` and ``value``; OpenThoughts). The last message is the assistant's and is
learned; what stands before it is the prompt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.completion import CLOSE, OPEN, Completion
from synthetic1.jobs.program import ProgramError
from synthetic1.tasks.formats.chats.messages import ROLES

BOOKKEEPING = frozenset(
    {"response_id", "problem_id", "task_type", "source", "score", "tokens", "model_name", "messages"}
)
"""Columns of our own exports (``datagen/exporting/columns.py``): where a sample is from, and ``messages``, which
repeats prompt and completion."""
REFUSED = (
    *("tools", "functions", "tool_calls", "function_call", "chat_template_kwargs", "documents"),
    *("image", "images", "video", "videos", "audio", "audios"),
)
"""Fields that would change what the template writes: passed over, they would teach half of a conversation."""
REASONING = ("reasoning_content", "reasoning", "thinking")
"""What servers and datasets call a thought that stands apart from the answer."""
MESSAGE_LISTS = ("messages", "conversations", "conversation")
SYSTEM = ("system", "system_prompt")
"""Columns with the system message of a row whose messages have none."""
IN_A_MESSAGE = frozenset({"role", "from", "content", "value", *REASONING})
EMPTY_TEXTS = ("", "[]", "{}", "null", "None")
"""How sets that hold structures as text write that there is nothing."""
WANTED = (
    'wants {"prompt": [{"role": …, "content": …}], "completion": [{"role": "assistant", "content": …}]}, '
    'or "messages" (or "conversations") of which the assistant\'s is the last'
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A row, read."""

    prompt: list[dict[str, str]]
    """Messages as chat templates take them: ``role``, ``content`` and, of an earlier answer, ``reasoning_content``."""
    completion: str
    """What the model is to write, its thought in ``<think>`` tags."""
    unused: tuple[str, ...]
    """Fields of the row, and of its messages (``messages[].name``), that hold something and were not used."""

    @property
    def earlier_answers(self) -> list[dict[str, str]]:
        return [message for message in self.prompt if message["role"] == "assistant"]


def read_conversation(row: Mapping[str, Any], where: str) -> Conversation:
    """What a row says.

    Raises:
        ProgramError: another layout, an answer that is missing, or a field of ``REFUSED``; one line that says where.
    """
    listed, used = _listed(row, where)
    for fields, what in ((row, "the row"), *((message, "a message") for message in listed)):
        if name := next((name for name in REFUSED if not _empty(fields.get(name))), None):
            raise ProgramError(f"data: {where}: {what} has `{name}`, which is not learned here; leave such rows out")
    messages = [_message(message, where) for message in listed]
    *prompt, said = messages
    if said["role"] != "assistant" or not said["content"].strip():
        raise ProgramError(
            f"data: {where}: the completion is not a text by the assistant: {WANTED}, got one by {said['role']!r}"
        )
    if not any(message["role"] == "user" for message in prompt):
        raise ProgramError(f"data: {where}: nobody asks before the assistant's last message; {WANTED}")
    system = next((name for name in SYSTEM if isinstance(row.get(name), str) and row[name].strip()), None)
    if system is not None and all(message["role"] != "system" for message in prompt):
        prompt.insert(0, {"role": "system", "content": row[system]})
        used = (*used, system)
    thought, beside = said.get("reasoning_content"), _beside(row)
    if beside is not None:
        used = (*used, beside)
        told = _untagged(row[beside])
        if thought is not None and thought.strip() != told.strip():
            raise ProgramError(f"data: {where}: the row has one thought, its last message another; leave one out")
        thought = told
    text = said["content"] if thought is None else _joined(thought, said["content"], where)
    unused = (name for name, value in row.items() if name not in {*used, *BOOKKEEPING} and not _empty(value))
    return Conversation(prompt, text, tuple(dict.fromkeys((*unused, *_unused_of_messages(listed)))))


def _listed(row: Mapping[str, Any], where: str) -> tuple[list[Any], tuple[str, ...]]:
    """All messages of a row, and the fields that hold them."""
    prompt, completion = row.get("prompt"), row.get("completion")
    if isinstance(prompt, list) and isinstance(completion, list):
        if len(completion) != 1:
            raise ProgramError(f"data: {where}: `completion` holds {len(completion)} messages; {WANTED}")
        return [*prompt, *completion], ("prompt", "completion")
    for name in MESSAGE_LISTS:
        value = row.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise ProgramError(f"data: {where}: `{name}` is not a list of messages, nor JSON of one") from None
        if isinstance(value, list) and value:
            return value, (name,)
    raise ProgramError(f"data: {where} {WANTED}; it has {', '.join(map(repr, row)) or 'nothing'}")


def _message(message: Any, where: str) -> dict[str, str]:
    if not isinstance(message, Mapping):
        raise ProgramError(f"data: {where}: a message is not an object; {WANTED}")
    role = message.get("role", message.get("from"))
    content = message.get("content", message.get("value"))
    if isinstance(content, list):  # in parts, as chat templates take them
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) < len(parts):
            raise ProgramError(f"data: {where}: a message has parts that are not text, such as an image")
        content = "".join(texts)
    if not isinstance(role, str) or not isinstance(content, str):
        raise ProgramError(f"data: {where}: a message has no role or no text; {WANTED}")
    if role.lower() not in ROLES:
        known = ", ".join(sorted(set(ROLES.values())))
        raise ProgramError(f"data: {where}: a message is by {role!r}, which is not learned here: roles are {known}")
    read = {"role": ROLES[role.lower()], "content": content}
    if read["role"] == "assistant" and (thought := _thought_apart(message, where)) is not None:
        read["reasoning_content"] = thought
    return read


def _thought_apart(message: Mapping[str, Any], where: str) -> str | None:
    """The thought of a message that is not in its content; servers may send it under two names."""
    found = {name: message[name] for name in REASONING if not _empty(message.get(name))}
    if any(not isinstance(value, str) for value in found.values()):
        raise ProgramError(f"data: {where}: `{next(iter(found))}` of a message is not a text")
    if len({value.strip() for value in found.values()}) > 1:
        raise ProgramError(f"data: {where}: a message has two thoughts, in {' and '.join(map(repr, found))}")
    return next(map(_untagged, found.values()), None)


def _untagged(thought: str) -> str:
    """A thought whose field holds its tags, too."""
    bare = thought.strip()
    return bare[len(OPEN) : -len(CLOSE)] if bare.startswith(OPEN) and bare.endswith(CLOSE) else thought


def _beside(row: Mapping[str, Any]) -> str | None:
    """The column with the thought of a row. One word is a label, such as ``reasoning: on``, and not a thought."""
    texts = {name: row[name] for name in REASONING if isinstance(row.get(name), str)}
    return next((name for name, text in texts.items() if len(text.split()) > 1), None)


def _joined(thought: str, content: str, where: str) -> str:
    own = Completion.parse(content).reasoning
    if own is None:
        return Completion.from_parts(thought, content).raw
    if own.strip() != thought.strip():
        raise ProgramError(
            f"data: {where}: the completion has a thought in its content and another one apart; leave one out"
        )
    return content


def _unused_of_messages(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for message in messages:
        yield from (
            f"messages[].{name}" for name, value in message.items() if name not in IN_A_MESSAGE and not _empty(value)
        )


def _empty(value: Any) -> bool:
    """Columns that a row does not fill are ``None``, or structures with nothing in them."""
    if isinstance(value, str):
        return value.strip() in EMPTY_TEXTS
    if isinstance(value, Mapping):
        return all(map(_empty, value.values()))
    return value is None or (isinstance(value, (list, tuple)) and not value)
