"""Language consistency by writing systems: how much of a text is written as its prompt is.

DeepSeek-R1 pays for the share of a thought's words that are in the target language (arXiv:2501.12948, section 2.3.2).
Scripts tell Chinese from English, Russian or Japanese with no model and no dictionary. They do not tell languages of
one script apart, English from French, say; and of Japanese without kana they cannot say that it is not Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import groupby

NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\\[A-Za-z]+|</?think>|https?://\S+", re.DOTALL)
"""Code, TeX commands, tags and addresses are the same in every language."""
JAPANESE = frozenset({"HIRAGANA", "KATAKANA"})
SPACELESS = JAPANESE | {"CJK", "KHMER", "LAO", "MYANMAR", "THAI"}
"""Scripts that leave no spaces between words: there, two characters count as a word."""
WIDTHS = ("FULLWIDTH", "HALFWIDTH")


def consistency(text: str, prompt: str) -> float | None:
    """The share of the words of ``text`` that are in a script of the prompt's language, in [0, 1]; 0 without words.

    ``None`` where the prompt has no words: its language cannot be known, whatever the text is.
    """
    asked = words_by_script(prompt)
    if not asked:
        return None
    written = words_by_script(text)
    total = sum(written.values())
    return sum(written[script] for script in _scripts(asked)) / total if total else 0.0


def words_by_script(text: str) -> Counter[str]:
    """How many words of each script a text has. Single letters of alphabets, the names of variables, are no words."""
    counts: Counter[str] = Counter()
    for script, run in groupby(NOT_PROSE.sub(" ", unicodedata.normalize("NFC", text)), key=_script):
        length = sum(1 for _ in run)
        if script in SPACELESS:
            counts[script] += -(-length // 2)
        elif script and length > 1:
            counts[script] += 1
    return counts


def _scripts(asked: Counter[str]) -> frozenset[str]:
    """The scripts of the language that most of the prompt is in."""
    main = max(asked, key=lambda script: (asked[script], script))
    if main in JAPANESE or (main == "CJK" and JAPANESE & asked.keys()):
        return JAPANESE | {"CJK"}
    return frozenset({main})


@lru_cache(maxsize=65_536)
def _script(character: str) -> str:
    """The script of a letter or of a mark on one, as its Unicode name begins, ``LATIN``; "" for all that is neither."""
    if not character.isalpha() and unicodedata.category(character) not in ("Mc", "Mn"):
        return ""
    names = unicodedata.name(character, "COMBINING").split()
    name = names[1] if names[0] in WIDTHS else names[0]
    return "" if name == "COMBINING" else name.partition("-")[0]  # KATAKANA-HIRAGANA PROLONGED SOUND MARK
