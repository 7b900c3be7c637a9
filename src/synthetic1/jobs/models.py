"""The model and tokenizer that a program works on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from synthetic1.jobs import embedded_model
from synthetic1.jobs.adapter_folder import adapter_base
from synthetic1.jobs.model_settings import ComputeDtype, ModelSettings
from synthetic1.jobs.program import ProgramError

LAUNCHED = "ACCELERATE_MIXED_PRECISION"
"""What ``accelerate launch --mixed_precision`` tells its processes; ``no`` if it was not told."""


def model_path(settings: ModelSettings) -> str:
    """Where the model is: the embedded model's folder, or the name as it stands.

    Raises:
        ProgramError: the embedded model has not been built.
    """
    return model_folder(settings.name)


def model_folder(name: str) -> str:
    """As ``model_path``, of a model's name alone."""
    if name != "embedded":
        return name
    if not (embedded_model.FOLDER / "model.safetensors").is_file():
        raise ProgramError("model `embedded` is not built in this checkout: make embedded-model")
    return str(embedded_model.FOLDER)


def base_of(settings: ModelSettings) -> ModelSettings | None:
    """The model that adapters are for, where the settings name a folder of adapters; else ``None``."""
    base = adapter_base(model_path(settings))
    return ModelSettings(name=base.name, revision=base.revision, dtype=settings.dtype) if base else None


def check_whole(settings: ModelSettings, reader: str) -> None:
    """The model can be given to ``reader``, who reads the folder itself and takes no adapters.

    Raises:
        ProgramError: it is a folder of adapters; says how they are merged.
    """
    if (base := base_of(settings)) is not None:
        folder = settings.name.rstrip("/")
        raise ProgramError(
            f"model `{settings.name}` holds adapters for {base.name}, and {reader} wants a whole model; merge them: "
            f'python -c "from synthetic1.jobs.models import merge_adapters as m; m({folder!r}, {folder + "-merged"!r})"'
            f"; then model={folder}-merged"
        )


def merge_adapters(folder: str, to: str) -> None:
    """Write the model that the adapters in ``folder`` make of theirs, in float32, and its tokenizer."""
    settings = ModelSettings(name=folder)
    load_model(settings).save_pretrained(to)
    load_tokenizer(settings).save_pretrained(to)


def load_config(settings: ModelSettings) -> Any:
    """The model's configuration, which says its shape, or that of the model that adapters are for; no weights are read.

    Raises:
        ProgramError: there is no such model.
    """
    from transformers import AutoConfig

    if (base := base_of(settings)) is not None:
        return _of_base(settings, base, load_config)
    try:
        return AutoConfig.from_pretrained(model_path(settings), revision=settings.revision)
    except (OSError, ValueError, KeyError) as error:
        raise ProgramError(_missing(settings, error)) from error


def check_model(settings: ModelSettings) -> None:
    """There is such a model.

    Raises:
        ProgramError: there is not.
    """
    load_config(settings)


def weights_of(settings: ModelSettings) -> str:
    """Names what completes: the model's name and revision; of a folder, which may be trained anew, its files' times."""
    folder = Path(model_path(settings)).expanduser()
    files = sorted(file for file in folder.glob("*") if file.is_file()) if folder.is_dir() else []
    if settings.chat_template is not None:
        files.append(Path(settings.chat_template))
    times = [f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in files]
    base = base_of(settings)
    return " ".join([settings.name, settings.revision or "", *times, *([weights_of(base)] if base else [])])


def load_tokenizer(settings: ModelSettings) -> Any:
    """The tokenizer, with a padding token and a chat template.

    Raises:
        ProgramError: no such model, or one without a chat template.
    """
    from transformers import AutoTokenizer

    path, revision = model_path(settings), settings.revision
    if (base := base_of(settings)) is not None and not Path(path, "tokenizer_config.json").expanduser().is_file():
        path, revision = model_path(base), base.revision
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, revision=revision, padding_side="left")
    except (OSError, ValueError, KeyError) as error:
        raise ProgramError(_missing(settings, error)) from error
    if settings.chat_template is not None:
        try:
            tokenizer.chat_template = Path(settings.chat_template).read_text()
        except OSError as error:
            raise ProgramError(
                f"model.chat_template: cannot read {settings.chat_template}: {error.strerror}"
            ) from error
    if tokenizer.chat_template is None:
        raise ProgramError(
            f"model `{settings.name}` has no chat template; give one with model.chat_template=FILE.jinja"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(settings: ModelSettings) -> Any:
    """The causal language model, in ``model.dtype``, on the CPU; the trainer moves it. Adapters are merged into theirs.

    A trainer's ``TrainingArguments`` come first: under ZeRO-3 they have each process read its own shard alone.

    Raises:
        ProgramError: no such model.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if (base := base_of(settings)) is not None:
        return _merged(settings, base)
    path = model_path(settings)
    try:
        return AutoModelForCausalLM.from_pretrained(
            path, revision=settings.revision, dtype=getattr(torch, settings.dtype)
        )
    except (OSError, ValueError, KeyError) as error:
        raise ProgramError(_missing(settings, error)) from error


def context_length(model: Any) -> int:
    """Positions the model, or one of this configuration, can attend to, in tokens."""
    config = getattr(model, "config", model)
    return int(getattr(config.get_text_config(), "max_position_embeddings", 2**31))


def compute_dtype(asked: ComputeDtype, settings: ModelSettings) -> Literal["float32", "bfloat16"]:
    """What a trainer computes in.

    ``auto`` is bfloat16 where the weights are, where ``accelerate launch`` says so, and on a CUDA device that has it
    (Ampere and later); else float32.

    Raises:
        ProgramError: ``accelerate launch`` says something else than ``asked``.
    """
    import torch

    launched = os.environ.get(LAUNCHED, "no")
    if launched not in ("no", "bf16") or (launched == "bf16" and asked == "float32"):
        raise ProgramError(
            f"accelerate's mixed_precision={launched} does not go with trainer.compute_dtype={asked}: leave it at "
            "`no`, and say float32 or bfloat16 with trainer.compute_dtype"
        )
    if asked != "auto":
        return asked
    has_it = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if launched == "bf16" or settings.dtype == "bfloat16" or has_it else "float32"


def model_facts(asked: ComputeDtype, settings: ModelSettings) -> dict[str, str | None]:
    """For a run's header: all that the settings say of a model."""
    lora = settings.lora
    said = (
        f"LoRA, rank {lora.r}, alpha {lora.alpha}, dropout {lora.dropout:g}, on {lora.target_modules}" if lora else None
    )
    return {
        "model": settings.name + (f", revision {settings.revision}" if settings.revision else ""),
        "chat_template": settings.chat_template,
        "numbers": describe_dtype(asked, settings),
        "adapters": said,
    }


def describe_dtype(asked: ComputeDtype, settings: ModelSettings) -> str:
    """For a run's header: number formats of the weights and of what is computed with them."""
    if settings.lora is not None:  # peft has adapters in float32, whatever the weights are in
        frozen, computed = settings.dtype, compute_dtype(asked, settings)
        return f"float32 adapters over frozen {frozen} weights, computed with in {computed}"
    if settings.dtype == "bfloat16":
        return "bfloat16, the master weights that updates are added to included"
    return f"{settings.dtype} weights, computed with in {compute_dtype(asked, settings)}"


def lora_config(settings: ModelSettings) -> Any:
    """The peft configuration, or ``None`` for full training."""
    if settings.lora is None:
        return None
    from peft import LoraConfig

    lora = settings.lora
    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules,
        task_type="CAUSAL_LM",
        revision=settings.revision,  # of the model that the adapters are for: who loads them asks for it
    )


def _of_base(settings: ModelSettings, base: ModelSettings, load: Callable[[ModelSettings], Any]) -> Any:
    try:
        return load(base)
    except ProgramError as error:
        raise ProgramError(f"model `{settings.name}` holds adapters for another model: {error}") from error


def _merged(settings: ModelSettings, base: ModelSettings) -> Any:
    """``base`` with adapters merged into its weights; it bears the adapters' name, so that new ones are for it."""
    from peft import PeftModel
    from transformers.integrations.deepspeed import is_deepspeed_zero3_enabled
    from transformers.integrations.fsdp import is_fsdp_enabled

    on_one = is_fsdp_enabled() and os.environ.get("FSDP_CPU_RAM_EFFICIENT_LOADING", "").lower() in ("1", "true")
    if is_deepspeed_zero3_enabled() or on_one:  # no process has whole matrices to merge into
        check_whole(settings, "ZeRO-3 (or FSDP with cpu_ram_efficient_loading)")
    folder = str(Path(model_path(settings)).expanduser())
    model = _of_base(settings, base, load_model)
    try:
        model = PeftModel.from_pretrained(model, folder).merge_and_unload()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ProgramError(f"model `{settings.name}`: adapters that do not fit {base.name}: {reason}") from error
    vars(model).pop("peft_config", None)  # of adapters that are there no more
    model.name_or_path = model.config._name_or_path = folder
    return model


def _missing(settings: ModelSettings, error: Exception) -> str:
    folder = Path(settings.name).expanduser()
    if settings.name.startswith(("/", ".", "~")) or settings.name.count("/") > 1 or folder.is_dir():
        if not folder.is_dir():
            return f"model `{settings.name}`: there is no such folder"
        if not (folder / "config.json").is_file():
            return f"model `{settings.name}`: the folder holds no config.json, so it is not a Hugging Face model"
    reason = str(error).strip().split("\n")[0][:160]
    return (
        f"model `{settings.name}` cannot be loaded: {reason} (give `embedded`, a folder with a Hugging Face model, "
        "or a model id of the hub that this machine can reach)"
    )
