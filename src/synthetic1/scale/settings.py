"""Where verifiers work: the settings `engine` and `ray` of programs that verify."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, PositiveInt

from synthetic1.jobs.env_settings import Section

ScoringEngine = Literal["local", "ray"]
"""``local``: on this machine, in this process. ``ray``: on the nodes of a Ray cluster."""


class RaySection(Section):
    """The Ray cluster of ``engine=ray``."""

    address: str = "auto"
    """``auto`` = the cluster that this machine belongs to (``ray start``, or what ``RAY_ADDRESS`` names); ``HOST:PORT``
    or ``ray://HOST:10001`` = another one; ``local`` = a cluster of this machine alone, which ends with the program."""
    wait_s: float = Field(default=300.0, ge=0.0)
    """Seconds to wait for a node to join, when there is none left to verify on; then the program ends."""
    max_deaths: PositiveInt = 3
    """A pair that has ended the process that verified it so often, alone in it, is not scored."""
    cores: PositiveInt | None = None
    """Cores to verify with on each node; None = as many as the node has given Ray as CPUs."""
    runtime_env: dict[str, Any] = Field(default_factory=dict)
    """Ray's ``runtime_env`` of the nodes' processes, e.g. ``{working_dir: .}`` to bring verifiers of your own along. A
    connection to Ray that the process has already keeps the one it was made with."""

    def idle(self, engine: ScoringEngine) -> Iterator[tuple[str, str]]:
        """(dotted name, why it does nothing), of all fields where no cluster verifies."""
        if engine == "local":
            for name in type(self).model_fields:
                yield f"ray.{name}", "with engine=local; choose engine=ray"


class RayReplicaSection(RaySection):
    """The Ray cluster of ``engine=ray`` and of ``launch=ray``."""

    replicas: PositiveInt | None = None
    """At most so many vLLM servers with ``launch=ray``; None = one for each group of GPUs that a server takes
    (``--tensor-parallel-size`` and its like in ``vllm_arguments``), on a cluster without GPUs one a node."""

    def idle_beside(self, engine: ScoringEngine, launch: str | None) -> Iterator[tuple[str, str]]:
        """As ``idle``, where a cluster may serve the model, too."""
        if launch != "ray":
            yield "ray.replicas", f"with launch={launch or 'null'}; choose launch=ray"
        for name, why in self.idle(engine):
            if launch != "ray":
                yield name, f"{why}, or launch=ray"
            elif name in ("ray.max_deaths", "ray.cores"):
                yield name, why
