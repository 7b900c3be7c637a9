"""What a server's reply says: the choices, their reasoning, and the usage, read without loss of a byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import from_json

from synthetic1.completion import Completion


class BadReply(Exception):
    """A reply that is not one: one line that says how."""


class ErrorReply(Exception):
    """An error that came with status 200, as proxies send it. ``error`` is what they sent."""

    def __init__(self, error: Any) -> None:
        super().__init__(error)
        self.error = error


class Choice(NamedTuple):
    """One answer as it was sent. Reasoning is ``None`` where the server does not send it apart."""

    reasoning: str | None
    content: str | None
    finish_reason: str | None

    def completion(self, usage: Mapping[str, Any] | None, *, thinking_open: bool) -> Completion:
        reasoning = self.reasoning
        if reasoning == "" and not thinking_open:
            reasoning = None  # servers that send the field always; where thoughts are open, an empty one was closed
        return Completion.from_parts(
            reasoning, self.content, thinking_open=thinking_open, finish_reason=self.finish_reason, usage=usage
        )


class Reply(NamedTuple):
    """The finished answers of one request, by ``index``; fewer than asked is possible, none is a ``BadReply``."""

    choices: dict[int, Choice]
    usage: dict[str, Any] | None

    def completions(self, *, thinking_open: bool) -> dict[int, Completion]:
        """By the same index; where there are several, ``usage`` says so, for it is that of all of them."""
        usage = self.usage
        if usage is not None and len(self.choices) > 1:
            usage = {**usage, "choices": len(self.choices)}
        return {index: one.completion(usage, thinking_open=thinking_open) for index, one in self.choices.items()}


UNFINISHED = {"abort", "error"}
"""Finish reasons of answers that the server gave up: those are asked again."""
_REASONS = {
    "stop": ("eos", "eos_token", "end_of_sequence", "end_turn", "stop_sequence", "stop_token", "complete", "completed"),
    "length": ("max_tokens", "max_length", "model_length", "max_output_tokens", "max_completion_tokens", "token_limit"),
    "abort": ("aborted", "cancelled", "canceled"),
}
_REASON = {other: ours for ours, others in _REASONS.items() for other in others}
_NO_REASON = {"", "null", "none", "unspecified"}


def read_reply(body: bytes, asked: int) -> Reply:
    """The reply to one request for ``asked`` completions.

    Raises:
        BadReply: malformed, or no finished answer in it.
        ErrorReply: it holds an error.
    """
    try:
        value = read_json(body)
    except (ValueError, RecursionError) as error:
        raise BadReply(f"its answer is not JSON ({error}): {_shown(body)}") from None
    if not isinstance(value, dict):
        raise BadReply(f"its answer is not a JSON object: {_shown(body)}")
    if value.get("error"):
        raise ErrorReply(value["error"])
    listed = value.get("choices")
    if not isinstance(listed, list):
        raise BadReply(f"its answer has no `choices`: {_shown(body)}")
    choices: dict[int, Choice] = {}
    for position, item in enumerate(listed[:asked]):
        if not isinstance(item, dict) or not isinstance(item.get("message"), dict):
            raise BadReply(f"choice {position} has no `message`: {_shown(body)}")
        index = item.get("index", position)
        if not isinstance(index, int) or not 0 <= index < asked or index in choices:
            index = position  # servers that give all of them index 0
        reason = finish_reason(item.get("finish_reason"))
        if reason not in UNFINISHED:
            choices[index] = Choice(*message_parts(item["message"]), reason)
    if not choices:
        raise BadReply(f"its answer holds no finished choice: {_shown(body)}")
    return Reply(choices, read_usage(value.get("usage")))


def read_json(body: bytes) -> Any:
    """As ``json.loads``, in less than half the time: answers are long, and reading them is most of what a client does.

    Raises:
        ValueError, RecursionError: it is not JSON.
    """
    try:
        return from_json(body, cache_strings="keys")
    except ValueError:  # or a lone surrogate, a byte order mark, 200 brackets: which it knows not, or says otherwise
        return json.loads(body)


def message_parts(message: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Reasoning and content of a message, or of a streamed piece of one.

    Raises:
        BadReply: a field of the wrong type.
    """
    reasoning = message.get("reasoning")
    if reasoning is None:
        reasoning = message.get("reasoning_content")
    content = message.get("content")
    if content is None:
        content = message.get("refusal")  # what the model said in place of an answer
    if isinstance(content, dict):
        content = [content]
    if isinstance(content, list):
        thought, content = _parts(content)
        reasoning = thought if reasoning is None else reasoning
    for name, value in (("reasoning", reasoning), ("content", content)):
        if value is not None and not isinstance(value, str):
            raise BadReply(f"`{name}` is not text but {type(value).__name__}: {str(value)[:200]}")
    return reasoning, content


def finish_reason(value: Any) -> str | None:
    """Why an answer ended, in the protocol's words (``stop``, ``length``, …); ``None``: it has not, or nobody says.

    Servers behind translating proxies say ``MAX_TOKENS`` or ``end_turn``, and some say ``""`` as long as it goes on.

    Raises:
        BadReply: it is not a string.
    """
    if value is not None and not isinstance(value, str):
        raise BadReply(f"`finish_reason` is not text but {type(value).__name__}")
    said = (value or "").strip().lower().removeprefix("finish_reason_")
    return None if said in _NO_REASON else _REASON.get(said, said)


def read_usage(value: Any) -> dict[str, Any] | None:
    """The usage as it was sent, if both counts are in it."""
    if not isinstance(value, dict):
        return None
    counts = (value.get("prompt_tokens"), value.get("completion_tokens"))
    return value if all(isinstance(count, int) and count >= 0 for count in counts) else None


def _parts(parts: list[Any]) -> tuple[str | None, str]:
    """Thought and text of a content in parts, ``{"type": "text", "text": …}`` and ``{"type": "thinking", …}``.

    A part that holds no text (a picture, a thought kept secret) is left out.
    """
    thoughts: list[str] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if not isinstance(part, dict):
            raise BadReply(f"`content` has a part that is neither text nor thinking: {str(part)[:200]}")
        kind = part.get("type")
        thought = kind in ("thinking", "reasoning")
        names = ("thinking", "reasoning", "text") if thought else ("text", "refusal")
        value = next((part[name] for name in names if part.get(name) is not None), None)
        if isinstance(value, list):
            value = _parts(value)[1]
        if value is None and kind not in ("text", "output_text"):
            continue
        if not isinstance(value, str):
            raise BadReply(f"`content` has a part without text: {str(part)[:200]}")
        (thoughts if thought else texts).append(value)
    return ("".join(thoughts) if thoughts else None), "".join(texts)


def _shown(body: bytes) -> str:
    text = " ".join(body[:400].decode("utf-8", "replace").split())
    return text if len(text) <= 200 else text[:199] + "…"
