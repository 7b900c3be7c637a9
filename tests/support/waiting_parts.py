"""A step of datatrove for tests: parts that wait to be let go, and say who they are.

python waiting_parts.py FOLDER ADDRESS      # six parts on the nodes of a Ray cluster
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path

from datatrove.io import get_datafolder
from datatrove.pipeline.base import PipelineStep

PARTS = 6


class WaitingPart(PipelineStep):
    """Writes half of its file, waits for ``go``, then writes the rest. ``at_work/RANK-…`` has its process.

    Args:
        fails: "exits" or "raises", what rank 1 does.
    """

    type, name = "test", "waiting part"

    def __init__(self, folder, fails=""):
        super().__init__()
        self.folder, self.fails = folder, fails
        self.output_folder = get_datafolder(f"{folder}/out")

    def run(self, data, rank=0, world_size=1):
        at_work = Path(self.folder, "at_work", f"{rank}-{secrets.token_hex(4)}")
        at_work.parent.mkdir(exist_ok=True)
        at_work.write_text(str(os.getpid()))
        if rank == 1 and self.fails == "exits":
            os._exit(1)
        if rank == 1 and self.fails == "raises":
            raise ValueError("this part does not like\nits number")
        with self.output_folder.open(f"{rank}.txt", "w") as file:
            file.write("half, ")
            file.flush()
            for _ in range(6_000):
                if Path(self.folder, "go").exists():
                    break
                time.sleep(0.01)
            file.write(f"whole {rank}")


def run(folder, section, fails=""):
    from synthetic1.datagen.curation.executors.ray_nodes import RayNodes

    RayNodes(section, None).run([WaitingPart(str(folder), fails)], Path(folder) / "parts", parts=PARTS)


if __name__ == "__main__":
    from waiting_parts import run as run_here  # as nodes import it, too

    from synthetic1.scale.settings import RaySection

    try:
        run_here(sys.argv[1], RaySection(address=sys.argv[2]))
    except KeyboardInterrupt:
        sys.exit(130)
