r"""Samples of an SFT export as token ids: exactly what the model would have read, and exactly what it should write.

The completion never goes through the chat template: R1's and Qwen's templates cut a thought out of it. A sample is

    template(prompt, add_generation_prompt=True) + completion + end of turn

tokenized in those pieces, as at inference, where the prompt's tokens are fixed before the first one is sampled. Where
the template opens the thought itself (``…<think>\n``), the completion's own opening tag is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthetic1.completion import CLOSE, OPEN, Completion
from synthetic1.jobs.chat import prompt_opens_thinking
from synthetic1.jobs.program import ProgramError
from synthetic1.tasks.sources.file_rows import SUFFIXES, rows_of_file

UNDER_WAY = ".placing.json"  # in the folder of an export that is not whole (datagen/exporting/shards.py)
MARK = "\x02synthetic1 completion\x03"  # stands for a completion where the template's end of a turn is looked up
NOT_LEARNED = ("tools", "tool_calls", "function_call")
"""Fields that would change what the template writes: passed over, they would teach half of a conversation."""
REASONING = ("reasoning_content", "reasoning")
"""What servers and datasets call a thought that stands apart from the answer."""
IGNORED = -100  # the label of tokens without a loss, as PyTorch's cross entropy has it


@dataclass(frozen=True)
class Tokenized:
    """Samples that fit, and what became of the others."""

    rows: list[dict[str, list[int]]]
    """``input_ids`` and ``labels``; labels are -100 on the prompt."""
    too_long: int
    longest: int
    """Tokens of the longest sample kept."""
    tokens: int
    """Completion tokens of all samples kept: what the loss is over."""
    dropped: list[str] = field(default_factory=list)
    """Where the first few samples left out for their length stand."""
    missing_reasoning: int = 0
    """Samples without a thought, left out where the template opens one: they would end inside of it."""


def files(paths: Sequence[str]) -> list[Path]:
    """The files that ``paths`` name; a folder stands for the samples in it.

    Raises:
        ProgramError: nothing there, or no file of samples.
    """
    found: list[Path] = []
    for text in paths:
        path = Path(text).expanduser()
        if path.is_dir():
            if (path / UNDER_WAY).exists():
                raise ProgramError(f"data: {path} is an export that was stopped before it was whole; export it again")
            inside = sorted(
                p for p in path.rglob("*") if p.name.endswith(SUFFIXES) and p.is_file() and not _hidden(p, path)
            )
            if not inside:
                raise ProgramError(f"data: {path} holds no file of samples: {', '.join(SUFFIXES)}")
            found += inside
        elif not path.is_file():
            raise ProgramError(f"data: there is no file or folder {path}")
        elif not path.name.endswith(SUFFIXES):
            raise ProgramError(f"data: {path} is none of {', '.join(SUFFIXES)}")
        else:
            found.append(path)
    return found


def read_rows(paths: Sequence[Path]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, row) of every sample, in order.

    Raises:
        ProgramError: a line that is not a JSON object, or a file that cannot be read.
    """
    for path in paths:
        try:
            for where, row in rows_of_file(path):
                if not isinstance(row, dict):
                    raise ProgramError(f"data: {where} is not a JSON object")
                yield where, row
        except OSError as error:
            raise ProgramError(f"data: {path} cannot be read: {error.strerror or error}") from None
        except ValueError as error:
            raise ProgramError(f"data: {error}") from None


def _hidden(path: Path, folder: Path) -> bool:
    """What an export that was killed leaves beside its files begins with a dot."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def messages_of(row: Mapping[str, Any], where: str) -> tuple[list[dict[str, str]], str]:
    """The prompt's messages and the text of the completion.

    Raises:
        ProgramError: not a conversational prompt and completion; says what is missing.
    """
    prompt, completion = row.get("prompt"), row.get("completion")
    shape = 'wants {"prompt": [{"role": …, "content": …}], "completion": [{"role": "assistant", "content": …}]}'
    if not isinstance(prompt, list) or not isinstance(completion, list) or len(completion) != 1:
        raise ProgramError(f"data: {where} {shape}; it has {', '.join(map(repr, row)) or 'nothing'}")
    for message in (*prompt, *completion):
        if not isinstance(message, Mapping) or not isinstance(message.get("content"), str) or "role" not in message:
            raise ProgramError(f"data: {where}: a message has no role or no text; {shape}")
    if completion[0]["role"] != "assistant" or not completion[0]["content"]:
        raise ProgramError(f"data: {where}: the completion is not a text by the assistant")
    for fields, what in ((row, "the row"), *((message, "a message") for message in (*prompt, *completion))):
        if name := next((name for name in NOT_LEARNED if fields.get(name)), None):
            raise ProgramError(f"data: {where}: {what} has `{name}`, which is not learned here; leave such rows out")
    said = completion[0]
    apart = next((said[name] for name in REASONING if isinstance(said.get(name), str)), None)
    text = Completion.from_parts(apart, said["content"]).raw
    return [{"role": m["role"], "content": m["content"]} for m in prompt], text


def end_of_turn(tokenizer: Any) -> list[int]:
    """The tokens with which the template ends an assistant's turn; always with the end token that generation stops at.

    Read off a rendered conversation, so it holds for any template; spaces after the end token are left out.
    """
    talk = [{"role": "user", "content": "?"}, {"role": "assistant", "content": MARK}]
    text: str = tokenizer.apply_chat_template(talk, tokenize=False)
    after = text.rpartition(MARK)[2].rstrip()
    ids: list[int] = tokenizer(after, add_special_tokens=False)["input_ids"]
    end: int = tokenizer.eos_token_id
    return ids[: ids.index(end) + 1] if end in ids else [*ids, end]


def opened_with(tokenizer: Any) -> str | None:
    """Where the template opens the thought: the white space that it writes after ``<think>``; else ``None``."""
    if not prompt_opens_thinking(tokenizer):
        return None
    asked = [{"role": "user", "content": "?"}]
    text: str = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
    return text.rpartition(OPEN)[2]


def tokenize(tokenizer: Any, rows: Iterator[tuple[str, Mapping[str, Any]]], max_length: int) -> Tokenized:
    """Every sample as ``input_ids`` and ``labels``; those longer than ``max_length`` tokens are left out, never cut.

    Raises:
        ProgramError: a sample of another shape, or none at all that fits.
    """
    opening, ending = opened_with(tokenizer), end_of_turn(tokenizer)
    kept: list[dict[str, list[int]]] = []
    dropped: list[str] = []
    seen = longest = tokens = too_long = missing_reasoning = 0
    for where, row in rows:
        seen += 1
        messages, text = messages_of(row, where)
        if opening is not None:
            if CLOSE not in text:
                missing_reasoning += 1
                continue
            text = _without_opening(text, opening)
        prompt: list[int] = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        answer = [*_as_text(tokenizer, text), *ending]
        length = len(prompt) + len(answer)
        if length > max_length:
            too_long += 1
            if len(dropped) < 3:
                dropped.append(f"{where} ({length:,} tokens)")
            continue
        longest, tokens = max(longest, length), tokens + len(answer)
        kept.append({"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer})
    if not seen:
        raise ProgramError("data: the files hold no samples")
    if not kept and missing_reasoning:
        raise ProgramError(
            f"data: of {seen:,} samples, {missing_reasoning:,} have no thought, where this model's template opens one"
            + (f", and {too_long:,} do not fit trainer.max_length={max_length}" if too_long else "")
        )
    if not kept:
        raise ProgramError(f"data: none of {seen:,} samples fits trainer.max_length={max_length}: {dropped[0]}")
    return Tokenized(kept, too_long, longest, tokens, dropped, missing_reasoning)


def _as_text(tokenizer: Any, text: str) -> list[int]:
    """The tokens of a text, in which the name of a control token is text: ``<|im_end|>`` in a completion ends nothing.

    The tags of a thought stay what they are, also where a tokenizer has them among its control tokens.
    """
    tags = [re.escape(tag) for tag in (OPEN, CLOSE) if tag in tokenizer.all_special_tokens]
    ids: list[int] = []
    for place, piece in enumerate(re.split(f"({'|'.join(tags)})", text) if tags else [text]):
        if piece:
            found = tokenizer(piece, add_special_tokens=False, split_special_tokens=not place % 2)["input_ids"]
            ids += found
    return ids


def _without_opening(text: str, space: str) -> str:
    """``text`` without the ``<think>`` and the ``space`` after it that the template has written already."""
    head = text.lstrip()
    return head[len(OPEN) :].removeprefix(space) if head.startswith(OPEN) else text
