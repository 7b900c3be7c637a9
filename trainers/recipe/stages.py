"""The stages of the R1 recipe: each a program run as a person would run it, skipped where its result is there."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthetic1.jobs import same_run, stopping
from synthetic1.jobs.program import MISSING, STOPPED, ProgramError
from synthetic1.reports.run_folder import RunFolder
from synthetic1.trainers.recipe.settings import R1Settings

NAMES = ("base", "SFT", "SFT + GRPO")
COMMAND_LINE = "synthetic1.cli"  # what starts every program by its name
NAME = "r1"  # of the runs inside of the recipe's folder


def folder(settings: R1Settings) -> Path:
    return (Path(settings.runs) / "r1" / settings.name).absolute()


def check_same(record: RunFolder, settings: R1Settings) -> None:
    """The folder holds this recipe, or none.

    Raises:
        ProgramError: names the settings that differ.
    """
    stored = record.read_config()
    if stored:
        same_run.check_same_run(record.path, stored, settings.model_dump(mode="json"), may_change={"imports", "runs"})


class Recipe:
    """What is done and what is next, in one folder. ``seconds`` holds what each stage took in this session."""

    def __init__(self, settings: R1Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.seconds: dict[str, float] = {}

    def traces(self) -> None:
        """Completions of the teacher, verified as they arrive, and the export of what passed."""
        s, t = self.settings, self.settings.traces
        if not (self.folder / "traces" / "manifest.json").is_file():
            where = [f"server={t.server}"] if t.server else ["launch=vllm"]
            self._run(
                "traces",
                "generate",
                *self._env(),
                f"model={t.teacher or s.base}",
                *where,
                f"limit={t.tasks}",
                f"samples={t.samples}",
                f"seed={s.seed}",
                *t.arguments,
            )
            self._run(
                "export",
                "export",
                f"run={self.folder / 'generate' / NAME}",
                f"to={self.folder / 'traces'}",
                "format=sft",
                named=False,
            )

    def fine_tune(self) -> None:
        """The base on the verified traces."""
        s = self.settings
        if not (self.folder / "sft" / NAME / "result.json").is_file():
            data = f"data={self.folder / 'traces'}"
            self._run("SFT", "sft", data, f"model={s.base}", *self._going_on("sft"), *(s.sft.arguments or ()))

    def reinforce(self) -> None:
        """GRPO from the fine-tuned model."""
        s = self.settings
        if not (self.folder / "grpo" / NAME / "result.json").is_file():
            model = f"model={self.folder / 'sft' / NAME / 'model'}"
            arguments = ("eval.n=0", *(s.grpo.arguments or ()))  # the recipe evaluates every stage
            self._run("GRPO", "grpo", *self._env(), model, *self._going_on("grpo"), *arguments)

    def evaluations(self) -> list[tuple[str, dict[str, Any]]]:
        """Each stage's evaluation on the same held-out tasks, compared with the stage before."""
        s = self.settings
        models = (s.base, self.folder / "sft" / NAME / "model", self.folder / "grpo" / NAME / "model")
        measured: list[tuple[str, dict[str, Any]]] = []
        before: Path | None = None
        for number, (name, model) in enumerate(zip(NAMES, models, strict=True)):
            place = self.folder / "evaluate" / f"{number}"
            if not (place / "result.json").is_file():
                compare = [f"compare={before}"] if before is not None else []
                if place.exists() and RunFolder.open(place).read_config().get("model", {}).get("name") != str(model):
                    compare.append("overwrite=true")  # begun where the recipe's folder lay before
                self._run(
                    f"evaluation of {name}",
                    "evaluate",
                    *self._env(),
                    f"model={model}",
                    f"n={s.eval.n}",
                    f"seed={s.seed}",
                    f"runs={self.folder}",
                    f"run_name='{number}'",
                    *compare,
                    *s.eval.arguments,
                    named=False,
                )
            measured.append((name, json.loads((place / "result.json").read_text(encoding="utf-8"))))
            before = place
        return measured

    def _env(self) -> list[str]:
        """The environment, for a program that has a config of it, and what has to be imported to know it."""
        imports = [f"imports=[{','.join(self.settings.imports)}]"] if self.settings.imports else []
        env = self.settings.env
        group = env.name if (env.id or "").startswith("synthetic1/") else env.id
        return [*imports, f"env={group}", *(f"env.{k}={_value(v)}" for k, v in env.kwargs.items() if v is not None)]

    def _going_on(self, program: str) -> list[str]:
        resume = (self.folder / program / NAME / "config.yaml").is_file()
        return [f"seed={self.settings.seed}", *(["resume=true"] if resume else [])]

    def _run(self, stage: str, program: str, *arguments: str, named: bool = True) -> None:
        """Run a program to its end.

        Raises:
            ProgramError: it failed; it has said why.
            SystemExit: it was stopped.
        """
        if named:
            arguments = (*arguments, f"runs={self.folder}", f"run_name={NAME}")
        print(f"\n── {stage}: synthetic1 {program} {' '.join(arguments)}", flush=True)
        started = time.perf_counter()
        status = stopping.run_to_its_end([sys.executable, "-m", COMMAND_LINE, program, *arguments])
        self.seconds[stage] = time.perf_counter() - started
        if status == STOPPED:
            raise SystemExit(STOPPED)
        if status not in (0, MISSING):  # the traces that are there are enough to go on with
            raise ProgramError(f"{stage} ended with status {status}; the same command goes on from there")


def _value(value: Any) -> str:
    """A setting as Hydra's command line reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_value, value)) + "]"
    return str(value)
