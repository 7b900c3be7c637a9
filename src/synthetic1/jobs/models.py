"""The model and tokenizer that a run trains, and what they will need of memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic1.jobs import embedded_model
from synthetic1.jobs.program import ProgramError
from synthetic1.trainers.reinforcement.settings import GrpoSettings, ModelSettings


def model_path(settings: ModelSettings) -> str:
    """Where the model is: the embedded model's folder, or the name as it stands.

    Raises:
        ProgramError: the embedded model has not been built.
    """
    if settings.name != "embedded":
        return settings.name
    if not (embedded_model.FOLDER / "model.safetensors").is_file():
        raise ProgramError("model `embedded` is not built in this checkout: make embedded-model")
    return str(embedded_model.FOLDER)


def check_model(settings: ModelSettings) -> None:
    """There is such a model; reads no weights.

    Raises:
        ProgramError: there is not.
    """
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(model_path(settings), revision=settings.revision)
    except (OSError, ValueError, KeyError) as error:
        raise ProgramError(_missing(settings, error)) from error


def weights_of(settings: ModelSettings) -> str:
    """Names what completes: the model's name and revision; of a folder, which may be trained anew, its files' times."""
    folder = Path(model_path(settings)).expanduser()
    files = sorted(file for file in folder.glob("*") if file.is_file()) if folder.is_dir() else []
    if settings.chat_template is not None:
        files.append(Path(settings.chat_template))
    times = [f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in files]
    return " ".join([settings.name, settings.revision or "", *times])


def load_tokenizer(settings: ModelSettings) -> Any:
    """The tokenizer, with a padding token and a chat template.

    Raises:
        ProgramError: no such model, or one without a chat template.
    """
    from transformers import AutoTokenizer

    path = model_path(settings)
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, revision=settings.revision, padding_side="left")
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
    """The causal language model, in ``model.dtype``, on the CPU; the trainer moves it.

    Raises:
        ProgramError: no such model.
    """
    import torch
    from transformers import AutoModelForCausalLM

    path = model_path(settings)
    try:
        return AutoModelForCausalLM.from_pretrained(
            path, revision=settings.revision, dtype=getattr(torch, settings.dtype)
        )
    except (OSError, ValueError, KeyError) as error:
        raise ProgramError(_missing(settings, error)) from error


def context_length(model: Any) -> int:
    """Positions the model can attend to, in tokens."""
    return int(getattr(model.config.get_text_config(), "max_position_embeddings", 2**31))


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
    )


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Bytes on each process, roughly: within a factor of two, to tell whether a run can work at all."""

    weights: int
    """Weights, gradients and AdamW's two moments."""
    cache: int
    """Keys and values of a rollout's longest completions (transformers backend)."""
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.activations

    def __str__(self) -> str:
        def shown(n: int) -> str:
            return f"{n / 2**30:.1f} GiB" if n >= 2**30 else f"{n / 2**20:.0f} MiB"

        parts = f"weights and optimizer {shown(self.weights)}, cache {shown(self.cache)}"
        return f"about {shown(self.total)} a process ({parts}, activations {shown(self.activations)})"


def estimate_memory(model: Any, settings: GrpoSettings, prompt_tokens: int, micro_batch: int) -> MemoryEstimate:
    """What a step needs, from the model's shape and the longest prompt."""
    config = model.config.get_text_config()
    parameters = sum(p.numel() for p in model.parameters())
    size = {"float32": 4, "bfloat16": 2, "float16": 2}[settings.model.dtype]
    trained = parameters // 50 if settings.model.lora else parameters  # LoRA: a per cent or two
    length = prompt_tokens + settings.rollout.max_completion_length
    heads = getattr(config, "num_key_value_heads", config.num_attention_heads)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    rollout = settings.trainer.prompts_per_step * settings.trainer.group_size * settings.trainer.updates_per_rollout
    in_process = settings.rollout.backend == "transformers"
    cache = rollout * length * config.num_hidden_layers * 2 * heads * head * size if in_process else 0
    layers = 1 if settings.trainer.gradient_checkpointing else config.num_hidden_layers
    activations = micro_batch * length * (layers * config.hidden_size * 34 + config.vocab_size // 4) * size // 2
    return MemoryEstimate(parameters * size + trained * 3 * size, cache, activations)


def _missing(settings: ModelSettings, error: Exception) -> str:
    folder = Path(settings.name).expanduser()
    if settings.name.startswith(("/", ".", "~")) or settings.name.count("/") > 1 or folder.is_dir():
        if not folder.is_dir():
            return f"model `{settings.name}`: there is no such folder"
        if not (folder / "config.json").is_file():
            return f"model `{settings.name}`: the folder holds no config.json, so it is no Hugging Face model"
    reason = str(error).strip().split("\n")[0][:160]
    return (
        f"model `{settings.name}` cannot be loaded: {reason} (give `embedded`, a folder with a Hugging Face model, "
        "or a model id of the hub that this machine can reach)"
    )
