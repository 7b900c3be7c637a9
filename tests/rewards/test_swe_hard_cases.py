"""Right changes that rules must let through, wrong ones they must stop, and texts that must not cost them hours."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.completion import Completion
from synthetic1.rewards.file_edits.diffs import unrelated_deletions
from synthetic1.rewards.file_edits.edits import new_state
from synthetic1.rewards.file_edits.languages import language_of
from synthetic1.rewards.file_edits.lines import Unappliable, read_lines
from synthetic1.rewards.file_edits.syntax import differ_in_substance, parse_error
from synthetic1.rewards.file_edits.weakening import weakened
from synthetic1.rewards.swe import Swe
from synthetic1.tasks.formats.swe import compose_prompt, to_task

FORMAT = "Write:\n\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n\nThanks\n"


def swe(path, language, before, after):
    return to_task("p", path=path, language=language, instruction="do", before=before, after=after, source="test")


async def score(task, answer):
    """The score by rules; None where a judge would have to look."""
    verdict = await Swe().verify(task, Completion.parse(answer))
    assert verdict.scorable or verdict.reason == "unscorable_judge"
    return verdict.score


# What an answer is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "path"),
    [("Emacs Lisp", "a.el"), ("Jupyter Notebook", "a.ipynb"), ("Protocol Buffer", "a.proto"), ("C#", "a.cs"),
     ("C++", "a.cc"), ("HTML+ERB", "a.erb"), ("F#", "a.fs"), ("Vim script", ".vimrc"), ("", "LICENSE")],
)  # fmt: skip
async def test_the_fence_that_the_prompt_asks_for_is_read(language, path):
    task = swe(path, language, "a\n", "b\n")
    asked = task.prompt.split("that begins with ")[1].split(" and ends")[0]
    assert await score(task, f"{asked}\nb\n```") == 1.0


@pytest.mark.parametrize("old", [FORMAT, FORMAT.replace("=======\n", ""), FORMAT.replace("<<<<<<<", "<<<<<<<<<<")])
async def test_a_file_that_holds_markers_can_be_changed_both_ways(old):
    new = old.replace("Thanks", "Bye").replace("new", "newer")
    task = swe("format.md", "Markdown", old, new)
    left = task.prompt.split(" SEARCH\nlines of the file")[0].rsplit("\n", 1)[1]
    assert left * 1 not in old
    width = len(left)
    block = "\n".join([left + " SEARCH", *read_lines(old), "=" * width, *read_lines(new), ">" * width + " REPLACE"])
    assert await score(task, block) == 1.0
    assert await score(task, f"````markdown\n{new}````") == 1.0


def test_markers_are_longer_than_those_of_the_file():
    assert "<<<<<<<< SEARCH\nlines" in compose_prompt("x", "", "do", FORMAT)
    assert "\n<<<<<<< SEARCH\nlines" in compose_prompt("x", "", "do", "x = 1\n")


@pytest.mark.parametrize(
    "block",
    [
        "    <<<<<<< SEARCH\n    return 1\n    =======\n    return 2\n    >>>>>>> REPLACE",  # as the code is
        "  <<<<<<< SEARCH\n      return 1\n  =======\n      return 2\n  >>>>>>> REPLACE",  # in a list
    ],
)
def test_indented_markers(block):
    before = read_lines("def f():\n    return 1\n")
    assert new_state(block, before, ()) == ("def f():", "    return 2")


PIECES = st.lists(
    st.sampled_from(["a", "  a", "b", "", "=======", ">>>>> REPLACE", "```", "é \t", "<<<<<<< HEAD"]), max_size=4
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=5), st.lists(st.tuples(PIECES, PIECES), min_size=1, max_size=3), st.data())
def test_blocks_give_the_file_that_slicing_gives_or_are_refused(file, edits, data):
    """Against the plainest way to do it: every SEARCH at every place."""
    before = read_lines("\n".join(line for piece in file for line in piece))
    if before and data.draw(st.booleans()):  # a SEARCH that is there
        start = data.draw(st.integers(0, len(before) - 1))
        edits[0] = (list(before[start : data.draw(st.integers(start + 1, len(before)))]), edits[0][1])
    cuts: list[tuple[int, int, list[str]]] | None = []
    for search, replacement in edits:
        search = [line.rstrip() for line in search]
        size = len(search)
        places = [i for i in range(len(before) - size + 1) if list(before[i : i + size]) == search]
        if cuts is None or not any(search) or len(places) != 1:
            cuts = None
            break
        cuts.append((places[0], places[0] + size, replacement))
    cuts = sorted(cuts, key=lambda cut: cut[:2]) if cuts is not None else None
    if cuts and any(one[1] > other[0] for one, other in itertools.pairwise(cuts)):
        cuts = None
    answer = "\n".join(
        line for search, new in edits for line in ("<" * 9 + " SEARCH", *search, "=" * 9, *new, ">" * 9 + " REPLACE")
    )
    if not before:
        return  # SEARCH may be empty then
    if (
        any(line == ">>>>> REPLACE" for edit in edits for side in edit for line in side)
        and ">>>>> REPLACE" not in before
    ):
        return  # a miscounted marker, to a file without any
    if cuts is None:
        with pytest.raises(Unappliable):
            new_state(answer, before, ())
        return
    lines = list(before)
    for start, end, replacement in reversed(cuts):
        lines[start:end] = replacement
    after = read_lines("\n".join(lines))
    assert new_state(answer, before, (), after=after) == after


# What rules decide --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "before", "after", "candidate"),
    [
        ("x.py", "x = 1\n", "x = 2\n", "# done as asked"),
        ("x.py", "x = 1\n", "x = 2\n", '"""Done."""'),
        ("x.js", "f(1);\n", "f(2);\n", "// matches the reference\n/* all of it */"),
        ("x.rs", "fn f() {}\n", "fn g() {}\n", "//! Done."),
        ("x.yaml", "a: 1\n", "a: 2\n", "# a: 2"),
        ("x.md", "a\n\nb\n", "a\n\nc\n", "a\u200b\n\nb"),
        ("x.txt", "a\n", "b\n", "\u200b"),
        ("x.txt", "a\n", "b\n", " \t\n\u00a0\n"),
        ("x.js", "x = 'a';\n", "x = 'b';\n", "x = 'a\u2060';"),
    ],
)
async def test_emptied_and_unseen_changes_are_nothing(path, before, after, candidate):
    assert await score(swe(path, "", before, after), f"```\n{candidate}\n```") == 0.0


@pytest.mark.parametrize(
    ("path", "language", "before", "after", "candidate"),
    [
        ("tsconfig.json", "", '{\n  // why\n  "a": 1\n}', '{\n  "a": 2\n}', '{\n  // why\n  "a": 2\n}'),
        ("x.json", "JSON with Comments", '{"a": 1}', '{"a": 2}', '{"a": 2} // new'),
        ("x.h", "Objective-C", "#import <A.h>\n", "#import <B.h>\n", "@{ @(1: }\n#import <C.h>\n"),
        ("chart/x.yaml", "", "a: 1\n", "a: 2\n", "a: 2\n{{- if .b }}\nb: [\n{{- end }}\n"),
        ("x.html", "HTML+Django", "<p>a</p>", "<p>b</p>", "<p>a</p>{# b #}"),
    ],
)
async def test_where_rules_do_not_know_the_language_the_judge_decides(path, language, before, after, candidate):
    assert await score(swe(path, language, before, after), f"```\n{candidate}\n```") is None


async def test_what_was_broken_and_is_not_mended_is_broken():
    assert await score(swe("x.py", "", "print 1\n", "print(1)\n"), "```\nprint 2\n```") == 0.0


async def test_who_is_asked_to_remove_what_cannot_be_seen_is_judged():
    task = swe("x.md", "", "a\u200b b\u200b\n", "a b\n")
    assert await score(task, "```\na b\n```") == 1.0
    assert await score(task, "```\na b\u200b\n```") is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", 'x = f"{a["b"]}"\n'),
        ("python", "x = f\"{'\\n'.join(a)}\"\n"),
        ("python", 'x = f"{\n    a  # why\n}"\n'),
        ("python", "type X = list[int]\n"),
        ("python", "def f[T](x: T) -> T:\n    return x\n"),
        ("python", "class A[T]:\n    pass\n"),
        ("python", "try:\n    f()\nexcept A, B:\n    pass\n"),
        ("python", 'x = t"{a}"\n'),
        ("python", "match x:\n    case [1, *_]:\n        pass\n"),
        ("rust", "/* a\n /* b { */\n } */ fn f() {}"),
        ("rust", 'fn f() { let s = cr#"{"#; let t = c"{"; let c = \'\\u{10FFFF}\'; }'),
        ("rust", "fn f<'a, 'b: 'a>(x: &'a [u8; 3]) -> impl Fn(char) -> bool + 'a { |c| c == '{' }"),
        ("go", "func F[T any, U ~[]byte | string](m map[string]T) { r := '\\''; s := `\"{`; }"),
        ("java", 'class A { String s = """\n  a \\""" {\n  """; char c = \'\\u007B\'; }'),
        ("cpp", "template <class T, int N = (3 > 2)> struct A { T a[N]; }; auto y = u8'{'; int x = 0xFF'FF'0;"),
        ("cpp", "int f() { switch (c) { case'{': return'('; } }"),
        ("cpp", 'auto s = u8R"({)"; auto t = LR"x({)x"; [[nodiscard]] int g();'),
        ("c", '#ifdef A\n#error don\'t "do { this\n#endif\nint f() { char *s = "a\\\n{"; }'),
        ("c", "#define OPEN {\nint f() OPEN return 1; }\n"),
        ("yaml", "a:\tb\nc: {x: y:z}\n---\nd: 😀\n"),
        ("yaml", "run: |\n  [[ -f x ]] && { echo '{'; }\n"),
        ("sql", "CREATE FUNCTION f() AS $body$ BEGIN -- it's (\n END $body$;"),
        ("shell", "cat <<'E'\n(\nE\n"),
    ],
)
def test_valid_code_is_let_through(language, text):
    assert parse_error(text, language_of(language, "")) is None


@pytest.mark.parametrize("text", ["print 'two'\n", "def f(:\n    pass\n", "x = (1\n", "f'{a}'\nx = = 1\n"])
def test_broken_python_is_broken_all_the_same(text):
    assert parse_error(text, language_of("python", ""))


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("javascript", "<p>See http://a.example</p>", "<p>See http://b.example</p>"),
        ("javascript", "<p>\n  Don't: http://a.example\n</p>", "<p>\n  Don't: http://b.example\n</p>"),
        ("php", "$a = '\n http://a.example\n';", "$a = '\n http://b.example\n';"),
        ("kotlin", "/* /* a */ f() */", "/* /* a */ g() */"),
        ("swift", "/* /*\n a */ f() */", "/* /*\n a */ g() */"),
        ("shell", "x=$'it\\'s' # '\ny='# a'", "x=$'it\\'s' # '\ny='# b'"),
        ("sql", "SELECT 'it\\'s -- 5'", "SELECT 'it\\'s -- 6'"),
        ("sql", "AS $f$ -- a\n$f$", "AS $f$ -- b\n$f$"),
        ("html", "<style><!--\na { color: red }\n--></style>", "<style><!--\na { color: blue }\n--></style>"),
        ("html", "<SCRIPT type=x> <!--\nf(1)\n--></script>", "<SCRIPT type=x> <!--\nf(2)\n--></script>"),
        ("html", "<!--[if IE]><p>a</p><![endif]-->", "<!--[if IE]><p>b</p><![endif]-->"),
        ("shell", "#!/bin/sh\nx\n", "#!/bin/sh -e\nx\n"),
        ("go", "//go:embed a.txt\nvar s string", "//go:embed b.txt\nvar s string"),
        ("go", '/*\nint f() { return 1; }\n*/\nimport "C"', '/*\nint f() { return 2; }\n*/\nimport "C"'),
        ("php", "/** @ORM\\Column(type=1) */ $a;", "/** @ORM\\Column(type=2) */ $a;"),
        ("php", "/**\n * @Route(1)\n */", "/**\n * @Route(2)\n */"),
        ("sql", "SELECT /*! 1 */ a", "SELECT /*! 2 */ a"),
        ("sql", "SELECT /*+ FULL(a) */ a", "SELECT a"),
        ("javascript", "function f(x /*: number */) {}", "function f(x /*: string */) {}"),
        ("typescript", "/// <reference path='a' />\nf()", "/// <reference path='b' />\nf()"),
        ("java", 'f("""\n \\""" // a\n""");', 'f("""\n \\""" // b\n""");'),
    ],
)
def test_what_looks_like_a_comment_and_is_none(language, one, other):
    assert differ_in_substance(one, other, language_of(language, "")) is not False


@pytest.mark.parametrize(
    ("imports", "name"),
    [("import re", "python"), ("from a import b", "python"), ("#include <map>", "cpp"), ('\t"strings"', "go"),
     ("use std::fmt;", "rust"), ("const x = require('x');", "javascript"), ("import a.B;", "java")],
)  # fmt: skip
def test_an_import_that_is_no_longer_needed_is_no_loss(imports, name):
    before = (imports, *(f"line {n}" for n in range(20)))
    after = (*before[:15], "new", *before[16:])
    other = (*before[1:15], "another way", *before[16:])
    assert unrelated_deletions(before, after, other, language_of(name, "").line_comments) == []
    assert unrelated_deletions(before, after, (*other[:3], *other[4:]), ()) == ["line 3"]


# Tests that are taken away ------------------------------------------------------------------------------------------

TWO = "def test_a():\n    assert f(1) == 2\n\n\ndef test_b():\n    assert g()\n"


@pytest.mark.parametrize(
    ("path", "before", "candidate"),
    [
        ("test_x.py", TWO, TWO.replace("assert f(1) == 2", "assert True")),
        ("test_x.py", TWO, TWO.replace("assert f(1) == 2", "assert 1 == 1")),
        ("test_x.py", TWO, TWO.replace("def test_b", "def xtest_b")),
        ("test_x.py", TWO, TWO.replace("def test_b():\n", "def test_b():\n    return\n")),
        ("test_x.py", TWO, TWO.replace("def test_a():\n    assert", "if False:\n  def test_a():\n    assert")),
        ("test_x.py", TWO, TWO.replace("    assert g()", "    pass") + "\n\ndef test_c():\n    assert True\n"),
        ("a.test.js", "it('a', () => { expect(f()).toBe(1) })", "it('a', () => { expect(1).toBe(1) })"),
        ("a.test.js", "it('a', () => { expect(f()).toBe(1) })", "it('a', () => { return; expect(f()).toBe(1) })"),
        ("a.test.js", "it('a', () => { expect(f()).toBe(1) })", "it.skipIf(true)('a', () => { expect(f()).toBe(1) })"),
        ("a.test.ts", "it('a', function () { f() })", "it('a', function () { this.skip() })"),
        ("a_test.go", "package a\nfunc TestA(t *testing.T) { t.Error() }",
         "//go:build ignore\n\npackage a\nfunc TestA(t *testing.T) { t.Error() }"),
        ("a_test.go", "func TestA(t *testing.T) { t.Error() }", "func TestA(t *testing.T) { return; t.Error() }"),
        ("lib.rs", "#[test]\nfn a() { assert!(x) }", "#[test]\n#[cfg_attr(all(), ignore)]\nfn a() { assert!(x) }"),
        ("tests/a.rs", "#[test]\nfn a() { assert!(x) }", "#[test]\nfn a() { assert!(true) }"),
        ("ATest.java", "@Test\nvoid a() { assertTrue(f(1)); }", "@Test\nvoid a() { if (false) { assertTrue(f(1)); } }"),
        ("ATests.cs", "[Fact]\npublic void A() { Assert.Equal(1, F()); }",
         "[Fact(Skip = \"later\")]\npublic void A() { Assert.Equal(1, F()); }"),
        ("ATests.cs", "[Fact]\npublic async Task A() { Assert.True(F()); }",
         "public async Task A() { Assert.True(F()); }"),
        ("ATest.kt", "@Test\nfun `a b`() { assertEquals(1, f()) }",
         "@Disabled @Test\nfun `a b`() { assertEquals(1, f()) }"),
        ("ATest.kt", "@Test\nfun a() { assertEquals(1, f()) }", "@Test\nfun a() { f() }"),
        ("a_spec.rb", "it 'adds' do\n  expect(f).to eq 1\nend", "xit 'adds' do\n  expect(f).to eq 1\nend"),
        ("test_a.rb", "def test_a\n  assert_equal 1, f\nend", "def test_a\n  skip\n  assert_equal 1, f\nend"),
        ("ATest.php", "function testA() { $this->assertSame(1, f()); }",
         "function testA() { $this->markTestSkipped(); $this->assertSame(1, f()); }"),
        ("ATests.swift", "func testA() { XCTAssertEqual(1, f()) }", "func testA() { f() }"),
        ("a_test.cpp", "TEST(A, B) { EXPECT_TRUE(f()); }", "#if 0\nTEST(A, B) { EXPECT_TRUE(f()); }\n#endif"),
    ],
)  # fmt: skip
def test_tests_that_say_nothing_any_more(path, before, candidate):
    language = language_of("", path)
    assert weakened(before, before + "\n", candidate, language, path)
    assert weakened(before, before + "\n", before, language, path) is None
    assert weakened(candidate, candidate, candidate, language, path) is None


@pytest.mark.parametrize(
    ("path", "before", "after", "candidate"),
    [
        ("model.js", "f(x);", "train(x);", "function fit(m) { return m }\nfit(x);"),
        ("menu.js", "f(x);", "g(x);", "context.skip(1); g(x);"),
        ("jobs.py", "f()", "@skip_if_locked\ndef g(): f()", "@skip_when_locked\n@skip_twice\ndef g(): f()"),
        # both make a table of four lines, one of them with one assertion
        ("test_x.py", "assert f(1)\nassert f(2)\nassert f(3)\nassert f(4)\n",
         "for x in odd:\n    assert f(x)\nfor x in even:\n    assert f(x)\n",
         "for x in range(1, 5):\n    assert f(x)\n"),
        ("a.test.js", "it('a', () => { expect(1) })", "it('a', () => { expect(2) })",
         "const mock = () => { return; };\nit('a', () => { expect(2) })"),
        ("ATest.java", "@Test\nvoid a() { }", "@Test\nvoid b() { }",
         "@ParameterizedTest(name = \"(x)\")\n@ValueSource(ints = {1, 2})\nvoid a(int x) { }"),
        ("test_x.py", "pass", "pytestmark = pytest.mark.asyncio", "pytestmark = [pytest.mark.asyncio]"),
    ],
)  # fmt: skip
def test_right_changes_are_no_weakening(path, before, after, candidate):
    assert weakened(before, after, candidate, language_of("", path), path) is None


# Texts that repeat themselves ---------------------------------------------------------------------------------------

REPEATED = [
    ("java", "@Test (a)(a)(a)(a)"), ("java", "@Test a("), ("java", '"""\\'), ("javascript", 'it("a" '),
    ("javascript", "it(`a\" "), ("javascript", "`\\"), ("javascript", '"\\"'), ("javascript", "(/[a"),
    ("javascript", ">//"), ("rust", 'r#"x '), ("rust", "#[test] #[a] "), ("rust", '"\\'), ("rust", "/* "),
    ("cpp", 'R"a(x '), ("cpp", "TEST(a "), ("c", '"\\"'), ("go", "func Test"), ("ruby", "/a "), ("ruby", '/"'),
    ("python", "'''\n"), ("python", "def test(a"), ("python", "assert ("), ("python", "("), ("csharp", '@"'),
    ("shell", '"\\'), ("sql", "'"), ("php", '"\\'), ("html", "<!-- "), ("yaml", "["), ("yaml", "a: {"), ("yaml", "- "),
    ("toml", "a."), ("toml", "a = ["), ("json", "["), ("csharp", "[Fact] [A] "), ("csharp", "[Fact]public "),
    ("kotlin", "@Test @a(b) "), ("ruby", "it '"), ("ruby", "\tit"), ("php", "function test"), ("swift", "@Test("),
    ("kotlin", "/*"), ("swift", '"""\\'),
]  # fmt: skip


def _read_all():
    for name, piece in REPEATED:
        text = piece * (200_000 // len(piece))
        language = language_of(name, "")
        parse_error(text, language)
        differ_in_substance("x", text, language)
        weakened("x", "y", text, language, "tests/x")


@pytest.mark.integrations
def test_rules_read_two_hundred_kilobytes_of_the_same():
    """In time that grows with the text: by the square of it, one of these alone would take minutes or years."""
    program = f"import runpy; runpy.run_path({__file__!r})['_read_all']()"
    subprocess.run([sys.executable, "-c", program], timeout=180, check=True)


def _answers():
    """A quarter of a megabyte each, of what might be read again at every line."""
    lines = [str(number % 7 % 2) for number in range(20_000)]

    def blocks(searches):
        return "".join(f"<<<<<<< SEARCH\n{search}\n=======\nx\n>>>>>>> REPLACE\n" for search in searches)

    yield blocks(["line 1"] * 6_000)
    yield blocks("\n".join(lines[at : at + 17]) for at in range(3_000))
    yield "  <<<<<<< SEARCH\n" + ("  1\n" * 4_000 + "=======\n") * 18 + ">>>>>>> REPLACE\n"
    yield "".join("`" * (3 + number % 300) + "\n" for number in range(6_000))
    for piece in (
        "```\n",
        "```python\n",
        "```python\nx\n```\n",
        "```\n~~~\n",
        "`",
        "<",
        "=\n",
        "```<|a|>",
        "x\n",
        "\r",
        "@@ ",
    ):
        yield piece * (250_000 // len(piece))
    for piece in ("-line 1\n", " ", "# ... ", "# the rest of the ", "@@ ", '"', '{"old_str" ', "- ", "<<<<<", ">>>>> "):
        yield f"```python\n{piece * (250_000 // len(piece))}x\n```"


def _read_answers():
    before = read_lines("".join(f"line {number}\n" for number in range(20_000)) + "1\n0\n" * 10_000 + "```\nx\n```\n")
    for answer in _answers():
        for file in (before, before[:-3]):
            with contextlib.suppress(Unappliable):
                new_state(answer, file, ("python",), after=(*file, "line"))


@pytest.mark.integrations
def test_answers_of_a_quarter_of_a_megabyte_of_the_same_are_read():
    program = f"import runpy; runpy.run_path({__file__!r})['_read_answers']()"
    subprocess.run([sys.executable, "-c", program], timeout=180, check=True)
