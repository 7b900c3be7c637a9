"""A candidate and assertions as one program, in each language: for tests that cannot look at plain values from outside.

The program gets one function, which runs the assertions and returns a text that nobody could know before. It does not
protect from a candidate that looks for it in its own program: whoever shares a process can cheat.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from synthetic1.rewards.program_tests.spec import Assertions

FUNCTION = "synthetic1_check"
_KEY = secrets.token_bytes(16)
_CPP_MAIN = re.compile(r"\bint\s+main\s*\(")
_RUST_TEST = re.compile(r"#\[test\]\s*(?:pub\s+)?fn\s+(\w+)")
_RUST_MODULE = re.compile(r"#\[cfg\(test\)\]\s*(?:pub\s+)?mod\s+(\w+)")


def answer_to(assertions: Assertions, source: str) -> str:
    """What the function returns if all assertions hold; one for each program, so that compilations can be kept."""
    program = "\0".join((assertions.code, source)).encode("utf-8", errors="surrogatepass")
    return hashlib.blake2b(program, key=_KEY, digest_size=12).hexdigest()


def program_with_assertions(assertions: Assertions, source: str) -> str:
    """The source of the program, in the language of the assertions.

    ====================== ===========================================================================================
    Python                 ``check(candidate)``
    JavaScript             statements; ``console.assert`` raises
    C++                    ``main`` with ``assert``, behind which no other function stands
    Rust                   a module with functions that are marked ``#[test]``
    ====================== ===========================================================================================
    """
    return _WITH[assertions.language](assertions, source, answer_to(assertions, source))


def _python(assertions: Assertions, source: str, answer: str) -> str:
    name, code = assertions.entry_point, assertions.code  # which runs after the source, and finds what calls would
    lines = [
        f"def {FUNCTION}():",
        f"    candidate = globals()[{name!r}] = __candidate__.find({name!r})",
        f"    __candidate__.run({code!r})",
        "    globals()['check'](candidate)",
        f"    return {answer!r}",
    ]
    return "\n".join([source, "", *lines, ""])


def _javascript(assertions: Assertions, source: str, answer: str) -> str:
    name = assertions.entry_point
    method = f"(...args) => new Solution().{name}(...args)"
    found = f"typeof {name} === 'function' ? {name} : module.exports.{name} || ({method})"
    console = "{ ...globalThis.console, assert(held) { if (!held) throw 'assertion failed' } }"
    tests = f"await (async ({name}, console) => {{\n{assertions.code}\n}})({found}, {console});"
    return f"{source}\n;\nasync function {FUNCTION}() {{\n{tests}\nreturn '{answer}';\n}}\n"


def _cpp(assertions: Assertions, source: str, answer: str) -> str:
    code = _CPP_MAIN.sub("int synthetic1_main(", assertions.code, count=1)
    code, brace, behind = code.rpartition("}")  # of `main`, the one function that need not return its value
    code += f"return 0; {brace}{behind}"
    check = f'#include <string>\nstd::string {FUNCTION}() {{ synthetic1_main(); return "{answer}"; }}'
    return f"{source}\n{code}\n{check}\n"


def _rust(assertions: Assertions, source: str, answer: str) -> str:
    modules = _RUST_MODULE.findall(assertions.code)
    within = f"{modules[0]}::" if modules else ""
    calls = " ".join(f"{within}{name}();" for name in _RUST_TEST.findall(assertions.code))
    code = _RUST_MODULE.sub(r"mod \1", _RUST_TEST.sub(r"pub fn \1", assertions.code))
    return f'{source}\n{code}\nfn {FUNCTION}() -> String {{ {calls} String::from("{answer}") }}\n'


_WITH = {"python": _python, "javascript": _javascript, "cpp": _cpp, "rust": _rust}
