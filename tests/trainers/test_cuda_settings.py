"""What a run on GPUs rests on and a CPU can tell: number formats, revisions, what comes when, and a server."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synthetic1.jobs import embedded_model, launching, models
from synthetic1.jobs.model_settings import LoraSettings, ModelSettings
from synthetic1.jobs.program import ProgramError, validate
from synthetic1.trainers.finetuning.settings import SftSettings
from synthetic1.trainers.reinforcement import rollout

# Number formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "weights", "launched", "device", "expected"),
    [
        ("auto", "float32", "no", "cpu", "float32"),
        ("auto", "float32", "no", "ampere", "bfloat16"),
        ("auto", "float32", "no", "turing", "float32"),
        ("auto", "bfloat16", "no", "cpu", "bfloat16"),
        ("auto", "float32", "bf16", "cpu", "bfloat16"),
        ("float32", "float32", "no", "ampere", "float32"),
        ("bfloat16", "float32", "no", "cpu", "bfloat16"),
        ("float32", "float32", "bf16", "ampere", None),
        ("auto", "float32", "fp16", "ampere", None),
    ],
)
def test_what_is_computed_in(monkeypatch, asked, weights, launched, device, expected):
    import torch

    monkeypatch.setenv(models.LAUNCHED, launched)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: device != "cpu")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: device == "ampere")
    model = ModelSettings(name="embedded", dtype=weights)
    if expected is None:
        with pytest.raises(ProgramError, match=f"mixed_precision={launched} does not go with .*compute_dtype={asked}"):
            models.compute_dtype(asked, model)
    else:
        assert models.compute_dtype(asked, model) == expected
        assert expected in models.describe_dtype(asked, model)


@pytest.mark.parametrize(
    ("model", "compute", "said"),
    [
        ({"dtype": "float16"}, "auto", "model.dtype=float16 cannot be trained"),
        ({"dtype": "bfloat16"}, "float32", "compute_dtype=float32 needs weights in float32"),
    ],
)
def test_formats_that_cannot_be_trained(compose, model, compute, said):
    with pytest.raises(ProgramError, match=said):
        compose(*(f"model.{name}={value}" for name, value in model.items()), f"trainer.compute_dtype={compute}")
    sft = {"data": "d", "model": {"name": "embedded", **model}, "trainer": {"compute_dtype": compute}}
    with pytest.raises(ProgramError, match=said):
        validate(SftSettings, sft)


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_the_format_has_one_setting(compose, tmp_path, name):
    from synthetic1.trainers.finetuning.run import sft_config
    from synthetic1.trainers.reinforcement.trl_config import grpo_config

    with pytest.raises(ValueError, match=f"{name} follows from trainer.compute_dtype"):
        grpo_config(compose(f"+trainer.extra.{name}=true"), tmp_path, 1, {})
    sft = SftSettings(data="d", model=ModelSettings(name="embedded"), trainer={"extra": {name: True}})
    with pytest.raises(ValueError, match=f"{name} follows from trainer.compute_dtype"):
        sft_config(sft, tmp_path, 1)


@pytest.fixture
def formats(monkeypatch) -> set[tuple[str, str]]:
    """(format of the weights, format of what comes out) of every linear layer that has been called."""
    import torch

    seen: set[tuple[str, str]] = set()
    forward = torch.nn.Linear.forward

    def noted(self: Any, x: Any) -> Any:
        out = forward(self, x)
        seen.add(tuple(str(t.dtype).removeprefix("torch.") for t in (self.weight, out)))
        return out

    monkeypatch.setattr(torch.nn.Linear, "forward", noted)
    return seen


def stored_formats(folder: Path) -> tuple[set[Any], set[Any]]:
    """Those of the weights of a checkpoint, and of its optimizer's moments."""
    import torch
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "pt") as file:
        weights = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118  # no mapping
    state = torch.load(folder / "optimizer.pt")["state"]
    return weights, {value.dtype for one in state.values() for name, value in one.items() if name != "step"}


ONE = ("trainer.max_steps=1", "trainer.gradient_checkpointing=true", "rollout.max_completion_length=8")


def test_autocast_leaves_weights_and_optimizer_in_float32(train, tmp_path, monkeypatch, formats):
    """TRL's real code: rollout, update and evaluation are computed in bfloat16, and nothing that lasts is."""
    import torch
    from trl.trainer import grpo_trainer

    references = []
    made = grpo_trainer.create_model_from_path

    def noted(name, **options):
        references.append(options)
        return made(name, **options)

    monkeypatch.setattr(grpo_trainer, "create_model_from_path", noted)
    more = ("trainer.compute_dtype=bfloat16", "trainer.beta=0.1", "model.revision=other", "eval.n=3")
    run = train(*ONE, *more, f"runs={tmp_path}")
    assert formats == {("float32", "bfloat16")}
    assert stored_formats(run.path / "checkpoints/checkpoint-1") == ({torch.float32}, {torch.float32})
    assert run.result["before"]["n"] == run.result["after"]["n"] == 3
    (reference,) = references
    assert (reference["revision"], reference["dtype"]) == ("other", torch.float32)


def test_weights_in_bfloat16_are_all_in_bfloat16(train, tmp_path, formats):
    import torch

    run = train(*ONE, "model.dtype=bfloat16", f"runs={tmp_path}")
    assert formats == {("bfloat16", "bfloat16")}
    assert stored_formats(run.path / "checkpoints/checkpoint-1") == ({torch.bfloat16}, {torch.bfloat16})


# What comes when, and under which name -------------------------------------------------------------------------------


def test_the_model_is_read_when_it_is_known_how_it_is_shared_out(compose, tiny, tmp_path, monkeypatch):
    """TrainingArguments set DeepSpeed and FSDP up; a model that is there already is whole on every process."""
    from transformers import TrainingArguments

    from synthetic1.trainers import grpo, sft

    order: list[str] = []
    begin, load = TrainingArguments.__post_init__, models.load_model

    def arguments(self):
        order.append("arguments")
        begin(self)

    def model(settings):
        order.append("model")
        return load(settings)

    monkeypatch.setattr(TrainingArguments, "__post_init__", arguments)
    monkeypatch.setattr(models, "load_model", model)
    grpo.train(compose(*tiny, "dry_run=true", f"runs={tmp_path}"))
    assert order == ["arguments", "model"]
    order.clear()
    row = {"prompt": [{"role": "user", "content": "1"}], "completion": [{"role": "assistant", "content": "2"}]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    settings = {"data": str(tmp_path / "rows.jsonl"), "model": {"name": "embedded"}, "dry_run": True}
    sft.train(validate(SftSettings, settings | {"trainer": {"batch_size": 1}, "runs": str(tmp_path)}))
    assert order in (["arguments"], ["arguments", "model"])


def test_a_revision_reaches_all_that_read_the_model(monkeypatch):
    import transformers

    asked = []

    def noted(path, **options):
        asked.append(options["revision"])
        raise OSError("not here")

    model = ModelSettings(name="someone/something", revision="abc", lora=LoraSettings())
    for name in ("AutoConfig", "AutoTokenizer", "AutoModelForCausalLM"):
        monkeypatch.setattr(getattr(transformers, name), "from_pretrained", noted)
    for load in (models.load_config, models.load_tokenizer, models.load_model):
        with pytest.raises(ProgramError, match="someone/something"):
            load(model)
    assert asked == ["abc"] * 3
    assert models.lora_config(model).revision == "abc"
    assert launching.command_line(model, ()) == ("--revision", "abc")


@pytest.mark.parametrize("dtype", ["auto", "float32", "bfloat16"])
@pytest.mark.parametrize("revision", [None, "abc"])
def test_vllm_is_told_format_and_revision(compose, monkeypatch, dtype, revision):
    """As on a machine with CUDA: what TRL gives ``vllm.LLM``, and what is given beside it; vLLM knows all of it."""
    import sys
    from types import ModuleType

    import torch

    given: dict[str, Any] = {}
    vllm = ModuleType("vllm")
    vllm.LLM = lambda **options: given.update(options)
    monkeypatch.setitem(sys.modules, "vllm", vllm)
    monkeypatch.setattr(rollout, "_require_vllm", lambda backend: None)
    monkeypatch.setattr(rollout, "on_cpu", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    generation = importlib.import_module("trl.generation.vllm_generation")
    monkeypatch.setattr(generation, "LLM", None, raising=False)
    name = f"model.revision={revision}" if revision else "seed=0"
    rollout.rollout_fields(compose("rollout=vllm_colocate", f"trainer.compute_dtype={dtype}", name), 30)
    generation.LLM(model="m")
    assert given.pop("dtype") == ("float32" if dtype == "float32" else "bfloat16")
    assert given == {"model": "m", **({"revision": "abc", "tokenizer_revision": "abc"} if revision else {})}


def test_vllm_knows_what_it_is_told(require):
    require("vLLM", spec := importlib.util.find_spec("vllm"), "make venv")
    tree = ast.parse(Path(spec.origin).with_name("entrypoints").joinpath("llm.py").read_text())
    (made,) = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
    assert {"dtype", "revision", "tokenizer_revision"} <= {one.arg for one in (*made.args.args, *made.args.kwonlyargs)}


# A vLLM server -------------------------------------------------------------------------------------------------------

Replies = dict[str, tuple[int, Any]]
MODELS = "/v1/models"
GOOD: Replies = {
    "/health": (200, None),
    MODELS: (200, {"data": [{"id": "Qwen/Qwen3-0.6B"}]}),
    "/server_info": (200, {}),
}


class LoopbackServer(ThreadingHTTPServer):
    """Replies as it is told, path by path; ``asked`` has the paths."""

    def __init__(self, replies: Replies, late: int) -> None:
        self.replies, self.late, self.asked = replies, late, []
        super().__init__(("127.0.0.1", 0), _Reply)


class _Reply(BaseHTTPRequestHandler):
    server: LoopbackServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, value = self.server.replies.get(self.path, (404, None))
        if self.path == "/health" and self.server.asked.count(self.path) <= self.server.late:
            status = 503
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"" if value is None else json.dumps(value).encode() if value != "text" else b"<html>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[..., LoopbackServer]]:
    running = []

    def start(replies: Replies, late: int = 0) -> LoopbackServer:
        running.append(LoopbackServer(replies, late))
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return running[-1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def check(compose) -> Callable[..., None]:
    def call(port: int, *more: str, name: str = "Qwen/Qwen3-0.6B", wait_s: float = 0.2) -> None:
        where = f"rollout.vllm.server_base_url=http://127.0.0.1:{port}"
        model = () if name == "embedded" else ("model=hub", f"model.name={name}")
        rollout.check_server(
            compose("rollout=vllm_server", *model, where, f"rollout.vllm.server_wait_s={wait_s}", *more)
        )

    return call


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        (
            {"/health": (503, None)},
            r"no vLLM server answers at .*server_base_url=http://127.*Service Unavailable.*start",
        ),
        ({}, r"no vLLM server answers at .*Not Found"),
        ({**GOOD, MODELS: (404, None)}, "what answers at .* is not a vLLM server"),
        ({**GOOD, MODELS: (200, "text")}, "what answers at .* is not a vLLM server"),
        ({**GOOD, MODELS: (200, ["x"])}, "what answers at .* is not a vLLM server"),
        (
            {**GOOD, MODELS: (200, {"data": [{"id": "other"}]})},
            "serves other, not model=Qwen/Qwen3-0.6B; start it: .* serve Q",
        ),
        ({**GOOD, MODELS: (200, {"data": [{"id": "m", "root": "/x/Qwen3-8B"}]})}, "serves /x/Qwen3-8B and m, not"),
        ({**GOOD, "/server_info": (404, None)}, "takes no weights: VLLM_SERVER_DEV_MODE=1 is missing"),
    ],
)
def test_a_server_that_cannot_serve_is_said_in_one_line(serve, check, replies, said):
    with pytest.raises(ProgramError, match=said) as caught:
        check(serve(replies).server_port)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there(check):
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(
            ProgramError, match=r"no vLLM server answers at .* \(Connection refused\); start it: .*vllm serve"
        ):
            check(held.getsockname()[1])


def test_a_server_that_takes_the_call_and_never_answers(check, monkeypatch):
    import socket

    monkeypatch.setattr(rollout, "ANSWER_S", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        with pytest.raises(ProgramError, match=r"no vLLM server answers at .* \(timed out\)"):
            check(deaf.getsockname()[1])


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("Qwen/Qwen3-0.6B", {"id": "Qwen/Qwen3-0.6B"}),
        ("Qwen/Qwen3-0.6B", {"id": "policy", "root": "/models/qwen3-0.6b"}),
        ("/here/models/mine/", {"id": "/there/models/mine"}),
        ("/here/models/mine/", {"id": "policy", "root": "models/mine"}),
        ("runs/grpo/MINE/model", {"id": "/srv/runs/grpo/MINE/model"}),
        ("/here/grpo/MINE/model", {"id": "MINE/model"}),
        ("embedded", {"id": "/elsewhere/embedded_model"}),
    ],
)
def test_the_right_server_passes(serve, check, name, served):
    server = serve({**GOOD, MODELS: (200, {"data": [served]})})
    check(server.server_port, name=name)
    assert server.asked == ["/health", MODELS, "/server_info"]


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("/here/grpo/MINE/model", "/here/grpo/OTHER/model"),
        ("/here/grpo/MINE/model", "/here/sft/MINE/model"),  # what it was trained from
        ("/here/grpo/MINE/model", "OTHER/model"),
        ("/here/grpo/MINE/model", "model"),  # anybody's
        ("/here/models/mine", "/there/others/mine"),
        ("/here/models/mine", "mine"),
        ("Qwen/Qwen3-0.6B", "Other/Qwen3-0.6B"),
    ],
)
def test_another_model_of_a_like_name_does_not_pass(serve, check, name, served):
    server = serve({**GOOD, MODELS: (200, {"data": [{"id": served}]})})
    with pytest.raises(ProgramError, match=rf"serves {served}, not model={name}; start it: "):
        check(server.server_port, name=name)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ((), f"vllm serve {embedded_model.FOLDER} --dtype float32 --weight-transfer-config"),
        (("model=hub", "model.name=a/b", "model.revision=v2"), "vllm serve a/b --dtype float32 --revision v2 --we"),
        (("model=hub", "model.name=a/b", "model.dtype=bfloat16"), "vllm serve a/b --dtype bfloat16 --weight-tr"),
        (("model=hub", "model.name='/a b'"), "vllm serve '/a b' --dtype float32"),
    ],
)
def test_the_command_that_starts_a_server_is_that_of_this_run(compose, model, said):
    assert said in rollout.serve_command(compose("rollout=vllm_server", "trainer.compute_dtype=auto", *model))


def test_a_server_that_is_only_starting_is_waited_for(serve, check):
    server = serve(GOOD, late=2)
    check(server.server_port, wait_s=20.0)
    assert server.asked.count("/health") == 3


def test_trl_waits_no_longer_than_we_do(compose, monkeypatch):
    monkeypatch.setattr(rollout, "_require_vllm", lambda backend: None)
    fields = rollout.rollout_fields(compose("rollout=vllm_server"), 30)
    assert fields["vllm_server_timeout"] <= 10


# Held-out evaluation by the run's own vLLM ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "asked", "expected"),
    [
        ("transformers", "auto", "transformers"),
        ("vllm_colocate", "auto", "vllm"),
        ("vllm_server", "auto", "vllm"),
        ("vllm_server", "transformers", "transformers"),
        ("transformers", "vllm", None),
    ],
)
def test_who_measures(compose, backend, asked, expected):
    overrides = (f"rollout={backend}", f"eval.engine={asked}")
    if expected is None:
        with pytest.raises(ProgramError, match=r"eval\.engine=vllm is the vLLM of the rollouts"):
            compose(*overrides)
    else:
        assert compose(*overrides).eval_engine == expected


class Completions(ThreadingHTTPServer):
    """Completes over HTTP as vLLM does: with the prompt's last token, one that the seed picks, and the end."""

    def __init__(self, end: int) -> None:
        self.end, self.requests = end, []
        super().__init__(("127.0.0.1", 0), _Completed)


class _Completed(BaseHTTPRequestHandler):
    server: Completions

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(asked)
        made = [
            {
                "prompt_token_ids": ids,
                "token_ids": [ids[-1], asked.get("seed", 0) % 50 + 10, self.server.end],
                "logprobs": None,
            }
            for ids in asked["prompt"]
        ]
        body = json.dumps({"choices": made}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_a_vllm_server_measures_with_a_seed_a_prompt(model, tokenizer, monkeypatch):
    """Through TRL's own ``VLLMGeneration`` and ``VLLMClient``, which afterwards are as the run's rollouts want them."""
    import requests
    from accelerate import Accelerator
    from trl.generation.vllm_client import VLLMClient
    from trl.generation.vllm_generation import VLLMGeneration

    from synthetic1.inference.engine import Sampling
    from synthetic1.trainers.reinforcement.evaluating import RolloutVllm

    server = Completions(tokenizer.eos_token_id)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = VLLMClient.__new__(VLLMClient)
    client.__dict__.update(session=requests.Session(), base_url=f"http://127.0.0.1:{server.server_port}", model="m")
    vllm, pushed = VLLMGeneration.__new__(VLLMGeneration), []
    rollouts = {"temperature": 1.3, "top_p": 0.8, "top_k": 7, "min_p": 0.1, "repetition_penalty": 1.1, "logprobs": 0}
    rollouts |= {"max_completion_length": 99, "generation_kwargs": {"seed": 5}, "structured_outputs_regex": "x"}
    rollouts |= {"mode": "server", "vllm_client": client, "accelerator": Accelerator(cpu=True)}
    vllm.__dict__.update(rollouts)
    monkeypatch.setattr(VLLMGeneration, "sync_weights", lambda self: pushed.append(trainer.state.global_step))
    trainer = SimpleNamespace(
        model=model, vllm_generation=vllm, accelerator=vllm.accelerator, state=SimpleNamespace(global_step=3)
    )
    trainer._last_loaded_step = 2
    engine = RolloutVllm(trainer, tokenizer, thinking_open=False)

    async def ask(sampling: Sampling) -> list[Any]:
        asked = [engine.complete([{"role": "user", "content": "7"}], 1, sampling) for _ in range(6)]
        return [one for made in await asyncio.gather(*asked) for one in made]

    try:
        first, again = (asyncio.run(ask(Sampling(20, 0.6, 0.9, seed=4))) for _ in range(2))
        sampled = list(server.requests)
        asyncio.run(ask(Sampling(20, 0.0, seed=4)))
    finally:
        server.shutdown()
        server.server_close()
    assert first == again
    assert len({one.raw for one in first}) == 6
    assert {one.finish_reason for one in first} == {"stop"}
    assert {(r["temperature"], r["top_p"], r["top_k"], r["min_p"], r["max_tokens"]) for r in sampled} == {
        (0.6, 0.9, 0, 0, 20)
    }
    assert {r["repetition_penalty"] for r in sampled} == {1.0}
    (greedy,) = server.requests[len(sampled) :]
    assert (greedy["temperature"], len(greedy["prompt"]), "seed" in greedy) == (0.0, 6, False)
    assert pushed == [3]  # once a step, as for rollouts
    assert {name: vars(vllm)[name] for name in rollouts} == rollouts
