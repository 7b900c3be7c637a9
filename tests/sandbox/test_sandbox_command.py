"""`synthetic1 sandbox build|status|clean`, as a person calls them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from synthetic1.cli import app as synthetic1
from synthetic1.sandbox.docker.engine import connect_engine, engine_address
from synthetic1.sandbox.image import build as image_build

NOWHERE = "unix:///nowhere/docker.sock"


def call(*arguments):
    return CliRunner().invoke(synthetic1, ["sandbox", *arguments])


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """A cache folder of this test's own; but the precompiled headers, which take long to make, are everybody's."""
    ours = tmp_path / "cache" / "synthetic1"
    theirs = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "synthetic1", "precompiled")
    theirs.mkdir(parents=True, exist_ok=True)
    ours.mkdir(parents=True)
    (ours / "precompiled").symlink_to(theirs)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return ours / "compile"


def test_build_says_when_there_is_nothing_to_do(sandbox_image):
    done = call("build")
    assert (done.exit_code, done.output.splitlines()) == (0, [f"{sandbox_image} is there already", sandbox_image])


def test_build_without_an_engine_fails_in_one_line(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    done = call("build")
    assert done.exit_code == 1
    assert done.output.startswith(f"synthetic1 sandbox: docker: no engine answers at {NOWHERE}: ")
    assert len(done.output.splitlines()) == 1


def test_status_says_what_auto_takes_and_what_there_is(sandbox_image):
    done = call("status")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("sandbox=auto takes docker: Docker engine ")
    for line in (
        "    python      Python 3.11.",
        "    rust        rustc 1.85.",
        f"image       {sandbox_image} (this version)",
    ):
        assert line in done.output
    assert "UNSAFE" in done.output
    assert "compile cache  0.0 MiB in " in done.output


def test_status_says_why_not_docker(bubblewrap, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    done = call("status")
    assert done.exit_code == 0, done.output
    assert "sandbox=auto takes bubblewrap: " in done.output
    assert f"✗ docker: no engine answers at {NOWHERE}" in done.output


def test_status_fails_where_nothing_works(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = call("status")
    assert done.exit_code == 1, done.output
    assert "sandbox=auto finds nothing that works" in done.output
    assert "apt-get install bubblewrap" in done.output


def test_clean_keeps_this_version_and_all_takes_it_too(sandbox_image, cache, monkeypatch):
    api = connect_engine(engine_address())
    monkeypatch.setattr(image_build, "REPOSITORY", "synthetic1-test-of-clean")  # images of others are theirs
    current = image_build.image_tag()
    for tag in ("synthetic1-test-of-clean:old", current):
        api.tag(sandbox_image, *tag.split(":"))
    try:
        cache.mkdir(parents=True)
        (cache / "x").write_bytes(b"x")
        done = call("clean")
        assert done.exit_code == 0, done.output
        assert not cache.exists()
        assert image_build.our_images(api) == [current]
    finally:
        monkeypatch.setattr("synthetic1.sandbox.docker.container.sweep", lambda *_, **__: 0)
        assert call("clean", "--all").exit_code == 0
    assert image_build.our_images(api) == []
    assert api.inspect_image(sandbox_image)


def test_an_unknown_command_is_named():
    done = call("destroy")
    assert done.exit_code == 2
    assert "destroy" in done.output
