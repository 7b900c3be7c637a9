"""Questions and answers for the tests of recipe stem, and a model that says what it is told."""

from __future__ import annotations

import asyncio
from xml.sax.saxutils import quoteattr

from synthetic1.datagen.curation.draft import LeftOut, Quarantined
from synthetic1.datagen.curation.prompt_files import load_prompts
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipes.stem import StemCuration, StemRecipe

BODY = (
    "<p>A ball is dropped from $h_0$ and loses a fraction $f_{*}$ of its energy at every bounce. "
    "How high does it rise after the third one, and why does its mass not matter?</p>"
)
ANSWER = (
    "<p>Its energy is proportional to the height, $E = m g h$, so each bounce multiplies the height by $1 - f_{*}$: "
    "after three it is $h_0 (1 - f_{*})^3$. The mass is a factor of both sides and cancels.</p>"
)


def question_of(number=1, **changes):
    """A question as ``Posts.xml`` has it."""
    said = {
        "Id": str(number), "PostTypeId": "1", "AcceptedAnswerId": str(number + 1),
        "CreationDate": "2015-03-02T10:11:12.123",
        "Score": "7", "ViewCount": "100", "Body": BODY, "OwnerUserId": "12",
        "LastActivityDate": "2015-04-01T00:00:00.000",
        "Title": "Height of a ball after three bounces", "Tags": "<newtonian-mechanics><energy>", "AnswerCount": "2",
    }  # fmt: skip
    said.update(changes)
    return {name: value for name, value in said.items() if value is not None}


def answer_of(number=2, parent=1, **changes):
    said = {
        "Id": str(number), "PostTypeId": "2", "ParentId": str(parent), "CreationDate": "2019-03-02T10:11:12.123",
        "Score": "9", "Body": ANSWER, "OwnerDisplayName": "Ann Example", "ContentLicense": "CC BY-SA 4.0",
    }  # fmt: skip
    said.update(changes)
    return {name: value for name, value in said.items() if value is not None}


def row_of(question=None, answers=None, site="physics.stackexchange.com"):
    fields = {
        "site": site,
        "question": question or question_of(),
        "answers": [answer_of()] if answers is None else answers,
    }
    return RawRow(f"{site}/Posts.xml, question 1", fields, f"{site}/Posts.xml", 1)


def plain_row(**fields):
    return RawRow("pairs.jsonl, row 1", fields, "pairs.jsonl", 1)


def reason(row, **options):
    try:
        StemRecipe(StemCuration(**options)).draft(row)
    except LeftOut as error:
        return f"{error.step}: {error.reason}"
    return None


class FilterTools:
    """A model that says what it is told; none without a reply."""

    seed = 0

    def __init__(self, reply=None):
        self.reply = reply

    @property
    def has_model(self):
        return self.reply is not None

    async def ask(self, prompt, draft, step, **values):
        load_prompts([prompt])[prompt].filled(values)
        if self.reply is None:
            raise Quarantined(step, "no_model")
        return self.reply


def saying(**changes):
    return FilterTools({"objective": "yes", "reasoning": "yes", "self_contained": "yes", "why": "It is.", **changes})


def finished(row, tools, **options):
    recipe = StemRecipe(StemCuration(**options))
    draft = recipe.draft(row)
    return asyncio.run(recipe.finish(draft, tools)), draft


def write_posts(folder, posts, tail="</posts>\n"):
    folder.mkdir(exist_ok=True)
    lines = (
        "  <row " + " ".join(f"{name}={quoteattr(value)}" for name, value in post.items()) + " />\n" for post in posts
    )
    text = '<?xml version="1.0" encoding="utf-8"?>\n<posts>\n' + "".join(lines) + tail
    (folder / "Posts.xml").write_text("\ufeff" + text, encoding="utf-8")
    return folder


IMAGE = '<p><img src="https://i.stack.imgur.com/a.png" alt="enter image description here"></p>'
