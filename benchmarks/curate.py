"""Curation's rules against reading the same rows, its search for duplicates against datatrove alone, faults planted.

    python benchmarks/curate.py [--quick] [--prompts N] [--json benchmarks/results/curate.json]

``rules``: CPU seconds of a recipe's ``draft`` over rows that are read, by CPU seconds of ``json.loads`` on the lines of
the same rows, in turns over parts of them that are read once; the median of the parts. Mathematics has NuminaMath's
columns and the problems of GSM8K and MATH-500, each time with other numbers; programming has APPS' columns.

``sift``: ``drop_contaminated`` against 20 benchmark files and ``drop_duplicates``, beside datatrove's own pipelines
(n-gram filter, signatures, buckets, clusters, duplicate filter; texts alone, nothing written) with the same words,
n-grams and buckets, in the same number of processes. Ours reads the drafts with all they carry, reads the benchmarks,
compares all that is found in full and stores what it drops: that is its share of the time. Each runs in a process of
its own; imports are not counted. *Of processors*: CPU seconds of all processes, which other work on the machine
disturbs less. ``text-dedup`` is MinHash alone, as its command line, its start counted. ``--prompts N``: so many
prompts, in place of the full run's million.

``planted``: copies of sound problems, and of benchmarks' problems, 25 of each kind, go with the sound ones through
``curate`` with recipe ``math`` and no model. A copy has to go as what it is; a sound row that goes at all is a false
drop.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import re
import statistics
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import curate_sift
from curate_texts import KINDS, Prompts, apps_lines, changed, halves, numina_lines, write_benchmarks
from record import arguments, report

from synthetic1.datagen.curation.draft import LeftOut
from synthetic1.datagen.curation.pipeline import curate
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipe import CurationRecipe
from synthetic1.datagen.curation.recipes.code import CodeCuration, CodeRecipe
from synthetic1.datagen.curation.recipes.math import MathCuration, MathRecipe
from synthetic1.datagen.curation.recipes.mathematics.choices import find_choices
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate

FULL, QUICK = 1_000_000, 5_000
ROWS = {"math": (2_000, 10_000), "code": (300, 2_000)}  # of the rules: quick, full
PARTS = 10
ROUNDS_UP_TO = 100_000
"""Prompts up to which both sift three times (quick: two), in turns, and the quickest counts: short runs are noisy."""
WORKERS = 2
PLANTED = 100
TARGETS = {
    "math_vs_json": "≤ 10",
    "code_vs_json": "≤ 20",
    "dedupe_vs_datatrove": "≤ 1.2",
    "dedupe_peak_gb": "< 4",
    "planted_recall": "≥ 0.98",
    "false_drops": "≤ 0.01",
}
Row = dict[str, Any]


def row(what: str, by: str, count: int, seconds: float, **more: Any) -> Row:
    """A line of the table."""
    empty = {"found": "", "peak GB": ""}
    return {"what": what, "by": by, "n": count, "seconds": round(seconds, 3), **empty, **more}


# Rules ----------------------------------------------------------------------------------------------------------------


def rules(name: str, recipe: CurationRecipe, lines: Sequence[bytes]) -> tuple[list[Row], float]:
    """Rows, and how often as long as reading it takes to filter and normalise."""
    for line in lines[: len(lines) // 20]:  # imports, patterns, caches
        _drafted(recipe, json.loads(line), 0)
    many = len(lines) // PARTS
    read, drafted, kept = [0.0] * PARTS, [0.0] * PARTS, 0
    for part in range(PARTS):
        mine = lines[part * many : (part + 1) * many]
        began = process_time()
        for line in mine:
            json.loads(line)
        read[part] = process_time() - began
        fields = [json.loads(line) for line in mine]
        began = process_time()
        for number, one in enumerate(fields):
            kept += _drafted(recipe, one, number)
        drafted[part] = process_time() - began
    ratio = statistics.median(one / other for one, other in zip(drafted, read, strict=True))
    what, count = f"rules, {name}", many * PARTS
    return [row(what, "json.loads", count, sum(read)), row(what, "ours", count, sum(drafted), found=f"{kept:,}")], ratio


def _drafted(recipe: CurationRecipe, fields: Any, number: int) -> bool:
    try:
        recipe.draft(RawRow(f"rows.jsonl, row {number}", fields, "rows.jsonl", number))
    except LeftOut:
        return False
    return True


# Duplicates and contamination -----------------------------------------------------------------------------------------


def sift(count: int, folder: Path, *, quick: bool) -> tuple[list[Row], dict[str, float]]:
    print(f"writing {count:,} prompts", flush=True)
    curate_sift.write_input(folder, count)
    rows: list[Row] = []
    found: dict[str, list[curate_sift.Sifted]] = {"datatrove": [], "ours": []}
    for turn in range(2 if quick else 3 if count <= ROUNDS_UP_TO else 1):
        for name in sorted(found, reverse=bool(turn % 2)):
            print(f"sifting, {name}", flush=True)
            found[name].append(curate_sift.sift(name, folder, WORKERS))
    best = {name: min(runs, key=lambda run: run.seconds) for name, runs in found.items()}
    for name, one in best.items():
        by, said = ("datatrove alone" if name == "datatrove" else "ours"), one.said
        rows.append(row("contamination", by, count, said["contamination_s"], found=f"{said['contaminated']:,}"))
        rows.append(row("duplicates", by, count, said["duplicates_s"], found=f"{said['duplicates']:,}"))
        rows.append(row("both", by, count, one.seconds, **{"peak GB": round(one.peak_gb, 2)}))
        rows.append(row("both, of processors", by, count, min(run.cpu_s for run in found[name])))
    ratios = {
        "dedupe_vs_datatrove": best["ours"].seconds / best["datatrove"].seconds,
        "dedupe_cpu_vs_datatrove": rows[-1]["seconds"] / rows[3]["seconds"],
        "dedupe_peak_gb": max(run.peak_gb for run in found["ours"]),
    }
    if quick:
        print("left out: text-dedup, which only full runs ask")
    elif (other := curate_sift.text_dedup(folder, WORKERS)) is not None:
        seconds, left = other
        rows.append(row("duplicates", "text-dedup", count, seconds, found=f"{count - left:,}"))
        ratios["duplicates_vs_text_dedup"] = best["ours"].said["duplicates_s"] / seconds
    return rows, ratios


# Planted faults -------------------------------------------------------------------------------------------------------


def planted(folder: Path) -> tuple[list[Row], dict[str, float]]:
    """Recall of each kind, and how many sound rows go."""
    rng, (made_of, held) = random.Random("planted"), halves()
    sound = [one for one in made_of if _is_plain(one.problem, one.answer)]
    words = Prompts(0).words
    lines = [json.dumps(one.row()) for one in sound]
    kinds: dict[int, tuple[str, str]] = {}
    for fault, problems in (("duplicate", sound), ("benchmark", [one for one in held if _is_plain(one.problem, "1")])):
        for place, one in enumerate(rng.sample(problems, PLANTED)):
            kind = KINDS[place % len(KINDS)]
            kinds[len(lines)] = fault, kind
            text = changed(one.problem, kind, rng, words)
            lines.append(json.dumps({**one.row(), "problem": text}))
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n")
    said = {
        "recipe_name": "math",
        "input": [str(folder / "rows.jsonl")],
        "output": str(folder / "out"),
        "runs": str(folder / "runs"),
        "workers": WORKERS,
        "decontaminate": {"benchmarks": write_benchmarks(folder / "benchmarks")},
    }
    began = process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        curate(validate(CurateSettings, said))
    seconds = process_time() - began
    with gzip.open(folder / "out" / "left_out.jsonl.gz", "rt") as file:
        gone = {one["number"]: one["reason"] for one in map(json.loads, file)}
    found = Counter(kinds[number] for number, reason in gone.items() if number in kinds and reason == kinds[number][0])
    false = Counter(reason for number, reason in gone.items() if number not in kinds)
    rows = []
    for (fault, kind), many in Counter(kinds.values()).items():
        rows.append(row(f"planted {fault}, {kind}", "ours", many, 0.0, found=f"{found[fault, kind]:,}"))
    told = ", ".join(f"{reason} {many}" for reason, many in false.items())
    rows.append(row(f"sound rows that go ({told or 'none'})", "ours", len(sound), seconds, found=f"{false.total():,}"))
    return rows, {"planted_recall": found.total() / len(kinds), "false_drops": false.total() / len(sound)}


def _is_plain(problem: str, answer: str) -> bool:
    """Whether no rule has a reason to drop it: no picture, no options, not one of two problems of the same words."""
    return not re.search(r"\[asy\]|shown|graph|figure|diagram", problem) and find_choices(problem, answer) is None


def main() -> None:
    assert __doc__ is not None
    args = arguments(__doc__.splitlines()[0], prompts=(int, f"prompts that are sifted; {FULL:,} if not given"))
    count = args.prompts or (QUICK if args.quick else FULL)
    rows: list[Row] = []
    ratios: dict[str, float] = {}
    makes = {"math": (MathRecipe(MathCuration()), numina_lines), "code": (CodeRecipe(CodeCuration()), apps_lines)}
    for name, (recipe, lines_of) in makes.items():
        more, ratios[f"{name}_vs_json"] = rules(name, recipe, lines_of(ROWS[name][not args.quick], 0))
        rows += more
    with tempfile.TemporaryDirectory() as folder:
        more, both = planted(Path(folder))
        rows, ratios = rows + more, ratios | both
    with tempfile.TemporaryDirectory() as folder:
        more, both = sift(count, Path(folder), quick=args.quick)
        rows, ratios = rows + more, ratios | both
    packages = ["datatrove", "numpy", "xxhash"]
    report(rows, ratios, packages=packages, json_file=args.json, targets=TARGETS)


if __name__ == "__main__":
    main()
