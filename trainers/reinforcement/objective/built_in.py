"""The components of rewards that are built in, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from synthetic1.completion import CLOSE, OPEN, Completion
from synthetic1.task import Task
from synthetic1.trainers.reinforcement.objective.language import consistency
from synthetic1.verdict import Verdict

WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+")
"""Of texts that are compared; scripts without spaces by the character."""


def format_reward(task: Task, completion: Completion, verdict: Verdict, *, thinking_open: bool = False) -> float:
    """1 if a thought that says something was opened and closed once, with an answer after it; else 0.

    Args:
        thinking_open: the prompt has opened the thought; some models open it again, and may.
    """
    opened = completion.raw.count(OPEN)
    at_start = completion.raw.lstrip().startswith(OPEN)
    well_opened = (opened == 1 and at_start) or (opened == 0 and thinking_open)
    said = (completion.reasoning or "").strip() and (completion.answer or "").strip()
    return float(well_opened and completion.raw.count(CLOSE) == 1 and bool(said))


def overlong_reward(task: Task, completion: Completion, verdict: Verdict, *, longest: int, buffer: int) -> float:
    """DAPO's soft punishment (arXiv:2503.14476, equation 13): 0 up to ``longest - buffer`` tokens, from there linearly
    down to -1 at ``longest``."""
    over = max(_tokens(completion) - (longest - buffer), 0)
    return -min(float(over) / buffer, 1.0)


def language_reward(task: Task, completion: Completion, verdict: Verdict) -> float | None:
    """The share of the thought's words that are in the prompt's language, as far as scripts tell; without a thought,
    of the answer's. ``None`` for a prompt without words."""
    return consistency(completion.reasoning or completion.answer or "", task.prompt)


def relative_length_reward(
    task: Task, completions: Sequence[Completion], verdicts: Sequence[Verdict]
) -> list[float | None]:
    """Kimi k1.5's length reward (arXiv:2501.12599, section 2.3.3): of all completions of a group the shortest has 0.5,
    the longest -0.5, the others what lies between; wrong ones at most 0, since being short is no merit of theirs."""
    tokens = [_tokens(completion) for completion in completions]
    least, most = min(tokens), max(tokens)
    between = [0.5 - (count - least) / (most - least) if most > least else 0.0 for count in tokens]
    return [b if verdict.score == 1.0 else min(b, 0.0) for b, verdict in zip(between, verdicts, strict=True)]


def diversity_reward(task: Task, completions: Sequence[Completion], verdicts: Sequence[Verdict]) -> list[float | None]:
    """How unlike a completion is to the others of its group, in [0, 1]: 1 minus the mean share of pairs of neighbouring
    words (Jaccard) that it has in common with each of them."""
    pairs = [frozenset(pairwise(WORDS.findall(completion.raw))) for completion in completions]
    return [
        1.0 - sum(_overlap(mine, other) for j, other in enumerate(pairs) if j != i) / max(len(pairs) - 1, 1)
        for i, mine in enumerate(pairs)
    ]


def _tokens(completion: Completion) -> int:
    """As the trainer counted them."""
    return int((completion.usage or {}).get("completion_tokens", 0))


def _overlap(one: frozenset[Any], other: frozenset[Any]) -> float:
    either = len(one | other)
    return len(one & other) / either if either else 1.0


BUILT_IN: Mapping[str, Callable[..., Any]] = {
    "format": format_reward,
    "overlong": overlong_reward,
    "language": language_reward,
    "relative_length": relative_length_reward,
    "diversity": diversity_reward,
}
"""Name → function; what else a function wants to know, ``built_in`` tells it."""
BUFFER_SHARE = 5
"""DAPO's buffer is 4,096 of 20,480 tokens."""


def built_in(name: str, *, longest: int, thinking_open: bool, buffer: int | None = None) -> Callable[..., Any]:
    """The built-in component ``name`` for completions of at most ``longest`` tokens.

    Args:
        thinking_open: prompts as rendered for the model end inside ``<think>``.
        buffer: tokens over which ``overlong`` rises; ``None`` for a fifth of ``longest``.
    """
    told: Mapping[str, Mapping[str, Any]] = {
        "format": {"thinking_open": thinking_open},
        "overlong": {"longest": longest, "buffer": buffer or max(longest // BUFFER_SHARE, 1)},
    }
    return partial(BUILT_IN[name], **told.get(name, {}))
