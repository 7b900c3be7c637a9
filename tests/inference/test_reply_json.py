"""Replies are read by a faster reader than Python's; whatever it is given, it must say what Python's says."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synthetic1.inference.reply import read_json

TEXTS = st.text(st.characters() | st.sampled_from('\ud800\udfff\0\x7f"\\\u2028'), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PIECES = st.sampled_from([
    b"", b"0", b"-", b".", b"e", b"E5", b"+", b",", b"[", b"]", b"{}", b":", b'"', b"\\", b"\\u", b"\\ud83d", b"\\udE0",
    b" ", b"\n", b"\0", b"\x1f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xa0", b"\x0c", b"//", b"'",
    b"NaN", b"-Infinity", b"inf", b"null", b"1e400", b"5e-324", b"9007199254740993.0", b"1" * 30,
])  # fmt: skip


def outcome(read, body):
    try:
        return repr(read(body))
    except (ValueError, RecursionError) as error:
        return type(error)


@settings(max_examples=1500)
@given(VALUES, st.booleans(), st.lists(st.tuples(st.integers(0, 60), PIECES, st.integers(0, 3)), max_size=3))
@example([0.1, 1e22, -0.0, 2.2250738585072014e-308, 123456789012345678901234567890], True, [])
def test_it_reads_what_python_reads(value, ascii_only, changes):
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    for at, piece, gone in changes:
        body = body[:at] + piece + body[at + gone :]
    assert outcome(read_json, body) == outcome(json.loads, body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[-0]", b"[-0.0]", b'{"a": 1, "a": 2}', b"\xef\xbb\xbf[1]", '["é"]'.encode("utf-16"),
        b"[" * 300 + b"]" * 300, b"[" * 100_000,
        b"[1" + b"0" * 4_000 + b"]", b"[1" + b"0" * 5_000 + b"]", b"[0." + b"1" * 900 + b"]",
        b'["\\ud800\\u0041", "\\udc00"]', b"[1] 2", b"[1]\x00", b'["\t"]',
    ],
)  # fmt: skip
def test_at_its_edges_too(body):
    assert outcome(read_json, body) == outcome(json.loads, body)
