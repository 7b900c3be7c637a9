"""Makes ``code_understanding.jsonl``, the same bytes every time.

Run ``python -m synthetic1.tasks.embedded.code_understanding`` after a change of the generator.

Five held-out programs of every level, each with completions that a verifier must accept (``metadata.audit.right``) and
must refuse (``metadata.audit.wrong``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from synthetic1.task import Task
from synthetic1.tasks.code_understanding import Example, examples, to_task
from synthetic1.tasks.programs.levels import LEVELS

PATH = Path(__file__).with_suffix(".jsonl")
PER_LEVEL = 5
SEED = 50  # of its own: other sources of held-out tasks show other ones


def main() -> None:
    """Write the file beside this one."""
    PATH.write_bytes(content())
    print(f"wrote {PATH.name}: {PER_LEVEL * len(LEVELS)} tasks, {PATH.stat().st_size:,} bytes")


def content() -> bytes:
    """What the file holds."""
    return b"".join(json.dumps(task.to_row()).encode("ascii") + b"\n" for task in tasks())


def tasks() -> Iterator[Task]:
    """The tasks, by level."""
    chosen = [example for n in LEVELS for example in islice(examples(n, split="test", seed=SEED), PER_LEVEL)]
    for index, example in enumerate(chosen):
        other = next(e for e in chosen[index + 1 :] + chosen if e.output != example.output)
        task = to_task(example, f"code_understanding/embedded/L{example.level}/{index % PER_LEVEL}")
        yield task.with_metadata(audit={"right": right(example), "wrong": wrong(example, other)})


def right(example: Example) -> list[str]:
    """Ways to say the right answer."""
    gold = example.output
    answer, guess = said(gold), said(changed(gold))
    pretty = json.dumps({"output": gold}, indent=2)
    escaped = "".join(f"\\u{ord(c):04x}" for c in gold)
    return [
        answer,
        f"<think>\n{example.steps()[0][0]}\n</think>\n\n```json\n{answer}\n```",
        f"<think>Perhaps {guess}? No.</think>The program returns {answer}",
        f"<think>```python\ns = s + '{{'\n```</think>\n```\n{pretty}\n```\nThat is all.",
        f"My first thought was {guess}, but it is {answer}.",  # the last object counts
        json.dumps({"explanation": "One step after another.", "output": gold}),
        f'{{"output":"{escaped}"}}',
    ]


def wrong(example: Example, other: Example) -> list[str]:
    """Completions that deserve nothing, near misses and tricks."""
    gold = example.output
    answer, miss = said(gold), changed(gold)
    return [
        *map(said, near_misses(gold)),
        said(example.text),
        said(other.output),
        said(f"{gold} or {miss}"),
        said([gold]),
        said([gold, miss]),
        said({"value": gold}),
        said(None),
        said(int(gold) if gold.isdecimal() else len(gold)),
        f"{answer} or rather {said(miss)}",
        f"<think>It is {answer}</think>",
        f"<think>It is {answer}</think>I cannot say.",
        f"<think>It is {answer}",
        f"<think>It is {answer}</think>{said(miss)}",
        f"[{said(miss)}, {answer}]",
        f'{{"result": {answer}}}',
        f'{{"output": {json.dumps(miss)}, "output": {json.dumps(gold)}}}',
        json.dumps({"answer": gold}),
        answer[:-1],
        json.dumps(gold),
        gold,
        f"transform({json.dumps(example.text)})",
        said(f"transform({json.dumps(example.text)})"),
        example.prompt(),
        "",
        " \n",
    ]


def near_misses(gold: str) -> list[str]:
    """Texts that differ from ``gold`` in one thing."""
    found = [changed(gold), gold[:-1], gold + gold[-1], gold[::-1], gold.swapcase()]
    found += [gold + "\n", gold + " ", " " + gold, json.dumps(gold), repr(gold)]
    return [text for text in dict.fromkeys(found) if text != gold]


def changed(gold: str) -> str:
    """``gold`` with its last character replaced by the next one."""
    return gold[:-1] + chr(ord(gold[-1]) + 1)


def said(output: object) -> str:
    return json.dumps({"output": output})


if __name__ == "__main__":
    main()
