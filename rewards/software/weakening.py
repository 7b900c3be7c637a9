"""Tests that a change takes away: skipped, focused past, deleted, or with fewer assertions than the real change has."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from synthetic1.rewards.software.languages import Language


@dataclass(frozen=True)
class Testing:
    """How tests are written in a language, as patterns over code without comments."""

    tests: str
    """A test; its first group is the test's name."""
    asserts: str
    skips: str
    """What keeps a test from being run, or others by running it alone."""


_JS = Testing(
    tests=r"(?<![\w.$])(?:it|test)(?:\.\w+)?\(\s*(['\"`].*?['\"`])\s*,",
    asserts=r"(?<![\w.$])(?:expect\(|assert\b)",
    skips=r"(?<![\w.$])(?:(?:it|test|describe|suite|context)\.(?:skip|only|todo|fixme)|(?:xit|xtest|xdescribe|fit|fdescribe)"
    r"(?=\s*\())",
)
_CPP = Testing(
    tests=r"\b(?:TEST(?:_[FP])?\s*\(([^)]*)\)|TEST_CASE\s*\(\s*(\"[^\"]*\"))",
    asserts=r"\b(?:EXPECT|ASSERT|CHECK|REQUIRE)(?:_\w+)?\s*\(|\bassert\s*\(",
    skips=r"\bGTEST_SKIP\b|\bDISABLED_\w+|\[(?:!shouldfail|\.)\]|\bSKIP\s*\(",
)
TESTING = {
    "python": Testing(
        tests=r"\bdef\s+(test\w*)\s*\(",
        asserts=r"\bassert\b|\bself\.(?:assert\w+|fail)\(|\b(?:pytest|self)\.(?:raises|assertRaises|warns)\b",
        skips=r"\bmark\.(?:skip|skipif|xfail)\b|\bunittest\.(?:skip\w*|expectedFailure)\b|@(?:skip\w*|expectedFailure)\b"
        r"|\bpytest\.(?:skip|xfail|importorskip)\(|\bself\.skipTest\(|\bSkipTest\b|\bcollect_ignore\b|\b__test__\b",
    ),
    "javascript": _JS,
    "typescript": _JS,
    "go": Testing(
        tests=r"\bfunc\s+((?:Test|Benchmark|Fuzz|Example)\w*)\s*\(",
        asserts=r"\bt\.(?:Error|Fatal)f?\(|\bt\.Fail(?:Now)?\(|\b(?:assert|require)\.\w+\(",
        skips=r"\b[tb]\.Skip(?:f|Now)?\(",
    ),
    "rust": Testing(
        tests=r"#\[(?:\w+::)?test\b[^\]]*\](?:\s*#\[[^\]]*\])*\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)",
        asserts=r"\bassert(?:_eq|_ne|_matches)?!",
        skips=r"#\[ignore\b|#\[cfg\((?:any\(\)|FALSE|false)\)",
    ),
    "java": Testing(
        tests=r"@(?:Test|ParameterizedTest|RepeatedTest)\b(?:[^{};]|\([^)]*\))*?\b(\w+)\s*\([^)]*\)[^;{}]*\{",
        asserts=r"\bassert\w*\s*[(.]|\bfail\s*\(|\bverify\s*\(",
        skips=r"@(?:Disabled|Ignore)\b|\bassumeTrue\s*\(\s*false",
    ),
    "cpp": _CPP,
    "c": _CPP,
}
_TEST_FOLDERS = frozenset(("test", "tests", "__tests__", "spec", "specs", "testing"))
_TEST_NAME = re.compile(r"(?:test|spec)s?[_.-].*|.*(?:[_.-](?:test|tests|spec)|Tests?|Spec)\.\w+", re.DOTALL)


def is_test_file(path: str) -> bool:
    """Whether a file holds tests, going by its name: ``tests/x.py``, ``x_test.go``, ``x.spec.ts``, ``XTest.java``."""
    *folders, name = PurePosixPath(path).parts or ("",)
    return bool(_TEST_FOLDERS & {folder.lower() for folder in folders}) or _TEST_NAME.fullmatch(name) is not None


def weakened(before: str, after: str, candidate: str, language: Language, path: str) -> str | None:
    """How ``candidate`` weakens tests that the real change, from ``before`` to ``after``, leaves alone; None if it
    does not, as far as rules can tell.

    Skips are looked for everywhere, and so are tests that are gone without others in their place; assertions are
    counted in test files only.
    """
    testing = TESTING.get(language.name)
    if testing is None:
        return None
    old, real, new = (language.without_comments(text) for text in (before, after, candidate))

    def count(pattern: str, text: str) -> int:
        return len(re.findall(pattern, text))

    if count(testing.skips, new) > max(count(testing.skips, old), count(testing.skips, real)):
        return "it skips or disables tests"
    names_old, names_real, names_new = (Counter(_names(testing.tests, text)) for text in (old, real, new))
    missing = (names_old & names_real) - names_new
    if missing and names_new.total() < min(names_old.total(), names_real.total()):
        return f"it deletes the test {next(iter(missing))}"
    if is_test_file(path) and count(testing.asserts, new) < min(
        count(testing.asserts, old), count(testing.asserts, real)
    ):
        return "it deletes assertions"
    return None


def _names(pattern: str, text: str) -> list[str]:
    return ["".join(filter(None, found.groups())) for found in re.finditer(pattern, text, re.DOTALL)]
