"""The recipe of evolved functions: texts as lineages, what is thrown away and why, ground truth in the sandbox."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from synthetic1.datagen.curation.asking import NO_REPLY
from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.prompt_files import load_prompts
from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow
from synthetic1.datagen.curation.recipes.code_understanding import CodeUnderstandingRecipe, EvolutionSettings
from synthetic1.datagen.curation.recipes.evolution.inputs import BORDERS, draw_inputs, plain
from synthetic1.datagen.curation.recipes.evolution.operators import OPERATORS, TOPICS, draw
from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.registry import get_verifier
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.sandbox import open_sandbox

TEXT = (
    "The town council voted on Tuesday to keep the old mill open for another 12 years, Mayor Ines Dahl said. "
    "About 340 people work there. “We will not sell it,” she told a café full of reporters; the vote was 7 to 2."
)
Reply = str | Exception


class ScriptedTools:
    """Replies in the order of a script by prompt, and a real sandbox."""

    seed = 7
    has_model = True

    def __init__(self, sandbox: Any, replies: Mapping[str, Sequence[Reply]]) -> None:
        self.sandbox = sandbox
        self.replies = {name: list(some) for name, some in replies.items()}
        self.asked: list[str] = []
        self.prompts = load_prompts(list(CodeUnderstandingRecipe.prompts))

    async def ask(self, prompt: str, draft: Draft, step: str, **values: str) -> Any:
        assert step in CodeUnderstandingRecipe.finish_steps
        draft.prompts[prompt] = self.prompts[prompt].label
        self.asked.append(self.prompts[prompt].filled(values))
        reply = self.replies[prompt].pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def run(self, program: Any, inputs: Any, limits: Any = None, *, fresh: bool = False) -> Any:
        return list(await self.sandbox.run(program, inputs, limits, fresh=fresh))


def with_sandbox(work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    async def opened() -> Any:
        async with open_sandbox() as sandbox:
            return await work(sandbox)

    return asyncio.run(opened())


def recipe(**options: Any) -> CodeUnderstandingRecipe:
    return CodeUnderstandingRecipe(EvolutionSettings(**options))


def finished(replies: Mapping[str, Sequence[Reply]], **options: Any) -> tuple[list[Any], Draft, ScriptedTools]:
    made = recipe(**options)
    draft = made.draft(RawRow("news.jsonl, row 1", {"text": TEXT, "license": "cc0-1.0"}, "news.jsonl", 1))

    async def work(sandbox: Any) -> tuple[list[Any], Draft, ScriptedTools]:
        tools: Any = ScriptedTools(sandbox, replies)
        return await made.finish(draft, tools), draft, tools

    found: tuple[list[Any], Draft, ScriptedTools] = with_sandbox(work)
    return found


# -- texts


def rows_of(*inputs: Path | str, **options: Any) -> list[RawRow | UnreadableRow]:
    return list(recipe(**options).rows([str(one) for one in inputs]))


def test_any_text_is_read(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    (tmp_path / "a.txt").write_text(("A line of the first. " * 30) + "\n\n" + "A second one.\n", encoding="utf-8")
    (tmp_path / "b.MD").write_bytes(b"\xef\xbb\xbf# Head\n\nShort.\n")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "c.txt").write_text("hidden")
    (tmp_path / "broken.txt").write_bytes(b"caf\xe9 in Latin-1\n")
    rows = rows_of(tmp_path)
    assert [row.where for row in rows] == [
        *(f"{tmp_path.name}/a.txt, passage 1", f"{tmp_path.name}/a.txt, passage 2"),
        *(f"{tmp_path.name}/b.MD, passage 1", f"{tmp_path.name}/broken.txt, passage 1"),
    ]
    assert isinstance(rows[3], UnreadableRow)
    assert rows[3].reason == "not_utf8"
    assert isinstance(rows[2], RawRow)
    assert rows[2].fields["text"] == "# Head\n\nShort."
    parquet.write_table(pa.table({"id": [1, 2], "article": ["One text.", "Two."]}), tmp_path / "news.parquet")
    (tmp_path / "news.jsonl").write_text('{"Content": "Three."}\n{"content": \n', encoding="utf-8")
    rows = rows_of(tmp_path / "news.parquet", tmp_path / "news.jsonl")
    texts = [recipe().draft(row).text for row in rows if isinstance(row, RawRow)]
    assert texts == ["One text.", "Two.", "Three."]
    assert [row.reason for row in rows if isinstance(row, UnreadableRow)] == ["not_json"]
    assert set(recipe().state_of([str(tmp_path)])) >= {f"{tmp_path.name}/a.txt", f"{tmp_path.name}/news.parquet"}


def test_a_place_without_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b")
    for place in (tmp_path, tmp_path / "x.csv", tmp_path / "none.txt"):
        with pytest.raises(ProgramError, match="input="):
            rows_of(place)


def test_texts_take_turns_where_there_are_fewer_than_lineages(tmp_path: Path) -> None:
    lines = [json.dumps({"text": "first one", "url": "u"}), "no json", json.dumps({"text": "second one"})]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    rows = rows_of(tmp_path / "t.jsonl", lineages=5)
    assert [isinstance(row, UnreadableRow) for row in rows] == [False, True, False, False, False, False]
    assert len(rows_of(tmp_path / "t.jsonl", lineages=1)) == 1
    made = recipe(lineages=5)
    drafts = [made.draft(row) for row in rows if isinstance(row, RawRow)]
    assert [draft.text for draft in drafts] == ["first one", "second one"] * 2 + ["first one"]
    assert len({draft.data["lineage"] for draft in drafts}) == 5
    assert not made.is_duplicate(drafts[0], drafts[2]), "the same text by our own doing"
    assert made.is_duplicate(drafts[0], made.draft(RawRow("", {"text": "first one"}, "t.jsonl", 9)))
    assert drafts[0].origin == {"dataset": "t", "file": "t.jsonl", "row": 1, "url": "u"}


def test_no_lineage_comes_of_files_without_one_good_row(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text("no json\n")
    assert len(rows_of(tmp_path / "t.jsonl", lineages=3)) == 1


@pytest.mark.parametrize(
    ("fields", "options", "expected"),
    [
        ({"text": "a b", "body": "c"}, {}, "a b"),
        ({"body": "c", "prompt": "p"}, {}, "c"),
        ({"TEXT": "upper"}, {}, "upper"),
        ({"text": None, "article": "told"}, {}, "told"),
        ({"story": "told", "text": "not this"}, {"text_column": "story"}, "told"),
        ({"prompt": [{"role": "user", "content": "hello"}, {"role": "x", "content": None}]}, {}, "hello"),
        ({"text": "half \ud83d pair"}, {}, "half ? pair"),
        ({"title": "only"}, {}, "no_text_column"),
        ({"text": 5}, {}, "no_text_column"),
        ({"text": "told"}, {"text_column": "story"}, "no_text_column"),
        ({"text": " \n"}, {}, "empty_text"),
        ({"text": "日本"}, {}, "empty_text"),
        ({"text": "日本"}, {"unicode": True}, "日本"),
    ],
)
def test_the_text_of_a_row(fields: dict[str, Any], options: dict[str, Any], expected: str) -> None:
    try:
        found = recipe(**options).draft(RawRow("f.jsonl, row 1", fields, "f.jsonl", 1)).text
    except (Dropped, Quarantined) as error:
        found = error.reason if error.step == "text" else f"{error.step}?"
    assert found == expected


# -- settings, operators, inputs


def test_settings_name_what_there_is() -> None:
    none: dict[str, Any] = {"languages": []}
    for wrong in ({"operators": ["magic"]}, none, {"languages": ["python"] * 2}, {"languages": ["go"]}):
        with pytest.raises(ValidationError):
            EvolutionSettings(**wrong)
    assert len(OPERATORS) >= 10
    assert sorted(draw(OPERATORS, len(OPERATORS), random.Random(1))) == sorted(OPERATORS), "none twice before all"
    assert set(draw(OPERATORS, 5, random.Random(1), ["recursion", "two_pass"])) == {"recursion", "two_pass"}
    assert len(TOPICS) >= 10


def test_inputs_are_borders_snippets_and_random_strings() -> None:
    inputs = draw_inputs(TEXT, random.Random(3), 40, 60)
    assert inputs == draw_inputs(TEXT, random.Random(3), 40, 60)
    assert len(set(inputs)) == 40 + len(BORDERS)
    assert max(map(len, inputs)) <= 60
    assert all(text.isascii() for text in inputs)
    snippets = sum(bool(text) and text in " ".join(plain(TEXT).split()) for text in inputs)
    assert snippets >= 20
    assert len(draw_inputs("one", random.Random(3), 12, 8)) == 12 + len(BORDERS), "a text with one snippet is enough"
    assert not all(text.isascii() for text in draw_inputs(TEXT, random.Random(3), 40, 60, unicode=True))


# -- lineages

SEED = "def transform(s):\n    out = ''\n    for c in s:\n        out = c.upper() + out\n    return out"
HARDER = SEED.replace("c.upper() + out", "out + c * 2 if c in 'aeiou' else c.upper() + out")
HARDEST = HARDER.replace("return out", "return out[::2] + str(len(s))")
RENAMED = (
    HARDER.replace("out", "result").replace(" c ", " char ").replace("c.upper", "char.upper").replace("+ c ", "+ char ")
)
IN_JAVASCRIPT = """
function transform(s) {
  let out = "";
  for (const c of s) out = c.toUpperCase() + out;
  return out;
}
"""
MALFORMED = Quarantined("writing", "malformed_reply", "it has no fenced block of code")


@pytest.mark.usefixtures("sandbox_kind")
def test_a_lineage_gives_tasks_of_every_version_that_holds() -> None:
    replies = {
        "understanding_seed": [SEED + "\n\nprint(transform('x'))"],
        "understanding_evolve": [HARDER, RENAMED, HARDEST],
    }
    tasks, draft, tools = finished(replies)
    assert [task.metadata["complexify_iteration"] for task in tasks] == [0, 0, 1, 1, 2, 2]
    assert [task.level for task in tasks] == [1, 1, 2, 2, 3, 3]
    said = draft.history["versions"]
    assert [one["outcome"] for one in said] == ["kept", "kept", "unchanged", "kept"]
    assert tasks[5].metadata["operators"] == [said[1]["asked"], said[3]["asked"]]
    assert HARDER in tools.asked[3], "the next operator goes to the last version that held"
    assert OPERATORS[said[3]["asked"]] in tools.asked[3]
    assert len({(task.metadata["program"], task.metadata["input"]) for task in tasks}) == 6
    assert len({task.problem_id for task in tasks}) == 6
    scope: dict[str, Any] = {}
    exec(HARDEST, scope)
    text = tasks[5].metadata["input"]
    assert tasks[5].verification_info == {"ground_truth": scope["transform"](text), "compare": "string"}
    assert tasks[0].prompt.startswith(f"Predict what this Python program returns.\n\n```python\n{SEED}\n```\n")
    assert f"written as in JSON:\n{json.dumps(text)}\n" in tasks[5].prompt
    assert draft.origin["license"] == "cc0-1.0"
    assert set(draft.prompts) == {"understanding_seed", "understanding_evolve"}

    async def verdicts() -> list[float | None]:
        golds = [(task, get_verifier(task.task_type).gold_completion(task) or "") for task in tasks]
        with Scorer() as scorer:
            return [verdict.score for verdict in await scorer.score(golds)]

    assert asyncio.run(verdicts()) == [1.0] * 6
    again, other, _ = finished(replies)
    assert again == tasks
    assert other.metadata == draft.metadata


@pytest.mark.usefixtures("sandbox_kind")
def test_versions_that_fail_are_told_and_passed_over() -> None:
    constant = "def transform(s):\n    return 'always'"
    crashing = HARDER.replace("return out", "return out[0] + out")
    replies: dict[str, list[Reply]] = {
        "understanding_seed": [constant, SEED],
        "understanding_evolve": [MALFORMED, crashing],
    }
    tasks, draft, _ = finished(replies, inputs_per_function=1)
    assert [one["outcome"] for one in draft.history["versions"]] == ["constant", "kept", "malformed_reply", "crashing"]
    assert [task.metadata["complexify_iteration"] for task in tasks] == [0]
    assert tasks[0].metadata["topic"] == draft.history["versions"][1]["asked"]


@pytest.mark.usefixtures("sandbox_kind")
@pytest.mark.parametrize(
    ("replies", "kind", "step", "reason"),
    [
        (
            [SEED.replace("return out", "return s"), "def transform(s):\n    return 'always'"],
            Dropped,
            "ground_truth",
            "constant",
        ),
        (["def transform(s):\n    return 'always'", "no"], Dropped, "function", "not_a_string_function"),
        (["def transform(s) return", MALFORMED], Quarantined, "writing", "malformed_reply"),
        (["def transform(s):\n    return ''.join(c for c in s if c == '\\x07')"] * 2, Dropped, "function", "unchanged"),
        ([Quarantined("writing", NO_REPLY, "down"), SEED], Quarantined, "writing", NO_REPLY),
    ],
)
def test_a_lineage_without_a_version_is_left_out(
    replies: list[Reply], kind: type[Exception], step: str, reason: str
) -> None:
    with pytest.raises(kind) as found:
        finished({"understanding_seed": replies}, iterations=1)
    assert (found.value.step, found.value.reason) == (step, reason)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("sandbox_kind")
def test_a_server_that_went_away_ends_a_lineage_that_had_tasks() -> None:
    """Else the same command would not ask for the rest of it again."""
    replies: dict[str, list[Reply]] = {
        "understanding_seed": [SEED],
        "understanding_evolve": [Quarantined("writing", NO_REPLY)],
    }
    with pytest.raises(Quarantined, match=NO_REPLY):
        finished(replies, iterations=1)


@pytest.mark.usefixtures("sandbox_kind")
def test_a_translation_is_kept_where_it_gives_the_same() -> None:
    wrong = "function transform(s) { return s.toUpperCase(); }"
    broken = IN_JAVASCRIPT.replace("return out;", "return out")[:-3]
    for reply, outcome in (
        (IN_JAVASCRIPT, "kept"),
        (wrong, "it returns"),
        (broken, "for "),
        (MALFORMED, "malformed_reply"),
    ):
        replies: dict[str, list[Reply]] = {"understanding_seed": [SEED], "understanding_translate": [reply]}
        tasks, draft, tools = finished(replies, iterations=0, languages=["python", "javascript"])
        (said,) = draft.history["translations"]
        assert outcome in said["outcome"]
        assert [task.language for task in tasks] == ["python"] * 2 + ["javascript"] * 2 * (outcome == "kept")
        assert "function transform(s)" in tools.asked[1]
        if outcome == "kept":
            assert tasks[2].verification_info == tasks[0].verification_info
            assert f"this JavaScript program returns.\n\n```javascript\n{IN_JAVASCRIPT.strip()}\n```" in tasks[2].prompt
    replies = {"understanding_seed": [SEED], "understanding_translate": [wrong]}
    with pytest.raises(Dropped, match="no_translation"):
        finished(replies, iterations=0, languages=["javascript"])


@pytest.mark.usefixtures("sandbox_kind")
def test_translations_into_compiled_languages() -> None:
    rust = "fn transform(s: &str) -> String {\n    s.chars().rev().map(|c| c.to_ascii_uppercase()).collect()\n}"
    cpp = (
        "#include <string>\n#include <cctype>\nstd::string transform(const std::string& s) {\n    std::string out;\n"
        "    for (char c : s) out = std::string(1, std::toupper((unsigned char)c)) + out;\n    return out;\n}"
    )
    replies: dict[str, list[Reply]] = {
        "understanding_seed": [SEED],
        "understanding_translate": [rust, cpp, "int x = ;"],
    }
    tasks, draft, _ = finished(replies, iterations=0, languages=["rust", "cpp"], inputs_per_function=1)
    assert [one["outcome"] for one in draft.history["translations"]] == ["kept", "kept"]
    assert [task.language for task in tasks] == ["rust", "cpp"]
    replies["understanding_translate"] = ["fn transform(s: &str) -> String { nothing }"]
    with pytest.raises(Dropped, match="does not compile"):
        finished(replies, iterations=0, languages=["rust"])


def test_calls_are_counted_for_a_dry_run() -> None:
    draft = recipe().draft(RawRow("", {"text": TEXT}, "f", 1))
    assert recipe().many_calls(draft) == {
        "understanding_seed": 1,
        "understanding_evolve": 3,
        "understanding_translate": 0,
    }
    many = recipe(languages=["python", "rust", "cpp"], iterations=1).many_calls(draft)
    assert many == {"understanding_seed": 1, "understanding_evolve": 1, "understanding_translate": 4}
