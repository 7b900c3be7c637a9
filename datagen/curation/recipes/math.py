r"""Mathematics: NuminaMath and its kin become problems with one answer that a verifier can compare.

Rules first, then the model: it says whether a problem can be verified, and makes a direct question of a multiple
choice, which rules hold to the original. Then the gold is held to the verifier, in the audit's rewritings, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePath
from typing import Any, ClassVar, Literal

from pydantic import NonNegativeInt, PositiveInt

from synthetic1.datagen.curation.draft import Draft, Dropped
from synthetic1.datagen.curation.funnel import DUPLICATES, GOLD
from synthetic1.datagen.curation.raw_rows import RawRow
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools
from synthetic1.datagen.curation.recipes.mathematics import choices as choosing
from synthetic1.datagen.curation.recipes.mathematics.choices import PrintedOptions, find_choices, named_letter
from synthetic1.datagen.curation.recipes.mathematics.published import COLUMNS, answer_of_solution, read_published
from synthetic1.datagen.curation.recipes.mathematics.sameness import nearly_same_text, same_text
from synthetic1.datagen.curation.recipes.mathematics.statements import shown_medium, why_not, without_numbering
from synthetic1.jobs.env_settings import Section
from synthetic1.keys import content_key
from synthetic1.rewards.math_answers.phrasing import NO_GOLD, PROSE
from synthetic1.task import Task
from synthetic1.tasks.formats.math import TASK_TYPE, compose_prompt

STATEMENT, ANSWER, CLASSIFY, REWRITE = "statement", "answer", "classify", "rewrite"
ANSWER_REASONS = {
    "no_answer": "no column says it, no box and no ####",
    "proof": "the answer is said to be a proof",
    "answer_is_prose": "words where an answer should be: see solution, n/a, a paragraph",
    "answer_too_long": "more than math.longest_answer characters",
    "several_answers": "a list of answers",
    "yes_or_no": "a guess is right every other time; see math.yes_or_no",
    "letter_without_options": "the answer is an option's letter, and the statement has no options",
    "answer_not_an_option": "the answer is none of the options",
    "several_choices": "more than one option is right",
    "option_about_options": "the right option says nothing without the others: none of these",
    "option_is_prose": "the right option is a statement",
    "choices_are_the_question": "without its options the problem asks nothing: which of the following is true",
}
REWRITE_REASONS = {
    "needs_rewrite": "a multiple choice, and no model to make a direct question of it",
    "not_possible": "the model says that it cannot be one",
    "answer_changed": "the rewrite has another answer than the right option",
}
_NUMBER = re.compile(r"\$?-?\d+(?:[.,/]\d+)*\$?")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")
_NOTATION = re.compile(r"\\(?:begin|end)\s*\{[a-z*]+\}(?:\s*\{[lcr|@{} ]*\})?|\\[A-Za-z]+")
_YES_NO = re.compile(r"\W*(?:\\text\w*\s*\{)?\s*(?:yes|no|true|false|correct|incorrect)\W*", re.IGNORECASE)
_LETTER_WORD = re.compile(r"\b(?:letter|point|city|person|player|vertex|team|set|grade|line|box)\b", re.IGNORECASE)
MOST_WORDS = 12  # of an answer
MOST_WORDS_OF_OPTION = 6


class MathCuration(Section):
    """Problems of mathematics."""

    classify: Literal["auto", "never"] = "auto"
    """auto: the model says whether a problem can be verified; without a model, and with never, rules alone decide."""
    rewritings: NonNegativeInt = 8
    """Forms of each gold, of the audit's, that the verifier has to take; 0 = the gold itself alone."""
    longest: PositiveInt = 6_000
    """Characters of a statement."""
    longest_answer: PositiveInt = 400
    """Characters of an answer."""
    yes_or_no: bool = False
    """Keep problems whose answer is yes, no, true or false."""


class MathRecipe(CurationRecipe):
    """Problems with a short answer.

    Every reason of a drop stands in a table: ``statements.REASONS``, ``ANSWER_REASONS``, ``REWRITE_REASONS``,
    ``rewrites.REASONS``, ``golds.REASONS``; those of ``classify`` are the words that its prompt allows.
    """

    name: ClassVar[str] = "math"
    task_type: ClassVar[str] = TASK_TYPE
    draft_steps: ClassVar[tuple[str, ...]] = (COLUMNS, STATEMENT, ANSWER)
    finish_steps: ClassVar[tuple[str, ...]] = (REWRITE, CLASSIFY)
    prompts: ClassVar[tuple[str, ...]] = ("math_classify", "math_rewrite")

    def __init__(self, options: MathCuration) -> None:
        self.options = options

    def draft(self, row: RawRow) -> Draft:
        fields = row.fields
        said = read_published(fields, row.where)
        if len(said.statement) > 2 * self.options.longest:  # before anything reads it
            raise Dropped(STATEMENT, "too_long", f"{len(said.statement):,} characters")
        statement, answer, solution = without_numbering(said.statement), said.answer, said.solution
        if not (answer.isascii() and solution.isascii()):
            answer, solution = _encodable(answer), _encodable(solution)
        history: dict[str, Any] = {"answer_from": said.answer_from}
        if statement != said.statement:
            history["numbering"] = said.statement[: len(said.statement) - len(statement)].strip()
        choices = find_choices(statement, answer)
        if (found := why_not(statement if choices is None else choices.stem, self.options.longest)) is not None:
            reason, detail = found
            if not (choices is not None and reason in ("not_a_question", "empty")):  # ``2 + 2 = (A) 3 (B) 4``
                raise Dropped(STATEMENT, reason, detail)
        data: dict[str, Any] = {"statement": statement, "answer": answer}
        text = statement
        if choices is not None:
            if mark := shown_medium(statement):  # behind the options
                raise Dropped(STATEMENT, "needs_figure", mark)
            data.update(self._chosen(choices, answer, solution))
            text = statement if _leans_on_options(choices.stem) else choices.stem
        else:
            self._check_answer(answer, said.answer_from, statement, fields)
        if solution:
            boxed = _other_answer(solution, answer, said.answer_from)
            if boxed and choices is None:
                data["boxed"] = boxed
            data["solution"] = solution
        if len(fields) > 2:
            data["facts"] = {name: fields[name] for name in _FACTS if name in fields and _is_fact(fields[name])}
        return Draft(0, row.where, text, data, _origin(row), history)

    def is_duplicate(self, kept: Draft, other: Draft) -> bool:
        """Whether both are the same problem: nearly the same text with the same answer, or the same text.

        Where words differ and answers, too, they are two problems: *the largest* and *the smallest*. Where nothing but
        spelling differs and answers do, one of the answers is wrong, and nobody can say which: see ``merge``.
        """
        if same_text(kept.text, other.text):
            return True
        return nearly_same_text(kept.text, other.text) and _agree(kept, other)

    def duplicate_reason(self, kept: Draft, other: Draft) -> str:
        if "conflict" not in kept.data and (_agree(kept, other) or not (_is_readable(kept) and _is_readable(other))):
            return "duplicate"
        return "gold_conflict"

    def merge(self, kept: Draft, other: Draft) -> Draft:
        """``kept``; where ``other`` has another answer, marked, so that it goes as well.

        An answer that the verifier cannot read contradicts nothing: then the row with the other one is taken.
        """
        if "conflict" in kept.data or _agree(kept, other) or not _is_readable(other):
            return kept
        if not _is_readable(kept):
            history = {**other.history, "merged": {"of": other.where, "unreadable": _value(kept)[:200]}}
            return replace(kept, text=other.text, data=other.data, history=history)
        return replace(kept, data={**kept.data, "conflict": f"{_value(other)} in {other.where}"})

    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        from synthetic1.datagen.curation.recipes.mathematics.golds import check_gold, same_answer

        if conflict := draft.data.get("conflict"):
            raise Dropped(DUPLICATES, "gold_conflict", f"{_value(draft)}, but {conflict}")
        statement, gold = draft.data["statement"], draft.data["answer"]
        if (boxed := draft.data.get("boxed")) and not same_answer(gold, boxed, statement):
            raise Dropped(GOLD, "solution_disagrees", f"{gold}, but the solution says {boxed}")
        if "options" in draft.data:
            statement, gold = await self._direct(draft, tools)
        await self._classified(draft, tools, statement, gold)
        task = self._task(draft, statement, gold)
        draft.history["gold"] = await check_gold(task, tools, self.options.rewritings)
        return [task]

    def many_calls(self, draft: Draft) -> Mapping[str, int]:
        asked = int(self.options.classify == "auto")
        return {"math_classify": asked, "math_rewrite": int("options" in draft.data)}

    # By rule ----------------------------------------------------------------------------------------------------------

    def _check_answer(self, answer: str, answer_from: str, statement: str, fields: Mapping[str, Any]) -> None:
        """Raises Dropped: the answer is none that could be compared, as far as rules can tell."""
        if not answer:
            raise Dropped(ANSWER, "no_answer")
        if _NUMBER.fullmatch(answer):
            return
        if "<<" in answer and ">>" in answer:
            raise Dropped(ANSWER, "no_answer", f"the work of a calculator, cut off before its end: {answer:.100}")
        if len(answer) > self.options.longest_answer:
            raise Dropped(ANSWER, "answer_too_long", f"{len(answer):,} characters")
        bare = answer.strip("$ .")
        if bare.lower() in ("proof", "prove", "qed"):
            raise Dropped(ANSWER, "proof", answer)
        if NO_GOLD.fullmatch(bare) and bare.lower() != "none":
            raise Dropped(ANSWER, "answer_is_prose", answer)
        words = len(_WORD.findall(_NOTATION.sub(" ", answer)))
        if words > MOST_WORDS or (words > 3 and PROSE.search(answer)):
            raise Dropped(ANSWER, "answer_is_prose", answer)
        if not self.options.yes_or_no and _YES_NO.fullmatch(answer):
            raise Dropped(ANSWER, "yes_or_no", answer)
        if choosing.names_several(answer) and not re.search(rf"\b{re.escape(bare)}\b", statement):
            raise Dropped(ANSWER, "several_choices", answer)
        if (named := named_letter(answer)) is not None and not named[1] and named[0] in answer and named[0] in "ABCDE":
            spoken_of = re.search(rf"(?<![A-Za-z\\]){named[0]}(?![A-Za-z])", statement)
            if str(fields.get("question_type", "")).upper() == "MCQ" or not (
                spoken_of or _LETTER_WORD.search(statement)
            ):
                raise Dropped(ANSWER, "letter_without_options", answer)

    def _chosen(self, choices: PrintedOptions, answer: str, solution: str) -> dict[str, Any]:
        """What of a multiple choice is kept: its options, the letter, and the right option's value, by rule.

        Raises:
            Dropped: there is no right option, or it says nothing by itself.
        """
        if not answer:
            raise Dropped(ANSWER, "no_answer")
        if choosing.names_several(answer) and answer not in choices.options.values():
            raise Dropped(ANSWER, "several_choices", answer)
        letter = _letter_of(choices, answer)
        if letter is None:
            raise Dropped(ANSWER, "answer_not_an_option", f"{answer}: {choices.options}")
        value = choices.options[letter]
        if choosing.is_about_options(value):
            raise Dropped(ANSWER, "option_about_options", value)
        if len(_WORD.findall(_NOTATION.sub(" ", value))) > MOST_WORDS_OF_OPTION:
            raise Dropped(ANSWER, "option_is_prose", value)
        if choosing.CHOICES_ARE_THE_QUESTION.search(choices.stem):
            raise Dropped(ANSWER, "choices_are_the_question", choices.stem[-200:])
        if solution and (boxed := answer_of_solution(solution)[0]) and boxed != answer:
            other = _letter_of(choices, boxed)
            if other is not None and other != letter:
                raise Dropped(ANSWER, "solution_disagrees", f"{letter}, but the solution says {other}")
        return {"answer": value, "letter": letter, "stem": choices.stem, "options": choices.options}

    # With the model ---------------------------------------------------------------------------------------------------

    async def _direct(self, draft: Draft, tools: Tools) -> tuple[str, str]:
        """The direct question, and its answer: the right option's value."""
        from synthetic1.datagen.curation.recipes.mathematics.golds import same_answer
        from synthetic1.datagen.curation.recipes.mathematics.rewrites import what_is_wrong

        data, value = draft.data, draft.data["answer"]
        if not tools.has_model:
            raise Dropped(REWRITE, "needs_rewrite", "give model=http://localhost:8000/v1")
        reply = await tools.ask(
            "math_rewrite", draft, REWRITE, problem=data["statement"], stem=data["stem"], answer=value
        )
        if reply["possible"] == "no":
            raise Dropped(REWRITE, "not_possible", reply["question"])
        question = reply["question"].strip()
        choices = PrintedOptions(data["stem"], data["options"])
        if (found := what_is_wrong(question, choices, value, self.options.longest)) is not None:
            raise Dropped(REWRITE, found[0], f"{found[1]}: {question}")
        if not same_answer(value, reply["answer"], question):
            raise Dropped(REWRITE, "answer_changed", f"{value} became {reply['answer']}")
        draft.history["rewrite"] = {"was": data["statement"], "letter": data["letter"]}
        return question, value

    async def _classified(self, draft: Draft, tools: Tools, statement: str, gold: str) -> None:
        if self.options.classify == "never" or not tools.has_model:
            draft.history["classify"] = "by rule alone"
            return
        reply = await tools.ask("math_classify", draft, CLASSIFY, problem=statement, answer=gold)
        if reply["verifiable"] == "no":
            reason = reply["reason"] if reply["reason"] != "none" else "not_verifiable"
            raise Dropped(CLASSIFY, reason, reply["why"])
        draft.history["classify"] = "verifiable"

    def _task(self, draft: Draft, statement: str, gold: str) -> Task:
        source = str(draft.origin["dataset"])
        problem_id = f"{source}/{content_key([statement, gold])[:16]}"
        rewritten = "rewrite" in draft.history
        solution = "" if rewritten else draft.data.get("solution", "")
        return Task(
            problem_id=problem_id,
            task_type=TASK_TYPE,
            prompt=compose_prompt(statement),
            verification_info={"ground_truth": gold},
            gold_standard_solution=solution or gold,
            source=source,
            in_source_id=str(draft.data.get("facts", {}).get("uuid", problem_id)),
            metadata=draft.data.get("facts", {}),
        )


_FACTS = ("uuid", "level", "subject", "type", "problem_type", "difficulty", "llama8b_solve_rate", "topic")
_ORIGINS = ("license", "author", "url")


def _is_fact(value: Any) -> bool:
    return isinstance(value, str | int | float) and value == value and value not in (float("inf"), -float("inf"))


def _encodable(text: str) -> str:
    """A text that can be written as UTF-8: JSON may hold halves of characters."""
    return text.encode("utf-8", "replace").decode()


def _origin(row: RawRow) -> dict[str, Any]:
    source = row.fields.get("source") or row.fields.get("data_source")
    origin = {"dataset": source if isinstance(source, str) else _stem(row.file), "file": row.file, "row": row.number}
    for name in _ORIGINS:
        if name in row.fields and isinstance(row.fields[name], str):
            origin[name] = row.fields[name]
    return origin


@lru_cache(maxsize=256)
def _stem(file: str) -> str:
    return PurePath(file).name.partition(".")[0]


def _leans_on_options(stem: str) -> bool:
    """Whether a stem says too little without its options to be looked for by itself."""
    return len(stem) < 40 or "following" in stem.lower()


def _letter_of(choices: PrintedOptions, answer: str) -> str | None:
    """The option that an answer names, by its letter or by its text."""
    if (named := named_letter(answer)) is not None and named[0] in choices.options:
        return named[0]
    said = "".join(choosing.cleaned(answer).split())
    found = [letter for letter, text in choices.options.items() if "".join(text.split()) == said]
    if len(found) == 1:
        return found[0]
    from synthetic1.datagen.curation.recipes.mathematics.golds import same_answer

    found = [letter for letter, text in choices.options.items() if text and same_answer(text, answer, choices.stem)]
    return found[0] if len(found) == 1 else None


def _other_answer(solution: str, answer: str, answer_from: str) -> str:
    """What the solution's one box says, where that is not spelled as the answer is."""
    if answer_from in ("boxed", "####", "") or solution.count("\\boxed") != 1:
        return ""
    if f"{{{answer}}}" in solution:
        return ""
    return answer_of_solution(solution)[0]


def _value(draft: Draft) -> str:
    return str(draft.data["answer"])


def _is_readable(draft: Draft) -> bool:
    from synthetic1.datagen.curation.recipes.mathematics.golds import is_readable

    return is_readable(_value(draft), draft.text)


def _agree(one: Draft, other: Draft) -> bool:
    from synthetic1.datagen.curation.recipes.mathematics.golds import same_answer

    return same_answer(_value(one), _value(other), one.text)
