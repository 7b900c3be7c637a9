"""Packages that published programs need and the sandbox has not: numba, Atcoder's library, crates, Node's packages.

A program that fails without its package shows nothing of itself. It is looked for by what its text imports: neither in
the language's standard library nor among the sandbox's packages. What is imported by other means is not seen.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator

from synthetic1.datagen.curation.recipes.programs.dialects import MOST, without_comments
from synthetic1.sandbox.languages.packages import PACKAGES

STATUSES = {
    "python": ("runtime_error", "compile_error"),
    "javascript": ("runtime_error", "compile_error"),
    "cpp": ("compile_error",),
    "rust": ("compile_error",),
}
"""Language → how a program fails that lacks a package."""
_include = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]', re.MULTILINE)
_required = re.compile(
    r"""\brequire\([ \t]*['"]([^'"\n]+)['"]|^[ \t]*import\b[^'"\n;]*['"]([^'"\n]+)['"]""", re.MULTILINE
)
_used = re.compile(r"^[ \t]*(?:pub[ \t]+)?(?:use[ \t]+(?:::)?|extern[ \t]+crate[ \t]+)(\w+)", re.MULTILINE)
_imported = re.compile(
    r"^[ \t]*(?:pub[ \t]+)?use[ \t]+(?:::)?(?:std|core|alloc|crate|self|super)::([^;]*)", re.MULTILINE
)
_module = re.compile(r"\b(?:mod|enum|trait|struct)[ \t]+(\w+)")


def _names(said: str) -> frozenset[str]:
    return frozenset(said.split())


_OF_RUST = frozenset({"std", "core", "alloc", "crate", "self", "super", "proc_macro", "test"})
_OF_NODE = _names("""
    assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain
    events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl
    stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib
""")
_OF_C = _names("""
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
""")
_OF_CPP = _names("""
    algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
    condition_variable coroutine deque exception execution expected filesystem format forward_list fstream
    functional future generator initializer_list iomanip ios iosfwd iostream istream iterator latch limits list
    locale map mdspan memory memory_resource mutex new numbers numeric optional ostream print queue random ranges
    ratio regex scoped_allocator semaphore set shared_mutex source_location span spanstream sstream stack
    stacktrace stdexcept stdfloat stop_token streambuf string string_view strstream syncstream system_error thread
    tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
    cstdalign cstdbool ccomplex ciso646 ctgmath hash_map hash_set
""")
_OF_UNIX = _names("""
    unistd pthread malloc memory fcntl dirent dlfcn poll sched semaphore strings termios getopt alloca cpuid
    immintrin emmintrin xmmintrin smmintrin tmmintrin nmmintrin pmmintrin wmmintrin x86intrin mmintrin popcntintrin
    bmiintrin values libgen endian byteswap execinfo ucontext sysexits err error search regex glob values
""")
_FOLDERS = frozenset({"bits", "ext", "sys", "tr1", "tr2", "experimental", "debug", "parallel", "pstl", "backward"}) | {
    "arpa", "asm", "linux", "net", "netinet", "x86_64-linux-gnu",
}  # fmt: skip


def needed_package(language: str, source: str, status: str) -> str | None:
    """The first package that a program which did not pass imports, and the sandbox has not; None where there is none.

    Args:
        status: how it failed, as the verifier says.
    """
    if status not in STATUSES.get(language, ()) or len(source) > MOST:
        return None
    found = {"python": _of_python, "cpp": _of_cpp, "javascript": _of_javascript, "rust": _of_rust}[language](source)
    there = {package.name for package in PACKAGES if package.language == language}
    return next((name for name in found if name not in there), None)


def _of_python(source: str) -> Iterator[str]:
    """What it cannot do without: an import in a ``try`` may fail."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            root = name.partition(".")[0]
            if root not in sys.stdlib_module_names:
                yield root
        if not isinstance(node, ast.Try):
            nodes += reversed(list(ast.iter_child_nodes(node)))


def _of_cpp(source: str) -> Iterator[str]:
    for name in _include.findall(without_comments(source)):
        folder, slash, _ = name.strip().partition("/")
        if slash:
            if folder not in _FOLDERS:
                yield folder if folder in {one.name for one in PACKAGES} else name.strip()
        elif folder.endswith(".h"):
            if folder.removesuffix(".h") not in _OF_C | _OF_UNIX:
                yield folder
        elif folder not in _OF_CPP and folder.removeprefix("c") not in _OF_C:
            yield folder


def _of_javascript(source: str) -> Iterator[str]:
    for required, imported in _required.findall(without_comments(source)):
        name = (required or imported).removeprefix("node:")
        if not name.startswith((".", "/")) and name.partition("/")[0] not in _OF_NODE:
            yield name


def _of_rust(source: str) -> Iterator[str]:
    code = without_comments(source)
    own = set(_module.findall(code)) | _OF_RUST
    own |= {name for names in _imported.findall(code) for name in re.findall(r"\w+", names)}  # then `use io::Read`
    for name in _used.findall(code):
        if name not in own and not name[0].isupper():
            yield name
