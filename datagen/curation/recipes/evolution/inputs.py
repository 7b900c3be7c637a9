"""What functions are given: random strings of several alphabets, snippets of the user's text, and the borders."""

from __future__ import annotations

import random
import string
import unicodedata

ALPHABETS = (
    "abcdeghimnorst",
    string.ascii_letters,
    string.ascii_letters + string.digits + " ",
    "aeiou bcd AB 12",
    string.ascii_letters + string.digits + " .,;:!?-_()[]'\"/+*#",
    "ab",
)
UNICODE = "aéßüñ çλЖ日本🙂 eB1"
BORDERS = ("", "a", "Z9", "   ", "aaaa", "Hello, World! 123")
"""In every set of inputs: a function has to stand them all."""
_PLAIN = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\xa0": " "})


def plain(text: str) -> str:
    """The text in ASCII: quotes and dashes as typed, letters without accents, all else left out."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return decomposed.encode("ascii", "ignore").decode("ascii")


def snippet(text: str, choose: random.Random, longest: int) -> str:
    """Neighbouring words of the text, at most so many characters; ``""`` where it has none that short."""
    words = text.split()
    if not words:
        return ""
    start = choose.randrange(len(words))
    limit = choose.randint(max(1, longest // 3), longest)
    found = ""
    for word in words[start:]:
        longer = f"{found} {word}" if found else word
        if len(longer) > limit:
            break
        found = longer
    return found or words[start][:limit]


def random_string(choose: random.Random, longest: int, *, unicode: bool = False) -> str:
    """One to ``longest`` characters of an alphabet drawn with it; short ones are as likely as long ones."""
    alphabet = choose.choice((*ALPHABETS, UNICODE, UNICODE) if unicode else ALPHABETS)
    length = choose.randint(1, max(1, choose.choice((longest // 4, longest // 2, longest))))
    return "".join(choose.choice(alphabet) for _ in range(length))


def draw_inputs(text: str, choose: random.Random, many: int, longest: int, *, unicode: bool = False) -> list[str]:
    """``many`` distinct inputs and the borders: half of them snippets of ``text`` as far as it has that many."""
    text = text if unicode else plain(text)
    found = dict.fromkeys(BORDERS)
    for _ in range(20 * many):
        if len(found) >= many // 2 + len(BORDERS):
            break
        found.setdefault(snippet(text, choose, longest))
    while len(found) < many + len(BORDERS):
        found.setdefault(random_string(choose, longest, unicode=unicode))
    return list(found)
