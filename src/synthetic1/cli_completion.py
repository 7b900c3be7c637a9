"""Completion in shells: of commands, of programs' settings (`key=value`), and of the names of runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import typer

from synthetic1.cli_programs import CALIBRATE, PROGRAMS

CONFIGS = "synthetic1.configs"
READS_RUNS = ("show", "report")
RUN_SETTINGS = {"verify": "run", "export": "run"}
"""Program → the setting that is the name of a run."""

BASH = r"""_synthetic1() {
  local line="${COMP_LINE:0:COMP_POINT}" cur prefix candidate
  local -a words=($line)
  [[ "$line" == *[[:space:]] ]] && words+=("")
  cur="${words[${#words[@]}-1]}"
  prefix="${cur%"${cur##*[=:]}"}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    [[ -n "$candidate" ]] || continue
    COMPREPLY+=("${candidate#"$prefix"}")
    [[ "$candidate" == *= ]] && compopt -o nospace 2>/dev/null
  done < <(synthetic1 complete -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _synthetic1 synthetic1"""
# Bash breaks words at = and :, so it is given what follows the last one. What is typed follows --, or `--help` among
# it would be taken for an option of `complete`.

ZSH = r"""#compdef synthetic1
_synthetic1() {
  local -a found
  found=("${(@f)$(synthetic1 complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then
    compadd -S '' -- "${found[@]}"
  else
    _files
  fi
}
compdef _synthetic1 synthetic1"""

FISH = r"""complete -c synthetic1 -a '(synthetic1 complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def script(shell: str) -> str | None:
    """What a shell evaluates; None for one that we do not know."""
    return SCRIPTS.get(shell)


def candidates(app: typer.Typer, words: Sequence[str]) -> list[str]:
    """What the last of ``words`` may become; they follow `synthetic1`. Nothing here starts a program or imports one."""
    *done, begun = words or [""]
    return sorted({word for word in _possible(app, done, begun) if word.startswith(begun)})


def _possible(app: typer.Typer, done: list[str], begun: str) -> Iterator[str]:
    if not done:
        group = typer.main.get_group(app)
        yield from (name for name, command in group.commands.items() if not command.hidden)
        return
    name, *given = done
    if name == "judge":
        if not given:
            yield "calibrate"
            return
        name, given = CALIBRATE.name, given[1:]
    program = next((one for one in (*PROGRAMS, CALIBRATE) if one.name == name), None)
    if program is not None and program.config is not None:
        yield from _settings(program.config, given, begun)
        if begun.startswith("-"):
            yield from ("--help", "--debug", "--cfg", "-m")
        if (setting := RUN_SETTINGS.get(name)) is not None:
            yield from (f"{setting}={run}" for run in _runs("generate"))
    elif name in READS_RUNS and not given:
        yield from _runs()
    elif name == "sandbox" and not given:
        yield from ("build", "status", "clean")
    elif name == "completion" and not given:
        yield from SCRIPTS
    elif begun.startswith("-"):
        command = typer.main.get_group(app).commands.get(name)
        yield from (option for one in (command.params if command else ()) for option in one.opts if option[:2] == "--")
        yield "--help"


def _settings(config: str, given: Sequence[str], begun: str) -> Iterator[str]:
    """``group=option`` of the config's groups, ``name=`` of its settings, ``name=true`` of switches."""
    root = _yaml(f"{config}.yaml")
    groups = {str(k): v for entry in root.get("defaults", ()) if isinstance(entry, dict) for k, v in entry.items()}
    groups = {name: option for name, option in groups.items() if not name.startswith(("optional ", "override "))}
    chosen = {**groups, **dict(word.split("=", 1) for word in given if "=" in word)}
    values: dict[str, Any] = {k: v for k, v in root.items() if k not in ("defaults", "hydra")}
    for group in groups:
        yield from (f"{group}={option}" for option in _options(group))
        option = _yaml(f"{group}/{chosen[group]}.yaml")
        inside = option if group == "recipe" else {group: option}  # recipes are laid over the whole configuration
        values = _merged(values, inside)
    for name, value in _flat(values, ""):
        if isinstance(value, bool) and begun.startswith(f"{name}="):
            yield from (f"{name}=true", f"{name}=false")
        elif not begun.startswith(f"{name}="):
            yield f"{name}="


def _options(group: str) -> list[str]:
    return [
        path.name.removesuffix(".yaml") for path in files(CONFIGS).joinpath(group).iterdir() if ".yaml" in path.name
    ]


def _yaml(name: str) -> dict[str, Any]:
    import yaml

    path = files(CONFIGS).joinpath(name)
    read = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return read if isinstance(read, dict) else {}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(one)
    for name, value in other.items():
        before = made.get(name)
        made[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return made


def _flat(values: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _runs(program: str = "") -> list[str]:
    """Names of runs below ``runs``, of one program or of all; with the program where several have one of that name."""
    from synthetic1.reports.run_list import run_folders

    folders = run_folders("runs", program)
    many = Counter(path.name for path in folders)
    return [path.name if many[path.name] == 1 else f"{path.parent.name}/{path.name}" for path in folders]
