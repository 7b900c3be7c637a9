"""What `--help` of a program prints: its words, its groups with their options, and every setting with its comment."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

CONFIGS = "synthetic1.configs"
WIDE = 118
SENTENCE_ENDS = re.compile(r"(?<!\bal)(?<!\bDr)\. (?=[A-Z])")
GLOBAL = "# @package _global_"
"""The first line of a file whose settings are laid over the whole configuration."""


@dataclass(frozen=True)
class ConfigFiles:
    """The files in configs/, and those in a folder of somebody's own (`--config-dir`)."""

    own: Path | None = None

    def text(self, name: str) -> str:
        """The content of a file; empty where there is none."""
        for folder in self._folders():
            if (file := folder.joinpath(name)).is_file():
                return file.read_text(encoding="utf-8")
        return ""

    def options(self, group: str) -> list[str]:
        """The names of a group's files."""
        places = [place for folder in self._folders() if (place := folder.joinpath(group)).is_dir()]
        names = {file.name for place in places for file in place.iterdir()}
        return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))

    def _folders(self) -> list[Traversable]:
        return [files(CONFIGS), *([self.own] if self.own is not None else [])]


def page(config_name: str, arguments: Sequence[str]) -> str:
    """The whole of it, for the configuration that ``arguments`` choose: `env=math --help` has the settings of math.

    Raises:
        HydraException, OmegaConfBaseException: they cannot be composed.
    """
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf, open_dict

    own = _own_folder(arguments)
    configs = ConfigFiles(own)
    settings_given = [one for one in arguments if ("=" in one and not one.startswith("-")) or one.startswith("~")]
    if own is not None:
        settings_given.append(f"hydra.searchpath=['file://{own.absolute()}']")
    with initialize_config_module(version_base="1.3", config_module=CONFIGS):
        composed = compose(config_name, settings_given, return_hydra_config=True)
    choices = {name: str(option) for name, option in composed.hydra.runtime.choices.items() if option is not None}
    words = str(OmegaConf.select(composed, "hydra.help.header")).replace("$APP_CONFIG_GROUPS", "").strip()
    with open_dict(composed):
        del composed["hydra"]
    values: Any = OmegaConf.to_container(composed, resolve=False)
    comments = _comments(configs, config_name, choices)
    settings = "\n".join(_settings(values, "", comments, ""))
    parts = [words, _groups(configs, config_name, choices), f"Settings (change any with name=value):\n\n{settings}"]
    return "\n\n".join(filter(None, parts))


def _own_folder(arguments: Sequence[str]) -> Path | None:
    """What follows `--config-dir`."""
    for place, argument in enumerate(arguments):
        option, separator, value = argument.partition("=")
        if option in ("--config-dir", "-cd"):
            following = value if separator else "".join(arguments[place + 1 : place + 2])
            return Path(following).expanduser() if following else None
    return None


def comments_of(text: str) -> dict[str, list[str]]:
    """Dotted name → the lines of the comment above it, of a YAML file as ours are written."""
    found: dict[str, list[str]] = {}
    above: list[str] = []
    sections: list[tuple[int, str]] = []
    for line in text.splitlines():
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        if stripped.startswith("#"):
            above.append(stripped.lstrip("#").removeprefix(" "))
            continue
        if key := re.match(r"([A-Za-z_]\w*):(\s|$)", stripped):
            sections = [(depth, name) for depth, name in sections if depth < indent]
            sections.append((indent, key[1]))
            found[".".join(name for _, name in sections)] = above
        above = []
    return found


def _comments(configs: ConfigFiles, config_name: str, choices: Mapping[str, str]) -> dict[str, list[str]]:
    """The comment of every setting: where it is explained first, and why a file that is laid over it says otherwise."""
    made = comments_of(configs.text("hydra_defaults.yaml")) | comments_of(configs.text(f"{config_name}.yaml"))
    for group, about in _chosen_from(configs, config_name):
        made.setdefault(group, [about])
    over: list[tuple[str, dict[str, list[str]]]] = []
    for group, option in choices.items():
        place = group.partition("@")[0]
        text = configs.text(f"{place}/{option}.yaml")
        found = comments_of(text)
        if text.startswith(GLOBAL) or "@_global_" in group:
            over.append((f"{place}={option}", found))
        else:
            section = place.replace("/", ".")
            made = {f"{section}.{name}": said for name, said in found.items()} | made
    for name, found in over:
        for setting, said in found.items():
            if not said or setting.count(".") == 0:
                continue
            before = made.get(setting)
            if before is None:
                made[setting] = said
            elif said != before:
                made[setting] = [*before, f"({name}: {' '.join(said)})"]
    return made


def _settings(
    values: Mapping[str, Any], before: str, comments: Mapping[str, Sequence[str]], indent: str
) -> Iterator[str]:
    import yaml

    for name, value in values.items():
        full = f"{before}{name}"
        for line in comments.get(full, ()):
            yield from textwrap.wrap(line, WIDE, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ")
        if isinstance(value, Mapping) and value:
            yield f"{indent}{_scalar(name)}:"
            yield from _settings(value, f"{full}.", comments, f"{indent}  ")
        else:
            shown = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).strip()
            yield f"{indent}{_scalar(name)}: {shown.removesuffix('...').strip()}"


def _groups(configs: ConfigFiles, config_name: str, choices: Mapping[str, str]) -> str:
    """Each group that the command line chooses from, with its options; an asterisk is beside what is chosen here."""
    lines = []
    for group, about in _chosen_from(configs, config_name):
        options = configs.options(group)
        lines.append(f"{group}: {', '.join(options)}")
        lines += textwrap.wrap(about, WIDE, initial_indent="    ", subsequent_indent="    ")
        for option in options:
            mark = "*" if choices.get(group) == option else " "
            said = _first_line(configs.text(f"{group}/{option}.yaml"))
            lines += textwrap.wrap(
                f"{mark} {group}={option:<{max(map(len, options))}}  {said}",
                WIDE,
                initial_indent="    ",
                subsequent_indent=" " * 8,
            )
    head = "Groups (choose with name=option; * is chosen here; `--help` shows what the chosen ones have):"
    return "\n".join([head, "", *lines]) if lines else ""


def _chosen_from(configs: ConfigFiles, config_name: str) -> Iterator[tuple[str, str]]:
    """(group, the comment above it) in the list of defaults."""
    above: list[str] = []
    inside = False
    for line in configs.text(f"{config_name}.yaml").splitlines():
        if line.startswith("defaults:"):
            inside = True
        elif inside and line.strip().startswith("#"):
            above.append(line.strip().lstrip("# "))
        elif inside and (entry := re.match(r"\s*- (\w+): ", line)):
            yield entry[1], " ".join(above)
            above = []
        elif inside and not re.match(r"\s*- ", line):
            return
        else:
            above = []


def _first_line(text: str) -> str:
    """The first sentence of the comment that a file begins with."""
    said = []
    for line in text.splitlines():
        if line == GLOBAL:
            continue
        if not line.startswith("#"):
            break
        said.append(line.lstrip("# "))
    return SENTENCE_ENDS.split(" ".join(said))[0].rstrip(".")


def _scalar(name: str) -> str:
    """A key as YAML reads it back to the same string: ``n`` and ``on`` are switches to some readers."""
    return f"'{name}'" if name.lower() in ("n", "y", "on", "off", "yes", "no", "true", "false", "null") else name
