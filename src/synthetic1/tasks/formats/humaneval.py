"""HumanEval rows (``task_id``, ``prompt``, ``entry_point``, ``test`` …): the tests are assertions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, has_columns
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("task_id", "prompt", "entry_point", "test", "canonical_solution")

PROMPT = """\
Complete this Python function:

```python
{code}
```

Put the whole function, with its imports and all it needs, in one ```python block.
"""


def is_humaneval_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("task_id", "entry_point", "test"))


def read_humaneval_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row. The published prompt is also what assertions and completions may build upon.

    Raises:
        TaskError: a field is missing or no string.
    """
    row = Row(fields, where)
    code = row.text("prompt")
    solution = row.optional_text("canonical_solution")
    return row.task(
        problem_id=row.text("task_id"),
        id_field="task_id",
        prompt=PROMPT.format(code=code.strip("\n")),
        source="humaneval",
        verification_info={
            "assertions": {"code": row.text("test"), "entry_point": row.text("entry_point"), "prelude": code}
        },
        metadata={},
        gold=code + solution if solution else None,
    )


register_reader("humaneval", is_humaneval_row, read_humaneval_row, columns=COLUMNS, id_column="task_id")
