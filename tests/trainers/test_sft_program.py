"""Supervised fine-tuning end to end on the embedded model: it learns, resumes exactly, and says what is wrong."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from synthetic1.jobs.program import ProgramError, validate
from synthetic1.trainers.embedded_model.tokenizer import trace
from synthetic1.trainers.finetuning.settings import SftSettings


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


SIZES = ("run_name=x", "trainer.batch_size=16", "trainer.max_steps=6")


def train_here(tmp_path, samples, *overrides):
    """Train in this process, which has imported everything."""
    from synthetic1.trainers.sft import train

    train(composed(f"data={samples}", f"runs={tmp_path}", *SIZES, *overrides))


def weights(folder):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.integrations
def test_it_trains_and_a_resumed_run_equals_a_whole_one(tmp_path, samples, ready):
    import torch

    whole = ready.run("trainers/sft.py", f"data={samples}", f"runs={tmp_path / 'whole'}", *SIZES)
    assert whole.returncode == 0, whole.stderr[-2000:]
    assert "left out" in whole.stdout
    assert "1 longer than" in whole.stdout
    folder = tmp_path / "whole/sft/x"
    result = json.loads((folder / "result.json").read_text())
    assert (result["samples"], result["too_long"], result["steps"]) == (80, 1, 6)
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert all(row["loss"] > 0 and row["tokens"] > 0 and row["tokens_per_s"] > 0 for row in rows)
    assert " tokens/s | " in whole.stdout
    assert "loss" in (folder / "report.html").read_text()

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


@pytest.mark.proofs
def test_it_trains_however_it_is_started(tmp_path, samples, ready, run_child):
    """By its own imports, in their own order, as in a process that has them all."""
    folders = []
    for name, run in (("started", run_child), ("forked", ready.run)):
        done = run("trainers/sft.py", f"data={samples}", f"runs={tmp_path / name}", *SIZES)
        assert done.returncode == 0, done.stderr[-2000:]
        folders.append(tmp_path / name)
    assert same_weights(*folders)


@pytest.mark.integrations
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


@pytest.fixture(scope="module")
def few(samples, tmp_path_factory):
    """Twenty of them: three updates of eight, the last of four."""
    path = tmp_path_factory.mktemp("few") / "traces.jsonl"
    path.write_text("".join(f"{line}\n" for line in samples.read_text().splitlines()[:20]))
    return path


def train_few(folder, few, *overrides):
    usual = ("trainer.batch_size=8", "trainer.max_steps=null", "trainer.save_every=5")
    train_here(folder, few, *usual, *overrides)
    return [json.loads(line) for line in (folder / "sft/x/metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def two_epochs(few, tmp_path_factory):
    """The folder and the rows of a run over two epochs that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, train_few(folder, few, "trainer.epochs=2")


def same_weights(one, two):
    import torch

    one, two = weights(one / "sft/x/model"), weights(two / "sft/x/model")
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_ctrl_c_in_the_second_epoch_and_the_command_it_prints_make_a_whole_run(
    tmp_path, few, two_epochs, monkeypatch, capsys
):
    import signal

    from synthetic1.trainers.finetuning.run import LossRecorder

    log = LossRecorder.on_log

    def interrupted(self, args, state, control, **more):
        log(self, args, state, control, **more)
        if state.global_step == 3:  # heard by the step after this one: the middle of the second epoch
            signal.raise_signal(signal.SIGINT)

    command = ["python", "trainers/sft.py", f"data={few}", "trainer.epochs=2"]
    monkeypatch.setattr(sys, "orig_argv", command)
    with monkeypatch.context() as patch:
        patch.setattr(LossRecorder, "on_log", interrupted)
        with pytest.raises(SystemExit, match="130"):
            train_few(tmp_path, few, "trainer.epochs=2")
    said = capsys.readouterr().out
    assert "stopped at step 4 with a checkpoint" in said
    assert f"python trainers/sft.py data={few} trainer.epochs=2 resume=true" in said
    rows = train_few(tmp_path, few, "trainer.epochs=2", "resume=true")
    assert "goes on after step 4 of 6\n" in capsys.readouterr().out
    assert [(row["step"], row["loss"]) for row in rows] == [(row["step"], row["loss"]) for row in two_epochs[1]]
    assert same_weights(tmp_path, two_epochs[0])


def test_a_run_that_has_ended_goes_on_with_more_epochs_and_says_what_the_learning_rate_does(
    tmp_path, few, two_epochs, capsys
):
    assert len(train_few(tmp_path, few, "trainer.epochs=1")) == 3
    folder = tmp_path / "sft/x"
    with pytest.raises(ProgramError, match=r"has made 3 steps, more than the 2 asked for: give trainer.max_steps=3 or"):
        train_few(tmp_path, few, "trainer.epochs=0.5", "resume=true")
    rows = train_few(tmp_path, few, "trainer.epochs=2", "resume=true")
    said = capsys.readouterr().out
    assert "goes on after step 3 of 6 (it was to end at 3)\n" in said
    assert "learning rate: from here on, cosine as of a run of 6 steps; until here, as of 3\n" in said
    assert json.loads((folder / "result.json").read_text())["steps"] == 6
    rates, whole = ([row["learning_rate"] for row in rows] for rows in (rows, two_epochs[1]))
    assert rates[3:] == pytest.approx(whole[3:])
    assert rates[1:3] != pytest.approx(whole[1:3])

    # Nothing is left to do; and what a kill between the last checkpoint and the result leaves is brought to its end.
    train_few(tmp_path, few, "trainer.epochs=2", "resume=true")
    assert "the run has ended at step 6, as asked: nothing is left to do" in capsys.readouterr().out
    kept = weights(folder / "model")
    (folder / "result.json").unlink()
    shutil.rmtree(folder / "model")
    assert train_few(tmp_path, few, "trainer.epochs=2", "resume=true") == rows
    assert (folder / "result.json").exists()
    assert all((kept[name] == value).all() for name, value in weights(folder / "model").items())


def test_samples_that_share_a_row_are_learned_as_if_each_were_alone(tmp_path, few, two_epochs, capsys):
    rows = train_few(tmp_path, few, "trainer.epochs=2", "trainer.packing=true")
    for name in ("loss", "grad_norm", "token_accuracy"):
        assert [row[name] for row in rows] == pytest.approx([row[name] for row in two_epochs[1]], rel=2e-3), name
    assert [row["tokens"] for row in rows] == [row["tokens"] for row in two_epochs[1]]
    assert "tokens, none of it padding; attention sdpa computes what it masks\n" in capsys.readouterr().out


def test_a_model_whose_samples_see_each_other_is_not_packed(monkeypatch):
    from synthetic1.jobs.model_settings import ModelSettings
    from synthetic1.jobs.models import load_model
    from synthetic1.trainers.finetuning.packing import check_apart

    model = load_model(ModelSettings(name="embedded"))
    model.train()
    check_apart(model)
    assert model.training
    forward = model.forward

    def one_text(input_ids, position_ids=None, **more):
        """As models do that make no mask of positions."""
        return forward(input_ids, position_ids=position_ids, attention_mask=input_ids.new_ones(input_ids.shape), **more)

    monkeypatch.setattr(model, "forward", one_text)
    with pytest.raises(ProgramError, match=r"trainer\.packing: .*\(sdpa\), samples that share a row see each other"):
        check_apart(model)


def test_a_loss_that_is_not_a_number_ends_the_run(tmp_path, few):
    with pytest.raises(ProgramError, match=r"step \d: (loss|grad norm) is (nan|inf), .*Lower trainer.learning_rate"):
        train_few(tmp_path, few, "trainer.epochs=9", "trainer.learning_rate=1e30", "trainer.save_every=1")
    rows = [json.loads(line) for line in (tmp_path / "sft/x/metrics.jsonl").read_text().splitlines()]
    assert len(rows) < 27
    assert not (tmp_path / "sft/x/model").exists()
    assert json.loads((tmp_path / "sft/x/status.json").read_text())["state"] == "failed"


def test_a_dry_run_counts_and_leaves_nothing(tmp_path, samples, capsys):
    train_here(tmp_path, samples, "dry_run=true")
    said = " ".join(capsys.readouterr().out.split())
    assert "samples 80, " in said
    assert "update 16 samples, " in said
    assert "steps 6, 5 an epoch: 1.2 epochs" in said
    assert "learning rate 0.001, cosine, warm-up over 1 steps" in said
    assert not (tmp_path / "sft").exists()


@pytest.mark.parametrize("dry", ["true", "false"])
def test_what_the_trainer_will_not_have_is_said_before_there_is_a_folder(tmp_path, few, capsys, dry):
    with pytest.raises(ProgramError, match=r"Target modules \{'nope'\} not found") as caught:
        train_here(tmp_path, few, "model.lora={target_modules: [nope]}", f"dry_run={dry}")
    assert "\n" not in str(caught.value)
    assert "all is well" not in capsys.readouterr().out
    assert not (tmp_path / "sft").exists()


def test_a_dry_run_looks_at_the_folder_too(tmp_path, few, capsys):
    (tmp_path / "sft/x").mkdir(parents=True)
    (tmp_path / "sft/x/config.yaml").write_text("{}\n")
    with pytest.raises(ProgramError, match=r"x holds a run already: go on with resume=true, or choose another run_n"):
        train_here(tmp_path, few, "dry_run=true")
    train_here(tmp_path, few, "dry_run=true", "overwrite=true")
    assert "all is well" in capsys.readouterr().out
    assert [file.name for file in (tmp_path / "sft").rglob("*")] == ["x", "config.yaml"]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["data=[]"], "name a file or folder"),
        (["data=x", "resume=true", "overwrite=true"], "choose one"),
        (["data=x", "trainer.max_steps=3", "trainer.epochs=9"], "trainer: max_steps=3 and epochs=9 both say how long"),
        (["data=x", "trainer.max_steps=3", "trainer.epochs=1"], "trainer: max_steps=3 and epochs=1 both say how long"),
        (
            ["data=x", "trainer.packing=true", "trainer.micro_batch=1"],
            "trainer: packing=true puts the samples of a micro",
        ),
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
