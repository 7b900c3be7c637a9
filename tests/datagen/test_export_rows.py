"""What an export keeps, what its rows hold, and what is left out, on rollouts written by hand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from synthetic1.completion import Completion
from synthetic1.datagen.exporting.columns import rows_of, schema
from synthetic1.datagen.exporting.decontaminate import NGrams, benchmark_texts
from synthetic1.datagen.exporting.filters import Filters
from synthetic1.datagen.journal.rollouts import StoredRollout, TaskRollouts
from synthetic1.rollout import Rollout
from synthetic1.task import Task
from synthetic1.verdict import Verdict

TASK = Task(
    "p1",
    "verifiable_math",
    "How many?",
    {"ground_truth": "4"},
    source="numina",
    in_source_id="7",
    gold_standard_solution="4",
    metadata={"level": 2, "language": "python", "wire_task_type": "published_type", "audit": {"secret": 1}},
)


def stored(index, score, raw="<think>t</think>a", *, finish="stop", tokens=10):
    verdict = None if score == "new" else Verdict.unscorable("infra", "x") if score is None else Verdict.graded(score)
    completion = Completion.parse(f"{raw}{index}", finish_reason=finish, usage={"completion_tokens": tokens})
    rollout = Rollout(TASK.key, completion, "m", {"temperature": 0.6}, index)
    return StoredRollout(rollout, verdict, "verifiable_math@1")


def group(*rollouts, task=TASK):
    return TaskRollouts(task, tuple(rollouts))


KEEPS = [
    # what is read: (score, extras), …; filters; indexes kept; reasons counted
    ("verified only", [1.0, 0.0, 1.0], {}, [0, 2], {"refuted": 1}),
    ("no verdict yet, and a failure of ours", ["new", None, 1.0], {}, [2], {"no_verdict": 1, "unscorable": 1}),
    ("everything", [1.0, 0.0, None], {"verified": False}, [0, 1, 2], {}),
    ("partial credit counts from its threshold", [0.5, 0.4], {"default_threshold": 0.5}, [0], {"refuted": 1}),
    ("a threshold by task type", [0.5], {"thresholds": {"verifiable_math": 0.5}}, [0], {}),
    ("of another task type", [0.5], {"thresholds": {"stem": 0.5}}, [], {"refuted": 1}),
    ("one a task", [0.0, 1.0, 1.0], {"per_task": 1}, [1], {"refuted": 1, "enough_of_its_task": 1}),
    ("solved sometimes", [1.0, 0.0], {"min_pass_rate": 0.0, "max_pass_rate": 1.0}, [0], {"refuted": 1}),
    ("always solved", [1.0, 1.0], {"max_pass_rate": 1.0}, [], {"too_easy": 2}),
    ("never solved", [0.0, 0.0], {"min_pass_rate": 0.0, "verified": False}, [], {"too_hard": 2}),
    ("failures of ours are not a pass rate", [None], {"min_pass_rate": 0.0}, [], {"pass_rate_unknown": 1}),
    ("its language", [1.0], {"language": "Python"}, [0], {}),
    ("another language", [1.0], {"language": "rust"}, [], {"other_language": 1}),
    ("a benchmark's", [1.0], {"benchmarks": NGrams(["how many"])}, [], {"in_a_benchmark": 1}),
    ("no benchmark's", [1.0], {"benchmarks": NGrams(["how many more"])}, [0], {}),
]


@pytest.mark.parametrize(("scores", "settings", "kept", "reasons"), [k[1:] for k in KEEPS], ids=[k[0] for k in KEEPS])
def test_what_is_kept(scores, settings, kept, reasons):
    left_out: Counter[str] = Counter()
    made = list(Filters(**settings).apply([group(*(stored(i, s) for i, s in enumerate(scores)))], left_out))
    assert [r.rollout.sample_index for g in made for r in g.rollouts] == kept
    assert left_out == Counter(reasons)


def test_length_truncation_and_repetition():
    rows = [
        stored(0, 1.0, finish="length"),
        stored(1, 1.0, tokens=11),
        stored(2, 1.0, tokens=None),
        stored(3, 1.0),
        StoredRollout(replace(stored(3, 1.0).rollout, sample_index=4), Verdict.graded(1.0)),
    ]
    left_out: Counter[str] = Counter()
    (kept,) = Filters(max_tokens=10).apply([group(*rows)], left_out)
    assert [r.rollout.sample_index for r in kept.rollouts] == [3]
    assert left_out == {"truncated": 1, "too_long": 1, "length_unknown": 1, "same_text": 1}


def test_the_published_columns():
    right = stored(3, 1.0)
    everything = group(right, stored(4, None))
    first, second = rows_of(everything, "synthetic1", everything=everything, threshold=1.0)
    assert list(first) == schema("synthetic1").names
    assert first["response_id"] == "p1_2346d976"  # eight characters of the key
    assert (first["task_type"], first["score"], second["score"]) == ("published_type", 1.0, None)
    assert first["llm_response"] == right.rollout.completion.raw
    assert json.loads(first["metadata"]) == {"language": "python", "level": 2}
    assert json.loads(second["verification_result_info"])["reason"] == "unscorable_infra"
    assert json.loads(first["verification_info"]) == {"ground_truth": "4"}


SENT = [
    # (completion, what its row says)
    (Completion.parse("<think>\n a </think>\n\nb "), "<think>\n a </think>\n\nb "),
    (Completion.parse("plain"), "plain"),
    (Completion.parse("\na\n</think>b", thinking_open=True), "<think>\na\n</think>b"),
    (Completion.from_parts("\nré\n", "\n\nb"), "<think>\nré\n</think>\n\nb"),
]


@pytest.mark.parametrize(("completion", "said"), SENT)
def test_a_row_says_every_byte_that_was_sent(completion, said):
    made = group(StoredRollout(Rollout(TASK.key, completion, "m"), Verdict.graded(1.0)))
    (row,) = rows_of(made, "sft", everything=made, threshold=1.0)
    assert row["completion"] == [{"role": "assistant", "content": said}]
    assert row["prompt"] == [{"role": "user", "content": "How many?"}]
    assert row["messages"] == row["prompt"] + row["completion"]
    assert list(row) == schema("sft").names


def test_pairs_are_of_one_task_and_truncation_refutes_nothing():
    rollouts = [stored(0, 0.0, finish="length"), stored(1, 1.0), stored(2, 0.0), stored(3, 1.0), stored(4, None)]
    everything = group(*rollouts)
    (kept,) = Filters().apply([everything], Counter())
    (pair,) = rows_of(kept, "preference", everything=everything, threshold=1.0)
    assert pair["chosen"][0]["content"] == rollouts[1].rollout.completion.raw
    assert pair["rejected"][0]["content"] == rollouts[2].rollout.completion.raw
    assert list(pair) == schema("preference").names


def test_decontamination_sees_words_not_spaces_or_case():
    benchmark = NGrams(["Find the sum of all prime numbers below one hundred, please.", "2 + 2 = ?"])
    assert benchmark.shares("Now: find the  SUM of all\nprime numbers below — exactly")
    assert not benchmark.shares("Find the sum of all prime divisors below one hundred, please")
    assert benchmark.shares("2+2=?")
    assert not benchmark.shares("What is 2+2=?")
    assert not NGrams([]).shares("anything")


def test_benchmark_files(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"problem": "one", "answer": "no"}\n\n{"unnamed": "two"}\n')
    (tmp_path / "b.json").write_text('[{"question": "three"}, "four"]')
    (tmp_path / "c.txt").write_text("five\nstill five\n\n\nsix\n")
    texts = [t for name in ("a.jsonl", "b.json", "c.txt") for t in benchmark_texts(tmp_path / name)]
    assert texts == ["one", "two", "three", "four", "five\nstill five", "six\n"]
    (tmp_path / "torn.jsonl").write_text('{"problem":')
    with pytest.raises(ValueError, match=r"torn\.jsonl line 1"):
        list(benchmark_texts(tmp_path / "torn.jsonl"))
