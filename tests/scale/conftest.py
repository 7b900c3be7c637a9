"""What tests of this folder lean on: raylets as nodes, and scorers on them."""

from __future__ import annotations

import pytest
from raylets import ray_installed, raylets  # noqa: F401


@pytest.fixture
def scorer(raylets):  # noqa: F811
    """``scorer(**settings)`` makes a RayScorer on the cluster, which is closed at the end."""
    from synthetic1.scale.ray_scorer import RayScorer

    made = []

    def make(*args, ray=None, **settings):
        section = raylets.section.model_copy(update=ray or {})
        made.append(RayScorer(*args, ray=section, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
