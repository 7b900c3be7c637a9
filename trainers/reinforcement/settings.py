"""The settings of the GRPO trainer: what people write, and the fields of TRL that follow from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from synthetic1.jobs.env_settings import EnvSettings, Section, short_name
from synthetic1.jobs.judge_settings import JudgeSection
from synthetic1.tasks.programs.levels import parse_levels

__all__ = ["EnvSettings", "GrpoSettings", "Section", "short_name"]

Level = int | str | list[int]
OPEN_GROUPS = {"model": ("hub", "model.name"), "judge": ("server", "judge.url")}
"""Config groups whose choice may be a free value: a model's name, the address of a judge."""


class LoraSettings(Section):
    r: PositiveInt = 16
    alpha: PositiveInt = 32
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    target_modules: str | list[str] = "all-linear"


class ModelSettings(Section):
    name: str = Field(min_length=1)
    """``embedded``, a folder, or a Hugging Face model id."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    revision: str | None = None
    chat_template: str | None = None
    """A Jinja file that replaces the tokenizer's chat template."""
    lora: LoraSettings | None = None


class VllmSettings(Section):
    max_model_length: PositiveInt | None = None
    """Prompt plus completion in tokens; by default the longest prompt plus ``max_completion_length``."""
    gpu_memory_utilization: float = Field(default=0.3, gt=0.0, le=1.0)
    tensor_parallel_size: PositiveInt = 1
    sleep: bool = False
    server_base_url: str = "http://127.0.0.1:8000"


class RolloutSettings(Section):
    backend: Literal["transformers", "vllm_colocate", "vllm_server"]
    max_completion_length: PositiveInt
    temperature: PositiveFloat = 1.0
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    vllm: VllmSettings = VllmSettings()


class CurriculumPhase(Section):
    until: float = Field(gt=0.0, le=1.0)
    """The phase ends at this share of all steps."""
    levels: Level

    @field_validator("levels")
    @classmethod
    def known(cls, levels: Level) -> Level:
        parse_levels(levels)
        return levels


class TrainerSettings(Section):
    max_steps: PositiveInt
    prompts_per_step: PositiveInt
    """Tasks × ``group_size`` completions make an optimizer update; with several updates a rollout, TRL shuffles the
    rollout's completions over its updates."""
    group_size: int = Field(ge=2)
    """Completions a task; advantages compare within the group."""
    updates_per_rollout: PositiveInt = 1
    """Optimizer updates between two rollouts; a rollout makes completions for all of them."""
    micro_batch: PositiveInt | None = None
    """Completions in memory at once on each process; by default all of an update's."""
    learning_rate: PositiveFloat = 1e-6
    lr_scheduler: str = "cosine"
    warmup_steps: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0.0)
    adam_beta2: float = Field(default=0.999, gt=0.0, lt=1.0)
    max_grad_norm: PositiveFloat = 1.0
    loss_type: Literal["bnpo", "cispo", "dapo", "dr_grpo", "grpo", "luspo", "sapo", "vespo"] = "dapo"
    epsilon: PositiveFloat = 0.2
    epsilon_high: PositiveFloat | None = 0.28
    beta: float = Field(default=0.0, ge=0.0)
    scale_rewards: Literal["group", "batch", "none"] = "group"
    mask_truncated_completions: bool = False
    gradient_checkpointing: bool = False
    curriculum: list[CurriculumPhase] = Field(default_factory=list)
    shuffle_rewards: bool = False
    """The control experiment: rewards are permuted within a batch, so nothing can be learned from them."""
    save_every: PositiveInt = 100
    sample_every: PositiveInt = 10
    """Steps between two best-and-worst samples on the screen and in ``samples.jsonl``."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Passed through to ``trl.GRPOConfig``."""

    @field_validator("curriculum")
    @classmethod
    def phases_in_order(cls, phases: list[CurriculumPhase]) -> list[CurriculumPhase]:
        ends = [phase.until for phase in phases]
        if ends != sorted(set(ends)) or (ends and ends[-1] != 1.0):
            raise ValueError("the `until` shares must rise and end at 1.0")
        return phases


class EvalSettings(Section):
    n: int = Field(default=512, ge=0)
    """Held-out tasks, one sample each, before and after; 0 skips the evaluation."""
    every: int = Field(default=0, ge=0)
    """Steps between two evaluations during the run; 0 = none."""
    n_during: PositiveInt = 128
    batch_size: PositiveInt = 128
    greedy: bool = True
    """Also report greedy pass@1."""


class GrpoSettings(Section):
    env: EnvSettings
    model: ModelSettings
    rollout: RolloutSettings
    trainer: TrainerSettings
    eval: EvalSettings = EvalSettings()
    judge: JudgeSection = JudgeSection()
    seed: int = Field(default=0, ge=0)
    run_name: str | None = None
    runs: str = "runs"
    resume: bool = False
    overwrite: bool = False
    dry_run: bool = False

    @model_validator(mode="after")
    def one_way_on(self) -> GrpoSettings:
        t = self.trainer
        if t.max_steps % self.steps_per_rollout:
            raise ValueError(
                f"trainer.max_steps={t.max_steps} ends inside a rollout of {self.steps_per_rollout} steps; "
                "make it a multiple, so that the run can be resumed exactly"
            )
        if t.loss_type == "cispo" and (t.epsilon_high or t.epsilon) < 1:
            raise ValueError("loss_type=cispo caps the ratio itself at trainer.epsilon_high; give one above 1, e.g. 5")
        if self.resume and self.overwrite:
            raise ValueError("resume=true goes on with a run and overwrite=true puts it aside: choose one")
        return self

    @property
    def steps_per_rollout(self) -> int:
        """Steps (optimizer updates) that a rollout serves; after the last of them a run can be resumed exactly."""
        return self.trainer.updates_per_rollout * int(self.trainer.extra.get("num_iterations", 1))

    @property
    def name(self) -> str:
        """The run's name: stable over restarts, so that the same command finds its folder again."""
        model = self.model.name.rstrip("/").rpartition("/")[2]
        return self.run_name or f"{self.env.name}-{model}-s{self.seed}"

    def micro_batch(self, processes: int) -> int:
        """Completions a process holds at once.

        Raises:
            ValueError: the update's completions cannot be shared out evenly; names the settings to change.
        """
        t = self.trainer
        update = t.prompts_per_step * t.group_size
        if update % processes:
            raise ValueError(
                f"prompts_per_step × group_size = {t.prompts_per_step} × {t.group_size} = {update} completions cannot "
                f"be shared by {processes} processes; make it a multiple of {processes}"
            )
        micro = t.micro_batch or update // processes
        if (update // processes) % micro:
            raise ValueError(
                f"trainer.micro_batch={micro} does not divide the {update // processes} completions that each process "
                f"has an update (prompts_per_step × group_size / processes); try {_divisor(update // processes, micro)}"
            )
        return micro


def _divisor(whole: int, near: int) -> int:
    """The largest divisor of ``whole`` up to ``near``."""
    return next(d for d in range(min(near, whole), 0, -1) if whole % d == 0)
