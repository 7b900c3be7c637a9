"""Stands behind the candidate's code in its slot, and lets its functions be called. Stdlib only."""

from __future__ import annotations


def synthetic1_call(asked: str, function: str, instance: int, values: str) -> str:
    """Call a function of the candidate as ``asked``. ``values`` is the source of ``assertion_values.py``.

    Args:
        instance: which of the ``Solution`` objects that the assertions have made; each has a state of its own.
    """
    import json
    from typing import Any

    space: dict[str, Any] = {"__name__": "values"}
    exec(values, space)
    args, kwargs = space["decode"](json.loads(asked))
    answer: dict[str, Any]
    try:
        found = globals()["__candidate__"].find(function, instance)
        answer = {"value": space["encode"](found(*args, **kwargs))}
    except space["NotPlain"] as error:
        answer = {"live": str(error)}
    except Exception as error:  # an answer, too: assertions may expect it
        answer = {"raised": [type(error).__name__, str(error)[:200]]}
    return json.dumps(answer)
