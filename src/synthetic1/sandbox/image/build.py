"""Making the sandbox image: named by what goes into it, from a base that is pulled or bootstrapped."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import TYPE_CHECKING

from synthetic1.sandbox.errors import SandboxError
from synthetic1.sandbox.image import node
from synthetic1.sandbox.languages.cpp import precompile_command
from synthetic1.sandbox.languages.packages import PACKAGES

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from docker import APIClient

REPOSITORY = "synthetic1-sandbox"
AGENT_FOLDER = "/opt/agent"
"""Where the image has the folder ``agent``."""
BASE = "debian:bookworm-slim"
MIRROR = "http://deb.debian.org/debian"
BUILD_S = 1800  # seconds between two lines of the engine: a large download says nothing for long

Say = Callable[[str], None]


def image_tag() -> str:
    """``synthetic1-sandbox:<12 hex digits>``, of all that goes in: the Dockerfile and what is given to it."""
    content = hashlib.blake2b(digest_size=6)
    for words in (_arguments(), dict(node.PACKAGES)):
        content.update(json.dumps(words, sort_keys=True).encode())
    for name, data in _context():
        content.update(f"\0{name}\0{len(data)}\0".encode() + data)
    return f"{REPOSITORY}:{content.hexdigest()}"


def _arguments() -> dict[str, str]:
    return {"PRECOMPILE": precompile_command(), "PACKAGES": " ".join(package.debian for package in PACKAGES)}


def _context() -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file that the build sees, but ``node``."""
    ours = files("synthetic1.sandbox")
    yield "Dockerfile", (ours / "image" / "Dockerfile").read_bytes()
    yield from _modules(ours / "agent", "agent")


def _modules(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    """Sources of a package and those in it, by name: equal files come in the same order everywhere."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith((".py", ".js", ".hpp")):
            yield f"{path}/{entry.name}", entry.read_bytes()
        elif (entry / "__init__.py").is_file():
            yield from _modules(entry, f"{path}/{entry.name}")


def build_image(api: APIClient, say: Say = print) -> str:
    """Make the image of this version, unless it is there; returns its tag.

    Raises:
        SandboxError: a step failed; the message says which, with the last line of what it said.
    """
    from docker.errors import DockerException, ImageNotFound

    tag = image_tag()
    try:
        api.inspect_image(tag)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        pass
    else:
        say(f"{tag} is there already")
        return tag
    provide_base(api, say)
    try:
        machine = api.version()["Arch"]
    except (DockerException, OSError) as error:
        raise SandboxError(f"building the sandbox image failed: {' '.join(str(error).split())}") from error
    files = {**dict(_context()), "node": node.node_binary(machine, say)}
    say(f"building {tag} (a few minutes the first time: it installs the four toolchains)")
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)  # no time, no owner: equal files make equal layers
            entry.size, entry.mode = len(data), 0o755 if name == "node" else 0o644
            archive.addfile(entry, io.BytesIO(data))
    context.seek(0)
    try:
        for event in api.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
            rm=True,
            forcerm=True,
            decode=True,
            network_mode="host",  # works where the engine has no network of its own
            timeout=BUILD_S,
            buildargs={**_arguments(), **_proxies()},
        ):
            if "error" in event:
                raise SandboxError(f"building the sandbox image failed: {' '.join(event['error'].split())}")
            line = event.get("stream", "").strip()
            if line:
                say(line)
    except (DockerException, OSError) as error:
        raise SandboxError(f"building the sandbox image failed: {' '.join(str(error).split())}") from error
    return tag


def _proxies() -> dict[str, str]:
    """The engine lets these through to the build and keeps them out of the image."""
    names = ("http_proxy", "https_proxy", "no_proxy")
    return {name: value for base in names for name in (base, base.upper()) if (value := os.environ.get(name))}


def provide_base(api: APIClient, say: Say = print) -> None:
    """Have the base image: there already, pulled, or made with debootstrap.

    Raises:
        SandboxError: none of these works.
    """
    from docker.errors import APIError, ImageNotFound

    try:
        api.inspect_image(BASE)  # type: ignore[no-untyped-call]
        return
    except ImageNotFound:
        pass
    say(f"pulling {BASE}")
    repository, tag = BASE.split(":")
    try:
        api.pull(repository, tag=tag)
        return
    except (APIError, OSError) as error:
        say(f"it cannot be pulled ({' '.join(str(error).split())[:200]}); making it with debootstrap")
    bootstrap_base(api, say)


def bootstrap_base(api: APIClient, say: Say = print) -> None:
    """Make the base image from Debian's packages.

    The mirror is ``SYNTHETIC1_DEBIAN_MIRROR``, or Debian's own.

    Raises:
        SandboxError: debootstrap is missing, is not run as root, or fails.
    """
    command = shutil.which("debootstrap", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if command is None:
        raise SandboxError(
            f"{BASE} can neither be pulled nor made: debootstrap is missing; apt-get install debootstrap"
        )
    if os.geteuid() != 0:
        raise SandboxError(f"{BASE} cannot be pulled, and debootstrap needs root: sudo synthetic1 sandbox build")
    mirror = os.environ.get("SYNTHETIC1_DEBIAN_MIRROR", MIRROR)
    with tempfile.TemporaryDirectory(prefix="synthetic1-base-") as folder:
        root, archive = os.path.join(folder, "root"), os.path.join(folder, "root.tar")
        steps = (
            [command, "--variant=minbase", "bookworm", root, mirror],
            ["tar", "--numeric-owner", "--one-file-system", "-C", root, "-cf", archive, "."],
        )
        for step in steps:
            process = subprocess.Popen(
                step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
            )
            last = ""
            assert process.stdout is not None
            for line in process.stdout:
                last = line.strip() or last
                if line.startswith("I:"):
                    say(last)
            if process.wait() != 0:
                raise SandboxError(f"{os.path.basename(step[0])} failed with exit code {process.returncode}: {last}")
        repository, tag = BASE.split(":")
        said = api.import_image_from_file(archive, repository=repository, tag=tag)
        if "error" in said:
            raise SandboxError(f"the engine did not take the base image: {' '.join(said.split())[:300]}")


def our_images(api: APIClient) -> list[str]:
    """Tags of all sandbox images there are, of this version and others."""
    return sorted(tag for image in api.images(name=REPOSITORY) for tag in image["RepoTags"] or ())
