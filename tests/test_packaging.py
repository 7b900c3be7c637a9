"""What leaves the repository: the wheel, the locks, and nothing that names a machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PYPROJECT["tool"]["setuptools"]["packages"]
FOLDERS: dict[str, str] = PYPROJECT["tool"]["setuptools"]["package-dir"]
EXTRAS = frozenset(PYPROJECT["project"]["optional-dependencies"])
LOCKS = {"cpu": EXTRAS - {"vllm"}, "gpu": EXTRAS}
CUDA_ONLY = {"torchvision", "torchaudio", "torchcodec", "triton"}
"""As the registry builds them; the first three break transformers and vLLM beside a CPU build of torch."""

SOURCES = {ROOT / "src/synthetic1/tasks/embedded" / name for name in ("code", "stem", "swe")}
"""What `tasks/embedded/{code,stem,swe}.jsonl` are made of; they stay in the repository."""


def _import_name(folder: Path, top: str) -> str:
    return ".".join([top, *folder.relative_to(ROOT / FOLDERS[top]).parts])


def _below(top: str) -> Iterator[Path]:
    """All in the folder of a package, but for folders of others in it (`trainers/adapters`) and what is not shipped."""
    folder = ROOT / FOLDERS[top]
    others = {ROOT / other for other in FOLDERS.values()} - {folder}
    for path in folder.rglob("*"):
        if (SOURCES | {other for other in others if folder in other.parents}).isdisjoint(path.parents):
            yield path


def test_every_folder_is_a_listed_package() -> None:
    found = {_import_name(path.parent, top) for top in FOLDERS for path in _below(top) if path.name == "__init__.py"}
    assert sorted(PACKAGES) == sorted(found)


def test_every_config_group_is_a_package() -> None:
    """Hydra finds a group through ``pkg://`` only when its folder is a package."""
    groups = {path.parent for path in (ROOT / "configs").rglob("*.yaml")}
    assert groups, "there are no configs"
    assert [str(group) for group in groups if not (group / "__init__.py").exists()] == []


@dataclass(frozen=True)
class Built:
    """What a release would consist of."""

    sdist: frozenset[str]
    """The files in it, below its folder."""
    wheel: frozenset[str]
    """The files of the wheel made of the checkout."""
    wheel_of_sdist: frozenset[str]
    folder: Path
    """Where the latter is installed, by itself."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A wheel and an sdist, built from a copy of the sources; and a wheel of the sdist, installed by itself."""
    base = tmp_path_factory.mktemp("built")
    source, target = base / "source", base / "target"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, source / name)
    for folder in FOLDERS.values():
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )
    for kind in ("wheel", "sdist"):
        _build(kind, source, base / kind)
    (packed,) = (base / "sdist").glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(base, filter="data")
        sdist = frozenset(entry.name.partition("/")[2] for entry in archive if entry.isfile())
    _build("wheel", base / packed.name.removesuffix(".tar.gz"), base / "again")
    (wheel,), (again,) = (base / "wheel").glob("*.whl"), (base / "again").glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    alone = ["--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "install", *alone, "--target", str(target), str(again)], check=True)
    return Built(sdist, _files(wheel), _files(again), target)


def _build(kind: str, source: Path, to: Path) -> None:
    to.mkdir()
    program = f"from setuptools import build_meta; build_meta.build_{kind}({str(to)!r})"
    subprocess.run([sys.executable, "-c", program], cwd=source, check=True, capture_output=True)


def _files(wheel: Path) -> frozenset[str]:
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.fixture(scope="module")
def wheel_folder(built: Built) -> Path:
    return built.folder


def test_the_wheel_of_the_sdist_is_the_wheel(built: Built) -> None:
    assert built.wheel_of_sdist == built.wheel
    assert {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} <= built.sdist
    assert any(name.endswith("licenses/LICENSE") for name in built.wheel)


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
        for top in FOLDERS
        for path in _below(top)
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
        for top in FOLDERS
        for path in _below(top)
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


FROM_ANOTHER_FOLDER = """
import contextlib, io, json, runpy, sys
from pathlib import Path
import gymnasium as gym
import synthetic1

def command(*arguments):
    sys.argv = ["synthetic1", *arguments]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        runpy.run_module("synthetic1.cli", run_name="__main__")
    return out.getvalue()

env = gym.make("synthetic1/math-v0")
env.reset(seed=0)
said = {"step": env.step("It is \\\\boxed{0}.")[2]}
env.close()
said["version"] = command("--version").strip()
said["configs"] = command("grpo", "env=math", "recipe=r1", "--cfg", "job")
command("init", "their_env")
said["templates"] = sorted(str(path) for path in Path("their_env").rglob("*.toml"))
from synthetic1.datagen.curation import prompts
said["prompts"] = len(list(Path(prompts.__file__).parent.glob("*.md")))
from synthetic1.jobs import embedded_model
said["model"] = (Path(embedded_model.__file__).parent / "model.safetensors").exists()
print(json.dumps(said))
"""


def test_the_wheel_is_of_use_from_another_folder(wheel_folder: Path) -> None:
    said = _run_from(wheel_folder, FROM_ANOTHER_FOLDER)
    assert said["step"] is True
    assert said["version"] == PYPROJECT["project"]["version"]
    assert "\nenv:\n" in said["configs"]
    assert said["templates"] == ["their_env/pyproject.toml"]
    assert said["prompts"] == len(list((ROOT / "datagen/curation/prompts").glob("*.md"))) > 0
    assert said["model"] is True


def test_wheel_is_small(wheel_folder: Path) -> None:
    files = [path for path in (wheel_folder / "synthetic1").rglob("*") if path.is_file()]
    shipped = [path for path in files if "__pycache__" not in path.parts]  # which an import leaves, not the wheel
    assert sum(path.stat().st_size for path in shipped) / 2**20 <= 12


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
