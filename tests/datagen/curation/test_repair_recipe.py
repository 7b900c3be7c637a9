"""Repairing sets of any family: what is wrong is found, what is right stays, what is certain is mended."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic1.datagen.curation.draft import Dropped, LeftOut, Quarantined
from synthetic1.datagen.curation.pipeline import curate
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.programs.program_problem import ProgramProblem
from synthetic1.datagen.curation.recipes.repair import Repair, RepairRecipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.datagen.curation.tools import Workbench
from synthetic1.jobs.program import validate
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.sandbox import SandboxUnavailable, open_sandbox
from synthetic1.tasks.sources.spec import open_tasks

DATA = Path(os.environ.get("SYNTHETIC1_SHARED_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")


@pytest.fixture
async def tools(require):
    try:
        opened = await open_sandbox()
        await opened.aclose()
    except SandboxUnavailable as error:
        require("a sandbox", False, f"synthetic1 sandbox build ({error})")
    with Scorer() as scorer:
        made = Workbench(None, {}, scorer, 0)
        yield made
        await made.aclose()


async def outcome(row, tools, **options):
    """The tasks of a row and what was done to it, or how it left."""
    recipe = RepairRecipe(Repair(**options))
    try:
        draft = recipe.draft(RawRow("rows, row 1", row, "rows", 1))
        return await recipe.finish(draft, tools), draft.history
    except LeftOut as error:
        return error


def cruxeval(code, given, output, number=0):
    return {"code": code, "input": given, "output": output, "id": f"sample_{number}"}


ADDS = "def f(xs, k):\n    out = []\n    for x in xs:\n        out.append(x + k)\n    return tuple(out)"


@pytest.mark.engine
async def test_outputs_that_the_program_does_not_give_are_put_right(tools):
    (task,), history = await outcome(cruxeval(ADDS, "[1, 2], 3", "(4, 5)"), tools)
    assert task.verification_info["ground_truth"] == "(4, 5)"
    assert "repair" not in history
    (task,), history = await outcome(cruxeval(ADDS, "[1, 2], 3", "(4, 6)"), tools)
    assert task.verification_info["ground_truth"] == task.gold_standard_solution == "(4, 5)"
    assert history["repair"] == {"output_from_program": "(4, 6)"}
    later = f"from __future__ import annotations\n{ADDS}".replace("(xs, k)", "(xs: Unknown, k)")
    (task,), history = await outcome(cruxeval(later, "[1, 2], 3", "(4, 5)"), tools)
    assert "repair" not in history
    left = await outcome(cruxeval(ADDS, "[1, 2], 3", "(4, 6)"), tools, fix=False)
    assert (type(left), left.reason) == (Dropped, "wrong_gold")


@pytest.mark.engine
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(s):\n    return list({c for c in s})", "non_deterministic"),
        ("import time\ndef f(s):\n    return time.time_ns()", "non_deterministic"),
        ("def f(s):\n    return s.missing", "program_fails"),
        ("def f(s):\n    while True: pass", "program_fails"),
    ],
)
async def test_programs_without_one_output_go(tools, code, reason):
    left = await outcome(cruxeval(code, "'abcdefgh'", "'x'"), tools)
    assert (type(left), left.reason) == (Dropped, reason)


@pytest.mark.engine
async def test_the_generated_set_of_ours_comes_out_as_it_went_in(tools):
    tasks = open_tasks("embedded:code_understanding")
    for place in range(0, len(tasks), max(1, len(tasks) // 8)):
        task = tasks[place]
        (made,), history = await outcome(task.to_row(), tools)
        assert made.verification_info == task.verification_info
        assert not {"repair", "outputs"} & set(history)
        wrong = {**task.to_row(), "verification_info": json.dumps({**task.verification_info, "ground_truth": "no"})}
        (made,), history = await outcome(wrong, tools)
        assert made.verification_info == task.verification_info
        assert history["repair"] == {"output_from_program": "no"}


@pytest.mark.engine
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def transform(s):\n    return ''.join(set(s))", "non_deterministic"),
        ("def transform(s):\n    return hex(id(s))", "non_deterministic"),
        ("def transform(s):\n    return [s]", "not_a_string_function"),
        ("def transform(s):\n    return s.missing", "program_fails"),
    ],
)
async def test_functions_called_with_an_argument_are_run_under_other_seeds_too(tools, code, reason):
    task = {
        "problem_id": "set/1",
        "task_type": "code_output_prediction",
        "prompt": f'What does it return?\n\n```python\n{code}\n```\n\nIt is called as `transform("abcdefgh")`.',
        "verification_info": json.dumps({"ground_truth": "abcdefgh", "compare": "string"}),
        "gold_standard_solution": "abcdefgh",
        "metadata": json.dumps({"input": "abcdefgh", "language": "python", "program": code}),
    }
    left = await outcome(task, tools)
    assert (type(left), left.reason) == (Dropped, reason)
    other = {"input": "abcdefgh", "language": "haskell", "program": code}
    (made,), history = await outcome({**task, "metadata": json.dumps(other)}, tools)
    assert history["outputs"].startswith("not run")
    assert made.verification_info["ground_truth"] == "abcdefgh"


def called(code, language="python", given="ab"):
    """A row of ours that asks what ``transform`` returns."""
    return {
        "problem_id": "set/1",
        "task_type": "code_output_prediction",
        "prompt": f"What does it return?\n\n```{language}\n{code}\n```\n\nIt is called as `transform({given})`.",
        "verification_info": json.dumps({"ground_truth": "abab", "compare": "string"}),
        "gold_standard_solution": "abab",
        "metadata": json.dumps({"input": given, "language": language, "program": code}),
    }


TWICE = {
    "python": "def transform(s):\n    return s * 2\n",
    "javascript": "'use strict';\nfunction transform(s) { return s + s; }\n",
    "cpp": "#include <string>\nstd::string transform(std::string s) { return s + s; }\n",
    "rust": 'fn transform(s: String) -> String { format!("{}{}", s, s) }\n',
}


ENDS = (
    "import sys\nsys.exit()",
    "exit(0)",
    "quit()",
    "raise SystemExit",
    "if __name__ == '__main__':\n    print(transform('q'))\n    exit(0)",
    "if __name__ == '__main__':\n    transform = None",
    "import io, sys\nsys.stdout = io.StringIO()\nsys.exit(transform('q'))",
)


@pytest.mark.engine
async def test_a_program_that_ends_itself_at_its_end_is_called_in_any_case(tools):
    rows = [called(f"{TWICE['python']}{end}\n") for end in ENDS]
    for (task,), history in await asyncio.gather(*(outcome(row, tools) for row in rows)):
        assert (task.verification_info["ground_truth"], history) == ("abab", {})
    rows = [cruxeval(f"{ADDS}\n{end.replace('transform', 'len')}", "[1], 2", "(4,)") for end in ENDS]
    for (task,), history in await asyncio.gather(*(outcome(row, tools) for row in rows)):
        assert task.verification_info["ground_truth"] == "(3,)"
        assert history == {"repair": {"output_from_program": "(4,)"}}


@pytest.mark.engine
async def test_a_function_that_ends_the_interpreter_has_no_output(tools):
    ends = ("import os\ndef transform(s):\n    os._exit(0)", "import sys\ndef transform(s):\n    sys.exit()")
    rows = [called(code) for code in ends]
    rows += [cruxeval(code.replace("transform", "f"), "'a'", "''") for code in ends]
    rows += [called("import sys\nsys.exit()\ndef transform(s):\n    return s")]
    for left in await asyncio.gather(*(outcome(row, tools) for row in rows)):
        assert (type(left), left.reason) == (Dropped, "program_fails")
        assert "before the function has returned" in left.detail


DEPENDS = (
    ("python", "import os\ndef transform(s):\n    return os.getcwd()"),
    ("python", "import time\ndef transform(s):\n    return time.strftime('%H', time.localtime(0))"),
    ("javascript", "function transform(s) { return new Date(0).toString(); }"),
    ("javascript", "const home = process.env.HOME;\nfunction transform(s) { return home + s; }"),
    (
        "cpp",
        "#include <string>\n#include <ctime>\n"
        "std::string transform(std::string s) { time_t t = 0; return std::to_string(localtime(&t)->tm_hour); }",
    ),
    (
        "cpp",
        "#include <string>\n#include <cstdlib>\n"
        "std::string transform(std::string s) { return std::to_string(int(((char *)malloc(999))[500])); }",
    ),
    ("rust", 'fn transform(s: String) -> String { std::env::var("TZ").unwrap_or_default() + &s }'),
)


@pytest.mark.engine
async def test_what_an_environment_decides_is_not_an_output_and_all_else_is(tools):
    rows = [called(code, language) for language, code in DEPENDS]
    for left in await asyncio.gather(*(outcome(row, tools) for row in rows)):
        assert (type(left), left.reason) == (Dropped, "non_deterministic")
    ends = {"javascript": "process.exit(0);\n", "rust": "fn main() {}\n", "cpp": "int main() { return 1; }\n"}
    rows = [called(code + ends.get(language, ""), language) for language, code in TWICE.items()]
    for (task,), history in await asyncio.gather(*(outcome(row, tools) for row in rows)):
        assert (task.verification_info["ground_truth"], history) == ("abab", {})


def apps(number, solutions, tests, statement=None):
    shown = statement or (
        f"You are given {number + 2} friends and an integer n, the money of each. Print n multiplied by {number + 2}, "
        "all that they have together.\n\n-----Input-----\nOne integer n.\n\n-----Output-----\nOne integer."
    )
    return {
        "problem_id": number,
        "question": shown,
        "solutions": json.dumps(solutions),
        "input_output": json.dumps({"inputs": [i for i, _ in tests], "outputs": [o for _, o in tests]}),
        "difficulty": "introductory",
        "url": "https://example.org/p",
        "starter_code": "",
    }


@pytest.mark.engine
async def test_names_of_the_program_are_its_own(tools):
    code = "const process = require('process');\nfunction transform(s) { return s + s; }\n"
    (task,), history = await outcome(called(code, "javascript"), tools)
    assert (task.verification_info["ground_truth"], history) == ("abab", {})


def test_a_repaired_problem_is_translated_into_no_other_language():
    recipe = RepairRecipe(Repair())
    assert recipe.prompts == ("code_checker",)
    draft = recipe.draft(RawRow("rows, row 1", apps(3, ["print(1)"], times(5)), "rows", 1))
    problem = ProgramProblem.of(draft.data["problem"])
    assert recipe.code._others(replace(problem, language="cpp")) == []


def times(k, n=3):
    return [(f"{i}\n", f"{i * k}\n") for i in range(1, n + 1)]


@pytest.mark.engine
async def test_a_problem_whose_first_solution_fails_takes_one_that_passes(tools):
    row = apps(3, ["print int(raw_input()) * 5", "print(5 * int(input()))"], times(5))
    (task,), history = await outcome(row, tools)
    assert "5 * int(input())" in task.gold_standard_solution
    assert history["repair"] == {"gold_from_other_solution": "print int(raw_input()) * 5"}
    raising = apps(3, ["print(int(input()) * 5 // 0)", "print(5 * int(input()))"], times(5))
    (task,), history = await outcome(raising, tools)
    assert history["repair"] == {"gold_from_other_solution": "print(int(input()) * 5 // 0)"}
    left = await outcome(raising, tools, fix=False)
    assert (type(left), left.reason) == (Quarantined, "solution_fails")
    left = await outcome(row, tools, fix=False)
    assert (type(left), left.reason) == (Quarantined, "gold_not_run")  # in Python 2: nobody knows what it gives
    assert "python2" in left.detail
    left = await outcome(apps(3, ["print(int(input()) * 4)", "print(5 * int(input()))"], times(5)), tools)
    assert (type(left), left.reason) == (Quarantined, "no_model")  # they disagree: it may need a checker
    left = await outcome(apps(3, ["print(int(input()) * 4)"], times(5)), tools)
    assert (type(left), left.reason) == (Quarantined, "no_solution_passes")


async def test_a_layout_that_is_not_known_is_named_with_a_mapping_and_read_by_one(tools):
    row = {"aufgabe": "What is 2 + 3?", "loesung": "5"}
    left = await outcome(row, tools)
    assert (type(left), left.reason) == (Quarantined, "unknown_layout")
    assert "aufgabe" in left.detail
    (task,), _ = await outcome(row, tools, columns={"prompt": "aufgabe", "answer": "loesung"})
    assert task.verification_info["ground_truth"] == "5"


async def test_an_unknown_family_is_set_aside(tools):
    left = await outcome(
        {"problem_id": "1", "task_type": "poetry", "prompt": "Write.", "verification_info": "{}"}, tools
    )
    assert (type(left), left.reason) == (Quarantined, "unknown_family")


async def test_judged_tasks_stay_as_they_are(tools):
    for family in ("stem", "swe"):
        task = open_tasks(f"embedded:{family}")[0]
        (made,), history = await outcome(task.to_row(), tools)
        assert made == task
        assert history == {}


def written(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(tmp_path, rows, **settings):
    file = written(tmp_path / "set.jsonl", rows)
    given = {
        "recipe_name": "repair",
        "input": [str(file)],
        "output": str(tmp_path / "out"),
        "runs": str(tmp_path / "runs"),
    }
    assert not curate(validate(CurateSettings, {**given, **settings}))
    with gzip.open(tmp_path / "out" / "left_out.jsonl.gz") as lines:
        gone = {row["number"]: row["reason"] for row in map(json.loads, lines)}
    return json.loads((tmp_path / "out" / "funnel.json").read_text()), gone


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data: public data beside the project, as in CI")
def test_planted_faults_in_a_public_set_are_found_and_its_own_rows_stay(tmp_path):
    """GSM8K in MATH's layout, 100 rows each of: wrong golds, unreadable golds, duplicates, duplicates with another
    answer, problems of a benchmark."""
    lines = [json.loads(line) for line in (DATA / "gsm8k_test.jsonl").read_text().splitlines()]
    draw, sound = random.Random(5), []
    for row in lines[:900]:
        solution, _, answer = row["answer"].rpartition("####")
        sound.append(
            {
                "problem": row["question"],
                "level": "Level 1",
                "type": "Arithmetic",
                "solution": f"{solution.strip()} So it is $\\boxed{{{answer.strip()}}}$.",
                "answer": answer.strip(),
            }
        )
    benchmark = [{"question": row["question"]} for row in lines[1000:1100]]
    written(tmp_path / "benchmark.jsonl", benchmark)
    rows = [dict(row) for row in sound]
    planted: dict[str, set[int]] = {}
    places = draw.sample(range(400, 900), 200)
    for place in places[:100]:
        rows[place]["answer"] = str(
            int(rows[place]["answer"].replace(",", "").split(".")[0]) + draw.choice((1, 10, -1))
        )
    planted["solution_disagrees"] = set(places[:100])
    for place in places[100:]:
        rows[place]["answer"] = draw.choice(("proof", "n/a", "see the solution above", "\\frac{1}{"))
    unreadable = set(places[100:])
    planted["duplicate"] = set(range(len(rows), len(rows) + 200))
    for place in range(100):
        text = sound[place]["problem"]
        way = draw.choice(
            (str.lower, lambda t: t.replace(", ", " , "), lambda t: f"{t}\n", lambda t: t.replace(" the ", " that ", 1))
        )
        rows.append({**sound[place], "problem": way(text)})
    for place in range(100, 200):
        other = {**sound[place], "answer": sound[place]["answer"] + "7", "solution": "It follows."}
        rows.append({**other, "problem": sound[place]["problem"] + " "})
    planted["gold_conflict"] = set(range(100, 200))
    planted["benchmark"] = set(range(len(rows), len(rows) + 100))
    for row in lines[1000:1100]:
        rows.append({**sound[0], "problem": f"Solve this. {row['question']}"})
    funnel, gone = run(tmp_path, rows, decontaminate={"benchmarks": [str(tmp_path / "benchmark.jsonl")]})
    assert funnel["in"] == len(rows) == funnel["kept"] + len(gone)
    for reason, numbers in planted.items():
        found = sum(gone.get(number) == reason for number in numbers)
        print(f"{reason}: {found} of {len(numbers)}")
        assert found >= 0.98 * len(numbers), reason
    tasks = {task.metadata["curation"]["origin"]["row"] - 1: task for task in open_tasks(str(tmp_path / "out"))}
    print({number: gone[number] for number in unreadable if number in gone})
    with_repair = {n for n, task in tasks.items() if "repair" in task.metadata["curation"].get("history", {})}
    mended = unreadable & with_repair
    assert with_repair <= unreadable
    print(f"unreadable golds mended: {len(mended)} of {len(unreadable)}")
    assert len(mended) >= 0.98 * len(unreadable)
    faulty = unreadable.union(*planted.values())
    false_drops = {number: gone[number] for number in gone if number not in faulty}
    print(f"false drops: {false_drops}")
    assert len(false_drops) <= 0.01 * (len(rows) - len(faulty))
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"| gold from solution | {len(mended)} |" in card


@pytest.mark.engine
def test_planted_faults_in_programs_are_found(tmp_path, require):
    """20 each of: problems with wrong tests, with a wrong first solution, published twice; 40 sound ones."""
    rows, planted = [], {"no_solution_passes": set(), "duplicate": set()}
    mended = set()
    for number in range(40):
        rows.append(apps(number, [f"print(int(input()) * {number + 2})"], times(number + 2)))
    for number in range(100, 120):
        planted["no_solution_passes"].add(len(rows))
        rows.append(apps(number, [f"print(int(input()) * {number + 2})"], times(number + 3)))
    for number in range(200, 220):
        mended.add(len(rows))
        rows.append(apps(number, ["print 1", f"print(int(input()) * {number + 2})"], times(number + 2)))
    for number in range(20):
        planted["duplicate"].add(len(rows))
        rows.append(apps(number, [f"print(int(input()) * {number + 2})"], times(number + 2, 5)))
    funnel, gone = run(tmp_path, rows)
    for reason, numbers in planted.items():
        assert {gone.get(number) for number in numbers} == {reason}
    assert funnel["kept"] == 60
    tasks = {task.metadata["curation"]["origin"]["row"] - 1: task for task in open_tasks(str(tmp_path / "out"))}
    assert {n for n, t in tasks.items() if "repair" in t.metadata["curation"].get("history", {})} == mended
