"""What becomes of data generation and its exports when the process is killed, or the disk refuses, at any moment.

    python benchmarks/generate_kills.py --json benchmarks/results/generate_kills.json     # the proofs, an hour
    python benchmarks/generate_kills.py --quick                                           # the tenth of every day

Runs the tests that do it and records how many faults each has put in, how long it took and how it ended. A test that
passed says: after every fault the same command made the records and the bytes of a run that nobody had harmed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from record import arguments, report

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("test_generate.py -k kill", "test_faults.py", "test_export_faults.py", "test_disk.py")  # the longest first
AT_ONCE = 4  # they wait for disks and servers more than they compute


def pytest(*command: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *command)
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def collected(marks: str) -> list[str]:
    """Ids of the tests."""
    found = []
    for test in TESTS:
        name, *options = test.split()
        said = pytest("--collect-only", "-m", marks, f"tests/datagen/{name}", *options).stdout
        found += [line for line in said.splitlines() if "::" in line]
    return found


def row(test: str) -> dict[str, Any]:
    """Run one test."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        marks = "proofs or not proofs"
        ran = pytest(
            "-m",
            marks,
            f"--junitxml={folder}/x.xml",
            "-o",
            "faulthandler_timeout=3600",
            "-o",
            "junit_family=xunit1",
            test,
        )
        case = ElementTree.parse(f"{folder}/x.xml").getroot().find(".//testcase")
    assert case is not None, ran.stdout
    outcome = next((kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None), "passed")
    if outcome not in ("passed", "skipped"):
        print(ran.stdout[-3000:], file=sys.stderr)
    faults = [int(p.get("value", "0")) for p in case.iter("property") if p.get("name") == "faults"]
    return {
        "test": test.removeprefix("tests/datagen/"),
        "faults": sum(faults),
        "seconds": round(time.monotonic() - began, 1),
        "outcome": outcome,
    }


def main() -> None:
    options = arguments(__doc__)
    tests = collected("not proofs" if options.quick else "proofs")
    if not options.quick:
        tests += [test for test in collected("not proofs") if "test_disk.py" in test]
    rows: list[dict[str, Any]] = []
    pool, stopped = ThreadPoolExecutor(AT_ONCE), False
    try:
        for ended in as_completed([pool.submit(row, test) for test in tests]):
            rows.append(ended.result())
            print(f"{rows[-1]['outcome']} {rows[-1]['test']}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:  # what has ended is worth its time
        pool.shutdown(wait=False, cancel_futures=True)
        stopped = True
    rows.sort(key=lambda r: str(r["test"]))
    report(rows, {}, packages=("pytest", "pyarrow", "aiohttp"), json_file=options.json)
    if stopped:
        os._exit(130)
    if any(r["outcome"] in ("failure", "error") for r in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
