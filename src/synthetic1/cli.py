"""The command line: `synthetic1 PROGRAM …` runs the same `main` as `python FOLDER/PROGRAM.py …`."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated

import typer

from synthetic1 import cli_measure
from synthetic1.cli_programs import (
    CALIBRATE,
    DATA,
    LOOK,
    MEASURE,
    PROGRAMS,
    SERVE,
    TRAIN,
    UNTOUCHED,
    Subcommand,
    forward,
)
from synthetic1.extras import said_in_one_line

app = typer.Typer(
    name="synthetic1",
    help="Verifiable rewards for reasoning models: environments, verifiers, a GRPO trainer, verified traces.",
    epilog="Start with `synthetic1 doctor`, then `synthetic1 grpo env=code_understanding recipe=demo`. "
    "`--help` of a command says all of it, of a program every setting with its comment.",
    no_args_is_help=True,
    add_completion=False,  # `synthetic1 completion` knows settings, too
    pretty_exceptions_enable=False,  # a program prints its own one-line errors; a traceback is asked for, not framed
)


def _add_program(program: Subcommand) -> None:
    @app.command(
        program.name,
        help=program.summary,
        add_help_option=False,  # `synthetic1 grpo --help` is answered by the program
        context_settings=UNTOUCHED,
        rich_help_panel=program.panel,
    )
    def command(context: typer.Context) -> None:
        forward(program, context.args)


def _add_programs(panel: str) -> None:
    for program in PROGRAMS:
        if program.panel == panel:
            _add_program(program)


# In the order of --help: a panel stands where its first command does ------------------------------------------------

_add_programs(TRAIN)
_add_programs(DATA)
_add_programs(MEASURE)
app.command("score", help=cli_measure.SCORE, rich_help_panel=MEASURE)(cli_measure.score)
app.command(
    "validate",
    help=cli_measure.VALIDATE,
    epilog="For example: `synthetic1 validate math my_tasks.jsonl --limit 100`",
    rich_help_panel=MEASURE,
)(cli_measure.validate)
app.command(
    "audit",
    help=cli_measure.AUDIT,
    epilog="For example: `synthetic1 audit my_tasks.jsonl --verifier my_grader:Grader --limit 200`",
    rich_help_panel=MEASURE,
)(cli_measure.audit)


@app.command(
    "judge",
    help="`judge calibrate judge=…`: how often a judge errs.",
    add_help_option=False,  # `synthetic1 judge calibrate --help` is answered by the program
    context_settings=UNTOUCHED,
    rich_help_panel=MEASURE,
)
def _judge(context: typer.Context) -> None:
    given = context.args[:1]
    if given == ["calibrate"]:
        forward(CALIBRATE, context.args[1:])
        return
    if given and get_close_matches(given[0], ["calibrate"]):
        typer.echo(f"No such command `judge {given[0]}`. Did you mean `judge calibrate`?", err=True)
    typer.echo(f"usage: synthetic1 {CALIBRATE.name} judge=…\n\n{CALIBRATE.summary}", err=True)
    raise typer.Exit(0 if given in (["--help"], ["-h"]) else 2)


_add_programs(SERVE)


@app.command(
    "sandbox",
    help="Run untrusted programs: `build`, `status`, `clean`.",
    add_help_option=False,  # answered by the commands themselves
    context_settings=UNTOUCHED,
    rich_help_panel=SERVE,
)
def _sandbox(context: typer.Context) -> None:
    from synthetic1.sandbox.command import app as sandbox

    sandbox(args=context.args, prog_name="synthetic1 sandbox")


RunsFolder = Annotated[str, typer.Option("--runs", help="Where run folders are.")]
RunName = Annotated[str, typer.Argument(help="A run: its name, PROGRAM/NAME, or its folder.")]


@app.command(rich_help_panel=LOOK)
def doctor() -> None:
    """Say what is installed and works here, and what to do."""
    from synthetic1.doctor import examine, render, sandbox_finding
    from synthetic1.sandbox.command import look

    found = [
        sandbox_finding(state.kind, state.works, state.what, list(state.languages), state.lacks) for state in look()
    ]
    report = examine([finding for finding in found if finding.name != "subprocess"])
    typer.echo(render(report))
    raise typer.Exit(0 if report.healthy else 1)


@app.command(rich_help_panel=LOOK)
def envs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ENV", help="Families or ids, each shown whole. Without any: a table.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    imports: cli_measure.Imports = None,
) -> None:
    """List the environments: arguments, tasks, verifier, needs."""
    cli_measure.import_first(imports)
    from synthetic1.evaluation.environments import run

    raise typer.Exit(run(names or (), as_json=as_json))


@app.command(rich_help_panel=LOOK)
def runs(
    folder: RunsFolder = "runs",
    program: Annotated[str, typer.Option("--program", help="Only the runs of this one, e.g. grpo.")] = "",
) -> None:
    """List the runs of all programs, the one written last first."""
    from synthetic1.datagen.show import list_runs

    _print(lambda: list_runs(folder, program))


@app.command(rich_help_panel=LOOK)
def show(
    run: Annotated[
        str,
        typer.Argument(
            help="A run: its name, PROGRAM/NAME, or its folder; or tasks: a file, or a folder that `curate` wrote."
        ),
    ],
    problem: Annotated[
        str, typer.Argument(help="A problem id, or its beginning: show its completions, or the task, whole.")
    ] = "",
    folder: RunsFolder = "runs",
    only: Annotated[
        str,
        typer.Option("--only", help="Only completions with this verdict: verified, refuted, unscored, or a reason."),
    ] = "",
    limit: Annotated[int, typer.Option("--limit", help="How many tasks or samples to list.")] = 20,
) -> None:
    """Read a run: settings, numbers, samples; or read tasks."""
    from synthetic1.datagen.show import show_run
    from synthetic1.datagen.show_tasks import holds_tasks, show_tasks

    _print(lambda: show_tasks(run, problem, limit) if holds_tasks(run) else show_run(run, problem, folder, only, limit))


@app.command(rich_help_panel=LOOK)
def report(run: RunName, folder: RunsFolder = "runs") -> None:
    """Write report.html of any run, also of one still running."""
    from synthetic1.datagen.show import write_report_of

    _print(lambda: write_report_of(run, folder))


@app.command(rich_help_panel=LOOK)
def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="Of which shell.")],
) -> None:
    """Print a shell's completion of commands and settings.

    For bash: eval "$(synthetic1 completion bash)" in ~/.bashrc; for zsh the same in ~/.zshrc, below compinit; for fish:
    synthetic1 completion fish > ~/.config/fish/completions/synthetic1.fish. Of programs it knows the settings
    (grpo env=…), as far as the chosen groups have them.
    """
    from synthetic1.cli_completion import script

    if (text := script(shell)) is None:
        typer.echo(f"there is no completion for `{shell}`; there is for bash, zsh and fish", err=True)
        raise typer.Exit(2)
    typer.echo(text)


@app.command("complete", hidden=True, context_settings=UNTOUCHED, add_help_option=False)
def _complete(context: typer.Context) -> None:
    """What the scripts of `completion` call: the words so far, the last one unfinished."""
    from synthetic1.cli_completion import candidates

    for candidate in candidates(app, context.args):
        typer.echo(candidate)


def _print(text: Callable[[], str]) -> None:
    try:
        typer.echo(text())
    except Exception as error:
        if not getattr(error, "user_error", False):
            raise
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(2) from None


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
    with said_in_one_line("synthetic1"):
        app()


if __name__ == "__main__":
    main()
