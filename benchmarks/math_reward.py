"""How fast and how right the math reward is, beside plain math-verify in as many processes.

    python benchmarks/math_reward.py [--quick] [--json benchmarks/results/math_reward.json]

Responses are made from GSM8K, MATH-500 and the answers of seven more public sets (``../shared/data`` or
``SYNTHETIC1_SHARED_DATA``), else from generated problems: thoughts of 1 to 8 thousand tokens before the box, 40 % with
the gold's own string, 30 % with it written another way, 30 % wrong, half of those near misses. Both sides judge the
same responses, turn by turn.

Mistakes are counted on the tables of the tests, and on the cases that ``synthetic1 audit`` makes of public golds: those
that its oracle has read, or that are right by construction.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from record import arguments, report

from synthetic1 import Completion, Scorer, Task
from synthetic1.evaluation.auditing import gold_rows  # noqa: F401 - makes `{"gold": …}` readable
from synthetic1.evaluation.auditing.case import Certainty, is_kept
from synthetic1.evaluation.auditing.math_cases import MathCases
from synthetic1.evaluation.named_sources import evenly
from synthetic1.rewards.math import Math
from synthetic1.tasks.math import GeneratedMath
from synthetic1.tasks.sources.spec import open_tasks

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SYNTHETIC1_SHARED_DATA") or ROOT.parent / "shared" / "data")
CORES = len(os.sched_getaffinity(0))
BUDGET_S, BUDGET_EACH_S = 2.5, 0.010  # extra seconds: once, and for every hostile response
TARGETS = {
    "realistic_vs_math_verify": "≥ 10",
    "numeric_vs_math_verify": "≥ 20",
    "symbolic_vs_math_verify": "≥ 4",
    "hostile_extra_vs_budget": "≤ 1",
    "fast_path_8kB_per_s": "≥ 20,000",
    "hostile_honest_p99": "≤ 1.5",
}
Pair = tuple[Task, str]


def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("math_cases", ROOT / "tests" / "support" / "math_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def published() -> tuple[list[str], list[str]]:
    """Golds, and solutions to make thoughts of."""
    golds, texts = [], []
    for name in ("math500_test.jsonl", "gsm8k_test.jsonl"):
        path = DATA / name
        for line in path.read_text().splitlines() if path.is_file() else ():
            row = json.loads(line)
            golds.append(row["answer"].rpartition("####")[2].strip())
            texts.append(row.get("solution", row["answer"]).replace("\\boxed", "").replace("\\fbox", ""))
    answers = DATA / "math_golds.jsonl"
    if answers.is_file():
        found = [json.loads(line)["gold"].strip().strip("$") for line in answers.read_text().splitlines()]
        golds += [gold for gold in found if len(gold) < 100 and "$" not in gold and "\n" not in gold]
    if not golds:
        source = GeneratedMath("1-5", size=700)
        golds, texts = [t.verification_info["ground_truth"] for t in source], [t.prompt for t in source]
    return golds, texts


def rendered(gold: str, draw: random.Random) -> str:
    """The gold, written another way."""
    ways = [
        gold.replace(r"\frac", r"\dfrac"),
        f"x = {gold}" if "=" not in gold and "," not in gold else gold + ".",
        gold.replace("-", "−").replace(r"\pi", "π"),
        gold.replace("+", " + ").replace("(", r"\left(").replace(")", r"\right)"),
    ]
    if gold.isdigit():
        ways += [f"{int(gold):,}", f"{gold}.0", f"{gold} \\text{{ units}}"]
    return draw.choice(ways)


def near_miss(gold: str, draw: random.Random) -> str:
    """The gold with one digit changed, or its sign."""
    places = [place for place, char in enumerate(gold) if char.isdigit()]
    if not places or draw.random() < 0.2:
        return gold[1:] if gold.startswith("-") else "-" + gold
    place = draw.choice(places)
    return gold[:place] + str((int(gold[place]) % 9) + 1) + gold[place + 1 :]


def realistic(golds: Sequence[str], texts: Sequence[str], count: int, seed: int) -> list[Pair]:
    draw, pairs = random.Random(seed), []
    for _ in range(count):
        gold, length = draw.choice(golds), draw.randint(4_000, 32_000)
        thought = ""
        while len(thought) < length:
            thought += draw.choice(texts) + "\n\nWait, let me check that again.\n\n"
        kind = draw.random()
        said = gold if kind < 0.4 else rendered(gold, draw) if kind < 0.7 else near_miss(gold, draw)
        if kind > 0.85:
            said = draw.choice(golds)
        pairs.append((made(gold), f"<think>\n{thought}\n</think>\n\nThe answer is $\\boxed{{{said}}}$."))
    return pairs


def made(gold: str) -> Task:
    return Task(
        problem_id="b", task_type="verifiable_math", prompt="Solve it.", verification_info={"ground_truth": gold}
    )


def symbolic(count: int) -> list[Pair]:
    """Formulas that are equal and not written alike, or not equal and close."""
    import sympy

    pairs: list[Pair] = []
    source = GeneratedMath("3-5", kinds="geometry,calculus,complex_numbers", size=3 * count)
    for index in range(len(source)):
        value = source.problem(index).value
        if not isinstance(value, sympy.Expr) or value.is_rational:
            continue
        other = sympy.expand(value) if index % 2 else sympy.together(value)
        other = other if index % 3 else other + sympy.Rational(1, 7)
        pairs.append((made(sympy.latex(value)), f"\\boxed{{{sympy.latex(2 * other)} \\cdot \\frac{{1}}{{2}}}}"))
        if len(pairs) == count:
            break
    return pairs


def math_verify_scores(pair: tuple[str, str]) -> bool:
    from math_verify import parse, verify

    gold, response = pair
    return bool(verify(parse(f"${gold}$"), parse(response)))


def theirs(pairs: Sequence[Pair], pool: Any) -> tuple[float, list[bool]]:
    plain = [(task.verification_info["ground_truth"], text) for task, text in pairs]
    began = time.perf_counter()
    found = pool.map(math_verify_scores, plain, chunksize=8)
    return time.perf_counter() - began, found


def ours(pairs: Sequence[Pair]) -> tuple[float, list[Any]]:
    """Seconds and verdicts, in this process alone."""
    with Scorer([Math()]) as scorer:
        scorer.score_sync([(made("x+1+y"), f"\\boxed{{{n}+x+y}}") for n in range(CORES)])
        began = time.perf_counter()
        verdicts = scorer.score_sync(pairs)
        return time.perf_counter() - began, verdicts


def compared(name: str, make: Callable[[int], list[Pair]], rounds: int, pool: Any) -> dict[str, Any]:
    rates, their_rates, by_symbols, agree, count = [], [], 0, 0, 0
    for number in range(rounds):
        pairs = make(number)
        seconds, verdicts = ours(pairs)
        their_seconds, found = theirs(pairs, pool)
        rates.append(len(pairs) / seconds)
        their_rates.append(len(pairs) / their_seconds)
        count += len(pairs)
        by_symbols += sum(verdict.details.get("decided_by") == "symbolic" for verdict in verdicts)
        agree += sum((verdict.score == 1.0) == right for verdict, right in zip(verdicts, found, strict=True))
    return {
        "what": name,
        "responses": count,
        "ours/s": statistics.median(rates),
        "math-verify/s": statistics.median(their_rates),
        "symbolic %": 100 * by_symbols / count,
        "same verdict %": 100 * agree / count,
    }


def hostile(honest: Sequence[Pair], answers: Sequence[str], seconds_apart: int) -> dict[str, float]:
    """100 hostile responses among the honest ones, in batches, against the honest ones alone."""
    batches = [list(honest[start : start + seconds_apart]) for start in range(0, len(honest), seconds_apart)]
    attacks = [(made("5"), f"\\boxed{{{answers[n % len(answers)]}}}") for n in range(len(batches))]
    took, tails, longest = [], [], 0.0
    gc.collect()
    gc.freeze()  # a full collection of all that this script holds by now takes a quarter of a second, of one batch
    for attacked in (False, True):
        with Scorer([Math()]) as scorer:
            scorer.score_sync([(made("x+1+y"), "\\boxed{1+x+y}")])
            waits: list[float] = []
            began = time.perf_counter()
            for batch, attack in zip(batches, attacks, strict=True):
                at = time.perf_counter()

                def note(index: int, _: object, at: float = at, waits: list[float] = waits) -> None:
                    if index:
                        waits.append(time.perf_counter() - at)

                head = attack if attacked else batch[0]
                scorer.score_sync([head, *batch], note)
            took.append(time.perf_counter() - began)
            tails.append(sorted(waits)[int(0.99 * len(waits))])
    judge = Math()
    for _, text in attacks:
        completion = Completion.parse(text)
        if completion.answer is not None:
            at = time.perf_counter()
            judge.verify_now(made("5"), completion)
            longest = max(longest, time.perf_counter() - at)
    return {
        "extra_s": took[1] - took[0],
        "budget_s": BUDGET_S + BUDGET_EACH_S * len(attacks),
        "honest p99 before ms": 1e3 * tails[0],
        "honest p99 with ms": 1e3 * tails[1],
        "longest hold of a loop ms": 1e3 * longest,
    }


def mistakes(cases: ModuleType, pool: Any) -> list[dict[str, Any]]:
    """False accepts and rejects on the tables of the tests; a gold that cannot be read counts for neither."""
    rows = []
    for table, lines in cases.TABLES.items():
        graded = [line for line in lines if line[2] is not None]
        pairs = [(made(gold), cases.response(table, said)) for gold, said, _, _ in graded]
        found = {"ours": [v.score == 1.0 for v in ours(pairs)[1]], "math-verify": theirs(pairs, pool)[1]}
        row: dict[str, Any] = {"table": table, "rows": len(graded)}
        for who, accepted in found.items():
            row[f"{who} false accepts"] = sum(a and not w[2] for a, w in zip(accepted, graded, strict=True))
            row[f"{who} false rejects"] = sum(bool(w[2]) and not a for a, w in zip(accepted, graded, strict=True))
        rows.append(row)
    rows.append({"table": "all", **{name: sum(row[name] for row in rows) for name in rows[0] if name != "table"}})
    return rows


def audited(count: int, pool: Any) -> list[dict[str, Any]]:
    """False accepts and rejects on the audit's cases of ``count`` golds of each public set."""
    rows = []
    for name in ("math_golds.jsonl", "gsm8k_test.jsonl", "math500_test.jsonl"):
        path = DATA / name
        if path.is_file():
            source = open_tasks(str(path))
            tasks = [source[place] for place in evenly(len(source), count)]
            rows.append({"table": f"audit {name.partition('.')[0]}", **scored_cases(tasks, pool)})
    return rows


def scored_cases(tasks: Sequence[Task], pool: Any) -> dict[str, Any]:
    makers, kept = MathCases(patient=False), []
    before = None
    for task in tasks:
        cases = list(makers.cases(task, before, random.Random(task.key)))
        said = makers.quick_answers(task, cases)
        asserted = Certainty.ASSERTED
        kept += [(task, c) for c, s in zip(cases, said, strict=True) if c.certainty is asserted or is_kept(c, s)]
        before = task
    pairs = [(task, case.completion) for task, case in kept]
    verdicts = ours(pairs)[1]
    graded = [place for place, verdict in enumerate(verdicts) if verdict.score is not None]
    found = {
        "ours": [verdicts[place].score == 1.0 for place in graded],
        "math-verify": theirs([pairs[place] for place in graded], pool)[1],
    }
    right = [kept[place][1].expected == 1.0 for place in graded]
    row: dict[str, Any] = {"rows": len(graded)}
    for who, accepted in found.items():
        row[f"{who} false accepts"] = sum(a and not r for a, r in zip(accepted, right, strict=True))
        row[f"{who} false rejects"] = sum(r and not a for a, r in zip(accepted, right, strict=True))
    return row


def main() -> None:
    args = arguments("The math reward beside plain math-verify.")
    rounds, size = (1, 400) if args.quick else (3, 2000)
    golds, texts = published()
    cases = tables()
    numbers = [gold for gold in golds if gold.lstrip("-").replace(",", "").isdigit()]
    draw = random.Random(9)
    context = multiprocessing.get_context("spawn")
    with context.Pool(CORES) as pool:
        pool.map(math_verify_scores, [("1", "$1$")] * 4 * CORES, chunksize=1)  # imports
        rows = [
            compared("realistic", lambda n: realistic(golds, texts, size, n), rounds, pool),
            compared("numeric golds", lambda n: realistic(numbers, texts, size, n), rounds, pool),
            compared("all symbolic", lambda _: symbolic(size // 4), rounds, pool),
        ]
        wrong = mistakes(cases, pool)
        audit = audited(20 if args.quick else 150, pool)
    short = [(task, text[:4] + text[-8_000:]) for task, text in realistic(numbers, texts, 4 * size, 7)]
    short = [(task, "<think>" + text.removeprefix("<thi")) for task, text in short]
    fast = statistics.median(len(short) / ours(short)[0] for _ in range(3))
    honest = [
        (made(gold), f"{draw.choice(texts)} \\boxed{{{rendered(gold, draw)}}}")
        for gold in draw.choices(golds, k=2_000 if args.quick else 10_000)
    ]
    answers = [text for text in cases.HOSTILE if text.strip()]
    attacked = hostile(honest, answers, len(honest) // 100)
    ratios = {
        "realistic_vs_math_verify": rows[0]["ours/s"] / rows[0]["math-verify/s"],
        "numeric_vs_math_verify": rows[1]["ours/s"] / rows[1]["math-verify/s"],
        "symbolic_vs_math_verify": rows[2]["ours/s"] / rows[2]["math-verify/s"],
        "hostile_extra_vs_budget": attacked["extra_s"] / attacked["budget_s"],
        "hostile_honest_p99": attacked["honest p99 with ms"] / attacked["honest p99 before ms"],
        "fast_path_8kB_per_s": fast,
        **{name.replace(" ", "_"): value for name, value in attacked.items()},
        **{name.replace(" ", "_"): value for name, value in wrong[-1].items() if name != "table"},
        **{
            f"{row['table']} {name}".replace(" ", "_"): value
            for row in audit
            for name, value in row.items()
            if name != "table"
        },
    }
    from record import print_table

    print_table([*wrong, *audit])
    print()
    report(rows, ratios, packages=["math-verify", "sympy"], json_file=args.json, targets=TARGETS)


if __name__ == "__main__":
    main()
