"""The names of a program's settings, and the one that a wrong name was meant to be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo


def fields(model: type[BaseModel], section: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Dotted names of the settings that ``model`` has, sections and what is in them included, in its order."""
    for name, field in model.model_fields.items():
        yield section + name, field
        if inner := section_of(field):
            yield from fields(inner, f"{section}{name}.")


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a section, also of one that may be ``None``."""
    from pydantic import BaseModel

    annotation: Any = field.annotation
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


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
    siblings = {name.rpartition(".")[2]: name for name in known if name.rpartition(".")[0] == section}
    if close := get_close_matches(last, siblings, n=1):
        return siblings[close[0]]
    by_last: dict[str, list[str]] = {}
    for name in sorted(known):
        by_last.setdefault(name.rpartition(".")[2], []).append(name)
    elsewhere = [name for close in get_close_matches(last, by_last, n=1, cutoff=0.8) for name in by_last[close]]
    likest = get_close_matches(wrong, elsewhere, n=len(elsewhere) or 1, cutoff=0.0)
    return min(likest, key=lambda name: name.count("."), default=None)


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
