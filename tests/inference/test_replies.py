"""How answers end, and what they are made of: one table, read in one piece and piece by piece."""

from __future__ import annotations

import json

import pytest

from synthetic1.inference.reply import BadReply, read_reply
from synthetic1.inference.stream import StreamedReply

NOT_SAID = "not said"

ENDS = [
    ("stop", "stop"), ("STOP", "stop"), ("end_turn", "stop"), ("eos", "stop"), ("stop_sequence", "stop"),
    ("COMPLETE", "stop"), ("FINISH_REASON_STOP", "stop"),
    ("length", "length"), ("MAX_TOKENS", "length"), ("max_tokens", "length"), ("model_length", "length"),
    ("FINISH_REASON_MAX_TOKENS", "length"), ("max_output_tokens", "length"),
    ("content_filter", "content_filter"), ("SAFETY", "safety"), ("tool_calls", "tool_calls"),
    ("", None), ("null", None), (None, None), (NOT_SAID, None),
]  # fmt: skip
"""What servers say, and what is understood."""


def whole(choice):
    return read_reply(json.dumps({"choices": [choice]}).encode(), 1).choices[0]


def streamed(pieces, *, done=True, cut=3):
    """The reply to a stream of choices, whose bytes come ``cut`` at a time."""
    events = [f"data: {json.dumps({'choices': [piece]})}\n\n" for piece in pieces] + ["data: [DONE]\n\n"] * done
    data, reply = "".join(events).encode(), StreamedReply(1)
    for at in range(0, len(data), cut):
        reply.feed(data[at : at + cut])
    reply.end()
    return reply.reply().choices[0]


def said(reason):
    return {} if reason == NOT_SAID else {"finish_reason": reason}


@pytest.mark.parametrize(("reason", "understood"), ENDS)
def test_finish_reasons(reason, understood):
    found = whole({"message": {"content": "hello"}, **said(reason)})
    assert (found.content, found.finish_reason) == ("hello", understood)
    for last in ({"delta": {}, **said(reason)}, {"delta": {"content": ""}, "index": 0, **said(reason)}):
        pieces = [{"delta": {"content": "hel"}, "finish_reason": ""}, {"delta": {"content": "lo"}}, last]
        found = streamed(pieces)
        assert (found.content, found.finish_reason) == ("hello", understood)


@pytest.mark.parametrize("reason", ["", "null", None, NOT_SAID])
def test_a_stream_that_breaks_off_has_no_answer_whatever_its_pieces_say(reason):
    pieces = [{"delta": {"content": text}, **said(reason)} for text in ("hel", "lo")]
    with pytest.raises(BadReply, match="before an answer was finished"):
        streamed(pieces, done=False)
    assert streamed([*pieces, {"delta": {}, "finish_reason": "stop"}], done=False).content == "hello"


@pytest.mark.parametrize("reason", ["abort", "error", "cancelled", "ABORTED"])
def test_an_answer_that_the_server_gave_up_is_none(reason):
    with pytest.raises(BadReply):
        whole({"message": {"content": "hel"}, "finish_reason": reason})
    with pytest.raises(BadReply):
        streamed([{"delta": {"content": "hel"}}, {"delta": {}, "finish_reason": reason}])


def test_a_stream_without_any_text_is_no_answer():
    with pytest.raises(BadReply):
        streamed([{"delta": {"role": "assistant", "content": ""}}])


CONTENTS = [
    ("hello", None, "hello"),
    ("", None, ""),
    (None, None, None),
    ([], None, ""),
    ([{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}], None, "hello"),
    ({"type": "text", "text": "hello"}, None, "hello"),
    ([{"text": "hello"}], None, "hello"),
    (["hel", "lo"], None, "hello"),
    ([{"type": "output_text", "text": "hello", "annotations": []}], None, "hello"),
    ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}], "hm", "hello"),
    ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"text": "hello"}], "hm", "hello"),
    ([{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "hello"}], "hm", "hello"),
    ([{"type": "redacted_thinking", "data": "xx"}, {"type": "text", "text": "hello"}], None, "hello"),
    ([{"type": "image_url", "image_url": {"url": "u"}}, {"type": "text", "text": "hello"}], None, "hello"),
    ([{"type": "refusal", "refusal": "no"}], None, "no"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "thought", "text"), CONTENTS)
def test_contents(content, thought, text):
    found = whole({"message": {"content": content}, "finish_reason": "stop"})
    assert (found.reasoning, found.content) == (thought, text)
    found = streamed([{"delta": {"content": content}}, {"delta": {}, "finish_reason": "stop"}])
    assert (found.reasoning, found.content) == (thought, text)


@pytest.mark.parametrize("content", [5, True, [5], [{"type": "text"}], [{"type": "text", "text": 5}], [[]]])
def test_what_is_no_content_is_asked_for_again(content):
    with pytest.raises(BadReply):
        whole({"message": {"content": content}, "finish_reason": "stop"})
    with pytest.raises(BadReply):
        streamed([{"delta": {"content": content}, "finish_reason": "stop"}])
