"""The registry: which verifier belongs to which task type.

Ours are imported on first use. Those of other packages register themselves with ``@register`` when imported, and are
found without an import through the entry-point group ``synthetic1.verifiers``.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import logging
import threading
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any, TypeVar, cast

from synthetic1.rewards.verifier import Verifier

log = logging.getLogger(__name__)

ENTRY_POINTS = "synthetic1.verifiers"
BUILT_IN = {
    "code_output_prediction": "synthetic1.rewards.code_understanding",
    "llm_judgeable_groundtruth_similarity": "synthetic1.rewards.similarity",
    "stem": "synthetic1.rewards.stem",
    "swe": "synthetic1.rewards.swe",
    "verifiable_code": "synthetic1.rewards.code",
    "verifiable_math": "synthetic1.rewards.math",
}
"""Task type → the module that registers its verifier."""
ALIASES = {"verifiable_code_understanding": "code_output_prediction"}

V = TypeVar("V", bound=type[Verifier])


class UnknownTaskType(LookupError):
    """No verifier is known for this task type. The message is one line and names the known ones."""


_classes: dict[str, type[Verifier]] = {}
_aliases: dict[str, str] = dict(ALIASES)
_broken_plugins: dict[str, str] = {}  # entry-point name → why it could not be loaded
_lock = threading.RLock()  # a plug-in registers while it is being loaded
_plugins_loaded = False


def register(task_type: str, *, aliases: Sequence[str] = ()) -> Callable[[V], V]:
    """Make a class the verifier of ``task_type``; goes above ``@dataclass(frozen=True)``.

    Args:
        aliases: other names under which rows carry the same task type.

    Raises:
        TypeError: the class is not a frozen dataclass or not a ``Verifier``, or lacks what one needs.
        ValueError: another class verifies ``task_type`` (or an alias) already, be it one of ours that is not imported
            yet; or ``task_type`` is an alias of another type.
    """

    def add(cls: V) -> V:
        _check_class(cls)
        with _lock:
            for name in (task_type, *aliases):
                holder = _holder(canonical_task_type(name), cls)
                if holder is not None:
                    raise ValueError(f"task type `{name}` is verified by {holder} already, not by {_origin(cls)}")
            if canonical_task_type(task_type) != task_type:
                canonical = canonical_task_type(task_type)
                raise ValueError(f"task type `{task_type}` is an alias of `{canonical}`: register `{canonical}`")
            cls.task_type = task_type
            _classes[task_type] = cls
            _aliases.update(dict.fromkeys(aliases, task_type))
        return cls

    return add


def canonical_task_type(task_type: str) -> str:
    """``task_type``, or what it is an alias of."""
    return _aliases.get(task_type, task_type)


def verifier_class(task_type: str) -> type[Verifier]:
    """The class that verifies ``task_type`` or the type it is an alias of.

    Raises:
        UnknownTaskType: there is none.
    """
    with _lock:
        canonical = canonical_task_type(task_type)
        if canonical not in _classes and canonical in BUILT_IN:
            importlib.import_module(BUILT_IN[canonical])
        if canonical not in _classes:
            _load_plugins()
            canonical = canonical_task_type(task_type)
        if canonical in _classes:
            return _classes[canonical]
        if task_type in _broken_plugins:
            raise UnknownTaskType(f"the plug-in for task type `{task_type}` {_broken_plugins[task_type]}")
    raise UnknownTaskType(
        f"no verifier for task type `{task_type}`; known: {', '.join(known_task_types())}; "
        "a module of yours that registers one has to be imported first: imports=[my_module]"
    )


def get_verifier(task_type: str, **settings: Any) -> Verifier:
    """A verifier for ``task_type``, with ``settings`` in place of its defaults.

    Raises:
        UnknownTaskType: no verifier is known for ``task_type``.
        TypeError: a setting it does not have, or one it needs and was not given.
    """
    cls = verifier_class(task_type)
    names = [field.name for field in dataclasses.fields(cls) if field.init]  # type: ignore[arg-type]
    for name in settings:
        if name not in names:
            raise TypeError(f"verifier `{cls.task_type}` has no setting `{name}`; it has: {', '.join(names) or 'none'}")
    return cls(**settings)


def known_task_types() -> list[str]:
    """Every task type a verifier is known for, without aliases."""
    with _lock:
        _load_plugins()
        return sorted({*BUILT_IN, *_classes})


def _check_class(cls: type) -> None:
    name = getattr(cls, "__qualname__", repr(cls))
    if not (inspect.isclass(cls) and issubclass(cls, Verifier)):
        raise TypeError(f"@register: `{name}` is not a subclass of synthetic1.Verifier")
    # `__dict__`, because a subclass of a dataclass would inherit the parameters without being one itself
    parameters = cls.__dict__.get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        raise TypeError(f"@register: `{name}` is not a frozen dataclass: put @dataclass(frozen=True) below @register")
    if not isinstance(getattr(cls, "version", None), int):
        raise TypeError(f"@register: `{name}` needs `version: ClassVar[int] = 1`, raised when its scores can change")
    if not inspect.iscoroutinefunction(cls.verify):
        raise TypeError(f"@register: `{name}.verify` must be written `async def`")


def _load_plugins() -> None:
    """Import every entry point of our group, once. One that fails is reported and hides no other."""
    global _plugins_loaded
    with _lock:
        if _plugins_loaded:
            return
        _plugins_loaded = True
        for plugin in metadata.entry_points(group=ENTRY_POINTS):
            try:
                loaded = plugin.load()  # which registers it, if it is decorated
                if inspect.isclass(loaded) and _classes.get(canonical_task_type(plugin.name)) is not loaded:
                    register(plugin.name)(cast(type[Verifier], loaded))
            except Exception as error:
                why = f"({plugin.value}) could not be loaded: {type(error).__name__}: {error}"
                _broken_plugins[plugin.name] = why
                log.warning("verifier plug-in `%s` %s", plugin.name, why)
                log.debug("verifier plug-in `%s`", plugin.name, exc_info=True)


def _holder(canonical: str, cls: type) -> str | None:
    """Who verifies a task type, unless it is ``cls`` (which comes anew when its module is reloaded) or nobody."""
    module = BUILT_IN.get(canonical)
    if module is not None and cls.__module__ != module:
        return module  # taken before it is imported: what comes first must not depend on what was scored first
    holder = _classes.get(canonical)
    return _origin(holder) if holder is not None and _origin(holder) != _origin(cls) else None


def _origin(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"
