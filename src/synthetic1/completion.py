"""The completion: what a model wrote, split once into thought and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OPEN, CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote. ``answer`` is the part that a verifier may read; ``None`` means there is none."""

    raw: str
    """Every byte the model wrote; for servers that return reasoning apart, reasoning and answer rejoined."""
    reasoning: str | None = None
    """The thought, without its tags; ``None`` when the model wrote none."""
    answer: str | None = None
    finish_reason: str | None = None
    """``stop``, ``length`` …, as the OpenAI protocol says it."""
    usage: Mapping[str, Any] | None = None

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        thinking_open: bool = False,
        finish_reason: str | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> Completion:
        """Split ``text`` at its last ``</think>``: what follows is the answer.

        A thought that is still open (a ``<think>`` after the last ``</think>``, or ``thinking_open`` and no
        ``</think>`` at all) leaves no answer, however much it looks like one.

        Args:
            thinking_open: the prompt ended inside ``<think>``, as R1-style chat templates do.
        """
        close = text.rfind(CLOSE)
        if close < 0:
            start = text.find(OPEN)
            if thinking_open:
                return cls(text, text, None, finish_reason, usage)
            if start < 0:
                return cls(text, None, text, finish_reason, usage)
            return cls(text, text[start + len(OPEN) :], None, finish_reason, usage)
        start = len(text) - len(text.lstrip())
        # The usual form; a lone </think> keeps everything before it. One copy: thoughts are long
        reasoning = text[start + len(OPEN) : close] if text.startswith(OPEN, start) else text[:close]
        tail = text[close + len(CLOSE) :]
        return cls(text, reasoning, None if OPEN in tail else tail, finish_reason, usage)

    @classmethod
    def from_parts(
        cls,
        reasoning: str | None,
        content: str | None,
        *,
        thinking_open: bool = False,
        finish_reason: str | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> Completion:
        """Build the record from a server that returns reasoning apart from content; no byte of either is lost.

        Without reasoning apart, ``content`` is parsed as it stands. Else both are rejoined with the tags that the
        server took out, and split as ``parse`` does: a server finds the first ``</think>``, and there may be another.
        Reasoning with no content is an open thought, unless it holds the tag: servers that look for it among tokens
        overlook one that is part of a longer token.
        """
        if reasoning is None:
            return cls.parse(content or "", thinking_open=thinking_open, finish_reason=finish_reason, usage=usage)
        text = reasoning if reasoning.lstrip().startswith(OPEN) else f"{OPEN}{reasoning}"
        if content:
            text += f"{CLOSE}{content}"
        return cls.parse(text, finish_reason=finish_reason, usage=usage)
