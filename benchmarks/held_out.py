"""How new are the held-out programs of the demo? Their text is never trained on; here their behaviour is compared too.

Two programs behave alike if they give the same outputs on 48 probe inputs. Held-out tasks whose program behaves like no
program of GRPO's training nor of the cold start are the strictest subset; pass@1 is given on both.

    python benchmarks/held_out.py --after runs/grpo/code_understanding-embedded-s0/model
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
from pathlib import Path

import numpy as np
from record import report

from synthetic1.evaluation.evaluation import evaluate
from synthetic1.evaluation.transformers_engine import TransformersEngine
from synthetic1.inference.engine import Sampling
from synthetic1.jobs import models
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.code_understanding import Example, GeneratedTasks, examples
from synthetic1.tasks.programs.choices import Choices
from synthetic1.tasks.programs.evaluate import evaluate as run_program
from synthetic1.tasks.programs.inputs import draw_input
from synthetic1.tasks.programs.levels import LEVELS
from synthetic1.trainers.build_embedded_model import DATA_SEED, POOL

PROBES = 48


def signature(example: Example, probes: list[str]) -> bytes:
    """What a program does, as far as the probes tell."""
    outputs = "\x00".join(run_program(example.program, probe) for probe in probes)
    return hashlib.blake2b(outputs.encode(), digest_size=12).digest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--after", default="embedded", help="the trained model's folder")
    parser.add_argument("--n", type=int, default=576, help="held-out tasks, as in the demo")
    parser.add_argument("--quick", action="store_true", help="60 tasks, a twentieth of the cold start's programs")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    n, share = (60, 20) if options.quick else (options.n, 1)
    choose = Choices(np.random.default_rng(11))
    probes = [draw_input(LEVELS[3], choose) for _ in range(PROBES)]

    train_set = GeneratedTasks((1, 2, 3), size=3200)
    known = {signature(train_set.example(i), probes) for i in range(len(train_set))}
    in_grpo = set(known)
    for level, count in POOL.items():
        stream = examples(level, seed=DATA_SEED)
        known |= {signature(e, probes) for e in itertools.islice(stream, count // share)}
    held_out = GeneratedTasks((1, 2, 3), split="test", size=n)
    marks = [signature(held_out.example(i), probes) for i in range(len(held_out))]
    groups = {
        "all": list(range(len(marks))),
        "behaves like no program of GRPO's training": [i for i, m in enumerate(marks) if m not in in_grpo],
        "behaves like no program of any training": [i for i, m in enumerate(marks) if m not in known],
    }
    rows = []
    scorer = Scorer()
    for when, name in (("before", "embedded"), ("after", options.after)):
        settings = ModelSettings(name=name)
        engine = TransformersEngine(models.load_model(settings), models.load_tokenizer(settings))
        scores = [
            s.verdict.score == 1.0
            for s in evaluate(list(held_out), scorer, engine, Sampling(96, top_p=0.95, seed=5)).rollouts
        ]
        for group, indices in groups.items():
            solved = sum(scores[i] for i in indices)
            rows.append(
                {"held-out tasks": group, "model": when, "n": len(indices), "pass_at_1": solved / max(len(indices), 1)}
            )
    ratios = {
        "share_new_to_grpo": len(groups["behaves like no program of GRPO's training"]) / len(marks),
        "share_new_to_all": len(groups["behaves like no program of any training"]) / len(marks),
        "change_on_new_to_all": rows[-1]["pass_at_1"] - rows[2]["pass_at_1"],  # type: ignore[operator]
    }
    report(rows, ratios, packages=("torch", "transformers"), json_file=options.json)


if __name__ == "__main__":
    main()
