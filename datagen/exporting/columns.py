"""The rows of an export: SYNTHETIC-1's published columns, conversations for SFT, preference pairs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from synthetic1.datagen.exporting.anonymous import anonymous, told_details
from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
from synthetic1.rollout import Rollout

FORMATS = ("synthetic1", "sft", "preference", "harbor")


def rows_of(
    group: TaskRollouts, format: str, *, everything: TaskRollouts, threshold: float
) -> Iterator[dict[str, Any]]:
    """The rows that one task gives.

    Args:
        group: what the filters kept of the task.
        everything: all of its rollouts: a pair's rejected one is refuted, so no filter for verified ones keeps it.
        threshold: the score from which a rollout is verified.
    """
    if format == "synthetic1":
        yield from (_published(group, stored) for stored in group.rollouts)
    elif format == "sft":
        yield from (_conversation(group, stored) for stored in group.rollouts)
    elif format == "harbor":
        yield group.task.to_dict()  # the filters keep one rollout a task: that it can be solved
    else:
        yield from _pairs(group, everything, threshold)


def schema(format: str) -> Any:
    """The Arrow schema of a format: the same for every shard, whatever its rows hold."""
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    messages = pa.list_(pa.struct([("role", text), ("content", text)]))
    if format == "synthetic1":
        names = list(_PUBLISHED)
        return pa.schema([(name, number if name == "score" else text) for name in names])
    head = [("problem_id", text), ("task_type", text), ("source", text)]
    if format == "sft":
        fields = [("response_id", text), *head, ("score", number), ("tokens", pa.int64()), ("model_name", text)]
        return pa.schema([*fields, ("prompt", messages), ("completion", messages), ("messages", messages)])
    pair = [("chosen_id", text), ("rejected_id", text), *head, ("chosen_score", number), ("rejected_score", number)]
    return pa.schema([*pair, ("prompt", messages), ("chosen", messages), ("rejected", messages)])


_PUBLISHED = (
    "response_id",
    "problem_id",
    "source",
    "in_source_id",
    "hf_dataset_name",
    "task_type",
    "prompt",
    "gold_standard_solution",
    "llm_response",
    "verification_info",
    "score",
    "verification_result_info",
    "metadata",
)
"""The columns of the published SYNTHETIC-1 set, in its order."""


def _published(group: TaskRollouts, stored: StoredRollout) -> dict[str, Any]:
    task = group.task
    metadata = dict(task.metadata)
    wire_type = metadata.pop("wire_task_type", task.task_type)  # a published type that a reader resolved
    metadata.pop("audit", None)
    dataset = metadata.get("hf_dataset_name")
    result = None
    if stored.verdict is not None:
        result = {"reason": stored.verdict.reason, "verifier": stored.verifier, **told_details(stored.verdict)}
    return {
        "response_id": response_id(group, stored.rollout),
        "problem_id": task.problem_id,
        "source": task.source,
        "in_source_id": None if task.in_source_id is None else str(task.in_source_id),
        "hf_dataset_name": dataset if isinstance(dataset, str) else None,
        "task_type": wire_type,
        "prompt": task.prompt,
        "gold_standard_solution": task.gold_standard_solution,
        "llm_response": stored.rollout.completion.raw,
        "verification_info": _json(task.verification_info),
        "score": stored.score,
        "verification_result_info": _json(result or {}),
        "metadata": _json(metadata),
    }


def _conversation(group: TaskRollouts, stored: StoredRollout) -> dict[str, Any]:
    prompt, completion = _user(group), _assistant(stored.rollout)
    return {
        "response_id": response_id(group, stored.rollout),
        **_head(group),
        "score": stored.score,
        "tokens": stored.rollout.tokens,
        "model_name": anonymous(stored.rollout.model),
        "prompt": prompt,
        "completion": completion,
        "messages": [*prompt, *completion],
    }


def _pairs(group: TaskRollouts, everything: TaskRollouts, threshold: float) -> Iterator[dict[str, Any]]:
    """The k-th verified rollout that was kept with the k-th refuted one. One that was cut off refutes nothing."""
    chosen = [r for r in group.rollouts if r.score is not None and r.score >= threshold]
    refuted = [r for r in everything.rollouts if r.score is not None and r.score < threshold]
    refuted = [r for r in refuted if not r.rollout.truncated]
    for better, worse in zip(chosen, refuted, strict=False):
        yield {
            "chosen_id": response_id(group, better.rollout),
            "rejected_id": response_id(group, worse.rollout),
            **_head(group),
            "chosen_score": better.score,
            "rejected_score": worse.score,
            "prompt": _user(group),
            "chosen": _assistant(better.rollout),
            "rejected": _assistant(worse.rollout),
        }


def response_id(group: TaskRollouts, rollout: Rollout) -> str:
    """As published, the problem's id and eight characters; here of the rollout's key, so exports can be repeated."""
    return f"{group.task.problem_id}_{rollout.key[:8]}"


def _head(group: TaskRollouts) -> dict[str, Any]:
    task = group.task
    return {"problem_id": task.problem_id, "task_type": task.task_type, "source": task.source}


def _user(group: TaskRollouts) -> list[dict[str, str]]:
    return [{"role": "user", "content": group.task.prompt}]


def _assistant(rollout: Rollout) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": rollout.text}]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, sort_keys=True)
