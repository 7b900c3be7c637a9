"""C++: compiled by g++ as C++17 with ``bits/stdc++.h`` precompiled, or its functions called by ``cpp_harness.hpp``."""

from __future__ import annotations

import re

from synthetic1.sandbox.languages.language import Language, ProgramPlan, SignatureError
from synthetic1.sandbox.languages.source import asset, check_name, code_only, top_level

PRECOMPILED = "/opt/synthetic1/precompiled"
"""Folder of the precompiled header inside the sandbox. If it is missing there, g++ goes on to the plain header."""
FLAGS = ("-O2", "-std=c++17")
"""What changes code: a precompiled header is taken only for exactly those it was made with. The standard is fixed to
what contests compile with; C++20 programs are compile errors."""
_COMMAND = ("{cxx}", *FLAGS, "-s", f"-I{PRECOMPILED}", "-o", "main", "main.cpp")


def precompile_command(folder: str = PRECOMPILED, compiler: str = "g++") -> str:
    """The shell command that makes the precompiled header (100 MB, 3 s), for builders of sandboxes.

    g++ looks for ``NAME.gch`` beside each ``NAME`` of its path, so ``-I folder`` has it found for a plain
    ``#include <bits/stdc++.h>``, as long as no code and no ``#pragma GCC optimize`` stands before that. Where it
    cannot be taken, the header beside it leads on to the real one.
    """
    header = f"{folder}/bits/stdc++.h"
    return (
        f"mkdir -p '{folder}/bits' && printf '#include_next <bits/stdc++.h>\\n' > '{header}'"
        " && printf '#include <bits/stdc++.h>\\n'"
        f" | {compiler} {' '.join(FLAGS)} -x c++-header -o '{header}.gch' /dev/stdin"
    )


def plan(source: str) -> ProgramPlan:
    """The source as ``main.cpp``."""
    files = {"main.cpp": source.encode("utf-8", errors="replace")}
    return ProgramPlan(files=files, build=_COMMAND, outputs=("main",), argv=("../main",))


_SOLUTION = re.compile(r"\b(?:class|struct)\s+Solution\b[^;{}()]{0,200}\{")
# What LeetCode puts before the programs it compiles. The harness fills them from arrays, whoever defined them.
_NODES = {
    "ListNode": "struct ListNode { int val; ListNode *next; ListNode(int x = 0, ListNode *n = nullptr)"
    " : val(x), next(n) {} };",
    "TreeNode": "struct TreeNode { int val; TreeNode *left, *right; TreeNode(int x = 0, TreeNode *l = nullptr,"
    " TreeNode *r = nullptr) : val(x), left(l), right(r) {} };",
}
_CALL = """\
#include <bits/stdc++.h>
#include "harness.hpp"
{nodes}
#define main candidate_main
#include "candidate.cpp"
#undef main
#undef signed
#undef return
signed main() {{ return synthetic1_call::serve<&{scope}::{function}>(); }}
"""


def plan_call(source: str, function: str) -> ProgramPlan:
    """A function, not overloaded and no template, or a method of a class ``Solution``, which is made without arguments.

    Its parameters and result: whole and floating numbers, ``bool``, ``char``, ``string``, ``vector`` and other
    containers, ``pair``, ``tuple``, ``optional``, ``map`` with strings or whole numbers as keys, ``ListNode*`` and
    ``TreeNode*``; by value or by reference. Others do not compile. A ``main`` of the program's own is not run.

    Raises:
        SignatureError: no such function in the source.
    """
    check_name(function, source)
    code = code_only(source, "cpp")
    named = re.compile(rf"\b{re.escape(function)}\s*\(")
    scope = ""
    outer = top_level(code)
    for solution in _SOLUTION.finditer(outer):
        body = code[solution.end() : outer.find("}", solution.end())]
        if named.search(top_level(body)):
            scope = "Solution"
    if function == "main" or (not scope and not named.search(code)):
        raise SignatureError(f"the program has no function `{function}` that could be called")
    nodes = [
        text
        for name, text in _NODES.items()
        if re.search(rf"\b{name}\b", code)
        and not re.search(rf"\b(?:struct|class)\s+{name}\b[^;(){{]{{0,200}}\{{", code)
    ]
    files = {
        "main.cpp": _CALL.format(nodes="\n".join(nodes), scope=scope, function=function).encode(),
        "harness.hpp": asset("cpp_harness.hpp"),
        "candidate.cpp": source.encode("utf-8", errors="replace") + b"\n",
    }
    return ProgramPlan(files=files, build=_COMMAND, outputs=("main",), argv=("../main",), channel=True)


CPP = Language(
    name="cpp",
    aliases=("c++", "cxx", "cc", "cplusplus", "cpp17", "c++17", "g++", "gnu++17"),
    source_name="main.cpp",
    tools={"cxx": ("g++",)},
    plan=plan,
    plan_call=plan_call,
    version=("{cxx}", "--version"),
)
