"""configs/accelerate/: read by accelerate's own loader and launcher; and FSDP2 with shards, on two CPU processes."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "configs/accelerate"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture
def launched(monkeypatch):
    """The environment in which ``accelerate launch`` starts its processes with a file."""
    from accelerate.commands import launch

    def variables(name: str, *more: str) -> dict[str, str]:
        command = ["--config_file", str(FOLDER / f"{name}.yaml"), *more, "trainers/grpo.py"]
        before, made = dict(os.environ), {}
        for launcher, prepare in (
            ("deepspeed_launcher", lambda args: launch.prepare_deepspeed_cmd_env(args)[1]),
            ("multi_gpu_launcher", launch.prepare_multi_gpu_env),
        ):
            monkeypatch.setattr(launch, launcher, lambda args, prepare=prepare: made.update(prepare(args)))
        launch.launch_command(launch.launch_command_parser().parse_args(command))
        own = {name: value for name, value in made.items() if before.get(name) != value}
        for name, value in own.items():
            monkeypatch.setenv(name, value)
        return own

    return variables


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_accelerate_knows_every_key(path):
    """Its loader refuses keys that it does not know; those of a section become options of its launcher."""
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    config = load_config_from_file(str(path))
    options = vars(launch_command_parser().parse_args(["x.py"]))
    assert {*config.fsdp_config, *config.deepspeed_config} <= set(options)
    assert config.mixed_precision == "no"  # trainer.compute_dtype says it


def test_there_is_a_file_for_each_way():
    assert [path.stem for path in FILES] == ["ddp", "fsdp2", "zero3"]


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_how_many_processes_has_to_be_said(launched, name):
    with pytest.raises(ValueError, match="--num_processes"):
        launched(name)


def test_the_launcher_starts_each_way(launched):
    assert "ACCELERATE_USE_FSDP" not in launched("ddp", "--num_processes", "2")
    assert launched("fsdp2", "--num_processes", "2")["ACCELERATE_USE_FSDP"] == "true"
    assert launched("zero3", "--num_processes", "2")["ACCELERATE_USE_DEEPSPEED"] == "true"


def test_what_fsdp_is_told(launched):
    from accelerate.utils import FullyShardedDataParallelPlugin

    launched("fsdp2", "--num_processes", "2")
    plugin = FullyShardedDataParallelPlugin()
    assert (plugin.fsdp_version, plugin.reshard_after_forward, plugin.cpu_ram_efficient_loading) == (2, True, False)
    assert plugin.auto_wrap_policy is not None
    assert plugin.state_dict_type.name == "FULL_STATE_DICT"
    assert not plugin.activation_checkpointing


@pytest.mark.parametrize("dtype", ["no", "bf16"])
def test_what_deepspeed_is_told(launched, dtype):
    """DeepSpeed itself is not needed for that."""
    from accelerate.utils import DeepSpeedPlugin

    launched("zero3", "--num_processes", "2")
    plugin = DeepSpeedPlugin()
    plugin.set_mixed_precision(dtype)
    assert plugin.zero3_init_flag
    config = plugin.deepspeed_config
    assert config["zero_optimization"]["stage"] == 3
    assert config["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] is True
    assert config["zero_optimization"]["offload_param"]["device"] == "none"
    assert config["gradient_accumulation_steps"] == config["gradient_clipping"] == "auto"  # as TRL's arguments say
    assert config["bf16"]["enabled"] is (dtype == "bf16")


ON_CPUS = """
import sys

from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType

made = AcceleratorState.__init__


def with_fsdp(self, *args, fsdp_plugin=None, **kwargs):
    made(self, *args, fsdp_plugin=fsdp_plugin, **kwargs)
    if fsdp_plugin is not None:
        if self._mixed_precision != "no":
            fsdp_plugin.set_mixed_precision(self._mixed_precision)
        self.fsdp_plugin = fsdp_plugin
    if getattr(self, "fsdp_plugin", None) is not None:
        self.distributed_type = DistributedType.FSDP


AcceleratorState.__init__ = with_fsdp
from synthetic1.trainers import grpo

grpo.main()
"""
"""accelerate gives FSDP to processes on GPUs alone; no more is changed. torch shards over gloo just as well."""


@pytest.mark.proofs
def test_fsdp2_trains_and_measures(run_child, tiny, tmp_path):
    """Completions end where they like, at another token on each process: without keeping step in ``generate`` this ends
    in mismatched collectives (in TRL 1.16's own rollouts too)."""
    program = tmp_path / "on_cpus.py"
    program.write_text(ON_CPUS)
    launch = ("-m", "accelerate.commands.launch", "--config_file", str(FOLDER / "fsdp2.yaml"), "--num_processes", "2")
    sizes = ("trainer.prompts_per_step=4", "rollout.max_completion_length=90", "eval.n=7", "eval.batch_size=3")
    more = ("trainer.learning_rate=3e-3", f"runs={tmp_path}")
    done = run_child(*launch, "--main_process_port", "0", str(program), *tiny, *sizes, *more)
    assert done.returncode == 0, done.stderr[-3000:]
    folder = tmp_path / "grpo/code_understanding-embedded-s0"
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    steps = [row for row in rows if "eval" not in row]
    assert [row["step"] for row in steps] == [1, 2]
    assert all(math.isfinite(row["loss"]) and row["grad_norm"] > 0 for row in steps)
    result = json.loads((folder / "result.json").read_text())
    assert result["before"]["n"] == result["after"]["n"] == 7
    assert is_whole_and_trained(folder / "model")


def is_whole_and_trained(folder: Path) -> bool:
    """Whether the saved model has every weight in full, and none as it was."""
    import torch

    from synthetic1.jobs.model_settings import ModelSettings
    from synthetic1.jobs.models import load_model

    old, new = (load_model(ModelSettings(name=name)).state_dict() for name in ("embedded", str(folder)))
    assert {name: one.shape for name, one in old.items()} == {name: one.shape for name, one in new.items()}
    return all(not torch.equal(old[name], new[name]) for name in old if "norm" not in name)
