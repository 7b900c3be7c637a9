"""Supervised fine-tuning end to end on the embedded model: it learns, resumes exactly, and says what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic1.jobs.program import ProgramError, validate
from synthetic1.trainers.embedded_model.tokenizer import trace
from synthetic1.trainers.finetuning.settings import SftSettings

ROOT = Path(__file__).resolve().parents[2]


def composed(*overrides):
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    with initialize_config_module(version_base="1.3", config_module="synthetic1.configs"):
        config = compose("sft", list(overrides))
    return validate(SftSettings, OmegaConf.to_container(config, resolve=True))


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Eighty traces that the evaluator wrote, and one that fits no context."""
    from synthetic1.tasks.code_understanding import examples

    stream = examples(2, seed=4242)
    rows = []
    for example, _ in zip(stream, range(80), strict=False):
        prompt = [{"role": "user", "content": example.prompt()}]
        rows.append({"prompt": prompt, "completion": [{"role": "assistant", "content": trace(example)}]})
    rows.append({"prompt": rows[0]["prompt"], "completion": [{"role": "assistant", "content": "<think>" + "é" * 9000}]})
    path = tmp_path_factory.mktemp("sft") / "traces.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(tmp_path, samples, *overrides):
    command = [sys.executable, str(ROOT / "trainers/sft.py"), f"data={samples}", f"runs={tmp_path}", "run_name=x"]
    command += ["trainer.batch_size=16", "trainer.max_steps=6", *overrides]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=600)


def train_here(tmp_path, samples, *overrides):
    """The same in this process, which has imported everything."""
    from synthetic1.trainers.sft import train

    usual = (f"data={samples}", f"runs={tmp_path}", "run_name=x", "trainer.batch_size=16", "trainer.max_steps=6")
    train(composed(*usual, *overrides))


def weights(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_it_trains_and_a_resumed_run_equals_a_whole_one(tmp_path, samples):
    import torch

    whole = run(tmp_path / "whole", samples)
    assert whole.returncode == 0, whole.stderr[-2000:]
    assert "left out" in whole.stdout
    assert "1 longer than" in whole.stdout
    folder = tmp_path / "whole/sft/x"
    result = json.loads((folder / "result.json").read_text())
    assert (result["samples"], result["too_long"], result["steps"]) == (80, 1, 6)
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert all(row["loss"] > 0 for row in rows)

    # Stopped in the middle: what a kill leaves is a whole checkpoint and rows beyond it.
    train_here(tmp_path / "part", samples, "trainer.save_every=2")
    again = tmp_path / "part/sft/x"
    shutil.rmtree(again / "checkpoints/checkpoint-6")
    (again / "result.json").unlink()
    train_here(tmp_path / "part", samples, "trainer.save_every=2", "resume=true")
    there = [json.loads(line)["step"] for line in (again / "metrics.jsonl").read_text().splitlines()]
    assert there == [1, 2, 3, 4, 5, 6]
    one, two = weights(folder / "model"), weights(again / "model")
    assert one.keys() == two.keys()
    for name in one:
        assert torch.equal(one[name], two[name]), name

    from synthetic1.jobs.model_settings import ModelSettings
    from synthetic1.jobs.models import load_model

    before = load_model(ModelSettings(name="embedded")).state_dict()
    assert any(not torch.equal(before[name].float(), one[name].float()) for name in one if name in before)

    with pytest.raises(ProgramError, match=r"holds a run with other settings: trainer\.learning_rate was .* run_name="):
        train_here(tmp_path / "part", samples, "trainer.learning_rate=1e-5", "resume=true")


def test_how_fast_and_how_long_may_change_in_a_resumed_run(tmp_path, samples):
    """As docs/configuration.md says; the same samples make an update, so the losses are those of a whole run."""
    constant = ("trainer.lr_scheduler=constant", "trainer.max_steps=null")

    def losses(name):
        return [json.loads(line)["loss"] for line in (tmp_path / name / "sft/x/metrics.jsonl").read_text().splitlines()]

    train_here(tmp_path / "whole", samples, "trainer.lr_scheduler=constant", "trainer.max_steps=8")
    train_here(tmp_path / "part", samples, "trainer.lr_scheduler=constant", "trainer.max_steps=3")
    more = ("trainer.micro_batch=4", "trainer.save_every=1", "trainer.epochs=1.6")
    train_here(tmp_path / "part", samples, *constant, *more, "resume=true")
    assert losses("part") == pytest.approx(losses("whole"), abs=1e-4)
    checkpoints = {path.name for path in (tmp_path / "part/sft/x/checkpoints").glob("checkpoint-*")}
    assert checkpoints == {"checkpoint-7", "checkpoint-8"}


def test_a_dry_run_counts_and_leaves_nothing(tmp_path, samples, capsys):
    train_here(tmp_path, samples, "dry_run=true")
    assert "80, " in capsys.readouterr().out
    assert not (tmp_path / "sft").exists()


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["data=[]"], "name a file or folder"),
        (["data=x", "resume=true", "overwrite=true"], "choose one"),
        (["data=x", "trainer.max_steps=3", "trainer.epochs=9"], "trainer: max_steps=3 and epochs=9 both say how long"),
        (["data=x", "trainer.nope=1"], None),
    ],
)
def test_settings_that_make_no_sense(overrides, said):
    with pytest.raises(Exception, match=said or "nope") as caught:
        composed(*overrides)
    assert said is None or isinstance(caught.value, ProgramError)


def test_a_batch_that_cannot_be_shared_out_is_said():
    settings = composed("data=x", "trainer.batch_size=10", "trainer.micro_batch=4")
    with pytest.raises(ValueError, match="micro_batch=4 does not divide the 10 samples"):
        settings.micro_batch(1)
    with pytest.raises(ValueError, match="batch_size=10 cannot be shared by 3 processes"):
        settings.micro_batch(3)
