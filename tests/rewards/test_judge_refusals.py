"""What a judge's server refuses: the completion's doing is 0, the task's or the server's is no score."""

from __future__ import annotations

import judge_replies as replies
import judge_server as servers
import pytest

from synthetic1.rewards.judging.judge import Judge, judge_settings
from synthetic1.rewards.judging.rubrics import BEHAVIOUR, CLAIMS

QUESTION, REFERENCE = "Why does ice float?", "It is less dense than water."
POISON = "xyzzy"
"""What the server cannot stand: a token it has no word for, a filter's word, a firewall's pattern."""
BY_STATUS = [400, 403, 404, 413, 422, 451, 500]
BY_ACCIDENT = ["half_closed", "no_json_body", "filtered"]


def poisoned(answer):
    return lambda messages: answer if POISON in messages[-1]["content"] else 0


async def ask(server, *candidates, rubric=CLAIMS, reference=REFERENCE, **settings):
    quick = {"timeout_s": 30, "outage_s": 0.5, "retries": 1}
    judge = Judge(judge_settings({"url": server.url, "model": server.model, **quick, **settings}))
    try:
        asked = {"question": QUESTION, "reference": reference}
        return [await judge.ask(rubric, candidate=candidate, **asked) for candidate in candidates]
    finally:
        await judge.aclose()


@pytest.mark.parametrize("answer", [*BY_STATUS, *BY_ACCIDENT])
@pytest.mark.parametrize("settings", [{}, {"votes": 3, "vary_order": True}], ids=["one vote", "three"])
async def test_no_completion_buys_itself_out_of_a_verdict(answer, settings):
    async with servers.JudgeServer(replies.fooled) as server:
        server.refuse = poisoned(answer)
        poor, right = await ask(server, f"It is {POISON}.", "It is lighter.", **settings)
    assert (poor.score, right.score) == (0.0, 1.0)
    assert poor.details["decided_by"] == "gate"
    assert "reads the reference in its place" in poor.details["why"]
    assert REFERENCE not in str(poor.details)


@pytest.mark.parametrize("answer", [*BY_STATUS, *BY_ACCIDENT])
async def test_a_task_that_the_server_refuses_is_nobodys_fault(answer):
    async with servers.JudgeServer(replies.fooled) as server:
        server.refuse = poisoned(answer)
        (verdict,) = await ask(server, "It is lighter.", reference=f"It is {POISON}.")
    assert (verdict.score, verdict.reason) == (None, "unscorable_judge")


@pytest.mark.parametrize("answer", [*BY_STATUS, *BY_ACCIDENT, 401, 402, 429, 503])
async def test_a_server_that_refuses_everything_is_nobodys_fault(answer):
    async with servers.JudgeServer(replies.fooled) as server:
        server.refuse = lambda messages: answer
        verdicts = await ask(server, "It is lighter.", "It is heavier.")
    assert {verdict.reason for verdict in verdicts} == {"unscorable_judge"}


@pytest.mark.parametrize("answer", [400, 500, "half_closed"])
async def test_a_server_that_stumbled_is_asked_again(answer):
    """The first prompt is refused, with its retry, and everything goes well from then on."""
    async with servers.JudgeServer(replies.fooled) as server:
        server.refuse = lambda messages: answer if len(server.requests) <= (1 if answer == 400 else 2) else 0
        (verdict,) = await ask(server, "It is lighter.")
    assert verdict.score == 1.0


async def test_a_judge_that_finds_no_words_for_the_reference_has_read_it():
    async with servers.JudgeServer(lambda messages, index: "Hm.") as server:
        server.refuse = poisoned(400)
        poor, other = await ask(server, f"It is {POISON}.", "It is lighter.")
    assert (poor.score, other.score) == (0.0, None)


async def test_the_reference_is_tried_once_for_all_completions_of_a_task():
    async with servers.JudgeServer(replies.fooled) as server:
        server.refuse = poisoned(400)
        await ask(server, *(f"It is {POISON} {number}." for number in range(5)))
        judged = [request for request in server.requests if request["messages"][0]["role"] == "system"]
        assert len(judged) == 1 + 5 * 2  # beside questions whether the server is well


@pytest.mark.parametrize(
    ("candidate", "reference", "reason"),
    [
        ("+x = 1\n" * 3_000, "+y = 1\n", "output_limit"),  # padded
        ("+x = 1\n" * 3_000, "+y = 1\n" * 3_000, "unscorable_judge"),  # as long as the real change
        ("+x = 1\n", "+y = 1\n" * 3_000, "unscorable_judge"),
        ("+x = 1\n", "+y = 1\n", "correct"),
    ],
)
async def test_a_change_too_long_for_the_judge(candidate, reference, reason):
    async with servers.JudgeServer(replies.fooled) as server:
        server.context = 12_000
        (verdict,) = await ask(server, candidate, rubric=BEHAVIOUR, reference=reference)
    assert verdict.reason == reason


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_an_answer_too_long_for_the_judge_is_shown_shorter(status):
    async with servers.JudgeServer(replies.fooled) as server:
        server.context, server.too_long_status = 6_000, status
        (verdict,) = await ask(server, "a b " * 6_000)
    assert verdict.score == 1.0
