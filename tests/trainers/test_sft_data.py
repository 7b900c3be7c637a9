"""Samples as tokens: what is learned is what the model would have had to write, to the byte, whatever the template."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.models import load_tokenizer
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.finetuning import data as sft_data

TURNS = (
    "{%- for m in messages -%}{{ '<|im_start|>' + m.role + '\n' }}"
    "{%- if m.role == 'assistant' and '</think>' in m.content -%}{{ m.content.split('</think>')[-1].lstrip('\n') }}"
    "{%- else -%}{{ m.content }}{%- endif -%}{{ '<|im_end|>\n' }}{%- endfor -%}"
)
START = "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"
TEMPLATES = {
    "its own": None,
    "strips the thought, as R1's and Qwen's do": TURNS + START,
    "opens the thought, as R1's does": TURNS + START.replace("assistant\n", "assistant\n<think>\n"),
    "ends turns with no end token": START.replace("<|im_start|>assistant\n", "assistant: ").replace(
        "{%- if", "{%- for m in messages -%}{{ m.role + ': ' + m.content + '\n' }}{%- endfor -%}{%- if", 1
    ),
}
OPENS = "opens the thought, as R1's does"
TEXTS = [
    "<think>\nfirst, then\n</think>\nthe answer",
    "<think>no line break</think>x",
    "no thought at all",
    '  <think>\n\nα β\t"quotes"</think>\n\n{"output": "ab"}  \n',
    "a lone close</think> and more",
]


def row(text, prompt="What?"):
    return {"prompt": [{"role": "user", "content": prompt}], "completion": [{"role": "assistant", "content": text}]}


@pytest.fixture(params=TEMPLATES, ids=str)
def template(request):
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    if TEMPLATES[request.param] is not None:
        tokenizer.chat_template = TEMPLATES[request.param]
    return request.param, tokenizer


def learned(tokenizer, sample):
    """(what the model reads, what it must write) as text."""
    split = next(i for i, label in enumerate(sample["labels"]) if label != sft_data.IGNORED)
    assert sample["labels"][split:] == sample["input_ids"][split:]
    read, written = sample["input_ids"][:split], sample["input_ids"][split:]
    return tokenizer.decode(read), written


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_of_a_completion_is_lost_and_nothing_added(template, text):
    name, tokenizer = template
    if name == OPENS and "</think>" not in text:
        with pytest.raises(ProgramError, match="have no thought"):
            sft_data.tokenize(tokenizer, iter([("here", row(text))]), 10_000)
        return
    made = sft_data.tokenize(tokenizer, iter([("here", row(text))]), 10_000)
    read, written = learned(tokenizer, made.rows[0])
    asked = [{"role": "user", "content": "What?"}]
    assert read == tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
    assert written[-1] == tokenizer.eos_token_id
    said = tokenizer.decode(written).removesuffix(tokenizer.eos_token)
    if name == OPENS and text.lstrip().startswith("<think>"):
        assert read.endswith("<think>\n")
        assert said == text.lstrip().removeprefix("<think>").removeprefix("\n")
    else:
        assert said == text
    assert made.tokens == len(written)
    assert made.longest == len(made.rows[0]["input_ids"])


def test_a_sample_without_a_thought_is_left_out_where_the_template_opens_one():
    """It would end inside of the thought, and teach that."""
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    tokenizer.chat_template = TEMPLATES[OPENS]
    made = sft_data.tokenize(tokenizer, iter([("one", row("plain")), ("two", row("<think>t</think>x"))]), 10_000)
    assert (len(made.rows), made.missing_reasoning, made.too_long) == (1, 1, 0)
    with pytest.raises(ProgramError, match="of 1 samples, 1 have no thought, where this model's template opens one"):
        sft_data.tokenize(tokenizer, iter([("one", row("plain"))]), 10_000)


def test_what_is_too_long_is_left_out_whole_and_counted():
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    rows = [("one", row("short")), ("two", row("x" * 500)), ("three", row("also short"))]
    made = sft_data.tokenize(tokenizer, iter(rows), 100)
    assert (len(made.rows), made.too_long) == (2, 1)
    assert made.longest <= 100
    assert made.dropped[0].startswith("two (5")
    with pytest.raises(ProgramError, match=r"none of 1 samples fits trainer.max_length=100: two \(5\d\d tokens\)"):
        sft_data.tokenize(tokenizer, iter(rows[1:2]), 100)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"text": "x"}, "it has 'text'"),
        ({}, "it has nothing"),
        ({"prompt": "x", "completion": "y"}, "wants"),
        ({**row("y"), "completion": []}, "wants"),
        ({**row("y"), "completion": [{"role": "user", "content": "y"}]}, "not a text by the assistant"),
        ({**row("y"), "completion": [{"role": "assistant", "content": ""}]}, "not a text by the assistant"),
        ({**row("y"), "prompt": [{"content": "y"}]}, "no role or no text"),
        ({**row("y"), "tools": [{"type": "function"}]}, "the row has `tools`, which is not learned here"),
        (
            {**row("y"), "completion": [{"role": "assistant", "content": "y", "tool_calls": [{}]}]},
            "a message has `tool_calls`",
        ),
    ],
)
def test_a_row_of_another_shape_is_named(bad, said):
    with pytest.raises(ProgramError, match=r"data: x line 3.*" + said):
        sft_data.messages_of(bad, "x line 3")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_a_thought_that_stands_apart_is_learned_before_the_answer(name):
    said = {"role": "assistant", "content": "4", name: "two and two", "tool_calls": None}
    _, text = sft_data.messages_of({**row("x"), "completion": [said]}, "here")
    assert text == "<think>two and two</think>4"


def test_control_tokens_in_a_completion_are_text():
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    for end in tokenizer.all_special_tokens:
        text = f"<think>he wrote {end} here</think>so {end}{end}!"
        (made,) = sft_data.tokenize(tokenizer, iter([("here", row(text))]), 10_000).rows
        written = [label for label in made["labels"] if label != sft_data.IGNORED]
        special = set(tokenizer.all_special_ids)
        inside = [token for token in written[: -len(sft_data.end_of_turn(tokenizer))] if token in special]
        tags = [tokenizer.convert_tokens_to_ids(tag) for tag in ("<think>", "</think>")]
        assert inside == [tag for tag in tags if tag in special]
        assert tokenizer.decode(written).startswith(text)


def test_files_and_folders(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as parquet

    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps(row(t)) for t in TEXTS) + "\n\n")
    parquet.write_table(pa.Table.from_pylist([row("in parquet")]), tmp_path / "a.parquet")
    (tmp_path / "README.md").write_text("not samples")
    rows = list(sft_data.read_rows(sft_data.files([str(tmp_path)])))
    texts = [sft_data.messages_of(r, where)[1] for where, r in rows]
    assert texts == ["in parquet", *TEXTS]
    assert rows[1][0] == f"{tmp_path / 'b.jsonl'} line 1"
    (tmp_path / "torn.jsonl").write_text('{"prompt": [')
    with pytest.raises(ProgramError, match=r"torn.jsonl line 1 is not JSON"):
        list(sft_data.read_rows([tmp_path / "torn.jsonl"]))


def test_what_is_no_file_of_samples_is_said(tmp_path):
    (tmp_path / "x.csv").write_text("")
    (tmp_path / "empty").mkdir()
    for name, said in (("nope", "no file or folder"), ("x.csv", "is none of .jsonl, "), ("empty", "holds no")):
        with pytest.raises(ProgramError, match=said):
            sft_data.files([str(tmp_path / name)])


def test_what_a_killed_export_leaves_is_no_data(tmp_path):
    (tmp_path / "train-00000.jsonl").write_text(json.dumps(row("whole")))
    (tmp_path / ".export-x1").mkdir()
    (tmp_path / ".export-x1/train-00000.parquet").write_bytes(b"half")
    assert [path.name for path in sft_data.files([str(tmp_path)])] == ["train-00000.jsonl"]
    (tmp_path / ".placing.json").write_text("{}")
    with pytest.raises(ProgramError, match="is an export that was stopped before it was whole"):
        sft_data.files([str(tmp_path)])


@pytest.mark.parametrize(("name", "content"), [("a.parquet", b"PAR1"), ("a.jsonl", b"[1, 2]")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ProgramError, match=name):
        list(sft_data.read_rows([tmp_path / name]))


def test_what_cannot_be_set_says_why():
    from synthetic1.trainers.finetuning.run import sft_config
    from synthetic1.trainers.finetuning.settings import SftSettings

    values = {
        "data": "x",
        "model": {"name": "embedded"},
        "trainer": {"learning_rate": 1e-3, "extra": {"packing": True}},
    }
    with pytest.raises(ValueError, match=r"trainer\.extra\.packing cannot be set: samples never share a row"):
        sft_config(SftSettings.model_validate(values), Path("x"), 1)
