r"""Generate verified traces: completions of a model for tasks of any family, verified as they arrive.

    python datagen/generate.py env=math server=http://localhost:8000/v1 model=deepseek-ai/DeepSeek-R1 samples=4 \
        sampling.max_tokens=32768
    python datagen/generate.py env=code_understanding launch=vllm model=embedded limit=400     # a server of its own
    python datagen/generate.py env=code launch=ray model=… engine=ray     # all nodes of a Ray cluster (docs/scale.md)
    python datagen/generate.py env=math … samples=8 keep=2       # stop asking for a task with two verified samples
    python datagen/generate.py env=math … dry_run=true           # 50 tasks, then tokens, hours and money for the whole
    python datagen/generate.py --help                            # every setting

The same command goes on with a run that was stopped, however it was: nothing is lost, asked twice or kept twice.
Exit status: 0 where nothing is left to do, 3 where samples failed or have no verdict yet (a line says how many), 130
where it was stopped, 2 where it could not go on, as when the server was gone for too long.
Afterwards: ``synthetic1 show RUN``, ``datagen/export.py``.
"""

from __future__ import annotations

from synthetic1.datagen.generation.settings import OPEN_GROUPS, GenerateSettings
from synthetic1.jobs.program import run_program
from synthetic1.jobs.stopping import like_ctrl_c


@like_ctrl_c()
def generate(settings: GenerateSettings) -> None:
    """Generate what the run has not got yet.

    Raises:
        SystemExit: with 130, stopped by Ctrl-C, with 3, samples are missing; what had arrived is kept.
    """
    import asyncio

    from synthetic1.datagen.generation.run import dry_run, run

    if settings.dry_run:
        asyncio.run(dry_run(settings))
    elif status := asyncio.run(run(settings)):
        raise SystemExit(status)


def main() -> None:
    """Compose the configuration from the command line, and generate."""
    run_program("generate", GenerateSettings, generate, open_groups=OPEN_GROUPS)


if __name__ == "__main__":
    main()
