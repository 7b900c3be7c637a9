r"""Samples of an SFT set as token ids: exactly what the model would have read, and exactly what it should write.

The completion never goes through the chat template: R1's and Qwen's templates cut a thought out of it. A sample is

    template(prompt, add_generation_prompt=True) + completion + end of turn

tokenized in those pieces, as at inference, where the prompt's tokens are fixed before the first one is sampled. Where
the template opens the thought itself (``…<think>\n``), the completion's own opening tag is left out. A control token is
what the template writes: its name in a prompt or in a completion is text, and ends no turn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthetic1.completion import CLOSE, OPEN, Completion
from synthetic1.jobs.chat import prompt_opens_thinking
from synthetic1.jobs.program import ProgramError
from synthetic1.tasks.sources.file_rows import SUFFIXES, rows_of_file
from synthetic1.trainers.finetuning.rows import Conversation, read_conversation

UNDER_WAY = ".placing.json"  # in the folder of an export that is not whole (datagen/exporting/shards.py)
MARK = "\x02synthetic1 completion\x03"  # stands for a completion where the template's end of a turn is looked up
CONTROL = "\x02synthetic1 control {}\x03"  # stands for the name of a control token while the template is applied
FOREIGN_THOUGHT = "<|begin_of_thought|>"
"""OpenThoughts' and Sky-T1's way to open a thought, which nothing here reads as one."""
SHOWN = 4  # fields in the header; result.json has them all
IGNORED = -100  # the label of tokens without a loss, as PyTorch's cross entropy has it


@dataclass
class NotLearned:
    """What samples hold that is not learned from, counted, so that nothing is passed over in silence."""

    fields: Counter[str] = field(default_factory=Counter)
    """Field → samples in which it holds something."""
    earlier_answers: int = 0
    """Samples with answers before the last one: the loss is on the last alone."""
    hidden_thoughts: int = 0
    """Samples with thoughts in earlier answers that the model's template leaves out, as it does at inference."""
    control_names: int = 0
    """Samples whose prompt names a control token, which is text there."""
    foreign_thoughts: int = 0
    """Samples with a thought in ``FOREIGN_THOUGHT`` tags, learned as they stand."""

    def facts(self) -> dict[str, str]:
        """For the header of a run: only what there is."""
        named = [f"{name} ({_rows(n)})" for name, n in self.fields.most_common(SHOWN)]
        more = f", and {len(self.fields) - SHOWN} more" if len(self.fields) > SHOWN else ""
        thoughts = f"in {FOREIGN_THOUGHT} tags, which are not read as <think>: {_rows(self.foreign_thoughts)}"
        said = {
            "fields_not_learned_from": (bool(named), ", ".join(named) + more),
            "earlier_answers": (self.earlier_answers, f"read, not learned: {_rows(self.earlier_answers)}"),
            "earlier_thoughts": (self.hidden_thoughts, f"the template leaves them out: {_rows(self.hidden_thoughts)}"),
            "control_tokens": (self.control_names, f"named in prompts, read as text: {_rows(self.control_names)}"),
            "thoughts": (self.foreign_thoughts, thoughts),
        }
        return {name: text for name, (there, text) in said.items() if there}


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
    not_learned: NotLearned = field(default_factory=NotLearned)

    @property
    def lengths(self) -> list[int]:
        """Tokens of every sample, prompt and completion."""
        return [len(row["input_ids"]) for row in self.rows]


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
    unlearned = NotLearned()
    controls = control_tokens(tokenizer)
    longest_first = sorted(controls - {OPEN, CLOSE}, key=len, reverse=True)  # a name may begin with another
    names = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")
    seen = longest = tokens = too_long = missing_reasoning = 0
    for where, row in rows:
        seen += 1
        conversation = read_conversation(row, where)
        text = conversation.completion
        unlearned.fields.update(conversation.unused)
        unlearned.foreign_thoughts += FOREIGN_THOUGHT in text
        unlearned.earlier_answers += bool(conversation.earlier_answers)
        if opening is not None:
            if CLOSE not in text:
                missing_reasoning += 1
                continue
            text = _without_opening(text, opening)
        prompt = _prompt(tokenizer, conversation, names, unlearned, where)
        answer = [*_as_text(tokenizer, text, controls), *ending]
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
    return Tokenized(kept, too_long, longest, tokens, dropped, missing_reasoning, unlearned)


def control_tokens(tokenizer: Any) -> frozenset[str]:
    """The names of a tokenizer's control tokens, also of those that it has no attribute for, such as Llama's."""
    return frozenset(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)


def _prompt(
    tokenizer: Any, conversation: Conversation, names: re.Pattern[str], unlearned: NotLearned, where: str
) -> list[int]:
    """The tokens of a prompt in the chat template; counts what of it the template, or the tokens, do not say.

    Args:
        names: what control tokens are called.

    Raises:
        ProgramError: the template will not have these messages.
    """
    named: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        named.append(found[0])
        return CONTROL.format(len(named) - 1)

    messages = conversation.prompt
    if any(names.search(value) for message in messages for value in message.values()):
        messages = [{key: names.sub(stand_in, value) for key, value in message.items()} for message in messages]
        unlearned.control_names += 1
    try:
        text: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    except Exception as error:  # a template may refuse by any name: two messages by the user, a system message
        said = " ".join(str(error).split())[:160]
        raise ProgramError(f"data: {where}: the model's chat template refuses these messages: {said}") from error
    thoughts = (
        message.get("reasoning_content") or Completion.parse(message["content"]).reasoning
        for message in messages
        if message["role"] == "assistant"
    )
    unlearned.hidden_thoughts += any(thought and thought.strip() not in text for thought in thoughts)
    ids: list[int] = []
    for place, piece in enumerate(re.split(re.escape(CONTROL).replace(r"\{\}", r"(\d+)"), text)):
        if place % 2:
            ids += tokenizer(named[int(piece)], add_special_tokens=False, split_special_tokens=True)["input_ids"]
        elif piece:
            ids += tokenizer(piece, add_special_tokens=False)["input_ids"]
    return ids


def _as_text(tokenizer: Any, text: str, controls: Set[str]) -> list[int]:
    """The tokens of a text, in which the name of a control token is text: ``<|im_end|>`` in a completion ends nothing.

    The tags of a thought stay what they are, also where a tokenizer has them among its control tokens.
    """
    tags = [re.escape(tag) for tag in (OPEN, CLOSE) if tag in controls]
    ids: list[int] = []
    for place, piece in enumerate(re.split(f"({'|'.join(tags)})", text) if tags else [text]):
        if piece:
            found = tokenizer(piece, add_special_tokens=False, split_special_tokens=not place % 2)["input_ids"]
            ids += found
    return ids


def _rows(number: int) -> str:
    return f"{number:,} row{'s' if number != 1 else ''}"


def _without_opening(text: str, space: str) -> str:
    """``text`` without the ``<think>`` and the ``space`` after it that the template has written already."""
    head = text.lstrip()
    return head[len(OPEN) :].removeprefix(space) if head.startswith(OPEN) else text
