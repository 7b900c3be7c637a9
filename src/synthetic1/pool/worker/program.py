"""`synthetic1 worker`: contribute a machine to a pool."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from synthetic1.jobs.program import STOPPED, USAGE_ERROR
from synthetic1.pool.program import DEFAULT_KEY

HELP = """Contribute this machine to a pool: it is lent tasks, has a server answer them, proves and hands in.

The server is any OpenAI-compatible one that runs the pool's model, or a vLLM that is started here. What is done is \
kept on the disk until the pool has taken it: a worker that was killed, or cut off, goes on where it was.

Ctrl-C stops it: what is done is handed in."""
EPILOG = (
    "For example: `synthetic1 worker --join http://HOST:8470 --server http://localhost:8000/v1`, or with `--launch` in "
    "place of --server. docs/pool.md says what a pool checks."
)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=HELP, epilog=EPILOG)
def worker(
    join: Annotated[str, typer.Option(metavar="URL", help="The pool's address.")],
    server: Annotated[
        str | None, typer.Option(metavar="URL", help="An OpenAI-compatible server with the pool's model.")
    ] = None,
    launch: Annotated[bool, typer.Option("--launch", help="Start vLLM here, with the pool's model.")] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Where the model is on this machine: a folder, an id. Default: the pool's."),
    ] = None,
    key: Annotated[
        str, typer.Option(metavar="FILE", help="This node's private key; made there where there is none.")
    ] = DEFAULT_KEY,
    pool: Annotated[
        str | None, typer.Option(metavar="KEY", help="The public key that the pool must have. Default: any.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the dashboard calls it.")] = "",
    region: Annotated[str, typer.Option(help="Where it is, e.g. europe. No address is told.")] = "",
    concurrency: Annotated[int, typer.Option(help="Requests in flight.", min=1)] = 8,
    state: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="What is done and not handed in yet. Default: beside the key.")
    ] = None,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait at the start for a pool that is away.", min=0)
    ] = 30.0,
    api_key_env: Annotated[
        str, typer.Option(help="The environment variable that holds the server's key.")
    ] = "OPENAI_API_KEY",
) -> None:
    if (server is None) == (not launch):
        _fail("where from? give --server URL, or --launch to start vLLM here: one of them")
    from synthetic1.pool.worker.start import WorkerPlan, work

    file = Path(key).expanduser()
    plan = WorkerPlan(
        join=join,
        server=server,
        model=model,
        key=file,
        pool=pool,
        name=name,
        region=region,
        concurrency=concurrency,
        state=Path(state) if state else file.with_name(f"{file.stem}.work"),
        patience_s=patience,
        api_key_env=api_key_env,
    )
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        status = asyncio.run(work(plan))
    except KeyboardInterrupt:
        status = STOPPED
    except Exception as error:
        if not getattr(error, "user_error", False):
            raise
        _fail(" ".join(str(error).split()))
    raise typer.Exit(status)


def _fail(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    sys.exit(USAGE_ERROR)


def main() -> None:
    """Reads ``sys.argv``."""
    app(prog_name="synthetic1 worker")


if __name__ == "__main__":
    main()
