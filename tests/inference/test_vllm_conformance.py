"""The protocol as a real vLLM server speaks it: our client, the ``openai`` package and the bare reply agree.

Every test runs against a server without and one with ``--reasoning-parser deepseek_r1``. With the parser some things
cannot be known of what the model wrote, by any client; ``knowable`` says which.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
from pathlib import Path

import pytest

from synthetic1.inference.client import Client
from synthetic1.inference.engine import Sampling
from synthetic1.inference.errors import InferenceError, ServerError
from synthetic1.inference.launch import launch_vllm
from synthetic1.inference.server import Server
from synthetic1.rewards.judging.judge import Judge, JudgeSettings
from synthetic1.rewards.judging.rubrics import BEHAVIOUR, CLAIMS, SIMILARITY

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


async def test_what_a_server_says_of_itself(vllm):
    from openai import AsyncOpenAI

    async with Client(vllm.url) as client, AsyncOpenAI(base_url=vllm.url, api_key="none") as other:
        facts = await client.check()
        listed = (await other.models.list()).data
    assert facts.models == tuple(card.id for card in listed) == ("embedded",)
    assert (facts.model, facts.max_model_len) == ("embedded", 16_384)
    assert Path(facts.root).samefile(listed[0].root)


async def test_another_model_is_found_out_before_the_first_call(vllm):
    async with Client(Server(vllm.url, model="other")) as client:
        with pytest.raises(ServerError, match="serves embedded; not other") as caught:
            await client.check()
    assert caught.value.kind == "wrong_model"


async def test_a_schema_that_the_server_cannot_hold_is_asked_for_in_words_only(vllm):
    backwards = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?<=a)b"}}, "required": ["a"]}
    async with Client(vllm.url) as client:
        for _ in range(2):
            (completion,) = await client.complete(ASK, 1, GREEDY, schema=backwards)
            assert completion.raw.endswith('"}')  # what the model says by itself: no schema held it
            assert '{"output"' in completion.raw
        assert client.usage.errors == {"bad_request": 1}
        assert (client.usage.completed, client.usage.failed) == (2, 0)


async def test_usage_is_the_servers_own_count(vllm):
    """Of a request for ``n`` samples the server's metrics count the prompt ``n`` times, and its replies once."""
    before = vllm.counted()
    async with Client(vllm.url) as whole, Client(Server(vllm.url, stream=True)) as streamed:
        calls = [
            client.complete(ASK, n, Sampling(16, temperature=1.0, seed=10 * i))
            for i in range(3)
            for n in (1, 3)
            for client in (whole, streamed)
        ]
        prompts = (await asyncio.gather(*calls))[0][0].usage["prompt_tokens"]
        seen = (whole.usage, streamed.usage)
    repeated = 2 * 3 * 2 * prompts
    expected = {
        "prompt": sum(usage.prompt_tokens for usage in seen) + repeated,
        "generation": sum(usage.completion_tokens for usage in seen),
    }
    for _ in range(50):  # metrics follow the replies a moment later
        after = vllm.counted()
        if (counted := {kind: after[kind] - before[kind] for kind in after}) == expected:
            break
        await asyncio.sleep(0.1)
    assert counted == expected
    assert sum(usage.usage_unknown for usage in seen) == 0


# What the model is made to write, what that parses to, and what it parses to where the parser hides some of it.
THOUGHTS = [
    ("<think>ab</think>cd", ("ab", "cd"), ("ab", "cd")),
    ("<think>\nab\n</think>\n\ncd\n", ("\nab\n", "\n\ncd\n"), ("\nab\n", "\n\ncd\n")),
    ("ab</think>cd", ("ab", "cd"), ("ab", "cd")),  # a lone tag
    ("<think>ab", ("ab", None), ("ab", None)),  # a thought that does not end
    ("<think>a</think>b</think>d", ("a</think>b", "d"), ("a</think>b", "d")),
    ("<think>a</think>b<think>c</think>d", ("a</think>b<think>c", "d"), ("a</think>b<think>c", "d")),
    ("<think>a</think>b<think>c", ("a", None), ("a", None)),
    ("ab", (None, "ab"), ("ab", None)),  # told like a thought without an end, and never taken for an answer
    ("<think>ab</think>", ("ab", ""), ("ab", None)),
    ("<think></think>cd", ("", "cd"), (None, "cd")),
]
TAGS = {"<think>": 100, "</think>": 100, "<think>\n": -100, "</think>\n": -100, '</think>\n{"output": "': -100}


def forced(vllm, text, tags):
    """Fields that leave the model one text to write, its tags in the tokens of that name."""
    numbers = vllm.tokenizer.get_added_vocab()
    bias = {str(numbers[tag]): weight for tag, weight in tags.items()}
    return {"structured_outputs": {"choice": [text]}, "logit_bias": bias}


@whole_or_streamed
@pytest.mark.parametrize(("wrote", "parsed", "with_parser"), THOUGHTS, ids=[row[0] for row in THOUGHTS])
async def test_thoughts_with_and_without_a_parser(vllm, protocol, wrote, parsed, with_parser, stream):
    fields = forced(vllm, wrote, TAGS)
    assert vllm.written(messages=ASK, **protocol(GREEDY), **fields) == wrote
    async with Client(Server(vllm.url, stream=stream, extra_body=fields)) as client:
        (completion,) = await client.complete(ASK, 1, GREEDY)
    assert completion.raw == knowable(wrote, vllm.parser)
    assert (completion.reasoning, completion.answer) == (with_parser if vllm.parser else parsed)
    assert completion.finish_reason == "stop"


@whole_or_streamed
async def test_tags_within_longer_tokens(vllm, protocol, stream):
    """As the embedded model writes them. While it streams, vLLM's parser overlooks these; our client does not."""
    wrote = '<think>\nab\n</think>\n{"output": "cd"}'
    fields = forced(vllm, wrote, {"<think>\n": 100, '</think>\n{"output": "': 100})
    assert vllm.written(messages=ASK, **protocol(GREEDY), **fields) == wrote
    async with Client(Server(vllm.url, stream=stream, extra_body=fields)) as client:
        (completion,) = await client.complete(ASK, 1, GREEDY)
    assert completion.raw == wrote
    assert (completion.reasoning, completion.answer) == ("\nab\n", '\n{"output": "cd"}')


@whole_or_streamed
@pytest.mark.parametrize("tokens", [1, 3, 5])
async def test_a_thought_cut_off(vllm, stream, tokens):
    fields = forced(vllm, "<think>abcdefgh</think>ij", TAGS)
    cut = Sampling(tokens, temperature=0.0)
    async with Client(Server(vllm.url, stream=stream, extra_body=fields)) as client:
        (completion,) = await client.complete(ASK, 1, cut)
    assert completion.finish_reason == "length"
    if vllm.parser and tokens == 1:  # the server says nothing at all, not even that a thought was begun
        assert (completion.raw, completion.answer) == ("", "")
        return
    assert completion.answer is None
    assert completion.raw == f"<think>{'abcdefgh'[: tokens - 1]}"
    assert completion.reasoning == "abcdefgh"[: tokens - 1]


# The judge ------------------------------------------------------------------------------------------------------------

QUESTIONS = [
    ("Why is the sky blue?", "Air scatters short waves of light more than long ones.", "It scatters blue light most."),
    ("At what temperature does water boil at sea level?", "At 100 °C.", "At 212 °F, which is 100 °C."),
    ("Why do metals conduct electricity?", "Their outer electrons move freely.", "Because metals are heavy."),
]
# The embedded model can judge nothing, and ends no text of its own: `"`, `]` and `}` are made likely.
TERSE = {'"': 100, "]": 50, "}": 50}


async def judged(vllm, rubric, *, terse, **settings):
    if vllm.parser:
        pytest.skip("a model that does not think, behind a parser of thoughts, gives no answer: see `knowable`")
    bias = {str(vllm.tokenizer.convert_tokens_to_ids(mark)): weight for mark, weight in TERSE.items()}
    server = Server(vllm.url, extra_body={"logit_bias": bias} if terse else {}, outage_s=20.0)
    judge = Judge(JudgeSettings(server, **settings))
    try:
        asked = (judge.ask(rubric, question=q, reference=r, candidate=c) for q, r, c in QUESTIONS)
        return await asyncio.gather(*asked), judge.client.usage
    finally:
        await judge.aclose()


@pytest.mark.parametrize("rubric", [CLAIMS, BEHAVIOUR, SIMILARITY], ids=lambda rubric: rubric.name)
async def test_a_judge_gives_a_verdict_of_its_list_or_none(vllm, rubric):
    verdicts, usage = await judged(vllm, rubric, terse=True, max_tokens=200)
    assert (usage.failed, usage.errors) == (0, {})
    for verdict in verdicts:
        if verdict.score is None:
            assert verdict.reason == "unscorable_judge"
        else:
            assert verdict.details["decided_by"] == "judge"
            said = verdict.details["verdict"]
            assert said in {option.name for option in rubric.options} or 0 <= int(said) <= 100
    assert any(verdict.scorable for verdict in verdicts), verdicts


async def test_a_judge_that_does_not_end_gives_no_verdict(vllm):
    verdicts, usage = await judged(vllm, CLAIMS, terse=False, max_tokens=32, attempts=2)
    assert {(verdict.score, verdict.reason) for verdict in verdicts} == {(None, "unscorable_judge")}
    assert all("cut off at max_tokens" in verdict.details["why"] for verdict in verdicts)
    assert usage.completed == usage.requests == 2 * len(QUESTIONS)


@pytest.mark.integrations
async def test_a_server_that_does_not_start_says_why(require):
    require("vLLM", importlib.util.find_spec("vllm"), "make venv")
    with pytest.raises(ServerError, match="disable_any_whitespace is only supported for xgrammar") as caught:
        async with launch_vllm(
            "nowhere", arguments=["--structured-outputs-config", '{"disable_any_whitespace": true}']
        ):
            raise AssertionError("it started")
    assert "\n" not in str(caught.value)
