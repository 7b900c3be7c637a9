"""The tokenizer of the embedded model: bytes, plus one token for every piece of text our prompts repeat.

It encodes any text (256 bytes, no merges, no unknown token). Letters of inputs and answers stay single tokens, which is
what a tiny model needs to move them about, while a whole operation such as ``s = s[::-1]`` is one token: a level-3
prompt costs about 40 tokens instead of 350.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from synthetic1.tasks.code_understanding import PROMPT, Example, examples
from synthetic1.tasks.programs import grammar, render_python
from synthetic1.tasks.programs.ops import apply
from synthetic1.tasks.programs.program import Expr, Value

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

CONTEXT = 16_384  # tokens; the positions are rotary, so a longer context costs nothing but memory
BOS, EOS, PAD = "<|im_start|>", "<|im_end|>", "<|pad|>"
COMMON_PIECES = 360  # of the lines of levels 4 to 7, those that save most
LETTERS = re.compile(r'(?<=")[a-zA-Z]{1,2}(?=")')  # of a literal: what differs between lines that are otherwise alike

PIECES = Path(__file__).with_name("pieces.json")

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
    """The evaluator's own steps as a thought, then the answer: what the cold start teaches.

    A line that adds to a text or to words says what it adds alone: loops would write their result out at every turn.
    """
    lines: list[str] = []
    values: dict[str, Value] = {}
    for line, value in example.steps():
        name = line.split(maxsplit=1)[0]
        if name == "return":
            continue
        shown, before = value, values.get(name)
        if isinstance(value, list):  # parts.append(word)
            shown = value[-1] if value else ""
        elif isinstance(value, str) and isinstance(before, str) and line.startswith(f"{name} += "):
            shown = value.removeprefix(before)
        values[name] = value
        lines.append(f"{line} -> {json.dumps(shown)}\n")
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
        *(f'"\n{" " * n}' for n in (4, 8, 12, 16)),
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


def find_common_pieces() -> list[str]:
    """What lines of larger programs have in common, cut where letters go, so that those prompts are short too.

    ``pieces.json`` holds what this gave when the embedded model was trained: another list would be another tokenizer,
    and want another model.
    """
    saved: Counter[str] = Counter()
    for level, programs in ((4, 600), (5, 600), (6, 200), (7, 100)):
        for example in islice(examples(level, seed=7), programs):
            lines = [line.strip() for line in example.source.splitlines()]
            saved.update({p: len(p) - 1 for line in lines for p in LETTERS.split(line) if len(p) > 3})
    return [piece for piece, _ in sorted(saved.items(), key=lambda item: (-item[1], item[0]))[:COMMON_PIECES]]


def _common_pieces() -> list[str]:
    pieces: list[str] = json.loads(PIECES.read_text("utf-8"))
    return pieces


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Make the tokenizer from the grammar, the prompt and the pieces that programs have in common."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocab = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    core = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in (PAD, BOS, EOS)])
    pieces = dict.fromkeys(p for p in (*_fixed_pieces(), *_operation_pieces(), *_common_pieces()) if len(p) > 1)
    core.add_tokens([AddedToken(p, normalized=False, special=False) for p in pieces])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=EOS, pad_token=PAD, model_max_length=CONTEXT, padding_side="left"
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def save_tokenizer(folder: Path) -> None:
    build_tokenizer().save_pretrained(str(folder))
