"""Settings that do nothing beside the others: somebody who has typed one expects it to do something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthetic1.trainers.reinforcement.objective.settings import (
    PartLossSettings,
    idle_clipping,
    inherited_epsilon_high,
)

OF_COLOCATE = ("gpu_memory_utilization", "tensor_parallel_size", "sleep", "max_model_length")
OF_SERVER = ("server_base_url", "server_wait_s")


def idle_settings(
    *,
    model: str,
    backend: str,
    eval_n: int,
    eval_engine: str,
    eval_every: int,
    loss_type: str,
    epsilon_high: float | None,
    part_losses: Sequence[PartLossSettings | None],
) -> Iterator[tuple[str, str]]:
    """(dotted name, why it does nothing here, and what would have it do something), of what GRPO is told."""
    if backend == "transformers":
        for name in (*OF_COLOCATE, *OF_SERVER):
            yield f"rollout.vllm.{name}", "with rollout=transformers; choose rollout=vllm_colocate or vllm_server"
    elif backend == "vllm_server":
        for name in OF_COLOCATE:
            yield (
                f"rollout.vllm.{name}",
                "with rollout=vllm_server: the server has been told it; or choose vllm_colocate",
            )
    else:
        for name in OF_SERVER:
            yield f"rollout.vllm.{name}", "with rollout=vllm_colocate; choose rollout=vllm_server"
    if eval_n == 0:
        for name in ("every", "n_during", "batch_size", "greedy", "engine"):
            yield f"eval.{name}", "with eval.n=0, which switches every evaluation off; give eval.n tasks"
    elif eval_every == 0:
        yield "eval.n_during", "without eval.every, the steps between two evaluations during the run"
    if eval_n and eval_engine == "vllm":
        yield "eval.batch_size", "where vLLM evaluates, which makes as many at once as fit; or eval.engine=transformers"
    if any(part_losses):
        yield from _overridden(part_losses, loss_type, epsilon_high)
    else:
        for field, why in idle_clipping(loss_type, has_high=epsilon_high is not None):
            yield f"trainer.{field}", f"with trainer.loss_type={loss_type}, {why}"
    if model == "embedded":
        yield "model.revision", "with model=embedded, which is a part of this package"


def _overridden(
    part_losses: Sequence[PartLossSettings | None], loss_type: str, epsilon_high: float | None
) -> Iterator[tuple[str, str]]:
    """What the trainer says of its loss and no part of the mixture takes up."""
    used: set[str] = set()
    for loss in (loss or PartLossSettings() for loss in part_losses):
        own = loss.loss_type or loss_type
        inherited = inherited_epsilon_high(own, loss_type, epsilon_high)
        high = loss.epsilon_high or inherited
        idle = {field for field, _ in idle_clipping(own, has_high=high is not None)}
        if loss.loss_type is None:
            used.add("loss_type")
        if loss.epsilon is None and "epsilon" not in idle:
            used.add("epsilon")
        if loss.epsilon_high is None and inherited is not None and "epsilon_high" not in idle:
            used.add("epsilon_high")
    for field in ("loss_type", "epsilon", "epsilon_high"):
        if field not in used:
            yield f"trainer.{field}", "where every part of env.mixture has a loss that does not take it up"
