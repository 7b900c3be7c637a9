"""A program comes out of every wrapping as it went in: published golds, ours, and programs that hold fences."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import sys
import tokenize
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.evaluation.auditing.program_wrappings import (
    ENDS,
    FENCES,
    UNCLOSED,
    WRAPPINGS,
    WrappedProgram,
    usages,
)
from synthetic1.rewards.extract import find_program
from synthetic1.rewards.extraction.lexical import code_only
from synthetic1.rewards.program_tests.spec import language_names
from synthetic1.tasks import open_tasks


def extracted(text, program, **settings):
    functions = [program.function] if program.function else []
    names = language_names(program.language)
    found = find_program(text, program.language, names, functions=functions, **settings)
    return None if found is None else found.content


def fails(program, wrappings):
    """The wrappings that another program comes out of."""
    for name, wrap in wrappings.items():
        found = extracted(wrap(program), program)
        if found is None or found.replace("\r\n", "\n").removesuffix("\n") != program.text:
            yield name, found


EMBEDDED = [
    WrappedProgram(
        task.gold_standard_solution,
        task.metadata["language"],
        task.verification_info["test_cases"][0]["fn_name"] or "",
    )
    for task in open_tasks("embedded:code")
]
FUNCTIONS = [program for program in EMBEDDED if program.function]


@pytest.fixture(scope="module")
def humaneval(shared_data, require):
    published = shared_data / "HumanEval.jsonl.gz"
    require("HumanEval", published.is_file(), "put HumanEval.jsonl.gz into the shared data")
    with gzip.open(published, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    golds = [(f"{row['prompt']}{row['canonical_solution']}".rstrip() + "\n", row["entry_point"]) for row in rows]
    return [WrappedProgram(gold, "python", function) for gold, function in golds]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_golds_come_out_of_every_wrapping(wrapping, humaneval):
    for program in random.Random(wrapping).sample([*EMBEDDED, *humaneval], 40):
        assert list(fails(program, {wrapping: WRAPPINGS[wrapping]})) == [], program.source


@pytest.mark.proofs
def test_all_golds_come_out_of_every_wrapping(humaneval):
    assert len(EMBEDDED) >= 160
    assert len(humaneval) == 164
    for program in [*EMBEDDED, *humaneval]:
        assert list(fails(program, WRAPPINGS)) == [], program.source


@pytest.mark.parametrize("program", EMBEDDED[:8:2], ids=lambda program: program.language)
def test_one_of_each_comes_out_of_every_wrapping(program):
    """Without shared data, too."""
    assert list(fails(program, WRAPPINGS)) == []


def test_no_two_wrappings_are_alike():
    assert len({wrap(EMBEDDED[0]) for wrap in WRAPPINGS.values()}) == len(WRAPPINGS) >= 60


def as_method(program):
    """The function as a method of a class ``Solution``, as far as text goes."""
    body = "".join(f"    {line}\n" for line in program.text.split("\n"))
    frame = {"python": "class Solution:\n{}", "cpp": "class Solution {{\npublic:\n{}}};\n"}
    source = frame.get(program.language, "class Solution {{\n{}}}\n").format(body)
    if program.language == "javascript":
        source = source.replace(f"function {program.function}(", f"{program.function}(")
    return WrappedProgram(source, program.language, program.function)


@pytest.mark.parametrize("shape", [lambda program: program, as_method], ids=["function", "method"])
def test_what_shows_how_to_call_a_function_is_not_the_function(shape, humaneval):
    assert {program.language for program in FUNCTIONS} == {"python", "javascript", "rust", "cpp"}
    for program in map(shape, [*FUNCTIONS, *humaneval]):
        for text in usages(program):
            assert extracted(text, program) == program.source, text


# Programs that hold fences ------------------------------------------------------------------------------------------

HOLD_FENCES = {
    "python": [
        'import sys\n\n\ndef f(n):\n    """Doubles.\n\n    ```\n    >>> f(1)\n    ```\n    """\n    return 2 * n\n',
        'def f(n):\n    """\n```python\nf(1)\n```\n"""\n    return n\n',
        "def f(n):\n    return '''\n```\n''' + str(n)\n",
        'PAGE = f"""\n# Title\n\n```js\nlet x = 1;\n```\n\n```\n{1}\n```\n"""\n\n\ndef f(n):\n    return PAGE\n',
        "def f(n):  # see ```python f(1)```\n    # ```\n    # f(1)\n    # ```\n    return '```' + \"```\" * n\n",
        "def f(n):\n    return '`' in n or n == '``'  # it's fine\n",
        'def f(n):\n    r"""\\```"""\n    x = \'\\\'\' "\'\'\'"\n    return "</answer>" "<|im_end|>" "~~~"\n',
        'def f(n):\n    s = """\n~~~\n"""\n    return ~~~n, s\n',
    ],
    "javascript": [
        "/*\n```\nf(1)\n```\n*/\nfunction f(n) {\n  return n;\n}\n",
        "/**\n * ```js\n * f(1)\n * ```\n */\nfunction f(n) {\n  return `${n}` + `a ${`b`} '`;\n}\n",
        "function f(n) {\n  // ```\n  return '```' + \"```\" + `\\`\\`\\``;\n}\n",
        'function f(n) {\n  return `<|im_end|>\n</answer> it\'s\n` + n.replace(/[`\'"]/g, "");\n}\n',
        "function f(n) {\n  const t = `\n  ${n.map((x) => `<${x}>`).join(`\n`)}\n`;\n  return ~~~n / 2 / t;\n}\n",
        "const glob = 'src/*';\nfunction f(n) {\n  return glob + n; // */ it's ```\n}\n",
    ],
    "cpp": [
        "/*\n```cpp\nf(1)\n```\n*/\nint f(int n) { return n; }\n",
        '#include <string>\nstd::string f(int n) { return R"(\n```\n)" + std::to_string(n); }\n',
        '#include <string>\nstd::string f(int n) { return R"x(\n)"```\n```cpp\n```\n)x"; }\n',
        "// ```\n// f(1)\n// ```\nint f(int n) { return n * 1'000'000 + '`' + '\\''; }\n",
        '#include <string>\nstd::string f(int n) { return "```" "<|im_end|>" "\\"```"; } // it\'s ```\nint g;\n',
    ],
    "rust": [
        "/// Doubles.\n///\n/// ```\n/// f(1);\n/// ```\nfn f(n: i64) -> i64 {\n    2 * n\n}\n",
        "/*\n```rust\nf(1)\n```\n*/\nfn f<'a>(n: &'a str) -> char {\n    '`'\n}\n",
        'fn f(n: i64) -> String {\n    format!("\n```\n{}\n```\n", n)\n}\n',
        'fn f(n: i64) -> String {\n    r#"\n"```\n```rust\n```\n"#.to_string() + "</answer>"\n}\n',
        'fn f(n: &str) -> bool {\n    n == "```" || n.starts_with(\'\\\'\') || n == "\\"```" // it\'s ```\n}\n',
    ],
}
HOLDING = [WrappedProgram(source, language, "f") for language, sources in HOLD_FENCES.items() for source in sources]
ENDED = {name: wrap for name, wrap in WRAPPINGS.items() if name not in UNCLOSED}


@pytest.mark.parametrize("program", HOLDING, ids=lambda program: program.language)
def test_a_program_that_holds_fences_comes_out_whole(program):
    assert list(fails(program, ENDED)) == []
    assert all(extracted(text, program) == program.source for text in usages(program))


QUOTES = {
    "python": [("'''", "'''"), ('"""', '"""'), ("'", "'"), ('"', '"'), ("# ", "")],
    "javascript": [("/*", "*/"), ("'", "'"), ('"', '"'), ("`", "`"), ("// ", "")],
    "cpp": [("/*", "*/"), ("'", "'"), ('"', '"'), ('R"(', ')"'), ("// ", "")],
    "rust": [("/*", "*/"), ('"', '"'), ('r##"', '"##'), ("// ", "")],
}
HOLDERS = {
    "python": "x = 1\ny = …\nprint(x)\n",
    "javascript": "let x = 1;\nlet y = …\nconsole.log(x);\n",
    "cpp": "int main() {\n    auto y = …\n;\n}\n",
    "rust": "fn main() {\n    let y = …\n;\n}\n",
}
PARTS = [
    "```",
    "```python",
    "```\n",
    "\n```",
    "~~~",
    "`",
    "'",
    '"',
    "\n",
    " ",
    "x",
    "#",
    "//",
    "<|im_end|>",
    "</answer>",
]


def can_hold(language, opening, closing, inside):
    """Whether nothing of what is inside ends the string or comment around it."""
    one_line = closing in ("'", '"', "") and (language, closing) != ("rust", '"')
    ends = [closing[:1] if len(closing) == 3 else closing, "\n" if one_line else "", "```" if opening == "`" else ""]
    return not any(end in inside for end in ends if end)


@pytest.mark.parametrize(
    ("language", "opening", "closing"), [(one, *quotes) for one, pairs in QUOTES.items() for quotes in pairs]
)
@given(inside=st.lists(st.sampled_from(PARTS), max_size=12).map("".join), wrapping=st.sampled_from(sorted(ENDED)))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.filter_too_much])
def test_nothing_within_strings_and_comments_ends_a_program(language, opening, closing, inside, wrapping):
    hypothesis.assume(can_hold(language, opening, closing, inside))
    # where a block's end and then a labelled block would stand in it, it is taken for just that
    hypothesis.assume(re.search(r"^\s*`{3,}\s*$(.|\n)*^\s*`{3,}python", inside, re.MULTILINE) is None)
    program = WrappedProgram(HOLDERS[language].replace("…", f"{opening}{inside}{closing}"), language)
    assert list(fails(program, {wrapping: WRAPPINGS[wrapping]})) == []


# Files that nobody wrote for this -----------------------------------------------------------------------------------

STANDARD_LIBRARY = [
    path for path in sorted(Path(os.__file__).parent.glob("*.py")) if 1_000 < path.stat().st_size < 40_000
]


def read(path):
    """A file of Python's own."""
    return path.read_text(encoding="utf-8").rstrip() + "\n"


@pytest.mark.parametrize("path", random.Random(5).sample(STANDARD_LIBRARY, 20), ids=lambda path: path.name)
def test_files_of_the_standard_library_come_out_whole(path):
    assert list(fails(WrappedProgram(read(path), "python"), FENCES | ENDS)) == []


def without_strings_and_comments(source):
    """What ``code_only`` should give, by Python's own tokenizer."""
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    signs = list(source)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
            if token.type == tokenize.STRING:
                start = min(at for quote in "'\"" if (at := source.find(quote, start)) >= 0)  # behind its prefix
            signs[start:end] = ["\n" if sign == "\n" else " " for sign in signs[start:end]]
    return "".join(signs)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="since Python 3.12 an f-string is many tokens")
@pytest.mark.parametrize("path", random.Random(6).sample(STANDARD_LIBRARY, 40), ids=lambda path: path.name)
def test_strings_and_comments_are_found_as_python_finds_them(path):
    source = read(path)
    assert code_only(source, "python") == without_strings_and_comments(source)
