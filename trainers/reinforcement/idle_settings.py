"""Settings that do nothing beside the others: somebody who has typed one expects it to do something."""

from __future__ import annotations

from collections.abc import Iterator

OF_COLOCATE = ("gpu_memory_utilization", "tensor_parallel_size", "sleep")
OF_SERVER = ("server_base_url",)
OF_BOTH = ("max_model_length",)


def idle_settings(
    *,
    model: str,
    backend: str,
    eval_n: int,
    eval_every: int,
    loss_type: str,
    epsilon_high: float | None,
    parts_have_losses: bool,
) -> Iterator[tuple[str, str]]:
    """(dotted name, why it does nothing here, and what would have it do something), of what GRPO is told."""
    if backend == "transformers":
        for name in (*OF_COLOCATE, *OF_SERVER, *OF_BOTH):
            yield f"rollout.vllm.{name}", "with rollout=transformers; choose rollout=vllm_colocate or vllm_server"
    elif backend == "vllm_server":
        for name in OF_COLOCATE:
            yield (
                f"rollout.vllm.{name}",
                "with rollout=vllm_server: the server has been told it; or choose vllm_colocate",
            )
    else:
        yield "rollout.vllm.server_base_url", "with rollout=vllm_colocate; choose rollout=vllm_server"
    if eval_n == 0:
        for name in ("every", "n_during", "batch_size", "greedy"):
            yield f"eval.{name}", "with eval.n=0, which switches every evaluation off; give eval.n tasks"
    elif eval_every == 0:
        yield "eval.n_during", "without eval.every, the steps between two evaluations during the run"
    if parts_have_losses:
        pass  # what the trainer is told is the default of the parts
    elif loss_type in ("sapo", "vespo"):
        for name in ("epsilon", "epsilon_high"):
            yield f"trainer.{name}", f"with trainer.loss_type={loss_type}, which clips no ratios"
    elif loss_type == "cispo" and epsilon_high is not None:
        yield "trainer.epsilon", "with trainer.loss_type=cispo, which caps ratios at trainer.epsilon_high alone"
    if model == "embedded":
        yield "model.revision", "with model=embedded, which is a part of this package"
