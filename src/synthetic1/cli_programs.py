"""The programs that `synthetic1 NAME …` starts: each has a `main` that reads ``sys.argv``, imported when called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

import typer

from synthetic1 import extras

TRAIN, DATA, MEASURE = "Train", "Data", "Measure"
SERVE, LOOK = "Serve and extend", "Look"
PANELS = (TRAIN, DATA, MEASURE, SERVE, LOOK)
"""The parts of `synthetic1 --help`, in its order."""
UNTOUCHED = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Context settings of a command whose arguments are read by somebody else."""


@dataclass(frozen=True)
class Subcommand:
    """A program with a `main()` of its own that reads ``sys.argv``."""

    name: str
    module: str
    summary: str
    extra: str | None
    """The extra of ``pip install`` that brings what the program imports; None: it needs no more than the core."""
    panel: str = ""
    config: str | None = None
    """Its root file in configs/, if its arguments are settings as ``key=value``; ``--help`` then shows all of them."""


PROGRAMS = (
    Subcommand(
        "grpo",
        "synthetic1.trainers.grpo",
        "Train with GRPO on verifiable rewards: `env=… model=… recipe=…`",
        "train",
        TRAIN,
        "grpo",
    ),
    Subcommand(
        "sft", "synthetic1.trainers.sft", "Fine-tune on verified traces: `data=… model=…`", "train", TRAIN, "sft"
    ),
    Subcommand(
        "r1", "synthetic1.trainers.r1", "DeepSeek-R1's recipe: traces, SFT, GRPO, each measured.", "train", TRAIN, "r1"
    ),
    Subcommand(
        "curate",
        "synthetic1.datagen.curate",
        "Make tasks of raw datasets: `recipe=… input=… output=…`",
        "curate",
        DATA,
        "curate",
    ),
    Subcommand(
        "generate",
        "synthetic1.datagen.generate",
        "Generate verified traces: `env=… model=… server=…`",
        "train",
        DATA,
        "generate",
    ),
    Subcommand(
        "verify",
        "synthetic1.datagen.verify",
        "Verify a run's completions anew: `run=…`",
        "train",
        DATA,
        "verify",
    ),
    Subcommand(
        "export",
        "synthetic1.datagen.export",
        "Export what a run verified: `run=… to=… format=…`",
        "train",
        DATA,
        "export",
    ),
    Subcommand(
        "evaluate",
        "synthetic1.evaluation.evaluate_model",
        "pass@k of a checkpoint or a server: `env=… model=…`",
        "train",
        MEASURE,
        "evaluate_model",
    ),
    Subcommand("serve", "synthetic1.serving.program", "Rewards over HTTP, for any trainer.", "serve", SERVE),
    Subcommand(
        "pool",
        "synthetic1.pool.program",
        "Lead a pool of contributed machines: `serve env=… model=…`.",
        "pool",
        SERVE,
    ),
    Subcommand("worker", "synthetic1.pool.worker.program", "Contribute this machine to a pool.", "pool", SERVE),
    Subcommand("init", "synthetic1.scaffold.program", "Begin an environment family of your own.", None, SERVE),
)
"""In the order of `--help`."""

CALIBRATE = Subcommand(
    "judge calibrate",
    "synthetic1.evaluation.calibrate_judge",
    "Measure how often a judge errs: `judge=…`; `--help` lists the settings.",
    "train",
    MEASURE,
    "calibrate_judge",
)


def forward(program: Subcommand, arguments: list[str]) -> None:
    """Import the program and call its `main` with ``arguments`` as its command line, untouched.

    Raises:
        typer.Exit: with code 2, a package that the program needs is not installed.
    """
    try:
        main: Callable[[], object] = importlib.import_module(program.module).main
        sys.argv = [f"synthetic1 {program.name}", *arguments]
        main()  # which imports what is heavy only when it needs it
    except ModuleNotFoundError as error:
        message = extras.explained(error, program.extra)
        if message is None:
            raise
        typer.echo(f"synthetic1 {program.name}: {message}", err=True)
        raise typer.Exit(2) from None
