"""vLLM on the CPU with the embedded model, for tests: how it is started, and what it says about itself."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from synthetic1.jobs.embedded_model import FOLDER

MODEL = FOLDER
CONTEXT = 16_384  # tokens: a judge's prompt is some thousand for a tokenizer that knows few words
# Compact JSON: between two tokens of it a weak model writes blanks until it is cut off. Held to a schema also in
# thought: the parser takes all that comes before a `</think>` for one, and the embedded model may think or not.
STRUCTURED = {"backend": "xgrammar", "disable_any_whitespace": True, "enable_in_reasoning": True}
ARGUMENTS = ("--enforce-eager", "--max-model-len", str(CONTEXT), "--served-model-name", "embedded")
ARGUMENTS += ("--structured-outputs-config", json.dumps(STRUCTURED))
PARSER = ("--reasoning-parser", "deepseek_r1")
# One thread: with more, each of a tiny model's steps waits for cores that are busy elsewhere (10 times as long).
QUICK = {"OMP_NUM_THREADS": "1", "TORCH_COMPILE_DISABLE": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
QUICK |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}  # no process for the worker alone: importing vLLM takes ten seconds
START_S = 1200.0


@dataclass(frozen=True)
class Vllm:
    """A server that runs, and what it says to somebody who is neither our client nor the ``openai`` package."""

    url: str
    parser: bool
    tokenizer: Any

    def post(self, **fields: Any) -> dict[str, Any]:
        """Its reply to a chat completion, or its error."""
        body = json.dumps({"model": "embedded", **fields}).encode()
        asked = Request(f"{self.url}/chat/completions", body, {"Content-Type": "application/json"})
        try:
            with urlopen(asked, timeout=120) as reply:
                value: dict[str, Any] = json.load(reply)
        except HTTPError as error:
            value = json.load(error)
        return value

    def written(self, **fields: Any) -> str:
        """The text that the model wrote, from its tokens: no parser has seen it."""
        (choice,) = self.post(**fields, return_token_ids=True)["choices"]
        text: str = self.tokenizer.decode(choice["token_ids"], skip_special_tokens=True)
        return text

    def counted(self) -> Mapping[str, int]:
        """Tokens since it started, by its own metrics."""
        with urlopen(self.url.removesuffix("/v1") + "/metrics", timeout=20) as reply:
            lines = [line.rpartition(" ") for line in reply.read().decode().splitlines()]
        found = {name.partition("{")[0]: value for name, _, value in lines if not name.startswith("#")}
        return {kind: int(float(found[f"vllm:{kind}_tokens_total"])) for kind in ("prompt", "generation")}


@contextmanager
def running(require: Any, *, parser: bool = False) -> Iterator[Vllm]:
    """A server, for as long as the block lasts; never two at a time. Skips, or fails, where there is no vLLM."""
    from synthetic1.inference.launch import launch_vllm

    require("vLLM", importlib.util.find_spec("vllm"), "make venv")
    require("the embedded model", (MODEL / "model.safetensors").is_file(), "make embedded-model")
    from transformers import AutoTokenizer

    arguments = (*ARGUMENTS, *(PARSER if parser else ()))
    with asyncio.Runner() as runner:
        launched = launch_vllm(str(MODEL), arguments=arguments, start_s=START_S)
        with pytest.MonkeyPatch.context() as patch:  # for the server alone
            for name, value in QUICK.items():
                patch.setenv(name, value)
            server = runner.run(launched.__aenter__())
        try:
            assert server.model == "embedded"
            yield Vllm(server.urls[0], parser, AutoTokenizer.from_pretrained(MODEL))
        finally:
            runner.run(launched.__aexit__(None, None, None))


class KeptServer:
    """The server that the tests of several modules share. It starts when one first asks, and again with a parser."""

    def __init__(self, require: Any) -> None:
        self._require, self._stack = require, ExitStack()
        self._now: Vllm | None = None

    def get(self, *, parser: bool = False) -> Vllm:
        """The server that runs, if it is such a one; else it ends, and another one starts."""
        if self._now is None or self._now.parser != parser:
            self.end()
            self._now = self._stack.enter_context(running(self._require, parser=parser))
        return self._now

    def end(self) -> None:
        """End it, for those that need the memory or start one of their own."""
        self._now = None
        self._stack.close()
