"""Stands behind the candidate's code in its slot, and lets its functions be called. Stdlib only."""

from __future__ import annotations


def synthetic1_call(asked: str, function: str, instance: int, names: list[str], values: str) -> str:
    """Call a function of the candidate as ``asked``. ``values`` is the source of ``assertion_values.py``.

    Of a function that has returned None the answer also says what it left in its arguments, if it has changed them.

    Args:
        instance: which of the ``Solution`` objects that the assertions have made; each has a state of its own.
        names: of the classes whose objects cross; the candidate may have classes of its own for them.
    """
    import contextlib
    import json
    from typing import Any

    space: dict[str, Any] = {"__name__": "values"}
    exec(values, space)
    before = json.loads(asked)
    classes = {name: globals()[name] for name in names if isinstance(globals().get(name), type)}
    answer: dict[str, Any]
    try:
        args, kwargs = space["decode"](before, classes)
        found = globals()["__candidate__"].find(function, instance)
        value = found(*args, **kwargs)
        answer = {"value": space["encode"](value, classes)}
        if value is None:
            with contextlib.suppress(space["NotPlain"], ValueError):  # it left something that cannot cross
                after = space["encode"]((args, kwargs), classes)
                if after != before:
                    answer["left"] = after
    except space["NotPlain"] as error:
        answer = {"live": str(error)}
    except Exception as error:  # an answer, too: assertions may expect it
        answer = {"raised": [type(error).__name__, str(error)[:200]]}
    return json.dumps(answer)
