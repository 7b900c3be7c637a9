"""Decontamination: what is read of a benchmark's file, and that a file that protects nothing is not a benchmark."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import recorded_runs

from synthetic1.datagen.export import export
from synthetic1.datagen.exporting.decontaminate import NGrams, benchmark_texts
from synthetic1.datagen.exporting.settings import ExportSettings
from synthetic1.jobs.program import ProgramError, validate

ASKED = "Find the sum of all prime numbers below one hundred."

ROWS = [
    # a row, the texts it asks with
    ({"prompt": ASKED, "answer": "1060"}, [ASKED]),
    ({"prompt": [{"role": "user", "content": ASKED}], "answer": "1060"}, [ASKED]),
    ({"prompt": "", "question": ASKED}, [ASKED]),
    ({"Question": ASKED, "Answer": "1060"}, [ASKED, "1060"]),
    ({"data": {"turns": [ASKED, "And below ten?"]}}, [ASKED, "And below ten?"]),
    (ASKED, [ASKED]),
]


@pytest.mark.parametrize(("row", "texts"), ROWS)
def test_what_asks_in_a_row(tmp_path, row, texts):
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    with gzip.open(tmp_path / "a.jsonl.gz", "wt") as file:
        file.write(json.dumps(row))
    (tmp_path / "a.json").write_text(json.dumps([row]))
    for name in ("a.jsonl", "a.jsonl.gz", "a.json"):
        assert list(benchmark_texts(tmp_path / name)) == texts
    assert NGrams(benchmark_texts(tmp_path / "a.jsonl")).shares(f"Now, {ASKED}")


def test_parquet(tmp_path):
    parquet.write_table(pa.table({"problem": [ASKED, "b"], "level": [1, 2]}), tmp_path / "a.parquet")
    assert list(benchmark_texts(tmp_path / "a.parquet")) == [ASKED, "b"]


WRONG = [
    ("a.jsonl", b"", "a.jsonl holds nothing"),
    ("a.json", b"[]", "a.json holds nothing"),
    ("a.jsonl", b'{"prompt": "x"}\n{"n": 3}', "a.jsonl line 2 has no text"),
    ("a.jsonl", b'{"prompt":', "a.jsonl line 1 is not JSON"),
    ("a.json", b"\x8b\xff", "a.json is not text in UTF-8"),
    ("a.bin", b"\x8b\xff", "a.bin is not text in UTF-8"),
    ("a.parquet", b"PAR1", "a.parquet cannot be read: "),
    ("a.jsonl.gz", gzip.compress(b"{}" * 99, mtime=0)[:-9], "a.jsonl.gz ends too early"),
    (None, b"", "No such file"),
]


@pytest.mark.parametrize(("name", "content", "said"), WRONG)
def test_a_file_that_protects_nothing_ends_the_export(tmp_path, name, content, said):
    path = tmp_path / (name or "nope.jsonl")
    if name:
        path.write_bytes(content)
    recorded_runs.write_run(tmp_path / "runs", "a", {recorded_runs.task(1): [("x", 1.0)]})
    values = {"run": "a", "runs": str(tmp_path / "runs"), "to": str(tmp_path / "x")}
    settings = validate(ExportSettings, {**values, "decontaminate": {"files": [str(path)]}})
    with pytest.raises(ProgramError, match=r"decontaminate\.files: .*" + said.replace(".", r"\.")):
        export(settings)
    assert not (tmp_path / "x").exists()


def test_a_task_of_a_benchmark_is_left_out_and_counted(tmp_path, capsys):
    (tmp_path / "b.jsonl").write_text(json.dumps({"problem": "What is 2 + 2?"}))
    tasks = {recorded_runs.task(n): [("x", 1.0), ("y", 1.0)] for n in (1, 2)}
    recorded_runs.write_run(tmp_path / "runs", "a", tasks)
    values = {"run": "a", "runs": str(tmp_path / "runs"), "to": str(tmp_path / "x"), "file": "jsonl"}
    export(validate(ExportSettings, {**values, "decontaminate": {"files": [str(tmp_path / "b.jsonl")]}}))
    rows = [json.loads(line) for line in (tmp_path / "x/data/train-00000.jsonl").read_text().splitlines()]
    assert {row["problem_id"] for row in rows} == {"p1"}
    assert "left out: 2 in a benchmark" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "x/manifest.json").read_text())
    assert manifest["settings"]["decontaminate"] == {"files": ["b.jsonl"], "n": 8}
