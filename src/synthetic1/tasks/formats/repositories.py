"""Rows about whole repositories: SWE-bench, SWE-Gym, SWE-smith, SWE-rebench. They are refused, and told why.

``instance_id``, ``repo``, ``base_commit``, ``problem_statement``, ``patch``, ``test_patch``, ``FAIL_TO_PASS`` …: such a
change is verified by the repository's own tests, in an image of it, which is not here. A task of `swe` is a change to
one file, which its prompt shows whole.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("instance_id", "repo", "base_commit", "patch")


def is_repository_row(columns: Collection[str]) -> bool:
    return "instance_id" in columns and bool({"patch", "problem_statement", "FAIL_TO_PASS"} & set(columns))


def refuse_repository_row(fields: Mapping[str, Any], where: str) -> Task:
    """Raises TaskError, which says what is missing here."""
    row = Row(fields, where)
    repo = fields.get("repo")
    raise row.error(
        "patch",
        f"changes a repository{f' ({repo})' if isinstance(repo, str) and repo else ''}, as in SWE-bench: verifying it "
        "takes that repository and its tests, which are not here; read are changes to one file (CommitPack)",
    )


register_reader("swe_bench", is_repository_row, refuse_repository_row, columns=COLUMNS)
