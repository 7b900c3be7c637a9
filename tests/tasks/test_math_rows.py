"""GSM8K, MATH and NuminaMath rows as they are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthetic1 import Scorer
from synthetic1.task import TaskError
from synthetic1.tasks import TaskList, open_tasks

GSM8K = {"question": "How many?", "answer": "2 + 3 = <<2+3=5>>5 apples\n#### 1,005"}
MATH = {"problem": "Find $x$.", "level": "Level 3", "type": "Algebra", "solution": r"So $x=\boxed{\frac{1}{2}}$."}
MATH500 = {
    "problem": "Find $x$.",
    "solution": r"So $\boxed{5}$.",
    "answer": "5",
    "subject": "Algebra",
    "level": 2,
    "unique_id": "test/algebra/1.json",
}
NUMINA = {"source": "olympiads", "problem": "Find $x$.", "solution": r"Thus \boxed{7}.", "messages": []}
NUMINA15 = {**NUMINA, "answer": "7", "problem_type": "Algebra", "question_type": "math-word-problem", "uuid": "u-1"}


@pytest.mark.parametrize(
    ("row", "source", "truth", "answer", "metadata"),
    [
        (GSM8K, "gsm8k", "1,005", "1005", {}),
        (MATH, "math", MATH["solution"], r"\frac{1}{2}", {"subject": "Algebra", "level": 3}),
        (MATH500, "math", "5", "5", {"subject": "Algebra", "level": 2}),
        (NUMINA, "numina_math/olympiads", NUMINA["solution"], "7", {}),
        (
            NUMINA15,
            "numina_math/olympiads",
            "7",
            "7",
            {"problem_type": "Algebra", "question_type": "math-word-problem"},
        ),
    ],
)
def test_one_row(row: dict[str, Any], source: str, truth: str, answer: str, metadata: dict[str, Any]) -> None:
    pytest.importorskip("math_verify")
    [task] = TaskList.from_rows([row])
    assert (task.task_type, task.source) == ("verifiable_math", source)
    assert task.verification_info == {"ground_truth": truth}
    assert task.metadata == metadata
    assert task.prompt == f"{row.get('problem') or row['question']}\n\nPut your final answer within \\boxed{{}}."
    with Scorer() as scorer:
        pairs = [(task, f"\\boxed{{{text}}}") for text in (answer, "8")]
        assert [verdict.score for verdict in scorer.score_sync(pairs)] == [1.0, 0.0]


def test_ids_are_those_published_or_of_the_content() -> None:
    assert TaskList.from_rows([MATH500])[0].problem_id == "test/algebra/1.json"
    assert TaskList.from_rows([NUMINA15])[0].problem_id == "u-1"
    first, again = (TaskList.from_rows([GSM8K])[0].problem_id for _ in range(2))
    assert first == again
    assert first != TaskList.from_rows([{**GSM8K, "question": "How few?"}])[0].problem_id


def test_a_proof_cannot_be_scored() -> None:
    [task] = TaskList.from_rows([{**NUMINA15, "answer": "proof", "solution": "We show that it holds for all n."}])
    with Scorer() as scorer:
        assert scorer.score_sync([(task, r"\boxed{7}")])[0].reason == "unscorable_gold"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**GSM8K, "answer": "five"}, "row 1: field `answer` must end with `#### ` and the answer"),
        ({**GSM8K, "question": None}, "row 1: field `question` must be a non-empty string"),
        ({**MATH, "problem": 3}, "row 1: field `problem` must be a non-empty string, got int 3"),
        ({**MATH, "solution": None}, "row 1: field `answer` and `solution` are both empty"),
        ({**NUMINA, "solution": ""}, "row 1: field `solution` must be a non-empty string"),
    ],
)
def test_a_bad_row(row: dict[str, Any], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        TaskList.from_rows([row])


@pytest.mark.parametrize(("name", "rows"), [("gsm8k_test.jsonl", 1319), ("math500_test.jsonl", 500)])
def test_all_published_rows(shared_data: Path, require: Any, name: str, rows: int) -> None:
    require(name, (shared_data / name).is_file(), f"put {name} into the shared data")
    source = open_tasks(shared_data / name)
    assert len(source) == rows
    assert next(source.validate(), None) is None
    assert len({task.problem_id for task in source}) == rows
