"""A programming problem between its published row and its tasks: all that the recipe of code keeps of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from synthetic1.rewards.extraction.fences import code_block
from synthetic1.task import Task
from synthetic1.tasks.formats.code_rows import (
    FUNCTION_REQUEST,
    METHOD_REQUEST,
    STDIN_REQUEST,
    TASK_TYPE,
    call_test,
    compose_prompt,
    stdin_test,
)

START = "\n\nStart from this code:\n\n```python\n"
WRITTEN = {
    "python": "Python",
    "javascript": "JavaScript (Node.js)",
    "rust": "Rust",
    "cpp": "C++",
}
"""Language → what a prompt calls it."""
PROGRAM_CHARS = 10_000_000
"""Of the published programs of a problem that are kept, all together: drafts are held in memory, many at once."""


@dataclass(frozen=True)
class PublishedProgram:
    """One of the programs that are published as right."""

    language: str
    source: str
    place: int
    """From 1, among those of its problem: its own language first."""


@dataclass(frozen=True)
class ProgramProblem:
    """One problem, its tests and the programs that are published as right."""

    problem: str
    """Its id, the same in every language."""
    source: str
    language: str
    """Of the published programs."""
    prompt: str
    """As our reader composes it, for ``language``."""
    statement: str | None
    """The problem as published; None where the prompt cannot be taken apart, so that there is no other language."""
    starter: str
    function: str | None
    """What tests call; None for programs that read stdin."""
    tests: list[list[Any]]
    """``[input, output]``: texts, or of calls the arguments and the value. Empty where there are assertions."""
    info: dict[str, Any]
    """The rest of ``verification_info``: limits, checker, assertions."""
    solutions: list[str]
    """In ``language``."""
    metadata: dict[str, Any] = field(default_factory=dict)
    in_source_id: str | None = None
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    """Language → programs that are published, too, and that the sandbox runs."""
    not_run: dict[str, int] = field(default_factory=dict)
    """Language or version that the sandbox does not run → programs."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ProgramProblem:
        """From ``Draft.data``."""
        return cls(**data)

    def to_data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FIELDS}  # asdict copies every test

    @property
    def programs(self) -> list[PublishedProgram]:
        """All that the sandbox runs."""
        listed = [(self.language, self.solutions), *self.elsewhere.items()]
        pairs = ((language, source) for language, sources in listed for source in sources)
        return [PublishedProgram(language, source, place) for place, (language, source) in enumerate(pairs, 1)]

    def within(self, chars: int) -> ProgramProblem:
        """With the first of its programs, as many as have so many characters together; at least one."""
        left, solutions = chars, list[str]()
        elsewhere: dict[str, list[str]] = {}
        for one in self.programs:
            left -= len(one.source)
            if left < 0 and one.place > 1:
                break
            (solutions if one.language == self.language else elsewhere.setdefault(one.language, [])).append(one.source)
        return replace(self, solutions=solutions, elsewhere=elsewhere)

    @property
    def has_checker_program(self) -> bool:
        checker = self.info.get("checker")
        return isinstance(checker, Mapping) and "program" in checker

    def with_checker(self, source: str) -> ProgramProblem:
        return replace(self, info={**self.info, "checker": {"program": source}})

    def task(self, solutions: list[str]) -> Task:
        """The task in its own language; the first of ``solutions`` is the gold."""
        return self._task(self.language, self.prompt, solutions, self.problem)

    def task_for(self, programs: Sequence[PublishedProgram]) -> Task:
        """A task whose verifier runs these, all of one language: not one to be written, for its prompt may ask for
        another one."""
        return self._task(programs[0].language, self.prompt, [one.source for one in programs], self.problem)

    def led_by(self, programs: Sequence[PublishedProgram]) -> tuple[ProgramProblem, list[str]] | None:
        """The problem, and those of ``programs`` in its language; where there are none, in the language of the first.
        None where its prompt cannot be written for that one."""
        language = next((one.language for one in programs if one.language == self.language), programs[0].language)
        golds = [one.source for one in programs if one.language == language]
        if language == self.language:
            return self, golds
        if self.statement is None or self.function is not None:
            return None
        prompt = "\n\n".join([self.statement.strip("\n"), in_language(STDIN_REQUEST, language)])
        info = {name: value for name, value in self.info.items() if name not in ("cpp_standard", "rust_edition")}
        return replace(self, language=language, prompt=prompt, info=info, solutions=golds, elsewhere={}), golds

    def task_in(self, language: str, solution: str, signature: str | None) -> Task:
        """The task in another language.

        Args:
            signature: the line that heads the function in ``solution``; None for programs that read stdin.
        """
        assert self.statement is not None, "only such problems are translated"
        if signature is None:
            request = in_language(STDIN_REQUEST, language)
        else:
            request = in_language(FUNCTION_REQUEST, language).format(name=signature)
        prompt = "\n\n".join([self.statement.strip("\n"), request])
        return self._task(language, prompt, [solution], f"{self.problem}/{language}")

    def _task(self, language: str, prompt: str, solutions: list[str], problem_id: str) -> Task:
        info: dict[str, Any] = {"language": language, **self.info}
        if self.tests:
            name = self.function
            info["test_cases"] = [
                stdin_test(given, wanted) if name is None else call_test(name, given, wanted)
                for given, wanted in self.tests
            ]
        if language != self.language:
            for name in ("cpp_standard", "rust_edition"):
                info.pop(name, None)
        return Task(
            problem_id=problem_id,
            task_type=TASK_TYPE,
            prompt=prompt,
            verification_info=info,
            gold_standard_solution=solutions[0],
            source=self.source,
            in_source_id=self.in_source_id,
            metadata={**self.metadata, "language": language, "problem": self.problem},
            other_solutions=tuple(solutions[1:]),
        )


_FIELDS = tuple(one.name for one in fields(ProgramProblem))


def completion_of(solution: str, language: str) -> str:
    """A completion that answers with this program."""
    return code_block(solution, language)


def in_language(request: str, language: str) -> str:
    """What our readers ask for in Python, asked for in another language."""
    name = WRITTEN[language]
    return request.replace("```python", f"```{language}").replace("Python", name)


def with_programs_of(language: str, task: Task, programs: Sequence[str]) -> Task:
    """The task of a program that reads stdin, asked for in another language than Python, with its programs there."""
    assert task.prompt.endswith(STDIN_REQUEST), "only such tasks are the same in every language"
    return replace(
        task,
        prompt=task.prompt.removesuffix(STDIN_REQUEST) + in_language(STDIN_REQUEST, language),
        verification_info={**task.verification_info, "language": language},
        gold_standard_solution=programs[0],
        other_solutions=tuple(programs[1:]),
        metadata={**task.metadata, "language": language},
    )


def taken_apart(task: Task, function: str | None) -> tuple[str, str] | None:
    """The statement and the code to start from, of a prompt that ``compose_prompt`` made; None of any other."""
    prompt = task.prompt
    if function is None and task.language in WRITTEN and task.language != "python":
        request = f"\n\n{in_language(STDIN_REQUEST, task.language)}"
        return (prompt.removesuffix(request), "") if prompt.endswith(request) else None
    if function is None:
        requests = [STDIN_REQUEST]
    else:
        requests = [FUNCTION_REQUEST.format(name=function), METHOD_REQUEST.format(name=function)]
    for request in requests:
        if not prompt.endswith(f"\n\n{request}"):
            continue
        statement, starter = prompt.removesuffix(f"\n\n{request}"), ""
        if START in statement and statement.endswith("\n```"):
            statement, _, starter = statement.rpartition(START)
            starter = starter.removesuffix("\n```")
        if compose_prompt(statement, function=function, starter=starter) == prompt:
            return statement, starter
    return None
