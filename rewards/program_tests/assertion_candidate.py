"""Stands behind the candidate's code in its slot, and lets its function be called. Stdlib only."""

from __future__ import annotations


def synthetic1_call(asked: str, entry_point: str, values: str) -> str:
    """Call the function ``entry_point`` as ``asked``. ``values`` is the source of ``assertion_values.py``."""
    import json
    from typing import Any

    space: dict[str, Any] = {"__name__": "values"}
    exec(values, space)
    args, kwargs = space["decode"](json.loads(asked))
    answer: dict[str, Any]
    try:
        answer = {"value": space["encode"](globals()[entry_point](*args, **kwargs))}
    except space["NotPlain"] as error:
        answer = {"live": str(error)}
    except Exception as error:  # an answer, too: assertions may expect it
        answer = {"raised": [type(error).__name__, str(error)[:200]]}
    return json.dumps(answer)
