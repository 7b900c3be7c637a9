"""The settings of the GRPO trainer: what people write, and the fields of TRL that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from synthetic1.jobs.env_settings import Section, SplitEnvSettings
from synthetic1.jobs.imports import ProgramSettings
from synthetic1.jobs.judge_settings import JudgeSection
from synthetic1.jobs.model_settings import MODEL_GROUP, ComputeDtype, ModelSettings, check_trained_dtype
from synthetic1.jobs.tracking import ReportTo
from synthetic1.scale.settings import RaySection, ScoringEngine
from synthetic1.tasks.programs.levels import parse_levels
from synthetic1.tasks.sources.bad_rows import BadRows
from synthetic1.trainers.reinforcement.idle_settings import idle_settings
from synthetic1.trainers.reinforcement.objective.settings import (
    LossType,
    NoiseSettings,
    RewardSettings,
    check_losses,
    check_noise,
    check_rewards,
    part_loss,
)

Level = int | str | list[int]
OPEN_GROUPS = {**MODEL_GROUP, "judge": ("server", "judge.url")}
"""Config groups whose choice may be a free value: a model's name, the address of a judge."""


class VllmSettings(Section):
    """How vLLM makes completions; of no meaning with ``backend=transformers``."""

    max_model_length: PositiveInt | None = None
    """Prompt plus completion in tokens; None = the longest prompt plus ``max_completion_length``."""
    gpu_memory_utilization: float = Field(default=0.3, gt=0.0, le=1.0)
    """Share of the GPU's memory that vLLM may take beside the trainer."""
    tensor_parallel_size: PositiveInt = 1
    """GPUs that share one copy of the model."""
    sleep: bool = False
    """Free vLLM's memory during updates (GPU only)."""
    server_base_url: str = "http://127.0.0.1:8000"
    """Where the server of ``backend=vllm_server`` listens."""
    server_wait_s: float = Field(default=8.0, ge=0.0)
    """Seconds to wait for a server that does not answer; more where it starts together with the trainer."""


class RolloutSettings(Section):
    """Where completions come from, and how they are sampled."""

    backend: Literal["transformers", "vllm_colocate", "vllm_server"]
    """Who makes completions; ``rollout=NAME`` sets it."""
    max_completion_length: PositiveInt = 4096
    """Tokens of a completion, the thought included."""
    temperature: PositiveFloat = 1.0
    """Sampling temperature."""
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    """Sample from the most probable tokens that together have this probability."""
    vllm: VllmSettings = VllmSettings()
    """How vLLM makes completions."""


class CurriculumPhase(Section):
    """A part of the run in which only some levels are trained on."""

    until: float = Field(gt=0.0, le=1.0)
    """The phase ends at this share of all steps."""
    levels: Level
    """Levels of the tasks: 3, [1, 2], 1-3."""

    @field_validator("levels")
    @classmethod
    def known(cls, levels: Level) -> Level:
        parse_levels(levels)
        return levels


Sampling = Literal["uniform", "dynamic", "adaptive", "curriculum"]


class SamplingSettings(Section):
    """How ``trainer.sampling`` finds tasks that teach. What the chosen one does not use cannot be changed."""

    max_refills: PositiveInt = 4
    """``dynamic``: completions made in place of dropped ones, at most so many times the batch."""
    explore: float = Field(default=0.1, gt=0.0, le=1.0)
    """``adaptive``: the share of tasks that come in order, whatever is known of them."""
    half_life: PositiveFloat = 10.0
    """``adaptive``, ``curriculum``: rollouts after which what a completion said of pass rates counts half."""
    advance_at: float = Field(default=0.7, gt=0.0, lt=1.0)
    """``curriculum``: the pass rate of the highest level above which the next one is unlocked."""
    review: float = Field(default=0.25, ge=0.0, lt=1.0)
    """``curriculum``: the share of tasks that come from the levels below the highest one."""


USED_DIFFICULTY: dict[str, frozenset[str]] = {
    "uniform": frozenset(),
    "dynamic": frozenset({"max_refills"}),
    "adaptive": frozenset({"explore", "half_life"}),
    "curriculum": frozenset({"half_life", "advance_at", "review"}),
}
"""Fields of ``SamplingSettings``, by the sampling that uses them."""


class TrainerSettings(Section):
    """How the model is updated.

    The defaults are for a real model; ``configs/model/grpo/embedded.yaml`` has what fits the embedded one.
    """

    max_steps: PositiveInt = 200
    """Optimizer updates."""
    prompts_per_step: PositiveInt = 16
    """Distinct tasks an update learns from. Tasks × ``group_size`` completions make an update; with several updates a
    rollout, TRL shuffles the rollout's completions over its updates."""
    group_size: int = Field(default=8, ge=2)
    """Completions a task; advantages compare within the group."""
    updates_per_rollout: PositiveInt = 1
    """Optimizer updates between two rollouts; a rollout makes completions for all of them."""
    micro_batch: PositiveInt | None = None
    """Completions in memory at once on each process; None = as many as by estimate fit 80% of its device's memory."""
    learning_rate: PositiveFloat = 1e-6
    """Largest learning rate, reached after the warm-up."""
    lr_scheduler: str = "cosine"
    """How the learning rate falls after the warm-up: any name that transformers knows."""
    warmup_steps: int = Field(default=5, ge=0)
    """Updates over which the learning rate rises from 0."""
    weight_decay: float = Field(default=0.0, ge=0.0)
    """Weight decay of AdamW."""
    adam_beta2: float = Field(default=0.98, gt=0.0, lt=1.0)
    """Decay of Adam's mean of squared gradients."""
    max_grad_norm: PositiveFloat = 1.0
    """Gradients are scaled down to this norm."""
    loss_type: LossType = "dapo"
    """TRL's loss."""
    epsilon: PositiveFloat = 0.2
    """Ratios of probabilities are clipped below 1 - ``epsilon``."""
    epsilon_high: PositiveFloat | None = 0.28
    """Ratios are clipped above 1 + ``epsilon_high``; None = ``epsilon``."""
    beta: float = Field(default=0.0, ge=0.0)
    """Weight of the KL term; above 0 a reference model is loaded."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    """Advantages are divided by the standard deviation of rewards in the group, in the batch, or not at all."""
    mask_truncated_completions: bool = False
    """Learn nothing from completions that ran into the length limit."""
    compute_dtype: ComputeDtype = "auto"
    """Number format in which matrices are multiplied: ``float32``, or ``bfloat16`` by autocast over the weights that
    ``model.dtype`` says. ``auto`` = bfloat16 on a CUDA device that has it, and for bfloat16 weights."""
    gradient_checkpointing: bool = True
    """Activations are computed again in the backward pass instead of being kept: a third more computing, and the only
    way to long completions of a real model."""
    sampling: Sampling = "uniform"
    """Which tasks are learned from. ``uniform``: in order. ``dynamic``: in order, and groups that are all right or all
    wrong are replaced. ``adaptive``: the more often, the more they are expected to teach. ``curriculum``: levels in
    rising order, by ``curriculum`` or as they are mastered."""
    curriculum: list[CurriculumPhase] = Field(default_factory=list)
    """Levels over the run, e.g. ``[{until: 0.5, levels: "1-2"}, {until: 1.0, levels: "1-3"}]``; [] = all the time, and
    under ``sampling=curriculum`` the next level when the one before is mastered."""
    difficulty: SamplingSettings = SamplingSettings()
    """How ``sampling`` finds tasks that teach."""
    shuffle_rewards: bool = False
    """The control experiment: rewards are permuted within a batch, so nothing can be learned from them."""
    inject_noise: NoiseSettings | None = None
    """Another experiment: rewards, and they alone, are made of verdicts with these errors, e.g.
    ``{false_accept: 0.3, false_reject: 0.3}``; None = of those that the verifier gave."""
    noise_correction: bool = False
    """Correct rewards for the known errors of a verifier: those in ``noise``, and those of a calibrated judge."""
    save_every: PositiveInt = 100
    """Steps between two checkpoints."""
    sample_every: PositiveInt = 20
    """Steps between two best-and-worst samples on the screen and in ``samples.jsonl``."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """More fields of ``trl.GRPOConfig``, e.g. ``trainer.extra.entropy_coef=0.01``."""

    @field_validator("curriculum")
    @classmethod
    def phases_in_order(cls, phases: list[CurriculumPhase]) -> list[CurriculumPhase]:
        ends = [phase.until for phase in phases]
        if ends != sorted(set(ends)) or (ends and ends[-1] != 1.0):
            raise ValueError("the `until` shares must rise and end at 1.0")
        return phases

    @model_validator(mode="after")
    def difficulty_that_is_used(self) -> TrainerSettings:
        by_pass_rate = self.sampling == "curriculum" and not self.curriculum
        used = USED_DIFFICULTY[self.sampling] if by_pass_rate or self.sampling != "curriculum" else frozenset()
        for name in SamplingSettings.model_fields:
            if name not in used and getattr(self.difficulty, name) != getattr(SamplingSettings(), name):
                fits = " or ".join(sampling for sampling, names in USED_DIFFICULTY.items() if name in names)
                phases = " with `until` phases" if self.sampling == "curriculum" else ""
                raise ValueError(
                    f"difficulty.{name} does nothing under sampling={self.sampling}{phases}; it belongs to "
                    f"sampling={fits}"
                )
        return self


class EvalSettings(Section):
    """What is measured on held-out tasks."""

    n: int = Field(default=512, ge=0)
    """Held-out tasks, one sample each, before and after; 0 skips the evaluation."""
    every: int = Field(default=0, ge=0)
    """Steps between two evaluations during the run; 0 = none."""
    n_during: PositiveInt = 128
    """Held-out tasks of the evaluations during the run."""
    batch_size: PositiveInt = 128
    """Completions made at once by transformers; vLLM makes as many as fit."""
    engine: Literal["auto", "transformers", "vllm"] = "auto"
    """Who makes completions: ``vllm`` = the one of the run's rollouts, ``transformers`` = the trained model itself.
    ``auto`` = vLLM where rollouts come from it."""
    greedy: bool = True
    """Also report greedy pass@1."""


class GrpoSettings(ProgramSettings):
    """What ``trainers/grpo.py`` is told."""

    env: SplitEnvSettings
    """What is learned."""
    bad_rows: BadRows = "quarantine"
    """What becomes of a row that is not a task, or that nobody verifies: ``quarantine`` leaves it out, and keeps it in
    the run's ``bad_rows.jsonl``; ``error`` stops."""
    model: ModelSettings
    """The model that is trained."""
    rollout: RolloutSettings
    """Where completions come from."""
    trainer: TrainerSettings = TrainerSettings()
    """How the model is updated."""
    eval: EvalSettings = EvalSettings()
    """What is measured on held-out tasks."""
    judge: JudgeSection = JudgeSection()
    """The judge of judged families."""
    engine: ScoringEngine = "local"
    """Where verifiers work: ``local``, on this machine; ``ray``, on the nodes of a Ray cluster."""
    ray: RaySection = RaySection()
    """The cluster of ``engine=ray``."""
    rewards: list[RewardSettings] = Field(default_factory=list)
    """Components of the reward beside correctness, each ``{name, weight}`` or ``{name, weight, function}``, e.g.
    ``[{name: format, weight: 0.1}]``; parts of a mixture may weigh them differently."""
    noise: dict[str, NoiseSettings] = Field(default_factory=dict)
    """For ``trainer.noise_correction``: how often the verifier errs, by task type or part of a mixture, e.g.
    ``{verifiable_math: {false_accept: 0.01, false_reject: 0.05}}``."""
    seed: int = Field(default=0, ge=0)
    """Seed of the order of tasks and of the completions."""
    run_name: str | None = None
    """Name of the run's folder; None = env-model-seed."""
    runs: str = "runs"
    """Run folders go to ``<runs>/grpo/<run_name>/``."""
    samples: Literal["some", "all"] = "some"
    """Completions that ``samples.jsonl`` keeps: ``some`` = the best and the worst every ``trainer.sample_every`` steps
    and those that could not be scored (8 a step at most); ``all`` = every one, also those not learned from."""
    report_to: ReportTo = Field(default_factory=list)
    """Trackers that show the run besides its folder: ``wandb``, ``trackio``, ``tensorboard``, ``mlflow``."""
    resume: bool = False
    """Go on from the last whole checkpoint, or start if there is none."""
    overwrite: bool = False
    """Put an older run of this name aside and start anew."""
    check_memory: bool = True
    """Refuse a run that by estimate needs more memory than there is; false = only warn."""
    dry_run: bool = False
    """Check everything, score one sample, estimate memory, and stop."""

    @model_validator(mode="after")
    def one_way_on(self) -> GrpoSettings:
        t = self.trainer
        if t.max_steps % self.steps_per_rollout:
            raise ValueError(
                f"trainer.max_steps={t.max_steps} ends inside a rollout of {self.steps_per_rollout} steps; "
                "make it a multiple, so that the run can be resumed exactly"
            )
        check_losses(self.env, t.loss_type, t.epsilon_high or t.epsilon, t.extra)
        check_rewards(self.rewards, self.env, self.rollout.max_completion_length)
        check_noise(self.noise, t.inject_noise, self.rewards, self.env, correct=t.noise_correction)
        check_trained_dtype(self.model, t.compute_dtype)
        if self.eval.engine == "vllm" and self.rollout.backend == "transformers":
            raise ValueError(
                "eval.engine=vllm is the vLLM of the rollouts: choose rollout=vllm_colocate or vllm_server"
            )
        if self.resume and self.overwrite:
            raise ValueError("resume=true goes on with a run and overwrite=true puts it aside: choose one")
        return self

    @property
    def cluster(self) -> RaySection | None:
        """Where verifiers work, if not on this machine."""
        return self.ray if self.engine == "ray" else None

    def idle(self) -> Iterator[tuple[str, str]]:
        """Settings that do nothing here, and why; ``run_program`` refuses those that were typed."""
        t = self.trainer
        yield from self.env.idle()
        yield from self.ray.idle(self.engine)
        yield from idle_settings(
            model=self.model.name,
            backend=self.rollout.backend,
            eval_n=self.eval.n,
            eval_engine=self.eval_engine,
            eval_every=self.eval.every,
            loss_type=t.loss_type,
            epsilon_high=t.epsilon_high,
            part_losses=[part_loss(self.env, name) for name in self.env.mixture or {}],
        )

    @property
    def eval_engine(self) -> Literal["transformers", "vllm"]:
        """What ``eval.engine`` comes to."""
        rollouts: Literal["transformers", "vllm"] = "transformers" if self.rollout.backend == "transformers" else "vllm"
        return rollouts if self.eval.engine == "auto" else self.eval.engine

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
