"""The names of a program's settings, and the one that a wrong name was meant to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

EACH = "*"


def fields(model: type[BaseModel], section: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Dotted names of the settings that ``model`` has, sections and what is in them included, in its order.

    Each of a list or of a mapping is called ``*``: ``rewards.*.weight``.
    """
    for name, field in model.model_fields.items():
        yield section + name, field
        if inner := section_of(field):
            yield from fields(inner, f"{section}{name}.")
        elif inner := _each_of(field):
            yield from fields(inner, f"{section}{name}.{EACH}.")


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a section, also of one that may be ``None``."""
    return _model_among(_kinds(field.annotation))


def optional_sections(model: type[BaseModel]) -> list[str]:
    """Dotted names of the sections that may be ``None``."""
    return [name for name, field in fields(model) if section_of(field) and NoneType in _kinds(field.annotation)]


def _each_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of the items of a list, or of the values of a mapping."""
    collections = [kind for kind in _kinds(field.annotation) if get_origin(kind) in (list, tuple, dict)]
    return _model_among(one for kind in collections for item in get_args(kind) for one in _kinds(item))


def _model_among(kinds: Iterable[Any]) -> type[BaseModel] | None:
    from pydantic import BaseModel

    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """What a value may be: of a union, each of it."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def names(config_name: str, model: type[BaseModel], arguments: Sequence[str]) -> set[str]:
    """Everything that the command line of a program may set, dotted.

    Args:
        arguments: of the command line; the groups that it chooses bring settings of their own, such as ``env.level``.
    """
    from hydra import compose, initialize_config_module
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    groups = _groups(config_name)
    chosen = [argument for argument in arguments if argument.partition("=")[0] in groups and "," not in argument]
    try:
        with initialize_config_module(version_base="1.3", config_module="synthetic1.configs"):
            composed = OmegaConf.to_container(compose(config_name, chosen))
    except (HydraException, OmegaConfBaseException):
        composed = {}  # a second mistake; the first is what is explained
    assert isinstance(composed, dict)
    return {name for name, _ in fields(model)} | groups | set(_dotted(composed))


def nearest(wrong: str, known: Collection[str]) -> str | None:
    """The known dotted name that ``wrong`` is most likely a misspelling of, if any is like it.

    First one that differs in its last part alone; then one with that last part in another section; then one that is
    much like it in another section, the outermost first.
    """
    section, _, last = wrong.rpartition(".")
    siblings = {name.rpartition(".")[2]: name for name in known if _holds(name.rpartition(".")[0], section)}
    if close := get_close_matches(last, siblings, n=1):
        return f"{section}.{close[0]}" if section else close[0]
    by_last: dict[str, list[str]] = {}
    for name in sorted(name for name in known if EACH not in name):
        by_last.setdefault(name.rpartition(".")[2], []).append(name)
    elsewhere = [name for close in get_close_matches(last, by_last, n=1, cutoff=0.8) for name in by_last[close]]
    likest = get_close_matches(wrong, elsewhere, n=len(elsewhere) or 1, cutoff=0.0)
    return min(likest, key=lambda name: name.count("."), default=None)


def _holds(known: str, section: str) -> bool:
    """Whether a section is the known one, or one of those that it stands for."""
    one, other = known.split("."), section.split(".")
    return len(one) == len(other) and all(a in (b, EACH) for a, b in zip(one, other, strict=True))


def _groups(config_name: str) -> set[str]:
    """The config groups that a program's command line chooses from."""
    from importlib.resources import files

    import yaml

    text = files("synthetic1.configs").joinpath(f"{config_name}.yaml").read_text(encoding="utf-8")
    entries = [entry for entry in yaml.safe_load(text)["defaults"] if isinstance(entry, dict)]
    return {name for entry in entries for name in entry if " " not in name}


def _dotted(values: Mapping[Any, Any], section: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{section}{name}"
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{section}{name}.")
