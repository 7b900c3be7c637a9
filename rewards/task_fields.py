"""Reading what a task says in ``verification_info``, and the error for what it should have said."""

from __future__ import annotations

from synthetic1.task import Task
from synthetic1.verdict import Verdict


class MalformedTask(ValueError):
    """A task lacks what its verifier needs. The message is one line that names the task and says what would be right.

    Args:
        kind: what of the task is at fault: ``task``, or ``gold``, its right answer.
    """

    def __init__(self, why: str, kind: str = "task") -> None:
        super().__init__(why)
        self.kind = kind

    @property
    def verdict(self) -> Verdict:
        """``unscorable_task`` or ``unscorable_gold``."""
        return Verdict.unscorable(self.kind, str(self))


def malformed_field(task: Task, name: str, why: str, kind: str = "task") -> MalformedTask:
    """The error for a field of ``verification_info``; ``why`` goes on after its name: ``must be a string``."""
    return MalformedTask(f"task `{task.problem_id}`: verification_info.{name} {why}", kind)


def optional_text(task: Task, name: str) -> str:
    """The text in a field of ``verification_info``; empty if there is none.

    Raises:
        MalformedTask: it is not a string.
    """
    value = task.verification_info.get(name) or ""
    if not isinstance(value, str):
        raise malformed_field(task, name, "must be a string")
    return value
