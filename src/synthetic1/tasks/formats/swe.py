"""Changes to source files as tasks: the prompt of a commit, and rows of CommitPack and CommitPackFT.

The model is shown the file before the commit and what was to be done. It answers with the whole new file or with
SEARCH/REPLACE blocks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.change_form import change_form
from synthetic1.keys import content_key
from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row
from synthetic1.tasks.formats.readers import register_reader

TASK_TYPE = "swe"
COLUMNS = ("commit", "old_file", "new_file", "old_contents", "new_contents", "subject", "message", "lang")

PROMPT = """\
Change the file `{path}` as the instruction says, and change nothing else.

Instruction:

{instruction}

{file}

Answer in one of two ways.

1. With the whole new file, in one block that begins with {fence}{label} and ends with {fence}.

2. With the changes only. Each is a block of this form:

{left} SEARCH
lines of the file above that are to be replaced
{middle}
the lines that take their place
{right} REPLACE

SEARCH holds whole lines exactly as they stand in the file, indentation included, and enough of them that they occur \
only once. REPLACE may be empty. Several blocks are allowed; they all refer to the file above and may not overlap. If \
there are such blocks, nothing else in the answer counts.\
"""
PRESENT = "The file:\n\n{fence}{label}\n{before}{fence}"
ABSENT = "The file does not exist yet: its whole content is the answer."


def compose_prompt(path: str, language: str, instruction: str, before: str, after: str = "") -> str:
    """The prompt of a change. Its fences and markers are longer than any in the file, also after the real change."""
    form = change_form(language, before, after)
    shown = before if before.endswith("\n") or not before else before + "\n"
    return PROMPT.format(
        path=path,
        instruction=instruction.strip(),
        file=PRESENT.format(fence=form.fence, label=form.label, before=shown) if before.strip() else ABSENT,
        fence=form.fence,
        label=form.label,
        left="<" * form.marker_width,
        middle="=" * form.marker_width,
        right=">" * form.marker_width,
    )


def to_task(
    problem_id: str,
    *,
    path: str,
    language: str,
    instruction: str,
    before: str,
    after: str,
    source: str,
    in_source_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Task:
    """The task of one commit to one file.

    Args:
        before: the file before it; ``""`` for a new one.
        after: the file after it, the gold solution.
    """
    return Task(
        problem_id=problem_id,
        task_type=TASK_TYPE,
        prompt=compose_prompt(path, language, instruction, before, after),
        verification_info={"path": path, "language": language, "instruction": instruction.strip(), "before": before},
        gold_standard_solution=after,
        source=source,
        in_source_id=in_source_id,
        metadata=metadata or {},
    )


def is_commitpack_row(columns: Collection[str]) -> bool:
    return {"old_contents", "new_contents", "subject"} <= set(columns)


def read_commitpack_row(fields: Mapping[str, Any], where: str) -> Task:
    """A row of CommitPack or CommitPackFT: a commit that changed one file.

    Raises:
        TaskError: a field is missing or no string.
    """
    row = Row(fields, where)
    before, after = row.optional_text("old_contents"), row.text("new_contents")
    path = row.optional_text("new_file") or row.text("old_file")
    commit = row.optional_text("commit")
    return to_task(
        f"{commit or content_key([path, before, after])}/{path}",
        path=path,
        language=row.optional_text("lang"),
        instruction=row.optional_text("message").strip() or row.text("subject"),
        before=before,
        after=after,
        source="commitpack",
        in_source_id=commit or None,
    )


register_reader("commitpack", is_commitpack_row, read_commitpack_row, columns=COLUMNS)
