"""Published programs for versions and machines that the sandbox is not: Python 2, C++ before 1998 or for Windows.

Such a program is not a gold that fails: nothing is known of it. Rows seldom say which version a program is in, so it is
looked for in programs that did not pass, by what only that version has. A program that Python 3 runs to its end, and
that would have given something else under Python 2 (``/`` of whole numbers), cannot be told from one that differs.
"""

from __future__ import annotations

import ast
import re
import warnings

PYTHON_2, WINDOWS, OLD_CPP = "python2", "cpp_windows", "cpp_old"
MOST = 200_000
"""Characters of a program that is looked at."""
_NAMES = frozenset({"raw_input", "xrange", "unicode", "long", "unichr", "basestring", "cmp", "reduce", "execfile"})
_MODULES = frozenset({"Queue", "cStringIO", "StringIO", "urllib2", "urlparse", "ConfigParser", "cPickle", "sets"})
_MEMBERS = {
    "itertools": frozenset({"imap", "izip", "ifilter", "izip_longest"}),
    "string": frozenset({"maketrans", "letters", "lowercase", "uppercase", "join", "split", "atoi", "replace"}),
    "sys": frozenset({"maxint"}),
}
"""Module → what it has no more."""
_METHODS = frozenset({"has_key", "iteritems", "itervalues", "iterkeys"})
_END = r"(?=\n)|\\?\Z"  # an unclosed literal ends with its line, so that no sign is looked at twice
_literal = re.compile(
    rf"""(\"\"\"|\'\'\')(?:\\.|(?!\1).)*(?:\1|\Z)|"(?:\\.|[^"\\\n])*(?:"|{_END})|'(?:\\.|[^'\\\n])*(?:'|{_END})|\#[^\n]*""",
    re.DOTALL,
)
_comment_or_literal = re.compile(
    rf"""//[^\n]*|/\*.*?(?:\*/|\Z)|("(?:\\.|[^"\\\n])*(?:"|{_END})|'(?:\\.|[^'\\\n])*(?:'|{_END}))""", re.DOTALL
)
_statement = re.compile(
    r"""(?<![\w.])(?:
        print[ \t]*(?:>>|["`]|(?<=[ \t])(?!(?:if|for|in|is|and|or|else)\b)[\w~+-])  # print x
        | exec[ \t]*(?:"|(?<=[ \t])\w)
        | (?:raise|except)[ \t]+[\w.]+[ \t]*,[^:\n)]  # except E, e:
        | 0[0-7]+(?![\w.])
        | (?:0[xX][0-9a-fA-F]+|[0-9]+)[lL]\b
        | [uU][rR]"
    )|<>|`[^`\n]+`""",
    re.VERBOSE,
)
"""Syntax of Python 2, in code whose literals and comments are blanked."""
_other_machine = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"](?:windows|conio|direct|tchar|dos)\.h|\b__int64\b", re.M)
_before_standards = re.compile(
    r"^[ \t]*#[ \t]*include[ \t]*[<\"](?:iostream|fstream|iomanip|vector|map|set|algo|queue|stack)\.h[>\"]"
    r"|^[ \t]*void[ \t]+main[ \t]*\(|\bgets[ \t]*\(",
    re.MULTILINE,
)
"""What compilers took before C++98; and ``gets``, which C++14 has no more."""
_other_format = re.compile(r"%[0-9.+-]*I64[diuxX]")


def other_version(language: str, source: str, status: str) -> str | None:
    """For what a program that did not pass was written, where the sandbox does not run that; else None.

    Args:
        status: how it failed, as the verifier says.
    """
    if len(source) > MOST:
        return None
    if language == "python" and status in ("runtime_error", "compile_error"):
        return PYTHON_2 if _is_python_2(source) else None
    if language != "cpp":
        return None
    source = without_comments(source)
    if status == "compile_error" and _before_standards.search(source):
        return OLD_CPP
    if _other_format.search(source) or (status == "compile_error" and _other_machine.search(source)):
        return WINDOWS
    return None


def without_comments(source: str) -> str:
    """A program in C++, or with comments like its."""
    return _comment_or_literal.sub(lambda found: found[1] or " ", source)


def without_literals(source: str) -> str:
    """A program in Python, literals empty and comments as well."""
    return _literal.sub('""', source)


def _is_python_2(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except TabError:
        return True
    except (SyntaxError, ValueError):
        return _statement.search(without_literals(source)) is not None
    except (RecursionError, MemoryError):
        return False
    return _has_names_of_python_2(tree)


def _has_names_of_python_2(tree: ast.Module) -> bool:
    """Whether it uses names that only Python 2 has, and neither binds them itself nor is ready to do without them."""
    used, bound = set[str](), set[str]()
    modules: dict[str, str] = {}
    members = set[tuple[str, str]]()
    gone = False
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.Import(names=names):
                modules |= {one.asname or one.name: one.name for one in names}
            case ast.ImportFrom(module=module, names=names):
                bound |= {one.asname or one.name for one in names}
                gone = gone or module in _MODULES or any(one.name in _MEMBERS.get(module or "", ()) for one in names)
            case ast.Attribute(value=ast.Name(id="sys"), attr="version_info" | "version" | "hexversion"):
                return False
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                members.add((name, attr))
            case ast.Attribute(attr=attr):
                members.add(("", attr))
            case ast.BinOp(left=ast.Name(id="print"), op=ast.RShift()):
                gone = True
            case ast.Try(body=body) if any(_names_in(one) & (_NAMES | _MODULES) for one in body):
                return False
            case _:
                pass
    gone = gone or bool(_MODULES & set(modules.values()))
    gone = gone or any(attr in _MEMBERS.get(modules.get(name, ""), ()) and name not in bound for name, attr in members)
    gone = gone or any(attr in _METHODS - bound for _, attr in members)
    return gone or bool(used & (_NAMES - bound))


def _names_in(node: ast.stmt) -> set[str]:
    """The names in one statement of a ``try``; of a compound one, none: what it does is more than to look for them."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {one.name for one in node.names} | {str(getattr(node, "module", ""))}
    if isinstance(node, (ast.Assign, ast.Expr)):
        return {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name) and node.value is one}
    return set()
