"""The environment `synthetic1_math` of verifiers and prime-rl: it has to be importable by this name."""

from __future__ import annotations

from synthetic1.adapters.verifiers import family

Tasks, OneTurn, OneTurnEnv = family("math")
__all__ = ["OneTurn", "OneTurnEnv", "Tasks"]
