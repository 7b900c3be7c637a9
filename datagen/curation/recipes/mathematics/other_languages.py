"""What statements in Chinese and Russian ask for: NuminaMath, GAOKAO and olympiads hold them untranslated."""

from __future__ import annotations

import re

REQUEST = (
    r"[求？]|计算|证明|化简|解方程|写出|多少|是什么"
    r"|найд|вычисл|сколько|докаж|реши|определи|упрост|чему рав|каков|какой|какое|каким"
)
"""Of a part, or of a whole statement: it asks for something. Case does not count."""
_proof = re.compile(
    r"求证|试证|(?:^|[。，；,.;:：?？\s）)])(?:请|试)?证明(?!过程)|\bдока(?:жите|зать)\b|\bпокажите,? что\b",
    re.IGNORECASE,
)
_figure = re.compile(
    r"如(?:右|下|左|上)?图|(?:下|右|左|上)图|图(?:中|像|象)?所示|图\s?\d|示意图"
    r"|\bна (?:рисунке|рис\.|чертеже)|\bсм\. рис|\(рис\.",
    re.IGNORECASE,
)
_request = re.compile(REQUEST, re.IGNORECASE)


def asks_for_proof(statement: str) -> str:
    """What in it asks for a proof; empty where nothing does."""
    found = _proof.search(statement)
    return "" if found is None else found[0].strip("。，；,.;:：?？ \n）)")


def speaks_of_figure(statement: str) -> str:
    """What in it speaks of a figure; empty where nothing does."""
    found = _figure.search(statement)
    return "" if found is None else found[0]


def asks(statement: str) -> bool:
    """Whether it asks for anything."""
    return _request.search(statement) is not None
