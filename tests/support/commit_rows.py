"""Rows of commits for the tests of recipe swe, and tools that reply what a test says."""

from __future__ import annotations

import asyncio

from synthetic1.datagen.curation.draft import LeftOut
from synthetic1.datagen.curation.prompt_files import load_prompts
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.swe import SweCuration, SweRecipe

BEFORE = """\
import json


def load(path):
    with open(path) as file:
        return json.load(file)


def total(orders):
    amount = 0
    for order in orders:
        amount += order["price"]
    return amount
"""
AFTER = BEFORE.replace('amount += order["price"]', 'amount += order["price"] * order.get("quantity", 1)')


def row_of(**changes):
    """A row as CommitPack publishes it."""
    fields = {
        "commit": "0f3c" * 10,
        "old_file": "shop/orders.py",
        "new_file": "shop/orders.py",
        "old_contents": BEFORE,
        "new_contents": AFTER,
        "subject": "Count the quantity of every order in the total",
        "message": "Count the quantity of every order in the total\n\nOrders without one count once.\n",
        "lang": "Python",
        "license": "mit",
        "repos": "someone/shop,else/shop-fork",
    }
    fields.update(changes)
    if "subject" in changes and "message" not in changes:
        fields["message"] = changes["subject"] + "\n"
    return RawRow("train.jsonl, row 1", fields, "train.jsonl", 1)


def reason(row, **options):
    """Why the row leaves, None where it stays."""
    try:
        SweRecipe(SweCuration(**options)).draft(row)
    except LeftOut as error:
        return error.reason
    return None


class ScriptedTools:
    """Replies by the prompt's name; ``None`` for all where there is no model."""

    seed = 0

    def __init__(self, **replies):
        self.replies, self.asked = replies, []

    @property
    def has_model(self):
        return bool(self.replies)

    async def ask(self, prompt, draft, step, **values):
        load_prompts([prompt])[prompt].filled(values)  # every place has its value
        self.asked.append(prompt)
        draft.prompts[prompt] = "1:test"
        return self.replies[prompt]


def finished(row, tools=None, **options):
    recipe = SweRecipe(SweCuration(**options))
    draft = recipe.draft(row)
    return asyncio.run(recipe.finish(draft, tools or ScriptedTools())), draft


def by_model(instruction, leaks="no", clear="yes"):
    return ScriptedTools(
        swe_instruction={"clear": clear, "instruction": instruction}, swe_leak={"leaks": leaks, "reason": "it says how"}
    )
