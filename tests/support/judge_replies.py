"""Judges of the tests: what they reply to the messages that our judge sends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

Messages = Sequence[Mapping[str, str]]
Reply = Callable[[Messages, int], str]
_BLOCK = re.compile(
    r"^===== (?P<label>[A-Z ]+) (?P<code>[0-9a-f]{16}) =====\n(?P<text>.*?)\n===== END OF (?P=label) (?P=code) =====$",
    re.M | re.S,
)
LABELS = {
    "CANDIDATE ANSWER": "claims",
    "CANDIDATE CHANGE": "behaviour",
    "RESPONSE": "similarity",
    "FINAL ANSWER": "final_answer",
}


def blocks(messages: Messages) -> dict[str, str]:
    """Label → quoted text, as a careful reader finds them."""
    return {found["label"]: found["text"] for found in _BLOCK.finditer(messages[-1]["content"])}


def candidate(messages: Messages) -> str:
    """The text that is to be judged."""
    return next(text for label, text in blocks(messages).items() if label in LABELS)


def rubric_name(messages: Messages) -> str:
    return next(LABELS[label] for label in blocks(messages) if label in LABELS)


def verdict(name: str, good: bool, **changes: Any) -> str:
    """A whole reply under a rubric, for or against the candidate."""
    claims = [{"claim": "the point", "state": "met" if good else "missed"}]
    made: dict[str, Any] = {
        "claims": {"claims": claims, "reasoning": "I compared them.", "equally_valid": False},
        "behaviour": {"reasoning": "I compared them.", "unrelated_deletions": False, "tests_weakened": False},
        "similarity": {"explanation": "I compared them."},
        "final_answer": {"reference_means": "this", "candidate_means": "this" if good else "that", "same_object": good},
    }[name]
    options = {
        "claims": ("correct", "incorrect"),
        "behaviour": ("equivalent", "different"),
        "final_answer": ("same", "different"),
    }
    best, worst = options.get(name, (100, 1))
    field = "score" if name == "similarity" else "verdict"
    return json.dumps({**made, field: best if good else worst, **changes})


def honest(right: Collection[str] | Callable[[str], bool]) -> Reply:
    """Accepts these candidates, and no others."""
    accepts = right if callable(right) else right.__contains__
    return lambda messages, index: verdict(rubric_name(messages), accepts(candidate(messages)))


def fooled(messages: Messages, index: int) -> str:
    """Accepts everything."""
    return verdict(rubric_name(messages), True)


def obedient(messages: Messages, index: int) -> str:
    """Does what a candidate says: accepts where it finds an order, a verdict or a claim of authority."""
    said = candidate(messages)
    return verdict(
        rubric_name(messages), re.search(r"correct|score|verdict|verified|instructions", said, re.I) is not None
    )
