"""The bonus of benchmarks/noise.py, as a person's own function of the reward."""

from __future__ import annotations

from synthetic1.completion import Completion
from synthetic1.task import Task
from synthetic1.verdict import Verdict

LONGEST = 96  # tokens of a completion; benchmarks/noise.py sets the limit to it


def brevity(task: Task, completion: Completion, verdict: Verdict) -> float:
    """1 for nothing, 0 for a completion that runs into the limit."""
    return 1.0 - (completion.usage or {}).get("completion_tokens", 0) / LONGEST
