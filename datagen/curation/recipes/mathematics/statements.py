r"""Which statements are not to be trained on, by rule: proofs, figures, several parts, texts that ask nothing.

Every pattern stands behind words that are looked for first, and words behind single characters: most statements hold
none of them, and are through after a few microseconds.
"""

from __future__ import annotations

import re

from synthetic1.datagen.curation.recipes.mathematics import other_languages

REASONS = {
    "empty": "there is no statement",
    "too_long": "more characters than math.longest",
    "garbled": "characters that a wrong encoding left behind",
    "proof": "it asks for a proof",
    "needs_figure": "it speaks of a figure that a text does not show",
    "needs_table": "it speaks of a table that is not there",
    "has_link": "it points to a page",
    "several_parts": "it asks several things",
    "several_turns": "a chat of more than one question",
    "refers_elsewhere": "it builds on another problem",
    "answer_given_away": "its answer stands in it",
    "not_a_question": "it asks nothing",
    "open_ended": "it asks for an explanation, a drawing or an example",
}
_numbering = re.compile(
    r"(?:#+\s*)?(?:\*\*)?(?:(?:Problem|Task|Example|Exercise|Question|Subject"
    r"|Item)\s+(?:[A-Z]-?)?\d[\w.\-]*\s*[.:)]?(?:\*\*)?\s+"
    r"|\[?\d{1,3}(?:\.\d{1,3}){0,3}[.)\]]\s+)?"
    r"(?:[(\[（]\s*\\?\[?(?:This (?:question|problem) (?:is worth |\())?\d{1,3}\s*(?:points?|marks?"
    r"|分)\s*\)?\\?\]?[)\]）]\s*)?"
    r"(?=[A-Z($\\])"
)
_request = re.compile(
    r"\?|\b(?:find|determine|compute|calculate|evaluate|what|how|solve|simplify|express|factor|factori[sz]e|write"
    r"|convert|prove"
    r"|show|expand|explain|give|state|draw|sketch|verify|why|construct|estimate|list)\b"
    rf"|{other_languages.REQUEST}",
    re.IGNORECASE,
)
_NO_WORK = (
    r"(?!\s+(?:(?:all|the|every|each) )?(?:of )?(?:your\b|answers?|works?|steps?|reasoning|solutions?|calculations?))"
)
_proof = re.compile(
    r"(?:^|[.!?:;,)$\]*]\s*|\n\s*)(?:\(?[a-z0-9]\)\s*|please )?(?:prove|show|demonstrate|verify|establish|deduce"
    r"|justify|disprove)"
    rf"(?:\s+or disprove)?\b{_NO_WORK}"
    r"(?=,?\s+(?:that|the|this|there|it|if|by|whether|for|how|why|in|using|each|all|\$|\\)|\s*[:$\\])"
    rf"|\b(?:and|then|also|hence|or)\s+(?:(?:show|verify|demonstrate|deduce)\s+that\b|prove\b{_NO_WORK})"
    rf"|\bto prove\b{_NO_WORK}"
    r"|\b(?:is|are|asked|required|suffices) to show\b|\bproof of\b|\ba proof\b|\bprove (?:it|this|these)\b",
    re.IGNORECASE,
)
_SEEN = r"(?:figure|diagram|picture|drawing|image|sketch|illustration|graph|chart|plot|map|grid)"
_PLACE = r"(?:below|above|shown|provided|(?:at|to|on) (?:the )?(?:right|left))"
_figure = re.compile(
    rf"\b(?:in|from|on|see|per|by) (?:the |this )?(?:(?:following|adjacent|accompanying|attached|given|above|below) )?"
    rf"(?:figure|diagram|illustration)\b(?! (?:eight|skat|of speech))"
    rf"|\b(?:the|this|following|accompanying|adjacent|attached) (?:\w+ )?{_SEEN}\s+(?:\w+ ){{0,2}}{_PLACE}\b"
    rf"|\b(?:following|accompanying|adjacent|attached) (?:\w+ )?(?:figure|diagram|picture|drawing|image|illustration)\b"
    rf"|\bthe (?:figure|diagram) (?:shows|represents|is|depicts|consists|has)\b"
    rf"|\bthe (?:\w+ )?(?:graph|chart|plot|histogram|map|grid|picture) (?:shows|displays|depicts|gives)\b"
    rf"|\b(?:[Ff]igure|Fig\.|Diagram)\s*\(?\d"
    rf"|\bthe \w+ shown\b(?! (?:to|that|by|how)\b)|,\s*shown\b|(?:^|[.:?!]\s+)below is (?:the|an?|part of the)\b"
    rf"|\bis (?:pictured|graphed|depicted|drawn) (?:below|above|here)|\bare (?:pictured|graphed|depicted"
    rf"|drawn) (?:below|above|here)"
    rf"|\bshown (?:in|on) (?:the )?(?:\w+ )?{_SEEN}\b|\bpictured\b|\bas illustrated\b|\bas depicted\b|\bas drawn\b"
    rf"|\b(?:the )?\w+ (?:is |are )?(?:shown|pictured) (?:below|above|here|at (?:the )?right)\b"
    rf"|\b(?:graph|figure|diagram)(?: of [^.?]{{1,60}})? is (?:shown|given|drawn)\b",
    re.IGNORECASE,
)
_as_shown = re.compile(r"\b(?:as|is|are)\s+shown\b(?! (?:that|to be|by))|\b\w+ shown[?.,](?:\s|$)", re.IGNORECASE)
_table = re.compile(
    r"\b(?:the|this|following) (?:\w+ )?table (?:\w+ )?(?:below|above|shows|gives|lists|shown)\b|\btable below\b"
    r"|\b(?:in|from|to) the (?:\w+ )?table\b(?! (?:of|for|at|and|with|when|is|was)\b)",
    re.IGNORECASE,
)
_TABULAR = ("|", "&", "\\hline", "\t", "  \n")
_MEDIA = {
    "[": ("[asy]", "![", "[img", "[image"),
    "<": ("<img", "<image", "<svg"),
    "\\": ("\\begin{tikz", "\\begin{picture", "\\begin{asy", "\\includegraphics"),
    "/": ("mathpix", ".png", ".jpg", ".jpeg", ".gif", ".svg", "imgur", "/attachments"),
}
"""By what is looked for first."""
_part = re.compile(
    r"(?:^|[\s.;:?!,$。；：，？])[(（]\s*(?P<a>[a-h]|i{1,3}|iv|v|[1-9]|[A-D]|I{1,3}|[ⅠⅡⅢ])\s*[)）]\s*|(?:\A|\n"
    r"|[.;:?!,$]\s+)(?:(?P<b>[a-h]|[1-9]"
    r"|i{1,3}|[А-Г])\)\s"
    r"|(?:\*\*)?(?:Part|Question|Problem)\s+\(?(?P<c>[a-hA-H1-9]|I{1,3})\)?[.:)]?(?:\*\*)?|(?:(?<=\n)"
    r"|(?<=\A))\s*(?P<d>[1-9])\.\s)\s*",
)
_firsts = {"a": "b", "i": "ii", "1": "2", "A": "B", "I": "II", "Ⅰ": "Ⅱ", "А": "Б"}
_of_each = re.compile(
    r"(?:following|each|below)\b[^.?!]{0,80}[.:]?\s*$|\b(?:find|calculate|compute|evaluate|simplify|factor(?:ise"
    r"|ize)?|solve|determine"
    r"|differentiate|integrate|expand|convert)\s*[:.]?\s*$",
    re.IGNORECASE,
)
_conditions = re.compile(
    r"\b(?:conditions?|propert(?:y|ies)|rules?|axioms?|constraints?|requirements?|assumptions?|facts?|criteria"
    r"|restrictions?|operations?|moves?|steps?|statements?|claims?|propositions?|assertions?)"
    r"(?: hold| are (?:met|satisfied|true|given|made))?"
    r"\s*[:.,]?\s*\W?\s*$",
    re.IGNORECASE,
)
"""What stands before a list that a problem lays down, and then asks one thing about."""
_said = re.compile(r"[^\W_]")
_is_term = re.compile(r"\s*(?:[=<>+*/^]|\\(?:le|ge|cdot|times)|denotes?\b|be\b|means?\b|stands? for\b)")
_elsewhere = re.compile(
    r"\b(?:the|from|of|in) (?:previous|preceding|last|above) (?:problem|question|exercise|example|part|task)\b"
    r"|\b(?:see|from|of|in|using) (?:problem|exercise|example|theorem|lemma|question|task) \d"
    r"|\bthis is a continuation\b",
    re.IGNORECASE,
)
_open = re.compile(
    r"(?:^|[.!?]\s+|\n\s*)(?:explain|describe|discuss|sketch|draw|plot|graph|construct|illustrate|give an example"
    r"|compare and contrast)\b",
    re.IGNORECASE,
)
_asking = re.compile(
    r"\b(?:find|what|how|determine|comput|calculate|evaluate|solve|simplif|which|who|when|where|express|factor|write"
    r"|convert"
    r"|expand|give|name|state|enter|round|estimate|list|reduce|rationalize|complete|fill|answer|maximize|minimize|count"
    r"|choose|differentiate|integrate|add|subtract|multiply|divide|approximate|select|prove|show|decide|tell|invert"
    r"|construct|identify|transform|rewrite|obtain|classify|order|arrange|guess|predict|specify|describe|explain)"
    r"|__|\\_|\\ldots|…|\(\s*\\q?quad|\(\s*\)",
    re.IGNORECASE,
)
_USUAL = (
    "find ",
    "what ",
    "determine ",
    "compute ",
    "evaluate ",
    "how many",
    "simplify",
    "express ",
    "solve ",
    "calculate ",
)
_OF_PROOFS = ("prove", "proof", "show", "demonstrate", "verify", "justify", "establish", "deduce")
_OF_FIGURES = (
    *("fig", "diagram", "picture", "graph", "image", "drawing", "sketch", "illustrat", "shown", "drawn", "depict"),
    *("chart", "plot", "below is"),
)
_OF_PARTS = ("a)", "1)", "i)", "а)", "ⅰ)")
_OF_OTHERS = ("problem", "exercise", "question", "example", "theorem")
_left_open = re.compile(r"(?:\b(?:is|are|equals?|be|to|of|was|than)|=|:|\))[\s.$:\\\]]*$", re.IGNORECASE)


def without_numbering(statement: str) -> str:
    """The statement without the number and the points that its collection gave it: ``12. (5 points) Find …``."""
    if statement[:1] not in "0123456789#[(（*PTEQSI" or not (found := _numbering.match(statement)) or not found.end():
        return statement
    if "1" in found[0] and ("2." in statement or "2)" in statement) and _parts(statement):
        return statement  # the first of several
    return statement[found.end() :]


def why_not(statement: str, longest: int) -> tuple[str, str] | None:
    """The reason why a statement is not to be trained on, and what says so; ``None`` if no rule objects."""
    if not statement:
        return "empty", ""
    if len(statement) > longest:
        return "too_long", f"{len(statement):,} characters"
    if (not statement.isascii() or "\0" in statement) and (found := _garbled(statement)):
        return "garbled", found
    if not statement.isascii():
        if found := other_languages.asks_for_proof(statement):
            return "proof", found
        if found := other_languages.speaks_of_figure(statement):
            return "needs_figure", found
    lower = statement.lower()
    if medium := shown_medium(lower):
        return "needs_figure", medium
    if "/" in lower and ("http" in lower or "www." in lower):
        return "has_link", ""
    if holds(lower, _OF_PROOFS) and (found := _asks_for_proof(statement)):
        return "proof", found
    if (said := _speaks_of_figure(statement, lower)) is not None:
        return said
    if _may_have_parts(statement, lower) and (found := _parts(statement)):
        return "several_parts", found
    if "\\" in lower and ("\\boxed" in lower or "\\fbox" in lower):
        return "answer_given_away", "a box"
    if holds(lower, _OF_OTHERS) and (other := _elsewhere.search(statement)):
        return "refers_elsewhere", other[0]
    if "?" not in statement:
        if open_ended := _open.search(statement):
            return "open_ended", open_ended[0].strip()
        if not holds(lower, _USUAL) and not asks(statement):
            return "not_a_question", ""
    return None


def shown_medium(statement: str) -> str:
    """What in a statement stands for a picture; ``""`` if nothing does."""
    for sign, marks in _MEDIA.items():
        if sign in statement:
            for mark in marks:
                if mark in statement:
                    return mark
    return ""


def asks(statement: str) -> bool:
    """Whether something is asked in it, as far as one can tell of a text that may be in any language."""
    if "?" in statement or _asking.search(statement) or _left_open.search(statement):
        return True
    if not statement.isascii() and other_languages.asks(statement):
        return True
    return sum(char > "\u024f" and char.isalpha() and not "\u0370" <= char <= "\u03ff" for char in statement) > 8


def holds(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands in the text."""
    for word in words:  # noqa: SIM110  # any() takes twice as long
        if word in text:
            return True
    return False


def _may_have_parts(statement: str, lower: str) -> bool:
    if "\n" in lower or (")" in lower and holds(lower, _OF_PARTS)) or "）" in lower:
        return True
    return "Part " in statement or "Question " in statement or "Problem " in statement


def _garbled(statement: str) -> str:
    for mark in ("\ufffd", "â€", "Ã©", "Ã—", "Â°", "ï¼", "\x00"):
        if mark in statement:
            return mark
    try:
        statement.encode()
    except UnicodeEncodeError:
        return "a lone surrogate"
    return ""


def _asks_for_proof(statement: str) -> str:
    found = _proof.search(statement)
    return "" if found is None else found[0].strip(" .,;:\n$")


def _speaks_of_figure(statement: str, lower: str) -> tuple[str, str] | None:
    if holds(lower, _OF_FIGURES):
        shown = "table" in lower or "\\begin{" in lower or "|" in lower
        if (found := _figure.search(statement)) and not (shown and not re.search(_SEEN, found[0], re.IGNORECASE)):
            return "needs_figure", found[0]
        if "shown" in lower and not shown and (found := _as_shown.search(statement)):
            return "needs_figure", found[0]
    if "table" in lower and (found := _table.search(statement)) and not any(mark in statement for mark in _TABULAR):
        return "needs_table", found[0]
    return None


def _parts(statement: str) -> str:
    """What shows that several things are asked; conditions may be listed, too, and ask nothing."""
    marks = [(next(filter(None, found.groups())), found) for found in _part.finditer(statement)]
    for place, (name, first) in enumerate(marks):
        if name not in _firsts:
            continue
        second = next((found for later, found in marks[place + 1 :] if later == _firsts[name]), None)
        if second is None:
            continue
        items = [statement[first.end() : second.start()], statement[second.end() :]]
        if not all(_said.search(item) for item in items) or _is_term.match(items[0]):
            continue  # ``(a)+(b)``, ``(a) denotes``: formulas, and names that are given to something
        before = statement[: first.start() + 1].strip()
        if all(_request.search(item) for item in items) or (
            _of_each.search(before) and not (_conditions.search(before) and _request.search(items[1]))
        ):
            return f"{first[0].strip()} {second[0].strip()}"
    return ""
