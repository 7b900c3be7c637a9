r"""Names of events, sets and their complements: ``P(A')``, ``P(A^c)`` and ``P(\\overline{A})`` are one name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from synthetic1.rewards.math_answers.grammar.tree import Applied, Combined, Neg, Node, Power, Product, Raw, Sym

_HEAD = re.compile(r"(P|Pr|\\Pr|\\SetP|n|N|\|)\s*[(\[](.*)[)\]]", re.DOTALL)
_SET = re.compile(r"[A-Z]'*")


def is_complement(node: Node) -> bool:
    r"""``A^c``, ``A^{\\complement}``."""
    match node:
        case Power(Sym(name), Sym("c" | "C" | r"\complement")):
            return re.fullmatch(r"[A-Z]", name) is not None
    return False


def event(node: Node) -> str | None:
    """One spelling of the name of an event's probability, or of a set with its complement's mark; else ``None``."""
    match node:
        case Applied("apply", (Sym(head), arg), _) if re.fullmatch(r"P|Pr|\\Pr|\\SetP", head):
            inside = _written(arg)
            return None if inside is None or not re.search(r"[A-Z]", inside) else f"P({_plain(inside)})"
        case Raw(text) if (found := _HEAD.fullmatch(text.strip())) is not None and re.search(r"[A-Z]", found[2]):
            return f"P({_plain(found[2])})" if found[1] not in ("n", "N", "|") else f"n({_plain(found[2])})"
        case Sym() | Power() | Product():
            written = _written(node)
            plain = None if written is None else _plain(written)
            return plain if plain is not None and _SET.fullmatch(plain) else None
    return None


def names_another_event(name: Node, targets: Iterable[Node], parts: Iterable[Node]) -> bool | None:
    """Whether a name is that of an event that is not asked for; ``None`` where it is not an event's name."""
    said = event(name)
    if said is None:
        return None
    asked = [found for target in targets if (found := event(target)) is not None]
    if said in asked:
        return False
    marked = "'" in said or any("'" in one for one in asked)
    if said[:2] in ("P(", "n("):
        if any(one[:2] == said[:2] for one in asked):
            return True
        return True if marked and said in map(event, parts) else None
    return True if marked and any(one.rstrip("'") == said.rstrip("'") for one in asked) else None


def _written(node: Node) -> str | None:
    match node:
        case Sym(name):
            return name
        case Power(Sym(), Sym(mark)) if is_complement(node):
            return f"{_written(node.base)}^{mark}"
        case Product(factors):
            made = [_written(factor) for factor in factors]
            return None if any(one is None for one in made) else "".join(one for one in made if one)
        case Neg(arg):
            inside = _written(arg)
            return None if inside is None else f"-{inside}"
        case Combined(sign, parts):
            made = [_written(part) for part in parts]
            return None if any(one is None for one in made) else sign.join(one for one in made if one)
        case Raw(text):
            return text
    return None


def _plain(text: str) -> str:
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"\\(?:overline|bar)(?:\{([A-Z])\}|([A-Z]))", lambda found: f"{found[1] or found[2]}'", text)
    text = re.sub(r"([A-Z])\^(?:\{(?:c|C|\\complement)\}|c|C|\\complement)", r"\1'", text)
    text = re.sub(r"(?:\\neg|\\lnot|\\sim|¬|~)\{?([A-Z])\}?", r"\1'", text)
    text = re.sub(r"\\(?:overline|bar)\{([^{}]*)\}", r"(\1)'", text)
    text = re.sub(r"(\([^()]*\))\^(?:\{[cC]\}|[cC])", r"\1'", text)
    text = re.sub(r"\\land", r"\\cap", re.sub(r"\\lor", r"\\cup", text))
    sides = text.split("|")
    for place, side in enumerate(sides):
        for sign in (r"\cap", r"\cup"):
            if sign in side and "(" not in side and not (r"\cap" in side and r"\cup" in side):
                sides[place] = sign.join(sorted(side.split(sign)))
    return "|".join(sides)
