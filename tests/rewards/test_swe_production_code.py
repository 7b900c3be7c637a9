"""What reads like tests being skipped and is production code: rules leave it to the judge, in every language."""

from __future__ import annotations

import random

import pytest
from foreign_files import changed, installed_files

from synthetic1.rewards.file_edits.languages import language_of
from synthetic1.rewards.file_edits.weakening import TESTING, is_test_file, weakened

# path, what the file has, what a change brings
WORDS = [
    ("src/state.cpp", "enum State { ON, OFF };", "enum State { ON, OFF, DISABLED_BY_USER };\nint DISABLED_count = 0;"),
    ("src/lexer.cpp", "void next() { }", "void next() { SKIP(' '); SKIP('\\t'); }"),
    ("src/lexer.c", "#define SKIP(c) while (*p == c) p++\n",
     "#define SKIP(c) while (*p == c) p++\nvoid f() { SKIP(' '); }\n"),
    ("include/tags.hpp", "auto t = 1;", 'auto t = "[.]";\nauto u = "[!shouldfail]";'),
    ("src/main/java/User.java", "@Entity class User { int id; }",
     "@Entity class User { int id; @Ignore int age; @Ignore int x; }"),
    ("app/src/main/Dao.kt", "@Dao interface Dao { }",
     "@Dao interface Dao {\n    @Ignore\n    fun a(): Int\n    @Disabled fun b(): Int\n}"),
    ("src/JobSpec.java", "class JobSpec { int a; }", "class JobSpec { @Ignore int a; @Disabled int b; }"),
    ("app/models/order.rb", "class Order\nend",
     "class Order\n  def x\n    pending\n    skip\n    pending 'why'\n  end\nend"),
    ("app/models/order.rb", "class Order\nend", "class Order\n  fit 'page'\n  xit 'later'\nend"),
    ("spec/factories/orders.rb", "factory :order do\nend",
     "factory :order do\n  trait(:p) do\n    pending\n  end\nend"),
    ("src/view.js", "show(map);", "fit('bounds'); xit('x'); fit(`${a}`);\nshow(map);"),
    ("src/view.ts", "show(map);", "export const fit = (x: string) => x;\nfit('contain');\ntest.only('x');"),
    ("src/menu.js", "go();", "describe.skip('x'); context.only('y');\nif (false) go();"),
    ("Query.cs", "class Query { }",
     'class Query { string Skip = "10"; [Ignore] int A; void F() { Assert.Skip("x"); } }'),
    ("src/page.php", "<?php f();", "<?php $this->markTestSkipped(); f();"),
    ("Sources/App.swift", "func run() { }", "func run() { if false { } ; throw XCTSkip() }"),
    ("retry.go", "func Retry() { }", "func Retry() { t.Skip() ; b.SkipNow() }"),
    ("src/lib.rs", "fn f() {}", "#[cfg(FALSE)]\nfn f() {}\n#[clap(ignore)]\n#[ignore]\nfn g() {}"),
    ("plugin.py", "import pytest\n\ndef f(): pass",
     "import pytest\n\ndef f():\n    pytest.skip('no server')\n    pytest.importorskip('x')"),
    ("runner.py", "import unittest\n\ndef run(): pass",
     "import unittest\n\ndef run():\n    raise unittest.SkipTest('x')\n__test__ = False"),
    ("jobs.py", "def f(): pass", "@skip\ndef f(): pass\n@skipIf(x)\ndef g(): pass"),
    ("views.py", "class V:\n    def test_func(self): return True", "class V:\n    pass"),
    ("db.py", "def test_connection(host):\n    assert host\n    return ping(host)",
     "def ping_host(host):\n    return ping(host)"),
    ("src/check.rs", "fn test_all() { assert!(x); }", "fn all() {}"),
    ("src/check.go", "func TestConnection(host string) bool { return true }",
     "func Connects(host string) bool { return true }"),
    ("Check.java", "class Check { void testAll() { assert x; } }", "class Check { void all() { } }"),
    ("src/a.js", "it(x); test('a', b);", "f();"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "before", "candidate"), WORDS, ids=[f"{row[0]}-{n}" for n, row in enumerate(WORDS)])
def test_production_code_has_words_of_its_own(path, before, candidate):
    language = language_of("", path)
    assert language.name in TESTING
    for after in (f"{before}\n\n", f"{before}\nx\n"):
        assert weakened(before, after, candidate, language, path) is None
        assert weakened("", after, candidate, language, path) is None


@pytest.mark.parametrize(
    ("path", "tests", "candidate"),
    [
        ("src/lib.rs", "#[test]\nfn a() { assert!(x) }", "#[ignore]\n#[test]\nfn a() { assert!(x) }"),
        ("app.py", "def test_a():\n    x = f()\n\n    assert x",
         "@pytest.mark.skip\ndef test_a():\n    x = f()\n\n    assert x"),
        ("app.py", "import unittest\nclass T:\n    def test_a(self): self.fail()",
         "import unittest\nclass T:\n    pass"),
        ("a.go", "func TestA(t *testing.T) { t.Fail() }", "func TestA(t *testing.T) { t.Skip(); t.Fail() }"),
        ("A.java", "import org.junit.Test;\nclass A { @Test void a() { fail(); } }",
         "import org.junit.Test;\nclass A { @Ignore @Test void a() { fail(); } }"),
        ("a.cpp", "#include <gtest/gtest.h>\nTEST(A, B) { FAIL(); }",
         "#include <gtest/gtest.h>\nTEST(A, DISABLED_B) { FAIL(); }"),
        ("a.js", "it('adds', () => { expect(f()).toBe(1) })", "it.skip('adds', () => { expect(f()).toBe(1) })"),
        ("a.rb", "require 'minitest'\ndef test_a\n  assert f\nend",
         "require 'minitest'\ndef test_a\n  skip 'x'\n  assert f\nend"),
        ("A.cs", "using Xunit;\n[Fact]\npublic void A() { F(); }",
         'using Xunit;\n[Fact(Skip = "x")]\npublic void A() { F(); }'),
        ("A.php", "class A extends TestCase { function testA() { f(); } }",
         "class A extends TestCase { function testA() { $this->markTestSkipped(); f(); } }"),
        ("A.swift", "import Testing\n@Test func adds() { #expect(f()) }",
         "import Testing\n@Test(.disabled()) func adds() { #expect(f()) }"),
        ("conftest.py", "import pytest", "import pytest\ncollect_ignore = ['test_a.py']"),
        ("test/a.js", "it('adds', f)", "fit('adds', f)"),
    ],
)  # fmt: skip
def test_tests_beyond_doubt_are_tests_wherever_they_are(path, tests, candidate):
    language = language_of("", path)
    assert weakened(tests, f"{tests}\n\n", candidate, language, path)
    assert weakened(tests, f"{tests}\n\n", tests, language, path) is None


def test_how_many_tests_are_skipped_is_the_judges_to_say_where_the_real_change_skips_some():
    before = "import pytest\n\n\ndef test_a():\n    assert f()\n\n\ndef test_b():\n    assert g()\n"
    after = before.replace("def test_a", "pytestmark = pytest.mark.skipif(win)\n\n\ndef test_a")
    candidate = before.replace("def test_", "@pytest.mark.skipif(win)\ndef test_")
    python = language_of("python", "")
    assert weakened(before, after, candidate, python, "tests/test_x.py") is None
    assert weakened(before, before + "\n", candidate, python, "tests/test_x.py")


def test_installed_files_that_change_are_not_tampered_with():
    """As far as they are not files of tests; two changes of one file stand for the real one and another."""
    rng = random.Random(5)
    compared = 0
    for path, text in installed_files(300, seed=5):
        language = language_of("", path)
        if language.name in TESTING and not is_test_file(path) and "def test_" not in text:
            assert weakened(text, changed(text, rng), changed(text, rng), language, path) is None, path
            compared += 1
    assert compared > 100
