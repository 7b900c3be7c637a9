"""vLLM on the CPU with the embedded model, once without and once with a reasoning parser; never both at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import vllm_hearers as hearers
from vllm_process import Vllm

from synthetic1.inference.launch import free_port


@pytest.fixture
def nobodys_port() -> Iterator[int]:
    """Nobody listens at it, and nobody else is given it."""
    with free_port() as held:
        yield held.getsockname()[1]


@pytest.fixture(scope="module", params=[False, True], ids=["no_parser", "parser"])
def vllm(request: pytest.FixtureRequest, kept_vllm: Any) -> Vllm:
    """A server; it ends before the other one starts."""
    server: Vllm = kept_vllm.get(parser=request.param)
    return server


@pytest.fixture(params=["ours", "theirs"], ids=["ours", "openai"])
def hear(request: pytest.FixtureRequest) -> Any:
    """Ask and listen, through our client or through the ``openai`` package (``vllm_hearers.py``)."""
    return getattr(hearers, request.param)


@pytest.fixture(scope="session")
def heard_of() -> Any:
    """What is to be heard in a reply of ``Vllm.post``."""

    def read(reply: Mapping[str, Any]) -> list[Any]:
        usage = reply["usage"]
        return [hearers.Heard.of(one["message"], one["finish_reason"], usage) for one in reply["choices"]]

    return read


@pytest.fixture(scope="session")
def protocol() -> Any:
    """The fields of a request, for ``Vllm.post``."""
    return hearers.protocol
