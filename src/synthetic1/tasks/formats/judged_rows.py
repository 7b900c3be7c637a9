"""SYNTHETIC-1's judged rows: which of the two families that share one wire type a row belongs to.

Software engineering and STEM are both published as ``llm_judgeable_groundtruth_similarity``. A row's source says which
it is. Rows whose source says neither, and changes whose file the prompt does not show as one block, keep the wire type
and GENESYS's rubric.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from synthetic1.task import Task

WIRE_TYPE = "llm_judgeable_groundtruth_similarity"
_CHANGES = re.compile(r"commit|\bgithub\b|\bswe\b", re.IGNORECASE)
_QUESTIONS = re.compile(r"stack[ _-]?exchange|stack[ _-]?overflow|\bstem\b", re.IGNORECASE)
_BLOCK = re.compile(r"^(`{3,})[ \t]*([^\s`]*)[^\n`]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_FENCE_LINE = re.compile("^[ \t]*(`{3,})", re.MULTILINE)
KEPT = 0.25  # of the lines of the smaller file: with less in common, the block is not the file that was changed


def resolve(task: Task, dataset: str = "") -> Task:
    """``task`` as one of its family, with the published type in ``metadata["wire_task_type"]``; or as it is.

    Args:
        dataset: the name of the dataset it was published in, which may say more than its source.
    """
    if task.task_type != WIRE_TYPE:
        return task
    said = f"{task.source} {dataset}"
    metadata = {**task.metadata, "wire_task_type": WIRE_TYPE}
    if _CHANGES.search(said):
        change = _change(task)
        if change is not None:
            info, after = {**task.verification_info, **change[0]}, change[1]
            return replace(
                task, task_type="swe", verification_info=info, gold_standard_solution=after, metadata=metadata
            )
    elif _QUESTIONS.search(said) and (task.gold_standard_solution or "").strip():
        return replace(task, task_type="stem", metadata=metadata)
    return task


def _change(task: Task) -> tuple[dict[str, Any], str] | None:
    """What the verifier of changes needs, read from the published prompt and solution: the file before and after.

    Only where no fence but the file's own is in the prompt, nor in a solution that is fenced: among several nobody can
    tell which is the file's end.
    """
    shown = _only_block(task.prompt)
    gold = (task.gold_standard_solution or "").strip("\n")
    if shown is None or not gold.strip():
        return None
    label, before, width = shown[2], shown[3], len(shown[1])
    after: str | None = f"{gold}\n"
    if any(len(fence[1]) >= width for fence in _FENCE_LINE.finditer(gold)):
        fenced = _only_block(gold)
        after = fenced[3] if fenced and fenced[0] == gold else None
    if after is None or before == after:
        return None
    lines, others = ({line.strip() for line in text.split("\n") if line.strip()} for text in (before, after))
    if len(lines & others) < KEPT * min(len(lines), len(others)):
        return None
    return {"before": before, "language": label}, after


def _only_block(text: str) -> re.Match[str] | None:
    """The fenced block, if it is the only one and no line in it could be its end sooner or later."""
    block = _BLOCK.search(text)
    if block is None:
        return None
    fences = [fence for fence in _FENCE_LINE.finditer(text) if len(fence[1]) >= len(block[1])]
    return block if len(fences) == 2 and len(_BLOCK.findall(text[: block.start()] + text[block.end() :])) == 0 else None
