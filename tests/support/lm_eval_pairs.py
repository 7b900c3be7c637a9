"""The table of pairs through lm-evaluation-harness: run by test_lm_eval.py in that package's environment; prints JSON.

python tests/support/lm_eval_pairs.py
"""

from __future__ import annotations

import json
import logging

import adapter_pairs
from datasets import Dataset
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

from synthetic1.adapters.lm_eval import SETTINGS_COLUMN, config, include_path
from synthetic1.adapters.scoring import TASK_COLUMN, task_json

logging.disable(logging.WARNING)


class Said(LM):
    """Says the texts, one a document, again for each repetition."""

    def __init__(self, texts):
        super().__init__()
        self.texts, self.prompts = texts, {}

    def generate_until(self, requests, disable_tqdm=False):
        self.prompts.update({request.doc_id: request.args[0] for request in requests})
        return [self.texts[request.doc_id] for request in requests]

    def loglikelihood(self, requests):
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


MANAGER = TaskManager(include_path=include_path(), include_defaults=False, metadata={"synthetic1": {"limit": 2}})


def evaluate(pairs, *, repeats=1, **settings):
    """The evaluation's results; the documents are those of the pairs' tasks, whatever their family."""
    how = json.dumps({"env": "math", "unscorable": "mask", **settings})
    rows = []
    for pair in pairs:
        task = pair.as_task()
        gold = task.gold_standard_solution or ""
        rows.append({"prompt": task.prompt, "gold": gold, TASK_COLUMN: task_json(task), SETTINGS_COLUMN: how})
    asked = {**config(), "custom_dataset": lambda **_: {"test": Dataset.from_list(rows)}, "repeats": repeats}
    model = Said([pair.text for pair in pairs])
    found = simple_evaluate(model, tasks=[asked], task_manager=MANAGER, bootstrap_iters=10, verbosity="ERROR")
    assert [model.prompts[place] for place in range(len(pairs))] == [row["prompt"] for row in rows]
    return found


def reported(found):
    [result] = found["results"].values()
    return {name.split(",")[0]: value for name, value in result.items() if "," in name}


def described(spec):
    [task] = MANAGER.load([spec])["tasks"].values()
    told = task.config.to_dict(keep_callable=True)
    return {key: repr(value) for key, value in told.items() if key != "metadata"}


table = adapter_pairs.load()
scores, reasons, reports = [None] * len(table), [""] * len(table), []
for thinking_open in (False, True):
    places = [place for place, pair in enumerate(table) if pair.thinking_open == thinking_open]
    found = evaluate([table[place] for place in places], thinking_open=thinking_open)
    for sample in found["samples"]["synthetic1_math"]:
        [[verdict]] = sample["filtered_resps"]
        scores[places[sample["doc_id"]]] = verdict["score"]
        reasons[places[sample["doc_id"]]] = verdict["reason"]
    reports.append(reported(found))
broken = [pair for pair in table if pair.family == "broken" and pair.kind == "no_gold"][:2]
try:
    raised = reported(evaluate(broken, unscorable="raise"))
except RuntimeError as error:
    raised = str(error)
told = {
    "scores": scores,
    "reasons": reasons,
    "reports": reports,
    "repeated": reported(evaluate(table[:2], repeats=3)),
    "all_unscored": reported(evaluate(broken)),
    "number": reported(evaluate(broken, unscorable=0.25)),
    "raised": raised,
    "tasks": sorted(MANAGER.all_tasks),
    "same": described("synthetic1_math") == described(config(limit=2)),
}
print(json.dumps(told))
