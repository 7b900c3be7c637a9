"""`synthetic1 serve`: rewards over HTTP, for trainers that are not this one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from synthetic1.serving.settings import KEY_VARIABLE, ServingError, ServingSettings, read_bytes, read_key

HELP = f"""Score completions over HTTP: a task and a completion in, a verdict out.

The API key comes from the environment variable {KEY_VARIABLE} or from --api-key-file, never from the command line, \
which others can read. Without one the server takes a loopback address only.

SIGTERM, or Ctrl-C, ends it when all that was accepted is answered."""
EPILOG = (
    "For example: `synthetic1 serve --tasks tasks.jsonl`, then `curl localhost:8080/v1/families`; the OpenAPI pages "
    "are at /docs. docs/serve.md has the endpoints, limits, metrics and deployment."
)
DEFAULTS = ServingSettings()

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=HELP, epilog=EPILOG)
def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen at; 0.0.0.0: all of this machine's.")
    ] = DEFAULTS.host,
    port: Annotated[int, typer.Option(help="0: any free one.")] = DEFAULTS.port,
    api_key_file: Annotated[
        str | None, typer.Option(metavar="FILE", help=f"A file with the API key, in place of {KEY_VARIABLE}.")
    ] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Listen to other machines without a key; the network must be closed.")
    ] = False,
    families: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="Families (`math,code`) that are served, and without which the server is not ready. Default: all, and "
            "it is ready with those that work here.",
        ),
    ] = "",
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="Tasks that clients may name by id: a file, folder or glob, hf://…, embedded:FAMILY. May be repeated.",
        ),
    ] = None,
    sandbox: Annotated[str, typer.Option(help="Where programs run: auto, docker, bubblewrap.")] = DEFAULTS.sandbox,
    slots: Annotated[int | None, typer.Option(help="Programs at once. Default: one a core.")] = None,
    judge_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="An OpenAI-compatible server that judges (stem, swe); `local`: port 8001 here."
        ),
    ] = None,
    judge_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its model. Default: the one it serves.")
    ] = None,
    judge_config: Annotated[
        str | None, typer.Option(metavar="FILE", help="YAML with all settings of a judge: url, model, votes …")
    ] = None,
    imports: Annotated[
        list[str] | None,
        typer.Option("--import", metavar="MODULE", help="Import it first: it registers verifiers. May be repeated."),
    ] = None,
    max_body: Annotated[str, typer.Option(metavar="SIZE", help="Of a request's body; more is answered 413.")] = "16MiB",
    max_pairs: Annotated[int, typer.Option(help="Pairs of a request; more are answered 413.")] = DEFAULTS.max_pairs,
    concurrency: Annotated[int, typer.Option(help="Requests scored at once; others wait.")] = DEFAULTS.concurrency,
    queue: Annotated[int, typer.Option(help="Requests that wait; more are answered 503.")] = DEFAULTS.queue,
    connections: Annotated[int, typer.Option(help="Open connections; more are answered 503.")] = DEFAULTS.connections,
    timeout: Annotated[
        float,
        typer.Option(
            help="Seconds of scoring; pairs without a verdict are unscorable_infra then, so that a low limit "
            "takes verdicts from slow programs."
        ),
    ] = DEFAULTS.timeout_s,
    read_timeout: Annotated[
        float, typer.Option(help="Seconds in which a request must have arrived whole; then 408.")
    ] = DEFAULTS.read_timeout_s,
    grace: Annotated[float, typer.Option(help="Seconds to finish what was accepted, at the end.")] = DEFAULTS.grace_s,
    unscorable: Annotated[
        str,
        typer.Option(
            metavar="error|NUMBER",
            help="What /get_reward and /test_program answer where there is no score: an error (503, or 409 if the task "
            "is at fault), or this number. /v1 says null always.",
        ),
    ] = "error",
) -> None:
    try:
        settings = ServingSettings(
            host=host,
            port=port,
            api_key=read_key(os.environ, api_key_file),
            without_key=without_key,
            max_body=read_bytes(max_body),
            max_pairs=max_pairs,
            concurrency=concurrency,
            queue=queue,
            connections=connections,
            timeout_s=timeout,
            read_timeout_s=read_timeout,
            grace_s=grace,
            families=tuple(name.strip() for name in families.split(",") if name.strip()),
            tasks=tuple(tasks or ()),
            sandbox=sandbox,  # type: ignore[arg-type]  # it is checked there
            slots=slots,
            judge=_judge(judge_url, judge_model, judge_config),
            unscorable=_number(unscorable),
        )
        _import(imports or ())
        from synthetic1.serving.server import serve as run  # brings FastAPI, which --help does not need

        run(settings)
    except ServingError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


def _number(text: str) -> float | None:
    if text == "error":
        return None
    try:
        return float(text)
    except ValueError:
        raise ServingError(f"--unscorable must be `error` or a number, got `{text}`") from None


def _judge(url: str | None, model: str | None, file: str | None) -> dict[str, Any] | None:
    """The settings of a judge, as environments take them."""
    found: dict[str, Any] = {}
    if file is not None:
        import yaml

        try:
            read = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ServingError(f"--judge-config {file}: {' '.join(str(error).split())}") from None
        if not isinstance(read, dict):
            raise ServingError(f"--judge-config {file}: must hold a mapping, such as `url: http://…/v1`")
        found |= read
    found |= {name: value for name, value in (("url", url), ("model", model)) if value is not None}
    return found or None


def _import(names: list[str] | tuple[()]) -> None:
    if not names:
        return
    from synthetic1.jobs.imports import import_modules

    try:
        import_modules(names)
    except ValueError as error:
        raise ServingError(f"--import: {error}") from None


def main() -> None:
    """Reads ``sys.argv``."""
    app(prog_name="synthetic1 serve")


if __name__ == "__main__":
    main()
