"""What ``funnels.py`` curates: public sets beside the project in the upstream layouts, and rows written for it."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import planted_math
from code_problems import MadeProblem, apps_row, code_contests_row, codeforces_row, taco_row
from funnel_rows import BY_CONTENT, ROOT, Given, code_understanding, few, ordered_row, stem, swe, write

SHARED = ROOT.parent / "shared" / "data"


def public(name: str) -> list[Given]:
    """The rows of a set beside the project; none where it is not there, and says so."""
    path = SHARED / name
    if not path.is_file():
        print(f"../shared/data/{name} is not there: the input is smaller without it")
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def math(folder: Path, part: int) -> Given:
    """NuminaMath-CoT's columns; multiple choice in those of NuminaMath 1.5."""
    rng, rows = random.Random(15), []
    gsm8k, math500 = public("gsm8k_test.jsonl")[::part], public("math500_test.jsonl")[::part]
    for row in gsm8k:
        answer = row["answer"].rpartition("####")[2].strip()
        rows.append(("gsm8k", row["question"], f"{row['answer'].rpartition('####')[0]}$\\boxed{{{answer}}}$"))
    reserve = rows[: few(400, part)]  # questions that stand in the input with a fault alone
    rows = [*rows[len(reserve) :], *(("math", row["problem"], row["solution"]) for row in math500)]
    plain = rows[: len(gsm8k) - len(reserve)] or [
        ("own", f"Ann has {n} apples and eats 2. How many are left?", f"\\boxed{{{n - 2}}}") for n in range(3, 200)
    ]
    reserve = reserve or [
        ("own", f"Bob had {n} pears and {n} plums. How many pieces?", f"\\boxed{{{2 * n}}}") for n in range(400)
    ]
    some = lambda many: rng.sample(plain, min(len(plain), few(many, part)))  # noqa: E731
    new = lambda many: [reserve.pop() for _ in range(min(len(reserve), few(many, part)))]  # noqa: E731
    made = [
        ("olympiads", rng.choice(planted_math.PROOFS).format(rng.choice(planted_math.CLAIMS)), "Let. $\\square$")
        for _ in range(few(90, part))
    ]
    made += [(s, rng.choice(planted_math.FIGURES).format(q), a) for s, q, a in new(60)]
    made += [
        (s, rng.choice(planted_math.PARTS).format(q, p), a)
        for (s, q, a), (_, p, _) in zip(new(40), new(40), strict=False)
    ]
    made += [(s, q, rng.choice(("See the solution.", "It follows.", "\\boxed{\\frac{1}{2}"))) for s, q, a in new(40)]
    made += [(s, planted_math.respelled(q, rng), a) for s, q, a in some(60)]
    made += [(s, planted_math.other_numbers(q, rng) or q, a) for s, q, a in some(40)]
    made += [
        ("synthetic", f"What is {n} plus {n + 3}, {mark} Paris, Rome or Oslo?", f"\\boxed{{{2 * n + 3}}}")
        for n in range(10, 10 + few(32, part))
        for mark in [list(BY_CONTENT["math"])[n % 4]]
    ]
    cot = [
        {
            "source": s,
            "problem": q,
            "solution": a,
            "messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}],
        }
        for s, q, a in [*rows, *made]
    ]
    choice = []
    for source, question, solution in new(160):
        value = solution.rpartition("{")[2].rstrip("}$").replace(",", "")
        if value.isdigit():
            statement, _, letter = planted_math.multiple_choice(question + " ", int(value), rng)
            choice.append(
                {
                    "problem": f"Quiz. {statement}",
                    "solution": "",
                    "answer": letter,
                    "problem_type": "Algebra",
                    "question_type": "MCQ",
                    "problem_is_valid": "Yes",
                    "solution_is_valid": "Yes",
                    "source": source,
                    "synthetic": False,
                }
            )
    benchmark = write(
        folder / "math500.jsonl", [{"problem": row["problem"]} for row in math500[::10]] or [{"problem": "x"}]
    )
    inputs = [
        write(folder / "numina_cot.jsonl", [*cot, "{cut off", '["a list"]', {"problem": None, "solution": "1"}]),
        write(folder / "numina_1_5.jsonl", choice),
    ]
    return {"input": inputs, "decontaminate": {"benchmarks": [benchmark]}}


def code(folder: Path, part: int) -> Given:
    """Problems in four layouts, some in several, with the faults that such rows have."""
    apps, taco, contests, forces = [], [], [], []
    for number in range(few(60, part)):
        made = MadeProblem(number)
        statement, tests, programs = made.statement("apps"), made.tests, made.programs
        if number % 2 == 0:
            apps.append(apps_row(number, statement, tests, programs))
        if number % 3 == 0:
            taco.append(taco_row(statement, tests, programs))
        if number % 4 == 1:
            contests.append(code_contests_row(number, made.statement("plain"), tests, programs))
        if number % 5 == 0:
            forces.append(codeforces_row(number, made.statement("plain"), tests))
    for place in range(few(20, part)):
        made = MadeProblem(200 + place)
        statement, tests, programs = made.statement("apps"), made.tests, made.programs
        wrong = [program.replace("print(", "print(7 + ") for program in programs]
        apps += [
            apps_row(300 + place, statement, tests, wrong)
            if place % 2
            else apps_row(300 + place, statement.replace(". Afterwards", ": <image>. Afterwards"), tests, programs),
            apps_row(400 + place, MadeProblem(240 + place).statement(), [], programs)
            if place % 4
            else apps_row(400 + place, "", tests, programs),
        ]
        apps += [
            apps_row(500 + place, MadeProblem(280 + place).statement(), MadeProblem(280 + place).tests[:1], programs)
        ][: place % 2]
    apps += [ordered_row(number) for number in range(few(24, part))]
    talk = "This is an interactive problem. Your program asks the judge for the sum of two of the hidden numbers."
    contests += [code_contests_row(600, f"{talk} Find them all.", [("1\n", "2\n")], ["print(2)"])]
    contests += [
        code_contests_row(601, MadeProblem(331).statement("plain"), MadeProblem(331).tests, [], input_file="in.txt")
    ]
    taco += [taco_row(MadeProblem(340).statement(), MadeProblem(340).tests, [])]
    files = {
        "apps.jsonl": [*apps, "{"],
        "taco.jsonl": taco,
        "code_contests.jsonl": contests,
        "codeforces.jsonl": forces,
    }
    inputs = [write(folder / name, rows) for name, rows in files.items()]
    return {"input": inputs, "code": {"languages": ["python", "javascript"]}}


def repair(folder: Path, part: int) -> Given:
    """Sets that people have: GSM8K in MATH's layout, CRUXEval, problems of APPS, each with planted faults."""
    rng, rows = random.Random(5), []
    gsm8k = public("gsm8k_test.jsonl")[: few(700, part)]
    for row in gsm8k:
        solution, _, answer = row["answer"].rpartition("####")
        rows.append(
            {
                "problem": row["question"],
                "level": "Level 1",
                "type": "Arithmetic",
                "answer": answer.strip(),
                "solution": f"{solution.strip()} So it is $\\boxed{{{answer.strip()}}}$.",
            }
        )
    benchmark = write(
        folder / "benchmark.jsonl",
        [{"question": row["problem"]} for row in rows[-few(30, part) :]] or [{"question": "x"}],
    )
    sound, tenth = [dict(row) for row in rows], min(few(40, part), len(rows) // 5)
    for place, row in enumerate(rows[: 3 * tenth]):
        if place < tenth:
            row["answer"] = str(int(row["answer"].replace(",", "")) + rng.choice((1, 10, -1)))
        elif place < 2 * tenth:
            row["answer"] = rng.choice(("proof", "n/a", "see the solution above", "\\frac{1}{"))
        else:
            rows.append({**row, "problem": row["problem"].replace(", ", " , ").lower()})
    rows += [{**row, "answer": row["answer"] + "7", "solution": "It follows."} for row in sound[3 * tenth : 4 * tenth]]
    crux = public("cruxeval.jsonl")[: few(80, part)]
    for row in crux[: few(16, part)]:
        row["output"] = f"[{row['output']}]"
    crux += [
        {
            "code": "def f(s):\n    return list({c for c in s})",
            "input": "'abcdefgh'",
            "output": "[]",
            "id": "sample_900",
        },
        {"code": "def f(s):\n    return s.missing", "input": "'a'", "output": "''", "id": "sample_901"},
    ]
    problems = []
    for number in range(few(30, part)):
        made = MadeProblem(number)
        programs = [["print 1", *made.programs], [made.programs[0].replace("print(", "print(1 + ")], made.programs][
            number % 3
        ]
        problems.append(apps_row(number, made.statement(), made.tests, programs))
    problems += [ordered_row(number) for number in range(few(8, part))]
    inputs = [
        write(folder / name, some)
        for name, some in (("gsm8k_as_math.jsonl", rows), ("cruxeval.jsonl", crux), ("apps.jsonl", problems))
        if some
    ]
    planted = {
        "wrong answers": tenth,
        "unreadable answers": tenth,
        "copies in other spelling": tenth,
        "copies with another answer": tenth,
        "problems of a benchmark": few(30, part),
        "wrong outputs": few(16, part),
        "programs without one output": 2,
        "first solutions that fail": len(problems[: few(30, part) : 3]),
        "tests that no solution passes": len(problems[1 : few(30, part) : 3]),
        "problems that need a checker": few(8, part),
    }
    return {"input": inputs, "decontaminate": {"benchmarks": [benchmark]}, "planted": planted}


INPUTS: dict[str, tuple[Callable[[Path, int], Given], str]] = {
    "math": (math, "math: GSM8K and MATH-500 in NuminaMath's layouts, faults planted"),
    "code": (code, "code: made problems in the layouts of APPS, TACO, CodeContests, Codeforces"),
    "swe": (swe, "swe: this repository's history, and made rows of CommitPackFT"),
    "stem": (stem, "stem: a made Posts.xml and paired rows"),
    "code_understanding": (code_understanding, "code_understanding: made articles, functions of the grammar"),
    "repair": (repair, "repair: GSM8K, CRUXEval and made problems of APPS, faults planted"),
}
"""Recipe → its input, made in a folder, a whole or one ``part``-th of it; and what it is."""
