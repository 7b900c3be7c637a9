"""Rows out of Arrow tables, as they were before a table made their mappings alike."""

from __future__ import annotations

from typing import Any


def without_nulls(value: Any) -> Any:
    """``value`` without the null fields of its structs, at any depth.

    All structs of a column have the same fields, and null where a row had none: kept, they would change ``task.key``
    and look like settings. Nulls in lists stay, and so does everything inside strings of JSON.
    """
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
