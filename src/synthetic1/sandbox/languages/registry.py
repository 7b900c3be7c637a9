"""Which languages there are, by every name that fences and rows give them."""

from __future__ import annotations

from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.cpp import CPP
from synthetic1.sandbox.languages.javascript import JAVASCRIPT
from synthetic1.sandbox.languages.language import Language
from synthetic1.sandbox.languages.python import PYTHON
from synthetic1.sandbox.languages.rust import RUST

_BY_NAME: dict[str, Language] = {}


def register_language(language: Language) -> None:
    """Make a language known under its name and its aliases, and its dialects under theirs.

    Raises:
        ValueError: one of those names is another language's, or is not lower case.
    """
    named = {name: one for one in language.dialects for name in one.aliases}
    named |= dict.fromkeys((language.name, *language.aliases), language)
    for name in named:
        if not name or name != name.strip().lower():
            raise ValueError(f"names of languages are lower case, without spaces around; {language.name} has {name!r}")
        if name in _BY_NAME and _BY_NAME[name].name != language.name:
            raise ValueError(
                f"`{name}` is already a name of {_BY_NAME[name].name}; it cannot be one of {language.name}"
            )
    _BY_NAME.update(named)


def get_language(name: str) -> Language:
    """The language of that name or alias; case and spaces around do not matter.

    Raises:
        UnknownLanguage: there is none.
    """
    found = _BY_NAME.get(name.strip().lower()) if isinstance(name, str) else None
    if found is None:
        raise UnknownLanguage(f"unknown language {name!r:.60}; there are: {', '.join(languages())}")
    return found


def names_of(language: Language) -> tuple[str, ...]:
    """All that a language and its dialects are called, its own name first."""
    others = (name for name, one in _BY_NAME.items() if one.name == language.name != name)
    return language.name, *others


def languages() -> tuple[str, ...]:
    """The names of the languages there are, without aliases."""
    return tuple(sorted({language.name for language in _BY_NAME.values()}))


for _language in (PYTHON, JAVASCRIPT, CPP, RUST):
    register_language(_language)
