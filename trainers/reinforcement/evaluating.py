"""Held-out evaluation beside a trainer: of the weights as they are now, by what makes the run's rollouts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from accelerate.utils import gather_object
from transformers import TrainerCallback
from trl.models import unwrap_model_for_generation

from synthetic1.completion import Completion
from synthetic1.evaluation.evaluation import Evaluation, evaluate
from synthetic1.evaluation.scored_rollout import ScoredRollout
from synthetic1.evaluation.transformers_engine import BatchedEngine, TransformersEngine, end_tokens
from synthetic1.inference.engine import Sampling
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.task import Task
from synthetic1.trainers.reinforcement.grpo_trainer import VerifiedGRPOTrainer
from synthetic1.trainers.reinforcement.settings import GrpoSettings

IN_FLIGHT = 64
"""Requests at a vLLM server at once, as TRL has them."""


class HeldOut:
    """``held_out(n, temperature, step)``: a completion for each of the first ``n`` tasks, shared by the processes.

    To be called on every process, and once training has begun (``AtStart``): only then is the model sharded, and where
    it is trained, and no earlier can shards be gathered or pushed.
    """

    def __init__(
        self,
        trainer: VerifiedGRPOTrainer,
        tokenizer: Any,
        tasks: Sequence[Task],
        scorer: Scorer,
        settings: GrpoSettings,
        *,
        thinking_open: bool,
    ) -> None:
        self.trainer, self.tasks, self.scorer, self.settings = trainer, list(tasks), scorer, settings
        self.engine: BatchedEngine
        if settings.eval_engine == "vllm":
            self.engine = RolloutVllm(trainer, tokenizer, thinking_open=thinking_open)
        else:
            self.engine = TransformersEngine(
                trainer.model,
                tokenizer,
                batch_size=settings.eval.batch_size,
                thinking_open=thinking_open,
                opened=partial(unwrapped, trainer),
            )

    def __call__(self, n: int, temperature: float, step: int) -> Evaluation:
        """``step`` picks the draws: before and after share no luck."""
        accelerator, rollout = self.trainer.accelerator, self.settings.rollout
        processes, tasks = accelerator.num_processes, self.tasks[:n]
        share = tasks[accelerator.process_index :: processes]
        # Each process asks for as many: gathering shards, or a common vLLM, has all of them take part in every batch.
        even = share + tasks[: -(-len(tasks) // processes) - len(share)]
        seed = self.settings.seed * 1_000_003 + step
        sampling = Sampling(rollout.max_completion_length, temperature, rollout.top_p, seed)
        gather = (lambda made: gather_object(made[: len(share)])) if processes > 1 else None
        measured = evaluate(even, self.scorer, self.engine, sampling, gather=gather)
        self.trainer.clock.take()  # what was pushed and generated here is part of no step
        return measured


@contextmanager
def unwrapped(trainer: VerifiedGRPOTrainer) -> Iterator[Any]:
    """The trained model, fit for ``generate``: unwrapped, and gathered from the shards of ZeRO-3 and FSDP, as TRL has
    it around a rollout (``GRPOTrainer._generate_single_turn``)."""
    with (
        unwrap_model_for_generation(
            trainer.model_wrapped,
            trainer.accelerator,
            gather_deepspeed3_params=trainer.args.ds3_gather_for_generation,
            gradient_checkpointing_kwargs=trainer.args.gradient_checkpointing_kwargs,
        ) as model,
        torch.no_grad(),
        trainer._dist.summon_full_params(trainer.model_wrapped, recurse=False),
    ):
        yield model


class RolloutVllm(BatchedEngine):
    """The vLLM of the rollouts, colocated or a server, into which the weights of now are pushed.

    Each completion has its own seed, so that the same requests give the same completions.
    """

    name = "vllm"

    def __init__(self, trainer: VerifiedGRPOTrainer, tokenizer: Any, *, thinking_open: bool) -> None:
        model = trainer.model.config.name_or_path
        super().__init__(tokenizer, model, batch_size=sys.maxsize, thinking_open=thinking_open)
        self._trainer = trainer

    def _generate(self, prompts: list[list[int]], sampling: Sampling, start: int) -> list[Completion]:
        trainer = self._trainer
        vllm = trainer.vllm_generation
        if trainer.state.global_step != trainer._last_loaded_step:  # as TRL does before a rollout
            vllm.sync_weights()
            trainer._last_loaded_step = trainer.state.global_step
        own: dict[str, Any] = {
            **dict.fromkeys(("top_k", "min_p"), 0),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "repetition_penalty": 1.0,
            "max_completion_length": sampling.max_tokens,
            "logprobs": None,
            "structured_outputs_regex": None,
            "generation_kwargs": {},
        }
        if sampling.temperature > 0.0:
            first = (sampling.seed * 1_000_003 + start) % 2**62
            if vllm.mode == "server":  # all prompts go through the main process
                if trainer.accelerator.is_main_process:
                    own["vllm_client"] = _SeededClient(vllm.vllm_client, first)
            else:  # the GPUs that share a copy of the model have the same prompts, and want the same seeds
                copies, shared = trainer.accelerator.num_processes, vllm.tensor_parallel_size
                copy = trainer.accelerator.process_index // shared
                own["llm"] = _SeededLlm(vllm.llm, first + copy, max(copies // shared, 1))
        with _changed(vllm, own):
            _, ids, *_ = vllm.generate(prompts=prompts, images=None, num_generations=1)
        ends = end_tokens(trainer.model.generation_config, self._tokenizer)
        return [self._read(list(row), ends) for row in ids]


class _SeededLlm:
    """vLLM's ``LLM``, in which every prompt has a seed of its own: TRL gives all prompts one ``SamplingParams``, and
    one seed in it would have all of them draw alike."""

    def __init__(self, llm: Any, first: int, apart: int) -> None:
        self._llm, self._first, self._apart = llm, first, apart

    def __getattr__(self, name: str) -> Any:
        return getattr(self._llm, name)

    def generate(self, prompts: list[Any], *, sampling_params: Any, **options: Any) -> Any:
        each = [sampling_params.clone() for _ in prompts]
        for place, one in enumerate(each):
            one.seed = self._first + place * self._apart
        return self._llm.generate(prompts, sampling_params=each, **options)


class _SeededClient:
    """TRL's ``VLLMClient``, that asks for each prompt by itself, with a seed of its own."""

    def __init__(self, client: Any, first: int) -> None:
        self._client, self._first = client, first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def generate(self, prompts: list[list[int]], generation_kwargs: Any = None, **options: Any) -> dict[str, Any]:
        def one(place: int) -> dict[str, list[Any]]:
            seeded = {**(generation_kwargs or {}), "seed": self._first + place}
            made: dict[str, list[Any]] = self._client.generate(
                prompts[place : place + 1], generation_kwargs=seeded, **options
            )
            return made

        with ThreadPoolExecutor(min(IN_FLIGHT, len(prompts))) as threads:
            replies = list(threads.map(one, range(len(prompts))))
        joined = {name: [row for reply in replies for row in reply[name]] for name in ("prompt_ids", "completion_ids")}
        return {**joined, "logprobs": None}


@contextmanager
def _changed(thing: Any, values: dict[str, Any]) -> Iterator[None]:
    """Attributes that have other values for as long as the block lasts."""
    before = {name: getattr(thing, name) for name in values}
    vars(thing).update(values)
    try:
        yield
    finally:
        vars(thing).update(before)


class EnoughSeen(Exception):
    """Ends training before its first step: a dry run has seen all that it begins with."""


class AtStart(TrainerCallback):
    """Calls ``begin`` when the model has been wrapped, sharded, and put where it is trained, before the first step."""

    def __init__(self, trainer: VerifiedGRPOTrainer, begin: Callable[[], None]) -> None:
        self.trainer, self.begin = trainer, begin

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.trainer._dist.is_fsdp:
            # Gathering a layer takes all processes, so they have to generate as many tokens. transformers sees to that
            # for what it has sharded itself; this tells it of what accelerate has.
            model = self.trainer.accelerator.unwrap_model(self.trainer.model_wrapped)
            for one in (model, getattr(model, "get_base_model", lambda: model)()):
                one._is_fsdp_managed_module = True
        self.begin()


def first_rollout(held_out: HeldOut) -> ScoredRollout:
    """What a dry run shows: a rollout of the untrained model, when all that training begins with has been done."""
    trainer, settings = held_out.trainer, held_out.settings

    def look() -> None:
        raise EnoughSeen(held_out(trainer.accelerator.num_processes, settings.rollout.temperature, 0).rollouts[0])

    trainer.add_callback(AtStart(trainer, look))
    try:
        trainer.train()
    except EnoughSeen as seen:
        rollout: ScoredRollout = seen.args[0]
        return rollout
    raise AssertionError("training began without its first callback")
