"""GRPO on verifiable rewards, with TRL and (if you like) vLLM.

    python trainers/grpo.py env=code_understanding                     # the embedded model, on a CPU
    python trainers/grpo.py model=Qwen/Qwen3-0.6B rollout=vllm_colocate trainer.learning_rate=1e-6
    python trainers/grpo.py dry_run=true                               # check everything, train nothing
    accelerate launch --num_processes 8 trainers/grpo.py …             # several processes
    python trainers/grpo.py --help                                     # every setting

Group-relative policy optimization (Shao et al. 2024, arXiv:2402.03300): of every task the model writes a group of
completions; each learns in proportion to how much better its reward is than its group's mean.
"""

from __future__ import annotations

from synthetic1.jobs.program import ProgramError, run_program
from synthetic1.trainers.reinforcement.settings import OPEN_GROUPS, GrpoSettings


def train(settings: GrpoSettings) -> None:
    """Train as the settings say; everything a person sees of it goes to the screen and to the run folder."""
    import asyncio
    import tempfile
    import time
    from dataclasses import replace
    from pathlib import Path
    from typing import Any

    import torch
    from accelerate import PartialState
    from accelerate.utils import gather_object
    from transformers import PrinterCallback, set_seed
    from transformers.utils.logging import disable_progress_bar

    from synthetic1.trainers.trl_process import SaveEvery, StopOnSignal, prepare_imports

    prepare_imports(settings.rollout.backend)
    disable_progress_bar()
    from synthetic1.jobs import command_line, models
    from synthetic1.jobs.chat import prompt_opens_thinking
    from synthetic1.jobs.judge_settings import with_judge
    from synthetic1.jobs.judge_trust import task_types, trusted
    from synthetic1.jobs.opening import held_out, keep_bad_rows
    from synthetic1.jobs.provenance import phase_time
    from synthetic1.jobs.stopping import like_ctrl_c
    from synthetic1.jobs.tracking import tracked
    from synthetic1.reports import terminal
    from synthetic1.reports.live_page import LivePage
    from synthetic1.rewards.judging.ledger import spent, total
    from synthetic1.scale.choice import chosen_scorer
    from synthetic1.trainers.checkpoints import last_complete, step_of
    from synthetic1.trainers.reinforcement import runs
    from synthetic1.trainers.reinforcement.callbacks import RunRecorder
    from synthetic1.trainers.reinforcement.evaluating import AtStart, HeldOut, first_rollout
    from synthetic1.trainers.reinforcement.grpo_trainer import VerifiedGRPOTrainer
    from synthetic1.trainers.reinforcement.memory import plan_memory
    from synthetic1.trainers.reinforcement.objective.objective import Objective
    from synthetic1.trainers.reinforcement.objective.reward import Reward
    from synthetic1.trainers.reinforcement.rollout import check_server, rollout_fields
    from synthetic1.trainers.reinforcement.train_set import CHECKED_TASKS, TrainSet
    from synthetic1.trainers.reinforcement.trl_config import grpo_config
    from synthetic1.trainers.reinforcement.watch import Watch, sampler_of

    started = time.perf_counter()
    processes = PartialState(cpu=not torch.cuda.is_available())  # without `cpu`, processes on CPUs stay strangers
    is_main, ranks = processes.is_main_process, processes.num_processes

    # What is trained on, and whether it fits.
    set_seed(settings.seed)
    tokenizer = models.load_tokenizer(settings.model)
    thinking_open = prompt_opens_thinking(tokenizer)
    env = with_judge(settings.env.untrained, settings.judge)
    train_set = TrainSet.make(env, thinking_open=thinking_open, bad_rows=settings.bad_rows)
    train_set = replace(train_set, scorer=chosen_scorer(train_set.scorer, settings.cluster, ranks))
    eval_tasks = held_out(env, settings.eval.n, bad_rows=settings.bad_rows) if settings.eval.n else []
    context = models.context_length(models.load_config(settings.model))
    completion = settings.rollout.max_completion_length
    longest = train_set.check_tasks(tokenizer, context, completion, eval_tasks)
    occurring = task_types(train_set.tasks, CHECKED_TASKS)
    judges = asyncio.run(trusted(occurring, train_set.scorer, settings.judge))
    overlap = any(not train_set.scorer.verifier(name).inline for name in occurring)
    sampler = train_set.sampler(settings, ranks)
    objective = Objective.make(settings, train_set.tasks, thinking_open=thinking_open, judges=judges, processes=ranks)
    try:
        settings, memory = plan_memory(settings, longest.seen, ranks)
        folder = runs.folder(settings)
        args = grpo_config(settings, Path(tempfile.gettempdir()), ranks, rollout_fields(settings, longest.bound))
    except (ValueError, TypeError) as error:
        raise ProgramError(str(error)) from error
    if settings.rollout.backend == "vllm_server" and is_main:
        check_server(settings)
    if args.beta and settings.model.lora is None:
        models.check_whole(settings.model, "TRL's reference model")
    if is_main:
        runs.check_folder(settings, folder)
    model = models.load_model(settings.model)  # after `args`, which say how it is shared out
    if is_main:
        header = runs.header(settings, train_set, len(eval_tasks), longest.seen, ranks, memory, judges)
        terminal.show_header(header | objective.facts(), title="GRPO")

    sampling = {"max_tokens": completion, "temperature": settings.rollout.temperature, "top_p": settings.rollout.top_p}
    reward = Reward(
        train_set,
        tokenizer,
        model=settings.model.name,
        sampling=sampling,
        engine=settings.rollout.backend,
        objective=objective,
        shuffle=settings.trainer.shuffle_rewards,
        seed=settings.seed,
    )
    trainer = VerifiedGRPOTrainer(
        reward=reward,
        schedule=train_set.schedule(settings, args.gradient_accumulation_steps),
        sampler=sampler,
        max_refills=settings.trainer.difficulty.max_refills if settings.trainer.sampling == "dynamic" else 0,
        overlap=overlap,
        model=model,
        args=args,
        train_dataset=train_set.dataset(),
        processing_class=tokenizer,
        peft_config=models.lora_config(settings.model),
    )
    measured = HeldOut(
        trainer,
        tokenizer,
        eval_tasks or [train_set.tasks[0]],
        train_set.scorer,
        settings,
        thinking_open=thinking_open,
    )
    if settings.dry_run:
        rollout = first_rollout(measured)
        if is_main:
            runs.show_dry_run(rollout, settings)
        return

    # Where it is written, and where it goes on.
    run = runs.open_run(settings, folder, train_set.tasks) if is_main else None
    bad = keep_bad_rows(train_set.tasks, folder) if run is not None else 0
    processes.wait_for_everyone()
    args.output_dir = str(folder / "checkpoints")  # not before: a trainer makes its folder at once
    checkpoint = last_complete(folder / "checkpoints") if settings.resume and run is not None else None
    checkpoint = gather_object([checkpoint])[0] if ranks > 1 else checkpoint
    begin = step_of(checkpoint) if checkpoint else 0
    if checkpoint and sampler is not None:
        sampler.restore(checkpoint)

    page = LivePage(run)
    page.ending = f"stopped; {command_line.going_on(overwrites=settings.overwrite)}"
    recorder = RunRecorder(
        trainer,
        run,
        page=page,
        watch=Watch(sampler_of(settings)),
        sample_every=settings.trainer.sample_every,
        steps_per_rollout=settings.steps_per_rollout,
        all_samples=settings.samples == "all",
        evaluate=lambda step: measured(settings.eval.n_during, settings.rollout.temperature, step).summary(),
        eval_every=settings.eval.every if eval_tasks else 0,
    )
    stop = StopOnSignal(settings.steps_per_rollout)
    results: dict[str, Any] = {"before": None, "after": None}

    def measure(phase: str, step: int) -> None:
        if eval_tasks:
            page.doing(f"held-out evaluation {phase} training: {len(eval_tasks)} tasks")
            results[phase] = runs.measure(measured, settings, run, phase, step, times)

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(AtStart(trainer, lambda: measure("before", begin)))
    trainer.add_callback(recorder)
    trainer.add_callback(SaveEvery())
    trainer.add_callback(stop)
    times = {"setup": time.perf_counter() - started}

    # Before, training, after.
    with like_ctrl_c(), tracked(run, settings, "grpo"), page, train_set.scorer, stop:
        page.doing("training begins")
        with phase_time(times, "train"):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        times["train"] -= times.get("before", 0.0)
        page.ending = runs.stopped(settings, trainer.state.global_step)
        if stop.asked:
            raise SystemExit(130)
        measure("after", args.max_steps)
        page.doing("saving the model")
        trainer.save_final(folder / "model")
        times["total"] = time.perf_counter() - started
        judged = spent(train_set.scorer.verifiers.values())
        judged = total(gather_object([judged])) if ranks > 1 else judged
        if run is not None:
            result = {
                **runs.result(settings, results["before"], results["after"], times, run, judges, judged),
                "bad_rows": bad,
            }
            run.write_result(result)
            if eval_tasks:
                terminal.show_before_after(result)
            print(f"report: {page.path}\nmodel:  {folder / 'model'}")


def main() -> None:
    """Compose the configuration from the command line, and train."""
    run_program("grpo", GrpoSettings, train, open_groups=OPEN_GROUPS)


if __name__ == "__main__":
    main()
