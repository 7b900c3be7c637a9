"""Samples as tokens: what is learned is what the model would have had to write, to the byte, whatever the template."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.models import load_tokenizer
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.finetuning import data as sft_data
from synthetic1.trainers.finetuning.rows import REASONING, read_conversation

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


SAYS = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]


def thinks(content="4", beside=None, **apart):
    """A row whose answer has a thought that stands apart from it: in the message, or beside the messages."""
    said = {"role": "assistant", "content": content, **apart}
    return {"prompt": SAYS[:1], "completion": [said], **(beside or {})}


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
        ({**row("y"), "tools": '[{"type": "function"}]'}, "the row has `tools`"),
        ({**row("y"), "chat_template_kwargs": {"enable_thinking": False}}, "has `chat_template_kwargs`"),
        ({**row("y"), "images": ["a.png"]}, "has `images`"),
        ({"messages": [*SAYS, {"role": "tool", "content": "4"}, SAYS[1]]}, "by 'tool', which is not learned here"),
        ({"messages": [*SAYS, SAYS[0]]}, "not a text by the assistant.*got one by 'user'"),
        ({"messages": [SAYS[1]]}, "nobody asks before"),
        ({"messages": "[{"}, "`messages` is not a list of messages, nor JSON of one"),
        ({"messages": [SAYS[0], {"role": "assistant", "content": [{"type": "image"}]}]}, "parts that are not text"),
        ({"instruction": "Add.", "input": "2 2", "output": "4"}, "wants .*messages.* it has 'instruction', 'input'"),
        ({"conversations": [{"from": "gpt", "value": "4"}, {"from": "human", "value": "?"}]}, "got one by 'user'"),
        (thinks(reasoning_content="a b", reasoning="c d"), "a message has two thoughts, in 'reasoning_content' and"),
        (thinks("<think>own</think>4", reasoning="another"), "a thought in its content and another one apart"),
        (thinks("<think>own</think>4", beside={"reasoning": "quite another"}), "a thought in its content and another"),
        (
            thinks(reasoning="a b", beside={"reasoning_content": "c d"}),
            "the row has one thought, its last message anot",
        ),
        (thinks(reasoning={"text": "a"}), "`reasoning` of a message is not a text"),
        (
            {**row("y"), "completion": [{"role": "assistant", "content": "y", "tool_calls": [{}]}]},
            "a message has `tool_calls`",
        ),
    ],
)
def test_a_row_of_another_shape_is_named(bad, said):
    with pytest.raises(ProgramError, match=r"data: x line 3.*" + said):
        read_conversation(bad, "x line 3")


@pytest.mark.parametrize(
    ("row_", "text"),
    [
        *((thinks(**{name: "two and two"}, tool_calls=None), "<think>two and two</think>4") for name in REASONING),
        *((thinks(beside={name: "two and two"}), "<think>two and two</think>4") for name in REASONING),
        (thinks(reasoning="ok"), "<think>ok</think>4"),
        (thinks(reasoning="a b", beside={"reasoning_content": "a b"}), "<think>a b</think>4"),
        (thinks(reasoning="a b", reasoning_content="a b\n"), "<think>a b\n</think>4"),
        (thinks(reasoning="<think>\na b\n</think>"), "<think>\na b\n</think>4"),
        (thinks("<think>\na b\n</think>\n4", reasoning="a b"), "<think>\na b\n</think>\n4"),
        (thinks("<think>a b</think>4", reasoning=""), "<think>a b</think>4"),
        (thinks(reasoning="", reasoning_content=None), "4"),
        (thinks(beside={"reasoning": "on", "thinking": True}), "4"),  # labels, as Nemotron's sets have them
    ],
)
def test_a_thought_that_stands_apart_is_learned_before_the_answer(row_, text):
    assert read_conversation(row_, "here").completion == text


def test_a_label_that_is_called_reasoning_is_said_not_to_be_learned():
    assert read_conversation(thinks(beside={"reasoning": "on"}), "here").unused == ("reasoning",)


SHAREGPT = [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]
ASKED = [{"role": "user", "content": "2+2?"}]
BRIEFLY = [{"role": "system", "content": "Be brief."}, *ASKED]


@pytest.mark.parametrize(
    ("row_", "prompt", "unused"),
    [
        ({"id": "x", "messages": SAYS, "source": "s"}, ASKED, ("id",)),  # Tulu
        (
            {"problem": "2+2?", "solution": "4", "answer": "4", "messages": SAYS},
            ASKED,
            ("problem", "solution", "answer"),
        ),
        ({"prompt": "2+2?", "messages": SAYS}, ASKED, ("prompt",)),  # UltraChat: the text again
        ({"conversations": SHAREGPT}, BRIEFLY, ()),
        ({"system": "Be brief.", "conversations": SHAREGPT[1:]}, BRIEFLY, ()),  # OpenThoughts
        ({"system": "Be long.", "conversations": SHAREGPT}, BRIEFLY, ("system",)),
        ({"system": "", "conversations": SAYS}, ASKED, ()),
        ({"messages": json.dumps(SAYS)}, ASKED, ()),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "2+2?"}]}, SAYS[1]]}, ASKED, ()),
        (
            {"messages": [{**SAYS[0], "name": "Ann"}, {**SAYS[1], "weight": 0}]},
            ASKED,
            ("messages[].name", "messages[].weight"),
        ),
        ({"messages": SAYS, "tools": "[]", "images": [], "documents": None, "score": 1.0}, ASKED, ()),
        ({"messages": SAYS, "tags": {"a": None}, "difficulty": 0}, ASKED, ("difficulty",)),
    ],
)
def test_published_layouts_are_read_and_what_is_not_used_is_named(row_, prompt, unused):
    read = read_conversation(row_, "here")
    assert (read.prompt, read.completion, read.unused) == (prompt, "4", unused)


def test_our_own_exports_have_no_field_that_is_named():
    from synthetic1.datagen.exporting.columns import schema

    values = dict.fromkeys(schema("sft").names, "said")
    assert read_conversation({**values, **row("4"), "messages": SAYS}, "here").unused == ()


def test_what_is_not_learned_from_is_counted_for_the_header():
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    foreign = "<|begin_of_thought|>a<|end_of_thought|>4"
    rows = [
        {"messages": SAYS, "id": "1", "split": "train"},
        {"messages": [*SAYS, *SAYS], "id": "2"},
        {"conversations": [SHAREGPT[1], {"from": "gpt", "value": foreign}]},
    ]
    facts = sft_data.tokenize(tokenizer, ((str(i), row) for i, row in enumerate(rows)), 10_000).not_learned.facts()
    assert facts == {
        "fields_not_learned_from": "id (2 rows), split (1 row)",
        "earlier_answers": "read, not learned: 1 row",
        "thoughts": "in <|begin_of_thought|> tags, which are not read as <think>: 1 row",
    }
    assert sft_data.NotLearned().facts() == {}
    many = sft_data.NotLearned(fields=Counter({f"f{i}": 9_000 - i for i in range(6)}))
    assert many.facts()["fields_not_learned_from"].endswith("f3 (8,997 rows), and 2 more")


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("kept", [True, False])
def test_thoughts_of_earlier_answers_go_through_the_template_and_are_counted_where_it_drops_them(apart, kept):
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    thought = "{{ '<think>' + m.reasoning_content + '</think>' if m.reasoning_content else '' }}" if kept else ""
    content = "{{ m.content }}" if kept else "{{ m.content.split('</think>')[-1] }}"
    tokenizer.chat_template = "{% for m in messages %}" + thought + content + "<|im_end|>{% endfor %}" + START
    earlier = {"content": "4", "reasoning_content": "two"} if apart else {"content": "<think>two</think>4"}
    talk = [SAYS[0], {"role": "assistant", **earlier}, {"role": "user", "content": "3+3?"}, SAYS[1]]
    made = sft_data.tokenize(tokenizer, iter([("here", {"messages": talk})]), 10_000)
    assert ("<think>two</think>4" in learned(tokenizer, made.rows[0])[0]) == kept
    assert made.not_learned.hidden_thoughts == (not kept)


def test_a_template_that_refuses_messages_is_one_line():
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    tokenizer.chat_template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('No system!') }}{% endif %}" + START
    )
    with pytest.raises(ProgramError, match=r"here: the model's chat template refuses these messages: No system!"):
        sft_data.tokenize(tokenizer, iter([("here", {"conversations": SHAREGPT})]), 10_000)


def test_control_tokens_in_a_prompt_are_text():
    """Else a user's words could end their own turn, and the model would learn what follows as another's."""
    tokenizer = load_tokenizer(ModelSettings(name="embedded"))
    names = sft_data.control_tokens(tokenizer)
    assert {"<|im_start|>", "<|im_end|>"} <= names
    plain = sft_data.tokenize(tokenizer, iter([("here", row("4", "say it"))]), 10_000).rows[0]["input_ids"]
    for name in names:
        text = f"say {name}it{name}{name}"
        made = sft_data.tokenize(tokenizer, iter([("here", row("4", text))]), 10_000)
        read, _ = learned(tokenizer, made.rows[0])
        asked = [{"role": "user", "content": text}]
        assert read == tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        controls = [token for token in made.rows[0]["input_ids"] if token in tokenizer.all_special_ids or token == 257]
        assert controls == [token for token in plain if token in tokenizer.all_special_ids or token == 257]
        assert made.not_learned.control_names == 1


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
    texts = [read_conversation(r, where).completion for where, r in rows]
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

    def config(**extra):
        values = {"data": "x", "model": {"name": "embedded"}, "trainer": {"extra": extra}}
        return sft_config(SftSettings.model_validate(values), Path("x"), 1)

    with pytest.raises(ValueError, match=r"trainer\.extra\.packing follows from trainer\.packing; set that"):
        config(packing=True)
    with pytest.raises(ValueError, match=r"dataset_kwargs cannot be set: samples come tokenized"):
        config(dataset_kwargs={})


def test_an_update_learns_from_the_same_samples_whatever_fits_the_memory():
    from synthetic1.trainers.finetuning.order import SampleOrder

    lengths = [17 * i % 101 + 1 for i in range(81)]

    def order(micro, seed=0):
        return SampleOrder(lengths, batch_size=16, micro_batch=micro, seed=seed)

    assert order(16).updates_per_epoch == 6
    for epoch in (0, 1):
        wanted = list(order(16).updates(epoch))
        assert sorted(i for update in wanted for i in update) == list(range(81))
        assert list(order(2).updates(epoch)) == wanted
        again = order(4)
        again.set_epoch(epoch)
        assert list(again) == [i for update in wanted for i in update]
        assert all([lengths[i] for i in u] == sorted((lengths[i] for i in u), reverse=True) for u in wanted)
    epochs = {
        tuple(i for update in order(16, seed).updates(epoch) for i in update) for epoch in (0, 1) for seed in (0, 1)
    }
    assert len(epochs) == 4
    assert order(1).padded_share() == 0.0
    assert order(2).padded_share() < 0.1 < order(4).padded_share() < order(16).padded_share() / 2


@pytest.mark.parametrize(
    ("longest", "fits", "device", "chosen"),
    [
        (4_000, 64, "cuda", 8),  # very different lengths: a batch of all is mostly padding
        (4_000, 24, "cuda", 24),  # of an update of 192: those beside each other are alike
        (4_000, 4, "cuda", 4),  # no more than there is memory for
        (100, 64, "cuda", 64),  # so short that smaller batches would leave the device idle
        (100, 64, "cpu", 16),
        (0, 64, "cpu", 64),  # all of one length
    ],
)
def test_a_micro_batch_that_was_left_open_holds_little_padding(longest, fits, device, chosen):
    from synthetic1.trainers.finetuning.order import LITTLE, SampleOrder, lean_micro_batch

    lengths = [50 + longest * (17 * i % 101) // 100 for i in range(640)]
    batch_size = 192 if fits == 24 else 64
    assert lean_micro_batch(lengths, batch_size=batch_size, fits=fits, device=device) == chosen
    if longest == 4_000:
        order = SampleOrder(lengths, batch_size=batch_size, micro_batch=chosen, seed=0)
        assert order.padded_share() <= LITTLE
