"""How good a model is: pass@1 and pass@k on held-out tasks, with 95% intervals, of a checkpoint or a server.

    synthetic1 evaluate env=code_understanding model=runs/grpo/NAME/model
    synthetic1 evaluate env=math model=Qwen/Qwen3-0.6B engine=vllm samples=8 sampling.max_tokens=8192
    synthetic1 evaluate env=math server=http://localhost:8000/v1 sampling.max_tokens=8192
    synthetic1 evaluate … compare=runs/evaluate/OTHER                  # is the difference significant?
    synthetic1 evaluate --help                                     # every setting

Two evaluations of the same environment and seed see the same tasks, so they are compared task by task: McNemar's exact
test for one completion a task, a paired permutation test for several (``synthetic1.reports.statistics``).
An evaluation that was stopped goes on with the same command: what was answered is not asked again.
"""

from __future__ import annotations

from synthetic1.evaluation.settings import TOKENS, EvaluationSettings
from synthetic1.jobs.program import run_program


def run(settings: EvaluationSettings) -> None:
    """Evaluate as the settings say; write the run folder and print the table."""
    import time

    from synthetic1.evaluation import report as evaluation_report
    from synthetic1.evaluation.engine import open_engine
    from synthetic1.evaluation.evaluation import evaluate
    from synthetic1.evaluation.kept_completions import FILE, KeptCompletions
    from synthetic1.evaluation.transformers_engine import TransformersEngine
    from synthetic1.inference.engine import Sampling
    from synthetic1.jobs.opening import held_out, keep_bad_rows, open_environment
    from synthetic1.jobs.tracking import tracked
    from synthetic1.reports import terminal
    from synthetic1.reports.progress import progress
    from synthetic1.rewards.judging.ledger import spent
    from synthetic1.tasks.sources.bad_rows import FILE as BAD_ROWS

    started = time.perf_counter()
    other = evaluation_report.read_other(settings.compare) if settings.compare else None
    test_set = open_environment(settings.env, bad_rows=settings.bad_rows, split="test")
    folder = evaluation_report.open_folder(settings, test_set.tasks)
    with (
        folder,
        open_engine(settings) as (engine, _, model, weights),
        tracked(folder, settings, "evaluate"),
    ):
        tasks = held_out(settings.env, settings.n, bad_rows=settings.bad_rows)
        bad = keep_bad_rows(test_set.tasks, folder.path)
        if other is not None:
            evaluation_report.check_common(other, tasks)
        s = settings.sampling
        header = {
            "env": test_set.tasks.name,
            "model": model,
            "engine": engine.name,
            "batch": f"{engine.batch_size:,} at once" if isinstance(engine, TransformersEngine) else None,
            "tasks": f"{len(tasks):,} held out, {settings.samples} completion(s) each",
            "sampling": f"up to {s.max_tokens:,} tokens, temperature {s.temperature:g}, top_p {s.top_p:g}",
            "bad_rows": f"{bad:,}, left out; they are in {BAD_ROWS}" if bad else None,
            "run_folder": str(folder.path),
        }
        terminal.show_header(header, title="evaluation")
        sampling = Sampling(s.max_tokens or TOKENS, s.temperature, s.top_p, settings.seed)
        folder.write_config(settings.model_dump(mode="json"))
        kept = KeptCompletions(engine, folder.path / FILE, weights)
        if isinstance(engine, TransformersEngine):
            engine.first = kept.found * settings.samples
        if kept.found:
            print(f"going on: {kept.found:,} tasks have been answered before", flush=True)
        with progress(len(tasks), "tasks", already=kept.found) as advance:
            made = evaluate(tasks, test_set.scorer, kept, sampling, samples=settings.samples, on_completion=advance)
        judged = spent(test_set.scorer.verifiers.values())
        result = evaluation_report.result(settings, made, model, time.perf_counter() - started, other, judged)
        for rollout in made.rollouts:
            folder.log_sample(rollout.row(0, "after"))
        folder.write_result({**result, "bad_rows": bad})
        kept.remove()
    evaluation_report.show(result, settings.compare)
    print(f"result: {folder.path / 'result.json'}")


def main() -> None:
    """Compose the configuration from the command line, and evaluate."""
    run_program("evaluate_model", EvaluationSettings, run, open_groups={"model": ("hub", "model.name")})


if __name__ == "__main__":
    main()
