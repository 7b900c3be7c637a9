"""The edge of every program: Hydra composes, pydantic validates, and what is wrong is said in one line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from synthetic1 import extras
from synthetic1.jobs import command_line, setting_names, settings_help
from synthetic1.jobs.embedded_model import is_trained_from

if TYPE_CHECKING:
    from pydantic import BaseModel

Settings = TypeVar("Settings", bound="BaseModel")
USAGE_ERROR = 2
FULL_ERROR = "HYDRA_FULL_ERROR"
TAKES_VALUE = {"--cfg", "-c", "--package", "-p", "--config-path", "-cp", "--config-name", "-cn", "--config-dir", "-cd"}
"""Options of Hydra that a word follows."""
STOPPED = 130  # as shells say it of Ctrl-C
SPIN_COUNT = "1000"  # turns of libgomp's waiting loop: some microseconds
MISSING = 3  # what `generate` ends with where samples failed, or have no verdict yet


class ProgramError(Exception):
    """A user error. The message is one line: what was wrong, where, what would be right.

    So is any exception whose class says ``user_error = True``, wherever it is defined.
    """

    user_error = True


def run_program(
    config_name: str,
    settings_type: type[Settings],
    run: Callable[[Settings], None],
    *,
    open_groups: Mapping[str, tuple[str | None, str]] | None = None,
    extra: str = "train",
) -> None:
    """Compose ``configs/<config_name>.yaml`` with the command line, validate it as ``settings_type``, call ``run``.

    User errors are printed as one line with exit status 2; ``--debug`` (or ``HYDRA_FULL_ERROR=1``) shows the traceback
    instead. Ctrl-C ends with 130. No telemetry leaves the machine unless the environment says
    otherwise.

    Args:
        open_groups: config groups whose choice may also be a free value, as ``{"model": ("hub", "model.name")}``:
            ``model=Qwen/Qwen3-0.6B`` becomes ``model=hub model.name=Qwen/Qwen3-0.6B``. Without a config (None) the name
            of the group is only another name for the setting.
        extra: of ``pip install``, which brings what the program imports.
    """
    try:
        import hydra
        from omegaconf import OmegaConf
    except ModuleNotFoundError as error:
        fail(extras.not_installed(error.name or "hydra", extra))

    for name, value in (("HF_HUB_DISABLE_TELEMETRY", "1"), ("VLLM_NO_USAGE_STATS", "1"), ("DO_NOT_TRACK", "1")):
        os.environ.setdefault(name, value)
    spin_briefly()
    debug = "--debug" in sys.argv or os.environ.get(FULL_ERROR) == "1"
    sys.argv[1:] = [_opened(a, open_groups or {}) for a in sys.argv[1:] if a != "--debug"]
    sys.argv[1:] = [a for joined in sys.argv[1:] for a in joined.split("\n")]
    free = _free_sections(config_name, settings_type)
    sys.argv[1:] = [_added(argument, free) for argument in sys.argv[1:]]
    sys.argv[1:] = _options_first(sys.argv[1:])
    _refuse_unknown_options(sys.argv[1:])
    errors: list[Exception] = []  # of the job: Hydra would put a line of its own before ours
    said = os.environ.get(FULL_ERROR)
    os.environ[FULL_ERROR] = "1"  # errors of the configuration reach us whole, and we say them

    def task(config: Any) -> None:
        _set(FULL_ERROR, said)  # the programs that a job starts say their own
        try:
            settings = validate(settings_type, OmegaConf.to_container(config, resolve=True, throw_on_missing=True))
            refuse_idle(settings, {name for name, _ in command_line.given(sys.argv[1:])})
            run(settings)
        except Exception as error:
            errors.append(error)

    try:
        if {"--help", "-h"} & {*sys.argv[1:]}:
            print(settings_help.page(config_name, sys.argv[1:]))
            return
        hydra.main(version_base="1.3", config_path="pkg://synthetic1.configs", config_name=config_name)(task)()
        if errors:
            raise errors[0]
    except KeyboardInterrupt:
        if debug:
            raise
        print("stopped", file=sys.stderr)
        raise SystemExit(STOPPED) from None
    except Exception as error:
        if isinstance(error, ModuleNotFoundError):
            message = extras.explained(error, extra)
        else:
            message = explain(error, lambda: setting_names.names(config_name, settings_type, sys.argv[1:]))
        if debug or message is None:
            raise
        fail(message)
    finally:
        _set(FULL_ERROR, said)


def spin_briefly() -> None:
    """Let the threads of OpenMP spin only briefly while they wait for one another, unless the environment says how.

    By libgomp's default they spin so long that a single other busy process stops most of the work; see
    ``benchmarks/threads.py``. It reads this when torch loads it, so it has to be said before that.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def validate(settings_type: type[Settings], values: Any) -> Settings:
    """``values`` as ``settings_type``, a pydantic model.

    Raises:
        ProgramError: names the first wrong setting, and what would be right.
    """
    from pydantic import ValidationError

    try:
        return settings_type.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = {name for name, _ in setting_names.fields(settings_type)}
            raise ProgramError(_unknown_setting(where, known)) from None
        if first["type"] == "literal_error" and isinstance(first["input"], str):
            choices = re.findall(r"'([^']*)'", first["ctx"]["expected"])
            meant = "".join(f"did you mean `{near}`? " for near in get_close_matches(first["input"], choices, n=1))
            there = ", ".join(choices)
            raise ProgramError(f"{where}: there is no `{first['input']}`; {meant}there are: {there}") from None
        message = first["msg"].removeprefix("Value error, ")
        got = "" if first["type"] == "value_error" or not where else f", got {first['input']!r}"
        raise ProgramError(f"{where}: {message}{got}" if where else message) from None


def refuse_idle(settings: BaseModel, typed: Collection[str]) -> None:
    """Refuse settings that were typed, have another value than their default, and do nothing beside the others.

    Recipes may hold such settings, for whoever changes the others back. A model that knows of any has a method
    ``idle``, which gives (dotted name, why).

    Raises:
        ProgramError: names the setting, why it does nothing, and what would have it do something.
    """
    known = dict(setting_names.fields(type(settings)))
    for name, why in getattr(settings, "idle", tuple)():
        if any(one == name or one.startswith(f"{name}.") for one in typed):
            value: Any = settings
            for part in name.split("."):
                value = getattr(value, part)
            if value != (known[name].get_default(call_default_factory=True) if name in known else None):
                raise ProgramError(f"{name} does nothing {why}")


def fail(message: str) -> NoReturn:
    """Print one line on stderr and end with status 2."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(USAGE_ERROR)


def explain(error: BaseException, known: Callable[[], Collection[str]] = tuple) -> str | None:
    """The one line for a user error, or ``None`` for a defect of ours (which keeps its traceback).

    Args:
        known: gives the dotted names of all settings, of which the nearest one is named for one that is unknown.
    """
    from hydra.errors import HydraException, MissingConfigException, OverrideParseException
    from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

    text = str(error)
    if isinstance(error, MissingConfigException) and (found := re.search(r"Could not find '([^/']+)/([^']+)'", text)):
        options = text.partition("Available options in")[2].split("\n")[1:]
        names = [option.strip() for option in options if option.strip() and ":" not in option]
        meant = "".join(f"did you mean `{near}`? " for near in get_close_matches(found[2], names, n=1))
        return f"there is no {found[1]} `{found[2]}`; {meant}there are: {', '.join(names)}"
    if isinstance(error, OverrideParseException):
        return f"cannot read `{error.override}`: settings are written name=value, e.g. trainer.max_steps=5"
    if found := re.match(r"Could not (override|delete from config\.) '([^']+?)\.?'", text):
        more = f"; a section that takes more wants a plus: +{found[2]}=…" if found[1] == "override" else ""
        return _unknown_setting(found[2], known(), more)
    if isinstance(error, MissingMandatoryValue):
        return f"`{error.full_key}` has no value; give it one: {error.full_key}=…"
    if isinstance(error, HydraException | OmegaConfBaseException):
        cause = error.__cause__
        lines = [line.strip() for line in (*text.split("\n"), *str(cause or "").split("\n")) if line.strip()]
        return "; ".join(dict.fromkeys(line for line in lines if "full_key" not in line and "object_type" not in line))
    return " ".join(text.split()) if getattr(error, "user_error", False) else None


def _unknown_setting(name: str, known: Collection[str], more: str = "") -> str:
    if name in known:  # but no part of what the groups have brought: judge.votes without a judge
        group = name.partition(".")[0]
        return f"`{name}` is not in the chosen configuration; choose another {group}, or add it: +{name}=…"
    if meant := setting_names.nearest(name, known):
        return f"unknown setting `{name}`; did you mean `{meant}`?"
    return f"unknown setting `{name}`; --help lists what there is{more}"


def _options_first(arguments: list[str]) -> list[str]:
    """Hydra's parser takes all settings on one side of an option: `env=math -m seed=1,2` would be refused."""
    options: list[str] = []
    settings: list[str] = []
    for argument in arguments:
        values = options and options[-1] in TAKES_VALUE and "=" not in argument
        (options if argument.startswith("-") or values else settings).append(argument)
    return options + settings


def _refuse_unknown_options(arguments: list[str]) -> None:
    """``--resume`` and the like: Hydra's parser would answer with ten lines of usage."""
    from hydra._internal.utils import get_args_parser

    _, unknown = get_args_parser().parse_known_args(arguments)
    for option in unknown:
        if option.startswith("--"):
            name, _, value = option.lstrip("-").partition("=")
            fail(f"unknown option `{option}`; settings are written name=value: {name}={value or 'true'}")


def _free_sections(config_name: str, settings_type: type[BaseModel]) -> list[str]:
    """Sections, dotted, whose names the config does not show: those that it leaves empty, as ``extra: {}``, which take
    any, and those that are ``null`` unless somebody wants them, as ``lora``."""
    from importlib.resources import files

    import yaml

    def empty(values: Mapping[str, Any], before: str) -> list[str]:
        found = []
        for name, value in values.items():
            if value == {}:
                found.append(before + name)
            elif isinstance(value, dict) and name != "hydra":
                found += empty(value, f"{before}{name}.")
        return found

    text = files("synthetic1.configs").joinpath(f"{config_name}.yaml").read_text(encoding="utf-8")
    return [*empty(yaml.safe_load(text), ""), *setting_names.optional_sections(settings_type)]


def _added(argument: str, sections: list[str]) -> str:
    """``extra.a=1`` as ``++extra.a=1`` where ``extra`` is such a section: Hydra would have people write the plus."""
    name, separator, _ = argument.partition("=")
    free = any(name == section or name.startswith(f"{section}.") for section in sections)
    return f"++{argument}" if separator and free else argument


def _opened(argument: str, open_groups: Mapping[str, tuple[str | None, str]]) -> str:
    group, separator, value = argument.partition("=")
    if group == "env" and "/" in value and "," not in value:  # an id as Gymnasium's are, of any registered environment
        open_groups = {**open_groups, "env": ("custom", "env.id")}
    if not separator or group not in open_groups:
        return argument
    from importlib.resources import files

    config, setting = open_groups[group]
    if config is None:
        return f"{setting}={value}"
    folder = files("synthetic1.configs").joinpath(group)
    if folder.joinpath(f"{value}.yaml").is_file() or "," in value:  # a choice, or a sweep over choices
        return argument
    if group == "model" and is_trained_from(value):  # its learning rate and lengths, not those of a real model
        config = "embedded"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{group}={config}\n{setting}='{quoted}'"
