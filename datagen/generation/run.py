"""A run of generation from settings to summary: folder, journal, tasks, server, Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from synthetic1.datagen.generation.goal import Goal, Progress
from synthetic1.datagen.generation.reached import Reached
from synthetic1.datagen.generation.scheduler import Generation, GenerationPlan
from synthetic1.datagen.generation.settings import MAY_RISE, GenerateSettings
from synthetic1.datagen.generation.slots import slots
from synthetic1.datagen.generation.spending import RunSpending
from synthetic1.datagen.generation.view import View, cut_off, sample_rows
from synthetic1.datagen.journal.judges import record
from synthetic1.datagen.journal.reader import COUNTED
from synthetic1.datagen.journal.runs import JOURNAL, open_journal
from synthetic1.datagen.journal.writer import Journal
from synthetic1.datagen.show import write_report_of
from synthetic1.inference.client import Client
from synthetic1.inference.errors import ServerError
from synthetic1.inference.server import ChangingServer, Server
from synthetic1.jobs.judge_trust import task_types, trusted
from synthetic1.jobs.launching import launched
from synthetic1.jobs.model_settings import ModelSettings
from synthetic1.jobs.opening import keep_bad_rows, many_held_out, open_environment
from synthetic1.jobs.program import MISSING, STOPPED, ProgramError
from synthetic1.jobs.same_run import check_same_run
from synthetic1.jobs.source_identity import fingerprint, gone
from synthetic1.jobs.stopping import stop_on_signal
from synthetic1.jobs.tracking import tracked
from synthetic1.reports.run_folder import RunFolder, RunFolderError
from synthetic1.rewards.scoring.scorer import Scorer
from synthetic1.scale.choice import chosen_scorer
from synthetic1.tasks.sources.bad_rows import FILE as BAD_ROWS
from synthetic1.tasks.sources.source import TaskSource

DRY_TASKS = 50
SOURCE = "source"  # what the journal calls the fingerprint of the tasks


def folder_of(settings: GenerateSettings) -> Path:
    return (Path(settings.runs) / "generate" / settings.name).absolute()


async def run(settings: GenerateSettings) -> int:
    """Do what is left of the run; the exit status: 0 where nothing is left, ``STOPPED``, or ``MISSING``.

    Raises:
        ProgramError: another run lies there, tasks cannot be read, the server cannot be used.
    """
    source, scorer = open_environment(settings.judged_env, bad_rows=settings.bad_rows)
    judges = await trusted(task_types(source), scorer, settings.judge)
    path = folder_of(settings)
    with held_folder(settings) as folder, chosen_scorer(scorer, settings.cluster) as scorer, ExitStack() as stack:
        journal = open_journal(path, settings.journal, lease_s=settings.lease_s)
        try:
            going_on, edited = check_same(journal, settings, source)
            progress, stopped = Progress(), False
            async with server_of(settings) as server, Client(server) as client:
                await introduce(client)
                folder.write_config(settings.model_dump(mode="json"))
                keep_identity(journal, settings, source)
                record(journal, judges)
                for judge in judges:
                    print(f"judge  {judge}", flush=True)
                print(f"{'going on with' if going_on else 'run'} {path}", flush=True)
                bad = keep_bad_rows(source, path)
                for said in (edited, *about_tasks(settings, source, bad)):
                    if said:
                        print(said, flush=True)
                generation = schedule(settings, source, scorer, client, journal, progress)
                spending = RunSpending(journal, client, scorer.verifiers.values())
                session = stack.enter_context(tracked(folder, settings, "generate"))
                async with View(progress, lambda: spending.usage, title=settings.name, track=folder.log_numbers):
                    with stop_on_signal(generation):
                        await _run_and_keep(generation, spending)
                stopped = generation.stopping
                if journal.driver is not None:
                    spending.look()
                usage = spending.usage
            counts = journal.counts(COUNTED)
            failed, to_judge = generation.unfinished.wanted(
                generation.plan.goal, journal.status(generation.unfinished.tasks)
            )
            result = {
                **counts,
                "failures": failed.total(),
                "to_judge": to_judge,
                "bad_rows": bad,
                "usage": usage.to_dict(),
                "judge_usage": spending.judge_usage,
            }
            folder.write_result({**result, "stopped": stopped, "seconds": round(progress.seconds, 1)})
            if settings.report_to:
                session.ending = "stopped" if stopped else "finished"
                for row in sample_rows(journal):
                    folder.show_sample(row)
                write_report_of(str(path), settings.runs)
            print(
                f"{counts['rollouts']:,} rollouts of {counts['tasks']:,} tasks, {counts['verified']:,} fully verified"
            )
            if (many := cut_off(progress, settings.sampling.max_tokens)) is not None:
                print(many)
            if failed:
                kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(failed.items()))
                print(f"{failed.total():,} samples failed ({kinds}): the same command asks for them again")
            if to_judge:
                print(f"{to_judge:,} completions to judge: the same command verifies them")
            print("stopped; the same command goes on" if stopped else f"next: synthetic1 show {settings.name}")
            return STOPPED if stopped else MISSING if failed or to_judge else 0
        finally:
            journal.close()


def held_folder(settings: GenerateSettings) -> RunFolder:
    """The run's folder, for this process alone.

    Raises:
        RunFolderError: another process has it, or it cannot be written.
        ProgramError: another process has it, and the run may be shared.
    """
    try:
        return RunFolder.create(folder_of(settings), resume=True)
    except RunFolderError as error:
        if settings.journal is None:
            raise
        raise ProgramError(
            f"{error}; processes that share a run by journal= each want a folder of their own: the same run_name=, and "
            "another runs="
        ) from error


async def _run_and_keep(generation: Generation, spending: RunSpending) -> None:
    """Run to the end, whatever that is, and keep what was spent."""
    keeping = asyncio.create_task(spending.keep())
    try:
        await generation.run()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        spending.note()


def schedule(
    settings: GenerateSettings,
    source: TaskSource,
    scorer: Scorer,
    client: Client,
    journal: Journal,
    progress: Progress,
) -> Generation:
    """The scheduler over what the journal has not got yet."""
    sampling = settings.sampling.of_run(settings.seed)
    goal = Goal(settings.samples, settings.keep, settings.threshold, settings.continue_truncated)
    plan = GenerationPlan(settings.model_name, sampling, settings.concurrency, goal, client.server.thinking_open)
    reached, limit = Reached(journal, goal), settings.limit
    left = slots(source, journal, reached, progress, limit=limit, seed=settings.seed, lookahead=settings.lookahead)
    progress.total = min(len(source), limit or len(source)) * goal.samples
    return Generation(plan, left, client, scorer, journal, progress)


def about_tasks(settings: GenerateSettings, source: TaskSource, bad: int) -> Iterator[str]:
    """What is left out of the tasks, if anything: those held out for tests, and bad rows."""
    if held := many_held_out(settings.judged_env, source, bad_rows=settings.bad_rows):
        yield f"tasks  {len(source):,}; {held:,} more are held out as test (env.split=all takes them, too)"
    if bad:
        yield f"bad rows  {bad:,}, left out; they are in {folder_of(settings) / BAD_ROWS}"


class HasIdentity(Protocol):
    """Settings of a run that can be gone on with."""

    def identity(self) -> dict[str, Any]:
        """Those that decide what is asked, as JSON values."""
        ...


def check_same(journal: Journal, settings: HasIdentity, source: TaskSource) -> tuple[bool, str | None]:
    """Whether the journal holds an earlier part of this run; and what to say of tasks that have changed since.

    An edited row is a new task, and what it was before stays in the run.

    Raises:
        ProgramError: it holds another run; says what differs.
    """
    stored = journal.meta("config")
    if stored is None:
        return False, None
    before, now = json.loads(stored), settings.identity()
    known = json.loads(journal.meta(SOURCE) or "null")  # runs of older versions did not write it
    changed = check_same_run(
        journal.path.parent,
        before,
        now,
        known_tasks=known,
        tasks=fingerprint(source),
        may_change={"bad_rows"},
        may_rise=MAY_RISE,
    )
    if not changed:
        return True, None
    lost = gone(source, journal.task_keys())
    return True, (
        f"{source.name} has changed since this run began: {lost:,} tasks that were asked are not in it any more; they"
        " stay in the run. An edited row is a new task, and is asked"
    )


def keep_identity(journal: Journal, settings: HasIdentity, source: TaskSource) -> None:
    """Have the journal say what run this is.

    Raises:
        ProgramError: another process has begun another run there meanwhile.
    """
    with journal.turn():
        if journal.driver is not None:
            check_same(journal, settings, source)
        journal.set_meta("config", json.dumps(settings.identity(), sort_keys=True))
        journal.set_meta(SOURCE, json.dumps(fingerprint(source)))
        journal.flush()


@asynccontextmanager
async def server_of(settings: GenerateSettings) -> AsyncIterator[Server]:
    """The server of the settings, started first under ``launch=``.

    Raises:
        ProgramError: it cannot be started.
    """
    if settings.server is not None:
        yield settings.server_for(settings.server, settings.thinking_open)
        return
    model = ModelSettings(name=settings.model_name)
    if settings.launch == "ray":
        from synthetic1.scale.served_replicas import served_replicas

        serving = served_replicas(settings.ray, model, settings.vllm_arguments, settings.thinking_open)
        async with serving as (roster, first):
            server = replace(settings.server_for(first.url, first.thinking_open), model=first.model)
            yield ChangingServer.like(server, roster)
        return
    async with launched(model, settings.vllm_arguments, thinking_open=settings.thinking_open) as server:
        yield replace(settings.server_for(server.urls, server.thinking_open), model=server.model)


async def introduce(client: Client) -> None:
    """Ask the server what it serves before anything is counted on.

    Raises:
        ProgramError: it does not answer, or has another model.
    """
    try:
        await client.check()
    except ServerError as error:
        raise ProgramError(str(error)) from error


async def dry_run(settings: GenerateSettings) -> None:
    """Generate for 50 tasks into a journal that is thrown away, and say what the whole would take.

    Raises:
        ProgramError: as ``run``.
    """
    source, scorer = open_environment(settings.judged_env, bad_rows=settings.bad_rows)
    await trusted(task_types(source), scorer, settings.judge)
    whole = min(len(source), settings.limit or len(source))
    sample = settings.model_copy(update={"limit": min(DRY_TASKS, whole)})
    progress = Progress()
    with tempfile.TemporaryDirectory() as name, chosen_scorer(scorer, settings.cluster) as scorer:
        journal = Journal.open(Path(name) / JOURNAL)
        try:
            async with server_of(settings) as server, Client(server) as client:
                await introduce(client)
                generation = schedule(sample, source, scorer, client, journal, progress)
                async with View(progress, lambda: client.usage, title="dry run"):
                    with stop_on_signal(generation):
                        await generation.run()
                usage = client.usage
        finally:
            journal.close()
    print(estimate(settings, progress, usage.cost, sample.limit or 0, whole))


def estimate(settings: GenerateSettings, progress: Progress, cost: float | None, tasks: int, whole: int) -> str:
    """What ``whole`` tasks would take, from ``tasks`` of them."""
    if not progress.arrived:
        return "dry run: no completion arrived, so nothing can be estimated"
    times = whole / max(tasks, 1)
    judged = progress.verified + progress.refuted
    hours = progress.seconds * times / 3600
    share = f"{progress.verified / judged:.0%}" if judged else "?"
    money = (
        f"{cost * times:,.2f}" if cost is not None else "unknown: give price={input: …, output: …} per million tokens"
    )
    many = cut_off(progress, settings.sampling.max_tokens)
    return "\n".join(
        (
            *([many] if many else ()),
            f"dry run: {progress.arrived:,} completions of {tasks} tasks in {progress.seconds:.0f} s, {share} verified",
            f"for {whole:,} tasks at {settings.samples} sample(s) each, at this pace:",
            f"  tokens  {progress.tokens * times / 1e6:,.1f} M written, "
            f"{progress.prompt_tokens * times / 1e6:,.1f} M read",
            f"  hours   {hours:,.1f}",
            f"  money   {money}",
            f"  verified traces  about {progress.verified * times:,.0f}",
        )
    )
