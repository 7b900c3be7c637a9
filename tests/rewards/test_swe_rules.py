"""What rules know of a changed file: differences, deletions, syntax, substance, and tests that are taken away."""

from __future__ import annotations

import difflib
import random
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic1.rewards.file_edits.diffs import Matcher, line_similarity, unified, unrelated_deletions
from synthetic1.rewards.file_edits.languages import LANGUAGES, fence_labels, language_of
from synthetic1.rewards.file_edits.lines import read_lines, write_lines
from synthetic1.rewards.file_edits.syntax import differ_in_substance, parse_error
from synthetic1.rewards.file_edits.weakening import is_test_file, weakened

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "", "}", "only"]), max_size=30)


# Differences --------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(WORDS, WORDS)
def test_matches_are_matches(one, other):
    matcher = Matcher(one, other)
    a = b = 0
    for i, j, size in matcher.get_matching_blocks():
        assert i >= a
        assert j >= b
        assert one[i : i + size] == other[j : j + size]
        a, b = i + size, j + size
    assert (a, b) == (len(one), len(other))
    rebuilt = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        rebuilt += one[i1:i2] if tag == "equal" else other[j1:j2]
    assert rebuilt == other


@settings(deadline=None)  # another program runs, on a machine that may be busy
@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=40).map(tuple),
       st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=40).map(tuple))  # fmt: skip
def test_patch_takes_our_diffs(tmp_path_factory, one, other):
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    diff = unified(one, other, "file")
    if one == other:
        assert diff == ""
        return
    folder = tmp_path_factory.mktemp("patch")
    (folder / "file").write_text(write_lines(one))
    done = subprocess.run(
        ["patch", "-p1", "-s"], input=f"{diff}\n", text=True, cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert (folder / "file").read_text() == write_lines(other)


def test_unique_lines_hold_a_difference_in_place():
    before = read_lines("def f():\n    a()\n}\ndef g():\n    b()\n}\n")
    after = read_lines("def f():\n    a()\n}\ndef h():\n    c()\n}\ndef g():\n    b()\n}\n")
    assert [line for line in unified(before, after).split("\n")[3:] if line[0] != " "] == [
        "+def h():",
        "+    c()",
        "+}",
    ]


@pytest.mark.parametrize("kinds", [1, 2, 101, 5_000])
def test_large_files_are_compared_in_bounded_steps(kinds, monkeypatch):
    """Stretches without an anchor are compared line by line only while they are small."""
    products = []
    plain = difflib.SequenceMatcher.__init__

    def counting(self, isjunk=None, a="", b="", autojunk=True):
        if type(self) is difflib.SequenceMatcher:
            products.append(len(a) * len(b))
        plain(self, isjunk, a, b, autojunk)

    monkeypatch.setattr(difflib.SequenceMatcher, "__init__", counting)
    rng = random.Random(kinds)
    one, other = ([str(rng.randrange(kinds)) for _ in range(5_000)] for _ in range(2))
    Matcher(one, other).get_opcodes()
    assert all(product <= 60_000 for product in products)


@pytest.mark.parametrize(
    ("one", "other", "expected"), [
        ("a\nb\n", "a\nb", 1.0), ("a\nb\n", "a\nc\n", 0.5), ("a\n", "b\n", 0.0), ("", "", 1.0),
    ],
)  # fmt: skip
def test_line_similarity(one, other, expected):
    assert line_similarity(read_lines(one), read_lines(other)) == expected


BEFORE = read_lines("\n".join(f"line {n}" for n in range(40)))
AFTER = (*BEFORE[:20], "new", *BEFORE[21:])


@pytest.mark.parametrize(
    ("candidate", "deleted"),
    [
        (AFTER, []),
        ((*BEFORE[:20], "other", *BEFORE[21:]), []),
        ((*BEFORE[:20], "new", *BEFORE[22:]), []),  # near the real change
        ((*BEFORE[:2], *BEFORE[3:20], "new", *BEFORE[21:]), ["line 2"]),
        ((*BEFORE[:20], "new", *BEFORE[21:30]), [f"line {n}" for n in range(30, 40)]),
        ((*BEFORE[:2], *BEFORE[4:20], "new", *BEFORE[21:], "line 2", "  line 3"), []),  # moved
        ((*BEFORE[:2], "something else", *BEFORE[3:20], "new", *BEFORE[21:]), []),  # in its place
        ((*BEFORE[:2], "# gone", *BEFORE[3:20], "new", *BEFORE[21:]), ["line 2"]),  # a comment is nothing
    ],
)
def test_deletions_that_nobody_asked_for(candidate, deleted):
    assert unrelated_deletions(BEFORE, AFTER, candidate, ("#",)) == deleted


def test_comments_brackets_and_what_the_real_change_deletes_are_no_loss():
    before = read_lines("# why\na()\n}\nb()\n" + "x\n" * 3 + "c()\nd()\n" + "y\n" * 3 + "e()\nf()\n")
    after = tuple(line for line in before if line not in ("f()", "d()"))
    assert unrelated_deletions(before, after, tuple(line for line in after if line not in ("# why", "}")), ("#",)) == []
    assert unrelated_deletions(before, after, after[:-1], ("#",)) == []  # e() stands beside f()
    assert unrelated_deletions(before, after, tuple(line for line in after if line != "a()"), ("#",)) == ["a()"]


# Languages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("Python", "x", "python"),
        ("C++", "x.h", "cpp"),
        ("C#", "x.cs", "csharp"),
        ("", "src/main.rs", "rust"),
        ("", "a/b/Component.TSX", "typescript"),
        ("", "Makefile", "makefile"),
        ("", "Dockerfile", "dockerfile"),
        ("YAML", ".github/x.yml", "yaml"),
        ("Erlang", "x.erl", "erlang"),
        ("", "LICENSE", "text"),
    ],
)
def test_language_of(name, path, expected):
    assert language_of(name, path).name == expected


def test_a_fence_may_name_language_suffix_or_path():
    assert {"python", "py", "app/x.py", "x.py"} <= fence_labels(language_of("python", ""), "app/X.py")
    assert fence_labels(language_of("", "x.erl"), "x.erl") == {"erl", "x.erl"}


def test_names_and_suffixes_are_of_one_language_each():
    names = [name for language in LANGUAGES for name in (language.name, *language.labels)]
    suffixes = [suffix for language in LANGUAGES for suffix in language.suffixes]
    assert len(names) == len(set(names))
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize(
    ("language", "text", "whole"),
    [
        ("python", "x = 1\n", True),
        ("python", "x = (1\n", False),
        ("python", "print 'two'\n", False),
        ("python", "x = '\\d'\n", True),  # and no warning of it
        ("python", "x = 1\x00\n", False),
        ("python", "-" * 100_000 + "1", False),
        ("python", "x" + ".y" * 50_000, False),
        ("json", '{"a": [1, 2]}', True),
        ("json", '{"a": [1, 2}', False),
        ("json", "[" * 100_000, False),
        ("toml", "a = 1\n[b]\nc = 'x'\n", True),
        ("toml", "a = \n", False),
        ("yaml", "a: !Ref b\nc: &x [1, 2]\nd: *x\n---\ne: 1\n", True),
        ("yaml", "a: [1, 2\nb: 3\n", False),
        ("yaml", "a:\n\t- b\n", False),
        ("yaml", "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a]\n" for n in range(50)), True),
        ("go", "func f() { x := '}'; y := `{`; z := \"(\" /* [ */ // ( \n}", True),
        ("go", "func f() {\n\tif x {\n}", False),
        ("java", 'class A { String s = """\n { \n"""; char c = \'{\'; char d = \'\\\'\'; }', True),
        ("java", "class A { void f() { } } }", False),
        ("rust", "fn f<'a>(x: &'a str) -> char { let s = r#\"{\"#; let b = b'{'; 'l: loop { break 'l } '(' }", True),
        ("rust", "fn f() { (] }", False),
        ("cpp", "auto s = R\"x({)x\"; int n = 1'000'000; char c = '{';", True),
        ("cpp", "void f() {", False),
        ("cpp", "#if A\nvoid f() {\n#else\nvoid g() {\n#endif\n}", True),
        ("javascript", "let x = /[{(]/; `${", True),  # not told: the judge sees it
        ("", "anything at all {", True),
    ],
)
def test_syntax(language, text, whole, recwarn):
    error = parse_error(text, language_of(language, ""))
    assert (error is None) == whole, error
    assert not recwarn.list
    if error:
        assert "\n" not in error


@pytest.mark.parametrize(
    ("language", "one", "other", "differ"),
    [
        ("python", "x = 1\n", "# one\nx = 1  # matches the reference\n\n", False),
        ("python", "def f():\n    return 1\n", 'def f():\n    """Return one."""\n    return (\n        1)\n', False),
        ("python", "def f():\n    pass\n", 'def f():\n    """It."""\n', False),
        ("python", "x = 1\n", "x = 2\n", True),
        ("python", "x = '#'\n", "x = '# not a comment'\n", True),
        ("python", "if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n", True),
        ("python", "x = 1\n", "x = (\n", None),
        ("json", '{"a": 1}', '{\n  "a": 1\n}', False),
        ("json", '{"a": 1}', '{"a": 2}', True),
        ("toml", "a = 1", "# one\na = 1", False),
        ("yaml", "a: 1  # one\n", "# two\na:   1\n", False),
        ("yaml", "a: '1'\n", "a: 1\n", True),
        ("yaml", "a: {{ x }}\n", "a: {{ y }\n", None),
        ("javascript", "f('//', /[/*]/, `/*`);", "f('//', /[/*]/,\n  `/*`); // the same", False),
        ("javascript", "const url = 'http://a';", "const url = 'http://b';", True),
        ("javascript", "x = a / b; // c", "x = a / b; /* d */", False),
        ("typescript", "f(x);", "/* f(x); */", True),
        ("rust", "let c = '\"'; // a", "let c = '\"'; // b", False),
        ("rust", 'let l: &\'a str = "//";', 'let l: &\'a str = "// b";', True),
        ("rust", "/* /* nested */ */ f()", "/* /* nested */ */ g()", None),
        ("go", "x := `//`", "x := `// y`", True),
        ("cpp", 'auto s = R"(//)";', 'auto s = R"(// x)";', True),
        ("shell", "echo $# a#b", "echo $# a#c", True),
        ("shell", "echo 'a # b'", "echo 'a # c'", True),
        ("shell", "x=1", "# y\nx=1 # z", False),
        ("shell", "cat <<E\n# a\nE", "cat <<E\n# b\nE", None),
        ("sql", "SELECT '--' -- a", "select '--' -- a", True),
        ("sql", "SELECT 1 -- a\n", "SELECT\n  1\n", False),
        ("css", "a { color: red; }", "a {\n  color: red; /* x */\n}", False),
        ("html", "<p>x</p>", "<!-- y -->\n<p>x</p>", False),
        ("dockerfile", "RUN a\n", "# b\nRUN a\n", False),
        ("erlang", "x", "y", None),
    ],
)
def test_substance(language, one, other, differ):
    assert differ_in_substance(one, other, language_of(language, "")) is differ


# Tests that are taken away ------------------------------------------------------------------------------------------

PYTEST = "def test_a():\n    assert f(1) == 2\n    assert f(2) == 3\n\n\ndef test_b():\n    assert g()\n"
NEW_TEST = PYTEST + "\n\ndef test_c():\n    assert h()\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text, None),
        (lambda text: text + "\n\ndef test_d():\n    assert h() is True\n", None),
        (lambda text: text.replace("test_c", "test_other_name"), None),
        (lambda text: "import pytest\n\n\n@pytest.mark.skip\n" + text, "skips"),
        (lambda text: text.replace("def test_b", "@pytest.mark.xfail(reason='later')\ndef test_b"), "skips"),
        (lambda text: text.replace("assert g()", "pytest.skip('no')\n    assert g()"), "skips"),
        (lambda text: "# pytest.mark.skip is not used here\n" + text, None),
        (lambda text: text.replace("def test_b", "def check_b").replace("def test_c", "def check_c"), "test_b"),
        (lambda text: text.replace("def test_b():\n    assert g()\n", "").replace("test_c", "c"), "test_b"),
        (lambda text: text.replace("    assert f(2) == 3\n", "").replace("assert h()", "h()"), "assertions"),
        (lambda text: text.replace("    assert ", "    # assert "), "assertions"),
    ],
)
def test_python_tests(change, why):
    language = language_of("python", "")
    found = weakened(PYTEST, NEW_TEST, change(NEW_TEST), language, "tests/test_x.py")
    assert (why is None and found is None) or why in found


@pytest.mark.parametrize(
    ("language", "path", "before", "candidate"),
    [
        ("javascript", "a.test.js", "it('a', () => { expect(1) })", "it.skip('a', () => { expect(1) })"),
        ("javascript", "a.test.js", "it('a', () => { expect(1) })", "it.only('a', () => { expect(1) })"),
        ("typescript", "a.spec.ts", "test('a', () => { expect(1) })", "xtest('a', () => { expect(1) })"),
        ("typescript", "a.spec.ts", "test('a', () => { expect(1) })", "// test('a', () => { expect(1) })"),
        ("go", "a_test.go", "func TestA(t *testing.T) { t.Error() }", "func TestA(t *testing.T) { t.Skip(); f() }"),
        ("go", "a_test.go", "func TestA(t *testing.T) { t.Error() }", "func TestA(t *testing.T) { t.Log() }"),
        ("rust", "src/lib.rs", "#[test]\nfn a() { assert!(x) }", "#[test]\n#[ignore]\nfn a() { assert!(x) }"),
        ("rust", "src/lib.rs", "#[test]\nfn a() { assert!(x) }", "fn a() { assert!(x) }"),
        ("java", "ATest.java", "@Test\nvoid a() { equal(1, f()); }", "@Disabled @Test\nvoid a() { equal(1, f()); }"),
        ("java", "ATest.java", "@Test\nvoid a() { assertEquals(1, f()); }", "void a() { assertEquals(1, f()); }"),
        ("cpp", "a_test.cpp", "TEST(A, B) { EXPECT_EQ(1, 1); }", "TEST(A, DISABLED_B) { EXPECT_EQ(1, 1); }"),
        ("cpp", "a_test.cpp", "TEST(A, B) { EXPECT_EQ(1, 1); }", "TEST(A, B) { f(1, 1); }"),
    ],
)  # fmt: skip
def test_tests_in_other_languages(language, path, before, candidate):
    known = language_of(language, path)
    assert weakened(before, before + "\n", candidate, known, path)
    assert weakened(before, before + "\n", before, known, path) is None
    assert weakened(candidate, candidate, candidate, known, path) is None


@pytest.mark.parametrize(
    ("language", "before", "candidate"),
    [
        ("python", "users = User.objects.all()", "users = User.objects.only('id').all()"),
        ("javascript", "model.train(x)", "model.fit(x); query.only('id'); audit(x)"),
        ("rust", "assert!(a); assert!(b);", "assert!(a && b);"),  # not a test file
        ("python", "assert a\nassert b", "assert a and b"),
    ],
)
def test_what_only_looks_like_it(language, before, candidate):
    assert weakened(before, before + " ", candidate, language_of(language, ""), "src/x") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/x.py", True), ("test_x.py", True), ("a/x_test.go", True), ("x.spec.ts", True),
        ("src/FooTest.java", True),
        ("__tests__/x.js", True), ("tests.py", True), ("src/latest.py", False), ("contest.py", False),
        ("src/testing.py", False), ("Contest.java", False), ("file", False), ("", False),
    ],
)  # fmt: skip
def test_test_files(path, expected):
    assert is_test_file(path) is expected
