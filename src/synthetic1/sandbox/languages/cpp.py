"""C++: compiled by g++ with ``bits/stdc++.h`` precompiled, or its functions called by ``cpp_harness.hpp``."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from itertools import islice

from synthetic1.sandbox.languages.language import Language, ProgramPlan, SignatureError
from synthetic1.sandbox.languages.source import asset, check_name, closing, code_only, split_parameters, top_level

STANDARDS = {"c++11": "0x", "c++14": "1y", "c++17": "1z", "c++20": "2a", "c++23": "2b"}
"""With what each one's year was called before it was known."""
_USUAL = ("c++20", "c++17")
"""What a program is compiled as that asks for no standard: the second where the first refuses it. C++20 took words and
names (``requires``, ``std::span``) that older programs define themselves."""
PRECOMPILED = "/opt/synthetic1/precompiled"
"""Folder of the precompiled headers inside the sandbox. If it is missing there, g++ goes on to the plain header."""
_CODE = ("-O2", "-DONLINE_JUDGE")
"""What changes code: a precompiled header is taken only for exactly those it was made with. Contest programs read named
files unless ``ONLINE_JUDGE`` is defined."""
_USING_STD = "-DSYNTHETIC1_USING_STD"


def flags(standard: str) -> tuple[str, ...]:
    """With GNU's extensions, which contests have, such as ``__int128`` as a whole number."""
    return (*_CODE, f"-std={standard.replace('c++', 'gnu++')}")


def precompile_command(folder: str = PRECOMPILED, compiler: str = "g++") -> str:
    """The shell command that makes the precompiled headers (220 MB, 9 s), for builders of sandboxes.

    g++ looks into a folder ``NAME.gch`` beside each ``NAME`` of its path and takes from it the file that was made with
    its own flags, so ``-I folder`` has it found for a plain ``#include <bits/stdc++.h>``, as long as no code and no
    ``#pragma GCC optimize`` stands before that. Where none can be taken, the header beside it leads on to the real one.
    """
    header = f"{folder}/bits/stdc++.h"
    steps = [f"mkdir -p '{header}.gch'", f"printf '#include_next <bits/stdc++.h>\\n' > '{header}'"]
    for standard in _USUAL:
        made = f"{compiler} {' '.join(flags(standard))} -x c++-header -o '{header}.gch/{standard}' /dev/stdin"
        steps.append(f"printf '#include <bits/stdc++.h>\\n' | {made}")
    return " && ".join(steps)


# Each further argument is a way to compile it, flags apart; the first that works counts. Only the first one's errors
# are shown: it is the likeliest.
_TRY = 'exec 3>&2; for how; do "$0" $how -o main main.cpp 2>&3 && exit; exec 3>/dev/null; done; exit 1'


def _command(*ways: tuple[str, ...]) -> tuple[str, ...]:
    common = ("-s", f"-I{PRECOMPILED}")
    if len(ways) == 1:
        return ("{cxx}", *ways[0], *common, "-o", "main", "main.cpp")
    return ("sh", "-c", _TRY, "{cxx}", *(" ".join((*way, *common)) for way in ways))


def plan(source: str, standard: str | None = None) -> ProgramPlan:
    """The source as ``main.cpp``."""
    files = {"main.cpp": source.encode("utf-8", errors="replace")}
    standards = (standard,) if standard else _USUAL
    return ProgramPlan(files=files, build=_command(*map(flags, standards)), outputs=("main",), argv=("../main",))


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
#ifdef SYNTHETIC1_USING_STD
using namespace std;
#endif
#define main candidate_main
#include "candidate.cpp"
#undef main
#undef signed
#undef return
{serve}
"""
_SERVE = "signed main() {{ return synthetic1_call::serve<&{scope}::{function}>(); }}"
# Which of several functions it is, or how many arguments it may do without, only a call can say.
_SERVE_CALLS = """\
struct synthetic1_candidate {{
    template <class... A> static decltype(auto) call(A &&...a) {{ return {called}(std::forward<A>(a)...); }}
}};
signed main() {{ return synthetic1_call::serve_calls<synthetic1_candidate, {signatures}>(); }}"""
_MAX_SIGNATURES = 50  # no program has so many, and looking for each takes time
_OBJECT = "std::make_unique<Solution>().release()->"  # not on the stack, solutions hold large tables


_SAYS_STD = re.compile(r"\bstd\s*::")
_USES_STD = re.compile(r"\busing\s+namespace\s+std\s*;")


def _ways_to_call(code: str, standard: str | None) -> list[tuple[str, ...]]:
    """LeetCode includes the standard library and uses its names before what it compiles. A whole program may have
    names of its own that would clash with those: it is tried as it stands, too. First comes what it looks like.
    """
    first, *older = (standard,) if standard else _USUAL
    if _USES_STD.search(code):
        return [flags(one) for one in (first, *older)]
    bare, using = flags(first), (*flags(first), _USING_STD)
    if _SAYS_STD.search(code):
        return [bare, using, *map(flags, older)]
    return [using, bare, *((*flags(one), _USING_STD) for one in older)]


def plan_call(source: str, function: str, standard: str | None = None) -> ProgramPlan:
    """A function that is not a template, or a method of a class ``Solution``, which is made without arguments.

    Of several with that name the first one counts that takes so many arguments.

    All of the standard library is included before the program, and its names may be used without ``std::``.
    ``ListNode`` and ``TreeNode`` are defined unless the program does.

    Its parameters and result: whole and floating numbers, ``bool``, ``char``, ``string``, ``vector`` and other
    containers, ``pair``, ``tuple``, ``optional``, ``map`` with strings or whole numbers as keys, ``ListNode*`` and
    ``TreeNode*``; by value or by reference. Others do not compile. Of a ``void`` function the first argument that it
    can change stands for its value. A ``main`` of the program's own is not run.

    Raises:
        SignatureError: no such function in the source.
    """
    check_name(function, source)
    code = code_only(source, "cpp")
    named = re.compile(rf"\b{re.escape(function)}\s*\(")
    scope, defined = "", code
    outer = top_level(code)
    for solution in _SOLUTION.finditer(outer):
        body = code[solution.end() : outer.find("}", solution.end())]
        if named.search(top_level(body)):
            scope, defined = "Solution", body
    if function == "main" or (not scope and not named.search(code)):
        raise SignatureError(f"the program has no function `{function}` that could be called")
    nodes = [
        text
        for name, text in _NODES.items()
        if re.search(rf"\b{name}\b", code)
        and not re.search(rf"\b(?:struct|class)\s+{name}\b[^;(){{]{{0,200}}\{{", code)
    ]
    files = {
        "main.cpp": _CALL.format(nodes="\n".join(nodes), serve=_serve(defined, scope, function)).encode(),
        "harness.hpp": asset("cpp_harness.hpp"),
        "candidate.cpp": source.encode("utf-8", errors="replace") + b"\n",
    }
    build = _command(*_ways_to_call(code, standard))
    return ProgramPlan(files=files, build=build, outputs=("main",), argv=("../main",), channel=True)


_BODY = re.compile(r"\s*(?:(?:const|noexcept|override|final)\s*){0,4}(?:->[^{;]*)?\{")


def _serve(code: str, scope: str, function: str) -> str:
    """The ``main`` that serves calls of a function defined at the top level of ``code``."""
    outer = top_level(code)
    signatures: list[str] = []
    for found in islice(re.finditer(rf"\b{re.escape(function)}\s*\(", outer), _MAX_SIGNATURES):
        end = closing(code, found.end() - 1)
        if _BODY.match(outer, end + 1) is None:
            continue
        parameters = split_parameters(code[found.end() : end])
        types = [parameter.partition("=")[0] for parameter in parameters]
        needed = sum("=" not in parameter for parameter in parameters)
        signatures += [f"void({', '.join(types[:count])})" for count in range(len(types), needed - 1, -1)]
    if not 2 <= len(signatures) <= _MAX_SIGNATURES:
        return _SERVE.format(scope=scope, function=function)
    called = f"{_OBJECT if scope else '::'}{function}"
    return _SERVE_CALLS.format(called=called, signatures=", ".join(signatures))


CPP = Language(
    name="cpp",
    aliases=("c++", "cxx", "cc", "cplusplus", "g++"),
    source_name="main.cpp",
    tools={"cxx": ("g++",)},
    plan=plan,
    plan_call=plan_call,
    version=("{cxx}", "--version"),
    recommended="12",
)


def _dialect(standard: str, early: str) -> Language:
    return replace(
        CPP,
        standard=standard,
        knows_standard=("{cxx}", flags(standard)[-1], "-E", "-x", "c++", "/dev/null"),
        aliases=tuple(f"{name}{year}" for year in (standard[-2:], early) for name in ("c++", "cpp", "cxx", "gnu++")),
        plan=partial(plan, standard=standard),
        plan_call=partial(plan_call, standard=standard),
    )


CPP = replace(CPP, dialects=tuple(_dialect(standard, early) for standard, early in STANDARDS.items()))
