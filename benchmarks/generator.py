"""Tasks a second from the program generator, at every level, generated alone and with their truth checked.

    python benchmarks/generator.py [--quick] [--json benchmarks/results/generator.json]

*Generated* counts finished tasks: program, input, output, prompt. *Checked* counts tasks that were generated and then
run as Python under two hash seeds in fresh interpreters, hundreds of programs each. *Process per program* checks the
same tasks the way one would first write it, a fresh interpreter for every run. *Held out* is generation of the test
split, where nine in ten inputs and nine in ten programs are drawn in vain. All take turns, round after round, in one
process; each number is the median of its rounds.
"""

from __future__ import annotations

import statistics
from time import perf_counter

from record import arguments, report

from synthetic1.tasks.code_understanding import GeneratedTasks
from synthetic1.tasks.programs.check import HASH_SEEDS, run_python
from synthetic1.tasks.programs.levels import LEVELS

QUICK, FULL = (1, 250), (5, 500)  # rounds, tasks a round at the cheapest levels
COST = {7: 2, 8: 4, 9: 8, 10: 10}  # dearer levels get so many times fewer
TARGETS = {
    "level3_generated_per_s": "≥ 2,000",
    "level3_checked_per_s": "≥ 500",
    "checked_vs_process_per_program": "> 1",
}


def generated(level: int, split: str, count: int, seed: int) -> tuple[GeneratedTasks, float]:
    """A source of which every task was made, and tasks a second."""
    source = GeneratedTasks(level, split="test" if split == "test" else "train", seed=seed, size=count)
    begun = perf_counter()
    for _ in source:
        pass
    return source, count / (perf_counter() - begun)


def seconds_to_check(source: GeneratedTasks) -> float:
    begun = perf_counter()
    wrong = source.verify_gold()
    seconds = perf_counter() - begun
    assert not wrong, wrong[0]
    return seconds


def process_per_program(source: GeneratedTasks, count: int) -> float:
    """Seconds a task when every run has an interpreter of its own."""
    begun = perf_counter()
    for index in range(count):
        example = source.example(index)
        for hash_seed in HASH_SEEDS:
            assert run_python([(example.source, example.text)], hash_seed=hash_seed) == [(example.output, None)]
    return (perf_counter() - begun) / count


def measure(level: int, count: int, seed: int) -> tuple[dict[str, float], GeneratedTasks]:
    """Tasks a second of every kind, and the source they were measured on."""
    source, rate = generated(level, "train", count, seed)
    per_task = 1 / rate
    rates = {
        "generated/s": rate,
        "checked/s": 1 / (per_task + seconds_to_check(source) / count),
        "held out/s": generated(level, "test", max(count // 10, 4), seed)[1],
        "process per program/s": 1 / (per_task + process_per_program(source, min(count, 10))),
    }
    return rates, source


def row(level: int, rounds: list[tuple[dict[str, float], GeneratedTasks]]) -> dict[str, float]:
    """One line of the table: medians of the rates, means over all programs."""
    examples = [source.example(i) for _, source in rounds for i in range(len(source))]
    return {
        "level": level,
        "tasks": len(examples),
        **{name: round(statistics.median(rates[name] for rates, _ in rounds), 1) for name in rounds[0][0]},
        "lines": round(statistics.fmean(len(e.source.splitlines()) for e in examples), 1),
        "input chars": round(statistics.fmean(len(e.text) for e in examples), 1),
        "output chars": round(statistics.fmean(len(e.output) for e in examples), 1),
    }


def main() -> None:
    args = arguments("Tasks a second from the program generator.")
    rounds, size = QUICK if args.quick else FULL
    generated(3, "train", 50, 99)  # imports and caches
    measured = [{n: measure(n, max(size // COST.get(n, 1), 5), seed) for n in LEVELS} for seed in range(rounds)]
    rows = [row(level, [found[level] for found in measured]) for level in LEVELS]
    three = rows[list(LEVELS).index(3)]
    ratios = {
        "level3_generated_per_s": three["generated/s"],
        "level3_checked_per_s": three["checked/s"],
        "checked_vs_process_per_program": three["checked/s"] / three["process per program/s"],
    }
    report(rows, ratios, packages=["numpy"], json_file=args.json, targets=TARGETS)


if __name__ == "__main__":
    main()
