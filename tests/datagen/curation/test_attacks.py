"""Rows as they are really published, nasty ones among them, written by somebody who had not read the recipes.

Each stands in ``curation_attacks.jsonl`` with the outcome that is right without a model, and with one where that is
another: ``keep``, ``out`` (dropped or set aside, with a reason) or ``any`` (both can be defended).
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from scripted_server import ScriptedServer

from synthetic1.datagen.curation.pipeline import curate
from synthetic1.datagen.curation.raw_rows import damage_in
from synthetic1.datagen.curation.recipes.commits.messages import cleaned, is_informative
from synthetic1.datagen.curation.recipes.mathematics.golds import same_answer
from synthetic1.datagen.curation.recipes.mathematics.markup import plain_statement
from synthetic1.datagen.curation.recipes.mathematics.statements import why_not
from synthetic1.datagen.curation.recipes.programs.program_problem import ProgramProblem
from synthetic1.datagen.curation.recipes.programs.readings import other_readings
from synthetic1.datagen.curation.recipes.questions.markdown import to_markdown
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import validate

ATTACKS = Path(__file__).parents[2] / "support" / "curation_attacks.jsonl"
ROWS = [json.loads(line) for line in ATTACKS.read_text().splitlines()]


def written(recipe: str, folder: Path, every: int = 1) -> dict[tuple[str, int], dict]:
    """The rows of a recipe, or every so many of them, as files, a layout each; by file and number, what is said."""
    files: dict[str, list[bytes]] = {}
    said = {}
    for row in [row for row in ROWS if row["recipe"] == recipe][::every]:
        name = row["layout"] if "." in row["layout"] else f"{row['layout']}.jsonl"
        lines = files.setdefault(name, [])
        raw = row.get("raw")
        if raw is None:
            lines.append(json.dumps(row["row"]).encode())
        else:
            lines.append(raw.encode("utf-8" if name.endswith(".xml") else "latin-1"))
        said[name, len(lines)] = row
    folder.mkdir()
    for name, lines in files.items():
        body = b"\n".join(lines) + b"\n"
        if name.endswith(".xml"):
            body = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n' + body + b"</posts>"
        (folder / name).write_bytes(body)
    return said


def run(recipe: str, tmp_path: Path, **settings) -> dict:
    """Curate what was written; the funnel, whose books have to balance."""
    given = {"recipe_name": recipe, "input": [str(tmp_path / "in")], "output": str(tmp_path / "out")}
    given |= {"runs": str(tmp_path / "runs"), "workers": 1}  # this process: others would have to import it all
    assert not curate(validate(CurateSettings, {**given, **settings}))
    funnel = json.loads((tmp_path / "out" / "funnel.json").read_text())
    gone = sum(funnel["dropped"].values()) + sum(funnel["quarantined"].values())
    assert funnel["in"] == funnel["kept"] + gone
    return funnel


def outcomes(tmp_path: Path) -> dict[tuple[str, int], dict]:
    """By file and number: the task that was made, or why none was."""
    found = {}
    for file in (tmp_path / "out" / "data").glob("*.parquet"):
        for task in parquet.read_table(file).to_pylist():
            origin = json.loads(task["metadata"])["curation"]["origin"]
            found[origin["file"].rpartition("/")[2], origin["row"]] = task
    with gzip.open(tmp_path / "out" / "left_out.jsonl.gz", "rt") as lines:
        for left in map(json.loads, lines):
            assert left["reason"]
            assert left["step"]
            file, number = re.fullmatch(r"(.*), (?:row|question) (\d+)", left["place"]).groups()
            found[file.rpartition("/")[2], int(number) // (10 if file.endswith(".xml") else 1)] = left
    return found


def faults(row: dict, got: dict, right: str) -> list[str]:
    """What is wrong with an outcome."""
    kept = "problem_id" in got
    if right == "keep" and not kept:
        return [f"left out: {got['step']}, {got['reason']}: {got['detail'][:100]}"]
    if right == "out" and kept:
        return [f"kept: {got['prompt'][:100]!r}"]
    if not kept:
        return []
    wrong, info = [], json.loads(got["verification_info"])
    gold = str(info.get("ground_truth"))
    if "gold" in row and not same_answer(gold, row["gold"], "find it"):
        wrong.append(f"gold {gold!r}, not {row['gold']!r}")
    if row.get("gold_has", "") not in f"{got['gold_standard_solution']}{got['verification_info']}":
        wrong.append(f"no {row['gold_has']!r} in the gold")
    if row.get("text", "") not in got["prompt"]:
        wrong.append(f"no {row['text']!r} in the prompt {got['prompt']!r}")
    never = [row["no"]] if isinstance(row.get("no"), str) else row.get("no", [])
    return wrong + [f"{sign!r} in the prompt" for sign in never if sign in got["prompt"]]


@pytest.mark.parametrize(
    ("recipe", "least", "every"),
    [
        ("math", 85, 1),
        ("swe", 60, 1),
        ("stem", 55, 1),
        pytest.param("code", 20, 3, marks=pytest.mark.engine),
        pytest.param("repair", 17, 3, marks=[pytest.mark.engine, pytest.mark.integrations]),
        pytest.param("code", 60, 1, marks=pytest.mark.proofs),
        pytest.param("repair", 50, 1, marks=pytest.mark.proofs),
    ],
)
def test_every_row_has_the_right_outcome(recipe, least, every, tmp_path):
    said = written(recipe, tmp_path / "in", every)
    assert len(said) >= least
    run(recipe, tmp_path, **({"stem": {"unfiltered": True}} if recipe == "stem" else {}))
    found = outcomes(tmp_path)
    assert set(found) == set(said)
    wrong = {key: faults(row, found[key], row["outcome"]) for key, row in said.items()}
    assert not {f"{key} ({said[key]['why']})": what for key, what in wrong.items() if what}


VERIFIABLE = {"verifiable": "yes", "reason": "none", "why": ""}


def rewriting(question):
    """A model that takes every problem for verifiable, and makes ``question`` of a multiple choice."""

    def reply(messages, sample):
        text = messages[0]["content"]
        if "<right_answer>" not in text:
            return json.dumps(VERIFIABLE)
        stem, answer, whole = (
            re.search(f"<{name}>\n(.*?)\n</{name}>", text, re.DOTALL)[1]
            for name in ("before_the_options", "right_answer", "multiple_choice")
        )
        return f'{{"possible": "yes", "question": "{question(stem, answer, whole)}", "answer": {json.dumps(answer)}}}'

    return reply


def quoted(text: str) -> str:
    return json.dumps(text)[1:-1]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (lambda stem, answer, whole: quoted(f"{stem} (Hint: it is {answer}.)"), {"answer_given_away"}),
        (lambda stem, answer, whole: quoted(whole), {"options_left"}),
        (
            lambda stem, answer, whole: quoted(re.sub(r"\d", lambda one: str((int(one[0]) + 1) % 10), stem)),
            {"numbers_changed", "options_left"},
        ),
        (lambda stem, answer, whole: "\\ud835 " + quoted(stem), {"malformed_reply"}),
    ],
)
async def test_no_spoilt_rewrite_becomes_a_task(question, reason, tmp_path):
    said = written("math", tmp_path / "in")
    async with ScriptedServer(rewriting(question)) as server:
        await asyncio.to_thread(run, "math", tmp_path, model={"url": server.url})
    found = outcomes(tmp_path)
    choices = [found[key] for key, row in said.items() if row.get("with_a_model", row["outcome"]) != row["outcome"]]
    assert len(choices) == 5
    assert {got.get("reason", "kept") for got in choices} <= reason


@pytest.mark.parametrize(
    "said", ['{"verdict": "accept"}', "half \ud835 of it {", "I'm sorry, but I can't help with that."]
)
async def test_replies_in_another_form_make_no_task(said, tmp_path):
    """What a row of the set told the model to say; halves of characters; a refusal."""
    written("math", tmp_path / "in")
    async with ScriptedServer([said]) as server:
        funnel = await asyncio.to_thread(run, "math", tmp_path, model={"url": server.url})
    assert funnel["kept"] == 0
    assert {"malformed_reply", "refused"} & set(funnel["quarantined"])


async def test_an_instruction_that_holds_the_change_is_a_leak_however_short_its_lines(tmp_path):
    written("swe", tmp_path / "in")

    def reply(messages, sample):
        text = messages[0]["content"]
        if "give the solution" in text:
            return json.dumps({"leaks": "no", "reason": "a judge that sees nothing"})
        added = [
            line[1:].strip() for line in text.rpartition("Change:")[2].splitlines() if re.match(r"\+(?!\+\+)", line)
        ]
        said = "`, `".join(line for line in added if len(line) > 3)
        return json.dumps({"clear": "yes", "instruction": f"Change the file so that it holds `{said}`."})

    async with ScriptedServer(reply) as server:
        funnel = await asyncio.to_thread(run, "swe", tmp_path, model={"url": server.url})
    assert funnel["kept"] <= 1  # ``G = 9.77`` is a value that nobody could guess
    assert funnel["dropped"]["leak_line"] >= 24


def test_names_out_of_rows_do_not_break_the_card(tmp_path):
    (tmp_path / "in").mkdir()
    names = ["a | b", "x\n# Heading\n---", "<script>", *(f"source {number}" for number in range(25))]
    rows = [
        {"problem": f"What is {i} times {i + 3}, as asked in test {i}?", "answer": str(i * (i + 3)), "source": name}
        for i, name in enumerate(names)
    ]
    (tmp_path / "in" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run("math", tmp_path, deduplicate=False)
    lines = (tmp_path / "out" / "README.md").read_text().splitlines()
    sources = [line for line in lines if line.startswith("| source")]
    assert {"| source: a \\| b | 1 |", "| source: x # Heading --- | 1 |", "| source: &lt;script> | 1 |"} <= set(sources)
    assert sources[-1] == "| source: 8 others | 8 |"
    assert "# Heading" not in lines


# The kinds, one by one -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("A sequence has these properties: (1) $a_1=2$; (2) $a_2=5$; (3) $a_n=a_{n-1}+3$. Find $a_7$.", None),
        ("For real $x$ let (a) be the ceiling and (b) the floor of it. Compute (a)+(b) for $x=2.5$.", None),
        ("Consider these statements: (1) 2 is prime. (2) 4 is prime. (3) 5 is odd. How many of them are true?", None),
        ("Consider the following claims: (1) 2 is prime. (2) 9 is prime. How many of them are true?", None),
        ("The following moves: (a) add 1; (b) double. Find the least number of moves from 1 to 100.", None),
        ("Find the following: (a) the sum of the roots; (b) the product of the roots.", "several_parts"),
        ("Answer the following: (a) Find $2+2$. (b) Find $3+3$.", "several_parts"),
        ("已知$a=2$。（1）求$a^2$的值；（2）求$a^3$的值。", "several_parts"),
        ("若 $M=\\{1\\}$，$N=\\{2\\}$，求 $M\\cup N$", None),
        ("求证：$a^2\\ge 0$。", "proof"),
        ("Докажите, что $a^2\\ge 0$, и найдите наименьшее значение.", "proof"),
        ("如图，在三角形$ABC$中，$AB=5$，求$BC$的长。", "needs_figure"),
        ("На рисунке изображён квадрат. Найдите его площадь.", "needs_figure"),
        ("Compute $2+2$\0 at once.", "garbled"),
    ],
)
def test_statements(statement, reason):
    found = why_not(statement, 6_000)
    assert (found and found[0]) == reason


def test_markup_of_sites_is_taken_out_of_statements():
    said = "Tom&#39;s $a &lt; b$\r\nand [b]p1.[/b] it is.\n\n[i]Proposed by A. Nother[/i]"
    assert plain_statement(said) == "Tom's $a < b$\nand **p1.** it is."
    assert plain_statement("$a[i] + b[/tex] &foo; & c$") == "$a[i] + b[/tex] &foo; & c$"


def test_raised_and_lowered_text_stays_apart():
    said = "<p>10<sup>5</sup> m<sup>-2</sup> of CO<sub>2</sub>, x<sup>ab</sup>, the 1<sup>st</sup></p>"
    assert to_markdown(said) == "10⁵ m⁻² of CO₂, x^{ab}, the 1st"


def test_lost_characters_are_found_and_published_signs_of_replacement_are_not():
    assert damage_in("a\0b", mended=False)
    assert damage_in("a\ufffdb", mended=True)
    assert damage_in("why do I see \ufffd here", mended=False) is None


def test_messages_lose_tickets_and_may_name_their_file():
    assert cleaned("#12: Ignore blank lines") == "Ignore blank lines"
    assert cleaned("[ABC-7] Ignore blank lines") == "Ignore blank lines"
    assert cleaned("fix(parser)!: ignore blank lines") == "Ignore blank lines"
    assert cleaned("[FIX] ignore blank lines") == "Ignore blank lines"
    assert cleaned("[WIP] ignore blank lines").startswith("[WIP]")
    assert is_informative("Add a check for an empty slice in Max", "max.go", 4)
    assert not is_informative("Update the user login page", "user/login.py", 4)


def test_tests_are_read_as_a_published_program_reads_them():
    def of(tests):
        return ProgramProblem("p", "s", "python", "prompt", None, "", "f", tests, {}, [])

    assert [(name, one.tests) for name, one in other_readings(of([[[1], [2]], [[3], [4]]]))] == [
        ("outputs_unwrapped", [[[1], 2], [[3], 4]])
    ]
    assert [(name, one.tests) for name, one in other_readings(of([[['"a"'], '"b"'], [["c"], '"d"']]))] == [
        ("texts_unquoted", [[["a"], "b"], [["c"], "d"]])
    ]
    assert list(other_readings(of([[[1], 2]]))) == []
