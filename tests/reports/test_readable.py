"""Model output made visible, and the alignment of expected and predicted."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.reports.readable import compare, cut, one_line, visible

any_text = st.text(st.characters(exclude_categories=[]))  # lone surrogates too


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc", "a\nb\tc"),
        ("\x00\x1b[31m\r\x7f", "␀␛[31m␍␡"),
        ("\ud800", "\\ud800"),
        ("\u202egnp", "\\u202egnp"),
        ("\u200b\u2028\U000e0041", "\\u200b\\u2028\\U000e0041"),
        ("naïve 数学 🙂\u00a0x", "naïve 数学 🙂\u00a0x"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(any_text)
def test_visible_text_is_safe_and_stable(text: str) -> None:
    shown = visible(text)
    assert all(c.isprintable() or c in "\n\t" or c.isspace() for c in shown)
    assert not set(shown) & set("\x00\x1b\r\x85\u2028\u2029\u202e")
    shown.encode()
    assert visible(shown) == shown


@given(any_text, st.integers(3, 60))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_cut_keeps_both_ends() -> None:
    assert cut("abcdefghij", 10) == "abcdefghij"
    assert cut("abcdefghijk", 7) == "abc…ijk"
    assert one_line("a" * 10_000 + "end", 9) == "aaaa…aend"


@pytest.mark.parametrize(
    ("expected", "predicted", "marked"),
    [
        ("abc", "abc", "abc"),
        ("abc", "axc", "a[b|x]c"),
        ("abc", "ac", "a[b|]c"),
        ("ac", "abc", "a[|b]c"),
        ("", "x", "[|x]"),
        ("", "", ""),
        ("pmAl nEdrAg", "pmal nEdAg", "pm[A|a]l nEd[r|]Ag"),
        ("aaa", "aa", "aa[a|]"),
    ],
)
def test_compare(expected: str, predicted: str, marked: str) -> None:
    pieces = compare(expected, predicted)
    assert "".join(p.expected if p.same else f"[{p.expected}|{p.predicted}]" for p in pieces) == marked


@given(any_text, any_text)
def test_pieces_give_back_both_strings(expected: str, predicted: str) -> None:
    pieces = compare(expected, predicted)
    assert "".join(piece.expected for piece in pieces) == expected
    assert "".join(piece.predicted for piece in pieces) == predicted
    assert all(piece.expected == piece.predicted for piece in pieces if piece.same)


def test_hostile_lengths_do_not_stall_the_comparison() -> None:
    started = time.process_time()
    for size in (300, 200_000):  # the longest middle that is aligned, and one that is not
        left, right = "ab" * size, "ba" * size
        assert "".join(piece.predicted for piece in compare(left, right)) == right
    assert time.process_time() - started < 20  # quadratic matching of the long pair would take hours
