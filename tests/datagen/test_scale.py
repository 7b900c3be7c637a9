"""Memory of generation and export does not grow with tasks, records or rows. The sizes are such that it could.

The real programs in processes of their own, with what ``benchmarks/generate_scale.py`` makes and measures. Their
memory is asserted, their times are printed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic1.datagen.journal import group_writer, sqlite_database

ROOT = Path(__file__).resolve().parents[2]
LONGER = 8_000  # characters a row: what is held of all rows is seen
MANY, FEW = 10_000, 2_000  # rollouts; of few, there is one full row group of an export, too
ALLOWED_MB = 40.0  # what both programs may differ by; of their rows, 64 MB


@pytest.fixture(scope="module")
def scale():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        # `write_journal` changes them: put back afterwards
        for module, name in ((group_writer, "GROUP_ROWS"), (group_writer, "GROUP_S"), (sqlite_database, "CACHE_KIB")):
            patch.setattr(module, name, getattr(module, name))
        import generate_scale

        yield generate_scale


def generating(scale, folder: Path, count: int, found: int) -> float:
    """MB of a run over a file of ``count`` long rows, of which ``found`` are answered already."""
    folder.mkdir()
    tasks = folder / "tasks.jsonl"
    scale.write_tasks(tasks, count, longer=LONGER)
    scale.build_index(tasks)
    with scale.loopback() as server:
        run = scale.Generating(server, folder, tasks)
        run("scale", 1)
        scale.write_journal(folder / "runs/generate/scale/journal.sqlite", tasks, found, samples=1)
        measured = run("scale", found + 100)
    assert 100 <= measured["rows"] <= 110
    return float(measured["rss_mb"])


def test_a_run_holds_neither_its_source_nor_its_journal(scale, tmp_path):
    few, many = (generating(scale, tmp_path / str(n), n, n // 2) for n in (FEW, MANY))
    print(f"generate: {few:.0f} MB of {FEW:,} rows, {many:.0f} MB of {MANY:,}")
    assert many < few + ALLOWED_MB


def test_an_export_streams(scale, tmp_path):
    measured = []
    for rollouts in (FEW, MANY):
        folder = tmp_path / str(rollouts)
        folder.mkdir()
        scale.write_tasks(folder / "tasks.jsonl", rollouts)
        scale.write_journal(
            folder / "runs/generate/scale/journal.sqlite", folder / "tasks.jsonl", rollouts // 4, longer=LONGER
        )
        ran = scale.program("export", "run=scale", f"runs={folder / 'runs'}", f"to={folder / 'to'}")
        assert f"read {rollouts:,} rollouts" in ran.output
        print(f"export: {rollouts:,} rollouts, {ran.seconds:.1f} s, {ran.rss_mb:.0f} MB")
        measured.append(ran.rss_mb)
    assert measured[1] < measured[0] + ALLOWED_MB


@pytest.mark.proofs
def test_1_400_000_tasks(scale, tmp_path, record_property):
    with scale.loopback() as server:
        rows, ratios = scale.generate(server, tmp_path, scale.FULL)
    print(*rows, sep="\n")
    record_property("generate_rss_mb", ratios["generate_rss_mb"])
    assert ratios["generate_rss_mb"] < 600


@pytest.mark.proofs
def test_2_000_000_rollouts(scale, tmp_path, record_property):
    rows, ratios = scale.export(tmp_path, scale.FULL)
    print(*rows, sep="\n")
    record_property("export_rss_mb", ratios["export_rss_mb"])
    assert ratios["export_rss_mb"] < 1_500
