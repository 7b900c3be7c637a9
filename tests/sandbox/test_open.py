"""Which sandbox is taken, and what is said when none can be."""

from __future__ import annotations

import logging

import pytest

from synthetic1.sandbox import Program, SandboxUnavailable, open_sandbox
from synthetic1.sandbox import open as open_module
from synthetic1.sandbox.open import Settings

NOWHERE = "unix:///nowhere/docker.sock"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "podman"}, "sandbox must be one of auto, docker, bubblewrap, subprocess; got 'podman'"),
        ({"slots": 0}, "slots must be at least 1"),
        ({"kind": "subprocess"}, "unsafe=true"),
        ({"kind": "bubblewrap", "runtime": "runsc"}, "image, runtime and engine are settings of docker"),
        ({"kind": "docker", "rootfs": "/x"}, "rootfs is one of bubblewrap"),
        ({"rootfs": "/x", "image": "y"}, "rootfs is one of bubblewrap"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        open_sandbox(**settings)


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        ({}, ("docker", "bubblewrap")),
        ({"unsafe": True}, ("docker", "bubblewrap")),  # allowed is not asked for
        ({"runtime": "runsc"}, ("docker",)),
        ({"engine": NOWHERE}, ("docker",)),
        ({"rootfs": "/x"}, ("bubblewrap",)),
        ({"kind": "subprocess", "unsafe": True}, ("subprocess",)),
    ],
)
def test_what_auto_tries(settings, kinds):
    assert Settings(**settings).kinds == kinds


async def test_no_engine_is_said_in_one_line():
    with pytest.raises(SandboxUnavailable, match=rf"^docker: no engine answers at {NOWHERE}: .*$") as caught:
        await open_sandbox("docker", engine=NOWHERE)
    assert "\n" not in str(caught.value)


async def test_an_address_of_another_kind_is_refused():
    with pytest.raises(SandboxUnavailable, match="only unix:// and plain tcp://"):
        await open_sandbox("docker", engine="ssh://machine")


async def test_without_an_engine_auto_goes_on_and_says_why(bubblewrap, monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    monkeypatch.setattr(open_module, "_logged", set())
    caplog.set_level(logging.INFO, "synthetic1.sandbox")
    for _ in range(2):
        async with open_sandbox(slots=1, cache=tmp_path) as sandbox:
            assert sandbox.description.startswith("bubblewrap: ")
            assert f"not docker: no engine answers at {NOWHERE}" in sandbox.description
            (result,) = await sandbox.run(Program("python", "print(1)"), [b""])
            assert (result.stdout, result.sandbox, result.unsafe) == (b"1\n", "bubblewrap", False)
    said = [record.getMessage() for record in caplog.records if record.name == "synthetic1.sandbox.open"]
    assert said == [f"sandbox {sandbox.description}"], "once"


async def test_where_nothing_works_each_kind_says_what_would_help(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match=r"docker: no engine.*; bubblewrap: .*apt-get install bubblewrap"):
        await open_sandbox()


async def test_a_missing_image_says_how_to_make_it(sandbox_image):
    with pytest.raises(SandboxUnavailable, match=r"no image synthetic1-none; .*: synthetic1 sandbox build$"):
        await open_sandbox("docker", image="synthetic1-none")


async def test_an_image_without_the_agent_says_what_happened(sandbox_image):
    with pytest.raises(SandboxUnavailable, match=r"^docker: .*python3") as caught:
        await open_sandbox("docker", image="debian:bookworm-slim")
    assert "\n" not in str(caught.value)


async def test_a_missing_runtime_says_which_there_are(sandbox_image):
    with pytest.raises(SandboxUnavailable, match=r"no runtime `nothing`; it has: .*runc"):
        await open_sandbox("docker", runtime="nothing")
