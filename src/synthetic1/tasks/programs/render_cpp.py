"""Programs as C++17 source. The only file that knows C++'s syntax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from synthetic1.tasks.programs.braces import (
    ARITHMETIC,
    OPERATORS,
    Precedence,
    Rendered,
    Renderer,
    changes,
    is_character,
    joined,
    quoted,
    quoted_character,
)
from synthetic1.tasks.programs.program import (
    Apply,
    Assign,
    Expr,
    Extend,
    ForEach,
    ForRange,
    Function,
    If,
    Let,
    Lit,
    Return,
    SourceProgram,
    Stmt,
    Type,
    Var,
    While,
)

# {0} wants a std::string or a number, {0:any} what converts to one, {0:char} a char, {0:pattern} a char or a string
TEMPLATES: dict[str, str] = {
    **ARITHMETIC,
    "reverse": "reversed({0:any})",
    "upper": "upper({0:any})",
    "lower": "lower({0:any})",
    "swapcase": "swap_case({0:any})",
    "capitalize": "capitalize({0:any})",
    "evens": "every_second({0:any}, 0)",
    "odds": "every_second({0:any}, 1)",
    "sort": "sorted({0:any})",
    "sort_down": "sorted_down({0:any})",
    "unique": "distinct({0:any})",
    "double_each": "double_each({0:any})",
    "mirror": "{0} + reversed({0:any})",
    "swap_halves": "{0}.substr({0}.size() / 2) + {0}.substr(0, {0}.size() / 2)",
    "drop_first": "drop_first({0:any}, {1:any})",
    "drop_last": "drop_last({0:any}, {1:any})",
    "take_first": "{0}.substr(0, {1:any})",
    "take_last": "take_last({0:any}, {1:any})",
    "rotate_left": "rotate_left({0:any}, {1:any})",
    "rotate_right": "rotate_right({0:any}, {1:any})",
    "repeat": "repeat({0:any}, {1:any})",
    "pad_left": "pad_left({0:any}, {1:any}, {2:char})",
    "pad_right": "pad_right({0:any}, {1:any}, {2:char})",
    "shift": "char(({0:char} - 'a' + {1:product}) % 26 + 'a')",
    "replace": "replace_all({0:any}, {1:any}, {2:any})",
    "remove": 'replace_all({0:any}, {1:any}, "")',
    "drop_chars": "drop_chars({0:any}, {1:any})",
    "keep_chars": "keep_chars({0:any}, {1:any})",
    "strip": "strip({0:any}, {1:any})",
    "spread": "spread({0:any}, {1:any})",
    "join": "join({0:any}, {1:any})",
    "number": "std::to_string({0:any})",
    "length": "{0}.size()",
    "count": "count({0:any}, {1:any})",
    "word_count": "{0}.size()",
    "equal": "{0:sum} == {1:sum}",
    "divides": "{1:product} % {0} == 0",
    "same": "{0} == {1:any}",
    "before": "{0} < {1:any}",
    "contains": "{0}.find({1:pattern}) != std::string::npos",
    "starts": "starts_with({0:any}, {1:any})",
    "ends": "ends_with({0:any}, {1:any})",
    "is_upper": "std::isupper({0:char})",
    "is_lower": "std::islower({0:char})",
    "is_digit": "std::isdigit({0:char})",
    "is_letter": "std::isalpha({0:char})",
    "no_words": "std::vector<std::string>{{}}",
    "split": "split({0:any})",
    "words_reversed": "reversed_words({0:any})",
    "words_sorted": "sorted_words({0:any})",
}
LEVELS = {
    **OPERATORS,
    **dict.fromkeys(("mirror", "swap_halves"), Precedence.ADD),
    "contains": Precedence.COMPARE,
}

# Where the text is a char, as in loops over characters; these give a char or a bool.
ON_CHARACTERS = {
    "upper": "char(std::toupper({0:char}))",
    "lower": "char(std::tolower({0:char}))",
    "swapcase": "swap_char_case({0:char})",
    "same": "{0:char} == {1:char}",
    "before": "{0:char} < {1:char}",
}
# Where what is searched for is one character.
ONE_CHARACTER = {
    "replace": "replaced({0:any}, {1:char}, {2:char})",
    "remove": "removed({0:any}, {1:char})",
    "count": "std::count({0}.begin(), {0}.end(), {1:char})",
}

HELPERS = {
    "reversed": """\
std::string reversed(std::string s) {
    std::reverse(s.begin(), s.end());
    return s;
}""",
    "upper": """\
std::string upper(std::string s) {
    for (char& ch : s) ch = std::toupper(ch);
    return s;
}""",
    "lower": """\
std::string lower(std::string s) {
    for (char& ch : s) ch = std::tolower(ch);
    return s;
}""",
    "swap_case": """\
std::string swap_case(std::string s) {
    for (char& ch : s) ch = std::isupper(ch) ? std::tolower(ch) : std::toupper(ch);
    return s;
}""",
    "swap_char_case": """\
char swap_char_case(char ch) {
    return std::isupper(ch) ? std::tolower(ch) : std::toupper(ch);
}""",
    "capitalize": """\
std::string capitalize(std::string s) {
    for (char& ch : s) ch = std::tolower(ch);
    if (!s.empty()) s[0] = std::toupper(s[0]);
    return s;
}""",
    "every_second": """\
std::string every_second(const std::string& s, size_t start) {
    std::string out;
    for (size_t k = start; k < s.size(); k += 2) out += s[k];
    return out;
}""",
    "sorted": """\
std::string sorted(std::string s) {
    std::sort(s.begin(), s.end());
    return s;
}""",
    "sorted_down": """\
std::string sorted_down(std::string s) {
    std::sort(s.rbegin(), s.rend());
    return s;
}""",
    "distinct": """\
std::string distinct(const std::string& s) {
    std::string out;
    for (char ch : s) {
        if (out.find(ch) == std::string::npos) out += ch;
    }
    return out;
}""",
    "double_each": """\
std::string double_each(const std::string& s) {
    std::string out;
    for (char ch : s) out.append(2, ch);
    return out;
}""",
    "drop_first": """\
std::string drop_first(const std::string& s, size_t k) {
    return k < s.size() ? s.substr(k) : "";
}""",
    "drop_last": """\
std::string drop_last(const std::string& s, size_t k) {
    return k < s.size() ? s.substr(0, s.size() - k) : "";
}""",
    "take_last": """\
std::string take_last(const std::string& s, size_t k) {
    return k < s.size() ? s.substr(s.size() - k) : s;
}""",
    "rotate_left": """\
std::string rotate_left(std::string s, size_t k) {
    std::rotate(s.begin(), s.begin() + std::min(k, s.size()), s.end());
    return s;
}""",
    "rotate_right": """\
std::string rotate_right(std::string s, size_t k) {
    std::rotate(s.begin(), s.end() - std::min(k, s.size()), s.end());
    return s;
}""",
    "repeat": """\
std::string repeat(const std::string& s, size_t times) {
    std::string out;
    for (size_t k = 0; k < times; ++k) out += s;
    return out;
}""",
    "pad_left": """\
std::string pad_left(const std::string& s, size_t width, char fill) {
    return s.size() < width ? std::string(width - s.size(), fill) + s : s;
}""",
    "pad_right": """\
std::string pad_right(const std::string& s, size_t width, char fill) {
    return s.size() < width ? s + std::string(width - s.size(), fill) : s;
}""",
    "replaced": """\
std::string replaced(std::string s, char from, char to) {
    std::replace(s.begin(), s.end(), from, to);
    return s;
}""",
    "removed": """\
std::string removed(std::string s, char letter) {
    s.erase(std::remove(s.begin(), s.end(), letter), s.end());
    return s;
}""",
    "replace_all": """\
std::string replace_all(std::string s, const std::string& from, const std::string& to) {
    for (size_t at = s.find(from); at != std::string::npos; at = s.find(from, at + to.size())) {
        s.replace(at, from.size(), to);
    }
    return s;
}""",
    "count": """\
size_t count(const std::string& s, const std::string& sub) {
    size_t found = 0;
    for (size_t at = s.find(sub); at != std::string::npos; at = s.find(sub, at + sub.size())) ++found;
    return found;
}""",
    "drop_chars": """\
std::string drop_chars(const std::string& s, const std::string& chars) {
    std::string out;
    for (char ch : s) {
        if (chars.find(ch) == std::string::npos) out += ch;
    }
    return out;
}""",
    "keep_chars": """\
std::string keep_chars(const std::string& s, const std::string& chars) {
    std::string out;
    for (char ch : s) {
        if (chars.find(ch) != std::string::npos) out += ch;
    }
    return out;
}""",
    "strip": """\
std::string strip(const std::string& s, const std::string& chars) {
    size_t first = s.find_first_not_of(chars);
    if (first == std::string::npos) return "";
    return s.substr(first, s.find_last_not_of(chars) - first + 1);
}""",
    "spread": """\
std::string spread(const std::string& s, const std::string& separator) {
    std::string out;
    for (size_t k = 0; k < s.size(); ++k) {
        if (k > 0) out += separator;
        out += s[k];
    }
    return out;
}""",
    "starts_with": """\
bool starts_with(const std::string& s, const std::string& prefix) {
    return s.compare(0, prefix.size(), prefix) == 0;
}""",
    "ends_with": """\
bool ends_with(const std::string& s, const std::string& suffix) {
    return s.size() >= suffix.size() && s.compare(s.size() - suffix.size(), suffix.size(), suffix) == 0;
}""",
    "split": """\
std::vector<std::string> split(const std::string& s) {
    std::istringstream in(s);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}""",
    "join": """\
std::string join(const std::vector<std::string>& words, const std::string& separator) {
    std::string out;
    for (size_t k = 0; k < words.size(); ++k) {
        if (k > 0) out += separator;
        out += words[k];
    }
    return out;
}""",
    "reversed_words": """\
std::vector<std::string> reversed_words(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());
    return words;
}""",
    "sorted_words": """\
std::vector<std::string> sorted_words(std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    return words;
}""",
}
TYPES = {Type.TEXT: "std::string", Type.INT: "int", Type.BOOL: "bool", Type.WORDS: "std::vector<std::string>"}
HEADERS = {  # header: a name from it, as it shows that the header is needed
    "algorithm": ("std::reverse", "std::sort", "std::rotate", "std::replace", "std::remove", "std::count", "std::min"),
    "cctype": ("std::isupper", "std::islower", "std::isdigit", "std::isalpha", "std::toupper", "std::tolower"),
    "sstream": ("std::istringstream",),
    "string": ("std::string",),
    "vector": ("std::vector",),
}


class Cpp(Renderer):
    """Kinds of texts: ``char``, ``literal`` (a ``const char*``), and a ``std::string`` otherwise."""

    HELPERS: ClassVar = HELPERS

    def expr(self, node: Expr) -> Rendered:
        if isinstance(node, Var):
            return Rendered(node.name, kind="char" if node.name in self.characters else "")
        if isinstance(node, Lit):
            return Rendered(quoted(node.value), kind="literal" if node.type is Type.TEXT else "")
        if not isinstance(node, Apply):
            return Rendered(f"{node.function}({', '.join(self.place(arg, 'any') for arg in node.args)})")
        if node.op == "concat":
            return self.concat(joined(node))
        level = LEVELS.get(node.op, Precedence.POSTFIX)
        texts = [arg for arg in node.args if arg.type is Type.TEXT]
        if node.op == "repeat" and self.is_char(texts[0]):
            return Rendered(self.fill("std::string({1:any}, {0:char})", node.args))
        if node.op in ON_CHARACTERS and any(map(self.is_char, texts)) and all(map(self.fits_char, texts)):
            return Rendered(self.fill(ON_CHARACTERS[node.op], node.args), level, "" if len(texts) > 1 else "char")
        one = node.op in ONE_CHARACTER and all(map(self.fits_char, texts[1:]))
        if one and (node.op != "count" or (isinstance(texts[0], Var) and not self.is_char(texts[0]))):
            return Rendered(self.fill(ONE_CHARACTER[node.op], node.args))
        return Rendered(self.fill(TEMPLATES[node.op], node.args), level, "char" if node.op == "shift" else "")

    def concat(self, parts: list[Expr]) -> Rendered:
        if all(map(self.fits_char, parts)):
            return Rendered(f"std::string{{{', '.join(self.place(part, 'char') for part in parts)}}}")
        codes = [self.expr(part) for part in parts]
        texts = [code.at(Precedence.ADD) for code in codes]
        if codes[0].kind and codes[1].kind:  # of the first two, one must be a std::string, or `+` adds to a pointer
            texts[0] = self.place(parts[0], "")
        return Rendered(" + ".join(texts), Precedence.ADD)

    def is_char(self, node: Expr) -> bool:
        return node.type is Type.TEXT and not isinstance(node, Lit) and self.expr(node).kind == "char"

    def fits_char(self, node: Expr) -> bool:
        return is_character(node) or self.is_char(node)

    def place(self, node: Expr, place: str) -> str:
        if place == "pattern":
            place = "char" if self.fits_char(node) else "any"
        if place == "char" and is_character(node):
            assert isinstance(node, Lit)
            return quoted_character(str(node.value))
        code = self.expr(node)
        if place == "char":
            return code.text if code.kind == "char" else f"{self.place(node, '')}[0]"
        if code.kind == "char":
            return f"std::string(1, {code.text})"
        if code.kind == "literal" and place != "any":
            return f"std::string({code.text})"
        return super().place(node, place)

    def head(self, function: Function) -> str:
        params = ", ".join(f"{TYPES[p.type]} {p.name}" for p in function.params)
        return f"{TYPES[function.result]} {function.name}({params})"

    def statement(self, node: Stmt) -> str:
        match node:
            case Let(var, Lit("") | Apply("no_words")):
                return f"{TYPES[var.type]} {var.name};"
            case Let(var, value):
                return f"{TYPES[var.type]} {var.name} = {self.place(value, 'any')};"
            case Assign(var, value):
                return f"{var.name} = {self.place(value, 'any')};"
            case Extend(var, value) if var.type is Type.WORDS:
                return f"{var.name}.push_back({self.place(value, 'any')});"
            case Extend(var, value):
                return f"{var.name} += {self.expr(value).text};"
            case Return(value):
                return f"return {self.place(value, 'any')};"
            case If(condition):
                return f"if ({self.expr(condition).text})"
            case While(condition):
                return f"while ({self.expr(condition).text})"
            case ForEach(var, over, body):
                kind = "char" if var.name in self.characters else "const std::string&"
                if kind != "char" and var.name in self.assigned:
                    kind = "std::string"
                text = self.place(over, "" if isinstance(over, Lit) else "any")
                if isinstance(over, Var) and changes(body, over.name):  # what is looped over is fixed at entry
                    text = f"{TYPES[over.type]}({text})"
                return f"for ({kind} {var.name} : {text})"
            case ForRange(var, count):
                start, end = f"int {var.name} = 0", self.expr(count).text
                if not isinstance(count, Lit):  # counted once, before the first round
                    start, end = f"{start}, end = {end}", "end"
                return f"for ({start}; {var.name} < {end}; ++{var.name})"


def render(program: SourceProgram) -> str:
    """The whole program; ``program.main`` is the function to call. No trailing newline."""
    source = Cpp(program).source()
    includes = [f"#include <{header}>" for header, names in HEADERS.items() if any(name in source for name in names)]
    return "\n".join([*includes, "", source])


def render_statement(program: SourceProgram, node: Stmt) -> str:
    """One statement of the program, or the head of one that holds a block."""
    return Cpp(program).statement(node)


def render_unit(runs: Sequence[tuple[SourceProgram, str]]) -> str:
    """A file that prints what each program gives for its input, as JSON, a line each."""
    scopes = [f"namespace p{k} {{\n{Cpp(program).source()}\n}}" for k, (program, _) in enumerate(runs)]
    # what is quoted by std::quoted is JSON, as printable ASCII goes
    prints = [
        f"    std::cout << std::quoted(p{k}::transform({quoted(text)})) << '\\n';" for k, (_, text) in enumerate(runs)
    ]
    return "\n".join(["#include <bits/stdc++.h>", *scopes, "int main() {", *prints, "}", ""])
