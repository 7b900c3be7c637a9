"""Wrappings of a program: completions as models write them, in all of which the program is the same.

Pure functions from a program to a text. What differs is the fences, what is glued to them, and what stands around;
the program comes out of each as it went in, but for a newline at its end, and CRLF where that is the wrapping.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrappedProgram:
    """A program, and what a completion has to know of it."""

    source: str
    """It ends with a newline."""
    language: str
    """``python``, ``javascript``, ``rust`` or ``cpp``."""
    function: str = ""
    """The function that will be called, or method of a class ``Solution``; empty for a whole program."""

    @property
    def text(self) -> str:
        """The source without the newline at its end."""
        return self.source.removesuffix("\n")

    @property
    def block(self) -> str:
        return f"```{self.language}\n{self.source}```"


Wrapping = Callable[[WrappedProgram], str]

_SHORT = {"python": "py", "javascript": "js", "rust": "rs", "cpp": "c++"}
_VERSION = {"python": "Python3.11", "javascript": "JavaScript", "rust": "Rust", "cpp": "C++17"}
_COMMENT = {"python": "# Input: 3\n# Output: 5", "javascript": "// prints 5", "rust": "/* prints 5 */", "cpp": "// 5"}
_NOTHING = {"python": "pass", "javascript": "let x;", "rust": "fn main() {}", "cpp": "int main() {}"}
_OTHER = {"python": "rust", "javascript": "python", "rust": "cpp", "cpp": "javascript"}


def _lines(source: str, indent: str, blank: str = "") -> str:
    return "".join(f"{indent}{line}\n" if line else f"{blank}\n" for line in source.removesuffix("\n").split("\n"))


def _labelled(label: Callable[[WrappedProgram], str], fence: str = "```") -> Wrapping:
    return lambda program: f"Here it is.\n\n{fence}{label(program)}\n{program.source}{fence}\n"


def _closed(end: str) -> Wrapping:
    """What the program is followed by, from its last character on."""
    return lambda program: f"The solution:\n\n```{program.language}\n{program.text}{end}"


def _opened(start: str, end: str = "\n```") -> Wrapping:
    """What stands on the line of the opening fence."""
    return lambda program: f"{start.format(program.language)}\n{program.text}{end}"


def _indented(opening: str, indent: str, blank: str = "", closing: str | None = None) -> Wrapping:
    def wrap(program: WrappedProgram) -> str:
        end = indent if closing is None else closing
        return f"Steps:\n\n{opening}```{program.language}\n{_lines(program.source, indent, blank)}{end}```\n\nDone.\n"

    return wrap


def _followed(behind: Callable[[WrappedProgram], str]) -> Wrapping:
    return lambda program: f"{program.block}\n\n{behind(program)}\n"


FENCES: dict[str, Wrapping] = {
    "block alone": lambda program: program.block,
    "prose around": lambda program: f"It's a sum.\n\n{program.block}\n\nThat's all; it doesn't need more.\n",
    "short label": _labelled(lambda program: _SHORT[program.language]),
    "label with version": _labelled(lambda program: _VERSION[program.language]),
    "upper case": _labelled(lambda program: program.language.upper()),
    "space before the label": _labelled(lambda program: f" {program.language}  "),
    "attributes": _labelled(lambda program: f'{program.language} title="solution" linenums="1"'),
    "pandoc's attributes": _labelled(lambda program: f"{{.{program.language} .numberLines}}"),
    "no label": _labelled(lambda program: ""),
    "tildes": _labelled(lambda program: program.language, fence="~~~"),
    "long fences": _labelled(lambda program: program.language, fence="`````"),
    "longer closing fence": _closed("\n`````"),
    "spaces behind the fences": lambda program: f"```{program.language}  \n{program.source}```  \n",
    "CRLF": lambda program: f"Here:\n{program.block}\nDone.\n".replace("\n", "\r\n"),
    "byte order mark in the program": lambda program: f"```{program.language}\n\ufeff{program.source}```\n",
    "byte order mark before all": lambda program: f"\ufeff{program.block}\n",
    "in a list item": _indented("1. Read it.\n2. Solve it:\n\n   ", "   "),
    "in a list item, by a tab": _indented("- Solve it:\n\t", "\t"),
    "behind a list marker": _indented("1. ", "   "),
    "behind a bullet": _indented("- ", "  "),
    "in a quotation": _indented("> ", "> ", blank=">"),
    "fences indented, the program is not": lambda program: f"  ```{program.language}\n{program.source}  ```\n",
    "opening fence indented": lambda program: f"   ```{program.language}\n{program.source}```\n",
    "opened twice": _opened("```{0}\n```{0}"),
    "opened twice, first without a label": _opened("```\n```{}"),
    "opened behind a tag": _opened("<answer>```{}", "\n```</answer>"),
    "opened behind a tag, a space between": _opened("<solution> ```{}", "\n```\n</solution>"),
    "opened behind a bracketed tag": _opened("[ANSWER]```{}", "\n```[/ANSWER]"),
    "opened behind a colon": _opened("The program: ```{}", "\n```\nThat is all."),
    "opened behind prose": _opened("So I write ```{}", "\n```\nThat is all."),
    "opened behind a tag, no label": _opened("<answer>```", "\n```</answer>"),
}
"""By how the fences stand."""

ENDS: dict[str, Wrapping] = {
    "tag glued to the fence": _closed("\n```</answer>"),
    "two tags glued to the fence": _closed("\n```</answer></s>"),
    "end token glued to the fence": _closed("\n```<|im_end|>"),
    "another end token glued": _closed("\n```<|endoftext|>\n"),
    "end token of other signs": _closed("\n```<｜end▁of▁sentence｜>"),
    "end of turn": _closed("\n```<end_of_turn>\n"),
    "sentence end": _closed("\n```</s>"),
    "prose on the line of the fence": _closed("\n``` This reads n and prints the sum."),
    "full stop behind the fence": _closed("\n```.\n\nDone.\n"),
    "fence glued to the program": _closed("```"),
    "fence glued to the program, prose below": _closed("```\n\nIt's done; that's how n's sum is found.\n"),
    "fence and end token glued to the program": _closed("```<|im_end|>"),
    "fence and tag glued to the program": _closed("```</answer>\n"),
    "fence indented": _closed("\n      ```\n"),
    "no fence, end token": _closed("\n<|im_end|>"),
    "no fence, end token glued": _closed("<|im_end|>\n"),
    "no fence, tag": _closed("\n</answer>"),
    "no fence, tag, fence": _closed("\n</answer>\n```\n"),
    "no fence, next turn": _closed("\n<|im_end|>\n<|im_start|>user\nThanks, that's it.\n"),
    "end token before the fence": _closed("\n<|im_end|>\n```\n"),
    "two fences": _closed("\n```\n```\n"),
    "next block opens instead": _closed("\n```output\n3\n```\n"),
}
"""By what ends the block."""

UNCLOSED: dict[str, Wrapping] = {
    "no fence": _closed("\n"),
    "no fence, no newline": _closed(""),
    "no fence, sentence end": _closed("\n</s>\n"),
    "no fence, end of turn": _closed("<end_of_turn>\n"),
}
"""Blocks that only the end of the text ends. Fences within strings of the program cannot be told from its own here."""

NEIGHBOURS: dict[str, Wrapping] = {
    "output behind": _followed(lambda program: "It prints:\n\n```\n3\n```"),
    "output behind, labelled": _followed(lambda program: 'Output:\n```text\nit\'s 3 "wide"\n```'),
    "output behind, on a line of prose": _followed(lambda program: "Output: ```text\n3\n```"),
    "another language behind": _followed(
        lambda program: f"The same:\n\n```{_OTHER[program.language]}\n{_NOTHING[_OTHER[program.language]]}\n```"
    ),
    "shell behind": _followed(lambda program: "Run it:\n```bash\ncat input/* | ./solve 'x\n```"),
    "empty block behind": _followed(lambda program: f"```{program.language}\n```"),
    "blank block behind": _followed(lambda program: f"```{program.language}\n\n```\n\nDone."),
    "comment behind": _followed(lambda program: f"```{program.language}\n{_COMMENT[program.language]}\n```"),
    "open fence behind": _followed(lambda program: f"```{program.language}\n"),
    "fences spoken of": _followed(lambda program: f"The code stands between ```{program.language} and ```."),
    "fence spoken of at the end of a line": _followed(
        lambda program: f"The block above begins with ```{program.language}\nand ends where it should."
    ),
    "draft before": lambda program: (
        f"First:\n```{program.language}\n{_NOTHING[program.language]}\n```\nBetter:\n{program.block}\n"
    ),
    "unlabelled draft before": lambda program: f"Input:\n```\nit's 3 /* \"a`\n```\nSo:\n\n{program.block}\n",
    "another language before": lambda program: f"As JSON:\n```json\n[\"'''\", 1]\n```\n\n{program.block}\n",
    "broken draft before": lambda program: (
        f"```{program.language}\nx = '''\n/* \"`\n```\nNo, that's wrong.\n\n{program.block}\n"
    ),
}
"""By what stands beside the program."""

WRAPPINGS: dict[str, Wrapping] = FENCES | ENDS | UNCLOSED | NEIGHBOURS
"""All of them, by their names."""

_CALLS = {
    "python": (
        "result = {0}(1, 2)\nprint(result)",
        "assert {0}(1, 2) == 3, 'wrong'\nassert {0}(0, 0) == 0",
        "if __name__ == '__main__':\n    print({0}(*map(int, input().split())))",
        "import unittest\nfrom solution import {0}\n\n\nclass Test{0}(unittest.TestCase):\n"
        "    def test_{0}(self):\n        self.assertEqual({0}(1), 2)\n\n\nunittest.main()",
        "solution = Solution()\nprint(solution.{0}([1, 2]))",
        "{0} = Solution().{0}\nprint({0}([1]))",
        "def test():\n    # def {0}(): …\n    assert {0}('def {0}(): pass') == 1\n\n\ntest()",
    ),
    "javascript": (
        "console.log({0}(1, 2));",
        "const {{ {0} }} = require('./solution');\n\ntest('{0}', () => {{\n  expect({0}(1)).toBe(2);\n}});",
        "const {0} = require('./{0}');\nconst got = {0}(1);\n"
        "if ({0}(2) === got) {{\n  throw new Error(`{0}: ${{got}}`);\n}}",
        "const s = new Solution();\nfor (const x of [1, 2]) {{ console.log(s.{0}(x)); }}",
        "module.exports = {{ {0} }};",
    ),
    "rust": (
        'fn main() {{\n    println!("{{}}", {0}(1));\n}}',
        "#[cfg(test)]\nmod tests {{\n    use super::*;\n\n    #[test]\n    fn test_{0}() {{\n"
        "        assert_eq!({0}(1), 2);\n    }}\n}}",
        "// fn {0}() {{}}\nfn main() {{ assert!(Solution::{0}(vec![1]) == 2); }}",
    ),
    "cpp": (
        "#include <iostream>\nint main() {{\n    std::cout << {0}(1) << '\\n';\n    if ({0}(2)) {{ return 1; }}\n}}",
        "int main() {{\n    Solution s;\n    // int {0}(int) {{}}\n    assert(s.{0}({{1, 2}}) > 0);\n}}",
        "int {0}(int);\nint main() {{ return {0}(1) && {0}(2); }}",
    ),
}


def usages(program: WrappedProgram) -> tuple[str, ...]:
    """Completions in which a block of the same language follows the function, which shows or tests how it is called."""
    return tuple(
        f"{program.block}\n\nIt's used like this:\n\n```{program.language}\n{call.format(program.function)}\n```\n"
        for call in _CALLS[program.language]
        if "Solution" in program.source or "Solution" not in call
    )
