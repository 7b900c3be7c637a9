"""Install a lock into the environment of the Python that runs this:   .venv/bin/python locks/install.py cpu

torch goes first and alone, through pip (see torch.txt); all the rest is pinned, checked by its hash and installed
without resolving: by uv, in a tenth of pip's time, and by pip where uv cannot be had or fails. Both look where pip is
told to.
TORCH_INDEX=URL takes torch from that index and no other, e.g. from one that carries CPU builds; NO_UV=1 leaves uv out.
"""

from __future__ import annotations

import ast
import compileall
import os
import re
import runpy
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from uv import LOCKS, find_uv

TRIES = 3
PAUSE_S = 10
QUICKLY = ("--no-deps", "--no-compile")
"""Bytecode is written when a module is first imported, of the few that are; uv does the same."""
PLACES = ("index-url", "extra-index-url", "find-links", "no-index")
"""Settings of pip that say where packages come from; the others say how to get there."""


def pip(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> None:
    """Run pip, three times if need be: an index that answers late should not cost a fresh start.

    Raises:
        SystemExit: it failed three times; it has said why.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *map(str, arguments)]
    for attempt in range(1, TRIES + 1):
        if subprocess.run(command, env=environment, check=False).returncode == 0:
            return
        if attempt < TRIES:
            say(f"pip failed (try {attempt} of {TRIES}); once more in {PAUSE_S * attempt} s")
            time.sleep(PAUSE_S * attempt)
    raise SystemExit(1)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def pip_settings() -> dict[str, str]:
    """What pip reads for ``pip install``, from its files and the environment; the latter wins. Never printed: an
    address may hold a password."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[tuple[int, str], str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in (order := ("global", "install", ":env:")):
            found[order.index(section), key] = str(ast.literal_eval(value))
    return {key: value for (_, key), value in sorted(found.items())}


def uv_environment(settings: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The environment in which uv looks where pip would: uv reads no setting of pip's.

    Args:
        settings: of pip.
        given: the environment; what it says to uv itself is kept.
    """
    said = {
        "UV_DEFAULT_INDEX": settings.get("index-url"),
        "UV_INDEX": " ".join(settings.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(settings.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(settings.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": settings.get("timeout") or settings.get("default-timeout"),
        "SSL_CERT_FILE": settings.get("cert"),
        "ALL_PROXY": settings.get("proxy"),
        # As pip does: any index may have the file. Which file it is, the hash says.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    if {"UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX"} & set(given):
        said = {key: value for key, value in said.items() if "INDEX" not in key}
    return {key: value for key, value in said.items() if value} | dict(given)


def torch_environment(settings: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The environment in which pip looks for torch: as it is, or in TORCH_INDEX and nowhere else.

    An ``--index-url`` alone would leave extra indexes and ``find-links`` in force, and the newest build of all wins.
    """
    index = given.get("TORCH_INDEX")
    if not index:
        return dict(given)
    kept = {f"PIP_{key.upper().replace('-', '_')}": value for key, value in settings.items() if key not in PLACES}
    places = {f"PIP_{place.upper().replace('-', '_')}" for place in PLACES}
    rest = {key: value for key, value in given.items() if key not in places}
    return kept | rest | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index}


def install_torch(lock: str, environment: Mapping[str, str]) -> None:
    """Install torch, and what a build for CUDA needs where the lock does not bring it."""
    pip("install", "-qq", *QUICKLY, "-r", LOCKS / "torch.txt", environment=environment)
    # torch itself cannot be imported yet: it has none of its requirements.
    version = Path(sysconfig.get_path("platlib"), "torch", "version.py")
    cuda = runpy.run_path(str(version))["cuda"]
    if lock == "cpu" and cuda:
        say(
            f"torch came as a build for CUDA {cuda}: installing its CUDA libraries too (several GB); "
            "TORCH_INDEX=<an index of CPU builds> avoids that"
        )
        pip("install", "-qq", "-r", LOCKS / "torch.txt", environment=environment)
    elif lock != "cpu" and not cuda:
        raise SystemExit(
            f"locks/{lock}.txt needs a CUDA build of torch, but a CPU build came; set TORCH_INDEX to an index of CUDA "
            "builds"
        )


def install_by_uv(lock: Path, settings: Mapping[str, str]) -> bool:
    """Whether uv installed the lock; what stood in its way is said on stderr."""
    try:
        uv = find_uv()
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"uv cannot be had here ({type(error).__name__}, see above): pip installs the lock, in some minutes")
        return False
    command = [uv, "pip", "install", "--quiet", "--no-config", "--python", sys.executable]
    options = ["--no-deps", "--require-hashes", "-r", lock]
    done = subprocess.run([*command, *options], env=uv_environment(settings, os.environ), check=False)
    if done.returncode != 0:
        say("uv did not install the lock (see above): pip does it, which takes some minutes")
    return done.returncode == 0


def of_another_python(site: Path) -> list[str]:
    """Names of packages of which the wheel for another Python was installed: of one that has a wheel for each version
    (``multiprocess``), uv takes that of an older one, which then calls what this Python has otherwise."""
    found = []
    for wheel in site.glob("*.dist-info/WHEEL"):
        tags = re.findall(r"^Tag: py(\d+)-none-any", wheel.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if tags and not {"3", f"3{sys.version_info.minor}"} & set(tags):
            found.append(wheel.parent.name.partition("-")[0].lower().replace("_", "-"))
    return sorted(found)


def install_again_by_pip(lock: Path, names: list[str]) -> None:
    """Install these packages of the lock anew, by pip, which takes the wheel of this Python."""
    blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8"))
    wanted = [block for block in blocks if block.partition("==")[0].partition("[")[0] in names]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(wanted) + "\n")
        file.flush()
        pip("install", "-qq", *QUICKLY, "--force-reinstall", "--require-hashes", "-r", file.name)


def main() -> None:
    locks = sorted({path.stem for path in LOCKS.glob("*.in")} - {"uv"})
    if len(sys.argv) != 2 or sys.argv[1] not in locks:
        raise SystemExit(f"usage: python locks/install.py LOCK; the locks are: {', '.join(locks)}")
    lock = LOCKS / f"{sys.argv[1]}.txt"
    count = len(re.findall(r"^[a-z][^\n]*==", lock.read_text(encoding="utf-8"), flags=re.MULTILINE))
    print(f"installing torch and {count} packages of locks/{lock.name}: minutes, several GB", flush=True)
    settings = pip_settings()
    install_torch(lock.stem, torch_environment(settings, os.environ))
    if os.environ.get("NO_UV") == "1" or not install_by_uv(lock, settings):
        pip("install", "-qq", *QUICKLY, "--require-hashes", "-r", lock)
    elif names := of_another_python(Path(sysconfig.get_path("purelib"))):
        install_again_by_pip(lock, names)
    if sys.dont_write_bytecode:  # then no import would ever leave any, and each process would compile torch anew
        say("PYTHONDONTWRITEBYTECODE is set: compiling all modules now")
        compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)


if __name__ == "__main__":
    main()
