"""The tables of docs/configuration.md, made from the pydantic models, which are the home of every default.

    python tests/support/settings_table.py docs/configuration.md      # makes the page's tables anew

A table stands below a line "Class: `MODULE:CLASS`"; with ", section `judge`" its names begin so. A section that has a
table of its own on the page is not spread out in the others.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from synthetic1.jobs.setting_names import section_of

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

TABLE = re.compile(
    r"^(?P<start>Class: `(?P<module>[\w.]+):(?P<model>\w+)`(?:, section `(?P<section>\w+)`)?\n\n)(?:\|.*\n)*",
    re.MULTILINE,
)
HEAD = "| setting | type | default | what it is |\n|---|---|---|---|\n"
BOUNDS = {"gt": " > {:g}", "ge": " ≥ {:g}", "lt": " < {:g}", "le": " ≤ {:g}", "min_length": ", not empty"}


def with_tables(page: str) -> str:
    """The page with its tables made anew."""
    shown = [_model(found) for found in TABLE.finditer(page)]

    def table(found: re.Match[str]) -> str:
        model, section = _model(found), found["section"]
        others = [other for other in shown if other is not model]
        return f"{found['start']}{HEAD}{''.join(_rows(model, f'{section}.' if section else '', others))}"

    return TABLE.sub(table, page)


def _model(found: re.Match[str]) -> type[BaseModel]:
    model: type[BaseModel] = getattr(importlib.import_module(found["module"]), found["model"])
    return model


def _rows(model: type[BaseModel], before: str, others: Collection[type[BaseModel]]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section is not None and section is field.annotation:
            kind, default = "section below" if section in others else "section", ""
        else:
            kind, default = _type(field.annotation, field.metadata), _default(field)
        yield f"| `{before}{name}` | {kind} | {default} | {_words(field.description or '')} |\n"
        if section is not None and section not in others:
            yield from _rows(section, f"{before}{name}.", others)


def _type(annotation: Any, metadata: Collection[Any] = ()) -> str:
    """A type as people say it who write YAML: ``int > 0 or null``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return " or ".join(_type(argument, metadata) for argument in arguments)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if annotation is NoneType:
        return "null"
    bounds = [
        text.format(getattr(bound, name))
        for bound in metadata
        for name, text in BOUNDS.items()
        if getattr(bound, name, None) is not None
    ]
    if origin is list:
        kind = f"list of {_type(arguments[0])}"
    else:
        kind = annotation.__name__ if annotation in (bool, int, float, str) else "mapping"
    return kind + " and".join(bounds)


def _default(field: FieldInfo) -> str:
    """A default as YAML."""
    import yaml

    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def _words(docstring: str) -> str:
    """A docstring in Markdown, in one cell; YAML's word for None is null."""
    text = " ".join(docstring.replace("``", "`").replace("|", "\\|").split())
    return re.sub(r"\bNone\b(?=:| =)", "null", text)


def main() -> None:
    """Make the tables of the pages that are named anew."""
    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
