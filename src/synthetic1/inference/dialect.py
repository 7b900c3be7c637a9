"""Dialects: what a server turned out not to understand, learnt from its refusals, and not said to it again.

Servers of one protocol differ in what they take: reasoning models want no temperature, proxies know no seed, older ones
no ``max_completion_tokens``. Nobody should have to list that in settings. A refusal that names a field we sent has the
request sent again without it; what a request then went through without is left out for the rest of the run. A refusal
that no change fixes teaches nothing: it may have been about the prompt, and its words may be the prompt's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPTIONAL = ("stream_options", "seed", "top_k", "top_p", "temperature")
"""Fields that an answer can be had without, whatever it is worth then."""
LIMITS = ("max_tokens", "max_completion_tokens")
"""The length limit by its two names. It is never left out: an answer without an end has no price."""
REFUSES = {400, 404, 422, 501}
"""Statuses whose words are worth reading."""

_NAMED = re.compile(rf"(?<!\w)(?:{'|'.join((*OPTIONAL, *LIMITS))})(?!\w)")
_UNWANTED = re.compile(
    r"unsupported|unrecogni[sz]ed|unknown|unexpected|extraneous|deprecated|no longer|cannot find field|extra_forbidden|"
    r"(?:not|n't) (?:\w+ ){0,2}(?:support|permit|allow|accept|recogni|implement|available|take\b|know)|"
    r"not a (?:valid|known)|extra (?:inputs|fields)|additional propert|"
    r"invalid (?:parameter|field|argument|option|key|property)|only (?:the default|supports?|accepts?|allows?)|"
    r"only [^.;]{1,40} (?:is|are) (?:supported|allowed|accepted|permitted)",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\bboth\b|only one of|mutually exclusive|together with|in combination", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[a-z)\]'\"`])[.;!]\s+|\n+")
_SCHEMA = re.compile(r"response_format|json_schema|schema|grammar|guided|structured", re.IGNORECASE)
_NO_SYSTEM = re.compile(
    r"\bsystem\b.{0,40}\brole|\brole.{0,40}\bsystem\b|system (?:message|prompt|instruction)", re.IGNORECASE
)
_TOO_LONG = re.compile(
    r"context|too (?:long|large)|\d tokens", re.IGNORECASE
)  # may name a field among what is too much


@dataclass(frozen=True, slots=True)
class Dialect:
    """What not to say to a server."""

    left_out: frozenset[str] = frozenset()
    """Fields of ``OPTIONAL`` that it does not take."""
    one_choice: bool = False
    """It gives one completion a request, whatever ``n`` says."""
    max_completion_tokens: bool = False
    """It wants the length limit by its newer name."""
    schemas_refused: frozenset[str] = frozenset()
    """Schemas (as JSON) that it cannot hold an answer to: those are asked for without."""
    no_system: bool = False
    """Its chat template knows no system message: the user says it."""

    def __or__(self, other: Dialect) -> Dialect:
        """What both know."""
        if other is NOTHING:  # nearly always
            return self
        return Dialect(
            self.left_out | other.left_out,
            self.one_choice or other.one_choice,
            self.max_completion_tokens or other.max_completion_tokens,
            self.schemas_refused | other.schemas_refused,
            self.no_system or other.no_system,
        )

    def learnt(self, sent: frozenset[str], schema: str, refusal: str) -> Dialect | None:
        """What to try next, after ``refusal``, the server's words; ``None`` where they say nothing of the kind.

        One thing at a time: each try costs a request, and what was named beside it may be what the server likes.

        Args:
            sent: the names of the fields of the request.
            schema: that the answer was to be held to, as JSON, or "".
        """
        for one in _readings(sent, schema, refusal):
            if (more := self | one) != self:  # else it was left out, and settings of the user's own say it again
                return more
        return None

    def news(self, before: Dialect) -> list[str]:
        """What of it ``before`` did not know, in words."""
        said = [f"`{name}`" for name in OPTIONAL if name in self.left_out - before.left_out]
        if self.max_completion_tokens and not before.max_completion_tokens:
            said.append("`max_tokens` (it is `max_completion_tokens` here)")
        if self.schemas_refused - before.schemas_refused:
            said.append("a schema for the answer")
        if self.one_choice and not before.one_choice:
            said.append("`n` (one completion a request)")
        if self.no_system and not before.no_system:
            said.append("a system message (the user says it)")
        return said


NOTHING = Dialect()


def _readings(sent: frozenset[str], schema: str, refusal: str) -> Iterator[Dialect]:
    """What ``refusal`` may mean, the likeliest first."""
    name = _unwanted(refusal, sent)
    if name in OPTIONAL:
        yield Dialect(left_out=frozenset({name}))
    if _TOO_LONG.search(refusal):
        return
    if "max_tokens" in sent and (name == "max_tokens" or "max_completion_tokens" in refusal):
        yield Dialect(max_completion_tokens=True)
    if "response_format" in sent and schema and _SCHEMA.search(refusal):
        yield Dialect(schemas_refused=frozenset({schema}))
    if _NO_SYSTEM.search(refusal):
        yield Dialect(no_system=True)
    if "n" in sent:  # in whatever words: whether one at a time is taken will show
        yield Dialect(one_choice=True)


def _unwanted(refusal: str, sent: frozenset[str]) -> str | None:
    """The first field of ours that a sentence of ``refusal`` says is not wanted."""
    for sentence in _SENTENCE.split(refusal):
        names: list[str] = [name for name in _NAMED.findall(sentence) if name in sent]
        if not names:
            continue
        if _EITHER.search(sentence) and len(set(names)) > 1:
            return min(names, key=OPTIONAL.index) if all(name in OPTIONAL for name in names) else None
        if _UNWANTED.search(sentence):
            return names[0]
    return None
