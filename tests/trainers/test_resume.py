"""Stopped anywhere and resumed, a run is the run that was never stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.checkpoints import is_complete

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
WAYS = {
    "plain": (),
    "several epochs": ("env.size=5",),  # two tasks a step: an epoch ends inside the run, before and after the stop
    "two updates a rollout": ("trainer.updates_per_rollout=2", "trainer.save_every=2"),
    "reused rollouts": ("+trainer.extra.num_iterations=2",),
    "micro-batches": ("trainer.micro_batch=2",),
    "a mixture": (
        "env.id=null",
        "+env.mixture={a: {weight: 2, id: synthetic1/code_understanding-v0, level: 1, size: 9}, "
        "b: {weight: 1, id: synthetic1/code_understanding-v0, level: 2, size: 9}}",
    ),
    "a curriculum": ("trainer.curriculum=[{until: 0.5, levels: 1}, {until: 1.0, levels: 2}]",),
    "shuffled rewards": ("trainer.shuffle_rewards=true",),
    "evaluations between": ("eval.n=6", "eval.every=1", "eval.n_during=4"),
}


@contextmanager
def stops():
    """Expect the status of a run that was stopped."""
    with pytest.raises(SystemExit) as stop:
        yield stop
    assert stop.value.code == 130


@pytest.mark.parametrize(
    "way", ["plain", *(pytest.param(way, marks=pytest.mark.integrations) for way in WAYS if way != "plain")]
)
def test_resumed_equals_uninterrupted(train, tmp_path, way):
    options = ("trainer.max_steps=6", "trainer.learning_rate=1e-3", *WAYS[way])
    whole = train(f"runs={tmp_path / 'whole'}", *options)
    with stops() as stop:
        train(f"runs={tmp_path / 'parts'}", *options, stop_after=3)
    first = stop.value.run
    stopped_at = first.steps[-1]["step"]
    assert stopped_at in (3, 4)  # with two updates a rollout, after the second
    second = train(f"runs={tmp_path / 'parts'}", *options, "resume=true")

    assert second.reward_calls[0].step == stopped_at
    together = [*first.reward_calls, *second.reward_calls]
    assert [(r.step, r.tasks) for r in together] == [(r.step, r.tasks) for r in whole.reward_calls]  # bit for bit
    assert together == whole.reward_calls  # on one machine's CPU, the completions too
    assert [row["step"] for row in second.steps] == [1, 2, 3, 4, 5, 6]
    for name in ("loss", "grad_norm", "reward", "learning_rate"):
        ours, theirs = ([row.get(name) for row in run.steps] for run in (second, whole))
        assert ours == pytest.approx(theirs, abs=1e-5), name
    assert second.result["after"] == whole.result["after"]
    assert second.result["before"] == whole.result["before"]


@pytest.mark.integrations
def test_epochs_do_not_repeat_after_resuming(train, tmp_path):
    """Five tasks, two a step: what TRL's own sampler gets wrong after its first epoch."""
    options = (f"runs={tmp_path}", "trainer.max_steps=10", "env.size=5")
    with stops() as stop:
        train(*options, stop_after=4)
    drawn = [r.tasks[::4] for r in (*stop.value.run.reward_calls, *train(*options, "resume=true").reward_calls)]
    order = list(chain.from_iterable(drawn))
    assert [sorted(order[i : i + 5]) for i in range(0, 20, 5)] == [[0, 1, 2, 3, 4]] * 4


def test_resuming_what_never_began_begins(train, tmp_path):
    run = train(f"runs={tmp_path}", "resume=true")
    assert [row["step"] for row in run.steps] == [1, 2]


@pytest.mark.integrations
def test_resuming_a_finished_run_measures_it_again(train, tmp_path):
    first = train(f"runs={tmp_path}", "eval.n=6")
    again = train(f"runs={tmp_path}", "eval.n=6", "resume=true")
    assert again.reward_calls == []
    assert [row["step"] for row in again.steps] == [1, 2]
    assert again.result["after"] == first.result["after"]
    assert again.result["before"] == first.result["before"]


@pytest.mark.integrations
def test_a_finished_run_can_be_made_longer(train, tmp_path):
    constant = "trainer.lr_scheduler=constant"
    whole = train(f"runs={tmp_path / 'whole'}", constant, "trainer.max_steps=4")
    train(f"runs={tmp_path / 'parts'}", constant, "trainer.max_steps=2")
    longer = train(f"runs={tmp_path / 'parts'}", constant, "trainer.max_steps=4", "resume=true")
    assert longer.reward_calls == whole.reward_calls[2:]
    assert [row["loss"] for row in longer.steps] == pytest.approx([row["loss"] for row in whole.steps], abs=1e-5)


@pytest.mark.integrations
def test_a_resumed_run_saves_as_often_as_it_is_told(train, tmp_path):
    train(f"runs={tmp_path}", "trainer.max_steps=2", "trainer.save_every=2")
    again = train(f"runs={tmp_path}", "trainer.max_steps=4", "trainer.save_every=1", "resume=true")
    assert {path.name for path in (again.path / "checkpoints").glob("checkpoint-*")} >= {"checkpoint-3", "checkpoint-4"}


def test_other_settings_cannot_resume_it(train, tmp_path):
    train(f"runs={tmp_path}", "trainer.max_steps=1")
    with pytest.raises(ProgramError, match=r"holds a run with other settings: trainer\.learning_rate was .* run_name="):
        train(f"runs={tmp_path}", "trainer.max_steps=2", "trainer.learning_rate=1e-5", "resume=true")


@pytest.mark.integrations
def test_a_broken_checkpoint_is_passed_over(train, tmp_path):
    options = (f"runs={tmp_path}", "trainer.max_steps=4", "trainer.save_every=1")
    whole = train(*options)
    newest = whole.path / "checkpoints" / "checkpoint-4"
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    again = train(*options, "resume=true")
    assert again.reward_calls == whole.reward_calls[3:]
    assert [row["step"] for row in again.steps] == [1, 2, 3, 4]


def test_ctrl_c_restores_the_handlers(train, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    with stops():
        train(f"runs={tmp_path}", "trainer.max_steps=6", stop_after=1)
    assert signal.getsignal(signal.SIGINT) is before
    assert is_complete(tmp_path / "grpo" / "code_understanding-embedded-s0" / "checkpoints" / "checkpoint-1")


@pytest.mark.parametrize(("phase", "number"), [("before", signal.SIGTERM), ("after", signal.SIGHUP)])
def test_stopped_in_an_evaluation_it_says_what_goes_on(train, tmp_path, monkeypatch, capsys, phase, number):
    from synthetic1.trainers.reinforcement import runs

    measure = runs.measure

    def interrupted(held_out, settings, run, name, *more):
        if name == phase:
            signal.raise_signal(number)
        return measure(held_out, settings, run, name, *more)

    monkeypatch.setattr(runs, "measure", interrupted)
    monkeypatch.setattr(sys, "orig_argv", ["python", "trainers/grpo.py", "overwrite=true"])
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        train(f"runs={tmp_path}", "eval.n=2", "trainer.max_steps=1", "overwrite=true")
    assert signal.getsignal(number) is before
    stopped = {"before": "stopped", "after": "stopped at step 1 with a checkpoint"}[phase]
    ending = f"{stopped}; go on with: python trainers/grpo.py resume=true overwrite=false"
    assert [line for line in capsys.readouterr().out.splitlines() if "go on with" in line] == [ending]
    folder = tmp_path / "grpo" / "code_understanding-embedded-s0"
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["said"]) == ("stopped", ending)
    assert is_complete(folder / "checkpoints" / "checkpoint-1") == (phase == "after")


def test_a_closed_terminal_stops_after_the_step_however_often_it_says_so(capsys, monkeypatch):
    from synthetic1.jobs import stopping
    from synthetic1.trainers.trl_process import StopOnSignal

    monkeypatch.setattr(stopping, "ONE_REQUEST_S", -1.0)
    stop, before = StopOnSignal(1), [signal.getsignal(number) for number in stopping.SIGNALS]
    stop.on_train_begin(None, None, None)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
        signal.raise_signal(number)
    assert stop.asked
    said = "stopping after this step, with a checkpoint; once more to stop at once\n"
    assert capsys.readouterr().out == said
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(number) for number in stopping.SIGNALS] == before


def test_overwriting_puts_the_older_run_aside(train, tmp_path):
    for _ in range(3):
        train(f"runs={tmp_path}", "run_name=x", "overwrite=true", "trainer.max_steps=1")
    assert sorted(path.name for path in (tmp_path / "grpo").iterdir()) == ["x", "x.1", "x.2"]


# Died rather than stopped, in processes of their own ------------------------------------------------------------------

DIES = """
import os, sys
from synthetic1.trainers import checkpoints, grpo, trl_process
trl_process.prepare_imports("transformers")
from synthetic1.trainers.reinforcement import grpo_trainer

whole = checkpoints.mark_complete

def die(checkpoint):
    '''At the second checkpoint: its files are there, its marker is not, and one of them is torn.'''
    if checkpoints.step_of(checkpoint) == 4:
        with open(checkpoint / "optimizer.pt", "r+b") as file:
            file.truncate(100)
        os.kill(os.getpid(), 9)
    whole(checkpoint)

grpo_trainer.mark_complete = die
grpo.main()
"""


@pytest.mark.integrations
def test_kill_9_during_a_checkpoint(train, ready, tiny, tmp_path):
    options = ("trainer.max_steps=6", "trainer.save_every=2")
    whole = train(f"runs={tmp_path / 'whole'}", *options)
    died = ready.run("-c", DIES, *tiny, f"runs={tmp_path / 'parts'}", *options)
    assert died.returncode == -signal.SIGKILL, died.stderr
    folder = tmp_path / "parts" / "grpo" / "code_understanding-embedded-s0"
    torn = folder / "checkpoints" / "checkpoint-4"
    assert torn.is_dir()
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "lo')  # and a row was being written

    resumed = train(f"runs={tmp_path / 'parts'}", *options, "resume=true")
    assert resumed.reward_calls[0].step == 2  # from the checkpoint before
    assert resumed.reward_calls == whole.reward_calls[2:]
    assert [row["step"] for row in resumed.steps] == [1, 2, 3, 4, 5, 6]
    assert [row["loss"] for row in resumed.steps] == pytest.approx([row["loss"] for row in whole.steps], abs=1e-5)
    assert is_complete(torn)


@pytest.mark.integrations
def test_ctrl_c_in_a_terminal(train, ready, tiny, tmp_path):
    """A real SIGINT to a real process, once it has taken a step."""
    with ready.start("trainers/grpo.py", *tiny, f"runs={tmp_path}", "trainer.max_steps=99") as process:
        for line in process.stdout:
            if re.match(r"step +2/99 ", line):
                process.send_signal(signal.SIGINT)
                break
        rest, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "with a checkpoint" in rest
    assert "resume=true" in rest
    assert "Traceback" not in errors
    (checkpoint,) = (tmp_path / "grpo" / "code_understanding-embedded-s0" / "checkpoints").glob("checkpoint-*")
    step = int(checkpoint.name.rpartition("-")[2])
    assert is_complete(checkpoint)
    resumed = train(f"runs={tmp_path}", f"trainer.max_steps={step + 2}", "resume=true")
    assert [r.step for r in resumed.reward_calls] == [step, step + 1]


@pytest.mark.proofs
@pytest.mark.parametrize("seed", range(3))
def test_kill_9_at_any_moment(train, tiny, tmp_path, seed):
    """Killed again and again at random moments of stepping and saving, a run gets where it would have got."""
    options = ("trainer.max_steps=12", "trainer.save_every=1", f"seed={seed}")
    whole = train(f"runs={tmp_path / 'whole'}", *options)
    command = [sys.executable, "-u", "trainers/grpo.py", *tiny, f"runs={tmp_path / 'parts'}", *options, "resume=true"]
    moments = np.random.default_rng(seed)
    for _ in range(8):
        with subprocess.Popen(command, cwd=ROOT, env=ONE_THREAD, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                if re.match(r"step +\d+/12 ", line):
                    time.sleep(moments.uniform(0.0, 0.4))
                    process.kill()
                    break
    resumed = train(f"runs={tmp_path / 'parts'}", *options, "resume=true")
    assert [row["step"] for row in resumed.steps] == list(range(1, 13))
    for name in ("loss", "reward", "tokens"):
        assert [row[name] for row in resumed.steps] == pytest.approx([row[name] for row in whole.steps], abs=1e-5), name


@pytest.fixture
def small_disk(tmp_path, require):
    """A file system of 6 MB: room for a run's own files, none for a checkpoint of 11 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    require("mounting a file system", mounted, "run the tests as root, with the right to mount")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_one_clear_line(small_disk, ready, tiny):
    done = ready.run("trainers/grpo.py", *tiny, f"runs={small_disk}")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: could not write a checkpoint to ")
    assert "the disk is full" in done.stderr
    assert "resume=true" in done.stderr
    assert done.stderr.count("\n") == 1
