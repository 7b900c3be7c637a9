"""Generated problems of mathematics: seeded, held out by problem, with answers that their verifier reads."""

from __future__ import annotations

import hashlib
import json
import pickle
from typing import Any

import pytest

from synthetic1 import Scorer
from synthetic1.tasks import open_tasks
from synthetic1.tasks.math import GeneratedMath, problem, split_of
from synthetic1.tasks.mathematics.kinds import GENERATOR, KINDS, LEVELS, parse_kinds

sympy = pytest.importorskip("sympy")
pytest.importorskip("math_verify")


def boxed(answer: str) -> str:
    return f"\\boxed{{{answer}}}"


def test_there_are_at_least_twelve_kinds_of_five_levels() -> None:
    assert len(KINDS) >= 12
    assert LEVELS == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_problem_has_an_answer_that_scores_1_and_a_question_that_scores_0(kind: str) -> None:
    import re

    with Scorer() as scorer:
        for task in GeneratedMath("1-5", kinds=kind, size=60, seed=3):
            gold = task.verification_info["ground_truth"]
            shown = [text for text in re.findall(r"\$+([^$]+)\$+", task.prompt) if "=" not in text and text != gold]
            texts = [gold, f"{gold} + 1", f"{gold}, 17", *shown]
            first, *others = scorer.score_sync([(task, boxed(text)) for text in texts])
            assert first.score == 1.0, (task.prompt, gold, first)
            assert {verdict.score for verdict in others} == {0.0}, (task.prompt, gold, others)


@pytest.mark.parametrize("kind", KINDS)
def test_levels_and_seeds_and_numbers_differ(kind: str) -> None:
    for level in LEVELS:
        found = {problem(kind, level, n, seed=s).statement for n in range(10) for s in range(2)}
        assert len(found) >= 17, (kind, level)
    assert problem(kind, 3, 4, seed=5) == problem(kind, 3, 4, seed=5)


@pytest.mark.parametrize("split", ["train", "test"])
def test_splits_share_no_problem(split: Any) -> None:
    source = GeneratedMath((1, 2), split=split, size=112)
    for index in range(len(source)):
        assert split_of(source.problem(index).statement) == split
    assert source.part(split) is source
    other = source.part("test" if split == "train" else "train")
    assert {task.prompt for task in source}.isdisjoint(task.prompt for task in other)


def test_a_source_is_a_function_of_its_arguments() -> None:
    source = GeneratedMath("1,5", kinds=["calculus", "fractions"], size=9, seed=2)
    assert [task.metadata for task in source][:4] == [
        {"kind": "fractions", "level": 1, "generator": GENERATOR},
        {"kind": "calculus", "level": 1, "generator": GENERATOR},
        {"kind": "fractions", "level": 5, "generator": GENERATOR},
        {"kind": "calculus", "level": 5, "generator": GENERATOR},
    ]
    again = pickle.loads(pickle.dumps(GeneratedMath("1,5", kinds="calculus, fractions", size=9, seed=2)))
    assert [task.key for task in reversed(list(source))] == [task.key for task in reversed(list(again))]
    for index in range(9):
        assert list(source.rows_of(source[index].problem_id)) == [index]
    assert list(source.rows_of("math/fractions/L1/s2/train/9")) == []
    assert list(source.rows_of("math/fractions/L1/s2/test/0")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": 6}, "unknown level 6; levels of mathematics are 1 to 5"),
        ({"levels": 0}, "unknown level 0"),
        ({"kinds": "algebra"}, "unknown kind 'algebra'; kinds are fractions, "),
        ({"kinds": []}, "no kind given; kinds are fractions, "),
        ({"kinds": [3]}, "unknown kind 3"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"size": True}, "size must be an integer of at least 1, got True"),
        ({"split": "dev"}, "split"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GeneratedMath(**arguments)


# blake2b-128 over statement and answer of the first 5 problems of every kind and level, seed 0, by version.
DIGESTS = {2: "d737f5260b42f2a979a58abbdba834d0"}


def test_the_stream_of_problems_is_the_one_of_its_version() -> None:
    """Seeds in papers and configs name problems: what moves the digest is a new ``GENERATOR``, and a new line here."""
    found = [problem(kind, level, n) for kind in KINDS for level in LEVELS for n in range(5)]
    text = json.dumps([(p.statement, p.answer) for p in found])
    assert hashlib.blake2b(text.encode(), digest_size=16).hexdigest() == DIGESTS[GENERATOR]


def test_kinds_as_people_write_them() -> None:
    assert parse_kinds(None) == tuple(KINDS)
    assert parse_kinds("surds,fractions") == parse_kinds(["fractions", "surds", "surds"]) == ("fractions", "surds")


def test_the_embedded_file_is_what_its_builder_makes() -> None:
    from synthetic1.tasks.embedded import math

    assert math.PATH.read_bytes() == math.content()


def test_embedded_completions_get_what_they_deserve() -> None:
    pairs, expected = [], []
    for task in open_tasks("embedded:math"):
        for name, score in (("right", 1.0), ("wrong", 0.0)):
            completions = task.metadata["audit"][name]
            pairs += [(task, completion) for completion in completions]
            expected += [score] * len(completions)
    with Scorer() as scorer:
        verdicts = scorer.score_sync(pairs)
    bad = [(p[0].problem_id, p[1], v) for p, v, e in zip(pairs, verdicts, expected, strict=True) if v.score != e]
    assert not bad
