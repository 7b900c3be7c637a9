"""Prompts for language models as files: a head that says the version and what the reply has to be, and a text.

A file ``NAME.md`` begins with a head between two lines of ``---``::

    ---
    version: 1
    reply: {verdict: [yes, no], answer: text}
    ---
    Is this a problem with one short answer?

    {{problem}}

``reply`` is ``text`` (all of the answer), ``code`` (its last fenced block), or the fields of a JSON object: ``text``,
``integer``, ``boolean``, or a list of the words that are allowed. A folder of files with the same names replaces ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from synthetic1.jobs.program import ProgramError

Reply = str | Mapping[str, Any]
OURS = Path(str(resources.files("synthetic1.datagen.curation.prompts")))
KINDS = {"text": {"type": "string"}, "integer": {"type": "integer"}, "boolean": {"type": "boolean"}}
_head = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_place = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Prompt:
    """What a model is asked, with places for values."""

    name: str
    version: int
    reply: Reply
    text: str

    @cached_property
    def label(self) -> str:
        """Version and content: what the rows say that were touched by it, e.g. ``1:9f86d081``."""
        digest = hashlib.sha256(f"{self.reply!r}\n{self.text}".encode()).hexdigest()[:8]
        return f"{self.version}:{digest}"

    @property
    def places(self) -> frozenset[str]:
        return frozenset(_place.findall(self.text))

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with its places filled, all at once: what a value says is never a place.

        Raises:
            KeyError: a place without a value.
        """
        return _place.sub(lambda found: values[found[1]], self.text)

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the reply; None where it is not JSON."""
        if isinstance(self.reply, str):
            return None
        fields = {name: KINDS[kind] if isinstance(kind, str) else {"enum": kind} for name, kind in self.reply.items()}
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def load_prompts(names: Mapping[str, frozenset[str]] | list[str], folder: str | None = None) -> dict[str, Prompt]:
    """The prompts of these names; those in ``folder`` stand in for ours.

    Raises:
        ProgramError: a file that is not a prompt, or that lacks a place or a field of ours.
    """
    theirs = Path(folder).expanduser() if folder is not None else None
    if theirs is not None and not theirs.is_dir():
        raise ProgramError(f"prompts={folder} is not a folder of NAME.md files")
    found = {}
    for name in names:
        found[name] = prompt = read_prompt(OURS / f"{name}.md")
        if theirs is not None and (theirs / f"{name}.md").is_file():
            other = read_prompt(theirs / f"{name}.md")
            if other.reply != prompt.reply:
                raise ProgramError(f"{theirs / name}.md: reply must be {prompt.reply}, as the recipe reads it")
            if unknown := sorted(other.places - prompt.places):
                known = ", ".join(sorted(prompt.places))
                raise ProgramError(
                    f"{theirs / name}.md: there is no value for {{{{{unknown[0]}}}}}; there are: {known}"
                )
            found[name] = other
    if theirs is not None:
        there, known = {file.stem for file in theirs.glob("*.md")} - {"README"}, ", ".join(sorted(found))
        if strangers := sorted(there - {file.stem for file in OURS.glob("*.md")}):
            raise ProgramError(f"prompts={folder}: no recipe has a prompt {strangers[0]}.md; this one has: {known}")
        if not there & set(found):
            raise ProgramError(f"prompts={folder} holds no prompt of this recipe, which has: {known or 'none'}")
    return found


def read_prompt(path: Path) -> Prompt:
    """Read one file.

    Raises:
        ProgramError: it is not a prompt.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        head = _head.match(text)
        if head is None:
            raise ValueError("it must begin with a head between two lines of ---")
        said = yaml.safe_load(head[1])
        version, reply = said["version"], said["reply"]
        if not isinstance(version, int):
            raise ValueError(f"version must be a whole number, got {version!r}")
        if isinstance(reply, Mapping):
            reply = {name: _kind(name, kind) for name, kind in reply.items()}
        elif reply not in ("text", "code"):
            raise ValueError(f"reply must be text, code, or fields of a JSON object, got {reply!r}")
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        said = f"`{error.args[0]}` is missing in its head" if isinstance(error, KeyError) else str(error)
        raise ProgramError(f"{path} is not a prompt: {' '.join(said.split())}") from None
    return Prompt(path.stem, version, reply, text[head.end() :].strip() + "\n")


def _kind(name: str, kind: Any) -> Any:
    if isinstance(kind, list) and kind:
        return [{True: "yes", False: "no"}.get(word, word) if isinstance(word, bool) else str(word) for word in kind]
    if kind not in KINDS:
        raise ValueError(f"reply.{name} must be one of {', '.join(KINDS)} or a list of words, got {kind!r}")
    return kind
