"""Rubrics and replies: what a judge is asked, what counts as a verdict, and the score that follows."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress

import judge_replies as replies
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.completion import Completion
from synthetic1.rewards.judging.reply import UnusableReply, read_reply
from synthetic1.rewards.judging.rubrics import BEHAVIOUR, CLAIMS, FINAL_ANSWER, SIMILARITY
from synthetic1.rewards.registry import verifier_class

RUBRICS = (CLAIMS, BEHAVIOUR, SIMILARITY, FINAL_ANSWER)


def ruling(rubric, text, *, finish_reason="stop"):
    completion = Completion.parse(text, finish_reason=finish_reason)
    return rubric.rule(read_reply(completion, rubric.schema(rubric.options), rubric.verdict))


def claims(verdict, *states, valid=False):
    listed = [{"claim": "c", "state": state} for state in states]
    return json.dumps({"claims": listed, "reasoning": "r", "equally_valid": valid, "verdict": verdict})


def behaviour(verdict, deletions=False, tests=False):
    fields = {"reasoning": "r", "unrelated_deletions": deletions, "tests_weakened": tests, "verdict": verdict}
    return json.dumps(fields)


def final(verdict, same):
    fields = {"reference_means": "12", "candidate_means": "c", "same_object": same, "verdict": verdict}
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("rubric", "reply", "score"),
    [
        (CLAIMS, claims("correct", "met", "met"), 1.0),
        (CLAIMS, claims("correct", "met", "missed"), 1.0),
        (CLAIMS, claims("partial", "met", "contradicted"), 0.5),
        (CLAIMS, claims("incorrect", "contradicted"), 0.0),
        (CLAIMS, claims("invalid"), 0.0),
        (CLAIMS, claims("correct", "missed", valid=True), 1.0),
        (BEHAVIOUR, behaviour("equivalent"), 1.0),
        (BEHAVIOUR, behaviour("partial"), 0.5),
        (BEHAVIOUR, behaviour("different"), 0.0),
        (BEHAVIOUR, behaviour("invalid"), 0.0),
        (BEHAVIOUR, behaviour("equivalent", deletions=True), 0.5),
        (BEHAVIOUR, behaviour("equivalent", tests=True), 0.0),
        (BEHAVIOUR, behaviour("partial", deletions=True, tests=True), 0.0),
        (SIMILARITY, '{"explanation": "e", "score": 100}', 1.0),
        (SIMILARITY, '{"explanation": "e", "score": 1}', 0.01),
        (SIMILARITY, '{"explanation": "e", "score": 0}', 0.0),
        (SIMILARITY, '{"explanation": "e", "score": 85.0}', 0.85),
        (FINAL_ANSWER, final("same", True), 1.0),
        (FINAL_ANSWER, final("different", False), 0.0),
        (FINAL_ANSWER, final("unfinished", True), 0.0),
        (FINAL_ANSWER, final("several", True), 0.0),
        (FINAL_ANSWER, final("invalid", False), 0.0),
        # where the object stands
        (CLAIMS, f"```json\n{claims('correct', 'met')}\n```", 1.0),
        (CLAIMS, f"Here it is: {claims('correct', 'met')} That is all.", 1.0),
        (CLAIMS, f"<think>{claims('correct', 'met')}</think>{claims('incorrect', 'missed')}", 0.0),
        (CLAIMS, f"thought</think>\n{claims('incorrect', 'missed')}", 0.0),
        (CLAIMS, f"{claims('correct', 'met')}\nNo, again:\n{claims('incorrect', 'missed')}", 0.0),  # row 43
        (SIMILARITY, 'It wrote {"score": 100}, but {"explanation": "no", "score": 7}', 0.07),
        (CLAIMS, claims("correct", "met")[:-1] + ', "confidence": 0.9}', 1.0),
        (CLAIMS, claims("correct", "met").replace('"r"', '"two\nlines"'), 1.0),
    ],
)
def test_a_verdict_has_its_score(rubric, reply, score):
    assert ruling(rubric, reply).score == score


@pytest.mark.parametrize(
    ("rubric", "reply", "why"),
    [
        (CLAIMS, "", "empty"),
        (CLAIMS, " \n", "empty"),
        (CLAIMS, "<think>It is right", "no answer"),
        (CLAIMS, "I'm sorry, but I cannot help with that.", "no JSON object"),
        (CLAIMS, "correct", "no JSON object"),
        (CLAIMS, '{"verdict": "correct"', "no JSON object"),
        (CLAIMS, '{"verdict": "correct"}', "`claims` is missing"),
        (CLAIMS, claims("Correct", "met"), "none of correct"),
        (CLAIMS, claims("right", "met"), "none of correct"),
        (CLAIMS, claims(1, "met"), "none of correct"),
        (CLAIMS, claims(None, "met"), "none of correct"),
        (CLAIMS, claims(["correct"], "met"), "none of correct"),
        (CLAIMS, claims("correct", "yes"), "`claims[0].state`"),
        (CLAIMS, claims("correct", "met").replace("false", '"no"'), "no boolean"),
        (CLAIMS, claims("correct", "met").replace('"verdict"', '"verdict": "incorrect", "verdict"'), "occurs twice"),
        (CLAIMS, claims("correct", "contradicted"), "contradicts its own"),
        (CLAIMS, claims("correct", "missed"), "contradicts its own"),
        (CLAIMS, claims("correct"), "contradicts its own"),
        (BEHAVIOUR, behaviour("correct"), "none of equivalent"),
        (BEHAVIOUR, '{"reasoning": "r", "verdict": "equivalent"}', "`unrelated_deletions` is missing"),
        (BEHAVIOUR, behaviour("equivalent", deletions=0), "no boolean"),
        (FINAL_ANSWER, final("same", False), "contradicts its own `same_object`"),
        (FINAL_ANSWER, final("correct", True), "none of same"),
        (FINAL_ANSWER, final("same", "yes"), "no boolean"),
        (SIMILARITY, '{"explanation": "e", "score": 1000}', "outside"),  # row 41
        (SIMILARITY, '{"explanation": "e", "score": -5}', "outside"),
        (SIMILARITY, '{"explanation": "e", "score": "95"}', "no integer"),
        (SIMILARITY, '{"explanation": "e", "score": 7.5}', "no integer"),
        (SIMILARITY, '{"explanation": "e", "score": true}', "no integer"),
        (SIMILARITY, '{"explanation": "e", "score": NaN}', "NaN"),
        (SIMILARITY, '{"explanation": "e", "score": 1e400}', "no integer"),
        (SIMILARITY, '{"explanation": "e", "score": "100/100"}', "no integer"),
    ],
)
def test_a_reply_that_gives_no_verdict_gives_no_score(rubric, reply, why):
    with pytest.raises(UnusableReply) as raised:
        ruling(rubric, reply)
    assert why in str(raised.value)


def test_a_reply_that_was_cut_off_is_none():
    with pytest.raises(UnusableReply, match="cut off"):
        ruling(CLAIMS, claims("correct", "met"), finish_reason="length")


@given(st.text())
def test_no_text_breaks_the_reader(text):
    for rubric in RUBRICS:
        with suppress(UnusableReply):
            assert 0.0 <= ruling(rubric, text).score <= 1.0


@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)
def test_the_verdict_comes_last_and_the_reasons_first(rubric):
    schema = rubric.schema(rubric.options)
    assert list(schema["properties"])[-1] == rubric.verdict
    assert list(schema["properties"]) == schema["required"]
    assert schema["additionalProperties"] is False
    system = rubric.system(rubric.options)
    assert "{" in rubric.form(rubric.options)
    assert rubric.form(rubric.options) in system
    assert "{options}" not in system
    assert all(f'"{option.name}": {option.meaning}' in system for option in rubric.options)


@pytest.mark.parametrize("rubric", RUBRICS, ids=lambda rubric: rubric.name)
@pytest.mark.parametrize("good", [True, False])
def test_the_judges_of_the_tests_speak_it(rubric, good):
    assert ruling(rubric, replies.verdict(rubric.name, good)).score in ((1.0,) if good else (0.0, 0.01))


def test_what_a_verdict_keeps_of_a_final_answer_is_not_the_gold():
    assert ruling(FINAL_ANSWER, final("same", True)).explanation == "c"


def test_options_change_places_by_seed_alone():
    orders = {CLAIMS.ordered(str(seed)) for seed in range(200)}
    assert len(orders) == 24  # every order of four
    assert CLAIMS.ordered("7") == CLAIMS.ordered("7")
    assert CLAIMS.ordered("") == CLAIMS.options
    first = {order[0].name for order in orders}
    assert first == {"correct", "partial", "incorrect", "invalid"}
    moved = CLAIMS.ordered("1")
    assert CLAIMS.schema(moved)["properties"]["verdict"]["enum"] == [option.name for option in moved]


def test_rubrics_pickle_and_have_their_task_types():
    rubrics = {"stem": "claims", "swe": "behaviour", "llm_judgeable_groundtruth_similarity": "similarity"}
    assert {task_type: verifier_class(task_type).rubric.name for task_type in rubrics} == rubrics
    for rubric in RUBRICS:
        assert pickle.loads(pickle.dumps(rubric)).key == rubric.key
