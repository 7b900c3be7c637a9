"""Processes in environments of other packages, one for a whole test file: what they import takes seconds."""

from __future__ import annotations

import adapter_environments
import adapter_pairs
import pytest


def environ() -> dict[str, str]:
    """This process's environment; byte code is kept, even where no process is to write any."""
    return {**adapter_environments.compiling(), "NO_COLOR": "1"}


def with_code(request: pytest.FixtureRequest) -> bool:
    """Whether a test of this file that needs a sandbox was asked for, and there is one."""
    items = [item for item in request.session.items if item.path == request.path]
    if not any("sandbox_kind" in getattr(item, "fixturenames", ()) for item in items):
        return False
    try:
        return bool(request.getfixturevalue("sandbox_kind"))
    except pytest.skip.Exception:
        return False


def both(through: list[float | str | None], *, code: bool) -> tuple[list[float | str | None], list[float | None]]:
    """(through an adapter, directly) of the pairs that are programs, or of all others.

    Args:
        through: what came back for ``adapter_pairs.load(code=…)``, in its order.
    """
    pairs = adapter_pairs.load(code=len(through) == 200)
    scores = zip(pairs, through, adapter_pairs.direct_scores(pairs), strict=True)
    chosen = [(score, direct) for pair, score, direct in scores if (pair.family == "code") == code]
    return [score for score, _ in chosen], [direct for _, direct in chosen]
