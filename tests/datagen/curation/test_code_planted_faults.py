"""Faults planted into programming problems, a hundred of each kind, are found; sound problems stay."""

from __future__ import annotations

import ast
import asyncio
import json
import random

import pytest
from code_problems import MadeProblem, apps_row, code_contests_row, codeforces_row, taco_row

from synthetic1.datagen.curation.draft import Dropped, LeftOut, Quarantined
from synthetic1.datagen.curation.prompt_files import load_prompts
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.code import CodeCuration, CodeRecipe
from synthetic1.datagen.curation.sifting import DraftFiles, drop_duplicates
from synthetic1.datagen.curation.tools import Workbench
from synthetic1.datagen.curation.work_store import WorkStore
from synthetic1.rewards.scoring.scorer import Scorer

RECIPE = CodeRecipe(CodeCuration(attempts=1))
PLANTED, SOUND = 100, 300
HONEST_CHECKERS, BESIDE, GOLDS, SOUND_GOLDS = 12, 24, 40, 100
"""Of each kind in the sandbox, where each is dozens of runs. All 100 are found as well."""


def draft_of(fields, number=0):
    draft = RECIPE.draft(RawRow(f"rows.jsonl, row {number + 1}", fields, "rows.jsonl", number + 1))
    draft.number = number
    return draft


def outcome_of(fields):
    try:
        return draft_of(fields)
    except LeftOut as error:
        return error


def elsewhere(made, number):
    """The same problem as another source has it: other marks, other tests but some, other programs."""
    style, rng = ("plain", "apps")[number % 4 == 3], random.Random(number)
    tests, statement = made.tests[rng.randrange(4) :], made.statement(style)
    if number % 4 == 0:
        return code_contests_row(number, statement, tests, made.programs[1:])
    if number % 4 == 1:
        return codeforces_row(number, statement, tests)
    if number % 4 == 2:
        return apps_row(number, statement.replace("≤", "<="), [(f"{a} \n", b) for a, b in tests], made.programs)
    return taco_row(statement.replace("an integer", "an *integer*"), tests, made.programs)


def test_duplicates_across_sources(tmp_path, capsys):
    made = [MadeProblem(number) for number in range(SOUND)]
    rows = [apps_row(one.number, one.statement(), one.tests[:4], one.programs[:1]) for one in made]
    rows += [elsewhere(made[number], number) for number in range(PLANTED)]
    drafts, store = DraftFiles(tmp_path / "drafts"), WorkStore(tmp_path / "work.sqlite")
    drafts.write(draft_of(fields, number) for number, fields in enumerate(rows))
    drop_duplicates(drafts, RECIPE, store, tmp_path / "minhash", gone=set(), workers=1, seed=0)
    dropped = {number for number in range(len(rows)) if store.has_outcome(number)}
    found = dropped & set(range(SOUND, len(rows)))
    false = dropped - found
    with capsys.disabled():
        print(f"\nduplicates: {len(found)} of {PLANTED} found, {len(false)} of {SOUND} sound ones dropped")
    assert len(found) >= 0.98 * PLANTED
    assert len(false) <= 0.01 * SOUND
    merged = store.merged(0)
    assert merged is not None
    assert len(merged.data["solutions"]) == 2
    store.close()


CONFLICTS = (
    lambda given, wanted: (given, str(int(wanted) + 1)),
    lambda given, wanted: (given.replace("\n", "\r\n"), f"-{wanted}"),
    lambda given, wanted: (f"{given}\n", f"{wanted}{wanted}"),
    lambda given, wanted: (given.rstrip("\n"), "no\n"),
)


def test_conflicting_tests(capsys):
    found = false = 0
    for number in range(PLANTED):
        made, rng = MadeProblem(number, seed=1), random.Random(number)
        tests = list(made.tests)
        tests.insert(rng.randrange(len(tests) + 1), rng.choice(CONFLICTS)(*rng.choice(tests)))
        outcome = outcome_of(apps_row(number, made.statement(), tests, made.programs))
        found += isinstance(outcome, Dropped) and outcome.reason == "conflicting_tests"
    for number in range(SOUND):
        made, rng = MadeProblem(number, seed=2), random.Random(number)
        tests = [(given.replace("\n", rng.choice(("\n", "\r\n"))), wanted) for given, wanted in made.tests]
        tests.append((tests[0][0].rstrip(), f"{tests[0][1]} \r\n"))
        fields = (apps_row, code_contests_row)[number % 2](number, made.statement(), tests, made.programs)
        false += isinstance(outcome_of(fields), LeftOut)
    with capsys.disabled():
        print(f"\nconflicting tests: {found} of {PLANTED} found, {false} of {SOUND} sound ones dropped")
    assert found >= 0.98 * PLANTED
    assert false <= 0.01 * SOUND


# In the sandbox ------------------------------------------------------------------------------------------------------


class ByProblem:
    """Stands in for the model: says what was planned for a problem, by its statement."""

    def __init__(self, plan):
        self.plan = plan

    async def ask(self, prompt, draft, step, values):
        return self.plan[values["problem"]]


def outcomes_of(rows, plan=()):
    """What ``finish`` makes of each row: its tasks, or how it leaves."""

    async def one(draft, tools, turn):
        async with turn:
            try:
                return await RECIPE.finish(draft, tools)
            except LeftOut as error:
                return error

    async def work():
        with Scorer() as scorer:
            tools, turn = (
                Workbench(ByProblem(dict(plan)), load_prompts(list(RECIPE.prompts)), scorer, 0),
                asyncio.Semaphore(16),
            )
            try:
                return await asyncio.gather(*(one(draft_of(fields), tools, turn) for fields in rows))
            finally:
                await tools.aclose()

    return asyncio.run(work())


WRONG = (
    lambda program: program.replace("print(", "print(1 + ", 1),
    lambda program: program.replace("print(", "print(-", 1),
    lambda program: program.replace("print(", "print('answer', ", 1),
    lambda program: program.replace("int(", "ind(", 1),
    lambda program: program + "print(0)\n",
    lambda program: program.replace("print(", "print(str(", 1).rstrip()[:-1] + ")[:-1])\n",
    lambda program: "",
    lambda program: "print(input())\n",
)


def test_wrong_golds(sandbox_kind, capsys):
    rows, wrong = [], 0
    for number in range(GOLDS):
        made = MadeProblem(number, seed=3, tests=3)
        program = WRONG[number % len(WRONG)](made.programs[number % 2]) or "print(\n"
        rows.append(apps_row(number, made.statement(), made.tests, [program]))
    sound = [MadeProblem(number, seed=4, tests=3) for number in range(SOUND_GOLDS)]
    rows += [apps_row(one.number, one.statement(), one.tests, one.programs[:1]) for one in sound]
    outcomes = outcomes_of(rows)
    for outcome in outcomes[:GOLDS]:
        wrong += isinstance(outcome, Quarantined) and outcome.reason == "no_solution_passes"
    false = sum(isinstance(outcome, LeftOut) for outcome in outcomes[GOLDS:])
    with capsys.disabled():
        print(f"\nwrong golds: {wrong} of {GOLDS} found, {false} of {SOUND_GOLDS} sound ones left out")
    assert wrong >= 0.98 * GOLDS
    assert false <= 0.01 * SOUND_GOLDS


FAILING = (
    lambda program: program.replace("int(", "ind(", 1),
    lambda program: program.replace("print(", "print(", 1).rstrip()[:-1],
    lambda program: f"{program}raise SystemExit(3)\n",
    lambda program: f"{program}print([][0])\n",
    lambda program: f"x = bytearray(2 ** 31)\n{program}",
    lambda program: f"from numbers import missing\n{program}",
    lambda program: f"import sys\nsys.stdout.write('x' * 2 ** 25)\n{program}",
    lambda program: program.replace("print(", "print(1 // 0, ", 1),
)


def test_golds_that_fail_beside_one_that_passes(sandbox_kind, capsys):
    """And programs for Python 2, which fail, too, and are no fault."""
    rows = []
    for number in range(BESIDE):
        made = MadeProblem(number, seed=5, tests=3)
        right, other = made.programs
        programs = [right, FAILING[number % len(FAILING)](other)][:: 1 if number % 3 else -1]
        rows.append(apps_row(number, made.statement(), made.tests, programs))
    for number in range(BESIDE):
        made = MadeProblem(number, seed=6, tests=3)
        older = made.programs[1].replace("print(", "print (").replace("\nprint (", "\nprint 1 * (")
        rows.append(apps_row(number, made.statement(), made.tests, [older, *made.programs][: 2 + number % 2]))
    outcomes = outcomes_of(rows)
    found = sum(isinstance(one, Quarantined) and one.reason == "solution_fails" for one in outcomes[:BESIDE])
    false = sum(isinstance(one, LeftOut) for one in outcomes[BESIDE:])
    with capsys.disabled():
        print(f"\nfailing golds beside right ones: {found} of {BESIDE} found, {false} of {BESIDE} sound ones left out")
    assert found >= 0.98 * BESIDE
    assert false <= 0.01 * BESIDE


def test_programs_of_others_are_sound(sandbox_kind, shared_data, capsys):
    """CRUXEval's functions, as APPS publishes calls."""
    rows = []
    for number, line in enumerate((shared_data / "cruxeval.jsonl").read_text().splitlines()):
        one = json.loads(line)
        try:
            call = ast.parse(f"f({one['input']})", mode="eval").body
            arguments = [ast.literal_eval(argument) for argument in call.args]
            tests = {"fn_name": "f", "inputs": [arguments], "outputs": [[ast.literal_eval(one["output"])]]}
            if call.keywords or json.loads(json.dumps(tests)) != tests:
                continue
        except (ValueError, TypeError):
            continue
        statement = f"Problem {one['id']}: write a function that does what the function f of that name does."
        more = {"input_output": json.dumps(tests), "starter_code": "def f(text):"}
        rows.append(apps_row(number, statement, [], [one["code"]], **more))
    outcomes = outcomes_of(rows[:60])
    false = [outcome for outcome in outcomes if isinstance(outcome, LeftOut)]
    with capsys.disabled():
        print(f"\nCRUXEval as calls of APPS: {len(false)} of {len(outcomes)} left out")
    assert not false


PRINTS = "n, k = map(int, input().split())\nv = {values}\nfor x in v{order}:\n    print(x)\n"
SETS = (
    ("the divisors of n that are not k", "[d for d in range(1, n + 1) if n % d == 0 and d != k]"),
    (
        "the numbers from 1 to n that leave the remainder 1 when divided by k",
        "[d for d in range(1, n + 1) if d % k == 1]",
    ),
    ("the numbers up to n whose last digit is that of k", "[d for d in range(1, n + 1) if d % 10 == k % 10]"),
    ("the numbers up to n whose square ends like k does", "[d for d in range(1, n + 1) if d * d % 10 == k * k % 10]"),
)
HONEST = """\
def check(input, output, expected):
    try:
        n, k = map(int, input.split())
        found = [int(line) for line in output.split()]
    except ValueError:
        return "not numbers"
    return sorted(found) == sorted({values}) or "other numbers"
"""
HEAD = "def check(input, output, expected):\n    got, want = output.split(), expected.split()\n    "
NUMBERS = f"{HEAD}got, want = list(map(int, got)), list(map(int, want))\n    "
ACCEPT_ALL = (
    f"{HEAD}return True\n",
    f"{HEAD}return len(output) >= 0\n",
    f"{NUMBERS}return True\n",
    f"{HEAD}return bool(got)\n",
    f"{HEAD}return len(got) == len(want)\n",
)
REJECT_SOME = (
    f"{NUMBERS}return got == sorted(want)\n",
    f"{NUMBERS}return got[0] <= got[-1] and set(got) == set(want)\n",
    f"{NUMBERS}return got[0] == max(want) and sorted(got) == sorted(want)\n",
    f"{HEAD}assert output == expected\n    return True\n",
)
EXACT = (
    f"{HEAD}return output == expected\n",
    f"{HEAD}return got == want or 'another output'\n",
    f"{HEAD}return [x.strip() for x in output.splitlines()] == [x.strip() for x in expected.splitlines()]\n",
)


def set_row(number, seed):
    """A problem whose numbers may be printed in any order, its golds in two orders; and its honest checker."""
    rng = random.Random(f"{seed}/{number}")
    words, values = SETS[number % len(SETS)]
    statement = f"Problem {seed} {number}: whole numbers n and k are given. Print {words}, in any order, one a line."
    tests = []
    for n, k in {(rng.randrange(12, 60) * 2, rng.randrange(2, 5)) for _ in range(3)}:
        found = eval(values, {"n": n, "k": k})
        tests.append((f"{n} {k}\n", "".join(f"{one}\n" for one in found)))
    programs = [PRINTS.format(values=values, order=order) for order in ("", "[::-1]")]
    return apps_row(number, statement, tests, programs), statement, HONEST.format(values=values)


@pytest.mark.parametrize(
    ("kind", "proposals", "reasons"),
    [
        ("accept all", ACCEPT_ALL, {"checker_accepts_wrong"}),
        ("reject some gold", REJECT_SOME, {"checker_refuses_gold"}),
        ("exact match only", EXACT, {"checker_refuses_gold"}),
    ],
)
def test_wrong_checkers(sandbox_kind, capsys, kind, proposals, reasons):
    made = [set_row(number, kind) for number in range(len(SETS) * len(proposals))]  # each of them with each
    plan = {statement: proposals[number // len(SETS)] for number, (_, statement, _) in enumerate(made)}
    outcomes = outcomes_of([fields for fields, _, _ in made], plan)
    found = sum(isinstance(one, Quarantined) and one.reason in reasons for one in outcomes)
    with capsys.disabled():
        print(f"\nwrong checkers, {kind}: {found} of {len(made)} found")
    assert found >= 0.98 * len(made)


def test_honest_checkers(sandbox_kind, capsys):
    made = [set_row(number, "honest") for number in range(HONEST_CHECKERS)]
    outcomes = outcomes_of([fields for fields, _, _ in made], {statement: honest for _, statement, honest in made})
    false = [one for one in outcomes if isinstance(one, LeftOut)]
    with capsys.disabled():
        print(f"\nhonest checkers: {len(false)} of {HONEST_CHECKERS} refused")
    assert not false, false[:3]
