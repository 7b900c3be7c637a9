"""Curate: raw rows of a published dataset become tasks whose golds hold, with a funnel that says what went where.

    python datagen/curate.py recipe=math input=NuminaMath/ output=sets/math model=http://localhost:8000/v1
    python datagen/curate.py recipe=code input=[apps.jsonl,taco/] output=sets/code
    python datagen/curate.py recipe=swe input=git:. output=sets/swe
    python datagen/curate.py recipe=repair input=mine.jsonl output=sets/mine decontaminate.benchmarks=[math500.jsonl]
    python datagen/curate.py recipe=code input=taco/ output=sets/code engine=ray sift.executor=ray   # docs/scale.md
    python datagen/curate.py recipe=math input=… output=… dry_run=true      # calls, tokens and money, nothing is asked
    python datagen/curate.py --help                                         # every setting

The same command goes on with a run that was stopped. The same input, settings and replies give the same bytes.
"""

from __future__ import annotations

from synthetic1.datagen.curation.settings import CurateSettings
from synthetic1.jobs.program import STOPPED, run_program
from synthetic1.jobs.stopping import like_ctrl_c

OPEN_GROUPS = {"recipe": (None, "recipe_name"), "model": (None, "model.url")}
"""Short names of settings that people give in every command."""


@like_ctrl_c()
def curate(settings: CurateSettings) -> None:
    """Do what is left of the run."""
    from synthetic1.datagen.curation.pipeline import curate as run

    if run(settings):
        raise SystemExit(STOPPED)


def main() -> None:
    """Compose the configuration from the command line, and curate."""
    run_program("curate", CurateSettings, curate, open_groups=OPEN_GROUPS, extra="curate")


if __name__ == "__main__":
    main()
