"""The verifier: what verifies the answers to one type of task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, fields, is_dataclass
from typing import Any, ClassVar

from synthetic1.completion import Completion
from synthetic1.keys import content_key
from synthetic1.task import Task
from synthetic1.verdict import Verdict


class Verifier(ABC):
    """Verifies completions of one task type. Subclass it with a frozen dataclass whose fields are its settings.

    A verifier is a value: equal settings give equal verdicts, and it pickles. What it needs at work (pools, clients) it
    makes lazily in ``verify``, on the loop that runs it, and lets go of in ``aclose``.
    """

    task_type: ClassVar[str] = ""
    """The registered task type; ``register`` sets it."""
    version: ClassVar[int]
    """Raise it with any change that can move a score."""
    inline: ClassVar[bool] = False
    """``verify`` never awaits, and takes well under a millisecond for the completions that models write: the scorer
    then drives it in place, without an event-loop task. Nothing can interrupt it there, so it has no deadline, and has
    to bound by itself what the worst completion may take: a fraction of a second."""
    deadline_s: ClassVar[float | None] = None
    """Seconds one call may take, if that differs from the scorer's own default."""

    @property
    def concurrency(self) -> int | None:
        """How many calls at once make sense, if that differs from the scorer's own default: the scorer lets no more
        begin, so that the deadline does not run while a call waits for a resource that it needs alone."""
        return None

    @abstractmethod
    async def verify(self, task: Task, completion: Completion) -> Verdict:
        """Verify ``completion``, whose ``answer`` is never ``None`` here (the scorer has said ``no_answer``).

        A limit that the completion runs into is a score of 0. Raise for a failure of ours: the scorer turns any
        exception into ``unscorable_infra``.
        """

    def verify_now(self, task: Task, completion: Completion) -> Verdict | None:
        """The verdict where one is to be had at once, without awaiting; ``None`` sends the pair to ``verify``.

        Override it where many answers need no more: what ``inline`` says about time and deadline holds here too.
        """
        return None

    def gold_completion(self, task: Task) -> str | None:
        """A completion that must score 1, written from the gold of ``task``; ``None`` if the task has no gold, or none
        that could be written as an answer.

        Nothing is scored by it: tests, ``synthetic1 validate`` and audits of data sets ask for it, to see that tasks
        and verifier agree. A verifier without one is not checked in this way. It raises nothing, and need not look for
        faults in the task: ``verify`` says what they are.
        """
        return None

    def audit_cases(self, task: Task) -> Iterable[tuple[str, float, str]]:
        """Completions made of the gold of ``task`` whose score is known: ``(kind, 1.0 or 0.0, completion)``.

        For ``synthetic1 audit``, of task types that this package makes no cases of itself. A kind is a short name of
        what was done, such as ``off by one``: errors are counted by it. Rewritten golds keep the meaning and score 1;
        changed ones look like the gold, mean something else, and score 0. It raises nothing.
        """
        return ()

    async def aclose(self) -> None:  # noqa: B027 - most verifiers hold nothing
        """Let go of pools and clients. May be called twice; a later ``verify`` makes them anew."""

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name type, version and settings: equal keys give equal verdicts.

        A field declared ``field(compare=False)`` is not part of it: use that for what cannot move a score, such as the
        number of workers. A field whose value has a method ``key_settings`` counts as what that returns.

        Raises:
            TypeError: a setting that JSON cannot hold.
        """
        cls = type(self)
        return content_key([f"{cls.__module__}:{cls.__qualname__}", self.version, _settings(self)])


def _settings(verifier: object) -> dict[str, Any]:
    """The fields that decide a verdict."""
    if not is_dataclass(verifier) or isinstance(verifier, type):
        raise TypeError(
            f"verifier `{type(verifier).__qualname__}` is not a dataclass: put @dataclass(frozen=True) on it"
        )
    values = asdict(verifier)
    for field in fields(verifier):
        if callable(own := getattr(getattr(verifier, field.name), "key_settings", None)):
            values[field.name] = own()
    return {field.name: values[field.name] for field in fields(verifier) if field.compare}
