"""Liars are found: the workers of ``benchmarks/pool_liars.py``, by thresholds that honest ones have set.

The long proof has 200 rollouts of each; the full figures are those of ``benchmarks/pool_detection.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from synthetic1.pool.proving.claimed_model import ClaimedModel  # noqa: E402

BENCHMARKS = str(Path(__file__).resolve().parents[2] / "benchmarks")
QUICKLY = ("int4 weights, groups of 32", "temperature 1.3", "greedy", "other seeds", "cut in half")


@pytest.fixture(scope="module")
def detection():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        import pool_detection

        yield pool_detection


@pytest.fixture(scope="module")
def model():
    return ClaimedModel.open("embedded", device="cpu")


def bench_of(detection, model, honest, liars):
    workers = detection.Workers("bfloat16", honest, liars)
    bench = detection.Bench("bfloat16", detection.examine(model, workers.honest()), 2000)
    return workers, bench


def test_some_liars_are_found(detection, model):
    workers, bench = bench_of(detection, model, 120, 30)
    writers = workers.others()
    for name in QUICKLY:
        row = bench.row(name, detection.examine(model, writers[name]()))
        assert row["combined"] > 0.8, row
    assert bench.row("honest", bench.held_out)["combined"] < 0.1


@pytest.mark.proofs
def test_liars_are_found_within_300_tokens(detection, model):
    workers, bench = bench_of(detection, model, 1200, 200)
    assert bench.row("honest", bench.held_out)["combined"] <= 0.01
    for name, write in workers.others().items():
        row = bench.row(name, detection.examine(model, write()))
        print(row)
        if name not in detection.NOT_FOUND:
            assert row["combined"] >= 0.95, row
            assert row["combined_3000"] >= 0.999, row
