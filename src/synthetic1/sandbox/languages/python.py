"""Python: run as a script, or its functions called by ``python_harness.py``."""

from __future__ import annotations

import io
import tokenize

from synthetic1.sandbox.languages.language import Language, ProgramPlan, SignatureError
from synthetic1.sandbox.languages.source import asset, check_name

# With `site`, since contest programs call exit(); the hash seed is fixed so that a set prints the same twice. NumPy's
# linear algebra would start a thread a core, of which a program may have few.
_ARGV = ("{python}", "-s", "-B", "../main.py")
_ENV = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
PRELUDE = "prelude.py"
"""A further file of a program whose functions are called: run before it, in the same namespace."""


def _encode(source: str) -> bytes:
    """In the encoding that a ``coding`` line declares, as an editor would have saved it; otherwise UTF-8."""
    text = source.encode("utf-8", errors="surrogatepass")
    try:
        declared, _ = tokenize.detect_encoding(io.BytesIO(text[:4096]).readline)
        return source.encode(declared)
    except (SyntaxError, UnicodeError, LookupError):
        return text


def plan(source: str) -> ProgramPlan:
    """The source as ``main.py``, in a fork of a warm interpreter."""
    return ProgramPlan(files={"main.py": _encode(source)}, argv=_ARGV, env=_ENV, fork_server=True)


def plan_call(source: str, function: str) -> ProgramPlan:
    """A top-level function, or a method of a class ``Solution``, which is made without arguments.

    The program is executed as the module ``candidate``: what stands under ``if __name__ == "__main__"`` does not run.
    It may use what LeetCode supplies (``List``, ``heapq``, ``ListNode`` …) without importing it; arguments that are
    lists become linked lists and trees where the function says so.

    Raises:
        SignatureError: no such name in the source. Whether it is a function turns out when it runs.
    """
    check_name(function, source)
    if not function.isidentifier():
        raise SignatureError(f"{function!r:.60} is not the name of a Python function")
    harness = asset("python_harness.py").replace(b"@function@", function.encode())
    files = {"main.py": harness, "candidate.py": _encode(source)}
    return ProgramPlan(files=files, argv=_ARGV, env=_ENV, fork_server=True, channel=True)


PYTHON = Language(
    name="python",
    aliases=("py", "python3", "py3", "pypy", "pypy3", "cpython"),
    source_name="main.py",
    tools={"python": ("python3",)},
    plan=plan,
    plan_call=plan_call,
    version=("{python}", "--version"),
    recommended="3.11",
)
