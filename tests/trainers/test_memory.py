"""What training needs of memory: held against what autograd, generation and peft make of real models."""

from __future__ import annotations

import shlex
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic1.jobs.model_settings import LoraSettings
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.memory import activations
from synthetic1.trainers.memory.estimate import estimate_memory, in_gib
from synthetic1.trainers.memory.fitting import SHARE, changed
from synthetic1.trainers.memory.machine import DeviceMemory, control_group_limit, device_memory, sharing
from synthetic1.trainers.memory.shape import ModelShape
from synthetic1.trainers.memory.workload import Sharing, Workload
from synthetic1.trainers.reinforcement.memory import plan_memory, workload

GIB = 2**30
SIZES = {
    "hidden_size": 256,
    "intermediate_size": 640,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
}
QWEN_7B = ModelShape(
    parameters=7_600_000_000,
    projections=(("q_proj", 3584, 3584), ("gate_proj", 3584, 18944)) * 28,
    tied=False,
    vocabulary=152_064,
    hidden=3584,
    intermediate=18_944,
    layers=28,
    queries=3584,
    keys=512,
    heads=28,
    normed_queries=False,
    attention="sdpa",
)


def made(family: str, attention: str = "sdpa", **more):
    """A model of that family with sizes that differ from each other, on whatever device is in force."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(family, **SIZES, **more)
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention)


def counted(family: str, attention: str, rows: int, tokens: int, *, autocast: bool):
    """What a model of the family keeps after a forward pass, and holds at most in one without gradients: bytes.

    Every tensor that an operation makes is counted as long as it lives; there is nothing in them (fake tensors).
    """
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class Living(TorchDispatchMode):
        def __init__(self, model) -> None:
            super().__init__()
            self.bytes = self.peak = 0
            self.known = {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers())}

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            made = func(*args, **(kwargs or {}))
            for tensor in tree_leaves(made):
                if isinstance(tensor, torch.Tensor) and (storage := tensor.untyped_storage())._cdata not in self.known:
                    self.known.add(storage._cdata)
                    self.bytes += storage.nbytes()
                    self.peak = max(self.peak, self.bytes)
                    weakref.finalize(storage, self.gone, storage._cdata, storage.nbytes())
            return made

        def gone(self, name: int, size: int) -> None:
            self.known.discard(name)
            self.bytes -= size

    with FakeTensorMode():
        model = made(family, attention).train()
        ids = torch.zeros((rows, tokens), dtype=torch.long)
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            with Living(model) as kept:
                output = model.base_model(**inputs, use_cache=False)
            left = kept.bytes
            del output
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast), torch.no_grad(), Living(model) as passing:
            model.base_model(**inputs, use_cache=False)
    return ModelShape.of_model(model), left, passing.peak


@pytest.mark.parametrize("family", ["qwen3", "llama", "qwen2", "mistral"])
@pytest.mark.parametrize(("attention", "autocast"), [("sdpa", False), ("eager", False), ("sdpa", True)])
def test_activations_are_what_autograd_keeps(family, attention, autocast):
    """The formula is derived from the code of a layer; here torch counts what running that code leaves."""
    rows, tokens = 4, 320
    shape, kept, passing = counted(family, attention, rows, tokens, autocast=autocast)
    assert shape.attention == attention
    work = Workload("cpu", 4, 2 if autocast else 4, rows=rows, tokens=tokens, scored=tokens)
    casts = 2 * shape.matrices if autocast else 0
    assert kept == pytest.approx(activations.kept(shape, work) + casts, rel=0.05)
    assert passing == pytest.approx(rows * tokens * activations.passing(shape, work) + casts, rel=0.25)


@pytest.mark.parametrize("family", ["qwen3", "llama", "gemma3_text"])
@pytest.mark.parametrize("lora", [None, LoraSettings(r=4, target_modules=["q_proj", "down_proj"]), LoraSettings(r=8)])
def test_numbers_are_those_of_the_model(family, lora):
    """Counted on a skeleton; peft says how many numbers its adapters have."""
    import torch

    with torch.device("meta"):
        model = made(family)
        shape = ModelShape.of_model(model)
        assert shape.parameters == sum(p.numel() for p in model.parameters())
        if lora is not None:
            from peft import LoraConfig, get_peft_model

            options = {"r": lora.r, "target_modules": lora.target_modules, "task_type": "CAUSAL_LM"}
            adapted = get_peft_model(model, LoraConfig(**options))
            assert shape.adapters(lora) == sum(p.numel() for p in adapted.parameters() if p.requires_grad)


@pytest.mark.parametrize("family", ["qwen3", "llama"])
def test_the_cache_is_as_large_as_the_one_that_generation_makes(family):
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    rows, tokens = 6, 50
    with FakeTensorMode(), torch.no_grad():
        model = made(family)
        cache = model(input_ids=torch.zeros((rows, tokens), dtype=torch.long), use_cache=True).past_key_values
    made_ = sum(t.numel() * t.element_size() for layer in cache.layers for t in (layer.keys, layer.values))
    work = Workload("cpu", 4, 4, rows=1, tokens=tokens, scored=20)
    assert activations.generation(ModelShape.of_model(model), work, rows)["cache"] == made_


def test_the_optimizer_holds_what_its_name_says():
    work = Workload("cuda", 4, 2, rows=1, tokens=1000, scored=900)
    moments = {"adamw_torch_fused": 8, "adamw_bnb_8bit": 2, "paged_adamw_8bit": 2, "sgd": 0, "adafactor": 0, "lion": 4}
    for name, each in moments.items():
        always = estimate_memory(QWEN_7B, with_(work, optimizer=name)).always
        assert always["optimizer"] == each * QWEN_7B.parameters, name
    assert estimate_memory(QWEN_7B, with_(work, optimizer="sgd", momentum=True)).always["optimizer"] > 0


def with_(work: Workload, **changes) -> Workload:
    return replace(work, **changes)


@pytest.mark.parametrize(
    ("changes", "smaller"),
    [
        ({"checkpointing": True}, True),
        ({"lora": LoraSettings(r=16)}, True),
        ({"weight_bytes": 2}, True),
        ({"rows": 8}, False),
        ({"tokens": 4096}, False),
        ({"reference": True}, False),
        ({"rollout_rows": 4096}, False),
        ({"evaluation_rows": 4096}, False),
        ({"vllm": 40 * GIB}, False),
        ({"accumulates": True}, False),
    ],
)
def test_the_estimate_moves_the_right_way(changes, smaller):
    work = Workload("cuda", 4, 2, rows=4, tokens=2048, scored=1024, optimizer="sgd")
    before, after = (estimate_memory(QWEN_7B, one).total for one in (work, with_(work, **changes)))
    assert (after < before) if smaller else (after > before)


def test_eight_gpus_that_share_all_hold_an_eighth():
    work = Workload("cuda", 4, 2, rows=1, tokens=2048, scored=1024, processes=8)
    alone, divided = (
        estimate_memory(QWEN_7B, with_(work, sharing=Sharing(kind, "fsdp"))) for kind in ("none", "weights")
    )
    for part in ("weights", "optimizer"):
        assert divided.always[part] == alone.always[part] // 8
    assert "buckets" in alone.phases["update"]
    assert "buckets" not in divided.phases["update"]


@pytest.mark.parametrize("by", ["fsdp", "deepspeed"])
@pytest.mark.parametrize("lora", [None, LoraSettings(r=16)])
def test_no_process_ever_holds_all_of_sharded_weights_in_another_format(by, lora):
    """What is whole at once is a layer or two: no part but those of activations is as large as bfloat16 copies of all
    weights, and what the weights need falls as processes are added."""
    work = Workload("cuda", 4, 2, rows=1, tokens=64, scored=64, rollout_rows=1, gathers=False, lora=lora, processes=64)
    shared = estimate_memory(QWEN_7B, with_(work, sharing=Sharing("weights", by)))
    assert max(size for parts in (shared.always, *shared.phases.values()) for size in parts.values()) < 4 * GIB
    assert all("autocast" not in parts for parts in shared.phases.values())
    alone = estimate_memory(QWEN_7B, work)
    assert "autocast" in alone.phases["update"]


def test_only_deepspeed_gathers_all_weights_to_generate():
    work = Workload("cuda", 4, 2, rows=1, tokens=64, scored=64, rollout_rows=1, processes=8)

    def whole(by: str, **more) -> int:
        estimate = estimate_memory(QWEN_7B, with_(work, sharing=Sharing("weights", by), **more))
        return estimate.phases["rollout"].get("gathered weights", 0)

    assert whole("deepspeed") == 2 * QWEN_7B.parameters * 7 // 8  # in bfloat16, beside its own eighth
    assert whole("deepspeed", gathers=False) == whole("fsdp") == 0


DEEPSPEED = {"ACCELERATE_USE_DEEPSPEED": "true", "ACCELERATE_DEEPSPEED_ZERO_STAGE": "3"}
OFFLOADS = {f"ACCELERATE_DEEPSPEED_OFFLOAD_{part}_DEVICE": "cpu" for part in ("OPTIMIZER", "PARAM")}
FSDP = {"ACCELERATE_USE_FSDP": "true", "FSDP_RESHARD_AFTER_FORWARD": "true"}
ALL = frozenset({"weights", "gradients", "optimizer"})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, Sharing()),
        (FSDP, Sharing("weights", "fsdp")),
        (FSDP | {"FSDP_RESHARD_AFTER_FORWARD": "false"}, Sharing("gradients", "fsdp")),
        (FSDP | {"FSDP_RESHARD_AFTER_FORWARD": "FULL_SHARD"}, Sharing("weights", "fsdp")),
        (FSDP | {"FSDP_OFFLOAD_PARAMS": "true"}, Sharing("weights", "fsdp", ALL)),
        (DEEPSPEED, Sharing("weights", "deepspeed")),
        (DEEPSPEED | OFFLOADS, Sharing("weights", "deepspeed", ALL)),
        (
            DEEPSPEED | {"ACCELERATE_DEEPSPEED_OFFLOAD_PARAM_DEVICE": "nvme"},
            Sharing("weights", "deepspeed", frozenset({"weights"}), frozenset({"weights"})),
        ),
        (
            DEEPSPEED | OFFLOADS | {"ACCELERATE_DEEPSPEED_ZERO_STAGE": "2"},
            Sharing("gradients", "deepspeed", ALL - {"weights"}),
        ),
        (DEEPSPEED | {"ACCELERATE_DEEPSPEED_CONFIG_FILE": "stage_0.json"}, Sharing("none", "deepspeed")),
        (
            DEEPSPEED | {"ACCELERATE_DEEPSPEED_CONFIG_FILE": "offloads.json"},
            Sharing("weights", "deepspeed", ALL - {"weights"}),
        ),
    ],
)
def test_what_the_launcher_has_processes_share(monkeypatch, tmp_path, said, expected):
    monkeypatch.chdir(tmp_path)
    Path("stage_0.json").write_text('{"zero_optimization": {"stage": 0}}')
    Path("offloads.json").write_text('{"zero_optimization": {"stage": 3, "offload_optimizer": {"device": "cpu"}}}')
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert sharing() == expected


@pytest.mark.parametrize("said", [FSDP | {"FSDP_OFFLOAD_PARAMS": "true"}, DEEPSPEED | OFFLOADS])
def test_what_is_offloaded_is_not_on_the_gpu_but_in_the_machine(monkeypatch, said):
    work = Workload("cuda", 4, 2, rows=1, tokens=64, scored=64, processes=2)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    estimate = estimate_memory(QWEN_7B, with_(work, sharing=sharing()))
    assert estimate.total < 6 * GIB
    assert estimate.host > 16 * QWEN_7B.parameters / 2


def test_processes_with_other_devices_plan_alike(monkeypatch):
    """By the least that any of them has."""
    others = [DeviceMemory("cuda", 24 * GIB, 90 * GIB), DeviceMemory("cuda", 80 * GIB, 30 * GIB)]
    monkeypatch.setattr("accelerate.utils.gather_object", lambda own: [*own, *others])
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (1, 40 * GIB))
    monkeypatch.setattr("synthetic1.trainers.memory.machine.control_group_limit", lambda: 2**62)
    monkeypatch.setattr("os.sysconf", lambda name: 2**18)
    assert device_memory(3) == DeviceMemory("cuda", 24 * GIB, min(30 * GIB, 2**36 // 3))


def test_a_container_has_what_its_control_group_allows(tmp_path, monkeypatch):
    """Version 2, limited one group above the process's own, as Docker and Kubernetes do it."""
    group = tmp_path / "fs/pod/container"
    group.mkdir(parents=True)
    for folder in (group, group.parent):
        (folder / "cgroup.procs").touch()
    (group / "memory.max").write_text("max\n")
    (group.parent / "memory.max").write_text(f"{3 * GIB}\n")
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "mountinfo").write_text(f"1 2 0:1 / {tmp_path / 'fs'} rw - cgroup2 cgroup2 rw\n")
    (proc / "cgroup").write_text("0::/pod/container\n")
    assert control_group_limit(str(proc)) == 3 * GIB
    assert control_group_limit(str(tmp_path)) > 2**60
    monkeypatch.setattr("synthetic1.trainers.memory.machine.control_group_limit", lambda: 3 * GIB)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("accelerate.utils.gather_object", lambda own: own * 2)
    assert device_memory(2) == DeviceMemory("cpu", 3 * GIB // 2)


def plan(compose, *overrides: str, gib: float, host: int = 2**60, processes: int = 1):
    settings = compose("model=hub", "model.name=x", "trainer.compute_dtype=bfloat16", *overrides)
    memory = DeviceMemory("cuda", int(gib * GIB), host)
    return plan_memory(settings, 500, processes, shape=QWEN_7B, memory=memory)


def test_the_micro_batch_is_the_largest_divisor_that_fits(compose):
    sizes = {gib: plan(compose, "eval.n=0", "rollout=vllm_server", gib=gib) for gib in (180, 260, 400, 3000)}
    chosen = [settings.trainer.micro_batch for settings, _ in sizes.values()]
    assert chosen == sorted(chosen)
    assert chosen[0] < chosen[-1] == 128
    for gib, (settings, estimate) in sizes.items():
        assert 128 % settings.trainer.micro_batch == 0
        assert estimate.total <= SHARE * gib * GIB
        if (size := settings.trainer.micro_batch) < 128:
            larger = changed(settings, {"trainer.micro_batch": size * 2})
            work = workload(larger, QWEN_7B, 500, 1, DeviceMemory("cuda", int(gib * GIB)))
            assert estimate_memory(QWEN_7B, work).total > SHARE * gib * GIB


def test_one_that_is_given_is_kept(compose):
    settings, _ = plan(compose, "trainer.micro_batch=2", gib=3000)
    assert settings.trainer.micro_batch == 2


@pytest.mark.parametrize(
    ("rollout", "gib"),
    [("transformers", 40), ("transformers", 80), ("transformers", 160), ("vllm_colocate", 60), ("vllm_colocate", 160)],
)
def test_settings_that_are_proposed_fit(compose, rollout, gib):
    """What the one line names, put on the command line, is accepted."""
    asked = (f"rollout={rollout}", "trainer.micro_batch=64", "trainer.gradient_checkpointing=false", "trainer.beta=0.1")
    with pytest.raises(ProgramError) as refused:
        plan(compose, *asked, gib=gib)
    said = str(refused.value)
    assert "\n" not in said
    assert f"its GPU has {in_gib(gib * GIB)}" in said
    proposed = said.partition("for it: ")[2].partition(" would need")[0]
    overrides = shlex.split(proposed)  # as it is pasted into a shell
    given = {override.partition("=")[0] for override in overrides}
    _, estimate = plan(compose, *(a for a in asked if a.partition("=")[0] not in given), *overrides, gib=gib)
    assert estimate.total <= gib * GIB


def test_what_would_be_accepted_is_proposed(compose):
    """Also where nothing leaves room to spare."""
    asked = ("rollout=vllm_server", "model.lora={r: 16}", "model.dtype=bfloat16", "rollout.max_completion_length=256")
    least = plan(compose, *asked, "trainer.micro_batch=1", gib=80)[1].total
    with pytest.raises(ProgramError, match=r"trainer\.micro_batch=1 would need"):
        plan(compose, *asked, "trainer.micro_batch=128", gib=1.01 * least / GIB)


def test_a_share_of_vllm_that_cannot_hold_the_weights(compose, capsys):
    """The share that could is proposed; as with all that does not fit, one may go on all the same."""
    asked = ("rollout=vllm_colocate", "model.lora={r: 16}", "model.dtype=bfloat16")
    short = r"utilization=0\.3 of 44\.0 GiB is 13\.2 GiB, and vLLM needs 14\.\d GiB for the weights and one completion"
    with pytest.raises(ProgramError, match=rf"{short}: rollout\.vllm\.gpu_memory_utilization=0\.35 would need"):
        plan(compose, *asked, gib=44)
    plan(compose, *asked, "rollout.vllm.gpu_memory_utilization=0.35", gib=44)
    with pytest.raises(ProgramError, match=r"vLLM needs .*: take a smaller model.* or give vLLM a GPU of its own"):
        plan(compose, *asked, gib=12)
    plan(compose, *asked, "check_memory=false", gib=44)
    assert "warning: rollout.vllm.gpu_memory_utilization=0.3 of 44.0 GiB" in capsys.readouterr().out


@pytest.mark.parametrize(("said", "refused"), [({}, True), (FSDP, True), (DEEPSPEED, False)])
def test_weights_pass_the_memory_of_the_machine(compose, monkeypatch, said, refused):
    """Each process reads all of them, but under ZeRO-3."""
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    asked = ("eval.n=0", "rollout=vllm_server", "rollout.max_completion_length=256")
    if not refused:
        plan(compose, *asked, gib=200, host=20 * GIB, processes=8)
        return
    with pytest.raises(ProgramError, match=r"needs about 28\.8 GiB of its memory .* 20\.0 GiB .*model\.dtype=bfloat16"):
        plan(compose, *asked, gib=200, host=20 * GIB, processes=8)
    with pytest.raises(ProgramError, match=r"start fewer processes a machine, or .* \(ZeRO-3\); check_memory=false"):
        plan(compose, *asked, gib=200, host=10 * GIB, processes=8)
    plan(compose, *asked, gib=200, host=30 * GIB, processes=8)


def test_weights_that_are_larger_than_memory(compose):
    with pytest.raises(ProgramError, match=r"with all that can be made smaller it needs .* of it for weights; take a"):
        plan(compose, gib=16)
    settings, estimate = plan(compose, "check_memory=false", gib=16)
    assert estimate.total > 16 * GIB
    assert settings.trainer.micro_batch == 1


def test_it_is_only_a_warning_if_wanted(compose, capsys):
    plan(compose, "check_memory=false", gib=16)
    assert capsys.readouterr().out.startswith("warning: this run needs about ")


def test_a_run_that_cannot_fit_ends_before_anything_is_loaded(train, tmp_path, monkeypatch):
    from synthetic1.jobs import models
    from synthetic1.trainers.reinforcement import memory

    monkeypatch.setattr(memory, "device_memory", lambda _: DeviceMemory("cpu", GIB // 4))
    monkeypatch.setattr(models, "load_model", lambda _: pytest.fail("weights were loaded"))
    with pytest.raises(ProgramError, match=r"^this run needs about .* a process, this machine has 256 MiB for it"):
        train(f"runs={tmp_path}")


@pytest.mark.parametrize("packing", [False, True])
def test_supervised_training_is_planned_by_its_longest_samples(packing):
    from synthetic1.trainers.finetuning.memory import plan_memory as plan_sft
    from synthetic1.trainers.finetuning.settings import SftSettings

    trainer = {"compute_dtype": "bfloat16", "gradient_checkpointing": True, "packing": packing}
    settings = SftSettings.model_validate({"data": "x", "model": {"name": "x"}, "trainer": trainer})

    def micro(longest: int, gib: int) -> int | None:
        memory = DeviceMemory("cuda", gib * GIB)
        return plan_sft(settings, [100] * 500 + [longest], 1, shape=QWEN_7B, memory=memory)[0].trainer.micro_batch

    assert micro(100, 1000) == 64
    assert (micro(60_000, 200) or 0) < (micro(100, 200) or 0)
    with pytest.raises(ProgramError, match=r"its GPU has 80\.0 GiB for it: 'model\.lora=\{r: 16\}' would need"):
        micro(100, 80)
