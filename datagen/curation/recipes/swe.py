"""Recipe ``swe``: commits to one file become tasks, from rows of CommitPack or from a local git repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, Literal

from pydantic import NonNegativeInt, PositiveInt, field_validator

from synthetic1.completion import CLOSE, OPEN
from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow, raw_rows
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools
from synthetic1.datagen.curation.recipes.commits.file_kinds import why_not_written
from synthetic1.datagen.curation.recipes.commits.git_history import PREFIX, git_rows, git_state
from synthetic1.datagen.curation.recipes.commits.leaks import AddedText, find_leak
from synthetic1.datagen.curation.recipes.commits.messages import (
    BUMP,
    MERGE,
    cleaned,
    is_bot,
    is_imperative,
    is_informative,
    is_revert,
)
from synthetic1.jobs.env_settings import Section
from synthetic1.keys import content_key
from synthetic1.rewards.file_edits.diffs import unified
from synthetic1.rewards.file_edits.languages import LANGUAGES, SourceLanguage, language_of
from synthetic1.rewards.file_edits.lines import read_lines
from synthetic1.rewards.file_edits.syntax import differ_in_substance
from synthetic1.task import Task
from synthetic1.tasks.formats.swe import to_task

COMMIT, MESSAGE, FILE, CHANGE, INSTRUCTION, LEAK = "commit", "message", "file", "change", "instruction", "leak"


class SweCuration(Section):
    """What recipe ``swe`` keeps of a history."""

    revision: str = "HEAD"
    """Of ``git:PATH``: the branch, tag or commit whose history is read."""
    history: Literal["all", "first_parent"] = "all"
    """Of ``git:PATH``: every commit, or those of the main line; merges are never tasks."""
    imperative: bool = True
    """Only commits whose subject begins with a verb in the imperative."""
    languages: list[str] | None = None
    """Only files in these languages; None = those that the verifier of changes knows."""
    licenses: list[str] | None = None
    """Only rows under these licences, as the source names them, e.g. ``[mit, apache-2.0]``; None = all, unknown too."""
    max_file_chars: PositiveInt = 30_000
    """Characters of the file, before or after."""
    min_changed_lines: PositiveInt = 2
    """Lines added and removed; a line that is changed counts twice."""
    max_changed_lines: PositiveInt = 200
    """Lines added and removed."""
    min_words: PositiveInt = 4
    """Without a model: words of a message that say something, so that it is an instruction by itself."""
    leak_names: NonNegativeInt = 3
    """New names, numbers and short strings of the change that an instruction may say; more of them are the solution."""

    @field_validator("revision")
    @classmethod
    def a_revision(cls, value: str) -> str:
        if not value.strip() or value.startswith("-"):
            raise ValueError(f"swe.revision={value} is not a branch, a tag or a commit")
        return value

    @field_validator("licenses")
    @classmethod
    def named_alike(cls, value: list[str] | None) -> list[str] | None:
        return None if value is None else sorted({name.strip().lower() for name in value})


class SweRecipe(CurationRecipe):
    """Commits that changed one file by hand, with an instruction that says what to do and not how it was done.

    ============= =====================================================================================================
    ``commit``    ``not_a_commit`` (set aside), ``merge``, ``several_files``, ``no_file``, ``bot_author``,
                  ``license_not_allowed``
    ``message``   ``no_message``, ``revert``, ``version_bump``, ``not_imperative``
    ``file``      ``language``, ``not_a_file``, ``binary``, ``deleted``, ``renamed``, ``generated_or_vendored``,
                  ``too_large``, ``holds_thought_tags``
    ``change``    ``no_change``, ``whitespace_only``, ``too_small``, ``too_large``
    ``instruction`` ``unclear`` (says the model), ``uninformative`` (the message, where no model is named)
    ``leak``      ``leak_line``, ``leak_ngram``, ``leak_literal``, ``leak_names`` (by rule), ``leak_judged``
    ============= =====================================================================================================
    """

    name: ClassVar[str] = "swe"
    task_type: ClassVar[str] = "swe"
    draft_steps: ClassVar[tuple[str, ...]] = (COMMIT, MESSAGE, FILE, CHANGE)
    finish_steps: ClassVar[tuple[str, ...]] = (INSTRUCTION, LEAK)
    prompts: ClassVar[tuple[str, ...]] = ("swe_instruction", "swe_leak")

    def __init__(self, options: SweCuration) -> None:
        self.options = options
        named = options.languages
        known = (one.name for one in LANGUAGES) if named is None else (language_of(one, "").name for one in named)
        self._languages = frozenset(known)

    def rows(self, inputs: Sequence[str]) -> Iterator[RawRow | UnreadableRow]:
        return chain.from_iterable(self._rows_of(one) for one in inputs)

    def state_of(self, inputs: Sequence[str]) -> dict[str, str]:
        state = super().state_of([one for one in inputs if not one.startswith(PREFIX)])
        for one in inputs:
            if one.startswith(PREFIX):
                name, tip = git_state(one.removeprefix(PREFIX), self.options.revision)
                state[f"{PREFIX}{name} at {tip[:12]}"] = tip
        return state

    def _rows_of(self, spec: str) -> Iterator[RawRow | UnreadableRow]:
        if not spec.startswith(PREFIX):
            return raw_rows([spec])
        options = self.options
        first_parent = options.history == "first_parent"
        return git_rows(spec.removeprefix(PREFIX), revision=options.revision, first_parent=first_parent)

    def draft(self, row: RawRow) -> Draft:
        fields = row.fields
        message = _text(fields, "message") or _text(fields, "subject")
        self._check_commit(fields, message)
        subject = (_text(fields, "subject") or message).strip().partition("\n")[0]
        self._check_message(subject, message)
        path = _text(fields, "new_file") or _text(fields, "old_file")
        lang = _text(fields, "lang")
        language = language_of(lang, path)
        self._check_file(fields, path, language)
        before, after = fields.get("old_contents") or "", fields["new_contents"]
        diff = self._diff(before, after, language)
        commit = _text(fields, "commit") or content_key([path, before, after])
        from_git = row.file.startswith(PREFIX)
        origin: dict[str, Any] = {
            "dataset": row.file if from_git else "commitpack",
            "file": row.file,
            "row": row.number,
        }
        origin |= {"commit": commit, "path": path, "license": _text(fields, "license").lower() or None}
        origin |= {"author": _text(fields, "author") or None, "repository": _text(fields, "repos")[:300] or None}
        instruction = cleaned(message)
        data = {"commit": commit, "path": path, "language": language.name or lang, "before": before, "after": after}
        data |= {"message": instruction, "diff": diff}
        shown = "\n".join(line for line in diff.split("\n")[2:] if not line.startswith("@@"))
        text = f"{instruction}\n{shown}"
        return Draft(0, row.where, text, data, {name: value for name, value in origin.items() if value is not None})

    def _check_commit(self, fields: Mapping[str, Any], message: str) -> None:
        if not {"message", "subject"} & fields.keys() or not {"new_contents", "files"} & fields.keys():
            columns = ", ".join(list(fields)[:12])
            raise Quarantined(COMMIT, "not_a_commit", f"wants subject, old_contents and new_contents; has {columns}")
        parents, files = fields.get("parents"), fields.get("files")
        if (isinstance(parents, int) and parents > 1) or MERGE.match(message):
            raise Dropped(COMMIT, "merge", message[:100])
        if isinstance(files, int) and files != 1:
            raise Dropped(COMMIT, "several_files" if files else "no_file", f"{files} files")
        author, email = _text(fields, "author"), _text(fields, "email")
        if is_bot(author, email):
            raise Dropped(COMMIT, "bot_author", author or email)
        allowed, mine = self.options.licenses, _text(fields, "license").lower()
        if allowed is not None and mine not in allowed:
            raise Dropped(COMMIT, "license_not_allowed", mine or "unknown")

    def _check_message(self, subject: str, message: str) -> None:
        if not subject.strip():
            raise Dropped(MESSAGE, "no_message")
        if is_revert(message):
            raise Dropped(MESSAGE, "revert", subject)
        if BUMP.match(subject):
            raise Dropped(MESSAGE, "version_bump", subject)
        if self.options.imperative and not is_imperative(subject):
            raise Dropped(MESSAGE, "not_imperative", subject)

    def _check_file(self, fields: Mapping[str, Any], path: str, language: SourceLanguage) -> None:
        """Raises Dropped: nobody wrote it by hand, or it is not one that is asked for."""
        if not path:
            raise Quarantined(FILE, "not_a_commit", "neither new_file nor old_file says which file")
        if fields.get("plain") is False:
            raise Dropped(FILE, "not_a_file", f"{path} is a link or a submodule")
        if language.name not in self._languages:
            raise Dropped(FILE, "language", language.name)
        if fields.get("too_large"):
            raise Dropped(FILE, "too_large", path)
        contents = [fields.get("old_contents"), fields.get("new_contents")]
        if contents[1] is None or any(
            "\0" in text or text.count("\ufffd") > 3 for text in contents if isinstance(text, str)
        ):
            raise Dropped(FILE, "binary", path)
        if not all(text is None or isinstance(text, str) for text in contents):
            raise Quarantined(FILE, "not_a_commit", "old_contents and new_contents must be texts")
        if not contents[1].strip():
            raise Dropped(FILE, "deleted", path)
        old = _text(fields, "old_file")
        if old and old not in (path, "/dev/null") and (contents[0] or "").strip():
            raise Dropped(FILE, "renamed", f"{old} to {path}")
        if (size := max(len(text or "") for text in contents)) > self.options.max_file_chars:
            raise Dropped(FILE, "too_large", f"{size:,} characters")
        if (tag := next((tag for tag in (OPEN, CLOSE) if tag in contents[1]), None)) is not None:
            raise Dropped(FILE, "holds_thought_tags", f"no answer can hold {tag}")
        if (why := why_not_written(path, contents[1])) is not None:
            raise Dropped(FILE, "generated_or_vendored", why)

    def _diff(self, before: str, after: str, language: SourceLanguage) -> str:
        """The change as a unified diff.

        Raises:
            Dropped: it is nothing to learn from.
        """
        old, new = read_lines(before), read_lines(after)
        if old == new:
            raise Dropped(CHANGE, "no_change" if before == after else "whitespace_only")
        alike = "".join(before.split()).strip("\ufeff") == "".join(after.split()).strip("\ufeff")
        if alike and (language.free_layout or differ_in_substance(before, after, language) is not True):
            raise Dropped(CHANGE, "whitespace_only")
        diff = unified(old, new)
        many = sum(line[:1] in "+-" for line in diff.split("\n")[2:] if line[1:].strip())
        if many < self.options.min_changed_lines:
            raise Dropped(CHANGE, "too_small", f"{many} lines")
        if many > self.options.max_changed_lines:
            raise Dropped(CHANGE, "too_large", f"{many} lines")
        return diff

    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        data, options = draft.data, self.options
        path, message, diff = data["path"], data["message"], data["diff"]
        instruction = message
        if tools.has_model:
            reply = await tools.ask("swe_instruction", draft, INSTRUCTION, path=path, message=message, diff=diff)
            instruction = str(reply["instruction"]).strip()
            if reply["clear"] == "no" or len(instruction.split()) < 3:
                raise Dropped(INSTRUCTION, "unclear", instruction)
            draft.history[INSTRUCTION] = "written by the model from message and diff"
        elif is_informative(message, path, options.min_words):
            draft.history[INSTRUCTION] = "the commit's message"
        else:
            raise Dropped(INSTRUCTION, "uninformative", message)
        language = language_of(data["language"], path)
        lines = [line[1:] for line in diff.split("\n")[2:] if line.startswith("+")]
        leak = find_leak(instruction, AddedText(data["before"], lines, language), path, most_names=options.leak_names)
        if leak is not None:
            raise Dropped(LEAK, *leak)
        if tools.has_model:
            judged = await tools.ask("swe_leak", draft, LEAK, path=path, instruction=instruction, diff=diff)
            if judged["leaks"] == "yes":
                raise Dropped(LEAK, "leak_judged", judged["reason"])
        draft.history[LEAK] = "none found by rules" + (" and judge" if tools.has_model else "")
        task = to_task(
            f"{data['commit']}/{path}",
            path=path,
            language=data["language"],
            instruction=instruction,
            before=data["before"],
            after=data["after"],
            source=draft.origin["dataset"],
            in_source_id=data["commit"],
            metadata={"license": draft.origin["license"]} if "license" in draft.origin else None,
        )
        return [task]


def _text(fields: Mapping[str, Any], name: str) -> str:
    """A field that may be missing; ``""`` where it is not a text."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""
