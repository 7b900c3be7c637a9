"""A reply that comes in pieces (server-sent events): joined to what the same reply in one piece would be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from synthetic1.inference.reply import (
    UNFINISHED,
    BadReply,
    Choice,
    ErrorReply,
    Reply,
    finish_reason,
    message_parts,
    read_usage,
)

if TYPE_CHECKING:
    import aiohttp

DONE = b"[DONE]"


class StreamedReply:
    """Takes the bytes as they come, cut anywhere. Answers that finished before a stream broke off are kept.

    Args:
        asked: how many completions were asked for.
    """

    def __init__(self, asked: int) -> None:
        self.done = False
        """The server has said that nothing more comes."""
        self._asked = asked
        self._rest = bytearray()
        self._reasoning: dict[int, list[str]] = {}
        self._content: dict[int, list[str]] = {}
        self._finished: dict[int, str | None] = {}
        self._begun: set[int] = set()
        self._usage: dict[str, Any] | None = None

    @property
    def any_finished(self) -> bool:
        """There is an answer that need not be asked for again."""
        return bool(self._finished)

    def feed(self, data: bytes) -> None:
        """Raises:
        BadReply, ErrorReply: as ``read_reply`` does.
        """
        if b"\n" not in data:
            self._rest += data
            return
        *lines, rest = (bytes(self._rest) + data).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            if line.startswith(b"data:"):  # anything else is a comment, an event's name, or the line between events
                self._event(line[5:].strip())

    def end(self) -> None:
        """The last byte has come; a last line may lack its end."""
        self.feed(b"\n")

    def reply(self) -> Reply:
        """What has finished.

        Raises:
            BadReply: nothing has.
        """
        choices = {
            index: Choice(_joined(self._reasoning.get(index)), _joined(self._content.get(index)), reason)
            for index, reason in self._finished.items()
            if reason not in UNFINISHED
        }
        if not choices:
            raise BadReply("its stream ended before an answer was finished")
        return Reply(choices, self._usage)

    def _event(self, data: bytes) -> None:
        if data == DONE:
            self.done = True
            for begun in self._begun:  # the server ended it, and does not say why
                self._finished.setdefault(begun, None)
            return
        if not data:
            return
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise BadReply(f"a piece of its stream is not JSON ({error}): {data[:200]!r}") from None
        if not isinstance(value, dict):
            raise BadReply(f"a piece of its stream is not a JSON object: {data[:200]!r}")
        if value.get("error"):
            raise ErrorReply(value["error"])
        self._usage = read_usage(value.get("usage")) or self._usage
        for item in value.get("choices") or ():
            delta = item.get("delta") or {} if isinstance(item, dict) else None
            index = item.get("index", 0) if isinstance(item, dict) else None
            if not isinstance(delta, dict) or not isinstance(index, int) or not 0 <= index < self._asked:
                raise BadReply(f"a piece of its stream has no choice that was asked for: {data[:200]!r}")
            reasoning, content = message_parts(delta)
            if reasoning is not None:
                self._reasoning.setdefault(index, []).append(reasoning)
            if content is not None:
                self._content.setdefault(index, []).append(content)
            if reasoning or content:
                self._begun.add(index)
            if (reason := finish_reason(item.get("finish_reason"))) is not None:
                self._finished[index] = reason


def _joined(pieces: list[str] | None) -> str | None:
    return None if pieces is None else "".join(pieces)


async def read_stream(response: aiohttp.ClientResponse, n: int) -> Reply:
    """A reply to a request for ``n`` completions, from the connection.

    Raises:
        BadReply, ErrorReply: it is not a reply, or says what went wrong, and no completion had finished.
        aiohttp.ClientError: the connection broke before one had.
    """
    import aiohttp

    pieces = StreamedReply(n)
    try:
        async for data in response.content.iter_any():
            pieces.feed(data)
            if pieces.done:
                break
        pieces.end()
    except (aiohttp.ClientError, OSError, BadReply, ErrorReply):
        if not pieces.any_finished:  # else what finished stays, whatever came of the rest
            raise
    return pieces.reply()
