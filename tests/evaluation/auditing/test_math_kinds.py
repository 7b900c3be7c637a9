"""Rewriters and mutators of mathematics: what each writes of literal golds, and that the oracle agrees with it."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from synthetic1.evaluation.auditing.case import AuditedGold, Certainty, OracleAnswer, is_kept
from synthetic1.evaluation.auditing.math_cases import MathCases
from synthetic1.evaluation.auditing.math_equivalents import MATH_EQUIVALENTS
from synthetic1.evaluation.auditing.math_mutants import MATH_MUTANTS
from synthetic1.evaluation.auditing.oracle import ask_quickly
from synthetic1.task import Task
from synthetic1.tasks.sources.spec import open_tasks

KINDS = {**MATH_EQUIVALENTS, **MATH_MUTANTS}
EXAMPLES = [json.loads(line) for line in Path(__file__).with_name("examples.jsonl").read_text().splitlines()]
NEIGHBOUR = r"\frac{1}{7}"


def audited(gold, prompt="What is the answer?"):
    return AuditedGold(Task("1", "verifiable_math", prompt), gold, NEIGHBOUR)


def named(row):
    return f"{row['kind']} {row['gold']}"


@pytest.mark.parametrize("row", EXAMPLES, ids=named)
def test_what_is_written_of_a_gold(row):
    gold = audited(row["gold"], row.get("prompt", "What is the answer?"))
    rng = random.Random(f"{row['kind']}/{row['gold']}")
    assert list(KINDS[row["kind"]].make(gold, rng)) == row["written"]


def test_every_kind_has_three_examples():
    assert {kind for kind, count in Counter(row["kind"] for row in EXAMPLES).items() if count >= 3} == set(KINDS)
    assert min(len(MATH_EQUIVALENTS), len(MATH_MUTANTS)) >= 25
    assert not set(MATH_EQUIVALENTS) & set(MATH_MUTANTS)


@pytest.mark.parametrize("row", [row for row in EXAMPLES if row["kind"] in MATH_EQUIVALENTS], ids=named)
def test_the_oracle_never_takes_an_equivalent_for_something_else(row):
    if not KINDS[row["kind"]].whole:
        for written in row["written"]:
            assert ask_quickly(row["gold"], written) is not OracleAnswer.DIFFERENT


@pytest.mark.parametrize("row", [row for row in EXAMPLES if row["kind"] in MATH_MUTANTS], ids=named)
def test_the_oracle_never_takes_an_example_of_a_mutant_for_the_gold(row):
    if KINDS[row["kind"]].certainty is not Certainty.ASSERTED:
        for written in row["written"]:
            assert ask_quickly(row["gold"], written) is not OracleAnswer.EQUAL


@pytest.fixture(scope="module")
def embedded_cases():
    maker, source = MathCases(patient=False), open_tasks("embedded:math")
    tasks = [source[place] for place in range(len(source))]
    return [
        (task, case)
        for before, task in zip([None, *tasks], tasks, strict=False)
        for case in maker.cases(task, before, random.Random(task.problem_id))
    ]


def test_equivalents_of_embedded_tasks_have_the_value_of_the_gold(embedded_cases):
    """By construction, where the oracle reads them; what it cannot read is a small part."""
    maker = MathCases(patient=False)
    said = Counter()
    for task, case in embedded_cases:
        if case.expected == 1.0 and case.certainty is Certainty.CERTAIN:
            [answer] = maker.quick_answers(task, [case])
            said[answer] += 1
            assert answer is not OracleAnswer.DIFFERENT, (task.problem_id, case)
    assert said[OracleAnswer.EQUAL] > 500
    assert said[OracleAnswer.UNREAD] < 0.4 * said.total()  # `\text{5}`, names such as `|AB|`


def test_no_completion_is_expected_to_score_both(embedded_cases):
    expected = {}
    for task, case in embedded_cases:
        assert expected.setdefault((task.problem_id, case.completion), case.expected) == case.expected


def test_most_mutants_of_embedded_tasks_are_read_by_the_oracle(embedded_cases):
    maker, said = MathCases(patient=False), Counter()
    for task, case in embedded_cases:
        if case.expected == 0.0 and case.certainty is Certainty.CHECKED:
            [answer] = maker.quick_answers(task, [case])
            said[is_kept(case, answer)] += 1
    assert said[True] > 0.85 * said.total()
