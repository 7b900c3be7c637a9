"""What leaves the repository: the wheel, the locks, and nothing that names a machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PYPROJECT["tool"]["setuptools"]["packages"]
FOLDERS: dict[str, str] = PYPROJECT["tool"]["setuptools"]["package-dir"]
LOCKS = {"cpu": ("train", "sandbox", "judge", "dev"), "gpu": ("train", "vllm", "sandbox", "judge", "dev")}
CUDA_ONLY = {"torchvision", "torchaudio", "torchcodec", "triton"}
"""As the registry builds them; the first three break transformers and vLLM beside a CPU build of torch."""

SOURCES = {ROOT / "src/synthetic1/tasks/embedded" / name for name in ("code", "stem", "swe")}
"""What `tasks/embedded/{code,stem,swe}.jsonl` are made of; they stay in the repository."""


def _import_name(folder: Path, top: str) -> str:
    return ".".join([top, *folder.relative_to(ROOT / FOLDERS[top]).parts])


def test_every_folder_is_a_listed_package() -> None:
    found = {
        _import_name(init.parent, top)
        for top, folder in FOLDERS.items()
        for init in (ROOT / folder).rglob("__init__.py")
        if not any(ROOT / other in init.parents for other in FOLDERS.values() if other.startswith(f"{folder}/"))
    }
    assert sorted(PACKAGES) == sorted(found)


def test_every_config_group_is_a_package() -> None:
    """Hydra finds a group through ``pkg://`` only when its folder is a package."""
    groups = {path.parent for path in (ROOT / "configs").rglob("*.yaml")}
    assert groups, "there are no configs"
    assert [str(group) for group in groups if not (group / "__init__.py").exists()] == []


@pytest.fixture(scope="module")
def wheel_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources and installed by itself into an empty folder."""
    base = tmp_path_factory.mktemp("wheel")
    source, dist, target = base / "source", base / "dist", base / "target"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, source / name)
    for folder in FOLDERS.values():
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    alone = ["--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "wheel", *alone, "--no-build-isolation", "-w", str(dist), str(source)], check=True)
    (wheel,) = dist.glob("*.whl")
    subprocess.run([*pip, "install", *alone, "--target", str(target), str(wheel)], check=True)
    return target


def _run_from(folder: Path, program: str) -> Any:
    """Run ``program`` with only the wheel on ``PYTHONPATH``, outside the checkout; the JSON it prints."""
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=folder.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_wheel_holds_every_package_and_its_data(wheel_folder: Path) -> None:
    suffixes = {pattern.lstrip("*") for pattern in PYPROJECT["tool"]["setuptools"]["package-data"]["*"]}
    missing = [
        str(path.relative_to(ROOT))
        for top, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if SOURCES.isdisjoint(path.parents)
        if (path.suffix in suffixes or path.name in suffixes or path.suffix == ".py")
        and not (wheel_folder / _import_name(path.parent, top).replace(".", "/") / path.name).exists()
    ]
    assert missing == []
    assert (wheel_folder / "synthetic1/py.typed").exists()


def test_wheel_leaves_no_file_behind() -> None:
    """A data file of a kind that ``package-data`` does not name would work here and be missing in a wheel."""
    kinds = {pattern.lstrip("*") for pattern in PYPROJECT["tool"]["setuptools"]["package-data"]["*"]} | {".py"}
    documents = {".md"}  # for readers of the repository
    odd = [
        str(path.relative_to(ROOT))
        for folder in FOLDERS.values()
        for path in (ROOT / folder).rglob("*")
        if SOURCES.isdisjoint(path.parents)
        if path.is_file()
        and path.name[0] != "."  # an index of rows, made when they are read
        and "__pycache__" not in path.parts
        and path.suffix not in kinds | documents
        and path.name not in kinds
    ]
    assert odd == []


def test_wheel_imports(wheel_folder: Path) -> None:
    program = f"""
import importlib, json, sys
homes = [importlib.import_module(name).__file__ for name in {PACKAGES!r}]
print(json.dumps([homes, sorted({{"torch", "transformers", "trl", "vllm", "datasets"}} & set(sys.modules))]))
"""
    homes, heavy = _run_from(wheel_folder, program)
    assert all(home.startswith(str(wheel_folder)) for home in homes)
    assert heavy == [], "importing our packages must not import these"


def test_wheel_is_small(wheel_folder: Path) -> None:
    files = [path for path in (wheel_folder / "synthetic1").rglob("*") if path.is_file()]
    shipped = [path for path in files if "__pycache__" not in path.parts]  # which an import leaves, not the wheel
    assert sum(path.stat().st_size for path in shipped) / 2**20 <= 8


def _pins(lock: str) -> dict[str, tuple[str, int]]:
    """Package → (version, number of hashes) of a lock file."""
    text = (ROOT / "locks" / f"{lock}.txt").read_text(encoding="utf-8")
    entries = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)((?: \\\n\s+--hash=\S+)*)", text, flags=re.MULTILINE)
    return {canonicalize_name(name): (version, hashes.count("--hash=")) for name, version, hashes in entries}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_satisfies_pyproject(lock: str) -> None:
    project = PYPROJECT["project"]
    lines = list(project["dependencies"])
    for extra in LOCKS[lock]:
        lines += project["optional-dependencies"][extra]
    pins = _pins(lock) | _pins("torch")
    wrong = []
    for requirement in map(Requirement, lines):
        version, _ = pins.get(canonicalize_name(requirement.name), (None, 0))
        if version is None or not requirement.specifier.contains(version):
            wrong.append(f"{requirement} is pinned to {version}")
    assert wrong == [], f"run `make lock`, then look at locks/{lock}.txt"


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_is_hashed_and_leaves_torch_out(lock: str) -> None:
    pins = _pins(lock)
    assert len(pins) > 100
    assert [name for name, (_, hashes) in pins.items() if hashes == 0] == []
    assert "torch" not in pins
    assert list(_pins("torch")) == ["torch"]
    assert _pins("torch")["torch"][1] == 0


def test_cpu_lock_has_nothing_for_cuda() -> None:
    names = set(_pins("cpu"))
    assert not names & CUDA_ONLY
    assert not [name for name in names if name.startswith(("nvidia-", "cuda-"))]


def _repository_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        return []
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


# Written in pieces, so that this file does not find itself.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "download." + "pytorch.org"]
MACHINE_PATH = re.compile(r"(?<![\w./~$}])/(?:root|home|Users|work|opt/pypi)/[\w.]+")


def test_no_file_names_a_registry_or_a_machine(require: Any) -> None:
    files = _repository_files()
    require("the git checkout", files, "run the tests in a clone")
    found = []
    for path in files:
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if any(host in line for host in REGISTRIES) or MACHINE_PATH.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []
