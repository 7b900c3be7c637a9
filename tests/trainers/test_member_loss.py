"""A loss of its own for each part of a mixture: TRL's, and with equal losses exactly TRL's."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from synthetic1.jobs.program import ProgramError, refuse_idle

if TYPE_CHECKING:  # it imports torch: every process of the tests reads this file, one of them trains
    from synthetic1.trainers.reinforcement.objective.objective import PartLoss
    from synthetic1.trainers.reinforcement.objective.part_loss import PartLossTrainer

LOSSES = ("bnpo", "cispo", "dapo", "dr_grpo", "grpo", "luspo", "sapo", "vespo")
MIXTURE = (
    "env=mixture",
    *("env.mixture.easy.level=1", "+env.mixture.easy.size=20", "env.mixture.easy.weight=1"),
    *("env.mixture.hard.level=2", "+env.mixture.hard.size=20", "env.mixture.hard.weight=1"),
)
PART, OWN = "id: synthetic1/code_understanding-v0, weight: 1, size: 20", "{loss_type: grpo, epsilon: 0.1, weight: 0.5}"
SIZES = ("trainer.prompts_per_step=4", "trainer.group_size=2", "rollout.max_completion_length=16", "eval.n=0")


def high(loss_type: str) -> float:
    return 1.1 if loss_type == "cispo" else 0.28


def equal(loss_type: str) -> PartLoss:
    from synthetic1.trainers.reinforcement.objective.objective import PartLoss

    return PartLoss(loss_type, 0.2, high(loss_type), 1.0)


@pytest.fixture(scope="module")
def trainer(tmp_path_factory: pytest.TempPathFactory, compose: Any, model: Any, tokenizer: Any) -> PartLossTrainer:
    """A trainer of a mixture of two, before its first step."""
    from datasets import Dataset

    from synthetic1.trainers.reinforcement.grpo_trainer import VerifiedGRPOTrainer
    from synthetic1.trainers.reinforcement.objective.objective import Objective
    from synthetic1.trainers.reinforcement.objective.reward import Reward
    from synthetic1.trainers.reinforcement.train_set import TrainSet
    from synthetic1.trainers.reinforcement.trl_config import grpo_config

    settings = compose(*MIXTURE, *SIZES, "+env.mixture.hard.loss={loss_type: grpo}", "trainer.beta=0.1")
    train_set = TrainSet.make(settings.env.untrained)
    args = grpo_config(settings, tmp_path_factory.mktemp("run"), 1, {"max_completion_length": 16})
    reward = Reward(train_set, tokenizer, objective=Objective.make(settings, train_set.tasks))
    dataset: Dataset = train_set.dataset()
    made = VerifiedGRPOTrainer(
        reward=reward,
        schedule=train_set.schedule(settings, 1),
        model=model,
        args=args,
        train_dataset=dataset,
        processing_class=tokenizer,
    )
    made.model.train()
    made.current_gradient_accumulation_steps = 1  # as the loop of training sets it
    return made


@pytest.fixture(scope="module")
def batch(trainer: PartLossTrainer) -> dict[str, Any]:
    """What TRL makes of a rollout of both parts, with ratios and a reference away from 1, and one completion masked."""
    import torch

    indices = [0, 0, 25, 25, 1, 1, 30, 30]  # 20 tasks are easy, 20 hard
    inputs = trainer._generate_and_score_completions([dict(trainer.train_dataset[i]) for i in indices])
    assert inputs["part"].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    torch.manual_seed(0)
    with torch.no_grad():
        ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
        mask = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
        logps, _, _ = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids, mask, inputs["completion_ids"].size(1)
        )
    inputs["old_per_token_logps"] = logps + 0.3 * torch.randn_like(logps)
    inputs["ref_per_token_logps"] = logps + 0.3 * torch.randn_like(logps)
    inputs["advantages"] = torch.randn(8)
    inputs["completion_mask"][3] = 0
    inputs["num_items_in_batch"] = inputs["completion_mask"].sum()
    return inputs


def outcome(trainer: PartLossTrainer, inputs: dict[str, Any]) -> tuple[float, list[Any], dict[str, list[float]]]:
    """The loss, its gradients, and what was logged."""
    trainer.model.zero_grad()
    trainer._metrics["train"].clear()
    loss = trainer._compute_loss(trainer.model, inputs)
    loss.backward()
    gradients = [p.grad.clone() for p in trainer.model.parameters() if p.grad is not None]
    return loss.item(), gradients, {name: list(values) for name, values in trainer._metrics["train"].items()}


def whole(trainer: PartLossTrainer, monkeypatch: pytest.MonkeyPatch, loss_type: str, inputs: dict[str, Any]) -> Any:
    """TRL's own loss of a batch."""
    with monkeypatch.context() as patch:
        for name, value in (("loss_type", loss_type), ("epsilon_low", 0.2), ("epsilon_high", high(loss_type))):
            patch.setattr(trainer, name, value)
        return outcome(trainer, {name: value for name, value in inputs.items() if name != "part"})


def with_losses(
    trainer: PartLossTrainer, monkeypatch: pytest.MonkeyPatch, losses: tuple[PartLoss, ...], inputs: dict[str, Any]
) -> Any:
    from dataclasses import replace

    with monkeypatch.context() as patch:
        patch.setattr(trainer.reward, "objective", replace(trainer.reward.objective, losses=losses))
        return outcome(trainer, inputs)


@pytest.mark.parametrize("level", ["token", "sequence"])
@pytest.mark.parametrize("loss_type", LOSSES)
def test_equal_losses_are_the_loss_of_the_whole(trainer, batch, monkeypatch, loss_type, level):
    import torch

    monkeypatch.setattr(trainer, "importance_sampling_level", level)
    expected, gradients, logged = whole(trainer, monkeypatch, loss_type, batch)
    assert abs(expected) > 1e-4
    assert max(g.abs().max() for g in gradients) > 1e-4
    loss, own_gradients, own_logged = with_losses(trainer, monkeypatch, (equal(loss_type),) * 2, batch)
    assert math.isclose(loss, expected, rel_tol=1e-6, abs_tol=1e-6)
    assert len(gradients) == len(own_gradients)
    for mine, theirs in zip(own_gradients, gradients, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    assert {name: len(values) for name, values in own_logged.items()} == dict.fromkeys(logged, 1)
    for name, values in logged.items():
        assert own_logged[name] == pytest.approx(values, rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize("pair", [("dapo", "grpo"), ("bnpo", "cispo"), ("luspo", "vespo"), ("sapo", "dr_grpo")])
def test_each_part_has_its_own_loss(trainer, batch, monkeypatch, pair):
    """Of each part alone, TRL's loss of that part's rows, by their share where TRL divides by what there is."""
    expected = 0.0
    for part, loss_type in enumerate(pair):
        rows = batch["part"] == part
        own = {name: value[rows] if value.ndim else value for name, value in batch.items()}
        loss, _, _ = whole(trainer, monkeypatch, loss_type, own)
        share = {
            "bnpo": own["completion_mask"].sum() / batch["completion_mask"].sum(),
            **dict.fromkeys(("dapo", "cispo", "vespo"), 1.0),  # the batch's tokens are their denominator already
        }.get(loss_type, 0.5)
        expected += float(share) * (part + 1) * loss
    from dataclasses import replace

    losses = tuple(replace(equal(loss_type), weight=part + 1.0) for part, loss_type in enumerate(pair))
    loss, _, logged = with_losses(trainer, monkeypatch, losses, batch)
    assert math.isclose(loss, expected, rel_tol=1e-5, abs_tol=1e-6)
    assert all(len(values) == 1 for values in logged.values())
    assert trainer.loss_type == "dapo"  # as it was


def test_a_batch_of_one_part(trainer, batch, monkeypatch):
    rows = batch["part"] == 1
    own = {name: value[rows] if value.ndim else value for name, value in batch.items()}
    expected, _, logged = whole(trainer, monkeypatch, "grpo", own)
    loss, _, own_logged = with_losses(trainer, monkeypatch, (equal("dapo"), equal("grpo")), own)
    assert math.isclose(loss, expected, rel_tol=1e-6)
    assert own_logged.keys() == logged.keys()
    assert own_logged["kl"] == pytest.approx(logged["kl"])


def test_the_model_runs_once(trainer, batch, monkeypatch):
    calls = []
    forward = trainer.model.forward
    monkeypatch.setattr(trainer.model, "forward", lambda *a, **kw: calls.append(1) or forward(*a, **kw))
    whole(trainer, monkeypatch, "dapo", batch)
    once = len(calls)
    with_losses(trainer, monkeypatch, (equal("dapo"), equal("grpo")), batch)
    assert len(calls) == 2 * once > 0


def test_the_entropy_quantile_is_one_of_the_whole(trainer, batch, monkeypatch):
    monkeypatch.setattr(trainer, "top_entropy_quantile", 0.5)
    expected, _, _ = whole(trainer, monkeypatch, "dapo", batch)
    loss, _, _ = with_losses(trainer, monkeypatch, (equal("dapo"),) * 2, batch)
    assert math.isclose(loss, expected, rel_tol=1e-6)


def test_parts_travel_with_their_rows_through_trl(train, tmp_path):
    """Shuffled, split into micro-batches, and kept for a second update."""
    run = train(
        f"runs={tmp_path}",
        "env.id=null",
        f"+env.mixture.easy={{{PART}, level: 1, rewards: {{correctness: 2}}}}",
        f"+env.mixture.hard={{{PART}, level: 2, loss: {OWN}}}",
        "trainer.prompts_per_step=4",
        "trainer.micro_batch=4",
        "trainer.updates_per_rollout=2",
    )
    assert all(math.isfinite(row["loss"]) and math.isfinite(row["grad_norm"]) for row in run.steps)
    samples = [sample for rollout in run.rewarded for sample in rollout]
    assert {s.part for s in samples} == {"easy", "hard"}
    assert all(s.part == {1: "easy", 2: "hard"}[s.task.level] for s in samples)
    assert all(s.reward == s.score * (2 if s.part == "easy" else 1) for s in samples)
    assert run.steps[0]["by_part"].keys() == {"easy", "hard"}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["+env.mixture.easy.loss={loss_type: gropo}"], r"env\.mixture\.easy\.loss: .*did you mean `grpo`"),
        (["+env.mixture.easy.loss={epsilon_hi: 0.3}"], r"env\.mixture\.easy\.loss: .*did you mean `epsilon_high`"),
        (["+env.mixture.easy.loss={loss_type: cispo}"], r"env\.mixture\.easy\.loss\.epsilon_high; give one above 1"),
        (
            ["+env.mixture.easy.loss={loss_type: grpo}", "+trainer.extra.entropy_coef=0.1"],
            r"env\.mixture\.easy\.loss does not go with trainer\.extra\.entropy_coef",
        ),
        (
            ["+env.mixture.easy.loss={loss_type: sapo, epsilon: 0.1}"],
            r"env\.mixture\.easy\.loss\.epsilon does nothing with loss_type=sapo, which clips no ratios",
        ),
        (
            ["+env.mixture.easy.loss={loss_type: cispo, epsilon: 0.1, epsilon_high: 5}"],
            r"env\.mixture\.easy\.loss\.epsilon does nothing with loss_type=cispo, which caps ratios",
        ),
        (["+env.mixture.easy.rewards={formatt: 1}"], r"env\.mixture\.easy\.rewards: there is no `formatt`"),
        (["+env.mixture.easy.rewards=3"], r"env\.mixture\.easy\.rewards=3 must be weights by component"),
        (["+env.mixture.easy.rewards={correctness: 0}"], "all weights are 0"),
    ],
)
def test_settings_of_parts_are_checked(compose, overrides, said):
    with pytest.raises(ProgramError, match=said):
        compose("env=mixture", *overrides)


def test_arguments_beside_a_mixture_are_refused_if_they_were_typed(compose):
    settings = compose("env=mixture", "+env.level=3")
    refuse_idle(settings, ["trainer.max_steps"])
    with pytest.raises(ProgramError, match=r"^env\.level does nothing beside a mixture; give it to its parts"):
        refuse_idle(settings, ["env.level"])


def test_the_cap_of_cispo_is_no_other_losss(compose):
    from synthetic1.trainers.reinforcement.objective.objective import _losses

    own = "+env.mixture.hard.loss={loss_type: grpo}"
    easy, hard = _losses(compose("env=mixture", "trainer.loss_type=cispo", "trainer.epsilon_high=5", own))
    assert (easy.epsilon_high, hard.epsilon_high) == (5.0, 0.2)


@pytest.mark.parametrize(
    ("easy", "hard", "trainer", "idle"),
    [
        ("{epsilon: 0.1}", "{epsilon: 0.3}", (), {"epsilon"}),
        ("{epsilon: 0.1}", "{epsilon_high: 0.3}", (), set()),
        ("{loss_type: grpo}", "{loss_type: sapo}", (), {"loss_type"}),
        ("{loss_type: vespo}", "{loss_type: sapo}", (), {"loss_type", "epsilon", "epsilon_high"}),
        ("{weight: 2}", "{weight: 1}", ("trainer.loss_type=sapo",), {"epsilon", "epsilon_high"}),
        (
            "{loss_type: grpo}",
            "{loss_type: dapo}",
            ("trainer.loss_type=cispo", "trainer.epsilon_high=5"),
            {"loss_type", "epsilon_high"},
        ),
    ],
)
def test_what_every_part_overrides_does_nothing(compose, easy, hard, trainer, idle):
    parts = (f"+env.mixture.easy.loss={easy}", f"+env.mixture.hard.loss={hard}")
    named = {name.removeprefix("trainer.") for name, _ in compose("env=mixture", *parts, *trainer).idle()}
    assert named & {"loss_type", "epsilon", "epsilon_high"} == idle


def test_elsewhere_they_are_refused():
    """Evaluation and generation reward nothing."""
    from synthetic1.jobs.env_settings import EnvSettings
    from synthetic1.jobs.opening import open_environment

    part = {"id": "synthetic1/code_understanding-v0", "weight": 1.0}
    env = EnvSettings(mixture={"easy": {**part, "rewards": {"format": 0.1}}})
    with pytest.raises(ProgramError, match=r"env\.mixture\.easy\.rewards is for GRPO, and does nothing here"):
        open_environment(env)
    assert len(open_environment(env.untrained).tasks) > 0


@pytest.mark.proofs
def test_processes_whose_micro_batches_hold_other_parts_wait_for_each_other(run_child, tiny, tmp_path):
    """TRL gathers in the middle of its loss: each process has to take the loss of every part, present or not."""
    launch = (
        "-m",
        "accelerate.commands.launch",
        "--config_file",
        "configs/accelerate/ddp.yaml",
        "--num_processes",
        "2",
    )
    done = run_child(
        *(*launch, "--main_process_port", "0", "trainers/grpo.py", *tiny, f"runs={tmp_path}"),
        *(
            "env.id=null",
            f"+env.mixture.easy={{{PART}, level: 1}}",
            f"+env.mixture.hard={{{PART}, level: 2, loss: {OWN}}}",
        ),
        *("trainer.micro_batch=2", "rewards=[{name: relative_length, weight: 0.5}]"),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in next(tmp_path.glob("grpo/*/metrics.jsonl")).read_text().splitlines()]
    assert all(math.isfinite(row["loss"]) and math.isfinite(row["grad_norm"]) for row in rows)
    assert all(sum(part["n"] for part in row["by_part"].values()) == 8 for row in rows)
