"""Extraction: the answer inside a completion's answer text. Every rule about where an answer stands lives here.

The face of ``synthetic1.rewards.extraction``.
"""

from __future__ import annotations

from synthetic1.rewards.extraction.fences import code_block, last_code_block
from synthetic1.rewards.extraction.json_objects import MAX_DEPTH, SEARCHED, MalformedObject, last_json_object
from synthetic1.rewards.extraction.programs import find_program, find_program_block

__all__ = [
    "MAX_DEPTH",
    "SEARCHED",
    "MalformedObject",
    "code_block",
    "find_program",
    "find_program_block",
    "last_code_block",
    "last_json_object",
]
