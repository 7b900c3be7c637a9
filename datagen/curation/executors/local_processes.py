"""datatrove's blocks in processes on this machine."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor

from synthetic1.datagen.curation.executors.executor import quiet
from synthetic1.datagen.curation.executors.owner import WorkOfOwner, after_earlier_processes
from synthetic1.datagen.curation.executors.slurm import refuse_slurm_at_work
from synthetic1.jobs.program import ProgramError

LOOK_EVERY_S = 0.5


class LocalProcesses:
    """datatrove's books and its work on a part, in processes on this machine.

    Its executor's own ``run`` (0.10.1) is not used: it waits for ever for a process that the system has ended, as where
    memory runs out.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, pipeline: list[Any], logs: Path, *, parts: int) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        refuse_slurm_at_work(logs)
        workers = min(self.workers, parts)  # a process takes a second to begin, as long as some thousand drafts
        owner = after_earlier_processes(logs)
        if workers > 1:  # one is this process, which has the lock of the run's folder
            pipeline = [WorkOfOwner(str(logs), owner), *pipeline]
        executor = LocalPipelineExecutor(pipeline, tasks=parts, workers=workers, logging_dir=str(logs))
        left = executor.get_incomplete_ranks(range(parts))
        with quiet(logs):
            if workers > 1 and left:
                _in_pool(executor, left, logs.name)
            else:
                for rank in left:
                    executor.pipeline = deepcopy(pipeline)
                    executor._run_for_rank(rank)


def _in_pool(executor: LocalPipelineExecutor, left: list[int], name: str) -> None:
    """Raises ProgramError: one of the processes was ended."""
    import multiprocess  # comes with datatrove, and is not ours to ask for

    with multiprocess.get_context(executor.start_method).Pool(min(executor.workers, len(left))) as pool:
        pids = [process.pid for process in pool._pool]
        done, many = pool.imap_unordered(executor._run_for_rank, left), 0
        while many < len(left):
            try:
                done.next(timeout=LOOK_EVERY_S)
                many += 1
            except multiprocess.TimeoutError:
                if [process.pid for process in pool._pool] != pids:  # the pool has started another one
                    raise ProgramError(
                        f"{name}: a process was ended by the system, most likely for memory; the same command goes on "
                        "with the parts that are left, and workers= has fewer at once"
                    ) from None
                if not pool._result_handler.is_alive():  # ended by an error that pickles and cannot be read again
                    raise ProgramError(f"{name}: a part failed; its log, beside stderr.log, says why") from None
