"""Supervised fine-tuning on verified traces, with TRL: R1's cold start.

    python trainers/sft.py data=exports/r1 model=Qwen/Qwen3-0.6B trainer.learning_rate=4e-5
    python trainers/sft.py data=[a.jsonl,b.parquet] dry_run=true      # read, tokenize and count, train nothing
    python trainers/sft.py data=exports/r1 trainer.epochs=3 resume=true   # go on, also with a run that has ended
    accelerate launch --num_processes 8 trainers/sft.py …             # several processes
    python trainers/sft.py --help                                     # every setting

The loss is on completions alone, thought included, and is a mean over their tokens.
``synthetic1.trainers.finetuning.data`` says how a sample becomes tokens, and why the chat template never sees a
completion.
"""

from __future__ import annotations

from synthetic1.jobs.program import run_program
from synthetic1.trainers.finetuning.settings import SftSettings


def train(settings: SftSettings) -> None:
    """Train as the settings say; everything a person sees of it goes to the screen and to the run folder."""
    import tempfile
    import time
    from pathlib import Path

    import torch
    from accelerate import PartialState
    from accelerate.utils import gather_object
    from transformers import PrinterCallback, set_seed
    from transformers.utils.logging import disable_progress_bar

    from synthetic1.trainers.trl_process import SaveEvery, StopOnSignal, prepare_imports

    prepare_imports("transformers")
    disable_progress_bar()

    from datasets import Dataset

    from synthetic1.jobs import command_line, models
    from synthetic1.jobs.program import ProgramError
    from synthetic1.jobs.stopping import like_ctrl_c
    from synthetic1.jobs.tracking import tracked
    from synthetic1.reports import terminal
    from synthetic1.reports.live_page import LivePage
    from synthetic1.trainers.checkpoints import explain_failed_save, last_complete, step_of
    from synthetic1.trainers.finetuning import data as sft_data
    from synthetic1.trainers.finetuning import run as sft_run
    from synthetic1.trainers.finetuning.follow import FollowRun
    from synthetic1.trainers.finetuning.memory import plan_memory
    from synthetic1.trainers.finetuning.order import SampleOrder
    from synthetic1.trainers.finetuning.packing import attention_of, check_apart
    from synthetic1.trainers.finetuning.trainer import OrderedSFTTrainer, ScheduleOfLength

    started = time.perf_counter()
    processes = PartialState(cpu=not torch.cuda.is_available())
    is_main, ranks = processes.is_main_process, processes.num_processes

    # What is learned, as tokens.
    set_seed(settings.seed)
    tokenizer = models.load_tokenizer(settings.model)
    context = models.context_length(models.load_config(settings.model))
    limit = min(settings.trainer.max_length or context, context)
    samples = sft_data.tokenize(tokenizer, sft_data.read_rows(sft_data.files(settings.paths)), limit)
    folder = sft_run.folder(settings)
    if is_main:
        sft_run.check_folder(settings, folder)
    try:
        fitting, memory = plan_memory(settings, samples.lengths, ranks)
        settings = sft_run.with_little_padding(settings, fitting, samples.lengths, ranks)
        micro = settings.micro_batch(ranks)
        args = sft_run.sft_config(settings, Path(tempfile.gettempdir()), ranks)
    except (ValueError, TypeError) as error:
        raise ProgramError(str(error)) from error
    model = models.load_model(settings.model)  # after `args`, which say how it is shared out
    if settings.trainer.packing:
        check_apart(model)
    batch, seed = settings.trainer.batch_size, settings.seed
    order = SampleOrder(samples.lengths, batch_size=batch, micro_batch=micro, seed=seed)
    steps = settings.trainer.steps(order.updates_per_epoch)
    if is_main:
        facts = sft_run.header(settings, samples, order, limit, ranks, attention_of(model))
        terminal.show_header(facts | {"memory": str(memory)}, title="SFT")
    trainer = OrderedSFTTrainer(
        order=order,
        model=model,
        args=args,
        train_dataset=Dataset.from_list(samples.rows),
        processing_class=tokenizer,
        peft_config=models.lora_config(settings.model),
    )
    if settings.dry_run:
        if is_main:
            print("all is well; without dry_run=true, training follows")
        return

    # Where it is written, and where it goes on.
    run = sft_run.open_run(settings, folder, steps) if is_main else None
    processes.wait_for_everyone()
    args.output_dir = str(folder / "checkpoints")  # not before: a trainer makes its folder at once
    checkpoint = last_complete(folder / "checkpoints") if settings.resume and run is not None else None
    to_do = True
    if run is not None and (to_do := sft_run.go_on(run, checkpoint, settings, steps)):
        run.truncate_after(step_of(checkpoint) if checkpoint else -1)
    checkpoint, to_do = gather_object([(checkpoint, to_do)])[0] if ranks > 1 else (checkpoint, to_do)
    if not to_do:
        return

    stop = StopOnSignal(1)
    trainer.remove_callback(PrinterCallback)
    page = LivePage(run)
    going_on = command_line.going_on(overwrites=settings.overwrite)
    page.ending = f"stopped; {going_on}"
    trainer.add_callback(sft_run.LossRecorder(run))
    trainer.add_callback(FollowRun(page))
    trainer.add_callback(sft_run.WholeCheckpoints())
    trainer.add_callback(SaveEvery())
    trainer.add_callback(ScheduleOfLength())
    trainer.add_callback(stop)
    with like_ctrl_c(), tracked(run, settings, "sft"), page, stop:
        page.doing("training")
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
            if not stop.asked:
                trainer.save_model(str(folder / "model"))
        except OSError as error:
            raise explain_failed_save(folder, error) from error
        if stop.asked:
            page.ending = f"stopped at step {trainer.state.global_step} with a checkpoint; {going_on}"
            raise SystemExit(130)
        if run is not None:
            run.write_result(sft_run.result(settings, samples, trainer.state, time.perf_counter() - started))
            print(f"model:  {folder / 'model'}")


def main() -> None:
    """Compose the configuration from the command line, and train."""
    run_program("sft", SftSettings, train, open_groups={"model": ("hub", "model.name")})


if __name__ == "__main__":
    main()
