"""What to say of rows in no known format: which of their columns is probably the prompt, the answer, the tests."""

from __future__ import annotations

from collections.abc import Collection

NAMES = {
    "prompt": (
        *("prompt", "question", "problem", "query", "instruction", "problem_statement", "task", "messages"),
        *("conversations", "description", "input", "text", "q"),
    ),
    "answer": (
        *("answer", "final_answer", "expected_answer", "reference_answer", "ground_truth", "gold", "gold_answer"),
        *("correct_answer", "short_answer", "target", "label", "solution", "solved", "response", "output", "a"),
    ),
    "tests": ("tests", "test_cases", "input_output", "unit_tests", "test_list", "testcases", "examples"),
    "id": ("id", "problem_id", "task_id", "question_id", "uuid", "uid", "unique_id", "index", "name"),
}
"""Names of ours → what other rows call them, the likeliest first."""


def proposal(columns: Collection[str]) -> str:
    """How ``columns=`` would read such rows, with the columns that are there as far as their names tell."""
    named = {"_".join(name.lower().replace("-", " ").split()): name for name in reversed(list(columns))}
    found = {ours: next((named[one] for one in theirs if one in named), None) for ours, theirs in NAMES.items()}
    wanted = ["prompt", "tests" if found["tests"] else "answer", *(["id"] if found["id"] else [])]
    said = {ours: found[ours] or "…" for ours in wanted}
    if said["prompt"] == "…" and "…" in list(said.values())[1:2]:
        return "say which is which with columns='{prompt: COLUMN, answer: COLUMN}'"
    return "this may read them: columns='{" + ", ".join(f"{ours}: {theirs}" for ours, theirs in said.items()) + "}'"
