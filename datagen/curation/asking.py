"""Asking a language model about a draft: one prompt, a reply in the form its file says, asked again where it is not.

Every call is greedy, so the client's cache answers it the second time; what differs between attempts is said in words.
What it took is kept in the run's store, by all of its processes, killed ones among them.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from synthetic1.completion import Completion
from synthetic1.datagen.curation.draft import Draft, Quarantined
from synthetic1.datagen.curation.prompt_files import Prompt
from synthetic1.datagen.curation.raw_rows import is_encodable
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError

NO_REPLY = "no_reply"
"""The reason of rows whose server failed after all retries; the same command asks for them again."""
USAGE = "usage"
SAVED_EVERY_S = 0.1
"""As often as the client's cache writes its answers: what is lost of the one is lost of the other, and asked again."""
_fence = re.compile(r"^(`{3,}|~{3,})[^\n]*\n(.*?)^\1\s*$", re.DOTALL | re.MULTILINE)
_refusal = re.compile(
    r"\A\W*(?:I(?:'|’)?m sorry|Sorry\b|I (?:can(?:no|')t|am unable|won(?:'|’)t|must decline)|As an AI\b"
    r"|Unfortunately, I\b)",
    re.IGNORECASE,
)


class MalformedReply(Exception):
    """A reply that is not in the form that was asked for; the message says why, to the model, too."""


class Asker:
    """One model, one sampling, and the account of it."""

    def __init__(self, client: Client, *, max_tokens: int, attempts: int, seed: int) -> None:
        self.client, self.attempts = client, attempts
        self._sampling = Sampling(max_tokens=max_tokens, temperature=0.0, seed=seed)

    async def ask(self, prompt: Prompt, draft: Draft, step: str, values: Mapping[str, str]) -> Any:
        """See ``Tools.ask``."""
        draft.prompts[prompt.name] = prompt.label
        messages: list[dict[str, str]] = [{"role": "user", "content": prompt.filled(values)}]
        reason, why = "malformed_reply", ""
        for _ in range(self.attempts):
            try:
                (completion,) = await self.client.complete(messages, 1, self._sampling, schema=prompt.schema)
            except InferenceError as error:
                if error.ends_a_run:
                    raise
                raise self._left_out(error, step) from error
            try:
                return read_reply(prompt, completion)
            except MalformedReply as error:
                why = str(error)
                said = completion.answer or ""
                if completion.finish_reason == "length":
                    reason = "cut_off"
                else:
                    reason = "refused" if _refusal.match(said) else "malformed_reply"
                again = f"That cannot be read: {why}. Reply again, with nothing but what was asked for."
                messages = [*messages[:1], {"role": "assistant", "content": said[:2000] or "…"}]
                messages.append({"role": "user", "content": again})
        raise Quarantined(step, reason, f"{prompt.name}: {why}")

    async def sample(self, prompt: str, n: int, temperature: float, step: str) -> list[Completion]:
        """``n`` completions of a prompt as a task has it.

        Raises:
            Quarantined: in ``step``: the server failed, or will not take this prompt.
        """
        sampling = replace(self._sampling, temperature=temperature)
        try:
            return await self.client.complete([{"role": "user", "content": prompt}], n, sampling)
        except InferenceError as error:
            if error.ends_a_run:
                raise
            raise self._left_out(error, step) from error

    def _left_out(self, error: InferenceError, step: str) -> Quarantined:
        """What stands in the set of a call that failed: nothing of where the server is."""
        refused = error.kind == "bad_request"  # this text, not the server: too long, a content filter
        said = str(error)
        for url in sorted(self.client.server.urls, key=len, reverse=True):
            said = said.replace(url, "the server")
        return Quarantined(step, "refused_by_server" if refused else NO_REPLY, said)


def read_reply(prompt: Prompt, completion: Completion) -> Any:
    """The reply as the prompt's file says it has to be: a text, or a mapping of fields.

    Raises:
        MalformedReply: it is not.
    """
    said = completion.answer
    if said is None or not said.strip():
        raise MalformedReply("there is no answer behind the thought" if completion.reasoning else "it is empty")
    if completion.finish_reason == "length":
        raise MalformedReply("it is cut off")
    if not is_encodable(said):
        raise MalformedReply("it holds half of a character")
    if prompt.reply == "text":
        if _refusal.match(said):
            raise MalformedReply("it is a refusal")
        return said.strip()
    if prompt.reply == "code":
        blocks = _fence.findall(said)
        if not blocks:
            raise MalformedReply("it has no fenced block of code")
        return blocks[-1][1]
    assert isinstance(prompt.reply, Mapping)
    return _fields(said, prompt.reply)


def _fields(said: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The last JSON object in ``said`` that has the fields."""
    decoder, found, why = json.JSONDecoder(), None, "there is no JSON object in it"
    start = said.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(said, start)
        except (ValueError, RecursionError) as error:
            why = f"the JSON object is broken: {error}" if found is None else why
            start = said.find("{", start + 1)
            continue
        if isinstance(value, dict):
            found = value
        start = said.find("{", end)
    if found is None:
        raise MalformedReply(why)
    if not is_encodable(found):
        raise MalformedReply("it holds half of a character, as \\ud835 alone is")
    return {name: _field(found, name, kind) for name, kind in wanted.items()}


def _field(found: Mapping[str, Any], name: str, kind: Any) -> Any:
    if name not in found:
        raise MalformedReply(f"the field {name} is missing")
    value = found[name]
    if isinstance(kind, list):
        word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        match = next((one for one in kind if isinstance(word, str) and one.lower() == word.strip().lower()), None)
        if match is None:
            raise MalformedReply(f"the field {name} must be one of {', '.join(kind)}")
        return match
    fits = {"text": isinstance(value, str), "boolean": isinstance(value, bool)}
    fits["integer"] = isinstance(value, int) and not isinstance(value, bool)
    if kind == "text" and isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)  # a number where a text was asked for says the same
    if not fits[kind]:
        raise MalformedReply(f"the field {name} must be {'an' if kind == 'integer' else 'a'} {kind}")
    return value


@asynccontextmanager
async def spending(store: WorkStore, client: Client) -> AsyncIterator[None]:
    """Keep the account of ``client`` in the store, behind that of the processes before."""
    before = of_the_killed(store.meta(USAGE) or {})
    kept: dict[str, Any] = {}

    def keep() -> None:
        nonlocal kept
        if (now := client.usage.to_dict()) != kept:
            store.set_meta(USAGE, added(before, now))
            kept = now

    async def keep_on() -> None:
        while True:
            keep()
            await asyncio.sleep(SAVED_EVERY_S)

    keeping = asyncio.create_task(keep_on())
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        keep()


def of_the_killed(usage: dict[str, Any]) -> dict[str, Any]:
    """The account of processes that have ended: what was in flight was perhaps charged, and nobody has counted it."""
    lost = usage.get("in_flight", 0)
    if not lost:
        return usage
    errors = dict(usage.get("errors", {}))
    errors["killed"] = errors.get("killed", 0) + lost
    return {**usage, "in_flight": 0, "errors": errors, "usage_unknown": usage.get("usage_unknown", 0) + lost}


def added(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The sum of two accounts."""
    if not before or not now:
        return now or before
    both = {**before, **now}
    for name, value in now.items():
        earlier = before.get(name)
        if isinstance(value, dict) and isinstance(earlier, dict):
            both[name] = {kind: value.get(kind, 0) + earlier.get(kind, 0) for kind in {**earlier, **value}}
        elif name != "window" and isinstance(value, int | float) and isinstance(earlier, int | float):
            both[name] = value + earlier
        elif name == "cost" and value is None:
            both[name] = earlier
    return both
