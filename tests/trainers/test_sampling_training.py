"""Samplings in real training: TRL's own code, the embedded model, a few short completions."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from synthetic1.jobs.program import ProgramError
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.trainers.reinforcement.sampling.sampler import FILE
from synthetic1.verdict import Verdict

SAMPLINGS = ("dynamic", "adaptive", "curriculum")
GROUP = 4


@pytest.fixture
def watched(monkeypatch):
    """What the trainer generated, and what its scorer was given: sizes of calls."""
    from synthetic1.trainers.reinforcement.grpo_trainer import VerifiedGRPOTrainer

    seen = {"generated": [], "scored": [], "dropped": []}
    candidates, score, learned = VerifiedGRPOTrainer._candidates, Scorer.score, VerifiedGRPOTrainer._chosen

    def noted_candidates(self, tasks, first):
        seen["generated"].append(len(tasks))
        return candidates(self, tasks, first)

    async def noted_score(self, pairs, on_verdict=None):
        seen["scored"].append(len(list(pairs)))
        return await score(self, pairs, on_verdict)

    def noted_rows(self, places):
        rows = learned(self, places)
        seen["dropped"].append(list(self.dropped))
        return rows

    monkeypatch.setattr(VerifiedGRPOTrainer, "_candidates", noted_candidates)
    monkeypatch.setattr(Scorer, "score", noted_score)
    monkeypatch.setattr(VerifiedGRPOTrainer, "_chosen", noted_rows)
    return seen


def test_dynamic_keeps_what_teaches(train, tmp_path, watched):
    run = train(f"runs={tmp_path}", "trainer.sampling=dynamic", "trainer.prompts_per_step=3", "env.level=1", "seed=4")
    assert len(run.steps) == len(run.reward_calls) == 2
    for row, rewarded, dropped in zip(run.steps, run.rewarded, watched["dropped"], strict=True):
        assert row["sampling"] == "dynamic"
        assert row["missing_share"] == 0.0  # with this seed
        assert row["zero_std_share"] == 0.0
        assert row["completions"] == len(rewarded) == 12
        assert row["generated_completions"] == 12 + len(dropped)
        assert row["generated_tokens"] == sum(r.tokens for r in (*rewarded, *dropped)) > row["tokens"]
        assert row["dropped_share"] == len(dropped) / row["generated_completions"] > 0
        assert row["tokens_per_s"] > row["tokens"] / row["seconds"]["step"]
        assert row["refill_rounds"] > 0
        for start in range(0, len(dropped), GROUP):
            group = dropped[start : start + GROUP]
            assert len({r.task_index for r in group}) == len({r.score for r in group}) == 1
            assert group[0].row(0, "train")["advantage"] is None
    # Everything was generated once and verified once; that its rewards were made after the choice costs neither.
    assert sum(watched["generated"]) * GROUP == sum(row["generated_completions"] for row in run.steps)
    assert sum(watched["scored"]) == sum(row["generated_completions"] for row in run.steps)


def test_dynamic_gives_up_after_so_many_refills(train, tmp_path, capsys):
    """Nothing is right within two tokens: the batch is filled all the same, and nothing is learned from it."""
    options = ("trainer.difficulty.max_refills=1", "rollout.max_completion_length=2", "trainer.max_steps=1")
    run = train(f"runs={tmp_path}", "trainer.sampling=dynamic", *options)
    (row,) = run.steps
    assert row["missing_share"] == 1.0
    assert row["generated_completions"] == 2 * row["completions"] == 16
    assert {r.advantage for r in run.rewarded[0]} == {0.0}
    assert row["grad_norm"] == 0.0
    assert any("max_refills did not fill the batch" in warning for warning in row["warnings"])
    assert "by at most 1 × the batch" in capsys.readouterr().out


def test_slow_verifiers_are_overlapped(train, tmp_path, watched, monkeypatch):
    """A verifier that awaits: the first batch is generated in halves, and the outcome is full all the same."""
    monkeypatch.setattr(type(Scorer().verifier("code_output_prediction")), "inline", False)
    run = train(f"runs={tmp_path}", "trainer.sampling=dynamic", "trainer.prompts_per_step=4", "trainer.max_steps=1")
    assert watched["generated"][:2] == [2, 2]
    assert run.steps[0]["completions"] == 16
    assert sum(watched["scored"]) == run.steps[0]["generated_completions"]


@pytest.mark.integrations
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_resumed_equals_uninterrupted(train, tmp_path, sampling):
    options = (f"trainer.sampling={sampling}", "trainer.max_steps=4", "trainer.learning_rate=1e-3", "eval.n=0")
    whole = train(f"runs={tmp_path / 'whole'}", *options)
    with pytest.raises(SystemExit) as stop:
        train(f"runs={tmp_path / 'parts'}", *options, stop_after=2)
    assert stop.value.code == 130
    first = stop.value.run
    assert [row["step"] for row in first.steps] == [1, 2]
    second = train(f"runs={tmp_path / 'parts'}", *options, "resume=true")
    assert [*first.reward_calls, *second.reward_calls] == whole.reward_calls  # on one machine's CPU, completions too
    for name in ("loss", "generated_tokens", "estimated_pass_rate", "unlocked_level"):
        assert [row[name] for row in second.steps] == [row[name] for row in whole.steps], name
    states = [json.loads((run.path / "checkpoints/checkpoint-4" / FILE).read_text()) for run in (second, whole)]
    assert states[0] == states[1]
    assert states[0]["sampling"] == sampling


@pytest.mark.integrations
def test_killed_in_the_middle_of_a_refill(train, tmp_path, monkeypatch):
    """What the refill drew and generated is forgotten: it goes back to the checkpoint before it."""
    from synthetic1.trainers.reinforcement.grpo_trainer import VerifiedGRPOTrainer

    sizes = ("trainer.prompts_per_step=4", "trainer.max_steps=3", "trainer.save_every=2")
    options = ("trainer.sampling=dynamic", *sizes)
    whole = train(f"runs={tmp_path / 'whole'}", *options)
    assert whole.steps[2]["refill_rounds"] > 0
    candidates = VerifiedGRPOTrainer._candidates

    def killed(self, tasks, first):
        if self.state.global_step == 2 and first > 0:  # a refill of the third rollout
            raise MemoryError("killed")
        return candidates(self, tasks, first)

    with monkeypatch.context() as patch:
        patch.setattr(VerifiedGRPOTrainer, "_candidates", killed)
        with pytest.raises(MemoryError):
            train(f"runs={tmp_path / 'parts'}", *options)
    resumed = train(f"runs={tmp_path / 'parts'}", *options, "resume=true")
    assert resumed.reward_calls == whole.reward_calls[2:]
    assert [row["loss"] for row in resumed.steps] == [row["loss"] for row in whole.steps]


def test_a_checkpoint_of_another_sampling_is_one_clear_line(train, tmp_path):
    options = (f"runs={tmp_path}", "trainer.sampling=adaptive", "trainer.max_steps=1")
    run = train(*options)
    (run.path / "checkpoints/checkpoint-1" / FILE).unlink()
    (run.path / "checkpoints/checkpoint-1/complete.json").write_text("{}")
    with pytest.raises(ProgramError, match=r"trainer\.sampling=adaptive cannot go on without its state: there is no"):
        train(*options, "trainer.max_steps=2", "resume=true")


def test_a_run_older_than_the_setting_goes_on(train, tmp_path):
    import yaml

    run = train(f"runs={tmp_path}", "trainer.max_steps=1")
    config = run.path / "config.yaml"
    stored = yaml.safe_load(config.read_text())
    for name in ("sampling", "difficulty"):
        del stored["trainer"][name]
    config.write_text(yaml.safe_dump(stored))
    assert [row["step"] for row in train(f"runs={tmp_path}", "trainer.max_steps=2", "resume=true").steps] == [1, 2]
    with pytest.raises(ProgramError, match=r"trainer\.sampling was 'uniform' and is now 'adaptive'"):
        train(f"runs={tmp_path}", "trainer.max_steps=3", "resume=true", "trainer.sampling=adaptive")


def test_reused_rollouts_are_chosen_once(train, tmp_path):
    options = ("trainer.updates_per_rollout=2", "+trainer.extra.num_iterations=2", "trainer.micro_batch=2")
    run = train(f"runs={tmp_path}", "trainer.sampling=curriculum", "trainer.max_steps=8", *options)
    assert [call.step for call in run.reward_calls] == [0, 4]
    assert all(len(call.tasks) == 16 and len(set(call.tasks)) == 4 for call in run.reward_calls)
    assert all(a.tasks != b.tasks for a, b in pairwise(run.reward_calls))
    assert [row["generated_completions"] for row in run.steps if row["completions"]] == [16, 16]
    assert run.steps[0]["unlocked_level"] == 1


@pytest.mark.parametrize(("sampling", "scale"), [("uniform", "group"), ("uniform", "none"), ("dynamic", "group")])
def test_what_could_not_be_scored_leaves_mean_and_deviation(train, tmp_path, monkeypatch, sampling, scale):
    """Through TRL's own code: of scores None, 1, 0, 1 the first is no 0, and its advantage is."""
    from synthetic1.trainers.reinforcement.train_set import TrainSet

    scores = (None, 1.0, 0.0, 1.0)

    async def verify(self, pairs):
        made = [Verdict.unscorable("infra", "down") if s is None else Verdict.graded(s) for s in scores]
        return [made[i % GROUP] for i in range(len(pairs))]

    monkeypatch.setattr(TrainSet, "verify", verify)
    options = (f"trainer.sampling={sampling}", f"trainer.scale_rewards={scale}", "trainer.max_steps=1")
    run = train(f"runs={tmp_path}", *options)
    known = [s for s in scores if s is not None]
    deviation = np.std(known, ddof=1) + 1e-4 if scale == "group" else 1.0
    expected = [0.0 if s is None else (s - np.mean(known)) / deviation for s in scores]
    for start in range(0, 8, GROUP):
        group = run.rewarded[0][start : start + GROUP]
        assert [r.reward for r in group] == list(scores)
        assert [r.advantage for r in group] == pytest.approx(expected, abs=1e-6)
    (row,) = run.steps
    assert row["unscorable_share"] == 0.25
    assert row["reward"] == pytest.approx(np.mean(known))
    assert math.isfinite(row["loss"])


@pytest.mark.proofs
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_processes_agree(run_child, tiny, tmp_path, sampling):
    """Two processes take the steps of two that were stopped in between: each has the sampler's whole state."""
    launch = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1")
    port = ("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0")
    sizes = ("trainer.prompts_per_step=4", "trainer.lr_scheduler=constant", f"trainer.sampling={sampling}")
    kept = {}
    for name, steps in (("whole", 4), ("parts", 2), ("parts", 4)):
        options = (*sizes, f"trainer.max_steps={steps}", "resume=true", f"run_name={name}", f"runs={tmp_path}")
        done = run_child(*launch, *port, "trainers/grpo.py", *tiny, *options)
        assert done.returncode == 0, done.stderr[-3000:]
        folder = tmp_path / "grpo" / name
        rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        state = json.loads((folder / f"checkpoints/checkpoint-{steps}" / FILE).read_text())
        kept[name] = [(row["generated_tokens"], row["by_level"]) for row in rows], state
    assert len(kept["whole"][0]) == 4
    assert kept["parts"] == kept["whole"]
