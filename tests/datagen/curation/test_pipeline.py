"""The pipeline of curation around any recipe: the books, restarts, bytes, what a bad row or server does."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import scripted_process
from sum_recipe import SumRecipe

from synthetic1.datagen.curation import pipeline, prompt_files
from synthetic1.datagen.curation.funnel import Funnel
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.tasks.sources.spec import open_tasks

PROMPT = """---
version: 3
reply: {known: [yes, no], answer: text}
---
What is the answer of this problem?

{{problem}}
"""


@pytest.fixture(autouse=True)
def sums(monkeypatch, tmp_path):
    """``recipe=math`` is ``SumRecipe`` here, and its prompt one of ours."""
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "sum_answer.md").write_text(PROMPT)
    monkeypatch.setattr(pipeline, "make_recipe", lambda name, options: SumRecipe())
    monkeypatch.setattr(prompt_files, "OURS", folder)


def rows(count, **more):
    words = ["apples", "pears", "plums", "grapes", "figs", "dates", "limes"]
    draw = random.Random(7)
    for i in range(count):
        a, b = draw.randrange(10**6), draw.randrange(10**6)
        text = f"Someone has {a} {words[i % 7]} and {b} more are brought to the table number {i}. How many are there?"
        yield {"problem": text, "answer": str(a + b), **more}


def write(path: Path, lines) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def curate(tmp_path, *inputs, **settings) -> dict:
    """Run it to its end; what ``funnel.json`` says."""
    said = {"recipe_name": "math", "input": [str(path) for path in inputs], "output": str(tmp_path / "out")}
    stopped = pipeline.curate(validate(CurateSettings, {**said, "runs": str(tmp_path / "runs"), **settings}))
    assert not stopped
    return json.loads((Path(settings.get("output", tmp_path / "out")) / "funnel.json").read_text())


def left_out(tmp_path, folder="out"):
    with gzip.open(tmp_path / folder / "left_out.jsonl.gz") as lines:
        return [json.loads(line) for line in lines]


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_row_is_kept_dropped_or_set_aside_with_its_reason(tmp_path):
    file = write(
        tmp_path / "rows.jsonl",
        [
            *rows(20),
            {"problem": "Prove that there are infinitely many primes.", "answer": "proof"},
            {"problem": None, "answer": "1"},
            "{cut",
            '["a list"]',
            {"problem": "What is the sum of 1 and 1, as everybody knows it to be?", "answer": "n/a"},
            {"problem": "How many sides has the figure that everybody calls a triangle?", "ask": True},
        ],
    )
    funnel = curate(tmp_path, file)
    assert (funnel["in"], funnel["kept"], funnel["tasks"]) == (26, 20, 20)
    assert funnel["dropped"] == {"proof": 1}
    assert funnel["quarantined"] == {
        "no_model": 1,
        "no_problem": 1,
        "not_an_object": 1,
        "not_json": 1,
        "unscorable_gold": 1,
    }
    gone = left_out(tmp_path)
    assert [row["number"] for row in gone] == [20, 21, 22, 23, 24, 25]
    assert gone[2]["raw"] == "{cut"
    assert gone[0]["place"] == "rows.jsonl, row 21"
    assert "raw" not in gone[0]  # it stays in the input
    tasks = open_tasks(str(tmp_path / "out"))
    assert len(tasks) == 20
    assert tasks[3].metadata["curation"]["origin"] == {"file": "rows.jsonl", "row": 4}
    card = (tmp_path / "out" / "README.md").read_text()
    assert "path: data/train-*.parquet" in card
    assert "| rules | 24 | proof 1, no problem 1 (set aside) | 22 |" in card


def test_what_came_out_is_read_by_others(tmp_path):
    import datasets
    import pandas

    curate(tmp_path, write(tmp_path / "rows.jsonl", rows(12)), rows_per_shard=5)
    assert len(pandas.read_parquet(tmp_path / "out" / "data")) == 12
    assert datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "hf")).num_rows == 12
    assert sorted(path.name for path in (tmp_path / "out" / "data").iterdir()) == [
        f"train-{i:05d}.parquet" for i in range(3)
    ]


def test_near_duplicates_go_and_problems_of_one_template_stay(tmp_path):
    originals = list(rows(60))
    draw = random.Random(1)
    twins = []
    for row in originals[:50]:
        text = row["problem"]
        ways = (
            str.upper,
            lambda t: t.replace(" ", "  "),
            lambda t: t.replace("How many", "Tell how many"),
            lambda t: t + " ",
        )
        twins.append({**row, "problem": draw.choice(ways)(text)})
    funnel = curate(tmp_path, write(tmp_path / "rows.jsonl", [*originals, *twins]))
    assert funnel["dropped"] == {"duplicate": 50}
    assert funnel["kept"] == 60
    first = open_tasks(str(tmp_path / "out"))[0]
    assert first.metadata["curation"]["history"] == {"merged": "rows.jsonl, row 61"}
    assert {row["detail"] for row in left_out(tmp_path)} == {f"of rows.jsonl, row {i}" for i in range(1, 51)}


def test_duplicates_are_found_among_hundreds_of_one_template(tmp_path):
    text = "Someone has {} plums and {} more are brought to the very same table. How many are there in all?"
    lines = [{"problem": text.format(1000 + i, 5000 + i), "answer": str(6000 + 2 * i)} for i in range(400)]
    again = [{**line, "problem": line["problem"].replace("very same", "same")} for line in lines[100:]]
    funnel = curate(tmp_path, write(tmp_path / "rows.jsonl", [*lines, *again]))
    assert funnel["dropped"] == {"duplicate": 300}


def test_short_problems_are_duplicates_only_of_the_same_words(tmp_path):
    lines = [{"problem": text, "answer": "2"} for text in ("1+1", "1 + 1", "3-1", "2", "1+1=")]
    funnel = curate(tmp_path, write(tmp_path / "rows.jsonl", lines))
    assert funnel["dropped"] == {"duplicate": 1}


def test_problems_of_benchmarks_go_wherever_they_stand(tmp_path):
    benchmark = [row["problem"] for row in rows(30)]
    write(tmp_path / "benchmark.jsonl", [{"question": text} for text in [*benchmark, "What is 2 to the 10?"]])
    others = [
        {
            "problem": f"A train leaves town {i} at noon and goes {i + 3} miles an hour. How many miles in {i} hours?",
            "answer": str(i * (i + 3)),
        }
        for i in range(40)
    ]
    planted = [{"problem": f"Please solve it.\n{text.lower()} Think well.", "answer": "1"} for text in benchmark]
    planted.append({"problem": "What is 2 to the 10?", "answer": "1024"})
    funnel = curate(
        tmp_path,
        write(tmp_path / "rows.jsonl", [*others, *planted]),
        decontaminate={"benchmarks": [str(tmp_path / "benchmark.jsonl")]},
    )
    assert funnel["dropped"] == {"benchmark": 31}
    assert funnel["kept"] == 40


def test_a_common_phrase_is_no_contamination_unless_it_is_asked_to_be(tmp_path):
    phrase = "Find the sum of all positive integers n such that"
    write(
        tmp_path / "benchmark.jsonl",
        [{"question": f"{phrase} n^2 + 12n - 2007 is a perfect square of a prime number."}],
    )
    file = write(tmp_path / "rows.jsonl", [{"problem": f"{phrase} 7 divides 2^n - 1 and n < 10.", "answer": "18"}])
    given = {"benchmarks": [str(tmp_path / "benchmark.jsonl")]}
    assert curate(tmp_path, file, decontaminate=given)["kept"] == 1
    any_gram = curate(tmp_path, file, decontaminate={**given, "share": 0}, run_name="any", output=str(tmp_path / "any"))
    assert any_gram["dropped"] == {"benchmark": 1}


def test_the_same_input_and_replies_give_the_same_bytes_however_many_at_once(tmp_path):
    file = write(tmp_path / "rows.jsonl", [*rows(30), *rows(30)])
    curate(tmp_path, file, at_once=1, workers=1)
    curate(
        tmp_path,
        file,
        at_once=64,
        workers=2,
        output=str(tmp_path / "again"),
        run_name="again",
        card={"pretty_name": "math-out"},
    )
    one, other = digest(tmp_path / "out"), digest(tmp_path / "again")
    differing = {name for name in one if one[name] != other[name]}
    assert one.keys() == other.keys()
    assert differing <= {"manifest.json"}  # which says the card's settings
    assert one["data/train-00000.parquet"] == other["data/train-00000.parquet"]


SCRIPT = """
import sys
sys.path[:0] = {paths!r}
import json, os
from pathlib import Path
from sum_recipe import SumRecipe
from synthetic1.datagen.curation import pipeline, prompt_files, work_store
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate
pipeline.make_recipe = lambda name, options: SumRecipe()
prompt_files.OURS = Path({ours!r})
work_store.BATCH = 4
left = {left}
for name in ("leave", "finish", "commit"):
    def counted(self, *args, _real=getattr(work_store.WorkStore, name)):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
        return _real(self, *args)
    setattr(work_store.WorkStore, name, counted)
pipeline.curate(validate(CurateSettings, json.loads({settings!r})))
"""


@pytest.mark.integrations
def test_a_run_that_is_killed_anywhere_goes_on_to_the_same_bytes(tmp_path):
    lines = [*rows(25), *rows(10), {"problem": "Prove it."}, "{", *rows(6, ask=True)]
    file = write(tmp_path / "rows.jsonl", lines)
    whole = curate(tmp_path, file, output=str(tmp_path / "whole"), run_name="set")
    paths = [str(Path(__file__).parents[2] / "support")]
    settings = {
        "recipe_name": "math",
        "input": [str(file)],
        "output": str(tmp_path / "out"),
        "runs": str(tmp_path / "others"),
    }
    settings |= {"run_name": "set", "at_once": 4, "workers": 1}
    killed = 0
    for left in (1, 9, 17, 20, 31, 1000):
        script = SCRIPT.format(paths=paths, ours=str(tmp_path / "ours"), left=left, settings=json.dumps(settings))
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        killed += done.returncode == -9
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
    assert killed >= 4
    assert json.loads((tmp_path / "out" / "funnel.json").read_text()) == whole
    one, other = digest(tmp_path / "whole"), digest(tmp_path / "out")
    assert one == other


def test_another_run_s_folder_is_refused_with_what_differs(tmp_path):
    file = write(tmp_path / "rows.jsonl", rows(3))
    curate(tmp_path, file)
    with pytest.raises(ProgramError, match=r"seed was 0 and is now 1; choose another run_name="):
        curate(tmp_path, file, seed=1)
    with pytest.raises(ProgramError, match=r"holds an export already: choose another folder, or overwrite=true"):
        curate(tmp_path, file, card={"license": "mit"})
    (tmp_path / "rows.jsonl").write_text("")
    with pytest.raises(ProgramError, match=r"input has changed since this run began: .*rows.jsonl"):
        curate(tmp_path, file, overwrite=True)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("I'm sorry, but I cannot help with that.", "refused"),
        ('{"known": "yes"', "malformed_reply"),
        ('{"known": "perhaps", "answer": "1"}', "malformed_reply"),
        ("", "malformed_reply"),
        ("<think>\nlet me", "malformed_reply"),
    ],
)
async def test_a_useless_reply_sets_the_row_aside_after_as_many_attempts_as_are_given(tmp_path, reply, reason):
    import asyncio

    from scripted_server import ScriptedServer

    file = write(tmp_path / "rows.jsonl", rows(1, ask=True))
    async with ScriptedServer(lambda messages, sample: reply) as server:
        funnel = await asyncio.to_thread(curate, tmp_path, file, model={"url": server.url, "attempts": 2})
    assert funnel["quarantined"] == {reason: 1}
    assert len(server.requests) == 2
    assert "Reply again" in server.requests[1]["messages"][-1]["content"]


async def test_replies_are_asked_for_once_and_prompts_say_their_version(tmp_path):
    import asyncio

    from scripted_server import ScriptedServer

    def reply(messages, sample):
        numbers = [int(n) for n in re.findall(r"\d+", messages[0]["content"])]
        return "Well, {it is}\n```json\n" + json.dumps({"known": "Yes", "answer": numbers[0] + numbers[1]}) + "\n```"

    file = write(tmp_path / "rows.jsonl", rows(15, ask=True))
    async with ScriptedServer(reply) as server:
        for out in ("out", "again"):
            given = {"url": server.url, "cache": str(tmp_path / "replies.sqlite"), "price": {"input": 1, "output": 2}}
            funnel = await asyncio.to_thread(
                curate, tmp_path, file, model=given, output=str(tmp_path / out), run_name=out, card={"pretty_name": "x"}
            )
            assert funnel["kept"] == 15
    assert len(server.requests) == 15
    task = open_tasks(str(tmp_path / "out"))[0]
    assert re.fullmatch(r"3:[0-9a-f]{8}", task.metadata["curation"]["prompts"]["sum_answer"])
    assert (
        digest(tmp_path / "out")["data/train-00000.parquet"] == digest(tmp_path / "again")["data/train-00000.parquet"]
    )
    result = json.loads((tmp_path / "runs/curate/out/result.json").read_text())
    assert result["usage"]["cost"] > 0
    await asyncio.to_thread(curate, tmp_path, file, run_name="out", overwrite=True)
    assert json.loads((tmp_path / "runs/curate/out/result.json").read_text())["usage"] == result["usage"]


async def test_rows_whose_server_failed_are_asked_again_by_the_same_command(tmp_path):
    import asyncio

    from scripted_server import Fault, ScriptedServer

    file = write(tmp_path / "rows.jsonl", rows(1, ask=True))
    good = json.dumps({"known": "no", "answer": ""})
    async with ScriptedServer([Fault("no_json"), *[Fault("no_json")] * 5, good]) as server:
        funnel = await asyncio.to_thread(curate, tmp_path, file, model={"url": server.url, "outage_s": 0})
        assert funnel["quarantined"] == {"no_reply": 1}
        funnel = await asyncio.to_thread(
            curate, tmp_path, file, model={"url": server.url, "outage_s": 0}, overwrite=True
        )
    assert funnel["dropped"] == {"not_known": 1}


async def test_a_run_whose_rows_are_all_done_needs_no_server(tmp_path, capsys):
    import asyncio

    from scripted_server import ScriptedServer

    file = write(tmp_path / "rows.jsonl", rows(3, ask=True))
    async with ScriptedServer(lambda messages, sample: json.dumps({"known": "no", "answer": ""})) as server:
        model = {"url": server.url, "outage_s": 0}
        funnel = await asyncio.to_thread(curate, tmp_path, file, model=model)
    assert "nothing was kept; " in capsys.readouterr().out
    assert await asyncio.to_thread(curate, tmp_path, file, model=model, overwrite=True) == funnel


def test_no_server_is_one_line_and_nothing_is_lost(tmp_path):
    with scripted_process.scripted() as server:
        url = server.url
    with pytest.raises(ProgramError, match=r"127\.0\.0\.1"):
        curate(tmp_path, write(tmp_path / "rows.jsonl", rows(1, ask=True)), model={"url": url, "outage_s": 0})


def test_a_dry_run_asks_nothing_and_counts_calls(tmp_path, capsys):
    file = write(tmp_path / "rows.jsonl", [*rows(10, ask=True), *rows(10, ask=True)])
    settings = {
        "recipe_name": "math",
        "input": [str(file)],
        "output": str(tmp_path / "out"),
        "runs": str(tmp_path / "runs"),
    }
    given = {"url": "http://127.0.0.1:9/v1", "price": {"input": 1, "output": 10}}
    pipeline.curate(validate(CurateSettings, {**settings, "dry_run": True, "model": given}))
    said = capsys.readouterr().out
    assert re.search(r"sum_answer +10 calls", said)
    assert re.search(r"money, at most +0\.4", said)
    assert not (tmp_path / "out").exists()


async def test_what_a_killed_process_was_asked_is_counted(tmp_path):
    """Three answers, then silence, then kill -9: the account of the run has them, and what was lost."""
    import asyncio
    import sqlite3

    from scripted_server import Fault, ScriptedServer

    silent_after = [3]

    def reply(messages, sample):
        silent_after[0] -= 1
        return Fault("stall") if silent_after[0] < 0 else json.dumps({"known": "yes", "answer": "7"})

    file = write(tmp_path / "rows.jsonl", rows(8, ask=True))
    said = {"recipe_name": "math", "input": [str(file)], "output": str(tmp_path / "out")}
    said |= {"runs": str(tmp_path / "runs"), "run_name": "set", "at_once": 1, "workers": 1, "deduplicate": False}
    paths = [str(Path(__file__).parents[2] / "support")]
    async with ScriptedServer(reply) as server:
        said["model"] = {"url": server.url, "price": {"input": 1, "output": 2}}
        script = SCRIPT.format(paths=paths, ours=str(tmp_path / "ours"), left=10**6, settings=json.dumps(said))
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
        store, usage = tmp_path / "runs" / "curate" / "set" / "work.sqlite", {}
        while process.returncode is None and (usage.get("completed"), usage.get("in_flight")) != (3, 1):
            await asyncio.sleep(0.05)
            with suppress(sqlite3.OperationalError), sqlite3.connect(f"file:{store}?mode=ro", uri=True) as opened:
                for (text,) in opened.execute("SELECT value FROM meta WHERE name = 'usage'"):
                    usage = json.loads(text)
        process.kill()
        await process.wait()
        silent_after[0] = 100
        model = said["model"]
        await asyncio.to_thread(curate, tmp_path, file, run_name="set", at_once=1, deduplicate=False, model=model)
        asked, answered = len(server.requests), 8
    usage = json.loads((tmp_path / "runs/curate/set/result.json").read_text())["usage"]
    assert (usage["requests"], usage["completed"], usage["in_flight"]) == (asked, answered, 0)
    assert (usage["errors"], usage["usage_unknown"]) == ({"killed": 1}, 1)
    assert usage["cost"] == pytest.approx((usage["prompt_tokens"] + 2 * usage["completion_tokens"]) / 1e6)
    assert usage["completion_tokens"] > 0


def test_a_finished_run_says_so(tmp_path, capsys):
    file = write(tmp_path / "rows.jsonl", rows(3))
    curate(tmp_path, file)
    before = digest(tmp_path / "out")
    capsys.readouterr()
    curate(tmp_path, file)
    assert capsys.readouterr().out == f"finished already: 3 tasks at {tmp_path / 'out'}\n"
    curate(tmp_path, file, overwrite=True)
    (tmp_path / "out" / "manifest.json").unlink()
    curate(tmp_path, file)  # what is not there is written again
    assert digest(tmp_path / "out") == before
    (tmp_path / "out" / "manifest.json").write_text("{}")
    with pytest.raises(ProgramError, match="holds an export already"):  # another one
        curate(tmp_path, file)


def test_a_dry_run_binds_nothing(tmp_path, monkeypatch, capsys):
    file = write(tmp_path / "rows.jsonl", [*rows(4), *rows(4)])
    said = {"recipe_name": "math", "input": [str(file)], "output": str(tmp_path / "out"), "deduplicate": False}

    def dry(**more):
        pipeline.curate(validate(CurateSettings, {**said, "runs": str(tmp_path / "runs"), "dry_run": True, **more}))

    dry(limit=2)
    dry(model={"url": "http://127.0.0.1:9/v1", "max_tokens": 100})
    read, draft = [], SumRecipe.draft
    monkeypatch.setattr(SumRecipe, "draft", lambda self, row: read.append(row) or draft(self, row))
    dry(model={"url": "http://127.0.0.1:9/v1", "max_tokens": 200}, at_once=3)
    assert not read  # only what comes later has changed
    write(file, rows(5))
    assert curate(tmp_path, file, seed=4, deduplicate=False)["in"] == 5
    assert len(read) == 5
    dry(seed=4, model={"url": "http://127.0.0.1:9/v1"})
    with pytest.raises(ProgramError, match="seed was 4 and is now 0"):
        dry()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"input": []}, "name at least one file or folder"),
        ({"recipe_name": "mathematics"}, "recipe"),
        ({"difficulty": {"samples": 4}}, "asks a model"),
        ({"difficulty": {"max_pass_rate": 0.5}}, "has to be measured"),
        ({"model": {"url": "localhost:8000"}}, "http"),
        ({"model": {"launch": "vllm"}}, "model.name="),
        ({"run_name": "a/b"}, "one folder"),
    ],
)
def test_settings_that_cannot_be_meant_are_one_line(settings, said):
    given = {"recipe_name": "math", "input": ["x.jsonl"], "output": "out", **settings}
    with pytest.raises(ProgramError, match=re.escape(said)) as error:
        validate(CurateSettings, given)
    assert "\n" not in str(error.value)


def test_the_books_balance_or_it_is_an_error():
    funnel = Funnel(("read", "rules"), rows=3, kept=1)
    funnel.add("dropped", "rules", "proof")
    with pytest.raises(ValueError, match="3 in, 1 kept, 1 left out"):
        funnel.check()
    funnel.add("quarantined", "read", "not_json")
    funnel.check()
    assert Funnel.from_dict(json.loads(json.dumps(funnel.to_dict()))).to_dict() == funnel.to_dict()
    with pytest.raises(ValueError, match="no step `gold`"):
        funnel.add("dropped", "gold", "x")


def test_parquet_input_is_read_row_by_row(tmp_path):
    import pyarrow as pa

    parquet.write_table(pa.Table.from_pylist(list(rows(9))), tmp_path / "rows.parquet")
    (tmp_path / "more").mkdir()
    write(tmp_path / "more" / "a.jsonl", rows(3))
    write(tmp_path / "more" / ".hidden.jsonl", ["{"])
    funnel = curate(tmp_path, tmp_path / "rows.parquet", tmp_path / "more", deduplicate=False)
    assert (funnel["in"], funnel["kept"]) == (12, 12)


WRITTEN = (
    "How many legs have three spiders and two hens together, if none of them was ever hurt in a fight?",
    "A rope of nine metres is cut in thirds; what is the length of one piece of it in metres?",
    "Into how many regions do five straight lines in general position divide the whole plane?",
    "Which is the smallest prime number whose digits add up to exactly eleven in base ten?",
)


async def test_rows_that_a_model_makes_into_one_task_are_one_row_too_many(tmp_path, monkeypatch):
    """And what it writes may be a benchmark's problem, whatever the row was."""
    import asyncio

    from scripted_server import ScriptedServer

    async def rewritten(self, draft, tools):
        (task,) = await finish(self, draft, tools)
        said = await tools.ask("sum_answer", draft, "answer", problem=draft.text)
        return [replace(task, prompt=WRITTEN[int(said["answer"])])]

    def reply(messages, sample):
        number = int(re.search(r"number (\d+)", messages[0]["content"])[1])
        return json.dumps({"known": "yes", "answer": str(number % 4)})

    finish = SumRecipe.finish
    monkeypatch.setattr(SumRecipe, "finish", rewritten)
    write(tmp_path / "benchmark.jsonl", [{"q": WRITTEN[3]}])
    file = write(tmp_path / "rows.jsonl", rows(12))
    async with ScriptedServer(reply) as server:
        given = {"model": {"url": server.url}, "decontaminate": {"benchmarks": [str(tmp_path / "benchmark.jsonl")]}}
        funnel = await asyncio.to_thread(curate, tmp_path, file, **given)
        again = await asyncio.to_thread(curate, tmp_path, file, overwrite=True, **given)
    assert again == funnel
    assert funnel["dropped"] == {"same_task": 8, "benchmark": 1}
    assert funnel["kept"] == 3
    assert [row["number"] for row in left_out(tmp_path)] == list(range(3, 12))
