"""The protocol as a real vLLM server speaks it: our client, the ``openai`` package and the bare reply agree.

Every test runs against a server without and one with ``--reasoning-parser deepseek_r1``. With the parser some things
cannot be known of what the model wrote, by any client; ``knowable`` says which.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError, ServerError
from synthetic1.inference.launch import launch_vllm
from synthetic1.inference.server import Server
from synthetic1.rewards.judge import Judge, JudgeSettings
from synthetic1.rewards.judging.rubrics import CLAIMS, SIMILARITY

PROGRAM = "def transform(s):\n    s = s[1::2]\n    return s"
PREDICT = (
    f"Predict what this Python program returns.\n\n```python\n{PROGRAM}\n```\n\nIt is called as `transform(s)` with "
)
PREDICT += 'this string, written as in JSON:\n"deth"\n\nAnswer with JSON that has one field, the returned string: '
PREDICT += '{"output": "..."}'
ASK = [{"role": "user", "content": PREDICT}]
GREEDY = Sampling(48, temperature=0.0, seed=3)
SCHEMA = {
    "type": "object",
    "properties": {
        "why": {"type": "string", "maxLength": 12},
        "verdict": {"type": "string", "enum": ["right", "wrong"]},
    },
    "required": ["why", "verdict"],
    "additionalProperties": False,
}
whole_or_streamed = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def knowable(wrote: str, parser: bool) -> str:
    """What ``raw`` can hold of what the model wrote.

    Everything, without the parser. With it the server takes the first ``<think>`` and the first ``</think>`` away and
    says neither whether there was a ``<think>``, nor whether there was a ``</think>`` when nothing followed it; of an
    empty thought it says nothing. (What stands before a ``<think>`` it drops, unless it streams.)
    """
    if not parser:
        return wrote
    thought, close, answer = wrote.removeprefix("<think>").partition("</think>")
    if answer and not thought:
        return answer
    return f"<think>{thought}" + (close + answer if answer else "")


@whole_or_streamed
@pytest.mark.parametrize(
    ("sampling", "end"),
    [
        (GREEDY, "stop"),
        (Sampling(48, temperature=1.0, seed=2), "stop"),
        (Sampling(3, temperature=0.0, seed=3), "length"),
        (Sampling(48, temperature=0.0, seed=3, stop=("put",)), "stop"),
    ],
    ids=["greedy", "sampled", "cut_off", "stop"],
)
async def test_one_completion(vllm, hear, protocol, heard_of, sampling, end, stream):
    asked = {"messages": ASK, **protocol(sampling)}
    (told,) = heard_of(vllm.post(**asked))
    assert await hear(vllm.url, ASK, 1, sampling, stream=stream) == [told]
    assert told.finish_reason == end
    assert told.text
    if not sampling.stop:  # the tokens hold all of the one in which a stop text was found
        assert told.text == knowable(vllm.written(**asked), vllm.parser)


@whole_or_streamed
async def test_four_samples_in_one_request(vllm, hear, protocol, heard_of, stream):
    sampling = Sampling(32, temperature=1.0, seed=11)
    told = heard_of(vllm.post(messages=ASK, n=4, **protocol(sampling)))
    assert await hear(vllm.url, ASK, 4, sampling, stream=stream) == told
    assert len({one.text for one in told}) > 1  # each has a seed of its own


@whole_or_streamed
async def test_an_answer_held_to_a_schema(vllm, hear, stream):
    (heard,) = await hear(vllm.url, ASK, 1, Sampling(120, temperature=1.0, seed=1), schema=SCHEMA, stream=stream)
    assert heard.finish_reason == "stop"
    value = json.loads(heard.text.removeprefix("<think>"))  # the parser takes an answer without a thought for one
    assert list(value) == ["why", "verdict"]
    assert value["verdict"] in ("right", "wrong")
    assert len(value["why"]) <= 12


@whole_or_streamed
async def test_a_model_that_is_not_served(vllm, hear, stream):
    with pytest.raises(InferenceError, match=r"`other`.*embedded") as caught:
        await hear(vllm.url, ASK, 1, GREEDY, model="other", stream=stream)
    assert caught.value.kind == "wrong_model"


@whole_or_streamed
async def test_a_prompt_too_long(vllm, hear, stream):
    with pytest.raises(InferenceError, match="maximum context length is 16384 tokens") as caught:
        await hear(vllm.url, [{"role": "user", "content": "x" * 17_000}], 1, GREEDY, stream=stream)
    assert caught.value.kind == "bad_request"
