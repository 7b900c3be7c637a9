"""Extraction: the answer inside a completion's answer text. Every rule about where an answer stands lives here.

The face of ``synthetic1.rewards.extraction``.
"""

from __future__ import annotations

from synthetic1.rewards.extraction.fences import FencedBlock, code_block
from synthetic1.rewards.extraction.json_objects import MalformedObject, last_json_object
from synthetic1.rewards.extraction.programs import find_program

__all__ = [
    "FencedBlock",
    "MalformedObject",
    "code_block",
    "find_program",
    "last_json_object",
]
