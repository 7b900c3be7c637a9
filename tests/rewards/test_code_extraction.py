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


GOLD = "import sys\n\n\ndef solve(n):\n    return 2 * n\n\n\nprint(solve(int(sys.stdin.read())))\n"
IN_CPP = (
    "#include <iostream>\nint solve(int n) { return 2 * n; }\n"
    "int main() { int n; std::cin >> n; std::cout << solve(n); }\n"
)
IN_RUST = 'use std::io;\nfn main() {\n    println!("{}", io::stdin().lines().count());\n}\n'
IN_JAVASCRIPT = (
    "const fs = require('fs');\nfunction solve(n) { return 2 * n; }\nconsole.log(solve(+fs.readFileSync(0)));\n"
)

# (why, names, program, what another block of the language holds): the program is the same with the block behind it
NO_PROGRAMS = [
    ("empty", PYTHON, GOLD, ""),
    ("blank", PYTHON, GOLD, "\n  \n"),
    ("comment", PYTHON, GOLD, "# Input: 3\n# Output: 6\n"),
    ("comment", CPP, IN_CPP, "// prints 6\n/* and no more */\n"),
    ("string", PYTHON, GOLD, '"""\nprint(1)\n"""\n'),
    ("numbers", PYTHON, GOLD, "3\n1 2 -3.5\n"),
    ("a sentence", PYTHON, GOLD, "This solution reads the number, and prints(it) twice.\n"),
    ("a session", PYTHON, GOLD, ">>> print(solve(3))\n6\n"),
    ("a command", PYTHON, GOLD, "$ python3 main.py < print.txt\n6\n"),
    ("a command", PYTHON, GOLD, "python main.py <<< 3 # print(6)\n"),
    ("a command", CPP, IN_CPP, "g++ -O2 main.cpp -o main && ./main\n"),
    ("a call", PYTHON, GOLD, "print(solve(3))  # 6\n"),
    ("asserts", PYTHON, GOLD, "assert solve(3) == 6\nassert solve(0) == 0\nprint('all passed')\n"),
    (
        "unittest",
        PYTHON,
        GOLD,
        "import unittest\n\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        self.assertEqual(solve(1), 2)\n\nunittest.main()\nprint(1)\n",
    ),
    ("timing", PYTHON, GOLD, "import time\nstart = time.time()\nsolve(10**6)\nprint(time.time() - start)\n"),
    ("part", PYTHON, GOLD, "for i in range(n):\n    total += 2 * a[i]\n"),
    ("a setting", PYTHON, GOLD, "sys.setrecursionlimit(10**6)\n"),
    ("part", CPP, IN_CPP, "int solve(int n) { return n + n; }\n"),
    ("part", RUST, IN_RUST, 'let total: i64 = a.iter().sum();\nprintln!("{}", total);\n'),
    ("a call", JAVASCRIPT, IN_JAVASCRIPT, "console.log(solve(3)); // 6\n"),
    ("part", JAVASCRIPT, IN_JAVASCRIPT, "const doubled = numbers.map((x) => 2 * x);\n"),
]


@pytest.mark.parametrize(
    ("names", "gold", "other"), [row[1:] for row in NO_PROGRAMS], ids=[row[0] for row in NO_PROGRAMS]
)
def test_what_cannot_be_the_program_hides_none(names, gold, other):
    block = f"```{names[0]}\n{{}}```\n"
    assert program(block.format(gold) + "\nSo:\n\n" + block.format(other), names) == gold
    assert program(block.format(other) + "\nSo:\n\n" + block.format(gold), names) == gold
    assert program(block.format(other), names) == other, "alone it is all there is"


# (why, names, the last of two programs)
LAST = [
    ("another program", PYTHON, "print(2 * int(input()))\n"),
    ("it defines the function again", PYTHON, "def solve(n):\n    return n\n\nprint(solve(int(input())))\n"),
    ("it binds the name", PYTHON, "solve = lambda n: n\nprint(solve(int(input())))\n"),
    ("it imports the name", PYTHON, "from math import isqrt as solve\nprint(solve(int(input())))\n"),
    ("names may come from anywhere", PYTHON, "from operator import *\nprint(solve(int(input())))\n"),
    ("a parameter", PYTHON, "def run(solve):\n    return solve(1)\n\nprint(run(abs))\n"),
    ("a method", PYTHON, "class A:\n    def solve(self): return 1\n\nprint(A().solve())\n"),
    ("nothing but a print", PYTHON, "print('YES')\n"),
    ("no include", CPP, "int main() { return 0; }\n"),
    ("a method", JAVASCRIPT, "console.log({ solve() { return 1; } }.solve());\n"),
    ("arrow", JAVASCRIPT, "const solve = (n) => n;\nconsole.log(solve(1));\n"),
]


@pytest.mark.parametrize(("names", "last"), [row[1:] for row in LAST], ids=[row[0] for row in LAST])
def test_the_last_program_counts_even_if_it_is_worse(names, last):
    gold = {"python": GOLD, "cpp": IN_CPP, "javascript": IN_JAVASCRIPT}[names[0]]
    block = f"```{names[0]}\n{{}}```\n"
    assert program(block.format(gold) + "\nOr:\n\n" + block.format(last), names) == last


DEFINES = {
    "python": [
        *(
            "def f(a):\n    return a\n",
            "async def f(): pass\n",
            "f = lambda a: a\n",
            "f: object = abs\n",
            "class f: pass\n",
        ),
        *("class Solution:\n    def f(self, a):\n        return a\n", "@cache\ndef f(\n    a,\n): return a\n"),
        "if True:\n    def f(): pass\n",
    ],
    "javascript": [
        *("function f(a) { return a; }\n", "async function f() {}\n", "function* f() {}\n", "const f = (a) => a;\n"),
        *(
            "let f = function (a) { return a; };\n",
            "f = (a) => a;\n",
            "class Solution {\n  f(a, b = (1)) { return a; }\n}\n",
        ),
        *(
            "exports.f = (a) => a;\n",
            "module.exports = { f: (a) => a };\n",
            "module.exports = { f(a) { return a; } };\n",
        ),
        *("module.exports = function (a) { return a; };\n", "Solution.prototype.f = function () {};\n", "class f {}\n"),
        "class Solution {\n  static f = (a) => a;\n}\n",
    ],
    "cpp": [
        *("int f(int a) { return a; }\n", "vector<int> f(vector<int>& a,\n              int b)\n{\n    return a;\n}\n"),
        "class Solution {\npublic:\n    int f(function<int(int)> g) const noexcept { return 1; }\n};\n",
        *("template <class T>\nT f(T a) { return a; }\n", "auto f(int a) -> vector<int> { return {a}; }\n"),
        *("auto f = [](int a) { return a; };\n", "int Solution::f(int a) { return a; }\n"),
    ],
    "rust": [
        *(
            "fn f(a: i64) -> i64 { a }\n",
            "pub fn f<T>(a: T) {}\n",
            "impl Solution {\n    pub fn f(a: i64) -> i64 { a }\n}\n",
        ),
        "const fn f() {}\n",
    ],
}
DOES_NOT_DEFINE = {
    "python": [
        *("print(f(1))\n", "g = f(1)\n", "if f(1) == 2: pass\n", "from solution import f\n", "# def f(): pass\nf(1)\n"),
        *(
            "'''\ndef f(): pass\n'''\n",
            "f == 1\n",
            "g(f=1)\n",
            "def ff(): pass\n",
            "x.f = 1\n",
            "f = solution.f\n",
            "def test_f(): f(1)\n",
        ),
    ],
    "javascript": [
        *("console.log(f(1));\n", "const { f } = require('./f');\n", "const f = require('./f');\n", "f(1) === 2;\n"),
        *(
            "// function f() {}\nf(1);\n",
            "`function f() {}`;\n",
            "if (f(1)) { g(); }\n",
            "f === 1;\n",
            "const $f = 1;\n",
        ),
        *(
            "const f = new Sol().f;\n",
            "import f from './f';\n",
            "module.exports = { f };\n",
            "module.exports = f;\n",
            "const g = () => f;\n",
        ),
    ],
    "cpp": [
        *(
            "int main() { cout << f(1); }\n",
            "int f(int);\n",
            "int main() { if (f(1)) { return 1; } }\n",
            "// int f() {}\n",
        ),
        *("int main() { Solution s; auto x = s.f(1); }\n", 'auto s = "int f() {";\n', "int ff() { return f(1); }\n"),
    ],
    "rust": [
        "fn main() { f(1); }\n",
        "// fn f() {}\n",
        'let s = "fn f() {}";\n',
        "fn test_f() { f(1); }\n",
        "use crate::f;\n",
    ],
}
LANGUAGES = {names[0]: names for names in (CPP, JAVASCRIPT, PYTHON, RUST)}


@pytest.mark.parametrize(("language", "source"), [(one, source) for one, all in DEFINES.items() for source in all])
def test_the_last_block_that_defines_the_function_counts(language, source):
    block = f"```{language}\n{{}}```\n\n"
    for other in DOES_NOT_DEFINE[language]:
        text = block.format("x\n") + block.format(source) + block.format(other)
        assert program(text, LANGUAGES[language], functions=["f"]) == source, other
        unlabelled = f"```\n{source}```\n" + block.format(other)
        assert program(unlabelled, LANGUAGES[language], functions=["f"]) == source, other
        assert program(block.format(other), LANGUAGES[language], functions=["f"]) == other
    for other in DEFINES[language]:
        assert program(block.format(source) + block.format(other), LANGUAGES[language], functions=["f"]) == other


def test_names_that_are_supplied_to_functions_are_not_missed():
    given = "class ListNode:\n    val = 0\n"
    first = "class Solution:\n    def f(self, head): return head\n"
    last = "class Solution:\n    def f(self, head): return ListNode(0)\n"
    text = "".join(f"```python\n{source}```\n" for source in (given, first, last))
    assert program(text, PYTHON, functions=["f"]) == last


def test_all_functions_that_are_asked_for_are_looked_for():
    one, both, other = "def f(): pass\n", "def f(): pass\ndef g(): pass\n", "def g(): pass\n"
    text = "".join(f"```python\n{source}```\n" for source in (one, both, other))
    assert program(text, PYTHON, functions=["f", "g"]) == both
    assert program(text, PYTHON, functions=["g"]) == other


def test_parts_of_a_program_are_not_put_together():
    node, function = "class Node: pass\n", "def f():\n    return Node()\n"
    assert program(f"```python\n{node}```\n```python\n{function}```\n", PYTHON, functions=["f"]) == function


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
    assert program(text, PYTHON) == block.lstrip("\ufeff")


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
