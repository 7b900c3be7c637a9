"""The recipe of programming problems: published rows in, tasks whose golds hold out."""

from __future__ import annotations

import asyncio
import json
import time

import code_problems
import pytest
from code_problems import MadeProblem, apps_row, codeforces_row, taco_row

from synthetic1.datagen.curation.draft import Draft, Dropped, LeftOut, Quarantined
from synthetic1.datagen.curation.prompt_files import load_prompts
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.code import CodeCuration, CodeRecipe
from synthetic1.datagen.curation.recipes.programs.dialects import other_version
from synthetic1.datagen.curation.recipes.programs.mutations import mutated
from synthetic1.datagen.curation.recipes.programs.program_problem import ProgramProblem
from synthetic1.datagen.curation.recipes.programs.statements import comparable
from synthetic1.datagen.curation.recipes.programs.test_cases import UnsafeTests, clean_tests, hidden_tests
from synthetic1.datagen.curation.recipes.programs.translations import signature_of
from synthetic1.datagen.curation.tools import Workbench
from synthetic1.rewards.registry import get_verifier
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.tasks.formats.code_rows import compose_prompt

RECIPE = CodeRecipe(CodeCuration())
MADE = MadeProblem(3)
LONG = "Given a list of numbers, decide which of them is the one that the story above asks for, and print it."


def draft_of(fields, recipe=RECIPE, file="apps.jsonl"):
    return recipe.draft(RawRow(f"{file}, row 1", fields, file, 1))


def left(fields, recipe=RECIPE):
    with pytest.raises(LeftOut) as caught:
        draft_of(fields, recipe)
    return type(caught.value), caught.value.step, caught.value.reason


def apps(**more):
    return apps_row(7, MADE.statement(), MADE.tests, MADE.programs, **more)


JAVA = "public class Main { public static void main(String[] a) { System.out.println(1); } }"


def code_contests_row(number, statement, tests, programs, cpp=(), **more):
    """CodeContests', with programs in C++, Java, Python 2 and what nobody knows."""
    others = {2: cpp, 4: [JAVA], 1: ["print 1"], 0: ["?"]}
    published = [(3, one) for one in programs] + [(language, one) for language, some in others.items() for one in some]
    solutions = {"language": [one for one, _ in published], "solution": [one for _, one in published]}
    return code_problems.code_contests_row(number, statement, tests, programs, **{"solutions": solutions, **more})


def contests(**more):
    return code_contests_row(7, MADE.statement("plain"), MADE.tests, MADE.programs, **more)


def forces(**more):
    return codeforces_row(7, MADE.statement("plain"), MADE.tests, **more)


# What a row becomes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [apps(), taco_row(MADE.statement(), MADE.tests, MADE.programs), contests(), forces()],
    ids=["apps", "taco", "code_contests", "codeforces"],
)
def test_every_layout_gives_the_same_problem(fields):
    draft = draft_of(fields)
    problem = ProgramProblem.of(draft.data)
    assert [tuple(pair) for pair in problem.tests] == MADE.tests
    assert problem.function is None
    assert problem.statement is not None
    assert problem.prompt == compose_prompt(problem.statement)
    assert problem.solutions == ([] if "official_tests" in fields else MADE.programs)
    assert problem.info.get("time_limit_s") == (None if "problem_id" in fields else 2.0)
    assert draft.origin["file"] == "apps.jsonl"
    assert draft.origin["row"] == 1
    assert Draft.from_line(draft.to_line()) == draft


def test_calls_keep_their_starter_and_texts_of_arguments_are_read():
    tests = {"fn_name": "twice", "inputs": ["[1, 2]\n3", "[4]\n5", "[]\n0"], "outputs": [[[2, 4]], [[8]], [[]]]}
    starter = "class Solution:\n    def twice(self, v: List[int], k: int) -> List[int]:\n        "
    fields = apps(starter_code=starter, input_output=json.dumps(tests), question=LONG)
    problem = ProgramProblem.of(draft_of(fields).data)
    assert problem.function == "twice"
    assert problem.tests == [[[[1, 2], 3], [2, 4]], [[[4], 5], [8]], [[[], 0], []]]
    assert problem.statement == LONG
    assert problem.starter == starter.strip("\n").rstrip()
    assert problem.task(["x"]).prompt == compose_prompt(LONG, function="twice", starter=starter)


def test_programs_come_out_of_their_fences_and_once_each():
    program = MADE.programs[0]
    rows = {"problem": LONG, "tests": json.dumps({"inputs": ["1\n", "2\n"], "outputs": ["1\n", "4\n"]})}
    draft = draft_of({**rows, "solutions": [f"```python\n{program}```", program, "  "]})
    assert draft.data["solutions"] in ([program], [program.rstrip("\n"), program])


def test_assertions_are_kept_in_their_language():
    humaneval = {
        "task_id": "HumanEval/0",
        "prompt": 'def add(a: int, b: int) -> int:\n    """Add the two numbers and return what comes out of it."""\n',
        "canonical_solution": "    return a + b\n",
        "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
        "entry_point": "add",
    }
    problem = ProgramProblem.of(draft_of(humaneval).data)
    assert problem.tests == []
    assert problem.info["assertions"]["entry_point"] == "add"
    assert problem.task(problem.solutions).verification_info == {"language": "python", **problem.info}


# What is left out ----------------------------------------------------------------------------------------------------

NO_TESTS = json.dumps({"inputs": [], "outputs": []})


def io(given, wanted):
    return json.dumps({"inputs": given, "outputs": wanted})


LEFT = {
    "no column known": ({"foo": 1, "bar": "x"}, Quarantined, "row", "unknown_layout"),
    "cut JSON": (apps(input_output='{"inputs": ["1'), Quarantined, "row", "unreadable"),
    "tests of two lengths": (apps(input_output=io(["1"], [])), Quarantined, "row", "unreadable"),
    "a solution that is a number": (apps(solutions="[1]"), Quarantined, "row", "unreadable"),
    "an answer in words": ({"question": "What is 2 + 2?", "answer": "#### 4"}, Dropped, "row", "another_family"),
    "no statement": (apps(question=None), Dropped, "statement", "no_statement"),
    "NaN for a statement": (apps(question=float("nan")), Dropped, "statement", "no_statement"),
    "a title for a statement": (apps(question="Chess tournament"), Dropped, "statement", "no_statement"),
    "no description": (contests(description="  \n"), Dropped, "statement", "no_statement"),
    "interactive by words": (
        apps(question=f"This is an interactive problem. {MADE.statement()}"),
        Dropped, "statement", "interactive",
    ),
    "interactive by heading": (
        contests(description=f"{MADE.statement('plain')}\n\nInteraction\n\nAsk at most ten questions."),
        Dropped, "statement", "interactive",
    ),
    "interactive by flush": (
        contests(description=f"{LONG} After printing each guess do not forget to flush the output."),
        Dropped, "statement", "interactive",
    ),
    "interactive by column": (forces(interaction_format="Print ? and a number."), Dropped, "statement", "interactive"),
    "a picture": (contests(description=f"Look at this: <image>. {LONG}"), Dropped, "statement", "needs_image"),
    "a picture in markdown": (apps(question=f"![](a.png)\n\n{LONG}"), Dropped, "statement", "needs_image"),
    "a named file": (contests(input_file="input.txt"), Dropped, "statement", "named_files"),
    "a named file by column": (forces(input_mode="file"), Dropped, "statement", "named_files"),
    "no tests": (apps(input_output=""), Dropped, "tests", "no_tests"),
    "empty lists of tests": (apps(input_output=NO_TESTS), Dropped, "tests", "no_tests"),
    "no official tests": (forces(official_tests=[], examples=[]), Dropped, "tests", "no_tests"),
    "examples alone": (forces(official_tests=[]), Dropped, "tests", "only_samples"),
    "samples alone": (
        apps(input_output=io([MADE.tests[0][0]], [MADE.tests[0][1]])), Dropped, "tests", "only_samples",
    ),
    "empty outputs": (apps(input_output=io(["1\n", "2\n"], ["", " \n"])), Dropped, "tests", "empty_tests"),
    "binary tests": (apps(input_output=io(["\x00\x01\n"], ["5\n"])), Dropped, "tests", "binary_tests"),
    "a replaced byte": (apps(input_output=io(["na\ufffdve\n"], ["5\n"])), Dropped, "tests", "binary_tests"),
    "cut off tests": (apps(input_output=io(["1 " * 150 + "..."], ["5\n"])), Dropped, "tests", "cut_off_tests"),
    "huge tests": (apps(input_output=io(["1 " * 600_000], ["5\n"])), Dropped, "tests", "huge_tests"),
    "two outputs": (apps(input_output=io(["3\n", "3 \r\n"], ["4\n", "5\n"])), Dropped, "tests", "conflicting_tests"),
    "an unknown language": (
        {
            "problem_id": "x", "task_type": "verifiable_code", "prompt": LONG,
            "verification_info": {"language": "cobol", "test_cases": []},
        },
        Quarantined, "row", "unknown_language",
    ),
    "tests of both kinds": (
        {
            "problem_id": "x", "task_type": "verifiable_code", "prompt": LONG,
            "verification_info": json.dumps(
                {
                    "language": "python",
                    "test_cases": [
                        {"type": "stdin_stdout", "input": "1", "output": "1"},
                        {"type": "function_call", "fn_name": "f", "input": [1], "output": 1},
                    ],
                }
            ),
        },
        Dropped, "tests", "mixed_tests",
    ),
    "tests that are none": (
        {
            "problem_id": "x", "task_type": "verifiable_code", "prompt": LONG,
            "verification_info": "{'language': 'python', 'test_cases': [{'type': 'what'}]}",
        },
        Quarantined, "tests", "unreadable_tests",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "outcome", "step", "reason"), LEFT.values(), ids=LEFT.keys())
def test_a_row_leaves_with_its_reason(fields, outcome, step, reason):
    assert left(fields) == (outcome, step, reason)
    assert reason in CodeRecipe.__doc__, "a reason that the docstring does not list"


KEPT = {
    "a picture in the note": f"{LONG}\n\nNote\n\n[Image] shows the first example.",
    "not interactive": f"This is not an interactive problem. {LONG}",
    "interacting people": f"The people in this town interact with each other. {LONG}",
    "a formula": f"{LONG} It is known that $1 \\le a < b \\le 10^5$ & that all is well.",
}


@pytest.mark.parametrize("statement", KEPT.values(), ids=KEPT.keys())
def test_a_sound_statement_stays(statement):
    assert draft_of(apps(question=statement)).data["statement"] == statement


LENGTH = 200_000
HOSTILE = {
    "blanks behind a heading": f"{LONG}\nNote{' ' * LENGTH}x",
    "marks before a heading": f"{LONG}\n{'-' * LENGTH}x",
    "pictures that never end": f"{LONG} {'![' * LENGTH}",
    "addresses in addresses": f"{LONG} {'http://' * (LENGTH // 7)}",
    "tags that never end": f"{LONG} {'<a' * LENGTH}",
    "commands": f"{LONG} {chr(92) * LENGTH}",
    "digits and commas": f"{LONG} {'1,' * LENGTH}",
}


@pytest.mark.parametrize("statement", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_statement_takes_long(statement):
    begin = time.process_time()
    draft_of(apps(question=statement))
    assert time.process_time() - begin < 2


def test_no_test_takes_long():
    begin = time.process_time()
    text = f"a{' ' * LENGTH}b \n{'1 ' * LENGTH}\n"
    draft_of(apps(input_output=io([text, "1\n"], [text, "2\n"])))
    assert time.process_time() - begin < 2


# Tests ---------------------------------------------------------------------------------------------------------------


def clean(pairs, checker=None, max_tests=100, max_chars=1000, max_total=10_000):
    cases = [{"type": "stdin_stdout", "input": given, "output": wanted} for given, wanted in pairs]
    return clean_tests(cases, checker=checker, max_tests=max_tests, max_chars=max_chars, max_total=max_total)


def test_tests_get_one_form():
    found = clean([("1\r\n2", "3 \r\n4\t\r\n\r\n"), (" a \n\n", "  b"), (["1", "2"], ["3 ", "4"]), ("7", "8")])
    assert found.tests == [["1\n2\n", "3\n4\n"], [" a \n\n", "  b\n"], ["7\n", "8\n"]]
    assert found.left_out == {"duplicate": 1}


def test_outputs_that_are_compared_exactly_keep_their_white_space():
    assert clean([("1", "3 \n\n")], checker="exact").tests == [["1\n", "3 \n\n"]]


def test_several_outputs_are_no_conflict_where_a_checker_decides():
    pairs = [("1\n", "2\n"), ("1\n", "3\n")]
    with pytest.raises(UnsafeTests, match="conflicting_tests"):
        clean(pairs)
    assert clean(pairs, checker={"program": "def check(*a): return True"}).tests == [["1\n", "2\n"]]


def test_the_cap_keeps_small_and_large_tests_and_is_told():
    pairs = [(f"{'1 ' * n}\n", f"{n}\n") for n in range(1, 41)]
    found = clean(pairs, max_tests=5)
    assert [int(wanted) for _, wanted in found.tests] == [1, 11, 21, 30, 40]
    assert found.left_out == {"over_the_cap": 35}
    assert sum(len(given) for given, _ in clean(pairs, max_total=300).tests) <= 300
    recipe = CodeRecipe(CodeCuration(max_tests=2))
    assert draft_of(apps(), recipe).history["tests"] == {"kept": 2, "left_out": {"over_the_cap": 4}}


def test_bad_tests_beside_good_ones_cost_only_themselves():
    found = clean([("1", "2"), ("2", ""), ("\x07", "1"), ("3" * 2000, "1"), ("4 " * 120 + "...", "1"), ("5", "6")])
    assert found.tests == [["1\n", "2\n"], ["5\n", "6\n"]]
    assert found.left_out == {"empty_tests": 1, "binary_tests": 1, "huge_tests": 1, "cut_off_tests": 1}


def test_a_test_that_the_statement_shows_is_not_hidden():
    shown = f"{LONG}\n\nInput:\n\n3\n1 2 3\n\nSample Output:\n\n6\n\nExample: nums = [2,7], target = 9, Output: [0,1]"
    assert hidden_tests([["3\n1 2 3\n", "6\n"]], shown, 1) == 0
    assert hidden_tests([[[[2, 7], 9], [0, 1]]], shown, 1) == 0
    assert hidden_tests([["3\n1 2 3\n", "6\n"], ["3\n", "7\n"]], shown, 5) == 1
    assert hidden_tests([["3\n1 2 3\n", "0\n"]], shown, 1) == 1
    assert hidden_tests([["1\n", "3\n"]], "The number 17 is 3 times as large as many others.", 1) == 1


# Duplicates ----------------------------------------------------------------------------------------------------------


def same(one, other):
    return RECIPE.is_duplicate(draft_of(one), draft_of(other))


def test_one_problem_of_several_sources_is_one():
    some = apps_row(1, MADE.statement(), MADE.tests[:4], MADE.programs[:1])
    other = code_contests_row(2, MADE.statement("plain"), MADE.tests[2:], MADE.programs[1:])
    assert same(some, other)
    draft = RECIPE.merge(draft_of(some), draft_of(other))
    problem = ProgramProblem.of(draft.data)
    assert [tuple(pair) for pair in problem.tests] == MADE.tests
    assert problem.solutions == MADE.programs
    assert problem.info["time_limit_s"] == 2.0
    assert [one["dataset"] for one in draft.origin["duplicates"]] == ["code_contests"]
    assert draft.history["duplicates"][0] | {"where": ""} == {
        "where": "", "tests_added": 2, "solutions_added": 1, "tests_that_differ": 0,
    }  # fmt: skip


def test_equal_statements_need_no_common_test():
    assert same(apps_row(1, LONG, MADE.tests[:3], []), apps_row(2, LONG, MADE.tests[3:], []))


def test_other_numbers_or_words_are_another_problem():
    three = apps_row(1, f"{LONG} Only those divisible by 3.", [("1\n", "0\n"), ("6\n", "2\n"), ("9\n", "3\n")], [])
    five = apps_row(2, f"{LONG} Only those divisible by 5.", [("1\n", "0\n"), ("6\n", "1\n"), ("9\n", "1\n")], [])
    assert not same(three, five)
    least = apps_row(1, f"{LONG} {MADE.story} Print the smallest one.", [("2\n1 2\n", "1\n"), ("1\n4\n", "4\n")], [])
    most = apps_row(2, f"{LONG} {MADE.story} Print the largest one.", [("2\n7 2\n", "7\n"), ("1\n5\n", "5\n")], [])
    assert not same(least, most)


def test_a_call_is_not_the_same_problem_as_a_program():
    call = apps(input_output=json.dumps({"fn_name": "f", "inputs": [[17]], "outputs": [1]}))
    assert not same(apps(), call)


def test_a_problem_in_another_language_is_a_task_of_its_own():
    cases = [{"type": "stdin_stdout", "input": given, "output": wanted} for given, wanted in MADE.tests]
    rows = [
        {
            "problem_id": language,
            "task_type": "verifiable_code",
            "prompt": f"{MADE.statement()}\n\nWrite it in {language}.",
            "verification_info": {"language": language, "test_cases": cases},
        }
        for language in ("python", "c++")
    ]
    assert not same(*rows)
    assert same(rows[0], {**rows[0], "problem_id": "again"})


def test_what_sites_put_around_a_statement_is_not_compared():
    plain = "Let a_i be at most 10^5 and n less than 100000. Print it for each of these values."
    marked = "Let $a_{i}$ be at most $10^{5}$ and *n* less than 100,000. Print it for each of these values.\n\nNote\n"
    assert comparable(plain).split() == comparable(marked).split()


# Solutions, checkers, translations -----------------------------------------------------------------------------------


class ScriptedAsker:
    """Answers by the prompt's name: a list of replies one after the other, or a function of the values."""

    def __init__(self, **replies):
        self.replies, self.asked = replies, []

    async def ask(self, prompt, draft, step, values):
        prompt.filled(values)  # a place without a value is an error
        draft.prompts[prompt.name] = prompt.label
        self.asked.append((prompt.name, values))
        reply = self.replies[prompt.name]
        reply = reply(values) if callable(reply) else reply[sum(name == prompt.name for name, _ in self.asked) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply


def finish(*fields, recipe=RECIPE, asker=None):
    """The outcome of each row: its tasks, or the error it leaves with; and its draft."""

    async def work():
        with Scorer() as scorer:
            tools = Workbench(asker, load_prompts(list(recipe.prompts)), scorer, 0)
            drafts = [draft_of(one, recipe) for one in fields]
            try:
                tasks = [recipe.finish(draft, tools) for draft in drafts]
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                await tools.aclose()
            for outcome in outcomes:
                if isinstance(outcome, Exception) and not isinstance(outcome, LeftOut):
                    raise outcome
                for task in outcome if isinstance(outcome, list) else []:
                    completion = get_verifier(task.task_type).gold_completion(task)
                    (verdict,) = await scorer.score([(task, completion)])
                    assert verdict.score == 1.0, verdict
            return list(zip(outcomes, drafts, strict=True))

    return asyncio.run(work())


def divisors_row(*programs):
    """A problem with many right answers."""
    statement = (
        "Print all divisors of the whole number n, each on a line of its own, in any order that you like."
        "\n\nInput\n\nOne number n.\n\nExample\n\nInput\n\n2\n\nOutput\n\n1\n2"
    )
    tests = [(f"{n}\n", "".join(f"{d}\n" for d in range(1, n + 1) if n % d == 0)) for n in (2, 12, 30, 7, 36)]
    return code_contests_row(9, statement, tests, list(programs))


UP = "n = int(input())\nfor d in range(1, n + 1):\n    if n % d == 0:\n        print(d)\n"
DOWN = "n = int(input())\nfor d in range(n, 0, -1):\n    if n % d == 0:\n        print(d)\n"
HONEST = """\
def check(input, output, expected):
    try:
        return sorted(map(int, output.split())) == sorted(map(int, expected.split())) or "other divisors"
    except ValueError:
        return "not numbers"
"""
ACCEPT_ALL = "def check(input, output, expected):\n    return True\n"
EXACT = "def check(input, output, expected):\n    return output.split() == expected.split()\n"
BROKEN = "def check(input, output, expected)\n    return True\n"


SOLVES = "print(2 * int(input()))\n"
SOLVES_CPP = '#include <cstdio>\nint main() { long long n; scanf("%lld", &n); printf("%lld\\n", 2 * n); }\n'
DOUBLES = [("1\n", "2\n"), ("20\n", "40\n"), ("-3\n", "-6\n"), ("900\n", "1800\n")]
LEAVES_OUT = CodeRecipe(CodeCuration(failing_solutions="leave_out"))
ENDLESS = "n = int(input())\nwhile n > 20:\n    pass\nprint(2 * n)\n"
RAISES = "n = int(input())\nprint(2 * n if n > 0 else [][n])\n"


def doubles(*programs, number=5, cpp=()):
    return code_contests_row(number, f"Double the number that is given. {LONG}", DOUBLES, list(programs), cpp)


FAILING = {
    "raises": (doubles(SOLVES, RAISES), "published solution 2 (python) of 2: runtime_error in test 3: "),
    "is endless": (doubles(ENDLESS, SOLVES), "published solution 1 (python) of 2: time_limit in test 4: "),
    "does not compile": (
        doubles(SOLVES, cpp=["int main( {"]),
        "published solution 2 (cpp) of 2: compile_error: ",
    ),
    "crashes in C++": (
        doubles(SOLVES, cpp=[SOLVES_CPP, "#include <cstdlib>\nint main() { abort(); }\n"]),
        "published solution 3 (cpp) of 3: runtime_error in test 1: killed by signal",
    ),
    "is last of many": (
        doubles(*(f"{SOLVES}# {n}\n" for n in range(19)), RAISES),
        "published solution 20 (python) of 20",
    ),
}
LIMITED = {name: {**row, "time_limit": {"seconds": 1, "nanos": 0}} for name, (row, _) in FAILING.items()}


def test_a_gold_that_fails_beside_one_that_passes_sets_the_problem_aside(sandbox_kind):
    strict, lenient = (finish(*LIMITED.values(), recipe=recipe) for recipe in (RECIPE, LEAVES_OUT))
    for (name, (_, said)), (outcome, draft), (left, other) in zip(FAILING.items(), strict, lenient, strict=True):
        assert (type(outcome), outcome.step, outcome.reason) == (Quarantined, "solutions", "solution_fails"), name
        assert outcome.detail.startswith(said), outcome.detail
        assert draft.history["solutions"]["failing"] == 1
        assert left[0].gold_standard_solution == SOLVES or name == "is last of many"
        counts = other.history["solutions"]
        assert counts["run"] == counts["passing"] + 1 == counts["published"] - 3
        assert counts["not_run"] == {"java": 1, "python2": 1, "unknown": 1}


def test_all_golds_are_run_or_as_many_as_are_asked_for(sandbox_kind):
    row = apps(solutions=json.dumps([f"{MADE.programs[n % 2]}# {n}\n" for n in range(21)]))
    for recipe, run in ((RECIPE, 21), (CodeRecipe(CodeCuration(solutions=3)), 3)):
        [(tasks, draft)] = finish(row, recipe=recipe)
        assert tasks[0].gold_standard_solution == f"{MADE.programs[0]}# 0\n"
        assert draft.history["solutions"] == {
            "published": 21, "run": run, "passing": run, "differing": 0, "failing": 0,
        }  # fmt: skip


def test_golds_that_fail_or_lack_or_are_for_others_are_told_apart(sandbox_kind):
    rows = {
        ("solutions", "no_solution_passes"): apps(solutions=json.dumps(["print(0)", "x ="])),
        ("solutions", "no_solution"): forces(),
        ("checker", "no_model"): divisors_row(UP, DOWN),
        ("solutions", "solution_fails"): apps(solutions=json.dumps([f"x{n} =" for n in range(40)])),
    }
    cpp = doubles(SOLVES, cpp=[SOLVES_CPP, SOLVES_CPP.replace("2 * n", "3 * n")])
    python_2 = apps(solutions=json.dumps(["print raw_input()", "import Queue\nprint(Queue.Queue())"]))
    outcomes = finish(*rows.values(), cpp, python_2)
    for (step, reason), (outcome, _) in zip(rows, outcomes, strict=False):
        assert (outcome.step, outcome.reason) == (step, reason)
    assert "wrong_answer in test 1" in outcomes[0][0].detail
    assert outcomes[3][1].history["solutions"]["run"] == 16, "what is decided is not run to its end"
    assert outcomes[4][0].reason == "no_model"
    assert "published solution 3 (cpp) of 3: wrong_answer in test 1" in outcomes[4][0].detail
    assert (type(outcomes[5][0]), outcomes[5][0].reason) == (Dropped, "no_solution")
    assert outcomes[5][0].detail.endswith("2 for python2")


def test_golds_for_others_leave_the_problem_to_those_that_are_run(sandbox_kind):
    windows = "#include <conio.h>\n" + SOLVES_CPP
    [(tasks, draft), (in_cpp, _)] = finish(
        doubles("print 2 * input()", SOLVES, cpp=[windows, SOLVES_CPP.replace("%lld", "%I64d")]),
        doubles("print 2 * input()", number=6, cpp=[SOLVES_CPP]),
    )
    assert tasks[0].gold_standard_solution == SOLVES
    counts = draft.history["solutions"]
    assert counts["failing"] == counts["differing"] == 0
    assert counts["not_run"]["python2"] == 2  # one by its label
    assert counts["not_run"]["cpp_windows"] >= 1  # what glibc makes of %I64d is right now and then
    (task,) = in_cpp
    assert (task.language, task.gold_standard_solution) == ("cpp", SOLVES_CPP)
    assert task.prompt.endswith("Put the whole program in one ```cpp block.")


@pytest.mark.parametrize(
    ("language", "source", "version"),
    [
        ("python", "print 1", "python2"),
        ("python", "for i in range(3): print i,", "python2"),
        ("python", "print >>f, 'x'", "python2"),
        ("python", "try:\n    f()\nexcept E, e:\n    pass", "python2"),
        ("python", "if a <> b: pass", "python2"),
        ("python", "x = 10L", "python2"),
        ("python", "for i in xrange(int(raw_input())): print(i)", "python2"),
        ("python", "print(reduce(max, [1]))", "python2"),
        ("python", "import sys\nleast = sys.maxint", "python2"),
        ("python", "d = {}\nprint(d.has_key(1))", "python2"),
        ("python", "if 1:\n\tif 2:\n        pass", "python2"),
        ("python", "print(1", None),
        ("python", "x = 1.05 +  # print x", None),
        ("python", "print('print x')\nx = ", None),
        ("python", "string = input()\nprint(string.split()[5])", None),
        ("python", "try:\n    input = raw_input\nexcept NameError:\n    pass\n1 / 0", None),
        ("python", "import sys\nif sys.version_info[0] < 3: input = raw_input\n1 / 0", None),
        ("python", "from functools import reduce\nreduce(1)", None),
        ("python", "long = 3\nprint(long[0])", None),
        ("python", f"{'(' * 100_000}", None),
        ("cpp", "#include <windows.h>\nint main() {}", "cpp_windows"),
        ("cpp", 'int main() { printf("%I64d", x); }', "cpp_windows"),
        ("cpp", "#include <iostream.h>\nint main() {}", "cpp_old"),
        ("cpp", "int main() { char s[9]; gets(s); }", "cpp_old"),
        ("cpp", "#include <string.h>\nint main( { fgets(s, 9, stdin); }", None),
        ("javascript", "print 1", None),
    ],
)
def test_programs_for_other_versions(language, source, version):
    assert other_version(language, source, "compile_error") == version
    assert other_version("python", source, "time_limit") is None


def test_programs_are_kept_up_to_a_size_and_all_languages_are_joined():
    long = f"# {'x' * 4_000_000}\n"
    some, other = doubles(*(f"{long}print({n})" for n in range(2))), doubles(SOLVES, number=6, cpp=[long, "b", long])
    draft = RECIPE.merge(draft_of(some), draft_of(other))
    problem = ProgramProblem.of(draft.data)
    assert [(one.language, len(one.source) > 99) for one in problem.programs] == [
        ("python", True), ("python", True), ("python", False),
    ]  # fmt: skip
    assert problem.not_run == {"java": 2, "python2": 2, "unknown": 2}
    [alone] = ProgramProblem.of(draft_of(doubles("x" * 11_000_000)).data).programs
    assert alone.place == 1


@pytest.mark.parametrize(
    ("proposals", "reason"),
    [
        ([ACCEPT_ALL, EXACT], "checker_refuses_gold"),
        ([EXACT, ACCEPT_ALL], "checker_accepts_wrong"),
        ([ACCEPT_ALL, BROKEN], "checker_fails"),
        ([Quarantined("checker", "refused", "")], "refused"),
        ([HONEST], None),
        ([ACCEPT_ALL, HONEST], None),
    ],
)
def test_a_checker_is_taken_for_what_it_does(sandbox_kind, proposals, reason):
    asker = ScriptedAsker(code_checker=proposals)
    [(outcome, draft)] = finish(divisors_row(UP, DOWN), asker=asker)
    assert len(asker.asked) == len(proposals)
    assert bool(asker.asked[-1][1]["earlier"]) == (len(proposals) > 1)
    if reason is not None:
        assert (type(outcome), outcome.step, outcome.reason) == (Quarantined, "checker", reason)
        return
    (task,) = outcome
    assert task.verification_info["checker"] == {"program": HONEST}
    assert draft.history["checker"]["proposals"] == len(proposals)
    assert draft.history["checker"]["wrong_outputs_refused"] > 20
    assert "code_checker" in draft.prompts


def test_a_published_checker_that_refuses_a_gold_is_not_replaced(sandbox_kind):
    fields = {
        "problem_id": "p", "task_type": "verifiable_code", "prompt": LONG, "gold_standard_solution": UP,
        "solutions": [UP, DOWN],
        "verification_info": {
            "language": "python", "checker": {"program": EXACT},
            "test_cases": [{"type": "stdin_stdout", "input": "6\n", "output": "1\n2\n3\n6\n"}],
        },
    }  # fmt: skip
    [(outcome, _)] = finish(fields, asker=ScriptedAsker())
    assert (outcome.step, outcome.reason) == ("checker", "published_checker_refuses")


MANY = CodeRecipe(CodeCuration(languages=["python", "javascript", "cpp", "rust"]))
JS = "const t = require('fs').readFileSync(0, 'utf8').trim().split('\\n');\nconsole.log(2 * Number(t[0]));\n"
CPP = "#include <iostream>\nint main() { long long n; std::cin >> n; std::cout << 2 * n << std::endl; }\n"
RUST_WRONG = 'fn main() { println!("0"); }\n'


def test_a_program_in_another_language_has_to_pass(sandbox_kind):
    replies = {"javascript": [JS], "cpp": ["int main() {", CPP], "rust": [RUST_WRONG, RUST_WRONG]}
    asker = ScriptedAsker(code_translate=lambda values: replies[values["label"]].pop(0))
    tests = [("1\n", "2\n"), ("20\n", "40\n"), ("-3\n", "-6\n")]
    row = apps_row(5, f"Double the number that is given. {LONG}", tests, ["print(2 * int(input()))\n"])
    [(tasks, draft)] = finish(row, recipe=MANY, asker=asker)
    assert [task.language for task in tasks] == ["python", "javascript", "cpp"]
    assert [task.problem_id for task in tasks] == ["apps/5", "apps/5/javascript", "apps/5/cpp"]
    assert {task.metadata["problem"] for task in tasks} == {"apps/5"}
    assert tasks[2].gold_standard_solution == CPP
    assert tasks[1].prompt.endswith("Put the whole program in one ```javascript block.")
    assert "JavaScript" in tasks[1].prompt
    assert "Python" not in tasks[1].prompt
    assert draft.history["translations"] == {"javascript": "passes", "cpp": "passes", "rust": "wrong_answer"}


def test_a_function_is_translated_with_its_head(sandbox_kind):
    tests = {"fn_name": "total", "inputs": [[[1, 2]], [[]], [[5]]], "outputs": [[3], [0], [5]]}
    row = apps(
        input_output=json.dumps(tests), solutions=json.dumps(["def total(v):\n    return sum(v)\n"]), question=LONG
    )
    replies = {
        "javascript": "const total = (v) => v.reduce((a, b) => a + b, 0);\n",
        "cpp": (
            "#include <vector>\n"
            "int total(std::vector<int> v) {\n  int s = 0;\n  for (int x : v) s += x;\n  return s;\n}\n"
        ),
        "rust": Quarantined("translations", "malformed_reply", ""),
    }
    asker = ScriptedAsker(code_translate=lambda values: replies[values["label"]])
    [(tasks, draft)] = finish(row, recipe=MANY, asker=asker)
    assert draft.history["translations"] == {"javascript": "passes", "cpp": "passes", "rust": "malformed_reply"}
    assert "`int total(std::vector<int> v)`" in tasks[2].prompt


def test_without_a_model_a_problem_stays_in_its_language(sandbox_kind):
    [(tasks, draft)] = finish(apps(), recipe=MANY)
    assert len(tasks) == 1
    assert draft.history["translations"] == dict.fromkeys(("javascript", "cpp", "rust"), "no_model")


def test_a_server_that_is_down_is_not_a_language_that_fails(sandbox_kind):
    asker = ScriptedAsker(code_translate=lambda values: Quarantined("translations", "no_reply", ""))
    [(outcome, _)] = finish(apps(), recipe=MANY, asker=asker)
    assert (type(outcome), outcome.reason) == (Quarantined, "no_reply")


@pytest.mark.parametrize(
    ("language", "source", "head"),
    [
        ("python", "import os\ndef f(a: int) -> int:\n    return a", "def f(a: int) -> int"),
        ("javascript", "function f(a, b) { return a; }", "function f(a, b)"),
        ("rust", "use std::io;\npub fn f(v: Vec<i64>) -> Option<i64> {\n", "pub fn f(v: Vec<i64>) -> Option<i64>"),
        ("cpp", "using namespace std;\nvector<int> f(const string& s)\n{\n", "vector<int> f(const string& s)"),
        ("cpp", "public:\nlong long f(int a) {\n", "long long f(int a)"),
        ("cpp", "int main() { f(1); }\n", None),
        ("rust", "fn g(v: i64) {\n  f(1)\n}", None),
    ],
)
def test_the_head_of_a_function(language, source, head):
    assert signature_of(source, "Solution().f", language) == head


# Mutations -----------------------------------------------------------------------------------------------------------


def test_a_mutation_is_never_a_right_output_and_comes_again():
    right = [["1 2\n", "1  2\n"], ["5\n", "4\n"], ["yes\n"], ["0.5\n"], ["1\n2\n3\n"]]
    wrong = mutated(right, is_call=False, tests=9, seed="s")
    assert wrong == mutated(right, is_call=False, tests=9, seed="s") != mutated(right, is_call=False, tests=9, seed="t")
    for one in wrong:
        assert one.output.split() not in [known.split() for known in right[one.test]]
    assert {one.test for one in wrong} == set(range(5))
    kinds = {one.kind for one in wrong}
    assert kinds >= {"empty", "one_more", "line_dropped", "order_swapped", "cut_off", "another_test", "added"}


def test_order_counts_until_right_outputs_show_that_it_is_free():
    fixed, free = [["1\n2\n3\n"], ["4\n5\n6\n"]], [["1\n2\n3\n", "3\n2\n1\n"], ["4\n5\n6\n"]]
    assert "order_swapped" in {one.kind for one in mutated(fixed, is_call=False, tests=9, seed="s")}
    assert "order_swapped" not in {one.kind for one in mutated(free, is_call=False, tests=9, seed="s")}


def test_mutations_of_values():
    wrong = mutated([["[1, 2]"], ["3"], ["true"], ['"ab"']], is_call=True, tests=9, seed="s")
    for one in wrong:
        json.loads(one.output)
    assert {one.kind for one in wrong} >= {"empty", "one_more", "order_swapped", "other_truth", "cut_off"}


def test_calls_that_a_dry_run_counts():
    draft = draft_of(apps())
    assert RECIPE.many_calls(draft) == {"code_checker": 1, "code_translate": 0}
    assert MANY.many_calls(draft) == {"code_checker": 1, "code_translate": 3}
    assert MANY.many_calls(draft_of(forces())) == {"code_checker": 0, "code_translate": 0}
