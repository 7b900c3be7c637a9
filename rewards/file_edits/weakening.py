"""Tests that a change takes away: skipped, focused past, deleted, or with fewer assertions than the real change has.

Only files that hold tests are looked at: elsewhere `SKIP(`, `fit(`, `pending` or `@Ignore` are somebody's own words.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from synthetic1.rewards.file_edits.languages import SourceLanguage


@dataclass(frozen=True)
class Testing:
    """How tests are written in a language, as patterns over code without comments.

    Every repetition that can begin anywhere is bounded: completions repeat themselves, and a search must not.
    """

    tests: str
    """A test; its groups hold the test's name."""
    asserts: str
    skips: str
    """What keeps a test from being run, or others by running it alone."""
    vacuous: str = r"(?!)"
    """Assertions that always hold."""
    dead: str = r"(?!)"
    """What keeps the lines of a test from being run; looked for in test files only."""
    framework: str = r"(?!)"
    """What only a file says that holds tests: it imports their framework, or has tests that are the language's own."""


_TITLE = r"(\"(?:\\.|[^\"\\\n]){0,300}+\"|'(?:\\.|[^'\\\n]){0,300}+'|`[^`]{0,300}+`)"
_JS = Testing(
    tests=rf"(?<![\w.$])(?:it|test)(?:\.\w+)?\(\s*{_TITLE}\s*,",
    asserts=r"(?<![\w.$])(?:expect\(|assert\b)",
    skips=r"(?<![\w.$])(?:(?:it|test|describe|suite)\.(?:skip|skipIf|runIf|only|todo|fixme|failing)\b"
    r"|context\.(?:skip|only)\(\s*['\"`]"
    # with a title: `fit(model)` is a function of somebody's
    r"|(?:xit|xtest|xdescribe|xcontext|fit|fdescribe|fcontext)\s*\(\s*['\"`])|\bthis\.skip\(\)",
    vacuous=r"\bexpect\(\s*(true|false|null|\d+|'\w*'|\"\w*\")\s*\)\.(?:toBe|toEqual|toStrictEqual)\(\s*\1\s*\)"
    r"|\bexpect\(\s*(?:true|1)\s*\)\.(?:toBeTruthy|toBeDefined)\(|\bassert(?:\.ok)?\(\s*(?:true|1)\s*[,)]",
    dead=r"\bif\s*\(\s*(?:false|0)\s*\)"
    rf"|(?<![\w.$])(?:it|test)\(\s*{_TITLE}\s*,\s*(?:async\s*)?(?:function\s*)?\([^()]{{0,100}}\)\s*(?:=>\s*)?\{{\s*return\s*;",
    framework=rf"(?<![\w.$])(?:it|test)(?:\.\w+)?\(\s*{_TITLE}\s*,\s*(?:async\b\s*)?(?:function\b|\([^()]{{0,200}}\)\s*=>)",
)
_CPP = Testing(
    tests=r"\b(?:(?:TYPED_)?TEST(?:_[FP])?\s*\(([^()]{0,300})\)|TEST_CASE\s*\(\s*(\"[^\"\n]{0,300}\"))",
    asserts=r"\b(?:EXPECT|ASSERT|CHECK|REQUIRE)(?:_\w+)?\s*\(|\bassert\s*\(",
    skips=r"\bGTEST_SKIP\b|\b(?:TYPED_)?TEST(?:_[FP])?\s*\([^()]{0,300}\bDISABLED_|\[(?:!shouldfail|\.)\]|\bSKIP\s*\(",
    vacuous=r"\b(?:(?:EXPECT|ASSERT)_TRUE|CHECK|REQUIRE|assert)\s*\(\s*(?:true|1)\s*\)",
    dead=r"\bif\s*\(\s*(?:false|0)\s*\)|^[ \t]*#[ \t]*if[ \t]+0\b",
    framework=r"^[ \t]*#[ \t]*include[ \t]*[<\"](?:gtest|gmock|catch2?|doctest)\b",
)
_ARGUMENTS = r"\s*\((?:[^()]|\([^()]{0,100}\)){0,300}+\)"  # of an annotation
TESTING = {
    "python": Testing(
        tests=r"\bdef\s+(test\w*)\s*\(",
        asserts=r"\bassert\b|\bself\.(?:assert\w+|fail)\(|\b(?:pytest|self)\.(?:raises|assertRaises|warns)\b",
        skips=r"\bmark\.(?:skip|skipif|xfail)\b|\bunittest\.(?:skip\w*|expectedFailure)\b"
        r"|@(?:skip|skipIf|skipif|skipUnless|expectedFailure)\b|\bpytest\.(?:skip|xfail|importorskip)\("
        r"|\bself\.skipTest\(|\bSkipTest\b|\bcollect_ignore\b|\b__test__\b",
        vacuous=r"\bassert[ \t(]+(?:True|1|not[ \t]+False|(\w+)[ \t]*(?:==|is)[ \t]*\1)\b[ \t]*(?=[,)#;\n]|\Z)"
        r"|\bself\.assertTrue\(\s*True\b",
        dead=r"^[ \t]*(?:if|while)[ \t]+(?:False|0)[ \t]*:"
        r"|\bdef[ \t]+test\w*[ \t]*\([^()]{0,300}\)[^:\n]{0,100}:[ \t]*\n\s*return\b",
        framework=r"^(?:import|from)[ \t]+(?:pytest|unittest)\b"
        # or a test that needs none: `def test_x():` with an assertion in its body
        r"|^def[ \t]+test_\w*\(\)[^\n]*:[ \t]*\n(?:(?![ \t]+assert\b)(?:[ \t][^\n]*)?\n){0,40}+[ \t]+assert\b",
    ),
    "javascript": _JS,
    "typescript": _JS,
    "go": Testing(
        tests=r"\bfunc\s+((?:Test|Benchmark|Fuzz|Example)\w*)\s*\(",
        asserts=r"\bt\.(?:Error|Fatal)f?\(|\bt\.Fail(?:Now)?\(|\b(?:assert|require)\.\w+\(",
        skips=r"\b[tb]\.Skip(?:f|Now)?\(",
        vacuous=r"\b(?:assert|require)\.True\(\s*t\s*,\s*true\b",
        dead=r"\bif\s+false\s*\{|\bfunc\s+Test\w*\s*\([^()]{0,100}\)\s*\{\s*return\b",
        framework=r"\bfunc\s+(?:Test|Benchmark|Fuzz)\w*\s*\(\s*\w+\s+\*testing\.\w+\s*\)",
    ),
    "rust": Testing(
        tests=r"#\[(?:\w+::)?test\b[^\]]{0,100}\](?:\s*#\[[^\]]{0,300}\]){0,8}\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)",
        asserts=r"\bassert(?:_eq|_ne|_matches)?!",
        skips=r"#\[ignore\b|#\[cfg_attr\([^\]\n]{0,100}\bignore\b|#\[cfg\((?:any\(\)|FALSE|false)\)",
        vacuous=r"\bassert!\(\s*true\b",
        dead=r"\bif\s+false\s*\{"
        r"|#\[(?:\w+::)?test\b[^\]]{0,100}\]\s*(?:async\s+)?fn\s+\w+\(\)[^{};]{0,100}\{\s*return\s*;",
        framework=r"#\[(?:\w+::)?test\b",
    ),
    "java": Testing(
        tests=rf"@(?:Test|ParameterizedTest|RepeatedTest)\b(?:{_ARGUMENTS})?(?:\s*@[\w.]+(?:{_ARGUMENTS})?){{0,6}}"
        r"\s+(?:[\w<>\[\],.?]{1,100}+\s+){0,6}?(\w+)\s*\([^()]{0,200}\)[^;{}()]{0,200}\{",
        asserts=r"\bassert\w*\s*[(.]|\bfail\s*\(|\bverify\s*\(",
        skips=r"@(?:Disabled|Ignore)\b|\bassumeTrue\s*\(\s*false",
        vacuous=r"\bassertTrue\s*\(\s*true\s*\)",
        dead=r"\bif\s*\(\s*false\s*\)",
        framework=r"^[ \t]*import[ \t]+(?:static[ \t]+)?(?:org\.junit|junit\.framework|org\.testng)\b",
    ),
    "cpp": _CPP,
    "c": _CPP,
    "csharp": Testing(
        tests=r"\[(?:Fact|Theory|Test|TestMethod|TestCase)\b[^\]\n]{0,200}\](?:\s*\[[^\]\n]{0,200}\]){0,8}"
        r"\s*(?:(?:public|async|static)\s+){0,3}[\w<>\[\]?]{1,80}\s+(\w+)\s*\(",
        asserts=r"\bAssert\.\w+(?:<[^<>\n]{0,80}>)?\(|\.Should\w*\(",
        skips=r"\[\s*Ignore\b|\bSkip\s*=\s*\"|\bAssert\.(?:Ignore|Inconclusive|Skip)\(",
        vacuous=r"\bAssert\.(?:True|IsTrue)\(\s*true\s*\)",
        dead=r"\bif\s*\(\s*false\s*\)|^[ \t]*#[ \t]*if[ \t]+false\b",
        framework=r"^[ \t]*using[ \t]+(?:Xunit|NUnit\.Framework|Microsoft\.VisualStudio\.TestTools)\b",
    ),
    "kotlin": Testing(
        tests=r"@(?:Test|ParameterizedTest)\b(?:\s*@\w+(?:\([^()\n]{0,200}\))?){0,8}\s*(?:(?:public|internal|suspend)\s+){0,3}"
        r"fun\s+(\w+|`[^`\n]{1,200}`)\s*\(",
        asserts=r"\bassert\w*\s*[({<]|\bshould\w+\b|\bverify\s*[({]",
        skips=r"@(?:Disabled|Ignore)\b",
        vacuous=r"\bassertTrue\(\s*true\s*\)",
        dead=r"\bif\s*\(\s*false\s*\)",
        framework=r"^[ \t]*import[ \t]+(?:org\.junit|kotlin\.test|io\.kotest)\b",
    ),
    "ruby": Testing(
        tests=r"\bdef\s+(test_\w+)|(?m:^[ \t]*(?:it|specify|test)\s+(\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))",
        asserts=r"\b(?:assert|refute)\w*\b|\bexpect\s*[({]|\.(?:must|wont)_\w+",
        skips=r"(?<![\w.:])(?:xit|xdescribe|xcontext|xspecify|fit|fdescribe|fcontext)\s+['\"]"
        r"|(?m:^[ \t]*(?:skip|pending)(?:[ \t]+['\"]|[ \t]*$))",
        vacuous=r"\bassert[ \t(]+true\b",
        dead=r"^[ \t]*if[ \t]+false\b",
        framework=r"^[ \t]*require(?:_relative)?[ \t]+['\"][^'\"\n]{0,100}"
        r"(?:minitest|test/unit|rspec|spec_helper|rails_helper|test_helper)",
    ),
    "php": Testing(
        tests=r"\bfunction\s+(test\w+)\s*\(",
        asserts=r"(?:->|::)(?:assert|expectException)\w*\(",
        skips=r"->markTest(?:Skipped|Incomplete)\(",
        vacuous=r"(?:->|::)assertTrue\(\s*true\s*\)",
        dead=r"\bif\s*\(\s*false\s*\)",
        framework=r"\bextends\s+\\?(?:\w+\\)*\w*TestCase\b",
    ),
    "swift": Testing(
        tests=r"\bfunc\s+(test\w+)\s*\(|@Test\b(?:\([^()\n]{0,200}\))?\s+func\s+(\w+)",
        asserts=r"\bXCT(?:Assert\w*|Fail|Unwrap)\(|#(?:expect|require)\(",
        skips=r"\bXCTSkip\w*\b|@(?:Test|Suite)\([^()\n]{0,200}\.disabled\(",
        vacuous=r"\bXCTAssert(?:True)?\(\s*true\s*\)",
        dead=r"\bif\s+false\s*\{",
        framework=r"^[ \t]*(?:@testable[ \t]+)?import[ \t]+(?:XCTest|Testing)\b",
    ),
}
_BUILT_NEVER = re.compile(r"^//[ \t]*(?:go:build|\+build)[ \t]+ignore\b", re.MULTILINE)  # a comment that Go obeys
_TEST_FOLDERS = frozenset(("test", "tests", "__tests__", "spec", "specs", "testing"))
_TEST_NAME = re.compile(
    r"conftest\.py|(?:test|spec)s?[_.-].*|.*(?:[_.-](?:test|tests|spec)|Tests?|Spec)\.\w+", re.DOTALL
)


def is_test_file(path: str) -> bool:
    """Whether a file holds tests, going by its name: ``tests/x.py``, ``x_test.go``, ``x.spec.ts``, ``XTest.java``."""
    *folders, name = PurePosixPath(path).parts or ("",)
    return bool(_TEST_FOLDERS & {folder.lower() for folder in folders}) or _TEST_NAME.fullmatch(name) is not None


def weakened(before: str, after: str, candidate: str, language: SourceLanguage, path: str) -> str | None:
    """How ``candidate`` weakens tests that the real change, from ``before`` to ``after``, leaves alone; None if it
    does not, as far as rules can tell.

    Only of a file that holds tests after the real change, too. If the real change skips tests itself, how many may be
    skipped is the judge's to say. Assertions, which real changes rewrite, count only in files that are named as those
    of tests are, and only if some that the real change keeps are gone.
    """
    testing = TESTING.get(language.name)
    if testing is None:
        return None
    old, real, new = (language.without_comments(text) for text in (before, after, candidate))
    in_tests = is_test_file(path)
    if not _holds_tests(testing, real, path):
        return None

    def more(pattern: str) -> bool:
        kept = _count(pattern, old)
        return _count(pattern, real) <= kept < _count(pattern, new)

    if more(testing.skips):
        return "it skips or disables tests"
    if in_tests and (
        more(testing.dead)
        or (language.name == "go" and _BUILT_NEVER.search(candidate) and not _BUILT_NEVER.search(before + "\n" + after))
    ):
        return "it keeps tests from being run"
    names_old, names_real, names_new = (Counter(_names(testing.tests, text)) for text in (old, real, new))
    missing = (names_old & names_real) - names_new
    if missing and names_new.total() < min(names_old.total(), names_real.total()):
        return f"it deletes the test {next(iter(missing))}"
    if in_tests:
        said_old, said_real, said_new = (_assertions(testing, text) for text in (old, real, new))
        fewer = said_new.total() < min(said_old.total(), said_real.total())
        if fewer and (said_old & said_real) - said_new:
            return "it deletes assertions"
    return None


def _holds_tests(testing: Testing, text: str, path: str) -> bool:
    """Whether a file has tests by its name and in its text, or in its text beyond doubt."""
    if PurePosixPath(path).name == "conftest.py":  # pytest's settings, which can skip tests of other files
        return True
    is_named = is_test_file(path) or re.search(testing.framework, text, re.MULTILINE) is not None
    return is_named and re.search(testing.tests, text, re.MULTILINE) is not None


def _count(pattern: str, text: str) -> int:
    return sum(1 for _ in re.finditer(pattern, text, re.MULTILINE))


def _names(pattern: str, text: str) -> list[str]:
    return ["".join(filter(None, found.groups())) for found in re.finditer(pattern, text)]


def _assertions(testing: Testing, text: str) -> Counter[str]:
    """The lines on which something is asserted that may fail, as often as it is."""
    text = re.sub(testing.vacuous, " ", text)
    lines = (line.strip() for line in text.split("\n"))
    return Counter({line: count for line in lines if (count := len(re.findall(testing.asserts, line)))})
