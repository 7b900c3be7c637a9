"""`synthetic1 envs`: which environments there are, what they take, how many tasks they hold, what they need."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import socket
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import gymnasium
from gymnasium.envs.registration import load_env_creator

from synthetic1.evaluation.named_sources import families
from synthetic1.jobs.env_settings import short_name
from synthetic1.jobs.program import USAGE_ERROR, ProgramError
from synthetic1.reports.text_table import text_table
from synthetic1.rewards.judging.settings import LOCAL
from synthetic1.sandbox.command import examine
from synthetic1.task import TaskError
from synthetic1.tasks.sources.source import SPLITS
from synthetic1.tasks.sources.spec import open_tasks

WIDE = 100
SANDBOX, JUDGE, OPTIONAL_JUDGE = "sandbox", "judge", "answer_judge"
NEEDS = {
    SANDBOX: "a sandbox for programs",
    JUDGE: "a judge model",
    OPTIONAL_JUDGE: "nothing; a judge model where it is asked for",
}
"""An environment that has this argument needs that."""


@dataclass(frozen=True)
class EnvArgument:
    """A keyword argument of ``gym.make``."""

    name: str
    default: str
    """As Python writes it; ``required`` without one."""
    about: str
    """What the class says of it; empty where it says nothing."""


@dataclass(frozen=True)
class NeededPart:
    """What scoring needs besides this package."""

    what: str
    here: bool
    found: str
    """What it is here, or what to do."""


@dataclass(frozen=True)
class EnvironmentFacts:
    """What `synthetic1 envs` says of one."""

    id: str
    family: str
    about: str
    arguments: tuple[EnvArgument, ...]
    source: str
    """Where its tasks come from without arguments."""
    tasks: dict[str, int]
    """How many there are without arguments, by split."""
    embedded: int
    """How many ``tasks=embedded:FAMILY`` gives; 0 where none come with the package."""
    verifiers: dict[str, str]
    """Task type → class and version, e.g. ``Math 5``."""
    needs: tuple[NeededPart, ...]


def run(names: Sequence[str], *, as_json: bool = False) -> int:
    """Print what is known of ``names``: a table of all environments without any, one whole for each that is named.

    Returns:
        The exit status: 0, or 2 for a name that is no environment.
    """
    try:
        ids = [_id_of(name) for name in names] or sorted(families().values())
        found = [facts_of(env_id) for env_id in ids]
    except ProgramError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR
    if as_json:
        print(json.dumps([asdict(facts) for facts in found], indent=1, ensure_ascii=False))
    else:
        print("\n\n".join(map(whole, found)) if names else overview(found))
    return 0


def facts_of(env_id: str) -> EnvironmentFacts:
    """Make the environment, without arguments, for each split that it has, and look.

    Raises:
        ProgramError: it cannot be made, or holds no ``tasks`` and no ``scorer``.
    """
    try:
        entry_point = gymnasium.spec(env_id).entry_point
        creator: Any = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
        signature = inspect.signature(creator)
        parts: list[str | None] = list(SPLITS) if "split" in signature.parameters else [None]
        made = {part or "all": _made(env_id, part) for part in parts}
    except (gymnasium.error.Error, ImportError, TypeError, ValueError) as error:
        raise ProgramError(f"`{env_id}` cannot be made: {' '.join(str(error).split())}") from error
    first = next(iter(made.values()))
    try:
        verifier_types = first.scorer.verifiers or [first.tasks[0].task_type]
        verifiers = {name: first.scorer.verifier(name) for name in verifier_types}
        shown = {name: f"{type(one).__name__} {one.version}" for name, one in verifiers.items()}
        counts = {part: len(env.tasks) for part, env in made.items()}
        name = re.sub(r"[\[/](train|test)\]?$", "", first.tasks.name)
    finally:
        for env in made.values():
            env.close()
    doc = inspect.getdoc(creator) or ""
    said = _about_arguments(doc)
    arguments = tuple(
        EnvArgument(p.name, "required" if p.default is p.empty else repr(p.default), said.get(p.name, ""))
        for p in signature.parameters.values()
    )
    family = short_name(env_id)
    embedded = _embedded(family) if env_id == families().get(family) else 0
    source = name if embedded and name == f"embedded:{family}" else f"a generator ({name})"
    needs = tuple(_needed(name) for name in NEEDS if name in signature.parameters)
    about = doc.partition("\n")[0]
    return EnvironmentFacts(env_id, family, about, arguments, source, counts, embedded, shown, needs)


def overview(found: Sequence[EnvironmentFacts]) -> str:
    """A line for each, then the arguments of each."""
    rows = [("id", "tasks", "embedded", "verifier", "needs")]
    for facts in found:
        tasks = " + ".join(f"{many:,} {part}" for part, many in facts.tasks.items())
        needs = "; ".join(f"{n.what}{'' if n.here else ' (not here)'}" for n in facts.needs) or "nothing"
        rows.append((facts.id, tasks, f"{facts.embedded:,}", ", ".join(facts.verifiers.values()), needs))
    lines = [text_table(rows, right=(2,)), "", "arguments of gym.make, in programs env.NAME=…:"]
    for facts in found:
        said = ", ".join(f"{one.name}={one.default}" for one in facts.arguments)
        lines += textwrap.wrap(f"{facts.family}: {said}", WIDE, initial_indent="  ", subsequent_indent="      ")
    lacking = dict.fromkeys(need for facts in found for need in facts.needs if not need.here)
    lines += [f"  {need.what}: {need.found}" for need in lacking]
    return "\n".join([*lines, "", "one whole: synthetic1 envs math"])


def whole(facts: EnvironmentFacts) -> str:
    """All that is known of one."""
    tasks = ", ".join(f"{many:,} {part}" for part, many in facts.tasks.items())
    lines = [
        facts.id,
        f"  {facts.about}",
        "",
        f"  tasks     {tasks}, from {facts.source}; tasks=… takes files, hf://… and mixtures",
        *([f"            {facts.embedded:,} by tasks=embedded:{facts.family}"] if facts.embedded else []),
        *(f"  verifier  {name} for {task_type}" for task_type, name in facts.verifiers.items()),
        *(f"  needs     {need.what}: {need.found}" for need in facts.needs),
        "",
        "  arguments of gym.make, in programs env.NAME=…:",
    ]
    for one in facts.arguments:
        lines.append(f"    {one.name} = {one.default}")
        if one.about:
            lines += textwrap.wrap(one.about, WIDE, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join(lines)


def _id_of(name: str) -> str:
    known = families()
    env_id = known.get(name, name)
    if env_id in gymnasium.registry:
        return env_id
    raise ProgramError(f"there is no environment `{name}`; there are: {', '.join(sorted(known))}, or give an id")


def _made(env_id: str, split: str | None) -> Any:
    arguments: dict[str, Any] = {} if split is None else {"split": split}
    env: Any = gymnasium.make(env_id, **arguments).unwrapped
    if not hasattr(env, "tasks") or not hasattr(env, "scorer"):
        raise ProgramError(f"`{env_id}` holds no `tasks` and no `scorer`, as environments of ours do")
    return env


def _embedded(family: str) -> int:
    try:
        return len(open_tasks(f"embedded:{family}"))
    except TaskError:
        return 0


def _about_arguments(doc: str) -> dict[str, str]:
    """What the section ``Args:`` of a docstring says, by name, on one line each."""
    section = re.search(r"^Args:\n((?:[ ]+.*\n|\n)+)", f"{doc}\n", re.MULTILINE)
    found: dict[str, str] = {}
    name = ""
    for line in section[1].splitlines() if section else ():
        if start := re.match(r" {4}(\w+): (.*)", line):
            name, found[start[1]] = start[1], start[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return {key: said.replace("``", "`") for key, said in found.items()}


@cache
def _needed(argument: str) -> NeededPart:
    if argument == SANDBOX:
        return _sandbox()
    address = urlsplit(LOCAL)
    try:
        socket.create_connection((address.hostname or "", address.port or 80), timeout=0.5).close()
    except OSError:
        optional = argument == OPTIONAL_JUDGE
        return NeededPart(NEEDS[argument], optional, f"none at {LOCAL}; {argument}=URL names one (docs/judge.md)")
    return NeededPart(NEEDS[argument], True, f"something answers at {LOCAL}: {argument}=local")


def _sandbox() -> NeededPart:
    """The first kind that ``sandbox=auto`` would take."""
    for kind in ("docker", "bubblewrap"):
        state = asyncio.run(examine(kind))
        if state.works and state.languages:
            return NeededPart(NEEDS[SANDBOX], True, f"{kind}, {', '.join(state.languages)}")
    return NeededPart(NEEDS[SANDBOX], False, "none works here; `synthetic1 sandbox status` says why")
