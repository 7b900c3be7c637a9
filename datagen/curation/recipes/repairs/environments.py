"""Environments in which a program is run again: what it gives in all of them is a fact.

=========== ===========================================================================================================
language    what differs
=========== ===========================================================================================================
Python      the hash seed, time zone, locale and folder of a fresh interpreter
JavaScript  time zone, environment variables, folder; set before the program's first statement
C++         the same, what memory holds that was never written, and where the stack begins; set before its globals
Rust        time zone, environment variables, folder; set before ``main``. Its hash maps are seeded anew in any process
=========== ===========================================================================================================

The sandbox gives a program no environment of the caller's choice, so a program brings its own along. The first run has
that of the verifier. Processes, addresses and clocks differ in any case.
"""

from __future__ import annotations

import json
import re
from typing import Any

from synthetic1.sandbox.languages.registry import get_language

MARK = "\n\x00"
"""Before what a Python runner writes of the result, behind whatever the program has written."""
VARIABLES: tuple[dict[str, str], ...] = (
    {},
    {"TZ": "XYZ-9:30", "LANG": "C", "LC_ALL": "C", "HOME": "/", "USER": "nobody"},
    {"TZ": "ABC+7", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": "/tmp", "USER": "somebody"},
)
"""Of each run."""
FOLDERS = (".", "/", "..")
_strict = re.compile(r"""\s*(['"])use strict\1\s*;?""")
_exit = re.compile(r"^[ \t]*process\.exit\([ \t]*\d*[ \t]*\)[ \t]*;?\s*\Z", re.MULTILINE)

_CPP = """\
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
namespace synthetic1_environment {{
__attribute__((noinline)) inline int begin() {{
    volatile char stack[1 << 18];
    for (unsigned i = 0; i < sizeof stack; ++i) stack[i] = {byte};
{variables}
    ::tzset();
#if defined(M_PERTURB)
    ::mallopt(M_PERTURB, {byte});
#endif
    return ::chdir({folder});
}}
const int begun = begin();
}}
"""
_RUST = """
#[used]
{attribute}
static SYNTHETIC1_ENVIRONMENT: extern "C" fn() = {{
    extern "C" fn begin() {{
        #[allow(unused_unsafe)]
        unsafe {{ {variables} }}
        let _ = ::std::env::set_current_dir({folder});
    }}
    begin
}};
"""


def in_environment(source: str, language: str, number: int) -> str:
    """A program whose function is called, so that it runs in the environment of that number.

    In that of 0 it stays as it is, but for JavaScript that ends itself in its last line: nothing could be called then.
    """
    found = get_language(language)
    if found.name == "javascript":
        source = _exit.sub("", source)
    if not number:
        return source
    variables, folder = VARIABLES[number % len(VARIABLES)], json.dumps(FOLDERS[number % len(FOLDERS)])
    pairs = [(json.dumps(name), json.dumps(value)) for name, value in variables.items()]
    if found.name == "javascript":
        head = _strict.match(source)  # `const process = require("process")` is common: no name of ours is the program's
        said = " ".join(f"globalThis.process.env[{name}] = {value};" for name, value in pairs)
        at = head.end() if head else 0
        return f"{source[:at]}; {said} globalThis.process.chdir({folder}); {source[at:]}"
    if found.name == "cpp":
        said = "\n".join(f"    ::setenv({name}, {value}, 1);" for name, value in pairs)
        return _CPP.format(variables=said, folder=folder, byte=17 * number) + source
    if found.name == "rust":
        said = " ".join(f"::std::env::set_var({name}, {value});" for name, value in pairs)
        attribute = '#[link_section = ".init_array"]'
        if found.standard.endswith("2024"):
            attribute = '#[unsafe(link_section = ".init_array")]'
        return source + _RUST.format(attribute=attribute, variables=said, folder=folder)
    return source


def python_runner(job: list[Any]) -> str:
    """A program that reads the number of its environment, then runs the job in it and writes ``MARK`` and the result.

    The program is a module, not ``__main__``, as the verifier's harness imports it: what it does when it is the main
    one is not run. A program that ends itself (``sys.exit()``) at its end has ended; what it defines is called in any
    case. Nothing is written where the function ends the interpreter.

    Args:
        job: source, name of the function, what it is called with; whether that is source of Python, which is evaluated,
            and ``repr`` of the value the result, or JSON, of a function that returns text: then that is JSON, and of
            any other value a list with the name of its type.
    """
    return _RUNNER.format(environments=list(zip(VARIABLES, FOLDERS, strict=True)), job=job, mark=MARK.encode())


_RUNNER = """\
import json, os, sys, types

ENVIRONMENTS = {environments!r}
SOURCE, FUNCTION, GIVEN, IS_EXPRESSION = {job!r}


def again(number):
    variables, folder = ENVIRONMENTS[number]
    script = os.path.abspath(__file__)
    os.chdir(folder)
    seeded = {{**os.environ, **variables, "PYTHONHASHSEED": str(1 + number), "PYTHONIOENCODING": "utf-8"}}
    os.execve(sys.executable, [sys.executable, "-s", "-B", script, "again"], seeded)


def run():
    dumps, loads, write, leave = json.dumps, json.loads, os.write, os._exit
    program = types.ModuleType("program")
    sys.modules["program"] = program
    sys.argv[1:] = []
    names = vars(program)
    try:
        exec(compile(SOURCE, "program", "exec", dont_inherit=True), names)
    except SystemExit:
        if FUNCTION not in names:
            raise
    if IS_EXPRESSION:
        called = compile(FUNCTION + "(" + GIVEN + ")", "call", "eval", dont_inherit=True)
        result = repr(eval(called, names))
    else:
        result = names[FUNCTION](loads(GIVEN))
        result = dumps(result if isinstance(result, str) else [type(result).__name__])
    try:
        sys.stdout.flush()
    except Exception:
        pass
    left = {mark!r} + result.encode()
    while left:
        left = left[write(1, left):]
    leave(0)


run() if sys.argv[1:] == ["again"] else again(int(sys.stdin.read() or 0))
"""
