"""Which fenced block of an answer is the program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic1.rewards.extract import find_program
from synthetic1.rewards.program_tests.spec import language_names


def program(text, names, **settings):
    """The text of the program; the language is the first of its names."""
    found = find_program(text, names[0], names, **settings)
    return None if found is None else found.content


CPP, JAVASCRIPT, PYTHON, RUST = map(language_names, ("cpp", "javascript", "python", "rust"))

# (why, names, text, block)
TABLE = [
    ("plain", PYTHON, "Here:\n```python\nx = 1\n```\nDone.", "x = 1\n"),
    ("59 c++", CPP, "```c++\nint x;\n```", "int x;\n"),
    ("C++", CPP, "```C++\nint x;\n```", "int x;\n"),
    ("cpp", CPP, "```cpp\nint x;\n```", "int x;\n"),
    ("c++17", CPP, "```c++17\nint x;\n```", "int x;\n"),
    ("py", PYTHON, "```py\nx\n```", "x\n"),
    ("python3", PYTHON, "```Python3\nx\n```", "x\n"),
    ("python3.11", PYTHON, "```python3.11\nx\n```", "x\n"),
    ("attributes", PYTHON, '```python title="main.py"\nx\n```', "x\n"),
    ("pandoc's attributes", PYTHON, "```{.python .numberLines}\nx\n```", "x\n"),
    ("comma", PYTHON, "```python,ignore\nx\n```", "x\n"),
    ("colon", PYTHON, "```python:main.py\nx\n```", "x\n"),
    ("space before the label", PYTHON, "``` python\nx\n```", "x\n"),
    ("tildes", PYTHON, "~~~python\nx\n~~~", "x\n"),
    ("tildes hold backticks", PYTHON, "~~~python\n```\nx\n```\n~~~", "```\nx\n```\n"),
    ("long fence holds short ones", PYTHON, '````python\ns = """\n```\n"""\n````', 's = """\n```\n"""\n'),
    ("longer closing fence", PYTHON, "```python\nx\n`````", "x\n"),
    ("60 the last one", PYTHON, "```python\nx\n```\n```python\ny\n```", "y\n"),
    ("another language behind", PYTHON, "```python\nx\n```\n```text\n5\n```", "x\n"),
    ("output behind, unlabelled", PYTHON, "```python\nx\n```\nprints\n```\n5\n```", "x\n"),
    ("unlabelled", PYTHON, "```\nx\n```", "x\n"),
    ("the last unlabelled", PYTHON, "```\nx\n```\n```\ny\n```", "y\n"),
    ("unlabelled and another language", PYTHON, "```\nx\n```\n```rust\ny\n```", "x\n"),
    ("58 no fence", PYTHON, "x = 1", None),
    ("another language only", PYTHON, "```rust\nx\n```", None),
    ("inline code", PYTHON, "Use ```python x``` here", None),
    ("a line of inline code", PYTHON, "```python x```\ntext", None),
    ("nothing", PYTHON, "", None),
    ("empty block", PYTHON, "```python\n```", ""),
    ("CRLF kept", PYTHON, "```python\r\nx\r\ny\r\n```\r\n", "x\r\ny\r\n"),
    ("unterminated", PYTHON, "```python\nx\ny", "x\ny"),
    ("unterminated, newline", PYTHON, "```python\nx\n", "x\n"),
    ("label only", PYTHON, "```python", None),
    ("indented in a list", PYTHON, "1. So:\n   ```python\n   if x:\n       y\n\n   z\n   ```\n", "if x:\n    y\n\nz\n"),
    ("indented text stays", PYTHON, "```python\n    if x:\n        y\n```", "    if x:\n        y\n"),
    (
        "fence within a docstring",
        PYTHON,
        '```python\ndef f():\n    """\n    ```\n    """\n```',
        'def f():\n    """\n    ```\n    """\n',
    ),
    ("a second fence opens a second block", PYTHON, "```python\nx\n```python\ny\n```", "y\n"),
    ("61 not ASCII", PYTHON, "```python\nprint('é😀')\n```", "print('é😀')\n"),
    ("lone surrogate", PYTHON, "```python\n'\ud800'\n```", "'\ud800'\n"),
    ("odd line ends stay", PYTHON, "```python\nx\x0b\x0c\u2028\x85y\n```", "x\x0b\x0c\u2028\x85y\n"),
    ("62 future", PYTHON, "```python\nfrom __future__ import annotations\n```", "from __future__ import annotations\n"),
    ("63 coding", PYTHON, "```python\n# -*- coding: utf-8 -*-\n```", "# -*- coding: utf-8 -*-\n"),
]


@pytest.mark.parametrize(("names", "text", "block"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_table(names, text, block):
    assert program(text, names) == block


@pytest.mark.parametrize("label", ["py", "PYTHON", "Python3", "py3"])
def test_every_alias_counts(label):
    assert program(f"```{label}\nx\n```", PYTHON) == "x\n"


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("```python\nx\n```", "x\n"),
        ("```python\nx", None),
        ("```python\nx\n```\n```python\ny = (", "x\n"),
        ("```python\nx\n```\n```", "x\n"),
    ],
)
def test_a_block_that_was_cut_off_is_none(text, block):
    assert program(text, PYTHON, cut_off=True) == block


LINES = st.lists(st.text(st.characters(exclude_characters="\n`~")), max_size=6)


@given(before=LINES, code=LINES, after=LINES, fence=st.sampled_from(["```", "~~~~", "`````"]))
def test_a_block_comes_out_as_it_went_in(before, code, after, fence):
    block = "".join(f"{line}\n" for line in code)
    text = "".join(f"{line}\n" for line in before) + f"{fence}python\n{block}{fence}\n" + "\n".join(after)
    assert program(text, PYTHON) == block


@given(
    st.lists(st.sampled_from(["```", "~~~", "````", "python", "rust", "\n", "\r\n", " ", "x", "    ", "\t"])).map(
        "".join
    )
)
def test_nothing_breaks_it(text):
    block = program(text, PYTHON)
    assert block is None or all(line.strip() in text for line in block.splitlines())


PIECES = [
    *("```\n", "```python\n", "`", "~~~ ", " ", "```" + " " * 10, "\n", "```x`\n", "> ", "1. ```\n", "``` x:```py\n"),
    *("```python\n'''\n", "~~~js\n/*", '```cpp\nR"(', '```rs\nr#"', "```js\n`${", "~~~py\n~~~ x\n```", "````py\n``` "),
    *(
        "'\\'",
        '"\\"',
        "`\\`",
        "`${",
        "'\\u{",
        "/*",
        "/x",
        "<|a|>",
        "</answer>",
        "x```\n",
        "[/A]",
        "</s>",
        "<|a a|>",
        "\ufeff",
    ),
    *("f(", "f(()", "f(x)\n", "f = ", "f:", "def f", "f() -> x", "```py\ndef f(): g()\n```\n", "= require ", "#```\n"),
]


@pytest.mark.parametrize("size", [20_000, pytest.param(1_000_000, marks=pytest.mark.proofs)])
@pytest.mark.parametrize("names", [PYTHON, CPP, RUST, JAVASCRIPT], ids=lambda names: names[0])
@pytest.mark.parametrize("opening", ["", "````{}\n", "```{}\nclass Solution {{ f("])
def test_long_texts_of_any_piece_are_read(opening, names, size):
    """Quadratic work would take hours for a million characters, and end with the suite's own limit."""
    for piece in PIECES:
        text = opening.format(names[0]) + piece * (size // len(piece))
        program(f"{text}\n```", names, functions=["f"])
