"""The one place where it is chosen who verifies: this process, or a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.scale.errors import ClusterError
from synthetic1.scale.settings import RaySection


def chosen_scorer(scorer: Scorer, cluster: RaySection | None, sharers: int = 1) -> Scorer:
    """``scorer`` itself, or one that scores as it does on the nodes of ``cluster``; ``scorer`` is closed then.

    Args:
        sharers: processes that ask for the same cluster, such as the ranks of a training.

    Raises:
        ClusterError: there is no such cluster, or Ray is not installed.
    """
    if cluster is None:
        return scorer
    if cluster.address == "local" and sharers > 1:
        raise ClusterError(
            f"ray.address=local is a cluster for one process, and there are {sharers}; run `ray start --head` and "
            "choose ray.address=auto"
        )
    from synthetic1.scale.ray_scorer import RayScorer

    scorer.close()
    chosen = RayScorer.like(scorer, cluster, sharers)
    chosen.connect()
    return chosen


@contextmanager
def held_cluster(cluster: RaySection | None) -> Iterator[None]:
    """Within the block the connection to the cluster stays, whichever scorers come and go.

    Raises:
        ClusterError: as ``chosen_scorer``.
    """
    if cluster is None:
        yield
        return
    from synthetic1.scale.connection import connect, disconnect

    connect(cluster)
    try:
        yield
    finally:
        disconnect()
