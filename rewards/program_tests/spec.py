"""What a ``verifiable_code`` task says, read from its ``verification_info``: see ``synthetic1.rewards.code``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synthetic1.rewards.program_tests.checkers import CHECKERS, Checker, Tolerance, float_checker, tokens_checker
from synthetic1.rewards.program_tests.published_cases import (
    assertions_of,
    function_name,
    listed_cases,
    read_argument_texts,
    read_value_texts,
)
from synthetic1.rewards.task_fields import MalformedTask, malformed_field
from synthetic1.sandbox.errors import UnknownLanguage
from synthetic1.sandbox.languages.language import Language
from synthetic1.sandbox.languages.registry import get_language, names_of
from synthetic1.sandbox.program import Call, Input
from synthetic1.sandbox.result import Result
from synthetic1.task import Task

KINDS = ("stdin_stdout", "function_call", "assert_case")
MIN_MEMORY_MB = 128  # published limits were set for C++ programs; interpreters need that much to begin


@dataclass(frozen=True)
class ProgramCheck:
    """A checker that is a program, for problems with many right answers."""

    source: str


@dataclass(frozen=True)
class TestCase:
    """One test."""

    __test__ = False  # no test of pytest's

    input: Input
    expected: Any
    """The output as text; of a call, the value."""

    @property
    def function(self) -> str | None:
        return self.input.function if isinstance(self.input, Call) else None

    def returned(self, result: Result) -> str:
        """The JSON text of what a call that is ``ok`` returned. Where a value is expected and nothing was returned, as
        functions that work in place do, their first argument after the call."""
        assert result.returned is not None, "a call that is ok has returned something"
        if result.instead is not None and self.expected is not None:
            return result.instead
        return result.returned

    @property
    def size(self) -> int:
        """Characters of its input."""
        return len(self.input.to_json() if isinstance(self.input, Call) else self.input)


@dataclass(frozen=True)
class Assertions:
    """A test in code, which raises unless the candidate is right: in Python ``check(candidate)``."""

    code: str
    entry_point: str
    prelude: str = ""
    shared: bool = False
    """They run in one process with the candidate."""
    language: str = "python"


@dataclass(frozen=True)
class CodeSpec:
    """All that is asked of a program."""

    language: Language
    tests: tuple[TestCase, ...]
    checker: Checker | ProgramCheck
    time_limit_s: float | None
    memory_limit_mb: int | None
    assertions: Assertions | None = None
    compile_limit_s: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What a fence may call the language."""
        return names_of(self.language)

    def language_of(self, label: str) -> str:
        """What to compile a program as whose fence has this label: the standard that the task names, else the label."""
        if not self.language.standard and label in self.names:
            return get_language(label).id
        return self.language.id


def language_names(language: str) -> tuple[str, ...]:
    """The name of a language that programs are written in, then its aliases, of which ``language`` is one.

    Raises:
        UnknownLanguage: a ValueError that lists those there are.
    """
    return names_of(get_language(language))


def read_spec(task: Task) -> CodeSpec:
    """The tests of ``task``.

    Raises:
        MalformedTask: there are none, or a field is not what it should be.
    """
    info = _Fields(task)
    try:
        language = get_language(info.text("language"))
    except UnknownLanguage as error:
        raise info.wrong("language", str(error)) from None
    language = _read_standard(info, language)
    for name, usual in (("input_file", "stdin"), ("output_file", "stdout")):
        if info.get(name) not in (None, "", usual):
            raise info.wrong(name, f"{info.shown(name)}: programs that use named files cannot be tested, only {usual}")
    assertions = _read_assertions(info, language) if info.get("assertions") is not None else None
    tests: tuple[TestCase, ...] = ()
    if assertions is None:
        cases = listed_cases(info.get("test_cases"))
        if not isinstance(cases, (list, tuple)) or not cases:
            raise info.wrong("test_cases", f"must be a list of at least one test, got {info.shown('test_cases')}")
        if any(isinstance(case, Mapping) and case.get("type") == "assert_case" for case in cases):
            assertions = _read_assert_cases(info, language, cases)
        else:
            tests = tuple(_read_test(info, index, case) for index, case in enumerate(_without_texts(info, cases)))
    elif info.get("test_cases"):
        raise info.wrong("assertions", "stands beside test_cases; a task has one or the other")
    checker = _read_checker(info, tests)
    if isinstance(checker, Checker) and checker.values is None and any(test.function for test in tests):
        raise info.wrong("checker", f"`{checker.name}` compares outputs of programs, and there is a function_call")
    memory = info.number("memory_limit_mb")
    return CodeSpec(
        language,
        tests,
        checker,
        info.number("time_limit_s"),
        None if memory is None else max(MIN_MEMORY_MB, round(memory)),
        assertions,
        info.number("compile_limit_s"),
    )


class _Fields:
    """``verification_info``, and errors that name the task and the field."""

    def __init__(self, task: Task) -> None:
        self._task, self._info = task, task.verification_info

    def get(self, name: str) -> Any:
        return self._info.get(name)

    def shown(self, name: str) -> str:
        return _shown(self.get(name)) if name in self._info else "none"

    def wrong(self, name: str, why: str) -> MalformedTask:
        return malformed_field(self._task, name, why)

    def text(self, name: str) -> str:
        value = self.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name, f"must be a string, got {self.shown(name)}")
        return value

    def number(self, name: str) -> float | None:
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
            raise self.wrong(name, f"must be a positive number, got {_shown(value)}")
        return float(value)


_STANDARDS = {"cpp": ("cpp_standard", "c++"), "rust": ("rust_edition", "rust")}


def _read_standard(info: _Fields, language: Language) -> Language:
    """The language as the standard has it that the task names; as it is, if it names none."""
    if language.name not in _STANDARDS:
        return language
    name, prefix = _STANDARDS[language.name]
    value = info.get(name)
    if value is None:
        return language
    known = {spelling: one for one in get_language(language.name).dialects for spelling in one.aliases}
    text = str(value).strip().lower()
    found = known.get(text) or known.get(f"{prefix}{text}")
    if found is None:
        standards = ", ".join(one.standard for one in get_language(language.name).dialects)
        raise info.wrong(name, f"is {_shown(value)}; one of {standards}")
    return found


def _read_test(info: _Fields, index: int, case: Any) -> TestCase:
    field = f"test_cases[{index}]"
    if not isinstance(case, Mapping):
        raise info.wrong(field, f"must be a mapping, got {_shown(case)}")
    kind = case.get("type")
    if kind not in KINDS:
        raise info.wrong(f"{field}.type", f"is {_shown(kind)}; one of {', '.join(KINDS)}")
    for name in ("input", "output"):
        if name not in case:
            raise info.wrong(f"{field}.{name}", "is missing")
    given, expected = case["input"], case["output"]
    if kind == "stdin_stdout":
        return TestCase(_text(info, f"{field}.input", given), _text(info, f"{field}.output", expected))
    function = function_name(case.get("fn_name"))
    if function is None:
        raise info.wrong(f"{field}.fn_name", f"must be the name of a function, got {_shown(case.get('fn_name'))}")
    if not isinstance(given, (list, tuple)):
        raise info.wrong(f"{field}.input", f"must be the list of arguments, got {_shown(given)}")
    call = Call(function, tuple(given))
    try:
        call.to_json()
    except ValueError as error:
        raise info.wrong(f"{field}.input", f"cannot be passed: {error}") from None
    return TestCase(call, expected)


def _without_texts(info: _Fields, cases: Sequence[Any]) -> Sequence[Any]:
    """The tests, with values for the texts in which calls may have their arguments."""
    texts = {
        index: case
        for index, case in enumerate(cases)
        if isinstance(case, Mapping) and case.get("type") == "function_call" and isinstance(case.get("input"), str)
    }
    if not texts:
        return cases
    try:
        inputs = read_argument_texts([case["input"] for case in texts.values()])
    except ValueError as error:
        index = list(texts)[error.args[0]]
        why = f"must be the list of arguments, or JSON text of them, got {_shown(cases[index]['input'])}"
        raise info.wrong(f"test_cases[{index}].input", why) from None
    outputs = read_value_texts([case.get("output") for case in texts.values()])
    found = list(cases)
    for (index, case), given, expected in zip(texts.items(), inputs, outputs, strict=True):
        found[index] = {**case, "input": given} | ({"output": expected} if "output" in case else {})
    return found


def _read_assert_cases(info: _Fields, language: Language, cases: Sequence[Any]) -> Assertions:
    """Statements that stand behind the program."""
    if language.name != "python":
        raise info.wrong("test_cases", f"are statements of Python, and the language is {language.name}")
    statements = []
    for index, case in enumerate(cases):
        if not isinstance(case, Mapping) or case.get("type") != "assert_case":
            raise info.wrong(f"test_cases[{index}].type", "must be assert_case, since another test's is")
        texts = [case[name] for name in ("assert_case", "input", "output") if case.get(name)]
        if not texts or not isinstance(texts[0], str):
            raise info.wrong(f"test_cases[{index}].assert_case", f"must be a statement, got {_shown(case)}")
        statements.append(texts[0])
    try:
        code, first = assertions_of(statements)
    except ValueError as error:
        raise info.wrong("test_cases", f"{error}") from None
    return Assertions(code, function_name(cases[0].get("fn_name")) or first)


def _text(info: _Fields, field: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    raise info.wrong(field, f"must be a string (or its lines), got {_shown(value)}")


def _read_checker(info: _Fields, tests: Sequence[TestCase]) -> Checker | ProgramCheck:
    declared = info.get("checker")
    if declared is None or declared == "tokens":
        outputs = [test.expected for test in tests if test.function is None]
        return tokens_checker(outputs, [test.expected for test in tests if test.function is not None])
    if isinstance(declared, str) and declared in CHECKERS:
        return CHECKERS[declared]
    if isinstance(declared, Mapping) and len(declared) == 1:
        [(kind, value)] = declared.items()
        if kind == "program" and isinstance(value, str) and value:
            return ProgramCheck(value)
        if kind == "float" and isinstance(value, Mapping) and value and set(value) <= {"abs", "rel"}:
            try:
                return float_checker(Tolerance(float(value.get("abs", 0)), float(value.get("rel", 0))))
            except (TypeError, ValueError) as error:
                raise info.wrong("checker.float", f"has no such tolerances: {error}") from None
    known = ", ".join(CHECKERS)
    raise info.wrong(
        "checker", f'is {_shown(declared)}; one of {known}, {{"float": {{"abs": …, "rel": …}}}}, {{"program": source}}'
    )


def _read_assertions(info: _Fields, language: Language) -> Assertions:
    declared = info.get("assertions")
    if not isinstance(declared, Mapping):
        raise info.wrong("assertions", f"must be a mapping, got {_shown(declared)}")
    for name in ("code", "entry_point"):
        if not isinstance(declared.get(name), str) or not declared[name]:
            raise info.wrong(f"assertions.{name}", f"must be a string, got {_shown(declared.get(name))}")
    function = function_name(declared["entry_point"])
    if function is None:
        raise info.wrong("assertions.entry_point", f"must name a function, got {_shown(declared['entry_point'])}")
    prelude, trust = declared.get("prelude") or "", declared.get("trust") or "separate"
    if not isinstance(prelude, str):
        raise info.wrong("assertions.prelude", f"must be a string, got {_shown(prelude)}")
    if trust not in ("separate", "shared"):
        raise info.wrong("assertions.trust", f"is {_shown(trust)}; one of separate, shared")
    if prelude and language.name != "python":
        raise info.wrong("assertions.prelude", f"can stand before Python only, and the language is {language.name}")
    # A class that assertions make objects of is a live object itself
    shared = trust == "shared" or language.name != "python" or function == "Solution"
    return Assertions(declared["code"], function, prelude, shared, language.name)


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # nested too deeply, too many digits
        return type(value).__name__
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '…'}"
