"""How a run of curation begins and goes on: mistakes that people correct, places, damaged rows, another model."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import os
import re
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml
from scripted_server import Fault, ScriptedServer

from synthetic1.datagen.curation import pipeline
from synthetic1.datagen.curation.prompt_files import OURS
from synthetic1.datagen.curation.raw_rows import input_files
from synthetic1.datagen.curation.recipes.evolution.texts import text_rows
from synthetic1.datagen.curation.recipes.math import MathRecipe
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.reports.run_folder import RunFolder


def line(number: int) -> bytes:
    text = f"What is the sum of {number} and {number + 7} in the ring of integers, please?"
    return json.dumps({"problem": text, "answer": str(2 * number + 7)}).encode()


@pytest.fixture
def file(tmp_path):
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "rows.jsonl"
    path.write_bytes(b"\n".join(map(line, range(10, 16))) + b"\n")
    return path


def curate(tmp_path, *inputs, **settings):
    said = {"recipe_name": "math", "input": list(map(str, inputs)), "output": str(tmp_path / "out"), "workers": 1}
    made = validate(CurateSettings, {**said, "runs": str(tmp_path / "runs"), **settings})
    assert not pipeline.curate(made)
    funnel = Path(made.output) / "funnel.json"
    return json.loads(funnel.read_text()) if funnel.is_file() else None


def left_out(tmp_path):
    with gzip.open(tmp_path / "out" / "left_out.jsonl.gz") as lines:
        return [json.loads(one) for one in lines]


def test_what_was_wrong_in_the_first_command_is_corrected_in_the_next(tmp_path, file):
    with pytest.raises(ProgramError, match="there is no such file"):
        curate(tmp_path, "nowhere.jsonl", seed=1)
    with pytest.raises(ProgramError, match=r"decontaminate.benchmarks: nowhere.jsonl: there is no such file"):
        curate(tmp_path, file, decontaminate={"benchmarks": ["nowhere.jsonl"]})
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProgramError, match="the folder holds no file of rows and no text"):
        curate(tmp_path, file, decontaminate={"benchmarks": [str(tmp_path / "empty")]})
    assert curate(tmp_path, file)["kept"] == 6


def test_an_input_without_rows_never_becomes_a_set(tmp_path, file):
    file.write_text("\n")
    for _ in range(2):
        with pytest.raises(ProgramError, match="has no rows"):
            curate(tmp_path, file)
    assert not (tmp_path / "out").exists()


def test_a_benchmark_that_has_changed_is_said(tmp_path, file):
    benchmark = tmp_path / "benchmark.jsonl"
    benchmark.write_bytes(line(10))
    given = {"benchmarks": [str(benchmark)]}
    assert curate(tmp_path, file, decontaminate=given)["dropped"] == {"benchmark": 1}
    benchmark.write_bytes(line(10) + b"\n" + line(11))
    with pytest.raises(ProgramError, match=r"has changed since this run began: benchmark 1, benchmark.jsonl"):
        curate(tmp_path, file, decontaminate=given, overwrite=True)


@pytest.mark.parametrize("spec", ["benchmarks", "benchmarks/*/*.jsonl", "texts"])
def test_benchmarks_are_files_folders_and_globs(tmp_path, file, spec):
    for name, number in (("a", 10), ("b", 12), (".cache", 13)):
        (tmp_path / "benchmarks" / name).mkdir(parents=True)
        (tmp_path / "benchmarks" / name / "test.jsonl").write_bytes(line(number))
    (tmp_path / "benchmarks" / "README.md").write_text(json.loads(line(14))["problem"])
    (tmp_path / "texts").mkdir()
    paragraphs = (json.loads(line(number))["problem"] for number in (10, 12))
    (tmp_path / "texts" / "test.txt").write_text("\n\n".join(paragraphs))
    given = {"benchmarks": [str(tmp_path / spec)]}
    assert curate(tmp_path, file, decontaminate=given)["dropped"] == {"benchmark": 2}
    names = ["texts/test.txt"] * 2 if spec == "texts" else ["benchmarks/a/test.jsonl", "benchmarks/b/test.jsonl"]
    names = ["a/test.jsonl", "b/test.jsonl"] if "*" in spec else names
    assert [row["detail"] for row in left_out(tmp_path)] == [f"a problem of {name}" for name in names]


@pytest.mark.parametrize("spec", ["mixed", "mixe*", "mixed/**"])
def test_every_file_of_a_benchmark_is_read_whatever_its_kind(tmp_path, file, spec):
    """Problems 10 to 14 in five kinds of files: none hides the others."""
    folder = tmp_path / "mixed" / "deep"
    folder.mkdir(parents=True)
    rows = [json.loads(line(number)) for number in range(10, 15)]
    parquet.write_table(pa.Table.from_pylist(rows[:1]), tmp_path / "mixed" / "test.parquet")
    (folder / "test.jsonl").write_text(json.dumps(rows[1]))
    (folder / "test.json").write_text(json.dumps(rows[2:3], indent=1))
    with gzip.open(folder / "more.json.gz", "wt") as packed:
        json.dump(rows[3:4], packed)
    (tmp_path / "mixed" / "test.txt").write_text(rows[4]["problem"])
    (tmp_path / "mixed" / "dataset_infos.json").write_text('{"default": {"splits": {"test": 5}}}')
    given = {"benchmarks": [str(tmp_path / spec)]}
    assert curate(tmp_path, file, decontaminate=given)["dropped"] == {"benchmark": 5}
    assert len({row["detail"] for row in left_out(tmp_path)}) == 5


def test_a_dry_run_changes_nothing_of_a_run_and_counts_what_is_tried_again(tmp_path, file, capsys):
    curate(tmp_path, file)
    run = tmp_path / "runs" / "curate" / "math-out"
    with sqlite3.connect(run / "work.sqlite") as rows:
        rows.execute("DELETE FROM done WHERE number = 3")
        rows.execute("INSERT INTO gone VALUES (3, 'x', 'quarantined', 'classify', 'no_reply', '', '{}')")
    rows.close()
    before = (run / "config.yaml").read_bytes()
    capsys.readouterr()
    curate(tmp_path, file, dry_run=True, at_once=3)
    assert re.search(r"math_classify +1 calls", capsys.readouterr().out)
    assert (run / "config.yaml").read_bytes() == before
    with sqlite3.connect(run / "work.sqlite") as rows:
        assert rows.execute("SELECT number FROM gone").fetchall() == [(3,)]
    rows.close()
    assert curate(tmp_path, file, overwrite=True, at_once=3)["kept"] == 6


def test_a_set_whose_process_was_killed_after_it_was_published_is_finished(tmp_path, file, monkeypatch, capsys):
    def killed(self, result):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write_result", killed)
        with pytest.raises(KeyboardInterrupt):
            curate(tmp_path, file)
    curate(tmp_path, file)
    assert "finished already: 6 tasks" in capsys.readouterr().out
    assert (tmp_path / "runs" / "curate" / "math-out" / "result.json").is_file()


def test_no_place_of_the_run_lies_among_its_rows(tmp_path, file):
    folder = file.parent
    for out in (folder, folder / "out"):
        with pytest.raises(ProgramError, match=r"output=.* lies in input="):
            curate(tmp_path, folder, output=str(out), overwrite=True)
    with pytest.raises(ProgramError, match=r"runs=.* lies in input="):
        curate(tmp_path, tmp_path, output=str(tmp_path.parent / "elsewhere"))


def test_a_set_that_is_there_is_no_surprise_at_the_end(tmp_path, file, monkeypatch):
    curate(tmp_path, file)
    monkeypatch.setattr(pipeline, "_draft", lambda *given: pytest.fail("work was done before"))
    with pytest.raises(ProgramError, match="holds an export already"):
        curate(tmp_path, file, run_name="other")


def test_prompts_of_the_set_before_go_with_it(tmp_path, file):
    curate(tmp_path, file)
    assert sorted(os.listdir(tmp_path / "out" / "prompts")) == ["math_classify.md", "math_rewrite.md"]
    curate(tmp_path, file, recipe_name="repair", run_name="other", overwrite=True)
    assert sorted(os.listdir(tmp_path / "out" / "prompts")) == ["code_checker.md"]


def test_a_copy_of_all_prompts_will_do_and_a_wrong_name_will_not(tmp_path, file):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "stem_filter.md").write_text((OURS / "stem_filter.md").read_text())
    with pytest.raises(ProgramError, match="holds no prompt of this recipe, which has: math_classify, math_rewrite"):
        curate(tmp_path, file, prompts=str(mine))
    for path in OURS.glob("*.md"):
        (mine / path.name).write_text(path.read_text())
    assert curate(tmp_path, file, prompts=str(mine), dry_run=True) is None
    (mine / "math_clasify.md").write_text("")
    with pytest.raises(ProgramError, match=r"no recipe has a prompt math_clasify.md; this one has: math_classify"):
        curate(tmp_path, file, prompts=str(mine))


def test_halves_of_characters_in_bytes_are_no_utf_8(tmp_path, file):
    half = b"\xed\xa0\x80"
    bad = [b'["' + half + b'"]', line(1).replace(b"please", half), "[1]".encode("utf-16"), "7".encode("utf-16-le")]
    file.write_bytes(b"\n".join([line(2), *bad, line(3)]) + b"\n")
    funnel = curate(tmp_path, file)
    assert (funnel["in"], funnel["kept"]) == (6, 2)
    assert funnel["quarantined"] == {"not_json": 1, "not_utf8": 3}


def test_a_bad_value_of_parquet_costs_its_row(tmp_path):
    texts = [json.loads(line(number))["problem"].encode() for number in range(20, 30)]
    texts[3] += b"\xe9"
    plain = pa.array(texts, pa.binary())
    days = pa.array([0, 1, 2, 3, 4, 5, 6, 10**12, 8, 9], pa.int64()).cast(pa.timestamp("s"))
    answers = [str(2 * number + 7) for number in range(20, 30)]
    table = {"problem": pa.Array.from_buffers(pa.string(), 10, plain.buffers()), "answer": answers, "day": days}
    parquet.write_table(pa.table(table), tmp_path / "rows.parquet")
    funnel = curate(tmp_path, tmp_path / "rows.parquet")
    assert (funnel["in"], funnel["kept"], funnel["quarantined"]) == (10, 8, {"damaged": 1, "not_utf8": 1})
    first, second = left_out(tmp_path)
    assert (first["place"], second["place"]) == ("rows.parquet, row 4", "rows.parquet, row 8")
    assert first["detail"].startswith("problem: ")
    assert json.loads(first["raw"])["problem"].endswith("please?\\xe9")
    assert second["detail"].startswith("day: ")


def test_no_two_files_have_one_name(tmp_path):
    for year in ("2023", "2024"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "train.jsonl").write_bytes(line(int(year)))
    names = ["2023/train.jsonl", "2024/train.jsonl"]
    assert [name for _, name in input_files([str(tmp_path / "*" / "train.jsonl")])] == names
    assert [name for _, name in input_files([str(tmp_path / name) for name in names])] == names
    assert [name for _, name in input_files([str(tmp_path / names[0])] * 2)] == ["train.jsonl"] * 2


def test_a_text_without_paragraphs_is_many_passages(tmp_path):
    (tmp_path / "news.txt").write_text("".join(f"Article {i} says {'so ' * 300}.\n" for i in range(100)))
    rows = list(text_rows([str(tmp_path / "news.txt")]))
    assert len(rows) == 15
    assert max(len(row.fields["text"]) for row in rows) < 6_000


def test_a_language_of_the_card_is_a_text(tmp_path, file):
    curate(tmp_path, file, card={"language": ["no", "en"]})
    head = yaml.safe_load((tmp_path / "out" / "README.md").read_text().split("---")[1])
    assert head["language"] == ["no", "en"]


def classified(messages, sample):
    from synthetic1.datagen.curation.prompt_files import read_prompt

    fields = read_prompt(OURS / "math_classify.md").reply
    said = {name: kind[-1] if isinstance(kind, list) else "no" for name, kind in fields.items()}
    return json.dumps(said)


async def test_a_run_that_began_without_its_model_is_finished_anew_with_it(tmp_path, file):
    async with ScriptedServer(classified) as server:
        assert await asyncio.to_thread(curate, tmp_path, file)  # nobody is asked
        model = {"url": server.url}
        late = await asyncio.to_thread(curate, tmp_path, file, model=model, overwrite=True)
        fresh = await asyncio.to_thread(curate, tmp_path, file, model=model, overwrite=True, run_name="fresh")
    assert late == fresh
    assert late["kept"] == 0  # the script finds fault with every problem


async def test_a_prompt_that_the_server_refuses_costs_its_row_when_difficulty_is_measured(tmp_path, file):
    def reply(messages, sample):
        if "20 and 27" in messages[0]["content"]:
            return Fault("400")
        numbers = [int(n) for n in messages[0]["content"].replace("?", " ").split() if n.isdigit()]
        return f"\\boxed{{{numbers[0] + numbers[1]}}}"

    file.write_bytes(line(10) + b"\n" + line(20))
    async with ScriptedServer(reply) as server:
        given = {"model": {"url": server.url}, "difficulty": {"samples": 3}, "math": {"classify": "never"}}
        funnel = await asyncio.to_thread(curate, tmp_path, file, **given)
    assert (funnel["kept"], funnel["quarantined"]) == (1, {"refused_by_server": 1})
    (gone,) = left_out(tmp_path)
    assert gone["step"] == "difficulty"
    assert "127.0.0.1" not in json.dumps(gone)
    (task,) = parquet.read_table(tmp_path / "out" / "data").to_pylist()
    assert json.loads(task["metadata"])["pass_rate"] == 1.0


def test_numbers_that_no_file_can_hold_stop_nothing(tmp_path, file, monkeypatch):
    from synthetic1.datagen.curation.recipes import math as recipe

    rows = [{**json.loads(line(number)), "level": level} for number, level in enumerate([1e999, 9**400, float("nan")])]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert curate(tmp_path, file)["kept"] == 3
    levels = [json.loads(row["metadata"]).get("level") for row in parquet.read_table(tmp_path / "out/data").to_pylist()]
    assert levels == [None, 9**400, None]
    monkeypatch.setattr(recipe, "_is_fact", lambda value: True)  # as of a recipe that looks at nothing
    funnel = curate(tmp_path, file, run_name="all", overwrite=True)
    assert (funnel["kept"], funnel["quarantined"]) == (1, {"not_writable": 2})
    assert [row["place"] for row in left_out(tmp_path)] == ["rows.jsonl, row 1", "rows.jsonl, row 3"]


def test_a_mistake_that_all_rows_meet_is_said_once(tmp_path, file, monkeypatch, caplog):
    async def finish(self, draft, tools):
        raise ProgramError("there is no sandbox")

    monkeypatch.setattr(MathRecipe, "finish", finish)
    with pytest.raises(ProgramError, match="there is no sandbox"):
        curate(tmp_path, file)
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_another_model_does_not_finish_what_one_began(tmp_path, file):
    async def run(name, **more):
        async with ScriptedServer(classified) as server:
            given = {"url": server.url, "name": name, "outage_s": 0}
            return await asyncio.to_thread(curate, tmp_path, file, model=given, **more)

    await run("scripted")
    store = tmp_path / "runs" / "curate" / "math-out" / "work.sqlite"
    assert json.loads(sqlite3.connect(store).execute("SELECT value FROM meta WHERE name = 'model'").fetchone()[0])
    with sqlite3.connect(store) as rows:
        rows.execute("DELETE FROM gone WHERE number = 3")  # as if it had been stopped before this one
        rows.execute("UPDATE meta SET value = '\"another\"' WHERE name = 'model'")
    with pytest.raises(ProgramError, match="was begun with the model another, and scripted is there now"):
        await run("scripted", overwrite=True)
    with pytest.raises(ProgramError, match=r"model.name was 'scripted' and is now None"):
        curate(tmp_path, file, overwrite=True)
