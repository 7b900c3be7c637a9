"""The rooms of the package, and who may import whom: what docs/architecture.md says in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src/synthetic1"
NOUNS = {"change_form", "completion", "keys", "rollout", "task", "verdict"}
MACHINERY = {"sandbox", "inference", "reports", "tasks", "rewards", "envs"}

MAY_IMPORT = {
    "sandbox": set(),
    "inference": NOUNS,
    "reports": NOUNS,
    "tasks": NOUNS,
    "rewards": NOUNS | {"sandbox", "inference"},
    "envs": NOUNS | {"tasks", "rewards"},
    "jobs": NOUNS | {""} | MACHINERY,
    "scale": NOUNS | MACHINERY | {"jobs"},
    "evaluation": NOUNS | MACHINERY | {"jobs", "scale"},
    "datagen": NOUNS | MACHINERY | {"jobs", "scale", "evaluation"},
    "adapters": NOUNS | {""} | MACHINERY | {"jobs"},
    "serving": NOUNS | {""} | MACHINERY | {"jobs"},
    "scaffold": set(),
    "trainers": NOUNS | MACHINERY | {"jobs", "scale", "evaluation"},
    "pool": NOUNS | {""} | MACHINERY | {"jobs", "scale", "evaluation", "datagen", "adapters", "serving", "trainers"},
    "configs": set(),
}
"""The table of docs/architecture.md; a room may also import from itself. ``""`` is ``import synthetic1``, which
registers the environments."""


WITHIN = {"adapters": ROOT / "trainers/adapters"}
"""Rooms that lie in the folder of another one, and are imported without its name."""


@cache
def folder_of(room):
    """Where a room lies: what people use stands at the top, the rest below ``src``."""
    return WITHIN[room] if room in WITHIN else SRC / room if (SRC / room).is_dir() else ROOT / room
