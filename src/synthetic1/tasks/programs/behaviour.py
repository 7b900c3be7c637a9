"""What a program does, told by its outputs, and which split that belongs to."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from synthetic1.tasks.programs.evaluate import evaluate
from synthetic1.tasks.programs.program import SourceProgram
from synthetic1.tasks.sources.source import TEST_SHARE

Split = Literal["train", "test"]

BEHAVIOUR_INPUTS = (
    "planet",
    "Tree42",
    "abcabca",
    "noon",
    "sphinx of black quartz, judge my vow",
    "MiXed CASE and 3 words",
    "x",
    "the bird in the old red barn sings",
)
"""What a program's behaviour is told by: its outputs on these. Every letter occurs, and several at either end."""


def split_of(text: str) -> Split:
    """The split that an input, or a program's behaviour, belongs to: a function of its content alone.

    A test task takes both its program and its input from the test side, a training task both from the training
    side. Programs are told apart by what they do (``behaviour``), so that no program of a test task was trained on in
    other words. About a tenth of all inputs and of all behaviours are test.
    """
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, person=b"split").digest()
    return "test" if int.from_bytes(digest, "big") < TEST_SHARE * 2**64 else "train"


def behaviour(program: SourceProgram) -> str:
    """What a program does, told by its outputs on ``BEHAVIOUR_INPUTS``: a JSON list. Programs that do the same for
    every text have the same behaviour, however they are written.

    Raises:
        TooLarge: see ``evaluate``.
    """
    return json.dumps([evaluate(program, text) for text in BEHAVIOUR_INPUTS])
