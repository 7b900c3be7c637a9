"""The science questions shipped with the package: rebuilt byte for byte, whole, and firm against tricks."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from synthetic1.completion import Completion
from synthetic1.rewards.judging.gate import refuse
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.stem import Stem, compare_numbers, last_answer
from synthetic1.task import Task
from synthetic1.tasks import open_tasks
from synthetic1.tasks.embedded import stem
from synthetic1.tasks.embedded.stem import EmbeddedQuestion, block

TASKS = list(open_tasks("embedded:stem"))
QUESTIONS = stem.questions()
NUMBERS = [one for one in QUESTIONS if one.value is not None]


def named(thing: Task | EmbeddedQuestion) -> str:
    return thing.slug if isinstance(thing, EmbeddedQuestion) else thing.problem_id.removeprefix("stem/embedded/")


@pytest.fixture(scope="module")
def scorer():
    with Scorer([Stem()]) as scorer:  # without a judge: what needs one is unscorable, the rest is decided by rules
        yield scorer


def test_the_file_is_what_its_command_makes() -> None:
    assert stem.PATH.read_bytes() == stem.content(), "out of date; run python -m synthetic1.tasks.embedded.stem"


def test_rows_are_read_as_they_were_made() -> None:
    lines = stem.PATH.read_text("ascii").splitlines()
    assert [Task.from_row(json.loads(line)) for line in lines] == TASKS == list(stem.tasks())


def test_fields_levels_and_sizes() -> None:
    fields = Counter(task.metadata["field"] for task in TASKS)
    assert len(TASKS) >= 50
    assert len(fields) >= 10
    assert min(fields.values()) >= 5
    assert set(fields) == {one.field for one in QUESTIONS}
    assert len(NUMBERS) >= 12
    assert len({one.field for one in NUMBERS}) >= 10, "almost every field has a number"
    levels = Counter(task.metadata["level"] for task in TASKS)
    assert len(levels) >= 7
    assert max(levels.values()) <= len(TASKS) // 3
    assert len({task.problem_id for task in TASKS}) == len(TASKS)
    assert len({one.question for one in QUESTIONS}) == len(QUESTIONS)
    assert stem.PATH.stat().st_size < 1_000_000


def test_the_first_tasks_are_of_every_field() -> None:
    """Calibration may take only so many."""
    fields = {task.metadata["field"] for task in TASKS}
    assert {task.metadata["field"] for task in TASKS[: len(fields)]} == fields


@pytest.mark.parametrize("one", QUESTIONS, ids=named)
def test_a_question_is_whole(one: EmbeddedQuestion) -> None:
    texts = (one.reference, *one.right, *one.wrong)
    assert len(set(texts)) == len(texts)
    assert 15 <= len(one.question.split()) <= 90
    lengths = [len(text.split()) for text in one.wrong]
    assert max(lengths) > 0.6 * len(one.reference.split()), "wrong answers must not be told by their length"
    assert min(lengths) > 0.25 * len(one.reference.split())
    assert max(lengths) < 2 * len(one.reference.split())
    if one.value is None:
        assert 25 <= len(one.reference.split()) <= 100
        assert one.question.count("?") >= 1
    else:
        assert len(one.same) >= 2
        assert len(one.other) >= 3
        number, _, unit = one.value.partition(" ")
        misplaced = [other for other in one.other if other.startswith(f"{number} ")]
        assert misplaced or unit in ("", "%"), "the number in a wrong unit is a wrong answer"


@pytest.mark.parametrize("task", TASKS, ids=named)
def test_a_prompt_gives_nothing_away(task: Task) -> None:
    reference = task.verification_info["ground_truth"]
    assert task.verification_info["question"] in task.prompt
    for sentence in reference.split(". "):
        assert sentence not in task.prompt or len(sentence.split()) < 5
    if value := task.verification_info.get("answer_value"):
        assert value not in task.prompt
    for completion in (*task.metadata["audit"]["right"], *task.metadata["audit"]["wrong"]):
        if (said := last_answer(Completion.parse(completion).answer or "")) and said not in stem_tricks(task):
            assert said not in task.prompt


def stem_tricks(task: Task) -> tuple[str, ...]:
    return (":", "Thought process:", task.verification_info["question"])


@pytest.mark.parametrize("one", QUESTIONS, ids=named)
def test_right_answers_pass_the_rules(one: EmbeddedQuestion) -> None:
    for text in (one.reference, *one.right, *filter(None, (one.value, *one.same))):
        assert refuse(text, one.question, one.reference) is None
        assert compare_numbers(one.value or one.reference, text) is not False


@pytest.mark.parametrize("one", QUESTIONS, ids=named)
def test_wrong_answers_are_for_the_judge(one: EmbeddedQuestion) -> None:
    """They are fluent: no rule may be what stops them, else they would say nothing about the judge."""
    for text in one.wrong:
        assert refuse(text, one.question, one.reference) is None
        assert compare_numbers(one.value or one.reference, text) is None


@pytest.mark.parametrize("one", NUMBERS, ids=named)
def test_numbers_are_told_apart_by_rule(one: EmbeddedQuestion) -> None:
    assert one.value is not None
    said = {text: compare_numbers(one.value, text) for text in (one.value, *one.same, *one.other)}
    assert said == {one.value: True, **dict.fromkeys(one.same, True), **dict.fromkeys(one.other, False)}


@pytest.mark.parametrize("task", TASKS, ids=named)
def test_completions_are_decided_without_a_judge_where_they_can_be(task: Task, scorer: Scorer) -> None:
    (one,) = (one for one in QUESTIONS if one.slug == named(task))
    audit = task.metadata["audit"]
    assert len(audit["right"]) == len(set(audit["right"]))
    assert len(audit["wrong"]) == len(set(audit["wrong"]))
    numbers = (one.value, *one.same) if one.value else ()
    judged = {block(text) for text in (*one.right, *one.wrong)}
    exact = {block(text) for text in (one.reference, *numbers)}
    wrong_by_rule = {*map(block, one.other), *stem.tricks(one)}
    seen = Counter[str]()
    for kind in ("right", "wrong"):
        for completion in audit[kind]:
            (verdict,) = scorer.score_sync([(task, completion)])
            ends = [name for name, ways in (("judge", judged), ("exact", exact)) if completion.endswith(tuple(ways))]
            found = "rule" if completion in wrong_by_rule else ends[0]
            seen[found] += 1
            expected = {"judge": (None, "unscorable_judge"), "exact": (1.0, "correct")}
            if found == "rule":
                assert verdict.score == 0.0, completion
            else:
                assert (verdict.score, verdict.reason) == expected[found], completion
    assert seen == {
        "judge": len(one.right) + len(one.wrong),
        "exact": 1 + len(numbers),
        "rule": len(one.other) + len(stem.tricks(one)),
    }


@pytest.mark.parametrize(
    "completion",
    ["{}", "<answer>{}", "{}</answer>", "<think>\n<answer>{}</answer>\n</think>", "<think>\n<answer>{}</answer>"],
)
def test_the_reference_in_the_wrong_place_is_no_answer(completion: str, scorer: Scorer) -> None:
    for task in TASKS[:10]:
        (verdict,) = scorer.score_sync([(task, completion.format(task.verification_info["ground_truth"]))])
        assert verdict.score == 0.0


GOOD = """\
== slug
level: 3
value: 5 m
same: 500 cm
other: 5 cm

Why is that so?

@@ reference
Because.
@@ right
It is for
that reason.
@@ wrong: nothing is said
No.
@@ wrong: the sign
Minus that.
"""


def written(text: str, folder: Path) -> Path:
    path = folder / "field.questions"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    second = GOOD.replace("== slug", "== other").replace("value: 5 m\nsame: 500 cm\nother: 5 cm\n", "")
    one, other = stem.read(written(f"{GOOD}\n{second}", tmp_path))
    assert one == EmbeddedQuestion(
        slug="slug",
        field="field",
        level=3,
        question="Why is that so?",
        reference="Because.",
        right=("It is for that reason.",),
        wrong=("No.", "Minus that."),
        value="5 m",
        same=("500 cm",),
        other=("5 cm",),
    )
    assert (other.slug, other.value, other.same, other.other) == ("other", None, (), ())


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (GOOD, "", "must begin with a line `== SLUG`"),
        ("== slug", "slug", "must begin with a line `== SLUG`"),
        ("== slug", "== A slug", "a slug is lower-case letters"),
        ("level: 3\n", "", "wants a level"),
        ("level: 3", "level: 11", "level must be 1 to 10, got `11`"),
        ("level: 3", "level:", "got `level:`"),
        ("level: 3", "level: 3\nlevel: 4", "got `level: 4`"),
        ("level: 3", "lever: 3", "got `lever: 3`"),
        ("same: 500 cm\n", "", "value, same and other come together"),
        ("value: 5 m\n", "", "value, same and other come together"),
        ("Why is that so?\n", "", "wants the question"),
        ("@@ reference\nBecause.\n", "", "wants one reference"),
        ("@@ right", "@@ reference", "wants one reference"),
        ("@@ wrong: the sign\nMinus that.\n", "", "two wrong ones"),
        ("@@ wrong: the sign", "@@ wrong", "got `wrong`"),
        ("@@ right", "@@ write", "got `write`"),
        ("Minus that.\n", "", "section `wrong: the sign` is empty"),
    ],
)
def test_a_malformed_file_is_refused(old: str, new: str, fault: str, tmp_path: Path) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match=r"^field\.questions") as raised:
        stem.read(written(GOOD.replace(old, new, 1), tmp_path))
    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_slug_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stem, "FOLDER", tmp_path)
    written(GOOD, tmp_path).rename(tmp_path / "another.questions")
    written(GOOD, tmp_path)
    with pytest.raises(ValueError, match="the slug `slug` is taken"):
        stem.questions()
