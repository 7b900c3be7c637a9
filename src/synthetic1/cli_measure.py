"""The commands that measure tasks, verifiers and completions in files: `validate`, `audit`, `score`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Imports = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        metavar="MODULE",
        help="Import it first: it registers verifiers, row readers or environments. May be repeated.",
    ),
]
Engine = Literal["local", "ray"]
JsonFile = Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write all of it there, too.")]


def import_first(names: list[str] | None) -> None:
    """What `imports=[…]` is to programs.

    Raises:
        typer.Exit: with code 2, a module cannot be imported.
    """
    if not names:
        return
    from synthetic1.jobs.imports import import_modules

    try:
        import_modules(names)
    except ValueError as error:
        typer.echo(f"error: --import: {error}", err=True)
        raise typer.Exit(2) from None


VALIDATE = """Score every task's own gold, which must score 1.

Do this before you train on tasks. A gold fails because its task is wrong (the answer, the tests) or because the \
verifier is too strict. It is unscorable where the verifier cannot read the task, or has no sandbox or judge here: the \
reason says which.

Exit status: 0 if every gold that there is scores 1; 1 if one does not; 2 if no task has a gold."""


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
    json_file: JsonFile = None,
    imports: Imports = None,
) -> None:
    import_first(imports)
    from synthetic1.evaluation.validation import run

    raise typer.Exit(run(sources or (), limit, json_file))


AUDIT = """Measure a verifier: rewritten golds score 1, changed ones 0.

No model is needed. For every gold it writes equivalents (the same answer as other people type it), which must score \
1, and mutants (answers that look like it and mean something else, guess lists, negations, the question given back), \
which must score 0, and shows which kinds the verifier gets wrong. An independent oracle has to agree with what a case \
claims.

Of a code task whose row publishes several golds (APPS, TACO, CodeContests, a column `solutions`) up to eight are \
run. Some pass and others give another output: the solutions disagree, and the task needs a checker. None passes: \
nobody has shown that the tests can be passed. `--quarantine FILE` writes such tasks, for `exclude=FILE` of the \
environment.

Exit status, whatever is quarantined: 0; 1 if more mutants are accepted than `--max-false-accept` allows; 2 if there \
is nothing to audit."""


def audit(
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
    json_file: JsonFile = None,
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
    engine: Annotated[
        Engine, typer.Option(help="Where verifiers work: on this machine, or on the nodes of a Ray cluster.")
    ] = "local",
    ray_address: Annotated[
        str,
        typer.Option(
            "--ray-address",
            metavar="ADDRESS",
            help="The cluster of --engine ray: auto (the one of this machine), HOST:PORT, ray://HOST:10001, or local.",
        ),
    ] = "auto",
    imports: Imports = None,
) -> None:
    import_first(imports)
    from synthetic1.evaluation.audit import run, run_rescoring
    from synthetic1.scale.settings import RaySection

    cluster = RaySection(address=ray_address) if engine == "ray" else None
    if rescore:
        files = [*rescore, *(sources or ())]
        raise typer.Exit(run_rescoring(files, verifier=verifier, json_file=json_file, cluster=cluster))
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
        cluster=cluster,
    )
    raise typer.Exit(status)


SCORE = """Score completions in a file, whoever made them.

A row holds its task (the columns of any format that tasks are read from, or a whole task in `synthetic1_task`), or an \
id (`task_id`, `problem_id`, `id`) of a task of `--tasks`; and what a model wrote, in `completion`, `llm_response` or \
`response` (a text, or messages), or as the last of `messages`. `finish_reason`, `reasoning` and `thinking_open` count \
where a row has them. The file is read row by row, and may be larger than the memory.

`--output` gets every row with an object `verdict`: score, reason, answer, details, verifier. The same command goes on \
where it stopped, and tries anew what could not be scored. Bad rows are counted, the first ones named, and left out.

Exit status: 0 if every row has a score; 1 if some are bad or could not be scored; 2 if none could be read, or for a \
user error; 130 if it was stopped."""


def score(
    file: Annotated[str, typer.Argument(metavar="FILE", help=".jsonl (also .gz, .xz, .bz2, .zst) or .parquet")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where the rows with their verdicts go, as JSON Lines."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin anew if the output is there.")] = False,
    tasks: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Where rows that name a task by its id find it: a file, hf://…"),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(metavar="NAME=COLUMN,…", help="Of rows in no known format: prompt=question,answer=gold"),
    ] = None,
    completion: Annotated[str | None, typer.Option(metavar="COLUMN", help="Which column holds the completion.")] = None,
    thinking_open: Annotated[
        bool, typer.Option("--thinking-open", help="The prompts ended inside <think>, as rendered for the model.")
    ] = False,
    judge: Annotated[
        str | None, typer.Option(metavar="URL", help="The judge of judged families: local, or a server's URL.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="The summary goes there, too.")
    ] = None,
    imports: Imports = None,
) -> None:
    import_first(imports)
    from synthetic1.evaluation.score_file import run

    status = run(
        file,
        output=output,
        overwrite=overwrite,
        tasks=tasks,
        columns=columns,
        completion=completion,
        thinking_open=thinking_open,
        judge=judge,
        json_file=json_file,
    )
    raise typer.Exit(status)
