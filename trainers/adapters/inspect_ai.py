"""inspect-ai: a family as an inspect ``Task``, and its verifier as a scorer for tasks of one's own.

A sample whose verdict is unscorable is left *unscored*: inspect keeps it in the log with its reason and leaves it out
of every metric and reducer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from synthetic1.adapters.environment import environment
from synthetic1.adapters.scoring import (
    TASK_COLUMN,
    Unscorable,
    UnscorableError,
    as_task,
    check_unscorable,
    reward_of,
    task_json,
    verdicts,
    verdicts_async,
)
from synthetic1.completion import Completion
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task, TaskError
from synthetic1.verdict import Verdict

FINISH_REASONS = {"stop": "stop", "max_tokens": "length", "model_length": "length", "unknown": None}
"""What inspect calls why a model stopped → what the OpenAI protocol does; the others are called alike."""


def task(
    env: str = "math",
    *,
    limit: int | None = None,
    unscorable: Unscorable = "mask",
    solver: Any = None,
    **settings: Any,
) -> Any:
    """An ``inspect_ai.Task``: the tasks of an environment as its data set, and the environment's verifier.

    Args:
        env: the family, or the Gymnasium id of one of your own.
        limit: only the first so many tasks.
        unscorable: ``mask`` leaves the sample unscored, ``raise`` makes it an error of the sample, a number is its
            score.
        solver: None: ``generate()``. Prompts are final: a template around them changes the task.
        settings: those of the environment: ``tasks=``, ``split=``, ``answer_style=``, ``thinking_open=`` …

    Raises:
        ValueError: no such family, or a setting that the environment refuses.
    """
    from inspect_ai import Task as InspectTask  # type: ignore[import-not-found]
    from inspect_ai.dataset import MemoryDataset  # type: ignore[import-not-found]
    from inspect_ai.solver import generate  # type: ignore[import-not-found]

    made = environment(env, settings)
    count = len(made.tasks) if limit is None else min(limit, len(made.tasks))
    samples = samples_of([made.tasks[index] for index in range(count)])
    return InspectTask(
        dataset=MemoryDataset(samples, name=made.tasks.name),
        solver=solver or generate(),
        scorer=verified(unscorable=unscorable, thinking_open=made.thinking_open, scorer=made.scorer),
        name=f"synthetic1_{env}".replace("/", "_"),
    )


def samples_of(tasks: list[Task]) -> list[Any]:
    """A ``Sample`` a task, which carries it as ``metadata["synthetic1_task"]``. Its id is the ``problem_id``, with a
    number behind it where several tasks have the same."""
    from inspect_ai.dataset import Sample

    seen: Counter[str] = Counter()
    made = []
    for one in tasks:
        seen[one.problem_id] += 1
        again = f"#{seen[one.problem_id]}" if seen[one.problem_id] > 1 else ""
        made.append(
            Sample(
                input=one.prompt,
                target=one.gold_standard_solution or "",
                id=one.problem_id + again,
                metadata={TASK_COLUMN: task_json(one)},
            )
        )
    return made


def verified(*, unscorable: Unscorable = "mask", thinking_open: bool = False, scorer: Scorer | None = None) -> Any:
    """An inspect scorer: the verdict on what the model wrote, for samples with a task in their metadata, whole as
    ``synthetic1_task`` or by its columns.

    Args:
        unscorable: as in ``task``.
        thinking_open: the prompt, as rendered for the model, ended inside ``<think>``, and the server returns the text
            as the model wrote it.
        scorer: what verifies; None: the registered verifiers.

    Raises:
        ValueError: ``unscorable`` is neither a number, nor ``mask``, nor ``raise``.
    """
    from inspect_ai.scorer import Score, stderr  # type: ignore[import-not-found]
    from inspect_ai.scorer import scorer as register_scorer

    check_unscorable(unscorable, can_mask=True)

    async def score(state: Any, target: Any) -> Any:
        try:
            one = as_task(state.metadata)
        except TaskError as error:
            raise TaskError(f"sample `{state.sample_id}` carries no task in its metadata: {error}") from None
        verdict = await _verdict(one, completion_of(state.output, thinking_open=thinking_open), scorer)
        told = {"explanation": _shown(verdict), "answer": verdict.answer, "metadata": verdict.to_dict()}
        value = reward_of(one, verdict, unscorable)
        return Score.unscored(reason="scoring_failed", **told) if value is None else Score(value=value, **told)

    def synthetic1_verified() -> Any:
        return score

    # Registered at each use, since metrics are told with the registration
    return register_scorer(metrics=[accuracy(), stderr()], name="synthetic1/verified")(synthetic1_verified)()


def accuracy() -> Any:
    """inspect's ``accuracy``, the mean of the scores; but NaN, not 0, where no sample could be scored."""
    from inspect_ai.scorer import accuracy as mean_of
    from inspect_ai.scorer import metric

    mean = mean_of()

    def value(scores: list[Any]) -> float:
        return float(mean(scores)) if scores else float("nan")

    def synthetic1_accuracy() -> Any:
        return value

    return metric(name="accuracy")(synthetic1_accuracy)()


def completion_of(output: Any, *, thinking_open: bool = False) -> Completion:
    """The completion in an inspect ``ModelOutput``: reasoning that a provider returned apart is the thought."""
    if output.empty:
        return Completion.parse("", finish_reason=None)
    content = output.message.content
    stopped = output.stop_reason
    if output.completion != output.message.text:  # a solver has put another text in its place
        content = output.completion
    reasoning = None
    if not isinstance(content, str):
        thoughts = [part for part in content if part.type == "reasoning"]
        if thoughts:  # an encrypted one is no text; that there was one is all that is known
            reasoning = "\n".join("" if part.redacted else part.reasoning for part in thoughts)
        content = "\n".join(part.text for part in content if part.type == "text")
    return Completion.from_parts(
        reasoning, content, thinking_open=thinking_open, finish_reason=FINISH_REASONS.get(stopped, stopped)
    )


async def _verdict(one: Task, completion: Completion, scorer: Scorer | None) -> Verdict:
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # inspect runs on trio if it is told to; the scorer awaits on asyncio only
        import anyio

        return (await anyio.to_thread.run_sync(lambda: verdicts([one], [completion], scorer=scorer)))[0]
    return (await verdicts_async([one], [completion], scorer=scorer))[0]


def _shown(verdict: Verdict) -> str:
    why = verdict.details.get("why")
    return f"{verdict.reason}: {why}" if why else verdict.reason


__all__ = ["UnscorableError", "accuracy", "completion_of", "samples_of", "task", "verified"]
