"""Code understanding, evolved: a model writes string functions and makes them harder; the sandbox says what is true."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator

from synthetic1.datagen.curation.asking import NO_REPLY
from synthetic1.datagen.curation.draft import Draft, Dropped, Quarantined
from synthetic1.datagen.curation.raw_rows import RawRow, UnreadableRow
from synthetic1.datagen.curation.recipe import CurationRecipe, Tools
from synthetic1.datagen.curation.recipes.evolution.functions import Unfit, read_function, shape
from synthetic1.datagen.curation.recipes.evolution.inputs import draw_inputs, plain, snippet
from synthetic1.datagen.curation.recipes.evolution.operators import OPERATORS, TOPICS, draw
from synthetic1.datagen.curation.recipes.evolution.texts import COLUMNS, input_texts, text_of, text_rows
from synthetic1.datagen.curation.recipes.evolution.truth import TruthLimits, differing_input, outputs_of
from synthetic1.datagen.exporting.shards import checksum
from synthetic1.jobs.env_settings import Section
from synthetic1.keys import content_key
from synthetic1.task import Task

SOURCE = "synthetic1/code_understanding/evolved"
SIGNATURES = {
    "javascript": "function transform(s)",
    "rust": "fn transform(s: &str) -> String",
    "cpp": "std::string transform(const std::string& s)",
}
MAX_TEXT = 5_000
"""Characters of a text that a lineage takes snippets from."""
LINEAGES_BY_DEFAULT = 100_000
LINEAGE, TURN = "synthetic1_lineage", "synthetic1_turn"
"""Columns that ``rows`` adds."""


class EvolutionSettings(Section):
    """Functions written by a model, made harder again and again, and run for their ground truth."""

    text_column: str | None = None
    """The column with the text; None = the first there is of text, content, article, body, prompt."""
    lineages: PositiveInt | None = None
    """How many functions to begin with, each made harder on its own; the texts take turns. None = one a text, 100,000
    at most."""
    iterations: int = Field(default=3, ge=0, le=9)
    """How often a function is made harder."""
    operators: list[str] = Field(default_factory=list)
    """Ways to make it harder, by name, e.g. ``[recursion, two_pass]``; empty = all."""
    languages: list[Literal["python", "javascript", "rust", "cpp"]] = Field(default=["python"])
    """What functions are shown in: they are written in Python and rewritten by the model."""
    inputs_per_function: PositiveInt = 2
    """Tasks a function, in each language."""
    probes: int = Field(default=12, ge=6, le=200)
    """Inputs a function is tried with, beside the borders (empty, blanks, one character …)."""
    max_input: int = Field(default=80, ge=8, le=2_000)
    """Characters of an input."""
    max_output: PositiveInt = 600
    """Characters of an output; a function that returns a longer one is dropped."""
    max_source: PositiveInt = 6_000
    """Characters of a function."""
    max_steps: PositiveInt = 20_000
    """Lines of Python that a call may run; more is more than anybody works out by hand."""
    cpu_s: PositiveFloat = 3.0
    """Seconds of a processor for all inputs of a function."""
    unicode: bool = False
    """Give functions letters beyond ASCII, too; C++ and Rust seldom agree about them."""

    @field_validator("operators")
    @classmethod
    def known(cls, names: list[str]) -> list[str]:
        unknown = sorted(set(names) - set(OPERATORS))
        if unknown:
            raise ValueError(f"there is no operator {unknown[0]}; there are: {', '.join(OPERATORS)}")
        return names

    @field_validator("languages")
    @classmethod
    def some(cls, names: list[str]) -> list[str]:
        if not names or len(set(names)) < len(names):
            raise ValueError("languages: name at least one, each once")
        return names


@dataclass(frozen=True, slots=True)
class EvolvedFunction:
    """A version of a lineage's function that holds, with what it gives."""

    source: str
    topic: str
    operators: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    telling: tuple[int, ...]
    """Which of the inputs become tasks."""
    translations: Mapping[str, str] = field(default_factory=dict)
    """Language → source, of those that give the same for all inputs."""


class CodeUnderstandingRecipe(CurationRecipe):
    """A row is a lineage: a text, of which snippets become inputs, and a function that grows.

    ================= =================================================================================================
    step              reasons to be dropped
    ================= =================================================================================================
    ``text``          ``empty_text``; set aside: ``no_text_column``
    ``function``      ``malformed`` (not Python), ``overlong_source``, ``not_a_string_function`` (its name or
                      signature), ``unchanged`` (an earlier version but for names and layout), ``import_not_allowed``,
                      ``reads_clock``, ``reads_random``, ``reads_files``, ``reads_environment``, ``runs_code``,
                      ``non_deterministic`` (``hash``, ``id``)
    ``ground_truth``  ``crashing``, ``not_a_string_function`` (what it returns), ``too_slow``, ``too_much_memory``,
                      ``overlong_output``, ``non_deterministic``, ``not_text``, ``constant``, ``identity``,
                      ``no_telling_input`` (not enough inputs with an output that says something)
    ``translation``   ``no_translation``: nothing was to be shown in Python, and no other language held
    ================= =================================================================================================

    A version that does not hold is thrown away, and the next operator goes to the last one that did. The lineage is
    dropped, for its last reason, when no version holds.
    """

    name: ClassVar[str] = "code_understanding"
    task_type: ClassVar[str] = "code_output_prediction"
    draft_steps: ClassVar[tuple[str, ...]] = ("text",)
    finish_steps: ClassVar[tuple[str, ...]] = ("writing", "function", "ground_truth", "translation")
    prompts: ClassVar[tuple[str, ...]] = ("understanding_seed", "understanding_evolve", "understanding_translate")
    needs_model: ClassVar[bool] = True

    def __init__(self, options: EvolutionSettings) -> None:
        self.options = options
        self._limits = TruthLimits(options.max_steps, options.max_output, options.cpu_s)

    def rows(self, inputs: Sequence[str]) -> Iterator[RawRow | UnreadableRow]:
        """A row a lineage. Texts are read again for as long as there have to be more lineages than texts."""
        wanted = self.options.lineages or LINEAGES_BY_DEFAULT
        made = turn = 0
        while made < wanted:
            before = made
            for row in text_rows(inputs):
                if isinstance(row, UnreadableRow):
                    if turn == 0:
                        yield row
                    continue
                fields = {**row.fields, LINEAGE: made, TURN: turn}
                yield replace(row, fields=fields, where=row.where if turn == 0 else f"{row.where}, again ({turn})")
                made += 1
                if made >= wanted:
                    return
            if self.options.lineages is None or made == before:
                return
            turn += 1

    def state_of(self, inputs: Sequence[str]) -> dict[str, str]:
        return {name: checksum(path) for path, name in input_texts(inputs)}

    def draft(self, row: RawRow) -> Draft:
        text = text_of(row.fields, self.options.text_column)
        if text is None:
            wanted = self.options.text_column or ", ".join(COLUMNS)
            there = ", ".join(name for name in row.fields if name not in (LINEAGE, TURN))
            raise Quarantined("text", "no_text_column", f"no text in {wanted}; the row has {there}")
        text = text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
        if not (text if self.options.unicode else plain(text)).strip():
            raise Dropped("text", "empty_text")
        origin: dict[str, Any] = {"dataset": row.file.rpartition("/")[2].partition(".")[0], "file": row.file}
        origin["row"] = row.number
        for name in ("license", "author", "url"):
            if isinstance(row.fields.get(name), str) and row.fields[name]:
                origin[name] = row.fields[name]
        data = {"lineage": row.fields.get(LINEAGE, 0), "turn": row.fields.get(TURN, 0)}
        return Draft(0, row.where, text, data, origin)

    def is_duplicate(self, kept: Draft, other: Draft) -> bool:
        """Lineages that share a text because there are fewer texts are not duplicates."""
        return bool(kept.data["turn"] == other.data["turn"]) and super().is_duplicate(kept, other)

    async def finish(self, draft: Draft, tools: Tools) -> list[Task]:
        options, key = self.options, content_key([draft.data["lineage"], draft.text])[:16]
        choose = random.Random(f"{tools.seed}/code_understanding/{key}")
        topics = draw(TOPICS, options.iterations + 1, choose)
        operators = draw(OPERATORS, options.iterations + 1, choose, options.operators)
        versions: list[EvolvedFunction] = []
        shapes: set[str] = set()
        history: list[dict[str, Any]] = []
        draft.history["versions"] = history
        last: Unfit | Quarantined | None = None
        for turn in range(options.iterations + 1):
            base = versions[-1] if versions else None
            said: dict[str, Any] = {"from": len(base.operators) if base else None}
            said["asked"] = operators[turn] if base else topics[turn]
            seen = snippet(draft.text, choose, 200)
            rng = random.Random(f"{tools.seed}/code_understanding/{key}/inputs/{turn}")
            try:
                source = await self._write(base, said["asked"], seen, draft, tools)
                version = await self._judged(source, base, said["asked"], shapes, draft, rng, tools)
            except (Unfit, Quarantined) as error:
                if isinstance(error, Quarantined) and error.reason in (NO_REPLY, "runner_failed"):
                    raise  # nothing about the function: the row is asked for again
                last = error
                history.append({**said, "outcome": error.reason, "detail": error.detail[:200]})
                continue
            history.append({**said, "outcome": "kept"})
            versions.append(await self._translated(version, draft, tools))
        tasks = [task for version in versions for task in self._tasks(version, key)]
        if tasks:
            return tasks
        if last is None:
            raise Dropped("translation", "no_translation", str(draft.history.get("translations")))
        if isinstance(last, Quarantined):
            raise last
        raise Dropped(last.step, last.reason, last.detail)

    async def _write(self, base: EvolvedFunction | None, asked: str, seen: str, draft: Draft, tools: Tools) -> str:
        if base is None:
            said = await tools.ask("understanding_seed", draft, "writing", topic=TOPICS[asked], snippet=seen)
        else:
            values = {"program": base.source, "operator": OPERATORS[asked], "snippet": seen}
            said = await tools.ask("understanding_evolve", draft, "writing", **values)
        return str(said)

    async def _judged(
        self,
        source: str,
        base: EvolvedFunction | None,
        asked: str,
        shapes: set[str],
        draft: Draft,
        choose: random.Random,
        tools: Tools,
    ) -> EvolvedFunction:
        """The version, with its ground truth.

        Raises:
            Unfit: it does not hold.
        """
        options = self.options
        source, tree = read_function(source, options.max_source)
        found = shape(tree)
        if found in shapes:
            raise Unfit("function", "unchanged", "an earlier version but for names and layout")
        shapes.add(found)
        inputs = draw_inputs(draft.text, choose, options.probes, options.max_input, unicode=options.unicode)
        outputs = await outputs_of(source, inputs, tools, self._limits)
        telling = telling_inputs(inputs, outputs, choose, options.inputs_per_function)
        if not telling:
            raise Unfit("ground_truth", "no_telling_input", "every output is empty or the input itself")
        topic, operators = (base.topic, (*base.operators, asked)) if base else (asked, ())
        return EvolvedFunction(source, topic, operators, tuple(inputs), tuple(outputs), telling)

    async def _translated(self, version: EvolvedFunction, draft: Draft, tools: Tools) -> EvolvedFunction:
        """The version in all languages that hold."""
        from synthetic1.tasks.programs.languages import LANGUAGES

        found: dict[str, str] = {}
        said = draft.history.setdefault("translations", []) if self.options.languages != ["python"] else []
        for language in self.options.languages:
            if language == "python":
                found[language] = version.source
                continue
            values = {"language": LANGUAGES[language].name, "signature": SIGNATURES[language]}
            try:
                source = await tools.ask(
                    "understanding_translate", draft, "translation", program=version.source, **values
                )
                source = source.strip("\n")
                why = await differing_input(source, language, version.inputs, version.outputs, tools, self._limits)
            except Quarantined as error:
                if error.reason == NO_REPLY:
                    raise
                why = error.reason
            if why is None:
                found[language] = source
            said.append({"version": len(version.operators), "language": language, "outcome": why or "kept"})
        return replace(version, translations=found)

    def _tasks(self, version: EvolvedFunction, key: str) -> Iterator[Task]:
        from synthetic1.tasks.code_understanding import PROMPT
        from synthetic1.tasks.programs.languages import LANGUAGES

        depth = len(version.operators)
        for language, source in version.translations.items():
            for place, number in enumerate(version.telling):
                text, output = version.inputs[number], version.outputs[number]
                values = {"language": LANGUAGES[language].name, "fence": language, "source": source}
                yield Task(
                    problem_id=f"code_understanding/evolved/{key}/{depth}/{language}/{place}",
                    task_type=self.task_type,
                    prompt=PROMPT.format(text=json.dumps(text), **values),
                    verification_info={"ground_truth": output, "compare": "string"},
                    gold_standard_solution=output,
                    source=SOURCE,
                    metadata={
                        "level": depth + 1,
                        "complexify_iteration": depth,
                        "operators": list(version.operators),
                        "topic": version.topic,
                        "language": language,
                        "input": text,
                        "program": source,
                    },
                )

    def made_of(self, task: Task) -> str:
        """The function: a model that writes the same one for every lineage has written one."""
        return f"{task.language}\n{task.metadata['program']}"

    def many_calls(self, draft: Draft) -> Mapping[str, int]:
        more, others = self.options.iterations, len(set(self.options.languages) - {"python"})
        return {
            "understanding_seed": 1,
            "understanding_evolve": more,
            "understanding_translate": others * (more + 1),
        }


def telling_inputs(inputs: Sequence[str], outputs: Sequence[str], choose: random.Random, many: int) -> tuple[int, ...]:
    """Which inputs make tasks: their output is neither empty nor the input; rather different outputs, rather long ones
    of the drawn inputs than borders."""
    fit = [i for i, (text, output) in enumerate(zip(inputs, outputs, strict=True)) if output.strip() and output != text]
    choose.shuffle(fit)
    fit.sort(key=lambda i: len(inputs[i].strip()) < 4)
    first = {outputs[i]: i for i in reversed(fit)}
    ranked = [i for i in fit if first[outputs[i]] == i] + [i for i in fit if first[outputs[i]] != i]
    return tuple(ranked[:many])
