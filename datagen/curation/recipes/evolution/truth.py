"""Ground truth by running: the same function, the same inputs, several environments; what differs is not a fact."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.datagen.curation.draft import Quarantined
from synthetic1.datagen.curation.recipe import Tools
from synthetic1.datagen.curation.recipes.evolution import runner
from synthetic1.datagen.curation.recipes.evolution.functions import FUNCTION, Unfit, uses_sets
from synthetic1.sandbox.program import Call, Limits, Program
from synthetic1.sandbox.result import Result

STEP = "ground_truth"
ENVIRONMENTS: tuple[dict[str, Any], ...] = (
    {"variables": {"PYTHONHASHSEED": "0", "TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}, "cwd": "."},
    {"variables": {"PYTHONHASHSEED": "4242", "TZ": "XYZ-9:30", "LANG": "C", "LC_ALL": "C", "HOME": "/"}, "cwd": "/"},
    {"variables": {"PYTHONHASHSEED": "77", "TZ": "ABC+7", "LANG": "POSIX", "USER": "nobody"}, "cwd": ".."},
)
"""What must not matter. The second one takes the inputs backwards: what earlier calls leave must not matter either."""
MORE_SEEDS: tuple[dict[str, Any], ...] = tuple(
    {"variables": {"PYTHONHASHSEED": str(seed)}, "cwd": "."} for seed in range(1, 10)
)
"""For functions with sets: two strings have the same order under every other seed."""
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_STATUS = {"time_limit": "too_slow", "memory_limit": "too_much_memory", "output_limit": "overlong_output"}


@dataclass(frozen=True)
class TruthLimits:
    """What one call of a function may take."""

    max_steps: int
    max_output: int
    cpu_s: float
    """Of all inputs together; of another language, of one input."""

    @property
    def sandbox(self) -> Limits:
        # the clock is no measure on a busy machine: what waits is no harm here, what computes is counted
        return Limits(cpu_s=self.cpu_s, wall_s=10 * self.cpu_s + 20, memory_mb=512)


async def outputs_of(source: str, inputs: Sequence[str], tools: Tools, limits: TruthLimits) -> list[str]:
    """What the function returns for each input, the same in every environment.

    Raises:
        Unfit: ``crashing``, ``not_a_string_function``, ``too_slow``, ``too_much_memory``, ``overlong_output``,
            ``non_deterministic``, ``not_text``, ``constant``, ``identity``.
        Quarantined: the runner did not begin: nobody knows about the function.
    """
    jobs = []
    environments = ENVIRONMENTS + MORE_SEEDS * uses_sets(ast.parse(source))
    for number, environment in enumerate(environments):
        job = {"source": source, "inputs": list(inputs), "backwards": number == 1}
        job |= {"max_steps": limits.max_steps, "max_output": limits.max_output}
        jobs.append(f"{json.dumps(environment)}\n{json.dumps(job)}")
    program = Program("python", Path(runner.__file__).read_text(encoding="utf-8"))
    reports = []
    for some in (jobs[:1], jobs[1:]):  # most of what is unfit shows in the first, a third of the work at most
        for result in await tools.run(program, some, limits.sandbox):
            report = _report(result)
            if isinstance(report, Unfit):
                raise report
            reports.append(report)
        for text, one in zip(inputs, reports[0], strict=True):
            _output(text, one)
    first = reports[0]
    for number, other in enumerate(reports[1:], 1):
        for text, one, two in zip(inputs, first, other, strict=True):
            if one != two:
                why = f"for {text!r:.60}: {_shown(one)}, in environment {number} {_shown(two)}"
                raise Unfit(STEP, "non_deterministic", why)
    outputs = [_output(text, one) for text, one in zip(inputs, first, strict=True)]
    _check_telling(inputs, outputs)
    return outputs


def _report(result: Result) -> list[dict[str, Any]] | Unfit:
    """What the runner says of every input; why not, where it is the function's fault."""
    begun, _, said = result.stdout.decode("utf-8", "replace").partition("\n")
    if begun != runner.BEGUN:
        why = result.why or result.stderr.decode("utf-8", "replace").strip()[-200:]
        raise Quarantined(STEP, "runner_failed", f"{result.status}: {why}")
    if result.status in _STATUS:
        return Unfit(STEP, _STATUS[result.status], result.why)
    try:
        found = json.loads(said)
    except ValueError:
        return Unfit(STEP, "crashing", result.why or f"it ended the interpreter: {result.status}")
    if "broken" in found:
        return Unfit(STEP, "crashing", str(found["broken"]))
    results: list[dict[str, Any]] = found["results"]
    return results


def _shown(one: dict[str, Any]) -> str:
    return f"{next(iter(one.values()))!r:.60}"


def _output(text: str, one: dict[str, Any]) -> str:
    given = f"for {text!r:.60}"
    if "error" in one:
        if str(one["error"]).startswith("MemoryError"):
            raise Unfit(STEP, "too_much_memory", given)
        raise Unfit(STEP, "crashing", f"{given}: {one['error']}")
    if "steps" in one:
        raise Unfit(STEP, "too_slow", f"{given}: {one['steps']:,} steps and more")
    if "type" in one:
        raise Unfit(STEP, "not_a_string_function", f"{given} it returns {one['type']}")
    if "long" in one:
        raise Unfit(STEP, "overlong_output", f"{given}: {one['long']:,} characters")
    output = str(one["output"])
    if _ADDRESS.search(output) and not _ADDRESS.search(text):
        raise Unfit(STEP, "non_deterministic", f"{given} it returns an address in memory")
    try:
        output.encode("utf-8")
    except UnicodeEncodeError:
        raise Unfit(STEP, "not_text", f"{given} it returns half a character") from None
    if "\x00" in output:
        raise Unfit(STEP, "not_text", f"{given} it returns a null character")
    return output


def _check_telling(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """The output has to depend on the input, and be something else: of texts that are more than blanks."""
    pairs = [(text, output) for text, output in zip(inputs, outputs, strict=True) if text.strip()]
    if all(text == output for text, output in pairs):
        raise Unfit(STEP, "identity", f"of {len(pairs)} inputs, all come back as they are")
    ((common, many),) = Counter(output for _, output in pairs).most_common(1)
    if many == len(pairs):
        raise Unfit(STEP, "constant", f"{common!r:.60} for {len(pairs)} inputs")


async def differing_input(
    source: str, language: str, inputs: Sequence[str], outputs: Sequence[str], tools: Tools, limits: TruthLimits
) -> str | None:
    """Why a translation is not one; None where it gives the same output for every input."""
    calls = [Call(FUNCTION, [text]) for text in inputs]
    results = await tools.run(Program(language, source), calls, limits.sandbox)
    if results and results[0].status == "compile_error":
        return f"it does not compile: {results[0].stderr.decode('utf-8', 'replace').strip()[:200] or results[0].why}"
    for text, output, result in zip(inputs, outputs, results, strict=True):
        if result.status != "ok" or result.returned is None:
            return f"for {text!r:.60} it ends with {result.status}: {result.why}"[:200]
        if _value(result.returned) != output:
            return f"for {text!r:.60} it returns {result.returned:.60}, not {output!r:.60}"
    return None


def _value(returned: str) -> object:
    """What a program's side wrote; it is untrusted, and may be no JSON."""
    try:
        return json.loads(returned)
    except (ValueError, RecursionError):
        return None
