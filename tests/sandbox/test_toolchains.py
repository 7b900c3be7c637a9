"""Finding this machine's compilers and interpreters, and precompiling headers for them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from synthetic1.sandbox.languages.cpp import flags
from synthetic1.sandbox.languages.registry import get_language
from synthetic1.sandbox.languages.versions import older_than_image
from synthetic1.sandbox.local import toolchains


def make_command(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_another_compiler_has_another_identity(tmp_path):
    make_command(tmp_path, "g++", "#!/bin/sh\necho 12\n")
    before = toolchains.identity(str(tmp_path))
    assert toolchains.identity(str(tmp_path)) == before
    make_command(tmp_path, "g++", "#!/bin/sh\necho 13.1\n")
    assert toolchains.identity(str(tmp_path)) != before


def test_a_switch_of_rustup_is_followed_to_the_real_toolchain(tmp_path, monkeypatch):
    real, switch = tmp_path / "real", tmp_path / "switch"
    for folder in (real / "bin", switch):
        folder.mkdir(parents=True)
    make_command(real / "bin", "rustc", "#!/bin/sh\n")
    make_command(switch, "rustc", f"#!/bin/sh\necho {real}\n")
    monkeypatch.setattr(toolchains, "_SYSTEM", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", f"{switch}:/usr/bin:/bin")
    found = toolchains.elsewhere()
    assert found["rustc"] == str(real)
    assert os.access(f"{found['python3']}/bin/python3", os.X_OK)


def test_search_path_is_below_the_root_and_then_in_toolchains(tmp_path):
    (tmp_path / "bin").mkdir()
    path = toolchains.search_path("/roots/a", {"x": str(tmp_path), "headers": "/nothing/there"})
    assert path == f"/roots/a/usr/local/bin:/roots/a/usr/bin:/roots/a/bin:{tmp_path}/bin"


def test_headers_are_precompiled_once_and_taken(tmp_path, require):
    """Where all processes of the tests have theirs: they cost half a minute."""
    require("g++", shutil.which("g++"), "apt-get install g++")
    path = os.environ["PATH"]
    (folder,) = toolchains.precompiled(path).values()
    made = Path(folder, "bits", "stdc++.h.gch").stat().st_mtime_ns
    assert toolchains.precompiled(path) == {"synthetic1/precompiled": folder}
    assert Path(folder, "bits", "stdc++.h.gch").stat().st_mtime_ns == made
    (tmp_path / "main.cpp").write_text("#include <bits/stdc++.h>\nint main() {}\n")
    for standard in ("c++17", "c++20"):
        argv = ["g++", *flags(standard), "-H", f"-I{folder}", "-fsyntax-only", str(tmp_path / "main.cpp")]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stderr.splitlines()
        assert f"! {folder}/bits/stdc++.h.gch/{standard}" in said, "`!` marks a precompiled header that was used"


def test_without_a_compiler_there_are_no_headers(tmp_path):
    assert toolchains.precompiled(str(tmp_path)) == {}


@pytest.mark.parametrize(
    ("language", "said", "older"),
    [
        ("javascript", "v22.1.0", ""),
        ("javascript", "v18.20.4", "javascript: 18.20.4 is older than 22, what the image has"),
        ("rust", "rustc 1.63.0 (4b91a6ea7 2022-08-08)", "rust: 1.63.0 is older than 1.85, what the image has"),
        ("rust", "rustc 1.95.0 (59807616e 2026-04-14)", ""),
        ("cpp", "g++ (Debian 12.2.0-14+deb12u1) 12.2.0", ""),
        ("cpp", "g++ (Ubuntu 9.4.0-1ubuntu1~20.04.2) 9.4.0", "cpp: 9.4.0 is older than 12, what the image has"),
        ("python", "Python 3.9.2", "python: 3.9.2 is older than 3.11, what the image has"),
        ("python", "", ""),
    ],
)
def test_older_than_the_image(language, said, older):
    assert older_than_image(get_language(language), said) == older
