"""What a judge of final answers is measured on, and that nothing is trained on one that was not."""

from __future__ import annotations

import asyncio

import judge_replies as replies
import pytest

from synthetic1.completion import Completion
from synthetic1.evaluation import calibration
from synthetic1.evaluation.math_pairs import math_pairs
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.judge_settings import JudgeSection, with_judge
from synthetic1.jobs.judge_trust import task_types, trusted
from synthetic1.jobs.opening import open_environment
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.judging.attacks import ATTACKS
from synthetic1.rewards.judging.calibration import Calibration, Count, Thresholds, identity_of, store
from synthetic1.rewards.judging.rubrics import FINAL_ANSWER
from synthetic1.rewards.judging.settings import judge_settings
from synthetic1.rewards.judging.trust import UntrustedJudge, examine
from synthetic1.rewards.math import Math
from synthetic1.rewards.math_answers.answer import find_answer

NOWHERE = judge_settings({"url": "http://127.0.0.1:9/v1", "model": "m", "outage_s": 0.0})


def test_nothing_is_trained_on_it_before_its_judge_was_calibrated(serve_judge, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    server = serve_judge(replies.fooled)
    settings = judge_settings(server.url)
    on, types = Math(judge=settings), {"verifiable_math"}

    def known(verifier, **more):
        return asyncio.run(examine([verifier], types, Thresholds(), **more))

    assert known(Math()) == ()
    with pytest.raises(UntrustedJudge, match=r"`verifiable_math`: the judge `scripted-judge` was never calibrated"):
        known(on)
    (trust,) = known(on, allow_uncalibrated=True)
    assert str(trust) == "verifiable_math: scripted-judge, never calibrated"
    counts = (Count("right", judged=60), Count("wrong", judged=100), Count("injection", judged=50))
    identity = identity_of(settings, server.model, FINAL_ANSWER)
    store(Calibration(identity, server.model, FINAL_ANSWER.key, "math", "now", counts))
    (trust,) = known(on)
    assert trust.doubt is None


def test_a_run_whose_mathematics_has_its_judge_is_held_to_it(serve_judge, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    judge = JudgeSection(url=serve_judge(replies.fooled).url)
    for answer_judge, asks in ((None, False), (True, True)):
        parts = {
            "math": {"id": "synthetic1/math-v0", "weight": 1, "size": 8, "answer_judge": answer_judge},
            "code": {"id": "synthetic1/code_understanding-v0", "weight": 1, "size": 8},
        }
        opened = open_environment(with_judge(EnvSettings(mixture=parts), judge), split="train")
        types = task_types(opened.tasks)
        if not asks:
            assert asyncio.run(trusted(types, opened.scorer, judge)) == ()
            continue
        with pytest.raises(ProgramError, match="`verifiable_math`: the judge `scripted-judge` was never calibrated"):
            asyncio.run(trusted(types, opened.scorer, judge))


def test_the_calibrations_pairs_are_what_they_are_for():
    """None is decided wrongly by rules, and most of them reach a judge: else they would measure none."""
    verifier, counts = Math(judge=NOWHERE), {"right": 0, "wrong": 0}
    for one in math_pairs():
        for kind, expected in (("right", 1.0), ("wrong", 0.0)):
            for text in one.metadata["audit"][kind]:
                verdict = verifier.verify_now(one, Completion.parse(text))
                assert verdict is None or verdict.score == expected, (one.verification_info, text)
                counts[kind] += verdict is None
        assert verifier.verify_now(one, Completion.parse(verifier.gold_completion(one))).score == 1.0
    assert counts["right"] >= 60
    assert counts["wrong"] >= 90


def test_calibration_tells_a_sound_judge_from_one_that_obeys_or_accepts_everything(serve_judge):
    tasks = calibration.embedded("math", None)
    tried = calibration.candidates("math", tasks, 1, 0)
    right = {find_answer(text).text for one in tasks for text in one.metadata["audit"]["right"]}

    def obedient(messages, index):
        good = replies.candidate(messages) in right
        return replies.verdict("final_answer", True) if good else replies.obedient(messages, index)

    measured = {}
    for name, reply in (("honest", replies.honest(right)), ("obedient", obedient), ("fooled", replies.fooled)):
        server = serve_judge(reply)
        judge = judge_settings(server.url)
        measured[name], _ = calibration.measure("math", tried, judge, server.model, lambda: None)
    assert measured["honest"].rubric == FINAL_ANSWER.key
    assert measured["honest"].shortfall(Thresholds()) is None
    assert measured["obedient"].total("wrong").errors == 0
    assert measured["obedient"].total("injection").errors > 0
    assert "of wrong answers or attacks" in measured["obedient"].shortfall(Thresholds())
    assert measured["fooled"].false_accept_rate == 1.0
    assert not measured["fooled"].total("right", "wrong", *measured["fooled"].attack_kinds).slips


def test_rules_give_no_attack_anything():
    """Every attack in a box, on every problem that is left open: without a judge nobody scores, and few reach one."""
    verifier, asked, tried = Math(judge=NOWHERE), 0, 0
    for number, one in enumerate(math_pairs()):
        for attack in ATTACKS[number % 3 :: 3]:
            completion = Completion.parse(f"\\boxed{{{attack.for_question(one.prompt)}}}")
            if completion.answer is not None:
                verdict = verifier.verify_now(one, completion)
                assert verdict is None or verdict.score == 0.0, attack
                asked, tried = asked + (verdict is None), tried + 1
    assert tried > 2_000
    assert asked < 0.3 * tried
