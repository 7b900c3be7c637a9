"""Where an answer stands: the last complete JSON object with a field, whatever surrounds it."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.rewards.extraction import json_objects
from synthetic1.rewards.extraction.json_objects import MAX_DEPTH, SEARCHED, MalformedObject, last_json_object

FOUND = [
    # (text, value of `output`)
    ('{"output": "abc"}', "abc"),
    ('```json\n{"output": "abc"}\n```', "abc"),
    ('The answer:\n```\n{\n  "output": "abc"\n}\n```\nDone.', "abc"),
    ('the set {1} gives {"output":"abc"}', "abc"),
    ('for {x in y and [see below] {"output":"abc"}', "abc"),
    ('a stray " quote, then {"output":"abc"}', "abc"),
    ('an open {" and then {"output":"abc"}', "abc"),
    ('{"output": "a"} or rather {"output": "b"}', "b"),
    ('{"output": "a"} {"other": "b"}', "a"),
    ('{"output": "a"} {"output": "b"', "a"),  # the last complete one
    ('{{"output": "abc"}}', "abc"),  # braces doubled as in a template
    (r"\boxed{" + '{"output": "abc"}}', "abc"),
    ('{"thought": "first {braces} \\"quoted\\"", "output": "abc"}', "abc"),
    ('{"output": "{\\"output\\": \\"inner\\"}"}', '{"output": "inner"}'),
    ('{"output": "line\nbreak\tand tab"}', "line\nbreak\tand tab"),
    ('{"outp\\u0075t": "abc"}', "abc"),
    ('{"output": "é\\u00e9\\ud83d\\ude00😀"}', "éé😀😀"),
    ('{"output": "\\ud800"}', "\ud800"),
    ('{"output": "\x00"}', "\x00"),
    ('{"output": ["abc", {"x": null}]}', ["abc", {"x": None}]),
    ('{"output": -1.5e3}', -1500.0),
    ('{"output": {"output": "inner"}}', {"output": "inner"}),
    ('[1, 2, {"output": "abc"}', "abc"),  # the list never closes, so the object is whole by itself
    ('{"output": "abc"}<|im_end|>', "abc"),
    ('{"output": "abc"}}}]', "abc"),
    ("{" * SEARCHED + '{"output": "abc"}', "abc"),
    ('{"output": "' + "a" * 20_000 + '"}', "a" * 20_000),
    ('{"output": "' + "\\u0061" * 20_000 + '"}', "a" * 20_000),
]

NOTHING = [
    "",
    "abc",
    "{}",
    '"output": "abc"',
    '{"output": "abc"',
    "{'output': 'abc'}",
    '{"output": "abc",}',
    '{"output" "abc"}',
    "{\"output\": 'abc'}",
    '{"output": abc}',
    '{"output": "\\d"}',  # no escape of JSON's
    '{"output": 01}',
    '{"Output": "abc"}',
    '{"result": {"output": "abc"}}',  # a part of another object
    '[{"output": "abc"}, {"output": "abd"}]',  # a list of guesses
    '[{"output": "abc"}]',
    '{"x": "{\\"output\\": \\"abc\\"}"}',
    '{"output": "abc"]',
    '{"output": "' + "a" * SEARCHED + '"}',
    '{"output": "abc"}' + " " * SEARCHED,
]

MALFORMED = [
    ('{"output": "a", "output": "b"}', "twice"),
    ('{"output": {"x": 1, "x": 2}}', "twice"),
    ('{"output": NaN}', "NaN"),
    ('{"output": [Infinity]}', "Infinity"),
    ('{"output": -Infinity}', "-Infinity"),
    ('{"output": "abc"} {"output": NaN}', "NaN"),  # the earlier one does not save it
    ('{"output": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", "nesting"),
    ('{"output": ' + '{"a":' * 30_000 + "1" + "}" * 30_000 + "}", "nesting"),
    ('{"output": ' + "9" * 5000 + "}", "digits"),
]


@pytest.mark.parametrize(("text", "value"), FOUND)
def test_found(text, value):
    found = last_json_object(text, "output")
    assert found is not None
    assert found["output"] == value


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text):
    assert last_json_object(text, "output") is None


@pytest.mark.parametrize(("text", "why"), MALFORMED, ids=[why for _, why in MALFORMED])
def test_malformed(text, why):
    with pytest.raises(MalformedObject, match=why):
        last_json_object(text, "output")


def test_the_deepest_object_allowed_is_read():
    depth = MAX_DEPTH - 1
    assert last_json_object('{"output": ' + "[" * depth + "]" * depth + "}", "output") is not None


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON_VALUES, before=st.text(), ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_what_json_writes_is_read_back_behind_any_text_that_opens_nothing(value, before, ascii_only, indent):
    prose = before.replace("{", "(").replace("[", "(")
    text = prose + json.dumps({"why": 1, "output": value}, ensure_ascii=ascii_only, indent=indent)
    assert last_json_object(text, "output") == {"why": 1, "output": value}


TOKENS = ["{", "}", "[", "]", ":", ",", "1", "NaN", '"', '"a"', '"out"', '"o\\u0075t"', "\\", " ", "\n", "x"]
TOKENS += [
    '{"out":',
    '{"a":',
    '{"out":1}',
    '{"out":"{"}',
    '"out":2',
    '{"out":1,"out":',
    "1}",
    "}]",
    "[{",
]  # so that many hold an object


def slowly(text):
    """The slow definition: of the maximal substrings that Python's own reader takes, the last object with the field.

    Returns the object, ``None`` if there is none, or ``"malformed"`` if it has a key twice or holds NaN.
    """
    decoder, best, position = json.JSONDecoder(strict=False), None, 0
    while position < len(text):
        try:
            value, end = decoder.raw_decode(text, position) if text[position] in "{[" else (None, position + 1)
        except ValueError:
            value, end = None, position + 1
        if isinstance(value, dict) and "out" in value:
            best = text[position:end]
        position = end
    if best is None:
        return None
    twice = []
    decoder = json.JSONDecoder(
        strict=False,
        object_pairs_hook=lambda pairs: twice.append(len(dict(pairs)) < len(pairs)) or dict(pairs),
        parse_constant=twice.append,
    )
    value = decoder.decode(best)
    return "malformed" if any(twice) else value


def quickly(text):
    try:
        return last_json_object(text, "out")
    except MalformedObject:
        return "malformed"


@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join))
def test_agrees_with_trying_every_substring(text):
    assert quickly(text) == slowly(text)


def test_agrees_with_trying_every_substring_on_thousands_of_texts_that_hold_one():
    rng = random.Random(0)
    outcomes = Counter()
    for _ in range(10_000):
        text = "".join(rng.choices(TOKENS, k=rng.randrange(1, 25)))
        expected = slowly(text)
        assert quickly(text) == expected, text
        outcomes[expected if expected in (None, "malformed") else "found"] += 1
    assert outcomes["found"] > 1_000
    assert outcomes["malformed"] > 30
    assert outcomes[None] > 1_000


HOSTILE = {
    "open braces": "{",
    "open keys": '{"a":',
    "open lists": "[",
    "closed braces": "}",
    "open strings": '{"',
    "escapes": '{"\\"',
    "lists of strings": '["a[",',
    "objects in an open list": '[{"a":1},',
}


@pytest.fixture
def characters_read(monkeypatch):
    """``characters_read(text)``: how many characters the tokenizer is shown while ``text`` is searched."""

    class Counting:
        def __init__(self, pattern):
            self.pattern, self.characters = pattern, 0

        def match(self, text, position):
            found = self.pattern.match(text, position)
            self.characters += 1 if found is None else found.end() - position
            return found

    def count(text):
        counting = Counting(json_objects._TOKEN)
        with monkeypatch.context() as patch:
            patch.setattr(json_objects, "_TOKEN", counting)
            assert last_json_object(text, "output") is None
        return counting.characters

    return count


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_work_is_linear_in_hostile_text(piece, characters_read):
    """Counts characters read, not time: doubling the text may double the work and no more."""
    work = [characters_read(piece * n + '"output"') for n in (2_000, 4_000)]
    assert work[1] <= 2 * work[0] + 100
    assert work[1] <= 4 * len(piece) * 4_000 + 100


@pytest.mark.parametrize("piece", ["{", "[", '{"', '{"a":'])
def test_work_is_bounded_however_long_the_text(piece, characters_read, monkeypatch):
    monkeypatch.setattr(json_objects, "SEARCHED", 3_000)
    assert characters_read(piece * 100_000 + '"output"') <= 4 * 3_000


@pytest.mark.parametrize(
    "text",
    [
        "{" * 5_000 + '"output',
        "{x} [y] { 'z' [.] " * 1_000 + '"output"',  # brackets that begin nothing
        '{"a": [1, {"b": 2}]} ' * 1_000,  # no such field anywhere
        '"output"' + '{"a": ' * 1_000,  # none after the first bracket
    ],
)
def test_what_cannot_hold_the_answer_is_not_read(text, characters_read):
    assert characters_read(text) == 0
