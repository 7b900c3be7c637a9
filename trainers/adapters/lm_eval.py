"""lm-evaluation-harness: a task a family, found with ``--include_path``, and its verifier as the task's metric.

    lm-eval run --model local-completions --model_args base_url=URL/v1/completions,model=NAME,tokenizer_backend=none \\
        --include_path "$(python -m synthetic1.adapters.lm_eval)" --tasks synthetic1_math \\
        --metadata '{"synthetic1": {"tasks": "gsm8k_test.jsonl", "split": "all"}}'

``score`` is the mean over the completions that could be scored, ``unscorable`` the share of those that could not. All
completions of a task are verified in one batch, in a filter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from synthetic1.adapters.environment import environment
from synthetic1.adapters.scoring import TASK_COLUMN, Unscorable, check_unscorable, reward_of, task_json, verdicts
from synthetic1.adapters.scoring import as_task as _as_task
from synthetic1.envs.base import TextEnv
from synthetic1.extras import missing

SETTINGS_COLUMN = "synthetic1_settings"
"""The column of a document that says how it is verified, as JSON: rows are all that lm-eval passes on."""


def include_path() -> str:
    """The folder with the tasks ``synthetic1_FAMILY``, for ``--include_path``."""
    return str(Path(__file__).parent / "lm_eval_tasks")


def config(env: str = "math", *, limit: int | None = None, unscorable: Unscorable = "mask", **settings: Any) -> Any:
    """A task's configuration, which ``simple_evaluate(tasks=[config("math")])`` takes.

    Args:
        env: the family, or the Gymnasium id of one of your own.
        limit: only the first so many tasks.
        unscorable: ``mask`` leaves what could not be scored out of ``score``, ``raise`` ends the evaluation, a number
            is its score. ``unscorable`` counts them in any case.
        settings: those of the environment, as JSON can say them: ``tasks=``, ``split=``, ``answer_style=`` …

    Raises:
        ValueError: ``unscorable`` is none of these.
    """
    check_unscorable(unscorable, can_mask=True)
    return {
        "task": f"synthetic1_{env}".replace("/", "_"),
        "custom_dataset": dataset,
        "dataset_kwargs": {"env": env},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "prompt",
        "doc_to_target": "gold",
        "target_delimiter": "",
        "num_fewshot": 0,
        "generation_kwargs": {"until": [], "do_sample": False, "temperature": 0.0, "max_gen_toks": 8192},
        "filter_list": [{"name": "verified", "filter": [{"function": "custom", "filter_fn": verify_all}]}],
        "process_results": process_results,
        "metric_list": [
            {"metric": "score", "aggregation": "mean", "higher_is_better": True},
            {"metric": "unscorable", "aggregation": "mean", "higher_is_better": False},
        ],
        "metadata": {"version": 1, "synthetic1": {"limit": limit, "unscorable": unscorable, **settings}},
    }


def dataset(env: str = "math", synthetic1: Mapping[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    """The split ``test`` of a task: one document a task of the environment.

    Args:
        synthetic1: ``limit``, ``unscorable`` and the environment's settings; ``--metadata '{"synthetic1": {…}}'``.
        others: what lm-eval passes to every data set, such as the arguments of the model.

    Raises:
        ValueError: no such family, or a setting that the environment or ``unscorable`` does not know.
    """
    try:
        from datasets import Dataset
    except ModuleNotFoundError as error:
        raise missing(error, "data") from None

    told = {"unscorable": "mask", **(synthetic1 or {})}
    check_unscorable(told["unscorable"], can_mask=True)
    limit = told.pop("limit", None)
    how = json.dumps({"env": env, **told}, sort_keys=True)
    tasks = _environment(how).tasks
    rows = []
    for index in range(len(tasks) if limit is None else min(limit, len(tasks))):
        task = tasks[index]
        gold = task.gold_standard_solution or ""
        rows.append({"prompt": task.prompt, "gold": gold, TASK_COLUMN: task_json(task), SETTINGS_COLUMN: how})
    return {"test": Dataset.from_list(rows)}


def verify_all(resps: Sequence[Sequence[str | None]], docs: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """The filter: the verdicts on every document's completions (as many as the task's ``repeats``), all in one batch.

    Returns:
        Of each completion ``score`` (``None``: left out), ``scorable``, ``reason`` and ``answer``.

    Raises:
        UnscorableError: a completion could not be scored, and ``unscorable`` is ``raise``.
    """
    found: list[list[dict[str, Any]]] = [[] for _ in docs]
    groups: dict[str, list[int]] = {}
    for place, doc in enumerate(docs):
        groups.setdefault(doc[SETTINGS_COLUMN], []).append(place)
    for how, places in groups.items():
        env, unscorable = _environment(how), json.loads(how)["unscorable"]
        asked = [(place, text or "") for place in places for text in resps[place]]  # a refused request has no text
        tasks = [_as_task(docs[place]) for place, _ in asked]
        texts = [text for _, text in asked]
        for (place, _), task, verdict in zip(
            asked, tasks, verdicts(tasks, texts, thinking_open=env.thinking_open, scorer=env.scorer), strict=True
        ):
            score = reward_of(task, verdict, unscorable)
            told = {"scorable": verdict.scorable, "reason": verdict.reason, "answer": verdict.answer}
            found[place].append({"score": score, **told})
    return found


def process_results(doc: Mapping[str, Any], results: Sequence[Iterable[Mapping[str, Any]]]) -> dict[str, float]:
    """``score`` of a document, the mean over its completions with one, left out where there is none; ``unscorable``."""
    told = list(results[0])
    scores = [one["score"] for one in told if one["score"] is not None]
    share = sum(not one["scorable"] for one in told) / len(told)
    return {**({"score": sum(scores) / len(scores)} if scores else {}), "unscorable": share}


def _environment(how: str) -> TextEnv:
    """The environment that a document's settings name: its tasks and its scorer."""
    settings = json.loads(how)
    return environment(settings.pop("env"), {name: value for name, value in settings.items() if name != "unscorable"})


if __name__ == "__main__":
    print(include_path())
