"""Languages of source files: what their fences are called, and what in them is comment or string.

What is known of a language lets rules decide what a judge should not have to. Of a language that is not listed nothing
is known, and the judge decides everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import Literal

Kind = Literal["code", "string", "comment"]


@dataclass(frozen=True)
class SourceLanguage:
    """A language, as far as it is known."""

    name: str
    """As tasks say it, in lower case."""
    labels: tuple[str, ...] = ()
    """Other names, also of its fences."""
    suffixes: tuple[str, ...] = ()
    """Of its files, ``.py``; or names of files, ``makefile``."""
    comments: str = ""
    """A pattern of comments; empty if they are not known."""
    strings: str = ""
    """A pattern of strings, characters and all else in which signs of comments and brackets mean nothing."""
    line_comments: tuple[str, ...] = ()
    """How a line begins that is nothing but comment."""
    brackets: bool = False
    """Comments and strings are found exactly, so that brackets must pair."""
    free_layout: bool = False
    """Line breaks and indentation between words mean (nearly) nothing."""
    unsure: str = ""
    """A pattern of what comments and strings are not told apart in; a text that has it counts as unknown."""

    @property
    def nested_fences(self) -> bool:
        """Its files hold fenced blocks themselves."""
        return self.name in _MARKDOWN

    @cached_property
    def _token(self) -> re.Pattern[str]:
        strings = self.strings or r"(?!)"
        return re.compile(f"(?P<comment>{self.comments})|(?P<string>{strings})", re.DOTALL | re.MULTILINE)

    def tells_comments(self, text: str) -> bool:
        """Whether the comments of ``text`` can be found."""
        return bool(self.comments) and not (self.unsure and re.search(self.unsure, text, re.MULTILINE))

    def pieces(self, text: str) -> Iterator[tuple[Kind, str]]:
        """``text`` in pieces that are code, string or comment; all code if comments are not known."""
        position = 0
        if self.comments:
            for found in self._token.finditer(text):
                if found.start() > position:
                    yield "code", text[position : found.start()]
                yield ("comment" if found.lastgroup == "comment" else "string"), found[0]
                position = found.end()
        if position < len(text):
            yield "code", text[position:]

    def without_comments(self, text: str) -> str:
        """``text`` with a space for every comment."""
        return "".join(" " if kind == "comment" else piece for kind, piece in self.pieces(text))


# What is not closed reaches to the end of its line, or of the text: a search that fails would begin again at each sign.
_SLASHES = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_LINE_END = r"(?=\n)|\\?\Z"
_DOUBLE = rf'"(?:\\.|[^"\\\n])*+(?:"|{_LINE_END})'
_SINGLE = rf"'(?:\\.|[^'\\\n])*+(?:'|{_LINE_END})"
_LONG_DOUBLE = r'"(?:\\.|[^"\\])*+(?:"|\\?\Z)'
_LONG_SINGLE = r"'(?:\\.|[^'\\])*+(?:'|\\?\Z)"
_TRIPLE = r'"""(?:\\.|(?!""").)*+(?:"""|\\?\Z)'
_TRIPLE_SINGLE = _TRIPLE.replace('"', "'")
_CHAR = r"'(?:\\[^\n]{1,9}?|[^'\\\n])'"
_BACKTICKS = r"`(?:\\.|[^`\\])*+(?:`|\\?\Z)"
_REGEX = (
    r"(?<=[(,=:\[!&|?{};\s])/(?![/*\s])(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n]){0,80}+\]|[^/\\\[\n]){1,160}+/(?=[a-z.,;)\s])"
)
_NESTED = r"(?s:/\*(?:(?!\*/).)*?/\*)"  # comments within comments, which end sooner here than there
_DIRECTIVE = r"^[ \t]*#[ \t]*(?:error|warning)\b[^\n]*"  # words, quotes and all
_brace_language = partial(SourceLanguage, comments=_SLASHES, line_comments=("//", "/*", "*"), free_layout=True)
_script = partial(
    _brace_language,
    comments=_SLASHES.replace("//", "(?<!:)//", 1),  # not in the text between tags, which may hold addresses
    strings=f"{_DOUBLE}|{_SINGLE}|{_BACKTICKS}|{_REGEX}",
    # the text between tags, and comments that tools read: types, names of functions, references
    unsure=r">(?>[^<>{}\n]*?//)[^<>\n]*+</|/\*::?|@(?:flow|jsx|ts-)|///[ \t]*<",
)
_HASH = r"(?!\A#!)(?:(?<=\s)|^)#[^\n]*"

LANGUAGES = (
    SourceLanguage(
        "python",
        ("py", "python3"),
        (".py", ".pyi"),
        comments=r"#[^\n]*",
        strings=f"{_TRIPLE}|{_TRIPLE_SINGLE}|{_DOUBLE}|{_SINGLE}",
        line_comments=("#",),
    ),
    _script("javascript", ("js", "node", "jsx", "mjs"), (".js", ".jsx", ".mjs", ".cjs")),
    _script("typescript", ("ts", "tsx"), (".ts", ".tsx", ".mts", ".cts")),
    _brace_language(
        "rust",
        ("rs",),
        (".rs",),
        strings=rf'\b[bc]?r(?P<hashes>#*)".*?(?:"(?P=hashes)|\Z)|{_LONG_DOUBLE}|{_CHAR}',
        brackets=True,
        unsure=_NESTED,
    ),
    _brace_language(
        "go",
        ("golang",),
        (".go",),
        strings=rf"{_DOUBLE}|`[^`]*`|{_CHAR}",
        brackets=True,
        unsure=r'^//(?:go:|export\b|[ \t]*\+build\b)|^import[ \t]+"C"',
    ),
    _brace_language("java", (), (".java",), strings=rf"{_TRIPLE}|{_DOUBLE}|{_CHAR}", brackets=True),
    _brace_language(
        "cpp",
        ("c++", "cc", "cxx", "hpp"),
        (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"),
        strings=rf'R"(?P<raw>[^(\s]{{0,16}})\(.*?(?:\)(?P=raw)"|\Z)|\b\d[\w.]*(?:\'\w+)+|{_DOUBLE}|{_CHAR}|{_DIRECTIVE}',
        brackets=True,
    ),
    _brace_language("c", ("h",), (".c", ".h"), strings=rf"{_DOUBLE}|{_CHAR}|{_DIRECTIVE}", brackets=True),
    _brace_language(
        "csharp", ("c#", "cs"), (".cs",), strings=rf'@"(?:""|[^"])*+(?:"|\Z)|{_DOUBLE}|{_CHAR}', unsure='"""|\\$'
    ),
    _brace_language("kotlin", ("kt",), (".kt", ".kts"), strings=rf'""".*?(?:"""|\Z)|{_DOUBLE}|{_CHAR}', unsure=_NESTED),
    _brace_language("swift", (), (".swift",), strings=f"{_TRIPLE}|{_DOUBLE}", unsure=rf'#"|{_NESTED}'),
    _brace_language("php", (), (".php",), strings=f"{_LONG_DOUBLE}|{_LONG_SINGLE}", unsure=r"<<<|\?>|#|\*[ \t]*@[A-Z]"),
    SourceLanguage(
        "css",
        ("scss", "less"),
        (".css", ".scss", ".less"),
        comments=r"/\*.*?(?:\*/|\Z)",
        strings=f"{_DOUBLE}|{_SINGLE}",
        line_comments=("/*", "*"),
        free_layout=True,
        unsure="//",
    ),
    SourceLanguage(
        "shell",
        ("sh", "bash", "zsh", "console"),
        (".sh", ".bash", ".zsh"),
        comments=_HASH,
        strings=rf"\\.|{_LONG_DOUBLE}|'[^']*(?:'|\Z)",
        line_comments=("#",),
        unsure=r"<<|\$'",
    ),
    SourceLanguage(
        "ruby",
        ("rb",),
        (".rb", ".rake", "gemfile", "rakefile"),
        comments=_HASH,
        strings=f"{_DOUBLE}|{_SINGLE}",
        line_comments=("#",),
        unsure="<<|%[a-zA-Z(\\[{]|(?m:^=begin)|/[^/\n\"'#]*[\"'#][^\n]*/",
    ),
    SourceLanguage(
        "sql",
        (),
        (".sql",),
        comments=r"--[^\n]*|/\*.*?(?:\*/|\Z)",
        strings=r"'(?:''|[^'])*+(?:'|\Z)|\"[^\"]*(?:\"|\Z)",
        line_comments=("--", "/*", "*"),
        free_layout=True,
        unsure=r"\$\w*\$|\\'|/\*[!+]|--\+",
    ),
    SourceLanguage("yaml", ("yml",), (".yaml", ".yml"), line_comments=("#",)),
    SourceLanguage("toml", (), (".toml",), line_comments=("#",)),
    SourceLanguage("json", (), (".json",)),
    SourceLanguage(
        "makefile", ("make", "mk"), ("makefile", "gnumakefile", ".mk"), comments=r"^ *#[^\n]*", line_comments=("#",)
    ),
    SourceLanguage(
        "dockerfile", ("docker",), ("dockerfile",), comments=r"^ *#[^\n]*", line_comments=("#",), unsure="<<"
    ),
    SourceLanguage("markdown", ("md",), (".md", ".markdown")),
    SourceLanguage(
        "html",
        ("htm", "xml", "vue", "svg"),
        (".html", ".htm", ".xml", ".svg"),
        comments=r"<!--.*?(?:-->|\Z)",
        unsure=r"(?i:<(?:style|script)\b[^>]{0,300}>\s{0,100}<!--|<!--\[if)",  # hidden from the oldest browsers only
    ),
)
_MARKDOWN = frozenset(("markdown", "mdx", "rmarkdown", "quarto", "asciidoc", "livebook"))
_BY_NAME = {name: language for language in LANGUAGES for name in (language.name, *language.labels)}
_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}
_OTHER_LABELS = {  # of languages of which no more is known, where neither name nor suffix is what people write
    "batchfile": ("bat", "batch", "cmd"), "common lisp": ("lisp",), "emacs lisp": ("elisp", "lisp"), "f#": ("fsharp",),
    "objective-c": ("objc", "obj-c"), "objective-c++": ("objcpp", "objc++"), "plpgsql": ("sql", "pgsql"),
    "powershell": ("pwsh",), "protocol buffer": ("proto", "protobuf"), "restructuredtext": ("rst",),
    "unity3d asset": ("yaml",), "vim script": ("vim",), "viml": ("vim",), "visual basic": ("vb",),
}  # fmt: skip
_SEVERAL = re.compile(r"\+(?=\w)| with ")


def language_of(name: str, path: str) -> SourceLanguage:
    """The language that a task names, or if it names none, that of the file's name. Unknown ones keep their name and no
    more: ``x.h`` in Objective-C is not C, nor is ``x.json`` in JSON with Comments JSON."""
    name, file = name.strip().lower(), PurePosixPath(path.lower())
    found = _BY_NAME.get(name) if name else _BY_SUFFIX.get(file.suffix) or _BY_SUFFIX.get(file.name)
    return found or SourceLanguage(name or file.suffix.lstrip(".") or "text", (file.suffix.lstrip("."),))


def fence_labels(language: SourceLanguage, path: str) -> frozenset[str]:
    """What the fence of a whole file may be called besides what the prompt asks for: its language, the first of several
    (``html+django``, ``json with comments``), its suffix, or its path."""
    suffixes = (suffix.lstrip(".") for suffix in language.suffixes)
    file = PurePosixPath(path.lower())
    first = _SEVERAL.split(language.name)[0]
    name = language.name.replace(" ", "-")  # as prompts have it: `emacs-lisp`
    others = (*language.labels, *suffixes, *_OTHER_LABELS.get(language.name, ()))
    return frozenset({name, first, *others, str(file), file.name} - {"", "."})
