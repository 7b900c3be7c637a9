"""The table of pairs through inspect-ai: run by test_inspect_ai.py in that package's environment; prints JSON.

python tests/support/inspect_pairs.py LOG_FOLDER
"""

from __future__ import annotations

import json
import math
import sys

import adapter_pairs
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset
from inspect_ai.model import ModelOutput
from inspect_ai.solver import solver

from synthetic1.adapters.inspect_ai import samples_of, verified

STOP = {"stop": "stop", "length": "max_tokens", None: "unknown"}
LOGS = sys.argv[1]


def evaluate(pairs, **settings):
    """The evaluation's log, and the samples in the order of the pairs; what the model says is the pair's text."""
    samples = samples_of([pair.as_task() for pair in pairs])
    said = {sample.id: pair for sample, pair in zip(samples, pairs, strict=True)}

    @solver
    def say():
        async def solve(state, generate):
            pair = said[state.sample_id]
            state.output = ModelOutput.from_content("m", pair.text, stop_reason=STOP[pair.finish_reason])
            return state

        return solve

    task = Task(dataset=MemoryDataset(samples), solver=say(), scorer=verified(**settings))
    [log] = eval(task, model="mockllm/model", display="none", log_dir=LOGS, log_level="error", fail_on_error=False)
    found = {sample.id: sample for sample in log.samples}
    return log, [found[sample.id] for sample in samples]


def score_of(sample):
    value = sample.scores["verified"].value
    return None if math.isnan(value) else value


def reported(log):
    [of_ours] = log.results.scores
    metrics = {name: metric.value for name, metric in of_ours.metrics.items()}
    accuracy = metrics["accuracy"]
    return {
        "accuracy": None if math.isnan(accuracy) else accuracy,
        "metrics": sorted(metrics),
        "scored": of_ours.scored_samples,
        "unscored": of_ours.unscored_samples,
    }


table = adapter_pairs.load()
scores, reasons = [None] * len(table), [""] * len(table)
reports = []
for thinking_open in (False, True):
    places = [place for place, pair in enumerate(table) if pair.thinking_open == thinking_open]
    log, samples = evaluate([table[place] for place in places], thinking_open=thinking_open)
    for place, sample in zip(places, samples, strict=True):
        scores[place] = score_of(sample)
        reasons[place] = sample.scores["verified"].metadata["reason"]
    reports.append(reported(log))
broken = [pair for pair in table if pair.family == "broken" and pair.kind == "no_gold"][:2]
all_unscored, _ = evaluate(broken)
_, numbered = evaluate(broken, unscorable=0.25)
_, raised = evaluate(broken, unscorable="raise")
told = {
    "scores": scores,
    "reasons": reasons,
    "reports": reports,
    "all_unscored": reported(all_unscored),
    "number": [score_of(sample) for sample in numbered],
    "raised": [sample.error.message for sample in raised],
}
print(json.dumps(told))
