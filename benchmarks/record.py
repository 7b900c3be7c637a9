"""What every benchmark does with its numbers: print a table, say on what machine, write the JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from synthetic1.jobs.program import spin_briefly

spin_briefly()  # whatever a benchmark runs beside us waits as we do
Row = Mapping[str, Any]


def arguments(description: str, **more: tuple[type, str]) -> argparse.Namespace:
    """The options every benchmark has, ``--quick`` and ``--json FILE``, and ``more``: the type and meaning of each."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="the same rows with smaller n, within a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write rows, ratios, machine and versions there")
    for name, (kind, meaning) in more.items():
        parser.add_argument(f"--{name}", type=kind, metavar="N", help=meaning)
    return parser.parse_args()


def report(
    rows: Sequence[Row],
    ratios: Mapping[str, float],
    *,
    packages: Sequence[str],
    json_file: Path | None,
    targets: Mapping[str, str] | None = None,
) -> None:
    """Print rows and ratios, and write them with machine and versions to ``json_file`` if given.

    Args:
        rows: one mapping for each measurement, all with the same keys.
        ratios: the numbers a claim rests on.
        packages: distributions whose versions matter here.
        targets: by ratio, what it should be; printed beside it.
    """
    print_table(rows)
    print()
    for name, value in ratios.items():
        target = f"   (target {targets[name]})" if targets and name in targets else ""
        print(f"{name} = {value:.3g}{target}")
    if json_file is not None:
        record = {"rows": list(rows), "ratios": dict(ratios), "machine": machine(), "versions": versions(packages)}
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(record, indent=1) + "\n")


def print_table(rows: Sequence[Row]) -> None:
    """Columns by key, numbers to the right, four significant digits."""
    if not rows:
        return
    names = list(rows[0])
    cells = [[_shown(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    numeric = [isinstance(rows[0].get(name), (int, float)) for name in names]
    for line in (names, ["-" * width for width in widths], *cells):
        parts = [
            cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(line, widths, numeric, strict=True)
        ]
        print("  ".join(parts).rstrip())


def machine() -> dict[str, Any]:
    """What the numbers depend on: processor, cores, memory, system. Never a name of the machine."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load_1min": round(os.getloadavg()[0], 2),
    }


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Versions of Python, ours, and ``packages`` (``absent`` where one is not installed)."""
    found = {"python": platform.python_version()}
    for name in ("synthetic1", *packages):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
