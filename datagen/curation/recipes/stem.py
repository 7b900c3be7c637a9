"""Recipe ``stem``: questions of question-and-answer sites become tasks with the best answer as reference."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, PositiveInt, model_validator

from synthetic1.completion import CLOSE, OPEN
from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow, raw_rows
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools
from synthetic1.datagen.curation.recipes.questions.layouts import PublishedPost, PublishedQuestion, read_question
from synthetic1.datagen.curation.recipes.questions.markdown import is_html, to_markdown
from synthetic1.datagen.curation.recipes.questions.posts import dump_at, post_rows, site_of
from synthetic1.datagen.exporting.shards import checksum
from synthetic1.jobs.env_settings import Section
from synthetic1.task import Task
from synthetic1.tasks.formats.stem import to_task
from synthetic1.tasks.sources.kinds import files_with_rows

QUESTION, ANSWER, FILTER = "question", "answer", "filter"
SOFT_TAGS = [
    *(
        "soft-question",
        "opinion-based",
        "big-list",
        "reference-request",
        "resource-recommendations",
        "book-recommendation",
    ),
    *("books", "book-request", "career-development", "careers", "career", "advice", "education", "self-learning"),
    *("learning", "discussion", "subjective", "philosophy", "ethics", "community-wiki", "recommendation", "survey"),
    *("software-recommendations", "software-recommendation", "online-resources", "motivation", "intuition-request"),
]
_closed_title = re.compile(r"\[(?:closed|duplicate|on hold|migrated|locked)\]\s*\Z", re.IGNORECASE)
"""What sites put behind the titles of questions that nobody is to answer, in sets that are made of their pages."""
_image = re.compile(
    r"""(?ix)<img\b|!\[[^\]]*\]\(|https?://(?:i\.stack\.imgur\.com|i\.sstatic\.net|(?:i\.)?imgur\.com)/\S+
    |\b(?:see|shown\ in|according\ to|look\ at)\ (?:the|this|my)
      \ (?:image|picture|figure|diagram|photo|screenshot)\b(?!\ of\b)
    |\b(?:in|from)\ (?:the|this|my)\ (?:figure|photo|screenshot)\b(?!\ of\b)
    |\b(?:image|picture|figure|diagram|photo|screenshot)s?\ (?:(?:is|are)\ )?(?:attached|above|below|shown\ here)\b
    |\b(?:attached|following|above|below)\ (?:image|picture|figure|photo|screenshot)\b"""
)
"""Pictures, and talk of pictures that are not there. The image of a map and the Heisenberg picture are none."""
_code = re.compile(r"(?is)<pre\b.*?</pre>|^(`{3,}).*?^\1\s*$|<code\b.*?</code>|`[^`\n]+`", re.MULTILINE)
_tags = re.compile(r"<[^<>]{0,300}>")
_links = re.compile(r"(?is)<a\b.*?</a>|https?://\S+")
_own_tags = re.compile(rf"(?i)</?answer\s*>|{OPEN}|{CLOSE}")
_words = re.compile(r"[^\W\d_]{2,}")


class StemCuration(Section):
    """What recipe ``stem`` keeps of questions and answers."""

    min_question_score: int = 2
    """Votes of a question, up less down; a layout without them passes."""
    min_answer_score: int = 3
    """Votes of an answer; a layout without them passes."""
    accepted_first: bool = True
    """The accepted answer is the reference, where it has the votes; else the one with the most."""
    soft_tags: list[str] = Field(default_factory=lambda: list(SOFT_TAGS))
    """Tags of questions that have no right answer."""
    min_question_chars: PositiveInt = 40
    """Characters of a question, its title included."""
    max_question_chars: PositiveInt = 6_000
    """Characters of a question, its title included."""
    min_answer_chars: PositiveInt = 20
    """Characters of an answer."""
    max_answer_chars: PositiveInt = 6_000
    """Characters of an answer."""
    unfiltered: bool = False
    """Without a model: keep what the rules keep, instead of setting it aside."""

    @model_validator(mode="after")
    def lengths(self) -> StemCuration:
        for name in ("question", "answer"):
            low, high = getattr(self, f"min_{name}_chars"), getattr(self, f"max_{name}_chars")
            if low > high:
                raise ValueError(f"stem.min_{name}_chars={low} must not lie above stem.max_{name}_chars={high}")
        return self


class StemRecipe(CurationRecipe):
    """Questions with one right answer that wants reasoning; the reference is what people voted for.

    ============ ======================================================================================================
    ``question`` ``not_a_question`` (set aside), ``deleted``, ``closed``, ``low_score``, ``soft``, ``needs_image``,
                 ``code_only``, ``too_short``, ``too_long``
    ``answer``   ``no_answer``, ``low_answer_score``, ``needs_image``, ``link_only``, ``code_only``, ``too_short``,
                 ``too_long``, ``holds_answer_tags``
    ``filter``   ``not_objective``, ``no_reasoning``, ``not_self_contained`` (says the model), ``no_model`` (set aside)
    ============ ======================================================================================================
    """

    name: ClassVar[str] = "stem"
    task_type: ClassVar[str] = "stem"
    draft_steps: ClassVar[tuple[str, ...]] = (QUESTION, ANSWER)
    finish_steps: ClassVar[tuple[str, ...]] = (FILTER,)
    prompts: ClassVar[tuple[str, ...]] = ("stem_filter",)

    def __init__(self, options: StemCuration) -> None:
        self.options = options
        self._soft = frozenset(tag.strip().lower() for tag in options.soft_tags)

    def rows(self, inputs: Sequence[str]) -> Iterator[RawRow | UnreadableRow]:
        return chain.from_iterable(self._rows_of(one) for one in inputs)

    def state_of(self, inputs: Sequence[str]) -> dict[str, str]:
        dumps = {one: dump_at(one) for one in inputs}
        state = super().state_of([one for one, dump in dumps.items() if dump is None or _others_beside(one)])
        return state | {f"{site_of(dump)}/{dump.name}": checksum(dump) for dump in dumps.values() if dump is not None}

    def _rows_of(self, spec: str) -> Iterator[RawRow | UnreadableRow]:
        dump = dump_at(spec)
        if dump is None:
            return raw_rows([spec])
        others = raw_rows([spec]) if _others_beside(spec) else ()
        return chain(post_rows(dump, self.options.min_answer_score), others)

    def draft(self, row: RawRow) -> Draft:
        try:
            question = read_question(row.fields)
        except ValueError as error:
            raise Quarantined(QUESTION, "not_a_question", str(error)) from error
        self._check_question(question)
        asked = self._asked(question)
        answer = self._chosen(question)
        reference = self._reference(answer)
        site = question.site or row.file.rpartition("/")[2].partition(".")[0]
        licenses = sorted({one.license for one in (question.post, answer) if one.license is not None})
        origin: dict[str, Any] = {"dataset": site, "file": row.file, "row": row.number}
        origin |= {"id": question.number, "url": question.post.url, "author": question.post.author}
        origin |= {"answer_url": answer.url, "answer_author": answer.author, "score": question.post.score}
        origin |= {"answer_score": answer.score, "license": licenses[-1] if licenses else None}
        origin |= {"question_license": question.post.license, "answer_license": answer.license}
        history = {ANSWER: "the accepted one" if answer.accepted else "the one with the most votes"}
        data = {"question": asked, "reference": reference, "tags": list(question.tags), "site": site}
        known = {name: value for name, value in origin.items() if value is not None}
        return Draft(0, row.where, asked, {**data, "id": question.number}, known, history)

    def _check_question(self, question: PublishedQuestion) -> None:
        if question.deleted:
            raise Dropped(QUESTION, "deleted")
        if question.closed or _closed_title.search(question.title):
            raise Dropped(QUESTION, "closed")
        score = question.post.score
        if score is not None and score < self.options.min_question_score:
            raise Dropped(QUESTION, "low_score", str(score))
        if soft := sorted(self._soft & {tag.lower() for tag in question.tags}):
            raise Dropped(QUESTION, "soft", soft[0])
        if (found := _image.search(question.post.text)) is not None:
            raise Dropped(QUESTION, "needs_image", found[0])

    def _asked(self, question: PublishedQuestion) -> str:
        """The question as Markdown, with its title.

        Raises:
            Dropped: it says too little or too much.
        """
        body = _markdown(question.post.text)
        if not question.title and _is_code(question.post.text):
            raise Dropped(QUESTION, "code_only")
        title = html.unescape(question.title).strip()  # a text: ``List<b>`` is no tag in it
        asked = f"{title}\n\n{body}".strip() if title and not body.startswith(title) else body
        if question.title and body and _is_code(question.post.text):
            raise Dropped(QUESTION, "code_only")
        if len(asked) < self.options.min_question_chars:
            raise Dropped(QUESTION, "too_short", f"{len(asked):,} characters")
        if len(asked) > self.options.max_question_chars:
            raise Dropped(QUESTION, "too_long", f"{len(asked):,} characters")
        return asked

    def _chosen(self, question: PublishedQuestion) -> PublishedPost:
        """The answer that is the reference.

        Raises:
            Dropped: none has the votes.
        """
        if not question.answers:
            raise Dropped(ANSWER, "no_answer")
        least = self.options.min_answer_score
        good = [one for one in question.answers if one.text.strip() and (one.score is None or one.score >= least)]
        if not good:
            best = max((one.score for one in question.answers if one.score is not None), default=None)
            if best is None or best >= least:
                raise Dropped(ANSWER, "no_answer", "its text is empty")
            raise Dropped(ANSWER, "low_answer_score", f"the best has {best}")
        if self.options.accepted_first and (accepted := [one for one in good if one.accepted]):
            return accepted[0]
        return max(good, key=lambda one: 0 if one.score is None else one.score)  # the first of equals

    def _reference(self, answer: PublishedPost) -> str:
        """The answer as Markdown.

        Raises:
            Dropped: it is not one by itself.
        """
        if (found := _image.search(answer.text)) is not None:
            raise Dropped(ANSWER, "needs_image", found[0])
        if _links.search(answer.text) and len(_words.findall(_tags.sub(" ", _links.sub(" ", answer.text)))) < 8:
            raise Dropped(ANSWER, "link_only", answer.text)
        if _is_code(answer.text):
            raise Dropped(ANSWER, "code_only")
        reference = _markdown(answer.text)
        if len(reference) < self.options.min_answer_chars:
            raise Dropped(ANSWER, "too_short", reference)
        if len(reference) > self.options.max_answer_chars:
            raise Dropped(ANSWER, "too_long", f"{len(reference):,} characters")
        if (tag := _own_tags.search(reference)) is not None:
            raise Dropped(ANSWER, "holds_answer_tags", f"no answer can hold {tag[0]}")
        return reference

    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        data = draft.data
        if tools.has_model or not self.options.unfiltered:
            asked = {"question": data["question"], "answer": data["reference"]}
            said = await tools.ask("stem_filter", draft, FILTER, **asked)
            for name, reason in (
                ("objective", "not_objective"),
                ("reasoning", "no_reasoning"),
                ("self_contained", "not_self_contained"),
            ):
                if said[name] == "no":
                    raise Dropped(FILTER, reason, said["why"])
            draft.history[FILTER] = "objective, needs reasoning, self-contained, says the model"
        site = data["site"]
        known: dict[str, Any] = {name: draft.origin[name] for name in ("license", "url") if name in draft.origin}
        if data["tags"]:
            known["tags"] = data["tags"]
        task = to_task(
            data["question"],
            data["reference"],
            field=site.partition(".")[0] or None,
            source=site,
            problem_id=f"{site}/{data['id']}" if data["id"] else None,
            in_source_id=data["id"],
            metadata=known,
        )
        return [task]


def _markdown(text: str) -> str:
    return to_markdown(text) if is_html(text) else text.replace("\r\n", "\n").strip()


def _is_code(text: str) -> bool:
    """Whether hardly a word is left of a text without its code, which has some."""
    if _code.search(text) is None:
        return False
    return len(_words.findall(_tags.sub(" ", _code.sub(" ", text)))) < 5


def _others_beside(spec: str) -> bool:
    """Whether a folder with a dump in it holds files of rows, too."""
    path = Path(spec).expanduser()
    return path.is_dir() and bool(files_with_rows(path))
