"""Settings and the fields of TRL that follow from them; recipes compose, validate, and build a GRPOConfig."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.reinforcement.rollout import rollout_fields


@pytest.fixture
def trl_fields(compose, tmp_path):
    """The GRPOConfig that a command line gives."""
    from synthetic1.trainers.reinforcement.trl_config import grpo_config

    def build(*overrides: str, processes: int = 1):
        settings = compose(*overrides)
        rollout = {"max_completion_length": settings.rollout.max_completion_length}
        return grpo_config(settings, tmp_path / "checkpoints", processes, rollout)

    return build


@pytest.mark.parametrize(
    ("prompts", "group", "updates", "micro", "processes", "expected"),
    [
        # expected: per_device_train_batch_size, gradient_accumulation_steps, steps_per_generation
        (16, 8, 1, None, 1, (128, 1, 1)),
        (16, 8, 1, 32, 1, (32, 4, 4)),
        (16, 8, 1, None, 2, (64, 1, 1)),
        (16, 8, 2, 16, 4, (16, 2, 4)),
        (32, 16, 16, 8, 8, (8, 8, 128)),
        (3, 5, 1, 5, 1, (5, 3, 3)),
    ],
)
def test_trl_sizes_follow_from_ours(trl_fields, prompts, group, updates, micro, processes, expected):
    fields = trl_fields(
        f"trainer.prompts_per_step={prompts}",
        f"trainer.group_size={group}",
        f"trainer.updates_per_rollout={updates}",
        f"trainer.max_steps={updates}",
        f"trainer.micro_batch={micro or 'null'}",
        processes=processes,
    )
    sizes = (fields.per_device_train_batch_size, fields.gradient_accumulation_steps, fields.steps_per_generation)
    assert sizes == expected
    # What TRL calls the generation batch is, over all processes, what we call a rollout.
    assert sizes[0] * sizes[2] * processes == prompts * group * updates
    assert sizes[0] * sizes[1] * processes == prompts * group
    assert fields.num_generations == group


@pytest.mark.parametrize(
    ("prompts", "group", "micro", "processes", "said"),
    [
        (2, 4, 3, 1, "trainer.micro_batch=3 does not divide the 8 completions .* try 2"),
        (2, 4, 16, 1, "trainer.micro_batch=16 does not divide the 8 completions .* try 8"),
        (3, 5, None, 2, "3 × 5 = 15 completions cannot be shared by 2 processes; make it a multiple of 2"),
    ],
)
def test_sizes_that_do_not_divide(compose, prompts, group, micro, processes, said):
    settings = compose(
        f"trainer.prompts_per_step={prompts}",
        f"trainer.group_size={group}",
        f"trainer.micro_batch={micro or 'null'}",
    )
    with pytest.raises(ValueError, match=said):
        settings.micro_batch(processes)


def test_extra_is_passed_through(trl_fields):
    fields = trl_fields("+trainer.extra.num_iterations=2", "+trainer.extra.delta=4.0")
    assert (fields.num_iterations, fields.delta) == (2, 4.0)


def test_extra_cannot_break_the_groups(trl_fields):
    with pytest.raises(ValueError, match=r"trainer\.extra\.num_generations follows from trainer\.group_size"):
        trl_fields("+trainer.extra.num_generations=4")


def recorded(fields: dict):
    """A stand-in for TRL's configuration that keeps what it is given."""
    from trl import GRPOConfig, SFTConfig

    class Recorded:
        __dataclass_fields__ = GRPOConfig.__dataclass_fields__ | SFTConfig.__dataclass_fields__

        def __init__(self, **given) -> None:
            fields.update(given)

    return Recorded


@pytest.mark.parametrize("program", ["grpo", "sft"])
def test_extra_cannot_say_what_a_setting_says(program, compose, monkeypatch, tmp_path):
    """Each field that follows from our settings, on every backend, is refused and named with what is set instead."""
    from synthetic1.trainers.finetuning import run as sft_run
    from synthetic1.trainers.finetuning.settings import SftSettings
    from synthetic1.trainers.reinforcement import rollout, trl_config
    from synthetic1.trainers.trl_extra import OF_BOTH, OPEN

    monkeypatch.setattr(rollout, "_require_vllm", lambda backend: None)
    monkeypatch.setattr(rollout, "_tell_vllm", lambda settings: None)
    fields: dict = {}
    module = {"grpo": trl_config, "sft": sft_run}[program]
    monkeypatch.setattr(module, "GRPOConfig" if program == "grpo" else "SFTConfig", recorded(fields))

    backends = ("transformers", "vllm_colocate", "vllm_server")
    composed = [compose(f"rollout={backend}", "trainer.beta=0.1") for backend in backends]

    def build(extra: dict) -> None:
        if program == "sft":
            settings = SftSettings.model_validate({"data": "x", "model": {"name": "x"}, "trainer": {"extra": extra}})
            sft_run.sft_config(settings, tmp_path, 1)
            return
        for one in composed:
            asked = one.model_copy(update={"trainer": one.trainer.model_copy(update={"extra": extra})})
            trl_config.grpo_config(asked, tmp_path, 1, rollout.rollout_fields(asked, 30))

    build({})
    ours = set(fields)
    assert {"learning_rate", "save_strategy", "logging_steps"} < ours
    sources = OF_BOTH | module.DERIVED
    assert ours - OPEN - sources.keys() == set(), "say in DERIVED what is set instead"
    for name in ours - OPEN | {"save_only_model", "ignore_data_skip", "num_train_epochs"}:
        fixed = sources[name].startswith("nothing: ")
        said = f"{name} cannot be set: " if fixed else f"{name} follows from {sources[name]}; set that"
        with pytest.raises(ValueError, match=rf"^trainer\.extra\.{said}"):
            build({name: 1})


def test_the_settings_that_are_named_are_there():
    from synthetic1.jobs.setting_names import fields
    from synthetic1.trainers.finetuning import run as sft_run
    from synthetic1.trainers.finetuning.settings import SftSettings
    from synthetic1.trainers.reinforcement import trl_config
    from synthetic1.trainers.reinforcement.settings import GrpoSettings
    from synthetic1.trainers.trl_extra import FIXED, OF_BOTH

    for model, derived in ((GrpoSettings, trl_config.DERIVED), (SftSettings, sft_run.DERIVED)):
        known = {name for name, _ in fields(model)}
        named = [source for source in (OF_BOTH | derived).values() if not source.startswith(FIXED)]
        assert {one for source in named for one in source.split(" and ") if one not in known} <= {"their weights"}


@pytest.mark.parametrize(
    ("save_every", "updates", "iterations", "every"), [(100, 1, 1, 100), (3, 2, 1, 4), (3, 2, 2, 4), (1, 4, 2, 8)]
)
def test_checkpoints_fall_between_rollouts(trl_fields, save_every, updates, iterations, every):
    fields = trl_fields(
        f"trainer.save_every={save_every}",
        f"trainer.updates_per_rollout={updates}",
        "trainer.max_steps=8",
        f"+trainer.extra.num_iterations={iterations}",
    )
    assert fields.save_steps == every


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("default", {"loss_type": "dapo", "beta": 0.0}),
        ("demo", {"max_steps": 64, "optim": "sgd"}),
        ("dapo", {"loss_type": "dapo", "epsilon_high": 0.28, "mask_truncated_completions": True, "beta": 0.0}),
        ("dr_grpo", {"loss_type": "dr_grpo", "scale_rewards": "none", "epsilon_high": None}),
        (
            "r1",
            {
                "loss_type": "grpo",
                "beta": 0.001,
                "epsilon": 10.0,
                "num_generations": 16,
                "per_device_train_batch_size": 512,
                "steps_per_generation": 16,  # 8,192 completions a rollout in 16 updates of 512
            },
        ),
    ],
)
def test_recipes(trl_fields, recipe, expected):
    fields = trl_fields(f"recipe={recipe}")
    assert {name: getattr(fields, name) for name in expected} == expected


def test_every_recipe_file_is_tested_above():
    from synthetic1 import configs

    found = {path.stem for path in (Path(configs.__file__).parent / "recipe").glob("*.yaml")}
    assert found == {"default", "demo", "dapo", "dr_grpo", "r1"}


def test_a_recipe_yields_to_the_command_line(compose):
    settings = compose("recipe=r1", "trainer.prompts_per_step=2", "trainer.group_size=4")
    assert (settings.trainer.prompts_per_step, settings.trainer.group_size) == (2, 4)


def test_transformers_rollouts_need_no_vllm_fields(compose):
    fields = rollout_fields(compose("rollout=transformers", "rollout.top_p=0.9"), 30)
    assert fields == {"max_completion_length": 96, "temperature": 1.0, "top_p": 0.9}


@pytest.mark.parametrize("backend", ["vllm_colocate", "vllm_server"])
def test_vllm_rollouts(compose, monkeypatch, backend):
    """The fields alone: as on a machine with vLLM and CUDA."""
    from synthetic1.trainers.reinforcement import rollout
    from synthetic1.trainers.reinforcement.trl_config import grpo_config

    monkeypatch.setattr(rollout, "_require_vllm", lambda backend: None)
    monkeypatch.setattr(rollout, "_tell_vllm", lambda settings: None)  # test_cuda_settings.py has what it is told
    settings = compose(f"rollout={backend}", "rollout.max_completion_length=50")
    fields = rollout_fields(settings, 30)
    assert fields["use_vllm"] is True
    assert fields["vllm_mode"] == backend.removeprefix("vllm_")
    assert fields["vllm_max_model_length"] == 80  # TRL's default is the whole context
    assert fields["vllm_importance_sampling_mode"] == "token_truncate"  # TRL's default starves long completions
    assert fields.get("vllm_server_base_url") == ("http://127.0.0.1:8000" if backend == "vllm_server" else None)
    config = grpo_config(settings, Path("unused"), 1, fields)
    assert {name: getattr(config, name) for name in fields} == fields


def test_the_server_backend_says_what_it_needs(compose, monkeypatch):
    import importlib.util

    import torch

    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: name == "vllm" or find_spec(name, *a))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ProgramError, match="NCCL, which needs CUDA"):
        rollout_fields(compose("rollout=vllm_server"), 30)


def header_of(compose, *overrides: str) -> str:
    """What is printed at the top of a run."""
    import io

    from synthetic1.reports.terminal import show_header
    from synthetic1.trainers.memory.estimate import MemoryEstimate
    from synthetic1.trainers.reinforcement import runs
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    settings = compose("env.size=50", *overrides)
    train_set = TrainSet.make(settings.env.untrained, thinking_open=False)
    phases = {name: dict.fromkeys(("activations", "logits", "gathered layers", "gradients"), 2**30) for name in "abcd"}
    memory = MemoryEstimate({"weights": 2**30}, phases)
    out = io.StringIO()
    show_header(runs.header(settings, train_set, 7, 30, 1, memory), stream=out)
    return out.getvalue()


def test_the_header_says_every_effective_value(compose):
    """Of settings with values that stand nowhere else; and whole, however long a line becomes."""
    trainer = {
        "learning_rate": 0.000123,
        "weight_decay": 0.0125,
        "adam_beta2": 0.9875,
        "beta": 0.0375,
        "epsilon": 0.0625,
    }
    values = {f"trainer.{name}": value for name, value in trainer.items()}
    values |= {"seed": 4711, "model.revision": "abc123", "model.chat_template": "own.jinja", "eval.n_during": 4321}
    values |= {"eval.batch_size": 37, "eval.every": 53, "rollout.top_p": 0.8125, "+trainer.extra.entropy_coef": 0.0103}
    asked = [f"{name}={value}" for name, value in values.items()]
    said = header_of(compose, *asked, "model.lora={r: 19, alpha: 43}", "trainer.mask_truncated_completions=true")
    shown = [str(value) for name, value in values.items() if name != "trainer.epsilon"]
    for value in (*shown, "0.9375 and 1.28", "float32 adapters", "rank 19, alpha 43", "cut off", "by transformers"):
        assert value in said, value
    assert "…" not in said
    assert " ".join(said.split()).count("gathered layers 1.0 GiB") == 4
    assert max(map(len, said.splitlines())) <= 120


def test_adapters_are_float32_over_weights_in_another_format(compose):
    import torch
    from peft import get_peft_model

    from synthetic1.jobs import models

    settings = compose("model.dtype=bfloat16", "model.lora={r: 2}").model
    model = get_peft_model(models.load_model(settings), models.lora_config(settings))
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}
    assert models.describe_dtype("auto", settings).startswith("float32 adapters over frozen bfloat16 weights")


def test_the_header_says_what_vllm_is_told(compose):
    vllm = {"gpu_memory_utilization": 0.37, "tensor_parallel_size": 3, "max_model_length": 7654, "sleep": "true"}
    said = header_of(compose, "rollout=vllm_colocate", *(f"rollout.vllm.{name}={vllm[name]}" for name in vllm))
    assert "37% of a GPU's memory, 3 GPU(s) a copy of the model, room for 7,654 tokens, asleep during updates" in said
    assert "by vllm" in said
    assert "http://127.0.0.1:8000, waited for 8 s" in header_of(compose, "rollout=vllm_server")


def test_run_names_are_stable(compose):
    assert compose("seed=3").name == "code_understanding-embedded-s3"
    assert compose("model=hub", "model.name=Qwen/Qwen3-0.6B").name == "code_understanding-Qwen3-0.6B-s0"
    assert compose("run_name=mine").name == "mine"
