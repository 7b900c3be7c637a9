"""CRUXEval rows (``code``, ``input``, ``output``, ``id``) as output-prediction tasks; the prompt is composed here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic1.task import Task, TaskError
from synthetic1.tasks.formats.readers import register_reader

COLUMNS = ("code", "input", "output", "id")

PROMPT = """\
Here is a Python program:

```python
{code}

result = f({input})
```

What is `result` after it has run? Work it out without running the program, then answer with a JSON object that has \
one field, `output`. Its value is the result as a JSON value, such as {{"output": [1, 2]}}, or a string that holds the \
result as a Python literal, such as {{"output": "(1, 2)"}}: use the second form where JSON cannot say it exactly \
(tuples, sets, bytes, keys that are not strings).
"""


def is_cruxeval_row(columns: Collection[str]) -> bool:
    # `output` may be the column that is missing: the reader then says so
    return {"code", "input", "id"} <= set(columns) or set(columns) == {"code", "input", "output"}


def read_cruxeval_row(row: Mapping[str, Any], where: str) -> Task:
    """The task of one row. Its gold is the published ``repr``, compared as a Python literal.

    Raises:
        TaskError: a column is missing or no string.
    """
    for name in COLUMNS:
        if name not in row:
            raise TaskError(f"{where}: field `{name}` is missing; a CRUXEval row has {', '.join(COLUMNS)}")
        if not isinstance(row[name], str):
            raise TaskError(f"{where}: field `{name}` must be a string, got {type(row[name]).__name__}")
    try:
        return Task(
            problem_id=row["id"],
            task_type="code_output_prediction",
            prompt=PROMPT.format(code=row["code"].strip("\n"), input=row["input"]),
            verification_info={"ground_truth": row["output"], "compare": "python_literal"},
            gold_standard_solution=row["output"],
            source="cruxeval",
            in_source_id=row["id"],
            metadata={"language": "python"},
        )
    except TaskError as error:
        raise TaskError(f"{where}: {str(error).replace('problem_id', 'id')}") from None


register_reader("cruxeval", is_cruxeval_row, read_cruxeval_row, columns=COLUMNS, id_column="id")
