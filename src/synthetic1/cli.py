"""The command line: `synthetic1 PROGRAM …` runs the same `main` as `python FOLDER/PROGRAM.py …`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

app = typer.Typer(
    name="synthetic1",
    help="Verifiable rewards for reasoning models: environments, verifiers, a GRPO trainer, verified traces.",
    epilog="Start with `synthetic1 doctor`, then `synthetic1 grpo env=code_understanding recipe=demo`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a program prints its own one-line errors; a traceback is asked for, not framed
)


@dataclass(frozen=True)
class Subcommand:
    """A program with a `main()` of its own that reads ``sys.argv`` (Hydra's `key=value` arguments)."""

    name: str
    module: str
    summary: str
    extra: str
    """The extra of ``pip install`` that brings what the program imports."""


PROGRAMS = (
    Subcommand(
        "grpo",
        "synthetic1.trainers.grpo",
        "Train with GRPO on verifiable rewards: `env=… model=… rollout=… recipe=…`; `--help` lists the configuration.",
        "train",
    ),
    Subcommand(
        "sft",
        "synthetic1.trainers.sft",
        "Fine-tune on verified traces: `data=… model=…`; `--help` lists the configuration.",
        "train",
    ),
    Subcommand(
        "r1",
        "synthetic1.trainers.r1",
        "DeepSeek-R1's recipe: verified traces, SFT, GRPO, each measured; `--help` lists the configuration.",
        "train",
    ),
    Subcommand(
        "generate",
        "synthetic1.datagen.generate",
        "Generate verified traces: `env=… model=… server=… samples=…`; `--help` lists the configuration.",
        "train",
    ),
    Subcommand(
        "verify",
        "synthetic1.datagen.verify",
        "Verify a run's completions anew, with the verifiers of today: `run=…`; `--help` lists the configuration.",
        "train",
    ),
    Subcommand(
        "export",
        "synthetic1.datagen.export",
        "Export what a run verified: `run=… to=… format=sft|preference|synthetic1`; `--help` lists the configuration.",
        "train",
    ),
    Subcommand(
        "curate",
        "synthetic1.datagen.curate",
        "Make tasks of raw datasets: `recipe=math|code|swe|stem|code_understanding|repair input=… output=…`; `--help` "
        "lists the configuration.",
        "curate",
    ),
    Subcommand(
        "evaluate",
        "synthetic1.evaluation.evaluate_model",
        "pass@1 and pass@k of a checkpoint or a server: `env=… model=…`; `--help` lists the configuration.",
        "train",
    ),
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
        if (error.name or "").partition(".")[0] == "synthetic1":
            raise
        typer.echo(
            f"synthetic1 {program.name}: the package `{error.name}` is not installed; "
            f"run: pip install 'synthetic1[{program.extra}]'",
            err=True,
        )
        raise typer.Exit(2) from None


def _add_command(program: Subcommand) -> None:
    @app.command(
        program.name,
        help=program.summary,
        add_help_option=False,  # `synthetic1 grpo --help` is answered by the program
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def command(context: typer.Context) -> None:
        forward(program, context.args)


for _program in PROGRAMS:
    _add_command(_program)


@app.command()
def doctor() -> None:
    """Say what is installed, what works here, and what to do about the rest."""
    from synthetic1.doctor import examine, render, sandbox_finding
    from synthetic1.sandbox.command import look

    found = [
        sandbox_finding(state.kind, state.works, state.what, list(state.languages), state.lacks) for state in look()
    ]
    report = examine([finding for finding in found if finding.name != "subprocess"])
    typer.echo(render(report))
    raise typer.Exit(0 if report.healthy else 1)


VALIDATE = """Score every task's own gold, which must score 1: do this with tasks before you train on them.

A gold fails because its task is wrong (the answer, the tests) or because the verifier is too strict. It is unscorable \
where the verifier cannot read the task, or has no sandbox or judge here: the reason says which.

Exit status: 0 if every gold that there is scores 1; 1 if one does not; 2 if no task has a gold."""


@app.command(help=VALIDATE, epilog="For example: `synthetic1 validate math my_tasks.jsonl --limit 100`")
def validate(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENV|FILE",
            help="Families (`math`), ids (`synthetic1/math-v0`), or tasks in files: .jsonl, .jsonl.gz, .parquet, "
            "folders and globs of them, hf://datasets/…, embedded:FAMILY. Without any: all families.",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only so many tasks of each, spread evenly.")] = None,
    json_file: Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write all of it there, too.")] = None,
) -> None:
    from synthetic1.evaluation.validation import run

    raise typer.Exit(run(sources or (), limit, json_file))


AUDIT = """Measure a verifier on cases made of real golds: rewritten golds must score 1, changed ones must score 0.

No model is needed. For every gold it writes equivalents (the same answer as other people type it) and mutants \
(answers that look like it and mean something else, guess lists, negations, the question given back), scores them, and \
shows which kinds the verifier gets wrong. An independent oracle has to agree with what a case claims.

Of a code task whose row publishes several golds (APPS, TACO, CodeContests, a column `solutions`) up to eight are \
run. Some pass and others give another output: the solutions disagree, and the task needs a checker. None passes: \
nobody has shown that the tests can be passed. `--quarantine FILE` writes such tasks, for `exclude=FILE` of the \
environment.

Exit status, whatever is quarantined: 0; 1 if more mutants are accepted than `--max-false-accept` allows; 2 if there \
is nothing to audit."""


@app.command(
    "audit", help=AUDIT, epilog="For example: `synthetic1 audit my_tasks.jsonl --verifier my_grader:Grader --limit 200`"
)
def _audit(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENV|FILE",
            help='As for `validate`; also .jsonl files with golds alone: {"gold": …, "set": …}. '
            "Without any: all families.",
        ),
    ] = None,
    verifier: Annotated[
        str | None, typer.Option(metavar="MODULE:CLASS", help="Audit this verifier instead of the tasks' own.")
    ] = None,
    limit: Annotated[int, typer.Option(help="So many golds of each, spread evenly; 0: all.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Of the random choices: which digit, which term.")] = 0,
    json_file: Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write all of it there, too.")] = None,
    html_file: Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write a page of it there.")] = None,
    quarantine_file: Annotated[
        str | None,
        typer.Option(
            "--quarantine",
            metavar="FILE",
            help="Write the tasks there whose published golds disagree, or of which no gold passes, a JSON object a "
            "line: for `exclude=FILE` of the code environment, or of open_tasks.",
        ),
    ] = None,
    max_false_accept: Annotated[float, typer.Option(help="The share of accepted mutants that still exits with 0.")] = 0,
    thorough: Annotated[
        bool,
        typer.Option(
            "--thorough",
            help="Ask the slow oracle about every case that the quick one cannot read; change golds of code tasks in "
            "Python, too, which are then run outside the sandbox: for golds that you trust.",
        ),
    ] = False,
    rescore: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Instead of an audit: score the rollouts of an export anew, and show where the stored score, or that "
            "of --verifier, is another one. May be given several times.",
        ),
    ] = None,
) -> None:
    from synthetic1.evaluation.audit import run, run_rescoring

    if rescore:
        raise typer.Exit(run_rescoring([*rescore, *(sources or ())], verifier=verifier, json_file=json_file))
    status = run(
        sources or (),
        verifier=verifier,
        limit=limit,
        seed=seed,
        json_file=json_file,
        html_file=html_file,
        quarantine_file=quarantine_file,
        max_false_accept=max_false_accept,
        thorough=thorough,
    )
    raise typer.Exit(status)


@app.command()
def runs(folder: str = typer.Option("runs", "--runs", help="Where run folders are.")) -> None:
    """List the runs of `synthetic1 generate`, the one written last first."""
    from synthetic1.datagen.show import list_runs

    _print(lambda: list_runs(folder))


@app.command()
def show(
    run: str = typer.Argument(help="A run's name or folder; or tasks: a file, or a folder that `curate` wrote."),
    problem: str = typer.Argument("", help="A problem id, or its beginning: show its traces, or the task, whole."),
    folder: str = typer.Option("runs", "--runs", help="Where run folders are."),
    only: str = typer.Option(
        "", "--only", help="Only completions with this verdict: verified, refuted, unscored, or a reason."
    ),
    limit: int = typer.Option(20, "--limit", help="How many tasks to list."),
) -> None:
    """Read a run, its counts and tasks, or the traces, verdicts and reasons of one problem; or read tasks."""
    from synthetic1.datagen.show import show_run
    from synthetic1.datagen.show_tasks import holds_tasks, show_tasks

    _print(lambda: show_tasks(run, problem, limit) if holds_tasks(run) else show_run(run, problem, folder, only, limit))


def _print(text: Callable[[], str]) -> None:
    from synthetic1.jobs.program import ProgramError

    try:
        typer.echo(text())
    except ProgramError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


@app.command(
    "sandbox",
    help="Run untrusted programs: `build` makes the Docker image, `status` says what works here, `clean` tidies up.",
    add_help_option=False,  # answered by the commands themselves
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def _sandbox(context: typer.Context) -> None:
    from synthetic1.sandbox.command import app as sandbox

    sandbox(args=context.args, prog_name="synthetic1 sandbox")


CALIBRATE = Subcommand(
    "judge calibrate",
    "synthetic1.evaluation.calibrate_judge",
    "Measure how often a judge errs: `judge=…`; `--help` lists the configuration.",
    "train",
)


@app.command(
    "judge",
    help="The judge of judged families: `calibrate judge=…` measures how often it errs; training asks for that.",
    add_help_option=False,  # `synthetic1 judge calibrate --help` is answered by the program
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def _judge(context: typer.Context) -> None:
    if context.args[:1] != ["calibrate"]:
        typer.echo(f"usage: synthetic1 {CALIBRATE.name} judge=…\n\n{CALIBRATE.summary}", err=True)
        raise typer.Exit(0 if context.args[:1] in (["--help"], ["-h"]) else 2)
    forward(CALIBRATE, context.args[1:])


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("synthetic1"))
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    """Shared by all commands."""


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
