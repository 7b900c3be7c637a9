r"""A published row of mathematics read: the problem, its answer, its solution, whatever the columns are called.

NuminaMath (1.0 and 1.5), GSM8K, MATH, Big-Math, DeepScaleR, DeepMath, OpenMathReasoning, verl's layout and chats. The
answer is that of its own column, else what follows ``####``, else the last ``\boxed{…}`` of the solution.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from synthetic1.datagen.curation.draft import Dropped, Quarantined
from synthetic1.datagen.curation.recipes.mathematics.markup import plain_statement
from synthetic1.datagen.curation.recipes.mathematics.statements import holds
from synthetic1.rewards.math_answers.answer import Answer, find_answer
from synthetic1.task import TaskError
from synthetic1.tasks.formats.chats.messages import is_message_list, read_turns
from synthetic1.tasks.formats.code_rows import Row

COLUMNS = "columns"
"""The step that reads them."""
PROBLEMS = ("problem", "question", "prompt", "messages", "conversations", "chat", "query", "statement")
ANSWERS = ("answer", "final_answer", "expected_answer", "ground_truth", "reward_model", "gold")
SOLUTIONS = ("solution", "solutions", "rationale", "reward_model_solution")
LONGEST = 20_000  # characters of what requests are taken out of
REQUEST_MARKS = ("boxed", "by step", "-by-step", "####", "Answer:")
UNANSWERED = frozenset(("", "notfound", "not found", "none", "null", "nan"))
_VALID = frozenset(("yes", "true", "problem not solved", "incomplete solution", ""))
_LISTED = re.compile(r'\[\s*(?:"|\')')
_REQUEST = re.compile(
    r"""(?<!\s)\s*(?:please\ |you\ must\ )?(?:
      (?:let'?s\ think|reason|think|solve\ (?:the\ following|this)\ math\ problem)\ step[ -]by[ -]step[.,]?
        (?:\ (?:and|then|put|output|the\ last\ line)[^\n]*)?
    | (?:remember\ to\ |then\ )?(?:put|present|place|return|write|give|box|output|enclose)\ (?:your|the)\ (?:final\ )?
        (?:answer|response)\b[^\n]*?(?:\\boxed\s*\{[^{}\n]*\}|"Answer:"|"\#\#\#\#"|\#\#\#\#)[^\n]*
    )\s*""",
    re.IGNORECASE | re.VERBOSE,
)
"""What others put around a problem: how to think, and where the answer goes."""
_plain_box = re.compile(r"(?:\$|=\s?)\\boxed\{([^{}$]{1,60})\}\s?\.?(?:\$|\\\])")
"""A box to which nothing is joined: as most solutions end."""


class PublishedProblem(NamedTuple):
    """What a row says."""

    statement: str
    answer: str
    """``""`` where there is none."""
    answer_from: str
    """The column that says the answer; ``boxed`` or ``####`` where the solution does."""
    solution: str


def read_published(fields: Mapping[str, Any], where: str) -> PublishedProblem:
    """The problem of a row.

    Raises:
        Quarantined: no column is called like a problem's, or one holds something else than what it is called.
        Dropped: the row says itself that it is not to be used, or has several answers or turns.
    """
    for name in PROBLEMS:
        if name in fields:
            break
    else:
        fields = {str(key).strip().lower(): value for key, value in fields.items()}
        found_name = next((name for name in PROBLEMS if name in fields), None)
        if found_name is None:
            raise Quarantined(COLUMNS, "unknown_columns", f"none of {', '.join(PROBLEMS)}, but {', '.join(fields)}")
        name = found_name
    value, replied = fields[name], ""
    if isinstance(value, str) and not (value[:1] == "[" and is_message_list(value)):
        statement = value
    elif value is None or value == [] or value != value:
        statement = ""
    else:
        statement, replied = _turns(fields, name, where)
    if holds(statement, REQUEST_MARKS) and len(statement) < LONGEST:
        statement = _REQUEST.sub("\n", statement)
    solution = _solution(fields, replied)
    answer, column = _answer(fields)
    if "problem_is_valid" in fields or "question_type" in fields:
        _check_valid(fields)
    if "####" in answer:
        before, _, last = answer.rpartition("####")
        solution, answer, column = solution or answer, last, "####"
        if not before.strip():
            solution = ""
    elif "\\boxed" in answer or "\\fbox" in answer:
        found = find_answer(answer)
        solution, answer, column = solution or answer, "" if found is None else found.text, "boxed"
    elif not answer and solution:
        answer, column = answer_of_solution(solution)
    return PublishedProblem(plain_statement(statement).strip(), plain_statement(answer).strip(), column, solution)


def answer_of_solution(solution: str) -> tuple[str, str]:
    r"""What follows the last ``####`` of a solution, or stands in its last box; and which of both."""
    if "\\boxed" in solution or "\\fbox" in solution:
        start = solution.find("\\boxed")
        if start > 1 and (plain := _plain_box.search(solution, start - 2)) and solution.count("box") == 1:
            return plain[1].strip(), "boxed"
        found = find_answer(solution)
        return ("", "") if found is None else (_one_of(solution, found), "boxed")
    if "####" in solution:
        return solution.rpartition("####")[2].strip(), "####"
    return "", ""


def _one_of(solution: str, found: Answer) -> str:
    """The last of several boxes that say the same in other words; all of them where they are a list."""
    if found.found != "boxes":
        return found.text
    from synthetic1.datagen.curation.recipes.mathematics.golds import same_answer

    last = find_answer(solution[solution.rindex("box") - 2 :])
    if last is None:
        return found.text
    others = found.text.removesuffix(last.text).rstrip(", ")
    return last.text if same_answer(last.text, others, "") else found.text


def _solution(fields: Mapping[str, Any], replied: str) -> str:
    for name in SOLUTIONS:
        value = fields.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and value.strip():
            return value
    return replied


def _answer(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The answer and its column; empty where nothing is said."""
    for name in ANSWERS:
        if name not in fields:
            continue
        value = fields[name]
        if name == "reward_model":
            name, value = "reward_model.ground_truth", _ground_truth(fields)
        if type(value) is str:
            if value[:1] != "[" or not _LISTED.match(value):
                if value.strip().lower() not in UNANSWERED:
                    return value, name
                continue
            try:
                value = json.loads(value)
            except ValueError:
                return value, name
        if isinstance(value, list):
            if len(value) > 1:
                raise Dropped("answer", "several_answers", f"{name}: {value!r:.200}")
            value = value[0] if value else None
        if value is None or value != value:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Quarantined(COLUMNS, "answer_not_text", f"{name} is {type(value).__name__} {value!r:.100}")
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)  # what a table with a gap in it makes of whole numbers
        said = value if isinstance(value, str) else repr(value)
        if said.strip().lower() not in UNANSWERED:
            return said, name
    return "", ""


def _ground_truth(fields: Mapping[str, Any]) -> Any:
    """verl's gold, of a mapping, also as JSON text or as Python printed it."""
    try:
        value = Row(fields, "").structure("reward_model")
    except TaskError as error:
        raise Quarantined(COLUMNS, "answer_not_text", str(error)) from None
    return value.get("ground_truth") if isinstance(value, Mapping) else None


def _turns(fields: Mapping[str, Any], name: str, where: str) -> tuple[str, str]:
    """What the user says, and what is replied, in a chat of one turn."""
    try:
        turns = [turn for turn in read_turns(Row(fields, where), name) if turn[0] != "system"]
    except TaskError as error:
        raise Quarantined(COLUMNS, "not_a_chat", str(error)) from None
    roles = [role for role, _ in turns]
    if roles not in (["user"], ["user", "assistant"]):
        raise Dropped("statement", "several_turns", f"{name} holds {', '.join(roles) or 'nothing'}")
    return turns[0][1], turns[1][1] if len(turns) > 1 else ""


def _check_valid(fields: Mapping[str, Any]) -> None:
    """NuminaMath 1.5 says of its rows what is wrong with them."""
    said = fields.get("problem_is_valid")
    if isinstance(said, str) and said.strip().lower() not in _VALID:
        raise Dropped(COLUMNS, "published_as_invalid", f"problem_is_valid is {said}")
    kind = fields.get("question_type")
    if isinstance(kind, str) and kind.strip().lower() == "proof":
        raise Dropped("statement", "proof", "question_type is proof")
