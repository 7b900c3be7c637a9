"""`locks/install.py`: where it looks for packages, what it checks, and what it does without uv. On a loopback index."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".cache/lock-tools/bin/uv"
MAIN = """
import sys
sys.path.insert(0, "locks")
import install
install.PAUSE_S = 0
sys.argv = ["install.py", "cpu"]
install.main()
"""
CUDA, CPU = "2.13.0+cu130", "2.13.0"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """A wheel by hand, where a listing of ``folder`` is a simple index."""
    path = folder / name / f"{name}-{version}-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(file, text)
    return path


@dataclass
class Machine:
    """A checkout that has locks alone, a fresh environment, and three indexes: pip's, its extra one, one for torch."""

    folder: Path
    python: Path
    indexes: str
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def site(self) -> Path:
        (found,) = (self.folder / "venv/lib").glob("python*/site-packages")
        return found

    def lock(self, sha256: str) -> None:
        (self.folder / "locks/cpu.txt").write_text(f"tiny==1.0 \\\n    --hash=sha256:{sha256}\n", encoding="utf-8")

    def install(self, **environment: str) -> subprocess.CompletedProcess[str]:
        for name in ("torch", "tiny"):
            for path in self.site.glob(f"{name}*"):
                shutil.rmtree(path)
        given = {k: v for k, v in (self.environment | environment).items() if k != "PYTHONDONTWRITEBYTECODE"}
        command = [self.python, "-c", MAIN]
        return subprocess.run(command, cwd=self.folder, env=given, capture_output=True, text=True, check=False)

    def installed(self) -> dict[str, str]:
        names = [path.name.removesuffix(".dist-info").split("-") for path in self.site.glob("*.dist-info")]
        return {name: version for name, version in names if name in ("torch", "tiny")}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    indexes = folder / "indexes"
    for name in ("install.py", "uv.py", "uv.txt", "torch.txt"):
        (folder / "locks").mkdir(exist_ok=True)
        shutil.copy(ROOT / "locks" / name, folder / "locks" / name)
    (folder / "locks/cpu.in").touch()
    tiny = _wheel(indexes / "simple", "tiny", "1.0", {"tiny/__init__.py": ""})
    _wheel(indexes / "torch", "torch", CPU, {"torch/version.py": "cuda = None\n"})
    _wheel(indexes / "extra", "torch", CUDA, {"torch/version.py": "cuda = '13.0'\n"})
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(indexes)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"127.0.0.1:{server.server_port}"
    # As a company's set-up may be: in a file, and with a password.
    (folder / "pip.conf").write_text(
        f"[global]\nindex-url = http://someone:secret@{at}/simple\n[install]\nextra-index-url =\n    http://{at}/extra\n",
        encoding="utf-8",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    environment = kept | {"PIP_CONFIG_FILE": str(folder / "pip.conf"), "PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}
    made = Machine(folder, folder / "venv/bin/python", f"http://{at}", environment)
    made.lock(hashlib.sha256(tiny.read_bytes()).hexdigest())
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def with_uv(machine: Machine, require: Any) -> Iterator[Machine]:
    require("uv", UV.exists(), "python3 locks/uv.py")
    tools = machine.folder / ".cache/lock-tools/bin"
    tools.mkdir(parents=True)
    (tools / "uv").symlink_to(UV)
    yield machine
    shutil.rmtree(machine.folder / ".cache")


def test_uv_looks_where_pip_is_told_to(with_uv: Machine) -> None:
    done = with_uv.install()
    assert done.returncode == 0, done.stderr
    assert with_uv.installed() == {"torch": CUDA, "tiny": "1.0"}
    (record,) = with_uv.site.glob("tiny-*/INSTALLER")
    assert record.read_text() == "uv"
    assert "build for CUDA 13.0" in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_torch_index_is_the_only_place_where_torch_is_looked_for(with_uv: Machine) -> None:
    """Any other place may have a build of a higher version, as +cu130 is, and pip would take that."""
    more = {"PIP_EXTRA_INDEX_URL": f"{with_uv.indexes}/extra", "PIP_FIND_LINKS": f"{with_uv.indexes}/extra/torch/"}
    done = with_uv.install(TORCH_INDEX=f"{with_uv.indexes}/torch", **more)
    assert done.returncode == 0, done.stderr
    assert with_uv.installed() == {"torch": CPU, "tiny": "1.0"}
    assert done.stderr == ""


def test_without_uv_pip_installs_the_lock_and_it_is_said(machine: Machine) -> None:
    done = machine.install(TORCH_INDEX=f"{machine.indexes}/torch")
    assert done.returncode == 0, done.stderr
    assert machine.installed() == {"torch": CPU, "tiny": "1.0"}
    (record,) = machine.site.glob("tiny-*/INSTALLER")
    assert record.read_text().strip() == "pip"
    assert "uv cannot be had here" in done.stderr
    assert "secret" not in done.stdout + done.stderr
    shutil.rmtree(machine.folder / ".cache")


def test_what_has_another_hash_is_not_installed(with_uv: Machine) -> None:
    said = (with_uv.folder / "locks/cpu.txt").read_text()
    try:
        with_uv.lock("0" * 64)
        done = with_uv.install(TORCH_INDEX=f"{with_uv.indexes}/torch")
    finally:
        (with_uv.folder / "locks/cpu.txt").write_text(said)
    assert done.returncode == 1
    assert with_uv.installed() == {"torch": CPU}
    assert "uv did not install the lock" in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_a_lock_that_is_not_there(machine: Machine) -> None:
    command = [sys.executable, machine.folder / "locks/install.py", "tpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "usage: python locks/install.py LOCK; the locks are: cpu\n"


def test_wheels_of_another_python_are_found(tmp_path: Path) -> None:
    """uv takes `py310-none-any` where there is `py311-none-any`, too; multiprocess then fails at its first process."""
    minor = sys.version_info.minor
    for name, tags in {
        "multiprocess-1": [f"py3{minor - 1}-none-any"],
        "right-1": [f"py3{minor}-none-any"],
        "plain-1": ["py3-none-any"],
        "both_of_them-1": ["py2-none-any", "py3-none-any"],
        "Older_One-1": ["py36-none-any"],
        "compiled-1": [f"cp3{minor}-cp3{minor}-manylinux_2_28_x86_64"],
    }.items():
        folder = tmp_path / f"{name}.dist-info"
        folder.mkdir()
        (folder / "WHEEL").write_text("Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from pathlib import Path; import install; print(install.of_another_python(Path({str(tmp_path)!r})))",
        ],
        cwd=ROOT / "locks",
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "['multiprocess', 'older-one']", done.stderr


GPU_DISK = 25 * 2**30
"""Bytes: 8.9 GB of packages, beside what was downloaded and pip's cache."""
IMPORTS = """
import torch, trl, vllm
from trl.generation import vllm_generation
assert torch.version.cuda, torch.__version__
print(torch.__version__, vllm.__version__, trl.__version__, vllm_generation.LLM.__name__)
"""


@pytest.mark.proofs
def test_the_lock_for_gpus_installs_and_imports(tmp_path: Path, require: Any) -> None:
    """`make venv LOCK=gpu` in a fresh clone; then what can be done without a GPU: imports, and a dry run."""
    wanted = os.environ.get("SYNTHETIC1_GPU_LOCK") == "1" and shutil.disk_usage(tmp_path).free > GPU_DISK
    require("the lock for GPUs", wanted, "SYNTHETIC1_GPU_LOCK=1, which downloads some 9 GB, and 25 GB of free disk")
    clone = tmp_path / "clone"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, clone / name)

    def run(*command: str) -> str:
        environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    run("make", "venv", "LOCK=gpu", f"PYTHON={sys.executable}")
    pinned = {
        name: version
        for line in (ROOT / "locks/gpu.in").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
        for name, _, version in [line.partition("==")]
    }
    torch, vllm, trl, engine = run(".venv/bin/python", "-c", IMPORTS).split()[-4:]
    assert (torch.partition("+")[0], vllm, trl) == (pinned["torch"], pinned["vllm"], pinned["trl"])
    assert engine == "LLM"
    said = run(".venv/bin/python", "trainers/grpo.py", "dry_run=true", "rollout.max_completion_length=8", "eval.n=0")
    assert "all is well" in said
