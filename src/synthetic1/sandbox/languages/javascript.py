"""JavaScript: run by Node as a script, or its functions called by ``javascript_harness.js``."""

from __future__ import annotations

import re

from synthetic1.sandbox.languages.language import Language, ProgramPlan
from synthetic1.sandbox.languages.source import asset, check_name

# V8 stops at 984 KiB of stack, too little for recursion that contests expect. The sandbox grants 64 MiB at least;
# Node's own frames need some of it. V8's own limit on the heap is half the memory there is: it would come before the
# sandbox's and look like a crash. Without any, garbage piles up: 259 MB where 176 are enough with 1 GiB.
_NODE = ("{node}", "--stack-size=50000", "--max-old-space-size=1024")
# A fork of a warm Node has one thread at first, and these want V8's others or another Node.
_FRESH = re.compile(r"worker_threads|child_process|\b(?:cluster|inspector|WebAssembly|Worker)\b")
_IMPORT = re.compile(r"""^(?:import\s+(?:[\w*{$][^;'"\n]*\sfrom\s*)?['"]|import\s*\{|export\s)""", re.MULTILINE)
_EXPORT = re.compile(
    r"^export\s+(?:default\s+)?(?=(?:async\s+)?(?:function|class)\b|(?:const|let|var)\s)", re.MULTILINE
)


def plan(source: str) -> ProgramPlan:
    """The source as a CommonJS script, as Node takes a ``.js`` file; as a module if it imports and does not require.

    Scripts run in a fork of a warm Node, modules in a fresh one.
    """
    module = _IMPORT.search(source) is not None and "require(" not in source
    name = "main.mjs" if module else "main.js"
    files = {name: source.encode("utf-8", errors="replace")}
    return ProgramPlan(files=files, argv=(*_NODE, f"../{name}"), fork_server=not module and _can_fork(source))


def _can_fork(source: str) -> bool:
    return _FRESH.search(source) is None


def plan_call(source: str, function: str) -> ProgramPlan:
    """A function, or a method of ``Solution``, a class or an object; however it is bound at top level, or exported.

    Arguments that are lists become linked lists and trees where a comment says so, as LeetCode's do.

    Raises:
        SignatureError: no such name in the source. Whether it is a function turns out when it runs.
    """
    check_name(function, source)
    files = {
        "main.js": asset("javascript_harness.js").replace(b"@function@", function.encode()),
        "candidate.js": _EXPORT.sub("", source).encode("utf-8", errors="replace"),
    }
    return ProgramPlan(files=files, argv=(*_NODE, "../main.js"), fork_server=_can_fork(source), channel=True)


JAVASCRIPT = Language(
    name="javascript",
    aliases=("js", "node", "nodejs", "node.js", "ecmascript"),
    source_name="main.js",
    tools={"node": ("node", "nodejs")},
    plan=plan,
    plan_call=plan_call,
    version=("{node}", "--version"),
    recommended="22",
)
