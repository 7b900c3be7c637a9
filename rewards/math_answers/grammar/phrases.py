"""Numbers in words, in one well-formed phrase."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_LARGE = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: number for number, word in enumerate(_SMALL.split())}
_TENS = {word: 10 * number for number, word in enumerate(_LARGE.split(), 2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def spelled_number(text: str) -> int | None:
    """The integer that English words spell in one well-formed phrase, such as ``one hundred and twenty-three``."""
    words = text.lower().replace("-", " ").split()
    if not words or len(words) > 20:
        return None
    negative = words[0] in ("minus", "negative")
    words = words[negative:]
    total, last_scale = 0, 10**15
    while words:
        taken, group = _group(words)
        if not taken:
            return None
        words = words[taken:]
        scale = 1
        if words and words[0] in _SCALES:
            scale = _SCALES[words[0]]
            words = words[1:]
        if scale >= last_scale or (scale == 1 and words):
            return None
        total, last_scale = total + group * scale, scale
        if words and words[0] == "and" and len(words) > 1 and scale > 1:
            words = words[1:]
    return -total if negative else total


def _group(words: list[str]) -> tuple[int, int]:
    """How many words at the beginning spell a number below a thousand, and which."""
    below, count = _tens(words)
    if count and below < 10 and len(words) > count and words[count] == "hundred":
        after = count + 1
        rest = words[after + 1 :] if len(words) > after and words[after] == "and" else words[after:]
        more, taken = _tens(rest)
        skipped = 1 if taken and rest is not words[after:] and len(words) > after and words[after] == "and" else 0
        return after + skipped + taken, below * 100 + (more if taken else 0)
    return count, below


def _tens(words: list[str]) -> tuple[int, int]:
    if not words:
        return 0, 0
    if words[0] in _TENS:
        if len(words) > 1 and 1 <= _UNITS.get(words[1], 0) <= 9:
            return _TENS[words[0]] + _UNITS[words[1]], 2
        return _TENS[words[0]], 1
    return (_UNITS[words[0]], 1) if words[0] in _UNITS else (0, 0)
