"""The recipe of programming problems: published rows in, tasks whose golds hold out."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from code_problems import MadeProblem, apps_row, code_contests_row, codeforces_row, taco_row

from synthetic1.datagen.curation.draft import Draft, Dropped, LeftOut, Quarantined
from synthetic1.datagen.curation.prompt_files import load_prompts
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.code import CodeCuration, CodeRecipe
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


def test_golds_that_pass_make_a_task(sandbox_kind):
    crash = "print(1 / 0)\n"
    row = apps(solutions=json.dumps([crash, *MADE.programs]))
    [(tasks, draft)] = finish(row)
    (task,) = tasks
    assert task.gold_standard_solution == MADE.programs[0]
    assert task.problem_id == task.metadata["problem"] == "apps/7"
    counts = {"published": 3, "run": 3, "passing": 2, "differing": 0, "crashing": 1}
    assert draft.history["solutions"] == counts
    assert "translations" not in draft.history


def test_golds_that_fail_or_lack_are_told_apart(sandbox_kind):
    wrong = apps(solutions=json.dumps(["print(0)", "x ="]))
    outcomes = [outcome for outcome, _ in finish(wrong, forces(), divisors_row(UP, DOWN))]
    assert [(type(one), one.step, one.reason) for one in outcomes] == [
        (Quarantined, "solutions", "no_solution_passes"),
        (Dropped, "solutions", "no_solution"),
        (Quarantined, "checker", "no_model"),
    ]
    assert "wrong_answer" in outcomes[0].detail


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
