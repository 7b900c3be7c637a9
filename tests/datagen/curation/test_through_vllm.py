"""Each recipe through a real vLLM whose model writes nonsense: all that asks it goes, with a reason; the rest stays.

The embedded model knows one kind of puzzle. Whatever else it is asked, it repeats a letter, inside of the JSON that
vLLM holds it to, until it is cut off.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections import Counter

import pytest
from code_problems import MadeProblem, apps_row, code_contests_row, codeforces_row
from commit_rows import AFTER, BEFORE
from commit_rows import row_of as commit
from question_rows import ANSWER, BODY
from vllm_process import CONTEXT

from synthetic1.datagen import curate as program
from synthetic1.datagen.curation.pipeline import curate
from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.inference import launch
from synthetic1.inference.server import Server
from synthetic1.jobs.program import validate
from synthetic1.tasks.sources.spec import open_tasks

MODEL = {"max_tokens": 64, "attempts": 2}
DROPPED, ASIDE = "dropped", "quarantined"


@pytest.fixture(scope="module")
def vllm(kept_vllm):
    return kept_vllm.get()


def jars(n, **more):
    """A row of NuminaMath 1.5."""
    said = {"source": "olympiads", "question_type": "math-word-problem", "problem_type": "Algebra", "solution": ""}
    problem = f"A shelf holds ${n}$ boxes with ${n + 3}$ jars in each of them. How many jars are there?"
    return {"problem": problem, "answer": str(n * (n + 3)), **said, **more}


CHOICE = jars(
    5,
    problem="What is $7 \\cdot 8 - 6$? $\\textbf{(A)}\\ 48\\qquad\\textbf{(B)}\\ 50\\qquad\\textbf{(C)}\\ 52$",
    answer="B",
    question_type="MCQ",
)
PROOF = jars(6, problem="Prove that $n^3-n$ is divisible by 6.", answer="proof")
ONE, TWO, THREE = (MadeProblem(number) for number in (3, 12, 21))
UP = "n = int(input())\nfor d in range(1, n + 1):\n    if n % d == 0:\n        print(d)\n"
DOWN = UP.replace("range(1, n + 1)", "range(n, 0, -1)")
DIVISORS = code_contests_row(
    9,
    "Print all divisors of the whole number n, each on a line of its own, in any order that you like."
    "\n\nInput\n\nOne number n.\n\nExample\n\nInput\n\n2\n\nOutput\n\n1\n2",
    [(f"{n}\n", "".join(f"{d}\n" for d in range(1, n + 1) if n % d == 0)) for n in (2, 12, 30, 7, 36)],
    [UP, DOWN],
)
SOUND = apps_row(7, ONE.statement(), ONE.tests, ONE.programs)
SKIPS = BEFORE.replace("return json.load(file)", "return [one for one in json.load(file) if one]")
MANY_LINES = "".join(
    f"LIMIT_{n} = {n * n}  # {'of all the baskets, ' * 5}at most\n" for n in range(198)
)  # no room for it
NEWS = "In {}, {} boats left the harbour at dawn; the quay is closed, said the master, until the ice has gone."


def of_math():
    return [jars(4), jars(17), CHOICE, PROOF, "{cut"]


def of_code():
    unsolved = codeforces_row(9, THREE.statement("plain"), THREE.tests)
    other = code_contests_row(8, TWO.statement("plain"), TWO.tests, TWO.programs)
    return [SOUND, DIVISORS, other, unsolved, apps_row(10, ONE.statement(), [], [])]


def of_swe():
    return [
        dict(row.fields)
        for row in (
            commit(),
            commit(commit="1" * 40, new_contents=SKIPS, subject="Skip empty orders when a file is loaded"),
            commit(commit="2" * 40, subject="Merge branch 'side'"),
            commit(commit="3" * 40, new_contents=AFTER + MANY_LINES, subject="Add the limits of all the baskets"),
        )
    ]


def of_stem():
    boiling = "Why does the boiling point of water fall when one climbs a high mountain, in terms of pressure?"
    vapour = "It boils where its vapour pressure is the air's, which is lower there: at a lower temperature."
    paired = {"qid": 1, "question": BODY, "response_j": ANSWER, "response_k": "No idea.", "date": "2015-03-02"}
    return [
        {**paired, "metadata": ["https://physics.stackexchange.com/questions/1"]},
        {"question": boiling, "answer": vapour, "score": 9},
        {"question": "Which book should I read?", "answer": vapour},
        {"title": "no question"},
    ]


def of_code_understanding():
    return [{"article": NEWS.format("Berga", 3)}, {"content": NEWS.format("Corvo", 8)}, {"text": ""}, {"title": "none"}]


def of_repair():
    boxed = [jars(n, solution=f"They are $\\boxed{{{n * (n + 3)}}}$.", level="Level 1") for n in (4, 17)]
    ours = [open_tasks(f"embedded:{family}")[3].to_row() for family in ("stem", "code_understanding")]
    return [*boxed, SOUND, DIVISORS, *ours, {"x": 1}]


RUNS = {
    "math": (
        of_math,
        {},
        {0: (ASIDE, "classify", "cut_off"), 1: (ASIDE, "classify", "cut_off"), 2: (ASIDE, "rewrite", "cut_off")}
        | {3: (DROPPED, "statement", "proof"), 4: (ASIDE, "read", "not_json")},
    ),
    "math by rule": (
        of_math,
        {"math": {"classify": "never"}},
        {2: (ASIDE, "rewrite", "cut_off"), 3: (DROPPED, "statement", "proof"), 4: (ASIDE, "read", "not_json")},
    ),
    "code": (
        of_code,
        {"code": {"languages": ["python", "javascript"]}},
        {1: (ASIDE, "checker", "cut_off"), 3: (DROPPED, "solutions", "no_solution"), 4: (DROPPED, "tests", "no_tests")},
    ),
    "swe": (
        of_swe,
        {},
        {0: (ASIDE, "instruction", "cut_off"), 1: (ASIDE, "instruction", "cut_off"), 2: (DROPPED, "commit", "merge")}
        | {3: (ASIDE, "instruction", "refused_by_server")},
    ),
    "stem": (
        of_stem,
        {},
        {0: (ASIDE, "filter", "cut_off"), 1: (ASIDE, "filter", "cut_off"), 2: (DROPPED, "question", "too_short")}
        | {3: (ASIDE, "question", "not_a_question")},
    ),
    "code_understanding": (
        of_code_understanding,
        {"code_understanding": {"iterations": 1}},
        {0: (ASIDE, "writing", "cut_off"), 1: (ASIDE, "writing", "cut_off"), 2: (DROPPED, "text", "empty_text")}
        | {3: (ASIDE, "text", "no_text_column")},
    ),
}
"""Recipe → its rows, settings, and which of them leave: all others stay."""
REPAIRED = {3: (ASIDE, "checker", "cut_off"), 6: (ASIDE, "row", "unknown_layout")}


def written(path, rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def settings(tmp_path, recipe, name, **more):
    given = {"recipe_name": recipe, "input": [str(tmp_path / "rows.jsonl")], "output": str(tmp_path / name)}
    return validate(CurateSettings, {**given, "runs": str(tmp_path / "runs"), "workers": 1, **more})


def books(folder):
    """Which rows left, and why, by number; all that is said of them in other places agrees."""
    funnel = json.loads((folder / "funnel.json").read_text())
    with gzip.open(folder / "left_out.jsonl.gz") as lines:
        gone = [json.loads(line) for line in lines]
    assert funnel["in"] == funnel["kept"] + sum(funnel[DROPPED].values()) + sum(funnel[ASIDE].values())
    assert len(gone) == funnel["in"] - funnel["kept"]
    for outcome in (DROPPED, ASIDE):
        assert Counter(row["reason"] for row in gone if row["outcome"] == outcome) == funnel[outcome]
    for row in gone:
        assert ("raw" in row) == (row["outcome"] == ASIDE)
    left = {row["number"]: (row["outcome"], row["step"], row["reason"]) for row in gone}
    return funnel, left


def kept(folder):
    """The tasks, without what is told of their curation."""
    if not json.loads((folder / "funnel.json").read_text())["kept"]:
        return []
    tasks = [task.to_dict() for task in open_tasks(str(folder))]
    for task in tasks:
        assert not {"rewrite", "checker", "versions"} & set(task["metadata"].pop("curation").get("history", {}))
    return tasks


def check_kept(tmp_path, rows, left, recipe, more):
    """What stays is what stays without a model: not a word of it is the model's."""
    places = {n for n in range(len(rows)) if n not in left}
    origins = [t.metadata["curation"]["origin"]["row"] - 1 for t in open_tasks(str(tmp_path / "out"))] if places else []
    assert sorted(origins) == sorted(places)
    if places:
        curate(settings(tmp_path, recipe, "without", **more))
        assert kept(tmp_path / "out") == kept(tmp_path / "without")


@pytest.mark.parametrize("run", [pytest.param(run, marks=pytest.mark.engine) if run == "code" else run for run in RUNS])
def test_a_recipe_drops_what_a_useless_model_says(vllm, tmp_path, run, request):
    if run == "code":
        request.getfixturevalue("sandbox_kind")
    of, more, expected = RUNS[run]
    recipe = run.partition(" ")[0]
    written(tmp_path / "rows.jsonl", rows := of())
    before = vllm.counted()["generation"]
    assert not curate(settings(tmp_path, recipe, "out", model={"url": vllm.url, **MODEL}, **more))
    funnel, left = books(tmp_path / "out")
    assert funnel["in"] == len(rows)
    assert left == expected
    check_kept(tmp_path, rows, left, recipe, more)
    usage = json.loads((tmp_path / "runs" / "curate" / f"{recipe}-out" / "result.json").read_text())["usage"]
    assert vllm.counted()["generation"] - before == usage["completion_tokens"] > 0


def test_repair_starts_the_server_by_itself(vllm, sandbox_kind, tmp_path, monkeypatch):
    """The command line; in place of a second server, the one that runs."""
    from contextlib import asynccontextmanager

    started = []

    @asynccontextmanager
    async def launch_vllm(model, *, arguments):
        started.append(arguments)
        yield Server((vllm.url,), "embedded")

    monkeypatch.setattr(launch, "launch_vllm", launch_vllm)
    written(tmp_path / "rows.jsonl", rows := of_repair())
    command = f"recipe=repair input={tmp_path}/rows.jsonl output={tmp_path}/out runs={tmp_path}/runs workers=1"
    command += f" model.launch=vllm model.name=embedded model.vllm_arguments=[--max-model-len,'{CONTEXT}']"
    command += " model.max_tokens=64 model.attempts=2"
    monkeypatch.setattr(sys, "argv", ["datagen/curate.py", *command.split()])
    program.main()
    assert started == [("--max-model-len", str(CONTEXT))]
    funnel, left = books(tmp_path / "out")
    assert (funnel["in"], left) == (len(rows), REPAIRED)
    check_kept(tmp_path, rows, left, "repair", {})


def test_replies_that_end_too_early_are_malformed_and_nothing_is_asked_twice(vllm, tmp_path):
    """The same bytes again, out of the cache: the server writes nothing for them."""
    written(tmp_path / "rows.jsonl", [jars(4), jars(17)])
    model = {"url": vllm.url, **MODEL, "extra_body": {"stop": ['"reason"']}, "cache": str(tmp_path / "replies.sqlite")}
    found = []
    for name in ("one", "two"):
        before = vllm.counted()["generation"]
        curate(settings(tmp_path, "math", name, model=model, card={"pretty_name": "jars"}))
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        found.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
        assert (vllm.counted()["generation"] > before) == (name == "one")
        _, left = books(tmp_path / name)
        assert left == dict.fromkeys(range(2), (ASIDE, "classify", "malformed_reply"))
    assert found[0] == found[1]


def test_a_pass_rate_of_a_useless_model_is_none(vllm, tmp_path):
    written(tmp_path / "rows.jsonl", [jars(4), jars(17)])
    more = {"math": {"classify": "never"}, "model": {"url": vllm.url, **MODEL}}
    curate(settings(tmp_path, "math", "out", difficulty={"samples": 2}, **more))
    assert [task["metadata"]["pass_rate"] for task in kept(tmp_path / "out")] == [0.0, 0.0]
    curate(settings(tmp_path, "math", "hard", difficulty={"samples": 2, "min_pass_rate": 0.5}, **more))
    _, left = books(tmp_path / "hard")
    assert left == dict.fromkeys(range(2), (DROPPED, "difficulty", "too_hard"))
