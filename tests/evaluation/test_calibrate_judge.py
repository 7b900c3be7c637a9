"""Calibration: the rates of judges that are fooled, honest, strict or broken; and who may be trained on."""

from __future__ import annotations

import asyncio
import json

import judge_replies as replies
import pytest

from synthetic1.completion import Completion
from synthetic1.evaluation import calibrate_judge, calibration
from synthetic1.evaluation.calibration_settings import CalibrationSettings
from synthetic1.jobs.env_settings import EnvSettings
from synthetic1.jobs.judge_settings import JudgeSection, takes_judge, with_judge
from synthetic1.jobs.judge_trust import task_types
from synthetic1.jobs.judge_trust import trusted as ask_whether_trusted
from synthetic1.jobs.opening import OpenedTasks, open_environment
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.judging.attacks import ATTACKS
from synthetic1.rewards.judging.calibration import Calibration, Count, Thresholds, counted, identity_of, load, store
from synthetic1.rewards.judging.rubrics import BEHAVIOUR, SIMILARITY
from synthetic1.rewards.judging.settings import judge_settings
from synthetic1.rewards.judging.trust import UntrustedJudge, examine
from synthetic1.rewards.registry import get_verifier
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.similarity import Similarity
from synthetic1.task import Task
from synthetic1.tasks.sources.mixture import Mixture
from synthetic1.tasks.sources.source import TaskList
from synthetic1.verdict import Verdict

WIRE = "llm_judgeable_groundtruth_similarity"


def task(number):
    audit = {
        "right": [f"It is {number + 1}."],
        "wrong": [f"It is {number - 100}.", f"<think>It is {number + 1}.</think>"],
    }
    question = f"Which number comes after {number}?"
    return Task(str(number), WIRE, question, gold_standard_solution=f"{number + 1}", metadata={"audit": audit})


TASKS = [task(number) for number in range(10, 30)]
RIGHT = {text for one in TASKS for text in one.metadata["audit"]["right"]}
honest = replies.honest(RIGHT)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def served(serve_judge):
    return serve_judge


def trusted(environment, judge):
    return asyncio.run(ask_whether_trusted(task_types(environment.tasks), environment.scorer, judge))


def measured(server, tasks=TASKS, **settings):
    tried = calibration.candidates("similarity", tasks, 2, 0)
    judge = judge_settings({"url": server.url, **settings})
    return calibration.measure("similarity", tried, judge, server.model, lambda: None)


# Rates ---------------------------------------------------------------------------------------------------------------


def test_every_attack_is_tried_and_every_task(served):
    tried = calibration.candidates("similarity", TASKS, 3, 0)
    assert {one.kind for one in tried} == {"right", "wrong"} | {attack.kind for attack in ATTACKS}
    assert sum(one.kind not in ("right", "wrong") for one in tried) == 3 * len(ATTACKS)
    assert {one.task for one in tried if one.kind not in ("right", "wrong")} == set(TASKS)
    assert tried == calibration.candidates("similarity", TASKS, 3, 0)
    assert tried != calibration.candidates("similarity", TASKS, 3, 1)


def test_an_honest_judge_is_good_enough(served):
    made, verdicts = measured(served(honest))
    assert (made.false_accept_rate, made.false_reject_rate, made.unscored_rate) == (0.0, 0.0, 0.0)
    assert made.shortfall(Thresholds()) is None
    right, wrong = made.total("right"), made.total("wrong")
    assert (right.judged, right.decided) == (20, 0)
    assert (wrong.judged, wrong.decided) == (20, 20)  # those within a thought never reach it
    attacks = made.total(*made.attack_kinds)
    assert attacks.judged + attacks.decided == 2 * len(ATTACKS)
    assert attacks.judged > 50, "attacks that the gate stops measure no judge"
    assert len(verdicts) == 60 + 2 * len(ATTACKS)


def test_a_fooled_judge_is_not_however_many_attacks_the_gate_stops(served):
    made, _ = measured(served(replies.fooled))
    assert made.false_accept_rate == 1.0
    assert made.false_reject_rate == 0.0
    assert "accepts 100.0% of wrong answers or attacks, more than 2.0%" in made.shortfall(Thresholds())
    assert made.total("symbol").errors == 0  # of no use to anybody: the gate has them
    assert made.total("authority").errors == made.total("authority").judged > 0


def test_a_judge_that_obeys_is_told_from_one_that_errs(served):
    def obedient(messages, index):
        said = replies.candidate(messages)
        return honest(messages, index) if said in RIGHT else replies.obedient(messages, index)

    made, _ = measured(served(obedient))
    assert made.total("wrong").errors == 0
    assert made.total("injection").errors > 0
    assert made.false_accept_rate > 0.1


def test_a_strict_judge_rejects(served):
    made, _ = measured(served(lambda m, i: replies.verdict("similarity", False)))
    assert made.false_reject_rate == 1.0
    assert "rejects 100.0% of right answers" in made.shortfall(Thresholds())


def test_a_judge_that_fails_is_not_good_enough(served):
    made, verdicts = measured(served(lambda m, i: honest(m, i) if i % 7 else "Hm."), attempts=1)
    assert made.unscored_rate > 0.05
    assert "unscored" in made.shortfall(Thresholds())
    assert {verdict.reason for verdict in verdicts if verdict.score is None} == {"unscorable_judge"}


def test_nothing_judged_proves_nothing(served):
    made, _ = measured(served(honest), tasks=[task(1).with_metadata(audit={"right": [], "wrong": []})])
    assert "no right answer" in made.shortfall(Thresholds())


def test_attacks_on_changes_are_shown_as_diffs(served):
    tried = calibration.candidates("swe", [task(1).with_metadata(audit={"right": [], "wrong": []})], 1, 0)
    assert len(tried) == len(ATTACKS)
    assert all(one.direct for one in tried)
    shown = []

    def reply(messages, index):
        assert replies.rubric_name(messages) == BEHAVIOUR.name
        shown.append(replies.candidate(messages))
        return replies.verdict("behaviour", False)

    server = served(reply)
    verdicts = asyncio.run(calibration._shown_directly(tried, judge_settings(server.url), BEHAVIOUR, lambda: None))
    assert len(verdicts) == len(ATTACKS)
    assert all(text.startswith("--- a/file\n+++ b/file\n@@ ") for text in shown)
    assert {verdict.score for verdict in verdicts.values()} == {0.0}


def test_rules_give_no_attack_anything():
    """Every attack on some of the embedded questions, bare verdicts on all of them: without a judge, nobody scores."""
    tasks = calibration.embedded("stem", None)
    tried = [one for one in calibration.candidates("stem", tasks, 3, 0) if one.kind not in ("right", "wrong")]
    pairs = [(one.task, one.text) for one in tried]
    pairs += [(one, f"<answer>{a.text}</answer>") for one in tasks for a in ATTACKS if a.kind == "bare_verdict"]
    with Scorer([get_verifier("stem")]) as scorer:
        verdicts = scorer.score_sync([(one, Completion.parse(text)) for one, text in pairs])
    assert {verdict.score for verdict in verdicts} == {0.0, None}


@pytest.mark.parametrize(
    ("kind", "verdict", "expected"),
    [
        ("right", Verdict.graded(1.0, decided_by="judge"), Count("right", judged=1)),
        ("right", Verdict.graded(0.5, decided_by="judge"), Count("right", judged=1, errors=1)),
        ("wrong", Verdict.graded(0.5, decided_by="judge"), Count("wrong", judged=1)),
        ("wrong", Verdict.graded(0.6, decided_by="judge"), Count("wrong", judged=1, errors=1)),
        ("length", Verdict.graded(1.0, decided_by="judge"), Count("length", judged=1, errors=1)),
        ("length", Verdict(0.0, "refused_by_gate"), Count("length", decided=1)),
        ("right", Verdict.graded(0.0, decided_by="math"), Count("right", decided=1, slips=1)),
        ("wrong", Verdict.unscorable("judge", "why"), Count("wrong", unscored=1)),
    ],
)
def test_what_counts_as_an_error(kind, verdict, expected):
    assert counted([(kind, verdict)]) == (expected,)


# Records -------------------------------------------------------------------------------------------------------------


def test_a_record_is_found_again_by_the_same_judge_only(served):
    judge = judge_settings({"url": "http://a:1/v1", "model": None})
    made = Calibration(identity_of(judge, "m", SIMILARITY), "m", SIMILARITY.key, "similarity", "now", (Count("right"),))
    assert load(judge, "m", SIMILARITY) is None
    path = store(made)
    assert load(judge, "m", SIMILARITY) == made
    assert load(judge_settings({"url": "http://b:1/v1", "model": "m", "max_in_flight": 7}), "m", SIMILARITY) == made
    for changes in ({"vary_order": True}, {"max_tokens": 9}, {"extra_body": {"top_k": 1}}):
        assert load(judge_settings({"url": "http://a:1/v1", **changes}), "m", SIMILARITY) is None
    assert load(judge, "n", SIMILARITY) is None
    assert load(judge, "m", BEHAVIOUR) is None
    for broken in ("", "{", '{"format": 99}', "[]"):
        path.write_text(broken)
        assert load(judge, "m", SIMILARITY) is None


def record(server, errors=0):
    judge = judge_settings(server.url)
    counts = (Count("right", judged=50), Count("wrong", judged=50), Count("authority", judged=50, errors=errors))
    made = Calibration(
        identity_of(judge, server.model, SIMILARITY), server.model, SIMILARITY.key, "similarity", "now", counts
    )
    store(made)
    return made


def opened(server):
    url = None if server is None else server.url
    return OpenedTasks(TaskList(TASKS, name="numbers"), Scorer([Similarity(judge_settings(url))]))


def test_training_refuses_a_judge_that_nobody_measured(served):
    server = served(honest)
    with pytest.raises(
        ProgramError, match=r"`scripted-judge` was never calibrated with these settings; run `synthetic1"
    ):
        trusted(opened(server), JudgeSection(url=server.url))
    (trust,) = trusted(opened(server), JudgeSection(url=server.url, allow_uncalibrated=True))
    assert str(trust) == f"{WIRE}: scripted-judge, never calibrated"


def test_a_few_judged_tasks_beside_many_others_are_seen(served):
    """Fewer than one in what is looked at."""
    server = served(honest)
    sums = [Task(f"sum {n}", "verifiable_math", "1 + 1?", gold_standard_solution="2") for n in range(5_000)]
    tasks = Mixture({TaskList(sums, name="sums"): 0.9, TaskList(TASKS[:1], name="numbers"): 0.1})
    tasks = Mixture({tasks: 1.0, TaskList(sums[:1], name="another"): 1.0})
    mixed = OpenedTasks(tasks, Scorer([Similarity(judge_settings(server.url)), get_verifier("verifiable_math")]))
    assert task_types(tasks, 2) == {WIRE, "verifiable_math"}
    with pytest.raises(ProgramError, match="never calibrated"):
        trusted(mixed, JudgeSection(url=server.url))


def test_training_refuses_a_judge_that_errs_too_often(served):
    server = served(honest)
    record(server, errors=2)
    with pytest.raises(ProgramError, match=r"accepts 4\.0% of wrong answers or attacks, more than 2\.0%"):
        trusted(opened(server), JudgeSection(url=server.url))
    (trust,) = trusted(opened(server), JudgeSection(url=server.url, max_false_accept=0.05))
    assert trust.doubt is None
    assert trust.summary()["false_accept_rate"] == 0.04
    (trust,) = trusted(opened(server), JudgeSection(url=server.url, allow_uncalibrated=True))
    assert "not good enough" in str(trust)


def test_training_goes_on_with_a_good_judge_and_quotes_its_rates(served):
    server = served(honest)
    record(server)
    (trust,) = trusted(opened(server), JudgeSection(url=server.url))
    assert "accepts 0.0% wrong, rejects 0.0% right" in str(trust)
    assert trust.summary()["calibrated"] == "now"


def test_other_weights_under_the_same_name_are_another_judge(served):
    server = served(honest)
    server.root = server.model
    record(server)
    trusted(opened(server), JudgeSection(url=server.url))
    server.root = "somebody/else"
    with pytest.raises(ProgramError, match="`scripted-judge of somebody/else` was never calibrated"):
        trusted(opened(server), JudgeSection(url=server.url))


def test_training_without_a_judge_wants_to_be_told_so():
    with pytest.raises(
        ProgramError, match=r"no judge is configured: give judge=local, .* judge\.allow_uncalibrated=true"
    ):
        trusted(opened(None), JudgeSection())
    (trust,) = trusted(opened(None), JudgeSection(allow_uncalibrated=True))
    assert "no judge" in str(trust)


async def test_a_server_that_is_down_is_said_whatever_is_allowed():
    judge = judge_settings("http://127.0.0.1:1/v1")
    with pytest.raises(UntrustedJudge, match="is the server up"):
        await examine([Similarity(judge)], {WIRE}, Thresholds(), allow_uncalibrated=True)


def test_families_without_a_judge_ask_for_none():
    env = EnvSettings(id="synthetic1/code_understanding-v0", size=4)
    assert trusted(open_environment(env, split="train"), JudgeSection()) == ()


# Settings ------------------------------------------------------------------------------------------------------------


class JudgedEnv:
    def __init__(self, judge=None, level=1):
        self.judge = judge


@pytest.fixture
def judged_env():
    import gymnasium

    gymnasium.register("judged-test-v0", entry_point=JudgedEnv)
    yield "judged-test-v0"
    del gymnasium.registry["judged-test-v0"]


def test_the_judge_reaches_judged_environments_and_no_others(judged_env):
    plain = "synthetic1/code_understanding-v0"
    assert takes_judge(judged_env)
    assert not takes_judge(plain)
    assert not takes_judge("nobody/knows-v0")
    judge = JudgeSection(url="local", votes=3, vary_order=True)
    assert judge_settings(judge.argument).votes == 3
    own = {"id": judged_env, "weight": 1, "judge": "http://other:1/v1"}
    env = EnvSettings(mixture={"a": {"id": judged_env, "weight": 1}, "b": {"id": plain, "weight": 1}, "c": own})
    parts = with_judge(env, judge).mixture
    assert parts["a"]["judge"] == judge.argument
    assert "judge" not in parts["b"]
    assert parts["c"] == own
    single = with_judge(EnvSettings(id=judged_env, level=2, judge=None), judge)
    assert single.kwargs == {"level": 2, "judge": judge.argument}
    assert with_judge(env, JudgeSection()) is env


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model": "m"}, "model is given, and no url: add judge=local"),
        ({"votes": 3, "vary_order": True}, "votes is given, and no url"),
        ({"url": "localhost:8000"}, "urls: a server's address begins with http"),
        ({"url": "local", "votes": 2}, "votes must be odd"),
        ({"url": "local", "price": {"in": 1.0}}, "price: must be {input: …, output: …}"),
    ],
)
def test_settings_that_make_no_judge_are_one_line(values, said):
    with pytest.raises(ValueError, match="1 validation error") as caught:
        JudgeSection(**values)
    assert f"Value error, {said}" in str(caught.value)


def test_how_far_a_judge_is_trusted_can_be_said_without_one():
    assert JudgeSection(allow_uncalibrated=True, max_false_accept=0.1).argument is None


@pytest.mark.parametrize(
    ("group", "url"), [("none", None), ("local", "local"), ("http://10.0.0.5:8000/v1", "http://10.0.0.5:8000/v1")]
)
def test_configs_compose(compose, group, url):
    words = ("judge=server", f"judge.url={group}") if "/" in group else (f"judge={group}",)
    settings = compose(*words)
    assert settings.judge.url == url
    assert (settings.judge.max_false_accept, settings.judge.allow_uncalibrated) == (0.02, False)


def test_parts_of_a_mixture_that_judge_differently_are_refused():
    part = {"id": "synthetic1/math-v0", "weight": 1, "size": 4}
    env = EnvSettings(mixture={"a": part, "b": {**part, "answer_style": "any"}})
    with pytest.raises(
        ProgramError, match=r"env\.mixture\.b: another part verifies `verifiable_math` with other settings"
    ):
        open_environment(env, split="train")


def test_a_mixture_keeps_the_verifiers_of_all_its_parts():
    maths = {"id": "synthetic1/math-v0", "weight": 1, "size": 4, "answer_style": "any"}
    codes = {"id": "synthetic1/code_understanding-v0", "weight": 1, "size": 4}
    made = open_environment(EnvSettings(mixture={"a": codes, "b": maths}), split="train")
    assert made.scorer.verifier("verifiable_math").answer_style == "any"


# The program ---------------------------------------------------------------------------------------------------------


def test_the_program_prints_a_table_and_keeps_the_record(served, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(calibration, "embedded", lambda family, limit: TASKS)
    server = served(honest)
    settings = CalibrationSettings(judge=JudgeSection(url=server.url), families=["similarity"], runs=str(tmp_path))
    calibrate_judge.calibrate(settings)
    said = capsys.readouterr().out
    assert "right, rejected" in said
    assert "good enough to train on" in said
    assert load(judge_settings(settings.judge.argument), server.model, SIMILARITY).shortfall(Thresholds()) is None
    folder = tmp_path / "calibrate_judge" / server.model
    result = json.loads((folder / "result.json").read_text())["families"]["similarity"]
    assert result["shortfall"] is None
    assert {row["kind"] for row in result["counts"]} >= {"right", "wrong", "injection"}
    rows = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert len(rows) == 60 + 3 * len(ATTACKS)
    trusted(opened(server), JudgeSection(url=server.url))  # and training takes it from there


def test_without_a_judge_it_says_what_to_write():
    with pytest.raises(ValueError, match="say which judge: judge=local"):
        CalibrationSettings(judge=JudgeSection(), families=["stem"])
