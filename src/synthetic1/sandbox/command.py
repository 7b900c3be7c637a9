"""`synthetic1 sandbox build|status|clean`: the image, what works here, and what may be thrown away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import typer

from synthetic1.sandbox.errors import SandboxError, SandboxUnavailable
from synthetic1.sandbox.execution.compile_cache import CompileCache
from synthetic1.sandbox.languages.packages import PACKAGES, install_advice
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.sandbox.languages.versions import older_than_image
from synthetic1.sandbox.open import Kind, Settings, open_with

app = typer.Typer(help="Running untrusted programs: the image, what works here, what can be thrown away.")


@dataclass(frozen=True)
class State:
    """Of one kind of sandbox."""

    kind: Kind
    works: bool
    what: str
    """What it is, or why it does not work and what would help."""
    languages: dict[str, str] = field(default_factory=dict)
    """Name → version; those it can run."""
    caveats: tuple[str, ...] = ()
    """What it cannot guarantee here."""
    lacks: tuple[str, ...] = ()
    """What programs may use and would not find, or find older, with what to do about it."""


async def examine(kind: Kind) -> State:
    """Open it, look, and close it again."""
    try:
        sandbox = await open_with(Settings(kind, slots=1, unsafe=kind == "subprocess"))
    except SandboxUnavailable as error:
        return State(kind, False, str(error).removeprefix(f"{kind}: "))
    try:
        languages = await sandbox.versions()
        what = sandbox.description.removeprefix(f"{kind}: ")
        older = (older_than_image(get_language(name), said) for name, said in languages.items())
        lacks = [f"{line}; programs may use what it lacks" for line in older if line]
        missing = [package for package in PACKAGES if package in await sandbox.missing_packages()]
        missing = [package for package in missing if package.language in languages]
        if missing:
            lacks.append(f"no {', '.join(package.name for package in missing)}: {install_advice(missing)}")
        return State(kind, True, what, languages, sandbox.backend.caveats, tuple(lacks))
    finally:
        await sandbox.aclose()


def look() -> list[State]:
    """All kinds, one after the other; first those that ``auto`` tries. Takes a second or two."""

    async def examine_all() -> list[State]:
        return [await examine(kind) for kind in ("docker", "bubblewrap", "subprocess")]

    return asyncio.run(examine_all())


def _report_errors(function: Callable[[], None]) -> None:
    try:
        function()
    except SandboxError as error:
        typer.echo(f"synthetic1 sandbox: {error}", err=True)
        raise typer.Exit(1) from None


@app.command()
def build() -> None:
    """Make the Docker image with the four languages, unless it is there (minutes, and about 2.2 GB)."""
    from synthetic1.sandbox.docker.engine import connect_engine, engine_address
    from synthetic1.sandbox.image.build import build_image

    _report_errors(lambda: typer.echo(build_image(connect_engine(engine_address()), typer.echo)))


@app.command()
def status() -> None:
    """Say which sandbox `auto` takes and why, what each kind can do, and what lies around."""
    states = look()
    taken = next((state for state in states if state.works and state.kind != "subprocess"), None)
    typer.echo(f"sandbox=auto takes {taken.kind}: {taken.what}" if taken else "sandbox=auto finds nothing that works")
    for state in states:
        typer.echo(f"\n{'✓' if state.works else '✗'} {state.kind}: {state.what}")
        for name, version in state.languages.items():
            typer.echo(f"    {name:<11} {version}")
        for line in state.lacks:
            typer.echo(f"    {line}")
        for caveat in state.caveats:
            typer.echo(f"    not guaranteed: {caveat}")
    typer.echo("")
    for line in _leftovers():
        typer.echo(line)
    raise typer.Exit(0 if taken else 1)


def _leftovers() -> list[str]:
    lines = []
    try:
        from synthetic1.sandbox.docker.container import OWNER_LABEL
        from synthetic1.sandbox.docker.engine import connect_engine, engine_address
        from synthetic1.sandbox.image.build import image_tag, our_images

        api = connect_engine(engine_address())
        current = image_tag()
        for tag in our_images(api):
            lines.append(f"image       {tag}{' (this version)' if tag == current else ' (of another version)'}")
        lines.append(f"containers  {len(api.containers(all=True, filters={'label': OWNER_LABEL}))}")
    except SandboxUnavailable:
        pass
    cache = CompileCache()
    used = sum(file.stat().st_size for file in cache.folder.rglob("*") if file.is_file())
    lines.append(f"compile cache  {used / 2**20:.1f} MiB in {cache.folder}")
    return lines


@app.command()
def clean(
    everything: bool = typer.Option(False, "--all", help="Also this version's image and containers in use."),
) -> None:
    """Remove images of other versions, containers that were left, and the compile cache. Asks nothing."""
    _report_errors(lambda: _clean(everything))


def _clean(everything: bool) -> None:
    import shutil

    cache = CompileCache()
    if cache.folder.is_dir():
        shutil.rmtree(cache.folder)
        typer.echo(f"removed the compile cache {cache.folder}")
    try:
        from synthetic1.sandbox.docker.container import sweep
        from synthetic1.sandbox.docker.engine import connect_engine, engine_address
        from synthetic1.sandbox.image.build import image_tag, our_images

        api = connect_engine(engine_address())
    except SandboxUnavailable as error:
        typer.echo(f"no containers and images were looked for: {error}")
        return
    typer.echo(f"removed {sweep(api, everything=everything)} containers")
    current = image_tag()
    for tag in our_images(api):
        if everything or tag != current:
            try:
                api.remove_image(tag, force=everything)
            except Exception as error:  # another process uses it
                typer.echo(f"kept {tag}: {error}")
            else:
                typer.echo(f"removed {tag}")
