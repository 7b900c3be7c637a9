"""The cases of code, output prediction, science and software engineering: what they claim holds, and finds faults."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from synthetic1 import Completion, Scorer, Task, Verdict, Verifier
from synthetic1.cli import app
from synthetic1.evaluation.audit import case_makers
from synthetic1.evaluation.auditing import program_runs
from synthetic1.evaluation.auditing.case import OracleAnswer
from synthetic1.evaluation.auditing.counts import AuditCounts
from synthetic1.evaluation.auditing.prediction_cases import PredictionCases
from synthetic1.evaluation.auditing.program_cases import ProgramCases, function_of, unfenced
from synthetic1.evaluation.auditing.program_mutants import mutants
from synthetic1.evaluation.auditing.running import audit
from synthetic1.tasks.sources.spec import open_tasks

FAMILIES = {"code_understanding": 20, "stem": 60, "swe": 16}
"""Family → how many golds of it are looked at."""


def embedded(family, count):
    tasks = open_tasks(f"embedded:{family}")
    return [tasks[place * len(tasks) // count] for place in range(count)]


def audited(tasks, scorer):
    counts, makers = AuditCounts(), case_makers()
    try:
        audit(tasks, scorer, makers, counts)
    finally:
        for maker in makers.values():
            maker.close()
    return counts


@pytest.mark.parametrize(("family", "golds"), FAMILIES.items())
def test_no_gold_in_another_form_is_rejected_and_nothing_else_accepted(family, golds):
    with Scorer() as scorer:
        counts = audited(embedded(family, golds), scorer)
    assert [*counts.offenders(0.0), *counts.offenders(1.0)] == []
    assert counts.total.golds == golds
    assert counts.total.equivalents.cases > golds
    assert counts.total.mutants.cases > 10


def test_public_outputs_as_python_values(shared_data, require):
    path = shared_data / "cruxeval.jsonl"
    require("the shared data", path.is_file(), "put cruxeval.jsonl into ../shared/data")
    tasks = open_tasks(str(path))
    with Scorer() as scorer:
        counts = audited([tasks[place] for place in range(0, len(tasks), 10)], scorer)
    assert [*counts.offenders(0.0), *counts.offenders(1.0)] == []
    assert counts.by_kind["as_json_value"].cases > 20
    assert counts.by_kind["type_changed"].cases > 20


@dataclass(frozen=True)
class Somewhere(Verifier):
    """Right is whatever holds the gold somewhere: a fault that an audit has to find."""

    version: ClassVar[int] = 1
    inline: ClassVar[bool] = True

    async def verify(self, task, completion):
        return Verdict.graded(float(task.verification_info["ground_truth"] in completion.raw))

    def gold_completion(self, task):
        return str(task.verification_info["ground_truth"])


def test_a_verifier_that_searches_is_found_out():
    with Scorer({"code_output_prediction": Somewhere()}) as scorer:
        counts = audited(embedded("code_understanding", 5), scorer)
    kinds = {offender.kind for offender in counts.offenders(0.0)}
    assert kinds >= {"followed_by_another", "only_thought", "another_field"}
    assert {offender.kind for offender in counts.offenders(1.0)} >= {"escaped_throughout"}


# Programs -------------------------------------------------------------------------------------------------------------

ADD = "def add(a, b):\n    return a + b\n"
LOOP = "while True:\n    pass\n"


def call(name, given, expected):
    return program_runs.PlainTest(json.dumps([given, name]), expected, function=name)


@pytest.mark.parametrize(
    ("source", "test", "said"),
    [
        (ADD, call("add", [1, 2], 3), OracleAnswer.EQUAL),
        (ADD, call("add", [1, 2], 4), OracleAnswer.DIFFERENT),
        (ADD, call("add", [1, 2], "3"), OracleAnswer.DIFFERENT),
        (ADD, call("add", [0.1, 0.2], 0.3), OracleAnswer.EQUAL),
        (
            "class Solution:\n    def f(self, a):\n        return a[::-1]\n",
            call("f", [[1, 2]], [2, 1]),
            OracleAnswer.EQUAL,
        ),
        ("print(sum(map(int, input().split())))", program_runs.PlainTest("1 2\n", " 3\n"), OracleAnswer.EQUAL),
        ("print(4)", program_runs.PlainTest("1 2\n", "3"), OracleAnswer.DIFFERENT),
        ("raise SystemExit(1)", program_runs.PlainTest("", ""), OracleAnswer.DIFFERENT),
        (ADD, program_runs.PlainTest("", None, epilogue="assert add(1, 2) == 3"), OracleAnswer.EQUAL),
        (ADD, program_runs.PlainTest("", None, epilogue="assert add(1, 2) == 4"), OracleAnswer.DIFFERENT),
    ],
)
def test_what_a_run_outside_says(source, test, said):
    assert program_runs.compared(source, [test]) is said


def test_a_run_that_does_not_end_says_nothing(monkeypatch):
    monkeypatch.setattr(program_runs, "SECONDS", 0.2)
    monkeypatch.setattr(program_runs, "_limit", lambda: None)
    assert program_runs.compared(LOOP, [program_runs.PlainTest("", "1")]) is OracleAnswer.UNREAD


@pytest.mark.parametrize(
    ("info", "plain"),
    [
        ({"test_cases": [{"type": "stdin_stdout", "input": "1", "output": "1"}]}, True),
        ({"test_cases": [{"type": "stdin_stdout", "input": "1", "output": "1"}], "checker": "unordered"}, False),
        ({"test_cases": [{"type": "function_call", "fn_name": "f", "input": [1], "output": 1}]}, True),
        ({"test_cases": "none"}, False),
        ({"assertions": {"code": "def check(f): pass", "entry_point": "f"}}, True),
    ],
)
def test_which_tests_are_plain(info, plain):
    assert (program_runs.plain_tests(info) is not None) is plain


def test_mutants_are_other_programs_and_the_same_ones_for_a_seed():
    found = list(mutants(ADD + "\n\ndef most(a):\n    return a[0] if a and a[0] > 1 else 2\n", random.Random(1), 6))
    assert len({source for _, source in found}) == len(found) == 6
    assert found == list(
        mutants(ADD + "\n\ndef most(a):\n    return a[0] if a and a[0] > 1 else 2\n", random.Random(1), 6)
    )
    assert all(compile(source, "mutant", "exec") for _, source in found)
    assert list(mutants("not python (", random.Random(1), 6)) == []


def test_golds_of_calls_are_changed_and_judged_by_their_run():
    info = {
        "language": "python",
        "test_cases": [{"type": "function_call", "fn_name": "add", "input": [1, 2], "output": 3}],
    }
    task = Task(
        problem_id="1", task_type="verifiable_code", prompt="p", verification_info=info, gold_standard_solution=ADD
    )
    cases = list(ProgramCases(run_outside=True).cases(task, None, random.Random(0)))
    said = ProgramCases(run_outside=True).quick_answers(task, cases)
    by_side = {
        expected: [s for case, s in zip(cases, said, strict=True) if case.expected == expected] for expected in (0, 1)
    }
    assert by_side[0]
    assert set(by_side[0]) == {OracleAnswer.DIFFERENT}
    assert set(by_side[1]) == {OracleAnswer.EQUAL}
    assert not any(case.expected == 0.0 for case in ProgramCases().cases(task, None, random.Random(0)))


def test_what_is_called_and_what_is_fenced():
    assert function_of({"assertions": {"entry_point": "Solution().x"}}) == "x"
    assert function_of({"test_cases": [{"fn_name": None}]}) == ""
    assert unfenced("```python\nprint(1)\n```") == "print(1)\n"
    assert unfenced("print(1)\n") == "print(1)\n"


@pytest.mark.engine
def test_programs_in_every_wrapping_pass():
    with Scorer() as scorer:
        counts = audited(embedded("code", 3), scorer)
    assert [*counts.offenders(0.0), *counts.offenders(1.0)] == []
    assert counts.total.equivalents.cases >= 15


def test_an_oracle_of_values_tells_types_apart():
    task = Task(
        problem_id="1",
        task_type="code_output_prediction",
        prompt="p",
        verification_info={"ground_truth": "[1, True]", "compare": "python_literal"},
    )
    makers = PredictionCases()
    cases = [case for case in makers.cases(task, None, random.Random(0)) if case.kind == "type_changed"]
    assert [case.answer for case in cases] == ['{"output": "(1, True)"}']
    assert makers.quick_answers(task, cases) == [OracleAnswer.DIFFERENT]


# Stored rollouts ------------------------------------------------------------------------------------------------------


@pytest.fixture
def rollouts(tmp_path):
    row = {
        "problem_id": "p",
        "task_type": "verifiable_math",
        "prompt": "Add.",
        "verification_info": {"ground_truth": "5"},
    }
    rows = [
        {**row, "llm_response": r"\boxed{5}", "score": 1.0},
        {**row, "llm_response": r"\boxed{6}", "score": 1.0},
        {**row, "llm_response": r"\boxed{5}", "score": None},
        {**row, "verification_info": json.dumps(row["verification_info"]), "llm_response": r"\boxed{5.0}", "score": 0},
        {**row, "score": 1.0},
        {"score": 1.0, "completion": "5"},
    ]
    path = tmp_path / "rollouts.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def rescored(*arguments):
    done = CliRunner().invoke(app, ["audit", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


def test_stored_scores_that_are_not_those_of_today(rollouts, tmp_path):
    status, output, _ = rescored("--rescore", rollouts, "--json", tmp_path / "found.json")
    assert status == 0
    assert "3 rollouts, 2 (66.67%) scored otherwise than by the stored scores" in output
    assert "line 2, task p: 1 → 0 (wrong_answer)" in output
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["rollouts"], found["changed"]) == (3, 2)
    assert sum(found["not_scored"].values()) == 3


def test_two_verifiers_on_stored_rollouts(rollouts, tmp_path, monkeypatch):
    (tmp_path / "lenient_grader.py").write_text(
        "from synthetic1 import Verdict, Verifier\n\n\nclass Lenient(Verifier):\n    version = 1\n    inline = True\n\n"
        "    async def verify(self, task, completion):\n        return Verdict.graded(1.0)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    status, output, _ = rescored("--rescore", rollouts, "--verifier", "lenient_grader:Lenient")
    assert status == 0
    assert "4 rollouts, 1 (25.00%) scored otherwise than by lenient_grader:Lenient" in output


def test_files_that_are_not_rollouts(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n')
    for file, message in (
        (path, "there are no rollouts to score: 1 rows without a completion"),
        ("no.txt", "--rescore reads"),
    ):
        status, _, error = rescored("--rescore", file)
        assert status == 2
        assert message in error


def test_a_completion_is_read_as_it_was_sent():
    assert Completion.parse(r"<think>a</think>\boxed{5}").answer == r"\boxed{5}"


def test_where_a_gold_fails_outside_the_sandbox_no_mutant_tells():
    source = "from a_package_of_the_sandbox import double\nn = int(input())\nprint(double(n) if n > 3 else n)\n"
    tests = {"language": "python", "test_cases": [{"type": "stdin_stdout", "input": "21", "output": "42"}]}
    task = Task("1", "verifiable_code", "Double it.", tests, gold_standard_solution=source)
    maker = ProgramCases(run_outside=True)
    cases = list(maker.cases(task, None, random.Random(0)))
    answers = dict(zip((case.kind for case in cases), maker.quick_answers(task, cases), strict=True))
    changed = {answers[case.kind] for case in cases if case.expected == 0.0}
    assert changed == {OracleAnswer.UNREAD}
