"""The recipes by name."""

from __future__ import annotations

import importlib
from typing import Any

from synthetic1.datagen.curation.recipe import CurationRecipe

PACKAGE = "synthetic1.datagen.curation.recipes"
CLASSES = {
    "math": "math:MathRecipe",
    "code": "code:CodeRecipe",
    "swe": "swe:SweRecipe",
    "stem": "stem:StemRecipe",
    "code_understanding": "code_understanding:CodeUnderstandingRecipe",
    "repair": "repair:RepairRecipe",
}


def make_recipe(name: str, options: Any) -> CurationRecipe:
    """The recipe of this name with its own section of the settings."""
    module, _, of = CLASSES[name].partition(":")
    made: CurationRecipe = getattr(importlib.import_module(f"{PACKAGE}.{module}"), of)(options)
    return made
