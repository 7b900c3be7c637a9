"""Shards, manifest and card: whole or not there, repeatable to the byte, on any fsspec destination."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthetic1.datagen.exporting import columns, manifest
from synthetic1.datagen.exporting.card import write_card
from synthetic1.datagen.exporting.census import Census
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.datagen.exporting.shards import ShardWriter, staged
from synthetic1.jobs.program import ProgramError, validate

MESSAGE = [{"role": "user", "content": "?"}]


def sample(i, text="<think>é</think>x"):
    row = dict.fromkeys(columns.schema("sft").names)
    said = [{"role": "assistant", "content": f"{text}{i}"}]
    return row | {
        "response_id": str(i),
        "score": 1.0,
        "prompt": MESSAGE,
        "completion": said,
        "messages": MESSAGE + said,
    }


def write(to, rows, suffix="parquet", *, overwrite=False, limit=3):
    settings = validate(ExportSettings, {"run": "r", "to": str(to), "file": suffix})
    with staged(str(to), overwrite=overwrite) as folder:
        writer = ShardWriter(folder, columns.schema("sft"), suffix, limit)
        for row in rows:
            writer.write(row)
        made = manifest.of_export(
            settings, settings.filters(), Census(rows=len(rows)), writer.finish(), [{"name": "r"}]
        )
        write_card(folder, made)
        manifest.write(folder, made)


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


def texts(folder):
    import pyarrow.parquet as parquet

    rows = []
    for path in sorted(Path(folder).glob("train-*")):
        if path.suffix == ".jsonl":
            rows += [json.loads(line) for line in path.read_text().splitlines()]
        else:
            rows += parquet.read_table(path).to_pylist()
    return [row["completion"][0]["content"] for row in rows]


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_what_went_in_comes_out_and_again_the_same(tmp_path, suffix):
    rows = [sample(i) for i in range(7)]
    write(tmp_path / "a", rows, suffix)
    write(tmp_path / "b", rows, suffix)
    assert texts(tmp_path / "a") == [f"<think>é</think>x{i}" for i in range(7)]
    assert sorted(p.name for p in (tmp_path / "a").glob("train-*")) == [f"train-0000{i}.{suffix}" for i in range(3)]
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert {"README.md", "manifest.json", "plots/families.png"} <= set(tree(tmp_path / "a"))
    assert manifest.check(tmp_path / "a")["counts"]["rows"] == 7
    assert not [name for name in tree(tmp_path / "a") if ".export-" in name]


def test_an_export_that_fails_leaves_what_was_there(tmp_path):
    write(tmp_path / "a", [sample(0)])
    before = tree(tmp_path / "a")
    with pytest.raises(RuntimeError, match="torn"), staged(str(tmp_path / "a"), overwrite=True) as folder:  # noqa: PT012
        (folder / "train-00000.parquet").write_text("half")
        raise RuntimeError("torn")
    assert tree(tmp_path / "a") == before


def test_an_older_export_is_replaced_only_when_asked(tmp_path):
    write(tmp_path / "a", [sample(i) for i in range(7)])
    with pytest.raises(ProgramError, match="holds an export already"):
        write(tmp_path / "a", [sample(9)])
    write(tmp_path / "a", [sample(9)], overwrite=True)
    assert texts(tmp_path / "a") == ["<think>é</think>x9"]  # no shard of the older one is left
    manifest.check(tmp_path / "a")


def test_damage_is_found(tmp_path):
    write(tmp_path / "a", [sample(i) for i in range(7)])
    shard = tmp_path / "a/train-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(ProgramError, match=r"train-00001.parquet differs"):
        manifest.check(tmp_path / "a")
    shard.unlink()
    with pytest.raises(ProgramError, match=r"train-00001.parquet is missing"):
        manifest.check(tmp_path / "a")


def test_no_rows_make_an_export_that_opens(tmp_path):
    write(tmp_path / "a", [])
    assert texts(tmp_path / "a") == []
    assert manifest.check(tmp_path / "a")["files"][0]["rows"] == 0


def test_a_lone_surrogate_ends_no_export(tmp_path):
    for suffix in ("parquet", "jsonl"):
        write(tmp_path / suffix, [sample(0, "a\ud800b")], suffix)
    assert texts(tmp_path / "parquet") == ["a\\ud800b0"]
    assert texts(tmp_path / "jsonl") == ["a\ud800b0"]


def test_a_destination_that_is_no_folder_of_this_machine():
    import fsspec

    write("memory://exports/a", [sample(i) for i in range(4)])
    system = fsspec.filesystem("memory")
    names = {Path(name).name for name in system.find("/exports/a")}
    assert {"manifest.json", "train-00000.parquet", "train-00001.parquet", "README.md"} <= names
    with pytest.raises(ProgramError, match="holds an export already"):
        write("memory://exports/a", [])
    write("memory://exports/a", [sample(1)], overwrite=True)
    assert "train-00001.parquet" not in {Path(name).name for name in system.find("/exports/a")}


@pytest.mark.parametrize("to", ["nosuch://x/y", "/proc/nope"])
def test_a_destination_that_cannot_be_written_is_said(to):
    with pytest.raises(ProgramError, match=r"to=") as caught:
        write(to, [sample(0)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"min_pass_rate": 0.5, "max_pass_rate": 0.5}, "must lie below"),
        ({"threshold": {"default": 0.0}}, "must lie in"),
        ({"verified": False}, "keeps verified rollouts only"),
        ({"format": "csv"}, "format"),
        ({"nope": 1}, "unknown setting `nope`"),
    ],
)
def test_settings_that_make_no_sense(values, said):
    with pytest.raises(ProgramError, match=said):
        validate(ExportSettings, {"run": "r", "to": "x"} | values)


@pytest.mark.parametrize("what", ["exists", "put_file"])
def test_a_store_whose_errors_are_its_own_is_one_line(monkeypatch, what):
    from fsspec.implementations.memory import MemoryFileSystem

    class CloudError(Exception):
        """As botocore's and httpx's: no OSError."""

    def fail(*_, **__):
        raise CloudError("access denied")

    monkeypatch.setattr(MemoryFileSystem, what, fail)
    with pytest.raises(ProgramError, match=r"^to=memory://denied(:| cannot be written:) access denied$"):
        write("memory://denied", [sample(0)])


def test_an_export_of_no_run_is_refused():
    with pytest.raises(ProgramError, match=r"^run: name a run"):
        validate(ExportSettings, {"run": [], "to": "x"})
