"""What the endpoints say: verdicts as direct scoring gives them, and what the server tells of itself."""

from __future__ import annotations

import pytest

from synthetic1 import Completion, Scorer, Task, open_tasks
from synthetic1.rewards.registry import get_verifier

RIGHT, WRONG = r"It is \boxed{2}.", r"It is \boxed{3}."


@pytest.mark.parametrize(
    ("completion", "score", "reason"),
    [
        (RIGHT, 1, "correct"),
        (WRONG, 0, "wrong_answer"),
        (f"<think>{RIGHT}", 0, "no_answer"),
        ({"content": RIGHT}, 1, "correct"),
        ({"content": RIGHT, "reasoning": "1 and 1", "finish_reason": "stop"}, 1, "correct"),
        ({"content": RIGHT, "thinking_open": True}, 0, "no_answer"),
        ({"content": f"so</think>{RIGHT}", "thinking_open": True}, 1, "correct"),
        ({"content": None, "reasoning": RIGHT}, 0, "no_answer"),
        ({}, 0, "no_answer"),
        ("", 0, "no_answer"),
    ],
)
def test_a_completion_is_split_as_everywhere(server, row, completion, score, reason):
    status, _, verdict = server.ask("/v1/score", {"task": row, "completion": completion})
    assert (status, verdict["score"], verdict["reason"]) == (200, score, reason)


def test_a_verdict_says_who_decided(server, row):
    verdict = server.ask("/v1/score", {"task": row, "completion": RIGHT})[2]
    math = get_verifier("verifiable_math")
    assert verdict["answer"] == "2"
    assert verdict["verifier"] == {"task_type": "verifiable_math", "version": math.version, "key": math.key}


@pytest.mark.parametrize("family", ["math", "code_understanding", "stem"])
def test_verdicts_are_those_of_direct_scoring(server, family):
    tasks = list(open_tasks(f"embedded:{family}"))[:20]
    verifier = get_verifier(tasks[0].task_type)
    golds = [verifier.gold_completion(task) for task in tasks]
    texts = [[gold, "", f"<think>{gold}", *golds[:1]] for gold in golds]
    pairs = [(task, text) for task, several in zip(tasks, texts, strict=True) for text in several]
    with Scorer() as scorer:
        direct = [verdict.to_dict() for verdict in scorer.score_sync(pairs)]
    by_id = [{"task": {"task_id": task.problem_id}, "completion": text} for task, text in pairs]
    by_row = [{"task": task.to_row(), "completion": text} for task, text in pairs]
    for wire in (by_id, by_row):
        status, _, answer = server.ask("/v1/score_batch", {"pairs": wire})
        assert status == 200
        assert [{**verdict, "verifier": None} for verdict in answer["verdicts"]] == [
            {**verdict, "verifier": None} for verdict in direct
        ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task_type": "no_such_type"}, "unscorable_task"),
        ({"task_type": "swe"}, "unscorable_task"),  # not among the families of this server
        ({"verification_info": "neither JSON nor Python"}, "unscorable_task"),
        ({"verification_info": "[" + "1," * 40_000 + "]"}, "unscorable_task"),  # a literal, and a long one
        ({"verification_info": {}}, "unscorable_gold"),
        ({"task_type": "stem", "verification_info": {"ground_truth": "because of the tide"}}, "unscorable_judge"),
        ({"task_type": "serving_waits", "completion": "fail"}, "unscorable_infra"),
    ],
)
def test_a_failure_of_ours_is_null_with_its_reason(server, row, change, reason):
    completion = change.pop("completion", "It is the moon.") if "completion" in change else "It is the moon."
    status, _, verdict = server.ask("/v1/score", {"task": {**row, **change}, "completion": completion})
    assert (status, verdict["score"], verdict["reason"]) == (200, None, reason)
    assert verdict["details"]["why"] or reason == "unscorable_judge"


def test_a_task_that_cannot_be_read_harms_no_other(server, row):
    pairs = [{"task": task, "completion": RIGHT} for task in (row, {**row, "metadata": "{"}, row)]
    answer = server.ask("/v1/score_batch", {"pairs": pairs})[2]
    assert [verdict["score"] for verdict in answer["verdicts"]] == [1, None, 1]
    assert server.ask("/v1/score_batch", {"pairs": []})[2] == {"verdicts": []}


def test_it_tells_what_it_scores(server):
    told = server.ask("/v1/families")[2]
    assert told["tasks"] > 100
    families = {one["family"]: one for one in told["families"]}
    assert set(families) == {"math", "code_understanding", "stem", "serving_waits"}
    assert families["math"]["promised"]
    assert families["math"]["key"] == get_verifier("verifiable_math").key


def test_it_is_ready_when_what_it_promises_works(server, run_server):
    assert server.ask("/healthz", key=None)[0] == 200
    status, _, told = server.ask("/readyz", key=None)
    assert (status, "stem: no judge" in told["why"]) == (503, True)  # promised, and it needs a judge
    with run_server("--families", "math") as other:
        for _ in range(100):
            status, _, told = other.ask("/readyz", key=None)
            if status == 200:
                break
        assert told == {"status": "ready", "why": ""}


def test_an_alias_counts_as_its_task_type(server, row):
    row = {**row, "task_type": "verifiable_code_understanding"}
    labels = {"reason": "unscorable_task", "task_type": "code_output_prediction"}
    verdict = server.ask("/v1/score", {"task": row, "completion": ""})[2]
    labels["reason"] = verdict["reason"]
    before = server.metric("synthetic1_verdicts_total", **labels)
    server.ask("/v1/score", {"task": row, "completion": ""})
    assert server.metric("synthetic1_verdicts_total", **labels) == before + 1


def test_metrics_count_requests_and_verdicts(server, row):
    labels = {"reason": "correct", "task_type": "verifiable_math"}
    before = server.metric("synthetic1_verdicts_total", **labels)
    made_up = server.metric("synthetic1_verdicts_total", reason="unscorable_task", task_type="other")
    server.ask("/v1/score_batch", {"pairs": [{"task": row, "completion": RIGHT}] * 3})
    server.ask("/v1/score", {"task": {**row, "task_type": "made_up"}, "completion": RIGHT})
    assert server.metric("synthetic1_verdicts_total", **labels) == before + 3
    assert server.metric("synthetic1_verdicts_total", reason="unscorable_task", task_type="other") == made_up + 1
    server.ask("/made/up")
    assert server.metric("synthetic1_requests_total", endpoint="other", status="404") >= 1
    assert server.metric("synthetic1_requests_in_flight") == 0


def test_the_document_names_every_endpoint(server):
    document = server.ask("/openapi.json", key=None)[2]
    posts = {path for path, operations in document["paths"].items() if "post" in operations}
    assert posts == {"/v1/score", "/v1/score_batch", "/get_reward", "/test_program", "/test_program_stdio"}
    assert document["paths"]["/v1/score"]["post"]["security"] == [{"key": []}]
    assert "VerdictOnWire" in document["components"]["schemas"]
    for path in posts:
        assert server.ask(path)[0] == 405


def test_completion_and_task_travel_whole(server, row):
    """What JSON allows and people do not expect: every character, numbers that are not, deep nesting."""
    odd = {**row, "metadata": {"nul": "\x00", "line": "\u2028", "emoji": "🎲", "big": 10**40, "none": None}}
    text = "\x00\u2028🎲" + RIGHT
    assert server.ask("/v1/score", {"task": odd, "completion": text})[2]["score"] == 1
    body = b'{"task": {"problem_id": "1", "task_type": "t", "prompt": "p", "metadata": {"x": NaN}}, "completion": "x"}'
    assert server.ask("/v1/score", body)[0] in (200, 400)
    deep = b'{"task": ' + b'{"metadata": ' * 5_000 + b"1" + b"}" * 5_000 + b', "completion": "x"}'
    assert server.ask("/v1/score", deep)[0] == 400
    assert Completion.parse(text).answer == text
    assert Task.from_row(odd).metadata["big"] == 10**40


def test_a_judge_decides_what_rules_cannot(run_server, serve_judge, judge_replies):
    judge = serve_judge(judge_replies.honest(["The moon pulls at the water."]))
    task = {
        "problem_id": "tide",
        "task_type": "stem",
        "prompt": "Why is there a tide?",
        "verification_info": {"ground_truth": "Gravity of the moon."},
    }
    with run_server("--families", "stem", "--judge-url", judge.url) as server:
        while server.ask("/readyz")[2]["why"] == "the verifiers are being tried":
            pass
        assert server.ask("/readyz")[0] == 200
        texts = ("The moon pulls at the water.", "The wind blows.")
        found = [server.ask("/v1/score", {"task": task, "completion": text})[2] for text in texts]
        assert [(verdict["score"], verdict["details"]["decided_by"]) for verdict in found] == [
            (1, "judge"),
            (0, "judge"),
        ]
