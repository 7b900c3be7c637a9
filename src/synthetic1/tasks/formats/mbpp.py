"""MBPP rows (``task_id``, ``text`` or ``prompt``, ``code``, ``test_list``): the tests are single statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import Row, has_columns, shown
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("task_id", "text", "prompt", "code", "test_list", "test_setup_code", "test_imports", "challenge_test_list")

PROMPT = """\
{text}

Your code has to pass these tests:

```python
{tests}
```

Put the function, with its imports and all it needs, in one ```python block.
"""


def is_mbpp_row(columns: Collection[str]) -> bool:
    return has_columns(columns, ("task_id", "test_list", "code")) and bool({"text", "prompt"} & set(columns))


def read_mbpp_row(fields: Mapping[str, Any], where: str) -> Task:
    """The task of one row, of the published set or of its sanitized part. The prompt shows the tests, which alone say
    what the function is called; the challenge tests are not shown.

    Raises:
        TaskError: a field is missing or not what the format says.
    """
    row = Row(fields, where)
    number = fields.get("task_id")
    if isinstance(number, bool) or not isinstance(number, int | str):
        raise row.error("task_id", f"must be a string or an integer, got {shown(number)}")
    tests = _statements(row, "test_list")
    if not tests:
        raise row.error("test_list", "must hold at least one statement")
    setup = row.optional_text("test_setup_code").strip()
    statements = [*_statements(row, "test_imports"), *([setup] if setup else []), *tests]
    statements += _statements(row, "challenge_test_list")
    return row.task(
        problem_id=f"mbpp/{number}",
        id_field="task_id",
        prompt=PROMPT.format(text=row.text("text" if fields.get("text") else "prompt").strip(), tests="\n".join(tests)),
        source="mbpp",
        verification_info={"test_cases": [{"type": "assert_case", "assert_case": one} for one in statements]},
        metadata={},
        gold=row.optional_text("code") or None,
    )


def _statements(row: Row, name: str) -> list[str]:
    found = row.fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise row.error(name, f"must hold a list of statements, got {shown(found)}")
    return [one for one in found if one.strip()]


register_reader("mbpp", is_mbpp_row, read_mbpp_row, columns=COLUMNS)
