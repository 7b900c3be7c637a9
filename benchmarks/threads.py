"""A step of the demo, alone and beside another busy process, by how the threads of OpenMP wait for one another.

Between two parallel sections the threads of libgomp spin, so as to start the next one at once. Beside anything else
that wants the cores, a spinning thread keeps the one away that has the work. ``GOMP_SPINCOUNT`` says how long they
spin, ``OMP_WAIT_POLICY=passive`` that they hardly do; our programs set the former unless the environment says otherwise
(``synthetic1.jobs.program.spin_briefly``). The ways take turns, round after round; each number is a median.

    python benchmarks/threads.py --json benchmarks/results/threads.json     # about 15 minutes, on a machine at rest
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from record import arguments, report

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
WAYS = {
    "libgomp's own": {"GOMP_SPINCOUNT": "300000"},  # its default, as its manual says
    "passive": {"OMP_WAIT_POLICY": "passive"},
    "ours": {},
}
TARGETS = {"ours_busy_vs_libgomp": "< 1", "ours_alone_vs_libgomp": "≤ 1.05"}


def step_s(way: dict[str, str], steps: int) -> float:
    """Seconds a step of the demo, without evaluations and checkpoints; the first, which warms up, is left out."""
    own = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "trainers/grpo.py"), "recipe=demo", f"runs={folder}", "run_name=t"]
        command += [f"trainer.max_steps={steps + 1}", "trainer.save_every=1000", "env.size=400", "eval.n=0"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=own | way)
        lines = (Path(folder) / "grpo/t/metrics.jsonl").read_text().splitlines()
    seconds = [row["seconds"]["step"] for row in map(json.loads, lines) if "seconds" in row]
    assert len(seconds) == steps + 1, seconds
    return statistics.mean(seconds[1:])


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Other processes that want a core each."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    options = arguments(__doc__ or "", rounds=(int, "rounds in which every way takes its turn (3)"))
    rounds, steps = (1, 2) if options.quick else (options.rounds or 3, 8)
    found: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for others in (0, 1):
            for name, way in WAYS.items():
                with busy(others):
                    found.setdefault((name, others), []).append(step_s(way, steps))
                print(f"{name}, {others} other processes: {found[name, others][-1]:.2f} s a step", flush=True)
    medians = {key: statistics.median(values) for key, values in found.items()}
    rows = [
        {"threads wait": name, "alone_s": round(medians[name, 0], 3), "beside_one_busy_s": round(medians[name, 1], 3)}
        for name in WAYS
    ]
    first = "libgomp's own"
    ratios = {
        "ours_busy_vs_libgomp": medians["ours", 1] / medians[first, 1],
        "ours_alone_vs_libgomp": medians["ours", 0] / medians[first, 0],
        "passive_busy_vs_libgomp": medians["passive", 1] / medians[first, 1],
        "passive_alone_vs_libgomp": medians["passive", 0] / medians[first, 0],
    }
    report(rows, ratios, packages=("torch", "trl"), json_file=options.json, targets=TARGETS)


if __name__ == "__main__":
    main()
