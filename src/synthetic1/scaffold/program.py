"""`synthetic1 init NAME`: begin a family of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from synthetic1.scaffold.family_writer import FamilyError, write_family

HELP = """Begin a family of your own, outside this repository: a package that passes its own tests.

It has tasks, a verifier with a gold and cases for the audit, an environment, a config and tests; change them one \
by one. What it registers is known to every program with `imports=[NAME]`, and without it where the package is \
installed."""


def init(
    name: Annotated[str, typer.Argument(help="Of the package, e.g. my_env.")],
    folder: Annotated[str | None, typer.Option(help="Where to write it; without it, a folder of that name.")] = None,
) -> None:
    try:
        written = write_family(name, Path(folder or name))
    except FamilyError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    for path in written:
        typer.echo(path)
    typer.echo(f"\nNext: cd {folder or name} && python -m pytest; then README.md says what to change.")


def main() -> None:
    """The command line, from ``sys.argv``."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(help=HELP, epilog="For example: `synthetic1 init my_env`")(init)
    app(args=sys.argv[1:], prog_name="synthetic1 init")


if __name__ == "__main__":
    main()
