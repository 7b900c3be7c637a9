"""Calls of verifiers: each gives a verdict, or a failure that becomes one."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from synthetic1.completion import Completion
from synthetic1.rewards.verifier import Verifier
from synthetic1.task import Task
from synthetic1.verdict import Verdict

log = logging.getLogger(__name__)

WHY_CAP = 300  # characters of an exception that a verdict keeps


@dataclass(frozen=True, slots=True)
class VerifierQueue:
    """A verifier, how many of its calls may run at once, and how long each may take."""

    task_type: str
    verifier: Verifier
    concurrency: int
    deadline_s: float


class Failures:
    """Makes verdicts of what verifiers raise, and logs each kind of failure once."""

    def __init__(self) -> None:
        self._reported: set[tuple[str, str]] = set()

    def verdict(self, queue: VerifierQueue, error: BaseException) -> Verdict:
        """``unscorable_infra``: a failure of ours is never a score."""
        why = _said(error)
        kind = (queue.task_type, type(error).__name__)
        if kind not in self._reported:
            self._reported.add(kind)
            log.warning("verifier `%s` failed: %s (said once; every time at debug level)", queue.task_type, why)
        log.debug("verifier `%s` failed: %s", queue.task_type, why, exc_info=error)
        return Verdict.unscorable("infra", why)


async def call_verifier(queue: VerifierQueue, task: Task, completion: Completion, failures: Failures) -> Verdict:
    """One call of a verifier. It cannot outstay the deadline, even if it swallows its cancellation."""
    try:
        work = asyncio.ensure_future(queue.verifier.verify(task, completion))
    except Exception as error:  # a verify that is not `async def`
        return failures.verdict(queue, error)
    try:
        done, _ = await asyncio.wait({work}, timeout=queue.deadline_s)
    except asyncio.CancelledError:
        work.cancel()
        raise
    if not done:
        work.cancel()
        work.add_done_callback(_forget)
        return failures.verdict(queue, TimeoutError(f"no verdict within {queue.deadline_s:g} s of work"))
    try:
        return _checked(work.result(), queue.verifier)
    except asyncio.CancelledError:  # the batch goes on, so the verifier cancelled itself
        return failures.verdict(queue, RuntimeError("the verifier's work was cancelled from within"))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # GeneratorExit too
        return failures.verdict(queue, error)


def call_inline(verifier: Verifier, task: Task, completion: Completion) -> Verdict:
    """Run an ``inline`` verifier's coroutine to its end without a loop. Raises what it raises.

    Raises:
        RuntimeError: it awaited.
        TypeError: it returned something else than a verdict.
    """
    work = verifier.verify(task, completion)
    try:
        work.send(None)
    except StopIteration as end:
        return end.value if type(end.value) is Verdict else _checked(end.value, verifier)
    work.close()
    raise RuntimeError(f"{type(verifier).__qualname__} says `inline = True` but its verify awaited")


def verifies_now(verifier: Verifier) -> bool:
    """Whether it has a ``verify_now`` of its own."""
    return type(verifier).verify_now is not Verifier.verify_now


def call_now(verifier: Verifier, task: Task, completion: Completion) -> Verdict | None:
    """What ``verify_now`` says. Raises what it raises.

    Raises:
        TypeError: it returned something else than a verdict or ``None``.
    """
    verdict = verifier.verify_now(task, completion)
    return None if verdict is None else _checked(verdict, verifier)


def _checked(verdict: object, verifier: Verifier) -> Verdict:
    if not isinstance(verdict, Verdict):
        raise TypeError(f"{type(verifier).__qualname__}.verify returned {type(verdict).__name__}, not a Verdict")
    return verdict


def _said(error: BaseException) -> str:
    """One line of what an exception says; some cannot even say it."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception as failure:
        return f"{name} (it cannot say why: its __str__ raises {type(failure).__name__})"
    return f"{name}: {text}".splitlines()[0].rstrip(": ")[:WHY_CAP]


def _forget(work: asyncio.Future[Verdict]) -> None:
    """Take the outcome of work that nobody waits for any more, so that asyncio does not report it."""
    if not work.cancelled():
        work.exception()
