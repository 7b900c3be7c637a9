"""A Ray cluster of several raylets on this machine: its fixtures are imported by the folders that want them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from synthetic1.scale.settings import RaySection

SUPPORT = Path(__file__).resolve().parent
"""Has verifiers that nodes import."""
STORE = 80_000_000  # bytes of each node's object store

QUICK = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 3}
"""Ray's own wait, 15 s, until a node that does not answer counts as dead."""


class RayletCluster:
    """Raylets as nodes: ``add`` one, ``kill`` one; ``section`` is what settings say of it."""

    def __init__(self):
        from ray.cluster_utils import Cluster

        self.cluster = Cluster()
        self._first = {"include_dashboard": False, "_system_config": QUICK}
        self.add()

    @property
    def section(self):
        return RaySection(address=self.cluster.address)

    def add(self, cpus=1, **resources):
        first, self._first = self._first, {}
        return self.cluster.add_node(num_cpus=cpus, object_store_memory=STORE, resources=resources, **first)

    def remove(self, node):
        """It says good-bye, and is known to be gone."""
        self.cluster.remove_node(node, allow_graceful=True)
        self.cluster.wait_for_nodes()

    def kill(self, node):
        """As a machine that loses its power: nothing on it says good-bye."""
        self.cluster.remove_node(node, allow_graceful=False)

    def count(self):
        """The nodes that Ray has for alive; from any thread."""
        from ray._raylet import GcsClient

        infos = GcsClient(address=self.cluster.address).get_all_node_info()
        return sum(info.state == 0 for info in infos.values())

    def shut_down(self):
        self.cluster.shutdown()


@pytest.fixture(scope="session")
def ray_installed(require):
    require("Ray", importlib.util.find_spec("ray"), "pip install 'synthetic1[ray]'")


@pytest.fixture(scope="session")
def raylets(ray_installed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(SUPPORT), os.environ.get("PYTHONPATH", "")])))
        started = RayletCluster()
        yield started
        started.shut_down()
