"""Quoting: how text of strangers is shown to a judge, so that it stays text.

A quoted block stands between lines that bear a code. The code is a hash of what is quoted: the same pair is shown alike
on every machine and every day, so replies can be cached and verdicts repeated, and yet no candidate can hold its code,
for it would have to hold a hash of itself (and, for the blocks before it, of a reference it never saw). A secret of
the installation would add nothing but verdicts that differ from one machine to the next.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from synthetic1.keys import canonical_json

CODE_BYTES = 8
BAR = "====="
_PLACE = re.compile(r"\{(\w+)\}")
_JOINERS = "\u200c\u200d"  # Persian and emoji need them
_LOOSE_JOINERS = re.compile(rf"(?<![^\x00-\x7f])[{_JOINERS}]++|[{_JOINERS}]++(?![^\x00-\x7f])")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters of other categories than ``Cf`` that show nothing: texts for models alone are hidden in them."""
_ALIKE = str.maketrans(
    {
        alike: plain
        for plain, others in {
            "<": "‹〈⟨❮❰ᐸ˂◁",
            ">": "›〉⟩❯❱ᐳ˃▷",
            "[": "【〔⟦",
            "]": "】〕⟧",
            "|": "¦∣│┃ǀ❘⎮",
            "_": "▁",
            "=": "꞊⹀゠═᐀〓≡",
        }.items()
        for alike in others
    }
)
"""What a reader takes for the plain one, beyond what compatibility (NFKC) says."""
_MARGIN = r"""(?:[ \t>|+\-*_~"'.]|[^\w\x00-\x7f])*+"""
_LOOKALIKE = re.compile(rf"^[ \t>|+\-]*+(?=(?:{_MARGIN}=){{3}})", re.MULTILINE)
_WORDS = (
    "s|bos|eos|eod|eop|sop|eot|eom|pad|unk|cls|sep|mask|think(?:ing)?|thought|reasoning|system|user|assistant|human|"
    "model|developer|tools?|functions?|observation|turn|image|video|audio"
)
_CONTROL = re.compile(
    r"[<\[\]](?:"  # a set to begin with makes the search ten times as fast
    r"(?<=[<\[])(?=\|)"  # <|im_end|>, <｜User｜>, [|assistant|]
    r"|(?<=<)(?=(?=[^<>\s]{0,64}[_:=|])[\w:=./|-]{2,64}\s?>)"  # <start_of_turn>, <seed:bos>, <channel|>
    r"|(?<=<)(?=<?/?[A-Z]{3,40}>|/?[A-Za-z]{2,40}\d{1,8}>|0x[0-9A-F]{2}>)"  # <<SYS>>, <unused12>, <0x0A>
    rf"|(?<=<)(?=/?(?i:{_WORDS})\s?/?>)"
    r"|(?<=\[)(?=/?(?:[a-z]?[A-Z][A-Z_]{2,40}|(?i:inst)|unused\d{1,8})\])"  # [INST], [/TOOL_CALLS], [gMASK]
    r"|(?<=[\[\]])(?=[a-z!]{0,2}~[a-z!]{0,2}[\[\]])"  # ]~b], [e~[
    r")"
)
"""By their shape, what chat templates make control tokens of wherever it stands. A space after the first character is
enough: then it is not a token. In code, which is full of ``<Name>``, single words go by a list; elsewhere all of them
are split that are not elements of HTML."""
_BEGINS = frozenset("<[]=")
_TAG = re.compile(r"<(?=/?([A-Za-z][A-Za-z0-9]{0,40})\s?/?>)")
_HTML = frozenset(
    re.findall(
        r"\w+",
        """a abbr address area article aside b base bdi bdo blockquote body br button canvas caption center cite code
        col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font
        footer form frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main
        map mark menu meta meter nav noscript object ol optgroup option p param picture pre progress q rp rt ruby
        samp script search section select slot small source span strike strong style sub summary sup svg table tbody
        td template textarea tfoot th thead time title tr track tt u ul var wbr""",
    )
)


def fill(template: str, values: Mapping[str, str]) -> str:
    """``template`` with every ``{name}`` replaced, in one pass: a ``{name}`` within a value stays what it is.

    Raises:
        KeyError: the template names a value that is not there.
    """
    return _PLACE.sub(lambda place: values[place[1]], template)


def clean(text: str, *, exact: bool = False) -> str:
    """``text`` as a judge sees it: what cannot be seen, or would be taken for the frame around it, is made harmless.

    Invisible characters are left out (bidirectional overrides, tag characters, variation selectors), other control
    characters and lone surrogates become U+FFFD, line ends are "\\n"; a space splits what has the shape of a control
    token of a chat template; a line that looks like a delimiter gets a quotation mark in front. Letters and signs that
    only look like others (full-width, say) count as those.

    Args:
        exact: invisible characters are named instead, ``<U+200B>``: in code they make a difference.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.replace("\n", "").replace("\t", "").isprintable() or _UNSEEN.search(text):
        text = "".join(map(_named if exact else _shown, text))
        text = _LOOSE_JOINERS.sub("", text)
    if _BEGINS.isdisjoint(map(_plain, set(text))):
        return text  # nothing in it begins a token or a delimiter
    folded, places = _folded(text)
    marks = [(places[token.start()] + 1, " ") for token in _CONTROL.finditer(folded)]
    if not exact:
        marks += [(places[tag.start()] + 1, " ") for tag in _TAG.finditer(folded) if tag[1].lower() not in _HTML]
    if folded.count("=") >= 3:
        marks += [(places[line.end()], "> ") for line in _LOOKALIKE.finditer(folded)]
    pieces, done = [], 0
    for place, mark in sorted(set(marks)):
        pieces += [text[done:place], mark]
        done = place
    return "".join([*pieces, text[done:]])


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """``text`` as it looks, in plain characters and without joiners, and the place in ``text`` of each of them."""
    if text.isascii():
        return text, range(len(text))
    folded = text.translate({ord(c): _plain(c) for c in set(text) if c > "\x7f"} | dict.fromkeys(map(ord, _JOINERS)))
    if len(folded) == len(text):
        return folded, range(len(text))
    return folded, [place for place, character in enumerate(text) if character not in _JOINERS]


@lru_cache(4096)
def _plain(character: str) -> str:
    compatible = unicodedata.normalize("NFKC", character)
    return (compatible if len(compatible) == 1 else character).translate(_ALIKE)


def code_for(*content: str) -> str:
    """The code of delimiters around ``content``."""
    return hashlib.blake2b(canonical_json(list(content)), digest_size=CODE_BYTES).hexdigest()


def quote(label: str, text: str, code: str, *, other: str = "", exact: bool = False) -> str:
    """``text``, cleaned, between delimiters that bear ``code``; this and an ``other`` code are taken out of it."""
    shown = clean(text, exact=exact)
    for known in filter(None, (code, other)):
        shown = shown.replace(known, "[code]")
    return f"{BAR} {label} {code} {BAR}\n{shown}\n{BAR} END OF {label} {code} {BAR}"


def shorten(text: str, limit: int) -> str:
    """``text`` with its middle left out, and a line that says so, if it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    left_out = len(text) - limit
    head = limit - limit // 2
    return f"{text[:head]}\n[… {left_out:,} characters are left out here …]\n{text[len(text) - limit // 2 :]}"


def _shown(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if (category == "Cf" and character not in _JOINERS) or _UNSEEN.match(character):
        return ""
    if category in ("Zl", "Zp"):
        return "\n"
    return "\ufffd" if category in ("Cc", "Cs") else character


def _named(character: str) -> str:
    if character in "\n\t":
        return character
    if unicodedata.category(character) in ("Cf", "Zl", "Zp", "Cc", "Cs") or _UNSEEN.match(character):
        return f"<U+{ord(character):04X}>"
    return character
