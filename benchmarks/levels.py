"""Are the levels ordered? pass@1 of one model at every level, beside how much work the programs are.

python benchmarks/levels.py --model runs/grpo/code_understanding-embedded-s0/model --json benchmarks/results/levels.json
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from statistics import mean

from record import report

from synthetic1.evaluation.evaluation import evaluate
from synthetic1.evaluation.transformers_engine import TransformersEngine
from synthetic1.inference.engine import Sampling
from synthetic1.jobs import models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.code_understanding import GeneratedTasks

LENGTH = 256  # tokens: room for the usual thought up to level 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="embedded", help="a model folder or id; best a trained one")
    parser.add_argument("--n", type=int, default=200, help="held-out tasks a level")
    parser.add_argument("--quick", action="store_true", help="20 tasks a level")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    n = 20 if options.quick else options.n
    settings = ModelSettings(name=options.model)
    model = models.load_model(settings)
    engine = TransformersEngine(model, models.load_tokenizer(settings), batch_size=100)
    scorer = Scorer()
    rows = []
    for level in range(1, 11):
        tasks = GeneratedTasks(level, split="test", size=n)
        examples = [tasks.example(i) for i in range(len(tasks))]  # level 1 has no more than 180
        summary = evaluate(list(tasks), scorer, engine, Sampling(LENGTH)).summary()
        rows.append(
            {
                "level": level,
                "pass_at_1": summary["pass_at_1"],
                "ci95": "–".join(f"{x:.3f}" for x in summary["ci95"]),
                "n": len(tasks),
                "statements_run": round(mean(len(e.steps()) for e in examples), 1),
                "program_lines": round(mean(e.source.count("\n") + 1 for e in examples), 1),
                "input_characters": round(mean(len(e.text) for e in examples), 1),
            }
        )
        print(rows[-1], flush=True)
    passes = [row["pass_at_1"] for row in rows]
    falls = sum(b <= a for a, b in pairwise(passes))
    work = [row["statements_run"] for row in rows]
    ratios = {
        "steps_down_in_pass_at_1": falls / 9,
        "steps_up_in_statements_run": sum(b > a for a, b in pairwise(work)) / 9,
    }
    report(rows, ratios, packages=("torch", "transformers"), json_file=options.json, targets=dict.fromkeys(ratios, "1"))


if __name__ == "__main__":
    main()
