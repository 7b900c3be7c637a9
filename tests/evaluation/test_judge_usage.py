"""What a judge cost reaches ``result.json``, whatever loops and clients asked it."""

from __future__ import annotations

import asyncio
import json

import judge_replies as replies
import judge_server as servers

from synthetic1.evaluation import evaluate_model
from synthetic1.evaluation.settings import EvaluationSettings
from synthetic1.rewards.judging.judge import Judge, judge_settings
from synthetic1.rewards.judging.ledger import spent, total
from synthetic1.rewards.judging.rubrics import CLAIMS
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.rewards.similarity import Similarity
from synthetic1.task import Task

PRICE = {"input": 2.0, "output": 10.0}


def cost(requests):
    return requests * (2.0 * servers.PROMPT_TOKENS + 10.0 * servers.COMPLETION_TOKENS) / 1e6


def test_one_account_for_judges_that_follow_each_other(serve_judge):
    server = serve_judge(replies.fooled)
    settings = judge_settings({"url": server.url, "price": PRICE})

    async def ask(text):
        judge = Judge(settings)
        await judge.ask(CLAIMS, question="Why?", reference="So.", candidate=text)
        await judge.aclose()

    assert spent([settings]) is None
    for number in range(3):
        asyncio.run(ask(f"Since {number}."))
    task = Task("1", "llm_judgeable_groundtruth_similarity", "Why?", gold_standard_solution="So.")
    with Scorer([Similarity(settings)]) as scorer:
        scorer.score_sync([(task, "Because."), (task, "For that.")])
    found = spent([Similarity(settings), settings])
    assert found["requests"] == found["completed"] == len(server.requests) == 5
    assert found["prompt_tokens"] == 5 * servers.PROMPT_TOKENS
    assert found["cost"] == cost(5)
    assert total([found, None, found])["cost"] == cost(10)
    assert total([found, {**found, "cost": None}])["cost"] is None, "a cost that is not known has no sum"


def test_an_evaluation_says_what_its_judge_cost(serve_judge, tmp_path, capsys):
    engine, judge = serve_judge(lambda messages, index: f"<answer>Since {index}.</answer>"), serve_judge(replies.fooled)
    env = {"id": "synthetic1/stem-v0", "judge": {"url": judge.url, "price": PRICE}}
    asked = {
        "engine": "server",
        "server": engine.url,
        "server_model": engine.model,
        "n": 4,
        "model": {"name": "embedded"},
    }
    evaluate_model.run(EvaluationSettings(env=env, runs=str(tmp_path), run_name="one", **asked))
    result = json.loads((tmp_path / "evaluate" / "one" / "result.json").read_text())
    usage = result["judge_usage"]
    assert usage["requests"] == len(judge.requests) > 0
    assert usage["cost"] == cost(len(judge.requests))
    assert f"judge: {len(judge.requests)} requests" in capsys.readouterr().out
