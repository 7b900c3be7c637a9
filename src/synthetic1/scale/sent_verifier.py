"""A verifier on its way to a node, and what a node makes of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from synthetic1.completion import Completion
from synthetic1.rewards.scoring.scorer import DEFAULT_DEADLINE_S, Scorer
from synthetic1.rewards.verifier import Verifier
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.task import Task
from synthetic1.verdict import Verdict

NO_SANDBOX = SandboxUnavailable.__name__
"""How a scorer's verdict begins to say why, where a verifier has found no sandbox."""


class OtherVerifier(RuntimeError):
    """A node cannot make the same verifier: its code is another one."""


class NoSandboxHere(RuntimeError):
    """A node has no sandbox that works."""


class UnreadablePairs(RuntimeError):
    """A node cannot read pairs: they hold what only the driver knows."""


@dataclass(frozen=True)
class SentVerifier:
    """A verifier as bytes that every node can load which has its code."""

    task_type: str
    inline: bool
    data: bytes
    deadline_s: float = DEFAULT_DEADLINE_S
    """Seconds that a pair may take; of an inline verifier, before its process is ended."""

    @classmethod
    def of(cls, task_type: str, verifier: Verifier, concurrency: int | None, deadline_s: float | None) -> SentVerifier:
        """
        Args:
            concurrency: calls at once on a node; None = what the verifier says there.
            deadline_s: seconds a call may take; None = what the verifier says.
        """
        from ray import cloudpickle

        try:
            key = verifier.key
        except TypeError:  # a setting that JSON cannot hold
            key = None
        dumps: Callable[[object], bytes] = cloudpickle.dumps
        data = dumps((task_type, verifier, key, concurrency, deadline_s))
        return cls(task_type, verifier.inline, data, deadline_s or verifier.deadline_s or DEFAULT_DEADLINE_S)


class LoadedVerifiers:
    """The scorers of a process, one for each verifier that was sent: so no verifier holds up the loop of another.

    Args:
        cores: of the node; programs run on so many slots, unless the verifier says how many.
    """

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._scorers: dict[bytes, Scorer] = {}

    async def verify(self, verifier: bytes, pairs: bytes) -> bytes:
        """The verdicts of ``pairs``, all of them pickled.

        Raises:
            OtherVerifier: as ``scorer``.
            NoSandboxHere: no sandbox works here, so this node says nothing of the pairs.
            UnreadablePairs: as ``load_pairs``.
        """
        verdicts = await self.scorer(verifier).score(load_pairs(pairs))
        for why in (verdict.details.get("why") for verdict in verdicts if verdict.reason == "unscorable_infra"):
            if isinstance(why, str) and why.startswith(NO_SANDBOX):
                raise NoSandboxHere(why.removeprefix(NO_SANDBOX).lstrip(": ") or "it does not say why")
        return dump_verdicts(verdicts)

    def verify_now(self, verifier: bytes, pairs: bytes) -> bytes:
        """As ``verify``, on the caller's thread."""
        return dump_verdicts(self.scorer(verifier).score_sync(load_pairs(pairs)))

    def scorer(self, data: bytes) -> Scorer:
        """The scorer of a verifier that was sent.

        Raises:
            OtherVerifier: the verifier cannot be loaded, or has another version or other settings here.
        """
        found = self._scorers.get(data)
        if found is not None:
            return found
        try:
            task_type, verifier, key, concurrency, deadline_s = pickle.loads(data)
        except Exception as error:
            raise OtherVerifier(f"a verifier cannot be loaded ({type(error).__name__}: {error})") from error
        if key is not None and verifier.key != key:
            raise OtherVerifier(f"the verifier of `{task_type}` is of another version, or has other settings")
        made = Scorer({task_type: _with_slots(verifier, self._cores)}, concurrency=concurrency, deadline_s=deadline_s)
        return self._scorers.setdefault(data, made)

    def close(self) -> None:
        """Let go of sandboxes and clients."""
        for scorer in self._scorers.values():
            scorer.close()
        self._scorers = {}


def dump_pairs(pairs: Sequence[tuple[Task, Completion]]) -> bytes:
    """Pairs as bytes."""
    return pickle.dumps(pairs, pickle.HIGHEST_PROTOCOL)


def load_pairs(data: bytes) -> list[tuple[Task, Completion]]:
    """What ``dump_pairs`` was given.

    Raises:
        UnreadablePairs: a pair holds what cannot be loaded here.
    """
    try:
        return list(pickle.loads(data))
    except Exception as error:
        raise UnreadablePairs(f"{type(error).__name__}: {error}") from error


def dump_verdicts(verdicts: Sequence[Verdict]) -> bytes:
    """Verdicts as bytes, each for itself: one that cannot be pickled is ``unscorable_infra``, and says so."""
    return pickle.dumps([_dump_verdict(verdict) for verdict in verdicts], pickle.HIGHEST_PROTOCOL)


def load_verdicts(data: bytes) -> list[Verdict]:
    """What ``dump_verdicts`` was given; one that cannot be loaded here is ``unscorable_infra``, and says so."""
    return [_load_verdict(one) for one in pickle.loads(data)]


def _dump_verdict(verdict: Verdict) -> bytes:
    try:
        return pickle.dumps(verdict, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        why = f"a node's verdict cannot be pickled ({type(error).__name__}: {str(error)[:200]})"
        return pickle.dumps(Verdict.unscorable("infra", why), pickle.HIGHEST_PROTOCOL)


def _load_verdict(data: bytes) -> Verdict:
    try:
        verdict = pickle.loads(data)
        if not isinstance(verdict, Verdict):
            raise TypeError(f"{type(verdict).__name__} is no verdict")
    except Exception as error:
        return Verdict.unscorable(
            "infra", f"a node's verdict cannot be loaded ({type(error).__name__}: {str(error)[:200]})"
        )
    return verdict


def _with_slots(verifier: Verifier, cores: int) -> Verifier:
    """The verifier with as many slots as Ray was given cores, where it has slots and leaves their number open."""
    if not is_dataclass(verifier) or getattr(verifier, "slots", 0) is not None:
        return verifier
    known: dict[str, Any] = {one.name: one for one in fields(verifier)}
    return replace(verifier, slots=cores) if "slots" in known and not known["slots"].compare else verifier
