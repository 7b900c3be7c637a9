"""The tokenizer of the embedded model: bytes, plus one token for every piece of text our prompts repeat.

It encodes any text (256 bytes, no merges, no unknown token). Letters of inputs and answers stay single tokens, which is
what a tiny model needs to move them about, while a whole operation such as ``s = s[::-1]`` is one token: a level-3
prompt costs about 40 tokens instead of 350.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from synthetic1.tasks.code_understanding import PROMPT, Example, examples
from synthetic1.tasks.programs import grammar, render_python
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import Expr

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

CONTEXT = 16_384  # tokens; the positions are rotary, so a longer context costs nothing but memory
BOS, EOS, PAD = "<|im_start|>", "<|im_end|>", "<|pad|>"
COMMON_LINES = 160  # of levels 4 to 10, by frequency

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['reasoning_content'] is defined and message['reasoning_content'] -%}"
    "{{- '<think>' + message['reasoning_content'] + '</think>' -}}{%- endif -%}"
    "{{- message['content'] + '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)


def trace(example: Example) -> str:
    """The evaluator's own steps as a thought, then the answer: what the cold start teaches."""
    lines = [f"{line} -> {json.dumps(value)}\n" for line, value in example.steps() if not line.startswith("return ")]
    return f"<think>\n{''.join(lines)}</think>\n{direct(example)}"


def direct(example: Example) -> str:
    """The answer without a thought."""
    return json.dumps({"output": example.output})


def _operation_pieces() -> list[str]:
    """Every straight-line statement of the grammar, cut where letters go."""
    s, hole = grammar.S, grammar.text("\x00")
    nodes: list[Expr] = [apply(op, s) for op in (*grammar.PLAIN, "double_each", "mirror", "lower")]
    nodes += [apply(op, s, grammar.number(k)) for op in grammar.COUNTED for k in (1, 2, 3, 4)]
    nodes += [apply("repeat", s, grammar.number(2)), apply("concat", hole, s), apply("concat", s, hole)]
    nodes += [apply("spread", s, grammar.text(sep)) for sep in grammar.SEPARATORS]
    nodes += [apply("replace", s, hole, hole), apply("remove", s, hole), apply("strip", s, hole)]
    mark = json.dumps("\x00")[1:-1]
    return [piece for node in nodes for piece in f"s = {render_python.render_expr(node)}".split(mark)]


def _fixed_pieces() -> list[str]:
    """The wording of prompt and answer, cut at what varies."""
    blank = PROMPT.format(language="Python", fence="python", source="\x00", text="\x00")
    head, middle, tail = blank.split("\x00")
    return [
        "user\n",
        "assistant\n",
        f"{head}def transform(s):\n    ",
        f'\n    return s{middle}"',
        f'"\n    return s{middle}"',  # after an appended literal: the longer token must win over `"\n`
        '"\n    ',
        f'"{tail}',
        f"{head}def helper_1(t):\n    ",
        *(f"\n{' ' * n}" for n in (4, 8, 12, 16, 20)),
        *("<think>", "</think>", "<think>\n", "</think>\n"),
        ' -> "',
        '"\n',
        '</think>\n{"output": "',
        '{"output": "',
        '"}',
    ]


def _common_lines() -> list[str]:
    """The most frequent lines of larger programs, so that those prompts are short too."""
    counts: Counter[str] = Counter()
    for level in range(4, 11):
        stream = examples(level, seed=7)
        for _ in range(200):
            counts.update(line.strip() for line in next(stream).source.splitlines() if len(line.strip()) > 3)
    return [line for line, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:COMMON_LINES]]


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Make the tokenizer from the grammar and the prompt alone."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocab = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    core = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in (PAD, BOS, EOS)])
    pieces = dict.fromkeys(p for p in (*_fixed_pieces(), *_operation_pieces(), *_common_lines()) if len(p) > 1)
    core.add_tokens([AddedToken(p, normalized=False, special=False) for p in pieces])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=EOS, pad_token=PAD, model_max_length=CONTEXT, padding_side="left"
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def save_tokenizer(folder: Path) -> None:
    build_tokenizer().save_pretrained(str(folder))
