"""Plans of the languages: names, files and flags, and that what they run behaves as in contests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.language import ProgramPlan
from synthetic1.sandbox.languages.registry import get_language, languages, register_language
from synthetic1.sandbox.languages.source import closing, code_only, top_level

Require = Callable[[str, object, str], None]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("python", "python"),
        ("py", "python"),
        ("Python3", "python"),
        (" JS ", "javascript"),
        ("node", "javascript"),
        ("c++", "cpp"),
        ("C++17", "cpp"),
        ("cc", "cpp"),
        ("rs", "rust"),
        ("rust", "rust"),
    ],
)
def test_names_and_aliases(name: str, language: str) -> None:
    assert get_language(name).name == language


@pytest.mark.parametrize("name", ["", "c", "brainfuck", "c+", None, "x" * 1000])
def test_an_unknown_language_names_those_there_are(name: str) -> None:
    with pytest.raises(UnknownLanguage, match="there are: cpp, javascript, python, rust") as caught:
        get_language(name)
    assert len(str(caught.value)) < 200


def test_registering_takes_no_name_away() -> None:
    python = get_language("python")
    with pytest.raises(ValueError, match="`js` is already a name of javascript"):
        register_language(replace(python, name="snake", aliases=("js",)))
    with pytest.raises(ValueError, match="lower case"):
        register_language(replace(python, name="Snake", aliases=()))
    assert languages() == ("cpp", "javascript", "python", "rust")
    register_language(python)  # again is no conflict


@pytest.mark.parametrize("name", ["python", "javascript", "cpp", "rust"])
def test_plans_name_only_tools_and_files_they_have(name: str) -> None:
    language = get_language(name)
    for plan in (language.plan("f"), language.plan_call("fn f() {} f()", "f")):
        commands = (*plan.argv, *(plan.build or ()))
        assert {word[1:-1] for word in commands if word.startswith("{")} == set(language.tools)
        files = {*plan.files, *plan.outputs}
        assert plan.argv[-1].removeprefix("../") in files
        assert {word for word in (plan.build or ()) if word.startswith("main.")} <= set(plan.files)
    assert language.source_name in language.plan("f").files


@pytest.mark.parametrize(
    ("source", "saved"),
    [
        ("print('é')", "print('é')".encode()),
        ("# -*- coding: latin-1 -*-\nprint('é')", "# -*- coding: latin-1 -*-\nprint('é')".encode("latin-1")),
        ("# -*- coding: ascii -*-\nprint('é')", "# -*- coding: ascii -*-\nprint('é')".encode()),
        ("# coding: nonsense\nprint('é')", "# coding: nonsense\nprint('é')".encode()),
        ("'\ud800'", b"'\xed\xa0\x80'"),
    ],
)
def test_python_is_saved_in_the_encoding_it_declares(source: str, saved: bytes) -> None:
    assert get_language("python").plan(source).files["main.py"] == saved


def run_script(plan: ProgramPlan, folder: Path, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    for name, content in plan.files.items():
        (folder / name).write_bytes(content)
    (folder / "work").mkdir()
    language = get_language("javascript" if plan.argv[0] == "{node}" else "python")
    argv = [language.tools[word[1:-1]][0] if word.startswith("{") else word for word in plan.argv]
    return subprocess.run(
        ["bash", "-c", 'ulimit -s 65536; exec "$@"', "bash", *argv],
        cwd=folder / "work",
        input=stdin,
        capture_output=True,
        env={**os.environ, **plan.env},
        timeout=60,
    )


@pytest.mark.parametrize(
    "source",
    [
        "const [a, b] = require('fs').readFileSync(0, 'utf8').split(/\\s+/).map(Number); console.log(a + b);",
        "const [a, b] = require('fs').readFileSync('/dev/stdin', 'utf8').split(' '); console.log(+a + +b);",
        "let s = 0; require('readline').createInterface({ input: process.stdin }).on('line', (l) => {"
        " for (const x of l.split(' ')) s += +x }).on('close', () => console.log(s));",
        "let t = ''; process.stdin.on('data', (d) => { t += d }).on('end', () => {"
        " console.log(t.trim().split(/\\s+/).reduce((a, b) => a + +b, 0)) });",
        "(async () => { let s = 0; for await (const l of require('readline').createInterface(process.stdin))"
        " for (const x of l.split(' ')) s += +x; console.log(s) })();",
        "import fs from 'fs';\nconst [a, b] = fs.readFileSync(0, 'utf8').split(' ');\nconsole.log(+a + +b);",
        "import { createInterface } from 'node:readline';\nlet s = 0;\n"
        "for await (const l of createInterface(process.stdin)) for (const x of l.split(' ')) s += +x;\nconsole.log(s);",
        "// import x from 'y'\nconst d = (n) => (n ? 1 + d(n - 1) : 0); if (d(100000) === 100000) console.log(42);",
    ],
)
def test_javascript_reads_stdin_in_all_the_usual_ways(source: str, tmp_path: Path, require: Require) -> None:
    require("node", shutil.which("node"), "apt-get install nodejs")
    ended = run_script(get_language("javascript").plan(source), tmp_path, b"40 2\n")
    assert (ended.returncode, ended.stdout) == (0, b"42\n"), ended.stderr


def test_python_has_what_contest_programs_use(tmp_path: Path) -> None:
    source = "from __future__ import annotations\nprint(input(), __name__, hash('a') == hash('a'))\nexit()\nprint('no')"
    ended = run_script(get_language("python").plan(source), tmp_path, b"x\n")
    assert (ended.returncode, ended.stdout) == (0, b"x __main__ True\n"), ended.stderr


@pytest.mark.parametrize(
    ("language", "source", "kept"),
    [
        ("cpp", "a /* b */ c // d\ne", "ace"),
        ("cpp", 'a "b\\"c" d', "ad"),
        ("cpp", "a '\"' b '\\'' c 1'000'000 d", "abc1'000'000d"),
        ("cpp", 'a R"x()" )y" )x" b', "ab"),
        ("cpp", "a // b \\\nc\nd", "ad"),
        ("rust", "a /* /* b */ c */ d", "ad"),
        ("rust", "a<'b> 'c' '\\'' d '\\u{1F600}' e", "a<'b>de"),
        ("rust", 'a r#"b " c"# d b"e" f r"g\\" h', "adbfh"),
        ("rust", 'a "b // \\" c\n d" e', "ae"),
        ("rust", "a /* b", "a"),
    ],
)
def test_comments_and_literals_are_no_code(language: str, source: str, kept: str) -> None:
    code = code_only(source, language)
    assert "".join(code.split()) == kept
    assert len(code) == len(source)


@given(st.text(alphabet="ab \n\"'/*\\R#r(){}[]x<>"), st.sampled_from(["cpp", "rust"]))
def test_looking_at_source_keeps_offsets_and_lines(source: str, language: str) -> None:
    code = code_only(source, language)
    outer = top_level(code)
    for text in (code, outer):
        assert len(text) == len(source)
        assert [i for i, c in enumerate(text) if c == "\n"] == [i for i, c in enumerate(source) if c == "\n"]
        assert all(c in (source[i], " ") for i, c in enumerate(text))
    assert all(at < closing(code, at) <= len(code) for at, c in enumerate(code) if c in "([{")
