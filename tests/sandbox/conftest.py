"""What tests of the sandbox lean on: a Docker engine with the image of this version, bubblewrap."""

from __future__ import annotations

import shutil

import pytest

from synthetic1.sandbox.docker.engine import connect_engine, engine_address
from synthetic1.sandbox.errors import SandboxUnavailable
from synthetic1.sandbox.image.build import build_image


@pytest.fixture(scope="session")
def sandbox_image(require):
    """The tag of the sandbox image, which is built if it is missing: half a minute, or a few without a base image."""
    try:
        engine = connect_engine(engine_address())
    except SandboxUnavailable as error:
        require(f"a Docker engine ({error})", False, "apt-get install docker.io debootstrap && dockerd &")
    return build_image(engine)


@pytest.fixture(scope="session")
def bubblewrap(require):
    require("bubblewrap", shutil.which("bwrap"), "apt-get install bubblewrap libseccomp2")
