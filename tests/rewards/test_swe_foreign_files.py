"""Files that nobody here wrote: the form that a prompt asks for is read, in any language and for any file."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from foreign_files import changed, installed_files, small_files
from language_names import LANGUAGE_NAMES

from synthetic1.completion import Completion
from synthetic1.evaluation.auditing.case import AuditedGold
from synthetic1.evaluation.auditing.file_rewrites import FILE_EQUIVALENTS, FILE_MUTANTS, block, hunks
from synthetic1.rewards.file_edits.lines import read_lines
from synthetic1.rewards.swe import Swe
from synthetic1.tasks.formats.swe import to_task

ASKED = re.compile(r"in one block that begins with (`+)(.*) and ends with (`+)\.$", re.MULTILINE)
MARKER = re.compile(r"^(<+) SEARCH\nlines of the file above", re.MULTILINE)


def task_of(path, before, after, language=""):
    return to_task(path, path=path, language=language, instruction="Do it.", before=before, after=after, source="test")


def pairs(files, seed):
    """(path, before, after) of each file and another version of it, in turns the one before and the one after."""
    rng = random.Random(seed)
    for number, (path, text) in enumerate(files):
        other = changed(text, rng)
        before, after = (text, other) if number % 2 else (other, text)
        if any(read_lines(after)) and read_lines(before) != read_lines(after):
            yield path, before, after


@pytest.fixture(scope="module")
def changes():
    found = [*pairs(small_files(), 1), *pairs(installed_files(160), 2)]
    assert len(found) > 400
    return found


def in_the_fence_that_is_asked_for(task, text):
    opening, label, closing = ASKED.search(task.prompt).groups()
    assert opening == closing
    end = "" if text.endswith("\n") else "\n"
    return f"{opening}{label}\n{text}{end}{closing}"


async def verdict_of(task, answer):
    return await Swe().verify(task, Completion(raw=answer, reasoning=None, answer=answer))


def is_right(verdict):
    return verdict.score == 1.0 and verdict.details["decided_by"] == "fast_path"


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
async def test_the_fence_of_the_prompt_is_read_in_every_language(language):
    for path, before, after in [
        ("x", "a\n", "b\n"),
        ("docs/x.md", "a\n\n```sh\nb\n```\n", "a\n\n````\n```sh\nc\n```\n````\n"),
        ("x.h", "", "x = 1\n"),
    ]:
        task = task_of(path, before, after, language)
        for words in ("", "Here it is:\n\n"):
            answer = words + in_the_fence_that_is_asked_for(task, after)
            assert is_right(await verdict_of(task, answer)), (path, answer)


async def test_the_real_file_in_the_fence_of_the_prompt_is_right(changes):
    rng = random.Random(3)
    for path, before, after in changes:
        task = task_of(path, before, after, rng.choice(LANGUAGE_NAMES))
        answer = in_the_fence_that_is_asked_for(task, after)
        assert is_right(await verdict_of(task, answer)), (path, task.prompt[-800:], answer)
        assert is_right(await verdict_of(task, f"<b>So:</b>\n\n{answer}\n\nThen run\n\n```sh\nmake\n```\n")), answer
        assert Swe().gold_completion(task) == answer
        closed = f"{answer.removesuffix('`')}\n"  # what is one sign too short does not end it
        verdict = await verdict_of(task, closed + answer)
        assert is_right(verdict) or verdict.score == 0.0


async def test_edits_by_another_diff_give_the_new_file(changes):
    for path, before, after in changes:
        task = task_of(path, before, after)
        if not before.strip():
            continue
        width = len(MARKER.search(task.prompt)[1])
        lines, others = (re.split("\r\n|\r|\n", text) for text in (before, after))
        answer = "\n".join(block(hunk, width) for hunk in hunks(lines, others))
        verdict = await verdict_of(task, answer)
        assert is_right(verdict), (path, verdict, answer)


@pytest.mark.parametrize("kind", FILE_EQUIVALENTS)
async def test_the_real_file_written_otherwise_is_right(kind, changes):
    rng = random.Random(kind)
    made = 0
    for path, before, after in changes[::2]:
        task = task_of(path, before, after, rng.choice(("", "Python", "Markdown", "HTML+Django", "Objective-C")))
        for answer in FILE_EQUIVALENTS[kind].make(AuditedGold(task, after), rng):
            if not before.strip() and "SEARCH" in answer:
                continue
            verdict = await verdict_of(task, answer)
            assert is_right(verdict), (path, verdict, answer)
            made += 1
    assert made > 100


@pytest.mark.parametrize("kind", FILE_MUTANTS)
async def test_what_is_not_a_change_of_the_file_is_refused(kind, changes):
    rng = random.Random(kind)
    reasons = Counter()
    for path, before, after in changes[1::2]:
        task = task_of(path, before, after, rng.choice(("", "Python", "Markdown", "HTML+Django", "Objective-C")))
        for answer in FILE_MUTANTS[kind].make(AuditedGold(task, after), rng):
            verdict = await verdict_of(task, answer)
            assert verdict.score == 0.0, (path, verdict, answer)
            assert verdict.details["why"], path
            reasons[verdict.reason] += 1
    assert reasons.total() > 20, reasons
    assert set(reasons) <= {"refused_by_gate", "no_answer", "compile_error"}, reasons


async def test_a_file_in_a_fence_that_it_holds_itself_is_whole_or_refused(changes):
    """Never cut at a fence of its own, whatever fence it stands in."""
    seen = Counter()
    for path, before, after in changes:
        task = task_of(path, before, after, "Markdown")
        for fence in ("```", "````", "~~~", "~~~~"):
            for label in ("markdown", ""):
                verdict = await verdict_of(task, f"{fence}{label}\n{after}\n{fence}")
                assert is_right(verdict) or verdict.score == 0.0, (path, fence, verdict)
                seen[verdict.score, verdict.reason] += 1
    assert seen[1.0, "correct"] > 1_000
    assert seen[0.0, "refused_by_gate"] > 50
