r"""Parts of an answer with a label each: ``236 child, 342 adult``, ``\\text{width}=5, \\text{length}=8``."""

from __future__ import annotations

import re
from collections.abc import Callable

from synthetic1.rewards.math_answers.grammar.tree import Expression, Items, Measured, Node, Relation, Text

_IRREGULAR = {
    "children": "child",
    "men": "man",
    "women": "woman",
    "people": "person",
    "feet": "foot",
    "mice": "mouse",
    "geese": "goose",
    "knives": "knife",
    "halves": "half",
}
_SILENT = frozenset({"the", "a", "an", "of", "number", "is", "are"})


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(?:s|x|z|ch|sh)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _label(item: Node) -> tuple[frozenset[str], Node] | None:
    match item:
        case Measured(arg, unit, _):
            words, value = re.sub(r"\\[a-z]+", " ", unit), arg
        case Relation((Text(name), Expression() as said), ("=" | ":",)):
            words, value = name, said
        case _:
            return None
    label = frozenset(map(_singular, re.findall(r"[a-z]+", words.lower()))) - _SILENT
    return (label, value) if label else None


def labelled(node: Items) -> dict[frozenset[str], Node] | None:
    """The values by label, without the words that all labels have; ``None`` where a part has none, or another's."""
    if set(node.joints) - {"comma", "and", ";", "line"}:
        return None
    found = [_label(item) for item in node.items]
    parts = [one for one in found if one is not None]
    if len(parts) < len(found):
        return None
    common = frozenset.intersection(*(label for label, _ in parts))
    made = {label - common: value for label, value in parts}
    return made if len(made) == len(parts) and frozenset() not in made else None


def same_labelled(gold: Items, answer: Items, same: Callable[[Node, Node], bool]) -> bool | None:
    """Whether each label has its value; ``None`` where the gold has no labels, or the answer other ones of its kind.

    Parts without labels stand in the gold's order.
    """
    expected = labelled(gold)
    if expected is None:
        return None
    found = labelled(answer)
    if found is not None and expected.keys() == found.keys():
        return all(same(value, found[label]) for label, value in expected.items())
    if found is not None:
        return None if all(isinstance(item, Measured) for item in (*gold.items, *answer.items)) else False
    if len(answer.items) != len(gold.items) or "or" in answer.joints:
        return False
    return all(map(same, gold.items, answer.items))
