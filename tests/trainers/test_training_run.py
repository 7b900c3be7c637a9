"""Short real runs of the embedded model: what they leave behind, and every way of training that we offer."""

from __future__ import annotations

import html
import json
import math
import os
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

REWARDS = ("reward", "reward_std", "pass_at_1", "zero_std_share", "unscorable_share", "think_share", "clip_share")
LENGTHS = ("length_mean", "length_p10", "length_p90", "tokens", "tokens_per_s")
LEARNING = ("loss", "grad_norm", "learning_rate", "entropy")
EVALUATION = {"pass_at_1", "ci95", "n", "think_share", "by_level", "by_thinking", "greedy_pass_at_1"}


@pytest.fixture(scope="session")
def run(train, tmp_path_factory):
    """One run with everything on; most tests below only look at it."""
    return train(
        f"runs={tmp_path_factory.mktemp('runs')}",
        "trainer.max_steps=4",
        "env.level=1-3",
        "eval.n=12",
        "eval.every=2",
        "eval.n_during=6",
        "trainer.sample_every=2",
        "trainer.save_every=2",
    )


def test_every_step_has_a_row_of_finite_numbers(run):
    assert [row["step"] for row in run.steps] == [1, 2, 3, 4]
    for row in run.steps:
        assert row["steps"] == 4
        for name in (*REWARDS, *LENGTHS, *LEARNING):
            assert math.isfinite(row[name]), name
        assert row["kl"] is None
        assert row["logp_difference"] is None
        assert row["warnings"] == []
        assert {"step", "generate", "score", "train", "sync", "other"} == set(row["seconds"])
        parts = sum(row["seconds"][name] for name in ("generate", "score", "train", "sync", "other"))
        assert parts == pytest.approx(row["seconds"]["step"], rel=0.05, abs=0.01)
        assert sum(level["n"] for level in row["by_level"].values()) == 8
        assert sum(row["reasons"].values()) == 8
        assert set(row["clip_ratios"]) == {"low", "high", "all"}
        assert row["by_family"] == {"code_output_prediction": {"n": 8} | {k: row[k] for k in ("reward", "pass_at_1")}}
        assert 0.1 < row["memory_gib"]["resident"] < 50
        assert row["unscorable_left_out"] == 0


def test_the_rows_agree_with_what_was_rewarded(run):
    for row, samples in zip(run.steps, run.rewarded, strict=True):
        assert row["reward"] == pytest.approx(sum(s.reward for s in samples) / len(samples))
        assert row["tokens"] == sum(s.tokens for s in samples)
        assert row["tokens"] == sum(len(ids) for ids in run.reward_calls[row["step"] - 1].completions)


def test_held_out_evaluations_come_when_asked(run):
    rows = [row for row in run.rows("metrics.jsonl") if "eval" in row]
    assert [row["step"] for row in rows] == [0, 2, 4]
    assert [row["eval"]["n"] for row in rows] == [12, 6, 12]
    for row in rows:
        low, high = row["eval"]["ci95"]
        assert 0 <= low <= row["eval"]["pass_at_1"] <= high <= 1


def test_samples_are_kept(run):
    rows = run.rows("samples.jsonl")
    assert [(row["phase"], row["step"]) for row in rows if row["phase"] == "train"] == [("train", 2)] * 2 + [
        ("train", 4)
    ] * 2
    assert {row["phase"] for row in rows} == {"before", "train", "after"}
    for row in rows:
        assert {"task_id", "level", "prompt", "completion", "answer", "expected", "score", "reason", "thinking"} <= set(
            row
        )
    best, worst = (row for row in rows if row["phase"] == "train" and row["step"] == 2)
    assert best["advantage"] >= worst["advantage"]
    assert all("/test/" in row["task_id"] for row in rows if row["phase"] != "train")
    assert all("/train/" in row["task_id"] for row in rows if row["phase"] == "train")


def test_the_result_is_as_documented(run):
    result = run.result
    assert (result["env"], result["model"], result["rollout"], result["seed"]) == (
        "code_understanding",
        "embedded",
        "transformers",
        0,
    )
    assert (result["n"], result["levels"], result["steps"], result["completions"]) == (12, [1, 2, 3], 4, 32)
    assert result["env_kwargs"]["level"] == "1-3"
    for phase in ("before", "after"):
        assert set(result[phase]) >= EVALUATION
        assert sum(rate["n"] for rate in result[phase]["by_level"].values()) == 12
        shares = [result[phase]["by_thinking"][kind]["share"] for kind in ("thinking", "not_thinking")]
        assert sum(shares) == pytest.approx(1.0)
    assert result["difference"] == pytest.approx(result["after"]["pass_at_1"] - result["before"]["pass_at_1"])
    assert 0 <= result["p_value"] <= 1
    assert set(result["seconds"]) == {"setup", "before", "train", "after", "total"}
    assert result["seconds"]["total"] >= result["seconds"]["train"] > 0
    spent = {name: sum(row["seconds"][name] for row in run.steps) for name in ("score", "step")}
    assert result["reward_share"] == pytest.approx(spent["score"] / spent["step"])
    assert {"torch", "transformers", "trl", "synthetic1"} <= set(result["versions"])


def test_the_configuration_is_kept_and_composes_again(run):
    from synthetic1.jobs.program import validate
    from synthetic1.trainers.reinforcement.settings import GrpoSettings

    kept = yaml.safe_load((run.path / "config.yaml").read_text())
    assert validate(GrpoSettings, kept).trainer.max_steps == 4


def test_lengths_of_right_and_of_wrong_are_of_what_was_rewarded(run):
    for row, samples in zip(run.steps, run.rewarded, strict=True):
        for name, wanted in (("length_right", True), ("length_wrong", False)):
            tokens = [s.tokens for s in samples if (s.score == 1.0) == wanted]
            assert row[name] == (pytest.approx(sum(tokens) / len(tokens)) if tokens else None)


def test_the_run_says_that_it_is_finished(run):
    assert json.loads((run.path / "status.json").read_text())["state"] == "finished"


def test_the_report_is_one_page(run):
    page = (run.path / "report.html").read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "code_understanding" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_the_trained_model_loads_and_generates(run, tokenizer):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = run.path / "model"
    trained, own = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert own.chat_template == tokenizer.chat_template
    messages = [{"role": "user", "content": run.rewarded[0][0].task.prompt}]
    inputs = own.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = trained.generate(**inputs, max_new_tokens=8, do_sample=False)
    assert out.shape[1] > inputs["input_ids"].shape[1]


def test_training_changed_the_model(run, model):
    from safetensors.torch import load_file

    trained = load_file(run.path / "model" / "model.safetensors")
    before = model.state_dict()
    assert any(not weights.equal(before[name]) for name, weights in trained.items())


def test_two_checkpoints_are_kept(run):
    kept = sorted(path.name for path in (run.path / "checkpoints").glob("checkpoint-*"))
    assert kept == ["checkpoint-2", "checkpoint-4"]


def test_the_same_command_gives_the_same_run(run, train, tmp_path):
    again = train(f"runs={tmp_path}", "trainer.max_steps=4", "env.level=1-3")  # evaluations must not disturb it
    assert again.reward_calls == run.reward_calls
    assert [row["loss"] for row in again.steps] == pytest.approx([row["loss"] for row in run.steps], abs=1e-5)


def test_micro_batches_give_the_same_gradient(train, tmp_path):
    """Cut into micro-batches an update is the same update."""
    whole = train(f"runs={tmp_path}", "run_name=whole", "trainer.max_steps=1")
    cut = train(f"runs={tmp_path}", "run_name=cut", "trainer.max_steps=1", "trainer.micro_batch=2")
    assert cut.reward_calls[0].tasks == whole.reward_calls[0].tasks
    assert cut.steps[0]["tokens"] == whole.steps[0]["tokens"]
    assert cut.steps[0]["grad_norm"] == pytest.approx(whole.steps[0]["grad_norm"], rel=1e-3)


# What one sees of it -----------------------------------------------------------------------------------------------


def test_the_page_is_there_before_anything_is_measured(train, tmp_path, monkeypatch):
    from synthetic1.trainers.reinforcement import runs

    seen = []

    def look(evaluate, settings, run, phase, step, times):
        page = (run.path / "report.html").read_text()
        seen.append((phase, "data-every" in page, f"held-out evaluation {phase} training: 4 tasks" in page))
        return measure(evaluate, settings, run, phase, step, times)

    measure = runs.measure
    monkeypatch.setattr(runs, "measure", look)
    train(f"runs={tmp_path}", "eval.n=4", "eval.greedy=false", "trainer.max_steps=1")
    assert seen == [("before", True, True), ("after", True, True)]


def test_a_failure_is_on_the_page(train, tmp_path, monkeypatch):
    from synthetic1.trainers.reinforcement.grpo_trainer import VerifiedGRPOTrainer

    def fail(*_, **__):
        raise RuntimeError("CUDA error: device-side assert")

    monkeypatch.setattr(VerifiedGRPOTrainer, "_calculate_rewards", fail)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError):
        train(f"runs={tmp_path}", "trainer.max_steps=1")
    assert signal.getsignal(signal.SIGINT) is before  # though transformers tells callbacks of no end
    (folder,) = (tmp_path / "grpo").iterdir()
    assert "RuntimeError: CUDA error: device-side assert" in (folder / "report.html").read_text()
    assert json.loads((folder / "status.json").read_text())["state"] == "failed"


def test_every_completion_is_kept_if_asked_and_a_resumed_run_writes_none_twice(train, tmp_path):
    same = (f"runs={tmp_path}", "samples=all", "trainer.sample_every=2", "trainer.max_steps=4", "trainer.save_every=1")
    with pytest.raises(SystemExit) as stop:
        train(*same, stop_after=2)
    folder = stop.value.run.path
    with (folder / "samples.jsonl").open("a") as file:  # a step that a kill -9 kept from its checkpoint
        file.write(json.dumps({"step": 3, "phase": "train", "task_id": "lost"}) + "\n")
    run = train(*same, "resume=true")
    rows = run.rows("samples.jsonl")
    assert [sum(row["step"] == step for row in rows) for step in (1, 2, 3, 4)] == [8, 8, 8, 8]
    assert "lost" not in {row["task_id"] for row in rows}
    written = sorted(row["completion"] for row in rows if row["step"] > 2)
    assert written == sorted(r.rollout.completion.raw for batch in run.rewarded for r in batch)


@pytest.mark.integrations
def test_an_interrupted_demo_goes_on_by_the_command_it_prints(ready, tiny, tmp_path):
    """Really: the demo's recipe, Ctrl-C, the line it prints given to a shell."""
    own = ("env=code_understanding", "recipe=demo", *tiny, "eval.every=0", "trainer.max_steps=3", f"runs={tmp_path}")
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    with ready.start("trainers/grpo.py", *own) as demo:
        said = []
        for line in demo.stdout:
            said.append(line)
            if line.startswith("step 1/3"):
                demo.send_signal(signal.SIGINT)
        demo.communicate()
    assert demo.returncode == 130, said
    again = next(line for line in said if "go on with: " in line).partition("go on with: ")[2]
    assert again.split()[-2:] == ["resume=true", "overwrite=false"]
    (folder,) = (tmp_path / "grpo").iterdir()
    assert again.strip() in html.unescape((folder / "report.html").read_text())
    done = subprocess.run(again, shell=True, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "going on from step" in done.stdout
    assert [path.name for path in (tmp_path / "grpo").iterdir()] == [folder.name]  # nothing was put aside
    steps = [json.loads(line)["step"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3]


# Every way of training -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["dapo", "dr_grpo", "r1"])
def test_recipes_train(train, tmp_path, recipe):
    run = train(f"runs={tmp_path}", f"recipe={recipe}", "trainer.updates_per_rollout=2", "trainer.learning_rate=1e-4")
    assert [row["step"] for row in run.steps] == [1, 2]
    assert all(math.isfinite(row["loss"]) for row in run.steps)
    assert (run.steps[-1]["kl"] is not None) == (recipe == "r1")  # its KL term loads a reference model
    assert len(run.reward_calls) == 1


def test_lora_trains_and_can_be_loaded(train, tmp_path):
    run = train(f"runs={tmp_path}", "model.lora={r: 4, alpha: 8}", "eval.n=4", "trainer.learning_rate=1e-2")
    assert run.result["after"]["n"] == 4
    from peft import AutoPeftModelForCausalLM

    adapter = json.loads((run.path / "model" / "adapter_config.json").read_text())
    assert adapter["r"] == 4
    assert (run.path / "model" / "adapter_model.safetensors").stat().st_size < 1_000_000
    assert AutoPeftModelForCausalLM.from_pretrained(run.path / "model") is not None


def test_a_curriculum_trains_on_its_levels(train, tmp_path):
    phases = "trainer.curriculum=[{until: 0.5, levels: 1}, {until: 1.0, levels: 3}]"
    run = train(f"runs={tmp_path}", "env.level=1-3", "trainer.max_steps=4", phases)
    assert [set(row["by_level"]) for row in run.steps] == [{"1"}, {"1"}, {"3"}, {"3"}]


def test_a_weighted_mixture_trains(train, tmp_path):
    part = "id: synthetic1/code_understanding-v0, size: 40"
    mixture = f"{{easy: {{weight: 3, {part}, level: 1}}, hard: {{weight: 1, {part}, level: 3}}}}"
    run = train(f"runs={tmp_path}", "env.id=null", f"+env.mixture={mixture}", "trainer.prompts_per_step=8", "eval.n=8")
    assert run.path.name.startswith("easy+hard")
    levels = [s.task.metadata["level"] for rollout in run.rewarded for s in rollout]
    assert set(levels) == {1, 3}
    assert levels.count(1) > levels.count(3)
    assert run.result["levels"] == [1, 3]


def test_several_updates_a_rollout(train, tmp_path):
    run = train(f"runs={tmp_path}", "trainer.max_steps=4", "trainer.updates_per_rollout=2", "trainer.micro_batch=4")
    assert [call.step for call in run.reward_calls] == [0, 2]
    assert all(len(call.tasks) == 16 and len(set(call.tasks)) == 4 for call in run.reward_calls)
    assert [row["tokens"] > 0 for row in run.steps] == [True, False, True, False]
    assert run.result["completions"] == 32


@pytest.mark.integrations
def test_cruxeval_trains(train, tmp_path, shared_data, require):
    path = shared_data / "cruxeval.jsonl"
    require("CRUXEval", path.is_file(), "put cruxeval.jsonl into the shared data")
    run = train(
        f"runs={tmp_path}",
        f"env.tasks={path}",
        "~env.level",
        "~env.size",
        "eval.n=2",
        "trainer.group_size=2",  # its prompts are long
        "rollout.max_completion_length=12",
    )
    assert [row["step"] for row in run.steps] == [1, 2]
    assert all(row["unscorable_share"] == 0.0 for row in run.steps)
    assert run.result["n"] == 2


def test_a_dry_run_checks_and_trains_nothing(train, tmp_path, capsys):
    run = train(f"runs={tmp_path}", "dry_run=true")
    assert run.reward_calls == []
    out = capsys.readouterr().out
    assert "verdict" in out
    assert "memory" in out
    assert "2 steps follow" in out
    assert list(tmp_path.iterdir()) == []
