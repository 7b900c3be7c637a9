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
        ("demo", {"max_steps": 130, "optim": "sgd"}),
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


def test_run_names_are_stable(compose):
    assert compose("seed=3").name == "code_understanding-embedded-s3"
    assert compose("model=hub", "model.name=Qwen/Qwen3-0.6B").name == "code_understanding-Qwen3-0.6B-s0"
    assert compose("run_name=mine").name == "mine"
