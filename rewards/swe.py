"""The verifier of changes to source files: what rules can decide they do, and a judge compares what is left.

A task has in ``verification_info``:

=============== =======================================================================================================
``before``      the file before the commit; may be empty, for a new file
``path``        its path in the repository
``language``    e.g. ``python`` or ``C++``; without it, what the path's suffix says
``instruction`` what was to be done; without it, the judge is shown the whole prompt
=============== =======================================================================================================

and as ``gold_standard_solution`` the file after it. The answer is the whole new file in a fence, or SEARCH/REPLACE
blocks (``file_edits.edits``), in the form that ``change_form`` gives for the prompt.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from synthetic1.change_form import change_form
from synthetic1.completion import Completion
from synthetic1.rewards.file_edits.diffs import line_similarity, unified, unrelated_deletions
from synthetic1.rewards.file_edits.edits import new_state
from synthetic1.rewards.file_edits.languages import SourceLanguage, fence_labels, language_of
from synthetic1.rewards.file_edits.lines import Lines, Unappliable, read_lines, write_lines
from synthetic1.rewards.file_edits.syntax import differ_in_substance, parse_error, says_nothing
from synthetic1.rewards.file_edits.weakening import weakened
from synthetic1.rewards.judging.gate import refused
from synthetic1.rewards.judging.judged_verifier import JudgedVerifier
from synthetic1.rewards.judging.rubrics import BEHAVIOUR, Rubric
from synthetic1.rewards.registry import register
from synthetic1.rewards.task_fields import MalformedTask, malformed_field, optional_text
from synthetic1.task import Task
from synthetic1.verdict import Verdict

MAX_ANSWER = 1_000_000  # characters
MAX_FILE = 200_000  # characters of a new file, or four times the real one
DELETION_CAP = 0.5
"""The most that a change is worth which also deletes what the real one keeps."""


@dataclass(frozen=True)
class RealChange:
    """What a task says of the commit."""

    path: str
    language: SourceLanguage
    label: str
    """The language as the task names it, and the fence of its prompt."""
    question: str
    """What the judge is told of the task."""
    instructions: str
    """Notes of the task's own for grading."""
    before: Lines
    after: Lines

    @cached_property
    def diff(self) -> str:
        return unified(self.before, self.after, self.path)


def read_change(task: Task) -> RealChange:
    """The commit that ``task`` holds.

    Raises:
        MalformedTask: a field is missing or is not a string, or the commit changes nothing, or empties the file.
    """
    info = task.verification_info
    if not isinstance(info.get("before"), str):
        raise malformed_field(task, "before", "must be the file's text")
    path, language, instruction, notes = (
        optional_text(task, name) for name in ("path", "language", "instruction", "judging_instructions")
    )
    if task.gold_standard_solution is None:
        why = f"task `{task.problem_id}`: gold_standard_solution must be the file after the change"
        raise MalformedTask(why, "gold")
    path = path or "file"
    before, after = read_lines(info["before"]), read_lines(task.gold_standard_solution)
    if not after or before == after:
        raise MalformedTask(f"the real change {'changes nothing' if after else 'leaves an empty file'}", "gold")
    return RealChange(
        path=path,
        language=language_of(language, path),
        label=language,
        question=instruction or task.prompt,
        instructions=notes,
        before=before,
        after=after,
    )


@register("swe")
@dataclass(frozen=True)
class Swe(JudgedVerifier):
    """Scores a change to a file by whether it behaves as the real commit does.

    Rules come first: an answer that is not a change of this file, or may be read as several, changes or leaves comments
    only, breaks the syntax or weakens tests is 0; one that gives the real file is 1. What is left a judge decides, who
    sees both changes as unified diffs. If a change deletes lines that the real one keeps, far from where that is at
    work, it is worth at most 0.5.

    ``details`` hold ``decided_by`` (``gate``, ``fast_path`` or ``judge``), ``why`` where the gate refused,
    ``line_similarity`` with the real file (a metric, no part of the score), ``unrelated_deletions`` if the score was
    capped, and the judge's own.
    """

    version: ClassVar[int] = 3
    rubric: ClassVar[Rubric] = BEHAVIOUR

    async def verify(self, task: Task, completion: Completion) -> Verdict:
        try:
            real = read_change(task)
        except MalformedTask as error:
            return error.verdict
        answer = completion.answer
        assert answer is not None, "the scorer answers for completions without an answer"
        candidate = _candidate(answer, real, cut_off=completion.finish_reason == "length")
        if isinstance(candidate, Verdict):
            return candidate
        similarity = round(line_similarity(candidate, real.after), 4)
        verdict = _by_rules(real, candidate)
        if verdict is None:
            verdict = await self.ask(
                question=real.question,
                reference=real.diff,
                candidate=unified(real.before, candidate, real.path),
                instructions=real.instructions,
            )
            verdict = _capped(verdict, real, candidate)
        return replace(verdict, details={**verdict.details, "line_similarity": similarity})

    def gold_completion(self, task: Task) -> str | None:
        """The whole file after the commit, which needs no judge."""
        after, info = task.gold_standard_solution, task.verification_info
        if after is None or not after.strip():
            return None
        before, language = (str(info.get(name) or "") for name in ("before", "language"))
        form = change_form(language, before, after)
        end = "" if after.endswith("\n") else "\n"
        return f"{form.fence}{form.label}\n{after}{end}{form.fence}"


def _candidate(answer: str, real: RealChange, *, cut_off: bool) -> Lines | Verdict:
    """The file that ``answer`` makes of the one before the commit, or why there is none."""
    if len(answer) > MAX_ANSWER:
        return refused(f"an answer of {len(answer):,} characters; {MAX_ANSWER:,} are read", reason="output_limit")
    try:
        candidate = new_state(
            answer,
            real.before,
            fence_labels(real.language, real.path),
            after=real.after,
            label=real.label,
            nested=real.language.nested_fences,
            cut_off=cut_off,
        )
    except Unappliable as error:
        return refused(str(error), answer)
    if candidate is None:
        return refused(f"no SEARCH/REPLACE block and no fenced {real.language.name} file", reason="no_answer")
    size, limit = sum(map(len, candidate)), max(MAX_FILE, 4 * sum(map(len, real.after)))
    if size > limit:
        return refused(f"a file of {size:,} characters; {limit:,} are read", reason="output_limit")
    return candidate


def _by_rules(real: RealChange, candidate: Lines) -> Verdict | None:
    """The verdict where rules alone give one."""
    if candidate == real.after:
        return Verdict.graded(1.0, answer=real.diff, decided_by="fast_path")
    if not any(_seen(candidate)):
        return refused("the file is deleted or emptied")
    if candidate == real.before:
        return refused("nothing is changed")
    if _seen(candidate) == _seen(real.before) != _seen(real.after):
        return refused("nothing is changed that can be seen")
    old, new, text = (write_lines(lines) for lines in (real.before, real.after, candidate))
    diff, language = unified(real.before, candidate, real.path), real.language
    if (why := parse_error(text, language)) and _reads(language, old, new):
        return refused(f"the file is no longer {language.name}: {why}", diff, reason="compile_error")
    if differ_in_substance(old, new, language) and differ_in_substance(old, text, language) is False:
        return refused("only comments or layout are changed", diff)
    if says_nothing(text, language) and not says_nothing(new, language):
        return refused("nothing but comments is left of the file", diff)
    if why := weakened(old, new, text, language, real.path):
        return refused(why, diff, reason="tampered")
    return None


def _reads(language: SourceLanguage, old: str, new: str) -> bool:
    """Whether what does not parse is broken: the real file does, and the one before shows no other dialect (comments in
    JSON). Old Python that a change makes new is broken, though, if the answer leaves it old."""
    texts = (new,) if language.name == "python" else (old, new)
    return all(parse_error(text, language) is None for text in texts if text)


def _seen(lines: Lines) -> Lines:
    """``lines`` without characters that cannot be seen."""
    text = "\n".join(lines)
    if text.isascii():
        return lines
    return read_lines("".join(c for c in text if unicodedata.category(c) != "Cf"))


def _capped(verdict: Verdict, real: RealChange, candidate: Lines) -> Verdict:
    """``verdict``, worth no more than the cap if the candidate deletes what the real change keeps."""
    if verdict.score is None or verdict.score <= DELETION_CAP:
        return verdict
    deleted = unrelated_deletions(real.before, real.after, candidate, real.language.line_comments)
    if not deleted:
        return verdict
    details = {**verdict.details, "unrelated_deletions": len(deleted)}
    return Verdict.graded(DELETION_CAP, answer=verdict.answer, **details)
